//! What the component's variables say beside those of all services, read once an instance.

use std::sync::OnceLock;

use api::{ApiError, Caller, variable};
use http::HeaderMap;
use http::header::ORIGIN;
use live::socket::Identity;
use serde_json::Value;

/// The header by which a gateway shows that a request comes through it.
const GRIP_SIG: &str = "grip-sig";
/// The header in which Spin tells the request's URL, with the host that the client named.
const FULL_URL: &str = "spin-full-url";

/// The settings.
pub struct Settings {
    /// What all services have.
    pub api: &'static api::Settings,
    /// The gateway's address.
    pub grip_url: String,
    /// Signs the links that a gateway comes back with.
    pub secret: String,
    grip_key: String,
    cors_origins: String,
}

impl Settings {
    /// The settings, or 503 while a variable is missing or wrong. Only success is remembered.
    pub async fn get() -> Result<&'static Self, ApiError> {
        static SETTINGS: OnceLock<Settings> = OnceLock::new();
        if let Some(settings) = SETTINGS.get() {
            return Ok(settings);
        }
        let settings = Self {
            api: api::Settings::get().await?,
            grip_url: variable("grip_url").await.map_err(ApiError::Unavailable)?,
            secret: variable("jwt_secret")
                .await
                .map_err(ApiError::Unavailable)?,
            grip_key: variable("grip_key").await.map_err(ApiError::Unavailable)?,
            cors_origins: variable("cors_origins")
                .await
                .map_err(ApiError::Unavailable)?,
        };
        Ok(SETTINGS.get_or_init(|| settings))
    }

    /// Whether a request comes through a gateway that has our key. Without a key any does.
    pub fn is_from_gateway(&self, headers: &HeaderMap) -> bool {
        let signature = headers.get(GRIP_SIG).and_then(|value| value.to_str().ok());
        self.grip_key.is_empty()
            || signature.is_some_and(|signature| {
                api::signed::verify::<Value>(signature, &self.grip_key, None).is_some()
            })
    }

    /// Whether a page may open a WebSocket, which browsers ask nobody in advance for: one of
    /// `cors_origins`, and one that this host served itself.
    pub fn allows_origin(&self, headers: &HeaderMap) -> bool {
        let Some(origin) = headers.get(ORIGIN) else {
            return true;
        };
        let Ok(origin) = origin.to_str() else {
            return false;
        };
        let url = headers.get(FULL_URL).and_then(|url| url.to_str().ok());
        let own = url.and_then(|url| url.split_once("://")?.1.split('/').next());
        let host = origin.split_once("://").map(|(_, host)| host);
        self.cors_origins.trim() == "*"
            || (host.is_some() && host == own)
            || self.cors_origins.split(',').any(|it| it.trim() == origin)
    }

    /// Whose an access token is, if it is a person's and good now. Services open no connections.
    pub fn identify(&self, token: &str) -> Option<Identity> {
        let (claims, expires_at) = self.api.tokens.verify_until(token).ok()?;
        let is_person = matches!(claims.caller, Caller::Person { .. });
        is_person.then_some(Identity {
            user_id: claims.user_id,
            expires_at,
        })
    }
}
