//! [`SqlConnection`] over `tokio-postgres`, for native tests and for the host's commands.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};

use tokio::runtime::{Builder, Runtime};
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{Client, Config, NoTls, Socket};

use crate::dialect::dollar_parameters;
use crate::postgres_url::in_schema;
use crate::sqlstate::PostgresError;
use crate::{Database, Dialect, Result, Row, SqlConnection, SqlError, SqlValue};

/// A connection to one service's schema. Its futures need no runtime of their caller: what they wait for runs
/// on a thread of this module.
pub struct PostgresConnection {
    connect: Connect,
    client: Client,
}

type Connecting =
    Pin<Box<dyn Future<Output = std::result::Result<Client, tokio_postgres::Error>> + Send>>;
type Connect = Arc<dyn Fn() -> Connecting + Send + Sync>;

impl std::fmt::Debug for PostgresConnection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PostgresConnection").finish_non_exhaustive()
    }
}

/// The thread on which all connections of this process read and write.
fn runtime() -> Result<&'static Runtime> {
    static RUNTIME: OnceLock<std::io::Result<Runtime>> = OnceLock::new();
    RUNTIME
        .get_or_init(|| {
            Builder::new_multi_thread()
                .worker_threads(1)
                .thread_name("postgres")
                .enable_all()
                .build()
        })
        .as_ref()
        .map_err(|error| SqlError::Unavailable(error.to_string()))
}

impl PostgresConnection {
    /// Opens a connection that works in the schema of `database`, which need not exist yet.
    pub async fn open(url: &str, database: Database) -> Result<Self> {
        Self::open_with(url, database, NoTls).await
    }

    /// As [`Self::open`], with TLS where the address says so.
    pub async fn open_with<T>(url: &str, database: Database, tls: T) -> Result<Self>
    where
        T: MakeTlsConnect<Socket> + Clone + Send + Sync + 'static,
        T::TlsConnect: Send,
        T::Stream: Send,
        <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
    {
        let address: Config = in_schema(url, database)
            .parse()
            .map_err(|error| SqlError::Unavailable(format!("{error}")))?;
        Self::connect(Arc::new(move || {
            let (address, tls) = (address.clone(), tls.clone());
            Box::pin(async move {
                let (client, connection) = address.connect(tls).await?;
                tokio::spawn(connection);
                Ok(client)
            })
        }))
        .await
    }

    async fn connect(connect: Connect) -> Result<Self> {
        let client = runtime()?.spawn(connect());
        let client = client
            .await
            .map_err(|error| SqlError::Unavailable(error.to_string()))?
            .map_err(sort)?;
        Ok(Self { connect, client })
    }

    /// The client itself, for what only PostgreSQL can do.
    pub fn client(&self) -> &Client {
        &self.client
    }
}

impl SqlConnection for PostgresConnection {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    async fn execute(&self, sql: &str, params: Vec<SqlValue>) -> Result<Vec<Row>> {
        let params: Vec<&(dyn ToSql + Sync)> = params.iter().map(|it| it as _).collect();
        let rows = self
            .client
            .query(&dollar_parameters(sql), &params)
            .await
            .map_err(sort)?;
        rows.iter()
            .map(|row| {
                (0..row.len())
                    .map(|column| row.try_get(column).map_err(sort))
                    .collect()
            })
            .collect()
    }

    async fn reopen(&self) -> Result<Self> {
        Self::connect(Arc::clone(&self.connect)).await
    }
}

/// An error without a code is one of the connection, but for values of a wrong type.
fn sort(error: tokio_postgres::Error) -> SqlError {
    use std::error::Error as _;

    if let Some(error) = error.as_db_error() {
        return PostgresError {
            code: error.code().code(),
            message: error.message(),
            detail: error.detail(),
            table: error.table(),
        }
        .into();
    }
    let reason = error.source().map(ToString::to_string).unwrap_or_default();
    let message = format!("{error}: {reason}");
    if message.contains("serializing parameter") || message.contains("deserializing column") {
        SqlError::Internal(message)
    } else {
        SqlError::Unavailable(message)
    }
}

/// Takes the types that `spin:postgres` takes for the same value, so that a test finds what a component would.
impl ToSql for SqlValue {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut bytes::BytesMut,
    ) -> std::result::Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Integer(value) => value.to_sql_checked(ty, out),
            Self::Real(value) => value.to_sql_checked(ty, out),
            Self::Text(value) => value.to_sql_checked(ty, out),
            Self::Blob(value) => value.to_sql_checked(ty, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for SqlValue {
    fn from_sql(
        ty: &Type,
        raw: &'a [u8],
    ) -> std::result::Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(match *ty {
            Type::BOOL => bool::from_sql(ty, raw)?.into(),
            Type::INT2 => i64::from(i16::from_sql(ty, raw)?).into(),
            Type::INT4 => i64::from(i32::from_sql(ty, raw)?).into(),
            Type::INT8 => i64::from_sql(ty, raw)?.into(),
            Type::FLOAT8 => Self::Real(f64::from_sql(ty, raw)?),
            Type::BYTEA => Self::Blob(raw.to_vec()),
            _ => String::from_sql(ty, raw)?.into(),
        })
    }

    fn from_sql_null(
        _: &Type,
    ) -> std::result::Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self::Null)
    }

    fn accepts(ty: &Type) -> bool {
        matches!(
            *ty,
            Type::BOOL
                | Type::INT2
                | Type::INT4
                | Type::INT8
                | Type::FLOAT8
                | Type::BYTEA
                | Type::TEXT
                | Type::VARCHAR
        )
    }
}
