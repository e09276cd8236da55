//! Topics and partitions, and appending to them.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use rusqlite::{Connection, params};
use serde_json::value::RawValue;
use tokio::sync::oneshot;

use crate::schema::{MAX_PARTITION_ID, record_id};
use crate::subscription::Subscription;
use crate::writer::{Job, Writer};
use crate::{LogError, NewRecord, Position};

const MAX_NAME: usize = 249;
const MAX_KEY: usize = 1024;
const MAX_ENVELOPE: usize = 8 << 20;

/// A topic as all threads see it: what of it is committed.
#[derive(Debug)]
pub(crate) struct Topic {
    pub id: i64,
    pub name: String,
    pub partitions: Vec<Partition>,
    subscriptions: Mutex<Vec<Weak<Subscription>>>,
}

#[derive(Debug)]
pub(crate) struct Partition {
    pub id: i64,
    pub next_offset: AtomicU64,
}

impl Topic {
    /// Where records with this key go: CRC-32 of the key, modulo the number of partitions.
    pub fn partition_of(&self, key: &str) -> u32 {
        crc32fast::hash(key.as_bytes()) % self.partitions.len() as u32
    }

    /// Wakes the subscription when something is appended.
    pub fn tell(&self, subscription: &Arc<Subscription>) {
        let mut subscriptions = self.subscriptions();
        subscriptions.retain(|known| known.strong_count() > 0);
        subscriptions.push(Arc::downgrade(subscription));
    }

    fn wake(&self) {
        for subscription in self.subscriptions().iter().filter_map(Weak::upgrade) {
            subscription.wake();
        }
    }

    fn subscriptions(&self) -> std::sync::MutexGuard<'_, Vec<Weak<Subscription>>> {
        self.subscriptions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// The topics by name.
pub(crate) struct Topics {
    by_name: HashMap<String, Arc<Topic>>,
    /// Made in the transaction that is open.
    new: Vec<String>,
    partitions: u32,
}

impl Topics {
    /// Loads them. New ones get this number of partitions.
    pub fn load(connection: &Connection, partitions: u32) -> Result<Self, LogError> {
        let mut by_name = HashMap::new();
        let mut topics = connection.prepare("SELECT id, name FROM topics")?;
        let mut rows = topics.query([])?;
        while let Some(row) = rows.next()? {
            let (id, name): (i64, String) = (row.get(0)?, row.get(1)?);
            let topic = load_topic(connection, id, name.clone())?;
            by_name.insert(name, Arc::new(topic));
        }
        Ok(Self {
            by_name,
            new: Vec::new(),
            partitions,
        })
    }

    pub fn get(&self, name: &str) -> Option<Arc<Topic>> {
        self.by_name.get(name).cloned()
    }

    pub fn all(&self) -> impl Iterator<Item = &Arc<Topic>> {
        self.by_name.values()
    }

    /// The topic, made where there is none. Its name has been checked.
    pub fn get_or_create(
        &mut self,
        connection: &Connection,
        name: &str,
    ) -> Result<Arc<Topic>, LogError> {
        if let Some(topic) = self.get(name) {
            return Ok(topic);
        }
        let taken: i64 =
            connection.query_row("SELECT coalesce(max(id), 0) FROM partitions", [], |row| {
                row.get(0)
            })?;
        if taken + i64::from(self.partitions) > MAX_PARTITION_ID {
            return Err(LogError::Invalid("there are too many topics".into()));
        }
        connection.execute(
            "INSERT INTO topics (name, partitions) VALUES (?1, ?2)",
            params![name, self.partitions],
        )?;
        let id = connection.last_insert_rowid();
        for number in 0..self.partitions {
            connection.execute(
                "INSERT INTO partitions (id, topic_id, number) VALUES (?1, ?2, ?3)",
                params![taken + 1 + i64::from(number), id, number],
            )?;
        }
        let topic = Arc::new(load_topic(connection, id, name.to_owned())?);
        self.by_name.insert(name.to_owned(), topic.clone());
        self.new.push(name.to_owned());
        Ok(topic)
    }

    /// The transaction is committed.
    pub fn keep_new(&mut self) {
        self.new.clear();
    }

