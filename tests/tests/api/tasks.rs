//! Making, reading, changing, completing and deleting tasks.

use chrono::DateTime;
use serde_json::{Value, json};
use tests::User;
use uuid::Uuid;

use crate::{text, user};

fn moment(object: &Value, field: &str) -> DateTime<chrono::FixedOffset> {
    let value = text(object, field);
    assert!(value.ends_with('Z'), "{field} is in UTC: {value}");
    DateTime::parse_from_rfc3339(&value).expect("RFC 3339")
}

#[test]
fn a_task_needs_only_a_title() {
    let person = user();
    let answer = person.post("/api/tasks", &json!({ "title": "  Buy milk " }));
    let task = answer.expect(201);
    let id = text(&task, "id");
    assert!(Uuid::parse_str(&id).is_ok());
    assert_eq!(answer.header("location"), format!("/api/tasks/{id}"));
    assert_eq!(text(&task, "title"), "Buy milk");
    assert_eq!(text(&task, "status"), "pending");
    assert_eq!(text(&task, "priority"), "medium");
    assert_eq!(text(&task, "user_id"), person.id);
    assert_eq!(task["tags"], json!([]));
    assert_eq!(task["version"], 1);
    for field in [
        "description",
        "due_date",
        "recurrence_pattern",
        "completed_at",
    ] {
        assert_eq!(
            task.get(field),
            Some(&Value::Null),
            "{field} is there and null"
        );
    }
    assert_eq!(moment(&task, "created_at"), moment(&task, "updated_at"));
    assert_eq!(person.get(&format!("/api/tasks/{id}")).expect(200), task);
}

#[test]
fn a_task_keeps_all_that_it_is_given() {
    let person = user();
    let task = person.create(&json!({
        "title": "Pay rent",
        "description": "by standing order\nor in cash",
        "priority": "urgent",
        "due_date": "2030-03-01T09:00:00+01:00",
        "reminders": ["P1D", "PT30M", "2030-02-20T08:00:00Z"],
        "tags": ["Home", "home", " MONEY "],
        "recurrence_pattern": "monthly",
    }));
    assert_eq!(text(&task, "description"), "by standing order\nor in cash");
    assert_eq!(text(&task, "priority"), "urgent");
    assert_eq!(
        moment(&task, "due_date"),
        DateTime::parse_from_rfc3339("2030-03-01T08:00:00Z").expect("a date")
    );
    assert_eq!(
        task["reminders"],
        json!(["P1D", "PT30M", "2030-02-20T08:00:00Z"])
    );
    assert_eq!(
        task["tags"],
        json!(["home", "money"]),
        "lower-case, trimmed, once"
    );
    assert_eq!(text(&task, "recurrence_pattern"), "monthly");
}

#[test]
fn a_task_without_reminders_takes_the_persons_default() {
    let person = user();
    let due = "2030-01-01T00:00:00Z";
    let task = person.create(&json!({ "title": "default", "due_date": due }));
    assert_eq!(task["reminders"], json!(["PT1H"]));
    let task = person.create(&json!({ "title": "none", "due_date": due, "reminders": [] }));
    assert_eq!(task["reminders"], json!([]));
}

#[test]
fn recurrence_is_a_keyword_or_a_rule() {
    let person = user();
    for pattern in [
        "daily",
        "weekly",
        "monthly",
        "yearly",
        "weekdays",
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU",
        "FREQ=MONTHLY;BYDAY=-1FR",
    ] {
        let task = person.create(&json!({ "title": pattern, "due_date": "2030-01-01T00:00:00Z", "recurrence_pattern": pattern }));
        assert_eq!(text(&task, "recurrence_pattern"), pattern);
    }
    for pattern in [
        "",
        "sometimes",
        "FREQ=NEVER",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;COUNT=-1",
    ] {
        person
            .post(
                "/api/tasks",
                &json!({ "title": "x", "recurrence_pattern": pattern }),
            )
            .invalid("recurrence_pattern");
    }
}

#[test]
fn lengths_count_characters_and_hold_to_the_last_one() {
    let person = user();
    let post = |body: Value| person.post("/api/tasks", &body);
    let wide = "🦀";
    assert_eq!(
        post(json!({ "title": wide.repeat(500) })).expect(201)["title"],
        wide.repeat(500)
    );
    post(json!({ "title": wide.repeat(501) })).invalid("title");
    post(json!({ "title": "t", "description": wide.repeat(10_000) })).expect(201);
    post(json!({ "title": "t", "description": wide.repeat(10_001) })).invalid("description");
    post(json!({ "title": "t", "tags": [wide.repeat(50)] })).expect(201);
    post(json!({ "title": "t", "tags": [wide.repeat(51)] })).invalid("tags");
    let tags = |count: usize| (0..count).map(|n| format!("t{n}")).collect::<Vec<_>>();
    post(json!({ "title": "t", "tags": tags(20) })).expect(201);
    post(json!({ "title": "t", "tags": tags(21) })).invalid("tags");
    let reminders = |count: usize| (1..=count).map(|n| format!("PT{n}M")).collect::<Vec<_>>();
    post(json!({ "title": "t", "due_date": "2030-01-01T00:00:00Z", "reminders": reminders(10) }))
        .expect(201);
    post(json!({ "title": "t", "due_date": "2030-01-01T00:00:00Z", "reminders": reminders(11) }))
        .invalid("reminders");
}

