//! Whatever is done to the stored rows is found, and what is not touched is not accused.

use audit::verify::{Chain, Options, Summary, read_heads};
use proptest::prelude::*;
use sql::testing::Connection;
use sql::{Columns, Dialect, SqlValue, params};
use uuid::Uuid;

use super::common::{ME, OTHER, Store, at, erased, open, run, triggered, updated, verified, wait};

const ERASED: Uuid = Uuid::from_u128(3);
/// Entries of each of the three people.
const LENGTH: i64 = 6;
/// The columns that a mutation may change.
const COLUMNS: [&str; 14] = [
    "user_id",
    "seq",
    "event_id",
    "topic",
    "event_type",
    "task_id",
    "version",
    "occurred_at",
    "recorded_at",
    "correlation_id",
    "data",
    "salt",
    "content_digest",
    "hash",
];

/// A trail of three people, of whom one is erased.
fn filled() -> Store {
    let store = Store::new();
    for person in [ME, OTHER, ERASED] {
        let mut events: Vec<_> = (1..LENGTH)
            .map(|version| updated(person, 1, version))
            .collect();
        events.push(if person == ERASED {
            erased(person, LENGTH)
        } else {
            triggered(person, 1, LENGTH)
        });
        store.record(&events);
    }
    store
}

/// Each table, and the name of its copy.
const TABLES: [(&str, &str); 2] = [("entries", "kept_entries"), ("heads", "kept_heads")];

thread_local! {
    /// That trail without the triggers that would refuse a mutation, and with copies of its tables.
    static UNGUARDED: Store = {
        let store = filled();
        let database = store.database();
        let triggers = match crate::DIALECT {
            Dialect::Sqlite => {
                "SELECT 'DROP TRIGGER ' || name FROM sqlite_master WHERE type = 'trigger'"
            }
            Dialect::Postgres => {
                "SELECT 'DROP TRIGGER ' || tgname || ' ON ' || relname FROM pg_trigger
                 JOIN pg_class ON pg_class.oid = tgrelid WHERE NOT tgisinternal"
            }
        };
        for drop in run(&database, triggers, vec![]).unwrap() {
            let drop = Columns::from(drop).text().unwrap();
            run(&database, &drop, vec![]).unwrap();
        }
        for (table, copy) in TABLES {
            let keep = format!("CREATE TABLE {copy} AS SELECT * FROM {table}");
            run(&database, &keep, vec![]).unwrap();
        }
        store
    };
}

/// That trail, whole again.
fn unguarded() -> Connection {
    let database = UNGUARDED.with(Store::database);
    for (table, copy) in TABLES {
        run(&database, &format!("DELETE FROM {table}"), vec![]).unwrap();
        let restore = format!("INSERT INTO {table} SELECT * FROM {copy}");
        run(&database, &restore, vec![]).unwrap();
    }
    database
}

