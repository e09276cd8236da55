//! The cron trigger: runs components by the clock.
//!
//! A trigger's runs never overlap; ticks that pass during a run, or while the host is down, are made up
//! for by one run. A run that fails is repeated until the next tick.

mod ticks;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use croner::Cron;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

pub use ticks::Ticks;

use super::SHUTDOWN;
use crate::app::{Backoff, CronTrigger};
use crate::bindings::cron;
use crate::engine::{Function, RequestContext};
use crate::trace::Trace;

/// `handle-cron-event`.
pub type HandleCronEvent = Function<(cron::Metadata,), (Result<(), cron::Error>,)>;

/// How long to wait before a failed run is repeated.
const BACKOFF: Backoff = Backoff {
    initial: Duration::from_secs(1),
    max: Duration::from_secs(60),
};
/// The clock may be set while a tick is waited for; it is looked at this often.
const CLOCK: Duration = Duration::from_secs(30);

/// A running `[[trigger.cron]]`.
pub struct CronRunner {
    /// Which component runs when.
    pub trigger: CronTrigger,
    /// What is called.
    pub handle: HandleCronEvent,
    /// How long a run may take.
    pub time_limit: Duration,
    /// Which ticks were run.
    pub ticks: Arc<Ticks>,
}

impl CronRunner {
    /// Runs the component at its ticks until `stop`, then lets the run that is on finish for a while.
    pub async fn run(self, stop: CancellationToken) {
        let id = &self.trigger.id;
        let mut last = match self.ticks.last(id).await {
            Ok(Some(tick)) => tick.min(now()),
            Ok(None) => {
                // From here on a tick counts as missed.
                self.record(now()).await;
                now()
            }
            Err(error) => {
                tracing::error!(trigger = id, "which tick ran last is unknown: {error:#}");
                now()
            }
        };
        loop {
            let Some(due) = next(&self.trigger.schedule, last) else {
                tracing::warn!(trigger = id, "there are no more ticks");
                return;
            };
            if stop.run_until_cancelled(wait_until(due)).await.is_none() {
                return;
            }
            last = latest(&self.trigger.schedule, now()).max(due);
            let stopped = async {
                stop.cancelled().await;
                sleep(SHUTDOWN).await;
            };
            tokio::select! {
                () = self.tick(last, &stop) => {}
                () = stopped => {
                    tracing::warn!(trigger = id, "the run is cut off; it is made up for at the next start");
                    return;
                }
            }
        }
    }

    /// Runs for a tick until it succeeds, the next one is due, or `stop`.
    async fn tick(&self, tick: DateTime<Utc>, stop: &CancellationToken) {
        let id = &self.trigger.id;
        for attempt in 1.. {
            let deadline = Instant::now() + self.time_limit;
            let trace = Trace::continuing(None, None);
            let context = Arc::new(RequestContext::new(trace, deadline, 0));
            let metadata = cron::Metadata {
                timestamp: u64::try_from(tick.timestamp()).unwrap_or_default(),
            };
            let started = Instant::now();
            let failure = match self.handle.call((metadata,), &context).await {
                Ok((Ok(()),)) => {
                    let duration_ms = started.elapsed().as_millis() as u64;
                    tracing::debug!(trigger = id, duration_ms, "tick");
                    return self.record(tick).await;
                }
                Ok((Err(cron::Error::Other(reason)),)) => reason,
                Err(failure) => failure.to_string(),
            };
            tracing::warn!(
                trigger = id,
                component = self.trigger.component,
                tick = %tick.to_rfc3339(),
                attempt,
                correlation_id = context.trace.correlation_id,
                "a run failed: {failure}"
            );
            let delay = BACKOFF.delay(attempt, 0.0);
            let again = Utc::now() + delay;
            let is_in_time = next(&self.trigger.schedule, now()).is_none_or(|next| again < next);
            if !is_in_time || stop.run_until_cancelled(sleep(delay)).await.is_none() {
                return;
            }
        }
    }

    async fn record(&self, tick: DateTime<Utc>) {
        if let Err(error) = self.ticks.record(&self.trigger.id, tick).await {
            tracing::error!(
                trigger = self.trigger.id,
                "a tick cannot be recorded: {error:#}"
            );
        }
    }
}

/// The present second.
fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(0)
}

/// The first tick after `time`.
fn next(schedule: &Cron, time: DateTime<Utc>) -> Option<DateTime<Utc>> {
    schedule.find_next_occurrence(&time, false).ok()
}

/// The latest tick until `time`, or `time` if there is none.
fn latest(schedule: &Cron, time: DateTime<Utc>) -> DateTime<Utc> {
    schedule
        .find_previous_occurrence(&time, true)
        .unwrap_or(time)
}

async fn wait_until(time: DateTime<Utc>) {
    loop {
        let rest = time - Utc::now();
        if rest <= TimeDelta::zero() {
            return;
        }
        sleep(rest.to_std().unwrap_or_default().min(CLOCK)).await;
    }
}

#[cfg(test)]
mod tests {
    use croner::parser::{CronParser, Seconds};

    use super::*;

    fn schedule(expression: &str) -> Cron {
        let parser = CronParser::builder().seconds(Seconds::Required).build();
        parser.parse(expression).unwrap()
    }

    fn at(time: &str) -> DateTime<Utc> {
        format!("2026-01-01T{time}Z").parse().unwrap()
    }

    #[test]
    fn ticks_that_were_missed_are_one() {
        let minutely = schedule("0 * * * * *");
        let last = at("10:00:00");
        let now = at("10:07:12");
        let due = next(&minutely, last).unwrap();
        assert!(due < now);
        let run = latest(&minutely, now).max(due);
        assert_eq!(run, at("10:07:00"));
        assert_eq!(next(&minutely, run), Some(at("10:08:00")));
    }

    #[test]
    fn a_tick_is_not_run_before_its_time() {
        let minutely = schedule("0 * * * * *");
        assert_eq!(next(&minutely, at("10:00:00")), Some(at("10:01:00")));
        assert_eq!(next(&minutely, at("10:00:59")), Some(at("10:01:00")));
        assert_eq!(latest(&minutely, at("10:01:00")), at("10:01:00"));
        assert_eq!(latest(&minutely, at("10:00:59")), at("10:00:00"));
    }
}
