//! A fresh history for each test, and updates for it.

use std::ops::RangeInclusive;
use std::sync::Mutex;

use chrono::{DateTime, TimeDelta, Utc};
use live::{DATABASE, History, MIGRATIONS, Missed, NewUpdate, Place, UpdateId};
use sql::testing::{Connection, Scratch};
use sql::{Columns, Dialect, Row, SqlConnection, SqlValue, params};
use uuid::Uuid;

/// Whose screens a test is about.
pub const ME: Uuid = Uuid::from_u128(1);
/// Somebody else.
pub const OTHER: Uuid = Uuid::from_u128(2);

pub struct Store {
    pub scratch: Scratch,
    pub history: History<Connection>,
}

impl Store {
    pub fn new() -> Self {
        let scratch = Scratch::new(crate::DIALECT);
        let history = open(&scratch);
        Self { scratch, history }
    }

    /// Another instance over the same database.
    pub fn reopen(&self) -> History<Connection> {
        open(&self.scratch)
    }

    /// The same over a connection that notes how each statement finds its rows, for [`steps`].
    pub fn explaining(&self) -> History<Explaining> {
        History::new(Explaining(self.database()))
    }

    /// Adds so many seconds after the tests' beginning.
    pub fn add(&self, updates: &[NewUpdate], seconds: i64) -> Vec<Option<Place>> {
        wait(self.history.add(updates, at(seconds))).expect("added")
    }

    pub fn missed(&self, user_id: Uuid, after: Option<UpdateId>) -> Missed {
        wait(self.history.missed(user_id, after)).expect("read")
    }

    pub fn database(&self) -> Connection {
        connect(&self.scratch)
    }

    /// Executes a statement.
    pub fn run(&self, sql: &str, params: Vec<SqlValue>) -> Vec<Row> {
        wait(self.database().execute(sql, params)).expect(sql)
    }

    pub fn rows(&self) -> i64 {
        self.number("SELECT count(*) FROM updates", vec![])
    }

    pub fn rows_of(&self, user_id: Uuid) -> i64 {
        let rows = "SELECT count(*) FROM updates WHERE user_id = ?1";
        let rows = self.number(rows, params![user_id]);
        let stored = "SELECT coalesce(max(stored), 0) FROM people WHERE user_id = ?1";
        let stored = self.number(stored, params![user_id]);
        assert_eq!(rows, stored, "the count that triggers keep");
        rows
    }

    /// The place before the oldest that is kept.
    pub fn first_prev(&self, user_id: Uuid) -> UpdateId {
        let sql = "SELECT prev FROM updates WHERE user_id = ?1 ORDER BY id LIMIT 1";
        UpdateId(self.number(sql, params![user_id]))
    }

    fn number(&self, sql: &str, params: Vec<SqlValue>) -> i64 {
        let mut row = Columns::first(self.run(sql, params)).expect("a row");
        row.integer().expect("a number")
    }
}

fn connect(scratch: &Scratch) -> Connection {
    wait(scratch.open(DATABASE)).expect("opens")
}

fn open(scratch: &Scratch) -> History<Connection> {
    let connection = connect(scratch);
    wait(sql::migrate(&connection, &MIGRATIONS)).expect("migrates");
    History::new(connection)
}

pub fn wait<T>(future: impl Future<Output = T>) -> T {
    pollster::block_on(future)
}

/// 2026-03-02T10:00:00Z and so many seconds.
pub fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_772_445_600, 0).expect("a time") + TimeDelta::seconds(seconds)
}

/// The event `e<n>`, of so many seconds after the tests' beginning.
pub fn update(user_id: Uuid, n: i64, seconds: i64) -> NewUpdate {
    NewUpdate {
        user_id,
        event_id: format!("e{n}"),
        at: at(seconds),
        event: format!("{{\"n\":{n},\"title\":\"secret of {user_id}\"}}"),
    }
}

pub fn updates(user_id: Uuid, range: RangeInclusive<i64>) -> Vec<NewUpdate> {
    range.map(|n| update(user_id, n, n)).collect()
}

/// The numbers of the events that were missed; fails where that is not known.
pub fn ids(missed: Missed) -> Vec<String> {
    match missed {
        Missed::Updates { updates, .. } => {
            let number = |it: &live::Update| it.event_id.trim_start_matches('e').to_owned();
            updates.iter().map(number).collect()
        }
        other => panic!("{other:?}"),
    }
}

pub struct Explaining(Connection);

static STEPS: Mutex<Vec<(String, String)>> = Mutex::new(Vec::new());

/// What all explaining connections noted: each statement with a step of its plan.
pub fn steps() -> Vec<(String, String)> {
    STEPS.lock().expect("the steps").clone()
}

impl SqlConnection for Explaining {
    fn dialect(&self) -> Dialect {
        self.0.dialect()
    }

    async fn execute(&self, sql: &str, params: Vec<SqlValue>) -> sql::Result<Vec<Row>> {
        let explain = match self.dialect() {
            Dialect::Sqlite => "EXPLAIN QUERY PLAN",
            Dialect::Postgres => "EXPLAIN",
        };
        let plan = format!("{explain} {sql}");
        for row in self.0.execute(&plan, params.clone()).await? {
            if let Some(SqlValue::Text(step)) = row.into_iter().next_back() {
                STEPS
                    .lock()
                    .expect("the steps")
                    .push((sql.to_owned(), step));
            }
        }
        self.0.execute(sql, params).await
    }

    async fn reopen(&self) -> sql::Result<Self> {
        self.0.reopen().await.map(Self)
    }
}
