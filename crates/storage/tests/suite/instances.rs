//! Several instances over the same database: migrations and concurrent changes.

use std::sync::Barrier;

use super::common::{ME, Store, at, open, origin, person, tagged, titled, wait};
use crate::DIALECT;
use sql::testing::Scratch;
use sql::{Dialect, Migrated, SqlConnection, params};
use storage::{Storage, StorageError, TASKS};
use task_model::{TaskPatch, TaskQuery};
use uuid::Uuid;

#[test]
fn instances_that_start_at_once_migrate_once() {
    for _ in 0..5 {
        let scratch = Scratch::new(DIALECT);
        let barrier = Barrier::new(8);
        let migrated: Vec<Migrated> = std::thread::scope(|scope| {
            let starts: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| {
                        barrier.wait();
                        let storage = open(&scratch);
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
        // PostgreSQL does not say which of those that found nothing came first.
        let first = migrated.iter().filter(|it| it.before == 0).count();
        assert!(
            first == 1 || (first > 1 && DIALECT == Dialect::Postgres),
            "{migrated:?}"
        );
        assert!(migrated.iter().all(|it| it.after == it.known));
        let database = wait(scratch.open(TASKS)).unwrap();
        let tasks = wait(database.execute("SELECT count(*) FROM tasks", vec![])).unwrap();
        assert_eq!(tasks, [params![8_i64]]);
    }
}

#[test]
fn a_database_of_newer_code_is_used_and_told() {
    let store = Store::new();
    store.query(
        "INSERT INTO schema_migrations (number, applied_at) VALUES (999, 0)",
        vec![],
    );
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
    match DIALECT {
        Dialect::Sqlite => {
            let fail = "SELECT raise(ABORT, 'no outbox')";
            store.query(
                &format!("CREATE TRIGGER broken BEFORE INSERT ON outbox BEGIN {fail}; END"),
                vec![],
            );
        }
        Dialect::Postgres => {
            store.query(
                "CREATE FUNCTION fail() RETURNS TRIGGER LANGUAGE plpgsql AS $$ BEGIN RAISE 'no outbox'; END $$",
                vec![],
            );
            store.query(
                "CREATE TRIGGER broken BEFORE INSERT ON outbox FOR EACH ROW EXECUTE FUNCTION fail()",
                vec![],
            );
        }
    }
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
