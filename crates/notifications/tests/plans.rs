//! What waits, and what a person has, is found through indexes: no statement reads a whole table.

mod common;

use std::sync::Mutex;

use common::{Alive, ME, World, erased, open, temporary, triggered, wait};
use notifications::{Service, inbox, subscriptions};
use sql::rusqlite::RusqliteConnection;
use sql::{Row, SqlConnection, SqlValue};
use task_model::Channel;

/// Notes how each statement finds its rows.
struct Explaining<'a>(&'a RusqliteConnection, Mutex<Vec<(String, String)>>);

impl SqlConnection for Explaining<'_> {
    fn dialect(&self) -> sql::Dialect {
        sql::Dialect::Sqlite
    }

    async fn execute(&self, sql: &str, params: Vec<SqlValue>) -> sql::Result<Vec<Row>> {
        let plan = format!("EXPLAIN QUERY PLAN {sql}");
        for row in self.0.execute(&plan, params.clone()).await? {
            if let Some(SqlValue::Text(step)) = row.into_iter().next_back() {
                self.1.lock().unwrap().push((sql.to_owned(), step));
            }
        }
        self.0.execute(sql, params).await
    }

    async fn reopen(&self) -> sql::Result<Self> {
        // What an erasure does beside its statement reads the whole file, and is meant to.
        Ok(Self(self.0, Mutex::default()))
    }
}

#[test]
fn no_statement_reads_a_whole_table() {
    let world = World::new();
    world.prefer(|it| it.channels = vec![Channel::Email, Channel::Push]);
    world.answer(|_, _| temporary(None));
    let database = open(world.folder.path());
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
    wait(inbox::mark_all_read(&database, ME, world.now())).unwrap();
    assert_eq!(wait(service.announce_read()).unwrap(), 1);
    wait(subscriptions::list(&database, ME)).unwrap();
    wait(subscriptions::remove(&database, ME, &[])).unwrap();
    wait(service.consume(&[erased(&world, ME)]));

    let steps = database.1.into_inner().unwrap();
    assert!(steps.len() > 30, "{}", steps.len());
    for (sql, step) in &steps {
        let reads_all = step.starts_with("SCAN")
            && !step.contains("json_each")
            && !step.contains("CONSTANT ROW")
            && !step.contains("(subquery");
        assert!(!reads_all, "{step}\n{sql}");
        // Notifications come sorted; a page's attempts and a person's browsers are few.
        assert!(
            !sql.contains("FROM notifications") || !step.contains("TEMP B-TREE"),
            "{step}\n{sql}"
        );
    }
}
