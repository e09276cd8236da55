//! What the notification service does, over any [`sql::SqlConnection`].
//!
//! A reminder that is due becomes one notification. It is written into the person's inbox, announced on
//! `task-updates`, and sent through the first of the person's other channels that works. Each step is
//! recorded before and after, so that whoever takes over after a crash knows what is left: see [`Service`].

mod claims;
mod delivery;
pub mod inbox;
mod marks;
mod migrations;
mod model;
mod peers;
mod quiet;
mod reminder;
mod service;
pub mod subscriptions;
mod text;

pub use migrations::MIGRATIONS;
pub use model::{Delivery, DeliveryState, Inbox, Notification};
pub use peers::{Capabilities, DeliveryError, Message, Peers, Receipt, Recipient};
pub use quiet::quiet_until;
pub use service::{SEND_SECONDS, Service};
pub use subscriptions::Subscription;

use sql::Database;

/// Notifications, attempts and push subscriptions. What an attempt was about to do survives even a power failure.
pub const DATABASE: Database = Database::durable("notifications");

/// The same for the in-app channel. Its entry need not be flushed: the outcome, recorded right after in the same
/// write-ahead log through [`DATABASE`], takes it along.
pub const IN_APP_DATABASE: Database = DATABASE.repeatable();
