//! Plain clients of Kafka, which know nothing of us but CloudEvents.

use std::time::Duration;

use rdkafka::config::ClientConfig;
use rdkafka::message::{Header, Headers as _, Message as _, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use serde_json::{Value, json};
use tests::{TestApp, wait_for};

use crate::kafka_of;
use crate::triggers::{application, kafka, settled, written};

/// Writes a record as any client would.
fn write(
    app: &TestApp,
    topic: &str,
    key: Option<&str>,
    headers: &[(&str, &str)],
    value: Option<&str>,
) {
    let topics = kafka_of(app);
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", &topics.direct)
        .create()
        .expect("a producer");
    let topic = format!("{}{topic}", topics.prefix);
    let mut record = BaseRecord::<str, str>::to(&topic);
    record.key = key;
    record.payload = value;
    let headers = headers
        .iter()
        .fold(OwnedHeaders::new(), |all, (key, value)| {
            all.insert(Header {
                key,
                value: Some(*value),
            })
        });
    producer
        .send(record.headers(headers))
        .expect("it is queued");
    producer.flush(Duration::from_secs(30)).expect("it is sent");
}

const EVENT: &str = r#"{"specversion":"1.0","id":"structured","source":"/s","type":"x","partitionkey":"p","data":{}}"#;

#[test]
fn a_plain_clients_events_are_consumed_and_what_is_none_is_a_dead_letter() {
    let app = application(&kafka("\"t\"", "g", "")).start();
    wait_for("the topic", 30, || {
        (!kafka_of(&app).partitions("t").is_empty()).then_some(())
    });
    let json_mode = [("content-type", "application/cloudevents+json")];
    write(&app, "t", None, &json_mode, Some(EVENT));
    let plain = EVENT.replace("structured", "plain");
    write(&app, "t", Some("own key"), &[], Some(&plain));
    let binary = [
        ("ce_specversion", "1.0"),
        ("ce_id", "binary"),
        ("ce_source", "/s"),
        ("ce_type", "x"),
        ("ce_partitionkey", "q"),
        ("ce_correlationid", "c-1"),
        ("content-type", "application/json"),
    ];
    write(&app, "t", None, &binary, Some("{}"));
    for (key, headers, value) in [
        (Some("text"), &[][..], Some("hello")),
        (None, &[], None),
        (Some("broken"), &json_mode[..], Some("{")),
        (
            Some("image"),
            &[binary[0], binary[1], ("content-type", "image/png")],
            Some("png"),
        ),
        (Some("half"), &binary[..2], Some("{}")),
    ] {
        write(&app, "t", key, headers, value);
    }
    settled(&app, "g");
    let consumed = written(&app, "consumed");
    let seen: Vec<(&Value, &Value)> = consumed.iter().map(|it| (&it["id"], &it["key"])).collect();
    let expected = [("binary", "q"), ("plain", "own key"), ("structured", "p")];
    assert_eq!(seen.len(), 3, "{consumed:?}");
    for (seen, (id, key)) in seen.iter().zip(expected) {
        assert_eq!((seen.0, seen.1), (&json!(id), &json!(key)));
    }
    assert_eq!(consumed[0]["correlation_id"], "c-1");

    let mut letters = app.dead_letters("t");
    letters.sort_by(|a, b| a.record.key.cmp(&b.record.key));
    let found: Vec<(&str, &str)> = letters
        .iter()
        .map(|it| (it.record.key.as_str(), it.reason.as_str()))
        .collect();
    let expected = [
        ("", "no value"),
        ("broken", "not JSON"),
        ("half", "no `source`"),
        ("image", "image/png"),
        ("text", "no CloudEvent"),
    ];
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for ((key, reason), (expected_key, word)) in found.iter().zip(expected) {
        assert_eq!(*key, expected_key);
        assert!(reason.contains(word), "{word} in {reason}");
    }
    assert!(letters.iter().all(|it| it.attempts == 1 && it.group == "g"));
    // What it was is kept, headers and all.
    let messages = kafka_of(&app).messages("t.dlq");
    let image = messages
        .iter()
        .find(|it| it.key() == Some(&b"image"[..]))
        .expect("the image");
    assert_eq!(image.payload(), Some(&b"png"[..]));
    assert_eq!(tests::kafka::header(image, "ce_id"), "binary");
}

#[test]
fn of_a_record_as_large_as_can_be_the_dead_letter_is_what_fits() {
    let app = application(&kafka("\"t\"", "g", "")).start();
    wait_for("the topic", 30, || {
        (!kafka_of(&app).partitions("t").is_empty()).then_some(())
    });
    // A producer takes 1,000,000 bytes, and a dead letter has more headers.
    let large = "x".repeat(999_850);
    write(&app, "t", Some("value"), &[("own", "kept")], Some(&large));
    write(&app, "t", Some("header"), &[("own", &large)], Some("none"));
    write(&app, "t", Some("small"), &[], Some(EVENT));
    settled(&app, "g");
    assert_eq!(written(&app, "consumed").len(), 1);
    let mut letters: Vec<_> = kafka_of(&app).messages("t.dlq");
    letters.sort_by(|a, b| a.key().cmp(&b.key()));
    let found: Vec<_> = letters
        .iter()
        .map(|it| {
            let headers = it.headers().expect("why");
            let own = headers.iter().any(|header| header.key == "own");
            (it.key().expect("a key"), it.payload(), own)
        })
        .collect();
    assert_eq!(
        found,
        [(&b"header"[..], None, false), (b"value", None, true)]
    );
}

#[test]
fn a_plain_client_reads_events_that_keep_their_schemas() {
    let app = TestApp::builder().kafka().tick_each_second().start();
    let person = app.user();
    let task = person.task("a task");
    let due = (chrono::Utc::now() + chrono::TimeDelta::seconds(3)).to_rfc3339();
    person.create(&json!({"title": "due", "due_date": due, "reminders": ["PT1S"]}));
    let path = format!("/api/tasks/{task}");
    person
        .patch(&path, &json!({"priority": "high"}))
        .expect(200);
    person.post_empty(&format!("{path}/complete")).expect(200);
    person.delete(&path).expect(204);
    wait_for("the notification", 60, || person.notifications().pop());
    app.settle(60);
    let mut counts = Vec::new();
    for topic in events::TOPICS
        .into_iter()
        .filter(|topic| *topic != events::USER_EVENTS)
    {
        // `events` checks each against its schema.
        let events = app.events(topic);
        assert!(!events.is_empty(), "{topic}");
        let messages = kafka_of(&app).messages(topic);
        assert_eq!(messages.len(), events.len());
        for message in &messages {
            assert_eq!(
                message.key(),
                Some(person.id.as_bytes()),
                "keyed by the person"
            );
        }
        counts.push((topic, events.len()));
    }
    println!("events read by a plain client and valid: {counts:?}");
    let types: Vec<String> = (app.events("task-events").iter())
        .map(|event| event.event_type.clone())
        .collect();
    let expected = [
        "task_created",
        "task_created",
        "task_updated",
        "task_completed",
        "task_deleted",
    ];
    assert_eq!(types, expected);
}
