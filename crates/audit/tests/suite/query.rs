//! A person's view of their chain: filters, pages, and the indexes that these take.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use audit::{Entry, Page, Trail, TrailQuery};
use chrono::{DateTime, Utc};
use events::{Event, TaskEventType};
use proptest::prelude::*;
use sql::testing::Connection;
use sql::{Dialect, Result, Row, SqlConnection, SqlValue};
use uuid::Uuid;

use super::common::{ME, OTHER, Store, at, erased, run, task_event, triggered, updated, wait};

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
    connection: Connection,
    plans: Arc<Mutex<Vec<String>>>,
}

impl SqlConnection for Explaining {
    fn dialect(&self) -> Dialect {
        self.connection.dialect()
    }

    async fn execute(&self, sql: &str, params: Vec<SqlValue>) -> Result<Vec<Row>> {
        let explain = match self.dialect() {
            Dialect::Sqlite => "EXPLAIN QUERY PLAN",
            Dialect::Postgres => "EXPLAIN",
        };
        let explain = format!("{explain} {sql}");
        let plan = self.connection.execute(&explain, params.clone()).await?;
        let steps = plan
            .into_iter()
            .filter_map(|row| match row.into_iter().next_back() {
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

/// A hundred entries of each of fifty people, ten of a task, and one of every ten a reminder's.
fn fill(store: &Store) {
    let people: Vec<Uuid> = (1..=50).map(Uuid::from_u128).collect();
    for person in people {
        let event = |n: i64| match n % 10 {
            0 => triggered(person, 1, n),
            task => updated(person, task as u128, n),
        };
        store.record(&(0..100).map(event).collect::<Vec<_>>());
    }
    run(&store.database(), "ANALYZE", vec![]).unwrap();
}

#[test]
fn each_filter_has_its_index_and_nothing_is_sorted() {
    let store = Store::new();
    if crate::DIALECT == Dialect::Postgres {
        // It reads a small table whole, as it should.
        fill(&store);
    }
    let plans = Arc::new(Mutex::new(Vec::new()));
    let trail = Trail::new(Explaining {
        connection: store.database(),
        plans: Arc::clone(&plans),
    });
    let id = ME.to_string();
    let task = ("task_id", id.as_str());
    let kind = ("event_type", "reminder_triggered");
    let from = ("from", "2026-03-02T10:00:00Z");
    let to = ("to", "2026-03-03T10:00:00Z");
    let cursor = ("cursor", "f_________8AAAAAAAAAAA");
    for (params, index, terms) in [
        (vec![], "entries_by_time", "(user_id=?)"),
        (
            vec![cursor],
            "entries_by_time",
            "(user_id=? AND (occurred_at,seq)<(?,?))",
        ),
        (
            vec![from],
            "entries_by_time",
            "(user_id=? AND occurred_at>?)",
        ),
        (
            vec![to],
            "entries_by_time",
            "(user_id=? AND (occurred_at,seq)<(?,?))",
        ),
        (vec![task], "entries_by_task", "(user_id=? AND task_id=?)"),
        (
            vec![task, from],
            "entries_by_task",
            "(user_id=? AND task_id=? AND occurred_at>?)",
        ),
        (
            vec![task, kind, cursor],
            "entries_by_task",
            "(user_id=? AND task_id=? AND (occurred_at,seq)<(?,?))",
        ),
        (
            vec![kind],
            "entries_by_type",
            "(user_id=? AND event_type=?)",
        ),
        (
            vec![kind, to],
            "entries_by_type",
            "(user_id=? AND event_type=? AND (occurred_at,seq)<(?,?))",
        ),
    ] {
        wait(trail.page(ME, &query(&params))).unwrap();
        let plan = plans.lock().unwrap().pop().unwrap();
        match crate::DIALECT {
            Dialect::Sqlite => {
                assert!(
                    plan.contains(&format!("{index} {terms}")),
                    "{params:?}: {plan}"
                );
                assert!(!plan.contains("TEMP B-TREE"), "{params:?}: {plan}");
            }
            Dialect::Postgres => {
                // Of two filters it takes the one that leaves fewer entries.
                let may_choose = params.contains(&task) && params.contains(&kind);
                let fits = plan.contains(index) || may_choose && plan.contains("entries_by_type");
                assert!(fits, "{params:?}: {plan}");
                assert!(!plan.contains("Seq Scan"), "{params:?}: {plan}");
            }
        }
    }
    plans.lock().unwrap().clear();
    let again = updated(ME, 1, 1);
    wait(trail.record(std::slice::from_ref(&again), at(0)));
    assert_eq!(plans.lock().unwrap().len(), 2, "a question and an insert");
    wait(trail.record(&[again], at(0)));
    let plans = plans.lock().unwrap();
    assert_eq!(
        plans.len(),
        6,
        "the same, refused, and two questions: {plans:?}"
    );
    for reads_all in ["SCAN entries", "SCAN heads", "Seq Scan on entries"] {
        assert!(
            !plans.iter().any(|plan| plan.contains(reads_all)),
            "{plans:?}"
        );
    }
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
