//! Claims, crashes, two instances at once, many due at once, and what the scan costs.

mod common;

use chrono::{DateTime, TimeDelta, Utc};
use common::*;
use events::{Event, Outcome, PublishError, ReminderEventType};
use proptest::prelude::*;
use reminders::{DATABASE, Store};
use sql::rusqlite::RusqliteConnection;
use sql::{Columns, SqlConnection, params};
use tempfile::TempDir;

const CREATED: &str = "2026-05-01T12:00:00Z";
const DUE: &str = "2026-05-10T08:00:00Z";

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

fn connection(folder: &TempDir) -> RusqliteConnection {
    RusqliteConnection::open(folder.path(), DATABASE).expect("opens")
}

/// Stores `count` open tasks that remind at `remind_at`, without events.
fn store_many(folder: &TempDir, first: u32, count: u32, remind_at: DateTime<Utc>) {
    let connection = connection(folder);
    let sql = "WITH RECURSIVE n (n) AS (SELECT ?1 UNION ALL SELECT n + 1 FROM n WHERE n < ?1 + ?2 - 1)
         INSERT INTO tasks (task_id, user_id, is_open, changed_at, title, due_at, channel, history, schedule)
         SELECT printf('00000000-0000-0000-0000-%012x', n), printf('00000000-0000-0000-0001-%012x', n % 1000),
           1, 0, 'Task ' || n, NULL, 'push', '[]', json_array(?3)
         FROM n";
    pollster::block_on(connection.execute(sql, params![first, count, remind_at])).expect("stores");
}

fn claim(store: &Store<RusqliteConnection>, now: DateTime<Utc>, limit: u32) -> usize {
    let claimed = pollster::block_on(store.claim(now, limit, TimeDelta::minutes(2)));
    claimed.expect("claims").len()
}

fn open(folder: &TempDir) -> Store<RusqliteConnection> {
    pollster::block_on(Store::open(connection(folder)))
        .expect("opens")
        .0
}

#[test]
fn what_is_claimed_is_not_claimed_twice_until_its_lease_ends() {
    let folder = folder();
    let (one, other) = (open(&folder), open(&folder));
    store_many(&folder, 0, 5, at(DUE));
    let later = |seconds| at(DUE) + TimeDelta::seconds(seconds);
    assert_eq!(claim(&one, later(-1), 10), 0, "none is due");
    assert_eq!(claim(&one, later(0), 3), 3);
    assert_eq!(claim(&other, later(1), 10), 2);
    assert_eq!(claim(&one, later(2), 10), 0);
    assert_eq!(
        claim(&other, later(120), 10),
        3,
        "the first lease has ended"
    );
    let claimed = pollster::block_on(one.claim(later(121), 10, TimeDelta::minutes(2)));
    let claimed = claimed.expect("claims");
    assert_eq!(claimed.len(), 2);
    pollster::block_on(one.mark_triggered(&claimed)).expect("marks");
    assert_eq!(claim(&one, later(9_000), 10), 3);
}

#[test]
fn the_earliest_come_first_and_lateness_is_said() {
    let (folder, world) = (folder(), World::default());
    let service = healthy(&folder, &world);
    for (id, seconds) in [(1, 0), (2, 61), (3, 31), (4, 62)] {
        store_many(&folder, id, 1, at(DUE) - TimeDelta::seconds(seconds));
    }
    let scanned = scan(&service, DUE).expect("scans");
    assert_eq!((scanned.triggered, scanned.stopped), (4, None));
    let said = world.said(ReminderEventType::ReminderTriggered);
    let mut said: Vec<_> = said
        .values()
        .map(|said| (said.remind_at, said.late))
        .collect();
    said.sort_unstable();
    assert_eq!(
        said.iter().map(|(_, late)| *late).collect::<Vec<_>>(),
        [true, true, false, false]
    );
    assert_eq!(world.different(), 4);
    let order: Vec<_> = world.in_order().iter().map(|said| said.remind_at).collect();
    assert!(order.is_sorted(), "{order:?}");
}

