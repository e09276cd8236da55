//! Records events: each once, each behind the last of its person's chain, however many write at once.

use std::collections::{HashMap, HashSet, VecDeque};

use chrono::{DateTime, Utc};
use events::{Event, Outcome};
use serde_json::{Value, json};
use sql::{Columns, Dialect, Result, SqlConnection, SqlError, params};
use uuid::Uuid;

use crate::Trail;
use crate::chain::{Hash, Link, Salt, content_digest, hex, no_content_digest};
use crate::facts::Facts;

/// What one statement inserts at most, so that neither it nor its parameter grows without bounds.
const MAX_BATCH_ENTRIES: usize = 256;
const MAX_BATCH_BYTES: usize = 4 << 20;
/// How often another writer may be faster before the events are left for later.
const MAX_ATTEMPTS: u32 = 20;

/// Where a chain ends.
struct Tail {
    seq: i64,
    hash: Option<Hash>,
    is_erased: bool,
}

/// Events with their places among those that were handed over.
type Batch = Vec<(usize, Facts)>;

impl<C: SqlConnection> Trail<C> {
    /// Records events, those of one person in this order, and answers one outcome for each. What was
    /// recorded before is done and changes nothing.
    ///
    /// After `user_erased` nothing of the person's earlier content is left in the database, and later
    /// events are recorded without theirs.
    pub async fn record(&self, events: &[Event], now: DateTime<Utc>) -> Vec<Outcome> {
        let mut outcomes = vec![Outcome::Done; events.len()];
        let mut batches = batches(events, &mut outcomes);
        // Nothing of a person is recorded behind what could not be.
        let mut held_back = HashSet::new();
        while let Some(mut batch) = batches.pop_front() {
            batch.retain(|(index, facts)| {
                let is_free = !held_back.contains(&facts.user_id);
                if !is_free {
                    outcomes[*index] = Outcome::Retry("an earlier event is not recorded".into());
                }
                is_free
            });
            // All writers come to the chains in one order: they wait for each other, and never in a circle.
            batch.sort_by_key(|(_, facts)| facts.user_id);
            match self.record_batch(&batch, now).await {
                Ok(()) => {}
                // What is wrong with one event must not keep the others from being recorded.
                Err(SqlError::Internal(_)) if batch.len() > 1 => {
                    for one in batch.into_iter().rev() {
                        batches.push_front(vec![one]);
                    }
                }
                Err(error) => {
                    for (index, facts) in batch {
                        outcomes[index] = Outcome::Retry(error.to_string());
                        held_back.insert(facts.user_id);
                    }
                }
            }
        }
        outcomes
    }

    /// Records all of a batch, or nothing that was not recorded before.
    async fn record_batch(&self, batch: &Batch, now: DateTime<Utc>) -> Result<()> {
        let mut attempt = 1;
        // Most events come once, so which ones came before is asked only when the database refuses one.
        let mut recorded = HashSet::new();
        loop {
            let entries = self.entries(batch, recorded, now).await?;
            if entries.is_empty() {
                break;
            }
            match self.append(&entries).await {
                Ok(()) => break,
                // The event is recorded already, or another instance was faster with a place in a chain.
                Err(SqlError::Unique(_)) if attempt < MAX_ATTEMPTS => {
                    attempt += 1;
                    recorded = self.recorded(batch).await?;
                }
                Err(SqlError::Unique(_)) => {
                    return Err(SqlError::Unavailable("others write all the time".into()));
                }
                Err(error) => return Err(error),
            }
        }
        if batch.iter().any(|(_, facts)| facts.is_erasure()) {
            self.forget_log().await?;
        }
        Ok(())
    }

    /// What is still to be inserted of a batch, by the heads that the database has now.
    async fn entries(
        &self,
        batch: &Batch,
        mut recorded: HashSet<String>,
        now: DateTime<Utc>,
    ) -> Result<Vec<Value>> {
        let mut tails = self.tails(batch).await?;
        let now = now.timestamp_millis();
        let mut entries = Vec::with_capacity(batch.len());
        for (_, facts) in batch {
            // An event may also come twice in one batch.
            if recorded.insert(facts.event_id.clone()) {
                let tail = tails.entry(facts.user_id).or_insert(Tail {
                    seq: 0,
                    hash: None,
                    is_erased: false,
                });
                entries.push(entry(facts, tail, now)?);
            }
        }
        Ok(entries)
    }

    /// The ids of the batch's events that are recorded.
    async fn recorded(&self, batch: &Batch) -> Result<HashSet<String>> {
        let ids: Vec<&str> = batch.iter().map(|(_, it)| it.event_id.as_str()).collect();
        let sql = format!(
            "SELECT event_id FROM entries WHERE event_id IN ({})",
            self.texts()
        );
        let params = params![sql::json(&ids)?];
        let rows = self.connection.execute(&sql, params).await?;
        rows.into_iter()
            .map(|row| Columns::from(row).text())
            .collect()
    }

    /// Where the chains of the batch's people end.
    async fn tails(&self, batch: &Batch) -> Result<HashMap<Uuid, Tail>> {
        let people: HashSet<Uuid> = batch.iter().map(|(_, facts)| facts.user_id).collect();
        let sql = format!(
            "SELECT user_id, seq, hash,
               EXISTS (SELECT 1 FROM entries WHERE entries.user_id = heads.user_id
                       AND event_type = 'user_erased' AND topic = 'user-events')
             FROM heads WHERE user_id IN ({})",
            self.texts()
        );
        let params = params![sql::json(&people)?];
        let rows = self.connection.execute(&sql, params).await?;
        rows.into_iter()
            .map(|row| {
                let mut columns = Columns::from(row);
                let user_id = columns.id()?;
                let (seq, hash) = (columns.integer()?, columns.blob()?);
                let hash = Hash::try_from(hash)
                    .map_err(|found| SqlError::wrong_column("a SHA-256 hash", found))?;
                let tail = Tail {
                    seq,
                    hash: Some(hash),
                    is_erased: columns.integer()? != 0,
                };
                Ok((user_id, tail))
            })
            .collect()
    }

