//! Consumer groups: what each gets, replay and lag, and ends of the host in the middle of a call.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use tests::{TestApp, wait_for};

use crate::triggers::{Recorder, SOON, again, application, id, kafka, publish, settled};

/// What `todo events groups --json` says about a group and a topic.
fn group(app: &TestApp, group: &str, topic: &str) -> Value {
    let printed = app.command(&["events", "groups", "--json"]);
    let mut lines = printed
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("one JSON object a line"));
    lines
        .find(|line| line["group"] == group && line["topic"] == topic)
        .unwrap_or_else(|| panic!("{group} and {topic} in {printed}"))
}

#[test]
fn each_group_gets_each_event_and_again_on_replay() {
    let recorder = Recorder::start();
    let triggers = kafka("\"t\"", "one", SOON) + &kafka("\"t\"", "two", SOON);
    let app = application(&triggers).start();
    let ids: Vec<String> = (0..30).map(|n| format!("e{n}")).collect();
    for (n, id) in ids.iter().enumerate() {
        if n == 20 {
            std::thread::sleep(Duration::from_millis(5));
        }
        publish(&app, "t", id, id, &recorder.call(id));
    }
    let expect = |count: usize, times: &dyn Fn(usize) -> usize| {
        recorder.wait(count);
        settled(&app, "one");
        settled(&app, "two");
        for (n, id) in ids.iter().enumerate() {
            assert_eq!(recorder.times(id), times(n), "{id}");
        }
    };
    expect(60, &|_| 2);
    for name in ["one", "two"] {
        let group = group(&app, name, "t");
        assert_eq!((&group["lag"], &group["waiting"]), (&json!(0), &json!(0)));
        assert_eq!(group["oldest"], Value::Null);
        let partitions = group["partitions"].as_array().expect("partitions");
        let through = partitions
            .iter()
            .filter_map(|it| it["committed_offset"].as_u64());
        assert_eq!(through.sum::<u64>(), 30, "{group}");
    }

    // One partition, from its second record on.
    let records = app.records("t");
    let of = |partition: u32| {
        records
            .iter()
            .filter(move |it| it.position.partition == partition)
    };
    let partition = (0..16)
        .max_by_key(|it| of(*it).count())
        .expect("partitions");
    let repeated: Vec<String> = of(partition).skip(1).map(|it| id(&it.envelope)).collect();
    assert!(!repeated.is_empty());
    let replay = |group: &str, from: &str, at: &str| {
        app.command(&[
            "events", "replay", "--group", group, "--topic", "t", from, at,
        ]);
    };
    replay("one", "--from-offset", &format!("{partition}/1"));
    let by_offset = |n: usize| usize::from(repeated.contains(&ids[n]));
    expect(60 + repeated.len(), &|n| 2 + by_offset(n));

    let time = records
        .iter()
        .find(|it| id(&it.envelope) == "e20")
        .expect("e20")
        .appended_at;
    replay("two", "--from-time", &time.to_rfc3339());
    expect(60 + repeated.len() + 10, &|n| {
        2 + by_offset(n) + usize::from(n >= 20)
    });

    // What is in a call is behind, what waits for its retry waits.
    publish(&app, "t", "held", "held", &recorder.held_call("held"));
    publish(&app, "t", "held", "behind it", &json!({}));
    publish(&app, "t", "retried", "retried", &json!({"do": "retry"}));
    for name in ["one", "two"] {
        wait_for("one that waits", 30, || {
            let group = group(&app, name, "t");
            (group["lag"] == 2 && group["waiting"] == 1 && group["oldest"].is_string())
                .then_some(())
        });
    }
    recorder.release();
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
    settled(&app, "g");
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
    assert!(app.records("t.dlq").is_empty());
}

#[test]
fn told_to_stop_it_finishes_the_calls_that_run_and_releases_the_rest() {
    let recorder = Recorder::start();
    let triggers = kafka("\"t\"", "g", "batch = 1\nmax_attempts = 1");
    let mut app = application(&triggers).start();
    for n in 0..4 {
        let name = format!("held-{n}");
        publish(&app, "t", &name, &name, &recorder.held_call(&name));
        publish(
            &app,
            "t",
            &name,
            &format!("behind-{n}"),
            &recorder.call(&format!("behind-{n}")),
        );
    }
    recorder.wait(4);
    for n in 0..5 {
        let name = format!("other-{n}");
        publish(&app, "t", &name, &name, &recorder.call(&name));
    }
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
    let status = app.exit_within(Duration::from_secs(10)).expect("it ends");
    assert!(status.success(), "{status}");
    assert_eq!(recorder.arrived().len(), 4, "nothing new was begun");
    assert_eq!(app.lag("g"), 9, "what ran is finished, the rest is not");

    let app = again(&app, &triggers).start();
    settled(&app, "g");
    assert_eq!(
        recorder.arrived_of("held").len(),
        4,
        "what was finished does not come again"
    );
    let mut rest = recorder.arrived().split_off(4);
    rest.sort_unstable();
    let expected = [
        "behind-0", "behind-1", "behind-2", "behind-3", "other-0", "other-1", "other-2", "other-3",
        "other-4",
    ];
    assert_eq!(rest, expected);
    assert!(app.records("t.dlq").is_empty());
}
