//! From a request to the head of its answer, and which file is its body.

use bytes::Bytes;
use http::header::{
    ACCEPT_ENCODING, ALLOW, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH,
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderName, IF_NONE_MATCH, LOCATION, RETRY_AFTER,
    VARY,
};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::negotiation::{self, Encoding};
use crate::security;
use crate::site::{File, Resolved, Site};

/// What RFC 3986 allows in no path, and `%`.
const NOT_IN_PATHS: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// An answer whose body is still to be read.
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// All its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub content: Content,
}

/// A body.
#[derive(Debug, PartialEq, Eq)]
pub enum Content {
    /// None at all, as for HEAD.
    None,
    /// A sentence.
    Text(String),
    /// A file of the export, with its size in bytes.
    File {
        /// From a `/`.
        path: String,
        /// In bytes.
        size: u64,
    },
}

impl Content {
    /// The bytes of what is no file.
    pub fn text(&self) -> Bytes {
        match self {
            Self::Text(text) => Bytes::copy_from_slice(text.as_bytes()),
            Self::None | Self::File { .. } => Bytes::new(),
        }
    }
}

/// Answers a request from `site`.
pub fn answer(site: &Site, request: &Parts) -> Answer {
    if !matches!(request.method, Method::GET | Method::HEAD) {
        let mut answer = text(
            request,
            StatusCode::METHOD_NOT_ALLOWED,
            "Only GET and HEAD.\n".into(),
        );
        let allowed = HeaderValue::from_static("GET, HEAD");
        answer.headers.insert(ALLOW, allowed);
        return answer;
    }
    match site.resolve(request.uri.path()) {
        Resolved::File(page) if page.is_not_found() => send(request, page, StatusCode::NOT_FOUND),
        Resolved::File(found) => send(request, found, StatusCode::OK),
        Resolved::Moved(path) => moved(request, path),
        Resolved::Unknown(Some(page)) => send(request, page, StatusCode::NOT_FOUND),
        Resolved::Unknown(None) => text(
            request,
            StatusCode::NOT_FOUND,
            "There is no such page.\n".into(),
        ),
    }
}

/// The answer while there are no files, or not those of the manifest.
pub fn unbuilt(request: &Parts, problem: &str) -> Answer {
    let sentence = format!(
        "The page is not built: run `make build`, then start again.\n({problem})\nThe API is there all the same, at /api.\n"
    );
    let mut answer = text(request, StatusCode::SERVICE_UNAVAILABLE, sentence);
    let seconds = HeaderValue::from_static("10");
    answer.headers.insert(RETRY_AFTER, seconds);
    answer
}

fn send(request: &Parts, file: &File, status: StatusCode) -> Answer {
    let available: Vec<Encoding> = file.forms.iter().map(|(encoding, _)| *encoding).collect();
    let encoding = negotiation::choose(&list(request, ACCEPT_ENCODING), &available);
    let size = file.forms.iter().find(|(form, _)| *form == encoding);
    let size = size.map_or(0, |(_, size)| *size);
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_SECURITY_POLICY, file.policy.clone());
    headers.insert(CACHE_CONTROL, file.cache_control.clone());
    if available.len() > 1 {
        headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    }
    // Strong: each form is bytes of its own.
    let etag = match encoding.name() {
        None => format!("\"{}\"", file.hash),
        Some(name) => format!("\"{}-{name}\"", file.hash),
    };
    let not_modified =
        status == StatusCode::OK && negotiation::has_already(&list(request, IF_NONE_MATCH), &etag);
    if let Ok(etag) = HeaderValue::try_from(etag) {
        headers.insert(ETAG, etag);
    }
    if not_modified {
        return finish(request, StatusCode::NOT_MODIFIED, headers, Content::None);
    }
    headers.insert(CONTENT_TYPE, file.content_type.clone());
    headers.insert(CONTENT_LENGTH, size.into());
    if let Some(name) = encoding.name() {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(name));
    }
    let path = file.path_of(encoding);
    finish(request, status, headers, Content::File { path, size })
}

fn moved(request: &Parts, path: &str) -> Answer {
    let mut location = utf8_percent_encode(path, NOT_IN_PATHS).to_string();
    if let Some(query) = request.uri.query() {
        location.push('?');
        location.push_str(query);
    }
    let mut answer = text(request, StatusCode::PERMANENT_REDIRECT, String::new());
    if let Ok(location) = HeaderValue::try_from(location) {
        answer.headers.insert(LOCATION, location);
    }
    answer
}

fn text(request: &Parts, status: StatusCode, sentence: String) -> Answer {
    let mut headers = HeaderMap::new();
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    headers.insert(CONTENT_TYPE, plain);
    headers.insert(CONTENT_LENGTH, sentence.len().into());
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    finish(request, status, headers, Content::Text(sentence))
}

fn finish(request: &Parts, status: StatusCode, mut headers: HeaderMap, content: Content) -> Answer {
    security::write(api::is_secure(request), &mut headers);
    let is_head = request.method == Method::HEAD;
    Answer {
        status,
        headers,
        content: if is_head { Content::None } else { content },
    }
}

/// All values of a header that is a list; what is no text in it counts as absent.
fn list(request: &Parts, name: HeaderName) -> String {
    let values = request.headers.get_all(name);
    let values: Vec<&str> = values.iter().filter_map(|it| it.to_str().ok()).collect();
    values.join(",")
}

