//! Killed at any step, every event twice, two instances at once: one notification a reminder, nothing sent twice.

use std::collections::{HashMap, HashSet};
use std::sync::Barrier;
use std::sync::atomic::Ordering;

use events::Outcome;
use notifications::{
    Capabilities, DeliveryError, DeliveryState, Receipt, Service, inbox, subscriptions,
};
use proptest::prelude::*;
use task_model::Channel;
use uuid::Uuid;

use super::common::{
    Alive, Fuse, Fused, ME, OTHER, World, browser, erased, open, run, temporary, triggered, wait,
};

/// What happens to the service.
#[derive(Debug, Clone)]
enum Happening {
    /// Events arrive, perhaps the same as before; killed after so many steps.
    Consume(Vec<u128>, i64),
    /// A tick; killed after so many steps.
    Tick(i64),
    /// Seconds pass.
    Pass(i64),
    /// The broker goes away or comes back.
    Broker(bool),
}

/// What a channel answers.
#[derive(Debug, Clone, Copy)]
enum Answer {
    Taken,
    Temporary,
    Permanent,
    NotConfigured,
    Silence,
}

impl Answer {
    fn result(self) -> Result<Receipt, DeliveryError> {
        match self {
            Self::Taken => Ok(Receipt::default()),
            Self::Temporary => temporary(None),
            Self::Permanent => Err(DeliveryError::Permanent("no".into())),
            Self::NotConfigured => Err(DeliveryError::NotConfigured("no".into())),
            Self::Silence => Err(DeliveryError::NoAnswer),
        }
    }
}

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    // A whole run takes about 25 steps.
    let fuse = || prop_oneof![3 => 0..40_i64, 1 => Just(i64::MAX)];
    let one = prop_oneof![
        4 => (prop::collection::vec(0..4_u128, 1..4), fuse())
            .prop_map(|(events, fuse)| Happening::Consume(events, fuse)),
        4 => fuse().prop_map(Happening::Tick),
        3 => prop::sample::select(vec![1, 10, 29, 31, 120, 4000]).prop_map(Happening::Pass),
        1 => any::<bool>().prop_map(Happening::Broker),
    ];
    prop::collection::vec(one, 1..14)
}

fn answers() -> impl Strategy<Value = Vec<Answer>> {
    use Answer::{NotConfigured, Permanent, Silence, Taken, Temporary};
    let one = prop_oneof![
        3 => Just(Taken), 3 => Just(Temporary), 1 => Just(Permanent), 1 => Just(NotConfigured), 1 => Just(Silence)
    ];
    prop::collection::vec(one, 0..12)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_killed_when(
        happenings in happenings(),
        answers in answers(),
        email_is_repeatable in any::<bool>(),
    ) {
        let world = World::new();
        world.prefer(|it| it.channels = vec![Channel::Email, Channel::Sms]);
        let email = Capabilities { is_repeatable: email_is_repeatable, public_key: None };
        world.described.lock().unwrap().insert(Channel::Email, Ok(email));
        let mut answers = answers.into_iter();
        world.answer(move |_, _| answers.next().unwrap_or(Answer::Taken).result());

        let mut arrived = HashSet::new();
        for happening in happenings {
            match happening {
                Happening::Pass(seconds) => world.pass(seconds),
                Happening::Broker(is_down) => world.broker_is_down.store(is_down, Ordering::SeqCst),
                Happening::Tick(steps) => {
                    let fuse = Fuse::after(steps);
                    let database = Fused(&world.database, fuse.clone());
                    run(Service::new(&database, &Alive::until(&world, fuse)).tick());
                }
                Happening::Consume(numbers, steps) => {
                    arrived.extend(numbers.iter().copied());
                    let events: Vec<_> = numbers.iter().map(|n| triggered(&world, ME, *n)).collect();
                    let fuse = Fuse::after(steps);
                    let database = Fused(&world.database, fuse.clone());
                    run(Service::new(&database, &Alive::until(&world, fuse)).consume(&events));
                }
            }
        }
        // What was not acknowledged comes again.
        world.broker_is_down.store(false, Ordering::SeqCst);
        let events: Vec<_> = arrived.iter().map(|n| triggered(&world, ME, *n)).collect();
        world.consume(&events);
        world.settle();
        check(&world, arrived.len(), email_is_repeatable)?;
    }
}

