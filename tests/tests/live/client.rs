//! Clients of live updates.

use std::io::{BufRead as _, BufReader};
use std::net::TcpStream;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::TestApp;
use tungstenite::client::IntoClientRequest as _;
use tungstenite::http::Response;
use tungstenite::{HandshakeError, Message, WebSocket};

use crate::text;

/// How long a message may take that must come.
pub const SOON: Duration = Duration::from_secs(60);

/// How a connection ended: the code of its closing handshake, none where it had none.
pub type End = Option<u16>;

/// A WebSocket.
pub struct Socket {
    socket: WebSocket<TcpStream>,
    /// The subprotocol that was agreed on.
    pub subprotocol: Option<String>,
}

/// How a handshake may differ.
#[derive(Default)]
pub struct Handshake<'a> {
    /// Offered subprotocols.
    pub subprotocols: &'a str,
    /// The page's origin.
    pub origin: &'a str,
}

impl Socket {
    /// Opens a connection, or has the answer that refuses it.
    pub fn try_open(
        app: &TestApp,
        handshake: &Handshake<'_>,
    ) -> Result<Self, Box<Response<Option<Vec<u8>>>>> {
        let url = format!("ws://{}/api/ws", app.front());
        let mut request = url.into_client_request().expect("a request");
        let headers = [
            ("sec-websocket-protocol", handshake.subprotocols),
            ("origin", handshake.origin),
        ];
        for (name, value) in headers {
            if !value.is_empty() {
                let value = value.parse().expect("a header");
                request.headers_mut().insert(name, value);
            }
        }
        let stream = TcpStream::connect(app.front()).expect("the gateway takes a connection");
        stream.set_nodelay(true).expect("no delay");
        stream.set_read_timeout(Some(SOON)).expect("a time limit");
        match tungstenite::client(request, stream) {
            Ok((socket, response)) => {
                let subprotocol = response.headers().get("sec-websocket-protocol");
                Ok(Self {
                    socket,
                    subprotocol: subprotocol
                        .map(|it| it.to_str().expect("a subprotocol").to_owned()),
                })
            }
            Err(HandshakeError::Failure(tungstenite::Error::Http(response))) => Err(response),
            Err(error) => panic!("the handshake failed: {error}"),
        }
    }

    /// Opens a connection.
    pub fn open(app: &TestApp) -> Self {
        match Self::try_open(app, &Handshake::default()) {
            Ok(socket) => socket,
            Err(response) => panic!("the handshake was refused: {response:?}"),
        }
    }

    /// Opens a connection that gets a person's updates.
    pub fn of(app: &TestApp, token: &str) -> Self {
        let mut socket = Self::open(app);
        socket.auth(token);
        socket
    }

    /// [`Socket::of`], and asks for what came after an update. Answers those, and the newest id; none where
    /// the client is to load anew.
    pub fn resumed(
        app: &TestApp,
        token: &str,
        after: &Value,
    ) -> (Self, Option<Vec<Value>>, String) {
        let mut socket = Self::of(app, token);
        let (missed, newest) = socket.resume(after);
        (socket, missed, newest)
    }

    /// Says whose it is; answers until when it is good.
    pub fn auth(&mut self, token: &str) -> String {
        self.send(&json!({"type": "auth", "token": token}));
        let subscribed = self.message();
        assert_eq!(subscribed["type"], "subscribed", "{subscribed}");
        text(&subscribed, "expires_at").to_owned()
    }

    /// Asks for what came after an update.
    pub fn resume(&mut self, after: &Value) -> (Option<Vec<Value>>, String) {
        self.send(&json!({"type": "resume", "after": after}));
        let mut missed: Vec<Value> = Vec::new();
        loop {
            let message = self.message();
            match text(&message, "type") {
                // One that comes live is among those that are missed, or is asked for later.
                "update" => {
                    let last = missed.last().map_or(after, |it| &it["id"]);
                    if message["prev"] == *last {
                        missed.push(message);
                    }
                }
                "ready" => return (Some(missed), text(&message, "id").to_owned()),
                "reload" => return (None, text(&message, "id").to_owned()),
                _ => panic!("unexpected: {message}"),
            }
        }
    }

