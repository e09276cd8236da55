//! Which web pages may call the API (Cross-Origin Resource Sharing, Fetch standard).

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN,
    VARY,
};
use http::{HeaderMap, HeaderValue};

const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE";
const REQUEST_HEADERS: &str =
    "authorization, content-type, idempotency-key, if-match, traceparent, x-correlation-id";
const RESPONSE_HEADERS: &str = "etag, location, ratelimit-limit, ratelimit-policy, \
     ratelimit-remaining, ratelimit-reset, retry-after, x-correlation-id";
/// How long a browser may remember a preflight's answer, in seconds.
const PREFLIGHT_SECONDS: u32 = 7200;

/// The origins that may read answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AllowedOrigins {
    /// Any. Safe, since a browser hands no answer to a cookie to another origin without our leave
    /// (`Access-Control-Allow-Credentials`), which we never give.
    Any,
    /// Exactly these.
    Only(Vec<HeaderValue>),
}

impl AllowedOrigins {
    /// From `cors_origins`: `*`, or origins separated by commas; empty allows none.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.trim() == "*" {
            return Ok(Self::Any);
        }
        text.split(',')
            .map(str::trim)
            .filter(|origin| !origin.is_empty())
            .map(|origin| {
                let url = url::Url::parse(origin).map_err(|_| origin)?;
                if url.origin().ascii_serialization() != origin {
                    return Err(origin);
                }
                HeaderValue::from_str(origin).map_err(|_| origin)
            })
            .collect::<Result<_, _>>()
            .map(Self::Only)
            .map_err(|origin| {
                format!("cors_origins: \"{origin}\" is not an origin such as https://example.org")
            })
    }

    /// Adds to an answer what the browser needs to hand it to the page.
    /// `origin` is the request's header of that name; a request without it comes from no page.
    pub fn write(&self, origin: Option<HeaderValue>, response: &mut HeaderMap) {
        let allowed = match self {
            Self::Any => origin.map(|_| HeaderValue::from_static("*")),
            Self::Only(origins) => {
                response.append(VARY, HeaderValue::from_static("origin"));
                origin.filter(|origin| origins.contains(origin))
            }
        };
        if let Some(origin) = allowed {
            response.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            response.insert(
                ACCESS_CONTROL_EXPOSE_HEADERS,
                HeaderValue::from_static(RESPONSE_HEADERS),
            );
        }
    }
}

/// Whether an OPTIONS request is a browser asking in advance.
pub fn is_preflight(request: &HeaderMap) -> bool {
    request.contains_key(ORIGIN) && request.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// Adds to a preflight's answer what may be asked, of any resource: one that has not the method says so
/// itself, and then the page can read it.
pub fn write_preflight(response: &mut HeaderMap) {
    response.insert(
        ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static(METHODS),
    );
    response.insert(
        ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static(REQUEST_HEADERS),
    );
    response.insert(ACCESS_CONTROL_MAX_AGE, PREFLIGHT_SECONDS.into());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(origins: &str, origin: &'static str) -> HeaderMap {
        let mut response = HeaderMap::new();
        let origin = Some(HeaderValue::from_static(origin));
        AllowedOrigins::parse(origins)
            .unwrap()
            .write(origin, &mut response);
        response
    }

    #[test]
    fn only_listed_origins_may_read() {
        let list = "https://a.example, http://localhost:3001";
        let granted = answer(list, "http://localhost:3001");
        assert_eq!(
            granted[ACCESS_CONTROL_ALLOW_ORIGIN],
            "http://localhost:3001"
        );
        assert_eq!(granted[VARY], "origin");
        assert!(!answer(list, "https://b.example").contains_key(ACCESS_CONTROL_ALLOW_ORIGIN));
        assert!(!answer("", "https://b.example").contains_key(ACCESS_CONTROL_ALLOW_ORIGIN));
        assert_eq!(
            answer("*", "https://b.example")[ACCESS_CONTROL_ALLOW_ORIGIN],
            "*"
        );
    }

    #[test]
    fn what_is_no_origin_is_a_mistake() {
        for bad in [
            "example.org",
            "https://a.example/",
            "https://a.example/path",
            "null",
        ] {
            assert!(AllowedOrigins::parse(bad).is_err(), "{bad}");
        }
    }
}