#[test]
fn a_wrong_value_is_named() {
    let person = user();
    let post = |body: Value| person.post("/api/tasks", &body);
    post(json!({})).invalid("title");
    post(json!({ "title": null })).invalid("title");
    post(json!({ "title": "" })).invalid("title");
    post(json!({ "title": " \t\n\u{2003}" })).invalid("title");
    post(json!({ "title": "t", "priority": "sky-high" })).invalid("priority");
    post(json!({ "title": "t", "due_date": "tomorrow" })).invalid("due_date");
    post(json!({ "title": "t", "due_date": "2030-02-30T00:00:00Z" })).invalid("due_date");
    post(json!({ "title": "t", "reminders": ["an hour"] })).invalid("reminders");
    post(json!({ "title": "t", "tags": [" "] })).invalid("tags");

    let all = post(json!({ "title": "", "priority": "x", "due_date": "x", "tags": [""] }));
    for field in ["title", "priority", "due_date", "tags"] {
        all.invalid(field);
    }
    assert_eq!(
        person.get("/api/tasks").expect(200)["total"],
        0,
        "nothing was made"
    );
}

#[test]
fn absent_leaves_and_null_clears() {
    let person = user();
    for method in ["PATCH", "PUT"] {
        let task = person.create(&json!({
            "title": "before", "description": "words", "priority": "high", "tags": ["a"],
            "due_date": "2030-01-01T00:00:00Z", "recurrence_pattern": "daily",
        }));
        let path = format!("/api/tasks/{}", text(&task, "id"));
        let change = |body: Value| person.send(person.request(method, &path).json(&body));

        let renamed = change(json!({ "title": "after" })).expect(200);
        assert_eq!(text(&renamed, "title"), "after");
        for field in [
            "description",
            "priority",
            "tags",
            "due_date",
            "recurrence_pattern",
            "reminders",
            "created_at",
        ] {
            assert_eq!(renamed[field], task[field], "{method} left {field} alone");
        }
        assert_eq!(renamed["version"], 2);
        assert!(moment(&renamed, "updated_at") >= moment(&task, "updated_at"));

        let cleared = change(json!({ "description": null, "due_date": null, "recurrence_pattern": null, "tags": [] })).expect(200);
        for field in ["description", "due_date", "recurrence_pattern"] {
            assert_eq!(cleared[field], Value::Null, "{method} cleared {field}");
        }
        assert_eq!(cleared["tags"], json!([]));
        assert_eq!(text(&cleared, "title"), "after");
        change(json!({ "title": null })).invalid("title");
        change(json!({ "status": "asleep" })).invalid("status");
        assert_eq!(
            person.get(&path).expect(200),
            cleared,
            "a refused change changes nothing"
        );
    }
}

#[test]
fn a_change_that_changes_nothing_is_no_new_version() {
    let person = user();
    let task = person.create(&json!({ "title": "same" }));
    let path = format!("/api/tasks/{}", text(&task, "id"));
    assert_eq!(person.patch(&path, &json!({})).expect(200), task);
    assert_eq!(
        person.patch(&path, &json!({ "title": "same" })).expect(200),
        task
    );
}

#[test]
fn if_match_keeps_one_from_overwriting_the_other() {
    let person = user();
    let path = format!("/api/tasks/{}", person.task("first"));
    let tag = person.get(&path).header("etag").to_owned();
    assert!(
        tag.starts_with('"') && tag.len() > 2,
        "a strong ETag: {tag}"
    );
    let change = |tag: &str, title: &str| {
        person.send(
            person
                .request("PATCH", &path)
                .header("if-match", tag)
                .json(&json!({ "title": title })),
        )
    };

    let changed = change(&tag, "second");
    changed.expect(200);
    change(&tag, "third").error(412);
    let now = person.get(&path);
    assert_eq!(text(&now.expect(200), "title"), "second");
    assert_ne!(now.header("etag"), tag);
    assert_eq!(changed.header("etag"), now.header("etag"));
    change("*", "fourth").expect(200);
    // RFC 9110, section 13.1.1: any of a list, compared strongly.
    let tag = person.get(&path).header("etag").to_owned();
    change(&format!("\"other\", {tag}"), "fifth").expect(200);
    change(&format!("W/{tag}"), "sixth").error(412);
}

