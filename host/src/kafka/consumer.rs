//! A member of a consumer group: one of librdkafka's consumers, polled on a thread of its own.

mod context;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use chrono::{SecondsFormat, Utc};
use event_log::{DEAD_LETTER_SUFFIX, Finished, Position};
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::message::{Message as _, OwnedMessage};
use tokio::runtime::Handle;
use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::message::{self, Cause};
use super::producer::Producer;
use super::topics::Topics;
use super::window::{Fate, Name, Ticket, Window};
use super::{KafkaConfig, client};
use crate::app::KafkaTrigger;
use crate::broker::BrokerError;
use crate::metrics::Lag;
use crate::triggers::SHUTDOWN;
use context::Context;

/// The longest wait for a record before pauses are looked after.
const POLL: Duration = Duration::from_millis(100);
/// The same while a partition is paused that may be read on soon.
const POLL_PAUSED: Duration = Duration::from_millis(5);
/// How long after a commit the next one follows.
const COMMIT: Duration = Duration::from_millis(100);
/// How long to wait before what the brokers could not do is tried again.
const AGAIN: Duration = Duration::from_millis(500);
/// Bytes that a dead letter has of its reason, as in the embedded log.
const MAX_REASON: usize = 2000;
/// A member that consumed for so long had brokers; then it is worth a line that it has none.
const STEADY: Duration = Duration::from_secs(60);
/// The time that a member has between two polls, and what is added to a call with events, which a rebalance waits for.
const MAX_POLL_INTERVAL: Duration = Duration::from_secs(300);
const MARGIN: Duration = Duration::from_secs(60);
/// How long to wait for topics that were just made.
const VISIBLE: Duration = Duration::from_secs(10);

/// A member of a consumer group. [`KafkaConsumer::close`] leaves it.
pub struct KafkaConsumer {
    shared: Arc<Shared>,
    producer: Arc<Producer>,
    topics: Arc<Topics>,
    group: String,
    ended: tokio::sync::Mutex<oneshot::Receiver<()>>,
}

/// What the thread, its callbacks and the calls to the component have in common.
pub struct Shared {
    group: String,
    window: Mutex<Window<OwnedMessage>>,
    /// Held while a commit is on its way, before `window`: an older one must not land after a newer one.
    commit: Mutex<()>,
    /// Something may have landed.
    landed: Condvar,
    /// Something may be deliverable.
    wake: Notify,
    stop: AtomicBool,
    /// How long a call with events may take, and a little more.
    time_limit: Duration,
    /// The brokers take no text beside an offset as long as ours.
    plain_commits: AtomicBool,
}

impl Shared {
    fn window(&self) -> MutexGuard<'_, Window<OwnedMessage>> {
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the group has not finished of the partitions that are owned here.
    pub fn lag(&self, topics: &Topics) -> Vec<Lag> {
        let lag = |((topic, partition), records): (Name, i64)| Lag {
            group: self.group.clone(),
            topic: topics.without_prefix(&topic).to_owned(),
            partition: u32::try_from(partition).unwrap_or_default(),
            records: u64::try_from(records).unwrap_or_default(),
        };
        self.window().lag().into_iter().map(lag).collect()
    }

    fn stops(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }
}

/// A record that a component is to get.
pub struct KafkaDelivery {
    /// To be finished with.
    pub ticket: Ticket,
    /// Where it is, by the application's name of the topic.
    pub position: Position,
    /// Its key.
    pub key: String,
    /// From 1.
    pub attempt: u32,
    /// The event's envelope, or why it is none.
    pub envelope: Result<serde_json::Value, String>,
}

