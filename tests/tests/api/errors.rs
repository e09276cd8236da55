//! Each error of the contract: its status, its JSON, its headers.

use rusqlite::Connection;
use serde_json::{Value, json};
use tests::{Stack, TestApp, api, skip};
use uuid::Uuid;

use crate::{is_external, text, user};

/// Method and path of every route of the Todo API that needs a token.
const PROTECTED: [(&str, &str); 19] = [
    ("POST", "/api/auth/logout"),
    ("GET", "/api/users/me"),
    ("PATCH", "/api/users/me"),
    ("GET", "/api/tasks"),
    ("POST", "/api/tasks"),
    ("GET", "/api/tasks/ID"),
    ("PUT", "/api/tasks/ID"),
    ("PATCH", "/api/tasks/ID"),
    ("DELETE", "/api/tasks/ID"),
    ("POST", "/api/tasks/ID/complete"),
    ("POST", "/api/tasks/ID/reopen"),
    ("GET", "/api/search/tasks"),
    ("GET", "/api/tags"),
    ("GET", "/api/stats"),
    ("POST", "/api/chat"),
    ("POST", "/api/ID/chat"),
    ("GET", "/api/chat/ID"),
    ("GET", "/api/search/tasks?q=x"),
    ("GET", "/api/tasks?limit=bad"),
];

/// The routes that take a JSON body.
const WITH_BODY: [(&str, &str); 8] = [
    ("POST", "/api/auth/register"),
    ("POST", "/api/auth/login"),
    ("POST", "/api/auth/refresh"),
    ("PATCH", "/api/users/me"),
    ("POST", "/api/tasks"),
    ("PUT", "/api/tasks/ID"),
    ("PATCH", "/api/tasks/ID"),
    ("POST", "/api/chat"),
];

#[test]
fn without_a_good_token_every_route_answers_401() {
    let id = Uuid::new_v4().to_string();
    for (method, path) in PROTECTED {
        let path = path.replace("ID", &id);
        for client in [api(), api().with_token("nonsense")] {
            let answer = client.send(client.request(method, &path));
            answer.error(401);
            // RFC 9110, section 11.6.1.
            assert!(
                answer.header("www-authenticate").starts_with("Bearer"),
                "{answer:?}"
            );
        }
    }
    for scheme in ["Basic dXNlcjpwYXNz", "Bearer", "Bearer ", "bearer", ""] {
        let request = api()
            .request("GET", "/api/tasks")
            .header("authorization", scheme);
        api().send(request).error(401);
    }
}

#[test]
fn malformed_json_answers_400() {
    let person = user();
    let path = |path: &str| path.replace("ID", &person.task("target"));
    for (method, route) in WITH_BODY {
        for body in [
            "",
            "{",
            "{\"title\": \"x\"",
            "{'title': 'x'}",
            "title=x",
            "{\"title\": \"x\"} trailing",
            "\u{feff}",
        ] {
            person.json_bytes(method, &path(route), body).error(400);
        }
        person
            .json_bytes(method, &path(route), vec![0xff, 0xfe, 0x00])
            .error(400);
    }
}

#[test]
fn json_that_is_no_object_is_refused() {
    let person = user();
    for (method, route) in WITH_BODY {
        let path = route.replace("ID", &person.task("target"));
        for body in ["null", "1", "\"x\"", "[]", "true"] {
            let answer = person.json_bytes(method, &path, body);
            assert!(matches!(answer.status, 400 | 422), "{answer:?}");
            answer.error(answer.status);
        }
    }
}

#[test]
fn another_content_type_answers_415() {
    let person = user();
    for (method, route) in WITH_BODY {
        let path = route.replace("ID", &person.task("target"));
        for content_type in [
            "text/plain",
            "application/xml",
            "application/x-www-form-urlencoded",
        ] {
            let request = person
                .request(method, &path)
                .header("content-type", content_type);
            person.send(request.body("{\"title\": \"x\"}")).error(415);
        }
        person
            .send(person.request(method, &path).body("{\"title\": \"x\"}"))
            .error(415);
    }
    let request = person
        .request("POST", "/api/tasks")
        .header("content-type", "Application/JSON; charset=utf-8");
    person.send(request.body("{\"title\": \"x\"}")).expect(201);
}

