//! What is erased leaves the file.

use crate::{Columns, Dialect, Result, SqlConnection, SqlError};

/// Pages of a database that is written anew after an erasure: 64 MiB.
const MAX_VACUUM_PAGES: i64 = 16_384;

/// Overwrites what `secure_delete` does not reach: copies in pages that SQLite has split, and the log that
/// it writes ahead. A large database is not written anew, which would make everybody wait; there such copies
/// stay until their page is used again. The same where others use the database for longer than a second.
///
/// PostgreSQL keeps erased rows in its pages until its own vacuum, in its log and in its backups; that is its
/// operator's to limit.
pub async fn overwrite_erased<C: SqlConnection>(connection: &C) -> Result<()> {
    if connection.dialect() == Dialect::Postgres {
        return Ok(());
    }
    match try_overwrite(connection).await {
        Err(SqlError::Unavailable(_)) => Ok(()),
        other => other,
    }
}

async fn try_overwrite<C: SqlConnection>(connection: &C) -> Result<()> {
    let own = connection.reopen().await?;
    own.execute("PRAGMA busy_timeout = 1000", vec![]).await?;
    let pages = own.execute("PRAGMA page_count", vec![]).await?;
    let pages = Columns::from(pages.into_iter().next().unwrap_or_default()).integer()?;
    if pages <= MAX_VACUUM_PAGES {
        own.execute("VACUUM", vec![]).await?;
    }
    own.execute("PRAGMA wal_checkpoint(TRUNCATE)", vec![])
        .await
        .map(drop)
}
