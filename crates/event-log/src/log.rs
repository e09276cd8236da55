//! The log, open for writing.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::JoinHandle;

use chrono::{DateTime, Utc};
use tokio::sync::{mpsc, oneshot};

use crate::dead_letter::PutBack;
use crate::groups::{Seek, Subscribe};
use crate::progress::Progress;
use crate::retention::{Remove, Removed, Shrink};
use crate::schema::open_writer;
use crate::subscription::Subscription;
use crate::topics::{Append, Appended, Topics, check_name};
use crate::writer::{Counters, Job, Writer};
use crate::{
    Consumer, LogError, LogReader, NewRecord, Position, Retained, SeekTo, Settings, Stats,
};

/// Jobs that wait for the writer; who comes then waits.
const MAX_WAITING: usize = 1024;
/// More partitions only cost.
const MAX_PARTITIONS: u32 = 1024;

/// A log that this process writes. Clones are handles of the same log; dropping the last one ends its
/// writer thread. Only one process can have a log open so; others look at it with a [`LogReader`].
#[derive(Debug, Clone)]
pub struct EventLog {
    inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub reader: LogReader,
    counters: Arc<Counters>,
    closed: AtomicBool,
    jobs: Mutex<Option<mpsc::Sender<Box<dyn Job>>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    subscriptions: Mutex<Vec<Weak<Subscription>>>,
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Inner {
    pub fn check_open(&self) -> Result<(), LogError> {
        match self.closed.load(Ordering::Acquire) {
            true => Err(LogError::Closed),
            false => Ok(()),
        }
    }

    /// Waits until the writer can take a job.
    pub async fn permit(&self) -> Result<mpsc::OwnedPermit<Box<dyn Job>>, LogError> {
        let jobs = lock(&self.jobs).clone().ok_or(LogError::Closed)?;
        jobs.reserve_owned().await.map_err(|_| LogError::Closed)
    }

    /// Has a job done and waits for its answer.
    pub async fn ask<T, J: Job + 'static>(
        &self,
        job: impl FnOnce(oneshot::Sender<Result<T, LogError>>) -> J,
    ) -> Result<T, LogError> {
        let permit = self.permit().await?;
        let (reply, answer) = oneshot::channel();
        permit.send(Box::new(job(reply)));
        answer.await.unwrap_or(Err(LogError::Closed))
    }

    /// Lets the writer end, and answers its thread.
    fn stop(&self) -> Option<JoinHandle<()>> {
        self.closed.store(true, Ordering::Release);
        lock(&self.jobs).take();
        for subscription in lock(&self.subscriptions).drain(..) {
            if let Some(subscription) = subscription.upgrade() {
                subscription.wake();
            }
        }
        lock(&self.thread).take()
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(thread) = self.stop() {
            // A panic there has been reported where it happened.
            let _ = thread.join();
        }
    }
}

impl EventLog {
    /// Opens the log at `path`, and makes it where there is none. Needs `<path>-lock` beside it.
    ///
    /// # Errors
    /// [`LogError::InUse`], [`LogError::Corrupt`], [`LogError::Unavailable`], and [`LogError::Invalid`] for
    /// settings that make no sense.
    pub fn open(path: &Path, settings: Settings) -> Result<Self, LogError> {
        if !(1..=MAX_PARTITIONS).contains(&settings.partitions) {
            return Err(LogError::Invalid(format!(
                "a topic has 1 to {MAX_PARTITIONS} partitions"
            )));
        }
        let locked = lock_file(path)?;
        let connection = open_writer(path, settings.busy_timeout)?;
        let counters = Arc::new(Counters::default());
        let writer = Writer {
            topics: Topics::load(&connection, settings.partitions)?,
            connection,
            settings,
            appended: Appended::default(),
            progress: Progress::default(),
            subscriptions: HashMap::new(),
            sought: HashSet::new(),
            now: 0,
            counters: Arc::clone(&counters),
        };
        let (jobs, waiting) = mpsc::channel(MAX_WAITING);
        let thread = std::thread::Builder::new()
            .name("event-log".into())
            .spawn(move || {
                writer.work(waiting);
                // Others may open the file when the connection is closed, and not before.
                drop(locked);
            })
            .map_err(|error| LogError::Unavailable(error.to_string()))?;
        Ok(Self {
            inner: Arc::new(Inner {
                reader: LogReader::open(path)?,
                counters,
                closed: AtomicBool::new(false),
                jobs: Mutex::new(Some(jobs)),
                thread: Mutex::new(Some(thread)),
                subscriptions: Mutex::default(),
            }),
        })
    }

    /// Appends, all or none, and answers where each record is once they are durable. Callers at the same
    /// time share a transaction. Safe to cancel: the records are then appended or not.
    ///
    /// # Errors
    /// [`LogError::Invalid`] names what is wrong with a record; [`LogError::Unavailable`], [`LogError::Closed`].
    pub async fn append(&self, records: Vec<NewRecord>) -> Result<Vec<Position>, LogError> {
        let (reply, answer) = oneshot::channel();
        let append = Append::new(records, reply)?;
        self.inner.permit().await?.send(Box::new(append));
        answer.await.unwrap_or(Err(LogError::Closed))
    }

