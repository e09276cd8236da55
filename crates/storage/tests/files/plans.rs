//! Which indexes SQLite takes for the statements that run often, with 50,000 tasks stored.

use std::sync::{Arc, Mutex};

use super::database::folder;
use crate::suite::common::{Store, at, due, origin, wait};
use chrono::NaiveDate;
use sql::rusqlite::RusqliteConnection;
use sql::{Result, Row, SqlConnection, SqlValue};
use storage::{SqlStorage, Storage, TASKS as DATABASE};
use task_model::{Priority, SortField, SortOrder, Status, TaskPatch, TaskQuery};
use uuid::Uuid;

const TASKS: u64 = 50_000;
/// One of ten people; has 5,000 of the tasks.
const ME: Uuid = Uuid::from_u128(1);

/// Asks for the plan of each statement before it executes it, and keeps what is asked of the index.
struct Explaining {
    connection: RusqliteConnection,
    plans: Arc<Mutex<Vec<String>>>,
    expressions: Arc<Mutex<Vec<String>>>,
}

impl SqlConnection for Explaining {
    fn dialect(&self) -> sql::Dialect {
        sql::Dialect::Sqlite
    }

    async fn execute(&self, sql: &str, params: Vec<SqlValue>) -> Result<Vec<Row>> {
        let plan = self
            .connection
            .execute(&format!("EXPLAIN QUERY PLAN {sql}"), params.clone())
            .await?;
        let steps = plan
            .into_iter()
            .filter_map(|row| match row.into_iter().nth(3) {
                Some(SqlValue::Text(step)) => Some(step),
                _ => None,
            });
        self.plans
            .lock()
            .unwrap()
            .push(steps.collect::<Vec<_>>().join("\n"));
        if sql.contains("MATCH") {
            self.expressions
                .lock()
                .unwrap()
                .extend(params.iter().filter_map(|param| match param {
                    SqlValue::Text(text) if text.contains('"') => Some(text.clone()),
                    _ => None,
                }));
        }
        self.connection.execute(sql, params).await
    }

    async fn reopen(&self) -> Result<Self> {
        let connection = self.connection.reopen().await?;
        Ok(Self {
            connection,
            plans: Arc::clone(&self.plans),
            expressions: Arc::clone(&self.expressions),
        })
    }
}

/// Rows as the service would have written them, but without their outbox rows, which no plan here reads.
fn fill(store: &Store) {
    let database =
        rusqlite::Connection::open(folder(store).join("tasks.db")).expect("the database file");
    let triggers: Vec<(String, String)> = database
        .prepare(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'tasks'",
        )
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .collect::<std::result::Result<_, _>>()
        .unwrap();
    database.execute_batch("BEGIN").unwrap();
    for (name, _) in &triggers {
        database
            .execute(&format!("DROP TRIGGER {name}"), [])
            .unwrap();
    }
    database
        .execute(
            "WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < ?1)
             INSERT INTO tasks (id, user_id, title, title_key, status, priority, due_date, reminders, tags,
               created_at, updated_at, completed_at, version, title_words, description_words, tag_words)
             SELECT printf('00000000-0000-4000-8000-%012x', n), printf('00000000-0000-0000-0000-%012x', n % 10 + 1),
               'task ' || n, 'task ' || n, CASE WHEN n % 3 THEN 'pending' ELSE 'completed' END, n % 4,
               ?2 + n * 1000, '[]', '[]', ?2 + n, ?2 + n, CASE WHEN n % 3 THEN NULL ELSE ?2 + n END, 1,
               ' task ' || n, '', ''
             FROM numbers",
            (TASKS as i64, due(0).timestamp_millis()),
        )
        .unwrap();
    database
        .execute(
            "INSERT INTO task_search (task_search) VALUES ('rebuild')",
            [],
        )
        .unwrap();
    for (_, sql) in &triggers {
        database.execute(sql, []).unwrap();
    }
    database.execute_batch("COMMIT").unwrap();
}

