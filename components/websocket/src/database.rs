//! The history over `spin:sqlite`.

use std::sync::OnceLock;

use live::{DATABASE, History};
use sql::Result;
use sql::spin::SpinConnection;

/// The history, opened and migrated by the instance's first use. Only success is remembered; several first
/// uses may do it at once, which is as good as once.
pub async fn history() -> Result<&'static History<SpinConnection>> {
    static HISTORY: OnceLock<History<SpinConnection>> = OnceLock::new();
    if let Some(history) = HISTORY.get() {
        return Ok(history);
    }
    let history = History::new(SpinConnection::open(DATABASE).await?);
    let migrated = history.migrate().await?;
    if migrated.after > migrated.known {
        tracing::warn!(
            after = migrated.after,
            known = migrated.known,
            "the database was migrated by newer code"
        );
    }
    Ok(HISTORY.get_or_init(|| history))
}
