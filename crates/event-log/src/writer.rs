//! The one thread that writes: it takes all jobs that wait into one transaction, and so one fsync.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use chrono::Utc;
use rusqlite::Connection;
use tokio::sync::mpsc;

use crate::progress::Progress;
use crate::subscription::Subscription;
use crate::topics::{Appended, Topics};
use crate::{LogError, Settings, Stats};

/// A transaction ends with the job that reaches one of these.
const MAX_JOBS: usize = 1024;
const MAX_BYTES: usize = 8 << 20;

/// Something to do in a transaction.
pub(crate) trait Job: Send {
    /// About how much it writes.
    fn bytes(&self) -> usize {
        256
    }

    /// Does it. Checks everything before it writes: only [`LogError::Unavailable`] and
    /// [`LogError::Corrupt`] undo what it wrote, together with the whole transaction.
    fn run(&mut self, writer: &mut Writer) -> Result<(), LogError>;

    /// Is told how it went, once it is durable. Runs on the writer's thread, so that it happens even
    /// where the one who asked has gone.
    fn done(self: Box<Self>, result: Result<(), LogError>);
}

/// What jobs work on.
pub(crate) struct Writer {
    pub connection: Connection,
    pub settings: Settings,
    pub topics: Topics,
    pub appended: Appended,
    pub progress: Progress,
    /// By group and topic.
    pub subscriptions: HashMap<(String, i64), Weak<Subscription>>,
    /// Subscriptions that a seek of the open transaction moves.
    pub sought: HashSet<i64>,
    /// Milliseconds since 1970, of the transaction.
    pub now: i64,
    pub counters: Arc<Counters>,
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    commits: AtomicU64,
    appended: AtomicU64,
}

impl Counters {
    pub fn stats(&self) -> Stats {
        Stats {
            commits: self.commits.load(Ordering::Relaxed),
            appended: self.appended.load(Ordering::Relaxed),
        }
    }
}

impl Writer {
    /// Whether a seek came since `epoch`.
    pub fn has_sought(&self, subscription: &Subscription, epoch: u64) -> bool {
        self.sought.contains(&subscription.id) || subscription.state().epoch != epoch
    }

    /// Works until nobody can send jobs any more.
    pub fn work(mut self, mut jobs: mpsc::Receiver<Box<dyn Job>>) {
        while let Some(first) = jobs.blocking_recv() {
            let mut bytes = first.bytes();
            let mut batch = vec![first];
            while batch.len() < MAX_JOBS && bytes < MAX_BYTES {
                let Ok(job) = jobs.try_recv() else { break };
                bytes += job.bytes();
                batch.push(job);
            }
            self.commit(batch);
        }
        // Saves time and space at the next start; where it fails nothing is lost.
        let _ = self
            .connection
            .execute_batch("PRAGMA wal_checkpoint(TRUNCATE)");
    }

    fn commit(&mut self, mut batch: Vec<Box<dyn Job>>) {
        match self.transaction(&mut batch) {
            Ok(results) => {
                self.counters.commits.fetch_add(1, Ordering::Relaxed);
                let appended = self.appended.publish();
                self.counters
                    .appended
                    .fetch_add(appended, Ordering::Relaxed);
                self.topics.keep_new();
                for (job, result) in batch.into_iter().zip(results) {
                    job.done(result);
                }
            }
            Err(error) => {
                tracing::warn!(%error, jobs = batch.len(), "the event log's transaction failed");
                if !self.connection.is_autocommit() {
                    // Where this fails too, the next BEGIN says so.
                    let _ = self.connection.execute_batch("ROLLBACK");
                }
                self.appended.clear();
                self.topics.forget_new();
                self.progress.clear();
                for job in batch {
                    job.done(Err(error.clone()));
                }
            }
        }
    }

    fn transaction(
        &mut self,
        batch: &mut [Box<dyn Job>],
    ) -> Result<Vec<Result<(), LogError>>, LogError> {
        self.now = Utc::now().timestamp_millis();
        self.sought.clear();
        self.connection.execute_batch("BEGIN IMMEDIATE")?;
        let mut results = Vec::with_capacity(batch.len());
        for job in batch {
            let result = job.run(self);
            if let Err(error @ (LogError::Unavailable(_) | LogError::Corrupt(_))) = result {
                return Err(error);
            }
            results.push(result);
        }
        self.appended.store(&self.connection)?;
        self.progress.store(&self.connection)?;
        self.connection.execute_batch("COMMIT")?;
        Ok(results)
    }
}
