//! Correlation ids and W3C trace context (<https://www.w3.org/TR/trace-context/>).

use http::{HeaderMap, HeaderName, HeaderValue};
use uuid::Uuid;

/// The header that carries [`Trace::correlation_id`].
pub const CORRELATION_ID: HeaderName = HeaderName::from_static("x-correlation-id");
/// The header that carries trace id, parent span and flags.
pub const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// The header that carries vendors' additions to `traceparent`.
pub const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// What ties together everything that happens because of one request or tick.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// Names it in answers and logs: the client's own, or a new UUID.
    pub correlation_id: String,
    /// 128 bits, never zero.
    pub trace_id: u128,
    /// The span of this request or call, 64 bits, never zero.
    pub span_id: u64,
    /// The flags of `traceparent`; bit 0 is "sampled".
    pub flags: u8,
}

impl Trace {
    /// Continues the trace of the request's headers, or begins one where they hold no valid one.
    pub fn of(headers: &HeaderMap) -> Self {
        Self::continuing(
            single(headers, &TRACEPARENT),
            single(headers, &CORRELATION_ID),
        )
    }

    /// Continues the trace of a `traceparent`, or begins one where it is not valid; the same for the
    /// correlation id.
    pub fn continuing(traceparent: Option<&str>, correlation_id: Option<&str>) -> Self {
        let (trace_id, flags) = traceparent
            .and_then(parse_traceparent)
            .unwrap_or_else(|| (Uuid::new_v4().as_u128(), 1));
        let correlation_id = correlation_id
            .filter(|id| is_correlation_id(id))
            .map_or_else(|| Uuid::new_v4().to_string(), str::to_owned);
        Self {
            correlation_id,
            trace_id,
            span_id: (Uuid::new_v4().as_u128() >> 64) as u64 | 1,
            flags,
        }
    }

    /// The `traceparent` that names this request's span as the parent.
    pub fn traceparent(&self) -> String {
        format!(
            "00-{:032x}-{:016x}-{:02x}",
            self.trace_id, self.span_id, self.flags
        )
    }

    /// Writes the trace into a request for a component. What was there is replaced; a `tracestate`
    /// stays only beside a valid `traceparent`.
    pub fn replace_in(&self, headers: &mut HeaderMap) {
        if single(headers, &TRACEPARENT)
            .and_then(parse_traceparent)
            .is_none()
        {
            headers.remove(TRACESTATE);
        }
        headers.remove(TRACEPARENT);
        headers.remove(CORRELATION_ID);
        self.add_to(headers);
    }

    /// Writes the trace into a component's own request, where the component set none.
    pub fn add_to(&self, headers: &mut HeaderMap) {
        if !headers.contains_key(TRACEPARENT)
            && let Ok(value) = HeaderValue::try_from(self.traceparent())
        {
            headers.insert(TRACEPARENT, value);
        }
        if !headers.contains_key(CORRELATION_ID)
            && let Ok(value) = HeaderValue::try_from(&self.correlation_id)
        {
            headers.insert(CORRELATION_ID, value);
        }
    }
}

/// The header's text, if it is there exactly once.
fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

/// Trace id and flags of a `traceparent`; none if it is malformed.
///
/// A version above 00 may carry more fields after the flags (W3C Trace Context, section 4.3).
fn parse_traceparent(value: &str) -> Option<(u128, u8)> {
    let mut parts = value.split('-');
    let (version, trace, span, flags) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let version = hex(version, 2)?;
    if version == 0xff || (version == 0 && parts.next().is_some()) {
        return None;
    }
    let (trace, span, flags) = (hex(trace, 32)?, hex(span, 16)?, hex(flags, 2)?);
    (trace != 0 && span != 0).then_some((trace, u8::try_from(flags).ok()? & 1))
}

/// The value of exactly `digits` lower-case hexadecimal digits.
fn hex(text: &str, digits: usize) -> Option<u128> {
    let valid = text.len() == digits
        && text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    valid.then(|| u128::from_str_radix(text, 16).ok()).flatten()
}

/// Short and of harmless characters, so that it can stand in logs, headers and JSON as it is.
fn is_correlation_id(id: &str) -> bool {
    (1..=128).contains(&id.len())
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.:/+=@".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALID: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn headers(pairs: &[(HeaderName, &'static str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in pairs {
            map.append(name, HeaderValue::from_static(value));
        }
        map
    }

    #[test]
    fn continues_a_valid_trace_with_a_span_of_its_own() {
        let trace = Trace::of(&headers(&[(TRACEPARENT, VALID)]));
        assert_eq!(trace.trace_id, 0x4bf92f3577b34da6a3ce929d0e0e4736);
        assert_ne!(trace.span_id, 0x00f067aa0ba902b7);
        assert!(
            trace
                .traceparent()
                .starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-")
        );
        assert!(trace.traceparent().ends_with("-01"));
    }

    #[test]
    fn takes_no_malformed_traceparent() {
        for bad in [
            "",
            "00",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-extra",
            "00-+bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ] {
            assert_eq!(parse_traceparent(bad), None, "{bad}");
        }
        assert!(parse_traceparent(&VALID.replacen("00", "01", 1)).is_some());
        assert!(parse_traceparent(&format!("01{}-more", &VALID[2..])).is_some());
    }

    #[test]
    fn ambiguous_headers_count_as_absent() {
        let trace = Trace::of(&headers(&[(TRACEPARENT, VALID), (TRACEPARENT, VALID)]));
        assert_ne!(trace.trace_id, 0x4bf92f3577b34da6a3ce929d0e0e4736);
    }

    #[test]
    fn keeps_a_harmless_correlation_id_only() {
        let of = |id| Trace::of(&headers(&[(CORRELATION_ID, id)])).correlation_id;
        assert_eq!(of("abc-123"), "abc-123");
        assert_ne!(of("abc 123"), "abc 123");
        assert_ne!(of("\"}"), "\"}");
    }

    #[test]
    fn a_components_own_headers_win_on_the_way_out() {
        let trace = Trace::of(&HeaderMap::new());
        let mut own = headers(&[(TRACEPARENT, VALID)]);
        trace.add_to(&mut own);
        assert_eq!(own[TRACEPARENT], VALID);
        assert_eq!(own[CORRELATION_ID], *trace.correlation_id);
    }

    #[test]
    fn tracestate_falls_with_a_bad_traceparent() {
        let mut map = headers(&[(TRACEPARENT, "nonsense"), (TRACESTATE, "vendor=1")]);
        Trace::of(&map).replace_in(&mut map);
        assert!(!map.contains_key(TRACESTATE));
        let mut map = headers(&[(TRACEPARENT, VALID), (TRACESTATE, "vendor=1")]);
        Trace::of(&map).replace_in(&mut map);
        assert!(map.contains_key(TRACESTATE));
    }
}
