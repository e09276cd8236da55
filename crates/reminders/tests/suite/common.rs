//! A service over a real database, peers that remember what they were asked, and tasks with their events.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::{DateTime, Utc};
use events::{
    Event, Outcome, PublishError, ReminderEvent, ReminderEventType, TaskData, TaskEvent,
    TaskEventType, UserEvent, UserEventType,
};
use reminders::{CreateError, DATABASE, MIGRATIONS, NextTask, Peers, Scan, Service, Store};
use sql::testing::{self, Scratch};
use sql::{Columns, Dialect, Result, Row, SqlConnection, SqlError, SqlValue};
use task_model::{Channel, Priority, RecurrenceFrom, Status, Task};
use uuid::Uuid;

pub fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect(text)
}

/// Counts what a process does to the outside of it, and kills it at one of these calls.
#[derive(Debug)]
pub struct Life {
    calls: AtomicUsize,
    ends_at: usize,
    /// The call that ends it has its effect nevertheless; a batch of events half of it.
    has_last_effect: bool,
    /// Each statement that was executed, with the parameters that it had first.
    pub statements: Mutex<BTreeMap<String, Vec<SqlValue>>>,
}

static ENDLESS: Life = Life::ending(usize::MAX, false);

/// Whether a call has its effect, and whether its caller learns so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    Works,
    WorksUnheard,
    Fails,
}

impl Life {
    pub const fn ending(ends_at: usize, has_last_effect: bool) -> Self {
        Self {
            calls: AtomicUsize::new(0),
            ends_at,
            has_last_effect,
            statements: Mutex::new(BTreeMap::new()),
        }
    }

    pub fn has_ended(&self) -> bool {
        self.calls.load(Ordering::Relaxed) > self.ends_at
    }

    fn note(&self, sql: &str, params: &[SqlValue]) {
        let mut statements = self.statements.lock().expect("a lock");
        if !statements.contains_key(sql) {
            statements.insert(sql.to_owned(), params.to_vec());
        }
    }

    fn call(&self) -> Call {
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        match call.cmp(&self.ends_at) {
            std::cmp::Ordering::Less => Call::Works,
            std::cmp::Ordering::Equal if self.has_last_effect => Call::WorksUnheard,
            _ => Call::Fails,
        }
    }
}

/// A connection of a process.
pub struct Connection<'a> {
    inner: testing::Connection,
    life: &'a Life,
}

impl<'a> Connection<'a> {
    fn over(inner: testing::Connection, life: &'a Life) -> Self {
        Self { inner, life }
    }
}

/// A new, empty database.
pub fn scratch() -> Scratch {
    Scratch::new(crate::DIALECT)
}

pub fn open(scratch: &Scratch) -> testing::Connection {
    pollster::block_on(scratch.open(DATABASE)).expect("opens")
}

fn dead() -> SqlError {
    SqlError::Unavailable("killed".into())
}

impl SqlConnection for Connection<'_> {
    fn dialect(&self) -> Dialect {
        self.inner.dialect()
    }

    async fn execute(&self, sql: &str, params: Vec<SqlValue>) -> Result<Vec<Row>> {
        self.life.note(sql, &params);
        match self.life.call() {
            Call::Works => self.inner.execute(sql, params).await,
            Call::WorksUnheard => {
                let _ = self.inner.execute(sql, params).await;
                Err(dead())
            }
            Call::Fails => Err(dead()),
        }
    }

    async fn reopen(&self) -> Result<Self> {
        Ok(Self::over(self.inner.reopen().await?, self.life))
    }
}

/// What is outside of the process and outlives it.
#[derive(Debug, Default)]
pub struct World {
    published: Mutex<Vec<Event>>,
    /// Only the ids and the largest batch are kept, and how many there were.
    pub keeps_ids_only: bool,
    ids: Mutex<(BTreeSet<String>, usize, usize)>,
    /// The tasks created, by their key, each with how often it was asked for.
    pub created: Mutex<BTreeMap<Uuid, (NextTask, usize)>>,
    /// What is answered next, the last one first, instead of creating.
    pub create_errors: Mutex<Vec<CreateError>>,
    /// What is answered instead of publishing.
    pub publish_error: Mutex<Option<PublishError>>,
}

impl World {
    pub fn counting() -> Self {
        Self {
            keeps_ids_only: true,
            ..Self::default()
        }
    }

    fn take(&self, events: Vec<Event>) {
        let mut ids = self.ids.lock().expect("a lock");
        let (ids, count, largest) = &mut *ids;
        *count += events.len();
        *largest = (*largest).max(events.len());
        ids.extend(events.iter().map(|event| event.id.clone()));
        if !self.keeps_ids_only {
            self.published.lock().expect("a lock").extend(events);
        }
    }

