//! What a guest's `connection` is: its own SQLite connection, opened when first used.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::ErrorCode;
use rusqlite::types::{ToSqlOutput, ValueRef};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::sleep_until;

use super::Database;
use super::database::{OpenConnection, starts_with};
use crate::bindings::sqlite::{Error, QueryResult, RowResult, Value};
use crate::engine::RequestContext;

/// The most that one statement may return, in bytes.
const MAX_RESULT: usize = 64 << 20;
/// How many steps of SQLite's virtual machine pass between looks at whether to stop.
const STEPS: i32 = 1000;
/// How often as many steps may pass on a thread that serves requests: about a millisecond.
const MOST_LOOKS: u32 = 20;

/// A guest's connection to a database.
#[derive(Clone)]
pub struct Connection(Arc<Shared>);

struct Shared {
    database: Arc<Database>,
    open: Mutex<Option<OpenConnection>>,
}

impl Drop for Shared {
    fn drop(&mut self) {
        let open = self.open.get_mut().unwrap_or_else(PoisonError::into_inner);
        let Some(connection) = open.take() else {
            return;
        };
        let database = self.database.clone();
        // Closing rolls back and may checkpoint: not on a thread that serves requests.
        if connection.sqlite.is_autocommit() {
            database.put_back(connection);
        } else if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn_blocking(move || drop(connection));
        }
    }
}

impl Connection {
    /// A connection to `database`, not opened yet.
    pub fn new(database: Arc<Database>) -> Self {
        Self(Arc::new(Shared {
            database,
            open: Mutex::new(None),
        }))
    }

    /// Runs one statement: at once if it can, as the way to another thread and back takes longer than most
    /// statements, else on a thread that may wait. There it is interrupted when the `request` it belongs to is
    /// over, or when the future is dropped.
    pub async fn execute(
        &self,
        statement: String,
        parameters: Vec<Value>,
        request: Option<Arc<RequestContext>>,
    ) -> Result<QueryResult, Error> {
        let turn = self.turn(&statement).await;
        if let Some(result) = self.at_once(&statement, &parameters) {
            return result.map_err(guest_error);
        }
        let stop = Arc::new(AtomicBool::new(false));
        let _stop_when_dropped = StopOnDrop(stop.clone());
        let mut run = self.blocking({
            let stop = stop.clone();
            move |connection| {
                let sqlite = &mut connection.sqlite;
                sqlite.progress_handler(STEPS, Some(move || stop.load(Ordering::Relaxed)))?;
                let result = query(sqlite, &statement, &parameters);
                sqlite.progress_handler(0, None::<fn() -> bool>)?;
                let is_over = sqlite.is_autocommit();
                connection.turn = connection.turn.take().or(turn).filter(|_| !is_over);
                result
            }
        });
        if let Some(request) = request {
            tokio::select! {
                result = &mut run => return joined(result),
                () = request.cancelled.cancelled() => {}
                () = sleep_until(request.deadline) => {}
            }
            stop.store(true, Ordering::Relaxed);
        }
        joined(run.await)
    }

    /// Waits for this connection's turn to write, unless the statement does not, or it is its turn already.
    async fn turn(&self, statement: &str) -> Option<OwnedSemaphorePermit> {
        let never_writes = ["SELECT", "PRAGMA"];
        if never_writes.iter().any(|word| starts_with(statement, word)) {
            return None;
        }
        let is_in_transaction = match self.0.open.try_lock() {
            Ok(open) => open.as_ref().is_some_and(|it| !it.sqlite.is_autocommit()),
            Err(_) => true,
        };
        if is_in_transaction {
            return None;
        }
        self.0.database.turn().await
    }

    /// Runs the statement on this thread, unless it might wait, for a lock or the disk, or turns out to take long;
    /// then nothing has happened.
    fn at_once(
        &self,
        statement: &str,
        parameters: &[Value],
    ) -> Option<Result<QueryResult, QueryError>> {
        let mut slot = self.0.open.try_lock().ok()?;
        let connection = slot.as_mut()?;
        if !connection.is_quick(statement) {
            return None;
        }
        let may_change = !starts_with(statement, "SELECT");
        let mut looks = 0;
        let takes_long = move || {
            looks += 1;
            looks > MOST_LOOKS
        };
        let mut begin = || {
            (connection.sqlite).progress_handler(STEPS, Some(takes_long))?;
            if may_change {
                connection.wait_for_locks(false)?;
            }
            Ok(())
        };
        let result = begin()
            .map_err(QueryError::Sqlite)
            .and_then(|()| query(&connection.sqlite, statement, parameters));
        let mut restore = || {
            (connection.sqlite).progress_handler(0, None::<fn() -> bool>)?;
            if may_change {
                connection.wait_for_locks(true)?;
            }
            Ok(())
        };
        if let Err(error) = restore() {
            return Some(Err(QueryError::Sqlite(error)));
        }
        let code = match &result {
            Err(QueryError::Sqlite(error)) => error.sqlite_error_code(),
            _ => None,
        };
        match code {
            Some(ErrorCode::OperationInterrupted) => {
                connection.is_slow(statement);
                None
            }
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => None,
            _ => Some(result),
        }
    }

