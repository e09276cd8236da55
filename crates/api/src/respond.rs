//! What every request goes through: correlation, CORS, identity, rate limit, router, headers.

use std::sync::OnceLock;

use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use chrono::Utc;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_LENGTH, ORIGIN, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, Method, Request, StatusCode};
use tower_service::Service;

use crate::rate_limit::{self, RateDecision};
use crate::settings::Settings;
use crate::tokens::{Caller, Claims};
use crate::{ApiError, correlation, cors, error};

/// Whether a service lives.
pub const LIVENESS: &str = "/healthz";
/// Whether a service can work.
pub const READINESS: &str = "/readyz";
/// The description of the API.
pub const OPENAPI: &str = "/api/openapi.json";

/// Answered without a limit, and even when nothing that the others need is there.
const UNLIMITED: [&str; 3] = [LIVENESS, READINESS, OPENAPI];

/// Who a request says it comes from, as far as the token itself can tell: an extension of the request,
/// for [`Claims`] as an extractor.
#[derive(Clone)]
pub(crate) struct Identity(pub Result<Claims, ApiError>);

/// Answers a request, whatever it is. `routes` makes the service's router, once in the life of an instance.
///
/// Handlers find an [`crate::Origin`] among the request's extensions and answer errors as [`ApiError`].
pub async fn respond(mut request: Request<Body>, routes: fn() -> Router) -> Response {
    static ROUTER: OnceLock<Router> = OnceLock::new();
    let router = ROUTER.get_or_init(|| {
        routes()
            .fallback(async || ApiError::NotFound)
            .method_not_allowed_fallback(async || ApiError::MethodNotAllowed)
    });
    let correlation_id = correlation::id(request.headers());
    let origin = correlation::origin(request.headers(), &correlation_id);
    let page_origin = request.headers().get(ORIGIN).cloned();
    let is_head = request.method() == Method::HEAD;
    request.extensions_mut().insert(origin);

    let settings = Settings::get().await;
    let response = dispatch(request, router.clone(), settings.clone())
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
    router: Router,
    settings: Result<&'static Settings, ApiError>,
) -> Result<Response, ApiError> {
    if request.method() == Method::OPTIONS {
        return Ok(options(request, router).await);
    }
    if UNLIMITED.contains(&request.uri().path()) {
        return Ok(call(router, request).await);
    }
    let settings = settings?;
    let identity = settings.tokens.identify(request.headers());
    let decision = match &identity {
        Ok(claims) if claims.caller == Caller::Service => None,
        identity => {
            let client = rate_limit::client(identity.as_ref().ok(), request.headers());
            rate_limit::take(&client, &settings.limits, Utc::now()).await
        }
    };
    request.extensions_mut().insert(Identity(identity));

    let mut response = match decision {
        Some(RateDecision {
            allowed: false,
            reset_seconds,
            ..
        }) => ApiError::RateLimited {
            retry_seconds: reset_seconds.max(1),
        }
        .into_response(),
        _ => call(router, request).await,
    };
    if let Some(decision) = decision {
        rate_limit::write(decision, &settings.limits, response.headers_mut());
    }
    Ok(response)
}

async fn call(mut router: Router, request: Request<Body>) -> Response {
    match router.call(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

/// OPTIONS on any resource: the router refuses the method and names those that it has.
async fn options(request: Request<Body>, router: Router) -> Response {
    let is_preflight = cors::is_preflight(request.headers());
    let mut refusal = call(router, request).await;
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
