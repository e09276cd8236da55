//! What a person notices.

use serde_json::{Value, json};
use tests::{Stack, TestApp, wait_for};

use crate::mail::Mailbox;
use crate::{complete, in_seconds, prefer_email, text};

#[test]
fn completing_a_recurring_task_in_the_chat_reaches_every_service() {
    let app = TestApp::builder().tick_each_second().start_or_share();
    let person = app.user();
    person.chat("water the plants every 3 days at 8am", None);
    let first = person.tasks().remove(0);
    assert!(first["recurrence_pattern"].is_string(), "{first}");
    person.chat("I watered the plants", None);

    let next = wait_for("the next instance", 60, || {
        person
            .tasks()
            .into_iter()
            .find(|task| task["status"] == "pending")
    });
    assert_eq!(next["title"], first["title"]);
    let due = |task: &serde_json::Value| {
        chrono::DateTime::parse_from_rfc3339(text(task, "due_date")).expect("a due date")
    };
    assert_eq!((due(&next) - due(&first)).num_hours(), 72);
    app.settle(20);

    let kinds: Vec<(String, String)> = person
        .audit()
        .iter()
        .map(|it| {
            (
                text(it, "event_type").to_owned(),
                text(it, "task_id").to_owned(),
            )
        })
        .collect();
    let of = |id: &str| -> Vec<&str> {
        let mine = kinds.iter().filter(|(_, task)| task == id);
        mine.map(|(kind, _)| kind.as_str()).collect()
    };
    let of_first = of(text(&first, "id"));
    assert_eq!(of_first.first(), Some(&"task_created"));
    assert!(of_first.contains(&"task_completed"), "{kinds:?}");
    let of_next = of(text(&next, "id"));
    assert!(of_next.contains(&"task_created"), "{kinds:?}");
    assert!(of_next.contains(&"reminder_scheduled"), "{kinds:?}");

    let updates: Vec<String> = app
        .events_of(&person, "task-updates")
        .into_iter()
        .map(|event| event.event_type)
        .collect();
    assert_eq!(updates, ["task_created", "task_completed", "task_created"]);
    app.events("task-events");
    app.events("reminders");
    app.command(&["audit", "verify"]);
}

#[test]
fn a_due_reminder_comes_by_mail_and_in_the_application() {
    let (app, mail) = Mailbox::start();
    let (person, other) = (app.user(), app.user());
    prefer_email(&person);
    let task = person.create(&json!({
        "title": "Pay rent 🏠", "due_date": in_seconds(4), "reminders": ["PT1S"]
    }));
    let notification = wait_for("the notification", 60, || {
        person
            .notifications()
            .into_iter()
            .find(|it| it["task_id"] == task["id"])
    });
    assert!(
        notification["title"]
            .as_str()
            .is_some_and(|title| title.contains("Pay rent 🏠"))
    );
    assert_eq!(notification["read_at"], json!(null));
    assert!(other.notifications().is_empty());

    let message = wait_for("the mail", 60, || mail.to(&person).pop());
    assert!(message.contains("Pay rent"), "{message}");
    app.settle(20);
    assert_eq!(mail.to(&person).len(), 1);
    assert_eq!(person.notifications().len(), 1);

    let all_until =
        |moment: &str| person.post_empty(&format!("/api/notifications/read?until={moment}"));
    all_until("yesterday").invalid("until");
    assert_eq!(all_until("2026-01-01T00:00:00Z").expect(200)["read"], 0);

    let path = format!("/api/notifications/{}/read", text(&notification, "id"));
    other.post_empty(&path).error(404);
    assert!(person.post_empty(&path).expect(200)["read_at"].is_string());
    assert_eq!(person.get("/api/notifications").expect(200)["unread"], 0);

    let triggered = app
        .events_of(&person, "reminders")
        .into_iter()
        .filter(|event| event.event_type == "reminder_triggered");
    assert_eq!(triggered.count(), 1);
    let data = wait_for("the other devices to hear that it was read", 30, || {
        let event = app.events_of(&person, "task-updates").pop()?;
        assert_eq!(event.event_type, "notification");
        let data: Value = serde_json::from_str(&event.data).expect("JSON");
        let update = data["update_data"].clone();
        update["read_at"].is_string().then_some(update)
    });
    assert_eq!(
        (&data["id"], &data["unread"]),
        (&notification["id"], &json!(0))
    );
}

