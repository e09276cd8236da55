//! Looking at a log without changing it, also from another process while the host runs.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::dead_letter;
use crate::schema::{offset_of, open_reader, record_id};
use crate::state::{Read, Waiting};
use crate::subscription::Subscription;
use crate::{
    DEAD_LETTER_SUFFIX, DeadLetter, GroupInfo, LogError, PartitionInfo, Position, Record, TopicInfo,
};

/// Connections that are kept open between uses.
const MAX_IDLE: usize = 4;
/// Bytes of envelopes that one read takes in hand, and one record more.
const MAX_BYTES: usize = 4 << 20;

/// A log's topics, groups, records and dead letters. Its functions read the file and block for that time.
#[derive(Debug, Clone)]
pub struct LogReader {
    path: Arc<PathBuf>,
    idle: Arc<Mutex<Vec<Connection>>>,
}

impl LogReader {
    /// Opens a log for reading, whoever else has it open.
    ///
    /// # Errors
    /// [`LogError::NotFound`] where there is no file, [`LogError::Corrupt`], [`LogError::Unavailable`].
    pub fn open(path: &Path) -> Result<Self, LogError> {
        let reader = Self {
            path: Arc::new(path.to_owned()),
            idle: Arc::default(),
        };
        reader.with(|_| Ok(()))?;
        Ok(reader)
    }

