//! What only a server has: requests that really run at the same time, plans, and texts that it refuses.

use std::sync::Barrier;

use sql::{Columns, SqlConnection, params};
use storage::{NewRefreshToken, Rotation, Storage, StorageError};
use task_model::{NewTask, TaskPatch, TaskQuery};
use uuid::Uuid;

use crate::suite::common::{ME, OTHER, Store, at, origin, person, tagged, titled, wait};

/// Runs both at the same moment.
fn at_once<A: Send, B: Send>(a: impl FnOnce() -> A + Send, b: impl FnOnce() -> B + Send) -> (A, B) {
    let barrier = Barrier::new(2);
    std::thread::scope(|scope| {
        let a = scope.spawn(|| {
            barrier.wait();
            a()
        });
        barrier.wait();
        let b = b();
        (a.join().expect("the first"), b)
    })
}

fn token(hash: &str, user_id: Uuid) -> NewRefreshToken {
    NewRefreshToken {
        token_hash: hash.into(),
        family_id: Uuid::from_u128(77),
        user_id,
        expires_at: at(1000),
    }
}

fn count(store: &Store, sql: &str) -> u64 {
    let rows = store.query(sql, vec![]);
    Columns::first(rows)
        .expect("a row")
        .count()
        .expect("a count")
}

/// A person's rows come in the order in which they were committed: while one change has not ended, the next one
/// of that person waits, and that of another does not.
#[test]
fn a_persons_changes_take_their_turns() {
    let store = Store::new();
    let open = wait(store.database().reopen()).unwrap();
    wait(open.execute("BEGIN", vec![])).unwrap();
    wait(open.execute("SELECT 1 WHERE lock_person(?1)", params![ME])).unwrap();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| store.add(titled("second"), 2));
        let other = store.another();
        wait(other.create_task(OTHER, titled("theirs"), &origin(), at(1))).expect("does not wait");
        while count(
            &store,
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        ) == 0
        {
            assert!(!waiting.is_finished(), "it did not wait");
            std::thread::yield_now();
        }
        wait(open.execute("COMMIT", vec![])).unwrap();
        waiting.join().expect("created");
    });
}

#[test]
fn whoever_is_erased_meanwhile_leaves_nothing() {
    for round in 0..20 {
        let store = Store::new();
        let (mine, theirs) = (store.another(), store.another());
        let task = store.add(tagged("old", &["x"]), 0);
        let patch = TaskPatch {
            title: Some("new".into()),
            ..TaskPatch::default()
        };
        let (changed, erased) = at_once(
            || {
                let created = wait(mine.create_task(ME, titled("late"), &origin(), at(1)));
                let updated = wait(mine.update_task(ME, task, patch, None, &origin(), at(1)));
                let signed_in = wait(mine.add_refresh_token(token("late", ME), at(1)));
                (created, updated, signed_in)
            },
            || wait(theirs.erase_user(ME, &origin(), at(2))),
        );
        assert!(erased.expect("erased"), "round {round}");
        let (created, updated, signed_in) = changed;
        for refused in [created.err(), signed_in.err()].into_iter().flatten() {
            assert!(matches!(refused, StorageError::NoSuchUser), "{refused:?}");
        }
        updated.expect("changed before, or not there");
        assert_eq!(
            count(&store, "SELECT count(*) FROM tasks"),
            0,
            "round {round}"
        );
        assert_eq!(
            count(&store, "SELECT count(*) FROM refresh_tokens"),
            0,
            "round {round}"
        );
        let events = store.query("SELECT event_type FROM outbox", vec![]);
        assert_eq!(events, [params!["user_erased"]], "round {round}");
    }
}

#[test]
fn a_family_that_is_revoked_meanwhile_has_no_living_token() {
    for round in 0..20 {
        let store = Store::new();
        wait(store.storage.add_refresh_token(token("a", ME), at(0))).unwrap();
        let (mine, theirs) = (store.another(), store.another());
        let rotate = |storage: &dyn Fn() -> Rotation| storage();
        let (rotation, ()) = at_once(
            || rotate(&|| wait(mine.rotate_refresh_token("a", "b", at(100), at(1))).unwrap()),
            || wait(theirs.revoke_family(Uuid::from_u128(77))).unwrap(),
        );
        assert!(!matches!(rotation, Rotation::Reused), "round {round}");
        assert!(
            !wait(store.storage.family_is_live(Uuid::from_u128(77), at(2))).unwrap(),
            "round {round}: {rotation:?}"
        );
    }
}