#[test]
fn reminders_follow_the_task() {
    let app = TestApp::builder().tick_each_second().start_or_share();
    let person = app.user();
    let due =
        |seconds| json!({"title": "t", "due_date": in_seconds(seconds), "reminders": ["PT1S"]});
    let moved = person.create(&due(5));
    let (done, deleted, kept) = (
        person.create(&due(5)),
        person.create(&due(5)),
        person.create(&due(5)),
    );
    let path = |task: &serde_json::Value| format!("/api/tasks/{}", text(task, "id"));
    person
        .patch(&path(&moved), &json!({"due_date": in_seconds(3600)}))
        .expect(200);
    complete(&person, text(&done, "id"));
    person.delete(&path(&deleted)).expect(204);
    wait_for("the reminder of the task that is left", 60, || {
        person
            .notifications()
            .into_iter()
            .find(|it| it["task_id"] == kept["id"])
    });
    std::thread::sleep(std::time::Duration::from_secs(2));
    app.settle(20);
    assert_eq!(person.notifications().len(), 1);
}

#[test]
fn an_erased_person_leaves_a_trail_without_data() {
    let app = TestApp::builder().tick_each_second().start_or_share();
    let (person, other) = (app.user(), app.user());
    for person in [&person, &other] {
        let title = format!("secret of {}", person.id);
        person.create(&json!({"title": title, "due_date": in_seconds(3), "reminders": ["PT1S"]}));
        wait_for("the notification", 60, || person.notifications().pop());
    }
    app.settle(20);
    let entries = person.audit().len();
    person
        .send(
            person
                .request("DELETE", "/api/users/me")
                .json(&json!({"password": person.password})),
        )
        .expect(204);
    person.get("/api/users/me").error(401);
    app.settle(20);
    let holds = match Stack::here() {
        Stack::Embedded | Stack::Dapr => file_holds,
        // Its pages and its log are PostgreSQL's to clean (docs/postgresql.md).
        Stack::Distributed => schema_holds,
    };
    for label in ["tasks", "reminders", "notifications", "audit"] {
        assert!(
            !holds(&app, label, &format!("secret of {}", person.id)),
            "{label} still holds the title"
        );
        assert!(
            holds(&app, label, &format!("secret of {}", other.id)),
            "{label} holds the other's"
        );
    }
    assert_eq!(
        app.count(
            "audit",
            &format!(
                "SELECT count(*) FROM entries WHERE user_id = '{}'",
                person.id
            )
        ),
        entries as i64 + 1,
    );
    app.command(&["audit", "verify"]);
    other.create(&json!({"title": "goes on"}));
}

/// Whether a text is anywhere in a database's file.
fn file_holds(app: &TestApp, label: &str, text: &str) -> bool {
    // What is only in the write-ahead log reaches the file when it is checkpointed.
    wait_for("a checkpoint", 30, || {
        (app.count(label, "PRAGMA wal_checkpoint(TRUNCATE)") == 0).then_some(())
    });
    let path = app.state_dir().join(label).with_extension("db");
    let bytes = std::fs::read(&path).expect("the file");
    bytes
        .windows(text.len())
        .any(|part| part == text.as_bytes())
}

/// Whether a text is in any row of a database's schema.
fn schema_holds(app: &TestApp, label: &str, text: &str) -> bool {
    let tables = format!("SELECT tablename FROM pg_tables WHERE schemaname = '{label}'");
    app.query(label, &tables).iter().any(|table| {
        let rows =
            format!("SELECT count(*) FROM {table} AS it WHERE CAST(it AS text) LIKE '%{text}%'");
        app.count(label, &rows) > 0
    })
}
