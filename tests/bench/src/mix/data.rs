//! What is stored before the mix begins: the same people and tasks for each service, in its own tables.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use pollster::block_on;
use rusqlite::{Connection, params};
use serde_json::json;
use servers::Postgres;
use sql::postgres::PostgresConnection;
use storage::{SqlStorage, Storage as _, TASKS as DATABASE, postgres_words};
use task_model::NotificationPreferences;
use uuid::{Builder, Uuid};

use crate::random::Random;

/// How many people there are.
pub const PEOPLE: usize = 1_000;
/// How many tasks, of which each person has as many.
pub const TASKS: usize = 100_000;

/// Of ten tasks of a person that follow each other, those that are open.
pub const OPEN: [usize; 7] = [0, 1, 2, 3, 4, 5, 6];

const REMINDERS: &str = r#"["PT1H"]"#;
const PRIORITIES: usize = 4;
const TAGS: [&str; 8] = [
    "home", "work", "garden", "family", "money", "health", "travel", "school",
];
const VERBS: [&str; 16] = [
    "water", "call", "clean", "order", "write", "check", "repair", "paint", "visit", "pay", "read",
    "sort", "prepare", "cancel", "renew", "plan",
];
const THINGS: [&str; 40] = [
    "garden",
    "dentist",
    "kitchen",
    "tickets",
    "report",
    "boiler",
    "bicycle",
    "fence",
    "library",
    "rent",
    "novel",
    "photos",
    "dinner",
    "subscription",
    "passport",
    "holiday",
    "insurance",
    "windows",
    "invoice",
    "presentation",
    "battery",
    "curtains",
    "laundry",
    "doctor",
    "garage",
    "letter",
    "budget",
    "printer",
    "roof",
    "piano",
    "museum",
    "birthday",
    "contract",
    "carpet",
    "heating",
    "router",
    "shelves",
    "vaccination",
    "taxes",
    "wardrobe",
];
const WHENS: [&str; 12] = [
    "before breakfast",
    "after work",
    "this week",
    "with anna",
    "with the neighbours",
    "for the office",
    "at the weekend",
    "on the way",
    "in the evening",
    "as agreed",
    "once more",
    "without delay",
];

/// The tasks, by the moment at which the benchmark began.
pub struct Data {
    now: DateTime<Utc>,
}

/// A stored task.
struct Row {
    id: Uuid,
    person: Uuid,
    title: String,
    description: Option<String>,
    status: &'static str,
    priority: usize,
    due: Option<DateTime<Utc>>,
    tags: Vec<&'static str>,
    created: DateTime<Utc>,
    completed: Option<DateTime<Utc>>,
}

impl Data {
    /// As of now.
    pub fn new() -> Self {
        Self {
            now: Utc::now().trunc_subsecs(0),
        }
    }

    /// The id of a person.
    pub fn person(person: usize) -> Uuid {
        let mut random = Random::new(1_000_000_007 + person as u64);
        Builder::from_random_bytes(random.bytes()).into_uuid()
    }

    /// The sign-in of a person.
    pub fn family(person: usize) -> Uuid {
        let mut random = Random::new(2_000_000_011 + person as u64);
        Builder::from_random_bytes(random.bytes()).into_uuid()
    }

    /// The id of one of a person's tasks.
    pub fn task(&self, person: usize, number: usize) -> Uuid {
        self.row(number * PEOPLE + person).id
    }

    /// A title of words that the stored ones have too.
    pub fn title(random: &mut Random) -> String {
        let (verb, thing) = (random.one_of(&VERBS), random.one_of(&THINGS));
        format!("{verb} the {thing} {}", random.one_of(&WHENS))
    }

    /// What somebody looks for: a word, the beginning of one, or two.
    pub fn search(random: &mut Random) -> String {
        let thing = random.one_of(&THINGS);
        match random.below(3) {
            0 => thing.to_owned(),
            1 => thing[..4].to_owned(),
            _ => format!("{}+{thing}", random.one_of(&VERBS)),
        }
    }

