//! A person's view of their chain: filters, pages, and the indexes that these take.

mod common;

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use audit::{AUDIT, Entry, Page, Trail, TrailQuery};
use chrono::{DateTime, Utc};
use common::{ME, OTHER, Store, at, erased, task_event, triggered, updated, wait};
use events::{Event, TaskEventType};
use proptest::prelude::*;
use sql::rusqlite::RusqliteConnection;
use sql::{Result, Row, SqlConnection, SqlValue};
use uuid::Uuid;

fn query(params: &[(&str, &str)]) -> TrailQuery {
    TrailQuery::from_params(params.iter().copied()).expect("a query")
}

fn page(store: &Store, params: &[(&str, &str)]) -> Page {
    wait(store.trail.page(ME, &query(params))).expect("a page")
}

#[test]
fn an_entry_says_all_that_was_recorded() {
    let store = Store::new();
    let task = Uuid::from_u128(7);
    let created = task_event(ME, task, TaskEventType::TaskCreated, 1, "zoë 🦀");
    store.record(&[created.clone(), triggered(ME, 7, 5), updated(OTHER, 7, 2)]);
    let Page {
        entries,
        next_cursor,
    } = page(&store, &[]);
    assert_eq!((entries.len(), next_cursor), (2, None));
    let (reminder, entry) = (&entries[0], &entries[1]);
    assert_eq!((entry.seq, &entry.id), (1, &created.id));
    assert_eq!(entry.topic, "task-events");
    assert_eq!(entry.event_type, "task_created");
    assert_eq!((entry.task_id, entry.version), (Some(task), Some(1)));
    assert_eq!((entry.occurred_at, entry.recorded_at), (at(1), at(1000)));
    assert_eq!(entry.correlation_id, created.correlation_id);
    assert_eq!(entry.data, created.payload::<serde_json::Value>().unwrap());
    assert_eq!(entry.previous_hash, None);
    assert_eq!((reminder.seq, reminder.version), (2, None));
    assert_eq!(reminder.previous_hash.as_ref(), Some(&entry.hash));
    assert_eq!(store.assert_intact()[0].head.hash, reminder.hash);
}

#[test]
fn an_erased_persons_entries_have_no_content() {
    let store = Store::new();
    store.record(&[updated(ME, 1, 1), erased(ME, 2), updated(ME, 1, 3)]);
    let entries = page(&store, &[]).entries;
    assert_eq!(entries.len(), 3);
    for entry in entries {
        assert!(
            entry.data.is_null() && entry.correlation_id.is_none(),
            "{entry:?}"
        );
    }
}

#[test]
fn wrong_parameters_are_all_named() {
    let wrong = |params: &[(&str, &str)]| -> Vec<String> {
        let errors = TrailQuery::from_params(params.iter().copied()).err();
        errors
            .into_iter()
            .flatten()
            .map(|error| error.field)
            .collect()
    };
    let all = [
        ("task_id", "7"),
        ("event_type", "task_eaten"),
        ("from", "yesterday"),
        ("to", "2026-03-02"),
        ("limit", "101"),
        ("cursor", "AAAA"),
    ];
    assert_eq!(wrong(&all), all.map(|(name, _)| name));
    assert_eq!(wrong(&[("task_id", &ME.simple().to_string())]), ["task_id"]);
    assert_eq!(
        wrong(&[("limit", "0"), ("cursor", "")]),
        ["limit", "cursor"]
    );
    let times = [
        ("from", "2026-03-02T10:00:00Z"),
        ("to", "2026-03-02T09:59:59Z"),
    ];
    assert_eq!(wrong(&times), ["to"]);
    for known in ["task_completed", "reminder_scheduled", "user_erased"] {
        assert_eq!(wrong(&[("event_type", known), ("other", "x")]), [""; 0]);
    }
    // A cursor is no door: whatever it says, one's own entries are what one gets.
    let store = Store::new();
    store.record(&[updated(OTHER, 1, 1)]);
    for bytes in ["f_________8AAAAAAAAAAA", "gAAAAAAAAACAAAAAAAAAAA"] {
        assert_eq!(page(&store, &[("cursor", bytes)]).entries, []);
    }
}

/// Keeps the plan of every statement.
struct Explaining {
    connection: RusqliteConnection,
    plans: Arc<Mutex<Vec<String>>>,
}

impl SqlConnection for Explaining {
    fn dialect(&self) -> sql::Dialect {
        sql::Dialect::Sqlite
    }

    async fn execute(&self, sql: &str, params: Vec<SqlValue>) -> Result<Vec<Row>> {
        let explain = format!("EXPLAIN QUERY PLAN {sql}");
        let plan = self.connection.execute(&explain, params.clone()).await?;
        let steps = plan
            .into_iter()
            .filter_map(|row| match row.into_iter().nth(3) {
                Some(SqlValue::Text(step)) => Some(step),
                _ => None,
            });
        let plan = steps.collect::<Vec<_>>().join("; ");
        self.plans.lock().unwrap().push(plan);
        self.connection.execute(sql, params).await
    }

    async fn reopen(&self) -> Result<Self> {
        Ok(Self {
            connection: self.connection.reopen().await?,
            plans: Arc::clone(&self.plans),
        })
    }
}

