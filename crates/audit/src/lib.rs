//! The audit trail: every event once, in one tamper-evident chain a person.
//!
//! [`Trail`] records events and answers queries over any [`sql::SqlConnection`]; [`verify`] reads a
//! database file and finds what was changed in it. `docs/audit.md` says how an entry's hash is made.

mod chain;
mod facts;
mod migrations;
mod query;
mod record;
pub mod verify;

pub use migrations::MIGRATIONS;
pub use query::{Entry, Page, TrailQuery};

use sql::{Database, Result, SqlConnection};

/// The database: durable, and what is erased is overwritten in the file.
pub const AUDIT: Database = Database::durable("audit");

/// The topics that are recorded.
pub const TOPICS: [&str; 3] = [events::TASK_EVENTS, events::REMINDERS, events::USER_EVENTS];

/// Everybody's chains.
#[derive(Debug)]
pub struct Trail<C> {
    connection: C,
}

impl<C: SqlConnection> Trail<C> {
    /// Over a connection to [`AUDIT`] with [`MIGRATIONS`].
    pub fn new(connection: C) -> Self {
        Self { connection }
    }

    /// A cheap statement, for readiness.
    pub async fn ping(&self) -> Result<()> {
        let statement = "SELECT 1 FROM schema_migrations LIMIT 1";
        self.connection.execute(statement, vec![]).await.map(drop)
    }
}
