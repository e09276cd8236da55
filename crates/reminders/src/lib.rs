//! The reminder service: keeps the reminder times of each task, says which are set and which are due, and
//! makes the next instance of a recurring task that was completed.
//!
//! It runs over any [`sql::SqlConnection`]; what it reaches outside of its database is [`Peers`].

mod announce;
mod history;
mod migrations;
mod peers;
mod service;
mod store;
mod successor;

pub use announce::event_id;
pub use migrations::MIGRATIONS;
pub use peers::{CreateError, Peers};
pub use service::{Scan, Service};
pub use store::{DATABASE, Due, Store, claim};
pub use successor::NextTask;

use chrono::TimeDelta;

/// How often the scan runs.
pub const SCAN_PERIOD: TimeDelta = TimeDelta::seconds(30);
/// A reminder that could not be triggered for longer than this is not set anew when its task changes.
const MAX_LATENESS: TimeDelta = TimeDelta::days(30);
/// How long it is remembered that a reminder was triggered. More than [`MAX_LATENESS`], by what clocks may
/// differ.
const KEEP_TRIGGERED: TimeDelta = TimeDelta::days(31);
/// How long closed tasks and erased people are remembered: longer than any log keeps an event that could
/// come again.
const KEEP_TOMBSTONES: TimeDelta = TimeDelta::days(90);
