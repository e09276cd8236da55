//! A notification as the API shows it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use task_model::Channel;
use utoipa::ToSchema;
use uuid::Uuid;

/// What came of sending a notification through a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// It is being handed over.
    Sending,
    /// The channel's provider has taken it.
    Delivered,
    /// It did not work yet and will be tried again.
    Retrying,
    /// It did not work and will not be tried again.
    Failed,
    /// The channel, or the person's address for it, is not set up.
    NotConfigured,
    /// Nobody knows whether it arrived, and trying again could bring it twice.
    Unknown,
}

/// How a notification was, or was not, delivered through one channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Delivery {
    /// Through which.
    pub channel: Channel,
    /// What came of the last attempt.
    pub state: DeliveryState,
    /// How many there were.
    pub attempts: u32,
    /// The provider's reference, or what went wrong.
    #[schema(required = true)]
    pub detail: Option<String>,
    /// When the last attempt ended, or began while it goes on.
    pub at: DateTime<Utc>,
}

/// A reminder that was due, in the person's inbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Notification {
    /// Made from the reminder's event, so that it is there once.
    pub id: Uuid,
    /// Of which task.
    pub task_id: Uuid,
    /// The task's title when the reminder was due.
    pub title: String,
    /// A sentence about when the task is due, in the person's time zone.
    #[schema(example = "Due today at 17:00.")]
    pub body: String,
    /// When the reminder was to come.
    pub remind_at: DateTime<Utc>,
    /// When the task is due.
    #[schema(required = true)]
    pub due_at: Option<DateTime<Utc>>,
    /// The reminder came later than it should have.
    pub late: bool,
    /// When the notification was made.
    pub created_at: DateTime<Utc>,
    /// When the person read it.
    #[schema(required = true)]
    pub read_at: Option<DateTime<Utc>>,
    /// Each channel that was tried, the first one first.
    pub deliveries: Vec<Delivery>,
}

/// A page of the inbox, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Inbox {
    /// The notifications of this page.
    pub notifications: Vec<Notification>,
    /// How many the person has not read, on all pages.
    pub unread: u64,
    /// Asks for the next page, as `cursor`; null on the last.
    #[schema(required = true)]
    pub next_cursor: Option<String>,
}
