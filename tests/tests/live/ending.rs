//! How connections end, each with a code that says why.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tungstenite::Message;

use crate::client::{SOON, Socket, Stream};
use crate::{Gateway, behind_each_gateway, own_token, token};

behind_each_gateway!(
    the_end_of_a_token_ends_its_connection,
    another_token_makes_it_last,
    bad_messages_end_it,
    an_erased_persons_connections_end,
);

fn the_end_of_a_token_ends_its_connection(gateway: Gateway) {
    let app = gateway.app();
    let person = app.user();
    let mut silent = Socket::of(app, &token(app, &person.id, 2));
    let mut asking = Socket::of(app, &token(app, &person.id, 2));
    let start = Instant::now();
    std::thread::sleep(Duration::from_secs(3));
    asking.send(&json!({"type": "resume", "after": null}));
    assert_eq!(
        asking.end_within(SOON),
        Some(4410),
        "a message after the end"
    );
    let limit = gateway.late().saturating_sub(start.elapsed());
    assert_eq!(silent.end_within(limit), Some(4410), "without a message");
    assert!(start.elapsed() >= Duration::from_secs(1));
}

fn another_token_makes_it_last(gateway: Gateway) {
    let app = gateway.app();
    let person = app.user();
    let mut socket = Socket::of(app, &token(app, &person.id, 2));
    socket.auth(&token(app, &person.id, 40));
    let late = gateway.late() + Duration::from_secs(4);
    socket.assert_silent(late);
    assert_eq!(socket.resume(&Value::Null).0, Some(vec![]));
    person.task("still here");
    socket.update();
}

fn bad_messages_end_it(gateway: Gateway) {
    let app = gateway.app();
    let person = app.user();
    for message in [
        Message::text("hello"),
        Message::text(r#"{"type":"shout"}"#),
        Message::text(r#"{"type":"resume","after":5}"#),
        Message::text("[".repeat(5000)),
        Message::text(json!({"type": "auth", "token": "x".repeat(20_000)}).to_string()),
        Message::binary(b"{\"type\":\"ping\"}".to_vec()),
    ] {
        let mut socket = Socket::of(app, own_token(&person));
        socket.send_raw(message.clone());
        let error = socket.message();
        assert_eq!(error["type"], "error", "{message:?}");
        assert!(
            error["detail"].as_str().is_some_and(|it| !it.is_empty()),
            "{error}"
        );
        assert_eq!(socket.end_within(SOON), Some(4400), "{message:?}");
    }
}

fn an_erased_persons_connections_end(gateway: Gateway) {
    let app = gateway.app();
    let (person, other) = (app.user(), app.user());
    let mut socket = Socket::of(app, own_token(&person));
    let stream = Stream::open(app, own_token(&person), None);
    stream.named("ready");
    let mut others = Socket::of(app, own_token(&other));
    person.task("a secret of theirs");
    assert_eq!(socket.update()["type"], "update");
    stream.named("update");
    let confirmed = json!({"password": person.password}).to_string();
    person
        .json_bytes("DELETE", "/api/users/me", confirmed)
        .expect(204);
    assert_eq!(socket.end_within(SOON), Some(4409));
    while let Some(event) = stream.next_within(SOON).expect("the stream ends") {
        assert_eq!(event.event, "expired");
    }
    app.settle(20);
    let rows = format!(
        "SELECT count(*) FROM updates WHERE user_id = '{}'",
        person.id
    );
    assert_eq!(app.count("live", &rows), 0);
    // The token is still good, and opens nothing.
    let mut socket = Socket::of(app, own_token(&person));
    socket.send(&json!({"type": "resume", "after": null}));
    assert_eq!(socket.end_within(SOON), Some(4409));
    other.task("of somebody else");
    others.update();
}
