//! kill -9 of the whole host, again and again, in a stream of commands.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tests::{Stack, TestApp, User, skip, wait_for};

use crate::mail::MailServer;
use crate::{in_seconds, prefer_email, text};

const WRITERS: usize = 4;

/// How often it is killed: ten times on the distributed stack, where coming back into the groups takes Kafka's session
/// timeout each time.
fn kills() -> u32 {
    // It takes Spin's processes a second or two to come back.
    if Stack::here() == Stack::Distributed || Stack::is_under_spin() {
        10
    } else {
        50
    }
}

/// What was acknowledged.
#[derive(Default)]
struct Acknowledged {
    /// Task and version.
    changes: BTreeSet<(String, i64)>,
    /// Tasks that a reminder falls due for.
    reminded: BTreeSet<String>,
}

#[test]
fn killed_again_and_again_it_does_everything_once() {
    if Stack::here() == Stack::Dapr {
        return skip("it kills what all tests behind Dapr share; tests/dapr kills one of its own");
    }
    let mail = MailServer::start();
    let builder = || mail.configure(TestApp::builder());
    let mut app = builder().tick_each_second().start();
    let person = app.user();
    prefer_email(&person);
    let acknowledged = Mutex::new(Acknowledged::default());

    for round in 0..kills() {
        let person = at(&person, &app);
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for writer in 0..WRITERS {
                let (person, acknowledged, stop) = (&person, &acknowledged, &stop);
                scope
                    .spawn(move || write(person, &format!("{round}.{writer}"), acknowledged, stop));
            }
            // From a start that has hardly answered to one in full flow.
            let milliseconds = u64::from(uuid::Uuid::new_v4().as_bytes()[0]) * 2;
            std::thread::sleep(Duration::from_millis(milliseconds));
            app.kill();
            stop.store(true, Ordering::Relaxed);
        });
        app = builder().state_of(&app).tick_each_second().start();
    }

    let person = at(&person, &app);
    app.settle(120);
    let Acknowledged { changes, reminded } = acknowledged.into_inner().expect("the record");
    let mut notifications = Vec::new();
    wait_for("all reminders", 120, || {
        notifications = person.notifications();
        let told: BTreeSet<&str> = notifications.iter().map(|it| text(it, "task_id")).collect();
        reminded
            .iter()
            .all(|id| told.contains(id.as_str()))
            .then_some(())
    });
    app.settle(120);
    wait_for("that no delivery waits", 120, || {
        let waits = "SELECT count(*) FROM notifications WHERE is_open = 1";
        (app.count("notifications", waits) == 0).then_some(())
    });
    notifications = person.notifications();

    let entries = person.audit();
    let ids: BTreeSet<&str> = entries.iter().map(|it| text(it, "id")).collect();
    assert_eq!(ids.len(), entries.len(), "each event is in the trail once");
    let mut versions: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    for entry in entries.iter().filter(|it| it["topic"] == "task-events") {
        let version = entry["version"].as_i64().expect("a version");
        versions
            .entry(text(entry, "task_id"))
            .or_default()
            .push(version);
    }
    for (task, versions) in &versions {
        let expected: Vec<i64> = (1..=versions.len() as i64).collect();
        assert_eq!(
            versions, &expected,
            "the changes of {task}, in order and once"
        );
    }
    for (task, version) in &changes {
        let known = versions
            .get(task.as_str())
            .is_some_and(|it| it.contains(version));
        assert!(
            known,
            "{task} at version {version} was acknowledged and is not in the trail"
        );
    }

    let all = person.tasks();
    let mut series: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
    for task in all
        .iter()
        .filter(|it| text(it, "title").starts_with("series"))
    {
        let (done, open) = series.entry(text(task, "title")).or_default();
        *if task["status"] == "completed" {
            done
        } else {
            open
        } += 1;
    }
    let mut successors = 0;
    for (title, (done, open)) in &series {
        assert_eq!(*open, 1, "{title}: {done} done");
        successors += done;
    }

    let mut told: BTreeMap<&str, u32> = BTreeMap::new();
    for notification in &notifications {
        *told.entry(text(notification, "task_id")).or_default() += 1;
        let mut sent: BTreeMap<&str, u32> = BTreeMap::new();
        for delivery in notification["deliveries"].as_array().expect("deliveries") {
            if delivery["state"] == "delivered" {
                *sent.entry(text(delivery, "channel")).or_default() += 1;
            }
        }
        assert_eq!(sent.get("in_app"), Some(&1), "{notification:#}");
        assert!(sent.values().all(|times| *times == 1), "{notification:#}");
    }
    assert!(
        told.values().all(|times| *times == 1),
        "each reminder is told once"
    );
    let messages = mail.messages();
    let keys: BTreeSet<&str> = messages.iter().map(|it| it.key.as_str()).collect();
    let by_mail: BTreeSet<&str> = notifications
        .iter()
        .filter(|it| {
            let deliveries = it["deliveries"].as_array().expect("deliveries");
            deliveries
                .iter()
                .any(|it| it["channel"] == "email" && it["state"] == "delivered")
        })
        .map(|it| text(it, "id"))
        .collect();
    assert!(
        by_mail.is_subset(&keys),
        "what is recorded as sent was sent"
    );
    assert!(
        keys.len() <= notifications.len(),
        "no reminder has two keys"
    );
    app.command(&["audit", "verify"]);

    println!(
        "{} kills: {} acknowledged changes, {} audit entries, {} tasks; {successors} completed recurring tasks \
         with one successor each; {} reminders due, {} notifications, {} by mail ({} requests, {} keys)",
        kills(),
        changes.len(),
        entries.len(),
        versions.len(),
        reminded.len(),
        notifications.len(),
        by_mail.len(),
        messages.len(),
        keys.len(),
    );
}

