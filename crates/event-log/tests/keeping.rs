//! Keeping: dead letters, retention, and files that cannot be written or read.

mod support;

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use event_log::{EventLog, Finished, LogError, LogReader, Position, Settings};
use rusqlite::Connection;
use serde_json::json;
use support::{TestLog, done, id, ids, is_quiet, next, record, retry, settings, topics};

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_says_why_and_is_put_back_once() {
    let test = TestLog::new(settings(4));
    let mut original = record("t", "a", 1);
    // What JSON numbers lose in other hands stays.
    original.envelope = original
        .envelope
        .replace("1.0}", "12345678901234567890123}");
    test.log
        .append(vec![original.clone(), record("t", "a", 2)])
        .await
        .unwrap();
    let consumer = test.log.subscribe("g", &topics(&["t"])).await.unwrap();
    let first = next(&consumer, 1).await;
    consumer
        .finish(vec![retry(&first[0].position, Utc::now())])
        .await
        .unwrap();
    let again = next(&consumer, 9).await;
    assert_eq!(again[0].attempt, 2);
    let reason = "no \"good\"".to_owned();
    consumer
        .finish(vec![(
            again[0].position.clone(),
            Finished::DeadLetter { reason },
        )])
        .await
        .unwrap();
    let rest = next(&consumer, 9).await;
    assert_eq!(ids(&rest), ["2"], "the key goes on");
    done(&consumer, &rest).await;

    let reader = test.log.reader();
    let dead = reader.dead_letters(None, 9).unwrap();
    assert_eq!(dead, reader.dead_letters(Some("t"), 9).unwrap());
    assert!(reader.dead_letters(Some("u"), 9).unwrap().is_empty());
    let dead = &dead[0];
    assert_eq!(dead.record.position.topic, "t.dlq");
    assert_eq!(dead.record.key, "a");
    assert_eq!((dead.attempts, dead.group.as_str()), (2, "g"));
    assert_eq!(dead.reason, "no \"good\"");
    assert_eq!(dead.origin, first[0].position);
    let envelope: serde_json::Value = serde_json::from_str(&dead.record.envelope).unwrap();
    assert_eq!(envelope["dlqattempts"], json!(2));
    assert_eq!(envelope["dlqorigin"], json!(first[0].position.to_string()));
    assert!(envelope["dlqtime"].as_str().unwrap().ends_with('Z'));

    let other = test.log.subscribe("h", &topics(&["t"])).await.unwrap();
    let all = next(&other, 9).await;
    done(&other, &all).await;
    let position = dead.record.position.clone();
    let at = test.log.put_back(&position).await.unwrap();
    assert_eq!(at.topic, "t");
    for consumer in [&consumer, &other] {
        let delivered = next(consumer, 9).await;
        assert_eq!(
            (id(&delivered[0].envelope), delivered[0].attempt),
            ("1".into(), 1)
        );
        assert!(delivered[0].envelope.contains("12345678901234567890123"));
        assert!(!delivered[0].envelope.contains("dlq"));
        done(consumer, &delivered).await;
    }
    let twice = test.log.put_back(&position).await;
    assert_eq!(twice, Err(LogError::AlreadyPutBack(position.clone())));
    assert!(
        reader.dead_letters(None, 9).unwrap()[0]
            .put_back_at
            .is_some()
    );
    let missing = Position {
        offset: 99,
        ..position
    };
    assert!(matches!(
        test.log.put_back(&missing).await,
        Err(LogError::NotFound(_))
    ));
    assert!(matches!(
        test.log.put_back(&at).await,
        Err(LogError::Invalid(_))
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn retention_by_age_keeps_what_a_group_needs() {
    let test = TestLog::new(settings(1));
    let records = (0..1200)
        .map(|n| record("t", if n == 700 { "bad" } else { "a" }, n))
        .collect();
    test.log.append(records).await.unwrap();
    let consumer = test.log.subscribe("g", &topics(&["t"])).await.unwrap();
    let mut finished = 0;
    while finished < 1100 {
        let batch = next(&consumer, 100).await;
        let outcomes = batch.iter().map(|delivery| match delivery.key.as_str() {
            "bad" => retry(&delivery.position, Utc::now() + TimeDelta::days(30)),
            _ => (delivery.position.clone(), Finished::Done),
        });
        consumer.finish(outcomes.collect()).await.unwrap();
        finished += batch.len();
    }
    let young = test.log.enforce_retention(Utc::now()).await.unwrap();
    assert_eq!(young.removed, 0);
    let later = Utc::now() + TimeDelta::days(8);
    let retained = test.log.enforce_retention(later).await.unwrap();
    assert_eq!(retained.removed, 700);
    assert_eq!(retained.held_back.len(), 1);
    assert_eq!(retained.held_back[0].group, "g");
    assert_eq!(retained.held_back[0].position.offset, 700);
    let partition = test.log.reader().topics().unwrap()[0].partitions[0].clone();
    assert_eq!((partition.first_offset, partition.next_offset), (700, 1200));

    // A group that is gone for long holds nothing back, and goes on at what is left.
    drop(consumer);
    let much_later = later + TimeDelta::days(8);
    test.log.append(vec![record("t", "a", 1200)]).await.unwrap();
    let retained = test.log.enforce_retention(much_later).await.unwrap();
    assert_eq!((retained.removed, retained.held_back.len()), (501, 0));
    test.log.append(vec![record("t", "a", 1201)]).await.unwrap();
    let consumer = test.log.subscribe("g", &topics(&["t"])).await.unwrap();
    let left = next(&consumer, 9).await;
    assert_eq!(
        (ids(&left), left[0].position.offset),
        (vec!["1201".into()], 1201)
    );
    let partition = test.log.reader().topics().unwrap()[0].partitions[0].clone();
    let bytes = left[0].envelope.len() + left[0].key.len();
    assert_eq!(partition.bytes, bytes as u64);
    done(&consumer, &left).await;
    assert_eq!(test.log.reader().groups().unwrap()[0].parked, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn retention_by_size_keeps_the_file_small() {
    let test = TestLog::new(Settings {
        retention_bytes: 2 << 20,
        ..settings(4)
    });
    let consumer = test.log.subscribe("g", &topics(&["t"])).await.unwrap();
    let pad = "x".repeat(1000);
    let mut largest = 0;
    for round in 0..30 {
        let records = (0..1000)
            .map(|n| record("t", &format!("k{}", n % 50), format!("{pad}{round}/{n}")))
            .collect();
        test.log.append(records).await.unwrap();
        if round == 0 {
            let held = test.log.enforce_retention(Utc::now()).await.unwrap();
            assert_eq!(held.removed, 0, "nothing is consumed yet");
        }
        let mut finished = 0;
        while finished < 1000 {
            let batch = next(&consumer, 500).await;
            done(&consumer, &batch).await;
            finished += batch.len();
        }
        test.log.enforce_retention(Utc::now()).await.unwrap();
        largest = largest.max(std::fs::metadata(test.path()).unwrap().len());
    }
    let topics = test.log.reader().topics().unwrap();
    let bytes: u64 = topics[0]
        .partitions
        .iter()
        .map(|partition| partition.bytes)
        .sum();
    assert!(bytes <= 2 << 20, "{bytes}");
    assert!(bytes > 1 << 20, "{bytes}");
    assert!(largest < 30 << 20, "{largest}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_is_given_back_to_the_file_system() {
    let test = TestLog::new(Settings {
        retention_bytes: 1 << 20,
        ..settings(4)
    });
    let pad = "x".repeat(4000);
    for _ in 0..20 {
        let records = (0..1000)
            .map(|n| record("t", &n.to_string(), &pad))
            .collect();
        test.log.append(records).await.unwrap();
    }
    let retained = test.log.enforce_retention(Utc::now()).await.unwrap();
    assert!(retained.file_bytes_freed > 40 << 20, "{retained:?}");
    test.log.close().await;
    let left = std::fs::metadata(test.path()).unwrap().len();
    assert!(left < 40 << 20, "{left}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_database_is_an_error_until_it_is_unlocked() {
    let test = TestLog::new(Settings {
        busy_timeout: Duration::from_millis(50),
        ..settings(1)
    });
    let consumer = test.log.subscribe("g", &topics(&["t"])).await.unwrap();
    test.log
        .append(vec![record("t", "a", 1), record("t", "a", 2)])
        .await
        .unwrap();
    let first = next(&consumer, 1).await;
    let other = Connection::open(test.path()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let refused = test.log.append(vec![record("new", "a", 3)]).await;
    assert!(
        matches!(refused, Err(LogError::Unavailable(_))),
        "{refused:?}"
    );
    let outcome = vec![(first[0].position.clone(), Finished::Done)];
    let refused = consumer.finish(outcome).await;
    assert!(
        matches!(refused, Err(LogError::Unavailable(_))),
        "{refused:?}"
    );
    other.execute_batch("ROLLBACK").unwrap();

    done(&consumer, &first).await;
    let position = test.log.append(vec![record("t", "a", 3)]).await.unwrap();
    assert_eq!(position[0].offset, 2);
    assert_eq!(ids(&next(&consumer, 9).await), ["2", "3"]);
    let topics = test.log.reader().topics().unwrap();
    assert_eq!(topics.len(), 1, "nothing of what was refused is there");
}

/// Runs in the child process only, whose files cannot grow beyond a limit: as on a full disk.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "what the next test starts"]
async fn child_on_a_full_disk() {
    let path = std::env::var("EVENT_LOG_TEST_PATH").unwrap();
    let log = EventLog::open(std::path::Path::new(&path), settings(1)).unwrap();
    let pad = "x".repeat(100_000);
    for n in 0.. {
        match log
            .append(vec![record("t", "a", format!("{n}-{pad}"))])
            .await
        {
            Ok(position) => assert_eq!(position[0].offset, n),
            Err(LogError::Unavailable(reason)) => {
                println!("\nfull after {n}: {reason}");
                // There is space again.
                let raised = std::process::Command::new("prlimit")
                    .args(["--fsize=unlimited", "--pid"])
                    .arg(std::process::id().to_string())
                    .status();
                assert!(raised.unwrap().success());
                let position = log.append(vec![record("t", "a", "more")]).await.unwrap();
                assert_eq!(position[0].offset, n);
                break;
            }
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_an_error_that_passes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.db");
    // The signal that a write beyond the limit sends is ignored, so that the write fails instead.
    let script = "trap '' XFSZ; ulimit -S -f 2000; exec \"$0\" child_on_a_full_disk --exact --ignored --nocapture";
    let output = std::process::Command::new("bash")
        .args(["-c", script])
        .arg(std::env::current_exe().unwrap())
        .env("EVENT_LOG_TEST_PATH", &path)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let full = said
        .lines()
        .find_map(|line| line.strip_prefix("full after "))
        .unwrap();
    let before: usize = full.split(':').next().unwrap().parse().unwrap();
    assert!(before > 5, "{full}");
    let log = EventLog::open(&path, settings(1)).unwrap();
    let position = log.append(vec![record("t", "a", "after")]).await.unwrap();
    let records = log.reader().read("t", &mut Vec::new(), 1000).unwrap();
    assert_eq!(records.len() as u64, position[0].offset + 1);
    assert_eq!(records.len(), before + 2, "what was acknowledged is there");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_failed_does_not_lose_what_its_member_had() {
    let test = TestLog::new(Settings {
        busy_timeout: Duration::from_millis(200),
        ..settings(1)
    });
    let one = test.log.subscribe("g", &topics(&["t"])).await.unwrap();
    let two = test.log.subscribe("g", &topics(&["t"])).await.unwrap();
    test.log.append(vec![record("t", "a", 1)]).await.unwrap();
    let first = next(&one, 1).await;
    let other = Connection::open(test.path()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let outcome = vec![(first[0].position.clone(), Finished::Done)];
    // Cancelled while the writer waits, and the member goes.
    let cancelled = tokio::time::timeout(Duration::from_millis(50), one.finish(outcome)).await;
    assert!(cancelled.is_err());
    drop(one);
    assert!(is_quiet(&two).await, "its outcome is on the way");
    assert_eq!(ids(&next(&two, 1).await), ["1"]);
}

#[tokio::test]
async fn a_file_that_is_no_log_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.db");
    let missing = LogReader::open(&path);
    assert!(matches!(missing, Err(LogError::NotFound(_))), "{missing:?}");
    std::fs::write(
        &path,
        "certainly no database, but long enough for a header".repeat(20),
    )
    .unwrap();
    for _ in 0..2 {
        let refused = EventLog::open(&path, Settings::default());
        assert!(matches!(refused, Err(LogError::Corrupt(_))), "{refused:?}");
        assert!(LogReader::open(&path).is_err());
    }
    std::fs::remove_file(&path).unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("CREATE TABLE t (a)").unwrap();
    let refused = EventLog::open(&path, Settings::default());
    assert!(matches!(refused, Err(LogError::Corrupt(_))), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_at_the_same_time_share_transactions() {
    let test = TestLog::new(settings(16));
    test.log.append(vec![record("t", "a", 0)]).await.unwrap();
    let before = test.log.stats();
    let callers: Vec<_> = (0..1000)
        .map(|n| {
            let log = test.log.clone();
            tokio::spawn(async move { log.append(vec![record("t", &n.to_string(), n)]).await })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap().unwrap();
    }
    let after = test.log.stats();
    assert_eq!(after.appended - before.appended, 1000);
    let commits = after.commits - before.commits;
    assert!(commits < 250, "{commits} transactions for 1000 callers");
}
