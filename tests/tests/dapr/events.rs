//! What goes through the broker, seen from both sides.

use serde_json::{Value, json};
use tests::{Client, User, wait_for};
use uuid::Uuid;

use crate::{audited, in_seconds, platform, text, wait_audited};

/// A change of a task, as anybody may publish it.
fn change(person: &User, title: &str) -> Value {
    let (event, task, now) = (Uuid::new_v4(), Uuid::new_v4(), in_seconds(0));
    json!({
        "specversion": "1.0",
        "id": event,
        "source": "/foreign",
        "type": "task_created",
        "subject": task,
        "time": now,
        "datacontenttype": "application/json",
        "partitionkey": person.id,
        "data": {
            "event_type": "task_created",
            "task_id": task,
            "user_id": person.id,
            "timestamp": now,
            "task_data": {
                "id": task, "title": title, "description": null, "status": "pending", "priority": "medium",
                "due_date": null, "created_at": now, "updated_at": now, "completed_at": null, "tags": [],
                "user_id": person.id, "recurrence_pattern": null, "reminders": [], "version": 1,
            },
        },
    })
}

fn publish(sidecar: &Client, topic: &str, query: &str, content_type: &str, body: &str) {
    let path = format!("/v1.0/publish/broker/{topic}{query}");
    let answer = wait_for("that the broker can be published to", 60, || {
        let request = sidecar
            .request("POST", &path)
            .header("content-type", content_type)
            .body(body.to_owned());
        let answer = sidecar.send(request);
        (answer.status != 404 && answer.status != 400).then_some(answer)
    });
    assert_eq!(answer.status, 204, "{answer:?}");
}

#[test]
fn another_publishers_events_are_consumed_however_they_come() {
    const CLOUD_EVENT: &str = "application/cloudevents+json";
    let platform = platform();
    let (sidecar, person) = (platform.foreign_sidecar(), platform.user());
    let sidecar = Client::new(&sidecar.url());
    let key = format!("?metadata.partitionKey={}", person.id);
    let raw = format!("{key}&metadata.rawPayload=true");
    for (query, content_type) in [(&key, CLOUD_EVENT), (&raw, "application/json")] {
        let event = change(&person, "From elsewhere");
        let body = event.to_string();
        publish(&sidecar, "task-events", query, content_type, &body);
        // Twice, as it may happen.
        publish(&sidecar, "task-events", query, content_type, &body);
        let task = text(&event, "subject");
        wait_audited(&person, task, "task_created");
        // What is published behind it comes behind it.
        let last = change(&person, "The last");
        publish(
            &sidecar,
            "task-events",
            query,
            content_type,
            &last.to_string(),
        );
        wait_audited(&person, text(&last, "subject"), "task_created");
        assert_eq!(audited(&person, task), ["task_created"]);
    }
}

#[test]
fn what_no_service_can_take_goes_to_the_dead_letters_and_the_rest_goes_on() {
    let platform = platform();
    let (sidecar, person) = (platform.foreign_sidecar(), platform.user());
    let sidecar = Client::new(&sidecar.url());
    let query = format!("?metadata.partitionKey={}", person.id);
    let mut wrong = change(&person, "Nobody understands this");
    wrong["data"] = json!({"nothing": "of the kind"});
    let right = change(&person, "Everybody understands this");
    for event in [&wrong, &right] {
        let content_type = "application/cloudevents+json";
        publish(
            &sidecar,
            "task-events",
            &query,
            content_type,
            &event.to_string(),
        );
    }
    wait_audited(&person, text(&right, "subject"), "task_created");
    wait_for("the dead letter of both services", 60, || {
        let letters = platform.records("task-events.dlq");
        let mine = letters
            .iter()
            .filter(|(_, letter)| letter["id"] == wrong["id"]);
        // reminder and audit are told of each change.
        (mine.count() >= 2).then_some(())
    });
    assert!(audited(&person, text(&wrong, "subject")).is_empty());
}

#[test]
fn our_events_carry_their_persons_key_and_keep_to_their_schema() {
    let platform = platform();
    let person = platform.user();
    let tasks: Vec<String> = (0..5)
        .map(|n| person.task(&format!("Number {n}")))
        .collect();
    for task in &tasks {
        wait_audited(&person, task, "task_created");
    }
    let records = platform.records("task-events");
    let mine: Vec<&(String, Value)> = (records.iter())
        .filter(|(_, envelope)| envelope["data"]["user_id"] == person.id.as_str())
        .collect();
    let order: Vec<&str> = mine.iter().map(|(_, it)| text(it, "subject")).collect();
    assert_eq!(order, tasks);
    for (key, envelope) in mine {
        assert_eq!(*key, person.id);
        if let Err(errors) = events::schema::validate_json("task-events", envelope) {
            panic!("{errors:#?}\n{envelope:#}");
        }
    }
}

#[test]
fn only_the_sidecar_may_post_events_and_ticks() {
    let platform = platform();
    let client = platform.app.client();
    let post = |path: &str, token: Option<&str>, body: &str| {
        let mut request = client.request("POST", path).body(body.to_owned());
        if let Some(token) = token {
            request = request.header("dapr-api-token", token);
        }
        client.send(request)
    };
    let token = Some(platform.app_token.as_str());
    for path in [
        "/reminder/events/task-events",
        "/audit/events/reminders",
        "/reminder/cron",
    ] {
        assert_eq!(post(path, None, "{}").status, 401, "{path}");
        assert_eq!(post(path, Some("wrong"), "{}").status, 401, "{path}");
    }
    for rubbish in ["", "{", "1", "{}", "[]", r#"{"entries": [1]}"#] {
        let answer = post("/reminder/events/task-events", token, rubbish);
        assert_eq!(answer.expect(200), json!({"status": "DROP"}), "{rubbish}");
    }
    let bulk = json!({"entries": [
        {"entryId": "a", "event": {"no": "event"}}, {"entryId": "b", "event": 1},
    ]});
    let answer = post("/reminder/events/task-events", token, &bulk.to_string());
    assert_eq!(
        answer.expect(200),
        json!({"statuses": [
            {"entryId": "a", "status": "DROP"}, {"entryId": "b", "status": "DROP"},
        ]})
    );
    // Not 404, which Dapr would take for an event that nobody wants.
    assert_eq!(post("/reminder/elsewhere", token, "{}").status, 503);
}
