//! Browsers that subscribed to push messages (Push API, RFC 8030).

use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use chrono::{DateTime, Utc};
use sql::{Columns, Result, SqlConnection, json, params};
use task_model::FieldError;
use url::{Host, Url};
use uuid::Uuid;

use crate::claims::texts;

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
    /// Checks what a browser says. The endpoint must be `https` on a public name, or of `private_origin`.
    ///
    /// # Errors
    /// All fields that break a rule.
    pub fn validated(
        endpoint: &str,
        p256dh: &str,
        auth: &str,
        private_origin: Option<&str>,
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
            Ok(url) if !is_allowed(&url, private_origin) => wrong(
                "endpoint",
                "must be an https address of a public push service",
            ),
            // Kept as it is written, since the browser names it so when it unsubscribes.
            Ok(_) if endpoint.bytes().all(|it| it.is_ascii_graphic()) => endpoint.to_owned(),
            _ => wrong("endpoint", "must be a URL"),
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
fn is_allowed(url: &Url, private_origin: Option<&str>) -> bool {
    if !url.username().is_empty() || url.password().is_some() {
        return false;
    }
    let private_origin = private_origin.and_then(|it| Url::parse(it).ok());
    if private_origin.is_some_and(|it| it.origin().is_tuple() && it.origin() == url.origin()) {
        return true;
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
             ON CONFLICT (user_id, endpoint) DO UPDATE SET p256dh = excluded.p256dh, auth = excluded.auth",
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
    let sql = format!(
        "DELETE FROM push_subscriptions WHERE endpoint IN ({}) AND user_id = ?2 RETURNING 1",
        texts(connection.dialect())
    );
    let rows = connection
        .execute(&sql, params![json(&endpoints)?, user_id])
        .await?;
    Ok(rows.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(endpoint: &str, p256dh: &[u8], auth: &[u8], private: Option<&str>) -> Vec<String> {
        let keys = (BASE64URL.encode(p256dh), BASE64URL.encode(auth));
        let checked = Subscription::validated(endpoint, &keys.0, &keys.1, private);
        let errors = checked.err().unwrap_or_default();
        errors.into_iter().map(|error| error.field).collect()
    }

    #[test]
    fn endpoints_are_of_public_push_services() {
        let point = [4; 65];
        let wrong =
            |endpoint: &str, private| !fields(endpoint, &point, &[1; 16], private).is_empty();
        for good in [
            "https://fcm.googleapis.com/fcm/send/abc:def",
            "https://updates.push.services.mozilla.com/wpush/v2/x?y=1",
            "https://web.push.apple.com:443/x",
        ] {
            assert!(!wrong(good, None), "{good}");
        }
        for bad in [
            "http://fcm.googleapis.com/x",
            "https://localhost/x",
            "https://localhost./x",
            "https://push/x",
            "https://db.internal/x",
            "https://a.local:8443/x",
            "https://127.0.0.1/x",
            "https://2130706433/x",
            "https://0x7f.1/x",
            "https://169.254.169.254/latest",
            "https://[::1]/x",
            "https://[::ffff:10.0.0.1]/x",
            "https://user@push.example.org/x",
            "https://user:password@push.example.org/x",
            "ftp://push.example.org/x",
            "data:text/plain,x",
            "push.example.org",
            " https://push.example.org/x",
            "https://push.example.org/\nx",
            "",
            &format!(
                "https://push.example.org/{}",
                "x".repeat(MAX_ENDPOINT_BYTES)
            ),
        ] {
            assert!(wrong(bad, None), "{bad}");
        }
        let origin = Some("http://127.0.0.1:8030");
        assert!(!wrong("http://127.0.0.1:8030/push/1", origin));
        assert!(!wrong("https://fcm.googleapis.com/x", origin));
        assert!(wrong("http://127.0.0.1:8031/push/1", origin));
        assert!(wrong("http://user@127.0.0.1:8030/push/1", origin));
        assert!(wrong("data:x", Some("data:x")));
    }

    #[test]
    fn keys_have_their_size() {
        let endpoint = "https://push.example.org/1";
        let mut point = [7; 65];
        point[0] = 4;
        assert!(fields(endpoint, &point, &[1; 16], None).is_empty());
        assert_eq!(
            fields(endpoint, &point[1..], &[1; 16], None),
            ["keys.p256dh"]
        );
        assert_eq!(fields(endpoint, &[2; 65], &[1; 16], None), ["keys.p256dh"]);
        assert_eq!(
            fields("x", &[], &[1; 15], None),
            ["endpoint", "keys.p256dh", "keys.auth"]
        );
    }

    #[test]
    fn padding_does_not_matter() {
        let point = [4; 65];
        let engine = base64::engine::general_purpose::URL_SAFE;
        let (key, auth) = (engine.encode(point), engine.encode([1; 16]));
        let padded = Subscription::validated("https://p.example/1", &key, &auth, None).unwrap();
        assert_eq!(padded.auth, BASE64URL.encode([1; 16]));
    }
}
