//! What an application keeps in Kafka, seen with a plain client.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::DateTime;
use event_log::{DeadLetter, GroupInfo, Position, Record};
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::groups::GroupMemberInfo;
use rdkafka::message::{Headers as _, Message, OwnedMessage};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use crate::wait_for;

/// How long the brokers may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// The group of a client that looks at topics only.
const ONLOOKER: &str = "onlooker";

/// The topics and groups of one application: those with its prefix.
pub struct Kafka {
    /// `host:port` of the brokers for the application.
    pub brokers: String,
    /// In front of the names of topics and groups.
    pub prefix: String,
    /// `host:port` for looking on, which is the same where nothing is in between.
    pub direct: String,
    /// How soon a member that is killed is missed, in milliseconds.
    pub session_timeout: u32,
    /// By group.
    clients: Mutex<BTreeMap<String, BaseConsumer>>,
}

impl Kafka {
    /// Topics that nobody else has, at these brokers.
    pub fn new(brokers: &str, direct: &str) -> Self {
        Self {
            brokers: brokers.to_owned(),
            prefix: format!("t{}.", uuid::Uuid::new_v4().simple()),
            direct: direct.to_owned(),
            session_timeout: 6000,
            clients: Mutex::default(),
        }
    }

    /// The section of the runtime configuration that has an application use it, with these settings too.
    pub fn section(&self, settings: &str) -> String {
        format!(
            "\n[kafka]\nbrokers = \"{}\"\ntopic_prefix = \"{}\"\npartitions = 4\n{settings}\n\
             [kafka.consumer_options]\n\"session.timeout.ms\" = \"{}\"\n\"heartbeat.interval.ms\" = \"1000\"\n",
            self.brokers, self.prefix, self.session_timeout
        )
    }

    /// A configuration for a client of the test's own.
    pub fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &self.direct);
        config
    }

    fn with<T>(&self, group: &str, ask: impl FnOnce(&BaseConsumer) -> T) -> T {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let client = clients.entry(group.to_owned()).or_insert_with(|| {
            self.client()
                .set("group.id", format!("{}{group}", self.prefix))
                .set("enable.auto.commit", "false")
                .set("auto.offset.reset", "earliest")
                .set("enable.partition.eof", "true")
                .create()
                .expect("a client")
        });
        ask(client)
    }

    /// The partitions of a topic, each with its first and next offset; none where it is not there.
    pub fn partitions(&self, topic: &str) -> Vec<(i32, i64, i64)> {
        let topic = format!("{}{topic}", self.prefix);
        self.with(ONLOOKER, |client| {
            let metadata = client.fetch_metadata(None, PATIENCE).expect("the topics");
            let known = metadata.topics().iter().find(|it| it.name() == topic);
            let partitions = known.map(|it| it.partitions().len()).unwrap_or_default();
            (0..partitions as i32)
                .map(|partition| {
                    // A topic that was just made has partitions without a leader for a moment.
                    let (low, high) = crate::wait_for("the offsets", 30, || {
                        client.fetch_watermarks(&topic, partition, PATIENCE).ok()
                    });
                    (partition, low, high)
                })
                .collect()
        })
    }

    /// All records of a topic as they are, oldest first in each partition.
    pub fn messages(&self, topic: &str) -> Vec<OwnedMessage> {
        let partitions = self.partitions(topic);
        let mut left: BTreeMap<i32, i64> = partitions
            .iter()
            .filter(|(_, low, high)| low < high)
            .map(|(partition, _, high)| (*partition, *high))
            .collect();
        let name = format!("{}{topic}", self.prefix);
        let mut list = TopicPartitionList::new();
        for (partition, _, _) in &partitions {
            list.add_partition_offset(&name, *partition, Offset::Beginning)
                .expect("an offset");
        }
        let mut messages = Vec::new();
        self.with(ONLOOKER, |client| {
            client.assign(&list).expect("the partitions");
            let end = std::time::Instant::now() + PATIENCE;
            while !left.is_empty() {
                assert!(std::time::Instant::now() < end, "reading {topic}: {left:?}");
                let Some(Ok(message)) = client.poll(Duration::from_millis(100)) else {
                    continue;
                };
                let (partition, offset) = (message.partition(), message.offset());
                if left.get(&partition).is_some_and(|high| offset + 1 >= *high) {
                    left.remove(&partition);
                }
                messages.push(message.detach());
            }
            client.unassign().expect("no partitions");
        });
        messages
    }

    /// All records of a topic, oldest first.
    pub fn records(&self, topic: &str) -> Vec<Record> {
        let mut records: Vec<Record> = self
            .messages(topic)
            .iter()
            .map(|message| self.record(message))
            .collect();
        records.sort_by_key(|record| record.appended_at);
        records
    }

    fn record(&self, message: &OwnedMessage) -> Record {
        let text =
            |bytes: Option<&[u8]>| String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned();
        let topic = message.topic().strip_prefix(&self.prefix);
        Record {
            position: Position {
                topic: topic.expect("the prefix").to_owned(),
                partition: message.partition() as u32,
                offset: message.offset() as u64,
            },
            key: text(message.key()),
            envelope: text(message.payload()),
            appended_at: message
                .timestamp()
                .to_millis()
                .and_then(DateTime::from_timestamp_millis)
                .expect("a time"),
        }
    }

    /// The dead letters of a topic, oldest first.
    pub fn dead_letters(&self, topic: &str) -> Vec<DeadLetter> {
        let messages = self.messages(&format!("{topic}.dlq"));
        let letter = |message: &OwnedMessage| DeadLetter {
            record: self.record(message),
            origin: header(message, "dlqorigin").parse().expect("a position"),
            group: header(message, "dlqgroup"),
            reason: header(message, "dlqreason"),
            attempts: header(message, "dlqattempts").parse().expect("a number"),
            put_back_at: None,
        };
        let mut letters: Vec<DeadLetter> = messages.iter().map(letter).collect();
        letters.sort_by_key(|letter| letter.record.appended_at);
        letters
    }

    /// Puts a group that has no members before the first record of a topic.
    pub fn rewind(&self, group: &str, topic: &str) {
        let name = format!("{}{topic}", self.prefix);
        let mut list = TopicPartitionList::new();
        for (partition, low, _) in self.partitions(topic) {
            list.add_partition_offset(&name, partition, Offset::Offset(low))
                .expect("an offset");
        }
        // A member that has just left may still be counted.
        crate::wait_for("that the group is put back", 30, || {
            self.with(group, |client| client.commit(&list, CommitMode::Sync).ok())
        });
    }

    /// Who is in a group and has which partitions; none while they are shared out anew.
    pub fn members(&self, group: &str) -> Option<Vec<Member>> {
        let name = format!("{}{group}", self.prefix);
        let groups = self.with("", |client| client.fetch_group_list(Some(&name), PATIENCE));
        let groups = groups.ok()?;
        let group = groups.groups().iter().find(|it| it.state() == "Stable")?;
        let member = |it: &GroupMemberInfo| {
            let assigned = assigned(it.assignment().unwrap_or_default()).unwrap_or_default();
            let named = |(topic, partition): (String, i32)| {
                let topic = topic.strip_prefix(&self.prefix).expect("the prefix");
                (topic.to_owned(), partition)
            };
            Member {
                id: it.id().to_owned(),
                partitions: assigned.into_iter().map(named).collect(),
            }
        };
        Some(group.members().iter().map(member).collect())
    }

    /// How far a group is in a topic.
    pub fn group(&self, group: &str, topic: &str) -> Vec<GroupInfo> {
        let partitions = self.partitions(topic);
        let name = format!("{}{topic}", self.prefix);
        let mut list = TopicPartitionList::new();
        for (partition, _, _) in &partitions {
            list.add_partition(&name, *partition);
        }
        let committed = self.with(group, |client| {
            // The broker that answers for the group may not have found that out yet.
            wait_for("the committed offsets", 30, || {
                client.committed_offsets(list.clone(), PATIENCE).ok()
            })
        });
        partitions
            .iter()
            .map(|(partition, low, high)| {
                let element = committed
                    .find_partition(&name, *partition)
                    .expect("asked for");
                let (offset, done) = match element.offset() {
                    Offset::Offset(offset) => (offset.max(*low), finished(element.metadata())),
                    _ => (*low, 0),
                };
                GroupInfo {
                    group: group.to_owned(),
                    topic: topic.to_owned(),
                    partition: *partition as u32,
                    committed_offset: offset as u64,
                    lag: (high - offset - done).max(0) as u64,
                    parked: 0,
                    seen_at: DateTime::UNIX_EPOCH,
                }
            })
            .collect()
    }
}

