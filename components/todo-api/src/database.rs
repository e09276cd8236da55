//! The Todo API's databases over `spin:sqlite`.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::Utc;
use spin_sdk::sqlite::{Connection, Error, Value};
use storage::sqlite::{Database, SqliteStorage};
use storage::{Row, SqlConnection, SqlValue, Storage, StorageError};

use crate::error::ApiError;

/// The storage of this component.
pub type Tasks = SqliteStorage<SpinConnection>;

/// Seconds between two clean-ups by one instance.
const HOUSEKEEPING_SECONDS: i64 = 3600;

/// The storage, opened and migrated by the instance's first request, or 503. Only success is remembered;
/// several first requests may do it at once, which is as good as once.
pub async fn tasks() -> Result<&'static Tasks, ApiError> {
    static TASKS: OnceLock<Tasks> = OnceLock::new();
    if let Some(tasks) = TASKS.get() {
        return Ok(tasks);
    }
    let tasks = SqliteStorage::new(
        SpinConnection::open(Database::Tasks).await?,
        SpinConnection::open(Database::RateLimits).await?,
    );
    let migrated = tasks.migrate().await?;
    if migrated.after > migrated.known {
        tracing::warn!(
            after = migrated.after,
            known = migrated.known,
            "the database was migrated by newer code"
        );
    }
    Ok(TASKS.get_or_init(|| tasks))
}

/// Removes what nobody can reach any more, at most once an hour and instance. A failure is only logged.
pub async fn housekeep(tasks: &Tasks) {
    static LAST: AtomicI64 = AtomicI64::new(0);
    let now = Utc::now();
    if now.timestamp() - LAST.load(Ordering::Relaxed) < HOUSEKEEPING_SECONDS {
        return;
    }
    LAST.store(now.timestamp(), Ordering::Relaxed);
    if let Err(error) = tasks.housekeep(now).await {
        tracing::warn!(%error, "housekeeping failed");
    }
}

/// A connection of `spin:sqlite`.
pub struct SpinConnection {
    database: Database,
    connection: Connection,
}

impl SpinConnection {
    async fn open(database: Database) -> Result<Self, StorageError> {
        let connection = Connection::open(database.label()).await.map_err(sort)?;
        let this = Self {
            database,
            connection,
        };
        for statement in database.setup() {
            this.execute(statement, vec![]).await?;
        }
        Ok(this)
    }
}

impl SqlConnection for SpinConnection {
    async fn execute(&self, sql: &str, params: Vec<SqlValue>) -> Result<Vec<Row>, StorageError> {
        let params = params.into_iter().map(|value| match value {
            SqlValue::Null => Value::Null,
            SqlValue::Integer(integer) => Value::Integer(integer),
            SqlValue::Real(real) => Value::Real(real),
            SqlValue::Text(text) => Value::Text(text),
            SqlValue::Blob(bytes) => Value::Blob(bytes),
        });
        let rows = self.connection.execute(sql, params).await.map_err(sort)?;
        let rows = rows.collect().await.map_err(sort)?;
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

    async fn reopen(&self) -> Result<Self, StorageError> {
        Self::open(self.database).await
    }
}

/// A full database and one that cannot be had are the environment's fault; SQLite's own messages
/// arrive as [`Error::Io`].
fn sort(error: Error) -> StorageError {
    match error {
        Error::Io(message) => StorageError::from_sqlite(message),
        error => StorageError::Unavailable(error.to_string()),
    }
}
