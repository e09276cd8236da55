//! What went through the event log, and what the services made of it.

use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use event_log::{DeadLetter, GroupInfo, LogReader, Record};
use events::{Event, schema};
use rusqlite::types::Value as Column;
use rusqlite::{Connection, OpenFlags};
use serde_json::Value;
use servers::Postgres;

use crate::{Answer, Client, Stack, TestApp, User};

impl TestApp {
    /// The event log, for reading beside the host.
    pub fn log_reader(&self) -> LogReader {
        LogReader::open(&self.state_dir().join("events.db")).expect("the event log opens")
    }

    /// All records of a topic, oldest first. Those of the project's topics are events by their schema.
    pub fn records(&self, topic: &str) -> Vec<Record> {
        if let Some(kafka) = &self.kafka {
            return kafka.records(topic);
        }
        let (reader, mut from, mut records) = (self.log_reader(), Vec::new(), Vec::new());
        loop {
            let page = match reader.read(topic, &mut from, 10_000) {
                Ok(page) => page,
                Err(event_log::LogError::NotFound(_)) => Vec::new(),
                Err(error) => panic!("reading {topic}: {error}"),
            };
            if page.is_empty() {
                return records;
            }
            records.extend(page);
        }
    }

    /// All events of one of the project's topics, oldest first, each checked against its schema.
    pub fn events(&self, topic: &str) -> Vec<Event> {
        let read = |record: Record| {
            let envelope: Value = serde_json::from_str(&record.envelope).expect("JSON");
            if let Err(errors) = schema::validate_json(topic, &envelope) {
                panic!("an event of {topic} breaks its schema: {errors:#?}\n{envelope:#}");
            }
            Event::from_json(topic, Some(&record.key), &envelope).expect("an event")
        };
        self.records(topic).into_iter().map(read).collect()
    }

    /// Those of a person.
    pub fn events_of(&self, person: &User, topic: &str) -> Vec<Event> {
        let mut events = self.events(topic);
        events.retain(|event| event.key == person.id);
        events
    }

    /// The dead letters of a topic, the newest first.
    pub fn dead_letters(&self, topic: &str) -> Vec<DeadLetter> {
        match &self.kafka {
            Some(kafka) => {
                let mut letters = kafka.dead_letters(topic);
                letters.reverse();
                letters
            }
            None => (self.log_reader())
                .dead_letters(Some(topic), 10_000)
                .expect("the dead letters"),
        }
    }

    /// How far each group is.
    pub fn groups(&self) -> Vec<GroupInfo> {
        if let Some(kafka) = &self.kafka {
            let triggers = triggers(&self.manifest);
            return triggers
                .iter()
                .flat_map(|(group, topic)| kafka.group(group, topic))
                .collect();
        }
        self.log_reader().groups().expect("the groups")
    }

    /// What one group has not finished of all topics.
    pub fn lag(&self, group: &str) -> u64 {
        let groups = self.groups();
        let lag = |it: &GroupInfo| it.lag + it.parked;
        groups.iter().filter(|it| it.group == group).map(lag).sum()
    }

    /// Waits until every change is published and every group has finished every event.
    pub fn settle(&self, seconds: u64) {
        // A look at Kafka asks for each partition, and takes as long as several at a file.
        let looks = if self.kafka.is_some() { 3 } else { 10 };
        // Commits to servers come a while after, and all of them share this machine.
        let seconds = match Stack::here() {
            Stack::Embedded => seconds,
            Stack::Distributed | Stack::Dapr => 3 * seconds,
        };
        let end = Instant::now() + Duration::from_secs(seconds);
        let mut quiet = 0;
        while quiet < looks {
            let unpublished = self.count(
                "tasks",
                "SELECT count(*) FROM outbox WHERE published_at IS NULL",
            );
            let mut behind = self.groups();
            behind.retain(|it| it.lag + it.parked > 0);
            // What one service publishes last may be what another consumes next.
            quiet = if unpublished == 0 && behind.is_empty() {
                quiet + 1
            } else {
                0
            };
            assert!(
                Instant::now() < end,
                "not all is consumed within {seconds} s: {unpublished} not published, {behind:?}"
            );
            sleep(Duration::from_millis(20));
        }
    }

