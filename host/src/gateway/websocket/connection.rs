//! One WebSocket as its component knows it: the requests about it, and what the component keeps with it.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::header::{
    ACCEPT, ACCEPT_ENCODING, CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, EXPECT,
    SEC_WEBSOCKET_EXTENSIONS, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};
use uuid::Uuid;

use crate::gateway::events::{CONTENT_TYPE as EVENTS, Event, encode};
use crate::gateway::{CONNECTION_ID, META};
use crate::trace::Trace;

/// The largest body of an answer, in bytes. Pushpin's.
pub const MAX_ANSWER: usize = 1_000_000;
/// What a component may keep with a connection, names and values, in bytes.
const MAX_META: usize = 16 * 1024;
/// The most often that a component is asked about a connection without any event. Pushpin's.
const MIN_INTERVAL: u64 = 20;
const SET_META: &str = "set-meta-";
const KEEP_ALIVE_INTERVAL: &str = "keep-alive-interval";
const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");

/// What the handshake said, as small as it can be kept: most connections are idle.
pub struct Connection {
    uri: Box<str>,
    headers: Box<[(HeaderName, HeaderValue)]>,
    /// Who is at the other end.
    pub client: SocketAddr,
    /// Names the connection to its component.
    pub id: Uuid,
    /// The handshake's.
    pub trace: Trace,
    /// What the component keeps with it: `meta-…`.
    meta: Vec<(HeaderName, HeaderValue)>,
    /// How often the component is asked about it without any event.
    pub interval: Option<Duration>,
}

/// Whether a header of a component's answer is for the gateway only.
pub fn is_private(name: &str) -> bool {
    name.starts_with(SET_META) || name == KEEP_ALIVE_INTERVAL
}

impl Connection {
    /// A connection whose handshake asks for `uri`, which is absolute.
    pub fn new(uri: &Uri, headers: &HeaderMap, client: SocketAddr, trace: Trace) -> Self {
        // What concerns the handshake's own connection, or is said anew with each request. A client's `Connection-Id`
        // and `Meta-…` must not be taken for the gateway's.
        let dropped = [
            ACCEPT,
            ACCEPT_ENCODING,
            CONNECTION,
            CONTENT_ENCODING,
            CONTENT_LENGTH,
            CONTENT_TYPE,
            EXPECT,
            KEEP_ALIVE,
            SEC_WEBSOCKET_EXTENSIONS,
            TE,
            TRAILER,
            TRANSFER_ENCODING,
            UPGRADE,
        ];
        let is_kept = |name: &HeaderName| {
            let text = name.as_str();
            !dropped.contains(name) && !text.starts_with(META) && text != CONNECTION_ID
        };
        let headers = headers.iter().filter(|(name, _)| is_kept(name));
        // Copied, since these are slices of the buffer that the whole head was read into.
        let headers = headers.filter_map(|(name, value)| {
            Some((
                name.clone(),
                HeaderValue::from_bytes(value.as_bytes()).ok()?,
            ))
        });
        Self {
            uri: uri.to_string().into(),
            headers: headers.collect(),
            client,
            id: Uuid::new_v4(),
            trace,
            meta: Vec::new(),
            interval: None,
        }
    }

