//! Events through the embedded log, from a request to the audit trail, and the scan for due reminders.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use event_log::{EventLog, Finished, NewRecord, Settings};
use reminders::Store;
use rusqlite::{Connection, params};
use serde_json::json;
use sql::rusqlite::RusqliteConnection;
use tests::TestApp;
use uuid::Uuid;

use crate::{Figures, RUN};

const GROUPS: usize = 3;
const PUBLISHERS: usize = 64;
const PEOPLE: u128 = 1_000;

/// Publishes with one and with many publishers to three consumer groups, and writes as many rows with a
/// commit each beside it: what the log would take without group commit.
pub fn log() {
    println!(
        "embedded log, {GROUPS} groups{:>33} {:>10} {:>10}",
        "a second", "p50", "p99"
    );
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    for publishers in [1, PUBLISHERS] {
        let (mut appended, mut consumed) = runtime.block_on(through_the_log(publishers));
        println!(
            "{}",
            appended.row(&format!("log: publish, {publishers} at a time"))
        );
        println!("{}", consumed.row("log: publish to consumed, all groups"));
    }
    println!(
        "{}\n",
        a_commit_each().row("one SQLite row and commit each")
    );
}

fn record(person: u128, begin: Instant) -> NewRecord {
    let key = Uuid::from_u128(person).to_string();
    let envelope = json!({
        "specversion": "1.0", "id": Uuid::new_v4(), "source": "/bench", "type": "task_created",
        "time": "2026-11-23T10:00:00Z", "datacontenttype": "application/json", "partitionkey": key,
        "subject": begin.elapsed().as_nanos().to_string(),
        "data": {"title": "x".repeat(400)},
    });
    NewRecord {
        topic: "task-events".into(),
        key,
        envelope: envelope.to_string(),
    }
}

async fn through_the_log(publishers: usize) -> (Figures, Figures) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let log =
        EventLog::open(&folder.path().join("events.db"), Settings::default()).expect("the log");
    let begin = Instant::now();
    let published = Arc::new(AtomicU64::new(0));
    let ended = Arc::new(AtomicBool::new(false));
    let mut groups = Vec::new();
    for group in 0..GROUPS {
        let consumer = log
            .subscribe(&format!("group{group}"), &["task-events".into()])
            .await
            .expect("a consumer");
        let (published, ended) = (published.clone(), ended.clone());
        groups.push(tokio::spawn(async move {
            let mut latencies = Vec::new();
            while !ended.load(Ordering::Relaxed)
                || (latencies.len() as u64) < published.load(Ordering::Relaxed)
            {
                let next = tokio::time::timeout(Duration::from_millis(100), consumer.next(256));
                let Ok(deliveries) = next.await else { continue };
                let deliveries = deliveries.expect("deliveries");
                let now = begin.elapsed();
                for delivery in &deliveries {
                    let envelope: serde_json::Value =
                        serde_json::from_str(&delivery.envelope).expect("JSON");
                    let at: u64 = envelope["subject"]
                        .as_str()
                        .and_then(|text| text.parse().ok())
                        .expect("a time");
                    latencies.push(now.saturating_sub(Duration::from_nanos(at)));
                }
                let done = deliveries
                    .into_iter()
                    .map(|it| (it.position, Finished::Done));
                consumer.finish(done.collect()).await.expect("finished");
            }
            latencies
        }));
    }
    let mut tasks = Vec::new();
    for publisher in 0..publishers {
        let (log, published) = (log.clone(), published.clone());
        tasks.push(tokio::spawn(async move {
            let mut latencies = Vec::new();
            while begin.elapsed() < RUN {
                let person = (publisher + latencies.len() * publishers) as u128 % PEOPLE;
                let record = record(person, begin);
                let start = Instant::now();
                log.append(vec![record]).await.expect("appended");
                latencies.push(start.elapsed());
                published.fetch_add(1, Ordering::Relaxed);
            }
            latencies
        }));
    }
    let mut appended = Vec::new();
    for task in tasks {
        appended.extend(task.await.expect("a publisher"));
    }
    let appended = Figures {
        latencies: appended,
        wall: begin.elapsed(),
    };
    ended.store(true, Ordering::Relaxed);
    let mut consumed = Vec::new();
    for group in groups {
        consumed.extend(group.await.expect("a group"));
    }
    (
        appended,
        Figures {
            latencies: consumed,
            wall: begin.elapsed(),
        },
    )
}

