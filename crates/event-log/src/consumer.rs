//! A member of a consumer group.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use tokio::sync::{Notify, oneshot};

use crate::finish::{Finish, Park, Report};
use crate::log::Inner;
use crate::state::{Fate, Place};
use crate::subscription::Subscription;
use crate::{Delivery, Finished, LogError, Position};

/// Records read at a time, at least.
const MIN_READ: usize = 256;
/// Parked keys loaded at a time.
const MAX_DUE: usize = 64;
/// Records loaded of one parked key at a time.
const MAX_LOADED: usize = 64;
/// The wall clock may be set while a retry is waited for.
const MAX_SLEEP: Duration = Duration::from_secs(30);

/// A member of a consumer group. Dropping it releases what it has in flight. It keeps the log open.
#[derive(Debug)]
pub struct Consumer {
    log: Arc<Inner>,
    wake: Arc<Notify>,
    /// With the number that the member has there.
    subscriptions: Vec<(Arc<Subscription>, u64)>,
}

impl Consumer {
    pub(crate) fn new(log: Arc<Inner>, subscriptions: Vec<Arc<Subscription>>) -> Self {
        let wake = Arc::new(Notify::new());
        let subscriptions = subscriptions
            .into_iter()
            .map(|subscription| {
                let member = subscription.join(Arc::clone(&wake));
                (subscription, member)
            })
            .collect();
        Self {
            log,
            wake,
            subscriptions,
        }
    }

    /// Waits until something can be delivered, and answers 1 to `max` records: none whose topic and key
    /// have a record in flight from an earlier call, or one that waits for a retry. Records with the same
    /// topic and key are in their order, several of them may be in one answer. One with `attempt` above 1 is
    /// the only one of its key. Safe to cancel; several tasks may call it at the same time.
    ///
    /// # Errors
    /// [`LogError::Unavailable`]: wait a little and call again. [`LogError::Closed`], [`LogError::Corrupt`].
    pub async fn next(&self, max: usize) -> Result<Vec<Delivery>, LogError> {
        let max = max.max(1);
        // Where this is cancelled, another task that waits gets its wake-up.
        let wake_another = WakeOnDrop(&self.wake);
        loop {
            for (subscription, _) in &self.subscriptions {
                self.read(subscription, max).await?;
            }
            let mut taken = Vec::new();
            let mut left = false;
            for (index, (subscription, member)) in self.subscriptions.iter().enumerate() {
                let mut state = subscription.state();
                // Each topic gets its share, and what the others leave.
                let others = self.subscriptions.len() - index;
                let share = (max - taken.len()).div_ceil(others);
                state.take(&subscription.topic, *member, share, &mut taken);
                left |= state.ready_keys() > 0;
            }
            if !taken.is_empty() {
                std::mem::forget(wake_another);
                if left {
                    for (subscription, _) in &self.subscriptions {
                        subscription.wake();
                    }
                }
                return Ok(taken);
            }
            self.wait().await?;
        }
    }

    async fn wait(&self) -> Result<(), LogError> {
        let due = self
            .subscriptions
            .iter()
            .filter_map(|(subscription, _)| subscription.state().next_due())
            .min();
        let woken = self.wake.notified();
        self.log.check_open()?;
        match due {
            None => woken.await,
            Some(due) => {
                let wait = due.saturating_sub(Utc::now().timestamp_millis());
                let wait = Duration::from_millis(u64::try_from(wait).unwrap_or(0));
                // Either way there is something to look for.
                let _ = tokio::time::timeout(wait.min(MAX_SLEEP), woken).await;
            }
        }
        Ok(())
    }