#[cfg(test)]
mod tests {
    use http::Request;
    use http::header::{ACCEPT_ENCODING, STRICT_TRANSPORT_SECURITY};
    use proptest::prelude::*;

    use super::*;
    use crate::site::tests::site;

    fn ask(method: &str, target: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::builder().method(method).uri(target);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        answer(&site(), &request.body(()).unwrap().into_parts().0)
    }

    fn file(path: &str, size: u64) -> Content {
        Content::File {
            path: path.to_owned(),
            size,
        }
    }

    #[test]
    fn a_page_is_sent_as_the_client_takes_it() {
        for (accept, path, size, etag) in [
            ("", "/index.html", 100, "\"a1\""),
            ("br, gzip", "/index.html.br", 40, "\"a1-br\""),
            ("gzip", "/index.html.gz", 50, "\"a1-gzip\""),
        ] {
            let sent = ask("GET", "/", &[(ACCEPT_ENCODING.as_str(), accept)]);
            assert_eq!(sent.status, StatusCode::OK);
            assert_eq!(sent.content, file(path, size));
            assert_eq!(sent.headers[ETAG], etag);
            assert_eq!(sent.headers[CONTENT_LENGTH], size.to_string());
            assert_eq!(sent.headers[CONTENT_TYPE], "text/html; charset=utf-8");
            assert_eq!(sent.headers[CACHE_CONTROL], "no-cache");
            assert_eq!(sent.headers[VARY], "accept-encoding");
            let policy = sent.headers[CONTENT_SECURITY_POLICY].to_str().unwrap();
            assert!(
                policy.contains("script-src 'self' 'sha256-x+/=';"),
                "{policy}"
            );
            assert!(!sent.headers.contains_key(STRICT_TRANSPORT_SECURITY));
        }
        let plain = ask("GET", "/tasks", &[("accept-encoding", "br")]);
        assert_eq!(plain.content, file("/tasks.html", 80));
        assert!(!plain.headers.contains_key(CONTENT_ENCODING));
        assert!(!plain.headers.contains_key(VARY));
    }

    #[test]
    fn what_the_client_has_is_not_sent_again() {
        let headers = [
            ("accept-encoding", "br"),
            ("if-none-match", "\"x\", \"a1-br\""),
        ];
        let known = ask("GET", "/", &headers);
        assert_eq!(known.status, StatusCode::NOT_MODIFIED);
        assert_eq!(known.content, Content::None);
        assert_eq!(known.headers[ETAG], "\"a1-br\"");
        assert_eq!(known.headers[VARY], "accept-encoding");
        assert!(known.headers.contains_key(CONTENT_SECURITY_POLICY));
        assert!(!known.headers.contains_key(CONTENT_LENGTH));

        let other = ask("GET", "/", &[("if-none-match", "\"a1-br\"")]);
        assert_eq!(
            other.status,
            StatusCode::OK,
            "the form without encoding is another"
        );
        let missing = ask("GET", "/nothing", &[("if-none-match", "*")]);
        assert_eq!(missing.status, StatusCode::NOT_FOUND);
    }

    #[test]
    fn each_answer_has_its_status() {
        let head = ask("HEAD", "/tasks", &[]);
        assert_eq!((head.status, head.content), (StatusCode::OK, Content::None));
        assert_eq!(head.headers[CONTENT_LENGTH], "80");

        let missing = ask("GET", "/nothing", &[]);
        assert_eq!(missing.status, StatusCode::NOT_FOUND);
        assert_eq!(missing.content, file("/404.html", 90));
        assert_eq!(ask("GET", "/404", &[]).status, StatusCode::NOT_FOUND);

        let post = ask("POST", "/", &[]);
        assert_eq!(post.status, StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(post.headers[ALLOW], "GET, HEAD");

        let moved = ask(
            "GET",
            "/tasks/?a=1&b=//x",
            &[("x-forwarded-proto", "https")],
        );
        assert_eq!(moved.status, StatusCode::PERMANENT_REDIRECT);
        assert_eq!(moved.headers[LOCATION], "/tasks?a=1&b=//x");
        assert!(moved.headers.contains_key(STRICT_TRANSPORT_SECURITY));
    }

    #[test]
    fn a_page_that_is_not_built_says_how() {
        let request = Request::get("/").body(()).unwrap().into_parts().0;
        let answer = unbuilt(&request, "no manifest");
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(answer.headers[CACHE_CONTROL], "no-store");
        assert!(matches!(answer.content, Content::Text(text) if text.contains("make build")));
    }

    proptest! {
        #[test]
        fn every_answer_is_safe(
            method in "GET|HEAD|POST|OPTIONS|BREW",
            path in "/[!-~&&[^#]]{0,30}",
            accept in "[ -~]{0,30}",
            known in "[ -~]{0,30}",
        ) {
            let request = Request::builder().method(method.as_str()).uri(path.as_str());
            let request = request.header("accept-encoding", accept).header("if-none-match", known);
            let Ok(request) = request.body(()) else { return Ok(()) };
            let answer = answer(&site(), &request.into_parts().0);
            prop_assert!(answer.headers.contains_key(CONTENT_SECURITY_POLICY));
            prop_assert!(answer.headers.contains_key(CACHE_CONTROL));
            prop_assert_eq!(&answer.headers["x-content-type-options"], "nosniff");
            prop_assert!(!answer.status.is_server_error());
        }
    }
}