#[derive(Debug, Clone)]
enum Mutation {
    Change(&'static str, u8),
    Delete,
    Truncate,
    SwapPlaces(i64),
    SwapContents(i64),
    Insert(i64),
    MoveHead(i64),
    ChangeHead,
    DropHead,
    DropAll,
}

fn mutations() -> impl Strategy<Value = Mutation> {
    prop_oneof![
        14 => (0..COLUMNS.len(), any::<u8>()).prop_map(|(at, how)| Mutation::Change(COLUMNS[at], how)),
        2 => Just(Mutation::Delete),
        2 => Just(Mutation::Truncate),
        2 => (1..LENGTH).prop_map(Mutation::SwapPlaces),
        2 => (1..LENGTH).prop_map(Mutation::SwapContents),
        2 => (1_i64..4).prop_map(Mutation::Insert),
        1 => (1_i64..4).prop_map(Mutation::MoveHead),
        1 => Just(Mutation::ChangeHead),
        1 => Just(Mutation::DropHead),
        1 => Just(Mutation::DropAll),
    ]
}

/// Another value of the same type, as far as the table has such, or null where that is something else.
fn other_value(value: SqlValue, how: u8) -> SqlValue {
    match value {
        SqlValue::Null => SqlValue::Null,
        SqlValue::Integer(integer) if how.is_multiple_of(2) => SqlValue::Integer(integer + 1000),
        SqlValue::Integer(integer) => SqlValue::Integer(-integer - 1),
        SqlValue::Text(mut text) => {
            match how % 3 {
                0 => text.push('x'),
                1 => {
                    text.pop();
                }
                _ => text = text.to_uppercase() + " ",
            }
            SqlValue::Text(text)
        }
        SqlValue::Blob(mut bytes) => {
            let at = usize::from(how) % bytes.len();
            bytes[at] ^= 1 << (how % 8);
            SqlValue::Blob(bytes)
        }
        SqlValue::Real(real) => SqlValue::Real(real + 1.0),
    }
}

/// Changes the rows so that they differ, and answers false if there was nothing to change.
fn apply(database: &Connection, mutation: &Mutation, person: Uuid, seq: i64) -> bool {
    let run = |sql: &str, params: Vec<SqlValue>| run(database, sql, params).unwrap();
    match mutation {
        Mutation::Change(column, how) => {
            let read = format!("SELECT {column} FROM entries WHERE user_id = ?1 AND seq = ?2");
            let value = run(&read, params![person, seq]).remove(0).remove(0);
            let nullable = matches!(
                *column,
                "task_id" | "version" | "correlation_id" | "data" | "salt"
            );
            let changed = match &value {
                SqlValue::Null if *column == "version" => SqlValue::Integer((*how).into()),
                SqlValue::Null if *column == "salt" => SqlValue::Blob(vec![*how; 16]),
                SqlValue::Null => SqlValue::Text(String::new()),
                _ if nullable && how.is_multiple_of(4) => SqlValue::Null,
                _ => other_value(value.clone(), *how),
            };
            assert_ne!(value, changed);
            let write = format!("UPDATE entries SET {column} = ?3 WHERE user_id = ?1 AND seq = ?2");
            run(&write, vec![person.into(), seq.into(), changed]);
        }
        Mutation::Delete => {
            let sql = "DELETE FROM entries WHERE user_id = ?1 AND seq = ?2";
            run(sql, params![person, seq]);
        }
        Mutation::Truncate => {
            let sql = "DELETE FROM entries WHERE user_id = ?1 AND seq >= ?2";
            run(sql, params![person, seq]);
        }
        Mutation::SwapPlaces(other) | Mutation::SwapContents(other) if *other == seq => {
            return false;
        }
        Mutation::SwapPlaces(other) => {
            for (from, to) in [(seq, -seq), (*other, seq), (-seq, *other)] {
                let sql = "UPDATE entries SET seq = ?3 WHERE user_id = ?1 AND seq = ?2";
                run(sql, params![person, from, to]);
            }
        }
        Mutation::SwapContents(other) => {
            let changed = run(
                "UPDATE entries SET (data, salt, correlation_id, content_digest) =
                   (SELECT data, salt, correlation_id, content_digest FROM entries AS o
                    WHERE o.user_id = ?1 AND o.seq = CASE entries.seq WHEN ?2 THEN ?3 ELSE ?2 END)
                 WHERE user_id = ?1 AND seq IN (?2, ?3) RETURNING 1",
                params![person, seq, *other],
            );
            assert_eq!(changed.len(), 2);
        }
        Mutation::Insert(behind) => {
            run(
                "INSERT INTO entries SELECT user_id, ?3, 'forged', topic, event_type, task_id, version,
                   occurred_at, recorded_at, correlation_id, data, salt, content_digest, hash
                 FROM entries WHERE user_id = ?1 AND seq = ?2",
                params![person, seq, LENGTH + behind],
            );
            if *behind == 1 {
                // The forger also moves the head on.
                run(
                    "UPDATE heads SET seq = seq + 1, hash =
                       (SELECT hash FROM entries WHERE user_id = ?1 AND seq = ?2) WHERE user_id = ?1",
                    params![person, seq],
                );
            }
        }
        Mutation::MoveHead(by) => {
            let sql = "UPDATE heads SET seq = seq + ?2 WHERE user_id = ?1";
            run(sql, params![person, *by]);
        }
        Mutation::ChangeHead => {
            let sql = "UPDATE heads SET hash = ?2 WHERE user_id = ?1";
            run(sql, params![person, vec![0_u8; 32]]);
        }
        Mutation::DropHead => {
            run("DELETE FROM heads WHERE user_id = ?1", params![person]);
        }
        Mutation::DropAll => {
            run("DELETE FROM entries WHERE user_id = ?1", params![person]);
        }
    }
    true
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_change_of_the_rows_is_found(
        mutation in mutations(),
        person in prop::sample::select(vec![ME, OTHER, ERASED]),
        seq in 1..=LENGTH,
    ) {
        let database = unguarded();
        prop_assume!(apply(&database, &mutation, person, seq));
        let (summary, chains) = verified(&database, Options::default());
        let person = person.to_string();
        let accused = chains.iter().find(|chain| chain.user_id == person);
        prop_assert!(accused.is_some_and(|it| it.problem_count > 0), "{chains:#?}");
        prop_assert_eq!(
            summary.problems,
            chains.iter().map(|chain| chain.problem_count).sum::<u64>()
        );
        // A changed user_id makes a chain that never was; the two others are as they were.
        for chain in chains.iter().filter(|chain| chain.user_id != person && chain.head.seq == LENGTH) {
            prop_assert!(chain.problems.is_empty() || matches!(mutation, Mutation::Change("user_id", _)));
        }
    }
}

#[test]
fn an_untouched_trail_has_no_problems() {
    let chains = filled().assert_intact();
    assert_eq!(chains.len(), 3);
    assert!(chains.iter().all(|chain| chain.entries == LENGTH as u64));
}

fn problems(chains: &[Chain], person: Uuid) -> Vec<(Option<i64>, String)> {
    let chain = chains
        .iter()
        .find(|chain| chain.user_id == person.to_string());
    let problems = chain.unwrap().problems.iter();
    problems.map(|it| (it.seq, it.problem.clone())).collect()
}

#[test]
fn one_thing_that_is_wrong_is_said_once_with_its_place() {
    for (mutation, seq, place, words) in [
        (Mutation::Change("data", 0), 3, 3, "missing"),
        (
            Mutation::Change("data", 1),
            3,
            3,
            "not the one that was recorded",
        ),
        (Mutation::Change("occurred_at", 1), 3, 3, "its hash differs"),
        (Mutation::Delete, 3, 3, "entries 3 to 3 are missing"),
        (
            Mutation::Truncate,
            4,
            4,
            "entries 4 to 6 are missing at its end",
        ),
        (
            Mutation::DropAll,
            1,
            1,
            "entries 1 to 6 are missing at its end",
        ),
    ] {
        let database = unguarded();
        apply(&database, &mutation, ME, seq);
        let (_, chains) = verified(&database, Options::default());
        let found = problems(&chains, ME);
        assert_eq!(found.len(), 1, "{mutation:?}: {found:?}");
        assert_eq!(found[0].0, Some(place));
        assert!(found[0].1.contains(words), "{mutation:?}: {found:?}");
    }
}

#[test]
fn a_chain_that_was_rewritten_whole_is_found_by_its_old_end() {
    let before = filled();
    // As the command writes and reads it.
    let (summary, chains) = before.verify();
    let mut lines: Vec<String> = chains
        .iter()
        .map(|chain| serde_json::to_string(chain).unwrap())
        .collect();
    lines.push(serde_json::to_string(&summary).unwrap());
    let kept = read_heads(lines.join("\n").as_bytes()).unwrap();
    assert_eq!(kept.len(), 3);
    assert_eq!(kept[&ME.to_string()], chains[0].head);
    for nothing in ["", &lines[3], "{\"user_id\": 1"] {
        assert!(read_heads(nothing.as_bytes()).is_err(), "{nothing}");
    }
    let expecting = |store: &Store| {
        let expected = kept.clone();
        verified(
            &store.database(),
            Options {
                expected,
                ..Options::default()
            },
        )
    };
    before.record(&[updated(ME, 1, 50)]);
    assert_eq!(expecting(&before).0.problems, 0, "chains may grow");

    // The same people and as many entries, with hashes that fit each other.
    let (_, chains) = expecting(&filled());
    for person in [ME, OTHER, ERASED] {
        let found = problems(&chains, person);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].1.contains("was expected"), "{found:?}");
    }

    let shorter = Store::new();
    shorter.record(&[updated(ME, 1, 1)]);
    let (summary, chains) = expecting(&shorter);
    assert_eq!((summary.problems, chains.len()), (3, 3));
    assert!(problems(&chains, OTHER)[0].1.contains("is not there"));
}

#[test]
fn one_persons_chain_can_be_verified_alone() {
    let store = filled();
    let only = |user_id: Uuid| Options {
        user_id: Some(user_id.to_string()),
        ..Options::default()
    };
    let (summary, chains) = verified(&store.database(), only(OTHER));
    assert_eq!((summary.chains, summary.entries), (1, LENGTH as u64));
    assert_eq!(chains[0].user_id, OTHER.to_string());
    assert_eq!(
        verified(&store.database(), only(Uuid::max())).0,
        Summary::default()
    );
}

#[test]
fn verifying_goes_on_beside_a_writer() {
    let store = filled();
    std::thread::scope(|scope| {
        let scratch = &store.scratch;
        let writer = scope.spawn(move || {
            let trail = open(scratch);
            for version in 100..300 {
                let events = [updated(ME, 1, version), updated(OTHER, 2, version)];
                wait(trail.record(&events, at(1000)));
            }
        });
        while !writer.is_finished() {
            store.assert_intact();
        }
    });
    assert_eq!(store.assert_intact()[0].entries, LENGTH as u64 + 200);
}
