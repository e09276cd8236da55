//! Server-sent events, held by the gateway.

use api::ApiError;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use live::stream::{self, Part, Position};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::database;
use crate::refusal::Refusal;
use crate::settings::Settings;

/// The path of the streams.
pub const PATH: &str = "/api/stream";
const AUDIENCE: &str = "todo-stream";

/// What the gateway comes back with, signed. It opens nothing but the rest of this stream: the access token
/// itself would stand in the gateway's log.
#[derive(Serialize, Deserialize)]
struct Ticket {
    sub: Uuid,
    exp: i64,
    aud: String,
    /// Of this stream alone, since a gateway fetches the same link once for all.
    jti: Uuid,
}

/// Whether a request is the gateway's, for the next part of a stream.
pub fn is_next(request: &Request<Body>) -> bool {
    request.method() == Method::GET && request.uri().path() == PATH && ticket(request).is_some()
}

fn ticket(request: &Request<Body>) -> Option<&str> {
    request
        .uri()
        .query()?
        .split('&')
        .find_map(|it| it.strip_prefix("ticket="))
}

/// Opens a stream.
pub async fn open(request: Request<Body>) -> Result<Response, ApiError> {
    let settings = Settings::get().await?;
    let headers = request.headers();
    if !settings.is_from_gateway(headers) {
        return Ok(Refusal::NoGateway.to(&request));
    }
    let bearer = headers.get(AUTHORIZATION).and_then(|it| it.to_str().ok());
    let (scheme, token) = bearer
        .and_then(|it| it.split_once(' '))
        .ok_or(ApiError::NoToken)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(ApiError::NoToken);
    }
    let identity = settings
        .identify(token.trim())
        .ok_or(ApiError::InvalidToken)?;
    let last_event_id = headers
        .get("last-event-id")
        .map(|it| it.to_str().unwrap_or("?"));
    let ticket = Ticket {
        sub: identity.user_id,
        exp: identity.expires_at.timestamp(),
        aud: AUDIENCE.to_owned(),
        jti: Uuid::new_v4(),
    };
    let ticket = api::signed::sign(&ticket, &settings.secret)?;
    let next = format!("{PATH}?ticket={ticket}&first=1");
    let position = Position::parse(last_event_id);
    Ok(response(stream::open(identity.user_id, position, &next)))
}

/// Answers the gateway with the next part of a stream. A ticket that is over, whether by time or by another
/// secret, ends it.
pub async fn next(request: Request<Body>) -> Response {
    let Ok(settings) = Settings::get().await else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    if !settings.is_from_gateway(request.headers()) {
        return Refusal::NoGateway.response(&Uuid::new_v4().to_string());
    }
    let text = ticket(&request).unwrap_or_default();
    let now = Utc::now();
    let ticket: Option<Ticket> = api::signed::verify(text, &settings.secret, Some(AUDIENCE));
    let Some((ticket, expires_at)) = ticket
        .and_then(|it| DateTime::from_timestamp(it.exp, 0).map(|at| (it, at)))
        .filter(|(_, expires_at)| now < *expires_at)
    else {
        return response(stream::end());
    };
    let position = Position::from_grip_last(&grip_last(request.headers()), ticket.sub);
    let missed = async {
        let history = database::history().await?;
        match position {
            Position::After(id) => history.missed(ticket.sub, Some(id)).await,
            Position::Start => history.missed(ticket.sub, None).await,
            // An id that no update has.
            Position::Unknown => history.missed(ticket.sub, Some(live::UpdateId(-1))).await,
        }
    };
    let missed = match missed.await {
        Ok(missed) => missed,
        Err(error) => {
            tracing::error!(reason = error.to_string(), "the history cannot be read");
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
    };
    let is_first = request
        .uri()
        .query()
        .is_some_and(|it| it.ends_with("&first=1"));
    let next = format!("{PATH}?ticket={text}");
    let part = stream::resume(ticket.sub, &missed, is_first, &next, expires_at, now);
    response(part)
}

fn grip_last(headers: &HeaderMap) -> Vec<&str> {
    let values = headers.get_all("grip-last").iter();
    values
        .filter_map(|it| it.to_str().ok())
        .flat_map(|it| it.split(','))
        .collect()
}

fn response(part: Part) -> Response {
    let mut response = Response::new(Body::from(part.body));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    for (name, value) in part.headers {
        // All of ours are made of characters of a header.
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(name, value);
        }
    }
    response
}
