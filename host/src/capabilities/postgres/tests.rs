//! Against a real server.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use servers::Postgres as Server;
use tokio::time::{Instant, sleep, timeout};

use super::{Pools, Postgres};
use crate::bindings::postgres::{
    DbValue, Error, Interval, ParameterValue, QueryError, RangeBoundKind, Row,
};
use crate::engine::RequestContext;
use crate::outbound_hosts::{AllowedHost, AllowedHosts};
use crate::trace::Trace;

fn allowing(entry: &str) -> Postgres {
    let entry = AllowedHost::parse(entry).expect("an entry");
    Postgres {
        allowed: Arc::new(AllowedHosts::new([entry], [])),
        pools: Arc::default(),
    }
}

fn here() -> Postgres {
    allowing("postgres://127.0.0.1:*")
}

async fn query(
    connection: &super::Connection,
    statement: &str,
    parameters: Vec<ParameterValue>,
) -> Result<Vec<Row>, Error> {
    let (_, rows) = connection.query(statement, parameters, None).await?;
    Ok(rows)
}

/// Waits until `what` is so.
async fn until<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    let end = Instant::now() + Duration::from_secs(20);
    while !holds().await {
        assert!(Instant::now() < end, "{what}");
        sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn values_of_every_type_come_back() {
    let url = Server::shared().create_database();
    let connection = here().open(&url, None, None).await.expect("open");
    let cases = [
        (
            "bool",
            ParameterValue::Boolean(true),
            DbValue::Boolean(true),
        ),
        ("int2", ParameterValue::Int16(-2), DbValue::Int16(-2)),
        (
            "int4",
            ParameterValue::Int32(i32::MIN),
            DbValue::Int32(i32::MIN),
        ),
        (
            "int8",
            ParameterValue::Int64(i64::MAX),
            DbValue::Int64(i64::MAX),
        ),
        (
            "float4",
            ParameterValue::Floating32(0.5),
            DbValue::Floating32(0.5),
        ),
        (
            "float8",
            ParameterValue::Floating64(0.1),
            DbValue::Floating64(0.1),
        ),
        (
            "text",
            ParameterValue::Str("é🎉".into()),
            DbValue::Str("é🎉".into()),
        ),
        (
            "bytea",
            ParameterValue::Binary(vec![0, 255]),
            DbValue::Binary(vec![0, 255]),
        ),
        (
            "date",
            ParameterValue::Date((2026, 2, 28)),
            DbValue::Date((2026, 2, 28)),
        ),
        (
            "time",
            ParameterValue::Time((23, 59, 59, 1000)),
            DbValue::Time((23, 59, 59, 1000)),
        ),
        (
            "timestamp",
            ParameterValue::Datetime((1969, 12, 31, 1, 2, 3, 4000)),
            DbValue::Datetime((1969, 12, 31, 1, 2, 3, 4000)),
        ),
        (
            "timestamptz",
            ParameterValue::Timestamp(86_400),
            DbValue::Datetime((1970, 1, 2, 0, 0, 0, 0)),
        ),
        (
            "uuid",
            ParameterValue::Uuid("00000000-0000-4000-8000-000000000001".into()),
            DbValue::Uuid("00000000-0000-4000-8000-000000000001".into()),
        ),
        (
            "jsonb",
            ParameterValue::Jsonb(b"{\"a\": [1]}".to_vec()),
            DbValue::Jsonb(b"{\"a\":[1]}".to_vec()),
        ),
        (
            "int4[]",
            ParameterValue::ArrayInt32(vec![Some(1), None]),
            DbValue::ArrayInt32(vec![Some(1), None]),
        ),
        (
            "int8[]",
            ParameterValue::ArrayInt64(vec![Some(1), None]),
            DbValue::ArrayInt64(vec![Some(1), None]),
        ),
        (
            "text[]",
            ParameterValue::ArrayStr(vec![Some("a,\"b".into()), None]),
            DbValue::ArrayStr(vec![Some("a,\"b".into()), None]),
        ),
        (
            "interval",
            ParameterValue::Interval(Interval {
                micros: -5,
                days: 3,
                months: -14,
            }),
            DbValue::Interval(Interval {
                micros: -5,
                days: 3,
                months: -14,
            }),
        ),
        ("text", ParameterValue::DbNull, DbValue::DbNull),
    ];
    for (ty, parameter, expected) in cases {
        let rows = query(&connection, &format!("SELECT $1::{ty}"), vec![parameter]).await;
        let rows = rows.unwrap_or_else(|error| panic!("{ty}: {error:?}"));
        assert_eq!(format!("{rows:?}"), format!("{:?}", [[expected]]), "{ty}");
    }
    for number in [
        "0",
        "-1.50",
        "12345678901234567890.000100",
        "0.0001",
        "10000",
        "0.00000005",
    ] {
        let parameter = ParameterValue::Decimal(number.into());
        let rows = query(&connection, "SELECT $1::numeric", vec![parameter])
            .await
            .unwrap();
        assert!(
            matches!(&rows[0][0], DbValue::Decimal(it) if it == number),
            "{rows:?}"
        );
    }
    let (one, five) = (
        (1, RangeBoundKind::Inclusive),
        (5, RangeBoundKind::Exclusive),
    );
    for (range, expected) in [
        (ParameterValue::RangeInt32((Some(one), Some(five))), "[1,5)"),
        (ParameterValue::RangeInt32((None, Some(five))), "(,5)"),
    ] {
        let rows = query(&connection, "SELECT ($1::int4range)::text", vec![range])
            .await
            .unwrap();
        assert!(
            matches!(&rows[0][0], DbValue::Str(it) if it == expected),
            "{rows:?}"
        );
    }
    let bad = ParameterValue::Date((2026, 2, 30));
    let error = query(&connection, "SELECT $1::date", vec![bad])
        .await
        .unwrap_err();
    assert!(
        matches!(error, Error::ValueConversionFailed(_)),
        "{error:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_has_the_parts_that_spin_gives() {
    let url = Server::shared().create_database();
    let connection = here().open(&url, None, None).await.expect("open");
    let run = async |statement: &str| connection.execute(statement, vec![], None).await;
    run("CREATE TABLE people (email TEXT UNIQUE)")
        .await
        .unwrap();
    assert_eq!(
        run("INSERT INTO people VALUES ('a'), ('b')").await.unwrap(),
        2
    );
    let error = run("INSERT INTO people VALUES ('a')").await.unwrap_err();
    let Error::QueryFailed(QueryError::DbError(error)) = error else {
        panic!("{error:?}");
    };
    assert_eq!(error.code, "23505");
    assert_eq!(
        error.detail.as_deref(),
        Some("Key (email)=(a) already exists.")
    );
    assert!(
        error.extras.contains(&("table".into(), "people".into())),
        "{error:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn only_allowed_hosts_are_reached() {
    let url = Server::shared().create_database();
    let port = Server::shared().address().port();
    for allowed in [
        format!("postgres://127.0.0.1:{port}"),
        format!("*://*:{port}"),
    ] {
        allowing(&allowed)
            .open(&url, None, None)
            .await
            .expect(&allowed);
    }
    let elsewhere = format!("{url}?host=127.0.0.1&hostaddr=127.0.0.1");
    for (allowed, address) in [
        ("postgres://127.0.0.1", url.as_str()),
        ("https://127.0.0.1:*", &url),
        ("postgres://db.example:*", &url),
        (
            "postgres://db.example:*",
            &format!("host=db.example hostaddr=127.0.0.1 port={port} user=postgres"),
        ),
        ("postgres://db.example:*", &elsewhere),
        ("*://*:*", "host=/var/run/postgresql user=postgres"),
    ] {
        let error = match allowing(allowed).open(address, None, None).await {
            Ok(_) => panic!("{allowed} let {address} through"),
            Err(error) => format!("{error:?}"),
        };
        assert!(
            error.contains("not permitted") || error.contains("not supported"),
            "{error}"
        );
    }
    for address in [
        "",
        "postgres://",
        "nonsense",
        "postgres://127.0.0.1:1/x",
        "postgres://u@127.0.0.1:99999/x",
    ] {
        let Err(Error::ConnectionFailed(_)) = here().open(address, None, None).await else {
            panic!("{address} is no address");
        };
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_what_is_left_of_a_transaction() {
    let url = Server::shared().create_database();
    let postgres = here();
    let open = async || postgres.open(&url, None, None).await.expect("open");
    let run = async |connection: &super::Connection, statement: &str| {
        query(connection, statement, vec![])
            .await
            .map(|rows| format!("{rows:?}"))
    };
    let pid = "SELECT pg_backend_pid()";
    let first = open().await;
    run(&first, "CREATE TABLE things (id INT)").await.unwrap();
    let its_pid = run(&first, pid).await.unwrap();
    run(&first, "BEGIN").await.unwrap();
    run(&first, "INSERT INTO things VALUES (1)").await.unwrap();
    run(&first, "SET search_path = nowhere").await.unwrap();
    drop(first);
    until("the connection comes back", async || {
        let next = open().await;
        run(&next, pid).await.unwrap() == its_pid
    })
    .await;
    let next = open().await;
    assert_eq!(run(&next, "SELECT id FROM things").await.unwrap(), "[]");
    drop(next);

    // A plain statement gives it back as it is.
    let before = open().await;
    let its_pid = run(&before, pid).await.unwrap();
    drop(before);
    until("it comes back", async || {
        run(&open().await, pid).await.unwrap() == its_pid
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_ends_in_time_and_takes_its_connection_along() {
    let url = Server::shared().create_database();
    let postgres = here();
    let connection = postgres.open(&url, None, None).await.expect("open");
    let deadline = Instant::now() + Duration::from_millis(200);
    let request = Arc::new(RequestContext::new(
        Trace::continuing(None, None),
        deadline,
        0,
    ));
    let slow = "SELECT pg_sleep(3600), 'slow statement'::text";
    let error = connection
        .query(slow, vec![], Some(request))
        .await
        .unwrap_err();
    assert!(
        format!("{error:?}").contains("it took too long"),
        "{error:?}"
    );
    drop(connection);
    let dropped = postgres.open(&url, None, None).await.expect("open");
    timeout(
        Duration::from_millis(200),
        dropped.query(slow, vec![], None),
    )
    .await
    .expect_err("it sleeps");
    drop(dropped);
    let next = postgres.open(&url, None, None).await.expect("open");
    query(&next, "SELECT 1", vec![])
        .await
        .expect("a connection that works");
    until("both statements end on the server", async || {
        let running = query(
            &next,
            "SELECT 1 FROM pg_stat_activity WHERE query LIKE '%pg_sleep(3600)%' AND pid <> pg_backend_pid() AND state = 'active'",
            vec![],
        );
        running.await.unwrap().is_empty()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_are_bounded_and_new_after_a_restart() {
    let mut server = Server::start();
    let url = server.create_database();
    let postgres = here();
    let statements = (0..50).map(|_| {
        let (postgres, url) = (postgres.clone(), url.clone());
        tokio::spawn(async move {
            let connection = postgres.open(&url, None, None).await?;
            let answer = query(
                &connection,
                "SELECT pg_backend_pid(), pg_sleep(0.01)",
                vec![],
            )
            .await?;
            Ok::<_, Error>(format!("{:?}", answer[0][0]))
        })
    });
    let mut connections = std::collections::BTreeSet::new();
    for statement in statements.collect::<Vec<_>>() {
        connections.insert(statement.await.unwrap().expect("an answer"));
    }
    assert!((1..=10).contains(&connections.len()), "{connections:?}");

    let kept = postgres.open(&url, None, None).await.expect("open");
    server.kill();
    let error = query(&kept, "SELECT 1", vec![]).await.unwrap_err();
    // Its process may be as quick as to say that it goes (class 57), or only be gone.
    assert!(
        match &error {
            Error::QueryFailed(QueryError::Text(_)) => true,
            Error::QueryFailed(QueryError::DbError(said)) => said.code.starts_with("57"),
            _ => false,
        },
        "{error:?}"
    );
    drop(kept);
    // Those that nobody uses were killed with their server, and are seen to be closed a little later.
    until("nobody is there", async || {
        let opened = postgres.open(&url, None, None).await;
        matches!(opened, Err(Error::ConnectionFailed(_)))
    })
    .await;
    server.restart();
    until("a new connection", async || {
        match postgres.open(&url, None, None).await {
            Ok(connection) => query(&connection, "SELECT 1", vec![]).await.is_ok(),
            Err(_) => false,
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_table_does_not_break_prepared_statements() {
    let url = Server::shared().create_database();
    let connection = here().open(&url, None, None).await.expect("open");
    query(&connection, "CREATE TABLE things (a INT)", vec![])
        .await
        .unwrap();
    let all = "SELECT * FROM things";
    query(&connection, all, vec![]).await.unwrap();
    query(&connection, "ALTER TABLE things ADD COLUMN b INT", vec![])
        .await
        .unwrap();
    query(&connection, all, vec![])
        .await
        .expect("prepared again");
    for n in 0..600 {
        query(&connection, &format!("SELECT {n}"), vec![])
            .await
            .unwrap();
    }
    let kept = query(
        &connection,
        "SELECT count(*) FROM pg_prepared_statements",
        vec![],
    )
    .await;
    let kept = kept.unwrap();
    assert!(
        matches!(kept[0][0], DbValue::Int64(n) if n <= 257),
        "{kept:?}"
    );
}

#[test]
fn a_command_finds_the_server_of_an_address() {
    for (address, known, tls) in [
        (
            "postgres://db/todo",
            "postgres://db/todo?connect_timeout=5",
            true,
        ),
        (
            "postgres://db/todo?sslmode=disable",
            "postgres://db/todo?sslmode=disable&connect_timeout=5",
            false,
        ),
        (
            "host=db connect_timeout=3",
            "host=db connect_timeout=3",
            true,
        ),
        ("host=db", "host=db connect_timeout=5", true),
    ] {
        let (found, connector) = super::server(address).expect("an address");
        assert_eq!((found.as_str(), connector.is_some()), (known, tls));
    }
}

#[tokio::test]
async fn pools_of_many_addresses_are_let_go() {
    let url = Server::shared().create_database();
    let postgres = here();
    for n in 0..40 {
        let address = format!("{url}?application_name=a{n}");
        postgres.open(&address, None, None).await.expect("open");
    }
    let Pools(pools) = &*postgres.pools;
    assert!(pools.lock().unwrap().len() <= 16);
}
