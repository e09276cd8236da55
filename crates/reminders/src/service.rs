//! What the service does with events and at each tick, safe to repeat from the start after a crash anywhere.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use events::{
    Event, Outcome, PublishError, ReminderEventType, TASK_EVENTS, TaskEvent, TaskEventType,
    USER_EVENTS, UserEvent, UserEventType,
};
use futures_util::future::join_all;
use sql::{SqlConnection, SqlError};
use uuid::Uuid;

use crate::announce::{event, publish};
use crate::store::{Applied, Due};
use crate::successor::successor;
use crate::{CreateError, Peers, Store};

/// Reminders that are claimed and published at once.
const BATCH: u32 = 500;
/// Longer than it takes to publish a batch.
const LEASE: TimeDelta = TimeDelta::minutes(2);
/// When a scan leaves what is left to the next tick.
const SCAN_LIMIT: TimeDelta = TimeDelta::minutes(4);
/// Old rows of a kind that a tick removes.
const HOUSEKEEPING_BATCH: u32 = 1000;

/// Why an event is not looked at.
const AFTER_RETRY: &str = "an event before it is to come again";

/// What a scan did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scan {
    /// Reminders triggered.
    pub triggered: usize,
    /// Why it ended before all that is due was triggered; the next tick goes on.
    pub stopped: Option<String>,
}

/// The reminder service.
#[derive(Debug)]
pub struct Service<C, P> {
    store: Store<C>,
    peers: P,
}

fn retry(error: SqlError) -> Outcome {
    Outcome::Retry(error.to_string())
}

/// An event of a task that is stored; what is left to do for it.
struct Pending {
    task_event: TaskEvent,
    unannounced: Vec<Due>,
}

impl<C: SqlConnection, P: Peers> Service<C, P> {
    /// Over its tables and peers.
    pub fn new(store: Store<C>, peers: P) -> Self {
        Self { store, peers }
    }

    /// Takes events of the topics `task-events` and `user-events`, and answers one outcome for each.
    pub async fn consume(&self, events: &[Event], now: DateTime<Utc>) -> Vec<Outcome> {
        let mut steps = Vec::with_capacity(events.len());
        let mut waiting_keys = BTreeSet::new();
        for event in events {
            let step = if waiting_keys.contains(&event.key) {
                Err(Outcome::Retry(AFTER_RETRY.into()))
            } else {
                self.store_event(event, now).await
            };
            if let Err(Outcome::Retry(_)) = step {
                waiting_keys.insert(&event.key);
            }
            steps.push(step);
        }
        self.announce(events, &mut steps, now).await;
        let mut outcomes = vec![Outcome::Done; events.len()];
        let mut of_task: BTreeMap<Uuid, Vec<_>> = BTreeMap::new();
        for ((step, event), outcome) in steps.into_iter().zip(events).zip(&mut outcomes) {
            match step {
                Ok(pending) => {
                    let of_task = of_task.entry(pending.task_event.task_id).or_default();
                    of_task.push((pending, event, outcome));
                }
                Err(other) => *outcome = other,
            }
        }
        // All tasks at once, so that a Todo API that does not answer costs its time only once. Of one task the
        // first completion decides what comes next.
        join_all(of_task.into_values().map(async |steps| {
            let mut waits = false;
            for (pending, event, outcome) in steps {
                *outcome = if waits {
                    Outcome::Retry(AFTER_RETRY.into())
                } else {
                    self.succeed(&pending, event, now).await
                };
                waits |= matches!(outcome, Outcome::Retry(_));
            }
        }))
        .await;
        outcomes
    }

    async fn store_event(&self, event: &Event, now: DateTime<Utc>) -> Result<Pending, Outcome> {
        let malformed = |error| Outcome::Reject(format!("malformed data: {error}"));
        match event.topic.as_str() {
            TASK_EVENTS => {
                let task_event: TaskEvent = event.payload().map_err(malformed)?;
                let unannounced = match self.store.apply(&task_event, now).await.map_err(retry)? {
                    Applied::Erased => return Err(Outcome::Done),
                    Applied::Silent => Vec::new(),
                    Applied::Kept => {
                        let unannounced = self.store.unannounced(task_event.task_id).await;
                        unannounced.map_err(retry)?
                    }
                };
                Ok(Pending {
                    task_event,
                    unannounced,
                })
            }
            USER_EVENTS => {
                let user_event: UserEvent = event.payload().map_err(malformed)?;
                match user_event.event_type {
                    UserEventType::UserErased => {
                        let erased = self.store.erase(user_event.user_id, now).await;
                        erased.map_err(retry)?;
                    }
                }
                Err(Outcome::Done)
            }
            topic => Err(Outcome::Reject(format!("no use for topic `{topic}`"))),
        }
    }

