//! What is published, and who gets it.

use super::*;

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

#[test]
fn a_component_is_asked_when_that_is_published() {
    let app = &*GUESTS;
    let mut socket = open(app, "/good/ws");
    let channel = channel();
    ask(&mut socket, &format!("subscribe {channel}"));
    let refresh = json!([{"channel": channel, "ws-message": {"action": "refresh"}}]);
    publish(app, &refresh);
    assert_eq!(hear(&mut socket), "asked");
    say(&mut socket, "sleep 500");
    std::thread::sleep(Duration::from_millis(100));
    publish(app, &refresh);
    assert_eq!(
        (hear(&mut socket).as_str(), hear(&mut socket).as_str()),
        ("slept", "asked")
    );
}

#[test]
fn components_find_the_endpoint_in_a_variable() {
    let with_variables = manifest()
        .replace("[variables]\n", "[variables]\ngrip_url = { default = \"\" }\ngrip_key = { default = \"\" }\n")
        .replace("[component.good.variables]\n", "[component.good.variables]\ngrip_url = \"{{ grip_url }}\"\ngrip_key = \"{{ grip_key }}\"\n");
    let app = guests(&with_variables).variable("token", "t").start();
    let value = |name| outcome(&app, "/good/variable", &[("name", name)]).expect("a value");
    assert_eq!(value("grip_url"), json!(format!("http://{}", app.grip)));
    assert_eq!(value("grip_key"), json!(app.grip_key));
}
