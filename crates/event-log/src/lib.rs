//! A durable event log in one SQLite file: topics with partitions by key, consumer groups, retries, dead
//! letters and retention. It is what the host reads and writes where no Kafka brokers are configured.
//!
//! Delivery is at least once, in order per topic and key, and in parallel across keys.

mod consumer;
mod dead_letter;
mod error;
mod finish;
mod groups;
mod log;
mod progress;
mod reader;
mod retention;
mod schema;
mod state;
mod subscription;
mod topics;
mod types;
mod writer;

pub use consumer::Consumer;
pub use error::LogError;
pub use log::EventLog;
pub use reader::LogReader;
pub use types::{
    DeadLetter, Delivery, Finished, GroupInfo, HeldBack, NewRecord, PartitionInfo, Position,
    Record, Retained, SeekTo, Settings, Stats, TopicInfo,
};

/// What is appended to a topic's name for its dead letters.
pub const DEAD_LETTER_SUFFIX: &str = ".dlq";