fn check(world: &World, reminders: usize, email_is_repeatable: bool) -> Result<(), TestCaseError> {
    let inbox = world.inbox();
    prop_assert_eq!(inbox.notifications.len(), reminders);
    prop_assert_eq!(
        world.count("SELECT count(*) FROM notifications"),
        reminders as i64
    );
    prop_assert_eq!(
        world.count("SELECT count(*) FROM attempts WHERE outcome = 'sending'"),
        0
    );
    prop_assert_eq!(
        world.count(
            "SELECT count(*) FROM (SELECT max(number) - count(*) AS missing FROM attempts
                     GROUP BY notification_id, channel) AS counted WHERE missing <> 0"
        ),
        0
    );

    let published: HashSet<String> = world
        .published
        .lock()
        .unwrap()
        .iter()
        .map(|it| it.id.clone())
        .collect();
    prop_assert_eq!(published.len(), reminders);

    let mut calls: HashMap<(Uuid, Channel), Vec<_>> = HashMap::new();
    for call in world.calls.lock().unwrap().iter() {
        calls
            .entry((call.message.id, call.channel))
            .or_default()
            .push(call.answer.clone());
    }
    for ((_, channel), answers) in &calls {
        let is_repeatable = match channel {
            Channel::InApp => true,
            Channel::Email => email_is_repeatable,
            _ => false,
        };
        for answer in &answers[..answers.len() - 1] {
            // Any other answer is the last, unless a crash came before it was recorded.
            let may_go_on = match answer {
                Some(Err(DeliveryError::Temporary { .. })) => true,
                _ => is_repeatable,
            };
            prop_assert!(may_go_on, "{channel}: {answers:?}");
        }
    }

    for notification in &inbox.notifications {
        let delivered = |it: &&notifications::Delivery| it.state == DeliveryState::Delivered;
        let outside = notification
            .deliveries
            .iter()
            .filter(|it| it.channel != Channel::InApp);
        prop_assert!(outside.filter(delivered).count() <= 1);
        let shown = notification
            .deliveries
            .iter()
            .find(|it| it.channel == Channel::InApp);
        prop_assert_eq!(shown.map(|it| it.state), Some(DeliveryState::Delivered));
        for delivery in &notification.deliveries {
            let tried = calls
                .get(&(notification.id, delivery.channel))
                .map_or(0, Vec::len);
            prop_assert!(
                tried <= delivery.attempts as usize,
                "{delivery:?} of {tried} calls"
            );
            prop_assert!(
                matches!(
                    delivery.state,
                    DeliveryState::Delivered
                        | DeliveryState::Failed
                        | DeliveryState::NotConfigured
                        | DeliveryState::Unknown
                ),
                "{delivery:?}"
            );
        }
    }
    Ok(())
}

/// Every step of one reminder's way once, so that no crash point depends on luck.
#[test]
fn killed_at_each_step() {
    let steps = |world: &World, fuse: &Fuse| {
        let database = Fused(&world.database, fuse.clone());
        let event = triggered(world, ME, 1);
        run(Service::new(&database, &Alive::until(world, fuse.clone())).consume(&[event])).is_some()
    };
    let mut killed = 0;
    loop {
        let world = World::new();
        let survived = steps(&world, &Fuse::after(killed));
        world.consume(&[triggered(&world, ME, 1)]);
        world.settle();
        check(&world, 1, false).unwrap();
        if survived {
            break;
        }
        killed += 1;
    }
    assert!(killed > 15, "{killed}");
}

#[test]
fn instances_at_once_send_each_once() {
    let world = World::new();
    world.prefer(|it| it.channels = vec![Channel::Email]);
    let mut busy = 0;
    world.answer(move |_, _| {
        busy += 1;
        if busy % 3 == 0 {
            temporary(None)
        } else {
            Ok(Receipt::default())
        }
    });
    let barrier = Barrier::new(4);
    for round in 0..5 {
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let database = open(&world.scratch);
                    let peers = Alive::new(&world);
                    let service = Service::new(&database, &peers);
                    let events: Vec<_> = (0..20)
                        .map(|n| triggered(&world, ME, round * 100 + n))
                        .collect();
                    barrier.wait();
                    wait(service.consume(&events));
                    barrier.wait();
                    wait(service.tick()).expect("ticks");
                });
            }
        });
        world.pass(30);
    }
    world.settle();
    check(&world, 100, false).unwrap();
    assert_eq!(
        world.count(
            "SELECT count(*) FROM attempts WHERE channel = 'email' AND outcome = 'delivered'"
        ),
        100
    );
}

