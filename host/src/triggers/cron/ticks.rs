//! Which tick of each trigger was run last, kept over restarts.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result};
use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension as _};
use tokio::task::spawn_blocking;

/// The record of ticks, a small SQLite file.
pub struct Ticks(Arc<Mutex<Connection>>);

impl Ticks {
    /// Opens the file, and makes it where there is none.
    ///
    /// # Errors
    /// It cannot be opened; names it.
    pub fn open(path: &Path) -> Result<Self> {
        let open = || -> rusqlite::Result<Connection> {
            let connection = Connection::open(path)?;
            connection.busy_timeout(Duration::from_secs(5))?;
            // A power failure may lose the last tick, which then runs again; a crash of the host not.
            connection.execute_batch(
                "PRAGMA journal_mode = WAL;
                 PRAGMA synchronous = NORMAL;
                 CREATE TABLE IF NOT EXISTS ticks (
                     trigger_id TEXT PRIMARY KEY,
                     -- Of the latest tick that was run, in seconds since 1970.
                     tick INTEGER NOT NULL
                 ) STRICT, WITHOUT ROWID;",
            )?;
            Ok(connection)
        };
        let connection = open().with_context(|| format!("cannot open {}", path.display()))?;
        Ok(Self(Arc::new(Mutex::new(connection))))
    }

    /// The latest tick of a trigger that was run.
    ///
    /// # Errors
    /// The file cannot be read.
    pub async fn last(&self, trigger_id: &str) -> Result<Option<DateTime<Utc>>> {
        let trigger_id = trigger_id.to_owned();
        let seconds: Option<i64> = self
            .with(move |connection| {
                connection
                    .query_row(
                        "SELECT tick FROM ticks WHERE trigger_id = ?1",
                        [trigger_id],
                        |row| row.get(0),
                    )
                    .optional()
            })
            .await?;
        Ok(seconds.and_then(|seconds| DateTime::from_timestamp(seconds, 0)))
    }

    /// Records that a tick was run.
    ///
    /// # Errors
    /// The file cannot be written.
    pub async fn record(&self, trigger_id: &str, tick: DateTime<Utc>) -> Result<()> {
        let trigger_id = trigger_id.to_owned();
        self.with(move |connection| {
            connection.execute(
                "INSERT INTO ticks (trigger_id, tick) VALUES (?1, ?2)
                 ON CONFLICT (trigger_id) DO UPDATE SET tick = excluded.tick",
                (trigger_id, tick.timestamp()),
            )
        })
        .await?;
        Ok(())
    }

    async fn with<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T> {
        let connection = self.0.clone();
        let query = move || query(&connection.lock().unwrap_or_else(PoisonError::into_inner));
        Ok(spawn_blocking(query).await??)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn ticks_are_kept_over_restarts() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cron.db");
        let time = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
        let ticks = Ticks::open(&path).unwrap();
        assert_eq!(ticks.last("a").await.unwrap(), None);
        ticks.record("a", time(10)).await.unwrap();
        ticks.record("a", time(20)).await.unwrap();
        drop(ticks);
        let ticks = Ticks::open(&path).unwrap();
        assert_eq!(ticks.last("a").await.unwrap(), Some(time(20)));
        assert_eq!(ticks.last("b").await.unwrap(), None);
    }
}
