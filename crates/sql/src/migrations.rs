//! Numbered migrations that only expand, applied at start.

use chrono::Utc;

use crate::{Columns, Dialect, Result, SqlConnection, SqlError, params};

/// Single statements, applied in order in one transaction. The number is the position, from 1.
pub type Migration = &'static [&'static str];

/// The schema of one service. A number may stand for something else in the other dialect.
#[derive(Debug, Clone, Copy)]
pub struct Migrations {
    /// For SQLite.
    pub sqlite: &'static [Migration],
    /// For PostgreSQL. A statement takes no parameters.
    pub postgres: &'static [Migration],
}

impl Migrations {
    fn of(&self, dialect: Dialect) -> &'static [Migration] {
        match dialect {
            Dialect::Sqlite => self.sqlite,
            Dialect::Postgres => self.postgres,
        }
    }
}

/// What [`migrate`] found and left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migrated {
    /// The newest migration that the database had; 0 for a new one.
    pub before: i64,
    /// The newest that it has now.
    pub after: i64,
    /// The newest that this code knows. Less than `after`: newer code was here, which is worth a line
    /// in the log and else harmless, since migrations only expand.
    pub known: i64,
}

/// Applies what is missing. Several instances may start at once: one holds SQLite's write lock or
/// PostgreSQL's advisory lock, the others wait for it and then find nothing left to do.
pub async fn migrate<C: SqlConnection>(
    connection: &C,
    migrations: &Migrations,
) -> Result<Migrated> {
    let found = migration_state(connection, migrations).await?;
    if found.before >= found.known {
        return Ok(found);
    }
    let missing = migrations.of(connection.dialect());
    let before = match connection.dialect() {
        Dialect::Sqlite => migrate_sqlite(connection, missing).await?,
        Dialect::Postgres => {
            connection.execute(&postgres_block(missing), vec![]).await?;
            found.before
        }
    };
    Ok(Migrated {
        before,
        after: before.max(found.known),
        known: found.known,
    })
}

/// What [`migrate`] would find; changes nothing, so `after` is `before`.
pub async fn migration_state<C: SqlConnection>(
    connection: &C,
    migrations: &Migrations,
) -> Result<Migrated> {
    let before = applied(connection).await?;
    Ok(Migrated {
        before,
        after: before,
        known: migrations.of(connection.dialect()).len() as i64,
    })
}

async fn migrate_sqlite<C: SqlConnection>(connection: &C, migrations: &[Migration]) -> Result<i64> {
    let own = connection.reopen().await?;
    use_wal(&own).await?;
    own.execute("BEGIN IMMEDIATE", vec![]).await?;
    match apply_missing(&own, migrations).await {
        Ok(before) => {
            own.execute("COMMIT", vec![]).await?;
            Ok(before)
        }
        Err(error) => {
            // The migration's own error says more than a failed rollback, which dropping repeats.
            let _ = own.execute("ROLLBACK", vec![]).await;
            Err(error)
        }
    }
}

/// Changing the journal's mode takes SQLite two locks, and it does not wait for the second. Whoever is
/// refused waits as a writer instead, which it does up to `busy_timeout`, and tries again.
async fn use_wal<C: SqlConnection>(own: &C) -> Result<()> {
    const ATTEMPTS: u32 = 100;
    for _ in 1..ATTEMPTS {
        match own.execute("PRAGMA journal_mode = WAL", vec![]).await {
            Err(SqlError::Unavailable(_)) => {
                own.execute("BEGIN IMMEDIATE", vec![]).await?;
                own.execute("ROLLBACK", vec![]).await?;
            }
            other => return other.map(drop),
        }
    }
    own.execute("PRAGMA journal_mode = WAL", vec![])
        .await
        .map(drop)
}

async fn apply_missing<C: SqlConnection>(own: &C, migrations: &[Migration]) -> Result<i64> {
    own.execute(
        "CREATE TABLE IF NOT EXISTS schema_migrations (number INTEGER PRIMARY KEY, applied_at INTEGER NOT NULL)",
        vec![],
    )
    .await?;
    let before = applied(own).await?;
    for (number, statements) in (1_i64..).zip(migrations).skip(before.max(0) as usize) {
        for statement in *statements {
            own.execute(statement, vec![]).await?;
        }
        own.execute(
            "INSERT INTO schema_migrations (number, applied_at) VALUES (?1, ?2)",
            params![number, Utc::now()],
        )
        .await?;
    }
    Ok(before)
}

/// All in one statement, since a pool may give a transaction over several to another request half-way.
/// The connection's `search_path` names the service's schema and nothing else.
fn postgres_block(migrations: &[Migration]) -> String {
    let now = Utc::now().timestamp_millis();
    let mut block = String::from(
        "DO $migrate$
         DECLARE
           newest BIGINT;
         BEGIN
           PERFORM pg_advisory_xact_lock(hashtextextended('schema_migrations ' || current_setting('search_path'), 0));
           IF current_schema() IS NULL THEN
             EXECUTE 'CREATE SCHEMA ' || current_setting('search_path');
           END IF;
           CREATE TABLE IF NOT EXISTS schema_migrations (number BIGINT PRIMARY KEY, applied_at BIGINT NOT NULL);
           SELECT coalesce(max(number), 0) INTO newest FROM schema_migrations;\n",
    );
    for (number, statements) in (1_i64..).zip(migrations) {
        block.push_str(&format!("IF newest < {number} THEN\n"));
        for statement in *statements {
            block.push_str(&format!("EXECUTE $statement${statement}$statement$;\n"));
        }
        block.push_str(&format!(
            "INSERT INTO schema_migrations (number, applied_at) VALUES ({number}, {now});\nEND IF;\n"
        ));
    }
    block + "END $migrate$"
}

/// The newest migration that the database has; 0 for a new one.
async fn applied<C: SqlConnection>(connection: &C) -> Result<i64> {
    let table = match connection.dialect() {
        Dialect::Sqlite => {
            "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'schema_migrations'"
        }
        Dialect::Postgres => "SELECT 1 WHERE to_regclass('schema_migrations') IS NOT NULL",
    };
    if connection.execute(table, vec![]).await?.is_empty() {
        return Ok(0);
    }
    let rows = connection
        .execute(
            "SELECT coalesce(max(number), 0) FROM schema_migrations",
            vec![],
        )
        .await?;
    Columns::from(rows.into_iter().next().unwrap_or_default()).integer()
}
