//! What the reminder scan and the audit trail take, natively, on SQLite and on a PostgreSQL that waits for the disk.

use std::time::Instant;

use audit::{AUDIT, Trail};
use chrono::{DateTime, TimeDelta, Utc};
use events::{Event, Outcome, ReminderEvent, ReminderEventType};
use pollster::block_on;
use reminders::Store;
use servers::Postgres;
use sql::testing::{Connection, Scratch};
use sql::{Database, Dialect, Migrations, SqlConnection as _, params};
use task_model::Channel;
use uuid::Uuid;

const PEOPLE: u32 = 1_000;
const ENTRIES: u32 = 20_000;

/// Both, one after the other.
pub fn all() {
    let server = Postgres::start_durable();
    println!(
        "reminder scan, native{:>34} {:>18}",
        "none due", "as many due"
    );
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        for stored in [10_000, 100_000, 1_000_000] {
            scan(&scratch(dialect, &server), dialect, stored);
        }
    }
    println!("\naudit trail, native{:>38}", "entries a second");
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        for batch in [1, 16, 256] {
            append(&scratch(dialect, &server), dialect, batch);
        }
    }
    println!();
}

fn scratch(dialect: Dialect, server: &Postgres) -> Scratch {
    match dialect {
        Dialect::Sqlite => Scratch::new(dialect),
        Dialect::Postgres => Scratch::Postgres(server.create_database()),
    }
}

fn open(scratch: &Scratch, database: Database, migrations: &Migrations) -> Connection {
    let connection = block_on(scratch.open(database)).expect("a database");
    block_on(sql::migrate(&connection, migrations)).expect("the schema");
    connection
}

/// With so many reminders stored: none due, and as many due as are not.
fn scan(scratch: &Scratch, dialect: Dialect, stored: u32) {
    let connection = open(scratch, reminders::DATABASE, &reminders::MIGRATIONS);
    let store = Store::new(open(scratch, reminders::DATABASE, &reminders::MIGRATIONS));
    let now = Utc::now();
    let claim = || block_on(store.claim(now, 500, TimeDelta::seconds(60))).expect("a claim");
    fill(&connection, stored, now + TimeDelta::days(1));
    block_on(connection.execute("ANALYZE", vec![])).expect("statistics");
    let start = Instant::now();
    assert!(claim().is_empty());
    let idle = start.elapsed();
    fill(&connection, stored, now - TimeDelta::minutes(5));
    let start = Instant::now();
    let mut triggered = 0;
    loop {
        let due = claim();
        if due.is_empty() {
            break;
        }
        triggered += due.len();
        block_on(store.mark_triggered(&due)).expect("marked");
    }
    let busy = start.elapsed();
    assert_eq!(triggered, stored as usize);
    println!(
        "{:<10}{stored:>9} stored {:>24} {:>11.0} a second",
        format!("{dialect:?}"),
        format!("{idle:.2?}"),
        f64::from(stored) / busy.as_secs_f64(),
    );
}

/// Stores so many tasks, each with a reminder in the minute from `at`.
fn fill(connection: &Connection, rows: u32, at: DateTime<Utc>) {
    let (numbers, id) = match connection.dialect() {
        Dialect::Sqlite => (
            "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?1)",
            "lower(printf('%s-%s-4%s-8%s-%s', hex(randomblob(4)), hex(randomblob(2)),
               substr(hex(randomblob(2)), 2), substr(hex(randomblob(2)), 2), hex(randomblob(6))))",
        ),
        Dialect::Postgres => (
            "WITH numbers (n) AS (SELECT * FROM generate_series(1, CAST(?1 AS BIGINT)))",
            "CAST(gen_random_uuid() AS TEXT)",
        ),
    };
    let person = match connection.dialect() {
        Dialect::Sqlite => "printf('00000000-0000-0000-0000-%012x', n % 1000)",
        Dialect::Postgres => "'00000000-0000-0000-0000-' || lpad(to_hex(n % 1000), 12, '0')",
    };
    let sql = format!(
        "{numbers}
         INSERT INTO tasks (task_id, user_id, is_open, changed_at, title, due_at, channel, history, schedule)
         SELECT {id}, {person}, 1, 0, 'a task', NULL, 'in_app', '[]', '[' || (?2 + n % 60000) || ']'
         FROM numbers"
    );
    block_on(connection.execute(&sql, params![rows, at])).expect("tasks");
}

/// Records events of many people, so many in a call.
fn append(scratch: &Scratch, dialect: Dialect, batch: usize) {
    let trail = Trail::new(open(scratch, AUDIT, &audit::MIGRATIONS));
    let entries = ENTRIES.min(batch as u32 * 1_000);
    let events: Vec<Event> = (0..entries).map(event).collect();
    let start = Instant::now();
    for events in events.chunks(batch) {
        let outcomes = block_on(trail.record(events, Utc::now()));
        assert!(
            outcomes.iter().all(|it| *it == Outcome::Done),
            "{outcomes:?}"
        );
    }
    println!(
        "{:<10}{batch:>9} at a time {:>27.0}",
        format!("{dialect:?}"),
        f64::from(entries) / start.elapsed().as_secs_f64(),
    );
}

fn event(n: u32) -> Event {
    let now = Utc::now();
    let payload = ReminderEvent {
        event_type: ReminderEventType::ReminderTriggered,
        task_id: Uuid::new_v4(),
        user_id: Uuid::from_u128((n % PEOPLE).into()),
        timestamp: now,
        title: "water the plants".into(),
        due_at: Some(now),
        remind_at: now,
        notification_type: Channel::InApp,
        late: false,
    };
    Event::new(Uuid::new_v4(), "/bench", &payload).expect("JSON")
}
