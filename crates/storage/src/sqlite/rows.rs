//! Reads tasks and people out of rows.

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use task_model::{Priority, Status, Task, User};
use uuid::Uuid;

use crate::{Result, Row, SqlValue, StorageError};

/// What [`Columns::task`] reads, in its order.
pub(super) const TASK: &str = "id, user_id, title, description, status, priority, due_date, reminders, tags, \
     recurrence_pattern, created_at, updated_at, completed_at, version";
/// What [`Columns::user`] reads, in its order.
pub(super) const USER: &str =
    "id, username, email, role, timezone, notification_preferences, created_at, updated_at";

pub(super) const PRIORITIES: [Priority; 4] = [
    Priority::Low,
    Priority::Medium,
    Priority::High,
    Priority::Urgent,
];

/// How a priority is stored: its rank.
pub(super) fn rank(priority: Priority) -> i64 {
    priority as i64
}

/// A row, read from its first column on.
pub(super) struct Columns(std::vec::IntoIter<SqlValue>);

impl From<Row> for Columns {
    fn from(row: Row) -> Self {
        Self(row.into_iter())
    }
}

fn wrong(expected: &str, found: impl std::fmt::Debug) -> StorageError {
    StorageError::Internal(format!("expected {expected} in a column, found {found:?}"))
}

impl Columns {
    pub(super) fn optional_text(&mut self) -> Result<Option<String>> {
        match self.0.next() {
            Some(SqlValue::Text(text)) => Ok(Some(text)),
            Some(SqlValue::Null) => Ok(None),
            other => Err(wrong("text", other)),
        }
    }

    pub(super) fn text(&mut self) -> Result<String> {
        self.optional_text()?
            .ok_or_else(|| wrong("text", SqlValue::Null))
    }

    pub(super) fn optional_integer(&mut self) -> Result<Option<i64>> {
        match self.0.next() {
            Some(SqlValue::Integer(integer)) => Ok(Some(integer)),
            Some(SqlValue::Null) => Ok(None),
            other => Err(wrong("an integer", other)),
        }
    }

    pub(super) fn integer(&mut self) -> Result<i64> {
        self.optional_integer()?
            .ok_or_else(|| wrong("an integer", SqlValue::Null))
    }

    pub(super) fn count(&mut self) -> Result<u64> {
        let count = self.integer()?;
        u64::try_from(count).map_err(|_| wrong("a count", count))
    }

    fn optional_time(&mut self) -> Result<Option<DateTime<Utc>>> {
        self.optional_integer()?
            .map(|at| DateTime::from_timestamp_millis(at).ok_or_else(|| wrong("a time", at)))
            .transpose()
    }

    fn time(&mut self) -> Result<DateTime<Utc>> {
        self.optional_time()?
            .ok_or_else(|| wrong("a time", SqlValue::Null))
    }

    fn id(&mut self) -> Result<Uuid> {
        let text = self.text()?;
        text.parse().map_err(|_| wrong("a UUID", text))
    }

    pub(super) fn json<T: DeserializeOwned>(&mut self) -> Result<T> {
        let text = self.text()?;
        serde_json::from_str(&text).map_err(|error| wrong("JSON", (text, error)))
    }

    pub(super) fn status(&mut self) -> Result<Status> {
        let text = self.text()?;
        text.parse().map_err(|_| wrong("a status", text))
    }

    pub(super) fn priority(&mut self) -> Result<Priority> {
        let rank = self.integer()?;
        usize::try_from(rank)
            .ok()
            .and_then(|rank| PRIORITIES.get(rank).copied())
            .ok_or_else(|| wrong("a priority", rank))
    }

    pub(super) fn task(&mut self) -> Result<Task> {
        Ok(Task {
            id: self.id()?,
            user_id: self.id()?,
            title: self.text()?,
            description: self.optional_text()?,
            status: self.status()?,
            priority: self.priority()?,
            due_date: self.optional_time()?,
            reminders: self.json()?,
            tags: self.json()?,
            recurrence_pattern: self.optional_text()?,
            created_at: self.time()?,
            updated_at: self.time()?,
            completed_at: self.optional_time()?,
            version: self.integer()?,
        })
    }

    pub(super) fn user(&mut self) -> Result<User> {
        Ok(User {
            id: self.id()?,
            username: self.text()?,
            email: self.text()?,
            role: self.text()?,
            timezone: self.text()?,
            notification_preferences: self.json()?,
            created_at: self.time()?,
            updated_at: self.time()?,
        })
    }
}

/// A value as JSON text, for a column or a parameter that `json_each` reads.
pub(super) fn json<T: serde::Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| StorageError::Internal(error.to_string()))
}

/// The task of the first row, if there is one.
pub(super) fn first_task(rows: Vec<Row>) -> Result<Option<Task>> {
    rows.into_iter()
        .next()
        .map(|row| Columns::from(row).task())
        .transpose()
}

/// The person of the first row, if there is one.
pub(super) fn first_user(rows: Vec<Row>) -> Result<Option<User>> {
    rows.into_iter()
        .next()
        .map(|row| Columns::from(row).user())
        .transpose()
}
