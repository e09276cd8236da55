//! The history: places, what was missed, what is kept, and what becomes of a person who is erased.

use chrono::TimeDelta;
use live::{KEEP, Missed, NewUpdate, Place, UpdateId};
use proptest::prelude::*;
use sql::Dialect;
use uuid::Uuid;

use super::common::{ME, OTHER, Store, at, ids, update, updates, wait};

#[test]
fn each_place_names_the_one_before() {
    let store = Store::new();
    let places = store.add(
        &[update(ME, 1, 1), update(OTHER, 2, 2), update(ME, 3, 3)],
        10,
    );
    let [Some(first), Some(other), Some(second)] = places[..] else {
        panic!("{places:?}");
    };
    assert_eq!(first.prev, UpdateId(0));
    assert_eq!(second.prev, first.id);
    assert_eq!(other.prev, UpdateId(0));
    let third = store.add(&[update(ME, 4, 4)], 11)[0].unwrap();
    assert_eq!(third.prev, second.id);
    assert!(first.id < second.id && second.id < third.id);
}

#[test]
fn an_event_that_comes_again_keeps_its_place() {
    let store = Store::new();
    let events = [update(ME, 1, 1), update(ME, 2, 2), update(ME, 1, 1)];
    let places = store.add(&events, 10);
    assert_eq!(places[0], places[2]);
    assert_eq!(store.add(&events, 20), places);
    // One that is new among those that are not.
    let mixed = store.add(&[update(ME, 2, 2), update(ME, 3, 3)], 30);
    assert_eq!(mixed[0], places[1]);
    assert_eq!(mixed[1].unwrap().prev, places[1].unwrap().id);
    assert_eq!(store.rows(), 3);
}

#[test]
fn the_same_event_id_of_somebody_else_is_another_event() {
    let store = Store::new();
    let mine = store.add(&[update(ME, 1, 1)], 10)[0];
    assert!(mine.is_some());
    assert!(store.add(&[update(OTHER, 1, 1)], 10)[0].is_some());
    assert_eq!(store.rows(), 2);
}

