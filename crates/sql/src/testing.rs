//! A new database for each test, of either kind, so that one suite says what holds on both.
//!
//! A crate keeps its suite as modules and compiles it once for each: `tests/sqlite.rs` and `tests/postgres.rs`
//! hold `const DIALECT: sql::Dialect` and `mod suite;`, and the suite opens `Scratch::new(crate::DIALECT)`.

use servers::Postgres;
use tempfile::TempDir;

use crate::postgres::PostgresConnection;
use crate::rusqlite::RusqliteConnection;
use crate::{Database, Dialect, Either, Result};

/// A place for a test's databases, removed with it.
#[derive(Debug)]
pub enum Scratch {
    /// Files in a folder.
    Sqlite(TempDir),
    /// A database of the test process's server, by its address.
    Postgres(String),
}

impl Scratch {
    /// An empty one.
    pub fn new(dialect: Dialect) -> Self {
        match dialect {
            Dialect::Sqlite => Self::Sqlite(tempfile::tempdir().expect("a temporary folder")),
            Dialect::Postgres => Self::Postgres(Postgres::shared().create_database()),
        }
    }

    /// Opens a connection to `database` in it.
    pub async fn open(&self, database: Database) -> Result<Connection> {
        Ok(match self {
            Self::Sqlite(folder) => {
                Connection::Sqlite(RusqliteConnection::open(folder.path(), database)?)
            }
            Self::Postgres(url) => {
                Connection::Postgres(PostgresConnection::open(url, database).await?)
            }
        })
    }
}

/// A native connection of either kind.
pub type Connection = Either<RusqliteConnection, PostgresConnection>;
