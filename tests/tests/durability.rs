//! What was acknowledged stays, whatever happens to the host.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};
use tests::{Client, TestApp, raw};

/// The newest acknowledged version of each task; `None`: its deletion was acknowledged.
type Acknowledged = BTreeMap<String, Option<Value>>;

/// Writes until nobody answers; records what was acknowledged, and which tasks had a change in flight.
fn write_until_killed(
    client: &Client,
    seen: &Mutex<(Acknowledged, Vec<String>)>,
    stop: &AtomicBool,
) {
    let attempt = |method: &str, path: &str, body: Option<Value>| {
        let mut request = client.request(method, path);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().ok()?;
        let status = response.status().as_u16();
        let bytes = response.bytes().ok()?;
        assert!(
            status < 300,
            "{method} {path}: {status} {}",
            String::from_utf8_lossy(&bytes)
        );
        Some(serde_json::from_slice::<Value>(&bytes).unwrap_or(Value::Null))
    };
    for n in 0.. {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let body = json!({ "title": format!("task {n}"), "tags": [format!("t{}", n % 7)], "description": "x".repeat(n % 500) });
        let Some(task) = attempt("POST", "/api/tasks", Some(body)) else {
            return;
        };
        let id = task["id"].as_str().expect("an id").to_owned();
        let path = format!("/api/tasks/{id}");
        let record = |value: Option<Value>| {
            seen.lock().expect("the record").0.insert(id.clone(), value);
        };
        record(Some(task));

        let changed = match n % 4 {
            0 => attempt(
                "PATCH",
                &path,
                Some(json!({ "title": format!("renamed {n}"), "priority": "high" })),
            )
            .map(Some),
            1 => attempt("POST", &format!("{path}/complete"), None).map(Some),
            2 => attempt("DELETE", &path, None).map(|_| None),
            _ => continue,
        };
        match changed {
            Some(value) => record(value),
            None => return seen.lock().expect("the record").1.push(id),
        }
    }
}

fn open_read_only(app: &TestApp) -> Connection {
    let path = app.state_dir().join("tasks.db");
    Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("the tasks database")
}

#[test]
fn killed_in_a_stream_of_writes_it_keeps_what_it_acknowledged() {
    let mut app = TestApp::start();
    let people: Vec<_> = (0..4).map(|_| app.user()).collect();
    for round in 0..5_u64 {
        let seen = Mutex::new((Acknowledged::new(), Vec::new()));
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for person in &people {
                let client = person.client.clone();
                let client = Client {
                    base: app.base(),
                    ..client
                };
                let (seen, stop) = (&seen, &stop);
                scope.spawn(move || write_until_killed(&client, seen, stop));
            }
            // Another moment of the stream in each round.
            std::thread::sleep(Duration::from_millis(700 + 230 * round));
            app.kill();
            stop.store(true, Ordering::Relaxed);
        });
        let (acknowledged, in_flight) = seen.into_inner().expect("the record");
        assert!(
            acknowledged.len() > 20,
            "round {round}: a stream of writes, {} tasks",
            acknowledged.len()
        );

        app = app.restart();
        let clients: Vec<Client> = people
            .iter()
            .map(|person| Client {
                base: app.base(),
                ..person.client.clone()
            })
            .collect();
        for (id, expected) in &acknowledged {
            let path = format!("/api/tasks/{id}");
            let found = clients
                .iter()
                .map(|client| client.get(&path))
                .find(|answer| answer.status == 200)
                .map(|answer| answer.json());
            if in_flight.contains(id) {
                // The change was under way: it is there whole, or not at all.
                let before = expected.as_ref().expect("a task that was made");
                assert!(
                    found.is_none()
                        || found
                            .as_ref()
                            .is_some_and(|task| task == before || task["version"] == 2),
                    "{before} became {found:?}"
                );
            } else {
                assert_eq!(&found, expected, "round {round}: task {id}");
            }
        }
        assert_events_match_changes(&app);
    }
}

/// Every version of every task has exactly one event, and no event is about a change that is not there.
fn assert_events_match_changes(app: &TestApp) {
    let database = open_read_only(app);
    let one = |sql: &str| -> i64 {
        database
            .query_row(sql, [], |row| row.get(0))
            .expect("a number")
    };
    assert!(one("SELECT count(*) FROM outbox") > 0);
    assert_eq!(
        one("SELECT count(*) FROM outbox"),
        one("SELECT coalesce(sum(version), 0) FROM tasks"),
        "an event for each version"
    );
    assert_eq!(
        one(
            "SELECT count(*) FROM (SELECT task_id, version FROM outbox GROUP BY 1, 2 HAVING count(*) > 1)"
        ),
        0,
        "no event twice"
    );
    assert_eq!(
        one("SELECT count(*) FROM outbox WHERE task_id NOT IN (SELECT id FROM tasks)"),
        0,
        "no event without its task"
    );
    assert_eq!(
        one(
            "SELECT count(*) FROM tasks JOIN outbox ON task_id = id AND outbox.version = tasks.version WHERE json_extract(data, '$.title') IS NOT title"
        ),
        0,
        "the last event shows the task as it is"
    );
    assert_eq!(
        one("SELECT count(*) FROM outbox WHERE json_valid(data) = 0 OR correlation_id IS NULL"),
        0
    );
    let integrity: String = database
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .expect("a check");
    assert_eq!(integrity, "ok");
}