    /// A request that tells the component of `events`.
    pub fn request(&self, events: &[Event]) -> Option<Request<Bytes>> {
        let body = encode(events);
        let length = HeaderValue::from(body.len());
        let mut request = Request::new(body);
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.uri.parse().ok()?;
        let headers = request.headers_mut();
        for (name, value) in self.headers.iter().chain(&self.meta) {
            headers.append(name, value.clone());
        }
        self.trace.replace_in(headers);
        headers.insert(ACCEPT, HeaderValue::from_static(EVENTS));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(EVENTS));
        headers.insert(CONTENT_LENGTH, length);
        headers.insert(SEC_WEBSOCKET_EXTENSIONS, HeaderValue::from_static("grip"));
        let id = HeaderValue::try_from(self.id.to_string()).ok()?;
        headers.insert(CONNECTION_ID, id);
        Some(request)
    }

    /// Takes over what an answer's headers say about the connection.
    ///
    /// # Errors
    /// It is to keep too much.
    pub fn update(&mut self, headers: &HeaderMap) -> Result<(), &'static str> {
        if let Some(value) = headers.get(KEEP_ALIVE_INTERVAL) {
            let seconds = value.to_str().ok().and_then(|text| text.parse().ok());
            let seconds = seconds.filter(|seconds: &u64| *seconds > 0);
            let seconds = seconds.map(|seconds| seconds.clamp(MIN_INTERVAL, 86_400));
            self.interval = seconds.map(Duration::from_secs);
        }
        for (name, value) in headers {
            let Some(name) = name.as_str().strip_prefix(SET_META) else {
                continue;
            };
            let Ok(name) = HeaderName::try_from(format!("{META}{name}")) else {
                continue;
            };
            self.meta.retain(|(known, _)| *known != name);
            if !value.is_empty() {
                self.meta.push((name, value.clone()));
            }
        }
        let size = |(name, value): &(HeaderName, HeaderValue)| name.as_str().len() + value.len();
        if self.meta.iter().map(size).sum::<usize>() > MAX_META {
            return Err("it sets too much meta");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::events::Kind;

    fn map(headers: &[(&'static str, &'static str)]) -> HeaderMap {
        let headers = headers.iter().map(|(name, value)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        });
        headers.collect()
    }

    fn connection(headers: &[(&'static str, &'static str)]) -> Connection {
        let headers = map(headers);
        let trace = Trace::of(&headers);
        let uri = Uri::from_static("http://h/ws?a");
        Connection::new(&uri, &headers, "127.0.0.1:1".parse().unwrap(), trace)
    }

    #[test]
    fn a_request_says_what_the_handshake_said_and_what_the_gateway_adds() {
        let connection = connection(&[
            ("host", "h"),
            ("cookie", "a=b"),
            ("sec-websocket-protocol", "todo.v1"),
            ("connection", "upgrade"),
            ("upgrade", "websocket"),
            ("sec-websocket-extensions", "permessage-deflate"),
            ("content-length", "7"),
            ("connection-id", "forged"),
            ("meta-user", "forged"),
        ]);
        let request = connection.request(&[Event::bare(Kind::Open)]).unwrap();
        assert_eq!(
            (request.method(), request.uri().to_string().as_str()),
            (&Method::POST, "http://h/ws?a")
        );
        let headers = request.headers();
        for (name, value) in [
            ("cookie", "a=b"),
            ("sec-websocket-protocol", "todo.v1"),
            ("sec-websocket-extensions", "grip"),
            ("content-type", EVENTS),
            ("content-length", "6"),
            ("connection-id", &connection.id.to_string()),
        ] {
            assert_eq!(headers[name], value, "{name}");
        }
        for name in ["connection", "upgrade", "meta-user"] {
            assert!(!headers.contains_key(name), "{name}");
        }
    }

    #[test]
    fn meta_is_kept_replaced_and_removed() {
        let mut connection = connection(&[]);
        connection
            .update(&map(&[("set-meta-a", "1"), ("set-meta-b", "2")]))
            .unwrap();
        connection
            .update(&map(&[("set-meta-a", "3"), ("set-meta-b", "")]))
            .unwrap();
        let request = connection.request(&[]).unwrap();
        assert_eq!(request.headers()["meta-a"], "3");
        assert!(!request.headers().contains_key("meta-b"));
        let large = HeaderValue::try_from("x".repeat(MAX_META)).unwrap();
        let large = HeaderMap::from_iter([(HeaderName::from_static("set-meta-c"), large)]);
        assert!(connection.update(&large).is_err());
    }

    #[test]
    fn the_interval_is_not_too_short() {
        let mut connection = connection(&[]);
        for (text, seconds) in [
            ("45", Some(45)),
            ("1", Some(20)),
            ("0", None),
            ("30", Some(30)),
            ("x", None),
        ] {
            connection
                .update(&map(&[("keep-alive-interval", text)]))
                .unwrap();
            assert_eq!(
                connection.interval,
                seconds.map(Duration::from_secs),
                "{text}"
            );
        }
        connection.update(&map(&[])).unwrap();
        assert_eq!(connection.interval, None);
    }
}
