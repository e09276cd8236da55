//! The `data` of each topic's events.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use task_model::{Channel, Task};
use uuid::Uuid;

/// The `data` of a topic's events, with what the envelope repeats of it.
pub trait Payload: Serialize {
    /// The topic.
    const TOPIC: &'static str;
    /// What happened: the envelope's `type`.
    fn event_type(&self) -> &'static str;
    /// Whose event it is: the envelope's key.
    fn user_id(&self) -> Uuid;
    /// What it happened to: the envelope's `subject`.
    fn subject(&self) -> Uuid;
    /// When it happened: the envelope's `time`.
    fn time(&self) -> DateTime<Utc>;
}

macro_rules! payload {
    ($type:ty, $topic:expr, $subject:ident) => {
        impl Payload for $type {
            const TOPIC: &'static str = $topic;

            fn event_type(&self) -> &'static str {
                self.event_type.as_str()
            }

            fn user_id(&self) -> Uuid {
                self.user_id
            }

            fn subject(&self) -> Uuid {
                self.$subject
            }

            fn time(&self) -> DateTime<Utc> {
                self.timestamp
            }
        }
    };
}

payload!(TaskEvent, crate::TASK_EVENTS, task_id);
payload!(ReminderEvent, crate::REMINDERS, task_id);
payload!(TaskUpdate, crate::TASK_UPDATES, task_id);
payload!(UserEvent, crate::USER_EVENTS, user_id);

/// The names of an enumeration's values in an envelope; serde's are the same.
macro_rules! names {
    ($type:ident { $($variant:ident => $name:literal),+ }) => {
        impl $type {
            /// Its name in JSON.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name),+
                }
            }
        }
    };
}

names!(TaskEventType {
    TaskCreated => "task_created",
    TaskUpdated => "task_updated",
    TaskDeleted => "task_deleted",
    TaskCompleted => "task_completed"
});
names!(ReminderEventType {
    ReminderScheduled => "reminder_scheduled",
    ReminderTriggered => "reminder_triggered"
});
names!(TaskUpdateType {
    TaskCreated => "task_created",
    TaskUpdated => "task_updated",
    TaskDeleted => "task_deleted",
    TaskCompleted => "task_completed",
    Notification => "notification"
});
names!(UserEventType { UserErased => "user_erased" });

/// What happened to a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskEventType {
    /// It is there, or there again.
    TaskCreated,
    /// Its fields changed.
    TaskUpdated,
    /// It is gone.
    TaskDeleted,
    /// It was done.
    TaskCompleted,
}

/// The `data` of an event of [`TASK_EVENTS`](crate::TASK_EVENTS).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskEvent {
    /// What happened.
    pub event_type: TaskEventType,
    /// To which task.
    pub task_id: Uuid,
    /// Whose it is.
    pub user_id: Uuid,
    /// When.
    pub timestamp: DateTime<Utc>,
    /// The task after the change.
    pub task_data: TaskData,
}

/// A task, and what a service needs of its person without asking.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskData {
    /// The task; its `version` orders the events of one task.
    #[serde(flatten)]
    pub task: Task,
    /// The person's time zone at the change, an IANA name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    /// The person's channels at the change, the preferred one first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notification_channels: Vec<Channel>,
}

/// What happened to a reminder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReminderEventType {
    /// It is set.
    ReminderScheduled,
    /// It is due.
    ReminderTriggered,
}

/// The `data` of an event of [`REMINDERS`](crate::REMINDERS).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReminderEvent {
    /// What happened.
    pub event_type: ReminderEventType,
    /// Which task it reminds of.
    pub task_id: Uuid,
    /// Whose.
    pub user_id: Uuid,
    /// When it happened.
    pub timestamp: DateTime<Utc>,
    /// The task's title.
    pub title: String,
    /// When the task is due; absent for a reminder of its own on a task without a due date.
    pub due_at: Option<DateTime<Utc>>,
    /// When to remind.
    pub remind_at: DateTime<Utc>,
    /// The person's preferred channel when the reminder was set; the notification service goes by the
    /// preferences of the moment.
    pub notification_type: Channel,
    /// It was triggered later than its time by more than two periods of the scan.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub late: bool,
}

/// What a screen should show anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskUpdateType {
    /// As [`TaskEventType::TaskCreated`].
    TaskCreated,
    /// As [`TaskEventType::TaskUpdated`].
    TaskUpdated,
    /// As [`TaskEventType::TaskDeleted`].
    TaskDeleted,
    /// As [`TaskEventType::TaskCompleted`].
    TaskCompleted,
    /// There is a new notification, or one was read.
    Notification,
}

/// The `data` of an event of [`TASK_UPDATES`](crate::TASK_UPDATES).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskUpdate {
    /// What happened.
    pub event_type: TaskUpdateType,
    /// To which task.
    pub task_id: Uuid,
    /// Whose screens.
    pub user_id: Uuid,
    /// When.
    pub timestamp: DateTime<Utc>,
    /// The task as the API shows it, or the notification as the API shows it; of one that was read also
    /// `unread`, how many are left.
    pub update_data: Value,
}

/// What happened to an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserEventType {
    /// It is gone, and each service removes what it holds of the person.
    UserErased,
}

/// The `data` of an event of [`USER_EVENTS`](crate::USER_EVENTS).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UserEvent {
    /// What happened.
    pub event_type: UserEventType,
    /// To whom.
    pub user_id: Uuid,
    /// When.
    pub timestamp: DateTime<Utc>,
}
