//! What a guest's `connection` is: one of the pool's, for as long as the guest keeps it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use deadpool_postgres::Object;
use futures::TryStreamExt as _;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_postgres::error::{DbError, SqlState};
use tokio_postgres::types::ToSql;
use tokio_postgres::{NoTls, RowStream};

use super::values::{self, Parameter};
use crate::bindings::postgres::{self, Column, Error, ParameterValue, QueryError, Row};
use crate::engine::RequestContext;

/// The most that one statement may return, in bytes.
const MAX_RESULT: usize = 64 << 20;
/// Prepared statements that a connection keeps.
const MAX_STATEMENTS: usize = 256;
/// How long a statement may take that belongs to no request any more.
const AFTER_ANSWER: Duration = Duration::from_secs(60);
/// How long tidying up may take before a connection is thrown away instead.
const TIDYING: Duration = Duration::from_secs(5);
/// What leaves nothing behind in a session, by its first word, unless it calls [`SESSION_FUNCTIONS`].
const PLAIN: [&str; 9] = [
    "SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "DO", "VALUES", "TABLE", "MERGE",
];
const SESSION_FUNCTIONS: [&str; 2] = ["set_config", "advisory_lock"];
/// Ends a transaction and forgets the session, but for prepared statements.
const TIDY: &str = "ROLLBACK; CLOSE ALL; SET SESSION AUTHORIZATION DEFAULT; RESET ALL; UNLISTEN *; \
    SELECT pg_advisory_unlock_all(); DISCARD TEMP; DISCARD SEQUENCES";

/// A guest's connection to a database.
#[derive(Clone)]
pub struct Connection(Arc<Shared>);

struct Shared {
    /// Taken when this is dropped.
    client: Option<Object>,
    /// A statement may have begun a transaction or changed the session.
    untidy: AtomicBool,
    /// A statement was left half-way: its answer is still to come.
    abandoned: AtomicBool,
}

impl Drop for Shared {
    /// Nobody gets the connection with what is left of somebody's transaction.
    fn drop(&mut self) {
        let Some(client) = self.client.take() else {
            return;
        };
        if *self.abandoned.get_mut() {
            drop(Object::take(client));
        } else if *self.untidy.get_mut() {
            let Ok(runtime) = tokio::runtime::Handle::try_current() else {
                drop(Object::take(client));
                return;
            };
            runtime.spawn(async move {
                if !matches!(
                    timeout(TIDYING, client.batch_execute(TIDY)).await,
                    Ok(Ok(()))
                ) {
                    drop(Object::take(client));
                }
            });
        }
    }
}

/// Ends a statement that its caller no longer waits for.
struct Running<'a> {
    shared: &'a Shared,
    finished: bool,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        if self.finished {
            return;
        }
        self.shared.abandoned.store(true, Ordering::Relaxed);
        if let (Some(client), Ok(runtime)) =
            (&self.shared.client, tokio::runtime::Handle::try_current())
        {
            let cancel = client.cancel_token();
            runtime.spawn(async move {
                // Without TLS it works only where the server takes that; then the statement ends with its socket.
                let _ = timeout(TIDYING, cancel.cancel_query(NoTls)).await;
            });
        }
    }
}

impl Connection {
    pub(super) fn new(client: Object) -> Self {
        Self(Arc::new(Shared {
            client: Some(client),
            untidy: AtomicBool::new(false),
            abandoned: AtomicBool::new(false),
        }))
    }

    /// Runs one statement and answers its rows.
    pub(super) async fn query(
        &self,
        statement: &str,
        parameters: Vec<ParameterValue>,
        request: Option<Arc<RequestContext>>,
    ) -> Result<(Vec<Column>, Vec<Row>), Error> {
        let (columns, rows, _) = self.run(statement, parameters, request).await?;
        Ok((columns, rows))
    }

    /// Runs one statement and answers how many rows it changed.
    pub(super) async fn execute(
        &self,
        statement: &str,
        parameters: Vec<ParameterValue>,
        request: Option<Arc<RequestContext>>,
    ) -> Result<u64, Error> {
        let (_, _, affected) = self.run(statement, parameters, request).await?;
        Ok(affected)
    }

    /// A statement is cancelled when the `request` it belongs to is out of time, or when the future is dropped. Not
    /// when the request has been answered: the guest may go on with its work.
    async fn run(
        &self,
        statement: &str,
        parameters: Vec<ParameterValue>,
        request: Option<Arc<RequestContext>>,
    ) -> Result<(Vec<Column>, Vec<Row>, u64), Error> {
        let parameters = values::parameters(parameters)?;
        let run = self.run_to_the_end(statement, &parameters);
        let deadline = request.map_or_else(|| Instant::now() + AFTER_ANSWER, |it| it.deadline);
        timeout_at(deadline, run).await.unwrap_or_else(|_| {
            Err(Error::QueryFailed(QueryError::Text(
                "the statement was cancelled: it took too long".into(),
            )))
        })
    }

