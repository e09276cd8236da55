//! Key-value stores in a SQLite file: the table that Spin's own `type = "spin"` store uses.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _};
use tokio::sync::mpsc;

use crate::bindings::key_value::Error;

/// Keys are read and handed over in pages of this many.
const PAGE: u32 = 256;

/// A SQLite file with stores in it, opened at first use.
pub struct KeyValueFile {
    /// None for stores in memory.
    path: Option<PathBuf>,
    connection: Mutex<Option<Connection>>,
}

impl KeyValueFile {
    /// The stores in the file at `path`, or in memory.
    pub fn new(path: Option<PathBuf>) -> Self {
        Self {
            path,
            connection: Mutex::new(None),
        }
    }

    fn with<T>(&self, run: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, Error> {
        let mut slot = self
            .connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let connection = match &mut *slot {
            Some(connection) => connection,
            empty => empty.insert(self.open().map_err(|error| self.failed(error))?),
        };
        run(connection).map_err(|error| self.failed(error))
    }

    fn failed(&self, error: rusqlite::Error) -> Error {
        tracing::error!(file = ?self.path, "key-value store: {error}");
        Error::Other(error.to_string())
    }

    fn open(&self) -> rusqlite::Result<Connection> {
        let connection = match &self.path {
            Some(path) => Connection::open(path)?,
            None => Connection::open_in_memory()?,
        };
        connection.busy_timeout(Duration::from_secs(5))?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        // What is set outlives the process. After a power cut the last moments may be missing, as with
        // Redis, which can stand in this place; a sync for each `set` would cost more than all the rest.
        connection.pragma_update(None, "synchronous", "normal")?;
        connection.execute(
            "CREATE TABLE IF NOT EXISTS spin_key_value (
                store TEXT NOT NULL,
                key   TEXT NOT NULL,
                value BLOB NOT NULL,
                PRIMARY KEY (store, key)
            )",
            [],
        )?;
        Ok(connection)
    }
}

/// One store: the rows of a file that carry its label.
#[derive(Clone)]
pub struct FileStore {
    file: Arc<KeyValueFile>,
    label: Arc<str>,
}

impl FileStore {
    /// The store `label` in `file`.
    pub fn new(file: Arc<KeyValueFile>, label: &str) -> Self {
        Self {
            file,
            label: label.into(),
        }
    }

    async fn blocking<T: Send + 'static>(
        &self,
        run: impl FnOnce(&Connection, &str) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Error> {
        let store = self.clone();
        tokio::task::spawn_blocking(move || {
            store.file.with(|connection| run(connection, &store.label))
        })
        .await
        .unwrap_or_else(|error| Err(Error::Other(error.to_string())))
    }

    /// The value of `key`.
    pub async fn get(&self, key: String) -> Result<Option<Vec<u8>>, Error> {
        self.blocking(move |connection, label| {
            connection
                .prepare_cached("SELECT value FROM spin_key_value WHERE store = ? AND key = ?")?
                .query_row((label, key), |row| row.get::<_, Vec<u8>>(0))
                .optional()
        })
        .await
    }

    /// Sets the value of `key`.
    pub async fn set(&self, key: String, value: Vec<u8>) -> Result<(), Error> {
        self.blocking(move |connection, label| {
            connection
                .prepare_cached(
                    "INSERT INTO spin_key_value (store, key, value) VALUES (?, ?, ?)
                     ON CONFLICT (store, key) DO UPDATE SET value = excluded.value",
                )?
                .execute((label, key, value))?;
            Ok(())
        })
        .await
    }

    /// Removes `key`, if it is there.
    pub async fn delete(&self, key: String) -> Result<(), Error> {
        self.blocking(move |connection, label| {
            connection
                .prepare_cached("DELETE FROM spin_key_value WHERE store = ? AND key = ?")?
                .execute((label, key))?;
            Ok(())
        })
        .await
    }

    /// Whether `key` has a value.
    pub async fn exists(&self, key: String) -> Result<bool, Error> {
        self.blocking(move |connection, label| {
            connection
                .prepare_cached("SELECT 1 FROM spin_key_value WHERE store = ? AND key = ?")?
                .exists((label, key))
        })
        .await
    }

    /// Sends all keys in order, page by page.
    pub async fn send_keys(&self, pages: mpsc::Sender<Vec<String>>) -> Result<(), Error> {
        let mut last: Option<String> = None;
        loop {
            let after = last.take();
            let page = self
                .blocking(move |connection, label| {
                    connection
                        .prepare_cached(
                            "SELECT key FROM spin_key_value
                             WHERE store = ?1 AND (?2 IS NULL OR key > ?2)
                             ORDER BY key LIMIT ?3",
                        )?
                        .query_map((label, after, PAGE), |row| row.get(0))?
                        .collect::<rusqlite::Result<Vec<String>>>()
                })
                .await?;
            last = page.last().cloned();
            let complete = page.len() < PAGE as usize;
            // The guest may stop reading early: not an error.
            if page.is_empty() || pages.send(page).await.is_err() || complete {
                return Ok(());
            }
        }
    }
}
