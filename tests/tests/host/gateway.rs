//! The GRIP gateway in front of the guest: WebSockets, held streams and long polls, and what is published to them.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::{Answer, Client, TestApp, raw};
use tungstenite::client::IntoClientRequest as _;
use tungstenite::http::Response;
use tungstenite::protocol::CloseFrame;
use tungstenite::{Error, HandshakeError, Message, WebSocket};

use crate::{GUESTS, assert_server_error, outcome, start};

type Socket = WebSocket<TcpStream>;
type Refusal = Box<Response<Option<Vec<u8>>>>;

/// How long anything may take that must come.
const SOON: Duration = Duration::from_secs(10);

fn try_open(
    app: &TestApp,
    path: &str,
    headers: &[(&'static str, &str)],
) -> Result<(Socket, Response<Option<Vec<u8>>>), Refusal> {
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

#[test]
fn messages_go_to_the_component_and_back_in_order() {
    let mut socket = open(&GUESTS, "/good/ws");
    assert_eq!(ask(&mut socket, "echo hello"), "hello");
    for n in 0..100 {
        say(&mut socket, &format!("echo {n}"));
    }
    for n in 0..100 {
        assert_eq!(hear(&mut socket), n.to_string());
    }
    let binary = Message::binary(b"\x01\x02".to_vec());
    socket.send(binary.clone()).expect("it is sent");
    assert_eq!(socket.read().expect("it comes back"), binary);
    let large = "x".repeat(150_000);
    assert_eq!(ask(&mut socket, &format!("echo {large}")), large);
}

#[test]
fn a_slow_message_stops_no_other_connection() {
    let mut slow = open(&GUESTS, "/good/ws");
    let mut other = open(&GUESTS, "/good/ws");
    say(&mut slow, "sleep 2000");
    say(&mut slow, "echo after");
    let began = Instant::now();
    assert_eq!(ask(&mut other, "echo hello"), "hello");
    assert!(
        began.elapsed() < Duration::from_millis(1500),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(
        (hear(&mut slow).as_str(), hear(&mut slow).as_str()),
        ("slept", "after")
    );
}

#[test]
fn the_component_decides_about_the_handshake() {
    let app = &*GUESTS;
    let (_, response) = try_open(
        app,
        "/good/ws?protocol=two",
        &[("sec-websocket-protocol", "one, two")],
    )
    .expect("it is opened");
    let header = |name: &str| {
        response
            .headers()
            .get(name)
            .map(|it| it.to_str().expect("text"))
    };
    assert_eq!(header("sec-websocket-protocol"), Some("two"));
    assert_eq!(header("x-opened"), Some("yes"));
    for private in [
        "sec-websocket-extensions",
        "set-meta-count",
        "content-type",
        "content-length",
    ] {
        assert_eq!(header(private), None, "{private}");
    }
    assert!(header("x-correlation-id").is_some());

    let refusal = try_open(app, "/good/ws?reject=403", &[]).expect_err("it is refused");
    assert_eq!(
        (refusal.status().as_u16(), &refusal.headers()["x-why"]),
        (403, &"asked to".parse().expect("text"))
    );
    assert_eq!(refusal.body().as_deref(), Some(&b"rejected"[..]));
    for (query, status) in [("fail=trap", 500), ("fail=TEXT", 502), ("fail=OPEN+9", 502)] {
        let refusal = try_open(app, &format!("/good/ws?{query}"), &[]).expect_err("it fails");
        assert_eq!(refusal.status().as_u16(), status, "{query}");
    }
    let refusal = try_open(app, "/nowhere", &[]).expect_err("there is no such route");
    assert_eq!(refusal.status().as_u16(), 404);
    let refusal =
        try_open(app, "/good/ws", &[("sec-websocket-version", "8")]).expect_err("it is too old");
    assert_eq!(
        (
            refusal.status().as_u16(),
            &refusal.headers()["sec-websocket-version"]
        ),
        (426, &"13".parse().expect("text"))
    );
    let upgrade = [
        ("Connection", "upgrade"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Version", "13"),
    ];
    let keyless: String = upgrade
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .concat();
    let request = format!("GET /good/ws HTTP/1.1\r\nHost: x\r\n{keyless}\r\n");
    assert_eq!(
        raw::exchange_within(app.address, request.as_bytes(), 1).status(),
        Some(400)
    );
}

#[test]
fn only_the_gateway_speaks_as_the_gateway() {
    let app = &*GUESTS;
    let forged = [
        ("meta-user", "forged-meta"),
        ("connection-id", "forged-id"),
        ("grip-sig", "x.y.z"),
        ("grip-last", "c; last-id=1"),
        ("cookie", "a=b"),
    ];
    let (mut socket, _) = try_open(app, "/good/ws?x=1", &forged).expect("it is opened");
    let seen = headers(&mut socket);
    for expected in [
        "\"cookie\": \"a=b\"",
        "\"sec-websocket-extensions\": \"grip\"",
        "\"grip-feature\"",
        "\"spin-full-url\": \"http://",
    ] {
        assert!(seen.contains(expected), "{expected}: {seen}");
    }
    for forgery in ["forged-meta", "forged-id", "x.y.z", "last-id"] {
        assert!(!seen.contains(forgery), "{forgery}: {seen}");
    }

    let seen = |headers: &[(&'static str, &str)], method: &str| {
        let client = app.client();
        let request = headers.iter().fold(
            client.request(method, "/good/headers"),
            |request, (name, value)| request.header(*name, *value),
        );
        client.send(request).json().to_string()
    };
    let plain = seen(&forged, "GET");
    assert!(
        plain.contains("grip-sig") && !plain.contains("x.y.z"),
        "the gateway signs what it passes on: {plain}"
    );
    assert!(
        !plain.contains("forged-meta") && !plain.contains("forged-id") && !plain.contains("last-id"),
        "{plain}"
    );
    let events = [
        ("content-type", "application/websocket-events"),
        ("meta-user", "forged-meta"),
    ];
    let direct = seen(&events, "POST");
    assert!(
        !direct.contains("grip-") && !direct.contains("forged-meta"),
        "a client's own request is not vouched for: {direct}"
    );

    // What another gateway with the same key sends is passed on as it is.
    let claims = json!({"iss": "pushpin", "exp": chrono::Utc::now().timestamp() + 60});
    let header = json!({"alg": "HS256", "typ": "JWT"});
    let signature = tests::jwt::sign(&header, &claims, app.grip_key.as_bytes());
    let signed = [
        ("grip-sig", signature.as_str()),
        ("meta-user", "forged-meta"),
        ("connection-id", "forged-id"),
    ];
    let passed = seen(&signed, "POST");
    for expected in [&signature, "forged-meta", "forged-id"] {
        assert!(passed.contains(expected), "{expected}: {passed}");
    }
    let held = app.client();
    let request = held.request("GET", "/good/hold?grip-hold=stream&grip-channel=c&body=x");
    let answer = held.send(request.header("grip-sig", &signature));
    assert_eq!(
        (answer.header("grip-hold"), answer.body.as_slice()),
        ("stream", &b"x"[..])
    );
}

#[test]
fn what_the_component_keeps_with_a_connection_comes_back() {
    let (mut one, mut other) = (open(&GUESTS, "/good/ws"), open(&GUESTS, "/good/ws"));
    for n in 1..4 {
        assert_eq!(ask(&mut one, "count"), n.to_string());
    }
    assert_eq!(ask(&mut other, "count"), "1");
    assert_ne!(connection_id(&mut one), connection_id(&mut other));
    assert_eq!(connection_id(&mut one), connection_id(&mut one));
}

#[test]
fn subscribers_get_what_is_published() {
    let app = &*GUESTS;
    let (mut one, mut other) = (open(app, "/good/ws"), open(app, "/good/ws"));
    let (mine, both) = (channel(), channel());
    ask(&mut one, &format!("subscribe {mine}"));
    for socket in [&mut one, &mut other] {
        assert_eq!(ask(socket, &format!("subscribe {both}")), "done");
    }
    publish(
        app,
        &json!([
            {"channel": mine, "id": "1", "formats": {"ws-message": {"content": "for one"}}},
            {"channel": mine, "id": "1", "formats": {"ws-message": {"content": "twice"}}},
            {"channel": both, "formats": {"ws-message": {"content": "for both"}, "http-stream": {"content": "x"}}},
            {"channel": both, "ws-message": {"content-bin": "AQI="}},
        ]),
    );
    assert_eq!(
        (hear(&mut one).as_str(), hear(&mut one).as_str()),
        ("for one", "for both")
    );
    assert_eq!(hear(&mut other), "for both");
    let binary = Message::binary(vec![1, 2]);
    assert_eq!(
        (one.read().expect("bytes"), other.read().expect("bytes")),
        (binary.clone(), binary)
    );

    assert_eq!(ask(&mut one, &format!("unsubscribe {both}")), "done");
    publish(
        app,
        &json!([
            {"channel": both, "ws-message": {"content": "for the other"}},
            {"channel": mine, "ws-message": {"content": "last"}},
        ]),
    );
    assert_eq!(hear(&mut one), "last");
    assert_eq!(hear(&mut other), "for the other");

    let id = connection_id(&mut other);
    publish(
        app,
        &json!([{"channel": both, "ws-message": {"action": "close", "code": 4409, "reason": "gone"}}]),
    );
    assert_eq!(closed(&mut other), (4409, "gone".into()));
    assert_eq!(ended(app, &id)["event"], "CLOSE");
}

#[test]
fn items_come_in_the_order_of_their_ids() {
    let app = &*GUESTS;
    let mut socket = open(app, "/good/ws");
    let channel = channel();
    ask(&mut socket, &format!("subscribe {channel}"));
    let item = |id: &str, prev: &str| json!({"channel": channel, "id": id, "prev-id": prev, "ws-message": {"content": id}});
    publish(
        app,
        &json!([
            item("1", "0"),
            item("3", "2"),
            item("2", "1"),
            item("9", "8")
        ]),
    );
    let began = Instant::now();
    for id in ["1", "2", "3", "9"] {
        assert_eq!(hear(&mut socket), id);
    }
    assert!(
        began.elapsed() > Duration::from_secs(3),
        "the last waits for the one before it"
    );
}

#[test]
fn messages_to_the_gateway_do_not_reach_the_client() {
    let mut socket = open(&GUESTS, "/good/ws");
    assert_eq!(ask(&mut socket, "nonsense"), "done");
    let mut socket = open(&GUESTS, "/good/ws?prefix=");
    assert_eq!(ask(&mut socket, "nonsense"), "without a prefix");
    assert_eq!(hear(&mut socket), "done");
    let mut socket = open(&GUESTS, "/good/ws?plain=1");
    assert_eq!(
        ask(&mut socket, "nonsense"),
        "c:{",
        "without the extension there are none"
    );
}

#[test]
fn both_ends_can_close_with_a_code() {
    let app = &*GUESTS;
    let mut socket = open(app, "/good/ws");
    let id = connection_id(&mut socket);
    say(&mut socket, "close 4001 so it goes");
    assert_eq!(closed(&mut socket), (4001, "so it goes".into()));
    assert_eq!(
        ended(app, &id),
        json!({"event": "CLOSE", "size": 2 + "so it goes".len()})
    );

    let mut socket = open(app, "/good/ws");
    let id = connection_id(&mut socket);
    let frame = CloseFrame {
        code: 4002.into(),
        reason: "bye".into(),
    };
    socket.close(Some(frame)).expect("it is sent");
    assert_eq!(closed(&mut socket), (4002, "bye".into()));
    assert_eq!(ended(app, &id), json!({"event": "CLOSE", "size": 5}));

    let mut socket = open(app, "/good/ws");
    let id = connection_id(&mut socket);
    drop(socket);
    assert_eq!(ended(app, &id)["event"], "DISCONNECT");

    let mut socket = open(app, "/good/ws");
    say(&mut socket, "end");
    let error = socket.read().expect_err("it ends at once");
    assert!(!matches!(error, Error::Utf8(_)), "{error}");
}

#[test]
fn a_component_that_fails_closes_with_1011_and_hurts_no_one() {
    let app = &*GUESTS;
    let mut other = open(app, "/good/ws");
    for message in ["trap", "status 500", "close 1005"] {
        let mut socket = open(app, "/bad/ws");
        say(&mut socket, message);
        let (code, reason) = closed(&mut socket);
        assert_eq!(
            (code, reason.as_str()),
            (1011, "the service failed"),
            "{message}"
        );
    }
    assert_eq!(ask(&mut other, "echo still here"), "still here");
}

#[test]
fn a_detached_connection_only_gets_what_is_published() {
    let app = &*GUESTS;
    let mut socket = open(app, "/good/ws");
    let id = connection_id(&mut socket);
    let channel = channel();
    assert_eq!(ask(&mut socket, &format!("detach {channel}")), "done");
    assert_eq!(ended(app, &id), json!({"event": "CLOSE", "size": null}));
    say(&mut socket, "echo nobody listens");
    publish(
        app,
        &json!([{"channel": channel, "ws-message": {"content": "published"}}]),
    );
    assert_eq!(hear(&mut socket), "published");
}

#[test]
fn pings_are_answered_and_keep_alives_sent() {
    let app = start(&["--ping-interval", "1"]);
    let mut socket = open(&app, "/good/ws");
    socket
        .send(Message::Ping(b"are you there"[..].into()))
        .expect("it is sent");
    assert_eq!(
        socket.read().expect("an answer"),
        Message::Pong(b"are you there"[..].into())
    );
    assert_eq!(
        ask(&mut socket, "ping mine"),
        "pong mine",
        "the component's own pings are answered to it"
    );
    assert!(
        matches!(socket.read(), Ok(Message::Ping(_))),
        "a silent client is pinged"
    );
    say(&mut socket, "keep-alive still here");
    assert_eq!(hear(&mut socket), "still here");
    assert_eq!(hear(&mut socket), "still here");

    // One that does not answer is given up.
    let mut silent = open(&app, "/good/ws");
    let id = connection_id(&mut silent);
    assert_eq!(ended(&app, &id)["event"], "DISCONNECT");
    let end = app.log();
    let end = end
        .lines()
        .rfind(|line| line.contains("websocket ended") && line.contains(&id));
    assert!(
        end.is_some_and(|line| line.contains("does not answer")),
        "{end:?}"
    );
}

#[test]
fn a_client_that_breaks_the_rules_is_told_so() {
    let app = &*GUESTS;
    let mut socket = open(app, "/good/ws");
    let large = "x".repeat(200_001);
    let _ = socket.send(Message::text(large));
    assert_eq!(closed(&mut socket).0, 1009);
    for (frame, code) in [
        (&b"\x81\x02hi"[..], 1002),
        (b"\xff\x80\0\0\0\0", 1002),
        (b"\x81\x81\0\0\0\0\xff", 1007),
    ] {
        let mut socket = open(app, "/good/ws");
        socket.get_mut().write_all(frame).expect("it is sent");
        assert_eq!(closed(&mut socket).0, code, "{frame:?}");
    }
}

#[test]
fn a_slow_reader_is_dropped_and_what_waits_for_it_is_bounded() {
    let app = &*GUESTS;
    let (mut slow, mut quick) = (open(app, "/good/ws"), open(app, "/good/ws"));
    let channel = channel();
    for socket in [&mut slow, &mut quick] {
        ask(socket, &format!("subscribe {channel}"));
    }
    let id = connection_id(&mut slow);
    let content = "x".repeat(500_000);
    let end = Instant::now() + Duration::from_secs(60);
    let dropped = || {
        app.log().lines().any(|line| {
            line.contains("websocket ended") && line.contains(&id) && line.contains("1013")
        })
    };
    while !dropped() {
        assert!(Instant::now() < end, "it is never dropped");
        publish(
            app,
            &json!([{"channel": channel, "ws-message": {"content": content}}]),
        );
        assert_eq!(hear(&mut quick).len(), content.len());
    }
    assert_eq!(ended(app, &id)["event"], "DISCONNECT");
    assert_eq!(ask(&mut quick, "echo fine"), "fine");
}

#[test]
fn held_connections_take_no_place_of_requests_and_have_a_limit() {
    let app = start(&["--max-requests", "4", "--max-held-connections", "10"]);
    let mut sockets: Vec<Socket> = (0..9).map(|_| open(&app, "/good/ws")).collect();
    let stream = stream(&app, "grip-hold=stream&grip-channel=c&body=hello");
    let refusal = try_open(&app, "/good/ws", &[]).expect_err("there are ten");
    assert_eq!(refusal.status().as_u16(), 503);
    let answer = app
        .client()
        .get("/good/hold?grip-hold=stream&grip-channel=c");
    assert_server_error(&answer, 503);
    assert_eq!(app.client().get("/good/count").status, 200);
    let id = connection_id(&mut sockets[0]);
    sockets[0].close(None).expect("it is closed");
    assert_eq!(ended(&app, &id)["event"], "CLOSE");
    drop(stream);
    assert_eq!(
        ask(&mut open(&app, "/good/ws"), "echo free again"),
        "free again"
    );
}

#[test]
fn at_the_end_connections_are_closed_with_1001() {
    let mut app = start(&[]);
    let mut sockets: Vec<Socket> = (0..5).map(|_| open(&app, "/good/ws")).collect();
    let mut stream = stream(&app, "grip-hold=stream&grip-channel=c&body=hello");
    stream.until("hello");
    app.signal("TERM");
    for socket in &mut sockets {
        assert_eq!(closed(socket), (1001, "the server stops".into()));
    }
    assert!(
        stream.rest().ends_with("0\r\n\r\n"),
        "the stream ends whole"
    );
    let status = app
        .exit_within(Duration::from_secs(10))
        .expect("it stops in time");
    assert!(status.success());
    assert!(!app.log().contains("did not"), "{}", app.log());
}

#[test]
fn the_log_has_a_line_for_the_beginning_and_one_for_the_end_and_no_token() {
    let app = &*GUESTS;
    let secret = "bearer.a-secret-token";
    let headers = [
        ("sec-websocket-protocol", secret),
        ("authorization", secret),
    ];
    let path = format!("/good/ws?protocol={secret}");
    let (mut socket, _) = try_open(app, &path, &headers).expect("it is opened");
    let id = connection_id(&mut socket);
    socket
        .close(Some(CloseFrame {
            code: 4003.into(),
            reason: "enough".into(),
        }))
        .expect("it is closed");
    ended(app, &id);
    let log = app.log();
    let lines: Vec<Value> = log
        .lines()
        .filter(|line| line.contains(&id))
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    let messages: Vec<&str> = lines
        .iter()
        .filter_map(|line| line["message"].as_str())
        .collect();
    assert_eq!(messages, ["websocket opened", "websocket ended"]);
    let end = &lines[1];
    assert_eq!(
        (&end["code"], &end["reason"], &end["received"], &end["sent"]),
        (&json!(4003), &json!("enough"), &json!(1), &json!(1))
    );
    assert!(end["seconds"].is_u64());
    assert!(!log.contains("a-secret-token"));
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

#[test]
fn a_stream_gets_what_is_published_until_it_is_closed() {
    let app = &*GUESTS;
    let channel = channel();
    let mut stream = stream(
        app,
        &format!(
            "grip-hold=stream&grip-channel={channel}&grip-status=201&grip-keep-alive=:%5Cn%3B+format%3Dcstring%3B+timeout%3D1&body=hello"
        ),
    );
    let head = stream.until("hello");
    assert!(
        head.starts_with("HTTP/1.1 201") && !head.to_lowercase().contains("grip-"),
        "{head}"
    );
    stream.until("\r\n:\n\r\n");
    publish(
        app,
        &json!([
            {"channel": channel, "http-stream": {"content": "one"}},
            {"channel": channel, "http-stream": {"content": ""}},
            {"channel": channel, "http-stream": {"content-bin": "dHdv"}},
        ]),
    );
    stream.until("one");
    stream.until("two");
    publish(
        app,
        &json!([{"channel": channel, "http-stream": {"action": "close"}}]),
    );
    assert!(stream.rest().ends_with("\r\n0\r\n\r\n"));
}

#[test]
fn a_stream_is_brought_up_to_date_from_its_link() {
    let app = &*GUESTS;
    let channel = channel();
    // At its link the stream goes on after the item 4.
    let next = format!(
        "hold?grip-hold=stream&grip-channel={channel}%3B+prev-id%3D4&grip-link=%3Cnowhere%3E%3B+rel%3Dnext&body=up+to+date"
    );
    let next: String = next
        .replace('%', "%25")
        .replace('&', "%26")
        .replace('+', "%2B")
        .replace('=', "%3D")
        .replace('?', "%3F");
    let mut stream = stream(
        app,
        &format!(
            "grip-hold=stream&grip-channel={channel}%3B+prev-id%3D1&grip-link=%3C{next}%3E%3B+rel%3Dnext&body=hello"
        ),
    );
    stream.until("hello");
    let item = |id: &str, prev: &str| json!({"channel": channel, "id": id, "prev-id": prev, "no-seq": true, "http-stream": {"content": format!("item {id}")}});
    // Subscribed only after its first part has been read to the end.
    std::thread::sleep(Duration::from_millis(300));
    publish(app, &json!([item("2", "1")]));
    stream.until("item 2");
    publish(app, &json!([item("4", "3")]));
    let between = stream.until("up to date");
    assert!(
        !between.contains("item 4") && between.contains(&format!("[{channel}; last-id=2]")),
        "{between}"
    );
    publish(app, &json!([item("5", "4")]));
    stream.until("item 5");
    // What is missing and cannot be had breaks the stream, and does not leave a gap. It is asked for six times.
    let log = app.log();
    assert!(!log.contains("item 5"), "contents are not logged");
}

#[test]
fn a_link_without_a_hold_leads_on_to_the_end() {
    let next = "hold%3Fbody%3Dlast";
    let mut stream = stream(
        &GUESTS,
        &format!("grip-link=%3C{next}%3E%3B+rel%3Dnext&body=first"),
    );
    stream.until("first");
    stream.until("last");
    assert!(stream.rest().ends_with("0\r\n\r\n"));
}

#[test]
fn a_link_with_no_time_is_asked_at_once() {
    let channel = channel();
    let next = "hold%3Fbody%3Dlast";
    let mut stream = stream(
        &GUESTS,
        &format!(
            "grip-hold=stream&grip-channel={channel}&grip-link=%3C{next}%3E%3B+rel%3Dnext%3B+timeout%3D0&body=first"
        ),
    );
    stream.until("first");
    stream.until("last");
}

#[test]
fn a_response_waits_for_what_is_published() {
    let app = &*GUESTS;
    let channel = channel();
    let path = format!(
        "/good/hold?grip-hold=response&grip-channel={channel}&grip-timeout=60&body=nothing+new"
    );
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| app.client().get(&path));
        let end = Instant::now() + SOON;
        while !waiting.is_finished() {
            assert!(Instant::now() < end, "nothing is published");
            publish(
                app,
                &json!([{"channel": channel, "http-response": {"code": 202, "headers": {"x-new": "yes"}, "body": "news"}}]),
            );
            std::thread::sleep(Duration::from_millis(50));
        }
        let answer = waiting.join().expect("an answer");
        assert_eq!((answer.status, answer.body.as_slice()), (202, &b"news"[..]));
        assert_eq!(
            (answer.header("x-new"), answer.header("content-type")),
            ("yes", "text/plain")
        );
        assert_eq!(answer.header("grip-hold"), "");
    });
    let began = Instant::now();
    let path = format!(
        "/good/hold?grip-hold=response&grip-channel={channel}&grip-timeout=5&body=nothing+new"
    );
    let answer = app.client().get(&path);
    assert_eq!(
        (answer.status, answer.body.as_slice()),
        (200, &b"nothing new"[..])
    );
    assert!(
        (5..9).contains(&began.elapsed().as_secs()),
        "{:?}",
        began.elapsed()
    );
}

#[test]
fn instructions_that_make_no_sense_are_not_followed() {
    for query in [
        "grip-hold=maybe",
        "grip-hold=stream&grip-channel=c%3B+prev-id%3D1",
        "grip-hold=stream&grip-channel=c%3B+filter%3Dx",
    ] {
        let answer = GUESTS.client().get(&format!("/good/hold?{query}"));
        assert_server_error(&answer, 502);
        assert!(
            answer
                .headers
                .keys()
                .all(|name| !name.as_str().starts_with("grip-")),
            "{answer:?}"
        );
    }
}

#[test]
fn only_services_of_this_machine_can_publish() {
    let app = &*GUESTS;
    let good = json!({"items": []}).to_string();
    let json = ("content-type", "application/json");
    assert_eq!(
        post(app, &good, &[json, ("accept", "application/json")]).json(),
        json!({"message": "Published"})
    );
    assert_eq!(
        post(
            app,
            &good,
            &[("content-type", "application/json; charset=utf-8")]
        )
        .status,
        200
    );
    for (body, headers, status, named) in [
        (
            good.as_str(),
            &[json, ("origin", "http://evil.example")][..],
            403,
            "Web pages",
        ),
        (
            good.as_str(),
            &[("content-type", "text/plain")],
            415,
            "application/json",
        ),
        ("{", &[json], 400, "not valid JSON"),
        ("{}", &[json], 400, "'items'"),
        (
            r#"{"items":[{"channel":"c","ws-message":{}}]}"#,
            &[json],
            400,
            "'content'",
        ),
        (&" ".repeat(1_000_001), &[json], 413, "limit"),
    ] {
        let answer = post(app, body, headers);
        assert_eq!(answer.status, status, "{answer:?}");
        assert!(
            String::from_utf8_lossy(&answer.body).contains(named),
            "{answer:?}"
        );
    }
    let client = Client::new(&format!("http://{}", app.grip));
    let answer = client.get("/publish/");
    assert_eq!((answer.status, answer.header("allow")), (405, "POST"));
    assert_eq!(client.get("/other").status, 404);
    assert!(
        app.log()
            .contains(&format!("GRIP publish endpoint http://{}", app.grip))
    );
    assert!(app.grip.ip().is_loopback());
    // A part of a batch that is wrong publishes nothing of it.
    let mut socket = open(app, "/good/ws");
    let channel = channel();
    ask(&mut socket, &format!("subscribe {channel}"));
    let items = json!({"items": [{"channel": channel, "ws-message": {"content": "x"}}, {"channel": channel}]});
    assert_eq!(post(app, &items.to_string(), &[]).status, 400);
    assert_eq!(ask(&mut socket, "echo only this"), "only this");
}
