//! The outbox: each row published in order, marked only then, by one at a time, whatever fails when.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use super::common::{ME, OTHER, Store, at, cases, origin, titled, wait};
use chrono::{DateTime, TimeDelta, Utc};
use events::{Event, TASK_EVENTS, TASK_UPDATES, TaskEvent, TaskUpdate, TaskUpdateType};
use proptest::prelude::*;
use sql::{Columns, params};
use storage::{Pass, Producer, Storage};
use task_model::{Priority, Task, TaskPatch};
use uuid::Uuid;

/// Takes events in memory; what it refuses, and what it does meanwhile, is each test's own.
struct Broker<F> {
    taken: RefCell<Vec<Event>>,
    /// Called for each event in turn: whether it is taken.
    takes: F,
}

impl<F: Fn(&Event) -> bool> Broker<F> {
    fn new(takes: F) -> Self {
        let taken = RefCell::default();
        Self { taken, takes }
    }

    /// The ids of what was taken of a topic, in order.
    fn ids(&self, topic: &str) -> Vec<String> {
        let taken = self.taken.borrow();
        let of_topic = taken.iter().filter(|event| event.topic == topic);
        of_topic.map(|event| event.id.clone()).collect()
    }
}

impl<F: Fn(&Event) -> bool> Producer for Broker<F> {
    async fn publish(&self, events: Vec<Event>) -> Vec<Result<(), String>> {
        let mut failed: Vec<(String, String)> = Vec::new();
        let mut publish = |event: Event| {
            events::schema::validate(&event).expect("an event by its schema");
            let place = (event.topic.clone(), event.key.clone());
            if failed.contains(&place) || !(self.takes)(&event) {
                failed.push(place);
                return Err("the broker is away".to_owned());
            }
            self.taken.borrow_mut().push(event);
            Ok(())
        };
        events.into_iter().map(&mut publish).collect()
    }
}

impl Store {
    fn add_for(&self, user_id: Uuid, title: &str) -> Task {
        wait(
            self.storage
                .create_task(user_id, titled(title), &origin(), at(0)),
        )
        .expect("created")
    }

    fn publish(&self, producer: &impl Producer) -> Pass {
        wait(self.outbox().publish(producer, || at(1))).expect("a pass")
    }

    /// The event ids of the outbox, published ones or not, in order.
    fn rows(&self, are_published: bool) -> Vec<String> {
        let sql = "SELECT event_id FROM outbox
             WHERE CASE WHEN published_at IS NULL THEN 0 ELSE 1 END = CAST(?1 AS BIGINT) ORDER BY seq";
        let rows = self
            .query(sql, params![i64::from(are_published)])
            .into_iter();
        rows.map(|row| Columns::from(row).text().expect("an id"))
            .collect()
    }
}

#[test]
fn a_change_becomes_an_event_and_an_update() {
    let store = Store::new();
    let task = store.add_for(ME, "zoë's \"cake\"");
    let patch = TaskPatch {
        priority: Some(Priority::Urgent),
        ..TaskPatch::default()
    };
    store.set(task.id, patch, 1);
    wait(store.storage.delete_task(ME, task.id, &origin(), at(2))).unwrap();
    let broker = Broker::new(|_| true);
    let expected = Pass {
        published: 3,
        failure: None,
    };
    assert_eq!(store.publish(&broker), expected);

    assert_eq!(broker.ids(TASK_EVENTS), store.rows(true));
    assert!(store.rows(false).is_empty());
    let taken = broker.taken.borrow();
    for (events, (event_type, version)) in taken.chunks(2).zip([
        ("task_created", 1),
        ("task_updated", 2),
        ("task_deleted", 3),
    ]) {
        let [event, update] = events else {
            panic!("an odd event: {events:?}");
        };
        assert_eq!(
            (event.topic.as_str(), update.topic.as_str()),
            (TASK_EVENTS, TASK_UPDATES)
        );
        let id: Uuid = event.id.parse().unwrap();
        assert_eq!(update.id, Uuid::new_v5(&id, b"task-updates").to_string());
        for either in [event, update] {
            assert_eq!(either.key, ME.to_string());
            assert_eq!(either.subject, Some(task.id.to_string()));
            assert_eq!(either.event_type, event_type);
            assert_eq!(either.correlation_id, origin().correlation_id);
            assert_eq!(either.traceparent, origin().traceparent);
        }
        let event: TaskEvent = event.payload().unwrap();
        assert_eq!(event.task_data.task.version, version);
        assert_eq!(event.task_data.timezone.as_deref(), Some("Europe/Berlin"));
        let update: TaskUpdate = update.payload().unwrap();
        assert_eq!(
            update.update_data,
            serde_json::to_value(&event.task_data.task).unwrap()
        );
    }
    let update: TaskUpdate = taken[1].payload().unwrap();
    assert_eq!(update.event_type, TaskUpdateType::TaskCreated);
    assert_eq!(update.update_data, serde_json::to_value(&task).unwrap());
}

