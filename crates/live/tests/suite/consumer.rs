//! From events to what is published.

use std::cell::RefCell;

use events::{Event, Outcome, TaskUpdate, TaskUpdateType, UserEvent, UserEventType, schema};
use live::consumer::consume;
use serde_json::{Value, json};
use sql::{Columns, Dialect, SqlConnection, params};
use uuid::Uuid;

use super::common::{ME, OTHER, Store, at, wait};

/// A gateway that takes all, or nothing.
#[derive(Default)]
struct Gateway {
    items: RefCell<Vec<Value>>,
    bodies: RefCell<usize>,
    is_away: RefCell<bool>,
}

impl Gateway {
    fn consume(&self, store: &Store, events: &[Event], seconds: i64) -> Vec<Outcome> {
        let post = async |body: String| {
            *self.bodies.borrow_mut() += 1;
            if *self.is_away.borrow() {
                return Err("nobody is there".to_owned());
            }
            let mut body: Value = serde_json::from_str(&body).expect("JSON");
            let Value::Array(items) = body["items"].take() else {
                panic!("no items")
            };
            self.items.borrow_mut().extend(items);
            Ok(())
        };
        wait(consume(&store.history, &post, events, at(seconds)))
    }

    fn take(&self) -> Vec<Value> {
        std::mem::take(&mut self.items.borrow_mut())
    }
}

fn updated(user_id: Uuid, n: u128, seconds: i64) -> Event {
    let payload = TaskUpdate {
        event_type: TaskUpdateType::TaskUpdated,
        task_id: Uuid::from_u128(n),
        user_id,
        timestamp: at(seconds),
        update_data: json!({"title": format!("task {n}\n\u{2028}")}),
    };
    let event = Event::new(Uuid::from_u128(n), "/test", &payload).expect("an event");
    schema::validate(&event).expect("an event of its topic");
    event
}

fn erased(user_id: Uuid) -> Event {
    let payload = UserEvent {
        event_type: UserEventType::UserErased,
        user_id,
        timestamp: at(0),
    };
    Event::new(Uuid::new_v4(), "/test", &payload).expect("an event")
}

#[test]
fn a_batch_is_one_body_in_order_for_both_kinds_of_clients() {
    let (store, gateway) = (Store::new(), Gateway::default());
    let events = [updated(ME, 1, 1), updated(OTHER, 2, 1), updated(ME, 3, 2)];
    assert_eq!(gateway.consume(&store, &events, 3), vec![Outcome::Done; 3]);
    assert_eq!(*gateway.bodies.borrow(), 1);
    let items = gateway.take();
    let channels: Vec<&Value> = items.iter().map(|it| &it["channel"]).collect();
    assert_eq!(
        channels,
        [
            &json!(format!("user-{ME}")),
            &json!(format!("user-{OTHER}")),
            &json!(format!("user-{ME}"))
        ]
    );
    assert_eq!(items[0]["prev-id"], "0");
    assert_eq!(items[2]["prev-id"], items[0]["id"]);
    for (item, event) in items.iter().zip(&events) {
        let text = item["formats"]["ws-message"]["content"]
            .as_str()
            .expect("text");
        let message: Value = serde_json::from_str(text).expect("JSON");
        assert_eq!(
            (&message["id"], &message["prev"]),
            (&item["id"], &item["prev-id"])
        );
        assert_eq!(message["event_id"], event.id);
        assert_eq!(message["event"], event.payload::<Value>().unwrap());
        let stream = item["formats"]["http-stream"]["content"]
            .as_str()
            .expect("text");
        let id = item["id"].as_str().expect("an id");
        assert_eq!(stream, format!("id: {id}\nevent: update\ndata: {text}\n\n"));
        assert_eq!(stream.lines().count(), 4, "one line of data");
    }
}

#[test]
fn an_event_that_comes_again_is_published_again_as_it_was() {
    let (store, gateway) = (Store::new(), Gateway::default());
    let events = [updated(ME, 1, 1), updated(ME, 2, 2)];
    gateway.consume(&store, &events, 3);
    let first = gateway.take();
    gateway.consume(
        &store,
        &[events[0].clone(), events[1].clone(), events[0].clone()],
        4,
    );
    assert_eq!(
        gateway.take(),
        [first[0].clone(), first[1].clone(), first[0].clone()]
    );
}

#[test]
fn while_the_gateway_is_away_events_wait_but_not_for_long() {
    let (store, gateway) = (Store::new(), Gateway::default());
    *gateway.is_away.borrow_mut() = true;
    let events = [updated(ME, 1, 0), updated(OTHER, 2, 25)];
    let outcomes = gateway.consume(&store, &events, 20);
    assert!(
        outcomes
            .iter()
            .all(|it| matches!(it, Outcome::Retry(why) if why == "nobody is there"))
    );
    let outcomes = gateway.consume(&store, &events, 31);
    assert_eq!(outcomes[0], Outcome::Done, "it is in the history");
    assert!(matches!(outcomes[1], Outcome::Retry(_)));
    *gateway.is_away.borrow_mut() = false;
    assert_eq!(gateway.consume(&store, &events[1..], 32), [Outcome::Done]);
    assert_eq!(gateway.take().len(), 1);
    assert_eq!(store.rows(), 2);
}

