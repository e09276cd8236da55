//! The next instance of a recurring task.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use events::TaskData;
use recurrence::{Recurrence, RecurrenceError, to_utc};
use serde::Serialize;
use task_model::{Priority, RecurrenceFrom, Reminder};

/// A task to create, as `POST /api/tasks` takes it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the fields are those of `task_model::Task`")]
pub struct NextTask {
    pub title: String,
    pub description: Option<String>,
    pub priority: Priority,
    pub due_date: DateTime<Utc>,
    pub reminders: Vec<Reminder>,
    pub tags: Vec<String>,
    pub recurrence_pattern: String,
    pub recurrence_from: RecurrenceFrom,
}

/// The instance after a task that was completed; `None` if it does not repeat or its series has ended.
pub(crate) fn successor(
    data: &TaskData,
    completed_at: DateTime<Utc>,
) -> Result<Option<NextTask>, RecurrenceError> {
    let task = &data.task;
    let Some(pattern) = &task.recurrence_pattern else {
        return Ok(None);
    };
    let pattern = Recurrence::parse(pattern)?;
    let tz = (data.timezone.as_deref())
        .and_then(|name| name.parse().ok())
        .unwrap_or(Tz::UTC);
    let next = match (task.recurrence_from, task.due_date) {
        (RecurrenceFrom::DueDate, Some(due)) => pattern.following_due(due, completed_at, tz),
        (_, due) => pattern.following_completion(due, completed_at, tz),
    };
    let Some(next) = next else {
        return Ok(None);
    };
    let moved = local_distance(task.due_date.unwrap_or(completed_at), next.due, tz);
    let reminder = |reminder: &Reminder| match *reminder {
        Reminder::At(at) => at
            .with_timezone(&tz)
            .naive_local()
            .checked_add_signed(moved)
            .map(|local| Reminder::At(to_utc(local, tz))),
        before @ Reminder::Before { .. } => Some(before),
    };
    Ok(Some(NextTask {
        title: task.title.clone(),
        description: task.description.clone(),
        priority: task.priority,
        due_date: next.due,
        reminders: task.reminders.iter().filter_map(reminder).collect(),
        tags: task.tags.clone(),
        recurrence_pattern: next.pattern.to_string(),
        recurrence_from: task.recurrence_from,
    }))
}

/// How far apart clocks in `tz` show the two.
fn local_distance(from: DateTime<Utc>, to: DateTime<Utc>, tz: Tz) -> TimeDelta {
    to.with_timezone(&tz).naive_local() - from.with_timezone(&tz).naive_local()
}
