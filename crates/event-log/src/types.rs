//! What goes in and what comes out.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Utc};

/// How a log is kept.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Partitions of a topic that does not exist yet; one that does keeps its own number. At least 1.
    pub partitions: u32,
    /// Older records may be removed. A group that has not consumed a topic for this long holds nothing back.
    pub retention_age: Duration,
    /// The oldest records may be removed while the records are larger than this together, in bytes.
    pub retention_bytes: u64,
    /// How long a write waits for another process that has locked the database.
    pub busy_timeout: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            partitions: 16,
            retention_age: Duration::from_secs(7 * 24 * 60 * 60),
            retention_bytes: 1 << 30,
            busy_timeout: Duration::from_secs(5),
        }
    }
}

/// A record to append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRecord {
    /// 1 to 249 of the characters that Kafka allows in a topic: `a-z A-Z 0-9 . _ -`.
    pub topic: String,
    /// Records of one topic with the same key keep their order. At most 1 KiB.
    pub key: String,
    /// A CloudEvent in JSON format: an object of at most 8 MiB. It is kept and delivered byte for byte.
    pub envelope: String,
}

/// Where a record is. Offsets of a partition start at 0 and have no gaps.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// The topic.
    pub topic: String,
    /// From 0.
    pub partition: u32,
    /// From 0.
    pub offset: u64,
}

/// `topic/partition/offset`.
impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.topic, self.partition, self.offset)
    }
}

/// Reads `topic/partition/offset`.
impl std::str::FromStr for Position {
    type Err = crate::LogError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.rsplitn(3, '/');
        let position = (|| {
            let offset = parts.next()?.parse().ok()?;
            let partition = parts.next()?.parse().ok()?;
            let topic = parts.next().filter(|topic| !topic.is_empty())?.to_owned();
            Some(Self {
                topic,
                partition,
                offset,
            })
        })();
        position.ok_or_else(|| {
            crate::LogError::Invalid(format!(
                "`{text}` is not of the form topic/partition/offset"
            ))
        })
    }
}

/// A record handed to a consumer, which owes [`Consumer::finish`](crate::Consumer::finish) an outcome for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Names the delivery too.
    pub position: Position,
    /// The record's key.
    pub key: String,
    /// The record's CloudEvent as it was appended.
    pub envelope: String,
    /// 1 at first, and one more after each [`Finished::RetryAt`]. A delivery whose outcome was never
    /// reported, because the process died, is not counted.
    pub attempt: u32,
    /// When it was appended.
    pub appended_at: DateTime<Utc>,
}

/// What became of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finished {
    /// It is never delivered to this group again.
    Done,
    /// It failed and comes again at `at`; what follows with its topic and key waits behind it.
    RetryAt {
        /// When.
        at: DateTime<Utc>,
        /// Why it failed.
        reason: String,
    },
    /// It is appended to `<topic>.dlq`, and never delivered to this group again.
    DeadLetter {
        /// Why it is given up.
        reason: String,
    },
    /// It was not tried; it comes again, and counts as no attempt.
    Released,
}

/// A topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicInfo {
    /// Its name.
    pub topic: String,
    /// Its partitions, in order.
    pub partitions: Vec<PartitionInfo>,
}

/// A partition of a topic. It has the records from `first_offset` to before `next_offset`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionInfo {
    /// Its oldest record's.
    pub first_offset: u64,
    /// The next record's.
    pub next_offset: u64,
    /// Size of the keys and envelopes.
    pub bytes: u64,
}

/// How far a group is in one partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupInfo {
    /// Its name.
    pub group: String,
    /// The topic.
    pub topic: String,
    /// The partition.
    pub partition: u32,
    /// It is through with what is before this offset, but for what waits for a retry.
    pub committed_offset: u64,
    /// Records that the group has neither finished nor set aside for a retry.
    pub lag: u64,
    /// Records that wait for a retry, or behind one.
    pub parked: u64,
    /// When a consumer of the group was last known to be there; exact to the host's retention timer.
    pub seen_at: DateTime<Utc>,
}

/// A record of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Where it is.
    pub position: Position,
    /// Its key.
    pub key: String,
    /// Its CloudEvent.
    pub envelope: String,
    /// When it was appended.
    pub appended_at: DateTime<Utc>,
}

/// A record of a topic `<topic>.dlq`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// The record; its envelope has the attributes `dlq…` beside the original's.
    pub record: Record,
    /// Where the original is, or was.
    pub origin: Position,
    /// The group that gave it up.
    pub group: String,
    /// Why.
    pub reason: String,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was put back, if it was.
    pub put_back_at: Option<DateTime<Utc>>,
}

/// Where a group goes on in a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeekTo {
    /// The oldest record of every partition.
    Beginning,
    /// Behind the newest record of every partition.
    End,
    /// In every partition, the first record that was appended at this time or later.
    Time(DateTime<Utc>),
    /// One partition at one offset, or the oldest record if that is newer; the other partitions stay.
    Offset {
        /// The partition.
        partition: u32,
        /// The offset, at most one past the newest record's.
        offset: u64,
    },
}

/// What [`EventLog::enforce_retention`](crate::EventLog::enforce_retention) did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Retained {
    /// Records removed.
    pub removed: u64,
    /// Bytes of the file given back to the file system.
    pub file_bytes_freed: u64,
    /// What should have gone, but a group has not consumed it yet, or has it set aside for a retry.
    pub held_back: Vec<HeldBack>,
}

/// A partition that a group holds back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldBack {
    /// Who holds it back most.
    pub group: String,
    /// The oldest record that this group needs.
    pub position: Position,
}

/// Counters since the log was opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    /// Transactions committed, each with one fsync.
    pub commits: u64,
    /// Records appended.
    pub appended: u64,
}
