//! Reads typed values out of rows.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::{Result, Row, SqlError, SqlValue};

/// A row, read from its first column on. Each call reads the next column.
pub struct Columns(std::vec::IntoIter<SqlValue>);

impl From<Row> for Columns {
    fn from(row: Row) -> Self {
        Self(row.into_iter())
    }
}

impl SqlError {
    /// A column held something else than was stored in it.
    pub fn wrong_column(expected: &str, found: impl std::fmt::Debug) -> Self {
        Self::Internal(format!("expected {expected} in a column, found {found:?}"))
    }
}

impl Columns {
    /// The columns of the first row, if there is one.
    pub fn first(rows: Vec<Row>) -> Option<Self> {
        rows.into_iter().next().map(Self::from)
    }

    /// Text or null.
    pub fn optional_text(&mut self) -> Result<Option<String>> {
        match self.0.next() {
            Some(SqlValue::Text(text)) => Ok(Some(text)),
            Some(SqlValue::Null) => Ok(None),
            other => Err(SqlError::wrong_column("text", other)),
        }
    }

    /// Text.
    pub fn text(&mut self) -> Result<String> {
        self.optional_text()?
            .ok_or_else(|| SqlError::wrong_column("text", SqlValue::Null))
    }

    /// Bytes or null.
    pub fn optional_blob(&mut self) -> Result<Option<Vec<u8>>> {
        match self.0.next() {
            Some(SqlValue::Blob(bytes)) => Ok(Some(bytes)),
            Some(SqlValue::Null) => Ok(None),
            other => Err(SqlError::wrong_column("bytes", other)),
        }
    }

    /// Bytes.
    pub fn blob(&mut self) -> Result<Vec<u8>> {
        self.optional_blob()?
            .ok_or_else(|| SqlError::wrong_column("bytes", SqlValue::Null))
    }

    /// An integer or null.
    pub fn optional_integer(&mut self) -> Result<Option<i64>> {
        match self.0.next() {
            Some(SqlValue::Integer(integer)) => Ok(Some(integer)),
            Some(SqlValue::Null) => Ok(None),
            other => Err(SqlError::wrong_column("an integer", other)),
        }
    }

    /// An integer.
    pub fn integer(&mut self) -> Result<i64> {
        self.optional_integer()?
            .ok_or_else(|| SqlError::wrong_column("an integer", SqlValue::Null))
    }

    /// An integer that is not negative.
    pub fn count(&mut self) -> Result<u64> {
        let count = self.integer()?;
        u64::try_from(count).map_err(|_| SqlError::wrong_column("a count", count))
    }

    /// Milliseconds since 1970, or null.
    pub fn optional_time(&mut self) -> Result<Option<DateTime<Utc>>> {
        self.optional_integer()?
            .map(|at| {
                DateTime::from_timestamp_millis(at)
                    .ok_or_else(|| SqlError::wrong_column("a time", at))
            })
            .transpose()
    }

    /// Milliseconds since 1970.
    pub fn time(&mut self) -> Result<DateTime<Utc>> {
        self.optional_time()?
            .ok_or_else(|| SqlError::wrong_column("a time", SqlValue::Null))
    }

    /// A UUID as text.
    pub fn id(&mut self) -> Result<Uuid> {
        let text = self.text()?;
        text.parse()
            .map_err(|_| SqlError::wrong_column("a UUID", text))
    }

    /// JSON as text.
    pub fn json<T: DeserializeOwned>(&mut self) -> Result<T> {
        let text = self.text()?;
        serde_json::from_str(&text).map_err(|error| SqlError::wrong_column("JSON", (text, error)))
    }
}

/// A value as JSON text, for a column or a parameter that `json_each` reads.
pub fn json<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| SqlError::Internal(error.to_string()))
}
