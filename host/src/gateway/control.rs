//! Control messages: what a component tells the gateway by a text message that begins with `c:`
//! (<https://pushpin.org/docs/protocols/grip/>).

use std::time::Duration;

use serde_json::Value;

use super::item::{Message, Object, read_message};

/// How a text message to the gateway begins.
pub const PREFIX: &[u8] = b"c:";
/// How long a WebSocket without messages waits for its keep-alive where nothing else is said.
const DEFAULT_KEEP_ALIVE: u64 = 55;

/// What the gateway is told.
#[derive(Debug, Clone, PartialEq)]
pub enum Control {
    /// The connection gets what is published to the channel.
    Subscribe(String),
    /// It does so no longer.
    Unsubscribe(String),
    /// The component is not asked about the connection any more.
    Detach,
    /// The client gets a message from time to time; or no more.
    KeepAlive(Option<KeepAlive>),
    /// Something for filters, which this gateway has none of.
    SetMeta,
}

/// What a client gets from time to time.
#[derive(Debug, Clone, PartialEq)]
pub struct KeepAlive {
    /// What it gets.
    pub message: Message,
    /// How often.
    pub timeout: Duration,
    /// In every such time; else only after so long without another message.
    pub always: bool,
}

/// Reads what follows the prefix.
///
/// # Errors
/// What is wrong with it.
pub fn read(message: &[u8]) -> Result<Control, String> {
    let message: Value = serde_json::from_slice(message).map_err(|error| error.to_string())?;
    let message = Object::of(&message, "grip control object")?;
    let required = |field: &str| {
        let text = message.text(field)?.filter(|text| !text.is_empty());
        text.ok_or_else(|| format!("grip control object does not contain '{field}'"))
    };
    Ok(match required("type")?.as_str() {
        "subscribe" => {
            if message.has("filters") {
                return Err("filters are not supported".into());
            }
            Control::Subscribe(required("channel")?)
        }
        "unsubscribe" => Control::Unsubscribe(required("channel")?),
        "detach" => Control::Detach,
        "set-meta" => Control::SetMeta,
        "keep-alive" => {
            if !message.has("content") && !message.has("content-bin") {
                return Ok(Control::KeepAlive(None));
            }
            let seconds = message.number("timeout")?.filter(|seconds| *seconds > 0);
            let seconds = seconds.unwrap_or(DEFAULT_KEEP_ALIVE).min(86_400);
            Control::KeepAlive(Some(KeepAlive {
                message: read_message(message, "message-type")?,
                timeout: Duration::from_secs(seconds),
                always: message.text("mode")?.as_deref() == Some("interval"),
            }))
        }
        other => return Err(format!("'type' contains unknown value: {other}")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::item::MessageKind;

    fn read_text(text: &str) -> Result<Control, String> {
        read(text.as_bytes())
    }

    #[test]
    fn messages_are_read() {
        let subscribe = r#"{"type":"subscribe","channel":"a"}"#;
        assert_eq!(read_text(subscribe), Ok(Control::Subscribe("a".into())));
        let unsubscribe = r#"{"type":"unsubscribe","channel":"a"}"#;
        assert_eq!(read_text(unsubscribe), Ok(Control::Unsubscribe("a".into())));
        assert_eq!(read_text(r#"{"type":"detach"}"#), Ok(Control::Detach));
        assert_eq!(
            read_text(r#"{"type":"keep-alive"}"#),
            Ok(Control::KeepAlive(None))
        );
        let keep_alive = r#"{"type":"keep-alive","content":"x","timeout":30,"mode":"interval"}"#;
        let message = Message {
            kind: MessageKind::Text,
            content: "x".into(),
        };
        let expected = KeepAlive {
            message,
            timeout: Duration::from_secs(30),
            always: true,
        };
        assert_eq!(
            read_text(keep_alive),
            Ok(Control::KeepAlive(Some(expected)))
        );
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, named) in [
            ("", "EOF"),
            ("[]", "not an object"),
            ("{}", "'type'"),
            (r#"{"type":"go"}"#, "go"),
            (r#"{"type":"subscribe"}"#, "'channel'"),
            (
                r#"{"type":"subscribe","channel":"a","filters":["skip-self"]}"#,
                "filters",
            ),
            (
                r#"{"type":"keep-alive","content":"x","timeout":-1}"#,
                "'timeout'",
            ),
        ] {
            let error = read_text(text).unwrap_err();
            assert!(error.contains(named), "{text}: {error}");
        }
    }
}
