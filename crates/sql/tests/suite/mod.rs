//! What every connection does.

use std::future::Future;

use sql::testing::{Connection, Scratch};
use sql::{Columns, Database, Migration, Migrations, SqlConnection, SqlError, SqlValue, params};

use crate::DIALECT;

const DATABASE: Database = Database::durable("a-service");
const FIRST: Migration = &[
    "CREATE TABLE users (id TEXT PRIMARY KEY, email TEXT NOT NULL UNIQUE, seen BIGINT)",
    "CREATE TABLE pairs (a BIGINT NOT NULL, b BIGINT NOT NULL, UNIQUE (a, b))",
];
const SECOND: Migration = &["ALTER TABLE users ADD COLUMN name TEXT"];
const ONE: Migrations = Migrations {
    sqlite: &[FIRST],
    postgres: &[FIRST],
};
const TWO: Migrations = Migrations {
    sqlite: &[FIRST, SECOND],
    postgres: &[FIRST, SECOND],
};
const BROKEN: Migrations = Migrations {
    sqlite: &[
        FIRST,
        SECOND,
        &["CREATE TABLE half (a BIGINT)", "CREATE NONSENSE"],
    ],
    postgres: &[
        FIRST,
        SECOND,
        &["CREATE TABLE half (a BIGINT)", "CREATE NONSENSE"],
    ],
};

fn wait<T>(future: impl Future<Output = T>) -> T {
    pollster::block_on(future)
}

fn open(scratch: &Scratch) -> Connection {
    wait(scratch.open(DATABASE)).expect("a connection")
}

fn migrated() -> (Scratch, Connection) {
    let scratch = Scratch::new(DIALECT);
    let connection = open(&scratch);
    wait(sql::migrate(&connection, &TWO)).expect("migrations");
    (scratch, connection)
}

fn rows(connection: &Connection, sql: &str, params: Vec<SqlValue>) -> sql::Result<Vec<sql::Row>> {
    wait(connection.execute(sql, params))
}

#[test]
fn migrations_are_applied_once_and_in_order() {
    let scratch = Scratch::new(DIALECT);
    let connection = open(&scratch);
    let numbers = |migrated: sql::Migrated| (migrated.before, migrated.after, migrated.known);
    let state = |migrations| numbers(wait(sql::migration_state(&connection, migrations)).unwrap());
    let migrate = |migrations| wait(sql::migrate(&connection, migrations)).map(numbers);
    assert_eq!(state(&TWO), (0, 0, 2), "looking changes nothing");
    assert_eq!(migrate(&ONE).unwrap(), (0, 1, 1));
    assert_eq!(migrate(&TWO).unwrap(), (1, 2, 2));
    assert_eq!(migrate(&TWO).unwrap(), (2, 2, 2));
    assert_eq!(migrate(&ONE).unwrap(), (2, 2, 1), "newer code was here");
    let error = migrate(&BROKEN).expect_err("nonsense");
    assert!(matches!(error, SqlError::Internal(_)), "{error}");
    assert_eq!(state(&BROKEN), (2, 2, 3), "all of it or nothing");
    rows(&connection, "SELECT a FROM half", vec![]).expect_err("nothing");
    rows(&connection, "SELECT name FROM users", vec![]).expect("the second");
}

#[test]
fn several_instances_migrate_at_once() {
    let scratch = Scratch::new(DIALECT);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let connection = open(&scratch);
                wait(sql::migrate(&connection, &TWO)).expect("migrated by someone");
                rows(&connection, "SELECT name FROM users", vec![]).expect("the newest");
            });
        }
    });
    let applied = rows(
        &open(&scratch),
        "SELECT number FROM schema_migrations ORDER BY number",
        vec![],
    );
    assert_eq!(
        applied.unwrap(),
        [[SqlValue::Integer(1)], [SqlValue::Integer(2)]]
    );
}

#[test]
fn values_come_back_as_they_went() {
    let (_scratch, connection) = migrated();
    let values = params![
        i64::MIN,
        "?1 'it''s' é 🎉",
        Option::<i64>::None,
        vec![0_u8, 255],
        true
    ];
    let real = SqlValue::Real(0.1);
    let read = rows(
        &connection,
        "SELECT CAST(?1 AS BIGINT), CAST(?2 AS TEXT), CAST(?3 AS BIGINT), ?4 AS bytes, CAST(?5 AS BIGINT), '?1'",
        match DIALECT {
            sql::Dialect::Sqlite => values.clone(),
            // A parameter that stands alone is a text.
            sql::Dialect::Postgres => {
                rows(&connection, "CREATE TABLE bytes (it BYTEA)", vec![]).unwrap();
                let stored = rows(&connection, "INSERT INTO bytes VALUES (?1) RETURNING it", params![vec![0_u8, 255]]);
                assert_eq!(stored.unwrap(), [params![vec![0_u8, 255]]]);
                let mut values = values.clone();
                values[3] = "text".into();
                values
            }
        },
    )
    .unwrap();
    let [row] = &read[..] else { panic!("{read:?}") };
    assert_eq!(
        (&row[0], &row[1], &row[2]),
        (&values[0], &values[1], &values[2])
    );
    assert_eq!((&row[4], &row[5]), (&SqlValue::Integer(1), &"?1".into()));
    let read = rows(
        &connection,
        "SELECT CAST(?1 AS DOUBLE PRECISION)",
        vec![real.clone()],
    );
    assert_eq!(read.unwrap(), [[real]]);
}

