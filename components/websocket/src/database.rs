//! The history over the database that the deployment has chosen.

use std::sync::OnceLock;

use live::{DATABASE, History, MIGRATIONS};
use sql::Result;
use sql::spin::{self, Connection};

/// The history, opened and migrated by the instance's first use. Only success is remembered; several first
/// uses may do it at once, which is as good as once.
pub async fn history() -> Result<&'static History<Connection>> {
    static HISTORY: OnceLock<History<Connection>> = OnceLock::new();
    if let Some(history) = HISTORY.get() {
        return Ok(history);
    }
    let connection = spin::open_migrated(DATABASE, &MIGRATIONS).await?;
    Ok(HISTORY.get_or_init(|| History::new(connection)))
}
