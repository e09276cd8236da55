//! The Kafka trigger: gives components the events of topics, as a consumer group.
//!
//! Events with the same topic and key come in their order and one call at a time; events of different
//! keys come in calls at the same time. Each comes at least once.

mod policy;
mod source;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use event_log::Finished;
use events::Event;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::SHUTDOWN;
use crate::app::KafkaTrigger;
use crate::bindings::consumer;
use crate::engine::{Function, RequestContext};
use crate::metrics::Metrics;
use crate::trace::Trace;
use policy::{Outcome, Policy, Verdict};
use source::{Delivery, Receipt, SourceError};

pub use source::Source;

/// `todo:events/consumer.consume`.
pub type Consume = Function<(Vec<consumer::Event>,), (Vec<consumer::Outcome>,)>;

/// How many calls of one trigger may run at the same time.
const CALLS: usize = 4;
/// How long the next call waits for one that runs, so that under load it gets all that came meanwhile.
const LINGER: Duration = Duration::from_millis(20);
/// How long to wait before the source is asked again that could not answer.
const UNAVAILABLE: Duration = Duration::from_millis(500);

/// A running `[[trigger.kafka]]`.
pub struct KafkaConsumer {
    trigger: KafkaTrigger,
    consume: Consume,
    /// How long a call may take.
    time_limit: Duration,
    source: Source,
    metrics: Arc<Metrics>,
}

impl KafkaConsumer {
    /// Gives the component what comes from `source`, which has joined the trigger's group.
    pub fn new(
        source: Source,
        trigger: KafkaTrigger,
        consume: Consume,
        time_limit: Duration,
        metrics: Arc<Metrics>,
    ) -> Arc<Self> {
        Arc::new(Self {
            trigger,
            consume,
            time_limit,
            source,
            metrics,
        })
    }

