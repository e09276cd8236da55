//! A person's inbox and browsers.

use std::sync::atomic::Ordering;

use notifications::{DeliveryError, Receipt, Service, Subscription, inbox, subscriptions};
use serde_json::{Value, json};
use task_model::Channel;

use super::common::{Alive, Fuse, Fused, ME, OTHER, World, browser, erased, run, triggered, wait};

#[test]
fn subscriptions_that_are_gone_are_removed() {
    let world = World::new();
    world.prefer(|it| it.channels = vec![Channel::Push, Channel::Email]);
    for n in 1..=3 {
        wait(subscriptions::add(
            &world.database,
            ME,
            &browser(n),
            world.now(),
        ))
        .unwrap();
    }
    world.answer(|_, message| {
        let gone = |it: &Subscription| it.endpoint.ends_with("/2");
        let endpoints = message.recipient.push_subscriptions.iter();
        Ok(Receipt {
            reference: None,
            gone: endpoints
                .filter(|it| gone(it))
                .map(|it| it.endpoint.clone())
                .collect(),
        })
    });
    world.consume(&[triggered(&world, ME, 1)]);
    let left = |world: &World| {
        wait(subscriptions::list(&world.database, ME))
            .unwrap()
            .len()
    };
    assert_eq!(left(&world), 2);
    world.answer(|channel, message| match channel {
        Channel::Push => Err(DeliveryError::Gone(
            message
                .recipient
                .push_subscriptions
                .iter()
                .map(|it| it.endpoint.clone())
                .collect(),
        )),
        _ => Ok(Receipt::default()),
    });
    world.consume(&[triggered(&world, ME, 2)]);
    assert_eq!(left(&world), 0);
    assert_eq!(world.sent(), [Channel::Push, Channel::Push, Channel::Email]);
}

#[test]
fn a_person_has_ten_browsers_and_a_browser_one_person() {
    let world = World::new();
    let add = |user, n| {
        world.pass(1);
        wait(subscriptions::add(
            &world.database,
            user,
            &browser(n),
            world.now(),
        ))
        .unwrap();
    };
    let list = |user| -> Vec<String> {
        let list = wait(subscriptions::list(&world.database, user)).unwrap();
        list.into_iter().map(|(it, _)| it.endpoint).collect()
    };
    for n in 1..=12 {
        add(ME, n);
        add(ME, n);
    }
    assert_eq!(list(ME).len(), 10);
    assert_eq!(list(ME)[0], browser(3).endpoint);
    add(OTHER, 5);
    assert_eq!(
        (list(ME).len(), list(OTHER)),
        (9, vec![browser(5).endpoint])
    );
    // Who knows the address alone takes nothing away.
    let guessed = Subscription {
        auth: browser(9).auth,
        ..browser(6)
    };
    wait(subscriptions::add(
        &world.database,
        OTHER,
        &guessed,
        world.now(),
    ))
    .unwrap();
    assert_eq!((list(ME).len(), list(OTHER).len()), (9, 2));
    let endpoints = [browser(7).endpoint];
    let removed = wait(subscriptions::remove(&world.database, OTHER, &endpoints));
    assert_eq!(removed.unwrap(), 0);
    assert_eq!(list(ME).len(), 9);
}

