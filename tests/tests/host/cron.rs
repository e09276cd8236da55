//! The cron trigger: ticks, failures, and what was missed.

use std::time::Duration;

use chrono::{Datelike as _, NaiveDate, NaiveTime, TimeDelta, Utc};
use rusqlite::Connection;
use serde_json::{Value, json};
use tests::{TestApp, wait_for};

use crate::triggers::{Recorder, again, application, written};

const EACH_SECOND: &str = "* * * * * *";
/// So rare that none is due during a test.
const AT_NEW_YEAR: &str = "0 0 0 1 1 *";

fn cron(expression: &str) -> String {
    format!(
        "[[trigger.cron]]\nid = \"clock\"\ncomponent = \"guest\"\ncron_expression = \"{expression}\"\n"
    )
}

/// The ticks that came, the oldest first, each with how often.
fn ticks(app: &TestApp) -> Vec<(i64, u64)> {
    let number = |entry: &Value| {
        let tick = entry["tick"].as_i64().expect("a timestamp");
        (tick, entry["seen"].as_u64().expect("a number"))
    };
    written(app, "ticks").iter().map(number).collect()
}

/// The ticks that succeeded, the oldest first.
fn finished(app: &TestApp) -> Vec<i64> {
    let entries = written(app, "finished");
    entries.iter().filter_map(Value::as_i64).collect()
}

/// Has the ticks from now on do what `payload` says.
fn set_tick(app: &TestApp, payload: &Value) {
    let payload = payload.to_string();
    let answer = app.client().query("/set-tick", &[("payload", &payload)]);
    assert_eq!(answer.json(), json!({"ok": null}));
}

/// The host is off as if for three years.
fn sleep_three_years(app: &mut TestApp) {
    app.kill();
    let record = Connection::open(app.state_dir().join("cron.db")).expect("the record of ticks");
    let changed = record
        .execute(
            "UPDATE ticks SET tick = tick - 3 * 366 * 86400 WHERE trigger_id = 'clock'",
            [],
        )
        .expect("the last tick is set back");
    assert_eq!(changed, 1);
}

/// The latest tick of [`AT_NEW_YEAR`].
fn new_year() -> i64 {
    let now = Utc::now();
    let day = NaiveDate::from_yo_opt(now.year(), 1).expect("a day");
    day.and_time(NaiveTime::MIN).and_utc().timestamp()
}

#[test]
fn it_ticks_each_second_and_each_tick_comes_once() {
    let before = Utc::now().timestamp();
    let app = application(&cron(EACH_SECOND)).start();
    wait_for("three seconds in a row", 20, || {
        let finished = finished(&app);
        let mut rows = finished.windows(3);
        rows.any(|row| row[1] == row[0] + 1 && row[2] == row[0] + 2)
            .then_some(())
    });
    let (ticks, after) = (ticks(&app), Utc::now().timestamp());
    for (tick, times) in ticks {
        assert!((before..=after).contains(&tick), "{before} {tick} {after}");
        assert_eq!(times, 1);
    }
}

#[test]
fn runs_never_overlap_and_what_passes_meanwhile_is_one() {
    let recorder = Recorder::start();
    let app = application(&cron(EACH_SECOND)).start();
    set_tick(&app, &recorder.held_call("tick"));
    recorder.wait(1);
    let first = ticks(&app).last().expect("the tick that runs").0;
    std::thread::sleep(Duration::from_millis(3_200));
    assert_eq!(recorder.times("tick"), 1, "no other run meanwhile");
    assert_eq!(ticks(&app).last(), Some(&(first, 1)));
    let released = Utc::now().timestamp();
    // The next run is held too.
    recorder.release();
    set_tick(&app, &recorder.held_call("next"));
    wait_for("a held run", 20, || {
        (recorder.times("next") == 1).then_some(())
    });
    let later: Vec<(i64, u64)> = ticks(&app)
        .into_iter()
        .filter(|(tick, _)| *tick > first)
        .collect();
    let (next, times) = *later.first().expect("the run after it");
    assert!(
        next >= released,
        "those that passed are not run one by one: {first} {later:?}"
    );
    assert_eq!(times, 1);
    assert!(finished(&app).contains(&first));
    recorder.release();
}

#[test]
fn a_missed_tick_runs_once_at_start_up_and_is_repeated_until_it_succeeds() {
    let trigger = cron(AT_NEW_YEAR);
    let mut app = application(&trigger).start();
    set_tick(&app, &json!({"do": "fail", "times": 2}));
    assert_eq!(ticks(&app), [], "a new trigger has missed nothing");

    sleep_three_years(&mut app);
    let mut app = again(&app, &trigger).start();
    wait_for("that the run succeeds", 30, || {
        (!finished(&app).is_empty()).then_some(())
    });
    let tick = new_year();
    assert_eq!(
        ticks(&app),
        [(tick, 3)],
        "two failures, and the last of three ticks"
    );
    assert_eq!(finished(&app), [tick]);
    assert_eq!(app.log().matches("a run failed: asked to fail").count(), 2);

    // It is recorded: the next start has nothing to make up for.
    app.kill();
    let app = again(&app, &trigger).start();
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(ticks(&app), [(tick, 3)]);
}

#[test]
fn a_tick_that_never_succeeded_counts_as_missed() {
    let trigger = cron(AT_NEW_YEAR);
    let mut app = application(&trigger).start();
    set_tick(&app, &json!({"do": "trap"}));
    sleep_three_years(&mut app);
    let mut app = again(&app, &trigger).start();
    wait_for("the second attempt", 30, || {
        ticks(&app)
            .first()
            .filter(|(_, times)| *times >= 2)
            .copied()
    });
    assert!(finished(&app).is_empty());
    app.kill();
    let app = again(&app, &trigger).start();
    set_tick(&app, &json!({}));
    wait_for("that the run succeeds", 30, || {
        (finished(&app) == [new_year()]).then_some(())
    });
    assert_eq!(
        ticks(&app).len(),
        1,
        "always the same tick: {:?}",
        ticks(&app)
    );
}

#[test]
fn a_run_that_hangs_is_cut_off_and_the_next_tick_runs() {
    let app = application(&cron(EACH_SECOND))
        .argument("--cron-timeout")
        .argument("1")
        .start();
    for action in ["hang", "spin"] {
        set_tick(&app, &json!({"do": action}));
        let since = (Utc::now() + TimeDelta::seconds(1)).timestamp();
        let stuck = wait_for("two ticks that are stuck", 20, || {
            let ticks = ticks(&app).into_iter().map(|(tick, _)| tick);
            let stuck: Vec<i64> = ticks.filter(|tick| *tick > since).collect();
            (stuck.len() >= 2).then_some(stuck)
        });
        set_tick(&app, &json!({}));
        let last = stuck[stuck.len() - 1];
        wait_for("that a tick succeeds", 20, || {
            finished(&app).into_iter().find(|tick| *tick > last)
        });
        assert!(!finished(&app).contains(&stuck[0]), "{action}");
    }
    assert!(app.log().matches("did not answer in 1 s").count() >= 2);
}
