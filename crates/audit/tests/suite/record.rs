//! Each event once, in one chain a person, whatever comes twice or at the same time; and erasing.

use std::collections::HashSet;
use std::sync::Barrier;

use events::{Event, Outcome};
use proptest::prelude::*;
use sql::{Dialect, params};
use uuid::Uuid;

use super::common::{ME, OTHER, Store, at, erased, open, run, triggered, updated, wait};

#[test]
fn redeliveries_change_nothing() {
    let store = Store::new();
    let (one, two, three) = (updated(ME, 1, 1), updated(ME, 1, 2), triggered(ME, 1, 5));
    store.record(&[one.clone(), one.clone(), two.clone()]);
    store.record(&[two.clone(), three.clone(), one.clone()]);
    assert_eq!(store.chain(ME), [one.id, two.id, three.id]);
    assert_eq!(store.assert_intact()[0].head.seq, 3);
}

#[test]
fn what_is_no_event_of_its_topic_is_rejected_and_the_rest_recorded() {
    let store = Store::new();
    let good = updated(ME, 1, 1);
    let with = |change: fn(&mut Event)| {
        let mut event = updated(ME, 1, 9);
        change(&mut event);
        event
    };
    let bad = [
        (with(|it| it.data = "{".into()), "the payload is none of"),
        (with(|it| it.data = "[1]".into()), "the payload is none of"),
        (
            with(|it| it.data = format!("{{\"x\":{}", "[".repeat(100_000))),
            "recursion",
        ),
        (
            with(|it| it.data = it.data.replace("user_id", "usr")),
            "user_id",
        ),
        (
            with(|it| it.data = it.data.replace("\"version\"", "\"v\"")),
            "version",
        ),
        (
            with(|it| it.data = it.data.replace("task_data", "task")),
            "no task_id",
        ),
        (with(|it| it.data.push_str(&" ".repeat(1 << 20))), "1 MiB"),
        (with(|it| it.topic = "task-updates".into()), "not audited"),
        (with(|it| it.key = OTHER.to_string()), "the key"),
        (with(|it| it.event_type = "task_deleted".into()), "type is"),
        (with(|it| it.id = "a\0b".into()), "id is not"),
        (with(|it| it.id = String::new()), "id is not"),
        (
            with(|it| it.correlation_id = Some("ä".into())),
            "correlation",
        ),
    ];
    let mut events: Vec<Event> = bad.iter().map(|(event, _)| event.clone()).collect();
    events.insert(3, good.clone());
    let mut outcomes = wait(store.trail.record(&events, at(0)));
    assert_eq!(outcomes.remove(3), Outcome::Done);
    for (outcome, (_, words)) in outcomes.iter().zip(&bad) {
        assert!(
            matches!(outcome, Outcome::Reject(reason) if reason.contains(words)),
            "{words}: {outcome:?}"
        );
    }
    assert_eq!(store.chain(ME), [good.id]);
}

#[test]
fn types_that_are_newer_than_this_code_are_recorded() {
    let store = Store::new();
    let mut event = updated(ME, 1, 1);
    event.data = event.data.replace("task_updated", "task_archived");
    event.event_type = "task_archived".into();
    store.record(&[event]);
    store.assert_intact();
}

#[test]
fn a_batch_of_many_people_is_recorded_whole() {
    let store = Store::new();
    let people: Vec<Uuid> = (10..40).map(Uuid::from_u128).collect();
    let events: Vec<Event> = (1..=40)
        .flat_map(|version| {
            people
                .iter()
                .map(move |person| updated(*person, 1, version))
        })
        .collect();
    store.record(&events);
    let chains = store.assert_intact();
    assert_eq!(chains.len(), 30);
    assert!(chains.iter().all(|chain| chain.head.seq == 40));
    for person in people {
        let sent: Vec<&String> = events
            .iter()
            .filter(|event| event.key == person.to_string())
            .map(|event| &event.id)
            .collect();
        assert_eq!(store.chain(person).iter().collect::<Vec<_>>(), sent);
    }
}