#[test]
fn a_taken_value_names_its_columns() {
    let (_scratch, connection) = migrated();
    let add = |id: &str, email: &str| {
        rows(
            &connection,
            "INSERT INTO users (id, email) VALUES (?1, ?2) RETURNING 1",
            params![id, email],
        )
    };
    assert_eq!(add("1", "a@example.com").unwrap(), [params![1_i64]]);
    let error = add("2", "a@example.com").expect_err("taken");
    assert!(
        matches!(&error, SqlError::Unique(columns) if columns == "users.email"),
        "{error:?}"
    );
    let pair = "INSERT INTO pairs (a, b) VALUES (?1, ?2)";
    rows(&connection, pair, params![1_i64, 2_i64]).unwrap();
    let error = rows(&connection, pair, params![1_i64, 2_i64]).expect_err("taken");
    assert!(
        matches!(&error, SqlError::Unique(columns) if columns == "pairs.a, pairs.b"),
        "{error:?}"
    );
}

#[test]
fn a_wrong_statement_or_value_is_a_defect() {
    let (_scratch, connection) = migrated();
    for error in [
        rows(&connection, "SELECT nothing", vec![]).unwrap_err(),
        rows(
            &connection,
            "SELECT id FROM users WHERE seen = CAST(?1 AS BIGINT",
            vec![],
        )
        .unwrap_err(),
    ] {
        assert!(matches!(error, SqlError::Internal(_)), "{error:?}");
    }
}

#[test]
fn items_of_an_array_have_a_key_and_a_value() {
    let (_scratch, connection) = migrated();
    let sql = format!(
        "SELECT key, {} FROM {} AS item WHERE {} <> 'b' ORDER BY key",
        DIALECT.text("value"),
        DIALECT.items("?1"),
        DIALECT.text("value"),
    );
    let read = rows(&connection, &sql, params![r#"["a", "b", "it's"]"#]).unwrap();
    assert_eq!(read, [params![0_i64, "a"], params![2_i64, "it's"]]);
    let sql = format!(
        "SELECT sum FROM (SELECT CAST(sum({}) AS BIGINT) AS sum FROM {} AS item) AS sums",
        DIALECT.integer("value"),
        DIALECT.items("?1"),
    );
    let read = rows(&connection, &sql, params!["[1, 2, 9007199254740993]"]).unwrap();
    assert_eq!(read, [params![9_007_199_254_740_996_i64]]);
    let sql = format!(
        "SELECT value ->> 0, CAST(value ->> 1 AS BIGINT) FROM {} AS item",
        DIALECT.items("?1")
    );
    let read = rows(&connection, &sql, params![r#"[["a", 1]]"#]).unwrap();
    assert_eq!(read, [params!["a", 1_i64]]);
}

#[test]
fn a_transaction_on_a_connection_of_its_own_is_undone_with_it() {
    let (scratch, connection) = migrated();
    let own = wait(connection.reopen()).unwrap();
    rows(&own, "BEGIN", vec![]).unwrap();
    rows(
        &own,
        "INSERT INTO users (id, email) VALUES ('1', 'a')",
        vec![],
    )
    .unwrap();
    let count = |connection: &Connection| {
        let mut row =
            Columns::first(rows(connection, "SELECT count(*) FROM users", vec![]).unwrap());
        row.as_mut().expect("a row").count().unwrap()
    };
    assert_eq!((count(&own), count(&connection)), (1, 0));
    drop(own);
    assert_eq!(count(&open(&scratch)), 0);
}

#[test]
fn databases_of_one_place_do_not_meet() {
    let (scratch, connection) = migrated();
    let other = wait(scratch.open(Database::durable("another"))).unwrap();
    assert_eq!(wait(sql::migrate(&other, &ONE)).unwrap().before, 0);
    rows(
        &connection,
        "INSERT INTO users (id, email) VALUES ('1', 'a')",
        vec![],
    )
    .unwrap();
    assert!(
        rows(&other, "SELECT id FROM users", vec![])
            .unwrap()
            .is_empty()
    );
}
