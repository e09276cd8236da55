//! WebSockets: what goes to the component and back.

use super::*;

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
        let refusal = try_open(app, &format!("/bad/ws?{query}"), &[]).expect_err("it fails");
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
