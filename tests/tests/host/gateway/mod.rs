//! The GRIP gateway in front of the guest: WebSockets, held streams and long polls, and what is published to them.

mod publishing;
mod rules;
mod sockets;
mod streams;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::{Answer, Client, TestApp, raw};
use tungstenite::client::IntoClientRequest as _;
use tungstenite::http::Response;
use tungstenite::protocol::CloseFrame;
use tungstenite::{Error, HandshakeError, Message, WebSocket};

use crate::{GUESTS, assert_server_error, guests, manifest, outcome, start};

type Socket = WebSocket<TcpStream>;
type Handshake = Response<Option<Vec<u8>>>;

/// How long anything may take that must come.
const SOON: Duration = Duration::from_secs(10);

fn try_open(
    app: &TestApp,
    path: &str,
    headers: &[(&'static str, &str)],
) -> Result<(Socket, Handshake), Box<Handshake>> {
    let url = format!("ws://{}{path}", app.address);
    let mut request = url.into_client_request().expect("a request");
    for (name, value) in headers {
        let value = value.parse().expect("a header");
        request.headers_mut().insert(*name, value);
    }
    let stream = raw::connect(app.address, SOON.as_secs());
    match tungstenite::client(request, stream) {
        Ok(opened) => Ok(opened),
        Err(HandshakeError::Failure(Error::Http(response))) => Err(response),
        Err(error) => panic!("the handshake failed: {error}"),
    }
}

fn open(app: &TestApp, path: &str) -> Socket {
    match try_open(app, path, &[]) {
        Ok((socket, _)) => socket,
        Err(refusal) => panic!("the handshake was refused: {refusal:?}"),
    }
}

fn say(socket: &mut Socket, text: &str) {
    socket.send(Message::text(text)).expect("it is sent");
}

/// The next text; pings are left out.
#[track_caller]
fn hear(socket: &mut Socket) -> String {
    loop {
        match socket.read() {
            Ok(Message::Text(text)) => return text.to_string(),
            Ok(Message::Ping(_) | Message::Pong(_)) => {}
            other => panic!("no text message: {other:?}"),
        }
    }
}

#[track_caller]
fn ask(socket: &mut Socket, text: &str) -> String {
    say(socket, text);
    hear(socket)
}

/// How the server closes it: the code and the reason.
#[track_caller]
fn closed(socket: &mut Socket) -> (u16, String) {
    loop {
        match socket.read() {
            Ok(Message::Close(Some(frame))) => {
                let frame = (frame.code.into(), frame.reason.to_string());
                // Confirms it.
                while socket.read().is_ok() {}
                return frame;
            }
            Ok(Message::Close(None)) => return (1005, String::new()),
            Ok(_) => {}
            Err(error) => panic!("it ended without a closing handshake: {error}"),
        }
    }
}

fn publish(app: &TestApp, items: &Value) {
    let answer = post(app, &json!({ "items": items }).to_string(), &[]);
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.body, b"Published\n");
}

fn post(app: &TestApp, body: &str, headers: &[(&str, &str)]) -> Answer {
    let client = Client::new(&format!("http://{}", app.grip));
    let mut request = client.request("POST", "/publish/").body(body.to_owned());
    if headers.is_empty() {
        request = request.header("content-type", "application/json");
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    client.send(request)
}

/// A channel that no other test uses.
fn channel() -> String {
    format!("channel-{}", uuid::Uuid::new_v4())
}

/// The guest's view of a connection: the request's headers as `Debug` shows them.
fn headers(socket: &mut Socket) -> String {
    ask(socket, "headers")
}

fn connection_id(socket: &mut Socket) -> String {
    let headers = headers(socket);
    let (_, rest) = headers.split_once("\"connection-id\": \"").expect("an id");
    rest.split('"').next().expect("an id").to_owned()
}

/// How the guest was told that a connection ended.
fn ended(app: &TestApp, id: &str) -> Value {
    let end = Instant::now() + SOON;
    loop {
        let ended = outcome(app, "/good/ended", &[("id", id)]).expect("it says so");
        if !ended.is_null() {
            return ended;
        }
        assert!(Instant::now() < end, "the guest was not told of the end");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A stream as it comes, chunks and all.
struct Stream {
    stream: TcpStream,
    seen: String,
}

fn stream(app: &TestApp, query: &str) -> Stream {
    let mut stream = raw::connect(app.address, SOON.as_secs());
    let request =
        format!("GET /good/hold?{query} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("it is sent");
    Stream {
        stream,
        seen: String::new(),
    }
}

impl Stream {
    /// Reads until `text` comes; answers what came until then.
    #[track_caller]
    fn until(&mut self, text: &str) -> String {
        loop {
            if let Some(at) = self.seen.find(text) {
                let rest = self.seen.split_off(at + text.len());
                return std::mem::replace(&mut self.seen, rest);
            }
            let mut buffer = [0; 4096];
            let read = self.stream.read(&mut buffer).unwrap_or(0);
            assert_ne!(read, 0, "{text} did not come: {:?}", self.seen);
            self.seen
                .push_str(&String::from_utf8_lossy(&buffer[..read]));
        }
    }

    /// Reads to the end.
    fn rest(&mut self) -> String {
        let rest = raw::receive(&mut self.stream);
        assert!(rest.closed, "{rest:?}");
        format!("{}{}", self.seen, rest.text)
    }
}
