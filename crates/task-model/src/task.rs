//! A task, what may be asked of many, and what may be changed in one.

use chrono::{DateTime, NaiveDate, Utc};
use recurrence::Recurrence;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::Reminder;

/// Where a task stands.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Default,
    Serialize,
    Deserialize,
    ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Not begun.
    #[default]
    Pending,
    /// Begun.
    InProgress,
    /// Done.
    Completed,
    /// Given up.
    Cancelled,
}

/// How much a task matters; ordered from least to most.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Default,
    Serialize,
    Deserialize,
    ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// Can wait.
    Low,
    /// The default.
    #[default]
    Medium,
    /// Matters.
    High,
    /// Before all else.
    Urgent,
}

/// What the next instance of a recurring task is counted from.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Default,
    Serialize,
    Deserialize,
    ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum RecurrenceFrom {
    /// The due date: every Monday stays every Monday, however late one was done.
    #[default]
    DueDate,
    /// The moment of completion: three days after it was done.
    Completion,
}

impl RecurrenceFrom {
    /// A pattern that counts from it, in plain English: "every Monday", "every 3 days after it is done".
    #[must_use]
    pub fn describe(self, pattern: &Recurrence) -> String {
        let told = pattern.describe();
        match self {
            Self::DueDate => told,
            Self::Completion => format!("{told} after it is done"),
        }
    }
}

names!(Status {
    Pending => "pending",
    InProgress => "in_progress",
    Completed => "completed",
    Cancelled => "cancelled",
});
names!(Priority { Low => "low", Medium => "medium", High => "high", Urgent => "urgent" });
names!(RecurrenceFrom { DueDate => "due_date", Completion => "completion" });
names!(SortField {
    CreatedAt => "created_at",
    DueDate => "due_date",
    Priority => "priority",
    Title => "title",
    UpdatedAt => "updated_at",
});

/// A task as clients see it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Task {
    /// Made by the server.
    pub id: Uuid,
    /// Whose it is.
    pub user_id: Uuid,
    /// 1 to 500 characters, trimmed.
    pub title: String,
    /// At most 10,000 characters.
    #[schema(required = true)]
    pub description: Option<String>,
    /// Where it stands.
    pub status: Status,
    /// How much it matters.
    pub priority: Priority,
    /// When it should be done.
    #[schema(required = true)]
    pub due_date: Option<DateTime<Utc>>,
    /// When to remind; at most 10.
    #[schema(value_type = Vec<String>)]
    pub reminders: Vec<Reminder>,
    /// Lower-case, no duplicates, at most 20 of 1 to 50 characters.
    pub tags: Vec<String>,
    /// `daily`, `weekly`, `monthly`, `yearly`, `weekdays`, or an RFC 5545 RRULE.
    #[schema(required = true)]
    pub recurrence_pattern: Option<String>,
    /// What the next instance is counted from.
    #[serde(default)]
    #[schema(required = true)]
    pub recurrence_from: RecurrenceFrom,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    /// When it was completed, if it is.
    #[schema(required = true)]
    pub completed_at: Option<DateTime<Utc>>,
    /// 1 at creation, one more at each change.
    pub version: i64,
}

/// A task to create: checked, trimmed, defaults filled in.
#[derive(Debug, Clone, PartialEq)]
pub struct NewTask {
    /// Given by the caller, so that creating twice can be told apart from creating two.
    pub id: Uuid,
    /// See [`Task::title`].
    pub title: String,
    /// See [`Task::description`].
    pub description: Option<String>,
    /// See [`Task::priority`].
    pub priority: Priority,
    /// See [`Task::due_date`].
    pub due_date: Option<DateTime<Utc>>,
    /// See [`Task::reminders`].
    pub reminders: Vec<Reminder>,
    /// See [`Task::tags`].
    pub tags: Vec<String>,
    /// See [`Task::recurrence_pattern`].
    pub recurrence_pattern: Option<String>,
    /// See [`Task::recurrence_from`].
    pub recurrence_from: RecurrenceFrom,
}