#[test]
fn what_cannot_be_published_waits_for_the_next_tick() {
    let (folder, world) = (folder(), World::default());
    let service = healthy(&folder, &world);
    store_many(&folder, 0, 700, at(DUE));
    world.publishing_fails(Some(PublishError::Unavailable("down".into())));
    let scanned = scan(&service, DUE).expect("scans");
    assert_eq!(
        (scanned.triggered, scanned.stopped),
        (0, Some("down".into()))
    );
    world.publishing_fails(None);
    let scanned = scan(&service, "2026-05-10T08:00:30Z").expect("scans");
    assert_eq!(
        (scanned.triggered, scanned.stopped),
        (700, None),
        "no lease stands in the way"
    );
    // What nobody will ever take is not tried for ever.
    store_many(&folder, 1000, 1, at(DUE));
    world.publishing_fails(Some(PublishError::Refused("bad".into())));
    assert_eq!(scan(&service, DUE).expect("scans").triggered, 1);
    assert_eq!(scan(&service, DUE).expect("scans").triggered, 0);
}

#[test]
fn a_tick_ends_before_the_next_and_leaves_the_rest() {
    let (folder, world) = (folder(), World::default());
    let service = healthy(&folder, &world);
    store_many(&folder, 0, 2000, at(DUE));
    let minutes = std::cell::Cell::new(0);
    let slow = || {
        minutes.set(minutes.get() + 2);
        at(DUE) + TimeDelta::minutes(minutes.get())
    };
    let scanned = pollster::block_on(service.scan(slow)).expect("scans");
    assert_eq!(scanned.triggered, 1000);
    assert!(scanned.stopped.is_some());
    assert_eq!(
        scan(&service, "2026-05-10T09:00:00Z")
            .expect("scans")
            .triggered,
        1000
    );
}

#[test]
fn a_hundred_thousand_due_at_once_are_all_triggered_in_bounded_batches() {
    const MANY: u32 = 100_000;
    let (folder, world) = (folder(), World::counting());
    let service = healthy(&folder, &world);
    store_many(&folder, 0, MANY, at(DUE));
    let scanned = scan(&service, DUE).expect("scans");
    assert_eq!((scanned.triggered, scanned.stopped), (MANY as usize, None));
    assert_eq!(world.different(), MANY as usize);
    assert_eq!(world.largest_batch(), 500);
    assert_eq!(scan(&service, DUE).expect("scans").triggered, 0);
}

#[test]
fn two_instances_share_the_work() {
    const MANY: u32 = 10_000;
    let (folder, world) = (folder(), World::counting());
    let _ = healthy(&folder, &world);
    store_many(&folder, 0, MANY, at(DUE));
    let totals: Vec<usize> = std::thread::scope(|scope| {
        let run = || {
            let scanned = scan(&healthy(&folder, &world), DUE).expect("scans");
            assert_eq!(scanned.stopped, None);
            scanned.triggered
        };
        let threads: Vec<_> = (0..3).map(|_| scope.spawn(run)).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("ends"))
            .collect()
    });
    assert_eq!(totals.iter().sum::<usize>(), MANY as usize, "{totals:?}");
    assert_eq!(world.published(), MANY as usize, "none was published twice");
    assert_eq!(world.different(), MANY as usize);
}

/// No statement that the service executes reads a whole table, whatever the tables hold.
#[test]
fn every_statement_goes_by_an_index() {
    let (folder, world) = (folder(), World::default());
    let life = Life::ending(usize::MAX, false);
    let service = service(&folder, &world, &life).expect("opens");
    let created = task(1, CREATED, Some("2026-05-10T09:00:00Z"));
    let renamed = changed(&created, CREATED, |task| task.title = "Plants".into());
    let mut done = completed(&renamed, CREATED);
    done.task.recurrence_pattern = Some("daily".into());
    take(&service, &story(&[renamed, created, done]), CREATED);
    store_many(&folder, 10, 3, at(DUE));
    scan(&service, DUE).expect("scans");
    world.publishing_fails(Some(PublishError::Unavailable("down".into())));
    store_many(&folder, 20, 3, at(DUE));
    scan(&service, DUE).expect("scans");
    world.publishing_fails(None);
    take(&service, &[erased(CREATED)], CREATED);

    let statements = life.statements.lock().expect("a lock").clone();
    let statements: Vec<String> = (statements.into_iter())
        .filter(|sql| {
            ["SELECT", "INSERT INTO", "UPDATE", "DELETE"]
                .iter()
                .any(|verb| sql.starts_with(verb))
        })
        .filter(|sql| !sql.contains("sqlite_master") && !sql.contains("schema_migrations"))
        .collect();
    assert_eq!(statements.len(), 16, "{statements:#?}");
    for rows in [0, 50_000] {
        if rows > 0 {
            // Not due for years, and the statistics know.
            store_many(&folder, 1000, rows, at("2036-01-01T00:00:00Z"));
            pollster::block_on(connection(&folder).execute("ANALYZE", vec![])).expect("analyses");
        }
        for sql in &statements {
            let plan = plan(&folder, sql);
            for step in &plan {
                let reads_all = step.starts_with("SCAN")
                    && !step.contains("json_each")
                    && !step.contains("CONSTANT ROW")
                    && !step.contains("(subquery");
                assert!(!reads_all, "{rows} rows: {sql}\n{plan:#?}");
            }
        }
        let claim = statements
            .iter()
            .find(|sql| sql.contains("claimed_until <="))
            .expect("a claim");
        assert!(
            plan(&folder, claim)
                .iter()
                .any(|step| step.contains("INDEX reminders_due (state=? AND remind_at<?)")),
            "{:#?}",
            plan(&folder, claim)
        );
    }
}

