//! A SQLite file that components may open, and its connections that are free at the moment.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::config::DbConfig;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::limits::Limit;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// Free connections that are kept: opening one parses the schema and loses prepared statements.
const MAX_FREE: usize = 16;
/// Prepared statements kept by each connection.
const STATEMENTS: usize = 128;
/// How long a writer queues behind this process's others. Then it asks SQLite, as if there were no queue.
const QUEUE: Duration = Duration::from_secs(1);
/// The longest string, blob or row, in bytes.
const MAX_LENGTH: i32 = 64 << 20;

/// A SQLite file that one component may open.
pub struct Database {
    /// None for a database in memory: a new one for each connection, as in Spin.
    path: Option<PathBuf>,
    free: Mutex<Vec<OpenConnection>>,
    /// SQLite has one writer at a time, and lets the others poll; here they wait in a queue.
    writers: Arc<Semaphore>,
}

/// A connection to the file, with what a guest left behind in it.
pub struct OpenConnection {
    /// The connection itself.
    pub sqlite: Connection,
    /// Its place at the head of the writers' queue, while a transaction is open.
    pub turn: Option<OwnedSemaphorePermit>,
    /// [`Connection::total_changes`] when the guest got the connection.
    pub changes_before: u64,
    traces: Arc<Traces>,
    /// Readers wait for nobody. Stays so while the connection is open.
    is_in_wal: bool,
    /// Statements that took long.
    slow: HashSet<String>,
}

/// State of a connection that would show through to its next user.
#[derive(Default)]
struct Traces {
    /// Settings that [`Database::put_back`] can set to their defaults again.
    settings: AtomicBool,
    /// Anything else, such as temporary tables: the connection is not used again.
    other: AtomicBool,
    /// Commits in write-ahead mode do not wait for the disk.
    is_lazy: AtomicBool,
    /// What `PRAGMA busy_timeout` says, in milliseconds; 0 before.
    busy_timeout: AtomicI64,
}

impl Database {
    /// The database in the file at `path`, which need not exist, or in memory.
    pub fn new(path: Option<PathBuf>) -> Self {
        Self {
            path,
            free: Mutex::new(Vec::new()),
            writers: Arc::new(Semaphore::new(1)),
        }
    }

    /// Waits until no other connection of this process writes, but not for long: SQLite's lock is what counts.
    pub async fn turn(&self) -> Option<OwnedSemaphorePermit> {
        self.path.as_ref()?;
        let turn = timeout(QUEUE, self.writers.clone().acquire_owned());
        turn.await.ok()?.ok()
    }

    /// A connection in its first state, which no one else uses.
    pub fn take(&self) -> rusqlite::Result<OpenConnection> {
        let free = self
            .free
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let mut connection = match free {
            Some(connection) => connection,
            None => self.open()?,
        };
        connection.changes_before = connection.sqlite.total_changes();
        Ok(connection)
    }

    /// Keeps a connection for the next user, or closes it if it cannot be made as new.
    pub fn put_back(&self, mut connection: OpenConnection) {
        if self.path.is_none()
            || !connection.sqlite.is_autocommit()
            || connection.traces.other.load(Ordering::Relaxed)
        {
            return;
        }
        if connection.traces.settings.swap(false, Ordering::Relaxed)
            && connection.restore_settings().is_err()
        {
            return;
        }
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        if free.len() < MAX_FREE {
            free.push(connection);
        }
    }

    fn open(&self) -> rusqlite::Result<OpenConnection> {
        let mut sqlite = match &self.path {
            Some(path) => Connection::open(path)?,
            None => Connection::open_in_memory()?,
        };
        sqlite.busy_handler(Some(wait_for_lock))?;
        sqlite.set_prepared_statement_cache_capacity(STATEMENTS);
        sqlite.set_limit(Limit::SQLITE_LIMIT_LENGTH, MAX_LENGTH)?;
        // Else a statement with `LIMIT ?` is prepared anew each time.
        sqlite.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        let traces = Arc::new(Traces::default());
        let seen = traces.clone();
        sqlite.authorizer(Some(move |context: AuthContext<'_>| {
            authorize(&context.action, &seen)
        }))?;
        Ok(OpenConnection {
            sqlite,
            turn: None,
            changes_before: 0,
            traces,
            is_in_wal: false,
            slow: HashSet::new(),
        })
    }
}

impl OpenConnection {
    fn restore_settings(&mut self) -> rusqlite::Result<()> {
        self.sqlite.execute_batch(
            "PRAGMA foreign_keys = OFF; PRAGMA synchronous = FULL; PRAGMA recursive_triggers = OFF;
             PRAGMA secure_delete = OFF",
        )?;
        self.traces.settings.store(false, Ordering::Relaxed);
        self.traces.busy_timeout.store(0, Ordering::Relaxed);
        self.sqlite.busy_handler(Some(wait_for_lock))
    }