#[test]
fn every_acknowledged_change_has_its_event() {
    let app = TestApp::start();
    let person = app.user();
    let task = person.create(&json!({ "title": "watched", "tags": ["a"] }));
    let id = task["id"].as_str().expect("an id").to_owned();
    let path = format!("/api/tasks/{id}");
    person.patch(&path, &json!({ "title": "seen" })).expect(200);
    person.post_empty(&format!("{path}/complete")).expect(200);
    person.post_empty(&format!("{path}/complete")).expect(200);
    person.post_empty(&format!("{path}/reopen")).expect(200);
    let request = person
        .request("DELETE", &path)
        .header("x-correlation-id", "the-last-change");
    assert_eq!(person.send(request).status, 204);
    person
        .patch(&path, &json!({ "title": "too late" }))
        .error(404);

    let database = open_read_only(&app);
    let mut query = database
        .prepare("SELECT event_type, version, topic, key, correlation_id FROM outbox WHERE task_id = ?1 ORDER BY seq")
        .expect("the outbox");
    let events: Vec<(String, i64, String, String, String)> = query
        .query_map([&id], |row| {
            Ok((
                row.get(0)?,
                row.get(1)?,
                row.get(2)?,
                row.get(3)?,
                row.get(4)?,
            ))
        })
        .and_then(Iterator::collect)
        .expect("events");
    let kinds: Vec<(&str, i64)> = events
        .iter()
        .map(|event| (event.0.as_str(), event.1))
        .collect();
    assert_eq!(
        kinds,
        [
            ("task_created", 1),
            ("task_updated", 2),
            ("task_completed", 3),
            ("task_updated", 4),
            ("task_deleted", 5)
        ]
    );
    assert!(
        events
            .iter()
            .all(|event| event.2 == "task-events" && event.3 == person.id)
    );
    assert_eq!(events[4].4, "the-last-change");
}

#[test]
fn sign_ins_and_conversations_survive_a_kill() {
    let mut app = TestApp::start();
    let person = app.user();
    let turn = person.chat("add buy milk", None);
    let conversation = turn["conversation_id"].as_str().expect("an id").to_owned();
    app.kill();
    let app = app.restart();
    let client = Client {
        base: app.base(),
        ..person.client.clone()
    };
    assert_eq!(client.titles(&[]), ["buy milk"]);
    client.chat("complete it", Some(&conversation));
    assert_eq!(client.titles(&[("status", "completed")]), ["buy milk"]);
    client
        .post(
            "/api/auth/refresh",
            &json!({ "refresh_token": person.refresh_token }),
        )
        .expect(200);
}

#[test]
fn asked_to_stop_it_finishes_what_runs_and_takes_no_more() {
    for signal in ["TERM", "INT"] {
        let mut app = TestApp::start();
        let person = app.user();
        let token = person.token.clone().expect("a token");
        let body = json!({ "title": "in flight" }).to_string();
        let (first, second) = body.split_at(5);
        let head = format!(
            "POST /api/tasks HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{first}",
            body.len()
        );
        let mut stream = raw::connect(app.address, 10);
        std::io::Write::write_all(&mut stream, head.as_bytes()).expect("half a request");
        // An idle connection must not keep the host from ending.
        let _idle = raw::connect(app.address, 10);
        // The server has the first half once it answers a later request.
        person.get("/api/tasks").expect(200);

        let asked = Instant::now();
        app.signal(signal);
        tests::wait_for("no new connections", 5, || {
            std::net::TcpStream::connect(app.address)
                .is_err()
                .then_some(())
        });
        std::io::Write::write_all(&mut stream, second.as_bytes()).expect("the other half");
        let answer = raw::receive(&mut stream);
        assert_eq!(answer.status(), Some(201), "{answer:?}");

        let status = app
            .exit_within(Duration::from_secs(10))
            .expect("it ends within 10 s");
        assert_eq!(status.code(), Some(0), "SIG{signal}: {status}");
        assert!(asked.elapsed() < Duration::from_secs(10));

        let app = app.restart();
        let client = Client {
            base: app.base(),
            ..person.client.clone()
        };
        assert_eq!(client.titles(&[]), ["in flight"]);
    }
}

#[test]
fn a_request_that_never_ends_does_not_keep_it_from_stopping() {
    let mut app = TestApp::start();
    let mut stream = raw::connect(app.address, 20);
    let head = b"POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{";
    std::io::Write::write_all(&mut stream, head).expect("half a request");
    app.assert_alive();
    app.signal("TERM");
    let status = app
        .exit_within(Duration::from_secs(13))
        .expect("it ends 10 s after it was asked");
    assert_eq!(status.code(), Some(0), "{status}");
}

#[test]
fn the_second_start_answers_within_a_second() {
    let mut app = TestApp::start();
    app.kill();
    let began = Instant::now();
    let app = app.restart();
    let took = began.elapsed();
    app.assert_alive();
    assert!(took < Duration::from_secs(1), "it took {took:?}");
}
