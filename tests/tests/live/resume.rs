//! Coming back: nothing is missed, and nothing comes twice.

use serde_json::{Value, json};
use tests::{TestApp, User};

use crate::client::Socket;
use crate::{Gateway, behind_each_gateway, own_token, text, told};

behind_each_gateway!(
    what_was_missed_comes_once_and_in_order,
    what_is_no_longer_known_is_to_be_loaded_anew,
    events_that_come_again_have_the_ids_that_they_had,
    nothing_falls_between_asking_and_listening,
);

fn what_was_missed_comes_once_and_in_order(gateway: Gateway) {
    let app = gateway.app();
    let person = app.user();
    let (mut socket, ..) = Socket::resumed(app, own_token(&person), &Value::Null);
    person.task("seen");
    let seen = text(&socket.update(), "id").to_owned();
    socket.close();
    for n in 0..10 {
        person.task(&format!("missed {n}"));
    }
    app.settle(20);
    let (mut socket, missed, newest) = Socket::resumed(app, own_token(&person), &json!(seen));
    let missed = missed.expect("what was missed is known");
    let titles: Vec<String> = missed.iter().map(|it| told(it).1).collect();
    assert_eq!(
        titles,
        (0..10).map(|n| format!("missed {n}")).collect::<Vec<_>>()
    );
    let mut last = seen;
    for update in &missed {
        assert_eq!(text(update, "prev"), last);
        last = text(update, "id").to_owned();
    }
    assert_eq!(last, newest);
    person.task("live again");
    let update = socket.update();
    assert_eq!(
        (told(&update).1.as_str(), text(&update, "prev")),
        ("live again", newest.as_str())
    );
    // Asking again with the newest brings nothing again.
    assert_eq!(socket.resume(&update["id"]).0, Some(vec![]));
}

fn what_is_no_longer_known_is_to_be_loaded_anew(gateway: Gateway) {
    let app = gateway.app();
    let person = app.user();
    let (mut socket, ..) = Socket::resumed(app, own_token(&person), &Value::Null);
    let mut ids = vec!["0".to_owned()];
    for n in 0..4 {
        person.task(&format!("task {n}"));
        ids.push(text(&socket.update(), "id").to_owned());
    }
    app.settle(20);
    // As if the first two had become a day old.
    let removed = app.query(
        "live",
        &format!(
            "DELETE FROM updates WHERE user_id = '{}' AND id <= {} RETURNING id",
            person.id, ids[2]
        ),
    );
    assert_eq!(removed.len(), 2);
    for (after, known) in ids.iter().zip([false, false, true, true, true]) {
        let (missed, newest) = socket.resume(&json!(after));
        assert_eq!(missed.is_some(), known, "after {after}");
        assert_eq!(newest, ids[4]);
    }
    // What this service never gave out.
    assert_eq!(
        socket.resume(&json!("9000000000000000000")),
        (None, ids[4].clone())
    );
}

fn events_that_come_again_have_the_ids_that_they_had(gateway: Gateway) {
    let app = gateway.builder().start_or_share();
    let person = app.user();
    let (mut socket, ..) = Socket::resumed(&app, own_token(&person), &Value::Null);
    for n in 0..5 {
        person.task(&format!("task {n}"));
    }
    let known: Vec<Value> = (0..5).map(|_| socket.update()).collect();
    app.settle(20);
    come_again(&app, &person);
    app.settle(30);
    person.task("new");
    let (mut again, mut news) = (0, Vec::new());
    while news.is_empty() {
        let update = socket.update();
        match known.iter().find(|it| it["id"] == update["id"]) {
            Some(known) => {
                assert_eq!(&update, known);
                again += 1;
            }
            None => news.push(update),
        }
    }
    assert!(again <= known.len(), "{again}");
    assert_eq!(told(&news[0]).1, "new");
    assert_eq!(news[0]["prev"], known[4]["id"]);
    let (missed, _) = socket.resume(&json!("0"));
    assert_eq!(
        missed.map(|it| it.len()),
        Some(6),
        "none has a second place"
    );
}

/// Has the service get a person's updates again. Kafka moves no group that has members: there they are published
/// again.
fn come_again(app: &TestApp, person: &User) {
    if app.kafka.is_none() {
        app.command(&[
            "events",
            "replay",
            "--group",
            "websocket",
            "--topic",
            "task-updates",
            "--from-time",
            "2026-01-01T00:00:00Z",
        ]);
        return;
    }
    for event in app.events_of(person, "task-updates") {
        let envelope = serde_json::from_str(&event.to_json()).expect("JSON");
        let answer = app.publish(&event.topic, &event.key, &envelope);
        assert_eq!(answer.status, 204, "{answer:?}");
    }
}

/// Clients come while changes go on: each gets every change from its beginning on, once.
fn nothing_falls_between_asking_and_listening(gateway: Gateway) {
    const CHANGES: usize = 150;
    let app = gateway.app();
    let person = app.user();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..4 {
                    let (mut socket, missed, mut newest) =
                        Socket::resumed(app, own_token(&person), &json!("0"));
                    let mut titles: Vec<String> = missed
                        .expect("all is known")
                        .iter()
                        .map(|it| told(it).1)
                        .collect();
                    let rest = socket.follow(&mut newest, CHANGES - titles.len());
                    titles.extend(rest.iter().map(|it| told(it).1));
                    let expected: Vec<String> = (0..CHANGES).map(|n| format!("task {n}")).collect();
                    assert_eq!(titles, expected);
                }
            });
        }
        for n in 0..CHANGES {
            person.task(&format!("task {n}"));
        }
    });
}
