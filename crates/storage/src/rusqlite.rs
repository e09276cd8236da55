//! [`SqlConnection`] over `rusqlite`, for native tests (feature `rusqlite`).
//!
//! A crate that tests against real storage takes this crate with that feature as a dev-dependency and
//! calls [`open`] with an empty folder:
//!
//! ```toml
//! [dev-dependencies]
//! storage = { workspace = true, features = ["rusqlite"] }
//! ```

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rusqlite::params_from_iter;
use rusqlite::types::Value;

use crate::sqlite::{Database, SqliteStorage};
use crate::{Result, Row, SqlConnection, SqlValue, Storage, StorageError};

/// A connection to a database file. Its futures are ready at once.
#[derive(Debug)]
pub struct RusqliteConnection {
    path: PathBuf,
    database: Database,
    connection: Mutex<rusqlite::Connection>,
}

/// Opens the two database files in `folder`, which must exist, and brings their schemas up to date.
pub async fn open(folder: &Path) -> Result<SqliteStorage<RusqliteConnection>> {
    let storage = SqliteStorage::new(
        RusqliteConnection::open(folder, Database::Tasks)?,
        RusqliteConnection::open(folder, Database::RateLimits)?,
    );
    storage.migrate().await?;
    Ok(storage)
}

impl RusqliteConnection {
    /// Opens `<folder>/<label>.db`.
    pub fn open(folder: &Path, database: Database) -> Result<Self> {
        Self::open_file(folder.join(database.label()).with_extension("db"), database)
    }

    fn open_file(path: PathBuf, database: Database) -> Result<Self> {
        let connection = rusqlite::Connection::open(&path).map_err(error)?;
        let this = Self {
            path,
            database,
            connection: Mutex::new(connection),
        };
        for statement in database.setup() {
            this.run(statement, vec![])?;
        }
        Ok(this)
    }

    fn run(&self, sql: &str, params: Vec<SqlValue>) -> Result<Vec<Row>> {
        let connection = self
            .connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let mut statement = connection.prepare_cached(sql).map_err(error)?;
        let columns = statement.column_count();
        let params = params_from_iter(params.into_iter().map(|value| match value {
            SqlValue::Null => Value::Null,
            SqlValue::Integer(integer) => Value::Integer(integer),
            SqlValue::Real(real) => Value::Real(real),
            SqlValue::Text(text) => Value::Text(text),
            SqlValue::Blob(bytes) => Value::Blob(bytes),
        }));
        let rows = statement
            .query_map(params, |row| {
                (0..columns)
                    .map(|column| {
                        Ok(match row.get(column)? {
                            Value::Null => SqlValue::Null,
                            Value::Integer(integer) => SqlValue::Integer(integer),
                            Value::Real(real) => SqlValue::Real(real),
                            Value::Text(text) => SqlValue::Text(text),
                            Value::Blob(bytes) => SqlValue::Blob(bytes),
                        })
                    })
                    .collect()
            })
            .map_err(error)?;
        rows.collect::<rusqlite::Result<_>>().map_err(error)
    }
}

impl SqlConnection for RusqliteConnection {
    async fn execute(&self, sql: &str, params: Vec<SqlValue>) -> Result<Vec<Row>> {
        self.run(sql, params)
    }

    async fn reopen(&self) -> Result<Self> {
        Self::open_file(self.path.clone(), self.database)
    }
}

fn error(error: rusqlite::Error) -> StorageError {
    StorageError::from_sqlite(error.to_string())
}