#[test]
fn the_same_task_made_twice_at_once_is_one() {
    for _ in 0..20 {
        let store = Store::new();
        let (mine, theirs) = (store.another(), store.another());
        let task = NewTask {
            id: Uuid::from_u128(9),
            ..titled("once")
        };
        let again = task.clone();
        let (first, second) = at_once(
            || wait(mine.create_task_once(ME, task, &origin(), at(0))).expect("created"),
            || wait(theirs.create_task_once(ME, again, &origin(), at(0))).expect("created"),
        );
        assert_ne!(first.is_new, second.is_new);
        assert_eq!(first.task, second.task);
        assert_eq!(store.events(Uuid::from_u128(9)).len(), 1);
    }
}

/// The indexes that the planner takes, with 20,000 tasks of ten people.
#[test]
fn frequent_statements_use_an_index() {
    let store = Store::new();
    for id in 3..=10 {
        store.add_person(Uuid::from_u128(id));
    }
    store.query("ALTER TABLE tasks DISABLE TRIGGER task_created", vec![]);
    store.query(
        "INSERT INTO tasks (id, user_id, title, title_key, status, priority, due_date, reminders, tags, created_at,
           updated_at, completed_at, version, title_words, description_words, tag_words)
         SELECT '00000000-0000-4000-8000-' || lpad(to_hex(n), 12, '0'),
           '00000000-0000-0000-0000-' || lpad(to_hex(n % 10 + 1), 12, '0'), 'task ' || n, 'task ' || n,
           CASE WHEN n % 3 = 0 THEN 'completed' ELSE 'pending' END, n % 4, n * 1000, '[]', '[]', n, n,
           CASE WHEN n % 3 = 0 THEN n END, 1,
           CAST('''' || lpad(to_hex(n % 10 + 1), 8, '0') || 'task'':2A ''' || lpad(to_hex(n % 10 + 1), 8, '0') || n || ''':3A' AS tsvector),
           '', ''
         FROM generate_series(1, 20000) AS numbers (n)",
        vec![],
    );
    store.query("ANALYZE tasks", vec![]);
    let plan = |sql: &str| {
        let rows = store.query(&format!("EXPLAIN {sql}"), vec![]);
        let lines = rows
            .into_iter()
            .map(|row| Columns::from(row).text().expect("a line"));
        lines.collect::<Vec<_>>().join("\n")
    };
    let mine = "user_id = '00000000-0000-0000-0000-000000000001' AND deleted_at IS NULL";
    for (rest, index) in [
        (
            "ORDER BY created_at DESC, row DESC LIMIT 20",
            "tasks_created",
        ),
        (
            "ORDER BY due_date ASC NULLS LAST, row ASC LIMIT 20",
            "tasks_due",
        ),
        (
            "AND status = 'completed' ORDER BY created_at DESC, row DESC LIMIT 20",
            "tasks_status",
        ),
        (
            "AND completed_at >= 5 AND completed_at < 90",
            "tasks_completed",
        ),
        (
            "AND (title_words || tag_words || description_words) @@ CAST('''000000011999'':*' AS tsquery)",
            "tasks_words",
        ),
    ] {
        let plan = plan(&format!("SELECT title FROM tasks WHERE {mine} {rest}"));
        assert!(
            plan.contains(index) && !plan.contains("Seq Scan"),
            "{rest}:\n{plan}"
        );
    }
    let (hits, total) = wait(store.storage.search(ME, "task", 10)).unwrap();
    assert_eq!((hits.len(), total), (10, 2000));
    assert_eq!(wait(store.storage.search(ME, "1999", 10)).unwrap().1, 1);
    let page = wait(store.storage.tasks(ME, &TaskQuery::default(), at(0))).unwrap();
    assert_eq!((page.tasks.len(), page.total), (20, 2000));
}

#[test]
fn words_longer_than_the_index_takes_are_found_by_their_beginning() {
    let store = Store::new();
    let long = "é".repeat(9_000);
    let task = NewTask {
        description: Some(long.clone()),
        ..tagged("a", &["it's", "back\\slash", "two words"])
    };
    store.add(task, 0);
    assert_eq!(wait(store.storage.search(ME, &long, 10)).unwrap().1, 1);
    for tag in ["it's", "back\\slash", "two words"] {
        let query = TaskQuery {
            tag: vec![tag.into()],
            ..TaskQuery::default()
        };
        assert_eq!(
            wait(store.storage.tasks(ME, &query, at(0))).unwrap().total,
            1,
            "{tag}"
        );
        let part = TaskQuery {
            tag: vec![tag[..2].into()],
            ..TaskQuery::default()
        };
        assert_eq!(
            wait(store.storage.tasks(ME, &part, at(0))).unwrap().total,
            0,
            "{tag}"
        );
    }
    wait(store.storage.create_user(person(Uuid::from_u128(5)), at(0))).expect("an account");
}