    /// Whether a statement, by all that can be known before, waits neither for a lock nor for the disk, and is soon
    /// done; and whether nothing has happened when it is interrupted.
    pub fn is_quick(&mut self, statement: &str) -> bool {
        let only_reads = starts_with(statement, "SELECT");
        let is_lazy = self.traces.is_lazy.load(Ordering::Relaxed);
        let is_one_change = ["INSERT", "UPDATE", "DELETE"]
            .iter()
            .any(|word| starts_with(statement, word));
        let may_be_quick = only_reads || is_one_change && is_lazy && self.sqlite.is_autocommit();
        if !may_be_quick || self.slow.contains(statement) {
            return false;
        }
        if !self.is_in_wal {
            let mode = self
                .sqlite
                .pragma_query_value(None, "journal_mode", |row| row.get::<_, String>(0));
            self.is_in_wal = mode.is_ok_and(|mode| mode == "wal");
        }
        self.is_in_wal
    }

    /// Remembers that a statement is not quick.
    pub fn is_slow(&mut self, statement: &str) {
        if self.slow.len() >= STATEMENTS {
            self.slow.clear();
        }
        self.slow.insert(statement.to_owned());
    }

    /// Whether a statement waits for another connection's lock, as the guest has set it, or fails at once.
    pub fn wait_for_locks(&mut self, waits: bool) -> rusqlite::Result<()> {
        let set = self.traces.busy_timeout.load(Ordering::Relaxed);
        match (waits, u64::try_from(set)) {
            (false, _) => self.sqlite.busy_handler(None::<fn(i32) -> bool>),
            (true, Ok(milliseconds @ 1..)) => {
                let limit = Duration::from_millis(milliseconds.min(i32::MAX as u64));
                self.sqlite.busy_timeout(limit)
            }
            (true, _) => self.sqlite.busy_handler(Some(wait_for_lock)),
        }
    }
}

/// Whether a statement begins with this keyword.
pub fn starts_with(statement: &str, keyword: &str) -> bool {
    let head = statement.trim_start().get(..keyword.len());
    head.is_some_and(|head| head.eq_ignore_ascii_case(keyword))
}

/// Refuses files other than the component's own (as Spin does; `VACUUM INTO` attaches too) and
/// notes what the statement leaves behind in the connection.
fn authorize(action: &AuthAction<'_>, traces: &Traces) -> Authorization {
    match action {
        AuthAction::Attach { filename } if !matches!(*filename, "" | ":memory:") => {
            return Authorization::Deny;
        }
        AuthAction::Attach { .. }
        | AuthAction::CreateTempIndex { .. }
        | AuthAction::CreateTempTable { .. }
        | AuthAction::CreateTempTrigger { .. }
        | AuthAction::CreateTempView { .. } => traces.other.store(true, Ordering::Relaxed),
        AuthAction::Pragma {
            pragma_name,
            pragma_value: Some(value),
        } => match pragma_name.to_ascii_lowercase().as_str() {
            name @ ("busy_timeout" | "foreign_keys" | "recursive_triggers" | "secure_delete"
            | "synchronous") => {
                traces.settings.store(true, Ordering::Relaxed);
                if name == "busy_timeout" {
                    let milliseconds = value.trim().parse().unwrap_or(0);
                    traces.busy_timeout.store(milliseconds, Ordering::Relaxed);
                } else if name == "synchronous" {
                    let value = value.to_ascii_lowercase();
                    let is_lazy = matches!(value.as_str(), "off" | "0" | "normal" | "1");
                    traces.is_lazy.store(is_lazy, Ordering::Relaxed);
                }
            }
            // These change the file or nothing.
            "application_id" | "foreign_key_check" | "index_info" | "index_list"
            | "index_xinfo" | "integrity_check" | "journal_mode" | "optimize" | "quick_check"
            | "table_info" | "table_list" | "table_xinfo" | "user_version" | "wal_checkpoint" => {}
            _ => traces.other.store(true, Ordering::Relaxed),
        },
        _ => {}
    }
    Authorization::Allow
}

/// Waits for another connection's lock, about 5 s in all: SQLite's own waiting sleeps up to 100 ms
/// at a time, which makes short transactions queue for long.
fn wait_for_lock(tries: i32) -> bool {
    let pause = match tries {
        0..20 => Duration::from_micros(100),
        20..120 => Duration::from_millis(1),
        120..1100 => Duration::from_millis(5),
        _ => return false,
    };
    thread::sleep(pause);
    true
}
