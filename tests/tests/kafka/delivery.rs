//! Consumer groups: order, retries, dead letters, and ends of the host.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use tests::wait_for;

use crate::kafka_of;
use crate::triggers::{
    Recorder, SOON, again, application, id, kafka, publish, seen, settled, written,
};

#[test]
fn events_of_one_key_keep_their_order_and_other_keys_pass_one_that_retries() {
    let recorder = Recorder::start();
    let triggers = kafka(
        "\"t\"",
        "single",
        &format!("batch = 1\nmax_attempts = 1000\n{SOON}"),
    ) + &kafka("\"u\"", "batched", "");
    let mut app = application(&triggers).start();
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
    assert_eq!((seen(&app, "late-1"), seen(&app, "stuck-2")), (3, 0));
    assert!(app.dead_letters("t").is_empty());

    // The next owner goes on where this one was: only the key that is stuck comes again.
    let (calls, tries) = (recorder.arrived().len(), seen(&app, "stuck-1"));
    app.kill();
    let app = again(&app, &triggers).start();
    wait_for(
        "that the one that is stuck comes to the next owner",
        60,
        || (seen(&app, "stuck-1") > tries).then_some(()),
    );
    assert_eq!(app.lag("single"), 9);
    assert_eq!(
        recorder.arrived().len(),
        calls,
        "nothing that was finished came again"
    );
}

#[test]
fn each_kind_of_failure_counts_and_what_failed_comes_alone() {
    let actions = [
        ("trap", "the component failed"),
        ("hang", "did not answer in 2 s"),
        ("miscount", "0 outcomes for 1 events"),
    ];
    let trigger = |(action, _): &(&str, &str)| {
        let fields = format!("max_attempts = 2\n{SOON}");
        kafka(&format!("\"{action}\""), action, &fields)
    };
    let triggers: String = actions.iter().map(trigger).collect();
    let app = application(&triggers)
        .argument("--event-timeout")
        .argument("2")
        .start();
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
    for (action, reason) in actions {
        settled(&app, action);
        let letters = app.dead_letters(action);
        let [letter] = &letters[..] else {
            panic!("one dead letter of {action}: {letters:?}")
        };
        let bad = format!("{action}-4");
        assert_eq!(id(&letter.record.envelope), bad);
        assert!(
            letter.reason.contains(reason),
            "{action}: {}",
            letter.reason
        );
        assert_eq!((letter.attempts, letter.group.as_str()), (2, action));
        assert_eq!(letter.record.key, "key-4");
        let records = app.records(action);
        assert_eq!(records.len(), 9);
        let origin = records.iter().find(|it| id(&it.envelope) == bad);
        let origin = origin.expect("the event");
        assert_eq!(letter.origin, origin.position);
        assert_eq!(letter.record.envelope, origin.envelope, "as it was");
        for n in (0..9).filter(|n| *n != 4) {
            let times = seen(&app, &format!("{action}-{n}"));
            assert!((1..=2).contains(&times), "{action}-{n} came {times} times");
        }
    }
    let again = written(&app, "consumed");
    let again = again.iter().filter(|it| it["seen"] != 1);
    assert!(again.clone().count() >= 3);
    assert!(
        again.clone().all(|it| it["batch"] == 1),
        "what failed before comes alone"
    );
}

#[test]
fn what_is_rejected_is_given_up_at_once_and_its_key_goes_on() {
    let app = application(&kafka("\"t\"", "g", "")).start();
    publish(&app, "t", "k", "first", &json!({"do": "reject"}));
    publish(&app, "t", "k", "behind", &json!({}));
    settled(&app, "g");
    let letters = app.dead_letters("t");
    let [letter] = &letters[..] else {
        panic!("one: {letters:?}")
    };
    assert_eq!(
        (letter.attempts, letter.reason.as_str()),
        (1, "asked to reject")
    );
    assert_eq!((seen(&app, "first"), seen(&app, "behind")), (1, 1));
}

#[test]
fn groups_get_each_event_and_members_of_one_share_them() {
    let recorder = Recorder::start();
    let triggers = kafka("\"t\"", "one", SOON) + &kafka("\"t\"", "two", SOON);
    let app = application(&triggers).start();
    let topics = app.kafka.clone().expect("Kafka");
    // A second host of the same application, with a state of its own.
    let other = application(&triggers).kafka_at(topics).start();
    let consumed = || [&app, &other].map(|app| written(app, "consumed").len());
    let publish_some = |of: &str, count: usize| {
        let ids: Vec<String> = (0..count).map(|n| format!("{of}-{n}")).collect();
        for id in &ids {
            publish(&app, "t", id, id, &recorder.call(id));
        }
        settled(&app, "one");
        settled(&app, "two");
        ids
    };
    let mut round = 0;
    wait_for("that both hosts are members", 60, || {
        round += 1;
        publish_some(&format!("before-{round}"), 10);
        consumed().iter().all(|count| *count > 0).then_some(())
    });
    let before = consumed();
    for id in publish_some("e", 60) {
        assert_eq!(recorder.times(&id), 2, "{id}: once in each group");
    }
    let after = consumed();
    assert!(
        after
            .iter()
            .zip(before)
            .all(|(after, before)| *after > before),
        "both took some: {before:?}, {after:?}"
    );
}