    async fn run_to_the_end(
        &self,
        statement: &str,
        parameters: &[Parameter],
    ) -> Result<(Vec<Column>, Vec<Row>, u64), Error> {
        let shared = &*self.0;
        let Some(client) = &shared.client else {
            return Err(Error::ConnectionFailed("closed".into()));
        };
        if !leaves_nothing(statement) {
            shared.untidy.store(true, Ordering::Relaxed);
        }
        let mut running = Running {
            shared,
            finished: false,
        };
        if client.statement_cache.size() >= MAX_STATEMENTS {
            client.statement_cache.clear();
        }
        let mut result = stream(client, statement, parameters).await;
        if let Err(error) = &result
            && is_stale(error)
        {
            client.statement_cache.clear();
            result = stream(client, statement, parameters).await;
        }
        let result = match result {
            Ok((columns, stream)) => collect(stream).await.map(|(rows, n)| (columns, rows, n)),
            Err(error) => Err(Failure::Postgres(error)),
        };
        // What is too large is still on its way.
        running.finished = !matches!(result, Err(Failure::Other(_)));
        result.map_err(Failure::into_guest)
    }
}

fn leaves_nothing(statement: &str) -> bool {
    let statement = statement.trim_start();
    let word = statement
        .split(|c: char| !c.is_ascii_alphabetic())
        .next()
        .unwrap_or_default();
    PLAIN.iter().any(|plain| plain.eq_ignore_ascii_case(word))
        && !SESSION_FUNCTIONS
            .iter()
            .any(|name| statement.contains(name))
}

async fn stream(
    client: &Object,
    statement: &str,
    parameters: &[Parameter],
) -> Result<(Vec<Column>, RowStream), tokio_postgres::Error> {
    let statement = client.prepare_cached(statement).await?;
    let columns = statement.columns().iter().map(values::column).collect();
    let parameters: Vec<&(dyn ToSql + Sync)> = parameters.iter().map(|it| &**it as _).collect();
    let stream = client.query_raw(&statement, parameters).await?;
    Ok((columns, stream))
}

/// A prepared statement that a migration has changed the answer of, or that a pooler has forgotten: nothing of it
/// was run.
fn is_stale(error: &tokio_postgres::Error) -> bool {
    let stale = |error: &DbError| {
        *error.code() == SqlState::INVALID_SQL_STATEMENT_NAME
            || (*error.code() == SqlState::FEATURE_NOT_SUPPORTED
                && error.message().contains("cached plan"))
    };
    error.as_db_error().is_some_and(stale)
}

async fn collect(stream: RowStream) -> Result<(Vec<Row>, u64), Failure> {
    let mut stream = std::pin::pin!(stream);
    let (mut rows, mut bytes) = (Vec::new(), 0);
    while let Some(row) = stream.try_next().await? {
        bytes += row.raw_size_bytes() + row.len() * size_of::<postgres::DbValue>();
        if bytes > MAX_RESULT {
            return Err(Failure::Other(Error::QueryFailed(QueryError::Text(
                format!("query result exceeds limit of {MAX_RESULT} bytes"),
            ))));
        }
        let row: Result<Row, _> = (0..row.len()).map(|at| values::value(&row, at)).collect();
        rows.push(
            row.map_err(|error| Failure::Other(Error::ValueConversionFailed(error.to_string())))?,
        );
    }
    Ok((rows, stream.rows_affected().unwrap_or_default()))
}

enum Failure {
    Postgres(tokio_postgres::Error),
    Other(Error),
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Postgres(error)
    }
}

impl Failure {
    /// The guest's error, with the same parts as under Spin.
    fn into_guest(self) -> Error {
        let error = match self {
            Self::Postgres(error) => error,
            Self::Other(error) => return error,
        };
        let text = format!("{error:?}");
        Error::QueryFailed(match error.as_db_error() {
            None => QueryError::Text(text),
            Some(error) => QueryError::DbError(postgres::DbError {
                as_text: text,
                severity: error.severity().to_owned(),
                code: error.code().code().to_owned(),
                message: error.message().to_owned(),
                detail: error.detail().map(str::to_owned),
                extras: extras(error),
            }),
        })
    }
}

fn extras(error: &DbError) -> Vec<(String, String)> {
    let extras = [
        ("column", error.column().map(str::to_owned)),
        ("constraint", error.constraint().map(str::to_owned)),
        ("routine", error.routine().map(str::to_owned)),
        ("hint", error.hint().map(str::to_owned)),
        ("table", error.table().map(str::to_owned)),
        ("datatype", error.datatype().map(str::to_owned)),
        ("schema", error.schema().map(str::to_owned)),
        ("file", error.file().map(str::to_owned)),
        ("line", error.line().map(|line| line.to_string())),
        ("where_", error.where_().map(str::to_owned)),
    ];
    let given = |(name, value): (&str, Option<String>)| Some((name.to_owned(), value?));
    extras.into_iter().filter_map(given).collect()
}
