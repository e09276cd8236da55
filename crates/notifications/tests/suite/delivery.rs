//! The way of a notification: channels in order, retries, quiet hours, announcements, erasure.

use std::sync::atomic::Ordering;

use chrono::{NaiveTime, TimeDelta};
use events::Outcome;
use notifications::{DeliveryError, DeliveryState, Receipt, Subscription, inbox, subscriptions};
use task_model::{Channel, QuietHours};

use super::common::{ME, OTHER, TASK, World, browser, erased, temporary, triggered, wait};

fn states(world: &World) -> Vec<(Channel, DeliveryState, u32)> {
    let inbox = world.inbox();
    assert_eq!(inbox.notifications.len(), 1);
    inbox.notifications[0]
        .deliveries
        .iter()
        .map(|it| (it.channel, it.state, it.attempts))
        .collect()
}

#[test]
fn a_reminder_is_shown_announced_and_sent_once() {
    let world = World::new();
    let event = triggered(&world, ME, 1);
    for _ in 0..3 {
        assert_eq!(
            world.consume(&[event.clone(), event.clone()]),
            [Outcome::Done, Outcome::Done]
        );
    }
    world.settle();
    use Channel::{Email, InApp};
    use DeliveryState::Delivered;
    assert_eq!(
        states(&world),
        [(InApp, Delivered, 1), (Email, Delivered, 1)]
    );
    let shown = world.inbox();
    assert_eq!((shown.unread, shown.next_cursor), (1, None));
    let shown = &shown.notifications[0];
    assert_eq!(
        (shown.title.as_str(), shown.body.as_str(), shown.task_id),
        ("pay rent 1", "Due today at 17:00.", TASK)
    );
    let published = world.published.lock().unwrap();
    assert_eq!(published.len(), 1);
    assert_eq!(published[0].correlation_id.as_deref(), Some("corr-1"));
    let update: events::TaskUpdate = published[0].payload().unwrap();
    assert_eq!(update.update_data["id"], shown.id.to_string());
    assert_eq!(update.update_data["body"], "Due today at 17:00.");
    let calls = world.calls.lock().unwrap();
    assert_eq!(
        calls[1].message.recipient.email.as_deref(),
        Some("ada@example.org")
    );
}

#[test]
fn other_events_are_done_and_broken_ones_rejected() {
    let world = World::new();
    let mut scheduled = triggered(&world, ME, 1);
    scheduled.event_type = "reminder_scheduled".into();
    let mut broken = triggered(&world, ME, 2);
    broken.data = "{\"user_id\": 7}".into();
    let outcomes = world.consume(&[scheduled, broken, triggered(&world, ME, 3)]);
    assert_eq!(outcomes[0], Outcome::Done);
    assert!(
        matches!(&outcomes[1], Outcome::Reject(reason) if reason.contains("payload")),
        "{outcomes:?}"
    );
    assert_eq!(outcomes[2], Outcome::Done);
    assert_eq!(world.inbox().notifications.len(), 1);
}

