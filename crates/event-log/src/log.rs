//! The log, open for writing.

use std::path::Path;

use chrono::{DateTime, Utc};

use crate::{
    Consumer, LogError, LogReader, NewRecord, Position, Retained, SeekTo, Settings, Stats,
};

/// A log that this process writes. Clones are handles of the same log; dropping the last one ends its
/// writer thread. Only one process can have a log open so; others look at it with a [`LogReader`].
#[derive(Debug, Clone)]
pub struct EventLog {}

impl EventLog {
    /// Opens the log at `path`, and makes it where there is none. Needs `<path>-lock` beside it.
    ///
    /// # Errors
    /// [`LogError::InUse`], [`LogError::Corrupt`], [`LogError::Unavailable`].
    pub fn open(path: &Path, settings: Settings) -> Result<Self, LogError> {
        let _ = (path, settings);
        todo!()
    }

    /// Appends, all or none, and answers where each record is once they are durable. Callers at the same
    /// time share a transaction. Safe to cancel: the records are then appended or not.
    ///
    /// # Errors
    /// [`LogError::Invalid`] names what is wrong with a record; [`LogError::Unavailable`], [`LogError::Closed`].
    pub async fn append(&self, records: Vec<NewRecord>) -> Result<Vec<Position>, LogError> {
        let _ = records;
        todo!()
    }

    /// Joins a consumer group on some topics, which need not exist yet. A new group starts at the oldest
    /// record; a known one goes on where it was. Consumers of one group share the work.
    ///
    /// # Errors
    /// [`LogError::Invalid`] for a group or topic name, [`LogError::Unavailable`], [`LogError::Closed`].
    pub async fn subscribe(&self, group: &str, topics: &[String]) -> Result<Consumer, LogError> {
        let _ = (group, topics);
        todo!()
    }

    /// Sets where a group goes on in a topic, running consumers included. What it had set aside for a retry
    /// before that offset still comes; what is in flight and lies behind it comes again.
    ///
    /// # Errors
    /// [`LogError::NotFound`] for a group that never consumed this topic, [`LogError::Invalid`] for an offset
    /// that is not there yet, [`LogError::Unavailable`], [`LogError::Closed`].
    pub async fn seek(&self, group: &str, topic: &str, to: SeekTo) -> Result<(), LogError> {
        let _ = (group, topic, to);
        todo!()
    }

    /// Appends a dead letter's original to its topic again, and answers where. All of the topic's groups get
    /// it, with the same event id: those that have had it ignore it.
    ///
    /// # Errors
    /// [`LogError::NotFound`], [`LogError::AlreadyPutBack`], [`LogError::Invalid`] for a record that is no dead
    /// letter, [`LogError::Unavailable`], [`LogError::Closed`].
    pub async fn put_back(&self, dead_letter: &Position) -> Result<Position, LogError> {
        let _ = dead_letter;
        todo!()
    }

    /// Removes what is too old or too much, in small transactions between those of other callers, but
    /// nothing that a group still needs. To be called every minute or so.
    ///
    /// # Errors
    /// [`LogError::Unavailable`], [`LogError::Closed`]; what was removed until then stays removed.
    pub async fn enforce_retention(&self, now: DateTime<Utc>) -> Result<Retained, LogError> {
        let _ = now;
        todo!()
    }

    /// Topics, groups, records and dead letters.
    pub fn reader(&self) -> &LogReader {
        todo!()
    }

    /// Counters.
    pub fn stats(&self) -> Stats {
        todo!()
    }

    /// Finishes what was asked before, and lets go of the file. Other handles get [`LogError::Closed`] from
    /// then on. Not needed for durability.
    pub async fn close(&self) {
        todo!()
    }
}
