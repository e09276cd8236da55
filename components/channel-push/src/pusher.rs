//! One notification to all of a person's push subscriptions.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::StreamExt;
use futures_util::stream;
use http::{Request, StatusCode, header};
use provider::{Answer, SendError, cut, secret_header, single_line};
use serde_json::json;
use sha2::{Digest, Sha256};
use url::{Origin, Url};
use web_push::{EncryptionError, Randomness, VapidKey, encrypt, is_public};

use crate::bindings::exports::todo::notify::channel::{DeliveryError, Notification, Receipt};
use crate::bindings::todo::notify::types::PushSubscription;

/// How long a push service keeps a message for a browser that is away, in seconds: a day.
const TIME_TO_LIVE_SECONDS: u32 = 86_400;
/// How long a VAPID token is good, in seconds; RFC 8292 allows a day.
const TOKEN_LIFETIME_SECONDS: i64 = 12 * 3600;
/// With the longest title and body, escapes included, a payload still fits into one message.
const MAX_TITLE_CHARS: usize = 200;
const MAX_BODY_CHARS: usize = 500;
/// Bytes of the id's hash in a topic, which has at most 32 characters (RFC 8030, section 5.4).
const TOPIC_HASH_BYTES: usize = 24;
/// Subscriptions that are pushed to at the same time.
const MAX_CONCURRENT: usize = 16;
/// Attempts to draw a private key; one fails with a probability of 2^-32.
const MAX_DRAWS: usize = 4;

/// Who pushes.
pub struct Pusher {
    /// The application server's key.
    pub key: VapidKey,
    /// How to reach its operator.
    pub subject: String,
    /// An origin that may be pushed to although it is not public.
    pub private_origin: Option<Origin>,
}

/// What became of one subscription.
#[derive(Debug)]
enum Outcome {
    /// With the message's address at the push service.
    Accepted(Option<String>),
    Gone,
    Temporary(String, Option<u32>),
    Permanent(String),
}

impl Pusher {
    /// Pushes to every subscription. It is delivered when one push service has taken it.
    pub async fn deliver(&self, notification: &Notification) -> Result<Receipt, DeliveryError> {
        let payload = payload(notification);
        let topic = topic(&notification.id);
        let subscriptions = &notification.recipient.push_subscriptions;
        let outcomes: Vec<_> = stream::iter(subscriptions)
            .map(|subscription| self.push(subscription, &payload, &topic))
            .buffered(MAX_CONCURRENT)
            .collect()
            .await;
        let endpoints = subscriptions.iter().map(|one| one.endpoint.as_str());
        summarize(endpoints.zip(outcomes))
    }

    async fn push(&self, subscription: &PushSubscription, payload: &[u8], topic: &str) -> Outcome {
        let endpoint = match self.endpoint(&subscription.endpoint) {
            Ok(endpoint) => endpoint,
            Err(reason) => return Outcome::Permanent(reason.into()),
        };
        let request = seal(payload, subscription)
            .and_then(|message| self.request(&endpoint, message, topic, now()));
        match request {
            Err(outcome) => outcome,
            Ok(request) => match provider::send(request).await {
                Ok(answer) => outcome(&answer),
                Err(error @ (SendError::Denied | SendError::Invalid)) => {
                    Outcome::Permanent(error.to_string())
                }
                Err(error) => Outcome::Temporary(error.to_string(), None),
            },
        }
    }

    fn endpoint(&self, endpoint: &str) -> Result<Url, &'static str> {
        let url = Url::parse(endpoint).map_err(|_| "the subscription's endpoint is no URL")?;
        if is_public(&url) || self.private_origin == Some(url.origin()) {
            Ok(url)
        } else {
            Err("the subscription's endpoint is not https at a public address")
        }
    }

    fn request(
        &self,
        endpoint: &Url,
        message: Vec<u8>,
        topic: &str,
        now: i64,
    ) -> Result<Request<Vec<u8>>, Outcome> {
        let expires = now + TOKEN_LIFETIME_SECONDS;
        let authorization = self.key.authorization(endpoint, &self.subject, expires);
        let authorization =
            secret_header("vapid_subject", &authorization).map_err(Outcome::Permanent)?;
        Request::post(endpoint.as_str())
            .header(header::AUTHORIZATION, authorization)
            .header(header::CONTENT_ENCODING, "aes128gcm")
            .header(header::CONTENT_TYPE, "application/octet-stream")
            .header("ttl", TIME_TO_LIVE_SECONDS)
            .header("urgency", "high")
            .header("topic", topic)
            .body(message)
            .map_err(|_| Outcome::Permanent("the subscription's endpoint is no URL".into()))
    }
}