/// The same person, where the application listens now.
fn at(person: &User, app: &TestApp) -> User {
    let mut person = person.clone();
    person.client.base = app.base();
    person
}

/// Sends commands until nobody answers, and notes what was acknowledged.
fn write(person: &User, name: &str, acknowledged: &Mutex<Acknowledged>, stop: &AtomicBool) {
    let attempt = |method: &str, path: &str, body: Value| -> Option<Value> {
        let response = person.request(method, path).json(&body).send().ok()?;
        let status = response.status().as_u16();
        let bytes = response.bytes().ok()?;
        assert!(
            status < 300,
            "{method} {path}: {status} {}",
            String::from_utf8_lossy(&bytes)
        );
        let task: Value = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        if let (Some(id), Some(version)) = (task["id"].as_str(), task["version"].as_i64()) {
            let mut acknowledged = acknowledged.lock().expect("the record");
            acknowledged.changes.insert((id.to_owned(), version));
        }
        Some(task)
    };
    let commands = || -> Option<()> {
        for n in 0.. {
            if stop.load(Ordering::Relaxed) {
                return None;
            }
            let body = match n % 3 {
                0 => {
                    json!({"title": format!("reminded {name}.{n}"), "due_date": in_seconds(4), "reminders": ["PT1S"]})
                }
                1 => {
                    json!({"title": format!("series {name}.{n}"), "due_date": in_seconds(86_400), "recurrence_pattern": "daily"})
                }
                _ => json!({"title": format!("plain {name}.{n}")}),
            };
            let task = attempt("POST", "/api/tasks", body)?;
            let path = format!("/api/tasks/{}", text(&task, "id"));
            match n % 3 {
                0 => {
                    let id = text(&task, "id").to_owned();
                    acknowledged.lock().expect("the record").reminded.insert(id);
                }
                1 => drop(attempt("POST", &format!("{path}/complete"), Value::Null)?),
                _ => {
                    attempt("PATCH", &path, json!({"priority": "high"}))?;
                    attempt("PATCH", &path, json!({"description": name}))?;
                }
            }
        }
        None
    };
    commands();
}
