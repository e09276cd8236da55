//! Every event twice and out of order.

use std::collections::BTreeSet;
use std::time::Duration;

use events::Event;
use serde_json::{Value, json};
use tests::{Builder, Running, Stack, TestApp, User, skip, wait_for};

use crate::{complete, in_seconds, text};

/// What a person can see, and what their reminders are.
fn state(app: &TestApp, person: &User) -> Value {
    let mut tasks = person.tasks();
    tasks.sort_by_key(|task| text(task, "id").to_owned());
    let entries: BTreeSet<String> = person
        .audit()
        .iter()
        .map(|it| text(it, "id").to_owned())
        .collect();
    let mut notifications: Vec<Value> = person
        .notifications()
        .iter()
        .map(|it| json!([it["id"], it["task_id"], it["title"], it["remind_at"]]))
        .collect();
    notifications.sort_by_key(Value::to_string);
    let pending = app.query(
        "reminders",
        &format!(
            "SELECT task_id || ' ' || remind_at FROM reminders WHERE state = 0
               AND task_id IN (SELECT task_id FROM tasks WHERE user_id = '{}') ORDER BY 1",
            person.id
        ),
    );
    json!({"tasks": tasks, "audit": entries, "notifications": notifications, "reminders": pending})
}

/// Tasks made, changed, moved, completed, deleted; a series; reminders due and not.
fn live(app: &TestApp, person: &User) {
    let soon =
        person.create(&json!({"title": "soon", "due_date": in_seconds(3), "reminders": ["PT1S"]}));
    for n in 0..5 {
        let due = in_seconds(86_400 + n);
        let task = person.create(&json!({"title": format!("series {n}"), "due_date": due, "recurrence_pattern": "weekly"}));
        let path = format!("/api/tasks/{}", text(&task, "id"));
        person
            .patch(
                &path,
                &json!({"due_date": in_seconds(172_800 + n), "reminders": ["PT2H", "P1D"]}),
            )
            .expect(200);
        person
            .patch(&path, &json!({"priority": "urgent"}))
            .expect(200);
        match n {
            0 => drop(complete(person, text(&task, "id"))),
            1 => {
                complete(person, text(&task, "id"));
                person.post_empty(&format!("{path}/reopen")).expect(200);
                complete(person, text(&task, "id"));
            }
            2 => drop(person.delete(&path).expect(204)),
            3 => drop(person.patch(&path, &json!({"reminders": []})).expect(200)),
            _ => {}
        }
    }
    wait_for("the notification", 60, || {
        person
            .notifications()
            .into_iter()
            .find(|it| it["task_id"] == soon["id"])
    });
    app.settle(30);
}

/// The person's events of both topics that have consumers, each twice, in an order that depends on `seed` only.
fn shuffled_twice(app: &TestApp, person: &User, seed: u64) -> Vec<Event> {
    let mut events: Vec<Event> = ["task-events", "reminders"]
        .iter()
        .flat_map(|topic| app.events_of(person, topic))
        .flat_map(|event| [event.clone(), event])
        .collect();
    let mut random = seed;
    for at in (1..events.len()).rev() {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        events.swap(at, (random >> 33) as usize % (at + 1));
    }
    events
}

fn publish(app: &TestApp, events: &[Event]) {
    for event in events {
        let envelope = serde_json::from_str(&event.to_json()).expect("JSON");
        let answer = app.publish(&event.topic, &event.key, &envelope);
        assert_eq!(answer.status, 204, "{answer:?}");
    }
}

#[test]
fn events_that_come_again_in_any_order_change_nothing() {
    let app = TestApp::builder().tick_each_second().start_or_share();
    let person = app.user();
    live(&app, &person);
    let before = state(&app, &person);
    assert_ne!(before["reminders"], json!([]), "some are not due");
    for seed in 1..=3 {
        publish(&app, &shuffled_twice(&app, &person, seed));
        app.settle(60);
        assert_eq!(state(&app, &person), before, "seed {seed}");
    }
    // Behind Dapr the group is a sidecar's, which would have to be stopped, and the other tests need it.
    let Running::Own(app) = app else { return };
    let app = replay(*app, "reminder", "task-events");
    let mut person = person;
    person.client.base = app.base();
    app.settle(60);
    assert_eq!(state(&app, &person), before, "after a replay");
}

/// Has a group get a topic again from its first event on. Kafka moves a group only while it has no members.
fn replay(mut app: TestApp, group: &str, topic: &str) -> TestApp {
    let Some(kafka) = app.kafka.clone() else {
        app.command(&[
            "events",
            "replay",
            "--group",
            group,
            "--topic",
            topic,
            "--from-time",
            "2026-01-01T00:00:00Z",
        ]);
        return app;
    };
    app.signal("TERM");
    app.exit_within(Duration::from_secs(60)).expect("it ends");
    kafka.rewind(group, topic);
    TestApp::builder().state_of(&app).tick_each_second().start()
}

/// How an application starts anew that has kept the tasks, and nothing of the services that consume events.
fn only_with_tasks(app: &TestApp) -> Builder {
    let builder = TestApp::builder().state_of(app).tick_each_second();
    let services = ["reminders", "notifications", "audit"];
    match Stack::here() {
        Stack::Embedded | Stack::Dapr => {
            for label in services.into_iter().chain(["events"]) {
                for suffix in ["db", "db-wal", "db-shm"] {
                    let file = app.state_dir().join(label).with_extension(suffix);
                    let _ = std::fs::remove_file(file);
                }
            }
            builder
        }
        Stack::Distributed => {
            for label in services {
                app.query(label, &format!("DROP SCHEMA {label} CASCADE"));
            }
            // Topics and groups of its own, with nothing in them.
            builder.kafka()
        }
    }
}

#[test]
fn services_that_see_events_twice_and_out_of_order_only_end_in_the_same_state() {
    if Stack::here() == Stack::Dapr {
        return skip("it starts services anew that have forgotten all, and the tests share them");
    }
    let mut app = TestApp::builder().tick_each_second().start();
    let person = app.user();
    live(&app, &person);
    let before = state(&app, &person);
    let events = shuffled_twice(&app, &person, 7);
    app.kill();
    let app = only_with_tasks(&app).start();
    let mut person = person;
    person.client.base = app.base();
    publish(&app, &events);
    app.settle(60);
    // What is due already is triggered by the next tick.
    let mut after = state(&app, &person);
    let end = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while after != before && std::time::Instant::now() < end {
        after = state(&app, &person);
    }
    app.settle(60);
    assert_eq!(state(&app, &person), before);
}
