//! Bad events, bad consumers, bad disks.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use event_log::DeadLetter;
use rusqlite::Connection;
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use serde_json::json;
use tests::{Stack, TestApp, User, root, skip, todo, wait_for};

use crate::text;

/// Why a test does not run where there are no files to lock or fill, if this is such a place.
fn without_files() -> Option<&'static str> {
    match Stack::here() {
        Stack::Embedded => None,
        Stack::Distributed => {
            Some("it locks or fills files of the embedded stack; servers keep nothing in them")
        }
        Stack::Dapr => Some("it locks or fills files, which all tests behind Dapr share"),
    }
}

/// Publishes an event that can never be consumed, for two consumers.
fn poison(app: &TestApp, person: &User) {
    let poison = json!({
        "specversion": "1.0", "id": uuid::Uuid::new_v4(), "source": "/nowhere", "type": "task_created",
        "time": "2026-11-23T10:00:00Z", "datacontenttype": "application/json", "partitionkey": person.id,
        "data": {"event_type": "task_created", "task_id": 7},
    });
    assert_eq!(app.publish("task-events", &person.id, &poison).status, 204);
}

/// Waits for so many dead letters.
fn letters(app: &TestApp, count: usize) -> Vec<DeadLetter> {
    wait_for("the dead letters", 60, || {
        let letters = app.dead_letters("task-events");
        (letters.len() == count).then_some(letters)
    })
}

/// Creates a task and waits until it is in the trail.
fn reaches_the_trail(person: &User, title: &str) {
    let task = person.task(title);
    wait_for("the audit entry", 60, || {
        person.audit().into_iter().find(|it| it["task_id"] == task)
    });
}

#[test]
fn a_poison_event_becomes_a_dead_letter_and_the_rest_flows() {
    if Stack::here() == Stack::Dapr {
        return skip("Dapr's dead letters name neither group nor reason; tests/dapr looks at them");
    }
    let app = TestApp::builder().tick_each_second().start();
    let person = app.user();
    reaches_the_trail(&person, "before");
    poison(&app, &person);
    reaches_the_trail(&person, "after");
    let letters = letters(&app, 2);
    let mut groups: Vec<&str> = letters.iter().map(|it| it.group.as_str()).collect();
    groups.sort_unstable();
    assert_eq!(groups, ["audit", "reminder"]);
    for letter in &letters {
        assert!(!letter.reason.is_empty());
        assert_eq!(letter.origin.topic, "task-events");
    }
    app.settle(30);
}

#[test]
fn a_dead_letter_is_shown_and_put_back() {
    if Stack::here() != Stack::Embedded {
        return skip("`todo events` looks at the embedded log only");
    }
    let app = TestApp::builder().tick_each_second().start();
    poison(&app, &app.user());
    let two = letters(&app, 2);
    let printed = app.command(&["events", "dlq", "list"]);
    for letter in &two {
        assert!(
            printed.contains(&letter.record.position.to_string()),
            "{printed}"
        );
    }

    // Put back, it fails again and comes back as another dead letter.
    app.command(&[
        "events",
        "dlq",
        "put-back",
        &two[0].record.position.to_string(),
    ]);
    letters(&app, 4);
    app.settle(30);
}

#[test]
fn a_consumer_that_always_fails_holds_up_nobody_else() {
    if Stack::here() == Stack::Dapr {
        return skip("it adds a trigger for Kafka, and behind Dapr there are none");
    }
    let guest = root().join("target/wasm32-wasip2/release/test_guest.wasm");
    let app = TestApp::builder()
        .tick_each_second()
        .edit_manifest(|text| {
            format!(
                "{text}\n[[trigger.kafka]]\ncomponent = \"fails\"\ntopics = [\"task-events\"]\ngroup = \"fails\"\n\
                 max_attempts = 1000\nbackoff = {{ initial = \"200ms\", max = \"1s\" }}\n\n\
                 [component.fails]\nsource = \"{}\"\nkey_value_stores = [\"default\"]\nenvironment = {{ CONSUME = \"retry\" }}\n",
                guest.display()
            )
        })
        .start();
    let person = app.user();
    for n in 0..20 {
        person.task(&format!("task {n}"));
    }
    wait_for("that the others are through", 60, || {
        (person.audit().len() == 20 && app.lag("audit") == 0 && app.lag("reminder") == 0)
            .then_some(())
    });
    assert_eq!(app.lag("fails"), 20);
    assert!(app.records("task-events.dlq").is_empty());
    // Kafka's own tools show groups.
    if Stack::here() == Stack::Embedded {
        shows_twenty_behind(&app);
    }
}

