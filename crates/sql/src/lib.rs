//! SQL over any connection that can execute one statement: `spin:sqlite` and `spin:postgres` in a component
//! (feature `spin`), `rusqlite` and `tokio-postgres` in native tests and commands (features `rusqlite` and
//! `postgres`).
//!
//! A statement is written once where both databases understand it: integers and times are BIGINT, ids TEXT,
//! flags 0 or 1, and a parameter whose type PostgreSQL cannot tell from its place stands in a CAST. Where they
//! differ, [`SqlConnection::dialect`] chooses.

mod columns;
mod dialect;
mod either;
mod erasure;
mod migrations;
#[cfg(feature = "postgres")]
pub mod postgres;
#[cfg(any(feature = "postgres", feature = "spin"))]
mod postgres_url;
#[cfg(feature = "rusqlite")]
pub mod rusqlite;
#[cfg(feature = "spin")]
pub mod spin;
#[cfg(any(feature = "postgres", feature = "spin"))]
mod sqlstate;
#[cfg(feature = "testing")]
pub mod testing;
mod value;

pub use columns::{Columns, json};
pub use dialect::Dialect;
pub use either::Either;
pub use erasure::overwrite_erased;
pub use migrations::{Migrated, Migration, Migrations, migrate, migration_state};
pub use value::SqlValue;

use std::future::Future;

/// Why a statement did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum SqlError {
    /// A unique value is taken; names the columns as SQLite does: `users.email`.
    #[error("{0} is already in use")]
    Unique(String),
    /// The database is busy, full, read-only or gone; the caller may try again later.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// A statement or a stored value is wrong: a defect of ours.
    #[error("unexpected answer from the database: {0}")]
    Internal(String),
}

/// What every call answers with.
pub type Result<T> = std::result::Result<T, SqlError>;

/// The values of one row, in the order of the statement's columns.
pub type Row = Vec<SqlValue>;

/// A database that a service owns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Database {
    /// Its label in `spin.toml`, and the stem of its file's name.
    pub label: &'static str,
    /// Statements to execute on each new connection to SQLite before anything else.
    pub setup: &'static [&'static str],
    /// Whether a commit waits until it is on the disk of PostgreSQL.
    pub synchronous_commit: bool,
}

impl Database {
    /// A database whose commits survive even a power failure, and where what is deleted is overwritten.
    pub const fn durable(label: &'static str) -> Self {
        Self {
            label,
            setup: &[
                "PRAGMA busy_timeout = 5000",
                "PRAGMA synchronous = FULL",
                "PRAGMA secure_delete = ON",
            ],
            synchronous_commit: true,
        }
    }

    /// Its schema in PostgreSQL: the label, as a name that needs no quotes.
    pub fn schema(&self) -> String {
        self.label.replace('-', "_")
    }

    /// The same database for commits that may be done again after a power failure.
    pub const fn repeatable(self) -> Self {
        Self {
            label: self.label,
            setup: &[
                "PRAGMA busy_timeout = 5000",
                "PRAGMA synchronous = NORMAL",
                "PRAGMA secure_delete = ON",
            ],
            synchronous_commit: false,
        }
    }
}

/// An open connection to one database.
///
/// Many requests may share it, so it promises nothing across two calls: each call is a transaction
/// of its own.
pub trait SqlConnection: Send + Sync + Sized {
    /// What it speaks.
    fn dialect(&self) -> Dialect;

    /// Executes exactly one statement to its end; its parameters are `?1`, `?2` and so on.
    fn execute(
        &self,
        sql: &str,
        params: Vec<SqlValue>,
    ) -> impl Future<Output = Result<Vec<Row>>> + Send;

    /// Opens another connection to the same database, shared with nobody; dropping it rolls back
    /// what it has not committed. Transactions of several statements run on such a one.
    fn reopen(&self) -> impl Future<Output = Result<Self>> + Send;
}

impl SqlError {
    /// Sorts an error by SQLite's message, the only thing that `spin:sqlite` hands on.
    pub fn from_sqlite(message: impl Into<String>) -> Self {
        /// The messages of `SQLITE_BUSY`, `LOCKED`, `FULL`, `READONLY`, `IOERR`, `CANTOPEN` and `NOMEM`.
        const UNAVAILABLE: [&str; 9] = [
            "database is locked",
            "database table is locked",
            "database schema is locked",
            "locking protocol",
            "database or disk is full",
            "attempt to write a readonly database",
            "disk I/O error",
            "unable to open database file",
            "out of memory",
        ];
        const UNIQUE: &str = "UNIQUE constraint failed: ";
        let message = message.into();
        if let Some((_, columns)) = message.split_once(UNIQUE) {
            Self::Unique(columns.to_owned())
        } else if UNAVAILABLE.iter().any(|text| message.contains(text)) {
            Self::Unavailable(message)
        } else {
            Self::Internal(message)
        }
    }
}

/// The parameters of a statement.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { vec![$($crate::SqlValue::from($value)),*] };
}
