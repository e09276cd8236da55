//! A component that traps, loops or hogs is answered for, and hurts no one else.

use std::time::{Duration, Instant};

use tests::{Answer, TestApp, raw};

use crate::{GUESTS, assert_server_error, get, start};

/// Calls `good` all the while `misbehave` runs; fails if one call fails or waits too long.
fn unharmed(app: &TestApp, misbehave: impl FnOnce() + Send) {
    std::thread::scope(|scope| {
        let trouble = scope.spawn(misbehave);
        let client = app.client();
        while !trouble.is_finished() {
            let began = Instant::now();
            let answer = client.get("/good/count");
            assert_eq!(answer.status, 200, "{answer:?}");
            assert!(
                began.elapsed() < Duration::from_secs(3),
                "a neighbour waited {:?}",
                began.elapsed()
            );
            std::thread::sleep(Duration::from_millis(5));
        }
        trouble
            .join()
            .expect("what was expected of the bad component");
    });
}

#[test]
fn a_trap_answers_500_and_hurts_no_one() {
    let app = &*GUESTS;
    unharmed(app, || {
        for _ in 0..20 {
            assert_server_error(&app.client().get("/bad/trap"), 500);
        }
    });
    assert_eq!(
        get("/bad/count").status,
        200,
        "the next request has a new instance"
    );
    assert!(
        app.log().contains("asked to trap"),
        "the reason is in the log"
    );
}

#[test]
fn a_trap_in_one_request_lets_its_neighbours_in_the_same_component_finish() {
    let app = &*GUESTS;
    std::thread::scope(|scope| {
        let slow: Vec<_> = (0..10)
            .map(|_| scope.spawn(|| app.client().get("/bad/sleep?ms=500").status))
            .collect();
        std::thread::sleep(Duration::from_millis(100));
        app.client().get("/bad/trap").error(500);
        for request in slow {
            // Those of the same instance fall with it, and are told; none hangs.
            assert!(matches!(request.join().expect("an answer"), 200 | 500));
        }
    });
}

#[test]
fn an_endless_loop_answers_504_and_hurts_no_one() {
    let app = start(&["--request-timeout", "2"]);
    unharmed(&app, || {
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let began = Instant::now();
                    assert_server_error(&app.client().get("/bad/spin"), 504);
                    assert!(
                        began.elapsed() < Duration::from_secs(8),
                        "{:?}",
                        began.elapsed()
                    );
                });
            }
        });
    });
    assert_server_error(&app.client().get("/bad/sleep?ms=60000"), 504);
    assert_eq!(app.client().get("/bad/count").status, 200);
    // What was cut off no longer takes the processor.
    let ticks = || -> u64 {
        let stat =
            std::fs::read_to_string(format!("/proc/{}/stat", app.pid())).expect("its statistics");
        let fields: Vec<&str> = stat
            .rsplit(')')
            .next()
            .unwrap_or_default()
            .split_whitespace()
            .collect();
        fields[11..13]
            .iter()
            .filter_map(|field| field.parse::<u64>().ok())
            .sum()
    };
    let before = ticks();
    std::thread::sleep(Duration::from_secs(1));
    assert!(
        ticks() - before < 50,
        "it still computes: {} ticks in a second",
        ticks() - before
    );
}

#[test]
fn a_memory_hog_answers_500_and_hurts_no_one() {
    let app = &*GUESTS;
    unharmed(app, || {
        for _ in 0..5 {
            assert_server_error(&app.client().get("/bad/hog"), 500);
        }
    });
    let status =
        std::fs::read_to_string(format!("/proc/{}/status", app.pid())).expect("its status");
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .expect("its peak");
    let kilobytes: u64 = peak
        .trim()
        .trim_end_matches(" kB")
        .parse()
        .expect("a number");
    assert!(kilobytes < 1_500_000, "it took {kilobytes} kB");
}

#[test]
fn an_answer_that_breaks_off_is_not_taken_for_whole() {
    let request = raw::request("GET", "/bad/trap-mid-stream", &[], "");
    let received = raw::exchange(GUESTS.address, &request);
    assert_eq!(received.status(), Some(200), "{received:?}");
    assert!(received.text.contains("the first half"), "{received:?}");
    assert!(
        !received.text.ends_with("0\r\n\r\n"),
        "the end is missing: {received:?}"
    );
    assert_eq!(get("/good/count").status, 200);
}

#[test]
fn past_the_limit_of_requests_it_answers_503_and_recovers() {
    let app = start(&["--max-requests", "4"]);
    let answers: Vec<Answer> = std::thread::scope(|scope| {
        let calls: Vec<_> = (0..30)
            .map(|_| scope.spawn(|| app.client().get("/good/sleep?ms=1500")))
            .collect();
        calls
            .into_iter()
            .map(|call| call.join().expect("an answer"))
            .collect()
    });
    let (served, refused): (Vec<&Answer>, Vec<&Answer>) =
        answers.iter().partition(|answer| answer.status == 200);
    assert!(
        served.len() >= 4 && !refused.is_empty(),
        "{} served",
        served.len()
    );
    for answer in refused {
        assert_server_error(answer, 503);
        let seconds: u64 = answer.header("retry-after").parse().expect("seconds");
        assert!((1..=60).contains(&seconds));
    }
    assert_eq!(app.client().get("/good/count").status, 200);
}

#[test]
fn one_instance_serves_many_requests_at_once() {
    let app = &*GUESTS;
    let began = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..50 {
            scope.spawn(|| assert_eq!(app.client().get("/good/sleep?ms=500").status, 200));
        }
    });
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "{:?}",
        began.elapsed()
    );
    let served: Vec<Option<u64>> = (0..20)
        .map(|_| get("/good/count").json()["served"].as_u64())
        .collect();
    assert!(
        served.iter().all(|served| *served >= Some(1)) && served.last() > Some(&Some(1)),
        "instances are used again: {served:?}"
    );
}