    /// A tag.
    pub fn tag(random: &mut Random) -> &'static str {
        random.one_of(&TAGS)
    }

    /// Tasks of one person are `PEOPLE` apart, and later ones are younger.
    fn row(&self, index: usize) -> Row {
        let mut random = Random::new(index as u64);
        let number = index / PEOPLE;
        let created = self.now - TimeDelta::seconds((TASKS - index) as i64 * 20);
        // Not so near that time makes one overdue while the services are measured.
        let days = match random.below(80) as i64 {
            before @ 0..30 => -2 - before,
            after => after - 28,
        };
        let due =
            self.now + TimeDelta::days(days) + TimeDelta::seconds(random.below(80_000) as i64);
        let status = match number % 10 {
            0..=5 => "pending",
            6 => "in_progress",
            7 | 8 => "completed",
            _ => "cancelled",
        };
        let description = (0..12).map(|n| match n % 2 {
            0 => random.one_of(&VERBS),
            _ => random.one_of(&THINGS),
        });
        let description = description.collect::<Vec<_>>().join(" ");
        let first = random.below(TAGS.len());
        let tags = [TAGS[first], TAGS[(first + 1) % TAGS.len()]];
        Row {
            id: Builder::from_unix_timestamp_millis(
                created.timestamp_millis().unsigned_abs(),
                &random.bytes(),
            )
            .into_uuid(),
            person: Self::person(index % PEOPLE),
            title: Self::title(&mut random),
            description: number.is_multiple_of(2).then_some(description),
            status,
            priority: random.below(PRIORITIES),
            due: (number % 4 != 3).then_some(due),
            tags: tags[..random.below(3)].to_vec(),
            created,
            completed: (status == "completed").then(|| created + TimeDelta::hours(1)),
        }
    }

    fn rows(&self) -> impl Iterator<Item = Row> {
        (0..TASKS).map(move |index| self.row(index))
    }

    /// Into the file of our Todo API in this folder.
    pub fn fill_sqlite(&self, folder: &Path) {
        drop(block_on(storage::rusqlite::open(folder)).expect("the schema"));
        let file = folder.join(DATABASE.label).with_extension("db");
        let mut database = Connection::open(file).expect("the database");
        database
            .execute_batch("PRAGMA synchronous = OFF; PRAGMA cache_size = -200000")
            .expect("settings");
        let transaction = database.transaction().expect("a transaction");
        let now = self.now.timestamp_millis();
        for person in 0..PEOPLE {
            let id = Self::person(person).to_string();
            transaction
                .execute(
                    "INSERT INTO users (id, email, username, password_hash, role, timezone, notification_preferences,
                       created_at, updated_at) VALUES (?1, ?2, ?3, '', 'user', 'UTC', ?4, ?5, ?5)",
                    params![id, email(person), username(person), preferences(), now],
                )
                .expect("a person");
            transaction
                .execute(
                    "INSERT INTO refresh_tokens (token_hash, family_id, user_id, created_at, expires_at)
                     VALUES (?1, ?2, ?3, ?4, ?5)",
                    params![token_hash(person), Self::family(person).to_string(), id, now, now + WEEK],
                )
                .expect("a sign-in");
        }
        let mut insert = transaction
            .prepare(
                "INSERT INTO tasks (id, user_id, title, title_key, description, status, priority, due_date, reminders,
                   tags, created_at, updated_at, completed_at, version, title_words, description_words, tag_words)
                 VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10, ?11, 1, ?12, ?13, ?14)",
            )
            .expect("a statement");
        for row in self.rows() {
            insert
                .execute(params![
                    row.id.to_string(),
                    row.person.to_string(),
                    row.title,
                    row.description,
                    row.status,
                    row.priority as i64,
                    row.due.map(|at| at.timestamp_millis()),
                    REMINDERS,
                    json!(row.tags).to_string(),
                    row.created.timestamp_millis(),
                    row.completed.map(|at| at.timestamp_millis()),
                    words(&row.title),
                    words(row.description.as_deref().unwrap_or_default()),
                    words(&row.tags.join(" ")),
                ])
                .expect("a task");
        }
        drop(insert);
        // They were published long ago.
        transaction
            .execute("DELETE FROM outbox", [])
            .expect("no events");
        transaction.commit().expect("all is stored");
    }

    /// Into the schema of our Todo API in this database.
    pub fn fill_postgres(&self, server: &Postgres, url: &str) {
        let connection = block_on(PostgresConnection::open(url, DATABASE)).expect("a connection");
        block_on(SqlStorage::new(connection).migrate()).expect("the schema");
        let (mut people, mut sign_ins, mut tasks) = (String::new(), String::new(), String::new());
        let now = self.now.timestamp_millis();
        for person in 0..PEOPLE {
            let id = Self::person(person);
            let (email, username) = (email(person), username(person));
            line(
                &mut people,
                format_args!(
                    "{id}\t{email}\t{username}\t\tuser\tUTC\t{}\t{now}\t{now}",
                    preferences()
                ),
            );
            let (hash, family) = (token_hash(person), Self::family(person));
            let until = now + WEEK;
            line(
                &mut sign_ins,
                format_args!("{hash}\t{family}\t{id}\t{now}\t{until}"),
            );
        }
        for row in self.rows() {
            let (id, person) = (row.id, row.person.to_string());
            let tags = json!(row.tags).to_string();
            let words = |column: &str| {
                postgres_words(
                    column,
                    &person,
                    &row.title,
                    row.description.as_deref(),
                    &tags,
                )
                .expect("words")
            };
            let millis = |at: Option<DateTime<Utc>>| or_null(at.map(|at| at.timestamp_millis()));
            let created = row.created.timestamp_millis();
            line(
                &mut tasks,
                format_args!(
                    "{id}\t{person}\t{title}\t{title}\t{}\t{}\t{}\t{}\t{REMINDERS}\t{tags}\t{created}\t{created}\t{}\t1\t{}\t{}\t{}",
                    or_null(row.description.as_deref()),
                    row.status,
                    row.priority,
                    millis(row.due),
                    millis(row.completed),
                    words("title_words"),
                    words("description_words"),
                    words("tag_words"),
                    title = row.title,
                ),
            );
        }
        let database = name(url);
        copy(
            server,
            database,
            "tasks.users (id, email, username, password_hash, role, timezone, notification_preferences, created_at, updated_at)",
            &people,
        );
        copy(
            server,
            database,
            "tasks.refresh_tokens (token_hash, family_id, user_id, created_at, expires_at)",
            &sign_ins,
        );
        // They were published long ago.
        server.execute(database, "ALTER TABLE tasks.tasks DISABLE TRIGGER USER");
        copy(
            server,
            database,
            "tasks.tasks (id, user_id, title, title_key, description, status, priority, due_date, reminders, tags, \
             created_at, updated_at, completed_at, version, title_words, description_words, tag_words)",
            &tasks,
        );
        server.execute(database, "ALTER TABLE tasks.tasks ENABLE TRIGGER USER");
        server.execute(database, "VACUUM ANALYZE");
    }

    /// Into the tables of the service beside ours, which it has made in this database.
    pub fn fill_peer(&self, server: &Postgres, url: &str) {
        let (mut people, mut tasks) = (String::new(), String::new());
        for person in 0..PEOPLE {
            line(&mut people, format_args!("{}", Self::person(person)));
        }
        for row in self.rows() {
            let time = |at: Option<DateTime<Utc>>| or_null(at.map(|at| at.to_rfc3339()));
            let created = row.created.to_rfc3339();
            line(
                &mut tasks,
                format_args!(
                    "{}\t{}\t{}\t{}\t{}\t{}\t{}\t{{PT1H}}\t{{{}}}\t{created}\t{created}\t{}",
                    row.id,
                    row.person,
                    row.title,
                    or_null(row.description.as_deref()),
                    row.status,
                    row.priority,
                    time(row.due),
                    row.tags.join(","),
                    time(row.completed),
                ),
            );
        }
        let database = name(url);
        copy(server, database, "users (id)", &people);
        copy(
            server,
            database,
            "tasks (id, user_id, title, description, status, priority, due_date, reminders, tags, created_at, \
             updated_at, completed_at)",
            &tasks,
        );
        server.execute(database, "VACUUM ANALYZE");
    }
}

