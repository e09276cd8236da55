//! Databases as a guest uses them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::HeaderMap;

use super::{Connection, Database};
use crate::bindings::sqlite::{Error, QueryResult, Value};
use crate::engine::RequestContext;
use crate::trace::Trace;

struct File {
    folder: tempfile::TempDir,
    database: Arc<Database>,
}

fn file() -> File {
    let folder = tempfile::tempdir().unwrap();
    let database = Arc::new(Database::new(Some(folder.path().join("test.db"))));
    File { folder, database }
}

async fn run(connection: &Connection, statement: &str) -> Result<QueryResult, Error> {
    connection.execute(statement.to_owned(), vec![], None).await
}

/// The first value of the first row.
async fn integer(connection: &Connection, statement: &str) -> i64 {
    match run(connection, statement).await.unwrap().rows[0].values[0] {
        Value::Integer(value) => value,
        ref other => panic!("{other:?}"),
    }
}

fn text_of(error: Error) -> String {
    match error {
        Error::Io(text) => text,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn values_of_every_type_come_back_as_they_went_in() {
    let file = file();
    let connection = Connection::new(file.database.clone());
    let values = vec![
        Value::Integer(i64::MIN),
        Value::Real(0.1),
        Value::Text("a\0b 🦀".into()),
        Value::Blob(vec![0, 255]),
        Value::Null,
    ];
    let result = connection
        .execute("SELECT ?, ?, ?, ?, ?5 AS last".into(), values.clone(), None)
        .await
        .unwrap();
    assert_eq!(result.columns.last().unwrap(), "last");
    assert_eq!(
        format!("{:?}", result.rows[0].values),
        format!("{values:?}")
    );
}

#[tokio::test]
async fn wrong_statements_are_errors_with_sqlites_words() {
    let file = file();
    let connection = Connection::new(file.database.clone());
    run(&connection, "CREATE TABLE t (a UNIQUE)").await.unwrap();
    run(&connection, "INSERT INTO t VALUES (1)").await.unwrap();
    for (statement, words) in [
        ("SELEC 1", "syntax error"),
        ("SELECT * FROM absent", "no such table"),
        ("INSERT INTO t VALUES (1)", "UNIQUE constraint failed: t.a"),
        ("SELECT ?", "parameter"),
        ("SELECT load_extension('x')", "not authorized"),
        ("SELECT CAST(x'ff' AS TEXT)", "not UTF-8"),
    ] {
        let text = text_of(run(&connection, statement).await.unwrap_err());
        assert!(text.contains(words), "{statement}: {text}");
    }
    assert!(run(&connection, "SELECT 1\0; DROP TABLE t").await.is_ok());
    assert_eq!(integer(&connection, "SELECT count(*) FROM t").await, 1);
}

#[tokio::test]
async fn no_other_file_can_be_reached() {
    let file = file();
    let connection = Connection::new(file.database);
    let other = file.folder.path().join("other.db");
    for statement in [
        format!("ATTACH '{}' AS other", other.display()),
        format!("VACUUM INTO '{}'", other.display()),
    ] {
        run(&connection, &statement).await.unwrap_err();
        assert!(!other.exists(), "{statement}");
    }
    run(&connection, "VACUUM").await.unwrap();
    run(&connection, "ATTACH ':memory:' AS scratch")
        .await
        .unwrap();
}

#[tokio::test]
async fn a_transaction_is_one_connections_and_ends_with_it() {
    let file = file();
    let one = Connection::new(file.database.clone());
    let two = Connection::new(file.database.clone());
    run(&one, "PRAGMA journal_mode = WAL").await.unwrap();
    run(&one, "CREATE TABLE t (a)").await.unwrap();
    run(&one, "BEGIN").await.unwrap();
    run(&one, "INSERT INTO t VALUES (1)").await.unwrap();
    assert_eq!(integer(&two, "SELECT count(*) FROM t").await, 0);
    drop(one);
    run(&two, "INSERT INTO t VALUES (2)").await.unwrap();
    assert_eq!(integer(&two, "SELECT sum(a) FROM t").await, 2);
}

#[tokio::test]
async fn a_connection_shows_nothing_of_its_earlier_user() {
    let file = file();
    let one = Connection::new(file.database.clone());
    run(&one, "CREATE TABLE t (a)").await.unwrap();
    run(&one, "INSERT INTO t VALUES (1), (2)").await.unwrap();
    run(&one, "PRAGMA foreign_keys = ON").await.unwrap();
    assert_eq!((one.last_insert_rowid().await, one.changes().await), (2, 2));
    drop(one);

    let two = Connection::new(file.database.clone());
    assert_eq!(integer(&two, "PRAGMA foreign_keys").await, 0);
    assert_eq!((two.last_insert_rowid().await, two.changes().await), (0, 0));
    run(&two, "CREATE TEMP TABLE own (a)").await.unwrap();
    drop(two);

    let three = Connection::new(file.database);
    run(&three, "SELECT * FROM own").await.unwrap_err();
}

#[tokio::test]
async fn waits_for_a_short_writer_and_then_gets_through() {
    let file = file();
    let one = Connection::new(file.database.clone());
    run(&one, "CREATE TABLE t (a)").await.unwrap();
    run(&one, "BEGIN IMMEDIATE").await.unwrap();
    let two = Connection::new(file.database);
    let writer = tokio::spawn(async move { run(&two, "INSERT INTO t VALUES (1)").await });
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!writer.is_finished());
    run(&one, "COMMIT").await.unwrap();
    writer.await.unwrap().unwrap();
}

#[tokio::test]
async fn writers_have_their_turns_in_their_order() {
    let file = file();
    let one = Connection::new(file.database.clone());
    run(&one, "CREATE TABLE t (a)").await.unwrap();
    run(&one, "BEGIN IMMEDIATE").await.unwrap();
    let writers: Vec<_> = (0..20)
        .map(|number| {
            let writer = Connection::new(file.database.clone());
            let insert = format!("INSERT INTO t VALUES ({number})");
            tokio::spawn(async move { run(&writer, &insert).await })
        })
        .collect();
    // Each comes as far as its turn.
    tokio::task::yield_now().await;
    run(&one, "COMMIT").await.unwrap();
    for writer in writers {
        writer.await.unwrap().unwrap();
    }
    let out_of_turn = "SELECT count(*) FROM t WHERE a <> rowid - 1";
    assert_eq!(integer(&one, "SELECT count(*) FROM t").await, 20);
    assert_eq!(integer(&one, out_of_turn).await, 0);
}

#[tokio::test]
async fn a_transaction_that_only_reads_holds_writers_up_for_a_moment_only() {
    let file = file();
    let one = Connection::new(file.database.clone());
    let two = Connection::new(file.database.clone());
    run(&one, "PRAGMA journal_mode = WAL").await.unwrap();
    run(&one, "CREATE TABLE t (a)").await.unwrap();
    run(&one, "BEGIN").await.unwrap();
    assert_eq!(integer(&one, "SELECT count(*) FROM t").await, 0);
    run(&two, "INSERT INTO t VALUES (1)").await.unwrap();
    assert_eq!(integer(&one, "SELECT count(*) FROM t").await, 0);
}

const ENDLESS: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) \
                       SELECT count(*) FROM n";

