//! Subscriptions that the application declares itself at `/dapr/subscribe`.

use std::fs;

use serde_json::{Value, json};
use servers::{Daprd, free_port};
use tests::{Client, TestApp, wait_for};
use uuid::Uuid;

#[test]
fn a_topic_that_is_declared_twice_is_delivered_once() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let write = |name: &str, value: Value| {
        fs::write(folder.path().join(name), value.to_string()).expect("a file");
    };
    write(
        "pubsub.yaml",
        json!({
            "apiVersion": "dapr.io/v1alpha1",
            "kind": "Component",
            "metadata": {"name": "kafka-pubsub"},
            "spec": {"type": "pubsub.in-memory", "version": "v1", "metadata": []},
        }),
    );
    // Nothing answers this route: were it used, the event would be given up.
    write(
        "subscription.yaml",
        json!({
            "apiVersion": "dapr.io/v2alpha1",
            "kind": "Subscription",
            "metadata": {"name": "declared"},
            "spec": {
                "pubsubname": "kafka-pubsub", "topic": "task-events",
                "routes": {"default": "/nowhere"}, "deadLetterTopic": "given-up",
            },
        }),
    );
    let address = free_port();
    let app = TestApp::builder()
        .project_manifest("spin-dapr.toml")
        .edit_manifest(|text| {
            text.replace("route = \"/...\"", "route = \"/page/...\"")
                .replace("route = \"/audit/...\"", "route = \"/...\"")
                .replace(
                    "[component.audit-events.variables]\n",
                    "[component.audit-events.variables]\nsubscriptions = \"task-events, reminders\"\n",
                )
        })
        .argument("-c")
        .argument("audit")
        .argument("-c")
        .argument("audit-events")
        .listen(address)
        .ready_path("/dapr/subscribe")
        .start();
    let sidecar = Daprd::builder("audit")
        .resources(folder.path())
        .app(address)
        .start();
    let sidecar = Client::new(&sidecar.url());
    wait_for("the application's own subscription", 60, || {
        let metadata = sidecar.get("/v1.0/metadata").expect(200);
        let subscriptions = metadata["subscriptions"].as_array()?;
        let mut declared = subscriptions.iter().map(|it| {
            let path = &it["rules"][0]["path"];
            [&it["topic"], &it["deadLetterTopic"], path]
        });
        let own = ["task-events", "task-events.dlq", "/events/task-events"];
        declared.any(|it| it == own).then_some(())
    });

    let (person, task) = (Uuid::new_v4(), Uuid::new_v4());
    let now = crate::in_seconds(0);
    let event = json!({
        "specversion": "1.0", "id": Uuid::new_v4(), "source": "/test", "type": "task_deleted",
        "subject": task, "time": now, "datacontenttype": "application/json", "partitionkey": person,
        "data": {
            "event_type": "task_deleted", "task_id": task, "user_id": person, "timestamp": now,
            "task_data": {
                "id": task, "title": "t", "description": null, "status": "pending", "priority": "low",
                "due_date": null, "created_at": now, "updated_at": now, "completed_at": null, "tags": [],
                "user_id": person, "recurrence_pattern": null, "reminders": [], "version": 2,
            },
        },
    });
    let request = sidecar
        .request("POST", "/v1.0/publish/kafka-pubsub/task-events")
        .header("content-type", "application/cloudevents+json")
        .body(event.to_string());
    assert_eq!(sidecar.send(request).status, 204);
    wait_for("the audit entry", 60, || {
        // The service makes its database when it is first asked.
        app.state_dir().join("audit.db").exists().then_some(())?;
        let tables = "SELECT count(*) FROM sqlite_schema WHERE name = 'entries'";
        (app.count("audit", tables) == 1).then_some(())?;
        let sql = format!("SELECT count(*) FROM entries WHERE task_id = '{task}'");
        (app.count("audit", &sql) == 1).then_some(())
    });
}
