//! Claims, crashes, two instances at once, many due at once, and what the scan costs.

use chrono::{DateTime, TimeDelta, Utc};
use events::{Event, Outcome, PublishError, ReminderEventType};
use proptest::prelude::*;
use reminders::{MIGRATIONS, Store};
use sql::testing::{Connection, Scratch};
use sql::{Dialect, SqlConnection, SqlValue, params};

use super::common::*;

const CREATED: &str = "2026-05-01T12:00:00Z";
const DUE: &str = "2026-05-10T08:00:00Z";

/// Stores `count` open tasks that remind at `remind_at`, without events.
fn store_many(scratch: &Scratch, first: u32, count: u32, remind_at: DateTime<Utc>) {
    let numbers = match crate::DIALECT {
        Dialect::Sqlite => {
            "WITH RECURSIVE numbers (n) AS (
               SELECT ?1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?1 + ?2 - 1),
             ids (n, task_id, person) AS (
               SELECT n, printf('%012x', n), printf('%012x', n % 1000) FROM numbers)"
        }
        Dialect::Postgres => {
            "WITH ids (n, task_id, person) AS (
               SELECT n, lpad(to_hex(n), 12, '0'), lpad(to_hex(n % 1000), 12, '0')
               FROM generate_series(CAST(?1 AS BIGINT), ?1 + ?2 - 1) AS n)"
        }
    };
    let sql = format!(
        "{numbers}
         INSERT INTO tasks (task_id, user_id, is_open, changed_at, title, due_at, channel, history, schedule)
         SELECT '00000000-0000-0000-0000-' || task_id, '00000000-0000-0000-0001-' || person,
           1, 0, 'Task ' || n, NULL, 'push', '[]', ?3
         FROM ids"
    );
    let schedule = format!("[{}]", remind_at.timestamp_millis());
    let params = params![first, count, schedule];
    pollster::block_on(open(scratch).execute(&sql, params)).expect("stores");
}

fn claim(store: &Store<Connection>, now: DateTime<Utc>, limit: u32) -> usize {
    let claimed = pollster::block_on(store.claim(now, limit, TimeDelta::minutes(2)));
    claimed.expect("claims").len()
}

fn store(scratch: &Scratch) -> Store<Connection> {
    let connection = open(scratch);
    pollster::block_on(sql::migrate(&connection, &MIGRATIONS)).expect("migrates");
    Store::new(connection)
}

