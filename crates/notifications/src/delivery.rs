//! The way of a notification: into the inbox, onto `task-updates`, then through one other channel.
//!
//! Nothing is remembered beside what is recorded, so a claimant continues wherever the last one stopped.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use events::{Event, PublishError, TaskUpdate, TaskUpdateType};
use futures_util::StreamExt;
use futures_util::stream;
use sql::{Result, SqlConnection, SqlError};
use task_model::Channel;
use uuid::Uuid;

use crate::claims::{self, Attempt, Claimed};
use crate::peers::{Capabilities, DeliveryError, Message, Peers, Receipt, Recipient};
use crate::service::{People, SEND_SECONDS, Service, written, zone};
use crate::{DeliveryState, Notification, inbox, quiet_until, subscriptions};

/// Attempts through one channel that may fail for the time being.
const MAX_ATTEMPTS: u32 = 8;
/// The wait after the first such attempt; it doubles each time.
const FIRST_RETRY: TimeDelta = TimeDelta::seconds(30);
/// The longest wait, unless the provider asks for more.
const LONGEST_RETRY: TimeDelta = TimeDelta::hours(1);
/// After so long nothing more is sent: a reminder of yesterday helps nobody.
const WORTH_SENDING: TimeDelta = TimeDelta::hours(24);
/// The wait for what is not a channel: the Todo API, the broker.
const PEER_RETRY: TimeDelta = TimeDelta::seconds(30);
/// Messages that are sent at the same time.
const SENDS_AT_ONCE: usize = 32;
/// The longest detail that is recorded, in characters.
const DETAIL_CHARS: usize = 300;
/// The namespace of the ids of announcements.
const ANNOUNCEMENT: Uuid = Uuid::from_u128(0xd2f4_0b6e_93a8_4c1d_8e57_1a6c_f03b_7d42);

/// Channels as they described themselves to one batch.
type Described = HashMap<Channel, std::result::Result<Capabilities, String>>;
/// When to go on with each notification; none for never. One whose claim is lost is not in it.
type Released = HashMap<Uuid, Option<DateTime<Utc>>>;

/// What is to be done with a notification next.
enum Step {
    /// Nothing more.
    Close,
    /// Nothing before this moment.
    Wait(DateTime<Utc>),
    /// Record that a channel is not used.
    Skip(Attempt),
    /// Try a channel.
    Send(Attempt, Message),
}

