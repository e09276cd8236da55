//! What a screen gets to see.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::User;

use crate::client::Socket;
use crate::{Gateway, behind_each_gateway, own_token, text, told};

behind_each_gateway!(
    each_change_comes_in_order_and_names_the_one_before,
    a_reminder_that_is_due_comes,
    all_devices_of_a_person_see_the_same,
    many_changes_at_once_come_in_order,
    a_ping_is_answered,
);

fn ready(socket: &mut Socket) -> String {
    let (missed, newest) = socket.resume(&Value::Null);
    assert_eq!(missed, Some(vec![]));
    newest
}

fn each_change_comes_in_order_and_names_the_one_before(gateway: Gateway) {
    let app = gateway.app();
    let person = app.user();
    let mut socket = Socket::of(app, own_token(&person));
    let mut last = ready(&mut socket);
    let id = person.task("write");
    let path = format!("/api/tasks/{id}");
    person
        .patch(&path, &json!({"title": "write more", "tags": ["a"]}))
        .expect(200);
    person.post_empty(&format!("{path}/complete")).expect(200);
    let seen = socket.follow(&mut last, 3);
    assert_eq!(
        seen.iter().map(told).collect::<Vec<_>>(),
        [
            ("task_created", "write"),
            ("task_updated", "write more"),
            ("task_completed", "write more")
        ]
        .map(|(kind, title)| (kind.to_owned(), title.to_owned()))
    );
    let task = person.get(&path).expect(200);
    assert_eq!(
        seen[2]["event"]["update_data"], task,
        "the task as the API shows it"
    );
    assert_eq!(person.delete(&path).status, 204);
    let deleted = socket.follow(&mut last, 1).remove(0);
    assert_eq!(deleted["event"]["event_type"], "task_deleted");
    assert_eq!(deleted["event"]["task_id"], id);

    person.chat("add buy milk", None);
    let by_chat = socket.follow(&mut last, 1).remove(0);
    assert_eq!(told(&by_chat).0, "task_created");
    assert!(
        told(&by_chat).1.to_lowercase().contains("milk"),
        "{by_chat}"
    );

    // Each carries the id of its event, and its data.
    app.settle(20);
    let event = app
        .events("task-updates")
        .into_iter()
        .find(|it| it.id == text(&by_chat, "event_id"));
    let data: Value = event.expect("the event").payload().expect("JSON");
    assert_eq!(by_chat["event"], data);
}

fn a_reminder_that_is_due_comes(gateway: Gateway) {
    let app = gateway.app();
    let person = app.user();
    let mut socket = Socket::of(app, own_token(&person));
    let due = chrono::Utc::now() + chrono::TimeDelta::seconds(3);
    let task = person.create(&json!({
        "title": "tea", "due_date": due.to_rfc3339(), "reminders": ["PT1S"]
    }));
    assert_eq!(told(&socket.update()).0, "task_created");
    let notification = socket.update();
    assert_eq!(notification["event"]["event_type"], "notification");
    assert_eq!(notification["event"]["task_id"], task["id"]);
    let inbox = person.notifications();
    assert_eq!(notification["event"]["update_data"]["id"], inbox[0]["id"]);
}

fn all_devices_of_a_person_see_the_same(gateway: Gateway) {
    let app = gateway.app();
    let person = app.user();
    let mut devices: Vec<Socket> = (0..5)
        .map(|_| Socket::of(app, own_token(&person)))
        .collect();
    person.task("one");
    person.task("two");
    let expected = [devices[0].update(), devices[0].update()];
    for device in &mut devices[1..] {
        assert_eq!([device.update(), device.update()], expected);
    }
    // One that leaves disturbs none of the others.
    let gone = devices.remove(0);
    assert!(matches!(gone.close(), Some(1000 | 1005) | None));
    person.task("three");
    for device in &mut devices {
        assert_eq!(told(&device.update()).1, "three");
    }
}

fn many_changes_at_once_come_in_order(gateway: Gateway) {
    let app = gateway.app();
    let person = app.user();
    let mut socket = Socket::of(app, own_token(&person));
    let mut last = ready(&mut socket);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let person: &User = &person;
            scope.spawn(move || {
                for n in 0..25 {
                    person.task(&format!("{thread} {n}"));
                }
            });
        }
    });
    let seen = socket.follow(&mut last, 100);
    for thread in 0..4 {
        let prefix = format!("{thread} ");
        let titles = seen.iter().map(|it| told(it).1);
        let of_thread: Vec<String> = titles.filter(|title| title.starts_with(&prefix)).collect();
        let expected: Vec<String> = (0..25).map(|n| format!("{thread} {n}")).collect();
        assert_eq!(of_thread, expected);
    }
    assert_eq!(socket.resume(&json!(last)), (Some(vec![]), last));
}

fn a_ping_is_answered(gateway: Gateway) {
    let app = gateway.app();
    let mut socket = Socket::of(app, own_token(&app.user()));
    let start = Instant::now();
    socket.send(&json!({"type": "ping"}));
    assert_eq!(socket.raw().to_text().expect("text"), r#"{"type":"pong"}"#);
    socket.send_raw(tungstenite::Message::Ping("here".into()));
    let pong = socket.raw();
    assert!(
        matches!(&pong, tungstenite::Message::Pong(content) if content == "here"),
        "{pong}"
    );
    assert!(start.elapsed() < Duration::from_secs(5));
}
