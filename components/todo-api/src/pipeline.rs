//! What every request goes through: correlation, CORS, identity, rate limit, router, headers.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use chrono::Utc;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_LENGTH, ORIGIN, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, Method, Request, StatusCode};
use storage::RateDecision;

use crate::error::{self, ApiError};
use crate::settings::Settings;
use crate::tokens::Claims;
use crate::{correlation, cors, database, rate_limit, routes};

/// Answered without a limit, and even when nothing that the others need is there.
const UNLIMITED: [&str; 3] = [
    routes::health::LIVENESS,
    routes::health::READINESS,
    routes::OPENAPI,
];

/// Who a request says it comes from, as far as the token itself can tell: an extension of the request,
/// for [`crate::extract::Session`].
#[derive(Clone)]
pub struct Identity(pub Result<Claims, ApiError>);

/// Answers a request, whatever it is.
pub async fn respond(mut request: Request<Body>) -> Response {
    let correlation_id = correlation::id(request.headers());
    let origin = correlation::origin(request.headers(), &correlation_id);
    let page_origin = request.headers().get(ORIGIN).cloned();
    let is_head = request.method() == Method::HEAD;
    request.extensions_mut().insert(origin);

    let settings = Settings::get().await;
    let response = dispatch(request, settings.clone())
        .await
        .unwrap_or_else(IntoResponse::into_response);

    let mut response = error::with_body(response, &correlation_id);
    if is_head {
        *response.body_mut() = Body::empty();
    }
    let has_no_content = response.status() == StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    if has_no_content {
        // RFC 9110, section 8.6.
        headers.remove(CONTENT_LENGTH);
    }
    headers.insert(
        correlation::CORRELATION_ID,
        correlation::header(&correlation_id),
    );
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    if let Ok(settings) = settings {
        settings.origins.write(page_origin, headers);
    }
    response
}

async fn dispatch(
    mut request: Request<Body>,
    settings: Result<&'static Settings, ApiError>,
) -> Result<Response, ApiError> {
    if request.method() == Method::OPTIONS {
        return Ok(options(request).await);
    }
    if UNLIMITED.contains(&request.uri().path()) {
        return Ok(routes::call(request).await);
    }
    let settings = settings?;
    let storage = database::tasks().await?;
    database::housekeep(storage).await;

    let identity = settings.tokens.identify(request.headers());
    let client = rate_limit::client(identity.as_ref().ok(), request.headers());
    request.extensions_mut().insert(Identity(identity));

    let decision = rate_limit::take(storage, &client, &settings.limits, Utc::now()).await;
    let mut response = match decision {
        Some(RateDecision {
            allowed: false,
            reset_seconds,
            ..
        }) => ApiError::RateLimited {
            retry_seconds: reset_seconds.max(1),
        }
        .into_response(),
        _ => routes::call(request).await,
    };
    if let Some(decision) = decision {
        rate_limit::write(decision, &settings.limits, response.headers_mut());
    }
    Ok(response)
}

/// OPTIONS on any resource: the router refuses the method and names those that it has.
async fn options(request: Request<Body>) -> Response {
    let is_preflight = cors::is_preflight(request.headers());
    let mut refusal = routes::call(request).await;
    let Some(allow) = refusal.headers_mut().remove(ALLOW) else {
        return refusal;
    };
    let mut response = StatusCode::NO_CONTENT.into_response();
    if is_preflight {
        cors::write_preflight(response.headers_mut());
    }
    response.headers_mut().insert(ALLOW, allow);
    response
}