#[test]
fn what_is_read_is_told_once_with_what_is_left() {
    let world = World::new();
    world.prefer(|it| it.channels = vec![Channel::InApp]);
    for n in 0..3 {
        world.consume(&[triggered(&world, ME, n)]);
        world.pass(1);
    }
    let ids: Vec<_> = world.inbox().notifications.iter().map(|it| it.id).collect();
    let published = || std::mem::take(&mut *world.published.lock().unwrap());
    let announce = || {
        let peers = Alive::new(&world);
        wait(Service::new(&world.database, &peers).announce_read()).unwrap()
    };
    let data = |event: &events::Event| -> Value { serde_json::from_str(&event.data).unwrap() };
    let read = |id| wait(inbox::mark_read(&world.database, ME, id, world.now())).unwrap();
    published();
    assert_eq!(announce(), 0);

    read(ids[0]);
    read(ids[0]);
    assert_eq!((announce(), announce()), (1, 0));
    let events = published();
    assert_eq!(events.len(), 1);
    events::schema::validate(&events[0]).unwrap();
    let told = data(&events[0]);
    assert_eq!(told["event_type"], "notification");
    assert_eq!(told["update_data"]["id"], json!(ids[0]));
    assert_eq!(told["update_data"]["unread"], 2);
    assert!(told["update_data"]["read_at"].is_string(), "{told}");

    // While the broker is down nothing is lost, and after a crash the event has the same id.
    world.broker_is_down.store(true, Ordering::SeqCst);
    assert_eq!(
        wait(inbox::mark_all_read(&world.database, ME, None, world.now())).unwrap(),
        2
    );
    assert_eq!(announce(), 0);
    world.broker_is_down.store(false, Ordering::SeqCst);
    let marks = world.count("SELECT count(*) FROM read_marks");
    assert_eq!(marks, 2);
    for steps in 0..12 {
        let fuse = Fuse::after(steps);
        let database = Fused(&world.database, fuse.clone());
        let peers = Alive::until(&world, fuse);
        let service = Service::new(&database, &peers);
        run(service.announce_read());
    }
    announce();
    let events = published();
    assert!(!events.is_empty());
    assert!(events.iter().all(|it| it.id == events[0].id));
    assert_eq!(data(&events[0])["update_data"]["unread"], 0);
    assert_eq!(world.count("SELECT count(*) FROM read_marks"), 0);
}

#[test]
fn an_erased_person_leaves_no_marks() {
    let world = World::new();
    world.prefer(|it| it.channels = vec![Channel::InApp]);
    world.consume(&[triggered(&world, ME, 1)]);
    wait(inbox::mark_all_read(&world.database, ME, None, world.now())).unwrap();
    assert_eq!(world.count("SELECT count(*) FROM read_marks"), 1);
    world.consume(&[erased(&world, ME)]);
    assert_eq!(world.count("SELECT count(*) FROM read_marks"), 0);
}

#[test]
fn the_inbox_has_pages_and_what_is_read_stays_read() {
    let world = World::new();
    world.prefer(|it| it.channels = vec![Channel::InApp]);
    world.person(OTHER, &[Channel::InApp]);
    // Some at the same moment.
    for n in 0..25 {
        world.consume(&[triggered(&world, ME, n)]);
        world.pass(i64::from(n % 3 == 0));
    }
    world.consume(&[triggered(&world, OTHER, 99)]);
    let page = |only_unread, limit, after: Option<&str>| {
        let after = after.map(|it| it.parse().unwrap());
        wait(inbox::page(&world.database, ME, only_unread, limit, after)).unwrap()
    };
    let (mut seen, mut cursor) = (Vec::new(), None);
    loop {
        let it = page(false, 7, cursor.as_deref());
        assert_eq!(it.unread, 25);
        seen.extend(it.notifications);
        cursor = it.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen.len(), 25);
    assert!(seen.is_sorted_by(|a, b| (b.created_at, b.id) < (a.created_at, a.id)));
    assert!("1_x".parse::<inbox::Cursor>().is_err());

    let read = |user, id| wait(inbox::mark_read(&world.database, user, id, world.now())).unwrap();
    let first = read(ME, seen[3].id).unwrap();
    assert_eq!(first.read_at, Some(world.now()));
    world.pass(5);
    assert_eq!(read(ME, seen[3].id), Some(first));
    assert_eq!(read(OTHER, seen[4].id), None);
    let unread = page(true, 100, None);
    assert_eq!((unread.notifications.len(), unread.unread), (24, 24));
    let all = |until| {
        wait(inbox::mark_all_read(
            &world.database,
            ME,
            until,
            world.now(),
        ))
        .unwrap()
    };
    let until = seen[10].created_at;
    let older = seen.iter().filter(|it| it.created_at <= until).count() as u64;
    assert!(older < 24);
    assert_eq!((all(Some(until)), all(Some(until))), (older, 0));
    assert_eq!((all(None), all(None)), (24 - older, 0));
    assert_eq!(page(false, 100, None).unread, 0);
    assert_eq!(
        wait(inbox::page(&world.database, OTHER, true, 10, None))
            .unwrap()
            .unread,
        1
    );
}