#[test]
fn many_rows_are_published_in_their_order() {
    let store = Store::new();
    for n in 0..120 {
        store.add_for(if n % 3 == 0 { OTHER } else { ME }, &n.to_string());
    }
    let broker = Broker::new(|_| true);
    assert_eq!(store.publish(&broker).published, 120);
    assert_eq!(broker.ids(TASK_EVENTS), store.rows(true));
    assert_eq!(store.publish(&broker).published, 0, "nothing twice");
}

#[test]
fn a_failure_holds_back_its_key_only_and_comes_again() {
    let store = Store::new();
    let first = store.add_for(ME, "first").id;
    for n in 0..60 {
        store.add_for(if n % 2 == 0 { OTHER } else { ME }, &n.to_string());
    }
    // The update of the very first row is refused: its event was taken and must come again.
    let down = Cell::new(true);
    let broker = Broker::new(|event: &Event| {
        !(down.get() && event.topic == TASK_UPDATES && event.subject == Some(first.to_string()))
    });
    let pass = store.publish(&broker);
    assert_eq!(
        (pass.published, pass.failure.as_deref()),
        (30, Some("the broker is away"))
    );
    assert_eq!(store.rows(false).len(), 31);
    down.set(false);
    assert_eq!(store.publish(&broker).published, 31);
    let updates = broker.taken.borrow();
    let mine = |event: &&Event| event.topic == TASK_UPDATES && event.key == ME.to_string();
    let versions: Vec<TaskUpdate> = updates
        .iter()
        .filter(mine)
        .map(|it| it.payload().unwrap())
        .collect();
    let titles: Vec<_> = versions
        .iter()
        .map(|it| it.update_data["title"].as_str().unwrap())
        .collect();
    let expected: Vec<String> = ["first".to_owned()]
        .into_iter()
        .chain((0..60).filter(|n| n % 2 == 1).map(|n| n.to_string()))
        .collect();
    assert_eq!(titles, expected);
}

#[test]
fn without_a_broker_a_pass_ends_and_everything_stays() {
    let store = Store::new();
    for n in 0..200_u128 {
        let id = Uuid::from_u128(1000 + n);
        store.add_person(id);
        store.add_for(id, "a");
    }
    let asked = Cell::new(0);
    let broker = Broker::new(|_: &Event| {
        asked.set(asked.get() + 1);
        false
    });
    let pass = store.publish(&broker);
    assert_eq!(pass.published, 0);
    assert!(pass.failure.is_some());
    assert!(asked.get() <= 100, "{} events of one batch", asked.get());
    assert_eq!(store.rows(false).len(), 200);
    assert_eq!(
        store.publish(&Broker::new(|_| true)).published,
        200,
        "the lease was given back"
    );
}

#[test]
fn one_instance_publishes_at_a_time_and_sees_what_comes_meanwhile() {
    let store = Store::new();
    store.add_for(ME, "one");
    let (added, other) = (Cell::new(false), store.outbox());
    let broker = Broker::new(|_: &Event| {
        if !added.replace(true) {
            store.add_for(ME, "two");
            let meanwhile = wait(other.publish(&Broker::new(|_| true), || at(1))).unwrap();
            assert_eq!(meanwhile, Pass::default(), "leaves it to the other");
        }
        true
    });
    assert_eq!(store.publish(&broker).published, 2);
}

