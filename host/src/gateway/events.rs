//! `application/websocket-events`: what happened on a WebSocket as the body of a request, and of its answer
//! (WebSocket-over-HTTP, <https://pushpin.org/docs/protocols/websocket-over-http/>).

use bytes::{BufMut as _, Bytes, BytesMut};

/// The media type.
pub const CONTENT_TYPE: &str = "application/websocket-events";

/// What happened, or what is to happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// What.
    pub kind: Kind,
    /// Its content; none where it has none, which is not the same as an empty one.
    pub content: Option<Bytes>,
}

/// What can happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The connection is opened.
    Open,
    /// A text message.
    Text,
    /// A binary message.
    Binary,
    /// A ping.
    Ping,
    /// A pong.
    Pong,
    /// The closing handshake; the content is that of the frame, a code and a reason.
    Close,
    /// The connection is gone without a closing handshake.
    Disconnect,
}

const NAMES: [(Kind, &str); 7] = [
    (Kind::Open, "OPEN"),
    (Kind::Text, "TEXT"),
    (Kind::Binary, "BINARY"),
    (Kind::Ping, "PING"),
    (Kind::Pong, "PONG"),
    (Kind::Close, "CLOSE"),
    (Kind::Disconnect, "DISCONNECT"),
];

impl Event {
    /// An event without content.
    pub fn bare(kind: Kind) -> Self {
        Self {
            kind,
            content: None,
        }
    }

    /// An event with content.
    pub fn with(kind: Kind, content: impl Into<Bytes>) -> Self {
        Self {
            kind,
            content: Some(content.into()),
        }
    }

    /// The end of a connection with a code; without one where the frame had none.
    pub fn close(frame: Option<(u16, &str)>) -> Self {
        let Some((code, reason)) = frame else {
            return Self::bare(Kind::Close);
        };
        let content = [&code.to_be_bytes()[..], reason.as_bytes()].concat();
        Self::with(Kind::Close, content)
    }

    /// Code and reason of a `CLOSE`.
    pub fn close_frame(&self) -> Option<(u16, String)> {
        let (code, reason) = self.content.as_ref()?.split_first_chunk()?;
        let reason = String::from_utf8_lossy(reason).into_owned();
        Some((u16::from_be_bytes(*code), reason))
    }

    /// How many bytes of content it has.
    pub fn size(&self) -> usize {
        self.content.as_ref().map_or(0, Bytes::len)
    }
}

/// Writes a body.
pub fn encode(events: &[Event]) -> Bytes {
    let mut body = BytesMut::new();
    for event in events {
        let name = NAMES.iter().find(|(kind, _)| *kind == event.kind);
        body.put_slice(name.map_or("", |(_, name)| name).as_bytes());
        if let Some(content) = &event.content {
            body.put_slice(format!(" {:x}\r\n", content.len()).as_bytes());
            body.put_slice(content);
        }
        body.put_slice(b"\r\n");
    }
    body.freeze()
}

/// Reads a body. Events of other types than these are left out, as Pushpin does.
///
/// # Errors
/// What is wrong with it.
pub fn decode(mut body: Bytes) -> Result<Vec<Event>, &'static str> {
    let mut events = Vec::new();
    while !body.is_empty() {
        let end = body.windows(2).position(|pair| pair == b"\r\n");
        let line = body.split_to(end.ok_or("a line has no end")?);
        body = body.slice(2..);
        let (name, content) = match line.iter().position(|byte| *byte == b' ') {
            None => (&line[..], None),
            Some(at) => {
                let size = size(&line[at + 1..]).ok_or("a size is not hexadecimal")?;
                if body.len() < size + 2 || &body[size..size + 2] != b"\r\n" {
                    return Err("a content is not as long as its size says");
                }
                let content = body.split_to(size);
                body = body.slice(2..);
                (&line[..at], Some(content))
            }
        };
        let known = NAMES.iter().find(|(_, known)| known.as_bytes() == name);
        if let Some((kind, _)) = known {
            events.push(Event {
                kind: *kind,
                content,
            });
        }
    }
    Ok(events)
}

/// A number of at most 8 hexadecimal digits.
fn size(digits: &[u8]) -> Option<usize> {
    let digits = std::str::from_utf8(digits).ok()?;
    let valid = (1..=8).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_hexdigit());
    valid
        .then(|| usize::from_str_radix(digits, 16).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn event() -> impl Strategy<Value = Event> {
        let kind = proptest::sample::select(NAMES.map(|(kind, _)| kind).to_vec());
        let content = proptest::option::of(proptest::collection::vec(any::<u8>(), 0..300));
        (kind, content).prop_map(|(kind, content)| Event {
            kind,
            content: content.map(Bytes::from),
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(events in proptest::collection::vec(event(), 0..20)) {
            prop_assert_eq!(decode(encode(&events)), Ok(events));
        }

        #[test]
        fn nothing_panics(body in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = decode(body.into());
        }

        #[test]
        fn nothing_like_events_panics(body in "([A-Z]{0,5}( [0-9a-g]{0,9})?\r?\n?[a-z]{0,3}\r\n){0,6}") {
            let _ = decode(body.into());
        }
    }

    #[test]
    fn sizes_are_hexadecimal() {
        let event = Event::with(Kind::Text, vec![b'a'; 26]);
        let body = encode(std::slice::from_ref(&event));
        assert!(body.starts_with(b"TEXT 1a\r\naa"), "{body:?}");
        let upper = Bytes::from(format!("TEXT 1A\r\n{}\r\n", "a".repeat(26)));
        assert_eq!(decode(upper), Ok(vec![event]));
    }

    #[test]
    fn a_close_has_a_code_and_a_reason() {
        let event = Event::close(Some((4401, "no token")));
        assert_eq!(
            encode(std::slice::from_ref(&event)),
            &b"CLOSE a\r\n\x11\x31no token\r\n"[..]
        );
        assert_eq!(event.close_frame(), Some((4401, "no token".to_owned())));
        assert_eq!(encode(&[Event::close(None)]), "CLOSE\r\n");
        assert_eq!(Event::with(Kind::Close, "x").close_frame(), None);
    }

    #[test]
    fn what_is_malformed_is_refused_and_what_is_unknown_left_out() {
        for body in [
            "OPEN",
            "TEXT 5\r\nhell\r\n",
            "TEXT 5\r\nhello!!",
            "TEXT x\r\nx\r\n",
            "TEXT +1\r\nx\r\n",
            "TEXT \r\n\r\n",
        ] {
            assert!(decode(Bytes::from(body)).is_err(), "{body:?}");
        }
        let body = "NEW 2\r\nhi\r\nOPEN\r\nLATER\r\n";
        assert_eq!(decode(body.into()), Ok(vec![Event::bare(Kind::Open)]));
    }
}