#[test]
fn the_first_preferred_channel_that_works_is_used() {
    use Channel::{Email, InApp, Push, Sms};
    use DeliveryState::{Delivered, Failed, NotConfigured, Unknown};
    let not_configured = || Err(DeliveryError::NotConfigured("no smtp".into()));
    let permanent = || Err(DeliveryError::Permanent("no such address".into()));
    let no_answer = || Err(DeliveryError::NoAnswer);
    type Answer = fn() -> Result<Receipt, DeliveryError>;
    type Case = (&'static [Channel], Answer, Vec<(Channel, DeliveryState)>);
    let table: [Case; 6] = [
        (&[InApp], permanent, vec![]),
        (&[], permanent, vec![]),
        (
            &[Email, Sms],
            not_configured,
            vec![(Email, NotConfigured), (Sms, Delivered)],
        ),
        (
            &[InApp, Email, Sms],
            permanent,
            vec![(Email, Failed), (Sms, Delivered)],
        ),
        (
            &[Email, Sms],
            no_answer,
            vec![(Email, Unknown), (Sms, Delivered)],
        ),
        (
            &[Push, Email],
            permanent,
            vec![(Push, NotConfigured), (Email, Failed)],
        ),
    ];
    for (channels, email, expected) in table {
        let world = World::new();
        world.prefer(|it| it.channels = channels.to_vec());
        world.answer(move |channel, _| {
            if channel == Email {
                email()
            } else {
                Ok(Receipt::default())
            }
        });
        world.consume(&[triggered(&world, ME, 1)]);
        assert_eq!(
            world.count("SELECT count(*) FROM notifications WHERE is_open = 1"),
            0
        );
        let mut all = vec![(InApp, Delivered, 1)];
        all.extend(
            expected
                .into_iter()
                .map(|(channel, state)| (channel, state, 1)),
        );
        assert_eq!(states(&world), all, "{channels:?}");
    }
}

#[test]
fn what_is_not_set_up_is_recorded_without_a_call() {
    use Channel::{Email, InApp, Push, Sms};
    use DeliveryState::{Delivered, NotConfigured};
    let world = World::new();
    world.prefer(|it| {
        it.channels = vec![Email, Sms, Push];
        it.phone = None;
    });
    let missing = Err("email_url is not set".to_owned());
    world.described.lock().unwrap().insert(Email, missing);
    world.consume(&[triggered(&world, ME, 1)]);
    assert_eq!(
        states(&world),
        [
            (InApp, Delivered, 1),
            (Email, NotConfigured, 1),
            (Sms, NotConfigured, 1),
            (Push, NotConfigured, 1)
        ]
    );
    let details: Vec<_> = world.inbox().notifications[0]
        .deliveries
        .iter()
        .filter_map(|it| it.detail.clone())
        .collect();
    assert_eq!(
        details,
        [
            "email_url is not set",
            "the profile has no phone number",
            "no browser has subscribed"
        ]
    );
    assert!(world.sent().is_empty());
}

#[test]
fn temporary_failures_are_repeated_later_and_later() {
    let world = World::new();
    world.prefer(|it| it.channels = vec![Channel::Email, Channel::Sms]);
    world.answer(|channel, _| match channel {
        Channel::Email => temporary(None),
        _ => Ok(Receipt::default()),
    });
    world.consume(&[triggered(&world, ME, 1)]);
    world.settle();
    let calls = world.calls.lock().unwrap();
    let emails: Vec<_> = calls
        .iter()
        .filter(|call| call.channel == Channel::Email)
        .collect();
    let waits: Vec<i64> = emails
        .windows(2)
        .map(|pair| (pair[1].at - pair[0].at).num_seconds())
        .collect();
    assert_eq!(waits, [30, 60, 120, 240, 480, 960, 1920]);
    // One idempotency key, one text.
    assert!(emails.iter().all(|call| call.message == emails[0].message));
    drop(calls);
    assert_eq!(world.sent().last(), Some(&Channel::Sms));
    assert_eq!(
        states(&world)[1..],
        [
            (Channel::Email, DeliveryState::Failed, 8),
            (Channel::Sms, DeliveryState::Delivered, 1)
        ]
    );
}

#[test]
fn what_the_provider_asks_to_wait_is_waited() {
    let world = World::new();
    let mut answers = [temporary(Some(5400)), temporary(Some(1))].into_iter();
    world.answer(move |_, _| answers.next().unwrap_or(Ok(Receipt::default())));
    world.consume(&[triggered(&world, ME, 1)]);
    world.settle();
    let calls = world.calls.lock().unwrap();
    let at: Vec<i64> = calls
        .iter()
        .skip(1)
        .map(|call| (call.at - calls[1].at).num_seconds())
        .collect();
    assert_eq!(at, [0, 5400, 5460]);
}

#[test]
fn a_reminder_of_yesterday_is_not_sent() {
    let world = World::new();
    world.answer(|_, _| temporary(Some(100_000)));
    world.consume(&[triggered(&world, ME, 1)]);
    world.settle();
    assert_eq!(world.sent(), [Channel::Email]);
    let last = world.inbox().notifications.remove(0).deliveries.remove(1);
    assert_eq!(
        (last.state, last.detail.as_deref()),
        (DeliveryState::Failed, Some("not sent within a day"))
    );
}

#[test]
fn quiet_hours_hold_the_other_channels_back() {
    let world = World::new();
    let time = |text| NaiveTime::parse_from_str(text, "%H:%M").unwrap();
    world.prefer(|it| {
        it.quiet_hours = Some(QuietHours {
            start: time("22:00"),
            end: time("07:00"),
        });
    });
    world.set_clock("2026-03-02T22:30:00Z");
    world.consume(&[triggered(&world, ME, 1)]);
    assert_eq!(world.inbox().notifications.len(), 1);
    assert_eq!(world.published.lock().unwrap().len(), 1);
    assert!(world.sent().is_empty());
    world.set_clock("2026-03-03T05:59:59Z");
    assert_eq!(world.tick(), 0);
    world.pass(1);
    assert_eq!(world.tick(), 1);
    assert_eq!(world.sent(), [Channel::Email]);
    // The text is that of the moment, in the inbox and in the message.
    assert_eq!(
        world.inbox().notifications[0].body,
        "Was due today at 17:00."
    );
    let calls = world.calls.lock().unwrap();
    assert_eq!(calls[1].message.body, "Was due yesterday at 17:00.");
}

#[test]
fn preferences_of_the_moment_count() {
    let world = World::new();
    world.answer(|channel, _| match channel {
        Channel::Email => temporary(None),
        _ => Ok(Receipt::default()),
    });
    world.consume(&[triggered(&world, ME, 1)]);
    world.prefer(|it| it.channels = vec![Channel::Sms]);
    world.settle();
    assert_eq!(world.sent(), [Channel::Email, Channel::Sms]);
}

#[test]
fn without_the_todo_api_an_event_waits() {
    let world = World::new();
    world.todo_api_is_down.store(true, Ordering::SeqCst);
    let event = triggered(&world, ME, 1);
    let outcome = world.consume(std::slice::from_ref(&event));
    assert!(matches!(&outcome[..], [Outcome::Retry(_)]), "{outcome:?}");
    assert_eq!(world.inbox().notifications.len(), 0);
    world.todo_api_is_down.store(false, Ordering::SeqCst);
    assert_eq!(world.consume(&[event]), [Outcome::Done]);
    assert_eq!(world.inbox().notifications.len(), 1);

    world.answer(|_, _| temporary(None));
    world.consume(&[triggered(&world, ME, 2)]);
    world.todo_api_is_down.store(true, Ordering::SeqCst);
    world.pass(60);
    world.tick();
    world.todo_api_is_down.store(false, Ordering::SeqCst);
    world.answer(|_, _| Ok(Receipt::default()));
    world.settle();
    assert_eq!(world.sent().len(), 3);
}

#[test]
fn without_the_broker_the_announcement_follows() {
    let world = World::new();
    world.broker_is_down.store(true, Ordering::SeqCst);
    assert_eq!(world.consume(&[triggered(&world, ME, 1)]), [Outcome::Done]);
    assert_eq!(world.sent(), [Channel::Email]);
    world.pass(30);
    world.tick();
    world.broker_is_down.store(false, Ordering::SeqCst);
    world.settle();
    assert_eq!(world.published.lock().unwrap().len(), 1);
    assert_eq!(world.sent(), [Channel::Email]);
}

#[test]
fn nothing_of_an_erased_person_stays_or_comes_back() {
    let world = World::new();
    world.person(OTHER, &[Channel::InApp]);
    world.answer(|_, _| temporary(None));
    let mine = triggered(&world, ME, 1);
    world.consume(&[mine.clone(), triggered(&world, OTHER, 2)]);
    let subscription = browser(1);
    for user in [ME, OTHER] {
        wait(subscriptions::add(
            &world.database,
            user,
            &subscription_of(user, &subscription),
            world.now(),
        ))
        .unwrap();
    }
    assert_eq!(world.consume(&[erased(&world, ME)]), [Outcome::Done]);
    assert_eq!(
        world.consume(&[erased(&world, ME), mine, triggered(&world, ME, 3)]),
        [Outcome::Done, Outcome::Done, Outcome::Done]
    );
    world.todo_api_is_down.store(true, Ordering::SeqCst);
    assert_eq!(
        world.consume(&[triggered(&world, ME, 4)]),
        [Outcome::Done],
        "nobody need be asked"
    );
    world.todo_api_is_down.store(false, Ordering::SeqCst);
    wait(subscriptions::add(
        &world.database,
        ME,
        &subscription,
        world.now(),
    ))
    .unwrap();
    world.settle();
    for table in ["notifications", "attempts", "push_subscriptions"] {
        assert_eq!(
            world.count(&format!("SELECT count(*) FROM {table}")),
            1,
            "{table}"
        );
    }
    assert_eq!(
        world.count("SELECT count(*) FROM notifications WHERE user_id LIKE '%2'"),
        1
    );
    assert_eq!(world.sent(), [Channel::Email]);
}

#[test]
fn who_has_no_account_is_not_reminded() {
    let world = World::new();
    assert_eq!(
        world.consume(&[triggered(&world, OTHER, 1)]),
        [Outcome::Done]
    );
    assert_eq!(world.count("SELECT count(*) FROM notifications"), 0);
}

fn subscription_of(user: uuid::Uuid, subscription: &Subscription) -> Subscription {
    Subscription {
        endpoint: format!("{}/{user}", subscription.endpoint),
        ..subscription.clone()
    }
}

#[test]
fn old_notifications_go_and_do_not_come_back() {
    let world = World::new();
    let first = triggered(&world, ME, 1);
    world.consume(&[first.clone(), triggered(&world, ME, 2)]);
    let id = world
        .inbox()
        .notifications
        .iter()
        .find(|it| it.title == "pay rent 1")
        .unwrap()
        .id;
    wait(inbox::mark_read(&world.database, ME, id, world.now())).unwrap();
    world.pass(TimeDelta::days(90).num_seconds());
    world.tick();
    assert_eq!(world.inbox().notifications.len(), 2);
    world.pass(1);
    world.tick();
    assert_eq!(world.inbox().notifications.len(), 1);
    assert_eq!(world.consume(&[first]), [Outcome::Done]);
    assert_eq!(world.inbox().notifications.len(), 1);
    world.pass(TimeDelta::days(275).num_seconds());
    world.tick();
    assert_eq!(world.count("SELECT count(*) FROM notifications"), 0);
    assert_eq!(world.count("SELECT count(*) FROM attempts"), 0);
}