#[test]
fn what_is_claimed_is_not_claimed_twice_until_its_lease_ends() {
    let scratch = scratch();
    let (one, other) = (store(&scratch), store(&scratch));
    store_many(&scratch, 0, 5, at(DUE));
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
    let (scratch, world) = (scratch(), World::default());
    let service = healthy(&scratch, &world);
    for (id, seconds) in [(1, 0), (2, 61), (3, 31), (4, 62)] {
        store_many(&scratch, id, 1, at(DUE) - TimeDelta::seconds(seconds));
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
    let (scratch, world) = (scratch(), World::default());
    let service = healthy(&scratch, &world);
    store_many(&scratch, 0, 700, at(DUE));
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
    store_many(&scratch, 1000, 1, at(DUE));
    world.publishing_fails(Some(PublishError::Refused("bad".into())));
    assert_eq!(scan(&service, DUE).expect("scans").triggered, 1);
    assert_eq!(scan(&service, DUE).expect("scans").triggered, 0);
}

#[test]
fn a_tick_ends_before_the_next_and_leaves_the_rest() {
    let (scratch, world) = (scratch(), World::default());
    let service = healthy(&scratch, &world);
    store_many(&scratch, 0, 2000, at(DUE));
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
fn many_due_at_once_are_all_triggered_in_bounded_batches() {
    let many = match crate::DIALECT {
        Dialect::Sqlite => 100_000,
        // Each statement is a round trip.
        Dialect::Postgres => 20_000,
    };
    let (scratch, world) = (scratch(), World::counting());
    let service = healthy(&scratch, &world);
    store_many(&scratch, 0, many, at(DUE));
    let scanned = scan(&service, DUE).expect("scans");
    assert_eq!((scanned.triggered, scanned.stopped), (many as usize, None));
    assert_eq!(world.different(), many as usize);
    assert_eq!(world.largest_batch(), 500);
    assert_eq!(scan(&service, DUE).expect("scans").triggered, 0);
}

#[test]
fn two_instances_share_the_work() {
    const MANY: u32 = 10_000;
    let (scratch, world) = (scratch(), World::counting());
    let _ = healthy(&scratch, &world);
    store_many(&scratch, 0, MANY, at(DUE));
    let totals: Vec<usize> = std::thread::scope(|scope| {
        let run = || {
            let scanned = scan(&healthy(&scratch, &world), DUE).expect("scans");
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
    let (scratch, world) = (scratch(), World::default());
    let life = Life::ending(usize::MAX, false);
    let service = service(&scratch, &world, &life).expect("opens");
    let created = task(1, CREATED, Some("2026-05-10T09:00:00Z"));
    let renamed = changed(&created, CREATED, |task| task.title = "Plants".into());
    let mut done = completed(&renamed, CREATED);
    done.task.recurrence_pattern = Some("daily".into());
    take(&service, &story(&[renamed, created, done]), CREATED);
    store_many(&scratch, 10, 3, at(DUE));
    scan(&service, DUE).expect("scans");
    world.publishing_fails(Some(PublishError::Unavailable("down".into())));
    store_many(&scratch, 20, 3, at(DUE));
    scan(&service, DUE).expect("scans");
    world.publishing_fails(None);
    take(&service, &[erased(CREATED)], CREATED);

    let statements = life.statements.lock().expect("a lock").clone();
    let statements: Vec<(String, Vec<SqlValue>)> = (statements.into_iter())
        .filter(|(sql, _)| {
            ["SELECT", "INSERT INTO", "UPDATE", "DELETE", "WITH"]
                .iter()
                .any(|verb| sql.starts_with(verb))
        })
        .filter(|(sql, _)| !sql.contains("sqlite_master") && !sql.contains("schema_migrations"))
        .collect();
    assert_eq!(statements.len(), 15, "{statements:#?}");
    let (claim, claim_params) = statements
        .iter()
        .find(|(sql, _)| sql.contains("claimed_until <="))
        .expect("a claim");
    for rows in [0, 50_000] {
        if rows > 0 {
            // Not due for years, and the statistics know.
            store_many(&scratch, 1000, rows, at("2036-01-01T00:00:00Z"));
            pollster::block_on(open(&scratch).execute("ANALYZE", vec![])).expect("analyses");
        }
        for (sql, params) in &statements {
            let plan = plan(&scratch, sql, params);
            for step in &plan {
                let reads_all = match crate::DIALECT {
                    Dialect::Sqlite => ["SCAN task", "SCAN reminders", "SCAN erased_users"]
                        .iter()
                        .any(|scan| step.starts_with(scan)),
                    // It reads a small table whole, as it should.
                    Dialect::Postgres => {
                        rows > 0
                            && (step.contains("Seq Scan on tasks")
                                || step.contains("Seq Scan on reminders"))
                    }
                };
                assert!(!reads_all, "{rows} rows: {sql}\n{plan:#?}");
            }
        }
        let plan = plan(&scratch, claim, claim_params);
        let by_index = match crate::DIALECT {
            Dialect::Sqlite => plan
                .iter()
                .any(|step| step.contains("INDEX reminders_due (state=? AND remind_at<?)")),
            Dialect::Postgres if rows == 0 => true,
            Dialect::Postgres => plan
                .iter()
                .any(|step| step.contains("Index Scan using reminders_due")),
        };
        assert!(by_index, "{plan:#?}");
    }
}

fn plan(scratch: &Scratch, sql: &str, params: &[SqlValue]) -> Vec<String> {
    let explain = match crate::DIALECT {
        Dialect::Sqlite => format!("EXPLAIN QUERY PLAN {sql}"),
        Dialect::Postgres => format!("EXPLAIN {sql}"),
    };
    let explained = open(scratch);
    let rows = pollster::block_on(explained.execute(&explain, params.to_vec())).expect("explains");
    rows.into_iter()
        .map(|row| match row.into_iter().next_back() {
            Some(SqlValue::Text(step)) => step,
            other => panic!("{other:?}"),
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
        let (scratch, world) = (scratch(), World::default());
        let events = lives();
        let mut left = events.as_slice();
        let mut now = at("2026-05-10T09:00:10Z");
        let mut lives: Vec<Life> = kills.iter().map(|(calls, effect)| Life::ending(*calls, *effect)).collect();
        lives.push(Life::ending(usize::MAX, false));
        for life in &lives {
            // The next process starts, takes what was not answered, and ticks.
            now += TimeDelta::seconds(30);
            let Ok(service) = service(&scratch, &world, life) else { continue };
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
        pollster::block_on(healthy(&scratch, &world).scan(|| now)).expect("scans");

        // The second task may have been completed before anybody could say that its reminder is set.
        let mut scheduled = world.scheduled();
        scheduled.dedup();
        prop_assert_eq!(scheduled, ["05-10T08:00", "05-10T09:00"]);
        prop_assert_eq!(world.triggered(), ["05-10T08:00", "05-10T09:00"]);
        let created = world.created.lock().expect("a lock");
        prop_assert_eq!(created.len(), 1);
        prop_assert_eq!(schedule(&scratch).len(), 2);
    }
}
