//! Rate limits: sliding windows of counters.
//!
//! Each limit's window is cut into [`BUCKETS`] buckets, and a bucket counts in full until its last
//! moment has left the window. So no window ever holds more than the limit, and a request weighs at
//! most one bucket's length too long.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::rows::Columns;
use crate::sql::params;
use crate::{RateDecision, RateLimit, Result, SqlConnection, SqlValue, StorageError};

/// Buckets that a window has; with the one that is leaving it, one more is counted.
const BUCKETS: i64 = 30;

/// A limit at the time of a request.
struct Asked {
    seconds: i64,
    most: u32,
    /// The number of the request's bucket, counted from 1970.
    bucket: i64,
}

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
    let asked: Vec<Asked> = most_in
        .into_iter()
        .map(|(seconds, most)| {
            let bucket = (now * BUCKETS).div_euclid(seconds * 1000);
            Asked {
                seconds,
                most,
                bucket,
            }
        })
        .collect();
    if asked.is_empty() {
        return Ok(RateDecision {
            allowed: true,
            limit: u32::MAX,
            remaining: u32::MAX,
            reset_seconds: 0,
        });
    }

    // Plain subqueries, repeated: as common table expressions they would cost ten times as much.
    let mut params = params![client, now];
    let (mut values, mut has_room) = (Vec::new(), Vec::new());
    for limit in &asked {
        params.extend([
            limit.seconds.into(),
            limit.most.into(),
            limit.bucket.into(),
            leaves_at(limit.bucket, limit.seconds).into(),
        ]);
        let expires_at = params.len();
        let (seconds, most, bucket) = (expires_at - 3, expires_at - 2, expires_at - 1);
        let counted = format!(
            "FROM rate_counts WHERE client = ?1 AND seconds = ?{seconds} AND bucket >= ?{bucket} - {BUCKETS}"
        );
        let used = format!("(SELECT coalesce(sum(requests), 0) {counted})");
        let oldest =
            format!("coalesce((SELECT bucket {counted} ORDER BY bucket LIMIT 1), ?{bucket})");
        values.push(format!(
            "(?{seconds}, ?{bucket}, {used}, {oldest}, ?{expires_at})"
        ));
        has_room.push(format!("{used} < ?{most}"));
    }
    let values = values.join(", ");
    // Counted for all limits, or for none if one of them is used up.
    let take = format!(
        "INSERT INTO rate_counts (seconds, bucket, total, oldest, expires_at, client, requests, added_at)
         SELECT column1, column2, column3 + 1, column4, column5, ?1, 1, ?2 FROM (VALUES {values}) WHERE {}
         ON CONFLICT (client, seconds, bucket) DO UPDATE
           SET requests = requests + 1, total = excluded.total, oldest = excluded.oldest
         RETURNING seconds, total, oldest",
        has_room.join(" AND ")
    );
    let mut rows = connection.execute(&take, params.clone()).await?;
    let allowed = !rows.is_empty();
    if !allowed {
        let look = format!("SELECT column1, column3, column4 FROM (VALUES {values})");
        rows = connection.execute(&look, params).await?;
    }
    rows.into_iter()
        .map(|row| decide(allowed, &asked, row, now))
        .collect::<Result<Vec<_>>>()?
        .into_iter()
        .min_by_key(|decision| (decision.remaining, Reverse(decision.reset_seconds)))
        .ok_or_else(|| StorageError::Internal("no rate limit was counted".into()))
}

/// When no window of that many seconds holds any of the bucket any more, in milliseconds since 1970.
fn leaves_at(bucket: i64, seconds: i64) -> i64 {
    ((bucket + BUCKETS + 1) * seconds * 1000 + BUCKETS - 1).div_euclid(BUCKETS)
}

fn decide(allowed: bool, asked: &[Asked], row: Vec<SqlValue>, now: i64) -> Result<RateDecision> {
    let mut columns = Columns::from(row);
    let (seconds, used, oldest) = (columns.integer()?, columns.count()?, columns.integer()?);
    let limit = asked
        .iter()
        .find(|limit| limit.seconds == seconds)
        .map_or(0, |limit| limit.most);
    let reset = (leaves_at(oldest, seconds) - now + 999).div_euclid(1000);
    Ok(RateDecision {
        allowed,
        limit,
        remaining: u32::try_from(u64::from(limit).saturating_sub(used)).unwrap_or(u32::MAX),
        reset_seconds: u32::try_from(reset).unwrap_or(u32::MAX),
    })
}
