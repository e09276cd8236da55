//! The cookie that keeps a browser signed in, so that no script of the page can read the refresh token.

use api::{ApiError, is_secure};
use axum::extract::FromRequestParts;
use http::header::{COOKIE, HOST, ORIGIN, SET_COOKIE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Uri};
use uuid::Uuid;

use crate::refresh_tokens::{Place, RefreshToken};

const NAME: &str = "todo_refresh";
/// The only requests that need it.
const PATH: &str = "/api/auth";
/// Fetch Metadata Request Headers (W3C).
const SEC_FETCH_SITE: &str = "sec-fetch-site";
const X_FORWARDED_HOST: &str = "x-forwarded-host";

/// What a request tells about its browser.
pub struct Browser {
    /// The refresh token that its cookie holds.
    pub token: Option<RefreshToken>,
    is_secure: bool,
    is_same_origin: bool,
}

impl<S: Sync> FromRequestParts<S> for Browser {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Ok(Self {
            token: token(&parts.headers),
            is_secure: is_secure(parts),
            is_same_origin: is_same_origin(&parts.uri, &parts.headers),
        })
    }
}

impl Browser {
    /// Refuses with 403 a cookie that a page of another site asks for or sends. `SameSite` keeps such requests from carrying
    /// the cookie, and their JSON needs a preflight; this holds where a browser knows neither.
    pub fn require_same_origin(&self, place: Place) -> Result<(), ApiError> {
        if place == Place::Body || self.is_same_origin {
            return Ok(());
        }
        Err(ApiError::Forbidden(
            "Only a page of this origin may sign in with a cookie",
        ))
    }

    /// The header that keeps a token for so many seconds.
    pub fn keep(&self, token: &RefreshToken, seconds: i64) -> Result<HeaderMap, ApiError> {
        self.set(&token.text, seconds)
    }

    /// The header that forgets the cookie, if it is of this sign-in and not of a later one.
    pub fn forget(&self, family_id: Uuid) -> Result<HeaderMap, ApiError> {
        match &self.token {
            Some(token) if token.family_id == family_id => self.set("", 0),
            _ => Ok(HeaderMap::new()),
        }
    }

    fn set(&self, value: &str, seconds: i64) -> Result<HeaderMap, ApiError> {
        let secure = if self.is_secure { "; Secure" } else { "" };
        let cookie = format!(
            "{NAME}={value}; Path={PATH}; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}"
        );
        let mut cookie = HeaderValue::try_from(cookie)
            .map_err(|error| ApiError::Internal(format!("a cookie: {error}")))?;
        cookie.set_sensitive(true);
        Ok(HeaderMap::from_iter([(SET_COOKIE, cookie)]))
    }
}

/// The first cookie of the name that is one of our tokens (RFC 6265, section 4.2).
fn token(headers: &HeaderMap) -> Option<RefreshToken> {
    let values = headers.get_all(COOKIE).iter();
    let mut pairs = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    pairs.find_map(|(name, value)| match name {
        NAME => RefreshToken::parse(Place::Cookie, value),
        _ => None,
    })
}

/// Whether the request comes from a page of ours, or from no page at all. A browser that says nothing of
/// the site (it does so only where it trusts the connection) names the page's origin.
fn is_same_origin(uri: &Uri, headers: &HeaderMap) -> bool {
    if let Some(site) = headers.get(SEC_FETCH_SITE) {
        return site == "same-origin" || site == "none";
    }
    let Some(origin) = headers.get(ORIGIN) else {
        return true;
    };
    let authority = origin
        .to_str()
        .ok()
        .and_then(|origin| origin.split_once("://"))
        .map(|(_, authority)| authority);
    let header = |name: &str| headers.get(name).and_then(|host| host.to_str().ok());
    // Under WASI the URI has what the header `Host` said.
    let own = [
        uri.authority().map(|authority| authority.as_str()),
        header(HOST.as_str()),
        header(X_FORWARDED_HOST),
    ];
    authority.is_some_and(|it| {
        own.into_iter()
            .flatten()
            .any(|own| it.eq_ignore_ascii_case(own))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let pairs = pairs.iter().map(|(name, value)| {
            let name = http::HeaderName::from_static(name);
            (name, HeaderValue::from_str(value).unwrap())
        });
        pairs.fold(HeaderMap::new(), |mut headers, (name, value)| {
            headers.append(name, value);
            headers
        })
    }

    #[test]
    fn the_token_is_found_among_other_cookies() {
        let made = RefreshToken::generate(Place::Cookie, Uuid::from_u128(7)).unwrap();
        let ours = format!("todo_refresh={}", made.text);
        let mixed = format!("a=b;{ours}; c");
        for cookies in [
            vec![("cookie", ours.as_str())],
            vec![("cookie", &mixed)],
            vec![
                ("cookie", "a=b"),
                ("cookie", "todo_refresh=x"),
                ("cookie", &ours),
            ],
        ] {
            assert_eq!(
                token(&headers(&cookies)).map(|it| it.text),
                Some(made.text.clone())
            );
        }
        for cookie in [
            "",
            ";=;",
            "todo_refresh",
            "todo_refresh=",
            "xtodo_refresh=x",
        ] {
            assert!(token(&headers(&[("cookie", cookie)])).is_none(), "{cookie}");
        }
    }

    #[test]
    fn other_sites_are_told_apart() {
        let host = ("host", "todo.example:8080");
        let path = Uri::from_static("/api/auth/refresh");
        let whole = Uri::from_static("http://todo.example:8080/api/auth/refresh");
        let origin = [("origin", "http://todo.example:8080")];
        assert!(is_same_origin(&whole, &headers(&origin)));
        assert!(!is_same_origin(&path, &headers(&origin)));
        for fine in [
            vec![host],
            vec![host, ("origin", "http://todo.example:8080")],
            vec![
                host,
                ("origin", "https://b.example"),
                ("x-forwarded-host", "b.example"),
            ],
            vec![
                host,
                ("sec-fetch-site", "same-origin"),
                ("origin", "http://other"),
            ],
            vec![host, ("sec-fetch-site", "none")],
        ] {
            assert!(is_same_origin(&path, &headers(&fine)), "{fine:?}");
        }
        for foreign in [
            vec![host, ("origin", "null")],
            vec![host, ("origin", "http://todo.example")],
            vec![host, ("origin", "http://evil.example:8080")],
            vec![host, ("sec-fetch-site", "cross-site")],
            vec![
                host,
                ("sec-fetch-site", "same-site"),
                ("origin", "http://todo.example:8080"),
            ],
        ] {
            assert!(!is_same_origin(&path, &headers(&foreign)), "{foreign:?}");
        }
    }
}
