//! Dead letters: what they say about why, and putting them back.
//!
//! They are ordinary records of `<topic>.dlq`. CloudEvents' extension attributes, whose names are lower-case
//! letters and digits, say what happened: `dlqreason`, `dlqattempts`, `dlqorigin` (topic/partition/offset),
//! `dlqgroup` and `dlqtime`.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use chrono::{DateTime, SecondsFormat, Utc};
use rusqlite::{OptionalExtension, params};
use serde_json::value::{RawValue, to_raw_value};
use tokio::sync::oneshot;

use crate::finish::row_of;
use crate::schema::record_id;
use crate::state::Outcome;
use crate::subscription::Subscription;
use crate::topics::check_name;
use crate::writer::{Job, Writer};
use crate::{DEAD_LETTER_SUFFIX, LogError, Position};

const REASON: &str = "dlqreason";
const ATTEMPTS: &str = "dlqattempts";
const ORIGIN: &str = "dlqorigin";
const GROUP: &str = "dlqgroup";
const TIME: &str = "dlqtime";

/// A CloudEvent's attributes, with their values as they were written.
type Attributes = BTreeMap<String, Box<RawValue>>;

/// What a dead letter says about itself.
#[derive(Debug)]
pub(crate) struct Cause {
    pub origin: Position,
    pub group: String,
    pub reason: String,
    pub attempts: u32,
}

/// Appends what a group has given up to the dead letters of its topic.
pub(crate) fn append(
    writer: &mut Writer,
    subscription: &Subscription,
    outcome: &Outcome,
    reason: &str,
) -> Result<(), LogError> {
    let original: Option<String> = writer
        .connection
        .prepare_cached("SELECT envelope FROM records WHERE id = ?1")?
        .query_row([row_of(subscription, outcome.place)], |row| row.get(0))
        .optional()?;
    let origin = subscription.position(outcome.place);
    let envelope = original.and_then(|envelope| {
        let cause = Cause {
            origin: origin.clone(),
            group: subscription.group.clone(),
            reason: reason.to_owned(),
            attempts: outcome.attempt,
        };
        with_cause(&envelope, &cause, writer.now).ok()
    });
    let Some(envelope) = envelope else {
        return Err(LogError::Corrupt(format!("record {origin} is damaged")));
    };
    let topic = format!("{}{DEAD_LETTER_SUFFIX}", subscription.topic.name);
    let topic = writer.topics.get_or_create(&writer.connection, &topic)?;
    writer.appended.append(
        &writer.connection,
        writer.now,
        &topic,
        &outcome.key,
        &envelope,
    )?;
    Ok(())
}

fn with_cause(envelope: &str, cause: &Cause, now: i64) -> serde_json::Result<String> {
    let mut attributes: Attributes = serde_json::from_str(envelope)?;
    let time = DateTime::<Utc>::from_timestamp_millis(now).unwrap_or_default();
    let time = time.to_rfc3339_opts(SecondsFormat::Millis, true);
    for (name, value) in [
        (REASON, to_raw_value(&cause.reason)?),
        (ATTEMPTS, to_raw_value(&cause.attempts)?),
        (ORIGIN, to_raw_value(&cause.origin.to_string())?),
        (GROUP, to_raw_value(&cause.group)?),
        (TIME, to_raw_value(&time)?),
    ] {
        attributes.insert(name.to_owned(), value);
    }
    serde_json::to_string(&attributes)
}

/// Reads what [`append`] has written; `None` for a record that is no dead letter.
pub(crate) fn cause(envelope: &str) -> Option<Cause> {
    let attributes: Attributes = serde_json::from_str(envelope).ok()?;
    let text =
        |name: &str| -> Option<String> { serde_json::from_str(attributes.get(name)?.get()).ok() };
    Some(Cause {
        origin: text(ORIGIN)?.parse().ok()?,
        group: text(GROUP)?,
        reason: text(REASON)?,
        attempts: serde_json::from_str(attributes.get(ATTEMPTS)?.get()).ok()?,
    })
}

fn without_cause(envelope: &str) -> serde_json::Result<String> {
    let mut attributes: Attributes = serde_json::from_str(envelope)?;
    for name in [REASON, ATTEMPTS, ORIGIN, GROUP, TIME] {
        attributes.remove(name);
    }
    serde_json::to_string(&attributes)
}

/// [`EventLog::put_back`](crate::EventLog::put_back).
pub(crate) struct PutBack {
    pub dead_letter: Position,
    pub put_back: Option<Position>,
    pub reply: oneshot::Sender<Result<Option<Position>, LogError>>,
}

impl Job for PutBack {
    fn run(&mut self, writer: &mut Writer) -> Result<(), LogError> {
        let missing = || LogError::NotFound(format!("dead letter {}", self.dead_letter));
        let topic = writer
            .topics
            .get(&self.dead_letter.topic)
            .ok_or_else(missing)?;
        let partition = topic
            .partitions
            .get(self.dead_letter.partition as usize)
            .ok_or_else(missing)?;
        if self.dead_letter.offset >= partition.next_offset.load(Ordering::Acquire) {
            return Err(missing());
        }
        let id = record_id(partition.id, self.dead_letter.offset);
        let (key, envelope): (String, String) = writer
            .connection
            .query_row(
                "SELECT key, envelope FROM records WHERE id = ?1",
                [id],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .optional()?
            .ok_or_else(missing)?;
        let original = cause(&envelope).zip(without_cause(&envelope).ok());
        let Some((cause, original)) = original else {
            return Err(LogError::Invalid(format!(
                "{} is not a dead letter",
                self.dead_letter
            )));
        };
        check_name("topic", &cause.origin.topic)?;
        let topic = writer
            .topics
            .get_or_create(&writer.connection, &cause.origin.topic)?;
        let marked = writer.connection.execute(
            "INSERT OR IGNORE INTO put_back (record_id, at) VALUES (?1, ?2)",
            params![id, writer.now],
        )?;
        if marked == 0 {
            return Err(LogError::AlreadyPutBack(self.dead_letter.clone()));
        }
        self.put_back = Some(writer.appended.append(
            &writer.connection,
            writer.now,
            &topic,
            &key,
            &original,
        )?);
        Ok(())
    }

    fn done(self: Box<Self>, result: Result<(), LogError>) {
        let Self {
            put_back, reply, ..
        } = *self;
        // Whoever asked may have gone.
        let _ = reply.send(result.map(|()| put_back));
    }
}
