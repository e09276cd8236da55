//! [`SqlConnection`] over `rusqlite`, for native tests and for commands that read a service's file.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rusqlite::config::DbConfig;
use rusqlite::types::{Value, ValueRef};
use rusqlite::{OpenFlags, params_from_iter};

use crate::{Database, Dialect, Result, Row, SqlConnection, SqlError, SqlValue};

/// A connection to a database file. Its futures are ready at once.
#[derive(Debug)]
pub struct RusqliteConnection {
    path: PathBuf,
    flags: OpenFlags,
    setup: &'static [&'static str],
    connection: Mutex<rusqlite::Connection>,
}

impl RusqliteConnection {
    /// Opens `<folder>/<label>.db`, or makes it.
    pub fn open(folder: &Path, database: Database) -> Result<Self> {
        let path = folder.join(database.label).with_extension("db");
        Self::open_file(path, OpenFlags::default(), database.setup)
    }

    /// Opens this file, or makes it.
    pub fn open_at(file: &Path, database: Database) -> Result<Self> {
        Self::open_file(file.to_owned(), OpenFlags::default(), database.setup)
    }

    /// Opens a file to read it only; one that is not there is not made.
    pub fn open_read_only(file: &Path) -> Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        Self::open_file(file.to_owned(), flags, &["PRAGMA busy_timeout = 5000"])
    }

    fn open_file(path: PathBuf, flags: OpenFlags, setup: &'static [&'static str]) -> Result<Self> {
        let connection = rusqlite::Connection::open_with_flags(&path, flags).map_err(sort)?;
        // As the host does: plans do not depend on parameters.
        connection
            .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
            .map_err(sort)?;
        let this = Self {
            path,
            flags,
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
                        Ok(match row.get_ref(column)? {
                            ValueRef::Null => SqlValue::Null,
                            ValueRef::Integer(integer) => SqlValue::Integer(integer),
                            ValueRef::Real(real) => SqlValue::Real(real),
                            // A column may hold anything under that name.
                            ValueRef::Text(text) => match str::from_utf8(text) {
                                Ok(text) => SqlValue::Text(text.to_owned()),
                                Err(_) => SqlValue::Blob(text.to_owned()),
                            },
                            ValueRef::Blob(bytes) => SqlValue::Blob(bytes.to_owned()),
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
        Self::open_file(self.path.clone(), self.flags, self.setup)
    }
}

fn sort(error: rusqlite::Error) -> SqlError {
    SqlError::from_sqlite(error.to_string())
}