/// Unix seconds; a clock before 1970 makes tokens that push services refuse.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs().cast_signed())
}

/// What the browser's service worker gets.
fn payload(notification: &Notification) -> Vec<u8> {
    let payload = json!({
        "id": notification.id,
        "title": cut(&single_line(&notification.title), MAX_TITLE_CHARS),
        "body": cut(&notification.body, MAX_BODY_CHARS),
        "task_id": notification.task_id,
    });
    payload.to_string().into_bytes()
}

/// The same for each try of a notification, so that a push service keeps only the last.
fn topic(id: &str) -> String {
    let hash = Sha256::digest(id.as_bytes());
    URL_SAFE_NO_PAD.encode(&hash[..TOPIC_HASH_BYTES])
}

fn seal(payload: &[u8], subscription: &PushSubscription) -> Result<Vec<u8>, Outcome> {
    let mut result = Err(EncryptionError::PrivateKey);
    for _ in 0..MAX_DRAWS {
        let mut randomness = Randomness {
            salt: [0; 16],
            private_key: [0; 32],
        };
        getrandom::fill(&mut randomness.salt)
            .and_then(|()| getrandom::fill(&mut randomness.private_key))
            .map_err(|error| Outcome::Temporary(format!("no randomness: {error}"), None))?;
        result = encrypt(
            payload,
            &subscription.p256dh,
            &subscription.auth,
            &randomness,
        );
        if result != Err(EncryptionError::PrivateKey) {
            break;
        }
    }
    result.map_err(|error| Outcome::Permanent(error.to_string()))
}

fn outcome(answer: &Answer) -> Outcome {
    let status = answer.status;
    let reason = format!("push service: {status}");
    match status {
        status if status.is_success() => {
            let location = answer.headers.get(header::LOCATION);
            let location = location.and_then(|location| location.to_str().ok());
            Outcome::Accepted(location.map(Into::into))
        }
        // RFC 8030, section 7.3.
        StatusCode::NOT_FOUND | StatusCode::GONE => Outcome::Gone,
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => {
            Outcome::Temporary(reason, answer.retry_after())
        }
        status if status.is_server_error() => Outcome::Temporary(reason, answer.retry_after()),
        _ => Outcome::Permanent(reason),
    }
}

