//! [`SqlConnection`] over whichever of two was opened.

use crate::{Dialect, Result, Row, SqlConnection, SqlValue};

/// A connection to one of the two kinds of databases.
#[derive(Debug)]
pub enum Either<S, P> {
    /// To a file of SQLite.
    Sqlite(S),
    /// To a schema of PostgreSQL.
    Postgres(P),
}

impl<S: SqlConnection, P: SqlConnection> SqlConnection for Either<S, P> {
    fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(connection) => connection.dialect(),
            Self::Postgres(connection) => connection.dialect(),
        }
    }

    async fn execute(&self, sql: &str, params: Vec<SqlValue>) -> Result<Vec<Row>> {
        match self {
            Self::Sqlite(connection) => connection.execute(sql, params).await,
            Self::Postgres(connection) => connection.execute(sql, params).await,
        }
    }

    async fn reopen(&self) -> Result<Self> {
        Ok(match self {
            Self::Sqlite(connection) => Self::Sqlite(connection.reopen().await?),
            Self::Postgres(connection) => Self::Postgres(connection.reopen().await?),
        })
    }
}
