//! Joining a group, and moving one.

use std::sync::{Arc, Weak};

use rusqlite::{Connection, OptionalExtension, params};
use tokio::sync::oneshot;

use crate::progress::settled;
use crate::schema::record_id;
use crate::state::Snapshot;
use crate::subscription::Subscription;
use crate::topics::{Partition, Topic};
use crate::writer::{Job, Writer};
use crate::{LogError, SeekTo};

/// [`EventLog::subscribe`](crate::EventLog::subscribe), for one topic.
pub(crate) struct Subscribe {
    pub group: String,
    pub topic: String,
    pub subscription: Option<Arc<Subscription>>,
    pub reply: oneshot::Sender<Result<Option<Arc<Subscription>>, LogError>>,
}

impl Job for Subscribe {
    fn run(&mut self, writer: &mut Writer) -> Result<(), LogError> {
        let topic = writer
            .topics
            .get_or_create(&writer.connection, &self.topic)?;
        let name = (self.group.clone(), topic.id);
        if let Some(subscription) = writer.subscriptions.get(&name).and_then(Weak::upgrade) {
            self.subscription = Some(subscription);
            return Ok(());
        }
        let id: i64 = writer.connection.query_row(
            "INSERT INTO subscriptions (group_name, topic_id, seen_at) VALUES (?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET seen_at = ?3 RETURNING id",
            params![self.group, topic.id, writer.now],
            |row| row.get(0),
        )?;
        // A new group starts at the oldest record.
        writer.connection.execute(
            "INSERT OR IGNORE INTO cursors (subscription_id, partition, committed)
             SELECT ?1, number, first_offset FROM partitions WHERE topic_id = ?2",
            params![id, topic.id],
        )?;
        writer.progress.store(&writer.connection)?;
        writer.progress.forget(id);
        let snapshot = snapshot(&writer.connection, id)?;
        let subscription = Arc::new(Subscription::new(
            id,
            self.group.clone(),
            topic.clone(),
            snapshot,
        ));
        topic.tell(&subscription);
        // Where the transaction is undone, nobody gets hold of it.
        writer
            .subscriptions
            .insert(name, Arc::downgrade(&subscription));
        self.subscription = Some(subscription);
        Ok(())
    }

    fn done(self: Box<Self>, result: Result<(), LogError>) {
        let Self {
            subscription,
            reply,
            ..
        } = *self;
        // Whoever asked may have gone.
        let _ = reply.send(result.map(|()| subscription));
    }
}

