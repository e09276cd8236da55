//! The commands of docs/kafka.md, run as they are printed there.

use std::process::Command;

use serde_json::json;
use tests::{TestApp, docs, wait_for};

use crate::kafka_of;

#[test]
fn the_commands_work_as_printed() {
    let metrics = servers::free_port().to_string();
    let app = TestApp::builder()
        .kafka()
        .argument("--metrics-listen")
        .argument(&metrics)
        .start();
    let person = app.user();
    let task = person.task("seen by kcat");
    app.settle(60);
    let kafka = kafka_of(&app);
    let run = |command: &str| {
        let command = command
            .replace("127.0.0.1:9092", &kafka.brokers)
            .replace("todo.", &kafka.prefix)
            .replace("127.0.0.1:9464", &metrics);
        let output = Command::new("bash")
            .args(["-euo", "pipefail", "-c", &command])
            .output()
            .expect("bash runs");
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{command}\n{printed}\n{errors}");
        printed
    };
    let commands = docs::blocks("kafka", "sh");
    let [read, write, measure] = &commands[..] else {
        panic!("three blocks: {commands:?}")
    };
    let printed = run(read);
    let (key, event) = printed.trim().split_once(' ').expect("a key and an event");
    assert_eq!(key, person.id);
    let event: serde_json::Value = serde_json::from_str(event).expect("JSON");
    assert_eq!(event["data"]["task_id"], json!(task));
    run(write);
    let written = kafka.messages("task-updates");
    let by_hand = written
        .iter()
        .find(|it| rdkafka::Message::key(*it) == Some(&b"somebody"[..]));
    assert!(by_hand.is_some());
    let lag = wait_for("the lag of every group", 60, || {
        let printed = run(measure);
        ["reminder", "audit", "notification", "websocket"]
            .iter()
            .all(|group| printed.contains(&format!("group=\"{group}\"")))
            .then_some(printed)
    });
    assert!(lag.contains("partition=\"0\""), "{lag}");
    let all = run("curl -s http://127.0.0.1:9464/metrics");
    for name in [
        "todo_events_published_total{topic=\"task-events\"} 1",
        "todo_events_consumed_total{group=\"audit\",topic=\"task-events\",outcome=\"done\"} 1",
        "todo_http_requests_total{component=\"todo-api\",status=\"201\"}",
        "todo_http_request_duration_seconds_count{component=\"todo-api\"}",
    ] {
        assert!(all.contains(name), "{name} in\n{all}");
    }
}