    /// How many different events were published.
    pub fn different(&self) -> usize {
        self.ids.lock().expect("a lock").0.len()
    }

    /// How many events were published.
    pub fn published(&self) -> usize {
        self.ids.lock().expect("a lock").1
    }

    pub fn largest_batch(&self) -> usize {
        self.ids.lock().expect("a lock").2
    }

    /// The payloads in the order in which they were published.
    pub fn in_order(&self) -> Vec<ReminderEvent> {
        let published = self.published.lock().expect("a lock");
        (published.iter())
            .map(|event| event.payload().expect("a payload"))
            .collect()
    }

    /// Each reminder event of a kind, by its id; every one fits its schema and has the id of what it says.
    pub fn said(&self, kind: ReminderEventType) -> BTreeMap<String, ReminderEvent> {
        let mut said = BTreeMap::new();
        for event in self.published.lock().expect("a lock").iter() {
            assert_eq!(events::schema::validate(event), Ok(()));
            let payload: ReminderEvent = event.payload().expect("a payload");
            let id = reminders::event_id(payload.event_type, payload.task_id, payload.remind_at);
            assert_eq!(event.id, id.to_string());
            if payload.event_type == kind {
                said.insert(event.id.clone(), payload);
            }
        }
        said
    }

    fn times(&self, kind: ReminderEventType) -> Vec<String> {
        let said = self.said(kind).into_values();
        let mut times: Vec<_> = said.map(|said| time(said.remind_at)).collect();
        times.sort_unstable();
        times
    }

    /// The times of the reminders that were said to be due, in order.
    pub fn triggered(&self) -> Vec<String> {
        self.times(ReminderEventType::ReminderTriggered)
    }

    /// The times of the reminders that were said to be set, in order.
    pub fn scheduled(&self) -> Vec<String> {
        self.times(ReminderEventType::ReminderScheduled)
    }

    pub fn correlation_ids(&self) -> Vec<String> {
        let published = self.published.lock().expect("a lock");
        published
            .iter()
            .filter_map(|event| event.correlation_id.clone())
            .collect()
    }

    pub fn publishing_fails(&self, error: Option<PublishError>) {
        *self.publish_error.lock().expect("a lock") = error;
    }
}

/// A process's way to the world.
pub struct Way<'a> {
    pub world: &'a World,
    pub life: &'a Life,
}

impl Peers for Way<'_> {
    async fn publish(&self, events: Vec<Event>) -> Vec<std::result::Result<(), PublishError>> {
        let lost = || Err(PublishError::Unavailable("killed".into()));
        let error = self.world.publish_error.lock().expect("a lock").clone();
        if let Some(error) = error {
            return vec![Err(error); events.len()];
        }
        let (heard, has_effect) = match self.life.call() {
            Call::Works => (events.len(), events.len()),
            Call::WorksUnheard => (0, events.len().div_ceil(2)),
            Call::Fails => (0, 0),
        };
        let count = events.len();
        self.world
            .take(events.into_iter().take(has_effect).collect());
        (0..count)
            .map(|index| if index < heard { Ok(()) } else { lost() })
            .collect()
    }

    async fn create_task(
        &self,
        user_id: Uuid,
        key: Uuid,
        task: &NextTask,
        cause: &Event,
    ) -> std::result::Result<(), CreateError> {
        assert_eq!(user_id.to_string(), cause.key);
        if let Some(error) = self.world.create_errors.lock().expect("a lock").pop() {
            return Err(error);
        }
        let call = self.life.call();
        if call != Call::Fails {
            let mut created = self.world.created.lock().expect("a lock");
            created.entry(key).or_insert_with(|| (task.clone(), 0)).1 += 1;
        }
        match call {
            Call::Works => Ok(()),
            _ => Err(CreateError::Unavailable("killed".into())),
        }
    }
}

/// A process of the service.
pub fn service<'a>(
    scratch: &Scratch,
    world: &'a World,
    life: &'a Life,
) -> Result<Service<Connection<'a>, Way<'a>>> {
    let connection = Connection::over(open(scratch), life);
    pollster::block_on(sql::migrate(&connection, &MIGRATIONS))?;
    Ok(Service::new(Store::new(connection), Way { world, life }))
}

/// A process that nobody kills.
pub fn healthy<'a>(scratch: &Scratch, world: &'a World) -> Service<Connection<'a>, Way<'a>> {
    service(scratch, world, &ENDLESS).expect("opens")
}

