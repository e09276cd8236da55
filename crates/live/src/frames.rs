//! `application/websocket-events`: the frames of one connection as the body of a request and of its answer
//! (WebSocket-over-HTTP, <https://pushpin.org/docs/protocols/websocket-over-http/>).

use std::io::Write as _;

/// The media type.
pub const CONTENT_TYPE: &str = "application/websocket-events";

/// What a gateway tells of a connection, or is told to do with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// The connection is to be opened, or is.
    Open,
    /// A text message.
    Text(Vec<u8>),
    /// A binary message.
    Binary(Vec<u8>),
    /// A ping with its content.
    Ping(Vec<u8>),
    /// A pong with its content.
    Pong(Vec<u8>),
    /// The closing handshake, with code and reason where it has any.
    Close(Option<(u16, String)>),
    /// The connection is gone without one.
    Disconnect,
}

/// The body is not of this media type; says where it stops being so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not application/websocket-events: {0}")]
pub struct Malformed(&'static str);

impl Frame {
    /// Closes with a code (RFC 6455, section 7.4.2: 4000 to 4999 are an application's own).
    pub fn close(code: u16, reason: &str) -> Self {
        Self::Close(Some((code, reason.to_owned())))
    }
}

/// Reads a body. Types that are newer than this are left out.
///
/// # Errors
/// It is not well-formed.
pub fn decode(mut body: &[u8]) -> Result<Vec<Frame>, Malformed> {
    let mut frames = Vec::new();
    while !body.is_empty() {
        let end = find_line_end(body).ok_or(Malformed("a line without an end"))?;
        let line = std::str::from_utf8(&body[..end]).map_err(|_| Malformed("not ASCII"))?;
        body = &body[end + 2..];
        let (name, content) = match line.split_once(' ') {
            None => (line, None),
            Some((name, size)) => {
                // As many digits as any body that fits into memory needs.
                let is_size = (1..=8).contains(&size.len())
                    && size.bytes().all(|byte| byte.is_ascii_hexdigit());
                let size = is_size
                    .then(|| usize::from_str_radix(size, 16).ok())
                    .flatten()
                    .ok_or(Malformed("a size that is not hexadecimal"))?;
                let (content, rest) = body
                    .split_at_checked(size)
                    .ok_or(Malformed("less content than announced"))?;
                body = rest
                    .strip_prefix(b"\r\n")
                    .ok_or(Malformed("content without an end"))?;
                (name, Some(content))
            }
        };
        let bytes = || content.unwrap_or_default().to_vec();
        frames.push(match name {
            "OPEN" => Frame::Open,
            "TEXT" => Frame::Text(bytes()),
            "BINARY" => Frame::Binary(bytes()),
            "PING" => Frame::Ping(bytes()),
            "PONG" => Frame::Pong(bytes()),
            "CLOSE" => Frame::Close(content.and_then(|content| {
                let (code, reason) = content.split_first_chunk::<2>()?;
                let reason = String::from_utf8_lossy(reason).into_owned();
                Some((u16::from_be_bytes(*code), reason))
            })),
            "DISCONNECT" => Frame::Disconnect,
            _ => continue,
        });
    }
    Ok(frames)
}

fn find_line_end(body: &[u8]) -> Option<usize> {
    body.windows(2).position(|pair| pair == b"\r\n")
}

/// Writes a body.
pub fn encode(frames: &[Frame]) -> Vec<u8> {
    let mut body = Vec::new();
    for frame in frames {
        match frame {
            Frame::Open => body.extend_from_slice(b"OPEN\r\n"),
            Frame::Text(content) => write(&mut body, "TEXT", content),
            Frame::Binary(content) => write(&mut body, "BINARY", content),
            Frame::Ping(content) => write(&mut body, "PING", content),
            Frame::Pong(content) => write(&mut body, "PONG", content),
            Frame::Close(None) => body.extend_from_slice(b"CLOSE\r\n"),
            Frame::Close(Some((code, reason))) => {
                let content = [&code.to_be_bytes()[..], reason.as_bytes()].concat();
                write(&mut body, "CLOSE", &content);
            }
            Frame::Disconnect => body.extend_from_slice(b"DISCONNECT\r\n"),
        }
    }
    body
}

fn write(body: &mut Vec<u8>, name: &str, content: &[u8]) {
    // Writing to a vector does not fail.
    let _ = write!(body, "{name} {:x}\r\n", content.len());
    body.extend_from_slice(content);
    body.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_examples_of_the_protocol_are_read_and_written() {
        let body =
            b"OPEN\r\nTEXT 5\r\nhello\r\nBINARY 1A\r\nabcdefghijklmnopqrstuvwxyz\r\nPING\r\n";
        let frames = decode(body).unwrap();
        assert_eq!(
            frames,
            [
                Frame::Open,
                Frame::Text(b"hello".to_vec()),
                Frame::Binary((b'a'..=b'z').collect()),
                Frame::Ping(vec![]),
            ]
        );
        let close = b"CLOSE 5\r\n\x11\x32bye\r\n";
        assert_eq!(decode(close).unwrap(), [Frame::close(4402, "bye")]);
        assert_eq!(encode(&[Frame::close(4402, "bye")]), close);
        assert_eq!(decode(b"CLOSE\r\n").unwrap(), [Frame::Close(None)]);
        assert_eq!(
            decode(b"NEWER 1\r\nx\r\nDISCONNECT\r\n").unwrap(),
            [Frame::Disconnect]
        );
        assert_eq!(decode(b"").unwrap(), []);
    }

    #[test]
    fn what_is_not_well_formed_is_refused() {
        for body in [
            &b"OPEN"[..],
            b"TEXT 5\r\nhell\r\n",
            b"TEXT 5\r\nhello",
            b"TEXT x\r\nhello\r\n",
            b"TEXT +5\r\nhello\r\n",
            b"TEXT \r\n\r\n",
            b"TEXT ffffffffffffffff\r\n\r\n",
            b"\xff\r\n",
        ] {
            assert!(decode(body).is_err(), "{}", body.escape_ascii());
        }
    }

    fn frame() -> impl Strategy<Value = Frame> {
        let content = || prop::collection::vec(any::<u8>(), 0..40);
        prop_oneof![
            Just(Frame::Open),
            content().prop_map(Frame::Text),
            content().prop_map(Frame::Binary),
            content().prop_map(Frame::Ping),
            content().prop_map(Frame::Pong),
            prop::option::of((any::<u16>(), ".{0,20}")).prop_map(Frame::Close),
            Just(Frame::Disconnect),
        ]
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(frames in prop::collection::vec(frame(), 0..20)) {
            prop_assert_eq!(decode(&encode(&frames)), Ok(frames));
        }

        #[test]
        fn no_body_makes_it_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(&body);
        }

        #[test]
        fn nor_does_a_damaged_one(
            frames in prop::collection::vec(frame(), 1..5),
            at in any::<prop::sample::Index>(),
            byte: u8,
        ) {
            let mut body = encode(&frames);
            let at = at.index(body.len());
            body[at] = byte;
            let _ = decode(&body);
        }
    }
}