#[test]
fn killed_in_a_call_it_loses_nothing_and_counts_no_attempt() {
    let recorder = Recorder::start();
    let triggers = kafka("\"t\"", "g", "max_attempts = 1\nbatch = 4");
    let mut app = application(&triggers).start();
    for n in 0..3 {
        let held = recorder.held_call(&format!("held-{n}"));
        publish(&app, "t", &format!("held-{n}"), &format!("held-{n}"), &held);
        recorder.wait(n + 1);
    }
    for n in 0..200 {
        let name = format!("e{n}");
        publish(
            &app,
            "t",
            &format!("k{}", n % 20),
            &name,
            &recorder.call(&name),
        );
    }
    recorder.wait(3 + 20);
    app.kill();
    let open = app.lag("g");
    assert!(open >= 3, "those in a call at the least: {open}");
    recorder.release();
    let app = again(&app, &triggers).start();
    wait_for("that the group is through", 60, || {
        (app.lag("g") == 0).then_some(())
    });
    let mut first: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for name in recorder.arrived_of("e") {
        let n: usize = name[1..].parse().expect("a number");
        let of_key = first.entry(n % 20).or_default();
        if !of_key.contains(&n) {
            of_key.push(n);
        }
    }
    assert_eq!(first.len(), 20);
    for (key, numbers) in first {
        let all: Vec<usize> = (key..200).step_by(20).collect();
        assert_eq!(numbers, all, "all that have the key k{key}, in their order");
    }
    for n in 0..3 {
        assert_eq!(recorder.times(&format!("held-{n}")), 2);
    }
    assert_eq!(app.records("t").len(), 203);
    assert!(app.dead_letters("t").is_empty());
}

#[test]
fn told_to_stop_it_finishes_the_calls_that_run_and_leaves_the_rest() {
    let recorder = Recorder::start();
    let triggers = kafka("\"t\"", "g", "batch = 1\nmax_attempts = 1");
    let mut app = application(&triggers).start();
    for n in 0..4 {
        let name = format!("held-{n}");
        publish(&app, "t", &name, &name, &recorder.held_call(&name));
        let behind = format!("behind-{n}");
        publish(&app, "t", &name, &behind, &recorder.call(&behind));
    }
    recorder.wait(4);
    app.signal("TERM");
    wait_for("that it stops", 10, || {
        app.log().contains("nothing new is begun").then_some(())
    });
    assert_eq!(
        app.exit_within(Duration::from_millis(500)),
        None,
        "it waits for the calls"
    );
    recorder.release();
    let status = app.exit_within(Duration::from_secs(15)).expect("it ends");
    assert!(status.success(), "{status}");
    assert_eq!(recorder.arrived().len(), 4, "nothing new was begun");
    assert_eq!(app.lag("g"), 4, "what ran is committed, the rest is not");

    // It has left the group: the next one need not wait for the session to end.
    let app = again(&app, &triggers).start();
    settled(&app, "g");
    let mut rest = recorder.arrived().split_off(4);
    rest.sort_unstable();
    assert_eq!(rest, ["behind-0", "behind-1", "behind-2", "behind-3"]);
}

#[test]
fn a_partition_moves_with_what_is_known_of_it_and_no_key_is_in_two_calls() {
    let recorder = Recorder::start();
    let triggers = kafka("\"t\"", "g", SOON);
    let app = application(&triggers).start();
    let topics = app.kafka.clone().expect("Kafka");
    publish(&app, "t", "held", "held", &recorder.held_call("held"));
    publish(&app, "t", "held", "behind", &recorder.call("behind"));
    recorder.wait(1);
    for n in 0..40 {
        let name = format!("e{n}");
        publish(&app, "t", &name, &name, &recorder.call(&name));
    }
    recorder.wait(41);
    // Partitions move while a call runs; the one that the call is about waits for it.
    let mut other = application(&triggers).kafka_at(topics).start();
    wait_for("that partitions move", 30, || {
        app.log().contains("partitions revoked").then_some(())
    });
    for n in 40..80 {
        let name = format!("e{n}");
        publish(&app, "t", &name, &name, &recorder.call(&name));
    }
    recorder.release();
    settled(&app, "g");
    let mut arrived: Vec<String> = recorder.arrived();
    assert_eq!(
        arrived.len(),
        82,
        "each once, and none again because of the move"
    );
    arrived.sort_unstable();
    arrived.dedup();
    assert_eq!(arrived.len(), 82);
    other.signal("TERM");
    assert!(other.exit_within(Duration::from_secs(15)).is_some());
    publish(&app, "t", "last", "last", &recorder.call("last"));
    recorder.wait(83);
    assert_eq!(kafka_of(&app).partitions("t").len(), 4, "as configured");
}

#[test]
fn what_has_expired_never_comes() {
    let app = application(&kafka("\"t\"", "g", "")).start();
    let envelope = |id: &str, time: &str| json!({"id": id, "source": "/test", "type": "asked", "data": {}, "expiration": time});
    for event in [
        envelope("expired", "2020-01-01T00:00:00Z"),
        envelope("fresh", "2999-01-01T00:00:00Z"),
    ] {
        assert_eq!(app.publish("t", "k", &event).status, 204);
    }
    settled(&app, "g");
    let consumed = written(&app, "consumed");
    let ids: Vec<&Value> = consumed.iter().map(|it| &it["id"]).collect();
    assert_eq!(ids, ["fresh"]);
}
