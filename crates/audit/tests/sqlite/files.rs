//! What SQLite's files hold, and what they may be.

use std::path::Path;

use audit::verify::{Options, verify};
use events::{Event, Outcome, TaskEventType};
use proptest::prelude::*;
use sql::rusqlite::RusqliteConnection;
use sql::testing::Scratch;

use crate::suite::common::{ME, OTHER, Store, at, erased, run, task_event, updated, wait};

fn folder(store: &Store) -> &Path {
    match &store.scratch {
        Scratch::Sqlite(folder) => folder.path(),
        Scratch::Postgres(_) => panic!("it has no files"),
    }
}

#[test]
fn a_locked_database_is_for_later() {
    let store = Store::new();
    let other = store.database();
    run(&other, "BEGIN IMMEDIATE", vec![]).unwrap();
    let events = [updated(ME, 1, 1), updated(OTHER, 1, 1)];
    let outcomes = wait(store.trail.record(&events, at(0)));
    assert!(
        outcomes
            .iter()
            .all(|it| matches!(it, Outcome::Retry(reason) if reason.contains("locked"))),
        "{outcomes:?}"
    );
    run(&other, "ROLLBACK", vec![]).unwrap();
    store.record(&events);
    store.assert_intact();
}

#[test]
fn an_erasure_is_done_only_when_the_log_has_forgotten_too() {
    let store = Store::new();
    let event = task_event(ME, ME, TaskEventType::TaskCreated, 1, "marker-in-the-log");
    store.record(&[event]);
    let reader = store.database();
    run(&reader, "BEGIN", vec![]).unwrap();
    run(&reader, "SELECT count(*) FROM entries", vec![]).unwrap();
    let erasure = erased(ME, 2);
    let outcomes = wait(store.trail.record(std::slice::from_ref(&erasure), at(0)));
    assert!(
        matches!(&outcomes[0], Outcome::Retry(why) if why.contains("reader")),
        "{outcomes:?}"
    );
    run(&reader, "ROLLBACK", vec![]).unwrap();
    store.record(&[erasure]);
    assert!(!holds(&store, "marker-in-the-log"));
    assert_eq!(store.assert_intact()[0].head.seq, 2);
}

/// Whether the text stands anywhere in the database's files, in UTF-8.
fn holds(store: &Store, text: &str) -> bool {
    let files = std::fs::read_dir(folder(store)).unwrap();
    files.into_iter().any(|file| {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        bytes
            .windows(text.len())
            .any(|window| window == text.as_bytes())
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Payloads that share pages, fill them and overflow them are gone from the file's bytes.
    #[test]
    fn nothing_of_an_erased_person_is_in_the_files(
        events in prop::collection::vec((any::<bool>(), 1_usize..12_000), 1..40),
        portion in 1_usize..10,
    ) {
        let store = Store::new();
        let mut sent = Vec::new();
        for (version, (mine, length)) in (1..).zip(&events) {
            let (person, word) = if *mine { (ME, "mine-") } else { (OTHER, "theirs-") };
            let title = word.repeat(length / word.len() + 1);
            sent.push(task_event(person, person, TaskEventType::TaskUpdated, version, &title[..500.min(title.len())]));
            // A payload may be far longer than a title.
            let event = sent.last_mut().unwrap();
            event.data = event.data.replace("\"description\":null", &format!("\"description\":\"{title}\""));
        }
        for portion in sent.chunks(portion) {
            store.record(portion);
        }
        let mine: Vec<&Event> = sent.iter().filter(|event| event.key == ME.to_string()).collect();
        for event in &mine {
            prop_assert!(holds(&store, event.correlation_id.as_deref().unwrap()));
        }
        store.record(&[erased(ME, 99)]);
        prop_assert!(!holds(&store, "mine-"));
        for event in &mine {
            prop_assert!(!holds(&store, event.correlation_id.as_deref().unwrap()));
        }
        prop_assert_eq!(holds(&store, "theirs-"), sent.len() > mine.len());
        store.assert_intact();
    }
}

#[test]
fn an_index_that_hides_an_entry_is_found() {
    let store = Store::new();
    store.record(&[1, 2, 3, 4].map(|version| updated(ME, 1, version)));
    // The index is written anew without one entry, and then says that it has all.
    let writable = "PRAGMA writable_schema = ON";
    for statements in [
        [
            writable,
            "UPDATE sqlite_schema SET sql = sql || ' WHERE seq <> 3' WHERE name = 'entries_by_time'",
            "SELECT 1",
        ],
        [
            "REINDEX entries_by_time",
            writable,
            "UPDATE sqlite_schema SET sql = replace(sql, ' WHERE seq <> 3', '') WHERE name = 'entries_by_time'",
        ],
    ] {
        let database = store.database();
        for sql in statements {
            run(&database, sql, vec![]).unwrap();
        }
    }
    let (summary, _) = store.verify();
    assert!(summary.file_problem.is_some(), "{summary:?}");
    assert_eq!(summary.problems, 1);
}

#[test]
fn what_is_no_trail_cannot_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("audit.db");
    assert!(
        RusqliteConnection::open_read_only(&file).is_err(),
        "no file is made"
    );
    std::fs::write(
        &file,
        "not a database at all, but long enough to be one".repeat(100),
    )
    .unwrap();
    let connection = RusqliteConnection::open_read_only(&file).unwrap();
    assert!(wait(verify(&connection, Options::default(), |_| ())).is_err());
}
