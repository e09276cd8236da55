//! [`SqlConnection`] over `spin:postgres`.

use spin_sdk::pg::{Connection, DbValue, Error, ParameterValue, PgError, QueryError};
use spin_sdk::wit_bindgen::StreamResult;

use crate::dialect::dollar_parameters;
use crate::postgres_url::in_schema;
use crate::sqlstate::PostgresError;
use crate::{Database, Dialect, Result, Row, SqlConnection, SqlError, SqlValue};

/// Rows that are taken from the host at a time.
const ROWS: usize = 128;

/// One service's schema in PostgreSQL.
///
/// The requests of an instance run at the same time, so each statement takes a connection of the host's pool for
/// itself and gives it back; what the server has ended is not kept.
pub struct SpinPostgres {
    address: String,
    /// One that is kept for a transaction.
    own: Option<Connection>,
}

impl SpinPostgres {
    pub(super) fn new(url: &str, database: Database) -> Self {
        Self {
            address: in_schema(url, database),
            own: None,
        }
    }

    async fn connect(&self) -> Result<Connection> {
        Connection::open(&self.address).await.map_err(sort)
    }
}

impl SqlConnection for SpinPostgres {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    async fn execute(&self, sql: &str, params: Vec<SqlValue>) -> Result<Vec<Row>> {
        let params: Vec<ParameterValue> = params
            .into_iter()
            .map(|value| match value {
                SqlValue::Null => ParameterValue::DbNull,
                SqlValue::Integer(integer) => ParameterValue::Int64(integer),
                SqlValue::Real(real) => ParameterValue::Floating64(real),
                SqlValue::Text(text) => ParameterValue::Str(text),
                SqlValue::Blob(bytes) => ParameterValue::Binary(bytes),
            })
            .collect();
        let taken;
        let connection = match &self.own {
            Some(own) => own,
            None => {
                taken = self.connect().await?;
                &taken
            }
        };
        let answer = connection
            .query(dollar_parameters(sql), params)
            .await
            .map_err(sort)?;
        let (_, mut stream, end) = answer.into_inner();
        let mut rows = Vec::new();
        loop {
            let (result, batch) = stream.read(Vec::with_capacity(ROWS)).await;
            for row in batch {
                rows.push(row.into_iter().map(value).collect::<Result<Row>>()?);
            }
            if !matches!(result, StreamResult::Complete(_)) {
                break;
            }
        }
        end.await.map_err(|error| sort(error.into()))?;
        Ok(rows)
    }

    async fn reopen(&self) -> Result<Self> {
        Ok(Self {
            address: self.address.clone(),
            own: Some(self.connect().await?),
        })
    }
}

fn value(value: DbValue) -> Result<SqlValue> {
    Ok(match value {
        DbValue::DbNull => SqlValue::Null,
        DbValue::Boolean(flag) => flag.into(),
        DbValue::Int16(integer) => SqlValue::Integer(integer.into()),
        DbValue::Int32(integer) => SqlValue::Integer(integer.into()),
        DbValue::Int64(integer) => SqlValue::Integer(integer),
        DbValue::Floating64(real) => SqlValue::Real(real),
        DbValue::Str(text) => SqlValue::Text(text),
        DbValue::Binary(bytes) => SqlValue::Blob(bytes),
        other => return Err(SqlError::wrong_column("a value of ours", other)),
    })
}

fn sort(error: Error) -> SqlError {
    match error {
        Error::PgError(PgError::QueryFailed(QueryError::DbError(error))) => {
            let table = error.extras.iter().find(|(name, _)| name == "table");
            PostgresError {
                code: &error.code,
                message: &error.message,
                detail: error.detail.as_deref(),
                table: table.map(|(_, table)| table.as_str()),
            }
            .into()
        }
        // Without a code it is the connection.
        Error::PgError(
            PgError::ConnectionFailed(reason) | PgError::QueryFailed(QueryError::Text(reason)),
        ) => SqlError::Unavailable(reason),
        error => SqlError::Internal(error.to_string()),
    }
}
