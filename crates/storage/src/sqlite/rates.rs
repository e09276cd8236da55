//! Rate limits: a sliding window of counters, one row a client.
//!
//! Each limit's window is cut into [`BUCKETS`] buckets and a bucket counts in full until its last
//! moment has left the window. So no window ever holds more than the limit, and a request weighs at
//! most one bucket's length too long.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::rows::{Columns, json};
use crate::sql::params;
use crate::{RateDecision, RateLimit, Result, SqlConnection, StorageError};

/// Buckets a window has.
const BUCKETS: i64 = 30;

/// `counts` is a JSON array of `[seconds, bucket, requests]`, `?5` one of
/// `[seconds, requests allowed, this request's bucket]`. The request is counted for all limits or none.
const TAKE: &str = "
INSERT INTO rate_clients (client, counts, allowed, seen_at, expires_at) VALUES (?1, ?2, 1, ?3, ?4)
ON CONFLICT (client) DO UPDATE SET (counts, allowed, seen_at, expires_at) = (
  WITH
    limits AS (SELECT value ->> 0 AS seconds, value ->> 1 AS most, value ->> 2 AS bucket FROM json_each(?5)),
    kept AS (
      SELECT limits.seconds, used.value ->> 1 AS bucket, used.value ->> 2 AS requests
      FROM json_each(rate_clients.counts) AS used JOIN limits ON limits.seconds = used.value ->> 0
      WHERE used.value ->> 1 >= limits.bucket - ?6),
    verdict AS (
      SELECT NOT EXISTS (
        SELECT 1 FROM limits
        WHERE most <= (SELECT total(requests) FROM kept WHERE kept.seconds = limits.seconds)) AS allowed),
    added AS (
      SELECT seconds, bucket, requests FROM kept
      UNION ALL SELECT seconds, bucket, 1 FROM limits WHERE (SELECT allowed FROM verdict)),
    summed AS (SELECT seconds, bucket, sum(requests) AS requests FROM added GROUP BY seconds, bucket)
  SELECT json_group_array(json_array(seconds, bucket, requests)), (SELECT allowed FROM verdict),
    excluded.seen_at, excluded.expires_at
  FROM summed)
RETURNING allowed, counts";

pub(super) async fn take<C: SqlConnection>(
    connection: &C,
    client: &str,
    limits: &[RateLimit],
    now: DateTime<Utc>,
) -> Result<RateDecision> {
    let now = now.timestamp_millis();
    let mut most_in = BTreeMap::new();
    for limit in limits.iter().filter(|limit| limit.seconds > 0) {
        let most = most_in
            .entry(i64::from(limit.seconds))
            .or_insert(limit.requests);
        *most = limit.requests.min(*most);
    }
    let Some(longest) = most_in.keys().next_back().copied() else {
        return Ok(RateDecision {
            allowed: true,
            limit: u32::MAX,
            remaining: u32::MAX,
            reset_seconds: 0,
        });
    };
    if let Some((seconds, _)) = most_in.iter().find(|(_, most)| **most == 0) {
        let reset_seconds = u32::try_from(*seconds).unwrap_or(u32::MAX);
        return Ok(RateDecision {
            allowed: false,
            limit: 0,
            remaining: 0,
            reset_seconds,
        });
    }
    let first: Vec<(i64, i64, i64)> = most_in
        .keys()
        .map(|seconds| (*seconds, bucket_of(now, *seconds), 1))
        .collect();
    let asked: Vec<(i64, u32, i64)> = most_in
        .iter()
        .map(|(seconds, most)| (*seconds, *most, bucket_of(now, *seconds)))
        .collect();
    let expires_at = now + longest * 1000 * (BUCKETS + 1) / BUCKETS;
    let rows = connection
        .execute(
            TAKE,
            params![
                client,
                json(&first)?,
                now,
                expires_at,
                json(&asked)?,
                BUCKETS
            ],
        )
        .await?;
    let mut columns = Columns::from(rows.into_iter().next().unwrap_or_default());
    let allowed = columns.integer()? == 1;
    let counts: Vec<(i64, i64, u32)> = columns.json()?;
    most_in
        .into_iter()
        .map(|(seconds, limit)| {
            let used = counts
                .iter()
                .filter(|count| count.0 == seconds)
                .map(|&(_, b, n)| (b, n));
            decide(allowed, seconds, limit, used.collect(), now)
        })
        .min_by_key(|decision| {
            (
                decision.remaining,
                std::cmp::Reverse(decision.reset_seconds),
            )
        })
        .ok_or_else(|| StorageError::Internal("no rate limit was counted".into()))
}

fn bucket_of(now: i64, seconds: i64) -> i64 {
    now.saturating_mul(BUCKETS).div_euclid(seconds * 1000)
}

/// What is left of one limit. It has room again when enough of the oldest buckets have left.
fn decide(
    allowed: bool,
    seconds: i64,
    limit: u32,
    mut used: Vec<(i64, u32)>,
    now: i64,
) -> RateDecision {
    used.sort_unstable();
    let mut total: u32 = used.iter().map(|(_, requests)| *requests).sum();
    let remaining = limit.saturating_sub(total);
    let mut leaves = now;
    for (bucket, requests) in used {
        leaves = ((bucket + BUCKETS + 1) * seconds * 1000).div_euclid(BUCKETS) + 1;
        total -= requests;
        if total < limit {
            break;
        }
    }
    let reset_seconds = u32::try_from((leaves - now + 999).div_euclid(1000)).unwrap_or(0);
    RateDecision {
        allowed,
        limit,
        remaining,
        reset_seconds,
    }
}