#[tokio::test]
async fn a_statement_ends_with_its_request() {
    let file = file();
    let connection = Connection::new(file.database.clone());
    let began = Instant::now();
    for cancel in [false, true] {
        let deadline =
            tokio::time::Instant::now() + Duration::from_millis(if cancel { 60_000 } else { 100 });
        let trace = Trace::of(&HeaderMap::new());
        let request = Arc::new(RequestContext::new(trace, deadline, 0));
        let cancelled = request.cancelled.clone();
        let running = connection.execute(ENDLESS.into(), vec![], Some(request));
        let (result, ()) = tokio::join!(running, async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            if cancel {
                cancelled.cancel();
            }
        });
        assert!(text_of(result.unwrap_err()).contains("interrupted"));
    }
    assert!(began.elapsed() < Duration::from_secs(10));
    assert_eq!(integer(&connection, "SELECT 1").await, 1);
}

#[tokio::test]
async fn a_statement_ends_when_its_instance_is_dropped() {
    let file = file();
    let connection = Connection::new(file.database.clone());
    let running = run(&connection, ENDLESS);
    tokio::time::timeout(Duration::from_millis(100), running)
        .await
        .unwrap_err();
    let next = tokio::time::timeout(Duration::from_secs(5), run(&connection, "SELECT 1"));
    next.await.unwrap().unwrap();
}