    /// The topics by name.
    ///
    /// # Errors
    /// [`LogError::Unavailable`], [`LogError::Corrupt`].
    pub fn topics(&self) -> Result<Vec<TopicInfo>, LogError> {
        self.with(|connection| {
            let mut topics: Vec<TopicInfo> = Vec::new();
            let mut statement = connection.prepare_cached(
                "SELECT t.name, p.first_offset, p.next_offset, p.bytes
                 FROM topics t JOIN partitions p ON p.topic_id = t.id ORDER BY t.name, p.number",
            )?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let topic: String = row.get(0)?;
                let partition = PartitionInfo {
                    first_offset: row.get(1)?,
                    next_offset: row.get(2)?,
                    bytes: row.get(3)?,
                };
                match topics.last_mut() {
                    Some(last) if last.topic == topic => last.partitions.push(partition),
                    _ => topics.push(TopicInfo {
                        topic,
                        partitions: vec![partition],
                    }),
                }
            }
            Ok(topics)
        })
    }

    /// The groups by name, topic and partition.
    ///
    /// # Errors
    /// [`LogError::Unavailable`], [`LogError::Corrupt`].
    pub fn groups(&self) -> Result<Vec<GroupInfo>, LogError> {
        self.with(|connection| {
            let groups = connection
                .prepare_cached(
                    "SELECT s.group_name, t.name, c.partition, c.committed,
                        max(0, p.next_offset - c.committed - (SELECT count(*) FROM settled x
                            WHERE x.subscription_id = s.id AND x.partition = c.partition)),
                        (SELECT count(*) FROM parked x
                            WHERE x.subscription_id = s.id AND x.partition = c.partition),
                        s.seen_at
                     FROM subscriptions s JOIN topics t ON t.id = s.topic_id
                     JOIN cursors c ON c.subscription_id = s.id
                     JOIN partitions p ON p.topic_id = t.id AND p.number = c.partition
                     ORDER BY s.group_name, t.name, c.partition",
                )?
                .query_map([], |row| {
                    Ok(GroupInfo {
                        group: row.get(0)?,
                        topic: row.get(1)?,
                        partition: row.get(2)?,
                        committed_offset: row.get(3)?,
                        lag: row.get(4)?,
                        parked: row.get(5)?,
                        seen_at: time(row, 6)?,
                    })
                })?
                .collect::<Result<_, _>>()?;
            Ok(groups)
        })
    }

    /// Reads at most `max` records of a topic. `from` has an offset for each partition (what is missing is
    /// 0) and is moved behind what was read, so the next call goes on. The oldest come first; equally old
    /// ones by partition.
    ///
    /// # Errors
    /// [`LogError::NotFound`], [`LogError::Unavailable`], [`LogError::Corrupt`].
    pub fn read(
        &self,
        topic: &str,
        from: &mut Vec<u64>,
        max: usize,
    ) -> Result<Vec<Record>, LogError> {
        let limit = i64::try_from(max).unwrap_or(i64::MAX);
        let records = self.with(|connection| {
            let partitions: Vec<i64> = connection
                .prepare_cached(
                    "SELECT p.id FROM topics t JOIN partitions p ON p.topic_id = t.id
                     WHERE t.name = ?1 ORDER BY p.number",
                )?
                .query_map([topic], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            if partitions.is_empty() {
                return Err(LogError::NotFound(format!("topic {topic}")));
            }
            from.resize(partitions.len(), 0);
            // Which ones, at first without the envelopes.
            let mut found = Vec::new();
            for (number, (partition, from)) in (0_u32..).zip(partitions.iter().zip(from.iter())) {
                let mut statement = connection.prepare_cached(
                    "SELECT id, appended_at FROM records WHERE id >= ?1 AND id < ?2 ORDER BY id LIMIT ?3",
                )?;
                let mut rows = statement.query(params![
                    record_id(*partition, *from),
                    record_id(partition + 1, 0),
                    limit
                ])?;
                let mut newest = i64::MIN;
                while let Some(row) = rows.next()? {
                    // Within a partition the offsets decide, whatever the clock did.
                    newest = newest.max(row.get(1)?);
                    found.push((newest, number, row.get::<_, i64>(0)?));
                }
            }
            found.sort_unstable();
            found.truncate(max);
            found
                .into_iter()
                .map(|(_, number, id)| record(connection, topic, number, id))
                .collect::<Result<Vec<_>, _>>()
        })?;
        let records: Vec<Record> = records.into_iter().flatten().collect();
        for record in &records {
            if let Some(from) = from.get_mut(record.position.partition as usize) {
                *from = record.position.offset + 1;
            }
        }
        Ok(records)
    }

    /// At most `max` dead letters, the newest first, of all topics or of one (without `.dlq`).
    ///
    /// # Errors
    /// [`LogError::Unavailable`], [`LogError::Corrupt`].
    pub fn dead_letters(
        &self,
        topic: Option<&str>,
        max: usize,
    ) -> Result<Vec<DeadLetter>, LogError> {
        let limit = i64::try_from(max).unwrap_or(i64::MAX);
        let wanted = topic.map(|topic| format!("{topic}{DEAD_LETTER_SUFFIX}"));
        self.with(|connection| {
            let partitions: Vec<(String, u32, i64)> = connection
                .prepare_cached(
                    "SELECT t.name, p.number, p.id FROM topics t JOIN partitions p ON p.topic_id = t.id",
                )?
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
                .collect::<Result<_, _>>()?;
            let mut found = Vec::new();
            for (name, number, partition) in &partitions {
                let is_wanted = match &wanted {
                    Some(wanted) => wanted == name,
                    None => name.ends_with(DEAD_LETTER_SUFFIX),
                };
                if !is_wanted {
                    continue;
                }
                let mut statement = connection.prepare_cached(
                    "SELECT appended_at, id FROM records WHERE id >= ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3",
                )?;
                let mut rows = statement.query(params![
                    record_id(*partition, 0),
                    record_id(partition + 1, 0),
                    limit
                ])?;
                while let Some(row) = rows.next()? {
                    found.push((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, name, *number));
                }
            }
            found.sort_unstable();
            let mut dead_letters = Vec::new();
            for (_, id, name, number) in found.into_iter().rev().take(max) {
                // Somebody may have published something else there.
                let Some(record) = record(connection, name, number, id)? else { continue };
                let Some(cause) = dead_letter::cause(&record.envelope) else { continue };
                let put_back_at = connection
                    .prepare_cached("SELECT at FROM put_back WHERE record_id = ?1")?
                    .query_row([id], |row| time(row, 0))
                    .optional()?;
                dead_letters.push(DeadLetter {
                    record,
                    origin: cause.origin,
                    group: cause.group,
                    reason: cause.reason,
                    attempts: cause.attempts,
                    put_back_at,
                });
            }
            Ok(dead_letters)
        })
    }

    /// Reads on in a partition, up to the offset `to`.
    pub(crate) fn records(
        &self,
        partition_id: i64,
        from: u64,
        to: u64,
        max: usize,
    ) -> Result<Vec<Read>, LogError> {
        self.with(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT id, appended_at, key, envelope FROM records
                 WHERE id >= ?1 AND id < ?2 ORDER BY id LIMIT ?3",
            )?;
            let mut rows = statement.query(params![
                record_id(partition_id, from),
                record_id(partition_id, to),
                max
            ])?;
            let (mut records, mut bytes) = (Vec::new(), 0);
            while bytes < MAX_BYTES
                && let Some(row) = rows.next()?
            {
                let read = Read {
                    offset: offset_of(row.get(0)?),
                    appended_at: time(row, 1)?,
                    key: row.get(2)?,
                    envelope: row.get(3)?,
                };
                bytes += read.envelope.len();
                records.push(read);
            }
            Ok(records)
        })
    }

    /// The first records parked with a key that go together: one that failed alone, or some that never did.
    pub(crate) fn parked(
        &self,
        subscription: &Subscription,
        key: &str,
        max: usize,
    ) -> Result<Vec<Waiting>, LogError> {
        let partition = subscription.topic.partition_of(key);
        let base = record_id(subscription.topic.partitions[partition as usize].id, 0);
        self.with(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT p.offset, p.attempts, r.appended_at, r.envelope
                 FROM parked p JOIN records r ON r.id = ?3 | p.offset
                 WHERE p.subscription_id = ?1 AND p.key = ?2 ORDER BY p.offset LIMIT ?4",
            )?;
            let mut rows = statement.query(params![subscription.id, key, base, max])?;
            let (mut records, mut bytes): (Vec<Waiting>, _) = (Vec::new(), 0);
            while bytes < MAX_BYTES
                && let Some(row) = rows.next()?
            {
                let attempts: u32 = row.get(1)?;
                if attempts > 0 && !records.is_empty() {
                    break;
                }
                let waiting = Waiting {
                    place: (partition, row.get(0)?),
                    attempt: attempts.saturating_add(1),
                    appended_at: time(row, 2)?,
                    envelope: row.get(3)?,
                    parked: true,
                };
                bytes += waiting.envelope.len();
                records.push(waiting);
                if attempts > 0 {
                    break;
                }
            }
            Ok(records)
        })
    }

    fn with<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, LogError>,
    ) -> Result<T, LogError> {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let known = idle().pop();
        let mut connection = match known {
            Some(connection) => connection,
            None => open_reader(&self.path)?,
        };
        // One view of the file for all that is read.
        let transaction = connection.transaction()?;
        let result = read(&transaction);
        drop(transaction);
        let mut idle = idle();
        if idle.len() < MAX_IDLE {
            idle.push(connection);
        }
        result
    }
}

fn record(
    connection: &Connection,
    topic: &str,
    partition: u32,
    id: i64,
) -> Result<Option<Record>, LogError> {
    Ok(connection
        .prepare_cached("SELECT key, envelope, appended_at FROM records WHERE id = ?1")?
        .query_row([id], |row| {
            Ok(Record {
                position: Position {
                    topic: topic.to_owned(),
                    partition,
                    offset: offset_of(id),
                },
                key: row.get(0)?,
                envelope: row.get(1)?,
                appended_at: time(row, 2)?,
            })
        })
        .optional()?)
}

fn time(row: &Row<'_>, column: usize) -> rusqlite::Result<DateTime<Utc>> {
    let millis: i64 = row.get(column)?;
    DateTime::from_timestamp_millis(millis)
        .ok_or(rusqlite::Error::IntegralValueOutOfRange(column, millis))
}
