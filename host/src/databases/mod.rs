//! `todo migrate` and `todo copy`: the services' databases, from outside.

mod copy;
mod migrate;
mod rows;

use std::path::PathBuf;

use anyhow::{Context as _, Result, anyhow};
use sql::postgres::PostgresConnection;
use sql::{Database, Migrations};

use crate::capabilities::postgres::server;
use crate::runtime_config::{Location, RuntimeConfig};

pub use copy::{CopyArgs, run as copy};
pub use migrate::{MigrateArgs, run as migrate};

/// A service's database.
struct Service {
    database: Database,
    migrations: Migrations,
}

/// What is kept. Rate limits are not: they are counted anew.
static SERVICES: [Service; 5] = [
    Service {
        database: storage::TASKS,
        migrations: storage::MIGRATIONS,
    },
    Service {
        database: reminders::DATABASE,
        migrations: reminders::MIGRATIONS,
    },
    Service {
        database: notifications::DATABASE,
        migrations: notifications::MIGRATIONS,
    },
    Service {
        database: ::audit::AUDIT,
        migrations: ::audit::MIGRATIONS,
    },
    Service {
        database: live::DATABASE,
        migrations: live::MIGRATIONS,
    },
];

impl Service {
    /// Its file, if it is configured and is one.
    fn file(&self, config: &RuntimeConfig) -> Option<PathBuf> {
        match config.sqlite_databases.get(self.database.label) {
            Some(Location::File(file)) => Some(file.clone()),
            _ => None,
        }
    }
}

/// A connection to the schema of `database`.
///
/// # Errors
/// The address is wrong, or the server cannot be reached or refuses.
pub async fn connect(url: &str, database: Database) -> Result<PostgresConnection> {
    let (address, tls) = server(url).map_err(|reason| anyhow!(reason))?;
    let connection = match tls {
        Some(tls) => PostgresConnection::open_with(&address, database, tls).await,
        None => PostgresConnection::open(&address, database).await,
    };
    connection.context("connecting to PostgreSQL")
}
