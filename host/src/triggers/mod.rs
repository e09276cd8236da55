//! What starts components: HTTP requests, events and the clock.

pub mod cron;
pub mod http;
pub mod kafka;

use std::time::Duration;

/// How long what runs may go on after the host was told to stop.
pub const SHUTDOWN: Duration = Duration::from_secs(10);
