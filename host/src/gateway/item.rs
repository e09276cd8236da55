//! What is published: items in Pushpin's JSON shape (<https://pushpin.org/docs/usage/#publishing>).

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::{Map, Value};

/// Something for everyone who is subscribed to a channel.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// The channel.
    pub channel: String,
    /// Names it in its channel.
    pub id: Option<String>,
    /// The one before it in its channel.
    pub prev_id: Option<String>,
    /// It is not put in order by `prev_id`.
    pub no_seq: bool,
    /// What WebSockets get.
    pub ws_message: Option<WsMessage>,
    /// What held streams get.
    pub http_stream: Option<HttpStream>,
    /// What held responses get.
    pub http_response: Option<HttpResponse>,
}

/// What a WebSocket gets.
#[derive(Debug, Clone, PartialEq)]
pub enum WsMessage {
    /// A message.
    Send(Message),
    /// The end.
    Close {
        /// The status code.
        code: u16,
        /// The reason.
        reason: String,
    },
    /// Nothing; but its component is asked.
    Refresh,
}

/// A message of a WebSocket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its type.
    pub kind: MessageKind,
    /// Its content; UTF-8 if it is text.
    pub content: Bytes,
}

/// The type of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageKind {
    /// Text, in UTF-8.
    Text,
    /// Any bytes.
    Binary,
    /// At most 125 bytes.
    Ping,
    /// At most 125 bytes.
    Pong,
}

/// What a held stream gets.
#[derive(Debug, Clone, PartialEq)]
pub enum HttpStream {
    /// More of its body.
    Send(Bytes),
    /// Nothing; but its component is asked.
    Hint,
    /// The end.
    Close,
}

/// What a held response gets.
#[derive(Debug, Clone, PartialEq)]
pub enum HttpResponse {
    /// The response.
    Send {
        /// Its status.
        status: StatusCode,
        /// Its headers, besides those of the response that is held.
        headers: HeaderMap,
        /// Its body.
        body: Bytes,
    },
    /// The response that is held, so that the client asks again.
    Hint,
}

/// Reads the body of a publish request.
///
/// # Errors
/// What is wrong with it.
pub fn read_items(body: &[u8]) -> Result<Vec<Item>, String> {
    let body: Value = serde_json::from_slice(body)
        .map_err(|error| format!("Body is not valid JSON: {error}."))?;
    let invalid = |reason: String| format!("Invalid format: {reason}");
    let body = Object::of(&body, "the body").map_err(invalid)?;
    let items = match body.fields.get("items") {
        Some(Value::Array(items)) => items,
        Some(_) => return Err(invalid("object contains 'items' with wrong type".into())),
        None => return Err(invalid("object does not contain 'items'".into())),
    };
    items
        .iter()
        .map(|item| read_item(item).map_err(invalid))
        .collect()
}

fn read_item(item: &Value) -> Result<Item, String> {
    let item = Object::of(item, "publish item object")?;
    let formats = match item.fields.get("formats") {
        Some(formats) => Object::of(formats, "'formats'")?,
        None => item,
    };
    let format = |name: &'static str| match formats.fields.get(name) {
        Some(value) => Object::of(value, name).map(Some),
        None => Ok(None),
    };
    let read = Item {
        channel: item
            .text("channel")?
            .filter(|channel| !channel.is_empty())
            .ok_or("publish item object does not contain 'channel'")?,
        id: item.text("id")?,
        prev_id: item.text("prev-id")?,
        no_seq: item.flag("no-seq")?,
        ws_message: format("ws-message")?.map(read_ws_message).transpose()?,
        http_stream: format("http-stream")?.map(read_http_stream).transpose()?,
        http_response: format("http-response")?
            .map(read_http_response)
            .transpose()?,
    };
    if read.ws_message.is_none() && read.http_stream.is_none() && read.http_response.is_none() {
        return Err("no formats specified".into());
    }
    Ok(read)
}