    /// Publishes what no event said yet to be set. Where that fails, so does the step.
    async fn announce(
        &self,
        events: &[Event],
        steps: &mut [Result<Pending, Outcome>],
        now: DateTime<Utc>,
    ) {
        let mut announcements = Vec::new();
        let mut of_step = Vec::new();
        for (index, (step, cause)) in steps.iter().zip(events).enumerate() {
            for due in step.iter().flat_map(|pending| &pending.unannounced) {
                if let Ok(announcement) = event(ReminderEventType::ReminderScheduled, due, now) {
                    announcements.push(Event {
                        traceparent: cause.traceparent.clone(),
                        correlation_id: cause.correlation_id.clone(),
                        ..announcement
                    });
                    of_step.push(index);
                }
            }
        }
        let results = publish(&self.peers, announcements).await;
        for (index, result) in of_step.into_iter().zip(results) {
            if let (Err(error), Some(step)) = (result, steps.get_mut(index))
                && step.is_ok()
            {
                *step = Err(error.into());
            }
        }
        let announced = (steps.iter().flatten()).flat_map(|pending| &pending.unannounced);
        if announced.clone().next().is_some()
            && let Err(error) = self.store.mark_announced(announced).await
        {
            for step in steps.iter_mut().filter(|step| step.is_ok()) {
                *step = Err(Outcome::Retry(error.to_string()));
            }
        }
    }

    /// Makes the next instance of a recurring task that was completed, once.
    async fn succeed(&self, pending: &Pending, cause: &Event, now: DateTime<Utc>) -> Outcome {
        let event = &pending.task_event;
        if event.event_type != TaskEventType::TaskCompleted {
            return Outcome::Done;
        }
        let completed_at = (event.task_data.task.completed_at).unwrap_or(event.timestamp);
        let next = match successor(&event.task_data, completed_at) {
            Ok(Some(next)) => next,
            Ok(None) => return Outcome::Done,
            Err(error) => return Outcome::Reject(format!("recurrence_pattern: {error}")),
        };
        match self.store.has_successor(event.task_id).await {
            Ok(true) => return Outcome::Done,
            Ok(false) => {}
            Err(error) => return retry(error),
        }
        let created = self
            .peers
            .create_task(event.user_id, event.task_id, &next, cause)
            .await;
        match created {
            Ok(()) => match self.store.mark_succeeded(event.task_id, now).await {
                Ok(()) => Outcome::Done,
                Err(error) => retry(error),
            },
            Err(CreateError::Gone) => Outcome::Done,
            Err(CreateError::Refused(why)) => Outcome::Reject(why),
            Err(CreateError::Unavailable(why)) => Outcome::Retry(why),
        }
    }

    /// Triggers what is due, batch by batch, until nothing is left or the time for one tick is over, and
    /// removes old rows.
    ///
    /// # Errors
    /// When the database does not answer as it should. What was claimed comes again after its lease.
    pub async fn scan(&self, clock: impl Fn() -> DateTime<Utc>) -> Result<Scan, SqlError> {
        let start = clock();
        let mut scan = Scan::default();
        loop {
            let now = clock();
            if now - start > SCAN_LIMIT {
                scan.stopped = Some("the time for one tick is over".into());
                break;
            }
            let claimed = self.store.claim(now, BATCH, LEASE).await?;
            if claimed.is_empty() {
                break;
            }
            let failed = self.trigger(&claimed, now).await?;
            scan.triggered += claimed.len() - failed.len();
            if let Some((_, why)) = failed.into_iter().next() {
                scan.stopped = Some(why);
                break;
            }
        }
        self.store.housekeep(clock(), HOUSEKEEPING_BATCH).await?;
        Ok(scan)
    }

    /// Publishes that these are due, and answers those that could not be, with the reason.
    async fn trigger<'a>(
        &self,
        claimed: &'a [Due],
        now: DateTime<Utc>,
    ) -> Result<Vec<(&'a Due, String)>, SqlError> {
        let triggered = (claimed.iter())
            .map(|due| event(ReminderEventType::ReminderTriggered, due, now))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| SqlError::Internal(error.to_string()))?;
        let results = publish(&self.peers, triggered).await;
        let (mut done, mut failed) = (Vec::new(), Vec::new());
        for (due, result) in claimed.iter().zip(results) {
            match result {
                Ok(()) => done.push(due),
                Err(PublishError::Unavailable(why)) => failed.push((due, why)),
                Err(PublishError::Refused(why)) => {
                    tracing::error!(task_id = %due.task_id, remind_at = %due.remind_at, why, "a reminder was refused");
                    done.push(due);
                }
            }
        }
        self.store.mark_triggered(done).await?;
        if !failed.is_empty() {
            self.store
                .release(failed.iter().map(|(due, _)| *due))
                .await?;
        }
        Ok(failed)
    }
}
