//! Whether a request came over TLS, at least as far as the last proxy.

use http::header::FORWARDED;
use http::request::Parts;

const X_FORWARDED_PROTO: &str = "x-forwarded-proto";

/// Whether the client spoke https: by the request's own scheme, or by what the first proxy noted in
/// `Forwarded` (RFC 7239, section 5.4) or `X-Forwarded-Proto`.
///
/// Anybody can write these headers, so this may add care (`Secure` cookies, HSTS) and never take it away.
pub fn is_secure(request: &Parts) -> bool {
    let is_https = |text: &str| text.trim().trim_matches('"').eq_ignore_ascii_case("https");
    let first = |name: &str| {
        let value = request.headers.get(name)?.to_str().ok()?;
        value.split(',').next()
    };
    request.uri.scheme_str().is_some_and(is_https)
        || first(X_FORWARDED_PROTO).is_some_and(is_https)
        || first(FORWARDED.as_str()).is_some_and(|element| {
            element.split(';').any(|pair| {
                pair.split_once('=').is_some_and(|(name, value)| {
                    name.trim().eq_ignore_ascii_case("proto") && is_https(value)
                })
            })
        })
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn of(uri: &str, headers: &[(&str, &str)]) -> bool {
        let mut request = Request::get(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        is_secure(&request.body(()).unwrap().into_parts().0)
    }

    #[test]
    fn https_is_told_by_the_scheme_or_by_a_proxy() {
        assert!(of("https://a.example/", &[]));
        assert!(!of("http://a.example/", &[]));
        assert!(!of("/", &[]));
        for (name, value) in [
            ("x-forwarded-proto", "https"),
            ("x-forwarded-proto", "HTTPS, http"),
            ("forwarded", "for=192.0.2.60;proto=https;by=203.0.113.43"),
            (
                "forwarded",
                "For=\"[2001:db8::1]\"; Proto=\"https\", for=10.0.0.1",
            ),
        ] {
            assert!(of("/", &[(name, value)]), "{name}: {value}");
        }
        for (name, value) in [
            ("x-forwarded-proto", "http, https"),
            ("x-forwarded-proto", ""),
            ("forwarded", "for=192.0.2.60, proto=https"),
            ("forwarded", "host=https"),
        ] {
            assert!(!of("/", &[(name, value)]), "{name}: {value}");
        }
    }
}