fn shows_twenty_behind(app: &TestApp) {
    let printed = app.command(&["events", "groups"]);
    let mut columns = printed
        .lines()
        .find_map(|line| line.strip_prefix("fails "))
        .expect("the group is shown")
        .split_whitespace()
        .skip(1);
    let mut number = || columns.next().and_then(|text| text.parse::<u64>().ok());
    let (lag, waiting) = (number().expect("its lag"), number().expect("what waits"));
    assert_eq!(lag + waiting, 20, "{printed}");
}

#[test]
fn locked_databases_lose_nothing() {
    if let Some(why) = without_files() {
        return skip(why);
    }
    let app = TestApp::builder().tick_each_second().start();
    let person = app.user();
    reaches_the_trail(&person, "before");
    let lock = |label: &str| {
        let database = Connection::open(app.state_dir().join(label).with_extension("db"))
            .expect("the database");
        database
            .busy_timeout(Duration::from_secs(30))
            .expect("a timeout");
        database.execute_batch("BEGIN IMMEDIATE").expect("the lock");
        database
    };
    let locked = [lock("audit"), lock("reminders")];
    let titles: Vec<String> = (0..10)
        .map(|n| person.task(&format!("while locked {n}")))
        .collect();
    std::thread::sleep(Duration::from_secs(7));
    assert_eq!(person.audit().len(), 1);
    drop(locked);
    wait_for("the trail", 60, || {
        (person.audit().len() == titles.len() + 1).then_some(())
    });

    let locked = lock("tasks");
    let answer = person.post("/api/tasks", &json!({"title": "not now"}));
    answer.error(503);
    drop(locked);
    reaches_the_trail(&person, "after");
    assert_eq!(person.audit().len(), titles.len() + 2);
    app.settle(30);
}

#[test]
fn a_full_disk_is_told_and_gets_over() {
    if let Some(why) = without_files() {
        return skip(why);
    }
    if Stack::is_under_spin() {
        return skip("it limits the files of one process, and Spin is several");
    }
    let builder = TestApp::builder();
    // No file can grow beyond the limit, as on a full disk; the signal that comes with it is not wanted.
    let program = builder.state_dir().join("todo");
    fs::write(
        &program,
        format!(
            "#!/bin/sh\ntrap '' XFSZ\nexec {} \"$@\"\n",
            todo().display()
        ),
    )
    .expect("the script");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("it may run");
    let app = builder.binary(&program).tick_each_second().start();
    let person = app.user();
    reaches_the_trail(&person, "before");
    app.settle(30);

    let pid = Pid::from_raw(app.pid() as i32).expect("a process");
    let limit = |bytes: Option<u64>| {
        let limit = Rlimit {
            current: bytes,
            maximum: None,
        };
        prlimit(Some(pid), Resource::Fsize, limit).expect("the limit is set");
    };
    limit(Some(1024));
    for n in 0..5 {
        let answer = person.post("/api/tasks", &json!({"title": format!("no room {n}")}));
        answer.error(503);
    }
    person.get("/api/tasks").expect(200);
    limit(None);
    reaches_the_trail(&person, "after");
    app.settle(60);
    let titles: Vec<String> = person.titles(&[]);
    let trail = person.audit();
    assert_eq!(
        titles.len(),
        trail.len(),
        "what was acknowledged is in the trail: {titles:?}"
    );
    for entry in &trail {
        assert_eq!(text(entry, "event_type"), "task_created");
    }
    app.command(&["audit", "verify"]);
}

#[test]
fn the_log_locked_or_full_delays_and_loses_nothing() {
    if let Some(why) = without_files() {
        return skip(why);
    }
    let app = TestApp::builder().tick_each_second().start();
    let person = app.user();
    reaches_the_trail(&person, "before");
    let database = Connection::open(app.state_dir().join("events.db")).expect("the log");
    database
        .busy_timeout(Duration::from_secs(30))
        .expect("a timeout");
    database.execute_batch("BEGIN IMMEDIATE").expect("the lock");
    for n in 0..10 {
        person.task(&format!("unpublished {n}"));
    }
    std::thread::sleep(Duration::from_secs(7));
    drop(database);
    wait_for("the trail", 60, || {
        (person.audit().len() == 11).then_some(())
    });
    app.settle(30);
}