/// Delivered if one push service took it; else it may come again if one may take it later.
fn summarize<'a>(
    outcomes: impl Iterator<Item = (&'a str, Outcome)>,
) -> Result<Receipt, DeliveryError> {
    let mut receipt = None;
    let mut gone = Vec::new();
    let mut temporary: Option<(String, Option<u32>)> = None;
    let mut permanent = None;
    for (endpoint, outcome) in outcomes {
        match outcome {
            Outcome::Accepted(reference) => {
                receipt.get_or_insert(reference);
            }
            Outcome::Gone => gone.push(endpoint.to_owned()),
            Outcome::Temporary(reason, wait) => {
                let longest = temporary.as_ref().and_then(|(_, wait)| *wait).max(wait);
                temporary = Some((reason, longest));
            }
            Outcome::Permanent(reason) => permanent = Some(reason),
        }
    }
    if let Some(reference) = receipt {
        return Ok(Receipt { reference, gone });
    }
    Err(match (temporary, permanent) {
        (Some(temporary), _) => DeliveryError::Temporary(temporary),
        (None, Some(reason)) => DeliveryError::Permanent(reason),
        (None, None) if gone.is_empty() => {
            DeliveryError::NotConfigured("the recipient's push subscriptions".into())
        }
        (None, None) => DeliveryError::Gone(gone),
    })
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue};

    use super::*;
    use crate::bindings::todo::notify::types::Recipient;
    use crate::origin_of;

    // The keys of RFC 8291, section 5.
    const PRIVATE: &str = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw";
    const P256DH: &str =
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
    const AUTH: &str = "BTBZMqHH6r4Tts7J_aSIgg";

    fn pusher(private_origin: Option<&str>) -> Pusher {
        Pusher {
            key: VapidKey::parse(PRIVATE).unwrap(),
            subject: "mailto:push@example.com".into(),
            private_origin: private_origin.and_then(origin_of),
        }
    }

    fn notification(endpoints: &[&str]) -> Notification {
        Notification {
            id: "0198c0de-0000-7000-8000-000000000001".into(),
            recipient: Recipient {
                user_id: "u".into(),
                email: None,
                phone: None,
                push_subscriptions: endpoints
                    .iter()
                    .map(|endpoint| PushSubscription {
                        endpoint: (*endpoint).into(),
                        p256dh: P256DH.into(),
                        auth: AUTH.into(),
                    })
                    .collect(),
            },
            title: "\u{1}🦀".repeat(600),
            body: "\u{1}".repeat(2000),
            task_id: Some("0198c0de-0000-7000-8000-000000000002".into()),
        }
    }

    #[test]
    fn the_longest_payload_fits_and_no_two_messages_are_the_same() {
        let notification = notification(&["https://push.example.net/1"]);
        let subscription = &notification.recipient.push_subscriptions[0];
        let payload = payload(&notification);
        let first = seal(&payload, subscription).unwrap();
        let second = seal(&payload, subscription).unwrap();
        assert_ne!(first[..16], second[..16], "salt");
        assert_ne!(first[21..86], second[21..86], "key");
    }

    #[test]
    fn a_repetition_takes_the_first_ones_place() {
        let topic = topic("0198c0de-0000-7000-8000-000000000001");
        assert_eq!(topic, super::topic("0198c0de-0000-7000-8000-000000000001"));
        assert_ne!(topic, super::topic("0198c0de-0000-7000-8000-000000000002"));
        assert_eq!(topic.len(), 32);
        assert!(
            topic
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
        );
    }

    #[test]
    fn a_request_has_what_push_services_want() {
        let url = Url::parse("https://push.example.net/p/1?q").unwrap();
        let request = pusher(None).request(&url, vec![1], "topic", 1000).unwrap();
        assert_eq!(request.uri(), "https://push.example.net/p/1?q");
        let headers = request.headers();
        assert_eq!(headers["content-encoding"], "aes128gcm");
        assert_eq!(headers["ttl"], "86400");
        assert_eq!(headers["urgency"], "high");
        assert_eq!(headers["topic"], "topic");
        let authorization = headers["authorization"].to_str().unwrap();
        assert!(authorization.starts_with("vapid t="), "{authorization}");
        assert!(headers["authorization"].is_sensitive());
    }

    #[test]
    fn a_private_endpoint_is_refused_unless_its_origin_is_named() {
        let endpoint = "http://127.0.0.1:9000/push";
        assert!(pusher(None).endpoint(endpoint).is_err());
        assert!(
            pusher(Some("http://127.0.0.1:9000"))
                .endpoint(endpoint)
                .is_ok()
        );
        for other in [
            "http://127.0.0.1:9001/",
            "https://127.0.0.1:9000/",
            "data:x",
            "",
        ] {
            let pusher = pusher(Some("http://127.0.0.1:9000"));
            assert!(pusher.endpoint(other).is_err(), "{other}");
        }
        let refused = pollster::block_on(pusher(None).deliver(&notification(&[endpoint])));
        assert!(matches!(refused, Err(DeliveryError::Permanent(_))));
    }

    #[test]
    fn a_status_says_what_became_of_it() {
        let answer = |status| {
            let mut headers = HeaderMap::new();
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("7"));
            headers.insert(header::LOCATION, HeaderValue::from_static("/m/1"));
            let status = StatusCode::from_u16(status).unwrap();
            let body = Vec::new();
            outcome(&Answer {
                status,
                headers,
                body,
            })
        };
        assert!(matches!(answer(201), Outcome::Accepted(Some(at)) if at == "/m/1"));
        for status in [404, 410] {
            assert!(matches!(answer(status), Outcome::Gone));
        }
        for status in [408, 429, 500, 503] {
            assert!(matches!(answer(status), Outcome::Temporary(_, Some(7))));
        }
        for status in [302, 400, 401, 403, 413] {
            assert!(matches!(answer(status), Outcome::Permanent(_)));
        }
    }

    #[test]
    fn one_browser_that_got_it_is_enough() {
        let accepted = || ("a", Outcome::Accepted(None));
        let gone = || ("g", Outcome::Gone);
        let later = |wait| ("t", Outcome::Temporary("later".into(), wait));
        let never = || ("p", Outcome::Permanent("never".into()));
        let of = |outcomes: Vec<_>| summarize(outcomes.into_iter());

        let receipt = of(vec![gone(), later(Some(1)), accepted(), never()]).unwrap();
        assert_eq!(receipt.gone, ["g"]);
        assert!(matches!(
            of(vec![later(Some(9)), never(), later(None), gone()]),
            Err(DeliveryError::Temporary((_, Some(9))))
        ));
        assert!(matches!(
            of(vec![gone(), never()]),
            Err(DeliveryError::Permanent(_))
        ));
        assert!(matches!(
            of(vec![gone(), gone()]),
            Err(DeliveryError::Gone(endpoints)) if endpoints == ["g", "g"]
        ));
        assert!(matches!(of(vec![]), Err(DeliveryError::NotConfigured(_))));
    }
}
