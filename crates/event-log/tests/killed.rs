//! kill -9 of a process that appends and consumes, again and again, with what it acknowledged on its output.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use chrono::Utc;
use event_log::{EventLog, Finished, Settings};
use support::{id, record, topics};

const FOLDER: &str = "EVENT_LOG_TEST_FOLDER";
const ROUND: &str = "EVENT_LOG_TEST_ROUND";

/// Runs in the child process only: appends from four tasks and consumes, until it is killed.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "what the other test starts and kills"]
async fn child() {
    let folder = std::env::var(FOLDER).unwrap();
    let round: u32 = std::env::var(ROUND).unwrap().parse().unwrap();
    let say = |line: String| {
        let mut out = std::io::stdout().lock();
        writeln!(out, "{line}").unwrap();
        out.flush().unwrap();
    };
    let log = EventLog::open(&Path::new(&folder).join("events.db"), Settings::default()).unwrap();
    for task in 0..4 {
        let log = log.clone();
        tokio::spawn(async move {
            for n in 0.. {
                let id = format!("{round}-{task}-{n}");
                log.append(vec![record("t", &format!("k{task}"), &id)])
                    .await
                    .unwrap();
                say(format!("\nappended k{task} {id}"));
            }
        });
    }
    let consumer = log.subscribe("g", &topics(&["t"])).await.unwrap();
    for n in 0_u32.. {
        let batch = consumer.next(16).await.unwrap();
        let mut outcomes = Vec::new();
        let mut failed = BTreeSet::new();
        let mut finished = Vec::new();
        for delivery in &batch {
            let name = format!("{} {}", delivery.key, id(&delivery.envelope));
            say(format!("\ndelivered {name}"));
            let fails = n % 7 == 0 && delivery.attempt == 1;
            let outcome = if fails || failed.contains(&delivery.key) {
                failed.insert(&delivery.key);
                let reason = "r".into();
                Finished::RetryAt {
                    at: Utc::now(),
                    reason,
                }
            } else {
                finished.push(name);
                Finished::Done
            };
            outcomes.push((delivery.position.clone(), outcome));
        }
        consumer.finish(outcomes).await.unwrap();
        for name in finished {
            say(format!("\nfinished {name}"));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_or_undone() {
    let folder = tempfile::tempdir().unwrap();
    let mut appended: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut finished = BTreeSet::new();
    let mut deliveries = 0;
    for round in 0..20_u64 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["child", "--exact", "--ignored", "--nocapture"])
            .env(FOLDER, folder.path())
            .env(ROUND, round.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let reading =
            std::thread::spawn(move || output.lines().map_while(Result::ok).collect::<Vec<_>>());
        tokio::time::sleep(Duration::from_millis(150 + round * 37 % 150)).await;
        child.kill().unwrap();
        child.wait().unwrap();
        for line in reading.join().unwrap() {
            let words: Vec<&str> = line.split(' ').collect();
            match words[..] {
                ["appended", key, id] => appended.entry(key.into()).or_default().push(id.into()),
                ["delivered", _, id] => {
                    deliveries += 1;
                    assert!(!finished.contains(id), "{id} was finished");
                }
                ["finished", _, id] => {
                    finished.insert(id.to_owned());
                }
                _ => {}
            }
        }
    }
    assert!(finished.len() > 100, "{} finished", finished.len());
    let log = EventLog::open(&folder.path().join("events.db"), Settings::default()).unwrap();
    // All that was acknowledged is there, each once and in order of its key.
    let mut stored: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for record in log.reader().read("t", &mut Vec::new(), usize::MAX).unwrap() {
        stored
            .entry(record.key)
            .or_default()
            .push(id(&record.envelope));
    }
    for (key, ids) in &appended {
        let acknowledged: BTreeSet<&String> = ids.iter().collect();
        let kept: Vec<&String> = stored[key]
            .iter()
            .filter(|id| acknowledged.contains(id))
            .collect();
        assert_eq!(kept, ids.iter().collect::<Vec<_>>());
    }
    // The group gets all the rest, and nothing that was finished.
    let consumer = log.subscribe("g", &topics(&["t"])).await.unwrap();
    let mut rest = BTreeSet::new();
    while let Ok(batch) = tokio::time::timeout(Duration::from_millis(300), consumer.next(500)).await
    {
        let batch = batch.unwrap();
        support::done(&consumer, &batch).await;
        for id in support::ids(&batch) {
            assert!(!finished.contains(&id), "{id} was finished");
            rest.insert(id);
        }
    }
    // What was finished without the acknowledgement getting out is in neither.
    let all: BTreeSet<&String> = stored.values().flatten().collect();
    let missing = all
        .iter()
        .filter(|id| !finished.contains(**id) && !rest.contains(**id))
        .count();
    assert!(
        missing <= 20 * 16,
        "{missing} neither finished nor delivered"
    );
    println!(
        "{} stored, {deliveries} deliveries, {} finished before",
        all.len(),
        finished.len()
    );
}
