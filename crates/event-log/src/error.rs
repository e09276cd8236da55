//! What goes wrong.

use std::path::PathBuf;

use rusqlite::ErrorCode;

use crate::Position;

/// Why the log did not do what was asked. Nothing of it was done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    /// It could not be read or written now: the disk is full, the database is locked. Try again later.
    #[error("the event log is unavailable: {0}")]
    Unavailable(String),
    /// Another process (or another handle of this one) has it open for writing.
    #[error("the event log {0} is in use: another process has it open")]
    InUse(PathBuf),
    /// The file is damaged, or is not an event log.
    #[error("the event log's file is damaged: {0}")]
    Corrupt(String),
    /// What was asked can never be done; says what is wrong with it.
    #[error("{0}")]
    Invalid(String),
    /// There is no such topic, group, partition or record.
    #[error("there is no {0}")]
    NotFound(String),
    /// The dead letter was put back before.
    #[error("the dead letter {0} has been put back already")]
    AlreadyPutBack(Position),
    /// [`EventLog::close`](crate::EventLog::close) was called.
    #[error("the event log is closed")]
    Closed,
}

impl From<rusqlite::Error> for LogError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Corrupt(error.to_string())
            }
            _ => Self::Unavailable(error.to_string()),
        }
    }
}
