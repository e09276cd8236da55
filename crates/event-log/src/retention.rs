//! Removing what is too old or too much, a little at a time.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use rusqlite::params;
use tokio::sync::oneshot;

use crate::groups::{needed, see};
use crate::schema::{offset_of, record_id};
use crate::topics::Topic;
use crate::writer::{Job, Writer};
use crate::{HeldBack, LogError, Position};

/// Records that one transaction removes of one partition.
const STEP: usize = 500;
/// Free pages (of 4 KiB) that stay in the file for what comes next, with a quarter of all pages.
const KEPT_PAGES: i64 = 4096;
/// Free pages that one transaction gives back.
const PAGES_STEP: i64 = 512;

/// One step: removes some records, and says whether there may be more to remove.
pub(crate) struct Remove {
    pub now: DateTime<Utc>,
    pub removed: Removed,
    pub reply: oneshot::Sender<Result<Removed, LogError>>,
}

#[derive(Default)]
pub(crate) struct Removed {
    pub records: u64,
    pub held_back: Vec<HeldBack>,
}

/// A partition as retention sees it.
struct Part {
    topic: Arc<Topic>,
    number: u32,
    id: i64,
    first: u64,
    next: u64,
    bytes: u64,
    /// Who needs the oldest record.
    needed: Option<(u64, String)>,
    oldest: Option<i64>,
}

impl Part {
    /// Before which offset records may go.
    fn removable(&self) -> u64 {
        self.needed
            .as_ref()
            .map_or(self.next, |(offset, _)| self.next.min(*offset))
    }

    fn held_back(&self) -> Option<HeldBack> {
        let (offset, group) = self.needed.as_ref()?;
        Some(HeldBack {
            group: group.clone(),
            position: Position {
                topic: self.topic.name.clone(),
                partition: self.number,
                offset: *offset,
            },
        })
    }
}

impl Job for Remove {
    fn run(&mut self, writer: &mut Writer) -> Result<(), LogError> {
        self.removed = Removed::default();
        let now = self.now.timestamp_millis();
        let age = i64::try_from(writer.settings.retention_age.as_millis()).unwrap_or(i64::MAX);
        let too_old = now.saturating_sub(age);
        see(writer, now)?;
        let mut parts = parts(writer, too_old)?;
        for part in &mut parts {
            if part.oldest.is_some_and(|oldest| oldest < too_old) {
                if part.first >= part.removable() {
                    self.removed.held_back.extend(part.held_back());
                    continue;
                }
                self.removed.records += remove(writer, part, too_old, u64::MAX)?;
            }
        }
        let total: u64 = parts.iter().map(|part| part.bytes).sum();
        let mut excess = total.saturating_sub(writer.settings.retention_bytes);
        parts.sort_by_key(|part| part.oldest);
        for part in parts.iter_mut().filter(|part| part.first < part.next) {
            if excess == 0 {
                break;
            }
            if part.first >= part.removable() {
                let held_back = part.held_back();
                if !self
                    .removed
                    .held_back
                    .iter()
                    .any(|known| Some(known) == held_back.as_ref())
                {
                    self.removed.held_back.extend(held_back);
                }
                continue;
            }
            let before = part.bytes;
            // A partition's share at a time, so that all of them lose their oldest.
            self.removed.records += remove(writer, part, i64::MAX, excess)?;
            excess = excess.saturating_sub(before - part.bytes);
        }
        Ok(())
    }

    fn done(self: Box<Self>, result: Result<(), LogError>) {
        let Self { removed, reply, .. } = *self;
        // Whoever asked may have gone.
        let _ = reply.send(result.map(|()| removed));
    }
}

fn parts(writer: &Writer, seen_since: i64) -> Result<Vec<Part>, LogError> {
    let mut parts = Vec::new();
    for topic in writer.topics.all() {
        let needed = needed(&writer.connection, topic, seen_since)?;
        for ((number, partition), needed) in (0..).zip(&topic.partitions).zip(needed) {
            let part = writer
                .connection
                .prepare_cached(
                    "SELECT first_offset, next_offset, bytes,
                            (SELECT appended_at FROM records WHERE id = ?2 | first_offset)
                     FROM partitions WHERE id = ?1",
                )?
                .query_row(params![partition.id, record_id(partition.id, 0)], |row| {
                    Ok(Part {
                        topic: Arc::clone(topic),
                        number,
                        id: partition.id,
                        first: row.get(0)?,
                        next: row.get(1)?,
                        bytes: row.get(2)?,
                        needed: needed.into_iter().min(),
                        oldest: row.get(3)?,
                    })
                })?;
            parts.push(part);
        }
    }
    Ok(parts)
}