#[test]
fn a_client_gets_what_it_missed_in_order_and_once() {
    let store = Store::new();
    let places: Vec<Place> = store
        .add(&updates(ME, 1..=5), 10)
        .into_iter()
        .flatten()
        .collect();
    store.add(&[update(OTHER, 9, 9)], 11);
    let after = |place: usize| ids(store.missed(ME, Some(places[place].id)));
    assert_eq!(after(0), ["2", "3", "4", "5"]);
    assert_eq!(after(4), Vec::<String>::new());
    assert_eq!(
        ids(store.missed(ME, Some(UpdateId(0)))),
        ["1", "2", "3", "4", "5"]
    );
    match store.missed(ME, None) {
        Missed::Updates { updates, newest } => {
            assert!(updates.is_empty());
            assert_eq!(newest, places[4].id);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_person_without_updates_has_missed_nothing() {
    let store = Store::new();
    for after in [None, Some(UpdateId(0))] {
        assert_eq!(ids(store.missed(ME, after)), Vec::<String>::new());
    }
    // What the service never said.
    assert!(matches!(
        store.missed(ME, Some(UpdateId(7))),
        Missed::Unknown {
            newest: UpdateId(0)
        }
    ));
}

#[test]
fn what_is_removed_is_unknown_and_does_not_come_back() {
    let store = Store::new();
    let old = store.add(&updates(ME, 1..=3), 10);
    let later = 10 + KEEP.num_seconds();
    let new = store.add(&[update(ME, later, later)], later)[0].unwrap();
    assert_eq!(new.prev, old[2].unwrap().id);
    wait(store.history.prune(100, at(3) + KEEP)).unwrap();
    // Updates 1 and 2 are gone, 3 is just young enough.
    let after = |place: Option<Place>| store.missed(ME, place.map(|it| it.id));
    assert!(matches!(after(old[0]), Missed::Unknown { newest } if newest == new.id));
    assert_eq!(ids(after(old[1])), ["3".to_owned(), later.to_string()]);
    assert_eq!(ids(after(old[2])), [later.to_string()]);
    assert_eq!(
        store.add(&updates(ME, 1..=3), later + 4),
        [None, None, old[2]]
    );
    assert_eq!(store.rows(), 2);
}

#[test]
fn pruning_removes_so_many_and_the_oldest_first() {
    let store = Store::new();
    store.add(&updates(ME, 1..=10), 10);
    wait(store.history.prune(4, at(100) + KEEP)).unwrap();
    assert_eq!(store.rows(), 6);
    let Missed::Updates { updates, .. } = store.missed(ME, Some(store.first_prev(ME))) else {
        panic!("the rest is whole");
    };
    assert_eq!(updates.len(), 6);
}

#[test]
fn a_thousand_are_kept_of_each_person() {
    let store = Store::new();
    for batch in 0..30 {
        store.add(&updates(ME, batch * 100 + 1..=batch * 100 + 100), 4000);
    }
    store.add(&updates(OTHER, 1..=50), 4000);
    let (mine, others) = (store.rows_of(ME), store.rows_of(OTHER));
    assert!((1000..=1100).contains(&mine), "{mine}");
    assert_eq!(others, 50);
    // The oldest were removed by that and are not taken for new ones.
    assert_eq!(store.add(&[update(ME, 1, 1)], 5000), [None]);
    assert!(store.add(&[update(ME, 3001, 3001)], 5000)[0].is_some());
}

#[test]
fn too_much_for_one_answer_is_to_be_loaded_anew() {
    let store = Store::new();
    let large = |n: i64| NewUpdate {
        event: format!("{{\"n\":{n},\"x\":\"{}\"}}", "x".repeat(100_000)),
        ..update(ME, n, n)
    };
    let places = store.add(&[large(1), large(2), large(3), large(4)], 10);
    assert!(matches!(
        store.missed(ME, Some(UpdateId(0))),
        Missed::Unknown { .. }
    ));
    let Missed::Updates { updates, .. } = store.missed(ME, places[1].map(|it| it.id)) else {
        panic!("two fit");
    };
    assert_eq!(updates.len(), 2);
}

#[test]
fn places_that_were_lost_are_not_given_again() {
    let store = Store::new();
    store.add(&updates(ME, 1..=3), 10);
    let lost = store.add(&updates(ME, 4..=6), 11);
    let delete = "DELETE FROM updates WHERE event_id IN ('e4', 'e5', 'e6')";
    store.run(delete, vec![]);
    // As a power failure leaves it: without the trace that removing leaves.
    let forget = "UPDATE people SET pruned_at = -1, last_id = (SELECT max(id) FROM updates)";
    store.run(forget, vec![]);
    let again = store.add(&updates(ME, 7..=12), 12);
    for place in lost.into_iter().flatten() {
        assert!(again.iter().flatten().all(|it| it.id != place.id));
        assert!(matches!(
            store.missed(ME, Some(place.id)),
            Missed::Unknown { .. }
        ));
    }
}

#[test]
fn a_clock_that_goes_back_changes_nothing() {
    let store = Store::new();
    let first = store.add(&[update(ME, 1, 1)], 1000)[0].unwrap();
    let second = store.add(&[update(ME, 2, 2)], 10)[0].unwrap();
    assert_eq!(
        second,
        Place {
            id: UpdateId(first.id.0 + 1),
            prev: first.id
        }
    );
}

#[test]
fn an_event_from_the_future_makes_no_other_look_old() {
    let store = Store::new();
    store.add(&[update(ME, 1, 1_000_000)], 10);
    wait(store.history.prune(10, at(11) + KEEP)).unwrap();
    assert_eq!(store.rows(), 0);
    assert!(store.add(&[update(ME, 2, 20)], 20)[0].is_some());
}

#[test]
fn of_an_erased_person_nothing_is_left_or_kept() {
    let store = Store::new();
    store.add(&updates(ME, 1..=3), 10);
    store.add(&updates(OTHER, 1..=3), 10);
    for _ in 0..2 {
        wait(store.history.erase(ME)).unwrap();
        assert_eq!((store.rows_of(ME), store.rows_of(OTHER)), (0, 3));
        assert_eq!(store.add(&[update(ME, 4, 4)], 11), [None]);
        assert!(matches!(store.missed(ME, None), Missed::Erased));
    }
    // Somebody who never had any.
    let nobody = uuid::Uuid::from_u128(77);
    wait(store.history.erase(nobody)).unwrap();
    assert!(matches!(store.missed(nobody, None), Missed::Erased));
}

#[test]
fn two_instances_give_each_event_one_place() {
    let store = Store::new();
    let others: Vec<_> = (0..4).map(|_| store.reopen()).collect();
    std::thread::scope(|scope| {
        for history in &others {
            scope.spawn(move || {
                for n in 1..=50 {
                    wait(history.add(&[update(ME, n, n)], at(100))).unwrap();
                }
            });
        }
    });
    let missed = store.missed(ME, Some(UpdateId(0)));
    let mut found = ids(missed);
    found.sort_by_key(|id| id.parse::<i64>().unwrap());
    assert_eq!(
        found,
        (1..=50).map(|n: i64| n.to_string()).collect::<Vec<_>>()
    );
}

#[test]
fn instances_that_write_of_many_people_keep_each_history_whole() {
    const PEOPLE: u128 = 7;
    let store = Store::new();
    let others: Vec<_> = (0..3).map(|_| store.reopen()).collect();
    let later = 100 + KEEP.num_seconds();
    std::thread::scope(|scope| {
        for (writer, history) in (1_i64..).zip(&others) {
            scope.spawn(move || {
                for round in 0..40 {
                    // All of them, each writer beginning elsewhere; the old ones are removed at the same time.
                    let at = if round < 20 { 100 } else { later };
                    let batch: Vec<_> = (0..PEOPLE)
                        .map(|person| Uuid::from_u128((person * writer as u128) % PEOPLE + 1))
                        .map(|person| update(person, writer * 1000 + round, at))
                        .collect();
                    wait(history.add(&batch, super::common::at(at))).unwrap();
                    wait(history.prune(20, super::common::at(at))).unwrap();
                }
            });
        }
    });
    for person in (1..=PEOPLE).map(Uuid::from_u128) {
        let stored = store.rows_of(person);
        let missed = store.missed(person, Some(store.first_prev(person)));
        assert_eq!(
            ids(missed).len() as i64,
            stored,
            "each follows the one before"
        );
        assert!(stored >= 60, "{stored}");
    }
}

#[test]
fn nothing_of_a_person_is_stored_while_they_are_erased() {
    for _ in 0..10 {
        let store = Store::new();
        let others: Vec<_> = (0..3).map(|_| store.reopen()).collect();
        std::thread::scope(|scope| {
            for (writer, history) in (1_i64..).zip(&others) {
                scope.spawn(move || {
                    for n in 0..20 {
                        let batch = [
                            update(ME, writer * 100 + n, n),
                            update(OTHER, writer * 100 + n, n),
                        ];
                        wait(history.add(&batch, at(100))).unwrap();
                    }
                });
            }
            // SQLite may be busy.
            while wait(store.history.erase(ME)).is_err() {}
        });
        assert_eq!((store.rows_of(ME), store.rows_of(OTHER)), (0, 60));
    }
}

#[test]
fn no_statement_reads_a_whole_table() {
    let store = Store::new();
    store.add(&updates(ME, 1..=3), 10);
    if crate::DIALECT == Dialect::Postgres {
        // It reads a small table whole, as it should.
        for sql in [
            "INSERT INTO updates (user_id, id, prev, event_id, at, event)
             SELECT 'u' || n % 10000, n, n - 1, 'e' || n, 1800000000000, '{}' FROM generate_series(1, 100000) AS n",
            "ANALYZE",
        ] {
            store.run(sql, vec![]);
        }
    }
    let explained = store.explaining();
    wait(explained.add(&updates(ME, 2..=4), at(11))).unwrap();
    wait(explained.missed(ME, Some(UpdateId(1)))).unwrap();
    wait(explained.prune(10, at(12))).unwrap();
    let steps = super::common::steps();
    assert!(steps.len() > 8, "{steps:?}");
    for (sql, step) in steps {
        let reads_all = match crate::DIALECT {
            Dialect::Sqlite => {
                step.starts_with("SCAN")
                    && !step.contains("VIRTUAL TABLE")
                    && !step.contains("given")
            }
            Dialect::Postgres => step.contains("Seq Scan"),
        };
        // What a subquery or a window has made is read from its beginning; its own steps say how it was found.
        let is_table =
            step.contains("updates") || step.contains("people") || step.contains("known");
        assert!(
            !(reads_all && is_table && !step.contains("updates_by_time")),
            "{step}\n{sql}"
        );
    }
}

/// What a model of one person's history does with the same calls.
#[derive(Debug, Clone)]
enum Call {
    Add(Vec<i64>),
    Resume(usize),
    Prune(i64),
}

fn call() -> impl Strategy<Value = Call> {
    prop_oneof![
        3 => prop::collection::vec(1..40_i64, 1..6).prop_map(Call::Add),
        2 => (0..60_usize).prop_map(Call::Resume),
        1 => (0..40_i64).prop_map(Call::Prune),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// A client that knows a place gets exactly what came after it, or is told that this is not known.
    #[test]
    fn nothing_is_missed_and_nothing_comes_twice(calls in prop::collection::vec(call(), 1..40)) {
        let store = Store::new();
        // All that was ever added, in order.
        let mut all: Vec<(i64, UpdateId)> = Vec::new();
        let mut now = 100;
        for call in calls {
            now += 1;
            match call {
                Call::Add(events) => {
                    let new: Vec<_> = events.iter().map(|n| update(ME, *n, *n)).collect();
                    for (n, place) in events.iter().zip(store.add(&new, now)) {
                        let known = all.iter().find(|(event, _)| event == n);
                        match (known, place) {
                            (Some((_, id)), Some(place)) => prop_assert_eq!(*id, place.id),
                            // Removed, or as old as what is.
                            (_, None) => {}
                            (None, Some(place)) => {
                                let last = all.last().map_or(UpdateId(0), |(_, id)| *id);
                                prop_assert_eq!(place.prev, last);
                                prop_assert!(place.id > last);
                                all.push((*n, place.id));
                            }
                        }
                    }
                }
                Call::Prune(older) => {
                    wait(store.history.prune(5, at(older) + KEEP + TimeDelta::milliseconds(1))).unwrap();
                }
                Call::Resume(from) => {
                    let known = from.min(all.len());
                    let after = known.checked_sub(1).map_or(UpdateId(0), |index| all[index].1);
                    let newest = all.last().map_or(UpdateId(0), |(_, id)| *id);
                    match store.missed(ME, Some(after)) {
                        Missed::Updates { updates, newest: told } => {
                            prop_assert_eq!(told, newest);
                            let got: Vec<_> = updates.iter().map(|it| it.place.id).collect();
                            let expected: Vec<_> = all[known..].iter().map(|(_, id)| *id).collect();
                            prop_assert_eq!(got, expected);
                        }
                        Missed::Unknown { newest: told } => prop_assert_eq!(told, newest),
                        Missed::Erased => prop_assert!(false, "nobody was erased"),
                    }
                }
            }
        }
    }
}