#[test]
fn a_body_over_a_mebibyte_answers_413() {
    let person = user();
    let body = |length: usize| {
        let frame = "{\"title\":\"t\",\"description\":\"\"}".len();
        format!(
            "{{\"title\":\"t\",\"description\":\"{}\"}}",
            "d".repeat(length - frame)
        )
    };
    person
        .json_bytes("POST", "/api/tasks", body((1 << 20) + 1))
        .error(413);
    // One byte less is read, and found to break another rule.
    person
        .json_bytes("POST", "/api/tasks", body(1 << 20))
        .invalid("description");
}

#[test]
fn an_unknown_path_answers_404() {
    let person = user();
    for path in [
        "/api",
        "/api/",
        "/api/nothing",
        "/api/tasks/",
        "/api/v9/tasks",
        "/api/tasks/x/y/z",
    ] {
        person.get(path).error(404);
    }
}

#[test]
fn a_wrong_method_answers_405_and_names_the_right_ones() {
    let person = user();
    for (method, path, allowed) in [
        ("DELETE", "/api/tasks", "GET"),
        ("POST", "/api/tags", "GET"),
        ("GET", "/api/auth/login", "POST"),
        ("GET", "/api/chat", "POST"),
        ("PUT", "/api/users/me", "PATCH"),
        ("POST", "/healthz", "GET"),
        ("BREW", "/api/tasks", "POST"),
    ] {
        let answer = person.send(person.request(method, path));
        answer.error(405);
        assert!(answer.header("allow").contains(allowed), "{answer:?}");
    }
}

#[test]
fn every_answer_can_be_traced() {
    let one = api().get("/api/tasks").error(401);
    let two = api().get("/api/tasks").error(401);
    assert_ne!(one["correlation_id"], two["correlation_id"]);

    let given = "my-correlation-id-1";
    let answer = api().send(
        api()
            .request("GET", "/api/tasks")
            .header("x-correlation-id", given),
    );
    assert_eq!(text(&answer.error(401), "correlation_id"), given);
    assert_eq!(answer.header("x-correlation-id"), given);
    let person = user();
    assert!(
        !person
            .get("/api/tasks")
            .header("x-correlation-id")
            .is_empty()
    );

    // Whatever a client gives as its id comes back harmless.
    let long = "x".repeat(5000);
    let answer = api().send(
        api()
            .request("GET", "/api/tasks")
            .header("x-correlation-id", &long),
    );
    assert!(text(&answer.error(401), "correlation_id").len() < 1000);
}

#[test]
fn over_the_limit_answers_429_and_says_when_to_come_back() {
    if is_external() {
        return skip("it needs an application with a low rate limit");
    }
    let app = TestApp::builder()
        .variable("rate_limit_per_minute", "5")
        .start();
    let (one, two) = (app.user(), app.user());
    let mut remaining = Vec::new();
    for _ in 0..5 {
        let answer = one.get("/api/tags");
        answer.expect(200);
        assert_eq!(answer.header("ratelimit-limit"), "5", "{answer:?}");
        let left: u64 = answer
            .header("ratelimit-remaining")
            .parse()
            .expect("a number");
        let reset: u64 = answer.header("ratelimit-reset").parse().expect("a number");
        // Requests are counted by slices of the window, of which the oldest may reach back further.
        assert!(reset <= 66, "{answer:?}");
        remaining.push(left);
    }
    assert_eq!(remaining, [4, 3, 2, 1, 0]);

    let refused = one.get("/api/tags");
    assert_eq!(refused.error(429)["detail"], "Rate limit exceeded");
    let wait: u64 = refused.header("retry-after").parse().expect("seconds");
    assert!((1..=66).contains(&wait), "{refused:?}");
    assert_eq!(refused.header("ratelimit-remaining"), "0");

    two.get("/api/tags").expect(200);
    app.assert_alive();
    assert_eq!(
        app.client().get("/readyz").status,
        200,
        "health is not limited"
    );
}