#[test]
fn one_event_that_cannot_be_stored_holds_back_its_person_only() {
    let store = Store::new();
    let stuck = updated(ME, 1, 2);
    let condition = format!("NEW.event_id = '{}'", stuck.id);
    let database = store.database();
    let refusal = match crate::DIALECT {
        Dialect::Sqlite => vec![format!(
            "CREATE TRIGGER defect BEFORE INSERT ON entries WHEN {condition}
             BEGIN SELECT RAISE(ABORT, 'a defect'); END"
        )],
        Dialect::Postgres => vec![
            "CREATE FUNCTION defect() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN RAISE EXCEPTION 'a defect'; END $$"
                .to_owned(),
            format!(
                "CREATE TRIGGER defect BEFORE INSERT ON entries FOR EACH ROW WHEN ({condition})
                 EXECUTE FUNCTION defect()"
            ),
        ],
    };
    for sql in &refusal {
        run(&database, sql, vec![]).unwrap();
    }
    let events = [
        updated(ME, 1, 1),
        stuck,
        updated(OTHER, 2, 1),
        updated(ME, 1, 3),
        updated(OTHER, 2, 2),
    ];
    let outcomes = wait(store.trail.record(&events, at(0)));
    let done: Vec<bool> = outcomes.iter().map(|it| *it == Outcome::Done).collect();
    assert_eq!(done, [true, false, true, false, true], "{outcomes:?}");
    assert!(!outcomes.iter().any(|it| matches!(it, Outcome::Reject(_))));
    let repair = match crate::DIALECT {
        Dialect::Sqlite => "DROP TRIGGER defect",
        Dialect::Postgres => "DROP TRIGGER defect ON entries",
    };
    run(&database, repair, vec![]).unwrap();
    store.record(&events);
    let mine: Vec<&String> = [0, 1, 3].map(|index| &events[index].id).into();
    assert_eq!(store.chain(ME).iter().collect::<Vec<_>>(), mine);
    store.assert_intact();
}

#[test]
fn the_database_refuses_changes() {
    let store = Store::new();
    store.record(&[updated(ME, 1, 1), updated(ME, 1, 2)]);
    let database = store.database();
    for (statement, words) in [
        ("UPDATE entries SET version = 7", "never changed"),
        ("UPDATE entries SET data = '{}'", "never changed"),
        ("UPDATE entries SET data = NULL, salt = NULL, correlation_id = NULL", "never changed"),
        ("DELETE FROM entries", "never deleted"),
        ("DELETE FROM heads", "never deleted"),
        ("UPDATE heads SET seq = 1", "only grows"),
        (
            "INSERT INTO entries SELECT user_id, 4, 'x', topic, event_type, task_id, version, occurred_at,
               recorded_at, correlation_id, data, salt, content_digest, hash FROM entries LIMIT 1",
            "follows the last one",
        ),
    ] {
        let error = run(&database, statement, vec![]).unwrap_err().to_string();
        assert!(error.contains(words), "{statement}: {error}");
    }
    store.assert_intact();
}

#[test]
fn erasing_leaves_a_chain_without_content() {
    let store = Store::new();
    store.record(&[updated(ME, 1, 1), updated(OTHER, 9, 1), triggered(ME, 1, 2)]);
    let erasure = erased(ME, 3);
    let late = updated(ME, 1, 4);
    store.record(&[erasure.clone(), late.clone(), updated(OTHER, 9, 2)]);
    store.record(&[erasure, late]);
    let chains = store.assert_intact();
    assert_eq!((chains[0].head.seq, chains[0].erased), (4, true));
    assert_eq!((chains[1].head.seq, chains[1].erased), (2, false));
    let left = run(
        &store.database(),
        "SELECT 1 FROM entries WHERE user_id = ?1
         AND NOT (data IS NULL AND salt IS NULL AND correlation_id IS NULL)",
        params![ME],
    )
    .unwrap();
    assert_eq!(left.len(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Two instances get the same events, in their own portions and at the same time.
    #[test]
    fn writers_at_once_make_one_chain_without_gaps(
        people in prop::collection::vec(1_u128..4, 1..60),
        portions in (1_usize..8, 1_usize..8),
        backwards in any::<bool>(),
    ) {
        let store = Store::new();
        let events: Vec<Event> = (1..)
            .zip(&people)
            .map(|(version, person)| updated(Uuid::from_u128(*person), 7, version))
            .collect();
        let mut other = events.clone();
        if backwards {
            other.reverse();
        }
        let barrier = Barrier::new(2);
        std::thread::scope(|scope| {
            for (events, portion) in [(&events, portions.0), (&other, portions.1)] {
                let (barrier, scratch) = (&barrier, &store.scratch);
                scope.spawn(move || {
                    let trail = open(scratch);
                    barrier.wait();
                    for portion in events.chunks(portion) {
                        let outcomes = wait(trail.record(portion, at(1000)));
                        assert!(outcomes.iter().all(|it| *it == Outcome::Done), "{outcomes:?}");
                    }
                });
            }
        });
        let chains = store.assert_intact();
        prop_assert_eq!(chains.iter().map(|chain| chain.entries).sum::<u64>(), events.len() as u64);
        for chain in &chains {
            let person: Uuid = chain.user_id.parse().unwrap();
            let recorded = store.chain(person);
            let sent: Vec<&String> =
                events.iter().filter(|event| event.key == chain.user_id).map(|event| &event.id).collect();
            if backwards {
                prop_assert_eq!(
                    recorded.iter().collect::<HashSet<_>>(),
                    sent.into_iter().collect::<HashSet<_>>()
                );
            } else {
                prop_assert_eq!(recorded.iter().collect::<Vec<_>>(), sent);
            }
        }
    }
}