#[test]
fn what_is_no_update_is_rejected_and_stops_no_other() {
    let (store, gateway) = (Store::new(), Gateway::default());
    let bad = |change: fn(&mut Event)| {
        let mut event = updated(ME, 9, 1);
        change(&mut event);
        event
    };
    let events = [
        bad(|it| it.data = "{".into()),
        bad(|it| it.data = "[]".into()),
        bad(|it| it.data = r#"{"user_id":"x"}"#.into()),
        bad(|it| it.data = it.data.replace("2026", "year")),
        bad(|it| it.data = "[".repeat(1000)),
        bad(|it| it.key = OTHER.to_string()),
        bad(|it| it.topic = "task-events".into()),
        bad(|it| it.data = it.data.replace("task 9", &"x".repeat(200_000))),
        bad(|it| it.key.clear()),
        updated(ME, 1, 1),
    ];
    let outcomes = gateway.consume(&store, &events, 3);
    for (index, outcome) in outcomes.iter().enumerate() {
        let is_good = index >= events.len() - 2;
        assert_eq!(
            matches!(outcome, Outcome::Done),
            is_good,
            "{index}: {outcome:?}"
        );
        assert_eq!(
            matches!(outcome, Outcome::Reject(_)),
            !is_good,
            "{index}: {outcome:?}"
        );
    }
    assert_eq!(gateway.take().len(), 2);
}

#[test]
fn an_erased_person_is_told_and_forgotten() {
    let (store, gateway) = (Store::new(), Gateway::default());
    gateway.consume(&store, &[updated(ME, 1, 1), updated(OTHER, 2, 1)], 3);
    gateway.take();
    let later = [
        updated(ME, 3, 3),
        erased(ME),
        updated(ME, 4, 4),
        updated(OTHER, 5, 5),
    ];
    for round in 0..2 {
        assert_eq!(gateway.consume(&store, &later, 6), vec![Outcome::Done; 4]);
        let items = gateway.take();
        assert_eq!(items.len(), 2, "{round}: {items:?}");
        assert_eq!(items[0]["channel"], format!("user-{ME}"));
        assert_eq!(items[0]["formats"]["ws-message"]["action"], "close");
        assert_eq!(items[0]["formats"]["ws-message"]["code"], 4409);
        assert_eq!(items[1]["channel"], format!("user-{OTHER}"));
        assert_eq!((store.rows_of(ME), store.rows_of(OTHER)), (0, 2));
    }
    let mut unknown = erased(OTHER);
    unknown.event_type = "user_renamed".into();
    assert_eq!(gateway.consume(&store, &[unknown], 6), [Outcome::Done]);
    assert_eq!(gateway.take(), Vec::<Value>::new());
}

#[test]
fn old_updates_go_as_new_ones_come() {
    let (store, gateway) = (Store::new(), Gateway::default());
    for n in 1..=10 {
        gateway.consume(&store, &[updated(ME, n, 0)], 1);
    }
    let later = live::KEEP.num_seconds() + 10;
    for n in 11..=110 {
        gateway.consume(&store, &[updated(ME, n, later)], later);
    }
    assert_eq!(store.rows(), 100);
}

#[test]
fn the_first_event_of_an_instance_removes_old_updates() {
    let (store, gateway) = (Store::new(), Gateway::default());
    for n in 1..=10 {
        gateway.consume(&store, &[updated(ME, n, 0)], 1);
    }
    let later = live::KEEP.num_seconds() + 10;
    let store = Store {
        history: store.reopen(),
        ..store
    };
    gateway.consume(&store, &[updated(ME, 11, later)], later);
    assert_eq!(store.rows(), 1);
}

#[test]
fn a_large_history_stays_fast() {
    let (store, gateway) = (Store::new(), Gateway::default());
    let values = "n + 1, n, 'e' || n, CAST(?1 AS BIGINT) - n % 80000 * 1000, '{}'";
    let first = params![at(0)];
    match crate::DIALECT {
        Dialect::Sqlite => {
            // What the trigger does row by row is done at once.
            let database = store.database();
            let run = |sql: &str, params| wait(database.execute(sql, params)).expect(sql);
            let trigger = "SELECT sql FROM sqlite_master WHERE name = 'updates_count'";
            let trigger = Columns::first(run(trigger, vec![]))
                .unwrap()
                .text()
                .unwrap();
            run("DROP TRIGGER updates_count", vec![]);
            let insert = format!(
                "WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < 199999)
                 INSERT INTO updates
                 SELECT printf('00000000-0000-0000-0000-%012x', 1000 + n % 2000), {values} FROM numbers"
            );
            run(&insert, first);
            let people = "INSERT INTO people SELECT user_id, max(id), count(*), -1, 0 FROM updates GROUP BY user_id";
            run(people, vec![]);
            run(&trigger, vec![]);
        }
        Dialect::Postgres => {
            let insert = format!(
                "INSERT INTO updates
                 SELECT '00000000-0000-0000-0000-' || lpad(to_hex(1000 + n % 2000), 12, '0'), {values}
                 FROM generate_series(0, 199999) AS n"
            );
            store.run(&insert, first);
            store.run("ANALYZE", vec![]);
        }
    }
    let person = Uuid::from_u128(1000);
    gateway.consume(&store, &[updated(person, 1, 1)], 1);
    let start = std::time::Instant::now();
    for n in 2..=101 {
        gateway.consume(&store, &[updated(person, n, 1)], 1);
    }
    let each = start.elapsed() / 100;
    assert!(each.as_millis() < 20, "{each:?} for one update");
}
