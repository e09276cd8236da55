//! Looking at a log without changing it, also from another process while the host runs.

use std::path::Path;

use crate::{DeadLetter, GroupInfo, LogError, Record, TopicInfo};

/// A log's topics, groups, records and dead letters. Its functions read the file and block for that time.
#[derive(Debug)]
pub struct LogReader {}

impl LogReader {
    /// Opens a log for reading, whoever else has it open.
    ///
    /// # Errors
    /// [`LogError::NotFound`] where there is no file, [`LogError::Corrupt`], [`LogError::Unavailable`].
    pub fn open(path: &Path) -> Result<Self, LogError> {
        let _ = path;
        todo!()
    }

    /// The topics by name.
    ///
    /// # Errors
    /// [`LogError::Unavailable`], [`LogError::Corrupt`].
    pub fn topics(&self) -> Result<Vec<TopicInfo>, LogError> {
        todo!()
    }

    /// The groups by name, topic and partition.
    ///
    /// # Errors
    /// [`LogError::Unavailable`], [`LogError::Corrupt`].
    pub fn groups(&self) -> Result<Vec<GroupInfo>, LogError> {
        todo!()
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
        let _ = (topic, from, max);
        todo!()
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
        let _ = (topic, max);
        todo!()
    }
}
