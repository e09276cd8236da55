//! The Kafka trigger: order, failures, dead letters, and mistakes in the manifest.

use std::collections::BTreeMap;

use event_log::DeadLetter;
use serde_json::{Value, json};
use tests::{TestApp, wait_for};

use crate::triggers::{
    Recorder, SOON, again, application, id, kafka, manifest, publish, seen, settled, written,
};

fn dead_letters(app: &TestApp, topic: &str) -> Vec<DeadLetter> {
    app.log_reader()
        .dead_letters(Some(topic), 100)
        .expect("the dead letters")
}

/// The host's log lines with this message part about this event.
fn told(app: &TestApp, event: &str, part: &str) -> Vec<String> {
    let log = app.log();
    let lines = log.lines().filter(|line| {
        line.contains(part)
            && (line.contains(&format!("\"{event}\""))
                || line.contains(&format!("event_id={event} ")))
    });
    lines.map(str::to_owned).collect()
}

#[test]
fn events_of_one_key_keep_their_order_and_other_keys_pass_one_that_retries() {
    let recorder = Recorder::start();
    let triggers = kafka(
        "\"t\"",
        "single",
        &format!("batch = 1\nmax_attempts = 1000\n{SOON}"),
    ) + &kafka("\"u\"", "batched", "");
    let app = application(&triggers).start();
    for n in 0..10 {
        let payload = |key: &str| match (key, n) {
            ("stuck", 1) => json!({"do": "retry"}),
            ("late", 1) => json!({"do": "retry", "times": 2}),
            _ => recorder.call(&format!("{key}/{n}")),
        };
        for key in ["stuck", "late", "a", "b", "c", "d"] {
            publish(&app, "t", key, &format!("{key}-{n}"), &payload(key));
        }
        for key in ["e", "f", "g", "h"] {
            publish(&app, "u", key, &format!("{key}-{n}"), &payload(key));
        }
    }
    // `stuck` gets one through, `late` all but that which calls nobody, the others all.
    recorder.wait(1 + 9 + 4 * 10 + 4 * 10);
    wait_for("that the one that is stuck is tried again", 30, || {
        (seen(&app, "stuck-1") >= 4).then_some(())
    });
    wait_for("that all else is through", 30, || {
        (app.lag("single") == 9 && app.lag("batched") == 0).then_some(())
    });
    let all: Vec<u32> = (0..10).collect();
    let mut order: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    for name in recorder.arrived() {
        let (key, number) = name.split_once('/').expect("a key");
        let number = number.parse().expect("a number");
        order.entry(key.to_owned()).or_default().push(number);
    }
    for (key, numbers) in &order {
        match key.as_str() {
            "stuck" => assert_eq!(numbers, &[0]),
            "late" => assert_eq!(numbers, &[0, 2, 3, 4, 5, 6, 7, 8, 9]),
            _ => assert_eq!(numbers, &all, "{key}"),
        }
    }
    assert_eq!(order.len(), 10);
    assert_eq!(seen(&app, "late-1"), 3);
    assert_eq!(seen(&app, "stuck-2"), 0);
    assert!(dead_letters(&app, "t").is_empty());
}

#[test]
fn each_kind_of_failure_counts_and_takes_no_neighbour_along() {
    let actions = [
        ("trap", "the component failed"),
        ("hang", "did not answer in 2 s"),
        ("spin", "did not answer in 2 s"),
        ("miscount", "0 outcomes for 1 events"),
    ];
    let triggers: String = actions
        .iter()
        .map(|(action, _)| {
            kafka(
                &format!("\"{action}\""),
                action,
                &format!("max_attempts = 2\n{SOON}"),
            )
        })
        .collect();
    // Nobody reads the topics yet, so that all of one wait together for the first call.
    let mut app = application("").start();
    for (action, _) in actions {
        for n in 0..9 {
            let payload = if n == 4 {
                json!({"do": action})
            } else {
                json!({})
            };
            publish(
                &app,
                action,
                &format!("key-{n}"),
                &format!("{action}-{n}"),
                &payload,
            );
        }
    }
    app.kill();
    let app = again(&app, &triggers)
        .argument("--event-timeout")
        .argument("2")
        .start();
    for (action, reason) in actions {
        settled(&app, action);
        let letters = dead_letters(&app, action);
        let [letter] = &letters[..] else {
            panic!("one dead letter of {action}: {letters:?}")
        };
        let bad = format!("{action}-4");
        assert_eq!(id(&letter.record.envelope), bad);
        assert_eq!(letter.record.position.topic, format!("{action}.dlq"));
        assert!(
            letter.reason.contains(reason),
            "{action}: {}",
            letter.reason
        );
        assert_eq!(letter.attempts, 2, "{action}");
        assert_eq!(
            (letter.group.as_str(), letter.record.key.as_str()),
            (action, "key-4")
        );
        let records = app.records(action);
        assert_eq!(records.len(), 9);
        let origin = records
            .iter()
            .find(|it| id(&it.envelope) == bad)
            .expect("the event");
        assert_eq!(letter.origin, origin.position);
        for n in (0..9).filter(|n| *n != 4) {
            let neighbour = format!("{action}-{n}");
            assert_eq!(
                told(&app, &neighbour, "an event is retried").len(),
                1,
                "{neighbour} was in the failed call"
            );
            let times = seen(&app, &neighbour);
            assert!((1..=2).contains(&times), "{neighbour} came {times} times");
        }
    }
    let batches = written(&app, "consumed");
    assert_eq!(batches.len(), 4 * 9);
    assert!(
        batches.iter().all(|it| it["batch"] == 1),
        "what failed before comes alone"
    );
}

