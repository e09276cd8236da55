//! Bodies and values that are wrong, odd or too large.

use std::io::Read as _;

use serde_json::json;
use tests::{raw, shared};

use crate::assert_refused;

#[test]
fn deeply_nested_json_is_refused() {
    let person = shared().user();
    let depth = 100_000;
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let nested = format!("{}1{}", open.repeat(depth), close.repeat(depth));
        for body in [
            nested.clone(),
            format!("{{\"title\":{nested}}}"),
            format!("{{\"title\":\"t\",\"x\":{nested}}}"),
            open.repeat(depth),
        ] {
            let answer = person.json_bytes("POST", "/api/tasks", body);
            assert!(matches!(answer.status, 400 | 422), "{answer:?}");
            answer.error(answer.status);
        }
    }
    shared().assert_alive();
}

#[test]
fn ten_megabytes_are_refused_with_and_without_a_length() {
    let app = shared();
    let person = app.user();
    person
        .json_bytes("POST", "/api/tasks", vec![b' '; 10 << 20])
        .error(413);
    person
        .json_bytes("POST", "/api/chat", vec![b'x'; 10 << 20])
        .error(413);
    person
        .client
        .json_bytes("POST", "/api/auth/login", vec![b'['; 10 << 20])
        .error(413);

    // No length: the server has to count.
    let body = reqwest::blocking::Body::new(std::io::repeat(b' ').take(10 << 20));
    let request = person
        .request("POST", "/api/tasks")
        .header("content-type", "application/json");
    match request.body(body).send() {
        Ok(response) => assert_eq!(response.status().as_u16(), 413),
        // It may also close while we still send, but not before it has taken in the limit.
        Err(error) => assert!(error.is_request() || error.is_body(), "{error:?}"),
    }

    // A length that is a lie, too long to be true.
    let head = raw::request(
        "POST",
        "/api/auth/login",
        &[
            ("Content-Type", "application/json"),
            ("Content-Length", "999999999999"),
        ],
        "{}",
    );
    assert_refused(&raw::exchange(app.address, &head), &[413]);
}

#[test]
fn wrong_types_in_any_field_are_named() {
    let person = shared().user();
    let wrong = [
        json!(1),
        json!(true),
        json!([[]]),
        json!({ "a": 1 }),
        json!(1.5e300),
    ];
    for field in [
        "title",
        "description",
        "priority",
        "due_date",
        "tags",
        "reminders",
        "recurrence_pattern",
    ] {
        for value in &wrong {
            let mut body = json!({ "title": "t" });
            body[field] = value.clone();
            person.post("/api/tasks", &body).invalid(field);
        }
    }
    let path = format!("/api/tasks/{}", person.task("t"));
    for field in [
        "title",
        "description",
        "status",
        "priority",
        "due_date",
        "tags",
        "reminders",
        "recurrence_pattern",
    ] {
        for value in &wrong {
            person.patch(&path, &json!({ field: value })).invalid(field);
        }
    }
    for value in &wrong {
        person
            .post("/api/chat", &json!({ "message": value }))
            .invalid("message");
        person
            .post(
                "/api/chat",
                &json!({ "message": "hi", "conversation_id": value }),
            )
            .invalid("conversation_id");
        person
            .patch("/api/users/me", &json!({ "timezone": value }))
            .invalid("timezone");
        for field in ["email", "username", "password"] {
            let mut body =
                json!({ "email": "a@example.com", "username": "abc", "password": "long enough 1" });
            body[field] = value.clone();
            person.post("/api/auth/register", &body).invalid(field);
        }
        person
            .post(
                "/api/auth/login",
                &json!({ "email": value, "password": value }),
            )
            .invalid("email");
        person
            .post("/api/auth/refresh", &json!({ "refresh_token": value }))
            .invalid("refresh_token");
    }
}

/// Texts that break naive code: SQL, markup, formats, emoji, directions, the odd ends of Unicode.
const ODD_TEXTS: [&str; 16] = [
    "'; DROP TABLE tasks; --",
    "\" OR 1=1 --",
    "Robert'); DELETE FROM users WHERE ('1'='1",
    "%s%n%d {0} {{x}} ${jndi:ldap://x} `id` $(id)",
    "<script>alert(1)</script>",
    "👩‍👩‍👧‍👦🏳️‍🌈🇩🇪",
    "\u{202e}right to left\u{202c}",
    "e\u{301}\u{301}\u{301}\u{301}",
    "\u{feff}bom",
    "\u{ffff}\u{fffe}",
    "\u{10ffff}",
    "a\tb\nc\rd",
    "\\x00 \\u0000 \\",
    "../../etc/passwd",
    "NULL",
    "ﷺ",
];

