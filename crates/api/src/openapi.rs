//! What the services' descriptions share.

use axum::Router;
use axum::body::Bytes;
use axum::routing::get;
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use utoipa::Modify;
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};

/// Adds the security scheme `access_token` to a description.
#[derive(Debug)]
pub struct AccessToken;

impl Modify for AccessToken {
    fn modify(&self, description: &mut OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .description(Some("From /api/auth/register, /login or /refresh"))
            .build();
        let components = description.components.get_or_insert_default();
        components.add_security_scheme("access_token", SecurityScheme::Http(scheme));
    }
}

/// The router with a description of it, in JSON, at `path`.
pub fn with_description(router: Router, path: &str, description: impl Into<Bytes>) -> Router {
    let description = description.into();
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    router.route(path, get(async move || (headers, description)))
}
