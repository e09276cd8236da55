//! What holds for every connection: who speaks as the gateway, limits, ends and logs.

use super::*;

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
        !plain.contains("forged-meta")
            && !plain.contains("forged-id")
            && !plain.contains("last-id"),
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
fn held_connections_take_no_place_of_requests_and_have_a_limit() {
    let app = start(&["--max-requests", "4", "--max-held-connections", "10"]);
    let mut sockets: Vec<Socket> = (0..9).map(|_| open(&app, "/good/ws")).collect();
    let mut stream = stream(&app, "grip-hold=stream&grip-channel=c&body=hello");
    stream.until("hello");
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