#[test]
fn frequent_statements_use_an_index() {
    let store = Store::new();
    fill(&store);
    let plans = Arc::new(Mutex::new(Vec::new()));
    let expressions = Arc::new(Mutex::new(Vec::new()));
    let storage = SqlStorage::new(Explaining {
        connection: RusqliteConnection::open(folder(&store), DATABASE).unwrap(),
        plans: Arc::clone(&plans),
        expressions: Arc::clone(&expressions),
    });
    for person in 3..=10 {
        store.add_person(Uuid::from_u128(person));
    }
    let now = at(1000);
    let taken = || std::mem::take(&mut *plans.lock().unwrap());
    let list = |query: TaskQuery| {
        let page = wait(storage.tasks(ME, &query, now)).unwrap();
        assert!(page.total > 20, "{query:?}");
        taken()
    };
    let all = TaskQuery::default;
    let sorted = |sort, order| TaskQuery {
        sort,
        order,
        ..all()
    };
    for (query, index) in [
        (all(), "tasks_created (user_id=? AND deleted_at=?)"),
        (
            sorted(SortField::CreatedAt, SortOrder::Ascending),
            "tasks_created (user_id=? AND deleted_at=?)",
        ),
        (
            sorted(SortField::DueDate, SortOrder::Ascending),
            "tasks_due (user_id=? AND deleted_at=?)",
        ),
        (
            sorted(SortField::DueDate, SortOrder::Descending),
            "tasks_due (user_id=? AND deleted_at=?)",
        ),
        (
            TaskQuery {
                status: vec![Status::Completed],
                ..all()
            },
            "tasks_status (user_id=? AND deleted_at=? AND status=?)",
        ),
        (
            TaskQuery {
                overdue: Some(true),
                ..sorted(SortField::DueDate, SortOrder::Ascending)
            },
            "tasks_open_due (user_id=? AND deleted_at=? AND due_date<?)",
        ),
    ] {
        let plans = list(query.clone());
        assert_eq!(plans.len(), 2, "{query:?}: a page and a count");
        // The rows of the page, already in order, from the index; then the tasks, sorted once more.
        assert!(
            plans[0].contains(&format!("SEARCH tasks USING COVERING INDEX {index}")),
            "{query:?}: {plans:#?}"
        );
        assert_eq!(
            plans[0].matches("TEMP B-TREE").count(),
            1,
            "{query:?}: {plans:#?}"
        );
        assert!(
            plans[1].contains("SEARCH tasks USING COVERING INDEX"),
            "{query:?}: {plans:#?}"
        );
    }
    let filters = [
        TaskQuery {
            priority: vec![Priority::High],
            ..all()
        },
        TaskQuery {
            due_after: Some(now),
            due_before: Some(at(20_000)),
            ..all()
        },
        TaskQuery {
            completed_after: Some(at(0)),
            ..all()
        },
        TaskQuery {
            updated_after: Some(at(0)),
            ..sorted(SortField::UpdatedAt, SortOrder::Ascending)
        },
        TaskQuery {
            overdue: Some(false),
            ..all()
        },
        TaskQuery {
            has_due_date: Some(true),
            ..sorted(SortField::Title, SortOrder::Ascending)
        },
    ];
    for query in filters {
        for plan in list(query.clone()) {
            assert!(plan.starts_with("SEARCH tasks USING"), "{query:?}: {plan}");
        }
    }
    for sort in [SortField::Priority, SortField::Title, SortField::UpdatedAt] {
        for plan in list(sorted(sort, SortOrder::Descending)) {
            assert!(
                plan.contains("SEARCH tasks USING COVERING INDEX tasks_status"),
                "{sort:?}: {plan}"
            );
        }
    }

    let id: Uuid = "00000000-0000-4000-8000-000000000000".parse().unwrap();
    wait(storage.task(ME, id)).unwrap().unwrap();
    let patch = TaskPatch {
        title: Some("new".into()),
        ..TaskPatch::default()
    };
    wait(storage.update_task(ME, id, patch, None, &origin(), now))
        .unwrap()
        .unwrap();
    for plan in taken() {
        assert!(
            plan.contains("SEARCH tasks USING INDEX sqlite_autoindex_tasks_1 (id=?)"),
            "{plan}"
        );
    }
    let day = (NaiveDate::default(), at(0), at(86_400));
    wait(storage.stats(ME, &[day], now)).unwrap();
    wait(storage.tags(ME)).unwrap();
    let (hits, total) = wait(storage.search(ME, "task", 10)).unwrap();
    assert_eq!((hits.len(), total), (10, TASKS / 10 - 1));
    wait(storage.tasks(
        ME,
        &TaskQuery {
            tag: vec!["x".into()],
            q: Some("x".into()),
            ..all()
        },
        now,
    ))
    .unwrap();
    wait(storage.housekeep(now)).unwrap();
    let others = taken();
    assert!(
        others[0].starts_with("SEARCH tasks USING COVERING INDEX tasks_status"),
        "{}",
        others[0]
    );
    assert!(
        others[1].contains(
            "tasks_completed (user_id=? AND deleted_at=? AND completed_at>? AND completed_at<?)"
        ),
        "{}",
        others[1]
    );
    for plan in &others {
        for table in ["tasks", "task_tags", "refresh_tokens"] {
            assert!(
                !plan
                    .lines()
                    .any(|step| step.trim() == format!("SCAN {table}")),
                "{plan}"
            );
        }
    }

    // Entries of other people begin with their ids (`every_entry_of_the_index_names_its_owner`).
    let expressions = expressions.lock().unwrap();
    assert_eq!(expressions.len(), 3, "a page, a count and a filter");
    for expression in &*expressions {
        for word in expression
            .split(['"', ' ', '*'])
            .filter(|word| !word.is_empty())
        {
            assert!(word.starts_with(&ME.simple().to_string()), "{expression}");
        }
    }
}
