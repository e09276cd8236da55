//! What the component's variables say, read once an instance.

use std::str::FromStr;
use std::sync::OnceLock;

use spin_sdk::variables;

use crate::ApiError;
use crate::cors::AllowedOrigins;
use crate::rate_limit::RateLimit;
use crate::tokens::Tokens;

/// The configuration that all services have.
pub struct Settings {
    /// Makes and checks tokens; holds the secret.
    pub tokens: Tokens,
    pub(crate) limits: [RateLimit; 2],
    pub(crate) origins: AllowedOrigins,
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
        Ok(Self {
            tokens: Tokens::new(&variable("jwt_secret").await?)?,
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

/// A variable of the component; the error names it.
pub async fn variable(name: &str) -> Result<String, String> {
    variables::get(name)
        .await
        .map_err(|error| format!("variable {name}: {error}"))
}

/// A variable that holds a whole number.
pub async fn number<T: FromStr>(name: &str) -> Result<T, String> {
    let text = variable(name).await?;
    text.trim()
        .parse()
        .map_err(|_| format!("{name} must be a whole number, not \"{text}\""))
}