fn read_ws_message(format: Object) -> Result<WsMessage, String> {
    match format.action()?.as_str() {
        "send" => read_message(format, "type").map(WsMessage::Send),
        "close" => {
            let code = match format.number("code")? {
                None => 1000,
                Some(code) => u16::try_from(code)
                    .ok()
                    .filter(|code| is_close_code(*code))
                    .ok_or_else(|| format.wrong("code", "value"))?,
            };
            let mut reason = format.text("reason")?.unwrap_or_default();
            shorten(&mut reason, MAX_REASON);
            Ok(WsMessage::Close { code, reason })
        }
        "refresh" => Ok(WsMessage::Refresh),
        action => Err(format.unknown_action(action)),
    }
}

/// `content` or `content-bin`, of the type that the field `type_name` says.
pub fn read_message(format: Object, type_name: &str) -> Result<Message, String> {
    let given = match format.text(type_name)?.as_deref() {
        None => None,
        Some("text") => Some(MessageKind::Text),
        Some("binary") => Some(MessageKind::Binary),
        Some("ping") => Some(MessageKind::Ping),
        Some("pong") => Some(MessageKind::Pong),
        Some(_) => return Err(format.wrong(type_name, "value")),
    };
    let is_control = matches!(given, Some(MessageKind::Ping | MessageKind::Pong));
    let (content, by_default) = match format.content("content", "content-bin") {
        Ok(content) => content,
        Err(_) if is_control && !format.fields.contains_key("content") => {
            (Bytes::new(), MessageKind::Text)
        }
        Err(error) => return Err(error),
    };
    let kind = given.unwrap_or(by_default);
    if kind == MessageKind::Text && std::str::from_utf8(&content).is_err() {
        return Err(format!("{} is of type text but not UTF-8", format.name));
    }
    if is_control && content.len() > MAX_CONTROL {
        return Err(format!(
            "{} is longer than {MAX_CONTROL} bytes",
            format.name
        ));
    }
    Ok(Message { kind, content })
}

/// The most bytes in a ping, a pong or a close frame (RFC 6455, section 5.5).
pub const MAX_CONTROL: usize = 125;
/// The most bytes of a close frame's reason.
pub const MAX_REASON: usize = MAX_CONTROL - 2;

/// Whether a close frame may hold the code (RFC 6455, section 7.4).
pub fn is_close_code(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

/// Cuts a text to at most so many bytes.
pub fn shorten(text: &mut String, bytes: usize) {
    text.truncate(text.floor_char_boundary(bytes));
}

fn read_http_stream(format: Object) -> Result<HttpStream, String> {
    match format.action()?.as_str() {
        "send" => Ok(HttpStream::Send(
            format.content("content", "content-bin")?.0,
        )),
        "hint" => Ok(HttpStream::Hint),
        "close" => Ok(HttpStream::Close),
        action => Err(format.unknown_action(action)),
    }
}

fn read_http_response(format: Object) -> Result<HttpResponse, String> {
    match format.action()?.as_str() {
        "send" => {}
        "hint" => return Ok(HttpResponse::Hint),
        action => return Err(format.unknown_action(action)),
    }
    let status = match format.number("code")? {
        None => StatusCode::OK,
        Some(code) => u16::try_from(code)
            .ok()
            .filter(|code| (200..=999).contains(code))
            .and_then(|code| StatusCode::from_u16(code).ok())
            .ok_or_else(|| format.wrong("code", "value"))?,
    };
    let mut headers = HeaderMap::new();
    let mut add = |name: &str, value: &Value| {
        let value = value
            .as_str()
            .and_then(|text| HeaderValue::try_from(text).ok());
        let header = HeaderName::try_from(name).ok().zip(value);
        let (name, value) = header.ok_or_else(|| format.wrong("headers", "value"))?;
        headers.append(name, value);
        Ok::<_, String>(())
    };
    match format.fields.get("headers") {
        None => {}
        Some(Value::Object(fields)) => {
            for (name, value) in fields {
                add(name, value)?;
            }
        }
        Some(Value::Array(pairs)) => {
            for pair in pairs {
                match pair.as_array().map(Vec::as_slice) {
                    Some([Value::String(name), value]) => add(name, value)?,
                    _ => return Err(format.wrong("headers", "value")),
                }
            }
        }
        Some(_) => return Err(format.wrong("headers", "type")),
    }
    Ok(HttpResponse::Send {
        status,
        headers,
        body: format.content("body", "body-bin")?.0,
    })
}

/// A JSON object, and what to call it in an error.
#[derive(Clone, Copy)]
pub struct Object<'a> {
    name: &'a str,
    fields: &'a Map<String, Value>,
}