#[test]
fn limits_count_per_person_and_else_per_address() {
    if is_external() {
        return skip("it needs an application with a low rate limit");
    }
    let app = TestApp::builder()
        .variable("rate_limit_per_minute", "10")
        .start();
    let wrong = json!({ "email": "nobody@example.com", "password": "wrong wrong" });
    let statuses: Vec<u16> = (0..15)
        .map(|_| app.client().post("/api/auth/login", &wrong).status)
        .collect();
    assert_eq!(statuses[..10], [401; 10], "{statuses:?}");
    assert_eq!(statuses[10..], [429; 5], "{statuses:?}");

    // A header cannot make one client look like many.
    let client = app.client();
    for header in [
        "x-forwarded-for",
        "forwarded",
        "x-real-ip",
        "spin-client-addr",
    ] {
        let request = client
            .request("POST", "/api/auth/login")
            .header(header, "for=203.0.113.9");
        client.send(request.json(&wrong)).error(429);
    }
}

#[test]
fn the_hour_has_a_limit_too_and_concurrent_requests_do_not_pass_it() {
    if is_external() {
        return skip("it needs an application with a low rate limit");
    }
    let app = TestApp::builder()
        .variable("rate_limit_per_hour", "20")
        .start();
    let person = app.user();
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let tries: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    (0..5)
                        .map(|_| person.get("/api/tags").status)
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        tries
            .into_iter()
            .flat_map(|thread| thread.join().expect("answers"))
            .collect()
    });
    assert_eq!(
        statuses.iter().filter(|status| **status == 200).count(),
        20,
        "{statuses:?}"
    );
    assert_eq!(
        statuses.iter().filter(|status| **status == 429).count(),
        20,
        "{statuses:?}"
    );
}

#[test]
fn while_the_database_is_busy_writes_answer_503_and_reads_go_on() {
    if is_external() {
        return skip("it needs the files of the application");
    }
    if Stack::here() == Stack::Distributed {
        return skip("it locks a SQLite file; PostgreSQL has no lock that stops all writers only");
    }
    let app = TestApp::start();
    let person = app.user();
    person.task("before");
    let database = Connection::open(app.state_dir().join("tasks.db")).expect("the tasks database");
    database
        .execute_batch("BEGIN IMMEDIATE")
        .expect("the write lock");

    let refused = person.post("/api/tasks", &json!({ "title": "during" }));
    refused.error(503);
    assert!(!refused.header("retry-after").is_empty(), "{refused:?}");
    assert_eq!(person.titles(&[]), ["before"]);

    database
        .execute_batch("ROLLBACK")
        .expect("the lock is given back");
    person.task("after");
    assert_eq!(person.titles(&[]), ["after", "before"]);
}

#[test]
fn without_its_database_the_service_is_not_ready_and_shows_no_internals() {
    if is_external() {
        return skip("it needs the database of the application");
    }
    let app = TestApp::start();
    let person = app.user();
    match Stack::here() {
        Stack::Embedded | Stack::Dapr => drop_tables(&app),
        Stack::Distributed => assert!(app.query("tasks", "DROP SCHEMA tasks CASCADE").is_empty()),
    }

    let answer = person.post("/api/tasks", &json!({ "title": "x" }));
    let body = answer.error(answer.status);
    assert!(matches!(answer.status, 500 | 503), "{answer:?}");
    let shown = body.to_string().to_lowercase();
    for internal in ["sql", "table", "panick", ".rs", "no such"] {
        assert!(
            !shown.contains(internal),
            "a 5xx never shows internals: {shown}"
        );
    }
    assert_eq!(app.client().get("/healthz").status, 200);
}

/// Removes the tables of the tasks database.
fn drop_tables(app: &TestApp) {
    let database = Connection::open(app.state_dir().join("tasks.db")).expect("the tasks database");
    let tables: Vec<String> = database
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND sql NOT LIKE '%VIRTUAL%'")
        .and_then(|mut query| query.query_map([], |row| row.get(0))?.collect())
        .expect("its tables");
    database
        .execute_batch("PRAGMA foreign_keys = OFF")
        .expect("a pragma");
    for table in &tables {
        // What FTS5 keeps for itself cannot be dropped, and need not be.
        let _ = database.execute_batch(&format!("DROP TABLE \"{table}\""));
    }
}

#[test]
fn errors_are_about_the_first_thing_that_is_wrong() {
    // Who may not come in learns nothing about the body.
    api().json_bytes("POST", "/api/tasks", "{").error(401);
    // An absent task is absent, whatever one wants to change about it.
    let person = user();
    let path = format!("/api/tasks/{}", Uuid::new_v4());
    let answer = person.patch(&path, &json!({ "title": Value::Null }));
    assert!(matches!(answer.status, 404 | 422), "{answer:?}");
}