impl KafkaConsumer {
    /// Joins the trigger's group as soon as there are brokers.
    pub fn start(
        config: KafkaConfig,
        topics: Arc<Topics>,
        producer: Arc<Producer>,
        trigger: &KafkaTrigger,
        time_limit: Duration,
    ) -> Self {
        let shared = Arc::new(Shared {
            group: trigger.group.clone(),
            window: Mutex::default(),
            commit: Mutex::default(),
            landed: Condvar::new(),
            wake: Notify::new(),
            stop: AtomicBool::new(false),
            time_limit: time_limit + Duration::from_secs(5),
            plain_commits: AtomicBool::new(false),
        });
        let (end, ended) = oneshot::channel();
        let member = Member {
            config: client_config(&config, &topics, trigger, time_limit),
            group: trigger.group.clone(),
            names: trigger.topics.clone(),
            topics: topics.clone(),
            shared: shared.clone(),
        };
        let runtime = Handle::current();
        thread::spawn(move || {
            member.run(&runtime);
            // Nobody may wait for it.
            let _ = end.send(());
        });
        Self {
            shared,
            producer,
            topics,
            group: trigger.group.clone(),
            ended: tokio::sync::Mutex::new(ended),
        }
    }

    /// Waits until something can be delivered, and answers 1 to `max` records: none whose key has one in
    /// flight or waits for a retry. One with `attempt` above 1 is the only one of its key. Safe to cancel.
    pub async fn next(&self, max: usize) -> Vec<KafkaDelivery> {
        loop {
            let (taken, due) = {
                let mut window = self.shared.window();
                (window.take(Instant::now(), max.max(1)), window.next_due())
            };
            if !taken.is_empty() {
                return taken
                    .into_iter()
                    .map(|taken| KafkaDelivery {
                        ticket: taken.ticket,
                        position: self.position(&taken.name, taken.ticket.offset),
                        key: taken.key.to_string(),
                        attempt: taken.attempt,
                        envelope: message::envelope(taken.message.as_ref()),
                    })
                    .collect();
            }
            let woken = self.shared.wake.notified();
            match due {
                // Either way there is something to look for.
                Some(due) => drop(timeout_at(due, woken).await),
                None => woken.await,
            }
        }
    }

    /// Reports outcomes. After one that comes again, the later ones of its key come again too, whatever is
    /// reported for them. Dead letters are there when it returns; the rest is committed soon.
    pub async fn finish(&self, outcomes: Vec<(Ticket, Finished)>) {
        let comes_again =
            |it: &Finished| matches!(it, Finished::RetryAt { .. } | Finished::Released);
        let planned = (self.shared.window()).plan(outcomes, comes_again, Finished::Released);
        let mut fates = Vec::with_capacity(planned.len());
        for (ticket, finished) in planned {
            fates.push((
                ticket,
                match finished {
                    Finished::Done => Fate::Done,
                    Finished::Released => Fate::Released,
                    Finished::RetryAt { at, .. } => {
                        let after = (at - Utc::now()).to_std().unwrap_or_default();
                        Fate::Retry(Instant::now() + after)
                    }
                    Finished::DeadLetter { reason } => {
                        self.bury(ticket, &reason).await;
                        Fate::Done
                    }
                },
            ));
        }
        self.shared.window().finish(fates);
        self.shared.landed.notify_all();
        self.shared.wake.notify_one();
    }