/// Removes the oldest records of a partition: at most [`STEP`], that were appended before `too_old`, until
/// `bytes` are free.
fn remove(writer: &mut Writer, part: &mut Part, too_old: i64, bytes: u64) -> Result<u64, LogError> {
    let (mut end, mut freed) = (part.first, 0);
    {
        let mut statement = writer.connection.prepare_cached(
            "SELECT id, appended_at, octet_length(key) + octet_length(envelope) FROM records
             WHERE id >= ?1 AND id < ?2 ORDER BY id LIMIT ?3",
        )?;
        let mut rows = statement.query(params![
            record_id(part.id, part.first),
            record_id(part.id, part.removable()),
            STEP
        ])?;
        while let Some(row) = rows.next()? {
            if row.get::<_, i64>(1)? >= too_old || freed >= bytes {
                break;
            }
            end = offset_of(row.get(0)?) + 1;
            freed += row.get::<_, u64>(2)?;
        }
    }
    let connection = &writer.connection;
    let range = [record_id(part.id, part.first), record_id(part.id, end)];
    for delete in [
        "DELETE FROM records WHERE id >= ?1 AND id < ?2",
        "DELETE FROM put_back WHERE record_id >= ?1 AND record_id < ?2",
    ] {
        connection.prepare_cached(delete)?.execute(range)?;
    }
    connection
        .prepare_cached(
            "UPDATE partitions SET first_offset = ?2, bytes = bytes - ?3 WHERE id = ?1",
        )?
        .execute(params![part.id, end, freed])?;
    // Groups that count no more: those that count have nothing there.
    let left_behind = connection
        .prepare_cached(
            "UPDATE cursors SET committed = ?3 WHERE partition = ?2 AND committed < ?3
             AND subscription_id IN (SELECT id FROM subscriptions WHERE topic_id = ?1)",
        )?
        .execute(params![part.topic.id, part.number, end])?;
    for table in ["parked", "settled"] {
        connection
            .prepare_cached(&format!(
                "DELETE FROM {table} WHERE partition = ?2 AND offset < ?3
                 AND subscription_id IN (SELECT id FROM subscriptions WHERE topic_id = ?1)"
            ))?
            .execute(params![part.topic.id, part.number, end])?;
    }
    if left_behind > 0 {
        tracing::warn!(
            topic = part.topic.name,
            partition = part.number,
            before_offset = end,
            groups = left_behind,
            "removed events that a group never came for"
        );
    }
    let removed = end - part.first;
    part.first = end;
    part.bytes -= freed.min(part.bytes);
    Ok(removed)
}

/// Gives free pages back to the file system; at most some at a time.
pub(crate) struct Shrink {
    pub freed: u64,
    pub reply: oneshot::Sender<Result<u64, LogError>>,
}

impl Job for Shrink {
    fn run(&mut self, writer: &mut Writer) -> Result<(), LogError> {
        let number = |pragma: &str| -> Result<i64, LogError> {
            Ok(writer
                .connection
                .pragma_query_value(None, pragma, |row| row.get(0))?)
        };
        let (free, all) = (number("freelist_count")?, number("page_count")?);
        let spare = free - KEPT_PAGES.max(all / 4);
        self.freed = 0;
        if spare > 0 {
            let pages = spare.min(PAGES_STEP);
            let mut statement = writer
                .connection
                .prepare(&format!("PRAGMA incremental_vacuum({pages})"))?;
            let mut rows = statement.query([])?;
            // It frees a page a step.
            while rows.next()?.is_some() {}
            let page_size = number("page_size")?;
            self.freed = u64::try_from((all - number("page_count")?) * page_size).unwrap_or(0);
        }
        Ok(())
    }

    fn done(self: Box<Self>, result: Result<(), LogError>) {
        // Whoever asked may have gone.
        let _ = self.reply.send(result.map(|()| self.freed));
    }
}
