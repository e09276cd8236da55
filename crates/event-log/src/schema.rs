//! The file: how it is opened, and its numbered migrations, which only expand.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior, params};

use crate::LogError;

/// Marks the file as an event log in SQLite's header: "tevl".
const APPLICATION_ID: i32 = 0x7465_766c;

const MIGRATIONS: &[&str] = &["
CREATE TABLE topics (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    partitions INTEGER NOT NULL
);
CREATE TABLE partitions (
    id INTEGER PRIMARY KEY,
    topic_id INTEGER NOT NULL,
    number INTEGER NOT NULL,
    first_offset INTEGER NOT NULL DEFAULT 0,
    next_offset INTEGER NOT NULL DEFAULT 0,
    bytes INTEGER NOT NULL DEFAULT 0,
    UNIQUE (topic_id, number)
);
-- id: see record_id
CREATE TABLE records (
    id INTEGER PRIMARY KEY,
    appended_at INTEGER NOT NULL,
    key TEXT NOT NULL,
    envelope TEXT NOT NULL
);
CREATE TABLE put_back (
    record_id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL
);
-- a group on a topic
CREATE TABLE subscriptions (
    id INTEGER PRIMARY KEY,
    group_name TEXT NOT NULL,
    topic_id INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    UNIQUE (group_name, topic_id)
);
-- everything before `committed` is settled: finished or parked
CREATE TABLE cursors (
    subscription_id INTEGER NOT NULL,
    partition INTEGER NOT NULL,
    committed INTEGER NOT NULL,
    PRIMARY KEY (subscription_id, partition)
) WITHOUT ROWID;
-- what is settled at or behind `committed`
CREATE TABLE settled (
    subscription_id INTEGER NOT NULL,
    partition INTEGER NOT NULL,
    offset INTEGER NOT NULL,
    PRIMARY KEY (subscription_id, partition, offset)
) WITHOUT ROWID;
-- waits for a retry, or (attempts 0) behind one with the same key
CREATE TABLE parked (
    subscription_id INTEGER NOT NULL,
    partition INTEGER NOT NULL,
    offset INTEGER NOT NULL,
    key TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    next_at INTEGER NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (subscription_id, partition, offset)
) WITHOUT ROWID;
CREATE INDEX parked_by_key ON parked (subscription_id, key, offset);
"];

const OFFSET_BITS: u32 = 40;
/// More partitions than this cannot be numbered.
pub(crate) const MAX_PARTITION_ID: i64 = (1 << (63 - OFFSET_BITS)) - 1;

/// The row of a record: a partition's records lie together, in their order.
pub(crate) fn record_id(partition_id: i64, offset: u64) -> i64 {
    (partition_id << OFFSET_BITS) | offset as i64
}

/// The offset in a record's id.
pub(crate) fn offset_of(record_id: i64) -> u64 {
    (record_id & ((1 << OFFSET_BITS) - 1)) as u64
}

/// Opens the file for writing, makes it where there is none, and applies the migrations that are missing.
pub(crate) fn open_writer(path: &Path, busy_timeout: Duration) -> Result<Connection, LogError> {
    let mut connection = Connection::open(path)?;
    keep_plans(&connection)?;
    connection.busy_timeout(busy_timeout)?;
    let application: i32 =
        connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get(0))?;
    if tables == 0 {
        // Only has an effect before the first table is made.
        connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    } else if application != APPLICATION_ID {
        return Err(not_a_log(path));
    }
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // A checkpoint for each 16 MiB: fewer interruptions than with SQLite's 4 MiB.
    connection.pragma_update(None, "wal_autocheckpoint", 4096)?;
    connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
    connection.pragma_update(None, "cache_size", -16_384)?;
    connection.set_prepared_statement_cache_capacity(64);
    migrate(&mut connection)?;
    Ok(connection)
}

fn migrate(connection: &mut Connection) -> Result<(), LogError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(
        "CREATE TABLE IF NOT EXISTS schema_migrations (number INTEGER PRIMARY KEY, applied_at INTEGER NOT NULL)",
    )?;
    let before: usize = transaction.query_row(
        "SELECT coalesce(max(number), 0) FROM schema_migrations",
        [],
        |row| row.get(0),
    )?;
    for (number, migration) in (1_i64..).zip(MIGRATIONS).skip(before) {
        transaction.execute_batch(migration)?;
        transaction.execute(
            "INSERT INTO schema_migrations (number, applied_at) VALUES (?1, ?2)",
            params![number, chrono::Utc::now().timestamp_millis()],
        )?;
    }
    if before == 0 {
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    }
    Ok(transaction.commit()?)
}

/// Opens the file for reading.
pub(crate) fn open_reader(path: &Path) -> Result<Connection, LogError> {
    if !path.exists() {
        return Err(LogError::NotFound(format!("event log {}", path.display())));
    }
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    keep_plans(&connection)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.pragma_update(None, "cache_size", -4096)?;
    let application: i32 =
        connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    if application != APPLICATION_ID {
        return Err(not_a_log(path));
    }
    Ok(connection)
}

/// Else a statement with `LIMIT ?` is prepared anew each time.
fn keep_plans(connection: &Connection) -> rusqlite::Result<bool> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
}

fn not_a_log(path: &Path) -> LogError {
    LogError::Corrupt(format!("{} is not an event log", path.display()))
}
