//! Many reminders at once.

use std::collections::BTreeSet;
use std::time::Instant;

use rusqlite::{Connection, params};
use tests::{TestApp, wait_for};
use uuid::Uuid;

const DUE: i64 = 100_000;
const NOT_DUE: i64 = 100_000;
const PEOPLE: u128 = 1_000;
/// Resident memory that the host may reach, in MiB: all that is due would take more.
const MEMORY: u64 = 300;

#[test]
fn a_hundred_thousand_reminders_of_one_minute_are_triggered_in_bounded_memory() {
    let app = TestApp::start();
    app.settle(30);
    wait_for("the reminder service's first tick", 60, || {
        app.state_dir().join("reminders.db").exists().then_some(())
    });
    app.signal("TERM");
    let mut app = app;
    app.exit_within(std::time::Duration::from_secs(15))
        .expect("it stops");
    fill(&Connection::open(app.state_dir().join("reminders.db")).expect("the database"));

    let start = Instant::now();
    let app = TestApp::builder()
        .state_of(&app)
        .tick_each_second()
        .argument("--component-id=todo-api")
        .argument("--component-id=password")
        .argument("--component-id=reminder")
        .start();
    wait_for("that all are triggered", 600, || {
        (app.count(
            "reminders",
            "SELECT count(*) FROM reminders WHERE state = 1",
        ) == DUE)
            .then_some(())
    });
    let took = start.elapsed();
    let triggered = app.events("reminders");
    let ids: BTreeSet<&str> = triggered.iter().map(|event| event.id.as_str()).collect();
    assert_eq!(ids.len() as i64, DUE);
    assert_eq!(triggered.len() as i64, DUE, "none was published twice");
    assert_eq!(
        app.count(
            "reminders",
            "SELECT count(*) FROM reminders WHERE state = 0"
        ),
        NOT_DUE
    );
    let peak = peak_mib(app.pid());
    println!(
        "{DUE} reminders triggered in {took:.1?}, {NOT_DUE} not due, at most {peak} MiB resident"
    );
    assert!(peak < MEMORY, "{peak} MiB");
}

fn fill(database: &Connection) {
    let now = chrono::Utc::now().timestamp_millis();
    let minute = now / 60_000 * 60_000;
    database.execute_batch("BEGIN").expect("a transaction");
    let mut task = database
        .prepare(
            "INSERT INTO tasks (task_id, user_id, is_open, changed_at, title, due_at, channel, history, schedule)
             VALUES (?1, ?2, 1, ?3, 'a task', ?4, 'in_app', '{}', '[]')",
        )
        .expect("a statement");
    let mut reminder = database
        .prepare("INSERT INTO reminders (task_id, remind_at, is_announced) VALUES (?1, ?2, 1)")
        .expect("a statement");
    for n in 0..DUE + NOT_DUE {
        let id = Uuid::new_v4().to_string();
        let person = Uuid::from_u128(n as u128 % PEOPLE).to_string();
        let at = if n < DUE {
            minute - 60_000 + n % 60_000
        } else {
            now + 86_400_000 + n
        };
        task.execute(params![id, person, now, at + 3_600_000])
            .expect("a task");
        reminder.execute(params![id, at]).expect("a reminder");
    }
    drop((task, reminder));
    database.execute_batch("COMMIT").expect("the commit");
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