    /// Sends a record to the dead letters of its topic, as often as it takes; not once its partition has
    /// another owner. Of one that would be too large first its value is left out, then its own headers; one that
    /// can be none at all only stays where it is.
    async fn bury(&self, ticket: Ticket, reason: &str) {
        let time = Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true);
        let reason = &reason[..reason.floor_char_boundary(MAX_REASON)];
        let (mut with_value, mut with_headers) = (true, true);
        loop {
            let (message, attempts) = match self.shared.window().in_flight(ticket) {
                Some(in_flight) => (in_flight.message, in_flight.attempt),
                None => return,
            };
            let name = (message.topic().to_owned(), message.partition());
            let origin = self.position(&name, ticket.offset);
            let cause = Cause {
                reason,
                attempts,
                origin: &origin,
                group: &self.group,
                time: &time,
            };
            let headers = message::dead_letter_headers(&message, &cause, with_headers);
            let value = message.payload().filter(|_| with_value);
            let topic = format!("{}{DEAD_LETTER_SUFFIX}", origin.topic);
            let sent = match self.topics.ensure(&topic).await {
                Ok(topic) => {
                    self.producer
                        .send(&topic, message.key(), value, headers)
                        .await
                }
                Err(error) => Err(error),
            };
            match sent {
                Ok(()) => return,
                Err(BrokerError::Invalid(error)) if with_headers => {
                    tracing::error!(%origin, "its dead letter is not whole: {error}");
                    (with_value, with_headers) = (false, with_value);
                }
                Err(BrokerError::Invalid(error)) => {
                    tracing::error!(%origin, reason, "there can be no dead letter of it: {error}");
                    return;
                }
                Err(error) => {
                    tracing::warn!(%origin, "its dead letter cannot be written: {error}");
                    sleep(AGAIN).await;
                }
            }
        }
    }

    /// What it shares with its thread.
    pub fn shared(&self) -> Weak<Shared> {
        Arc::downgrade(&self.shared)
    }

    fn position(&self, (topic, partition): &Name, offset: i64) -> Position {
        Position {
            topic: self.topics.without_prefix(topic).to_owned(),
            partition: u32::try_from(*partition).unwrap_or_default(),
            offset: u64::try_from(offset).unwrap_or_default(),
        }
    }

    /// Commits what is finished and leaves the group.
    pub async fn close(&self) {
        self.shared.stop.store(true, Ordering::Release);
        self.shared.landed.notify_all();
        let mut ended = self.ended.lock().await;
        if timeout(SHUTDOWN, &mut *ended).await.is_err() {
            tracing::warn!(
                group = self.group,
                "the brokers do not answer: what was consumed last may come again"
            );
        }
    }
}

fn client_config(
    config: &KafkaConfig,
    topics: &Topics,
    trigger: &KafkaTrigger,
    time_limit: Duration,
) -> ClientConfig {
    let poll_interval = MAX_POLL_INTERVAL.max(time_limit + MARGIN).as_millis();
    let mut client = client::config(config);
    client
        // What waits for the component is in the window; a little more waits here.
        .set("queued.min.messages", "1000")
        .set("queued.max.messages.kbytes", "4096")
        .set("fetch.queue.backoff.ms", "10")
        // Says where partitions end, for the lag.
        .set("statistics.interval.ms", "5000")
        // How soon topics and partitions are found that others make.
        .set("topic.metadata.refresh.interval.ms", "10000")
        // A new group starts with the oldest event that there is.
        .set("auto.offset.reset", "earliest")
        .set("max.poll.interval.ms", poll_interval.to_string())
        .set("partition.assignment.strategy", "cooperative-sticky");
    if let Some(instance) = &config.group_instance_id {
        // A group may have several triggers, each a member of its own.
        client.set("group.instance.id", format!("{instance}-{}", trigger.id));
    }
    for (name, value) in &config.consumer_options.0 {
        client.set(name, value);
    }
    client
        .set("group.id", topics.prefixed(&trigger.group))
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false");
    client
}

/// What the thread works with.
struct Member {
    config: ClientConfig,
    group: String,
    /// The topics by the application's names.
    names: Vec<String>,
    topics: Arc<Topics>,
    shared: Arc<Shared>,
}

impl Member {
    /// Consumes until it is told to stop.
    fn run(&self, runtime: &Handle) {
        let mut was_available = true;
        while !self.shared.stops() {
            let began = Instant::now();
            let consumed = match runtime.block_on(self.ensure_topics()) {
                Ok(topics) => self.consume(&topics).map_err(|error| error.to_string()),
                Err(error) => Err(error.to_string()),
            };
            if let Err(error) = consumed {
                if was_available || began.elapsed() > STEADY {
                    tracing::error!(group = self.group, "nothing is consumed for now: {error}");
                }
                was_available = false;
                thread::sleep(AGAIN);
            } else {
                was_available = true;
            }
        }
    }