#[test]
fn odd_texts_are_kept_as_they_are_in_every_field() {
    let (person, other) = (shared().user(), shared().user());
    for odd in ODD_TEXTS {
        let is_line = !odd.contains(char::is_control);
        let title = if is_line { odd } else { "a title is one line" };
        let task = person.create(&json!({ "title": title, "description": odd }));
        let path = format!("/api/tasks/{}", task["id"].as_str().expect("an id"));
        let kept = person.get(&path).expect(200);
        assert_eq!(kept["title"], title.trim(), "title");
        if !is_line {
            person
                .post("/api/tasks", &json!({ "title": odd }))
                .invalid("title");
        }
        assert_eq!(kept["description"], odd, "description");

        let answer = person.patch(&path, &json!({ "tags": [odd] }));
        assert!(matches!(answer.status, 200 | 422), "tag: {answer:?}");
        person
            .post(
                "/api/tasks",
                &json!({ "title": "t", "recurrence_pattern": odd }),
            )
            .invalid("recurrence_pattern");
        for query in ["q", "tag"] {
            let answer = person.query("/api/tasks", &[(query, odd)]);
            assert!(matches!(answer.status, 200 | 422), "{query}: {answer:?}");
        }
        let answer = person.query("/api/search/tasks", &[("q", odd)]);
        assert!(matches!(answer.status, 200 | 422), "{answer:?}");
        for sort in [odd, "title; DROP TABLE tasks"] {
            person
                .query("/api/tasks", &[("sort", sort)])
                .invalid("sort");
        }
        person
            .post("/api/auth/login", &json!({ "email": odd, "password": odd }))
            .error(
                person
                    .post("/api/auth/login", &json!({ "email": odd, "password": odd }))
                    .status,
            );
        // Someone without tasks: "drop table tasks" may mean a task of that title.
        other.chat(odd, None);
    }
    assert!(person.get("/api/tasks").expect(200)["total"].as_u64() >= Some(ODD_TEXTS.len() as u64));
}

#[test]
fn nul_is_refused_or_kept_whole() {
    let person = shared().user();
    let answer = person.post(
        "/api/tasks",
        &json!({ "title": "before\u{0}after", "description": "x\u{0}y" }),
    );
    match answer.status {
        201 => assert_eq!(answer.json()["title"], "before\u{0}after", "not cut off"),
        _ => answer.invalid("title"),
    }
    person.query("/api/search/tasks", &[("q", "a\u{0}b")]);
    person.chat("add a\u{0}b", None);
    shared().assert_alive();
}

#[test]
fn lone_surrogates_are_malformed() {
    let person = shared().user();
    for body in [
        r#"{"title": "\ud800"}"#,
        r#"{"title": "\udc00\ud800"}"#,
        r#"{"title": "t", "tags": ["\ud83d"]}"#,
        r#"{"\ud800": 1, "title": "t"}"#,
    ] {
        person.json_bytes("POST", "/api/tasks", body).error(400);
    }
    person
        .json_bytes("POST", "/api/chat", r#"{"message": "\ud800"}"#)
        .error(400);
    // CESU-8: the bytes of a lone surrogate.
    person
        .json_bytes(
            "POST",
            "/api/tasks",
            b"{\"title\": \"\xed\xa0\x80\"}".to_vec(),
        )
        .error(400);
    person
        .json_bytes("POST", "/api/tasks", r#"{"title": "\ud83e\udd80"}"#)
        .expect(201);
}

#[test]
fn the_same_field_twice_is_no_way_around_a_rule() {
    let person = shared().user();
    let answer = person.json_bytes("POST", "/api/tasks", r#"{"title": "", "title": "second"}"#);
    assert!(matches!(answer.status, 201 | 400 | 422), "{answer:?}");
    let answer = person.json_bytes("POST", "/api/tasks", r#"{"title": "first", "title": ""}"#);
    assert!(matches!(answer.status, 400 | 422), "{answer:?}");
}

#[test]
fn huge_numbers_do_not_wrap_around() {
    let person = shared().user();
    for (name, value) in [
        ("limit", "18446744073709551617"),
        ("limit", "4294967297"),
        ("offset", "1e9"),
        ("offset", "-0"),
    ] {
        let answer = person.query("/api/tasks", &[(name, value)]);
        assert!(matches!(answer.status, 200 | 422), "{answer:?}");
    }
    for (offset, status) in [("1000000000", 200), ("1000000001", 422)] {
        let answer = person.query("/api/tasks", &[("offset", offset)]);
        assert_eq!(answer.status, status, "{answer:?}");
    }
    for due in [
        "+292278994-08-17T07:12:55Z",
        "9999-12-31T23:59:59Z",
        "0000-01-01T00:00:00Z",
        "-0001-01-01T00:00:00Z",
        "2030-01-01T00:00:60Z",
        "2030-01-01T00:00:00+99:99",
    ] {
        let answer = person.post("/api/tasks", &json!({ "title": "t", "due_date": due }));
        assert!(matches!(answer.status, 201 | 422), "{due}: {answer:?}");
    }
    person.get("/api/stats").expect(200);
    person.get("/api/tasks?sort=due_date").expect(200);
}