/// One whose lease ran out while it was sending writes nothing more, and nobody sends again.
#[test]
fn an_overtaken_instance_changes_nothing() {
    let world = World::new();
    let fuse = Fuse::after(i64::MAX);
    let peers = Alive::until(&world, fuse);
    let database = Fused(&world.database, Fuse::never());
    let late = Service::new(&database, &peers);
    // While the channel answers, a minute passes and another instance takes over.
    let (database_of_other, clock) = (open(&world.scratch), world.now());
    let other = World::new();
    world.answer(move |_, _| {
        *other.clock.lock().unwrap() = clock + chrono::TimeDelta::seconds(60);
        wait(Service::new(&database_of_other, &Alive::new(&other)).tick()).expect("ticks");
        Ok(Receipt::default())
    });
    wait(late.consume(&[triggered(&world, ME, 1)]));
    let inbox = wait(inbox::page(&world.database, ME, false, 10, None)).unwrap();
    let email = &inbox.notifications[0].deliveries[1];
    assert_eq!((email.state, email.attempts), (DeliveryState::Unknown, 1));
    assert_eq!(world.sent(), [Channel::Email]);
    assert_eq!(
        world.count("SELECT count(*) FROM notifications WHERE is_open = 1"),
        0
    );
}

/// A person erased between any two steps leaves nothing behind.
#[test]
fn erased_at_each_step() {
    for killed in 0..40 {
        let world = World::new();
        world.person(OTHER, &[]);
        let fuse = Fuse::after(killed);
        let database = Fused(&world.database, fuse.clone());
        run(Service::new(&database, &Alive::until(&world, fuse))
            .consume(&[triggered(&world, ME, 1)]));
        world.consume(&[erased(&world, ME)]);
        world.people.lock().unwrap().remove(&ME);
        world.consume(&[triggered(&world, ME, 1)]);
        world.settle();
        for table in ["notifications", "attempts"] {
            assert_eq!(world.count(&format!("SELECT count(*) FROM {table}")), 0);
        }
    }
}

/// Nor does one who is erased while their reminders arrive.
#[test]
fn erased_while_instances_work() {
    for _ in 0..5 {
        let world = World::new();
        std::thread::scope(|scope| {
            for instance in 0..3 {
                let world = &world;
                scope.spawn(move || {
                    let database = open(&world.scratch);
                    let peers = Alive::new(world);
                    let service = Service::new(&database, &peers);
                    for n in 0..20 {
                        wait(service.consume(&[triggered(world, ME, instance * 100 + n)]));
                        wait(subscriptions::add(
                            &database,
                            ME,
                            &browser(n as u8),
                            world.now(),
                        ))
                        .expect("adds");
                        wait(inbox::mark_all_read(&database, ME, None, world.now()))
                            .expect("marks");
                    }
                });
            }
            let database = open(&world.scratch);
            let peers = Alive::new(&world);
            let service = Service::new(&database, &peers);
            // SQLite may be busy.
            while wait(service.consume(&[erased(&world, ME)])) != [Outcome::Done] {}
        });
        for table in [
            "notifications",
            "attempts",
            "push_subscriptions",
            "read_marks",
        ] {
            let left = world.count(&format!("SELECT count(*) FROM {table}"));
            assert_eq!(left, 0, "{table}");
        }
    }
}

/// Whoever subscribes when, a person has ten browsers and a browser one person.
#[test]
fn instances_at_once_share_out_browsers() {
    let world = World::new();
    std::thread::scope(|scope| {
        for person in [ME, OTHER] {
            for instance in 0..3 {
                let world = &world;
                scope.spawn(move || {
                    let database = open(&world.scratch);
                    for n in 0..30 {
                        let browser = browser(n * (instance + 1));
                        wait(subscriptions::add(&database, person, &browser, world.now()))
                            .expect("adds");
                    }
                });
            }
        }
    });
    for limit in [
        "user_id HAVING count(*) > 10",
        "endpoint HAVING count(*) > 1",
    ] {
        let over = world.count(&format!(
            "SELECT count(*) FROM (SELECT 1 AS one FROM push_subscriptions GROUP BY {limit}) AS over_limit"
        ));
        assert_eq!(over, 0, "{limit}");
    }
}