#[test]
fn an_instance_that_died_publishing_is_replaced_after_its_lease() {
    #[derive(Default)]
    struct Dies(Cell<bool>);
    impl Producer for Dies {
        async fn publish(&self, _: Vec<Event>) -> Vec<Result<(), String>> {
            self.0.set(true);
            std::future::pending().await
        }
    }
    let store = Store::new();
    store.add_for(ME, "one");
    let dead = store.outbox();
    // Polled until it waits for the broker, then dropped there, as a crash would.
    let dies = Dies::default();
    let mut pass = Box::pin(dead.publish(&dies, || at(0)));
    let waker = std::task::Waker::noop();
    while !dies.0.get() {
        let context = &mut std::task::Context::from_waker(waker);
        assert!(pass.as_mut().poll(context).is_pending());
        std::thread::yield_now();
    }
    drop(pass);

    let broker = Broker::new(|_| true);
    let next = store.outbox();
    let publish = |seconds| {
        wait(next.publish(&broker, || at(seconds)))
            .unwrap()
            .published
    };
    assert_eq!(publish(9), 0);
    assert_eq!(publish(10), 1);

    store.add_for(ME, "two");
    let ahead = "UPDATE outbox_lease SET holder = 'x', until = ?1";
    store.query(ahead, params![at(86_400)]);
    assert_eq!(publish(20), 1, "a lease of a clock that was ahead");
}

#[test]
fn a_crash_between_publishing_and_marking_publishes_the_same_again() {
    let store = Store::new();
    store.add_for(ME, "one");
    let once = Broker::new(|_| true);
    store.publish(&once);
    store.query("UPDATE outbox SET published_at = NULL", vec![]);
    let twice = Broker::new(|_| true);
    store.publish(&twice);
    assert_eq!(*once.taken.borrow(), *twice.taken.borrow());
}

#[test]
fn a_row_that_cannot_be_read_holds_back_its_key_only() {
    let store = Store::new();
    store.add_for(ME, "one");
    store.query("UPDATE outbox SET data = '{}'", vec![]);
    store.add_for(ME, "two");
    store.add_for(OTHER, "three");
    let pass = store.publish(&Broker::new(|_| true));
    assert_eq!(pass.published, 1);
    assert!(
        pass.failure
            .unwrap()
            .starts_with("outbox row 1: missing field")
    );
}

#[test]
fn published_rows_are_removed_after_a_minute() {
    let store = Store::new();
    for n in 0..3 {
        store.add_for(ME, &n.to_string());
    }
    store.publish(&Broker::new(|_| true));
    store.add_for(ME, "later");
    let prune = |seconds| wait(store.outbox().prune(at(seconds))).unwrap();
    assert_eq!(prune(61), 0);
    assert_eq!(prune(62), 3);
    assert_eq!((store.rows(true).len(), store.rows(false).len()), (0, 1));
}

proptest! {
    #![proptest_config(cases(12))]

    /// However often it fails and whatever: in the end each key's first deliveries are in order, and complete.
    #[test]
    fn what_arrives_first_arrives_in_order(
        owners in proptest::collection::vec(1_u128..4, 1..40),
        failures in proptest::collection::vec(any::<bool>(), 0..40),
    ) {
        let store = Store::new();
        store.add_person(Uuid::from_u128(3));
        for owner in &owners {
            store.add_for(Uuid::from_u128(*owner), "a");
        }
        let failures = RefCell::new(failures);
        let broker = Broker::new(|_: &Event| !failures.borrow_mut().pop().unwrap_or(false));
        let mut now: DateTime<Utc> = at(0);
        while !store.rows(false).is_empty() {
            now += TimeDelta::seconds(1);
            wait(store.outbox().publish(&broker, || now)).unwrap();
        }
        let rows = store.rows(true);
        let mut last: BTreeMap<(String, String), Option<usize>> = BTreeMap::new();
        for event in broker.taken.borrow().iter() {
            let seen = last.entry((event.topic.clone(), event.key.clone())).or_default();
            let id = |row: &String| if event.topic == TASK_EVENTS { row.clone() } else {
                Uuid::new_v5(&row.parse().unwrap(), b"task-updates").to_string()
            };
            let place = rows.iter().position(|row| id(row) == event.id).unwrap();
            let own = |place: usize| owners[place] == event.key.parse::<Uuid>().unwrap().as_u128();
            prop_assert!(own(place));
            let next = (seen.map_or(0, |last| last + 1)..owners.len()).find(|place| own(*place));
            prop_assert!(Some(place) <= *seen || Some(place) == next, "{place} after {seen:?}");
            *seen = (*seen).max(Some(place));
        }
        let delivered: usize = last.values().filter(|it| it.is_some()).count();
        let people = owners.iter().collect::<std::collections::BTreeSet<_>>().len();
        prop_assert_eq!(delivered, 2 * people);
    }
}