#[tokio::test]
async fn results_are_bounded() {
    let file = file();
    let connection = Connection::new(file.database.clone());
    let text = text_of(
        run(
            &connection,
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 100) \
             SELECT zeroblob(1000000) FROM n",
        )
        .await
        .unwrap_err(),
    );
    assert!(text.contains("exceeds limit"), "{text}");
    run(&connection, "SELECT zeroblob(1000000000)")
        .await
        .unwrap_err();
}

#[tokio::test]
async fn full_text_search_is_there() {
    let file = file();
    let connection = Connection::new(file.database.clone());
    for statement in [
        "CREATE VIRTUAL TABLE notes USING fts5(text)",
        "INSERT INTO notes VALUES ('buy milk'), ('call mum')",
    ] {
        run(&connection, statement).await.unwrap();
    }
    let count = "SELECT count(*) FROM notes WHERE notes MATCH 'mil*'";
    assert_eq!(integer(&connection, count).await, 1);
}

/// Two connections to a database in write-ahead mode whose commits do not wait for the disk.
async fn lazy_pair(file: &File) -> (Connection, Connection) {
    let open = || Connection::new(file.database.clone());
    let (one, two) = (open(), open());
    for connection in [&one, &two] {
        for statement in [
            "PRAGMA journal_mode = WAL",
            "PRAGMA synchronous = OFF",
            "PRAGMA busy_timeout = 5000",
            "CREATE TABLE IF NOT EXISTS t (a)",
        ] {
            run(connection, statement).await.unwrap();
        }
    }
    (one, two)
}

#[tokio::test]
async fn one_that_would_wait_for_a_lock_waits_and_others_go_on_meanwhile() {
    let file = file();
    let (one, two) = lazy_pair(&file).await;
    run(&two, "INSERT INTO t VALUES (1)").await.unwrap();
    run(&one, "BEGIN IMMEDIATE").await.unwrap();
    let reader = Connection::new(file.database.clone());
    let writer = tokio::spawn(async move { run(&two, "INSERT INTO t VALUES (2)").await });
    for _ in 0..50 {
        // On one thread: a writer that held it would let nothing of this happen.
        assert_eq!(integer(&reader, "SELECT count(*) FROM t").await, 1);
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert!(!writer.is_finished());
    run(&one, "COMMIT").await.unwrap();
    writer.await.unwrap().unwrap();
    assert_eq!(integer(&reader, "SELECT sum(a) FROM t").await, 3);
}

#[tokio::test]
async fn one_that_takes_long_has_its_effect_once_and_holds_nobody_up() {
    let file = file();
    let (one, two) = lazy_pair(&file).await;
    let many = "SELECT i FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 100000)
                SELECT i FROM n)";
    let writer = tokio::spawn(async move {
        for _ in 0..2 {
            run(&one, &format!("INSERT INTO t {many}")).await.unwrap();
        }
    });
    while !writer.is_finished() {
        let count = integer(&two, "SELECT count(*) FROM t").await;
        assert_eq!(count % 100_000, 0);
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    writer.await.unwrap();
    for _ in 0..2 {
        assert_eq!(integer(&two, "SELECT count(*) FROM t").await, 200_000);
        let sum = integer(&two, &format!("SELECT sum(i) FROM ({many})")).await;
        assert_eq!(sum, 5_000_050_000);
    }
}

#[tokio::test]
async fn settings_hold_for_each_user_of_a_connection() {
    let file = file();
    for _ in 0..3 {
        let connection = Connection::new(file.database.clone());
        assert_eq!(integer(&connection, "PRAGMA secure_delete").await, 0);
        run(&connection, "PRAGMA secure_delete = ON").await.unwrap();
        assert_eq!(integer(&connection, "PRAGMA secure_delete").await, 1);
        run(&connection, "PRAGMA synchronous = OFF").await.unwrap();
        assert_eq!(integer(&connection, "PRAGMA synchronous").await, 0);
    }
}