    /// Sends a message.
    pub fn send(&mut self, message: &Value) {
        self.send_raw(Message::text(message.to_string()));
    }

    /// Sends anything.
    pub fn send_raw(&mut self, message: Message) {
        self.socket
            .send(message)
            .expect("the gateway takes a message");
    }

    /// The next message, without those that only show that the service is there.
    #[track_caller]
    pub fn message(&mut self) -> Value {
        match self.next_within(SOON) {
            Some(Ok(message)) => message,
            Some(Err(end)) => panic!("the connection ended with {end:?}"),
            None => panic!("no message within {SOON:?}"),
        }
    }

    /// The next message, which must be an update.
    #[track_caller]
    pub fn update(&mut self) -> Value {
        let message = self.message();
        assert_eq!(message["type"], "update", "{message}");
        message
    }

    /// The next updates after `last`, which moves on, as a proper client gets them: a gateway may drop messages
    /// that a reader does not take fast enough, so it asks again where one does not follow the one before,
    /// and after a silence.
    #[track_caller]
    pub fn follow(&mut self, last: &mut String, count: usize) -> Vec<Value> {
        let number = |id: &str| id.parse::<u64>().expect("a decimal number");
        let limit = Instant::now() + 4 * SOON;
        let (mut seen, mut asked) = (Vec::new(), 0);
        while seen.len() < count || asked > 0 {
            assert!(Instant::now() < limit, "{} of {count} updates", seen.len());
            match self.next_within(Duration::from_secs(2)) {
                Some(Ok(message)) if message["type"] == "ready" => asked -= 1,
                Some(Ok(message)) if message["type"] == "update" => {
                    if message["prev"] == *last {
                        *last = text(&message, "id").to_owned();
                        seen.push(message);
                    } else if number(text(&message, "id")) > number(last) && asked == 0 {
                        asked += 1;
                        self.send(&json!({"type": "resume", "after": last}));
                    }
                }
                Some(other) => panic!("unexpected: {other:?}"),
                None => {
                    asked += 1;
                    self.send(&json!({"type": "resume", "after": last}));
                }
            }
        }
        assert_eq!(seen.len(), count, "as many as were made");
        seen
    }

    /// Fails if a message comes within the time.
    #[track_caller]
    pub fn assert_silent(&mut self, time: Duration) {
        if let Some(next) = self.next_within(time) {
            panic!("unexpected: {next:?}");
        }
    }

    /// How the connection ends, which it must within the time, without another message but errors.
    #[track_caller]
    pub fn end_within(&mut self, time: Duration) -> End {
        let limit = Instant::now() + time;
        loop {
            match self.next_within(limit.saturating_duration_since(Instant::now())) {
                Some(Ok(message)) => assert_eq!(message["type"], "error", "{message}"),
                Some(Err(end)) => return end,
                None => panic!("the connection does not end within {time:?}"),
            }
        }
    }

    /// The next message or the end; none if the time is over first. A `pong` is none.
    pub fn next_within(&mut self, time: Duration) -> Option<Result<Value, End>> {
        let limit = Instant::now() + time;
        loop {
            let left = limit.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            let stream = self.socket.get_ref();
            stream.set_read_timeout(Some(left)).expect("a time limit");
            match self.socket.read() {
                Ok(Message::Text(text)) => {
                    let message: Value = serde_json::from_str(&text).expect("JSON");
                    assert!(text.starts_with("{\"type\":"), "type comes first: {text}");
                    if message["type"] != "pong" {
                        return Some(Ok(message));
                    }
                }
                Ok(Message::Close(frame)) => {
                    return Some(Err(frame.map(|frame| u16::from(frame.code))));
                }
                Ok(Message::Binary(bytes)) => panic!("a binary message: {bytes:?}"),
                Ok(_) => {}
                Err(tungstenite::Error::Io(error))
                    if matches!(
                        error.kind(),
                        std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
                    ) =>
                {
                    return None;
                }
                Err(_) => return Some(Err(None)),
            }
        }
    }