    /// Joins a consumer group on some topics, which need not exist yet. A new group starts at the oldest
    /// record; a known one goes on where it was. Consumers of one group share the work.
    ///
    /// # Errors
    /// [`LogError::Invalid`] for a group or topic name, [`LogError::Unavailable`], [`LogError::Closed`].
    pub async fn subscribe(&self, group: &str, topics: &[String]) -> Result<Consumer, LogError> {
        check_name("group", group)?;
        let topics: BTreeSet<&String> = topics.iter().collect();
        if topics.is_empty() {
            return Err(LogError::Invalid("a consumer has one topic or more".into()));
        }
        for topic in &topics {
            check_name("topic", topic)?;
        }
        let mut subscriptions = Vec::with_capacity(topics.len());
        for topic in topics {
            let subscription = self
                .inner
                .ask(|reply| Subscribe {
                    group: group.to_owned(),
                    topic: topic.clone(),
                    subscription: None,
                    reply,
                })
                .await?;
            subscriptions.extend(subscription);
        }
        let mut known = lock(&self.inner.subscriptions);
        known.retain(|subscription| subscription.strong_count() > 0);
        known.extend(subscriptions.iter().map(Arc::downgrade));
        drop(known);
        Ok(Consumer::new(Arc::clone(&self.inner), subscriptions))
    }

    /// Sets where a group goes on in a topic, running consumers included. What it had set aside for a retry
    /// before that offset still comes; what is in flight and lies behind it comes again.
    ///
    /// # Errors
    /// [`LogError::NotFound`] for a group that never consumed this topic or a partition that is not there,
    /// [`LogError::Invalid`] for an offset that is not there yet, [`LogError::Unavailable`],
    /// [`LogError::Closed`].
    pub async fn seek(&self, group: &str, topic: &str, to: SeekTo) -> Result<(), LogError> {
        self.inner
            .ask(|reply| Seek {
                group: group.to_owned(),
                topic: topic.to_owned(),
                to,
                live: None,
                reply,
            })
            .await
    }

    /// Appends a dead letter's original to its topic again, and answers where. All of the topic's groups get
    /// it, with the same event id: those that have had it ignore it.
    ///
    /// # Errors
    /// [`LogError::NotFound`], [`LogError::AlreadyPutBack`], [`LogError::Invalid`] for a record that is no dead
    /// letter, [`LogError::Unavailable`], [`LogError::Closed`].
    pub async fn put_back(&self, dead_letter: &Position) -> Result<Position, LogError> {
        self.inner
            .ask(|reply| PutBack {
                dead_letter: dead_letter.clone(),
                put_back: None,
                reply,
            })
            .await?
            .ok_or(LogError::Closed)
    }

    /// Removes what is too old or too much, in small transactions between those of other callers, but
    /// nothing that a group still needs. To be called every minute or so.
    ///
    /// # Errors
    /// [`LogError::Unavailable`], [`LogError::Closed`]; what was removed until then stays removed.
    pub async fn enforce_retention(&self, now: DateTime<Utc>) -> Result<Retained, LogError> {
        let mut retained = Retained::default();
        loop {
            let step = self
                .inner
                .ask(|reply| Remove {
                    now,
                    removed: Removed::default(),
                    reply,
                })
                .await?;
            retained.removed += step.records;
            retained.held_back = step.held_back;
            if step.records == 0 {
                break;
            }
        }
        loop {
            let freed = self.inner.ask(|reply| Shrink { freed: 0, reply }).await?;
            retained.file_bytes_freed += freed;
            if freed == 0 {
                return Ok(retained);
            }
        }
    }

    /// Topics, groups, records and dead letters.
    pub fn reader(&self) -> &LogReader {
        &self.inner.reader
    }

    /// Counters.
    pub fn stats(&self) -> Stats {
        self.inner.counters.stats()
    }

    /// Finishes what was asked before, and lets go of the file. Other handles get [`LogError::Closed`] from
    /// then on. Not needed for durability.
    pub async fn close(&self) {
        if let Some(thread) = self.inner.stop() {
            // A panic there has been reported where it happened.
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }
}

/// Takes the lock of a log, until the file is dropped. It is not on the database itself: closing that
/// anywhere in the process would drop SQLite's own locks.
fn lock_file(path: &Path) -> Result<File, LogError> {
    let mut lock_path = path.as_os_str().to_owned();
    lock_path.push("-lock");
    let lock_path = PathBuf::from(lock_path);
    let unavailable = |error| LogError::Unavailable(format!("{}: {error}", lock_path.display()));
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&lock_path)
        .map_err(unavailable)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(LogError::InUse(path.to_owned())),
        Err(TryLockError::Error(error)) => Err(unavailable(error)),
    }
}