    async fn ensure_topics(&self) -> Result<Vec<String>, BrokerError> {
        let mut topics = Vec::new();
        for name in &self.names {
            topics.push(self.topics.ensure(name).await?);
        }
        Ok(topics)
    }

    /// Consumes until it is told to stop, or until the brokers refuse this member.
    fn consume(&self, topics: &[String]) -> KafkaResult<()> {
        let context = Context {
            shared: self.shared.clone(),
            group: self.group.clone(),
        };
        let consumer: BaseConsumer<Context> = self.config.create_with_context(context)?;
        let topics: Vec<&str> = topics.iter().map(String::as_str).collect();
        self.wait_for(&consumer, &topics);
        consumer.subscribe(&topics)?;
        let ended = thread::scope(|scope| {
            let (polls, polled) = mpsc::channel();
            let consumer = &consumer;
            scope.spawn(move || self.commit(consumer, &polled));
            let ended = self.poll(consumer);
            drop(polls);
            ended
        });
        // Revokes all partitions, and commits first.
        drop(consumer);
        let mut window = self.shared.window();
        let left = window.names();
        window.revoke(&left);
        ended
    }

    /// Waits a while for topics that were just made: a member that joins before its broker knows of them
    /// shares out nothing of theirs until it asks again.
    fn wait_for(&self, consumer: &BaseConsumer<Context>, topics: &[&str]) {
        let end = Instant::now() + VISIBLE;
        for topic in topics {
            let is_there = || {
                let metadata = consumer.fetch_metadata(Some(topic), AGAIN);
                metadata.is_ok_and(|metadata| {
                    let mut topics = metadata.topics().iter();
                    topics.any(|it| it.error().is_none() && !it.partitions().is_empty())
                })
            };
            while !self.shared.stops() && Instant::now() < end && !is_there() {
                thread::sleep(POLL);
            }
        }
    }

    /// Commits what is finished, until `polled` is closed. Beside the polling, which must not wait for brokers
    /// that are away: it is told which partitions are lost.
    fn commit(&self, consumer: &BaseConsumer<Context>, polled: &Receiver<()>) {
        let (mut wait, mut told) = (COMMIT, None);
        while polled.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
            match context::commit(&self.shared, consumer, None) {
                Ok(()) => (wait, told) = (COMMIT, None),
                Err(error) => {
                    if told.as_ref() != Some(&error) {
                        tracing::warn!(group = self.group, "not committed for now: {error}");
                    }
                    (wait, told) = (AGAIN, Some(error));
                }
            }
        }
    }

    fn poll(&self, consumer: &BaseConsumer<Context>) -> KafkaResult<()> {
        let mut wait = POLL;
        let mut told = None;
        while !self.shared.stops() {
            match consumer.poll(wait) {
                Some(Ok(record)) => {
                    told = None;
                    let name = (record.topic().to_owned(), record.partition());
                    let key = message::key(&record);
                    let bytes = record.payload_len() + record.key_len();
                    let (offset, record) = (record.offset(), record.detach());
                    let is_new = self
                        .shared
                        .window()
                        .read(&name, offset, &key, bytes, record);
                    if is_new {
                        self.shared.wake.notify_one();
                    }
                }
                Some(Err(error @ KafkaError::MessageConsumptionFatal(_))) => return Err(error),
                Some(Err(error)) => {
                    // The same one comes again while brokers are away.
                    if told.as_ref() != Some(&error) {
                        tracing::warn!(group = self.group, "consuming from Kafka: {error}");
                    }
                    told = Some(error);
                }
                None => {}
            }
            let (pause, resume) = {
                let mut window = self.shared.window();
                let flow = window.flow();
                wait = if window.is_paused() {
                    POLL_PAUSED
                } else {
                    POLL
                };
                flow
            };
            if !pause.is_empty() {
                consumer.pause(&context::list(&pause))?;
            }
            if !resume.is_empty() {
                consumer.resume(&context::list(&resume))?;
            }
        }
        Ok(())
    }
}
