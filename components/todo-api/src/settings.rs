//! What the component's variables say, read once an instance.

use std::str::FromStr;
use std::sync::OnceLock;

use chrono::TimeDelta;
use spin_sdk::variables;
use storage::RateLimit;

use crate::cors::AllowedOrigins;
use crate::error::ApiError;
use crate::tokens::AccessTokens;

/// Longest access tokens that may be configured: a day.
const MAX_ACCESS_TOKEN_SECONDS: u32 = 86_400;

/// The component's configuration.
pub struct Settings {
    /// Makes and checks access tokens; holds the secret.
    pub tokens: AccessTokens,
    /// What one client may ask.
    pub limits: [RateLimit; 2],
    /// Which pages may read answers.
    pub origins: AllowedOrigins,
}

impl Settings {
    /// The settings, or 503 while a variable is missing or wrong. Only success is remembered.
    pub async fn get() -> Result<&'static Self, ApiError> {
        static SETTINGS: OnceLock<Settings> = OnceLock::new();
        if let Some(settings) = SETTINGS.get() {
            return Ok(settings);
        }
        let settings = Self::read().await.map_err(ApiError::Unavailable)?;
        Ok(SETTINGS.get_or_init(|| settings))
    }

    async fn read() -> Result<Self, String> {
        let lifetime: u32 = number("access_token_seconds").await?;
        if !(1..=MAX_ACCESS_TOKEN_SECONDS).contains(&lifetime) {
            return Err(format!(
                "access_token_seconds must be between 1 and {MAX_ACCESS_TOKEN_SECONDS}"
            ));
        }
        Ok(Self {
            tokens: AccessTokens::new(
                &variable("jwt_secret").await?,
                TimeDelta::seconds(lifetime.into()),
            )?,
            limits: [
                RateLimit {
                    requests: number("rate_limit_per_minute").await?,
                    seconds: 60,
                },
                RateLimit {
                    requests: number("rate_limit_per_hour").await?,
                    seconds: 3600,
                },
            ],
            origins: AllowedOrigins::parse(&variable("cors_origins").await?)?,
        })
    }
}

async fn variable(name: &str) -> Result<String, String> {
    variables::get(name)
        .await
        .map_err(|error| format!("variable {name}: {error}"))
}

async fn number<T: FromStr>(name: &str) -> Result<T, String> {
    let text = variable(name).await?;
    text.trim()
        .parse()
        .map_err(|_| format!("{name} must be a whole number, not \"{text}\""))
}
