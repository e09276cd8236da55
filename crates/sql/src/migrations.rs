//! Numbered migrations that only expand, applied at start.

use chrono::Utc;

use crate::{Columns, Result, SqlConnection, SqlError, params};

/// Single statements, applied in order in one transaction. The number is the position, from 1.
pub type Migration = &'static [&'static str];

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

/// Applies what is missing. Several instances may start at once: one holds SQLite's write lock, the
/// others wait for it (`busy_timeout`) and then find nothing left to do.
pub async fn migrate<C: SqlConnection>(
    connection: &C,
    migrations: &[Migration],
) -> Result<Migrated> {
    let known = migrations.len() as i64;
    let before = applied(connection).await?;
    if before >= known {
        return Ok(Migrated {
            before,
            after: before,
            known,
        });
    }
    let own = connection.reopen().await?;
    use_wal(&own).await?;
    own.execute("BEGIN IMMEDIATE", vec![]).await?;
    match apply_missing(&own, migrations).await {
        Ok(before) => {
            own.execute("COMMIT", vec![]).await?;
            Ok(Migrated {
                before,
                after: before.max(known),
                known,
            })
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

/// The newest migration that the database has; 0 for a new one.
async fn applied<C: SqlConnection>(connection: &C) -> Result<i64> {
    let tables = connection
        .execute(
            "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'schema_migrations'",
            vec![],
        )
        .await?;
    if tables.is_empty() {
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
