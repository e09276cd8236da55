//! Live updates: what a person's screens get as it happens, and what they missed while they were away.
//!
//! Nothing here holds a connection. A GRIP gateway does, and turns what happens on it into requests: [`socket`]
//! answers those of WebSockets, [`stream`] those of server-sent events. [`consumer`] numbers the events of
//! `task-updates` in the [`History`] and publishes them to the gateway.

pub mod consumer;
pub mod frames;
pub mod grip;
mod history;
pub mod messages;
mod migrations;
pub mod socket;
pub mod stream;

pub use history::{History, KEEP, Missed, NewUpdate, Place, Update};
pub use messages::UpdateId;
pub use migrations::MIGRATIONS;
pub use socket::AUTH_SECONDS;

use sql::Database;

/// The history. After a power failure its last updates may be missing: the event log brings them again, or
/// clients are told to load anew.
pub const DATABASE: Database = Database::durable("live").repeatable();
