//! Whatever is done to the stored rows is found, and what is not touched is not accused.

mod common;

use std::path::Path;
use std::sync::LazyLock;

use audit::verify::{Chain, Options, Summary, read_heads};
use common::{ME, OTHER, Store, erased, triggered, updated, verified};
use proptest::prelude::*;
use rusqlite::Connection;
use rusqlite::types::Value;
use uuid::Uuid;

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

/// A copy of that trail for each mutation, without the triggers that would refuse it.
fn unguarded(folder: &Path) -> Connection {
    static FILLED: LazyLock<Store> = LazyLock::new(|| {
        let store = filled();
        let database = store.database();
        for name in ["stay", "kept", "extend", "head", "erase"] {
            database
                .execute_batch(&format!("DROP TRIGGER entries_{name}"))
                .unwrap();
        }
        for name in ["kept", "advance"] {
            database
                .execute_batch(&format!("DROP TRIGGER heads_{name}"))
                .unwrap();
        }
        database
            .execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")
            .unwrap();
        store
    });
    std::fs::copy(FILLED.file(), folder.join("audit.db")).unwrap();
    Connection::open(folder.join("audit.db")).unwrap()
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
fn other_value(value: Value, how: u8) -> Value {
    match value {
        Value::Null => Value::Null,
        Value::Integer(integer) if how.is_multiple_of(2) => Value::Integer(integer + 1000),
        Value::Integer(integer) => Value::Integer(-integer - 1),
        Value::Text(mut text) => {
            match how % 3 {
                0 => text.push('x'),
                1 => {
                    text.pop();
                }
                _ => text = text.to_uppercase() + " ",
            }
            Value::Text(text)
        }
        Value::Blob(mut bytes) => {
            let at = usize::from(how) % bytes.len();
            bytes[at] ^= 1 << (how % 8);
            Value::Blob(bytes)
        }
        Value::Real(real) => Value::Real(real + 1.0),
    }
}

/// Changes the file so that it differs, and answers false if there was nothing to change.
fn apply(database: &Connection, mutation: &Mutation, person: &str, seq: i64) -> bool {
    let run = |sql: &str| database.execute(sql, (person, seq)).unwrap();
    let with = |sql: &str, more: i64| database.execute(sql, (person, seq, more)).unwrap();
    match mutation {
        Mutation::Change(column, how) => {
            let read = format!("SELECT {column} FROM entries WHERE user_id = ?1 AND seq = ?2");
            let value: Value = database
                .query_row(&read, (person, seq), |row| row.get(0))
                .unwrap();
            let nullable = matches!(
                *column,
                "task_id" | "version" | "correlation_id" | "data" | "salt"
            );
            let changed = match &value {
                Value::Null if *column == "version" => Value::Integer((*how).into()),
                Value::Null if *column == "salt" => Value::Blob(vec![*how; 16]),
                Value::Null => Value::Text(String::new()),
                _ if nullable && how.is_multiple_of(4) => Value::Null,
                _ => other_value(value.clone(), *how),
            };
            assert_ne!(value, changed);
            let write = format!("UPDATE entries SET {column} = ?3 WHERE user_id = ?1 AND seq = ?2");
            database.execute(&write, (person, seq, changed)).unwrap();
        }
        Mutation::Delete => {
            run("DELETE FROM entries WHERE user_id = ?1 AND seq = ?2");
        }
        Mutation::Truncate => {
            run("DELETE FROM entries WHERE user_id = ?1 AND seq >= ?2");
        }
        Mutation::SwapPlaces(other) | Mutation::SwapContents(other) if *other == seq => {
            return false;
        }
        Mutation::SwapPlaces(other) => {
            with(
                "UPDATE entries SET seq = -?3 WHERE user_id = ?1 AND seq = ?2",
                *other,
            );
            with(
                "UPDATE entries SET seq = ?2 WHERE user_id = ?1 AND seq = ?3",
                *other,
            );
            with(
                "UPDATE entries SET seq = ?3 WHERE user_id = ?1 AND seq = -?3 AND ?2",
                *other,
            );
        }
        Mutation::SwapContents(other) => {
            let changed = with(
                "UPDATE entries SET (data, salt, correlation_id, content_digest) =
                   (SELECT data, salt, correlation_id, content_digest FROM entries o
                    WHERE o.user_id = ?1 AND o.seq = CASE entries.seq WHEN ?2 THEN ?3 ELSE ?2 END)
                 WHERE user_id = ?1 AND seq IN (?2, ?3)",
                *other,
            );
            assert_eq!(changed, 2);
        }
        Mutation::Insert(behind) => {
            with(
                "INSERT INTO entries SELECT user_id, ?3, 'forged', topic, event_type, task_id, version,
                   occurred_at, recorded_at, correlation_id, data, salt, content_digest, hash
                 FROM entries WHERE user_id = ?1 AND seq = ?2",
                LENGTH + behind,
            );
            if *behind == 1 {
                // The forger also moves the head on.
                run("UPDATE heads SET seq = seq + 1, hash =
                       (SELECT hash FROM entries WHERE user_id = ?1 AND seq = ?2) WHERE user_id = ?1");
            }
        }
        Mutation::MoveHead(by) => {
            with(
                "UPDATE heads SET seq = seq + ?3 WHERE user_id = ?1 AND ?2",
                *by,
            );
        }
        Mutation::ChangeHead => {
            run("UPDATE heads SET hash = zeroblob(32) WHERE user_id = ?1 AND ?2");
        }
        Mutation::DropHead => {
            run("DELETE FROM heads WHERE user_id = ?1 AND ?2");
        }
        Mutation::DropAll => {
            run("DELETE FROM entries WHERE user_id = ?1 AND ?2");
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
        let folder = tempfile::tempdir().unwrap();
        let database = unguarded(folder.path());
        let person = person.to_string();
        prop_assume!(apply(&database, &mutation, &person, seq));
        drop(database);
        let (summary, chains) = verified(&folder.path().join("audit.db"), Options::default());
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
        let folder = tempfile::tempdir().unwrap();
        let database = unguarded(folder.path());
        apply(&database, &mutation, &ME.to_string(), seq);
        let (_, chains) = verified(&folder.path().join("audit.db"), Options::default());
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
    let expecting = |file: &Path| {
        let expected = kept.clone();
        verified(
            file,
            Options {
                expected,
                ..Options::default()
            },
        )
    };
    before.record(&[updated(ME, 1, 50)]);
    assert_eq!(expecting(&before.file()).0.problems, 0, "chains may grow");

    // The same people and as many entries, with hashes that fit each other.
    let (_, chains) = expecting(&filled().file());
    for person in [ME, OTHER, ERASED] {
        let found = problems(&chains, person);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].1.contains("was expected"), "{found:?}");
    }

    let shorter = Store::new();
    shorter.record(&[updated(ME, 1, 1)]);
    let (summary, chains) = expecting(&shorter.file());
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
    let (summary, chains) = verified(&store.file(), only(OTHER));
    assert_eq!((summary.chains, summary.entries), (1, LENGTH as u64));
    assert_eq!(chains[0].user_id, OTHER.to_string());
    assert_eq!(
        verified(&store.file(), only(Uuid::max())).0,
        Summary::default()
    );
}

#[test]
fn an_index_that_hides_an_entry_is_found() {
    let store = filled();
    let database = store.database();
    database
        .execute_batch(
            "PRAGMA writable_schema = ON;
             UPDATE sqlite_schema SET sql = sql || ' WHERE seq <> 3' WHERE name = 'entries_by_time';",
        )
        .unwrap();
    drop(database);
    let database = store.database();
    database.execute_batch("REINDEX entries_by_time; PRAGMA writable_schema = ON;
        UPDATE sqlite_schema SET sql = replace(sql, ' WHERE seq <> 3', '') WHERE name = 'entries_by_time';").unwrap();
    drop(database);
    let (summary, _) = store.verify();
    assert!(summary.file_problem.is_some(), "{summary:?}");
    assert_eq!(summary.problems, 1);
}

#[test]
fn verifying_goes_on_beside_a_writer() {
    let store = filled();
    std::thread::scope(|scope| {
        let folder = store.folder.path();
        let writer = scope.spawn(move || {
            let trail = common::open(folder);
            for version in 100..300 {
                let events = [updated(ME, 1, version), updated(OTHER, 2, version)];
                common::wait(trail.record(&events, common::at(1000)));
            }
        });
        while !writer.is_finished() {
            store.assert_intact();
        }
    });
    assert_eq!(store.assert_intact()[0].entries, LENGTH as u64 + 200);
}

#[test]
fn what_is_no_trail_cannot_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("audit.db");
    assert!(audit::verify::open(&file).is_err(), "no file is made");
    std::fs::write(
        &file,
        "not a database at all, but long enough to be one".repeat(100),
    )
    .unwrap();
    let connection = audit::verify::open(&file).unwrap();
    assert!(audit::verify::verify(&connection, Options::default(), |_| ()).is_err());
}