#[test]
fn what_is_rejected_is_given_up_at_once_and_can_be_put_back() {
    let triggers = kafka("\"t\"", "g", "");
    let mut app = application(&triggers).start();
    let reject = json!({"do": "reject", "times": 1});
    publish(&app, "t", "k", "first", &reject);
    publish(&app, "t", "k", "behind", &json!({}));
    settled(&app, "g");
    let letters = dead_letters(&app, "t");
    let [letter] = &letters[..] else {
        panic!("one: {letters:?}")
    };
    assert_eq!(
        (letter.attempts, letter.reason.as_str()),
        (1, "asked to reject")
    );
    assert_eq!((seen(&app, "first"), seen(&app, "behind")), (1, 1));

    // While the host runs.
    let position = letter.record.position.to_string();
    let printed = app.command(&["events", "dlq", "put-back", "--json", &position]);
    let printed: Value = serde_json::from_str(&printed).expect("JSON");
    let records = app.records("t");
    assert_eq!(records.len(), 3);
    let copies: Vec<_> = records
        .iter()
        .filter(|it| id(&it.envelope) == "first")
        .collect();
    assert_eq!(copies.len(), 2);
    assert_eq!(
        copies[0].envelope.len(),
        copies[1].envelope.len(),
        "nothing of the dead letter is left in it"
    );
    assert_eq!(printed["dead_letter"], position);
    assert_eq!(printed["put_back_to"], copies[1].position.to_string());
    settled(&app, "g");
    assert_eq!(seen(&app, "first"), 2);
    let twice = app.try_command(&["events", "dlq", "put-back", &position]);
    assert_eq!(twice.status.code(), Some(1), "{twice:?}");
    assert_eq!(app.records("t").len(), 3);

    // While it does not.
    for n in 0..3 {
        publish(&app, "t", &format!("k{n}"), &format!("later-{n}"), &reject);
    }
    settled(&app, "g");
    assert_eq!(dead_letters(&app, "t").len(), 4);
    app.kill();
    let printed = app.command(&["events", "dlq", "put-back", "--all", "t"]);
    assert_eq!(
        printed.lines().count(),
        3,
        "those that are not back yet: {printed}"
    );
    assert_eq!(app.lag("g"), 3);
    let app = again(&app, &triggers).start();
    settled(&app, "g");
    for n in 0..3 {
        assert_eq!(seen(&app, &format!("later-{n}")), 2);
    }
    let letters = dead_letters(&app, "t");
    assert_eq!(letters.len(), 4, "no new ones");
    assert!(letters.iter().all(|letter| letter.put_back_at.is_some()));
}

#[test]
fn what_is_not_json_is_given_up_at_once_and_what_has_expired_never_comes() {
    let app = application(&kafka("\"t\"", "g", "")).start();
    let envelope = |id: &str, field: &str, value: &str| json!({"id": id, "source": "/test", "type": "asked", "data": {}, field: value});
    let mut bytes = envelope("bytes", "data_base64", "aGVsbG8=");
    bytes.as_object_mut().expect("an object").remove("data");
    for event in [
        bytes,
        envelope("expired", "expiration", "2020-01-01T00:00:00Z"),
        envelope("fresh", "expiration", "2999-01-01T00:00:00Z"),
    ] {
        let answer = app.publish("t", "k", &event);
        assert_eq!(answer.status, 204, "{answer:?}");
    }
    settled(&app, "g");
    let consumed = written(&app, "consumed");
    let ids: Vec<&Value> = consumed.iter().map(|it| &it["id"]).collect();
    assert_eq!(ids, ["fresh"]);
    let letters = dead_letters(&app, "t");
    let [letter] = &letters[..] else {
        panic!("one: {letters:?}")
    };
    assert_eq!(id(&letter.record.envelope), "bytes");
    assert_eq!(letter.attempts, 1);
    assert!(letter.reason.contains("data_base64"), "{}", letter.reason);
}

#[test]
fn mistakes_in_a_trigger_are_named_with_their_line() {
    let good = kafka("\"t\"", "g", "");
    for (triggers, at, words) in [
        (
            kafka("\"t\"", "g", "max_attempt = 3"),
            "max_attempt",
            &["unknown field", "`max_attempts`"][..],
        ),
        (
            good.replace("group = \"g\"\n", ""),
            "component = \"guest\"",
            &["no `group`", "consumer group"],
        ),
        (
            good.repeat(2)
                .replacen("topics = [\"t\"]", "topics = [ \"t\" ]", 1),
            "topics = [\"t\"]",
            &["reads `t` already", "another group"],
        ),
        (
            kafka("\"t\"", "g", "batch = 0"),
            "batch = 0",
            &["a number from 1 to 10000"],
        ),
        (
            kafka("\"t t\"", "g", ""),
            "\"t t\"",
            &["cannot be used", "a-z"],
        ),
        (
            "[[trigger.cron]]\ncomponent = \"guest\"\ncron_expression = \"* * *\"\n".into(),
            "* * *",
            &["cron_expression"],
        ),
    ] {
        let text = manifest(&triggers);
        // The line that a missing field is missing after is that of the table.
        let above = usize::from(at.starts_with("component"));
        let line = text
            .lines()
            .position(|line| line.contains(at))
            .expect("the mistake")
            + 1
            - above;
        let (code, said) = application(&triggers).start_refused();
        assert_eq!(code, 1, "{said}");
        let place = format!("spin.toml:{line}:");
        assert!(said.contains(&place), "{place} in {said}");
        for word in words {
            assert!(said.contains(word), "{word} in {said}");
        }
    }
}
