//! A fresh database for each test, and what the tests look at behind the storage's back.
#![allow(dead_code)]

use chrono::{DateTime, TimeDelta, Utc};
use proptest::test_runner::Config;
use sql::testing::{Connection, Scratch};
use sql::{Columns, Dialect, Row, SqlConnection, SqlValue, params};
use storage::{OUTBOX, Origin, Outbox, SqlStorage, Storage as _, TASKS};
use task_model::{NewTask, NewUser, Priority, TaskPatch};
use uuid::Uuid;

use crate::DIALECT;

/// Whose tasks a test is about.
pub const ME: Uuid = Uuid::from_u128(1);
/// Somebody else.
pub const OTHER: Uuid = Uuid::from_u128(2);

/// A storage of the test's own.
pub struct Store {
    pub scratch: Scratch,
    pub storage: SqlStorage<Connection>,
}

impl Store {
    pub fn new() -> Self {
        let scratch = Scratch::new(DIALECT);
        let storage = open(&scratch);
        wait(storage.migrate()).expect("migrates");
        let store = Self { scratch, storage };
        for id in [ME, OTHER] {
            store.add_person(id);
        }
        store
    }

    /// Makes an account with the address `<id>@example.com`.
    pub fn add_person(&self, id: Uuid) {
        wait(self.storage.create_user(person(id), at(0))).expect("an account");
    }

    /// Creates a task of [`ME`].
    pub fn add(&self, task: NewTask, seconds: i64) -> Uuid {
        wait(self.storage.create_task(ME, task, &origin(), at(seconds)))
            .expect("created")
            .id
    }

    /// Changes a task of [`ME`].
    pub fn set(&self, id: Uuid, patch: TaskPatch, seconds: i64) {
        wait(
            self.storage
                .update_task(ME, id, patch, None, &origin(), at(seconds)),
        )
        .expect("updated");
    }

    /// A second instance over the same database.
    pub fn another(&self) -> SqlStorage<Connection> {
        let storage = open(&self.scratch);
        wait(storage.migrate()).expect("there is nothing to migrate");
        storage
    }

    /// The tasks' database itself.
    pub fn database(&self) -> Connection {
        wait(self.scratch.open(TASKS)).expect("a connection")
    }

    /// The rows of a statement on it.
    pub fn query(&self, sql: &str, params: Vec<SqlValue>) -> Vec<Row> {
        wait(self.database().execute(sql, params)).expect("an answer")
    }

    /// A publisher of the outbox.
    pub fn outbox(&self) -> Outbox<Connection> {
        Outbox::new(wait(self.scratch.open(OUTBOX)).expect("a connection"))
    }

    /// Fails if SQLite's index does not agree with the tasks; PostgreSQL keeps its index itself.
    pub fn check_index(&self) {
        if DIALECT == Dialect::Sqlite {
            let check = "INSERT INTO task_search (task_search, rank) VALUES ('integrity-check', 1)";
            self.query(check, vec![]);
        }
    }

    /// The outbox rows of a task, oldest first.
    pub fn events(&self, task_id: Uuid) -> Vec<Event> {
        let rows = self.query(
            "SELECT event_id, topic, key, event_type, version, time, correlation_id, traceparent, data,
               CASE WHEN published_at IS NULL THEN 1 ELSE 0 END
             FROM outbox WHERE task_id = ?1 ORDER BY seq",
            params![task_id],
        );
        let read = |row| {
            let mut row = Columns::from(row);
            Ok(Event {
                id: row.id()?,
                topic: row.text()?,
                key: row.text()?,
                event_type: row.text()?,
                version: row.integer()?,
                time: row.integer()?,
                correlation_id: row.optional_text()?,
                traceparent: row.optional_text()?,
                data: row.json()?,
                is_unpublished: row.integer()? == 1,
            })
        };
        let events: sql::Result<_> = rows.into_iter().map(read).collect();
        events.expect("outbox rows")
    }
}

/// The storage in this place, not migrated.
pub fn open(scratch: &Scratch) -> SqlStorage<Connection> {
    SqlStorage::new(wait(scratch.open(TASKS)).expect("a connection"))
}

/// So many cases of a property; fewer where each costs a database of a server.
pub fn cases(number: u32) -> Config {
    Config::with_cases(match DIALECT {
        Dialect::Sqlite => number,
        Dialect::Postgres => number.div_ceil(4),
    })
}

#[derive(Debug)]
pub struct Event {
    pub id: Uuid,
    pub topic: String,
    pub key: String,
    pub event_type: String,
    pub version: i64,
    pub time: i64,
    pub correlation_id: Option<String>,
    pub traceparent: Option<String>,
    pub data: serde_json::Value,
    pub is_unpublished: bool,
}

pub fn person(id: Uuid) -> NewUser {
    NewUser {
        id,
        username: "Someone".into(),
        email: format!("{id}@example.com"),
        password_hash: "$argon2id$x".into(),
        timezone: "Europe/Berlin".into(),
    }
}

pub fn wait<T>(future: impl Future<Output = T>) -> T {
    pollster::block_on(future)
}

/// 2026-03-02T10:00:00.250Z and so many seconds.
pub fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(1_772_445_600_250).expect("a time")
        + TimeDelta::seconds(seconds)
}

/// The same, to the second, as due dates are.
pub fn due(seconds: i64) -> DateTime<Utc> {
    at(seconds) - TimeDelta::milliseconds(250)
}

pub fn origin() -> Origin {
    Origin {
        correlation_id: Some("corr-1".into()),
        traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".into()),
    }
}

pub fn titled(title: &str) -> NewTask {
    NewTask {
        id: Uuid::now_v7(),
        title: title.into(),
        description: None,
        priority: Priority::Medium,
        due_date: None,
        reminders: Vec::new(),
        tags: Vec::new(),
        recurrence_pattern: None,
        recurrence_from: Default::default(),
    }
}

pub fn tagged(title: &str, tags: &[&str]) -> NewTask {
    NewTask {
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        ..titled(title)
    }
}
