//! Making outcomes durable, and parking what waits behind a retry.

use std::sync::Arc;

use rusqlite::params;
use tokio::sync::oneshot;

use crate::LogError;
use crate::dead_letter;
use crate::schema::record_id;
use crate::state::{Fate, Outcome, Place};
use crate::subscription::Subscription;
use crate::writer::{Job, Writer};

/// Reasons are for people: what is longer is cut.
const MAX_REASON: usize = 2000;

/// One member's outcomes of one topic.
pub(crate) struct Report {
    pub subscription: Arc<Subscription>,
    pub epoch: u64,
    pub member: u64,
    pub outcomes: Vec<Outcome>,
}

/// [`Consumer::finish`](crate::Consumer::finish).
pub(crate) struct Finish {
    pub reports: Vec<Report>,
    pub reply: oneshot::Sender<Result<(), LogError>>,
}

impl Job for Finish {
    fn bytes(&self) -> usize {
        let outcomes = self.reports.iter().map(|report| report.outcomes.len());
        64 * outcomes.sum::<usize>()
    }

    fn run(&mut self, writer: &mut Writer) -> Result<(), LogError> {
        for report in &self.reports {
            // All of it comes again.
            if writer.has_sought(&report.subscription, report.epoch) {
                continue;
            }
            for outcome in &report.outcomes {
                write(writer, &report.subscription, outcome)?;
            }
        }
        Ok(())
    }

    fn done(self: Box<Self>, result: Result<(), LogError>) {
        for report in self.reports {
            match &result {
                Ok(()) => report.subscription.state().apply(report.outcomes),
                Err(_) => report.subscription.failed(report.member, &report.outcomes),
            }
            report.subscription.wake();
        }
        // Whoever asked may have gone.
        let _ = self.reply.send(result);
    }
}

fn write(
    writer: &mut Writer,
    subscription: &Subscription,
    outcome: &Outcome,
) -> Result<(), LogError> {
    let (partition, offset) = outcome.place;
    match &outcome.fate {
        Fate::Done => {}
        Fate::DeadLetter { reason } => {
            dead_letter::append(writer, subscription, outcome, cut(reason))?;
        }
        Fate::Retry { at, reason } => {
            writer
                .connection
                .prepare_cached(
                    "INSERT INTO parked (subscription_id, partition, offset, key, attempts, next_at, reason)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                     ON CONFLICT DO UPDATE SET attempts = ?5, next_at = ?6, reason = ?7",
                )?
                .execute(params![
                    subscription.id,
                    partition,
                    offset,
                    outcome.key,
                    outcome.attempt,
                    at,
                    cut(reason)
                ])?;
        }
        Fate::Behind => park(writer, subscription, outcome.place, &outcome.key)?,
        Fate::Release | Fate::Stale => return Ok(()),
    }
    if outcome.parked {
        if matches!(outcome.fate, Fate::Done | Fate::DeadLetter { .. }) {
            writer
                .connection
                .prepare_cached(
                    "DELETE FROM parked WHERE subscription_id = ?1 AND partition = ?2 AND offset = ?3",
                )?
                .execute(params![subscription.id, partition, offset])?;
        }
        return Ok(());
    }
    writer
        .progress
        .settle(&writer.connection, subscription.id, partition, offset)
}

/// Parks a record that was not tried; one that is parked already stays as it is.
fn park(
    writer: &mut Writer,
    subscription: &Subscription,
    (partition, offset): Place,
    key: &str,
) -> Result<(), LogError> {
    writer
        .connection
        .prepare_cached(
            "INSERT OR IGNORE INTO parked (subscription_id, partition, offset, key, attempts, next_at, reason)
             VALUES (?1, ?2, ?3, ?4, 0, 0, '')",
        )?
        .execute(params![subscription.id, partition, offset, key])?;
    Ok(())
}

fn cut(reason: &str) -> &str {
    &reason[..reason.floor_char_boundary(MAX_REASON)]
}

/// Parks what was read behind a retry.
pub(crate) struct Park {
    pub subscription: Arc<Subscription>,
    pub epoch: u64,
    pub records: Vec<(Place, Arc<str>)>,
    pub reply: oneshot::Sender<Result<(), LogError>>,
}

impl Job for Park {
    fn bytes(&self) -> usize {
        64 * self.records.len()
    }

    fn run(&mut self, writer: &mut Writer) -> Result<(), LogError> {
        if writer.has_sought(&self.subscription, self.epoch) {
            return Ok(());
        }
        for (place, key) in &self.records {
            park(writer, &self.subscription, *place, key)?;
            let (partition, offset) = *place;
            writer
                .progress
                .settle(&writer.connection, self.subscription.id, partition, offset)?;
        }
        Ok(())
    }

    fn done(self: Box<Self>, result: Result<(), LogError>) {
        if result.is_ok() {
            self.subscription
                .state()
                .is_parked(self.epoch, &self.records);
        }
        // Whoever asked may have gone.
        let _ = self.reply.send(result);
    }
}

/// The record's row.
pub(crate) fn row_of(subscription: &Subscription, (partition, offset): Place) -> i64 {
    record_id(subscription.topic.partitions[partition as usize].id, offset)
}
