//! Several instances over the same files: migrations, concurrent changes, errors, a crash.

mod common;

use std::sync::Barrier;

use common::{ME, Store, at, origin, person, tagged, titled, wait};
use rusqlite::Connection;
use sql::rusqlite::RusqliteConnection;
use sql::{Migrated, SqlConnection, SqlError};
use storage::sqlite::{SqliteStorage, TASKS};
use storage::{Storage, StorageError};
use task_model::{NewTask, Priority, Status, TaskPatch, TaskQuery};
use uuid::Uuid;

#[test]
fn instances_that_start_at_once_migrate_once() {
    for _ in 0..5 {
        let folder = tempfile::tempdir().unwrap();
        let barrier = Barrier::new(8);
        let migrated: Vec<Migrated> = std::thread::scope(|scope| {
            let starts: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| {
                        barrier.wait();
                        let storage = SqliteStorage::new(
                            RusqliteConnection::open(folder.path(), TASKS).unwrap(),
                        );
                        let migrated = wait(storage.migrate()).expect("migrates");
                        let id = Uuid::now_v7();
                        wait(storage.create_user(person(id), at(0))).expect("an account");
                        wait(storage.create_task(id, titled("a"), &origin(), at(0)))
                            .expect("creates");
                        migrated
                    })
                })
                .collect();
            starts
                .into_iter()
                .map(|start| start.join().unwrap())
                .collect()
        });
        assert_eq!(
            migrated.iter().filter(|it| it.before == 0).count(),
            1,
            "{migrated:?}"
        );
        assert!(migrated.iter().all(|it| it.after == it.known));
        let database = Connection::open(folder.path().join("tasks.db")).unwrap();
        let mode: String = database
            .query_row("PRAGMA journal_mode", [], |row| row.get(0))
            .unwrap();
        assert_eq!(mode, "wal");
        let tasks: i64 = database
            .query_row("SELECT count(*) FROM tasks", [], |row| row.get(0))
            .unwrap();
        assert_eq!(tasks, 8);
    }
}

#[test]
fn a_database_of_newer_code_is_used_and_told() {
    let store = Store::new();
    store
        .database()
        .execute(
            "INSERT INTO schema_migrations (number, applied_at) VALUES (999, 0)",
            [],
        )
        .unwrap();
    let migrated = wait(store.storage.migrate()).unwrap();
    assert_eq!((migrated.before, migrated.after), (999, 999));
    assert!(migrated.known < 999);
    wait(
        store
            .another()
            .create_task(ME, titled("a"), &origin(), at(0)),
    )
    .unwrap();
}

#[test]
fn a_migration_that_fails_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tasks.db");
    Connection::open(&file)
        .unwrap()
        .execute("CREATE VIEW outbox AS SELECT 1", [])
        .unwrap();
    let failed = wait(storage::rusqlite::open(folder.path()));
    assert!(
        matches!(failed, Err(StorageError::Internal(_))),
        "{failed:?}"
    );
    let database = Connection::open(&file).unwrap();
    let tables: i64 = database
        .query_row(
            "SELECT count(*) FROM sqlite_master WHERE type = 'table'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(tables, 0);
    database.execute("DROP VIEW outbox", []).unwrap();
    wait(storage::rusqlite::open(folder.path())).expect("the next start migrates");
}

#[test]
fn changes_of_different_fields_at_once_both_hold() {
    let store = Store::new();
    let id = wait(store.storage.create_task(ME, titled("0"), &origin(), at(0)))
        .unwrap()
        .id;
    let patches: [fn(i64) -> TaskPatch; 3] = [
        |n| TaskPatch {
            title: Some(format!("title {n}")),
            ..TaskPatch::default()
        },
        |n| TaskPatch {
            description: Some(Some(format!("text {n}"))),
            ..TaskPatch::default()
        },
        |n| TaskPatch {
            tags: Some(vec![format!("tag {n}")]),
            ..TaskPatch::default()
        },
    ];
    std::thread::scope(|scope| {
        for patch in patches {
            let storage = store.another();
            scope.spawn(move || {
                for n in 1..=30 {
                    wait(storage.update_task(ME, id, patch(n), None, &origin(), at(n)))
                        .expect("updates");
                }
            });
        }
    });
    let task = wait(store.storage.task(ME, id)).unwrap().unwrap();
    assert_eq!(
        (task.title.as_str(), task.description.as_deref()),
        ("title 30", Some("text 30"))
    );
    assert_eq!((task.tags, task.version), (vec!["tag 30".to_owned()], 91));
    let versions: Vec<i64> = store.events(id).iter().map(|event| event.version).collect();
    assert_eq!(versions, (1..=91).collect::<Vec<_>>());
}

#[test]
fn of_changes_that_expect_the_same_version_one_wins() {
    let store = Store::new();
    let id = wait(store.storage.create_task(ME, titled("0"), &origin(), at(0)))
        .unwrap()
        .id;
    let rounds = 20;
    let barrier = Barrier::new(4);
    let wins: usize = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..4)
            .map(|writer| {
                let (storage, barrier) = (store.another(), &barrier);
                scope.spawn(move || {
                    let mut wins = 0;
                    for round in 1..=rounds {
                        barrier.wait();
                        let patch = TaskPatch {
                            title: Some(format!("{writer} {round}")),
                            ..TaskPatch::default()
                        };
                        match wait(storage.update_task(
                            ME,
                            id,
                            patch,
                            Some(round),
                            &origin(),
                            at(round),
                        )) {
                            Ok(Some(_)) => wins += 1,
                            Err(StorageError::VersionMismatch { current }) => {
                                assert_eq!(current, round + 1)
                            }
                            other => panic!("{other:?}"),
                        }
                        barrier.wait();
                    }
                    wins
                })
            })
            .collect();
        writers
            .into_iter()
            .map(|writer| writer.join().unwrap())
            .sum()
    });
    assert_eq!(wins, rounds as usize);
}

