//! Events through the embedded log, from a request to the audit trail.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use event_log::{EventLog, Finished, NewRecord, Settings};
use rusqlite::{Connection, params};
use serde_json::json;
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
