//! How many requests a client may make, counted in a database so that it holds across instances and services.

mod counters;
mod migrations;

pub use counters::{DATABASE, RateDecision, RateLimit, RateLimiter};
pub use migrations::MIGRATIONS;

use std::net::{IpAddr, SocketAddr};
use std::sync::OnceLock;

use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderName, HeaderValue};
use sql::spin;

use crate::tokens::Claims;

/// `address:port` of the connection, as the host says it: the last value. A client may have written others, which Spin
/// leaves before its own.
const CLIENT_ADDRESS: &str = "spin-client-addr";

/// Whom a request counts for: the person when signed in, else the address it comes from.
///
/// A proxy's `X-Forwarded-For` is not looked at, since anybody can write one. Of an IPv6 address the
/// first 64 bits count: the rest is the client's own to choose.
pub(crate) fn client(identity: Option<&Claims>, headers: &HeaderMap) -> String {
    if let Some(claims) = identity {
        return format!("user:{}", claims.user_id);
    }
    let address = headers
        .get_all(CLIENT_ADDRESS)
        .iter()
        .next_back()
        .and_then(|value| value.to_str().ok())
        .and_then(|text| {
            let address = text.parse::<SocketAddr>().map(|it| it.ip());
            address.or_else(|_| text.parse::<IpAddr>()).ok()
        });
    match address.map(|it| it.to_canonical()) {
        Some(IpAddr::V4(address)) => format!("address:{address}"),
        Some(IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            format!("address:{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        None => "address:unknown".into(),
    }
}

/// Counts a request. `None` when the counters cannot be reached: then it passes and the log says so,
/// because counters that are down should not take the tasks down with them.
pub(crate) async fn take(
    client: &str,
    limits: &[RateLimit],
    now: DateTime<Utc>,
) -> Option<RateDecision> {
    static LIMITER: OnceLock<RateLimiter<spin::Connection>> = OnceLock::new();
    let decision = async {
        let limiter = match LIMITER.get() {
            Some(limiter) => limiter,
            None => {
                let connection = spin::open_migrated(DATABASE, &MIGRATIONS).await?;
                let limiter = RateLimiter::new(connection);
                LIMITER.get_or_init(|| limiter)
            }
        };
        limiter.take(client, limits, now).await
    };
    decision
        .await
        .inspect_err(|error| tracing::warn!(%error, "the rate limit is not enforced"))
        .ok()
}

/// Adds to an answer where the client stands.
pub(crate) fn write(decision: RateDecision, limits: &[RateLimit], headers: &mut HeaderMap) {
    let policy = limits
        .iter()
        .map(|limit| format!("{};w={}", limit.requests, limit.seconds))
        .collect::<Vec<_>>()
        .join(", ");
    let mut set = |name, value: HeaderValue| headers.insert(HeaderName::from_static(name), value);
    set("ratelimit-limit", decision.limit.into());
    set("ratelimit-remaining", decision.remaining.into());
    set("ratelimit-reset", decision.reset_seconds.into());
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        set("ratelimit-policy", policy);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_its_address_without_port() {
        for (header, expected) in [
            ("192.0.2.7:4711", "address:192.0.2.7"),
            ("192.0.2.7", "address:192.0.2.7"),
            ("[::ffff:192.0.2.7]:1", "address:192.0.2.7"),
            ("[2001:db8:1:2:3:4:5:6]:80", "address:2001:db8:1:2::/64"),
            ("nonsense", "address:unknown"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(CLIENT_ADDRESS, HeaderValue::from_static("203.0.113.9:1"));
            headers.append(CLIENT_ADDRESS, HeaderValue::from_static(header));
            headers.insert("x-forwarded-for", HeaderValue::from_static("198.51.100.1"));
            assert_eq!(client(None, &headers), expected);
        }
    }
}
