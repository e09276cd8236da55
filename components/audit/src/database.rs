//! The trail over the database that the deployment has chosen.

use std::sync::OnceLock;

use audit::{AUDIT, MIGRATIONS, Trail};
use sql::Result;
use sql::spin::{self, Connection};

/// The trail, opened and migrated by the instance's first use. Only success is remembered; several first
/// uses may do it at once, which is as good as once.
pub async fn trail() -> Result<&'static Trail<Connection>> {
    static TRAIL: OnceLock<Trail<Connection>> = OnceLock::new();
    if let Some(trail) = TRAIL.get() {
        return Ok(trail);
    }
    let connection = spin::open_migrated(AUDIT, &MIGRATIONS).await?;
    Ok(TRAIL.get_or_init(|| Trail::new(connection)))
}