#[test]
fn of_two_who_change_the_same_version_one_is_told() {
    let person = user();
    let path = format!("/api/tasks/{}", person.task("start"));
    let tag = person.get(&path).header("etag").to_owned();
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let (person, path, tag) = (&person, &path, &tag);
        let tries: Vec<_> = (0..8)
            .map(|n| {
                scope.spawn(move || {
                    let request = person.request("PATCH", path).header("if-match", tag);
                    person
                        .send(request.json(&json!({ "title": format!("by {n}") })))
                        .status
                })
            })
            .collect();
        tries
            .into_iter()
            .map(|thread| thread.join().expect("an answer"))
            .collect()
    });
    assert_eq!(
        statuses.iter().filter(|status| **status == 200).count(),
        1,
        "{statuses:?}"
    );
    assert_eq!(
        statuses.iter().filter(|status| **status == 412).count(),
        7,
        "{statuses:?}"
    );
}

#[test]
fn completing_and_reopening_can_be_repeated() {
    let person = user();
    let path = format!("/api/tasks/{}", person.task("laundry"));
    let done = person.post_empty(&format!("{path}/complete")).expect(200);
    assert_eq!(text(&done, "status"), "completed");
    moment(&done, "completed_at");
    assert_eq!(
        person.post_empty(&format!("{path}/complete")).expect(200),
        done
    );

    let open = person.post_empty(&format!("{path}/reopen")).expect(200);
    assert_eq!(text(&open, "status"), "pending");
    assert_eq!(open["completed_at"], Value::Null);
    assert_eq!(
        person.post_empty(&format!("{path}/reopen")).expect(200),
        open
    );
    assert_eq!(open["version"], 3);
}

#[test]
fn the_status_can_be_set_like_any_field() {
    let person = user();
    let path = format!("/api/tasks/{}", person.task("essay"));
    for status in ["in_progress", "completed", "cancelled", "pending"] {
        let task = person
            .patch(&path, &json!({ "status": status }))
            .expect(200);
        assert_eq!(text(&task, "status"), status);
        assert_eq!(
            task["completed_at"].is_string(),
            status == "completed",
            "{task}"
        );
    }
}

#[test]
fn a_deleted_task_is_gone() {
    let person = user();
    let path = format!("/api/tasks/{}", person.task("short-lived"));
    let answer = person.delete(&path);
    assert_eq!((answer.status, answer.body.len()), (204, 0));
    person.get(&path).error(404);
    person.delete(&path).error(404);
    person.patch(&path, &json!({ "title": "x" })).error(404);
    person.post_empty(&format!("{path}/complete")).error(404);
    assert_eq!(person.get("/api/tasks").expect(200)["total"], 0);
}

#[test]
fn another_persons_task_is_as_good_as_absent() {
    let (owner, stranger) = (user(), user());
    let id = owner.task("private");
    let before = owner.get(&format!("/api/tasks/{id}")).expect(200);

    let attempts = |person: &User, id: &str| {
        let path = format!("/api/tasks/{id}");
        let change = json!({ "title": "stolen" });
        [
            person.get(&path),
            person.patch(&path, &change),
            person.send(person.request("PUT", &path).json(&change)),
            person.send(
                person
                    .request("PATCH", &path)
                    .header("if-match", "\"1\"")
                    .json(&change),
            ),
            person.post_empty(&format!("{path}/complete")),
            person.post_empty(&format!("{path}/reopen")),
            person.delete(&path),
        ]
    };
    let absent = attempts(&stranger, &Uuid::new_v4().to_string());
    for (theirs, absent) in attempts(&stranger, &id).iter().zip(&absent) {
        assert_eq!(
            theirs.error(404)["detail"]
                .as_str()
                .map(|text| text.replace(&id, "")),
            absent.error(404)["detail"]
                .as_str()
                .map(str::to_owned)
                .map(|text| text
                    .split_whitespace()
                    .map(|word| if Uuid::parse_str(word).is_ok() {
                        ""
                    } else {
                        word
                    })
                    .collect::<Vec<_>>()
                    .join(" ")),
            "no word tells that it exists"
        );
    }
    assert_eq!(owner.get(&format!("/api/tasks/{id}")).expect(200), before);
    assert_eq!(stranger.get("/api/tasks").expect(200)["total"], 0);
    assert_eq!(
        stranger
            .query("/api/search/tasks", &[("q", "private")])
            .expect(200)["total"],
        0
    );
}

#[test]
fn an_id_that_is_no_uuid_is_not_found() {
    let person = user();
    for id in [
        "1",
        "not-a-uuid",
        "%00",
        "'%20OR%201=1--",
        "..%2f..%2fetc%2fpasswd",
    ] {
        person.get(&format!("/api/tasks/{id}")).error(404);
        person.delete(&format!("/api/tasks/{id}")).error(404);
    }
}