/// A change to a task: `None` leaves a field as it is, `Some(None)` clears it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TaskPatch {
    /// See [`Task::title`].
    pub title: Option<String>,
    /// See [`Task::description`].
    pub description: Option<Option<String>>,
    /// See [`Task::status`]; to and from `completed` it sets or clears `completed_at`.
    pub status: Option<Status>,
    /// See [`Task::priority`].
    pub priority: Option<Priority>,
    /// See [`Task::due_date`].
    pub due_date: Option<Option<DateTime<Utc>>>,
    /// See [`Task::reminders`].
    pub reminders: Option<Vec<Reminder>>,
    /// See [`Task::tags`].
    pub tags: Option<Vec<String>>,
    /// See [`Task::recurrence_pattern`].
    pub recurrence_pattern: Option<Option<String>>,
    /// See [`Task::recurrence_from`].
    pub recurrence_from: Option<RecurrenceFrom>,
}

/// What a list is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SortField {
    /// The default, newest first.
    #[default]
    CreatedAt,
    /// Tasks without a due date come last either way.
    DueDate,
    /// From least to most.
    Priority,
    /// Without regard to case.
    Title,
    /// Last change.
    UpdatedAt,
}

/// Which end comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SortOrder {
    /// Smallest first.
    Ascending,
    /// Largest first.
    #[default]
    Descending,
}

/// Which tasks to list. Repeated values of one field are alternatives; fields must all hold.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskQuery {
    /// Any of these; empty: all.
    pub status: Vec<Status>,
    /// Any of these; empty: all.
    pub priority: Vec<Priority>,
    /// Any of these, lower-case; empty: all.
    pub tag: Vec<String>,
    /// Due strictly before.
    pub due_before: Option<DateTime<Utc>>,
    /// Due at or after.
    pub due_after: Option<DateTime<Utc>>,
    /// `Some(true)`: due before this request's now and neither completed nor cancelled; `Some(false)`: the others.
    pub overdue: Option<bool>,
    /// Completed at or after (the chat asks this; no HTTP parameter).
    pub completed_after: Option<DateTime<Utc>>,
    /// Completed strictly before (the chat asks this; no HTTP parameter).
    pub completed_before: Option<DateTime<Utc>>,
    /// Changed at or after.
    pub updated_after: Option<DateTime<Utc>>,
    /// `Some(false)`: only tasks without a due date; `Some(true)`: only those with one.
    pub has_due_date: Option<bool>,
    /// Full text.
    pub q: Option<String>,
    /// What by.
    pub sort: SortField,
    /// Which way.
    pub order: SortOrder,
    /// 1 to 100.
    pub limit: u32,
    /// How many to skip.
    pub offset: u32,
}

impl Default for TaskQuery {
    fn default() -> Self {
        Self {
            status: Vec::new(),
            priority: Vec::new(),
            tag: Vec::new(),
            due_before: None,
            due_after: None,
            updated_after: None,
            overdue: None,
            completed_after: None,
            completed_before: None,
            has_due_date: None,
            q: None,
            sort: SortField::default(),
            order: SortOrder::default(),
            limit: 20,
            offset: 0,
        }
    }
}

/// Some of the tasks that a query matches, and how many match in all.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// In the query's order.
    pub tasks: Vec<Task>,
    /// Without regard to limit and offset.
    pub total: u64,
}

/// A task found by full text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SearchHit {
    /// The task.
    #[serde(flatten)]
    pub task: Task,
    /// The best passage; matches stand between `<mark>` and `</mark>`, the rest is HTML-escaped.
    pub snippet: String,
}

/// A tag and how many tasks carry it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TagCount {
    /// Lower-case.
    pub tag: String,
    /// Tasks that carry it, whatever their status.
    pub count: u64,
}

/// The numbers behind `GET /api/stats`. Days are days in the person's time zone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stats {
    /// All tasks.
    pub total: u64,
    /// Tasks in each status that has any.
    pub by_status: Vec<(Status, u64)>,
    /// Open (pending or in progress) tasks in each priority that has any.
    pub by_priority: Vec<(Priority, u64)>,
    /// Open and due before now.
    pub overdue: u64,
    /// Open and due today.
    pub due_today: u64,
    /// Completed on each day that has any, oldest first.
    pub completed_per_day: Vec<(NaiveDate, u64)>,
}
