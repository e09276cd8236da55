//! What waits, and what a person has, is found through indexes: no statement reads a whole table.

use std::sync::Mutex;

use notifications::{Service, inbox, subscriptions};
use sql::testing::Connection;
use sql::{Dialect, Row, SqlConnection, SqlValue};
use task_model::Channel;

use super::common::{Alive, ME, World, erased, open, temporary, triggered, wait};

/// Notes each statement with the steps by which it finds its rows.
struct Explaining<'a>(&'a Connection, Mutex<Vec<(String, Vec<String>)>>);

impl SqlConnection for Explaining<'_> {
    fn dialect(&self) -> Dialect {
        self.0.dialect()
    }

    async fn execute(&self, sql: &str, params: Vec<SqlValue>) -> sql::Result<Vec<Row>> {
        let explain = match self.dialect() {
            Dialect::Sqlite => "EXPLAIN QUERY PLAN",
            Dialect::Postgres => "EXPLAIN",
        };
        let plan = format!("{explain} {sql}");
        let plan = self.0.execute(&plan, params.clone()).await?;
        let step = |row: Row| match row.into_iter().next_back() {
            Some(SqlValue::Text(step)) => step,
            other => panic!("{other:?}"),
        };
        let steps = plan.into_iter().map(step).collect();
        self.1.lock().unwrap().push((sql.to_owned(), steps));
        self.0.execute(sql, params).await
    }

    async fn reopen(&self) -> sql::Result<Self> {
        // What an erasure does beside its statement reads the whole file, and is meant to.
        Ok(Self(self.0, Mutex::default()))
    }
}

/// Makes the tables large, with what concerns nobody, and lets PostgreSQL know: a small one it reads whole.
fn fill(database: &Connection) {
    if database.dialect() == Dialect::Sqlite {
        return;
    }
    for sql in [
        "INSERT INTO notifications (id, user_id, task_id, title, body, remind_at, late, created_at, is_open, next_attempt_at, claim)
         SELECT 'n' || n, 'somebody', 'task', 'title', 'body', 0, 0, 1800000000000, 0, 0, 1
         FROM generate_series(1, 60000) AS n",
        "INSERT INTO attempts (notification_id, channel, number, is_repeatable, started_at, outcome)
         SELECT 'n' || n, 'email', 1, 1, 0, 'delivered' FROM generate_series(1, 60000) AS n",
        "ANALYZE",
    ] {
        wait(database.execute(sql, vec![])).unwrap();
    }
}

#[test]
fn no_statement_reads_a_whole_table() {
    let world = World::new();
    world.prefer(|it| it.channels = vec![Channel::Email, Channel::Push]);
    world.answer(|_, _| temporary(None));
    let database = open(&world.scratch);
    fill(&database);
    let database = Explaining(&database, Mutex::default());
    let peers = Alive::new(&world);
    let service = Service::new(&database, &peers);
    wait(service.consume(&[triggered(&world, ME, 1), triggered(&world, ME, 2)]));
    world.pass(100);
    world.answer(|_, _| Ok(Default::default()));
    assert_eq!(wait(service.tick()).unwrap(), 2);
    let page = wait(inbox::page(&database, ME, false, 1, None)).unwrap();
    let cursor = page.next_cursor.unwrap().parse().unwrap();
    wait(inbox::page(&database, ME, true, 1, Some(cursor))).unwrap();
    wait(inbox::mark_read(
        &database,
        ME,
        page.notifications[0].id,
        world.now(),
    ))
    .unwrap();
    wait(inbox::mark_all_read(&database, ME, None, world.now())).unwrap();
    assert_eq!(wait(service.announce_read()).unwrap(), 1);
    wait(subscriptions::list(&database, ME)).unwrap();
    wait(subscriptions::remove(&database, ME, &[])).unwrap();
    wait(service.consume(&[erased(&world, ME)]));

    let steps = database.1.into_inner().unwrap();
    assert!(steps.len() > 20, "{}", steps.len());
    for (sql, steps) in &steps {
        for step in steps {
            let reads_all = match crate::DIALECT {
                Dialect::Sqlite => [
                    "SCAN notifications",
                    "SCAN attempts",
                    "SCAN push_subscriptions",
                    "SCAN erased_users",
                    "SCAN read_marks",
                ]
                .iter()
                .any(|scan| step.starts_with(scan)),
                Dialect::Postgres => {
                    step.contains("Seq Scan on notifications")
                        || step.contains("Seq Scan on attempts")
                }
            };
            assert!(!reads_all, "{step}\n{sql}");
            // Notifications come sorted; a page's attempts and a person's browsers are few.
            assert!(
                !sql.contains("FROM notifications") || !step.contains("TEMP B-TREE"),
                "{step}\n{sql}"
            );
        }
    }
}