fn a_commit_each() -> Figures {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let database = Connection::open(folder.path().join("rows.db")).expect("a database");
    database
        .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE rows (key TEXT, envelope TEXT)")
        .expect("a table");
    let begin = Instant::now();
    let mut latencies = Vec::new();
    while begin.elapsed() < RUN {
        let record = record(latencies.len() as u128 % PEOPLE, begin);
        let start = Instant::now();
        database
            .execute(
                "INSERT INTO rows VALUES (?1, ?2)",
                params![record.key, record.envelope],
            )
            .expect("a row");
        latencies.push(start.elapsed());
    }
    Figures {
        latencies,
        wall: begin.elapsed(),
    }
}

/// From sending a request that creates a task to its entry in the audit trail, by the time in the entry.
pub fn to_the_trail() {
    const TASKS: usize = 500;
    let app = TestApp::start();
    let person = app.user();
    person.task("the first one, which starts the services");
    app.settle(30);
    let mut sent = Vec::new();
    let begin = Instant::now();
    for n in 0..TASKS {
        let at = Utc::now();
        sent.push((person.task(&format!("task {n}")), at));
        thread::sleep(Duration::from_millis(4));
    }
    let wall = begin.elapsed();
    app.settle(60);
    let entries = person.audit();
    let latencies = sent
        .iter()
        .map(|(id, at)| {
            let entry = entries
                .iter()
                .find(|it| it["task_id"] == **id)
                .expect("an entry");
            let recorded = entry["recorded_at"].as_str().expect("a time");
            let recorded = DateTime::parse_from_rfc3339(recorded).expect("a time");
            (recorded.to_utc() - at).to_std().unwrap_or_default()
        })
        .collect();
    println!(
        "{}\n",
        Figures { latencies, wall }.row("host: request to audit entry (to 1 ms)")
    );
}

/// The scan with so many reminders stored: none due, and as many due as are not.
pub fn scan() {
    println!(
        "reminder scan, native{:>34} {:>18}",
        "none due", "as many due"
    );
    for stored in [10_000, 100_000, 1_000_000] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let connection =
            RusqliteConnection::open(folder.path(), reminders::DATABASE).expect("a database");
        let (store, _) = pollster::block_on(Store::open(connection)).expect("the store");
        let now = Utc::now();
        let database = Connection::open(folder.path().join("reminders.db")).expect("the database");
        fill(&database, stored, now + TimeDelta::days(1));
        let plan = plan(&database);
        let start = Instant::now();
        let none =
            pollster::block_on(store.claim(now, 500, TimeDelta::seconds(60))).expect("a claim");
        let idle = start.elapsed();
        assert!(none.is_empty());
        fill(&database, stored, now - TimeDelta::minutes(1));
        let start = Instant::now();
        let mut triggered = 0;
        loop {
            let due =
                pollster::block_on(store.claim(now, 500, TimeDelta::seconds(60))).expect("a claim");
            if due.is_empty() {
                break;
            }
            triggered += due.len();
            pollster::block_on(store.mark_triggered(&due)).expect("marked");
        }
        let busy = start.elapsed();
        assert_eq!(triggered, stored as usize);
        println!(
            "{stored:>9} stored {:>34} {:>11} a second",
            format!("{idle:.2?}"),
            format!("{:.0}", f64::from(stored) / busy.as_secs_f64()),
        );
        if stored == 1_000_000 {
            println!("plan with {stored} stored: {plan}");
        }
    }
    println!();
}

/// How SQLite finds what is due, on one line.
fn plan(database: &Connection) -> String {
    let sql = format!("EXPLAIN QUERY PLAN {}", reminders::CLAIM);
    let mut statement = database.prepare(&sql).expect("a statement");
    let steps = statement
        .query_map(params![0, 500, 0], |row| row.get::<_, String>(3))
        .expect("a plan");
    steps
        .map(|step| step.expect("a step"))
        .collect::<Vec<_>>()
        .join("; ")
}

fn fill(database: &Connection, rows: u32, at: DateTime<Utc>) {
    database.execute_batch("BEGIN").expect("a transaction");
    let mut task = database
        .prepare(
            "INSERT INTO tasks (task_id, user_id, is_open, changed_at, title, due_at, channel, history, schedule)
             VALUES (?1, ?2, 1, 0, 'a task', NULL, 'in_app', '{}', '[]')",
        )
        .expect("a statement");
    let mut reminder = database
        .prepare("INSERT INTO reminders (task_id, remind_at) VALUES (?1, ?2)")
        .expect("a statement");
    for n in 0..rows {
        let id = Uuid::new_v4().to_string();
        let person = Uuid::from_u128(u128::from(n) % PEOPLE).to_string();
        task.execute(params![id, person]).expect("a task");
        reminder
            .execute(params![id, at.timestamp_millis() + i64::from(n % 60_000)])
            .expect("a reminder");
    }
    drop((task, reminder));
    database.execute_batch("COMMIT").expect("the commit");
}
