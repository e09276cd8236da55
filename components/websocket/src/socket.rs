//! WebSocket-over-HTTP: what a gateway asks about each connection (<https://pushpin.org/docs/protocols/websocket-over-http/>).

use api::MAX_BODY_BYTES;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use http::header::{CONTENT_TYPE, SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_PROTOCOL};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode};
use http_body_util::{BodyExt, Limited};
use live::frames::{self, Frame};
use live::messages::SUBPROTOCOL;
use live::socket::{Answer, State};
use uuid::Uuid;

use crate::database;
use crate::refusal::Refusal;
use crate::settings::Settings;

const PATH: &str = "/api/ws";
const META_TOKEN: &str = "meta-token";
const META_OPENED: &str = "meta-opened";
const SET_META_TOKEN: HeaderName = HeaderName::from_static("set-meta-token");
const SET_META_OPENED: HeaderName = HeaderName::from_static("set-meta-opened");
const KEEP_ALIVE_INTERVAL: HeaderName = HeaderName::from_static("keep-alive-interval");

/// Whether a request is one of these.
pub fn is_exchange(request: &Request<Body>) -> bool {
    let content_type = request.headers().get(CONTENT_TYPE);
    request.method() == Method::POST
        && request.uri().path() == PATH
        && content_type.is_some_and(|value| value == frames::CONTENT_TYPE)
}

/// Answers one. A refusal of an opening is what the client gets instead of its WebSocket; one of a later
/// request ends it.
pub async fn exchange(request: Request<Body>) -> Response {
    match try_exchange(request).await {
        Ok(response) => response,
        Err(refusal) => refusal.response(&Uuid::new_v4().to_string()),
    }
}

async fn try_exchange(request: Request<Body>) -> Result<Response, Refusal> {
    let Ok(settings) = Settings::get().await else {
        return Ok(StatusCode::SERVICE_UNAVAILABLE.into_response());
    };
    let (parts, body) = request.into_parts();
    let headers = &parts.headers;
    if !settings.is_from_gateway(headers) {
        return Err(Refusal::NoGateway);
    }
    let body = Limited::new(body, MAX_BODY_BYTES).collect().await;
    let body = body.map_err(|_| Refusal::TooLarge)?.to_bytes();
    let frames = frames::decode(&body).map_err(|_| Refusal::Malformed)?;
    let offered = text(headers, SEC_WEBSOCKET_PROTOCOL.as_str()).unwrap_or_default();
    let offered: Vec<&str> = offered
        .split(',')
        .map(str::trim)
        .filter(|it| !it.is_empty())
        .collect();
    if frames.contains(&Frame::Open) {
        if !settings.allows_origin(headers) {
            return Err(Refusal::Origin);
        }
        if !offered.is_empty() && !offered.contains(&SUBPROTOCOL) {
            return Err(Refusal::Subprotocol);
        }
    }
    let state = State {
        token: text(headers, META_TOKEN)
            .filter(|it| !it.is_empty())
            .map(str::to_owned),
        opened_at: text(headers, META_OPENED)
            .and_then(|it| DateTime::from_timestamp_millis(it.parse().ok()?)),
    };
    let missed = async |user_id, after| database::history().await?.missed(user_id, after).await;
    let verify = |token: &str| settings.identify(token);
    let answer = live::socket::answer(&frames, &state, &offered, verify, missed, Utc::now()).await;
    Ok(response(answer))
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn response(answer: Answer) -> Response {
    let mut response = Response::new(Body::from(frames::encode(&answer.frames)));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(frames::CONTENT_TYPE));
    if answer.frames.contains(&Frame::Open) {
        headers.insert(SEC_WEBSOCKET_EXTENSIONS, HeaderValue::from_static("grip"));
    }
    if let Some(subprotocol) = answer.subprotocol {
        headers.insert(
            SEC_WEBSOCKET_PROTOCOL,
            HeaderValue::from_static(subprotocol),
        );
    }
    // A token that was verified is made of characters of a header.
    if let Some(Ok(token)) = answer.state.token.map(HeaderValue::try_from) {
        headers.insert(SET_META_TOKEN, token);
    }
    if let Some(opened_at) = answer.state.opened_at {
        headers.insert(SET_META_OPENED, opened_at.timestamp_millis().into());
    }
    if let Some(seconds) = answer.keep_alive {
        headers.insert(KEEP_ALIVE_INTERVAL, seconds.into());
    }
    response
}
