//! Publishing what the outbox holds.
//!
//! Each row becomes two events, one of the topic `task-events` and one of `task-updates`; that of an
//! erased person becomes one of `user-events`. Their ids follow from the row, so a row that is published again
//! after a crash makes the same events.

use std::collections::BTreeSet;
use std::future::Future;

use chrono::{DateTime, TimeDelta, Utc};
use events::{
    Event, Payload, TASK_EVENTS, TASK_UPDATES, TaskData, TaskEvent, TaskEventType, TaskUpdate,
    TaskUpdateType, USER_EVENTS, UserEvent, UserEventType,
};
use serde::de::{DeserializeOwned, IntoDeserializer, value};
use sql::{Columns, Dialect, Row, SqlConnection, json, params};
use uuid::Uuid;

use crate::Result;

/// Which service the events are from.
const SOURCE: &str = "/todo-api";
/// Rows that are published at a time.
const BATCH: u32 = 50;
/// How long one instance has the outbox for itself without saying so again. Longer than a batch takes.
const LEASE: TimeDelta = TimeDelta::seconds(10);
/// A lease that ends later than this was made by a clock that has been set back since.
const NO_LEASE: TimeDelta = TimeDelta::seconds(60);
/// How long one pass goes on, however much there is.
const PASS: TimeDelta = TimeDelta::seconds(30);
/// Keys that may fail before a pass ends: then it is not the keys.
const MAX_FAILED_KEYS: usize = 16;
/// How long published rows are kept.
const KEPT: TimeDelta = TimeDelta::seconds(60);
/// Rows that one statement of [`Outbox::prune`] removes, and how many statements there are at most.
const PRUNED_ROWS: u32 = 1000;
const PRUNINGS: u32 = 100;

/// Where events are published.
pub trait Producer {
    /// Publishes events, those with the same topic and key in this order, and answers one result for
    /// each: what is `Ok` is durable, and after one that failed none with its topic and key is published.
    fn publish(
        &self,
        events: Vec<Event>,
    ) -> impl Future<Output = Vec<std::result::Result<(), String>>>;
}

/// What a pass over the outbox did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pass {
    /// Rows that are published now.
    pub published: usize,
    /// Why one of those that are not could not be published. They stay, and the next pass tries them again.
    pub failure: Option<String>,
}

/// The outbox, for one who publishes it.
#[derive(Debug)]
pub struct Outbox<C> {
    connection: C,
    /// Names this instance in the lease.
    holder: Uuid,
}

/// A row that is not published.
struct Entry {
    seq: i64,
    key: String,
    /// Its events, or why it cannot have any.
    events: std::result::Result<Vec<Event>, String>,
}

impl<C: SqlConnection> Outbox<C> {
    /// Over a connection to [`OUTBOX`](crate::OUTBOX) after [`Storage::migrate`](crate::Storage::migrate).
    /// What is written here may be lost with the machine's power: then events are published again.
    pub fn new(connection: C) -> Self {
        Self {
            connection,
            holder: Uuid::new_v4(),
        }
    }

    /// Publishes what is not published, in the order of the changes. Does nothing while another instance
    /// does it: that one looks again before it stops, so what was committed before this call is seen.
    ///
    /// The first failure of a key holds back the rest of that key.
    pub async fn publish(
        &self,
        producer: &impl Producer,
        clock: impl Fn() -> DateTime<Utc>,
    ) -> Result<Pass> {
        let mut pass = Pass::default();
        let end = clock() + PASS;
        let (mut after, mut failed) = (0, BTreeSet::new());
        while self.hold(clock()).await? {
            let entries = self.entries(after).await?;
            let Some(last) = entries.last() else {
                if !failed.is_empty() {
                    break;
                }
                if self.release_if_all_is_published().await? {
                    return Ok(pass);
                }
                after = 0;
                continue;
            };
            after = last.seq;
            let are_last = entries.len() < BATCH as usize;
            let published = publish(producer, entries, &mut failed, &mut pass.failure).await;
            self.mark(&published, clock()).await?;
            pass.published += published.len();
            if are_last && failed.is_empty() && self.release_if_all_is_published().await? {
                return Ok(pass);
            }
            if failed.len() > MAX_FAILED_KEYS || clock() > end {
                break;
            }
        }
        self.release().await?;
        Ok(pass)
    }

