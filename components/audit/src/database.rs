//! The trail over `spin:sqlite`.

use std::sync::OnceLock;

use audit::{AUDIT, Trail};
use sql::Result;
use sql::spin::SpinConnection;

/// The trail, opened and migrated by the instance's first use. Only success is remembered; several first
/// uses may do it at once, which is as good as once.
pub async fn trail() -> Result<&'static Trail<SpinConnection>> {
    static TRAIL: OnceLock<Trail<SpinConnection>> = OnceLock::new();
    if let Some(trail) = TRAIL.get() {
        return Ok(trail);
    }
    let trail = Trail::new(SpinConnection::open(AUDIT).await?);
    let migrated = trail.migrate().await?;
    if migrated.after > migrated.known {
        tracing::warn!(
            after = migrated.after,
            known = migrated.known,
            "the database was migrated by newer code"
        );
    }
    Ok(TRAIL.get_or_init(|| trail))
}
