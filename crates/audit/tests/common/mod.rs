//! A fresh trail for each test, and events as the services publish them.
#![allow(dead_code)]

use std::path::{Path, PathBuf};

use audit::verify::{Chain, Options, Summary, verify};
use audit::{AUDIT, Trail};
use chrono::{DateTime, TimeDelta, Utc};
use events::{
    Event, Outcome, Payload, ReminderEvent, ReminderEventType, TaskData, TaskEvent, TaskEventType,
    UserEvent, UserEventType, schema,
};
use rusqlite::Connection;
use sql::rusqlite::RusqliteConnection;
use task_model::{Channel, Priority, RecurrenceFrom, Status, Task};
use tempfile::TempDir;
use uuid::Uuid;

/// Whose chain a test is about.
pub const ME: Uuid = Uuid::from_u128(1);
/// Somebody else.
pub const OTHER: Uuid = Uuid::from_u128(2);

pub struct Store {
    pub folder: TempDir,
    pub trail: Trail<RusqliteConnection>,
}

impl Store {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let trail = open(folder.path());
        Self { folder, trail }
    }

    pub fn file(&self) -> PathBuf {
        self.folder.path().join("audit.db")
    }

    /// The database itself.
    pub fn database(&self) -> Connection {
        Connection::open(self.file()).expect("the database file")
    }

    /// Records events that all can be.
    pub fn record(&self, events: &[Event]) {
        let outcomes = wait(self.trail.record(events, at(1000)));
        assert_eq!(outcomes, vec![Outcome::Done; events.len()]);
    }

    /// What verifying says, chain by chain.
    pub fn verify(&self) -> (Summary, Vec<Chain>) {
        verified(&self.file(), Options::default())
    }

    pub fn assert_intact(&self) -> Vec<Chain> {
        let (summary, chains) = self.verify();
        assert_eq!(summary.problems, 0, "{summary:?} {chains:#?}");
        chains
    }

    /// The ids of a person's events, in the order of their chain.
    pub fn chain(&self, user_id: Uuid) -> Vec<String> {
        let database = self.database();
        let mut statement = database
            .prepare("SELECT event_id FROM entries WHERE user_id = ?1 ORDER BY seq")
            .expect("the entries");
        let rows = statement.query_map([user_id.to_string()], |row| row.get(0));
        rows.expect("rows").collect::<Result<_, _>>().expect("ids")
    }
}

/// Another instance over the same file.
pub fn open(folder: &Path) -> Trail<RusqliteConnection> {
    let trail = Trail::new(RusqliteConnection::open(folder, AUDIT).expect("opens"));
    wait(trail.migrate()).expect("migrates");
    trail
}

pub fn verified(file: &Path, options: Options) -> (Summary, Vec<Chain>) {
    let connection = audit::verify::open(file).expect("opens");
    let mut chains = Vec::new();
    let summary = verify(&connection, options, |chain| chains.push(chain)).expect("is readable");
    (summary, chains)
}

pub fn wait<T>(future: impl Future<Output = T>) -> T {
    pollster::block_on(future)
}

/// 2026-03-02T10:00:00.250Z and so many seconds.
pub fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(1_772_445_600_250).expect("a time")
        + TimeDelta::seconds(seconds)
}

/// A task's event that says its title and version.
pub fn task_event(
    user_id: Uuid,
    task_id: Uuid,
    event_type: TaskEventType,
    version: i64,
    title: &str,
) -> Event {
    let now = at(version);
    let task = Task {
        id: task_id,
        user_id,
        title: title.into(),
        description: None,
        status: Status::Pending,
        priority: Priority::Medium,
        due_date: None,
        reminders: Vec::new(),
        tags: Vec::new(),
        recurrence_pattern: None,
        recurrence_from: RecurrenceFrom::default(),
        created_at: at(0),
        updated_at: now,
        completed_at: None,
        version,
    };
    let payload = TaskEvent {
        event_type,
        task_id,
        user_id,
        timestamp: now,
        task_data: TaskData {
            task,
            timezone: Some("Europe/Berlin".into()),
            notification_channels: vec![Channel::InApp],
        },
    };
    event(&payload)
}

/// An update of a task.
pub fn updated(user_id: Uuid, task: u128, version: i64) -> Event {
    let title = format!("task {task} at {version}");
    let task_id = Uuid::from_u128(task);
    task_event(
        user_id,
        task_id,
        TaskEventType::TaskUpdated,
        version,
        &title,
    )
}

pub fn triggered(user_id: Uuid, task: u128, seconds: i64) -> Event {
    let payload = ReminderEvent {
        event_type: ReminderEventType::ReminderTriggered,
        task_id: Uuid::from_u128(task),
        user_id,
        timestamp: at(seconds),
        title: "water the plants".into(),
        due_at: None,
        remind_at: at(seconds),
        notification_type: Channel::Push,
        late: false,
    };
    event(&payload)
}

pub fn erased(user_id: Uuid, seconds: i64) -> Event {
    let payload = UserEvent {
        event_type: UserEventType::UserErased,
        user_id,
        timestamp: at(seconds),
    };
    event(&payload)
}

fn event(payload: &impl Payload) -> Event {
    let id = Uuid::new_v4();
    let event = Event::new(id, "/todo-api", payload);
    let mut event = event.expect("an event");
    event.correlation_id = Some(format!("corr-{}", id.simple()));
    schema::validate(&event).expect("an event of its topic");
    event
}
