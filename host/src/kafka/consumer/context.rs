//! What librdkafka calls back when partitions come and go, and committing.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _, ConsumerContext, Rebalance};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::types::RDKafkaErrorCode;
use rdkafka::{Offset, Statistics, TopicPartitionList};

use super::Shared;
use crate::kafka::client;
use crate::kafka::progress::Progress;
use crate::kafka::window::Name;

/// How long the group's coordinator may take to say where the group is.
const COMMITTED: Duration = Duration::from_secs(10);

/// A consumer's callbacks. They run within its `poll`.
pub struct Context {
    pub shared: Arc<Shared>,
    pub group: String,
}

impl ClientContext for Context {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        client::log(level, facility, message);
    }

    fn stats(&self, statistics: Statistics) {
        let mut window = self.shared.window();
        for (topic, of_topic) in statistics.topics {
            for (partition, of_partition) in of_topic.partitions {
                let begin = Some(of_partition.lo_offset).filter(|offset| *offset >= 0);
                window.reaches(&(topic.clone(), partition), begin, of_partition.ls_offset);
            }
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        // What matters of it is a line of the log too.
        tracing::debug!(group = self.group, "Kafka: {error}: {reason}");
    }
}

impl ConsumerContext for Context {
    fn pre_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        match rebalance {
            Rebalance::Assign(partitions) => self.assigned(consumer, partitions),
            Rebalance::Revoke(partitions) => self.revoked(consumer, partitions),
            Rebalance::Error(error) => tracing::warn!(group = self.group, "rebalancing: {error}"),
        }
    }
}

impl Context {
    fn assigned(&self, consumer: &BaseConsumer<Self>, partitions: &TopicPartitionList) {
        if partitions.count() == 0 {
            return;
        }
        tracing::info!(
            group = self.group,
            partitions = partitions.count(),
            "partitions assigned"
        );
        let committed = consumer
            .committed_offsets(partitions.clone(), COMMITTED)
            .inspect_err(|error| {
                tracing::warn!(
                    group = self.group,
                    "events that were finished out of turn may come again: {error}"
                );
            })
            .ok();
        let mut window = self.shared.window();
        for name in names(partitions) {
            let element = committed
                .as_ref()
                .and_then(|committed| committed.find_partition(&name.0, name.1));
            let committed = element.and_then(|element| match element.offset() {
                Offset::Offset(offset) => {
                    // It panics over what is not UTF-8, which only somebody else can have written.
                    let text = catch_unwind(AssertUnwindSafe(|| element.metadata().to_owned()));
                    let progress = Progress::of_text(&text.unwrap_or_default(), offset);
                    Some((offset, progress))
                }
                _ => None,
            });
            let (offset, progress) = committed.unzip();
            window.assign(name, offset, progress.unwrap_or_default());
        }
    }

    /// Lets the calls finish that have records of these, and commits; nothing new of them is begun.
    fn revoked(&self, consumer: &BaseConsumer<Self>, partitions: &TopicPartitionList) {
        if partitions.count() == 0 {
            return;
        }
        tracing::info!(
            group = self.group,
            partitions = partitions.count(),
            "partitions revoked"
        );
        let names = names(partitions);
        let end = Instant::now() + self.shared.time_limit;
        let mut window = self.shared.window();
        while window.drain(&names) > 0 && !self.shared.stops() {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                tracing::warn!(
                    group = self.group,
                    "events in a call will come to their next owner too"
                );
                break;
            }
            let waited = self.shared.landed.wait_timeout(window, left);
            window = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        drop(window);
        if !consumer.assignment_lost()
            && let Err(error) = commit(&self.shared, consumer, Some(&names))
        {
            tracing::warn!(
                group = self.group,
                "events that were finished last may come again: {error}"
            );
        }
        self.shared.window().revoke(&names);
    }
}

/// Commits what is finished of these partitions, or of all, and waits for the brokers' word. What they refuse
/// comes with the next commit. (Of a commit that is not waited for, this client is not called back.)
pub fn commit(
    shared: &Shared,
    consumer: &BaseConsumer<Context>,
    names: Option<&[Name]>,
) -> KafkaResult<()> {
    let _turn = shared.commit.lock().unwrap_or_else(PoisonError::into_inner);
    let commits = shared.window().take_commits(names);
    if commits.is_empty() {
        return Ok(());
    }
    let plain = shared.plain_commits.load(Ordering::Relaxed);
    let mut offsets = TopicPartitionList::with_capacity(commits.len());
    for commit in &commits {
        let (topic, partition) = (&commit.name.0, commit.name.1);
        let mut element = offsets.add_partition(topic, partition);
        // Only a negative offset is refused.
        let _ = element.set_offset(Offset::Offset(commit.offset));
        if !plain {
            element.set_metadata(&commit.progress);
        }
    }
    let committed = consumer.commit(&offsets, CommitMode::Sync);
    match &committed {
        Ok(()) => shared.window().committed(commits),
        Err(error) => {
            if error.rdkafka_error_code() == Some(RDKafkaErrorCode::OffsetMetadataTooLarge) {
                shared.plain_commits.store(true, Ordering::Relaxed);
            }
            shared.window().refused(&commits);
        }
    }
    committed
}

/// The partitions of a list.
fn names(list: &TopicPartitionList) -> Vec<Name> {
    let elements = list.elements();
    let name = |element: &rdkafka::topic_partition_list::TopicPartitionListElem<'_>| {
        (element.topic().to_owned(), element.partition())
    };
    elements.iter().map(name).collect()
}

/// A list of partitions.
pub fn list(names: &[Name]) -> TopicPartitionList {
    let mut list = TopicPartitionList::with_capacity(names.len());
    for (topic, partition) in names {
        list.add_partition(topic, *partition);
    }
    list
}
