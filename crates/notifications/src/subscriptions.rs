//! Browsers that subscribed to push messages (Push API, RFC 8030).

use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use chrono::{DateTime, Utc};
use sql::{Columns, Result, SqlConnection, json, params};
use task_model::FieldError;
use url::{Host, Url};
use uuid::Uuid;

/// The longest endpoint that is kept, in bytes.
const MAX_ENDPOINT_BYTES: usize = 2048;

const BASE64URL: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A browser's subscription, its keys in unpadded base64url.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// Where push messages are posted; a secret between browser and service.
    pub endpoint: String,
    /// An uncompressed P-256 point (RFC 8291, section 3.1).
    pub p256dh: String,
    /// 16 bytes (RFC 8291, section 3.2).
    pub auth: String,
}

impl Subscription {
    /// Checks what a browser says. The endpoint must be `https` on a public name, unless `allow_private`: then
    /// `http` and any host will do.
    ///
    /// # Errors
    /// All fields that break a rule.
    pub fn validated(
        endpoint: &str,
        p256dh: &str,
        auth: &str,
        allow_private: bool,
    ) -> std::result::Result<Self, Vec<FieldError>> {
        let mut errors = Vec::new();
        let mut wrong = |field: &str, message: &str| {
            errors.push(FieldError {
                field: field.to_owned(),
                message: message.to_owned(),
            });
            String::new()
        };
        let endpoint = match Url::parse(endpoint) {
            _ if endpoint.len() > MAX_ENDPOINT_BYTES => {
                wrong("endpoint", "must be at most 2048 bytes long")
            }
            Ok(url) if !is_allowed(&url, allow_private) => wrong(
                "endpoint",
                "must be an https address of a public push service",
            ),
            Ok(url) => url.into(),
            Err(_) => wrong("endpoint", "must be a URL"),
        };
        let p256dh = match BASE64URL.decode(p256dh) {
            Ok(point) if point.len() == 65 && point.first() == Some(&4) => BASE64URL.encode(point),
            _ => wrong(
                "keys.p256dh",
                "must be an uncompressed P-256 point, 65 bytes in base64url",
            ),
        };
        let auth = match BASE64URL.decode(auth) {
            Ok(secret) if secret.len() == 16 => BASE64URL.encode(secret),
            _ => wrong("keys.auth", "must be 16 bytes in base64url"),
        };
        if errors.is_empty() {
            Ok(Self {
                endpoint,
                p256dh,
                auth,
            })
        } else {
            Err(errors)
        }
    }
}

/// Push services have names; an address, a name without a dot or one of a local zone is somebody's own network.
fn is_allowed(url: &Url, allow_private: bool) -> bool {
    if !url.username().is_empty() || url.password().is_some() {
        return false;
    }
    if allow_private {
        return matches!(url.scheme(), "https" | "http") && url.has_host();
    }
    let Some(Host::Domain(name)) = url.host() else {
        return false;
    };
    let name = name.trim_end_matches('.');
    const LOCAL: [&str; 5] = ["localhost", "local", "internal", "lan", "arpa"];
    let zone = name.rsplit_once('.').map(|(_, zone)| zone);
    url.scheme() == "https" && zone.is_some_and(|zone| !LOCAL.contains(&zone))
}

/// Keeps a subscription. The eleventh of a person takes the place of their oldest; one that another person made
/// in the same browser becomes this person's. An erased person gets none.
pub async fn add(
    connection: &impl SqlConnection,
    user_id: Uuid,
    subscription: &Subscription,
    now: DateTime<Utc>,
) -> Result<()> {
    connection
        .execute(
            "INSERT INTO push_subscriptions (user_id, endpoint, p256dh, auth, created_at)
             SELECT ?1, ?2, ?3, ?4, ?5 WHERE NOT EXISTS (SELECT 1 FROM erased_users WHERE user_id = ?1)
             ON CONFLICT DO UPDATE SET p256dh = excluded.p256dh, auth = excluded.auth",
            params![
                user_id,
                subscription.endpoint.as_str(),
                subscription.p256dh.as_str(),
                subscription.auth.as_str(),
                now
            ],
        )
        .await?;
    Ok(())
}

/// A person's subscriptions and when each was made, oldest first.
pub async fn list(
    connection: &impl SqlConnection,
    user_id: Uuid,
) -> Result<Vec<(Subscription, DateTime<Utc>)>> {
    let rows = connection
        .execute(
            "SELECT endpoint, p256dh, auth, created_at FROM push_subscriptions
             WHERE user_id = ?1 ORDER BY created_at, endpoint",
            params![user_id],
        )
        .await?;
    rows.into_iter()
        .map(|row| {
            let mut columns = Columns::from(row);
            Ok((
                Subscription {
                    endpoint: columns.text()?,
                    p256dh: columns.text()?,
                    auth: columns.text()?,
                },
                columns.time()?,
            ))
        })
        .collect()
}

/// Removes those of a person's subscriptions that have one of `endpoints`; answers how many there were.
pub async fn remove(
    connection: &impl SqlConnection,
    user_id: Uuid,
    endpoints: &[String],
) -> Result<usize> {
    let rows = connection
        .execute(
            "DELETE FROM push_subscriptions
             WHERE user_id = ?1 AND endpoint IN (SELECT value FROM json_each(?2)) RETURNING 1",
            params![user_id, json(&endpoints)?],
        )
        .await?;
    Ok(rows.len())
}