#[test]
fn a_failing_trigger_undoes_the_whole_change() {
    let store = Store::new();
    let task = wait(
        store
            .storage
            .create_task(ME, tagged("a", &["x"]), &origin(), at(0)),
    )
    .unwrap();
    store
        .database()
        .execute("CREATE TRIGGER broken BEFORE INSERT ON outbox BEGIN SELECT raise(ABORT, 'no outbox'); END", [])
        .unwrap();
    let patch = TaskPatch {
        title: Some("b".into()),
        ..TaskPatch::default()
    };
    let s = &store.storage;
    assert!(wait(s.update_task(ME, task.id, patch, None, &origin(), at(1))).is_err());
    assert!(wait(s.delete_task(ME, task.id, &origin(), at(1))).is_err());
    assert!(wait(s.create_task(ME, titled("new"), &origin(), at(1))).is_err());
    assert_eq!(wait(s.task(ME, task.id)).unwrap(), Some(task));
    assert_eq!(
        wait(s.tasks(ME, &TaskQuery::default(), at(1)))
            .unwrap()
            .total,
        1
    );
    assert_eq!(wait(s.search(ME, "b", 10)).unwrap().1, 0);
}

#[test]
fn a_database_that_cannot_answer_now_is_unavailable() {
    let store = Store::new();
    let create = |storage: &SqliteStorage<RusqliteConnection>| {
        wait(storage.create_task(ME, titled("a"), &origin(), at(0)))
    };
    let impatient = RusqliteConnection::open(store.folder.path(), TASKS).unwrap();
    wait(impatient.execute("PRAGMA busy_timeout = 1", vec![])).unwrap();
    let impatient = SqliteStorage::new(impatient);
    let lock = store.database();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    let busy = create(&impatient);
    assert!(
        matches!(busy, Err(StorageError::Unavailable(_))),
        "{busy:?}"
    );
    lock.execute_batch("ROLLBACK").unwrap();
    create(&impatient).expect("recovers");

    let full = RusqliteConnection::open(store.folder.path(), TASKS).unwrap();
    wait(full.execute("PRAGMA max_page_count = 1", vec![])).unwrap();
    let full = SqliteStorage::new(full);
    let big = NewTask {
        description: Some("x".repeat(100_000)),
        priority: Priority::Low,
        ..titled("a")
    };
    let refused = wait(full.create_task(ME, big, &origin(), at(0)));
    assert!(
        matches!(refused, Err(StorageError::Unavailable(_))),
        "{refused:?}"
    );

    wait(full.ping()).expect("reads still work");
    let gone = RusqliteConnection::open(&store.folder.path().join("missing"), TASKS);
    assert!(matches!(gone, Err(SqlError::Unavailable(_))), "{gone:?}");
}

#[test]
fn messages_of_sqlite_are_sorted() {
    for message in [
        "database is locked",
        "database table is locked: tasks",
        "disk I/O error",
        "database or disk is full",
        "attempt to write a readonly database",
        "unable to open database file: /x/y",
    ] {
        let error = StorageError::from(SqlError::from_sqlite(message));
        assert!(matches!(error, StorageError::Unavailable(_)), "{error:?}");
    }
    for message in ["no such table: tasks", "near \"x\": syntax error", ""] {
        let error = StorageError::from(SqlError::from_sqlite(message));
        assert!(matches!(error, StorageError::Internal(_)), "{error:?}");
    }
}

#[test]
fn what_was_acknowledged_is_there_after_the_files_are_opened_again() {
    let store = Store::new();
    let mut ids = Vec::new();
    for n in 0..20 {
        ids.push(
            wait(store.storage.create_task(ME, titled("a"), &origin(), at(n)))
                .unwrap()
                .id,
        );
    }
    let done = TaskPatch {
        status: Some(Status::Completed),
        ..TaskPatch::default()
    };
    wait(
        store
            .storage
            .update_task(ME, ids[3], done, None, &origin(), at(30)),
    )
    .unwrap();
    // As after a crash: the files as they are now, their write-ahead log not yet moved into the database.
    let copy = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(store.folder.path()).unwrap() {
        let file = file.unwrap();
        if !file
            .path()
            .extension()
            .is_some_and(|it| it.to_string_lossy().ends_with("-shm"))
        {
            std::fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
        }
    }
    let after = wait(storage::rusqlite::open(copy.path())).unwrap();
    let page = wait(after.tasks(
        ME,
        &TaskQuery {
            limit: 100,
            ..TaskQuery::default()
        },
        at(40),
    ))
    .unwrap();
    assert_eq!(page.total, 20);
    let task = wait(after.task(ME, ids[3])).unwrap().unwrap();
    assert_eq!((task.status, task.version), (Status::Completed, 2));
}