fn snapshot(connection: &Connection, id: i64) -> Result<Snapshot, LogError> {
    let committed: Vec<u64> = connection
        .prepare_cached(
            "SELECT committed FROM cursors WHERE subscription_id = ?1 ORDER BY partition",
        )?
        .query_map([id], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let settled = (0..committed.len())
        .map(|partition| settled(connection, id, partition as u32))
        .collect::<Result<_, _>>()?;
    // SQLite takes `next_at` from the row that has the least offset.
    let parked = connection
        .prepare_cached(
            "SELECT key, count(*), next_at, min(offset) FROM parked WHERE subscription_id = ?1 GROUP BY key",
        )?
        .query_map([id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<Result<_, _>>()?;
    Ok(Snapshot {
        committed,
        settled,
        parked,
    })
}

/// [`EventLog::seek`](crate::EventLog::seek).
pub(crate) struct Seek {
    pub group: String,
    pub topic: String,
    pub to: SeekTo,
    pub live: Option<(Arc<Subscription>, Snapshot)>,
    pub reply: oneshot::Sender<Result<(), LogError>>,
}

impl Job for Seek {
    fn run(&mut self, writer: &mut Writer) -> Result<(), LogError> {
        let missing = || {
            LogError::NotFound(format!(
                "group {} that consumes topic {}",
                self.group, self.topic
            ))
        };
        let topic = writer.topics.get(&self.topic).ok_or_else(missing)?;
        let id: i64 = writer
            .connection
            .query_row(
                "SELECT id FROM subscriptions WHERE group_name = ?1 AND topic_id = ?2",
                params![self.group, topic.id],
                |row| row.get(0),
            )
            .optional()?
            .ok_or_else(missing)?;
        // What this transaction has appended counts for where a partition ends.
        writer.appended.store(&writer.connection)?;
        let targets = targets(&writer.connection, &topic, self.to)?;
        // Acknowledged outcomes of partitions that stay where they are must not be lost.
        writer.progress.store(&writer.connection)?;
        writer.progress.forget(id);
        for (partition, offset) in targets {
            writer.connection.execute(
                "UPDATE cursors SET committed = ?3 WHERE subscription_id = ?1 AND partition = ?2",
                params![id, partition, offset],
            )?;
            writer.connection.execute(
                "DELETE FROM parked WHERE subscription_id = ?1 AND partition = ?2 AND offset >= ?3",
                params![id, partition, offset],
            )?;
            writer.connection.execute(
                "DELETE FROM settled WHERE subscription_id = ?1 AND partition = ?2",
                params![id, partition],
            )?;
        }
        let live = writer
            .subscriptions
            .get(&(self.group.clone(), topic.id))
            .and_then(Weak::upgrade);
        writer.sought.insert(id);
        if let Some(live) = live {
            self.live = Some((live, snapshot(&writer.connection, id)?));
        }
        Ok(())
    }

    fn done(self: Box<Self>, result: Result<(), LogError>) {
        if let (Ok(()), Some((subscription, snapshot))) = (&result, self.live) {
            subscription.state().reset(snapshot);
            subscription.wake();
        }
        // Whoever asked may have gone.
        let _ = self.reply.send(result);
    }
}

fn targets(
    connection: &Connection,
    topic: &Topic,
    to: SeekTo,
) -> Result<Vec<(u32, u64)>, LogError> {
    let mut targets = Vec::new();
    for (number, partition) in (0..).zip(&topic.partitions) {
        let (first, next): (u64, u64) = connection
            .prepare_cached("SELECT first_offset, next_offset FROM partitions WHERE id = ?1")?
            .query_row([partition.id], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let target = match to {
            SeekTo::Beginning => first,
            SeekTo::End => next,
            SeekTo::Time(time) => {
                appended_since(connection, partition, first, next, time.timestamp_millis())?
            }
            SeekTo::Offset { partition, .. } if partition != number => continue,
            SeekTo::Offset { offset, .. } if offset > next => {
                return Err(LogError::Invalid(format!(
                    "partition {number} of {} ends at offset {next}",
                    topic.name
                )));
            }
            SeekTo::Offset { offset, .. } => offset.max(first),
        };
        targets.push((number, target));
    }
    if targets.is_empty() {
        return Err(LogError::NotFound(format!(
            "such partition of {}",
            topic.name
        )));
    }
    Ok(targets)
}

/// The first record that was appended at `time` or later, by bisection.
fn appended_since(
    connection: &Connection,
    partition: &Partition,
    first: u64,
    next: u64,
    time: i64,
) -> Result<u64, LogError> {
    let mut statement =
        connection.prepare_cached("SELECT appended_at FROM records WHERE id = ?1")?;
    let (mut low, mut high) = (first, next);
    while low < high {
        let middle = low + (high - low) / 2;
        let appended_at: i64 =
            statement.query_row([record_id(partition.id, middle)], |row| row.get(0))?;
        if appended_at < time {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(low)
}

/// What retention must keep of a partition: where each group that counts is, by group.
pub(crate) fn needed(
    connection: &Connection,
    topic: &Topic,
    seen_since: i64,
) -> Result<Vec<Vec<(u64, String)>>, LogError> {
    let mut needed: Vec<Vec<(u64, String)>> = vec![Vec::new(); topic.partitions.len()];
    let mut statement = connection.prepare_cached(
        "SELECT c.partition, min(c.committed, coalesce((SELECT min(p.offset) FROM parked p
                WHERE p.subscription_id = s.id AND p.partition = c.partition), c.committed)), s.group_name
         FROM subscriptions s JOIN cursors c ON c.subscription_id = s.id
         WHERE s.topic_id = ?1 AND s.seen_at >= ?2",
    )?;
    let mut rows = statement.query(params![topic.id, seen_since])?;
    while let Some(row) = rows.next()? {
        let number: usize = row.get(0)?;
        if let Some(groups) = needed.get_mut(number) {
            groups.push((row.get(1)?, row.get(2)?));
        }
    }
    Ok(needed)
}

/// The groups with a consumer are there now.
pub(crate) fn see(writer: &Writer, now: i64) -> Result<(), LogError> {
    let mut update = writer
        .connection
        .prepare_cached("UPDATE subscriptions SET seen_at = ?2 WHERE id = ?1")?;
    for subscription in writer.subscriptions.values().filter_map(Weak::upgrade) {
        update.execute(params![subscription.id, now])?;
    }
    Ok(())
}
