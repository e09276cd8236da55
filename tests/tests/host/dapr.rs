//! Dapr's publish endpoint: what it takes, keeps and refuses.

use std::fs;
use std::net::TcpListener;
use std::process::Command;
use std::sync::LazyLock;

use serde_json::{Value, json};
use tests::{Answer, Client, TestApp, raw, todo};

use crate::triggers::{application, kafka, manifest, settled, written};

const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// The application that most of these tests share.
static APP: LazyLock<TestApp> =
    LazyLock::new(|| application(&kafka("\"consumed\"", "guest", "")).start());

fn client() -> Client {
    Client::new(&format!("http://{}", APP.dapr))
}

/// Sends a body to `/v1.0/publish/pubsub/{target}`.
fn publish(target: &str, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Answer {
    send(
        "POST",
        &format!("/v1.0/publish/pubsub/{target}"),
        headers,
        body,
    )
}

fn send(method: &str, path: &str, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Answer {
    let client = client();
    let mut request = client.request(method, path).body(body.into());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    client.send(request)
}

/// The keys and events of a topic, oldest first.
fn kept(topic: &str) -> Vec<(String, Value)> {
    let read = |record: event_log::Record| {
        let event = serde_json::from_str(&record.envelope).expect("JSON");
        (record.key, event)
    };
    APP.records(topic).into_iter().map(read).collect()
}

/// Fails unless it is an error with this status and Dapr's code.
#[track_caller]
fn assert_error(answer: &Answer, status: u16, code: &str) {
    let body = answer.expect(status);
    assert_eq!(body["errorCode"], code, "{answer:?}");
    assert!(
        body["message"].as_str().is_some_and(|it| !it.is_empty()),
        "{answer:?}"
    );
    assert_eq!(body["details"][0]["domain"], "dapr.io", "{answer:?}");
}

#[test]
fn what_a_body_becomes_is_told_by_its_content_type() {
    for (topic, content_type, body, field, value) in [
        (
            "as-json",
            Some("application/json"),
            "{\"a\":[1]}",
            "data",
            json!({"a": [1]}),
        ),
        (
            "as-text",
            Some("text/plain; charset=utf-8"),
            "hello",
            "data",
            json!("hello"),
        ),
        (
            "as-xml",
            Some("application/xml"),
            "<a/>",
            "data",
            json!("<a/>"),
        ),
        ("as-none", None, "{\"a\":1}", "data", json!("{\"a\":1}")),
        (
            "as-bytes",
            Some("application/octet-stream"),
            "hello",
            "data_base64",
            json!("aGVsbG8="),
        ),
    ] {
        let headers: Vec<(&str, &str)> = content_type
            .map(|it| ("content-type", it))
            .into_iter()
            .collect();
        let answer = publish(topic, &headers, body);
        assert_eq!((answer.status, answer.body.len()), (204, 0), "{answer:?}");
        let kept = kept(topic);
        let [(key, event)] = &kept[..] else {
            panic!("one event of {topic}: {kept:?}")
        };
        assert_eq!(event[field], value, "{event}");
        assert_eq!(
            event["datacontenttype"],
            content_type.unwrap_or("text/plain"),
            "{event}"
        );
        assert_eq!(
            (&event["specversion"], &event["source"]),
            (&json!("1.0"), &json!("triggered"))
        );
        assert_eq!(
            (&event["topic"], &event["pubsubname"]),
            (&json!(topic), &json!("pubsub"))
        );
        assert_eq!(event["id"], *key, "no partition key: {event}");
    }
}

#[test]
fn a_cloud_event_is_kept_and_completed() {
    let event =
        json!({"id": "own", "type": "own.type", "subject": "s", "data": {"a": 1}, "extra": "kept"});
    let headers = [
        (
            "content-type",
            "application/cloudevents+json; charset=utf-8",
        ),
        ("traceparent", TRACEPARENT),
        ("x-correlation-id", "of-the-request"),
    ];
    assert_eq!(
        publish(
            "as-event?metadata.partitionKey=a%20key",
            &headers,
            event.to_string()
        )
        .status,
        204
    );
    let kept = kept("as-event");
    let [(key, kept)] = &kept[..] else {
        panic!("one event: {kept:?}")
    };
    assert_eq!(key, "a key");
    for name in ["id", "type", "subject", "data", "extra"] {
        assert_eq!(kept[name], event[name], "{kept}");
    }
    assert_eq!(
        (&kept["specversion"], &kept["source"]),
        (&json!("1.0"), &json!("Dapr"))
    );
    assert_eq!(kept["correlationid"], "of-the-request");
    let time = kept["time"].as_str().expect("a time");
    assert!(chrono::DateTime::parse_from_rfc3339(time).is_ok(), "{time}");
    let trace = kept["traceparent"].as_str().expect("a trace");
    assert!(trace.starts_with(&TRACEPARENT[..36]), "{trace}");
}

#[test]
fn events_of_one_partition_key_keep_their_order() {
    for n in 0..20 {
        let target = format!("ordered?metadata.partitionKey=key-{}", n % 4);
        let method = if n % 2 == 0 { "POST" } else { "PUT" };
        let path = format!("/v1.0/publish/pubsub/{target}");
        let answer = send(
            method,
            &path,
            &[("content-type", "application/json")],
            n.to_string(),
        );
        assert_eq!(answer.status, 204, "{answer:?}");
    }
    let mut records = APP.records("ordered");
    assert_eq!(records.len(), 20);
    records.sort_by_key(|record| record.position.clone());
    for key in 0..4 {
        let of_key = records
            .iter()
            .filter(|record| record.key == format!("key-{key}"));
        let (partitions, data): (Vec<u32>, Vec<i64>) = of_key
            .map(|record| {
                let event: Value = serde_json::from_str(&record.envelope).expect("JSON");
                (
                    record.position.partition,
                    event["data"].as_i64().expect("a number"),
                )
            })
            .unzip();
        assert_eq!(data, [key, key + 4, key + 8, key + 12, key + 16]);
        assert_eq!(partitions, [partitions[0]; 5], "one key, one partition");
    }
}

#[test]
fn a_consumer_gets_the_correlation_and_the_trace_of_the_request() {
    let headers = [
        ("content-type", "application/json"),
        ("traceparent", TRACEPARENT),
        ("x-correlation-id", "from-afar"),
    ];
    let target = "consumed?metadata.partitionKey=k&metadata.cloudevent.id=traced";
    assert_eq!(publish(target, &headers, "{}").status, 204);
    settled(&APP, "guest");
    let consumed = written(&APP, "consumed");
    let entry = consumed
        .iter()
        .find(|it| it["id"] == "traced")
        .expect("the event");
    assert_eq!(
        (&entry["key"], &entry["topic"]),
        (&json!("k"), &json!("consumed"))
    );
    assert_eq!(entry["correlation_id"], "from-afar");
    let trace = entry["traceparent"].as_str().expect("a trace");
    assert!(trace.starts_with(&TRACEPARENT[..36]), "{trace}");
    assert_eq!(entry["seen"], 1);
}

#[test]
fn mistakes_are_refused_with_dapr_s_codes_and_keep_nothing() {
    let event = [("content-type", "application/cloudevents+json")];
    let not_found = send(
        "POST",
        "/v1.0/publish/other/refused",
        &event,
        "{\"id\":\"1\"}",
    );
    assert_error(&not_found, 404, "ERR_PUBSUB_NOT_FOUND");
    for path in ["/v1.0/publish/pubsub/", "/v1.0/publish/pubsub"] {
        let answer = send("POST", path, &event, "{\"id\":\"1\"}");
        assert_error(&answer, 404, "ERR_TOPIC_NAME_EMPTY");
    }
    for body in [
        "",
        "{",
        "[]",
        "null",
        "{}",
        "{\"id\":7}",
        "{\"id\":\"1\",\"specversion\":\"0.3\"}",
    ] {
        let answer = publish("refused", &event, body);
        assert_error(&answer, 400, "ERR_PUBSUB_CLOUD_EVENTS_SER");
    }
    let raw = publish("refused?metadata.rawPayload=true", &[], "{\"id\":\"1\"}");
    assert_error(&raw, 400, "ERR_PUBSUB_CLOUD_EVENTS_SER");
    for query in ["ttlInSeconds=0", "ttlInSeconds=soon", "rawPayload=perhaps"] {
        let answer = publish(
            &format!("refused?metadata.{query}"),
            &event,
            "{\"id\":\"1\"}",
        );
        assert_error(&answer, 400, "ERR_PUBSUB_REQUEST_METADATA");
    }
    let long = "k".repeat(2000);
    for target in [
        "re%20fused".to_owned(),
        "a/b".to_owned(),
        "t".repeat(250),
        format!("refused?metadata.partitionKey={long}"),
    ] {
        let answer = publish(&target, &event, "{\"id\":\"1\"}");
        assert_error(&answer, 400, "ERR_PUBSUB_PUBLISH_MESSAGE");
    }
    for origin in ["http://localhost:3000", "null"] {
        let headers = [event[0], ("origin", origin)];
        assert_eq!(publish("refused", &headers, "{\"id\":\"1\"}").status, 403);
    }
    assert_eq!(
        send("GET", "/v1.0/publish/pubsub/refused", &[], "").status,
        405
    );
    assert_eq!(
        send("POST", "/v1.0/publish/bulk/pubsub/refused", &event, "[]").status,
        404
    );
    assert_eq!(
        send(
            "POST",
            "/v2.0/publish/pubsub/refused",
            &event,
            "{\"id\":\"1\"}"
        )
        .status,
        404
    );
    assert_eq!(kept("refused"), []);
    assert_eq!(publish("refused", &event, "{\"id\":\"1\"}").status, 204);
    assert_eq!(
        kept("refused").len(),
        1,
        "the same without a mistake is taken"
    );
}

#[test]
fn a_body_of_5_mb_is_too_large_and_one_of_4_mib_is_not() {
    let large = "x".repeat(5_000_000);
    // Written by hand: the answer may come before all is sent.
    let length = ("Content-Length".to_owned(), large.len().to_string());
    let chunked = ("Transfer-Encoding".to_owned(), "chunked".to_owned());
    let chunk = format!("{:x}\r\n{large}\r\n0\r\n\r\n", large.len());
    for ((name, value), body) in [(length, &large), (chunked, &chunk)] {
        let headers = [("Content-Type", "text/plain"), (&name, &value)];
        let request = raw::request("POST", "/v1.0/publish/pubsub/large", &headers, body);
        let received = raw::exchange(APP.dapr, &request);
        assert_eq!(received.status(), Some(413), "{name}: {received:?}");
        let error: Value = serde_json::from_str(received.body()).expect("JSON");
        assert_eq!(error["errorCode"], "ERR_PUBSUB_PUBLISH_MESSAGE", "{error}");
    }
    let text = [("content-type", "text/plain")];
    assert_eq!(kept("large"), []);
    assert_eq!(publish("large", &text, "x".repeat(4 << 20)).status, 204);
    let kept = kept("large");
    assert_eq!(kept[0].1["data"].as_str().map(str::len), Some(4 << 20));
}

#[test]
fn it_is_healthy_and_reached_from_this_machine_only() {
    for path in ["/v1.0/healthz", "/v1.0/healthz/outbound"] {
        assert_eq!(send("GET", path, &[], "").status, 204);
        assert_eq!(send("POST", path, &[], "").status, 405);
    }
    // `address:port … state`, in hexadecimal; 0A is a socket that listens.
    let suffix = format!(":{:04X}", APP.dapr.port());
    let listening: Vec<String> = ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .flat_map(|file| {
            fs::read_to_string(file)
                .unwrap_or_default()
                .lines()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .filter_map(|line| {
            let columns: Vec<&str> = line.split_whitespace().collect();
            let is_it = columns.get(1)?.ends_with(&suffix) && columns.get(3) == Some(&"0A");
            is_it.then(|| columns[1].to_owned())
        })
        .collect();
    assert_eq!(listening, [format!("0100007F{suffix}")]);
}

#[test]
fn a_taken_port_is_refused_and_the_flag_named() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = taken.local_addr().expect("an address").port().to_string();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("spin.toml");
    fs::write(&path, manifest("")).expect("the manifest");
    // Ends it if it does start.
    let output = Command::new("timeout")
        .arg("30")
        .arg(todo())
        .args([
            "up",
            "--listen",
            "127.0.0.1:0",
            "--dapr-http-port",
            &port,
            "-f",
        ])
        .arg(&path)
        .output()
        .expect("timeout runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    for part in ["--dapr-http-port", &port, "in use"] {
        assert!(said.contains(part), "it says {part}: {said}");
    }
}
