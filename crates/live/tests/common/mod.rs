//! A fresh history for each test, and updates for it.
#![allow(dead_code)]

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::Mutex;

use chrono::{DateTime, TimeDelta, Utc};
use live::{DATABASE, History, Missed, NewUpdate, Place, UpdateId};
use rusqlite::Connection;
use sql::rusqlite::RusqliteConnection;
use sql::{Row, SqlConnection, SqlValue};
use tempfile::TempDir;
use uuid::Uuid;

/// Whose screens a test is about.
pub const ME: Uuid = Uuid::from_u128(1);
/// Somebody else.
pub const OTHER: Uuid = Uuid::from_u128(2);

pub struct Store {
    pub folder: TempDir,
    pub history: History<RusqliteConnection>,
}

impl Store {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let history = open(&folder);
        Self { folder, history }
    }

    /// Another instance over the same file.
    pub fn reopen(&self) -> History<RusqliteConnection> {
        open(&self.folder)
    }

    /// The same over a connection that notes how each statement finds its rows, for [`steps`].
    pub fn explaining(&self) -> History<Explaining> {
        History::new(Explaining(
            RusqliteConnection::open(self.folder.path(), DATABASE).expect("opens"),
        ))
    }

    /// Adds so many seconds after the tests' beginning.
    pub fn add(&self, updates: &[NewUpdate], seconds: i64) -> Vec<Option<Place>> {
        wait(self.history.add(updates, at(seconds))).expect("added")
    }

    pub fn missed(&self, user_id: Uuid, after: Option<UpdateId>) -> Missed {
        wait(self.history.missed(user_id, after)).expect("read")
    }

    pub fn database(&self) -> Connection {
        Connection::open(self.file()).expect("the database file")
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("live.db")
    }

    pub fn rows(&self) -> i64 {
        self.number("SELECT count(*) FROM updates", [])
    }

    pub fn rows_of(&self, user_id: Uuid) -> i64 {
        let rows = self.number(
            "SELECT count(*) FROM updates WHERE user_id = ?1",
            [user_id.to_string()],
        );
        let stored = self.number(
            "SELECT coalesce(sum(stored), 0) FROM people WHERE user_id = ?1",
            [user_id.to_string()],
        );
        assert_eq!(rows, stored, "the count that triggers keep");
        rows
    }

    /// The place before the oldest that is kept.
    pub fn first_prev(&self, user_id: Uuid) -> UpdateId {
        UpdateId(self.number(
            "SELECT prev FROM updates WHERE user_id = ?1 ORDER BY id LIMIT 1",
            [user_id.to_string()],
        ))
    }

    fn number(&self, sql: &str, params: impl rusqlite::Params) -> i64 {
        self.database()
            .query_row(sql, params, |row| row.get(0))
            .expect("a number")
    }

    /// Whether a text stands anywhere in the database's files.
    pub fn file_contains(&self, text: &str) -> bool {
        ["live.db", "live.db-wal"].iter().any(|name| {
            let bytes = std::fs::read(self.folder.path().join(name)).unwrap_or_default();
            bytes
                .windows(text.len())
                .any(|window| window == text.as_bytes())
        })
    }
}

fn open(folder: &TempDir) -> History<RusqliteConnection> {
    let history = History::new(RusqliteConnection::open(folder.path(), DATABASE).expect("opens"));
    wait(history.migrate()).expect("migrates");
    history
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

pub struct Explaining(RusqliteConnection);

static STEPS: Mutex<Vec<(String, String)>> = Mutex::new(Vec::new());

/// What all explaining connections noted: each statement with a step of its plan.
pub fn steps() -> Vec<(String, String)> {
    STEPS.lock().expect("the steps").clone()
}

impl SqlConnection for Explaining {
    fn dialect(&self) -> sql::Dialect {
        sql::Dialect::Sqlite
    }

    async fn execute(&self, sql: &str, params: Vec<SqlValue>) -> sql::Result<Vec<Row>> {
        let plan = format!("EXPLAIN QUERY PLAN {sql}");
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
