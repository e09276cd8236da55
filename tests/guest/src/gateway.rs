//! What the guest answers to a GRIP gateway: a WebSocket does what its text messages ask for, and an answer is held as
//! the query asks for.

use std::collections::HashMap;

use http::header::{CONTENT_TYPE, SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_PROTOCOL};
use http::{HeaderMap, Response};
use serde_json::json;
use spin_sdk::key_value::Store;

const EVENTS: &str = "application/websocket-events";

/// Whether a request tells of events on a WebSocket.
pub fn is_exchange(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .is_some_and(|value| value == EVENTS)
}

/// Answers a request that tells of events on a WebSocket.
///
/// The query of the handshake may say `reject=<status>`, `fail=<what>`, `prefix=<message prefix>`, `plain=1` for one
/// without messages to the gateway, `protocol=<subprotocol>` and `interval=<seconds>`. A text message says what is to
/// happen; see `obey`. How the connection ended is written to the store, under its id.
pub async fn exchange(
    headers: &HeaderMap,
    query: &HashMap<String, String>,
    body: &[u8],
) -> anyhow::Result<Response<Vec<u8>>> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let prefix = match (query.get("plain"), query.get("prefix")) {
        (Some(_), _) => "",
        (None, Some(prefix)) => prefix,
        (None, None) => "m:",
    };
    let count: u32 = header("meta-count").unwrap_or("0").parse()?;
    let mut answer = Answer {
        body: Vec::new(),
        status: 200,
        prefix: prefix.to_owned(),
        count,
    };
    let mut response = Response::builder().header(CONTENT_TYPE, EVENTS);
    if body.is_empty() {
        answer.message("asked");
    }
    for (name, content) in read(body)? {
        match name.as_str() {
            "OPEN" => {
                if let Some(status) = query.get("reject") {
                    let refusal = Response::builder().status(status.parse::<u16>()?);
                    return Ok(refusal
                        .header("x-why", "asked to")
                        .body(b"rejected".to_vec())?);
                }
                match query.get("fail").map(String::as_str) {
                    None => {}
                    Some("trap") => panic!("asked to trap at OPEN"),
                    Some(other) => return Ok(response.body(format!("{other}\r\n").into_bytes())?),
                }
                answer.event("OPEN", None);
                if !query.contains_key("plain") {
                    let extension = format!("grip; message-prefix=\"{prefix}\"");
                    response = response.header(SEC_WEBSOCKET_EXTENSIONS, extension);
                }
                if let Some(protocol) = query.get("protocol") {
                    response = response.header(SEC_WEBSOCKET_PROTOCOL, protocol);
                }
                if let Some(seconds) = query.get("interval") {
                    response = response.header("keep-alive-interval", seconds);
                }
                response = response.header("x-opened", "yes");
            }
            "TEXT" => {
                let text = text(content);
                if text == "headers" {
                    answer.message(&format!("{headers:?}"));
                } else {
                    obey(&text, &mut answer).await;
                }
            }
            "BINARY" => {
                let content = [prefix.as_bytes(), &content.unwrap_or_default()].concat();
                answer.event("BINARY", Some(&content));
            }
            "PONG" => answer.message(&format!("pong {}", text(content))),
            "CLOSE" | "DISCONNECT" => {
                let id = header("connection-id").unwrap_or_default();
                let ended = json!({"event": name, "size": content.map(|content| content.len())});
                let store = Store::open("conversations").await?;
                store.set(&format!("ended-{id}"), ended.to_string()).await?;
                if name == "CLOSE" {
                    answer.event("CLOSE", None);
                }
            }
            other => answer.message(&format!("unexpected {other}")),
        }
    }
    response = response.header("set-meta-count", answer.count.to_string());
    Ok(response.status(answer.status).body(answer.body)?)
}

fn text(content: Option<Vec<u8>>) -> String {
    String::from_utf8_lossy(&content.unwrap_or_default()).into_owned()
}

struct Answer {
    body: Vec<u8>,
    status: u16,
    prefix: String,
    count: u32,
}