    /// Delivers until `stop`, then lets the calls that run finish for a while.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let mut calls = JoinSet::new();
        stop.run_until_cancelled(self.deliver_all(&mut calls)).await;
        let finish = async { while calls.join_next().await.is_some() {} };
        if timeout(SHUTDOWN, finish).await.is_err() {
            tracing::warn!(
                group = self.trigger.group,
                component = self.trigger.component,
                "events that are still being consumed will come again"
            );
        }
        self.source.close().await;
    }

    async fn deliver_all(self: &Arc<Self>, calls: &mut JoinSet<()>) {
        let free = Arc::new(Semaphore::new(CALLS));
        let mut was_available = true;
        loop {
            let Ok(mut permit) = free.clone().acquire_owned().await.map(Some) else {
                return;
            };
            // A call costs more than an event does; a slow one holds up the others no longer than this.
            let _ = timeout(LINGER, calls.join_next()).await;
            let deliveries = match self.source.next(self.trigger.batch).await {
                Ok(deliveries) => deliveries,
                Err(SourceError::Closed) => return,
                Err(error) => {
                    if was_available {
                        tracing::error!(group = self.trigger.group, "{error}");
                    }
                    was_available = false;
                    sleep(UNAVAILABLE).await;
                    continue;
                }
            };
            was_available = true;
            for call in policy::calls(deliveries, |delivery| delivery.attempt) {
                let permit = match permit.take() {
                    Some(permit) => permit,
                    None => match free.clone().acquire_owned().await {
                        Ok(permit) => permit,
                        Err(_) => return,
                    },
                };
                let this = self.clone();
                calls.spawn(async move {
                    this.deliver(call).await;
                    drop(permit);
                });
            }
            while calls.try_join_next().is_some() {}
        }
    }

    /// One call, and what follows from it.
    async fn deliver(&self, deliveries: Vec<Delivery>) {
        let mut finished = Vec::with_capacity(deliveries.len());
        let mut events = Vec::with_capacity(deliveries.len());
        let mut called = Vec::with_capacity(deliveries.len());
        for delivery in deliveries {
            match read(&delivery) {
                Ok(Some(event)) => {
                    events.push(event);
                    called.push(delivery);
                }
                Ok(None) => finished.push(self.finish(&delivery, "", Outcome::Done)),
                Err(reason) => finished.push(self.finish(&delivery, "", Outcome::Rejected(reason))),
            }
        }
        if !events.is_empty() {
            let ids: Vec<String> = events.iter().map(|event| event.id.clone()).collect();
            let outcomes = self.call(events).await;
            for ((delivery, id), outcome) in called.iter().zip(ids).zip(outcomes) {
                finished.push(self.finish(delivery, &id, outcome));
            }
        }
        while let Err(error) = self.source.finish(finished.clone()).await {
            match error {
                SourceError::Closed => return,
                SourceError::Unavailable(_) => {
                    tracing::warn!(group = self.trigger.group, "{error}");
                    sleep(UNAVAILABLE).await;
                }
                SourceError::Failed(_) => {
                    tracing::error!(group = self.trigger.group, "{error}");
                    return;
                }
            }
        }
    }

    /// An outcome for each of the events, which are in one call.
    async fn call(&self, events: Vec<Event>) -> Vec<Outcome> {
        let count = events.len();
        let first = events.first();
        let trace = Trace::continuing(
            first.and_then(|event| event.traceparent.as_deref()),
            first.and_then(|event| event.correlation_id.as_deref()),
        );
        let deadline = Instant::now() + self.time_limit;
        let context = Arc::new(RequestContext::new(trace, deadline, 0));
        let events = events.into_iter().map(consumer::Event::from).collect();
        let failure = match self.consume.call((events,), &context).await {
            Ok((outcomes,)) if outcomes.len() == count => {
                return outcomes.into_iter().map(Outcome::from).collect();
            }
            Ok((outcomes,)) => format!("{} outcomes for {count} events", outcomes.len()),
            Err(failure) => failure.to_string(),
        };
        vec![Outcome::Failed(failure); count]
    }

    /// What to tell the source about a delivery; failures are logged.
    fn finish(&self, delivery: &Delivery, id: &str, outcome: Outcome) -> (Receipt, Finished) {
        let policy = Policy {
            max_attempts: self.trigger.max_attempts,
            backoff: self.trigger.backoff,
        };
        let verdict = policy.judge(delivery.attempt, outcome, random_fraction());
        let told = |reason: &str, what: &str| {
            tracing::warn!(
                component = self.trigger.component,
                group = self.trigger.group,
                topic = delivery.receipt.position.topic,
                key = delivery.key,
                event_id = id,
                attempt = delivery.attempt,
                "{what}: {reason}"
            );
        };
        let finished = match verdict {
            Verdict::Done => {
                tracing::debug!(group = self.trigger.group, event_id = id, "consumed");
                Finished::Done
            }
            Verdict::Retry { after, reason } => {
                told(&reason, "an event is retried");
                let after = TimeDelta::from_std(after).unwrap_or(TimeDelta::MAX);
                let at = Utc::now()
                    .checked_add_signed(after)
                    .unwrap_or_else(Utc::now);
                Finished::RetryAt { at, reason }
            }
            Verdict::DeadLetter { reason } => {
                told(&reason, "an event goes to the dead letters");
                Finished::DeadLetter { reason }
            }
        };
        let outcome = match finished {
            Finished::Done | Finished::Released => "done",
            Finished::RetryAt { .. } => "retried",
            Finished::DeadLetter { .. } => "dead_lettered",
        };
        let topic = &delivery.receipt.position.topic;
        self.metrics.consumed(&self.trigger.group, topic, outcome);
        (delivery.receipt.clone(), finished)
    }
}

/// The event of a delivery; none where its publisher wanted nobody to get it as late as now.
fn read(delivery: &Delivery) -> Result<Option<Event>, String> {
    let envelope = delivery.envelope.as_ref().map_err(String::clone)?;
    if envelope.get("data_base64").is_some() {
        return Err("the event's data is not JSON but binary (`data_base64`)".into());
    }
    let expiration = envelope.get("expiration").and_then(|value| value.as_str());
    let expiration: Option<DateTime<Utc>> = expiration.and_then(|time| time.parse().ok());
    if expiration.is_some_and(|expiration| expiration < Utc::now()) {
        return Ok(None);
    }
    let topic = &delivery.receipt.position.topic;
    Event::from_json(topic, Some(&delivery.key), envelope).map(Some)
}

/// From 0 to 1.
fn random_fraction() -> f64 {
    (uuid::Uuid::new_v4().as_u128() as u32) as f64 / f64::from(u32::MAX)
}

events::convert_event!(consumer::Event);

impl From<consumer::Outcome> for Outcome {
    fn from(outcome: consumer::Outcome) -> Self {
        match outcome {
            consumer::Outcome::Done => Self::Done,
            consumer::Outcome::Retry(reason) => Self::Failed(reason),
            consumer::Outcome::Reject(reason) => Self::Rejected(reason),
        }
    }
}
