//! The publish endpoint, for this machine only (<https://pushpin.org/docs/usage/#publishing>).

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{ACCEPT, ALLOW, CONTENT_TYPE, ORIGIN};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use tokio::sync::OwnedSemaphorePermit;

use super::channels::Channels;
use super::item::read_items;

/// The largest body of a request, in bytes. Pushpin's default.
const MAX_BODY: usize = 1_000_000;

struct Refusal(StatusCode, String);

/// Answers a request. `permit` is none when too many are being handled.
pub async fn answer(
    channels: Arc<Channels>,
    request: Request<Incoming>,
    client: SocketAddr,
    permit: Option<OwnedSemaphorePermit>,
) -> Response<Full<Bytes>> {
    let is_json = wants_json(request.headers());
    let answer = match permit {
        Some(_permit) => dispatch(&channels, request).await,
        None => Err(Refusal(
            StatusCode::SERVICE_UNAVAILABLE,
            "Too many requests are being handled.".into(),
        )),
    };
    let (status, message) = match answer {
        Ok(message) => (StatusCode::OK, message.to_owned()),
        Err(Refusal(status, message)) => {
            tracing::warn!(%client, status = status.as_u16(), "publish to the gateway: {message}");
            (status, message)
        }
    };
    let (content_type, body) = if is_json && status == StatusCode::OK {
        let body = serde_json::json!({ "message": message });
        ("application/json", format!("{body}\n"))
    } else {
        ("text/plain; charset=utf-8", format!("{message}\n"))
    };
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    if status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(ALLOW, HeaderValue::from_static("POST"));
    }
    response
}

fn wants_json(headers: &HeaderMap) -> bool {
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| accept.contains("application/json"))
}

async fn dispatch(
    channels: &Channels,
    request: Request<Incoming>,
) -> Result<&'static str, Refusal> {
    let refuse = |status, message: &str| Err(Refusal(status, message.to_owned()));
    // Only a browser sends it, on behalf of some page; services do not run in browsers.
    if request.headers().contains_key(ORIGIN) {
        return refuse(StatusCode::FORBIDDEN, "Web pages may not publish.");
    }
    match request.uri().path() {
        "/" => return Ok("GRIP publish endpoint"),
        "/publish" | "/publish/" => {}
        _ => return refuse(StatusCode::NOT_FOUND, "Not found."),
    }
    if request.method() != Method::POST {
        return refuse(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed.");
    }
    let content_type = request.headers().get(CONTENT_TYPE);
    let content_type = content_type.and_then(|value| value.to_str().ok());
    let media_type = content_type.and_then(|value| value.split(';').next());
    if !media_type.is_some_and(|it| it.trim().eq_ignore_ascii_case("application/json")) {
        let message = "The body must be of the type application/json.";
        return refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, message);
    }
    let body = Limited::new(request.into_body(), MAX_BODY).collect().await;
    let body = body.map_err(|error| {
        let status = if error.is::<LengthLimitError>() {
            StatusCode::PAYLOAD_TOO_LARGE
        } else {
            StatusCode::BAD_REQUEST
        };
        Refusal(status, format!("The body cannot be read: {error}."))
    })?;
    let items = read_items(&body.to_bytes());
    for item in items.map_err(|error| Refusal(StatusCode::BAD_REQUEST, error))? {
        let channel = item.channel.clone();
        let receivers = channels.publish(item);
        tracing::debug!(channel, receivers, "published");
    }
    Ok("Published")
}
