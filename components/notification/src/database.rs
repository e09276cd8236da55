//! The database that the deployment has chosen.

use std::sync::OnceLock;

use notifications::{DATABASE, MIGRATIONS};
use sql::Result;
use sql::spin::{self, Connection};

/// The connection, opened and migrated by the instance's first use. Only success is remembered; several first
/// uses may do it at once, which is as good as once.
pub async fn connection() -> Result<&'static Connection> {
    static CONNECTION: OnceLock<Connection> = OnceLock::new();
    if let Some(connection) = CONNECTION.get() {
        return Ok(connection);
    }
    let connection = spin::open_migrated(DATABASE, &MIGRATIONS).await?;
    Ok(CONNECTION.get_or_init(|| connection))
}