    /// The row id of the last row that this connection inserted, or 0.
    pub async fn last_insert_rowid(&self) -> i64 {
        self.counter(|connection| connection.last_insert_rowid())
            .await
    }

    /// How many rows the last INSERT, UPDATE or DELETE of this connection changed.
    pub async fn changes(&self) -> u64 {
        self.counter(rusqlite::Connection::changes).await
    }

    async fn counter<T: Default + Send + 'static>(
        &self,
        read: impl FnOnce(&rusqlite::Connection) -> T + Send + 'static,
    ) -> T {
        let run = self.blocking(move |connection| {
            let unused = connection.sqlite.total_changes() == connection.changes_before;
            Ok(if unused {
                T::default()
            } else {
                read(&connection.sqlite)
            })
        });
        joined(run.await).unwrap_or_default()
    }

    fn blocking<T: Send + 'static>(
        &self,
        run: impl FnOnce(&mut OpenConnection) -> Result<T, QueryError> + Send + 'static,
    ) -> tokio::task::JoinHandle<Result<T, Error>> {
        let shared = self.0.clone();
        tokio::task::spawn_blocking(move || {
            let mut slot = shared.open.lock().unwrap_or_else(PoisonError::into_inner);
            let connection = match &mut *slot {
                Some(connection) => connection,
                empty => empty.insert(shared.database.take().map_err(|e| guest_error(e.into()))?),
            };
            run(connection).map_err(guest_error)
        })
    }
}

struct StopOnDrop(Arc<AtomicBool>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn joined<T>(result: Result<Result<T, Error>, tokio::task::JoinError>) -> Result<T, Error> {
    result.unwrap_or_else(|error| Err(Error::Io(error.to_string())))
}

enum QueryError {
    Sqlite(rusqlite::Error),
    NotText { column: usize },
    TooLarge,
}

impl From<rusqlite::Error> for QueryError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

/// The guest's error, with the same text as under Spin: SQLite's own.
fn guest_error(error: QueryError) -> Error {
    match error {
        QueryError::Sqlite(error) if error.sqlite_error_code() == Some(ErrorCode::DiskFull) => {
            Error::DatabaseFull
        }
        QueryError::Sqlite(error) => Error::Io(error.to_string()),
        QueryError::NotText { column } => {
            Error::Io(format!("column {column} holds text that is not UTF-8"))
        }
        QueryError::TooLarge => {
            Error::Io(format!("query result exceeds limit of {MAX_RESULT} bytes"))
        }
    }
}

fn query(
    connection: &rusqlite::Connection,
    statement: &str,
    parameters: &[Value],
) -> Result<QueryResult, QueryError> {
    let mut cached;
    let mut fresh;
    // Most of what a PRAGMA does happens when it is prepared.
    let statement: &mut rusqlite::Statement<'_> = if starts_with(statement, "PRAGMA") {
        fresh = connection.prepare(statement)?;
        &mut fresh
    } else {
        cached = connection.prepare_cached(statement)?;
        &mut cached
    };
    let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let width = columns.len();
    let parameters = parameters.iter().map(|value| {
        ToSqlOutput::Borrowed(match value {
            Value::Integer(value) => ValueRef::Integer(*value),
            Value::Real(value) => ValueRef::Real(*value),
            Value::Text(value) => ValueRef::Text(value.as_bytes()),
            Value::Blob(value) => ValueRef::Blob(value),
            Value::Null => ValueRef::Null,
        })
    });
    let mut results = statement.query(rusqlite::params_from_iter(parameters))?;
    let mut rows = Vec::new();
    let mut bytes = 0;
    while let Some(row) = results.next()? {
        let mut values = Vec::with_capacity(width);
        for column in 0..width {
            let value = match row.get_ref(column)? {
                ValueRef::Null => Value::Null,
                ValueRef::Integer(value) => Value::Integer(value),
                ValueRef::Real(value) => Value::Real(value),
                ValueRef::Text(text) => {
                    bytes += text.len();
                    let text = str::from_utf8(text).map_err(|_| QueryError::NotText { column })?;
                    Value::Text(text.to_owned())
                }
                ValueRef::Blob(blob) => {
                    bytes += blob.len();
                    Value::Blob(blob.to_vec())
                }
            };
            bytes += size_of::<Value>();
            values.push(value);
        }
        bytes += size_of::<RowResult>();
        if bytes > MAX_RESULT {
            return Err(QueryError::TooLarge);
        }
        rows.push(RowResult { values });
    }
    Ok(QueryResult { columns, rows })
}
