//! Tasks that recur: what the next instance counts from, and skipping one.

use serde_json::{Value, json};
use tests::{Answer, Client};

use crate::{text, user};

fn path(task: &Value) -> String {
    format!("/api/tasks/{}", text(task, "id"))
}

fn skip(client: &Client, task: &Value) -> Answer {
    client.post_empty(&format!("{}/skip", path(task)))
}

#[test]
fn what_the_next_instance_counts_from_is_kept() {
    let person = user();
    let task = person.create(&json!({ "title": "a", "recurrence_pattern": "daily" }));
    assert_eq!(task["recurrence_from"], "due_date");
    let changed = person.patch(&path(&task), &json!({ "recurrence_from": "completion" }));
    assert_eq!(changed.expect(200)["recurrence_from"], "completion");
    let made = person.create(&json!({ "title": "a", "recurrence_from": "completion" }));
    assert_eq!(made["recurrence_from"], "completion");
    for wrong in [json!("start"), json!(1), Value::Null] {
        let body = json!({ "title": "a", "recurrence_from": wrong });
        person.post("/api/tasks", &body).invalid("recurrence_from");
        person.patch(&path(&task), &body).invalid("recurrence_from");
    }
}

#[test]
fn skipping_moves_to_the_next_occurrence_in_the_persons_zone() {
    let person = user();
    person
        .patch("/api/users/me", &json!({ "timezone": "Europe/Berlin" }))
        .expect(200);
    // Sunday, March 29th 2026, is when clocks go forward: 9:00 is 8:00 and then 7:00 in UTC.
    let task = person.create(&json!({
        "title": "a", "recurrence_pattern": "FREQ=DAILY;COUNT=3", "due_date": "2026-03-28T08:00:00Z",
    }));
    let skipped = skip(&person, &task);
    let once = skipped.expect(200);
    assert_eq!(once["due_date"], "2026-03-29T07:00:00Z");
    assert_eq!(once["recurrence_pattern"], "FREQ=DAILY;COUNT=2");
    assert_eq!(
        (&once["status"], &once["version"]),
        (&json!("pending"), &json!(2))
    );
    assert_eq!(skipped.header("etag"), "\"2\"");
    let twice = skip(&person, &task).expect(200);
    assert_eq!(twice["due_date"], "2026-03-30T07:00:00Z");
    skip(&person, &task).error(409);
    assert_eq!(person.get(&path(&task)).expect(200), twice);
}

#[test]
fn only_an_open_recurring_task_of_ones_own_can_be_skipped() {
    let person = user();
    let once = person.create(&json!({ "title": "a", "due_date": "2026-03-28T08:00:00Z" }));
    skip(&person, &once).error(409);
    let task = person.create(&json!({
        "title": "a", "recurrence_pattern": "weekly", "due_date": "2026-03-28T08:00:00Z",
    }));
    skip(&user(), &task).error(404);
    let skip_if = |version: &str| {
        let request = person.request("POST", &format!("{}/skip", path(&task)));
        person.send(request.header("if-match", version))
    };
    skip_if("\"7\"").error(412);
    assert_eq!(
        skip_if("\"1\"").expect(200)["due_date"],
        "2026-04-04T08:00:00Z"
    );
    person
        .post_empty(&format!("{}/complete", path(&task)))
        .expect(200);
    skip(&person, &task).error(409);
}

#[test]
fn a_pattern_is_shown_before_a_task_has_it() {
    let person = user();
    person
        .patch("/api/users/me", &json!({ "timezone": "Europe/Berlin" }))
        .expect(200);
    let preview = |query: &[(&str, &str)]| person.query("/api/recurrence/preview", query);
    // Clocks go forward on Sunday, March 29th 2026.
    let shown = preview(&[
        ("pattern", "rrule:freq=daily;count=4"),
        ("start", "2026-03-27T08:00:00Z"),
    ]);
    let expected = json!({
        "pattern": "FREQ=DAILY;COUNT=4",
        "description": "every day, 4 times",
        "dates": ["2026-03-28T08:00:00Z", "2026-03-29T07:00:00Z", "2026-03-30T07:00:00Z"],
    });
    assert_eq!(shown.expect(200), expected);

    let after = preview(&[
        ("pattern", "FREQ=DAILY;INTERVAL=3"),
        ("recurrence_from", "completion"),
        ("start", "2026-06-03T15:00:00Z"),
        ("count", "2"),
    ]);
    let expected = json!({
        "pattern": "FREQ=DAILY;INTERVAL=3",
        "description": "every 3 days after it is done",
        "dates": ["2026-06-06T15:00:00Z", "2026-06-09T15:00:00Z"],
    });
    assert_eq!(after.expect(200), expected);

    let soon = preview(&[("pattern", "weekdays")]).expect(200);
    assert_eq!(soon["dates"].as_array().map(Vec::len), Some(5));
    let many = preview(&[("pattern", "yearly"), ("count", "20")]).expect(200);
    assert_eq!(many["dates"].as_array().map(Vec::len), Some(20));

    let later = preview(&[
        ("pattern", "daily"),
        ("start", "2026-06-03T08:00:00Z"),
        ("from", "2026-08-01T00:00:00Z"),
        ("count", "1"),
    ]);
    assert_eq!(later.expect(200)["dates"], json!(["2026-08-01T08:00:00Z"]));
    preview(&[]).invalid("pattern");
    preview(&[("pattern", "daily"), ("from", "x")]).invalid("from");
    preview(&[("pattern", "sometimes")]).invalid("pattern");
    preview(&[("pattern", &"FREQ=DAILY;".repeat(100))]).invalid("pattern");
    preview(&[("pattern", "daily"), ("count", "51")]).invalid("count");
    preview(&[("pattern", "daily"), ("start", "x")]).invalid("start");
    tests::api()
        .get("/api/recurrence/preview?pattern=daily")
        .error(401);
}