    /// Removes rows that were published more than a minute ago; a bounded number of them.
    pub async fn prune(&self, now: DateTime<Utc>) -> Result<usize> {
        let mut removed = 0;
        for _ in 0..PRUNINGS {
            let rows = self
                .connection
                .execute(
                    "DELETE FROM outbox WHERE seq IN (
                       SELECT seq FROM outbox WHERE published_at < ?1 ORDER BY published_at LIMIT ?2)
                     RETURNING 1",
                    params![now - KEPT, PRUNED_ROWS],
                )
                .await?
                .len();
            removed += rows;
            if rows < PRUNED_ROWS as usize {
                break;
            }
        }
        Ok(removed)
    }

    /// Takes the lease, or prolongs it; false if another instance has it.
    async fn hold(&self, now: DateTime<Utc>) -> Result<bool> {
        let rows = self
            .connection
            .execute(
                "UPDATE outbox_lease SET holder = ?1, until = ?2
                 WHERE holder = ?1 OR until <= ?3 OR until > ?4 RETURNING 1",
                params![self.holder, now + LEASE, now, now + NO_LEASE],
            )
            .await?;
        Ok(!rows.is_empty())
    }

    /// Of a row that is committed at this moment either this sees it, or its writer finds the lease free.
    async fn release_if_all_is_published(&self) -> Result<bool> {
        let release = match self.connection.dialect() {
            Dialect::Sqlite => {
                "UPDATE outbox_lease SET until = 0
                 WHERE holder = ?1 AND NOT EXISTS (SELECT 1 FROM outbox WHERE published_at IS NULL)
                 RETURNING 1"
            }
            Dialect::Postgres => "SELECT 1 WHERE release_outbox(?1)",
        };
        let rows = self
            .connection
            .execute(release, params![self.holder])
            .await?;
        Ok(!rows.is_empty())
    }

    async fn release(&self) -> Result<()> {
        self.connection
            .execute(
                "UPDATE outbox_lease SET until = 0 WHERE holder = ?1",
                params![self.holder],
            )
            .await?;
        Ok(())
    }

    async fn entries(&self, after: i64) -> Result<Vec<Entry>> {
        let rows = self
            .connection
            .execute(
                "SELECT seq, key, event_id, topic, event_type, task_id, time, correlation_id, traceparent, data
                 FROM outbox WHERE published_at IS NULL AND seq > ?1 ORDER BY seq LIMIT ?2",
                params![after, BATCH],
            )
            .await?;
        rows.into_iter().map(Entry::read).collect()
    }

    async fn mark(&self, published: &[i64], now: DateTime<Utc>) -> Result<()> {
        if published.is_empty() {
            return Ok(());
        }
        let dialect = self.connection.dialect();
        let mark = format!(
            "UPDATE outbox SET published_at = ?1 WHERE seq IN (SELECT {} FROM {} AS item)",
            dialect.integer("value"),
            dialect.items("?2")
        );
        self.connection
            .execute(&mark, params![now, json(&published)?])
            .await?;
        Ok(())
    }
}

/// Publishes what has no failed key before it; answers the rows of which every event was taken.
async fn publish(
    producer: &impl Producer,
    entries: Vec<Entry>,
    failed: &mut BTreeSet<String>,
    failure: &mut Option<String>,
) -> Vec<i64> {
    let (mut events, mut rows) = (Vec::new(), Vec::new());
    for entry in entries {
        if failed.contains(&entry.key) {
            continue;
        }
        match entry.events {
            Ok(its) => {
                rows.push((entry.seq, entry.key, its.len()));
                events.extend(its);
            }
            Err(reason) => {
                *failure = Some(format!("outbox row {}: {reason}", entry.seq));
                failed.insert(entry.key);
            }
        }
    }
    if events.is_empty() {
        return Vec::new();
    }
    let mut results = producer.publish(events).await.into_iter();
    let mut published = Vec::with_capacity(rows.len());
    for (seq, key, count) in rows {
        let mut taken = true;
        for _ in 0..count {
            let result = results.next();
            if let Err(reason) = result.unwrap_or_else(|| Err("no answer".into())) {
                *failure = Some(reason);
                taken = false;
            }
        }
        if taken && !failed.contains(&key) {
            published.push(seq);
        } else {
            failed.insert(key);
        }
    }
    published
}

impl Entry {
    fn read(row: Row) -> Result<Self> {
        let mut row = Columns::from(row);
        let (seq, key) = (row.integer()?, row.text()?);
        let event = Draft {
            id: row.id()?,
            topic: row.text()?,
            event_type: row.text()?,
            subject: row.id()?,
            time: row.time()?,
            correlation_id: row.optional_text()?,
            traceparent: row.optional_text()?,
            data: row.text()?,
        };
        let events = event.events(&key);
        Ok(Self { seq, key, events })
    }
}

/// What a row says.
struct Draft {
    id: Uuid,
    topic: String,
    event_type: String,
    /// The task, or the person.
    subject: Uuid,
    time: DateTime<Utc>,
    correlation_id: Option<String>,
    traceparent: Option<String>,
    data: String,
}

impl Draft {
    fn events(&self, key: &str) -> std::result::Result<Vec<Event>, String> {
        let user_id: Uuid = key.parse().map_err(|_| format!("key {key} is no UUID"))?;
        let events = match self.topic.as_str() {
            TASK_EVENTS => self.task_events(user_id),
            USER_EVENTS => self.user_events(user_id),
            topic => return Err(format!("unknown topic {topic}")),
        };
        events.map_err(|error| error.to_string())
    }

    fn task_events(&self, user_id: Uuid) -> serde_json::Result<Vec<Event>> {
        let data: TaskData = serde_json::from_str(&self.data)?;
        let update = TaskUpdate {
            event_type: named::<TaskUpdateType>(&self.event_type)?,
            task_id: self.subject,
            user_id,
            timestamp: self.time,
            update_data: serde_json::to_value(&data.task)?,
        };
        let event = TaskEvent {
            event_type: named::<TaskEventType>(&self.event_type)?,
            task_id: self.subject,
            user_id,
            timestamp: self.time,
            task_data: data,
        };
        let update_id = Uuid::new_v5(&self.id, TASK_UPDATES.as_bytes());
        Ok(vec![
            self.event(self.id, &event)?,
            self.event(update_id, &update)?,
        ])
    }

    fn user_events(&self, user_id: Uuid) -> serde_json::Result<Vec<Event>> {
        let event = UserEvent {
            event_type: named::<UserEventType>(&self.event_type)?,
            user_id,
            timestamp: self.time,
        };
        Ok(vec![self.event(self.id, &event)?])
    }

    fn event(&self, id: Uuid, payload: &impl Payload) -> serde_json::Result<Event> {
        let event = Event::new(id, SOURCE, payload)?;
        Ok(Event {
            correlation_id: self.correlation_id.clone(),
            traceparent: self.traceparent.clone(),
            ..event
        })
    }
}

/// The value of an enumeration that has this name.
fn named<T: DeserializeOwned>(name: &str) -> serde_json::Result<T> {
    let name: value::StrDeserializer<'_, serde_json::Error> = name.into_deserializer();
    T::deserialize(name)
}
