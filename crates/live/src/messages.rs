//! The JSON messages on a WebSocket, one object each, `type` first. `docs/live.md` describes them for clients.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The subprotocol of these messages.
pub const SUBPROTOCOL: &str = "todo.v1";
/// The subprotocol that carries an access token begins with this.
pub const TOKEN_SUBPROTOCOL: &str = "bearer.";
/// The longest message of a client, in bytes: a token is at most half of it.
pub const MAX_MESSAGE_BYTES: usize = 8 * 1024;
/// What is said of a bad message.
const MAX_ERROR_CHARS: usize = 120;

/// The code of a closed connection, beside those of RFC 6455.
pub mod close {
    /// A message that is none of the protocol's.
    pub const BAD_MESSAGE: (u16, &str) = (4400, "bad message");
    /// No token where one is needed, or one that is not valid.
    pub const UNAUTHORIZED: (u16, &str) = (4401, "no valid access token");
    /// No token within [`crate::AUTH_SECONDS`].
    pub const AUTH_TIMEOUT: (u16, &str) = (4408, "no access token in time");
    /// The account does not exist any more.
    pub const ERASED: (u16, &str) = (4409, "the account was erased");
    /// The token has run out.
    pub const EXPIRED: (u16, &str) = (4410, "the access token has expired");
    /// What the service depends on is unavailable (RFC 6455's registry: try again later).
    pub const TRY_AGAIN: (u16, &str) = (1013, "try again later");
}

/// The place of an update among those of its person: grows from each to the next. 0 is before the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct UpdateId(pub i64);

impl UpdateId {
    /// Reads what [`Display`](std::fmt::Display) wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let is_decimal = (1..=19).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        is_decimal.then(|| text.parse().ok().map(Self)).flatten()
    }
}

impl std::fmt::Display for UpdateId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for UpdateId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for UpdateId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not the id of an update"))
    }
}

/// What a client says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientMessage {
    /// Who it is, or that it still is.
    Auth {
        /// An access token.
        token: String,
    },
    /// It wants what it missed.
    Resume {
        /// The newest update that it has; none before its first.
        #[serde(default)]
        after: Option<UpdateId>,
    },
    /// It wants to know whether the service answers.
    Ping,
}

impl ClientMessage {
    /// Reads a text message.
    ///
    /// # Errors
    /// Says what is wrong with it, for whoever wrote the client.
    pub fn parse(text: &[u8]) -> Result<Self, String> {
        if text.len() > MAX_MESSAGE_BYTES {
            return Err(format!("a message has at most {MAX_MESSAGE_BYTES} bytes"));
        }
        serde_json::from_slice(text).map_err(|error| {
            // It quotes what the client wrote.
            let error: String = error.to_string().chars().take(MAX_ERROR_CHARS).collect();
            format!("not a message of {SUBPROTOCOL}: {error}")
        })
    }
}

/// What the service says.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerMessage<'a> {
    /// The connection gets the person's updates from now on; what was before is to be asked for.
    Subscribed {
        /// When the connection ends unless another token comes, RFC 3339.
        expires_at: String,
    },
    /// The client has all updates there are.
    Ready {
        /// The newest.
        id: UpdateId,
    },
    /// What the client missed is no longer known.
    Reload {
        /// The newest update.
        id: UpdateId,
    },
    /// Something of the person's has changed.
    Update {
        /// Its place.
        id: UpdateId,
        /// The place of the one before.
        prev: UpdateId,
        /// The event's own id.
        event_id: &'a str,
        /// The `data` of the event of `task-updates`.
        event: &'a RawValue,
    },
    /// The answer to `ping`; also comes when nothing else did for a while.
    Pong,
    /// The token has run out (only of a stream; a WebSocket is closed with a code).
    Expired,
    /// What is wrong with the client's message; the connection is closed after it.
    Error {
        /// For whoever wrote the client.
        detail: &'a str,
    },
}

impl ServerMessage<'_> {
    /// [`ServerMessage::Subscribed`] until `expires_at`.
    pub fn subscribed(expires_at: DateTime<Utc>) -> Self {
        Self::Subscribed {
            expires_at: expires_at.to_rfc3339_opts(SecondsFormat::Secs, true),
        }
    }

    /// As JSON on one line.
    pub fn json(&self) -> String {
        // Of these types nothing fails to be JSON.
        serde_json::to_string(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_message_of_a_client_is_read() {
        let parse = |text: &str| ClientMessage::parse(text.as_bytes());
        let auth = ClientMessage::Auth { token: "t".into() };
        assert_eq!(parse(r#"{"type":"auth","token":"t"}"#), Ok(auth));
        for (text, after) in [
            (r#"{"type":"resume","after":"12"}"#, Some(UpdateId(12))),
            (r#"{"after":null,"type":"resume","later":1}"#, None),
            (r#"{"type":"resume"}"#, None),
        ] {
            assert_eq!(parse(text), Ok(ClientMessage::Resume { after }));
        }
        assert_eq!(parse(r#" {"type":"ping"}"#), Ok(ClientMessage::Ping));
    }

    #[test]
    fn what_is_none_is_refused_with_a_reason() {
        let long = format!(
            r#"{{"type":"auth","token":"{}"}}"#,
            "x".repeat(MAX_MESSAGE_BYTES)
        );
        let deep = "[".repeat(8000);
        for text in [
            "",
            "null",
            "[]",
            "ping",
            r#"{"type":"pong"}"#,
            r#"{"type":"auth"}"#,
            r#"{"token":"t"}"#,
            r#"{"type":"auth","token":7}"#,
            r#"{"type":"resume","after":12}"#,
            &long,
            &deep,
            r#"{"type":"resume","after":"-1"}"#,
            r#"{"type":"resume","after":"+1"}"#,
            r#"{"type":"resume","after":"99999999999999999999"}"#,
            r#"{"type":"resume","after":""}"#,
            &format!(r#"{{"type":"{}"}}"#, "x".repeat(1000)),
        ] {
            let refused = ClientMessage::parse(text.as_bytes());
            assert!(refused.is_err_and(|reason| reason.len() < 200), "{text}");
        }
        assert!(ClientMessage::parse(b"\xff\xfe").is_err());
    }

    #[test]
    fn type_comes_first() {
        let event = RawValue::from_string(r#"{"a":1}"#.into()).unwrap();
        let update = ServerMessage::Update {
            id: UpdateId(2),
            prev: UpdateId(1),
            event_id: "e",
            event: &event,
        };
        assert_eq!(
            update.json(),
            r#"{"type":"update","id":"2","prev":"1","event_id":"e","event":{"a":1}}"#
        );
        assert_eq!(ServerMessage::Pong.json(), r#"{"type":"pong"}"#);
        let at = DateTime::from_timestamp(0, 5).unwrap();
        assert_eq!(
            ServerMessage::subscribed(at).json(),
            r#"{"type":"subscribed","expires_at":"1970-01-01T00:00:00Z"}"#
        );
    }

    proptest! {
        #[test]
        fn no_message_makes_it_panic(text in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = ClientMessage::parse(&text);
        }

        #[test]
        fn ids_are_read_back(id in 0..i64::MAX) {
            prop_assert_eq!(UpdateId::parse(&UpdateId(id).to_string()), Some(UpdateId(id)));
        }
    }
}
