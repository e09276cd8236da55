//! The database over `spin:sqlite`.

use std::sync::OnceLock;

use notifications::DATABASE;
use sql::Result;
use sql::spin::SpinConnection;

/// The connection, opened and migrated by the instance's first use. Only success is remembered; several first
/// uses may do it at once, which is as good as once.
pub async fn connection() -> Result<&'static SpinConnection> {
    static CONNECTION: OnceLock<SpinConnection> = OnceLock::new();
    if let Some(connection) = CONNECTION.get() {
        return Ok(connection);
    }
    let connection = SpinConnection::open(DATABASE).await?;
    let migrated = notifications::migrate(&connection).await?;
    if migrated.after > migrated.known {
        tracing::warn!(
            after = migrated.after,
            known = migrated.known,
            "the database was migrated by newer code"
        );
    }
    Ok(CONNECTION.get_or_init(|| connection))
}