impl<C: SqlConnection, P: Peers> Service<'_, C, P> {
    /// Takes claimed notifications as far as they come before `deadline`, and releases them.
    pub(crate) async fn advance(
        &self,
        mut batch: Vec<Claimed>,
        people: People,
        deadline: DateTime<Utc>,
    ) -> Result<()> {
        self.resolve_lost(&mut batch).await?;
        self.show(&mut batch).await?;
        self.announce(&mut batch).await?;
        let outside = self.send(&mut batch, &people, deadline).await?;
        let now = self.peers.now();
        let released: Vec<_> = batch
            .iter()
            .filter_map(|it| {
                let outside = outside.get(&it.id())?;
                let next = [inside(it, now), *outside].into_iter().flatten().min();
                Some((it.id(), it.claim, next))
            })
            .collect();
        claims::release(self.connection, &released).await
    }

    /// Concludes attempts that were being made when their claimant stopped: nobody knows what came of them.
    async fn resolve_lost(&self, batch: &mut [Claimed]) -> Result<()> {
        let now = self.peers.now();
        let mut lost = Vec::new();
        for attempt in batch.iter_mut().flat_map(|it| &mut it.attempts) {
            if attempt.outcome == DeliveryState::Sending {
                conclude(attempt, Err(DeliveryError::NoAnswer), now);
                // The lease was the wait.
                attempt.retry_at = attempt.retry_at.map(|_| now);
                lost.push(attempt.clone());
            }
        }
        if lost.is_empty() {
            return Ok(());
        }
        claims::finish_attempts(self.connection, &lost).await
    }

    /// Writes into the inboxes what is not there yet.
    async fn show(&self, batch: &mut [Claimed]) -> Result<()> {
        let now = self.peers.now();
        let due: Vec<&Claimed> = batch
            .iter()
            .filter(|it| next_inbox_attempt(it).is_some_and(|at| at <= now))
            .collect();
        if due.is_empty() {
            return Ok(());
        }
        let made = match self.peers.describe(Channel::InApp).await {
            Ok(capabilities) => {
                let attempts = due.into_iter().map(|it| {
                    let attempt = attempt(it, Channel::InApp, capabilities.is_repeatable, now);
                    let recipient = Recipient::inbox(it.reminder.user_id);
                    (attempt, message(it, recipient, it.body.clone()))
                });
                self.make(attempts.collect()).await?
            }
            Err(missing) => {
                let skipped = due.into_iter().map(|it| {
                    let missing = DeliveryError::NotConfigured(missing.clone());
                    skipped(attempt(it, Channel::InApp, false, now), missing, now)
                });
                self.record(skipped.collect()).await?
            }
        };
        add(batch, made);
        Ok(())
    }

    /// Publishes what is newly in an inbox.
    async fn announce(&self, batch: &mut [Claimed]) -> Result<()> {
        let new: HashMap<Uuid, usize> = batch
            .iter()
            .enumerate()
            .filter(|(_, it)| !it.is_published && it.is_delivered(Channel::InApp))
            .map(|(index, it)| (it.id(), index))
            .collect();
        if new.is_empty() {
            return Ok(());
        }
        let ids: Vec<Uuid> = new.keys().copied().collect();
        let (mut indices, mut events) = (Vec::new(), Vec::new());
        for notification in inbox::by_ids(self.connection, &ids).await? {
            let Some(index) = new.get(&notification.id) else {
                continue;
            };
            if let Some(it) = batch.get(*index) {
                indices.push(*index);
                events.push(announcement(it, &notification)?);
            }
        }
        let results = self.peers.publish(events).await;
        let mut settled = Vec::new();
        for (index, result) in indices.into_iter().zip(results) {
            let Some(it) = batch.get_mut(index) else {
                continue;
            };
            match result {
                Err(PublishError::Unavailable(reason)) => {
                    tracing::warn!(id = %it.id(), reason, "a notification is not announced yet");
                    continue;
                }
                Err(PublishError::Refused(reason)) => {
                    tracing::error!(id = %it.id(), reason, "a notification cannot be announced");
                }
                Ok(()) => {}
            }
            it.is_published = true;
            settled.push(it.id());
        }
        if settled.is_empty() {
            return Ok(());
        }
        claims::mark_published(self.connection, &settled, self.peers.now()).await
    }

    /// Sends each through the first of its person's other channels that works.
    async fn send(
        &self,
        batch: &mut [Claimed],
        people: &People,
        deadline: DateTime<Utc>,
    ) -> Result<Released> {
        let mut described = Described::new();
        let mut released = Released::new();
        let mut working: HashSet<Uuid> = batch.iter().map(Claimed::id).collect();
        // A round deals with one channel of each notification, so there are few.
        while !working.is_empty() {
            let (mut skips, mut sends) = (Vec::new(), Vec::new());
            for it in batch.iter().filter(|it| working.contains(&it.id())) {
                match self.next_step(it, people, &mut described, deadline).await? {
                    Step::Close => {
                        released.insert(it.id(), None);
                    }
                    Step::Wait(until) => {
                        released.insert(it.id(), Some(until));
                    }
                    Step::Skip(attempt) => skips.push(attempt),
                    Step::Send(attempt, message) => sends.push((attempt, message)),
                }
            }
            let mut made = self.record(skips).await?;
            let sent: Vec<_> = stream::iter(sends)
                .map(|one| self.make(vec![one]))
                .buffer_unordered(SENDS_AT_ONCE)
                .collect()
                .await;
            for one in sent {
                made.extend(one?);
            }
            working = made.iter().map(|it| it.notification_id).collect();
            add(batch, made);
        }
        Ok(released)
    }

    async fn next_step(
        &self,
        it: &Claimed,
        people: &People,
        described: &mut Described,
        deadline: DateTime<Utc>,
    ) -> Result<Step> {
        let now = self.peers.now();
        let person = match people.get(&it.reminder.user_id) {
            Some(Ok(Some(person))) => person,
            Some(Ok(None)) => return Ok(Step::Close),
            Some(Err(_)) | None => return Ok(Step::Wait(now + PEER_RETRY)),
        };
        let preferences = &person.notification_preferences;
        let Some(channel) = next_channel(it, &preferences.channels) else {
            return Ok(Step::Close);
        };
        if now >= it.created_at + WORTH_SENDING {
            let late = DeliveryError::Permanent("not sent within a day".to_owned());
            return Ok(Step::Skip(skipped(
                attempt(it, channel, false, now),
                late,
                now,
            )));
        }
        let retry_at = it.last(channel).and_then(|last| last.retry_at);
        if let Some(at) = retry_at.filter(|at| *at > now) {
            return Ok(Step::Wait(at));
        }
        let quiet = preferences
            .quiet_hours
            .and_then(|hours| quiet_until(now, zone(person), hours));
        if let Some(until) = quiet {
            return Ok(Step::Wait(until));
        }
        if now >= deadline {
            return Ok(Step::Wait(now));
        }
        let capabilities = match described.entry(channel) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(self.peers.describe(channel).await),
        };
        let capabilities = match capabilities {
            Ok(capabilities) => capabilities,
            Err(missing) => {
                let missing = DeliveryError::NotConfigured(missing.clone());
                let attempt = attempt(it, channel, false, now);
                return Ok(Step::Skip(skipped(attempt, missing, now)));
            }
        };
        let attempt = attempt(it, channel, capabilities.is_repeatable, now);
        let mut recipient = Recipient {
            user_id: person.id,
            email: Some(person.email.clone()),
            phone: preferences.phone.clone(),
            push_subscriptions: Vec::new(),
        };
        if channel == Channel::Push {
            let subscriptions = subscriptions::list(self.connection, person.id).await?;
            recipient.push_subscriptions = subscriptions.into_iter().map(|(it, _)| it).collect();
        }
        if let Some(missing) = missing_address(channel, &recipient) {
            let missing = DeliveryError::NotConfigured(missing.to_owned());
            return Ok(Step::Skip(skipped(attempt, missing, now)));
        }
        // An idempotency key stands for one text, so each attempt has that of the first.
        let first = it.attempts.iter().find(|it| it.channel == channel);
        let seen_at = first.map_or(now, |first| first.started_at);
        let body = written(&it.reminder, zone(person), seen_at);
        Ok(Step::Send(attempt, message(it, recipient, body)))
    }

    /// Records attempts that were not made; answers those whose claim holds.
    async fn record(&self, attempts: Vec<Attempt>) -> Result<Vec<Attempt>> {
        if attempts.is_empty() {
            return Ok(attempts);
        }
        let now = self.peers.now();
        let kept = claims::add_attempts(self.connection, &attempts, now).await?;
        let is_kept = |it: &Attempt| kept.contains(&it.notification_id);
        Ok(attempts.into_iter().filter(is_kept).collect())
    }

    /// Makes attempts one after the other: records that they begin, sends, records what came of it. Answers those
    /// whose claim held.
    async fn make(&self, attempts: Vec<(Attempt, Message)>) -> Result<Vec<Attempt>> {
        let (begun, messages): (Vec<Attempt>, Vec<Message>) = attempts.into_iter().unzip();
        let needed_until = self.peers.now() + TimeDelta::seconds(SEND_SECONDS.into());
        let kept = claims::add_attempts(self.connection, &begun, needed_until).await?;
        let mut made = Vec::with_capacity(begun.len());
        for (mut attempt, message) in begun.into_iter().zip(messages) {
            if !kept.contains(&attempt.notification_id) {
                continue;
            }
            let user_id = message.recipient.user_id;
            let result = self.peers.deliver(attempt.channel, message).await;
            self.forget_gone(user_id, &result).await;
            conclude(&mut attempt, result, self.peers.now());
            made.push(attempt);
        }
        if !made.is_empty() {
            claims::finish_attempts(self.connection, &made).await?;
        }
        Ok(made)
    }

    /// Removes push subscriptions that no longer exist. Should it fail, the next message says so again.
    async fn forget_gone(
        &self,
        user_id: Uuid,
        result: &std::result::Result<Receipt, DeliveryError>,
    ) {
        let (Ok(Receipt { gone, .. }) | Err(DeliveryError::Gone(gone))) = result else {
            return;
        };
        if gone.is_empty() {
            return;
        }
        if let Err(error) = subscriptions::remove(self.connection, user_id, gone).await {
            tracing::warn!(%error, "subscriptions that are gone were not removed");
        }
    }
}