    /// Takes in hand what is due or new, where there is not enough.
    async fn read(&self, subscription: &Arc<Subscription>, max: usize) -> Result<(), LogError> {
        self.log.check_open()?;
        let _reading = subscription.reading.lock().await;
        let (epoch, to_park) = {
            let state = subscription.state();
            (state.epoch, state.to_park())
        };
        if !to_park.is_empty() {
            self.log
                .ask(|reply| Park {
                    subscription: Arc::clone(subscription),
                    epoch,
                    records: to_park,
                    reply,
                })
                .await?;
        }
        let (epoch, due, unread) = {
            let state = subscription.state();
            let unread = match state.ready_keys() {
                ready if ready < max => state.unread(&subscription.topic),
                _ => Vec::new(),
            };
            let due = state.due(Utc::now().timestamp_millis(), MAX_DUE);
            (state.epoch, due, unread)
        };
        if due.is_empty() && unread.is_empty() {
            return Ok(());
        }
        let subscription = Arc::clone(subscription);
        let reader = self.log.reader.clone();
        let reading = tokio::task::spawn_blocking(move || {
            for (at, key) in due {
                let records = reader.parked(&subscription, &key, MAX_LOADED)?;
                subscription.state().load(epoch, (at, key), records);
            }
            let share = max.max(MIN_READ).div_ceil(unread.len().max(1));
            for (number, from, to) in unread {
                let partition = subscription.topic.partitions[number as usize].id;
                let records = reader.records(partition, from, to, share)?;
                subscription.state().read(epoch, number, from, records);
            }
            Ok(())
        });
        reading.await.map_err(|_| LogError::Closed)?
    }

    /// Reports outcomes, by the delivery's position and in any portions; they are durable when it returns.
    /// After a [`Finished::RetryAt`] or [`Finished::Released`], the later deliveries of that topic and key
    /// come again too, whatever is reported for them. Safe to cancel: the outcomes then count or not.
    ///
    /// # Errors
    /// [`LogError::Invalid`] where a delivery is not in flight; [`LogError::Unavailable`]: nothing is
    /// changed, the deliveries are still in flight, call it again. [`LogError::Closed`].
    pub async fn finish(&self, outcomes: Vec<(Position, Finished)>) -> Result<(), LogError> {
        let mut by_topic: HashMap<String, Vec<(Place, Fate)>> = HashMap::new();
        for (position, finished) in outcomes {
            let fate = match finished {
                Finished::Done => Fate::Done,
                Finished::RetryAt { at, reason } => Fate::Retry {
                    at: at.timestamp_millis(),
                    reason,
                },
                Finished::DeadLetter { reason } => Fate::DeadLetter { reason },
                Finished::Released => Fate::Release,
            };
            by_topic
                .entry(position.topic)
                .or_default()
                .push(((position.partition, position.offset), fate));
        }
        if by_topic.is_empty() {
            return Ok(());
        }
        let permit = self.log.permit().await?;
        let (reply, answer) = oneshot::channel();
        let mut reports: Vec<Report> = Vec::with_capacity(by_topic.len());
        for (topic, fates) in by_topic {
            let known = self
                .subscriptions
                .iter()
                .find(|(subscription, _)| subscription.topic.name == topic);
            let planned = match known {
                None => Err(format!("a record of {topic}")),
                Some((subscription, member)) => {
                    let mut state = subscription.state();
                    match state.plan(*member, fates) {
                        Ok(outcomes) => Ok(Report {
                            subscription: Arc::clone(subscription),
                            epoch: state.epoch,
                            member: *member,
                            outcomes,
                        }),
                        Err(place) => Err(subscription.position(place).to_string()),
                    }
                }
            };
            match planned {
                Ok(report) => reports.push(report),
                Err(unknown) => {
                    for report in &reports {
                        report.subscription.failed(report.member, &report.outcomes);
                    }
                    return Err(LogError::Invalid(format!(
                        "{unknown} is not in flight with this consumer"
                    )));
                }
            }
        }
        permit.send(Box::new(Finish { reports, reply }));
        answer.await.unwrap_or(Err(LogError::Closed))
    }
}

struct WakeOnDrop<'a>(&'a Notify);

impl Drop for WakeOnDrop<'_> {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        for (subscription, member) in &self.subscriptions {
            subscription.leave(*member);
        }
    }
}
