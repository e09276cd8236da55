//! A new database for each test, of either kind, so that one suite says what holds on both.
//!
//! A crate keeps its suite as modules and compiles it once for each: `tests/sqlite.rs` and `tests/postgres.rs`
//! hold `const DIALECT: sql::Dialect` and `mod suite;`, and the suite opens `Scratch::new(crate::DIALECT)`.

use servers::Postgres;
use tempfile::TempDir;

use crate::postgres::PostgresConnection;
use crate::rusqlite::RusqliteConnection;
use crate::{Database, Dialect, Result, Row, SqlConnection, SqlValue};

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
#[derive(Debug)]
pub enum Connection {
    /// To a file.
    Sqlite(RusqliteConnection),
    /// To a schema.
    Postgres(PostgresConnection),
}

impl SqlConnection for Connection {
    fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(connection) => connection.dialect(),
            Self::Postgres(connection) => connection.dialect(),
        }
    }

    async fn execute(&self, sql: &str, params: Vec<SqlValue>) -> Result<Vec<Row>> {
        match self {
            Self::Sqlite(connection) => connection.execute(sql, params).await,
            Self::Postgres(connection) => connection.execute(sql, params).await,
        }
    }

    async fn reopen(&self) -> Result<Self> {
        Ok(match self {
            Self::Sqlite(connection) => Self::Sqlite(connection.reopen().await?),
            Self::Postgres(connection) => Self::Postgres(connection.reopen().await?),
        })
    }
}
