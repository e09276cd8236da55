//! Reads tasks and people out of rows.

use sql::{Columns, Row, SqlError};
use task_model::{Priority, RecurrenceFrom, Status, Task, User};

use crate::Result;

/// What [`Columns::task`] reads, in its order.
pub(super) const TASK: &str = "id, user_id, title, description, status, priority, due_date, reminders, tags, \
     recurrence_pattern, recurrence_from, created_at, updated_at, completed_at, version";
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

/// Reads what the statements of this module select.
pub(super) trait ReadColumns {
    fn status(&mut self) -> Result<Status>;
    fn priority(&mut self) -> Result<Priority>;
    fn recurrence_from(&mut self) -> Result<RecurrenceFrom>;
    fn task(&mut self) -> Result<Task>;
    fn user(&mut self) -> Result<User>;
}

impl ReadColumns for Columns {
    fn status(&mut self) -> Result<Status> {
        let text = self.text()?;
        Ok(text
            .parse()
            .map_err(|_| SqlError::wrong_column("a status", text))?)
    }

    fn priority(&mut self) -> Result<Priority> {
        let rank = self.integer()?;
        let priority = usize::try_from(rank)
            .ok()
            .and_then(|rank| PRIORITIES.get(rank).copied());
        Ok(priority.ok_or_else(|| SqlError::wrong_column("a priority", rank))?)
    }

    fn recurrence_from(&mut self) -> Result<RecurrenceFrom> {
        let text = self.text()?;
        Ok(text
            .parse()
            .map_err(|_| SqlError::wrong_column("what a recurrence is counted from", text))?)
    }

    fn task(&mut self) -> Result<Task> {
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
            recurrence_from: self.recurrence_from()?,
            created_at: self.time()?,
            updated_at: self.time()?,
            completed_at: self.optional_time()?,
            version: self.integer()?,
        })
    }

    fn user(&mut self) -> Result<User> {
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
