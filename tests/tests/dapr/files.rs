//! Every file of `dapr/`, as a sidecar understands it, and `spin-dapr.toml` beside `spin.toml`.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;
use tests::dapr::SERVICES;
use tests::{Client, root, wait_for};

use crate::platform;

fn metadata(sidecar: &Client, token: &str) -> Value {
    let request = sidecar
        .request("GET", "/v1.0/metadata")
        .header("dapr-api-token", token);
    sidecar.send(request).expect(200)
}

fn names(list: &Value, field: &str) -> BTreeSet<String> {
    let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
    let names = list
        .iter()
        .map(|it| it[field].as_str().unwrap_or_default().to_owned());
    names.collect()
}

#[test]
fn each_sidecar_has_the_components_and_subscriptions_of_its_service() {
    let platform = platform();
    for service in SERVICES {
        let metadata = metadata(&platform.sidecar(service), &platform.dapr_token);
        let mut components = vec!["kafka-pubsub", "secretstore"];
        let (own, topics): (&[&str], &[&str]) = match service {
            "todo-api" => (&["statestore", "todo-api-cron"], &[]),
            "reminder" => (&["reminder-cron"], &["task-events", "user-events"]),
            "notification" => (
                &["email", "notification-cron", "sms"],
                &["reminders", "user-events"],
            ),
            "audit" => (&[], &["reminders", "task-events", "user-events"]),
            _ => (&[], &["task-updates", "user-events"]),
        };
        components.extend(own);
        let expected: BTreeSet<String> = components.into_iter().map(str::to_owned).collect();
        assert_eq!(
            names(&metadata["components"], "name"),
            expected,
            "{service}"
        );
        let subscriptions = &metadata["subscriptions"];
        let expected: BTreeSet<String> = topics.iter().map(|topic| (*topic).to_owned()).collect();
        assert_eq!(names(subscriptions, "topic"), expected, "{service}");
        for subscription in subscriptions.as_array().into_iter().flatten() {
            let topic = subscription["topic"].as_str().unwrap_or_default();
            assert_eq!(subscription["deadLetterTopic"], format!("{topic}.dlq"));
        }
    }
}

#[test]
fn the_configurations_of_a_cluster_let_nobody_in_who_cannot_be_told_apart() {
    let platform = platform();
    let token = platform.user().token.clone().expect("a token");
    for (file, service) in [("todo-api", "guarded-api"), ("service", "guarded-service")] {
        // On one machine sidecars find each other in a file.
        let path = platform.files().path(&format!("configuration/{file}.yaml"));
        let local = fs::read_to_string(platform.files().path("configuration/local.yaml"));
        let local = local.expect("a file");
        let (_, resolution) = local.split_once("  nameResolution:").expect("a section");
        let text = fs::read_to_string(&path).expect("a file");
        let copy = platform.files().path(&format!("{service}.yaml"));
        fs::write(&copy, format!("{text}  nameResolution:{resolution}")).expect("a file");

        let guarded = platform
            .files()
            .sidecar(service)
            .config(copy)
            .app(platform.app.address)
            .start();
        let asking = platform.sidecar("reminder").with_token(&token);
        let answer = wait_for("that the sidecar is found", 60, || {
            let path = format!("/v1.0/invoke/{service}/method/api/users/me");
            let request = asking
                .request("GET", &path)
                .header("dapr-api-token", &platform.dapr_token);
            let answer = asking.send(request);
            (!answer.text().contains("ERR_DIRECT_INVOKE") || answer.status == 403).then_some(answer)
        });
        assert_eq!(answer.status, 403, "{answer:?}\n{}", guarded.log());
    }
}

/// The variables of each component of a manifest.
fn variables(manifest: &str, component: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(root().join(manifest)).expect("a manifest");
    let heading = format!("\n[component.{component}.variables]\n");
    let Some((_, rest)) = text.split_once(&heading) else {
        return BTreeSet::new();
    };
    let section = rest.split("\n[").next().unwrap_or_default();
    let names = section.lines().filter_map(|line| line.split_once(" = "));
    names.map(|(name, _)| name.to_owned()).collect()
}

#[test]
fn the_second_manifest_gives_each_service_what_the_first_does() {
    for (service, components) in [
        ("todo-api", &["todo-api", "todo-api-cron"][..]),
        ("reminder", &["reminder", "reminder-cron"]),
        (
            "notification",
            &["notification", "notification-events", "notification-cron"],
        ),
        ("audit", &["audit", "audit-events"]),
        ("websocket", &["websocket", "websocket-events"]),
        ("web", &["web"]),
    ] {
        let wanted = variables("spin.toml", service);
        for component in components {
            let given = variables("spin-dapr.toml", component);
            let missing: Vec<_> = wanted.difference(&given).collect();
            assert!(
                missing.is_empty(),
                "{component} of spin-dapr.toml lacks {missing:?}"
            );
        }
    }
}