    /// The transaction is undone.
    pub fn forget_new(&mut self) {
        for name in self.new.drain(..) {
            self.by_name.remove(&name);
        }
    }
}

fn load_topic(connection: &Connection, id: i64, name: String) -> Result<Topic, LogError> {
    let partitions = connection
        .prepare_cached(
            "SELECT id, next_offset FROM partitions WHERE topic_id = ?1 ORDER BY number",
        )?
        .query_map([id], |row| {
            Ok(Partition {
                id: row.get(0)?,
                next_offset: AtomicU64::new(row.get(1)?),
            })
        })?
        .collect::<Result<Vec<_>, _>>()?;
    if partitions.is_empty() {
        return Err(LogError::Corrupt(format!("topic {name} has no partitions")));
    }
    Ok(Topic {
        id,
        name,
        partitions,
        subscriptions: Mutex::default(),
    })
}

/// What the open transaction has appended, by partition.
#[derive(Default)]
pub(crate) struct Appended {
    partitions: HashMap<i64, NewRecords>,
}

struct NewRecords {
    topic: Arc<Topic>,
    partition: u32,
    next_offset: u64,
    records: u64,
    bytes: u64,
}

impl Appended {
    /// Appends a record and answers where it is.
    pub fn append(
        &mut self,
        connection: &Connection,
        now: i64,
        topic: &Arc<Topic>,
        key: &str,
        envelope: &str,
    ) -> Result<Position, LogError> {
        let number = topic.partition_of(key);
        let partition = &topic.partitions[number as usize];
        let new = match self.partitions.entry(partition.id) {
            Entry::Occupied(new) => new.into_mut(),
            Entry::Vacant(new) => new.insert(NewRecords {
                topic: Arc::clone(topic),
                partition: number,
                next_offset: partition.next_offset.load(Ordering::Acquire),
                records: 0,
                bytes: 0,
            }),
        };
        let offset = new.next_offset;
        connection
            .prepare_cached(
                "INSERT INTO records (id, appended_at, key, envelope) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![record_id(partition.id, offset), now, key, envelope])?;
        new.next_offset += 1;
        new.records += 1;
        new.bytes += (key.len() + envelope.len()) as u64;
        Ok(Position {
            topic: topic.name.clone(),
            partition: number,
            offset,
        })
    }

    /// Writes where the partitions end now.
    pub fn store(&mut self, connection: &Connection) -> Result<(), LogError> {
        let mut update = connection.prepare_cached(
            "UPDATE partitions SET next_offset = ?2, bytes = bytes + ?3 WHERE id = ?1",
        )?;
        for (id, new) in &mut self.partitions {
            update.execute(params![id, new.next_offset, new.bytes])?;
            new.bytes = 0;
        }
        Ok(())
    }

    /// The transaction is committed: shows it to the consumers. Answers the number of records.
    pub fn publish(&mut self) -> u64 {
        let mut records = 0;
        let mut topics = HashMap::new();
        for (_, new) in self.partitions.drain() {
            new.topic.partitions[new.partition as usize]
                .next_offset
                .store(new.next_offset, Ordering::Release);
            records += new.records;
            topics.insert(new.topic.id, new.topic);
        }
        for topic in topics.values() {
            topic.wake();
        }
        records
    }

    /// The transaction is undone.
    pub fn clear(&mut self) {
        self.partitions.clear();
    }
}

/// Refuses what Kafka refuses as a name.
pub(crate) fn check_name(what: &str, name: &str) -> Result<(), LogError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if name.is_empty() || name.len() > MAX_NAME || !name.chars().all(allowed) {
        return Err(LogError::Invalid(format!(
            "a {what}'s name has 1 to {MAX_NAME} of the characters a-z A-Z 0-9 . _ -"
        )));
    }
    Ok(())
}

fn check_record(record: &NewRecord) -> Result<(), LogError> {
    check_name("topic", &record.topic)?;
    if record.key.len() > MAX_KEY {
        return Err(LogError::Invalid(format!(
            "a key has at most {MAX_KEY} bytes"
        )));
    }
    if record.envelope.len() > MAX_ENVELOPE {
        return Err(LogError::Invalid(format!(
            "an envelope has at most {MAX_ENVELOPE} bytes"
        )));
    }
    match serde_json::from_str::<&RawValue>(&record.envelope) {
        Ok(value) if value.get().starts_with('{') => Ok(()),
        Ok(_) => Err(LogError::Invalid("an envelope is a JSON object".into())),
        Err(error) => Err(LogError::Invalid(format!("an envelope is JSON: {error}"))),
    }
}

/// [`EventLog::append`](crate::EventLog::append).
pub(crate) struct Append {
    records: Vec<NewRecord>,
    positions: Vec<Position>,
    reply: oneshot::Sender<Result<Vec<Position>, LogError>>,
}

impl Append {
    pub fn new(
        records: Vec<NewRecord>,
        reply: oneshot::Sender<Result<Vec<Position>, LogError>>,
    ) -> Result<Self, LogError> {
        records.iter().try_for_each(check_record)?;
        Ok(Self {
            positions: Vec::with_capacity(records.len()),
            records,
            reply,
        })
    }
}

impl Job for Append {
    fn bytes(&self) -> usize {
        self.records
            .iter()
            .map(|record| record.envelope.len() + record.key.len())
            .sum()
    }

    fn run(&mut self, writer: &mut Writer) -> Result<(), LogError> {
        let mut topics = HashMap::new();
        for record in &self.records {
            if !topics.contains_key(&record.topic) {
                let topic = writer
                    .topics
                    .get_or_create(&writer.connection, &record.topic)?;
                topics.insert(&record.topic, topic);
            }
        }
        for record in &self.records {
            let position = writer.appended.append(
                &writer.connection,
                writer.now,
                &topics[&record.topic],
                &record.key,
                &record.envelope,
            )?;
            self.positions.push(position);
        }
        Ok(())
    }

    fn done(self: Box<Self>, result: Result<(), LogError>) {
        let Self {
            positions, reply, ..
        } = *self;
        // Whoever asked may have gone.
        let _ = reply.send(result.map(|()| positions));
    }
}
