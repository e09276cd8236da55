//! Many reminders at once.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use tests::{Stack, TestApp, skip, wait_for};

const PEOPLE: i64 = 1_000;
/// Resident memory that the host may reach, in MiB: 100,000 that are due would take more at once.
const MEMORY: u64 = 300;

/// How many are due, and as many that are not: 5,000 on the distributed stack, which shares the machine with the run
/// on the embedded one.
fn due() -> i64 {
    // The run under Spin shares it too.
    if Stack::here() == Stack::Distributed || Stack::is_under_spin() {
        5_000
    } else {
        100_000
    }
}

#[test]
fn many_reminders_of_one_minute_are_triggered_in_bounded_memory() {
    if Stack::here() == Stack::Dapr {
        return skip("it fills the database of an application that is stopped, and they share one");
    }
    let mut app = TestApp::start();
    app.signal("TERM");
    app.exit_within(Duration::from_secs(60)).expect("it stops");
    // The reminder service migrates at its first tick, which may not have come.
    app.command(&["migrate"]);
    let due = due();
    fill(&app, due);

    let start = Instant::now();
    let app = TestApp::builder()
        .state_of(&app)
        .tick_each_second()
        .argument("--component-id=todo-api")
        .argument("--component-id=password")
        .argument("--component-id=reminder")
        .start();
    let in_state = |state: u8| {
        let sql = format!("SELECT count(*) FROM reminders WHERE state = {state}");
        app.count("reminders", &sql)
    };
    wait_for("that all are triggered", 600, || {
        (in_state(1) == due).then_some(())
    });
    let took = start.elapsed();
    let triggered = app.events("reminders");
    let ids: BTreeSet<&str> = triggered.iter().map(|event| event.id.as_str()).collect();
    assert_eq!(ids.len() as i64, due);
    assert_eq!(triggered.len() as i64, due, "none was published twice");
    assert_eq!(in_state(0), due, "what is not due waits");
    println!("{due} reminders triggered in {took:.1?}, {due} not due");
    // Spin's memory is its own, in several processes.
    if !Stack::is_under_spin() {
        let peak = peak_mib(app.pid());
        println!("at most {peak} MiB resident");
        assert!(peak < MEMORY, "{peak} MiB");
    }
}

/// Stores tasks with a reminder each: so many that are due, all in one minute, and as many that are not.
fn fill(app: &TestApp, due: i64) {
    let now = chrono::Utc::now().timestamp_millis();
    let minute = now / 60_000 * 60_000;
    // The ids are those of SQL that both databases understand: numbers, each once, in no order.
    app.query(
        "reminders",
        &format!(
            "WITH RECURSIVE numbers (n) AS (
               SELECT CAST(0 AS BIGINT) UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < {all}
             )
             INSERT INTO tasks (task_id, user_id, is_open, changed_at, title, due_at, channel, history, schedule)
             SELECT '00000000-0000-4000-8000-' || substr(CAST(1000000000000 + n * 104729 % 1000003 AS TEXT), 2),
               '00000000-0000-4000-9000-' || substr(CAST(1000000000000 + n % {PEOPLE} AS TEXT), 2),
               1, {now}, 'a task',
               3600000 + CASE WHEN n < {due} THEN {minute} - 60000 + n % 60000 ELSE {now} + 86400000 + n END,
               'in_app', '{{}}', '[]'
             FROM numbers",
            all = 2 * due,
        ),
    );
    app.query(
        "reminders",
        "INSERT INTO reminders (task_id, remind_at, is_announced) SELECT task_id, due_at - 3600000, 1 FROM tasks",
    );
    let reminders = app.count("reminders", "SELECT count(*) FROM reminders");
    assert_eq!(reminders, 2 * due);
}

/// The most that the process has occupied, in MiB.
fn peak_mib(pid: u32) -> u64 {
    let status =
        std::fs::read_to_string(format!("/proc/{pid}/status")).expect("the process's status");
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .expect("VmHWM");
    let kib: u64 = line
        .trim()
        .trim_end_matches(" kB")
        .trim()
        .parse()
        .expect("a number");
    kib / 1024
}