/// The next attempt of a notification through a channel, as it begins.
fn attempt(it: &Claimed, channel: Channel, is_repeatable: bool, now: DateTime<Utc>) -> Attempt {
    Attempt {
        notification_id: it.id(),
        claim: it.claim,
        channel,
        number: it.last(channel).map_or(0, |last| last.number) + 1,
        is_repeatable,
        started_at: now,
        finished_at: None,
        outcome: DeliveryState::Sending,
        detail: None,
        retry_at: None,
    }
}

/// An attempt that was not made.
fn skipped(mut attempt: Attempt, reason: DeliveryError, now: DateTime<Utc>) -> Attempt {
    conclude(&mut attempt, Err(reason), now);
    attempt
}

/// Puts what came of sending into an attempt.
fn conclude(
    attempt: &mut Attempt,
    result: std::result::Result<Receipt, DeliveryError>,
    now: DateTime<Utc>,
) {
    use DeliveryState::{Delivered, Failed, NotConfigured, Retrying, Unknown};
    let is_last = attempt.number >= MAX_ATTEMPTS;
    let (outcome, detail, wait) = match result {
        Ok(receipt) => (Delivered, receipt.reference, None),
        Err(DeliveryError::NotConfigured(missing)) => (NotConfigured, Some(missing), None),
        Err(DeliveryError::Gone(_)) => {
            let detail = "no browser is subscribed any more".to_owned();
            (NotConfigured, Some(detail), None)
        }
        Err(DeliveryError::Permanent(reason)) => (Failed, Some(reason), None),
        Err(DeliveryError::Temporary { reason, .. }) if is_last => (Failed, Some(reason), None),
        Err(DeliveryError::Temporary {
            reason,
            retry_seconds,
        }) => {
            let asked = TimeDelta::seconds(retry_seconds.unwrap_or_default().into());
            let wait = backoff(attempt.number).max(asked);
            (Retrying, Some(reason), Some(wait))
        }
        Err(DeliveryError::NoAnswer) => {
            let detail = Some("no answer: nobody knows whether it arrived".to_owned());
            if attempt.is_repeatable && !is_last {
                (Retrying, detail, Some(backoff(attempt.number)))
            } else {
                (Unknown, detail, None)
            }
        }
    };
    attempt.outcome = outcome;
    attempt.detail = detail.map(|it| it.chars().take(DETAIL_CHARS).collect());
    attempt.finished_at = Some(now);
    attempt.retry_at = wait.map(|wait| now + wait);
}

