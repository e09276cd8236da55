//! Who is let in, and as whom: TLS, passwords, and members that the group knows again.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use servers::Certificate;
use tests::kafka::{Kafka, Member};
use tests::{TestApp, User, wait_for};

use crate::triggers::{again, application, kafka, publish, settled};

const PASSWORD: &str = "open-sesame-19";
const WRONG: &str = "abracadabra-83";

/// The settings of a client that trusts this certificate's authority.
fn settings(certificate: &Certificate, password: &str) -> String {
    format!(
        "tls = {{ ca = \"{}\" }}\n\
         sasl = {{ mechanism = \"SCRAM-SHA-512\", username = \"todo\", password = \"{password}\" }}\n",
        certificate.authority().display()
    )
}

/// The tasks in the person's trail, oldest first.
fn trail(person: &User) -> Vec<String> {
    let entries = person.audit();
    let task = |entry: &serde_json::Value| entry["task_id"].as_str().expect("an id").to_owned();
    entries.iter().map(task).collect()
}

#[test]
fn it_is_let_in_over_tls_with_its_password_and_loses_nothing_while_it_is_kept_out() {
    let (certificate, unknown) = (Certificate::new(), Certificate::new());
    let broker = servers::Kafka::start_secured("todo", PASSWORD, &certificate);
    let topics = Kafka::new(&broker.brokers(), &broker.direct.to_string());
    let right = settings(&certificate, PASSWORD);
    let mut app = TestApp::builder()
        .kafka_at(topics.into())
        .kafka_settings(&right)
        .tick_each_second()
        .start();
    let mut person = app.user();
    let mut tasks = vec![person.task("let in")];
    app.settle(60);
    assert_eq!(trail(&person), tasks);

    let restarted = |app: &mut TestApp, settings: &str| {
        app.kill();
        TestApp::builder()
            .state_of(app)
            .kafka_settings(settings)
            .tick_each_second()
            .start()
    };
    for (kept_out, (settings, reason)) in (1..).zip([
        (settings(&certificate, WRONG), "SASL authentication error"),
        (
            settings(&unknown, PASSWORD),
            "broker certificate could not be verified",
        ),
    ]) {
        assert!(!app.log().contains(reason), "not before");
        app = restarted(&mut app, &settings);
        person.client.base = app.base();
        tasks.push(person.task(reason));
        wait_for("that the log says why", 60, || {
            app.log().contains(reason).then_some(())
        });
        assert_eq!(person.get("/api/tasks").status, 200);
        let kept = "SELECT count(*) FROM outbox WHERE published_at IS NULL";
        assert!(app.count("tasks", kept) >= kept_out);
    }

    app = restarted(&mut app, &right);
    person.client.base = app.base();
    app.settle(120);
    assert_eq!(trail(&person), tasks);
    let log = app.log();
    for password in [PASSWORD, WRONG] {
        assert!(!log.contains(password), "{password} is in the log:\n{log}");
    }
}

/// The member that is restarted and the other one, once they have all four partitions.
fn members(topics: &Kafka, group: &str) -> [Member; 2] {
    wait_for("that the partitions are shared out", 120, || {
        let mut members: [Member; 2] = topics.members(group)?.try_into().ok()?;
        members.sort_by_key(|member| !member.id.starts_with("restarted-"));
        let held = members.iter().map(|member| member.partitions.len());
        (held.sum::<usize>() == 4).then_some(members)
    })
}

/// How often partitions came to a host or went.
fn moves(app: &TestApp) -> usize {
    let log = app.log();
    let count = |what: &str| log.matches(what).count();
    count("partitions assigned") + count("partitions revoked")
}

#[test]
fn a_static_member_that_is_back_in_time_has_its_partitions_and_nobody_notices() {
    let triggers = kafka("\"t\"", "g", "");
    let brokers = servers::kafka::shared();
    let mut topics = Kafka::new(&brokers, &brokers);
    topics.session_timeout = 120_000;
    let topics = Arc::new(topics);
    let instance = |name: &str| format!("group_instance_id = \"{name}\"\n");
    let start = |name: &str| {
        application(&triggers)
            .kafka_at(Arc::clone(&topics))
            .kafka_settings(&instance(name))
            .start()
    };
    let (mut app, other) = (start("restarted"), start("other"));
    let consumed = |of: &str| {
        for n in 0..20 {
            let name = format!("{of}-{n}");
            publish(&other, "t", &name, &name, &json!({}));
        }
        settled(&other, "g");
    };
    members(&topics, "idle");
    members(&topics, "g");
    consumed("first");
    let ([mut before, its], moved) = (members(&topics, "g"), moves(&other));
    assert!(before.id.starts_with("restarted-") && its.id.starts_with("other-"));
    assert_eq!(before.partitions.len(), 2);

    for signal in ["TERM", "KILL"] {
        app.signal(signal);
        assert!(app.exit_within(Duration::from_secs(30)).is_some());
        app = again(&app, &triggers)
            .kafka_settings(&instance("restarted"))
            .start();
        let [after, still] = wait_for("that it is back", 60, || {
            let members = members(&topics, "g");
            (members[0].id != before.id).then_some(members)
        });
        assert_eq!(after.partitions, before.partitions, "after {signal}");
        assert_eq!(still, its, "after {signal}");
        consumed(signal);
        assert_eq!(moves(&other), moved, "after {signal}: {}", other.log());
        before = after;
    }
}