    /// Opens a service's file beside the host, for reading.
    pub fn database(&self, label: &str) -> Connection {
        self.open(label, OpenFlags::SQLITE_OPEN_READ_ONLY)
    }

    fn open(&self, label: &str, flags: OpenFlags) -> Connection {
        let path = self.state_dir().join(label).with_extension("db");
        let database = Connection::open_with_flags(&path, flags)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        database
            .busy_timeout(Duration::from_secs(10))
            .expect("a busy timeout");
        database
    }

    /// Runs a statement in a service's database, file or schema, and answers the first column of its rows.
    pub fn query(&self, label: &str, sql: &str) -> Vec<String> {
        if let Some(url) = &self.database_url {
            let schema = label.replace('-', "_");
            let printed = Postgres::execute_at(url, &format!("SET search_path TO {schema}; {sql}"));
            return printed.lines().map(str::to_owned).collect();
        }
        let text = |column: Column| match column {
            Column::Integer(number) => number.to_string(),
            Column::Text(text) => text,
            other => panic!("{sql}: {other:?}"),
        };
        let database = self.open(label, OpenFlags::SQLITE_OPEN_READ_WRITE);
        let rows = database.prepare(sql).and_then(|mut statement| {
            let rows = statement.query_map([], |row| row.get(0).map(text))?;
            rows.collect()
        });
        rows.unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// The number that a query answers in a service's database.
    pub fn count(&self, label: &str, sql: &str) -> i64 {
        let rows = self.query(label, sql);
        let number = rows.first().and_then(|row| row.parse().ok());
        number.unwrap_or_else(|| panic!("{sql}: {rows:?}"))
    }

    /// Publishes an envelope as Dapr's clients do.
    pub fn publish(&self, topic: &str, key: &str, envelope: &Value) -> Answer {
        let client = Client::new(&format!("http://{}", self.dapr));
        let path = format!(
            "/v1.0/publish/{}/{topic}?metadata.partitionKey={key}",
            self.pubsub
        );
        let mut request = client
            .request("POST", &path)
            .header("content-type", "application/cloudevents+json")
            .body(envelope.to_string());
        if !self.dapr_token.is_empty() {
            request = request.header("dapr-api-token", &self.dapr_token);
        }
        client.send(request)
    }
}

/// The groups and topics of a manifest's Kafka triggers.
fn triggers(manifest: &Path) -> Vec<(String, String)> {
    let text = fs::read_to_string(manifest).expect("the manifest");
    let manifest: toml::Table = text.parse().expect("TOML");
    let triggers = manifest.get("trigger").and_then(|all| all.get("kafka"));
    let mut found = Vec::new();
    for trigger in triggers
        .and_then(|all| all.as_array())
        .into_iter()
        .flatten()
    {
        let group = trigger["group"].as_str().expect("a group");
        for topic in trigger["topics"].as_array().expect("topics") {
            found.push((
                group.to_owned(),
                topic.as_str().expect("a topic").to_owned(),
            ));
        }
    }
    found
}

impl User {
    /// All tasks of the person, oldest first.
    pub fn tasks(&self) -> Vec<Value> {
        let mut all = Vec::new();
        loop {
            let path = format!("/api/tasks?limit=100&sort=created_at&offset={}", all.len());
            let page = self.get(&path).expect(200);
            let tasks = page["tasks"].as_array().expect("tasks").clone();
            if tasks.is_empty() {
                return all;
            }
            all.extend(tasks);
        }
    }

    /// The person's whole audit trail, oldest first.
    pub fn audit(&self) -> Vec<Value> {
        let mut entries = self.pages("/api/audit?limit=100", "entries");
        entries.reverse();
        entries
    }

    /// The person's notifications, newest first.
    pub fn notifications(&self) -> Vec<Value> {
        self.pages("/api/notifications?limit=100", "notifications")
    }

    /// All pages of an answer that has a cursor.
    fn pages(&self, path: &str, items: &str) -> Vec<Value> {
        let (mut all, mut cursor) = (Vec::new(), String::new());
        loop {
            let answer = self.get(&format!("{path}{cursor}"));
            if answer.status == 503 {
                std::thread::sleep(Duration::from_millis(100));
                continue;
            }
            let page = answer.expect(200);
            all.extend(page[items].as_array().expect("an array").clone());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return all,
            }
        }
    }
}