fn plan(folder: &TempDir, sql: &str) -> Vec<String> {
    let rows = connection(folder);
    let parameters = (1..=10)
        .filter(|n| sql.contains(&format!("?{n}")))
        .max()
        .unwrap_or(0);
    let params = vec![sql::SqlValue::Null; parameters];
    let rows = pollster::block_on(rows.execute(&format!("EXPLAIN QUERY PLAN {sql}"), params))
        .expect("explains");
    rows.into_iter()
        .map(|row| {
            let mut columns = Columns::from(row);
            for _ in 0..3 {
                columns.integer().expect("a number");
            }
            columns.text().expect("a step")
        })
        .collect()
}

/// The events of a few tasks, one recurring, with what they must lead to.
fn lives() -> Vec<Event> {
    let first = task(1, CREATED, Some("2026-05-10T09:00:00Z"));
    let moved = changed(&first, "2026-05-02T12:00:00Z", |task| {
        task.due_date = Some(at("2026-05-10T10:00:00Z"));
        task.reminders.push("PT2H".parse().expect("a duration"));
    });
    let mut second = task(2, CREATED, Some("2026-05-10T09:00:00Z"));
    second.task.recurrence_pattern = Some("daily".into());
    let done = completed(&second, "2026-05-03T12:00:00Z");
    [story(&[first, moved]), story(&[second, done])].concat()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Killed at any points, the service says everything in the end, each thing under one id.
    #[test]
    fn kills_lose_and_double_nothing(
        kills in proptest::collection::vec((0_usize..60, any::<bool>()), 1..8),
        batch in 1_usize..5,
    ) {
        let (folder, world) = (folder(), World::default());
        let events = lives();
        let mut left = events.as_slice();
        let mut now = at("2026-05-10T09:00:10Z");
        let mut lives: Vec<Life> = kills.iter().map(|(calls, effect)| Life::ending(*calls, *effect)).collect();
        lives.push(Life::ending(usize::MAX, false));
        for life in &lives {
            // The next process starts, takes what was not answered, and ticks.
            now += TimeDelta::seconds(30);
            let Ok(service) = service(&folder, &world, life) else { continue };
            while !left.is_empty() && !life.has_ended() {
                let (next, rest) = left.split_at(batch.min(left.len()));
                let outcomes = pollster::block_on(service.consume(next, now));
                if life.has_ended() { break }
                prop_assert_eq!(outcomes, vec![Outcome::Done; next.len()]);
                left = rest;
            }
            let _ = pollster::block_on(service.scan(|| now));
        }
        // What the dead had claimed.
        now += TimeDelta::minutes(3);
        pollster::block_on(healthy(&folder, &world).scan(|| now)).expect("scans");

        // The second task may have been completed before anybody could say that its reminder is set.
        let mut scheduled = world.scheduled();
        scheduled.dedup();
        prop_assert_eq!(scheduled, ["05-10T08:00", "05-10T09:00"]);
        prop_assert_eq!(world.triggered(), ["05-10T08:00", "05-10T09:00"]);
        let created = world.created.lock().expect("a lock");
        prop_assert_eq!(created.len(), 1);
        prop_assert_eq!(schedule(&folder).len(), 2);
    }
}
