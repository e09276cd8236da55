//! [`SqlConnection`](crate::SqlConnection) over Spin's interfaces, for components.

mod postgres;
mod sqlite;

pub use postgres::SpinPostgres;
pub use sqlite::SpinConnection;

use spin_sdk::variables;

use crate::{Database, Either, Migrations, Result, SqlError, migrate};

/// The variable that chooses PostgreSQL.
const DATABASE_URL: &str = "database_url";

/// A connection to the database that the deployment has chosen.
pub type Connection = Either<SpinConnection, SpinPostgres>;

/// Opens a database of this component: in PostgreSQL where its variable `database_url` is set and not empty,
/// else the SQLite database of that label.
pub async fn open(database: Database) -> Result<Connection> {
    let url = match variables::get(DATABASE_URL).await {
        Ok(url) => url,
        Err(variables::Error::Undefined(_) | variables::Error::InvalidName(_)) => String::new(),
        Err(error) => return Err(SqlError::Unavailable(error.to_string())),
    };
    Ok(if url.trim().is_empty() {
        Connection::Sqlite(SpinConnection::open(database).await?)
    } else {
        Connection::Postgres(SpinPostgres::new(url.trim(), database))
    })
}

/// As [`open`], with its schema up to date.
pub async fn open_migrated(database: Database, migrations: &Migrations) -> Result<Connection> {
    let connection = open(database).await?;
    let migrated = migrate(&connection, migrations).await?;
    if migrated.after > migrated.known {
        tracing::warn!(
            database = database.label,
            after = migrated.after,
            known = migrated.known,
            "the database was migrated by newer code"
        );
    }
    Ok(connection)
}
