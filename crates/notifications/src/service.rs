//! The service: events in, a clock's tick, and the way of each notification (see `delivery`).

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use events::{Event, Outcome};
use futures_util::future::join_all;
use sql::{Result, SqlConnection};
use task_model::User;
use uuid::Uuid;

use crate::peers::Peers;
use crate::reminder::{self, KEEP_READ, Reminder, Request};
use crate::{claims, text};

/// Seconds that [`Peers::deliver`] may take before it answers [`crate::DeliveryError::NoAnswer`].
pub const SEND_SECONDS: u32 = 15;
/// How long a claim holds: longer than the longest budget and a send that began at its end.
pub(crate) const LEASE: TimeDelta = TimeDelta::seconds(30);
/// After so long an event's partition has waited enough; what is left is for the next tick.
const CONSUME_BUDGET: TimeDelta = TimeDelta::seconds(5);
/// Ticks come every ten seconds.
const TICK_BUDGET: TimeDelta = TimeDelta::seconds(8);
/// Notifications that are in memory at once during a tick.
const BATCH: u32 = 64;
/// Notifications that one tick's housekeeping removes at most, of each kind.
const HOUSEKEEPING_ROWS: u32 = 500;
/// No notification is kept longer, read or not.
const KEEP: TimeDelta = TimeDelta::days(365);

/// People as they were read for one batch; none for somebody without an account.
pub(crate) type People = HashMap<Uuid, std::result::Result<Option<User>, String>>;

/// The notification service over its database and its [`Peers`].
///
/// A notification is claimed by whoever works on it, for a limited time. Before something is sent, an
/// attempt is recorded; after it, its outcome. So after a crash the next claimant finds either nothing begun,
/// an outcome, or an attempt whose outcome nobody knows: that one is repeated where the channel makes
/// repeating harmless, and else left alone and recorded as unknown.
#[derive(Debug)]
pub struct Service<'a, C, P> {
    pub(crate) connection: &'a C,
    pub(crate) peers: &'a P,
}

impl<'a, C: SqlConnection, P: Peers> Service<'a, C, P> {
    /// Over a database that [`crate::migrate`] has prepared.
    pub fn new(connection: &'a C, peers: &'a P) -> Self {
        Self { connection, peers }
    }

    /// Takes events: erases people, and stores reminders that are due as notifications, tries each once within a
    /// time budget and leaves the rest to [`Self::tick`]. Answers one outcome for each event.
    pub async fn consume(&self, events: &[Event]) -> Vec<Outcome> {
        let now = self.peers.now();
        let mut outcomes = Vec::with_capacity(events.len());
        let mut reminders = Vec::new();
        for event in events {
            outcomes.push(match reminder::read(event, now) {
                Ok(Request::Nothing) => Outcome::Done,
                Ok(Request::Erase(user_id)) => self.erase(user_id, now).await,
                Ok(Request::Remind(reminder)) => {
                    reminders.push((outcomes.len(), reminder));
                    Outcome::Done
                }
                Err(reason) => Outcome::Reject(reason),
            });
        }
        let wanted = reminders.iter().map(|(_, it)| it.user_id);
        let erased = match claims::erased(self.connection, wanted).await {
            Ok(erased) => erased,
            Err(error) => {
                for (index, _) in reminders {
                    set(&mut outcomes, index, Outcome::Retry(error.to_string()));
                }
                return outcomes;
            }
        };
        reminders.retain(|(_, it)| !erased.contains(&it.user_id));
        let people = self
            .people(reminders.iter().map(|(_, it)| it.user_id))
            .await;
        let mut new = Vec::new();
        let mut stored = Vec::new();
        for (index, reminder) in reminders {
            match people.get(&reminder.user_id) {
                Some(Ok(Some(person))) => {
                    let body = written(&reminder, zone(person), now);
                    new.push((reminder, body));
                    stored.push(index);
                }
                // Erased: there is nobody to remind.
                Some(Ok(None)) => {}
                Some(Err(reason)) => set(&mut outcomes, index, Outcome::Retry(reason.clone())),
                None => {}
            }
        }
        if new.is_empty() {
            return outcomes;
        }
        match claims::insert(self.connection, &new, now, now + LEASE).await {
            Ok(claimed) => {
                let deadline = now + CONSUME_BUDGET;
                if let Err(error) = self.advance(claimed, people, deadline).await {
                    // They are stored; a tick takes them on when the lease ends.
                    tracing::warn!(%error, "new notifications were stored and wait");
                }
            }
            Err(error) => {
                for index in stored {
                    set(&mut outcomes, index, Outcome::Retry(error.to_string()));
                }
            }
        }
        outcomes
    }

    async fn erase(&self, user_id: Uuid, now: DateTime<Utc>) -> Outcome {
        match claims::erase(self.connection, user_id, now).await {
            Ok(()) => Outcome::Done,
            Err(error) => Outcome::Retry(error.to_string()),
        }
    }

    /// Takes on what waits: attempts to repeat, quiet hours that are over, what a crash left behind, and what was
    /// read and is not told. Then removes a bounded number of old notifications. Answers how many it took on.
    ///
    /// # Errors
    /// The database failed; what was claimed comes again when its lease ends.
    pub async fn tick(&self) -> Result<usize> {
        let deadline = self.peers.now() + TICK_BUDGET;
        let mut taken = 0;
        while self.peers.now() < deadline {
            let now = self.peers.now();
            let claimed = claims::claim_due(self.connection, now, now + LEASE, BATCH).await?;
            if claimed.is_empty() {
                break;
            }
            taken += claimed.len();
            let people = self
                .people(claimed.iter().map(|it| it.reminder.user_id))
                .await;
            self.advance(claimed, people, deadline).await?;
        }
        self.announce_read().await?;
        let now = self.peers.now();
        claims::remove_old(
            self.connection,
            now - KEEP_READ,
            now - KEEP,
            HOUSEKEEPING_ROWS,
        )
        .await?;
        Ok(taken)
    }

    async fn people(&self, ids: impl Iterator<Item = Uuid>) -> People {
        let mut ids: Vec<Uuid> = ids.collect();
        ids.sort_unstable();
        ids.dedup();
        let people = join_all(ids.iter().map(|id| self.peers.person(*id))).await;
        ids.into_iter().zip(people).collect()
    }
}

fn set(outcomes: &mut [Outcome], index: usize, outcome: Outcome) {
    if let Some(place) = outcomes.get_mut(index) {
        *place = outcome;
    }
}

/// The person's time zone.
pub(crate) fn zone(person: &User) -> Tz {
    person.timezone.parse().unwrap_or(Tz::UTC)
}

/// The sentence of a notification, as seen at `now`.
pub(crate) fn written(reminder: &Reminder, zone: Tz, now: DateTime<Utc>) -> String {
    text::body(
        reminder.remind_at,
        reminder.due_at,
        reminder.late,
        zone,
        now,
    )
}
