//! The name under which a request is found in logs and events.

use http::{HeaderMap, HeaderName, HeaderValue};
use uuid::Uuid;

/// The header that carries a correlation id, in requests and answers.
pub const CORRELATION_ID: HeaderName = HeaderName::from_static("x-correlation-id");
const TRACEPARENT: &str = "traceparent";
const MAX_CORRELATION_ID_LENGTH: usize = 128;

/// The request's correlation id: the client's own, else its trace's id, else a new one.
pub fn id(headers: &HeaderMap) -> String {
    let own = headers
        .get(CORRELATION_ID)
        .and_then(|value| value.to_str().ok())
        .filter(|id| (1..=MAX_CORRELATION_ID_LENGTH).contains(&id.len()))
        .filter(|id| id.bytes().all(|byte| byte.is_ascii_graphic()));
    own.or_else(|| traceparent(headers).map(|(_, trace_id)| trace_id))
        .map_or_else(|| Uuid::new_v4().to_string(), str::to_owned)
}

/// Where a request comes from, for the events and the requests that it causes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The request's correlation id.
    pub correlation_id: String,
    /// W3C Trace Context, if the request had it.
    pub traceparent: Option<String>,
}

/// What the events of the request's changes carry on.
pub fn origin(headers: &HeaderMap, correlation_id: &str) -> Origin {
    Origin {
        correlation_id: correlation_id.to_owned(),
        traceparent: traceparent(headers).map(|(whole, _)| whole.to_owned()),
    }
}

/// The answer's header.
pub fn header(correlation_id: &str) -> HeaderValue {
    HeaderValue::from_str(correlation_id).unwrap_or_else(|_| HeaderValue::from_static("unknown"))
}

/// The header and its trace id, if it is valid by W3C Trace Context (section 3.2).
fn traceparent(headers: &HeaderMap) -> Option<(&str, &str)> {
    let whole = headers.get(TRACEPARENT)?.to_str().ok()?;
    let mut parts = whole.split('-');
    let (version, trace_id) = (parts.next()?, parts.next()?);
    let (parent_id, flags) = (parts.next()?, parts.next()?);
    let is_hex = |text: &str, length| {
        text.len() == length && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    };
    let is_zero = |text: &str| text.bytes().all(|b| b == b'0');
    let valid = is_hex(version, 2)
        && version != "ff"
        && is_hex(trace_id, 32)
        && !is_zero(trace_id)
        && is_hex(parent_id, 16)
        && !is_zero(parent_id)
        && is_hex(flags, 2)
        && (version != "00" || parts.next().is_none())
        && whole.len() <= MAX_CORRELATION_ID_LENGTH;
    valid.then_some((whole, trace_id))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_bytes(value.as_bytes()).unwrap(),
                )
            })
            .collect()
    }

    #[test]
    fn the_clients_id_comes_before_the_traces() {
        let both = headers(&[("x-correlation-id", "abc-1"), ("traceparent", TRACE)]);
        assert_eq!(id(&both), "abc-1");
        assert_eq!(origin(&both, "abc-1").traceparent.as_deref(), Some(TRACE));
        let trace = headers(&[("traceparent", TRACE)]);
        assert_eq!(id(&trace), "0af7651916cd43dd8448eb211c80319c");
    }

    #[test]
    fn what_is_not_valid_is_replaced() {
        let long = "x".repeat(129);
        for bad in ["", "a b", "tab\there", "größe", long.as_str()] {
            let id = id(&headers(&[("x-correlation-id", bad)]));
            assert!(Uuid::parse_str(&id).is_ok(), "{bad:?} became {id}");
        }
        for bad in [
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x",
            "00-0af7651916cd43dd8448eb211c80319c",
        ] {
            assert_eq!(
                origin(&headers(&[("traceparent", bad)]), "x").traceparent,
                None,
                "{bad}"
            );
        }
    }
}