    /// The next message, `pong` too, as it stands there.
    pub fn raw(&mut self) -> Message {
        let stream = self.socket.get_ref();
        stream.set_read_timeout(Some(SOON)).expect("a time limit");
        self.socket.read().expect("a message")
    }

    /// Closes it and answers the code with which the other side does.
    pub fn close(mut self) -> End {
        self.socket.close(None).expect("a closing handshake");
        self.end_within(SOON)
    }
}

/// One server-sent event.
#[derive(Debug, Clone, PartialEq)]
pub struct Sent {
    /// `event:`
    pub event: String,
    /// `id:`
    pub id: Option<String>,
    /// `data:`
    pub data: Value,
}

/// A stream of server-sent events, read beside the test.
pub struct Stream {
    events: Receiver<Sent>,
}

impl Stream {
    /// Opens a stream that goes on after an event's id, if one is given.
    pub fn open(app: &TestApp, token: &str, last_event_id: Option<&str>) -> Self {
        let client = reqwest::blocking::Client::builder()
            .timeout(None)
            .build()
            .expect("an HTTP client");
        let mut request = client
            .get(format!("http://{}/api/stream", app.front()))
            .bearer_auth(token)
            .header("accept", "text/event-stream");
        if let Some(id) = last_event_id {
            request = request.header("last-event-id", id);
        }
        let response = request.send().expect("an answer");
        assert_eq!(response.status(), 200, "{response:?}");
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let grip = response
            .headers()
            .keys()
            .find(|it| it.as_str().starts_with("grip"));
        assert_eq!(grip, None, "what is for the gateway stays there");
        let (sender, events) = channel();
        std::thread::spawn(move || {
            let mut event = (String::new(), None, String::new());
            for line in BufReader::new(response).lines() {
                let Ok(line) = line else { return };
                match line.split_once(": ") {
                    Some(("event", name)) => event.0 = name.to_owned(),
                    Some(("id", id)) => event.1 = Some(id.to_owned()),
                    Some(("data", data)) => event.2.push_str(data),
                    _ if line.is_empty() && !event.2.is_empty() => {
                        let (event, id, data) = std::mem::take(&mut event);
                        let data = serde_json::from_str(&data).expect("JSON");
                        if sender.send(Sent { event, id, data }).is_err() {
                            return;
                        }
                    }
                    _ => {}
                }
            }
        });
        Self { events }
    }

    /// The next event.
    #[track_caller]
    pub fn event(&self) -> Sent {
        match self.next_within(SOON) {
            Some(Some(event)) => event,
            Some(None) => panic!("the stream ended"),
            None => panic!("no event within {SOON:?}"),
        }
    }

    /// The next event, which must be of this name.
    #[track_caller]
    pub fn named(&self, name: &str) -> Sent {
        let event = self.event();
        assert_eq!(event.event, name, "{event:?}");
        assert_eq!(event.data["type"], name, "{event:?}");
        if name != "expired" {
            assert_eq!(event.data["id"].as_str(), event.id.as_deref(), "{event:?}");
        }
        event
    }

    /// The next event, or none inside at the stream's end; none at all if the time is over first.
    pub fn next_within(&self, time: Duration) -> Option<Option<Sent>> {
        match self.events.recv_timeout(time) {
            Ok(event) => Some(Some(event)),
            Err(RecvTimeoutError::Disconnected) => Some(None),
            Err(RecvTimeoutError::Timeout) => None,
        }
    }
}
