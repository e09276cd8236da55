//! The publish endpoint as a producer: what it answers when, and what is in Kafka then.

use std::time::{Duration, Instant};

use serde_json::json;
use tests::kafka::{Kafka, header};
use tests::{Client, TestApp, wait_for};

use rdkafka::Message as _;

use crate::kafka_of;
use crate::triggers::{Recorder, application, kafka, publish, settled};

#[test]
fn an_event_is_a_cloud_event_of_its_key_in_a_topic_that_was_made() {
    let app = application("").start();
    for n in 0..20 {
        publish(&app, "new-topic", "k", &format!("e{n}"), &json!({"n": n}));
    }
    let topics = kafka_of(&app);
    assert_eq!(topics.partitions("new-topic").len(), 4, "as configured");
    let messages = topics.messages("new-topic");
    assert_eq!(messages.len(), 20);
    let partition = messages[0].partition();
    for (n, message) in messages.iter().enumerate() {
        assert_eq!(
            (message.key(), message.partition()),
            (Some(&b"k"[..]), partition)
        );
        let content_type = header(message, "content-type");
        assert_eq!(content_type, "application/cloudevents+json; charset=utf-8");
        let event: serde_json::Value =
            serde_json::from_slice(message.payload().expect("a value")).expect("JSON");
        assert_eq!(event["id"], format!("e{n}"), "in their order");
        assert_eq!(event["data"], json!({"n": n}));
    }
}

#[test]
fn what_cannot_be_published_is_told_from_what_cannot_be_now() {
    let app = application("").start();
    let client = Client::new(&format!("http://{}", app.dapr));
    let post = |topic: &str, body: String| {
        let path = format!("/v1.0/publish/pubsub/{topic}");
        client.send(client.request("POST", &path).body(body))
    };
    assert_eq!(post("t%20t", "x".into()).status, 400);
    assert_eq!(post(&"t".repeat(300), "x".into()).status, 400);
    // More than the brokers take by their default.
    let answer = post("t", "x".repeat(2_000_000));
    assert_eq!(
        answer.expect(400)["errorCode"],
        "ERR_PUBSUB_PUBLISH_MESSAGE"
    );
    assert_eq!(post("t", "x".into()).status, 204);
}

#[test]
fn without_a_broker_it_starts_serves_and_refuses_to_publish() {
    let mut broker = servers::Kafka::start();
    let topics = Kafka::new(&broker.brokers(), &broker.direct.to_string());
    broker.kill();
    let recorder = Recorder::start();
    let app = application(&kafka("\"t\"", "g", ""))
        .kafka_at(topics.into())
        .start();
    let asked = Instant::now();
    let event =
        json!({"id": "1", "source": "/test", "type": "asked", "data": recorder.call("first")});
    let answer = app.publish("t", "k", &event);
    assert_eq!(
        answer.expect(500)["errorCode"],
        "ERR_PUBSUB_PUBLISH_MESSAGE"
    );
    assert!(
        asked.elapsed() < Duration::from_secs(25),
        "{:?}",
        asked.elapsed()
    );

    broker.restart();
    wait_for("that it can be published", 60, || {
        (app.publish("t", "k", &event).status == 204).then_some(())
    });
    recorder.wait(1);
    settled(&app, "g");

    // Again, with everything connected.
    broker.kill();
    assert_eq!(app.publish("t", "k", &event).status, 500);
    assert_eq!(app.client().get("/.well-known/spin/health").status, 200);
    broker.restart();
    wait_for("that it can be published again", 60, || {
        (app.publish("t", "k", &event).status == 204).then_some(())
    });
    wait_for("that the group is through", 60, || {
        (app.lag("g") == 0).then_some(())
    });
}

#[test]
fn mistakes_in_the_configuration_are_named_with_their_line() {
    for (section, words) in [
        ("[kafka]\n", &["[kafka] has no `brokers`"][..]),
        ("[kafka]\nbrokers = \"\"\n", &["names none"]),
        (
            "[kafka]\nbrokers = \"b:1\"\npartition = 3\n",
            &["unknown field", "`partitions`"],
        ),
        (
            "[kafka]\nbrokers = \"b:1\"\npartitions = 0\n",
            &["`partitions` cannot be used"],
        ),
        (
            "[kafka]\nbrokers = \"b:1\"\ntopic_prefix = \"a/b\"\n",
            &["cannot begin so"],
        ),
        (
            "[kafka]\nbrokers = \"b:1\"\n[kafka.options]\n\"no.such\" = \"1\"\n",
            &["librdkafka", "no.such"],
        ),
        (
            "[kafka]\nbrokers = \"b:1\"\n[kafka.options]\n\"group.id\" = \"g\"\n",
            &["`group.id` cannot be set"],
        ),
        (
            "[kafka]\nbrokers = \"b:1\"\n[kafka.sasl]\nmechanism = \"X\"\nusername = \"u\"\npassword = \"p\"\n",
            &["unknown mechanism"],
        ),
        (
            "[kafka]\nbrokers = \"b:1\"\n[kafka.sasl]\nmechanism = \"PLAIN\"\nusername = \"u\"\n",
            &["password_file"],
        ),
    ] {
        let (code, said) = TestApp::builder().runtime_config(section).start_refused();
        assert_eq!(code, 1, "{said}");
        for word in words {
            assert!(said.contains(word), "{word} in {said}");
        }
    }
}