/// The wait after the attempt of this number, from 1.
fn backoff(number: u32) -> TimeDelta {
    FIRST_RETRY
        .checked_mul(1 << number.saturating_sub(1).min(16))
        .map_or(LONGEST_RETRY, |wait| wait.min(LONGEST_RETRY))
}

/// When the inbox is to be written; none if it was, or never can be.
fn next_inbox_attempt(it: &Claimed) -> Option<DateTime<Utc>> {
    match it.last(Channel::InApp) {
        None => Some(it.created_at),
        Some(last) => last.retry_at,
    }
}

/// When inbox and announcement go on; none if both are done.
fn inside(it: &Claimed, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    if it.is_delivered(Channel::InApp) {
        return (!it.is_published).then_some(now + PEER_RETRY);
    }
    next_inbox_attempt(it)
}

/// The first preferred channel beside the inbox that is not done with, unless one has delivered.
fn next_channel(it: &Claimed, preferred: &[Channel]) -> Option<Channel> {
    let is_sent = it.attempts.iter().any(|attempt| {
        attempt.channel != Channel::InApp && attempt.outcome == DeliveryState::Delivered
    });
    let is_open = |channel: &&Channel| {
        **channel != Channel::InApp
            && it
                .last(**channel)
                .is_none_or(|last| last.retry_at.is_some())
    };
    preferred.iter().filter(|_| !is_sent).find(is_open).copied()
}

/// What a person has to add to be reached through a channel.
fn missing_address(channel: Channel, recipient: &Recipient) -> Option<&'static str> {
    match channel {
        Channel::Sms if recipient.phone.is_none() => Some("the profile has no phone number"),
        Channel::Push if recipient.push_subscriptions.is_empty() => {
            Some("no browser has subscribed")
        }
        _ => None,
    }
}

fn message(it: &Claimed, recipient: Recipient, body: String) -> Message {
    Message {
        id: it.id(),
        recipient,
        title: it.reminder.title.clone(),
        body,
        task_id: it.reminder.task_id,
    }
}

/// The event that brings a notification onto the person's screens; the same id each time.
fn announcement(it: &Claimed, notification: &Notification) -> Result<Event> {
    let internal = |error: serde_json::Error| SqlError::Internal(error.to_string());
    let update = TaskUpdate {
        event_type: TaskUpdateType::Notification,
        task_id: notification.task_id,
        user_id: it.reminder.user_id,
        timestamp: notification.created_at,
        update_data: serde_json::to_value(notification).map_err(internal)?,
    };
    let id = Uuid::new_v5(&ANNOUNCEMENT, notification.id.as_bytes());
    let mut event = Event::new(id, "/notification", &update).map_err(internal)?;
    event.correlation_id.clone_from(&it.reminder.correlation_id);
    event.traceparent.clone_from(&it.reminder.traceparent);
    Ok(event)
}

/// Adds attempts to the notifications that they belong to.
fn add(batch: &mut [Claimed], attempts: Vec<Attempt>) {
    let mut by_id: HashMap<Uuid, Attempt> = attempts
        .into_iter()
        .map(|it| (it.notification_id, it))
        .collect();
    for it in batch {
        it.attempts.extend(by_id.remove(&it.id()));
    }
}