/// A member of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// What the broker calls it: a static one by its instance's id first.
    pub id: String,
    /// Topics and partitions.
    pub partitions: BTreeSet<(String, i32)>,
}

/// What an assignment of Kafka's consumer protocol has: topics, as Kafka calls them, and partitions.
fn assigned(mut assignment: &[u8]) -> Option<Vec<(String, i32)>> {
    let rest = &mut assignment;
    let _version = number(rest, 2)?;
    let mut assigned = Vec::new();
    for _ in 0..number(rest, 4)? {
        let length = number(rest, 2)?;
        let topic = String::from_utf8_lossy(take(rest, length)?).into_owned();
        for _ in 0..number(rest, 4)? {
            assigned.push((topic.clone(), number(rest, 4)? as i32));
        }
    }
    Some(assigned)
}

/// The number in the next bytes, the largest first.
fn number(bytes: &mut &[u8], length: usize) -> Option<usize> {
    let digits = take(bytes, length)?;
    let add = |number: usize, digit: &u8| (number << 8) | usize::from(*digit);
    Some(digits.iter().fold(0, add))
}

fn take<'a>(bytes: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(taken)
}

/// How many records the text beside a committed offset says are finished: `done=1-5,9`.
fn finished(text: &str) -> i64 {
    let done = text.split(' ').find_map(|part| part.strip_prefix("done="));
    let elements = done.into_iter().flat_map(|list| list.split(','));
    elements
        .map(|element| {
            let (first, last) = element.split_once('-').unwrap_or((element, element));
            let number = |text: &str| text.parse::<i64>().expect("an offset");
            number(last) - number(first) + 1
        })
        .sum()
}

/// The text of a header; empty where it has none.
pub fn header(message: &OwnedMessage, name: &str) -> String {
    let headers = message.headers();
    let found = headers.and_then(|headers| headers.iter().find(|header| header.key == name));
    let value = found.and_then(|header| header.value);
    String::from_utf8_lossy(value.unwrap_or_default()).into_owned()
}