/// Every row of the schedule: task, time, and whether it was triggered.
pub fn schedule(scratch: &Scratch) -> Vec<(String, String, bool)> {
    let connection = open(scratch);
    let sql = "SELECT task_id, remind_at, state FROM reminders ORDER BY 1, 2";
    let rows = pollster::block_on(connection.execute(sql, vec![])).expect("reads");
    rows.into_iter()
        .map(|row| {
            let mut columns = Columns::from(row);
            let task_id = columns.text().expect("an id");
            let at = time(columns.time().expect("a time"));
            (task_id, at, columns.integer().expect("a state") == 1)
        })
        .collect()
}

pub fn count(scratch: &Scratch, table: &str) -> u64 {
    let connection = open(scratch);
    let sql = format!("SELECT count(*) FROM {table}");
    let rows = pollster::block_on(connection.execute(&sql, vec![])).expect("reads");
    Columns::first(rows)
        .expect("a row")
        .count()
        .expect("a count")
}

fn time(at: DateTime<Utc>) -> String {
    at.format("%m-%dT%H:%M").to_string()
}

pub const USER: Uuid = Uuid::from_u128(7);

/// A task of [`USER`], version 1, made at `created`, to be reminded of an hour before.
pub fn task(id: u128, created: &str, due: Option<&str>) -> TaskData {
    let created = at(created);
    TaskData {
        task: Task {
            id: Uuid::from_u128(id),
            user_id: USER,
            title: "Water the plants".into(),
            description: None,
            status: Status::Pending,
            priority: Priority::Medium,
            due_date: due.map(at),
            reminders: vec!["PT1H".parse().expect("a duration")],
            tags: vec!["home".into()],
            recurrence_pattern: None,
            recurrence_from: RecurrenceFrom::DueDate,
            created_at: created,
            updated_at: created,
            completed_at: None,
            version: 1,
        },
        timezone: Some("Europe/Berlin".into()),
        notification_channels: vec![Channel::Push],
    }
}

/// [`USER`] is gone.
pub fn erased(when: &str) -> Event {
    let payload = UserEvent {
        event_type: UserEventType::UserErased,
        user_id: USER,
        timestamp: at(when),
    };
    let id = Uuid::from_u128(1);
    Event::new(id, "/todo-api", &payload).expect("JSON")
}

/// The next version of a task, changed.
pub fn changed(before: &TaskData, when: &str, change: impl FnOnce(&mut Task)) -> TaskData {
    let mut next = before.clone();
    next.task.version += 1;
    next.task.updated_at = at(when);
    change(&mut next.task);
    next
}

pub fn completed(before: &TaskData, when: &str) -> TaskData {
    changed(before, when, |task| {
        task.status = Status::Completed;
        task.completed_at = Some(at(when));
    })
}

/// The event that says so of this version.
pub fn event(kind: TaskEventType, data: &TaskData) -> Event {
    let payload = TaskEvent {
        event_type: kind,
        task_id: data.task.id,
        user_id: data.task.user_id,
        timestamp: data.task.updated_at,
        task_data: data.clone(),
    };
    let id = Uuid::new_v5(&data.task.id, &data.task.version.to_be_bytes());
    let mut event = Event::new(id, "/todo-api", &payload).expect("JSON");
    event.correlation_id = Some("click".into());
    assert_eq!(events::schema::validate(&event), Ok(()));
    event
}

/// The events of a task's versions: created, updated, or completed.
pub fn story(versions: &[TaskData]) -> Vec<Event> {
    versions
        .iter()
        .map(|data| {
            let kind = match (data.task.version, data.task.status) {
                (1, _) => TaskEventType::TaskCreated,
                (_, Status::Completed) => TaskEventType::TaskCompleted,
                _ => TaskEventType::TaskUpdated,
            };
            event(kind, data)
        })
        .collect()
}

pub fn consume<C: SqlConnection, P: Peers>(
    service: &Service<C, P>,
    events: &[Event],
    now: &str,
) -> Vec<Outcome> {
    pollster::block_on(service.consume(events, at(now)))
}

/// Consumes what must have its effect at once.
pub fn take<C: SqlConnection, P: Peers>(service: &Service<C, P>, events: &[Event], now: &str) {
    let outcomes = consume(service, events, now);
    assert_eq!(outcomes, vec![Outcome::Done; events.len()]);
}

pub fn scan<C: SqlConnection, P: Peers>(service: &Service<C, P>, now: &str) -> Result<Scan> {
    pollster::block_on(service.scan(|| at(now)))
}
