//! [`SqlConnection`] over `spin:sqlite`.

// The interface itself: the SDK's own type offers only half of it.
use spin_sdk::sqlite::wit::sqlite::{Connection, Error, Value};

use crate::{Database, Dialect, Result, Row, SqlConnection, SqlError, SqlValue};

/// What a database says of itself whose commits need not outlast the machine.
const NEVER_SYNCED: &str = "PRAGMA synchronous = OFF";

/// A connection of `spin:sqlite`.
pub struct SpinConnection {
    database: Database,
    connection: Connection,
}

impl SpinConnection {
    /// Opens a database that the manifest gives to this component.
    pub async fn open(database: Database) -> Result<Self> {
        let connection = Connection::open_async(database.label.to_owned())
            .await
            .map_err(sort)?;
        let this = Self {
            database,
            connection,
        };
        for statement in database.setup {
            this.execute(statement, vec![]).await?;
        }
        Ok(this)
    }
}

impl SqlConnection for SpinConnection {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    async fn execute(&self, sql: &str, params: Vec<SqlValue>) -> Result<Vec<Row>> {
        let params = params.into_iter().map(|value| match value {
            SqlValue::Null => Value::Null,
            SqlValue::Integer(integer) => Value::Integer(integer),
            SqlValue::Real(real) => Value::Real(real),
            SqlValue::Text(text) => Value::Text(text),
            SqlValue::Blob(bytes) => Value::Blob(bytes),
        });
        let params: Vec<Value> = params.collect();
        // What reads waits for nobody, and what is never synced for others that are as quick: that may hold up the
        // other requests of this instance for the moment. A call that returns its rows takes a fraction of the time
        // of one that gives them as a stream.
        let is_never_synced = self.database.setup.contains(&NEVER_SYNCED);
        let rows = if is_never_synced || sql.starts_with("SELECT") {
            self.connection.execute(sql, &params).map_err(sort)?.rows
        } else {
            let execution = self.connection.execute_async(sql.to_owned(), params).await;
            let (_, rows, end) = execution.map_err(sort)?;
            let rows = rows.collect().await;
            end.await.map_err(sort)?;
            rows
        };
        let value = |value| match value {
            Value::Null => SqlValue::Null,
            Value::Integer(integer) => SqlValue::Integer(integer),
            Value::Real(real) => SqlValue::Real(real),
            Value::Text(text) => SqlValue::Text(text),
            Value::Blob(bytes) => SqlValue::Blob(bytes),
        };
        Ok(rows
            .into_iter()
            .map(|row| row.values.into_iter().map(value).collect())
            .collect())
    }

    async fn reopen(&self) -> Result<Self> {
        Self::open(self.database).await
    }
}

/// A full database and one that cannot be had are the environment's fault; SQLite's own messages
/// arrive as [`Error::Io`].
fn sort(error: Error) -> SqlError {
    match error {
        Error::Io(message) => SqlError::from_sqlite(message),
        error => SqlError::Unavailable(error.to_string()),
    }
}
