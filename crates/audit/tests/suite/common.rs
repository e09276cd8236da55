//! A fresh trail for each test, and events as the services publish them.

use audit::verify::{Chain, Options, Summary, verify};
use audit::{AUDIT, MIGRATIONS, Trail};
use chrono::{DateTime, TimeDelta, Utc};
use events::{
    Event, Outcome, Payload, ReminderEvent, ReminderEventType, TaskData, TaskEvent, TaskEventType,
    UserEvent, UserEventType, schema,
};
use sql::testing::{Connection, Scratch};
use sql::{Columns, Row, SqlConnection, SqlValue, params};
use task_model::{Channel, Priority, RecurrenceFrom, Status, Task};
use uuid::Uuid;

/// Whose chain a test is about.
pub const ME: Uuid = Uuid::from_u128(1);
/// Somebody else.
pub const OTHER: Uuid = Uuid::from_u128(2);

pub struct Store {
    pub scratch: Scratch,
    pub trail: Trail<Connection>,
}

impl Store {
    pub fn new() -> Self {
        let scratch = Scratch::new(crate::DIALECT);
        let trail = open(&scratch);
        Self { scratch, trail }
    }

    /// The database itself.
    pub fn database(&self) -> Connection {
        connect(&self.scratch)
    }

    /// Records events that all can be.
    pub fn record(&self, events: &[Event]) {
        let outcomes = wait(self.trail.record(events, at(1000)));
        assert_eq!(outcomes, vec![Outcome::Done; events.len()]);
    }

    /// What verifying says, chain by chain.
    pub fn verify(&self) -> (Summary, Vec<Chain>) {
        verified(&self.database(), Options::default())
    }

    pub fn assert_intact(&self) -> Vec<Chain> {
        let (summary, chains) = self.verify();
        assert_eq!(summary.problems, 0, "{summary:?} {chains:#?}");
        chains
    }

    /// The ids of a person's events, in the order of their chain.
    pub fn chain(&self, user_id: Uuid) -> Vec<String> {
        let sql = "SELECT event_id FROM entries WHERE user_id = ?1 ORDER BY seq";
        let rows = run(&self.database(), sql, params![user_id]).expect("the entries");
        rows.into_iter()
            .map(|row| Columns::from(row).text().expect("an id"))
            .collect()
    }
}

/// Another instance over the same database.
pub fn open(scratch: &Scratch) -> Trail<Connection> {
    let connection = connect(scratch);
    wait(sql::migrate(&connection, &MIGRATIONS)).expect("migrates");
    Trail::new(connection)
}

fn connect(scratch: &Scratch) -> Connection {
    wait(scratch.open(AUDIT)).expect("opens")
}

/// Executes a statement.
pub fn run(database: &Connection, sql: &str, params: Vec<SqlValue>) -> sql::Result<Vec<Row>> {
    wait(database.execute(sql, params))
}

pub fn verified(database: &Connection, options: Options) -> (Summary, Vec<Chain>) {
    let mut chains = Vec::new();
    let summary = wait(verify(database, options, |chain| chains.push(chain)));
    (summary.expect("is readable"), chains)
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
