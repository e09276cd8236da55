//! What the service reaches beside its database. The component does it over its imports.

use std::future::Future;

use chrono::{DateTime, Utc};
use events::{Event, PublishError};
use task_model::{Channel, User};
use uuid::Uuid;

use crate::Subscription;

/// Where a person can be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    /// Who.
    pub user_id: Uuid,
    /// The account's address.
    pub email: Option<String>,
    /// E.164.
    pub phone: Option<String>,
    /// Browsers.
    pub push_subscriptions: Vec<Subscription>,
}

impl Recipient {
    /// For the inbox, which needs no address.
    pub(crate) fn inbox(user_id: Uuid) -> Self {
        Self {
            user_id,
            email: None,
            phone: None,
            push_subscriptions: Vec::new(),
        }
    }
}

/// What a channel hands over: `notification` of `todo:notify/types`, in plain Rust.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The notification's id, the idempotency key of all its attempts.
    pub id: Uuid,
    /// To whom.
    pub recipient: Recipient,
    /// The task's title.
    pub title: String,
    /// A sentence, the same at each attempt through one channel.
    pub body: String,
    /// Of which task.
    pub task_id: Uuid,
}

/// The channel's provider has taken it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Receipt {
    /// The provider's id of the message.
    pub reference: Option<String>,
    /// Endpoints of push subscriptions that no longer exist.
    pub gone: Vec<String>,
}

/// Why it was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeliveryError {
    /// The channel, or the recipient's address for it, is not set up.
    NotConfigured(String),
    /// It may work later.
    Temporary {
        /// What went wrong.
        reason: String,
        /// What the provider asks to wait.
        retry_seconds: Option<u32>,
    },
    /// It will never work.
    Permanent(String),
    /// None of the push subscriptions, named by their endpoints, exists any more.
    Gone(Vec<String>),
    /// No answer came in [`crate::SEND_SECONDS`]: it may have arrived.
    NoAnswer,
}

/// A channel that is set up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// The same notification handed over again reaches the person once.
    pub is_repeatable: bool,
    /// What a browser subscribes with.
    pub public_key: Option<String>,
}

/// The other services, the channels and the clock.
pub trait Peers {
    /// The time.
    fn now(&self) -> DateTime<Utc>;

    /// A person with their preferences as they are now, or none if there is no such account. An error is
    /// temporary.
    fn person(&self, user_id: Uuid) -> impl Future<Output = Result<Option<User>, String>>;

    /// What a channel can do, or what is missing in its configuration.
    fn describe(&self, channel: Channel) -> impl Future<Output = Result<Capabilities, String>>;

    /// Sends a message.
    fn deliver(
        &self,
        channel: Channel,
        message: Message,
    ) -> impl Future<Output = Result<Receipt, DeliveryError>>;

    /// Publishes events, one result for each.
    fn publish(&self, events: Vec<Event>) -> impl Future<Output = Vec<Result<(), PublishError>>>;
}
