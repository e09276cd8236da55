//! The events between the services: CloudEvents 1.0 envelopes around one kind of payload a topic.
//!
//! The shapes are fixed by the JSON Schemas in `schemas/`, one file a topic. They only grow: a new field is
//! optional, readers ignore what they do not know.

mod contract;
mod envelope;
mod payload;
#[cfg(feature = "schema")]
pub mod schema;

pub use contract::{Outcome, PublishError};
pub use envelope::Event;
pub use payload::{
    Payload, ReminderEvent, ReminderEventType, TaskData, TaskEvent, TaskEventType, TaskUpdate,
    TaskUpdateType, UserEvent, UserEventType,
};

/// Changes of tasks, as [`TaskEvent`].
pub const TASK_EVENTS: &str = "task-events";
/// Reminders set and due, as [`ReminderEvent`].
pub const REMINDERS: &str = "reminders";
/// What a person's screens show, as [`TaskUpdate`].
pub const TASK_UPDATES: &str = "task-updates";
/// Changes of accounts, as [`UserEvent`].
pub const USER_EVENTS: &str = "user-events";
/// All topics.
pub const TOPICS: [&str; 4] = [TASK_EVENTS, REMINDERS, TASK_UPDATES, USER_EVENTS];
