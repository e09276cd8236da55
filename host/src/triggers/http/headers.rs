//! The request headers by which Spin tells a component how a request reached it.

use std::net::SocketAddr;

use http::header::CONNECTION;
use http::{HeaderMap, HeaderName, HeaderValue, Uri};

use super::routes::RouteMatch;

const PATH_INFO: HeaderName = HeaderName::from_static("spin-path-info");
const FULL_URL: HeaderName = HeaderName::from_static("spin-full-url");
const MATCHED_ROUTE: HeaderName = HeaderName::from_static("spin-matched-route");
const COMPONENT_ROUTE: HeaderName = HeaderName::from_static("spin-component-route");
const RAW_COMPONENT_ROUTE: HeaderName = HeaderName::from_static("spin-raw-component-route");
const BASE_PATH: HeaderName = HeaderName::from_static("spin-base-path");
const CLIENT_ADDR: HeaderName = HeaderName::from_static("spin-client-addr");
const PATH_MATCH: &str = "spin-path-match-";

/// Replaces the `spin-*` headers of a request whose absolute URI is `uri`; what the client sent
/// under these names is dropped, and so is what concerns the connection only.
pub fn set(headers: &mut HeaderMap, uri: &Uri, found: &RouteMatch<'_>, client: SocketAddr) {
    headers.remove(CONNECTION);
    let sent: Vec<HeaderName> = headers
        .keys()
        .filter(|name| name.as_str().starts_with(PATH_MATCH))
        .cloned()
        .collect();
    for name in sent {
        headers.remove(name);
    }
    let full_url = format!(
        "{}://{}{}",
        uri.scheme_str().unwrap_or("http"),
        uri.authority().map_or("localhost", |host| host.as_str()),
        uri.path_and_query().map_or("/", |path| path.as_str())
    );
    let values = [
        (PATH_INFO, found.path_info.as_ref()),
        (FULL_URL, full_url.as_str()),
        (MATCHED_ROUTE, found.based.as_ref()),
        (BASE_PATH, "/"),
        (RAW_COMPONENT_ROUTE, found.raw.as_ref()),
        (COMPONENT_ROUTE, found.raw_prefix()),
        (CLIENT_ADDR, &client.to_string()),
    ];
    for (name, value) in values {
        replace(headers, name, value);
    }
    for (name, value) in &found.named {
        if let Ok(name) = HeaderName::try_from(format!("{PATH_MATCH}{}", name.to_ascii_lowercase()))
        {
            replace(headers, name, value);
        }
    }
}

fn replace(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    match HeaderValue::from_bytes(value.as_bytes()) {
        Ok(value) => {
            headers.insert(name, value);
        }
        Err(_) => {
            headers.remove(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::{HttpTrigger, Route};
    use crate::triggers::http::routes::Routes;

    #[test]
    fn says_what_spin_says() {
        let routes = Routes::new(&[HttpTrigger {
            id: "t".into(),
            component: "c".into(),
            route: Route::Path("/foo/:userid/...".into()),
        }])
        .unwrap();
        let uri = Uri::from_static("http://example.org/foo/42/bar?k=v");
        let mut headers = HeaderMap::new();
        headers.insert("spin-path-info", HeaderValue::from_static("/forged"));
        headers.insert("spin-path-match-role", HeaderValue::from_static("admin"));
        headers.insert("connection", HeaderValue::from_static("keep-alive"));
        let client = "127.0.0.1:8777".parse().unwrap();
        set(
            &mut headers,
            &uri,
            &routes.find(uri.path()).unwrap(),
            client,
        );
        for (name, value) in [
            ("spin-full-url", "http://example.org/foo/42/bar?k=v"),
            ("spin-path-info", "/bar"),
            ("spin-matched-route", "/foo/:userid/..."),
            ("spin-base-path", "/"),
            ("spin-raw-component-route", "/foo/:userid/..."),
            ("spin-component-route", "/foo/:userid"),
            ("spin-client-addr", "127.0.0.1:8777"),
            ("spin-path-match-userid", "42"),
        ] {
            assert_eq!(headers[name], value, "{name}");
            assert_eq!(headers.get_all(name).iter().count(), 1, "{name}");
        }
        assert!(!headers.contains_key("spin-path-match-role"));
        assert!(!headers.contains_key("connection"));
    }
}