/// Milliseconds of a week.
const WEEK: i64 = 7 * 24 * 60 * 60 * 1_000;

fn email(person: usize) -> String {
    format!("person{person}@example.com")
}

fn username(person: usize) -> String {
    format!("person{person}")
}

fn token_hash(person: usize) -> String {
    format!("{person:064x}")
}

fn preferences() -> String {
    json!(NotificationPreferences::default()).to_string()
}

/// The column of words of a text that is lower-case letters and spaces, as the storage makes it on SQLite.
fn words(text: &str) -> String {
    text.split_whitespace()
        .map(|word| format!(" {word}"))
        .collect()
}

/// The name of the database at this address.
fn name(url: &str) -> &str {
    url.rsplit('/').next().unwrap_or_default()
}

fn or_null(value: Option<impl ToString>) -> String {
    value.map_or_else(|| "\\N".to_owned(), |value| value.to_string())
}

fn line(text: &mut String, columns: std::fmt::Arguments<'_>) {
    writeln!(text, "{columns}").expect("memory takes it");
}

/// `COPY` of lines whose columns are parted by tabs.
fn copy(server: &Postgres, database: &str, table: &str, lines: &str) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("lines");
    fs::write(&file, lines).expect("a file");
    let command = format!("\\copy {table} FROM '{}'", file.display());
    server.execute(database, &command);
}
