//! What the component's own variable says; the rest of its configuration is that of every service.

use std::sync::OnceLock;

use api::{ApiError, number};
use chrono::TimeDelta;

/// Longest access tokens that may be configured: a day.
const MAX_ACCESS_TOKEN_SECONDS: u32 = 86_400;

/// How long an access token is good, or 503 while that is missing or wrong. Only success is remembered.
pub async fn access_token_lifetime() -> Result<TimeDelta, ApiError> {
    static LIFETIME: OnceLock<TimeDelta> = OnceLock::new();
    if let Some(lifetime) = LIFETIME.get() {
        return Ok(*lifetime);
    }
    let seconds: u32 = number("access_token_seconds")
        .await
        .map_err(ApiError::Unavailable)?;
    if !(1..=MAX_ACCESS_TOKEN_SECONDS).contains(&seconds) {
        return Err(ApiError::Unavailable(format!(
            "access_token_seconds must be between 1 and {MAX_ACCESS_TOKEN_SECONDS}"
        )));
    }
    Ok(*LIFETIME.get_or_init(|| TimeDelta::seconds(seconds.into())))
}