impl<'a> Object<'a> {
    /// `value`, if it is one.
    pub fn of(value: &'a Value, name: &'a str) -> Result<Self, String> {
        let fields = value.as_object();
        let fields = fields.ok_or_else(|| format!("{name} is not an object"))?;
        Ok(Self { name, fields })
    }

    fn wrong(&self, field: &str, what: &str) -> String {
        format!("{} contains '{field}' with wrong {what}", self.name)
    }

    fn unknown_action(&self, action: &str) -> String {
        format!("{} contains unknown 'action' {action:?}", self.name)
    }

    /// A string, if the field is there.
    pub fn text(&self, field: &str) -> Result<Option<String>, String> {
        match self.fields.get(field) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(self.wrong(field, "type")),
        }
    }

    /// A whole number that is not negative, if the field is there.
    pub fn number(&self, field: &str) -> Result<Option<u64>, String> {
        match self.fields.get(field) {
            None => Ok(None),
            Some(value) => value
                .as_u64()
                .map(Some)
                .ok_or_else(|| self.wrong(field, "type")),
        }
    }

    fn flag(&self, field: &str) -> Result<bool, String> {
        match self.fields.get(field) {
            None => Ok(false),
            Some(value) => value.as_bool().ok_or_else(|| self.wrong(field, "type")),
        }
    }

    fn action(&self) -> Result<String, String> {
        Ok(self.text("action")?.unwrap_or_else(|| "send".to_owned()))
    }

    /// Whether the field is there.
    pub fn has(&self, field: &str) -> bool {
        self.fields.contains_key(field)
    }

    /// The bytes of `binary`, which is Base64, or of the text `plain`, and which of them it was.
    fn content(&self, plain: &str, binary: &str) -> Result<(Bytes, MessageKind), String> {
        if let Some(text) = self.text(binary)? {
            let bytes = BASE64_STANDARD.decode(text);
            let bytes = bytes
                .map_err(|_| format!("{} contains '{binary}' that is not Base64", self.name))?;
            return Ok((bytes.into(), MessageKind::Binary));
        }
        let text = self.text(plain)?;
        let text =
            text.ok_or_else(|| format!("{} does not contain '{plain}' or '{binary}'", self.name))?;
        Ok((text.into(), MessageKind::Text))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read(item: &Value) -> Result<Item, String> {
        let body = json!({"items": [item]}).to_string();
        read_items(body.as_bytes()).map(|items| items[0].clone())
    }

    #[test]
    fn every_format_is_read() {
        let item = read(&json!({
            "channel": "c", "id": "2", "prev-id": "1", "no-seq": true,
            "formats": {
                "ws-message": {"content": "hi"},
                "http-stream": {"content-bin": "AP8="},
                "http-response": {"code": 201, "headers": {"a": "b"}, "body": "x"},
            },
        }))
        .unwrap();
        assert_eq!(
            (item.id.as_deref(), item.prev_id.as_deref()),
            (Some("2"), Some("1"))
        );
        assert!(item.no_seq);
        let message = Message {
            kind: MessageKind::Text,
            content: "hi".into(),
        };
        assert_eq!(item.ws_message, Some(WsMessage::Send(message)));
        assert_eq!(
            item.http_stream,
            Some(HttpStream::Send(vec![0, 255].into()))
        );
        let Some(HttpResponse::Send {
            status,
            headers,
            body,
        }) = item.http_response
        else {
            panic!("no response");
        };
        assert_eq!(
            (status.as_u16(), &headers["a"], &body[..]),
            (201, &HeaderValue::from_static("b"), &b"x"[..])
        );
    }

    #[test]
    fn actions_and_types_are_read() {
        let ws = |format: Value| {
            read(&json!({"channel": "c", "ws-message": format}))
                .map(|item| item.ws_message.unwrap())
        };
        let close = |code, reason: &str| WsMessage::Close {
            code,
            reason: reason.into(),
        };
        assert_eq!(ws(json!({"action": "close"})), Ok(close(1000, "")));
        assert_eq!(
            ws(json!({"action": "close", "code": 4409, "reason": "gone"})),
            Ok(close(4409, "gone"))
        );
        assert_eq!(ws(json!({"action": "refresh"})), Ok(WsMessage::Refresh));
        let ping = Message {
            kind: MessageKind::Ping,
            content: Bytes::new(),
        };
        assert_eq!(ws(json!({"type": "ping"})), Ok(WsMessage::Send(ping)));
        let binary = Message {
            kind: MessageKind::Binary,
            content: "hi".into(),
        };
        assert_eq!(
            ws(json!({"type": "binary", "content": "hi"})),
            Ok(WsMessage::Send(binary))
        );
        let stream = |format: Value| {
            read(&json!({"channel": "c", "http-stream": format}))
                .map(|item| item.http_stream.unwrap())
        };
        assert_eq!(stream(json!({"action": "close"})), Ok(HttpStream::Close));
        assert_eq!(stream(json!({"action": "hint"})), Ok(HttpStream::Hint));
        let long = json!({"action": "close", "reason": "é".repeat(100)});
        let WsMessage::Close { reason, .. } = ws(long).unwrap() else {
            panic!("no close")
        };
        assert_eq!(reason.len(), 122);
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (body, named) in [
            (json!([]), "not an object"),
            (json!({}), "'items'"),
            (json!({"items": {}}), "'items' with wrong type"),
            (json!({"items": [1]}), "item object is not an object"),
            (
                json!({"items": [{"ws-message": {"content": ""}}]}),
                "'channel'",
            ),
            (json!({"items": [{"channel": "c"}]}), "no formats"),
            (
                json!({"items": [{"channel": "c", "formats": {}}]}),
                "no formats",
            ),
            (
                json!({"items": [{"channel": "c", "id": 1, "ws-message": {"content": ""}}]}),
                "'id' with wrong type",
            ),
            (
                json!({"items": [{"channel": "c", "ws-message": {}}]}),
                "'content' or 'content-bin'",
            ),
            (
                json!({"items": [{"channel": "c", "ws-message": {"content": 1}}]}),
                "wrong type",
            ),
            (
                json!({"items": [{"channel": "c", "ws-message": {"content-bin": "?"}}]}),
                "Base64",
            ),
            (
                json!({"items": [{"channel": "c", "ws-message": {"action": "go"}}]}),
                "\"go\"",
            ),
            (
                json!({"items": [{"channel": "c", "ws-message": {"content": "", "type": "x"}}]}),
                "'type'",
            ),
            (
                json!({"items": [{"channel": "c", "ws-message": {"action": "close", "code": 1005}}]}),
                "'code'",
            ),
            (
                json!({"items": [{"channel": "c", "ws-message": {"content-bin": "/w==", "type": "text"}}]}),
                "UTF-8",
            ),
            (
                json!({"items": [{"channel": "c", "ws-message": {"content": "x".repeat(126), "type": "ping"}}]}),
                "125",
            ),
            (
                json!({"items": [{"channel": "c", "http-response": {"code": 100, "body": ""}}]}),
                "'code'",
            ),
            (
                json!({"items": [{"channel": "c", "http-response": {"body": "", "headers": {"a b": "c"}}}]}),
                "'headers'",
            ),
        ] {
            let error = read_items(body.to_string().as_bytes()).unwrap_err();
            assert!(error.contains(named), "{body}: {error}");
        }
        assert!(read_items(b"{").unwrap_err().contains("not valid JSON"));
    }

    proptest! {
        #[test]
        fn nothing_panics(body in r#"[{}\[\]:,"a-e0-9-]{0,60}"#) {
            let _ = read_items(body.as_bytes());
        }
    }
}
