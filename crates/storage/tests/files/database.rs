//! The files themselves: what is in them, and what makes them unavailable.

use std::path::Path;

use rusqlite::Connection;
use sql::rusqlite::RusqliteConnection;
use sql::testing::Scratch;
use sql::{SqlConnection, SqlError};
use storage::{SqlStorage, Storage, StorageError, TASKS};
use task_model::{NewTask, NewUser, Priority, Status, TaskPatch, TaskQuery};
use uuid::Uuid;

use crate::suite::common::{ME, OTHER, Store, at, origin, person, tagged, titled, wait};

/// Where the store's files are.
pub fn folder(store: &Store) -> &Path {
    match &store.scratch {
        Scratch::Sqlite(folder) => folder.path(),
        Scratch::Postgres(url) => panic!("{url} is no folder"),
    }
}

fn file(store: &Store) -> Connection {
    Connection::open(folder(store).join("tasks.db")).expect("the database file")
}

/// A search then walks through that person's entries alone, however many tasks others have.
#[test]
fn every_entry_of_the_index_names_its_owner() {
    let store = Store::new();
    for owner in [ME, OTHER] {
        let task = NewTask {
            description: Some("Two «litres», e-mail\nZoë".into()),
            ..tagged("buy milk", &["home", "to do"])
        };
        let s = &store.storage;
        let task = wait(s.create_task(owner, task, &origin(), at(0))).unwrap();
        let patch = TaskPatch {
            title: Some("buy oat milk".into()),
            ..TaskPatch::default()
        };
        wait(s.update_task(owner, task.id, patch, None, &origin(), at(1))).unwrap();
        wait(s.delete_task(owner, task.id, &origin(), at(2))).unwrap();
        wait(s.restore_task(owner, task.id, &origin(), at(3))).unwrap();
    }
    let database = file(&store);
    database
        .execute_batch(
            "CREATE VIRTUAL TABLE temp.entries USING fts5vocab(main, task_search, instance)",
        )
        .unwrap();
    let (entries, owned): (u32, u32) = database
        .query_row(
            "SELECT count(*), count(*) FILTER (WHERE substr(term, 1, 32) = replace(user_id, '-', ''))
             FROM entries JOIN tasks ON row = doc",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .unwrap();
    assert_eq!((entries, owned), (22, 22));
}

#[test]
fn no_byte_of_the_person_stays_in_the_files() {
    const SECRETS: [&str; 6] = [
        "xylophone",
        "marzipan",
        "quokka",
        "zeppelin",
        "hashofsecret",
        "secretname",
    ];
    let store = Store::new();
    let id = Uuid::from_u128(0xABCD_EF01_2345_6789);
    let user = NewUser {
        username: SECRETS[5].into(),
        email: "secretname@example.com".into(),
        password_hash: SECRETS[4].into(),
        ..person(id)
    };
    wait(store.storage.create_user(user, at(0))).unwrap();
    for n in 0..60 {
        let task = NewTask {
            description: Some(format!("{} {}", SECRETS[1], "lorem ipsum ".repeat(n * 12))),
            ..tagged(SECRETS[0], &[SECRETS[2]])
        };
        let task = wait(store.storage.create_task(id, task, &origin(), at(n as i64))).unwrap();
        let patch = TaskPatch {
            title: Some(format!("{} {n}", SECRETS[3])),
            ..TaskPatch::default()
        };
        wait(
            store
                .storage
                .update_task(id, task.id, patch, None, &origin(), at(300)),
        )
        .unwrap();
        store.add(tagged("stays", &["stays"]), n as i64);
        if n % 5 == 0 {
            wait(store.storage.delete_task(id, task.id, &origin(), at(400))).unwrap();
        }
    }
    let found = || -> Vec<&str> {
        let bytes: Vec<u8> = ["tasks.db", "tasks.db-wal"]
            .iter()
            .flat_map(|name| std::fs::read(folder(&store).join(name)).unwrap_or_default())
            .collect();
        let is_in = |text: &&str| {
            bytes
                .windows(text.len())
                .any(|window| window == text.as_bytes())
        };
        SECRETS.into_iter().filter(is_in).collect()
    };
    assert_eq!(found(), SECRETS, "the search for bytes works");
    assert!(wait(store.storage.erase_user(id, &origin(), at(500))).unwrap());
    assert_eq!(found(), Vec::<&str>::new());
    assert_eq!(wait(store.storage.search(ME, "stays", 10)).unwrap().1, 60);
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
fn a_database_that_cannot_answer_now_is_unavailable() {
    let store = Store::new();
    let create = |storage: &SqlStorage<RusqliteConnection>| {
        wait(storage.create_task(ME, titled("a"), &origin(), at(0)))
    };
    let impatient = RusqliteConnection::open(folder(&store), TASKS).unwrap();
    wait(impatient.execute("PRAGMA busy_timeout = 1", vec![])).unwrap();
    let impatient = SqlStorage::new(impatient);
    let lock = file(&store);
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    let busy = create(&impatient);
    assert!(
        matches!(busy, Err(StorageError::Unavailable(_))),
        "{busy:?}"
    );
    lock.execute_batch("ROLLBACK").unwrap();
    create(&impatient).expect("recovers");

    let full = RusqliteConnection::open(folder(&store), TASKS).unwrap();
    wait(full.execute("PRAGMA max_page_count = 1", vec![])).unwrap();
    let full = SqlStorage::new(full);
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
    let gone = RusqliteConnection::open(&folder(&store).join("missing"), TASKS);
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
    for file in std::fs::read_dir(folder(&store)).unwrap() {
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
