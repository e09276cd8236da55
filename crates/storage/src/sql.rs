//! A connection that can execute one SQL statement, and how its errors are sorted.

use std::future::Future;

use crate::{Result, StorageError};

/// A value of SQLite: what a parameter or a column may be.
#[derive(Debug, Clone, PartialEq)]
pub enum SqlValue {
    /// No value.
    Null,
    /// A signed 64-bit integer.
    Integer(i64),
    /// A double.
    Real(f64),
    /// UTF-8 text.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
}

/// The values of one row, in the order of the statement's columns.
pub type Row = Vec<SqlValue>;

/// An open connection to one database.
///
/// Many requests may share it, so it promises nothing across two calls: each call is a transaction
/// of its own. An implementation makes its errors with [`StorageError::from_sqlite`] and runs
/// [`Database::setup`](crate::sqlite::Database::setup) on each connection that it opens.
pub trait SqlConnection: Send + Sync + Sized {
    /// Executes exactly one statement to its end; its parameters are `?1`, `?2` and so on.
    fn execute(
        &self,
        sql: &str,
        params: Vec<SqlValue>,
    ) -> impl Future<Output = Result<Vec<Row>>> + Send;

    /// Opens another connection to the same database, shared with nobody; dropping it rolls back
    /// what it has not committed. Migrations run on such a one.
    fn reopen(&self) -> impl Future<Output = Result<Self>> + Send;
}

impl StorageError {
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
        let message = message.into();
        if message.contains("UNIQUE constraint failed: users.email") {
            Self::Conflict { field: "email" }
        } else if message.contains("UNIQUE constraint failed") {
            Self::Conflict { field: "id" }
        } else if UNAVAILABLE.iter().any(|text| message.contains(text)) {
            Self::Unavailable(message)
        } else {
            Self::Internal(message)
        }
    }
}

macro_rules! sql_value_from {
    ($($type:ty, $value:ident => $made:expr;)*) => {$(
        impl From<$type> for SqlValue {
            fn from($value: $type) -> Self {
                $made
            }
        }
    )*};
}

sql_value_from! {
    i64, value => Self::Integer(value);
    u32, value => Self::Integer(value.into());
    bool, value => Self::Integer(value.into());
    &str, value => Self::Text(value.to_owned());
    String, value => Self::Text(value);
    uuid::Uuid, value => Self::Text(value.to_string());
    chrono::DateTime<chrono::Utc>, value => Self::Integer(value.timestamp_millis());
}

impl<T: Into<Self>> From<Option<T>> for SqlValue {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// The parameters of a statement.
macro_rules! params {
    ($($value:expr),* $(,)?) => { vec![$($crate::SqlValue::from($value)),*] };
}
pub(crate) use params;
