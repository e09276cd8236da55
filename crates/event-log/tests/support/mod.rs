//! What the tests share.
#![allow(dead_code, reason = "each test uses a part")]

use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, Utc};
use event_log::{Consumer, Delivery, EventLog, Finished, NewRecord, Position, Settings};

/// A log in a folder of its own.
pub struct TestLog {
    pub folder: tempfile::TempDir,
    pub log: EventLog,
}

impl TestLog {
    pub fn new(settings: Settings) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = EventLog::open(&folder.path().join("events.db"), settings).unwrap();
        Self { folder, log }
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("events.db")
    }
}

pub fn settings(partitions: u32) -> Settings {
    Settings {
        partitions,
        ..Settings::default()
    }
}

pub fn record(topic: &str, key: &str, id: impl std::fmt::Display) -> NewRecord {
    NewRecord {
        topic: topic.into(),
        key: key.into(),
        envelope: format!(
            r#"{{"specversion":"1.0","id":"{id}","source":"/t","type":"t","data":{{"n":1.0}}}}"#
        ),
    }
}

pub fn id(envelope: &str) -> String {
    let envelope: serde_json::Value = serde_json::from_str(envelope).unwrap();
    envelope["id"].as_str().unwrap().to_owned()
}

pub fn ids(deliveries: &[Delivery]) -> Vec<String> {
    deliveries
        .iter()
        .map(|delivery| id(&delivery.envelope))
        .collect()
}

pub fn topics(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// The next deliveries; fails when there are none within 10 seconds.
pub async fn next(consumer: &Consumer, max: usize) -> Vec<Delivery> {
    tokio::time::timeout(Duration::from_secs(10), consumer.next(max))
        .await
        .expect("something is delivered")
        .unwrap()
}

/// Whether nothing is delivered within 50 ms.
pub async fn is_quiet(consumer: &Consumer) -> bool {
    tokio::time::timeout(Duration::from_millis(50), consumer.next(1))
        .await
        .is_err()
}

pub async fn done(consumer: &Consumer, deliveries: &[Delivery]) {
    let outcomes = deliveries
        .iter()
        .map(|delivery| (delivery.position.clone(), Finished::Done))
        .collect();
    consumer.finish(outcomes).await.unwrap();
}

pub fn retry(position: &Position, at: DateTime<Utc>) -> (Position, Finished) {
    let reason = "it failed".into();
    (position.clone(), Finished::RetryAt { at, reason })
}
