//! A fresh database for each test, and what the tests look at behind the storage's back.
#![allow(dead_code)]

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::Connection;
use sql::rusqlite::RusqliteConnection;
use storage::sqlite::SqliteStorage;
use storage::{Origin, Storage as _};
use task_model::{NewTask, NewUser, Priority, TaskPatch};
use tempfile::TempDir;
use uuid::Uuid;

/// Whose tasks a test is about.
pub const ME: Uuid = Uuid::from_u128(1);
/// Somebody else.
pub const OTHER: Uuid = Uuid::from_u128(2);

pub struct Store {
    pub folder: TempDir,
    pub storage: SqliteStorage<RusqliteConnection>,
}

impl Store {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let storage = wait(storage::rusqlite::open(folder.path())).expect("a new storage");
        let store = Self { folder, storage };
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

    /// A second instance over the same files.
    pub fn another(&self) -> SqliteStorage<RusqliteConnection> {
        wait(storage::rusqlite::open(self.folder.path())).expect("the storage opens again")
    }

    /// The tasks' database itself.
    pub fn database(&self) -> Connection {
        Connection::open(self.folder.path().join("tasks.db")).expect("the database file")
    }

    /// The outbox rows of a task, oldest first.
    pub fn events(&self, task_id: Uuid) -> Vec<Event> {
        let database = self.database();
        let mut statement = database
            .prepare("SELECT event_id, topic, key, event_type, version, time, correlation_id, traceparent, data, published_at IS NULL FROM outbox WHERE task_id = ?1 ORDER BY seq")
            .expect("the outbox");
        let rows = statement
            .query_map([task_id.to_string()], |row| {
                Ok(Event {
                    id: row.get::<_, String>(0)?.parse().expect("a UUID"),
                    topic: row.get(1)?,
                    key: row.get(2)?,
                    event_type: row.get(3)?,
                    version: row.get(4)?,
                    time: row.get(5)?,
                    correlation_id: row.get(6)?,
                    traceparent: row.get(7)?,
                    data: serde_json::from_str(&row.get::<_, String>(8)?).expect("JSON"),
                    is_unpublished: row.get(9)?,
                })
            })
            .expect("outbox rows");
        rows.collect::<Result<_, _>>().expect("outbox rows")
    }
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