impl Answer {
    fn event(&mut self, name: &str, content: Option<&[u8]>) {
        self.body.extend_from_slice(name.as_bytes());
        if let Some(content) = content {
            let size = format!(" {:X}\r\n", content.len());
            self.body.extend_from_slice(size.as_bytes());
            self.body.extend_from_slice(content);
        }
        self.body.extend_from_slice(b"\r\n");
    }

    fn message(&mut self, text: &str) {
        let text = format!("{}{text}", self.prefix);
        self.event("TEXT", Some(text.as_bytes()));
    }

    fn control(&mut self, message: &serde_json::Value) {
        self.event("TEXT", Some(format!("c:{message}").as_bytes()));
    }
}

async fn obey(text: &str, answer: &mut Answer) {
    let (command, rest) = text.split_once(' ').unwrap_or((text, ""));
    match command {
        "echo" => answer.message(rest),
        "repeat" => {
            let count = rest.parse().unwrap_or(0);
            answer.message(&"x".repeat(count));
        }
        "subscribe" | "unsubscribe" => {
            answer.control(&json!({"type": command, "channel": rest}));
            answer.message("done");
        }
        "keep-alive" => {
            answer.control(&json!({"type": "keep-alive", "content": rest, "timeout": 1}));
        }
        "nonsense" => {
            answer.event("TEXT", Some(b"c:{"));
            answer.event("TEXT", Some(b"without a prefix"));
            answer.message("done");
        }
        "detach" => {
            answer.control(&json!({"type": "subscribe", "channel": rest}));
            answer.control(&json!({"type": "detach"}));
            answer.message("done");
        }
        "count" => {
            answer.count += 1;
            let count = answer.count.to_string();
            answer.message(&count);
        }
        "close" => {
            let (code, reason) = rest.split_once(' ').unwrap_or((rest, ""));
            let code: u16 = code.parse().unwrap_or(1000);
            let content = [&code.to_be_bytes(), reason.as_bytes()].concat();
            answer.event("CLOSE", Some(&content));
        }
        "ping" => answer.event("PING", Some(rest.as_bytes())),
        "end" => answer.event("DISCONNECT", None),
        "status" => answer.status = rest.parse().unwrap_or(500),
        "sleep" => {
            let ms = rest.parse().unwrap_or(0);
            spin_sdk::time::sleep(std::time::Duration::from_millis(ms)).await;
            answer.message("slept");
        }
        "trap" => panic!("asked to trap"),
        _ => answer.message("what?"),
    }
}

/// Events by name, with their content.
fn read(mut body: &[u8]) -> anyhow::Result<Vec<(String, Option<Vec<u8>>)>> {
    let mut events = Vec::new();
    while let Some(end) = body.windows(2).position(|pair| pair == b"\r\n") {
        let line = std::str::from_utf8(&body[..end])?;
        body = &body[end + 2..];
        let Some((name, size)) = line.split_once(' ') else {
            events.push((line.to_owned(), None));
            continue;
        };
        let size = usize::from_str_radix(size, 16)?;
        events.push((name.to_owned(), Some(body[..size].to_vec())));
        body = &body[size + 2..];
    }
    Ok(events)
}

/// An answer to be held. Each parameter of the query that begins with `grip-` becomes a header; `body` is the body.
/// What the gateway says of the last item comes before it.
pub fn hold(
    headers: &HeaderMap,
    query: &HashMap<String, String>,
) -> anyhow::Result<Response<Vec<u8>>> {
    let mut response = Response::builder().header(CONTENT_TYPE, "text/plain");
    for (name, value) in query {
        if name.starts_with("grip-") {
            response = response.header(name, value);
        }
    }
    let last = headers
        .get("grip-last")
        .and_then(|value| value.to_str().ok());
    let last = last.map(|last| format!("[{last}]")).unwrap_or_default();
    let body = query.get("body").cloned().unwrap_or_default();
    Ok(response.body(format!("{last}{body}").into_bytes())?)
}

/// How the connection of this id ended.
pub async fn ended(id: &str) -> anyhow::Result<serde_json::Value> {
    let store = Store::open("conversations").await?;
    let value = store.get(format!("ended-{id}")).await?;
    Ok(match value {
        Some(value) => serde_json::from_slice(&value)?,
        None => serde_json::Value::Null,
    })
}
