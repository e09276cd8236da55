//! [`SqlConnection`] over `rusqlite`, for native tests and for commands that read a service's file.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rusqlite::params_from_iter;
use rusqlite::types::Value;

use crate::{Database, Dialect, Result, Row, SqlConnection, SqlError, SqlValue};

/// A connection to a database file. Its futures are ready at once.
#[derive(Debug)]
pub struct RusqliteConnection {
    path: PathBuf,
    setup: &'static [&'static str],
    connection: Mutex<rusqlite::Connection>,
}

impl RusqliteConnection {
    /// Opens `<folder>/<label>.db`, or makes it.
    pub fn open(folder: &Path, database: Database) -> Result<Self> {
        let path = folder.join(database.label).with_extension("db");
        Self::open_file(path, database.setup)
    }

    fn open_file(path: PathBuf, setup: &'static [&'static str]) -> Result<Self> {
        let connection = rusqlite::Connection::open(&path).map_err(sort)?;
        let this = Self {
            path,
            setup,
            connection: Mutex::new(connection),
        };
        for statement in setup {
            this.run(statement, vec![])?;
        }
        Ok(this)
    }

    fn run(&self, sql: &str, params: Vec<SqlValue>) -> Result<Vec<Row>> {
        let connection = self
            .connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let mut statement = connection.prepare_cached(sql).map_err(sort)?;
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
            .map_err(sort)?;
        rows.collect::<rusqlite::Result<_>>().map_err(sort)
    }
}

impl SqlConnection for RusqliteConnection {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    async fn execute(&self, sql: &str, params: Vec<SqlValue>) -> Result<Vec<Row>> {
        self.run(sql, params)
    }

    async fn reopen(&self) -> Result<Self> {
        Self::open_file(self.path.clone(), self.setup)
    }
}

fn sort(error: rusqlite::Error) -> SqlError {
    SqlError::from_sqlite(error.to_string())
}