    /// One statement: all entries with their heads, and what they erase, or nothing.
    async fn append(&self, entries: &[Value]) -> Result<()> {
        let dialect = self.connection.dialect();
        let bytes = |column: u32| match dialect {
            Dialect::Sqlite => format!("unhex(value ->> {column})"),
            Dialect::Postgres => format!("decode(value ->> {column}, 'hex')"),
        };
        // In one order, so that of two writers one is behind the other in all chains.
        let sql = format!(
            "INSERT INTO entries (user_id, seq, event_id, topic, event_type, task_id, version,
               occurred_at, recorded_at, correlation_id, data, salt, content_digest, hash)
             SELECT value ->> 0, CAST(value ->> 1 AS BIGINT), value ->> 2, value ->> 3, value ->> 4, value ->> 5,
               CAST(value ->> 6 AS BIGINT), CAST(value ->> 7 AS BIGINT), CAST(value ->> 8 AS BIGINT),
               value ->> 9, value ->> 10, {salt}, {content_digest}, {hash}
             FROM {items} AS item ORDER BY value ->> 0, CAST(value ->> 1 AS BIGINT)",
            salt = bytes(11),
            content_digest = bytes(12),
            hash = bytes(13),
            items = dialect.items("?1"),
        );
        let params = params![sql::json(&entries)?];
        self.connection.execute(&sql, params).await.map(drop)
    }

    /// A subquery with the texts of the JSON array `?1`.
    fn texts(&self) -> String {
        let dialect = self.connection.dialect();
        let (text, items) = (dialect.text("value"), dialect.items("?1"));
        format!("SELECT {text} FROM {items} AS item")
    }

    /// Empties SQLite's write-ahead log, where erased content would stay until it is overwritten. When PostgreSQL's
    /// log and pages forget is its operator's to say ([`sql::overwrite_erased`]).
    async fn forget_log(&self) -> Result<()> {
        if self.connection.dialect() == Dialect::Postgres {
            return Ok(());
        }
        let rows = self
            .connection
            .execute("PRAGMA wal_checkpoint(TRUNCATE)", vec![])
            .await?;
        match Columns::first(rows).map(|mut row| row.integer()) {
            Some(Ok(0)) => Ok(()),
            _ => Err(SqlError::Unavailable(
                "a long reader keeps erased content in the write-ahead log".into(),
            )),
        }
    }
}

/// What can be recorded, in portions; the rest is rejected.
fn batches(events: &[Event], outcomes: &mut [Outcome]) -> VecDeque<Batch> {
    let mut batches: VecDeque<Batch> = VecDeque::new();
    let mut bytes = 0;
    for ((index, event), outcome) in events.iter().enumerate().zip(outcomes) {
        let facts = match Facts::of(event) {
            Ok(facts) => facts,
            Err(reason) => {
                *outcome = Outcome::Reject(reason);
                continue;
            }
        };
        bytes += facts.data.len();
        match batches.back_mut() {
            Some(batch) if batch.len() < MAX_BATCH_ENTRIES && bytes <= MAX_BATCH_BYTES => {
                batch.push((index, facts));
            }
            _ => {
                bytes = facts.data.len();
                batches.push_back(vec![(index, facts)]);
            }
        }
    }
    batches
}

/// The entry behind `tail`, which moves on to it: the columns' values in the order of the insert.
fn entry(facts: &Facts, tail: &mut Tail, recorded_at: i64) -> Result<Value> {
    tail.seq += 1;
    tail.is_erased |= facts.is_erasure();
    let (content, salt, content_digest) = if tail.is_erased {
        (None, None, no_content_digest())
    } else {
        let mut salt = Salt::default();
        getrandom::fill(&mut salt)
            .map_err(|error| SqlError::Unavailable(format!("no randomness: {error}")))?;
        let correlation_id = facts.correlation_id.as_deref();
        let digest = content_digest(&salt, correlation_id, &facts.data);
        (Some(facts), Some(hex(&salt)), digest)
    };
    let (user_id, task_id) = (facts.user_id.to_string(), facts.task_id);
    let task_id = task_id.map(|id| id.to_string());
    let occurred_at = facts.occurred_at.timestamp_millis();
    let hash = Link {
        previous_hash: tail.hash.as_ref().map(|hash| hash.as_slice()),
        seq: tail.seq,
        user_id: &user_id,
        event_id: &facts.event_id,
        topic: facts.topic,
        event_type: &facts.event_type,
        task_id: task_id.as_deref(),
        version: facts.version,
        occurred_at,
        recorded_at,
        content_digest: &content_digest,
    }
    .hash();
    tail.hash = Some(hash);
    Ok(json!([
        user_id,
        tail.seq,
        facts.event_id,
        facts.topic,
        facts.event_type,
        task_id,
        facts.version,
        occurred_at,
        recorded_at,
        content.and_then(|it| it.correlation_id.as_deref()),
        content.map(|it| it.data.as_str()),
        salt,
        hex(&content_digest),
        hex(&hash),
    ]))
}