#[test]
fn each_filter_has_its_index_and_nothing_is_sorted() {
    let store = Store::new();
    let plans = Arc::new(Mutex::new(Vec::new()));
    let trail = Trail::new(Explaining {
        connection: RusqliteConnection::open(store.folder.path(), AUDIT).unwrap(),
        plans: Arc::clone(&plans),
    });
    let id = ME.to_string();
    let task = ("task_id", id.as_str());
    let kind = ("event_type", "task_completed");
    let from = ("from", "2026-03-02T10:00:00Z");
    let to = ("to", "2026-03-03T10:00:00Z");
    let cursor = ("cursor", "f_________8AAAAAAAAAAA");
    for (params, index) in [
        (vec![], "entries_by_time (user_id=?)"),
        (
            vec![cursor],
            "entries_by_time (user_id=? AND (occurred_at,seq)<(?,?))",
        ),
        (vec![from], "entries_by_time (user_id=? AND occurred_at>?)"),
        (
            vec![to],
            "entries_by_time (user_id=? AND (occurred_at,seq)<(?,?))",
        ),
        (vec![task], "entries_by_task (user_id=? AND task_id=?)"),
        (
            vec![task, from],
            "entries_by_task (user_id=? AND task_id=? AND occurred_at>?)",
        ),
        (
            vec![task, kind, cursor],
            "entries_by_task (user_id=? AND task_id=? AND (occurred_at,seq)<(?,?))",
        ),
        (vec![kind], "entries_by_type (user_id=? AND event_type=?)"),
        (
            vec![kind, to],
            "entries_by_type (user_id=? AND event_type=? AND (occurred_at,seq)<(?,?))",
        ),
    ] {
        wait(trail.page(ME, &query(&params))).unwrap();
        let plan = plans.lock().unwrap().pop().unwrap();
        assert!(plan.contains(index), "{params:?}: {plan}");
        assert!(!plan.contains("TEMP B-TREE"), "{params:?}: {plan}");
    }
    plans.lock().unwrap().clear();
    wait(trail.record(&[updated(ME, 1, 1)], at(0)));
    let plans = plans.lock().unwrap();
    assert_eq!(plans.len(), 3, "two questions and one insert: {plans:?}");
    assert!(
        !plans
            .iter()
            .any(|plan| plan.contains("SCAN entries") || plan.contains("SCAN heads"))
    );
}

/// An event of [`ME`]: which task, what happened, and when, out of order as it may come.
fn some_event() -> impl Strategy<Value = Event> {
    (1_u128..4, 0..3, 1_i64..20).prop_map(|(task, kind, second)| match kind {
        0 => triggered(ME, task, second),
        1 => updated(ME, task, second),
        _ => task_event(
            ME,
            Uuid::from_u128(task),
            TaskEventType::TaskCompleted,
            second,
            "done",
        ),
    })
}

fn time_of(event: &Event) -> DateTime<Utc> {
    event.time.parse().expect("a time")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn each_entry_is_on_one_page_while_others_are_recorded(
        events in prop::collection::vec(some_event(), 0..60),
        later in prop::collection::vec(some_event(), 20),
        limit in 1_usize..10,
        task in prop::option::of(1_u128..4),
        completed in any::<bool>(),
        times in prop::option::of((0_i64..10, 10_i64..20)),
    ) {
        let store = Store::new();
        store.record(&events);
        let wanted = |event: &&Event| {
            task.is_none_or(|task| event.subject == Some(Uuid::from_u128(task).to_string()))
                && (!completed || event.event_type == "task_completed")
                && times.is_none_or(|(from, to)| (at(from)..at(to)).contains(&time_of(event)))
        };
        let mut params = vec![("limit", limit.to_string())];
        if let Some(task) = task {
            params.push(("task_id", Uuid::from_u128(task).to_string()));
        }
        if completed {
            params.push(("event_type", "task_completed".into()));
        }
        if let Some((from, to)) = times {
            params.push(("from", at(from).to_rfc3339()));
            params.push(("to", at(to).to_rfc3339()));
        }

        let mut seen: Vec<Entry> = Vec::new();
        let mut later = later.into_iter();
        loop {
            let query = TrailQuery::from_params(params.clone()).expect("a query");
            let page = wait(store.trail.page(ME, &query)).expect("a page");
            prop_assert!(page.entries.len() <= limit);
            prop_assert!(page.next_cursor.is_none() || page.entries.len() == limit);
            seen.extend(page.entries);
            let Some(cursor) = page.next_cursor else { break };
            params.retain(|(name, _)| *name != "cursor");
            params.push(("cursor", cursor));
            if let Some(event) = later.next() {
                store.record(&[event]);
            }
        }
        prop_assert!(seen.is_sorted_by(|a, b| (b.occurred_at, b.seq) < (a.occurred_at, a.seq)));
        let ids: HashSet<&str> = seen.iter().map(|entry| entry.id.as_str()).collect();
        prop_assert_eq!(ids.len(), seen.len());
        for event in &events {
            prop_assert_eq!(ids.contains(event.id.as_str()), wanted(&event), "{:?}", event);
        }
    }
}
