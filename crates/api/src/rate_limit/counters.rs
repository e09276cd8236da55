//! Sliding windows of counters.
//!
//! Each limit's window is cut into [`BUCKETS`] buckets, and a bucket counts in full until its last
//! moment has left the window. So no window ever holds more than the limit, and a request weighs at
//! most one bucket's length too long.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sql::{Columns, Database, Dialect, Result, Row, SqlConnection, SqlError, SqlValue, params};

/// The counters; they may be lost with the machine.
pub const DATABASE: Database = Database {
    label: "rate-limits",
    setup: &["PRAGMA busy_timeout = 5000", "PRAGMA synchronous = OFF"],
    synchronous_commit: false,
};

/// One limit: at most `requests` in any window of `seconds`.
#[derive(Debug, Clone, Copy)]
pub struct RateLimit {
    /// How many.
    pub requests: u32,
    /// In how long.
    pub seconds: u32,
}

/// What a client has left of the limit that is nearest to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateDecision {
    /// False: answer 429.
    pub allowed: bool,
    /// That limit's size.
    pub limit: u32,
    /// What is left in the window.
    pub remaining: u32,
    /// Seconds until the window has room again.
    pub reset_seconds: u32,
}

/// Counts requests in a [`DATABASE`] that several instances and services share.
#[derive(Debug)]
pub struct RateLimiter<C>(C);

impl<C: SqlConnection> RateLimiter<C> {
    /// Over a connection to [`DATABASE`] with [`super::MIGRATIONS`].
    pub fn new(connection: C) -> Self {
        Self(connection)
    }

    /// Counts one request of `client` against all `limits` at once.
    pub async fn take(
        &self,
        client: &str,
        limits: &[RateLimit],
        now: DateTime<Utc>,
    ) -> Result<RateDecision> {
        take(&self.0, client, limits, now).await
    }
}

/// Buckets that a window has; with the one that is leaving it, one more is counted.
const BUCKETS: i64 = 30;

/// A limit at the time of a request.
struct Asked {
    seconds: i64,
    most: u32,
    /// The number of the request's bucket, counted from 1970.
    bucket: i64,
}

async fn take<C: SqlConnection>(
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

    let (allowed, rows) = match connection.dialect() {
        Dialect::Sqlite => take_sqlite(connection, client, &asked, now).await?,
        Dialect::Postgres => take_postgres(connection, client, &asked, now).await?,
    };
    rows.into_iter()
        .map(|row| decide(allowed, &asked, row, now))
        .collect::<Result<Vec<_>>>()?
        .into_iter()
        .min_by_key(|decision| (decision.remaining, Reverse(decision.reset_seconds)))
        .ok_or_else(|| SqlError::Internal("no rate limit was counted".into()))
}

/// Whether it was counted, and for each limit how many were in its window, and the window's oldest bucket.
type Taken = (bool, Vec<Row>);

async fn take_sqlite<C: SqlConnection>(
    connection: &C,
    client: &str,
    asked: &[Asked],
    now: i64,
) -> Result<Taken> {
    // Plain subqueries, repeated, without VALUES, ORDER BY or a bare min(): each of these makes SQLite
    // build temporary tables or prepare the statement anew, at ten times the cost.
    let mut params = params![client, now];
    let (mut arms, mut has_room) = (Vec::new(), Vec::new());
    for limit in asked {
        params.extend([
            limit.most.into(),
            leaves_at(limit.bucket, limit.seconds).into(),
            limit.seconds.into(),
            limit.bucket.into(),
        ]);
        let bucket = params.len();
        let (most, expires_at, seconds) = (bucket - 3, bucket - 2, bucket - 1);
        let counted = format!(
            "FROM rate_counts WHERE client = ?1 AND seconds = ?{seconds} AND bucket >= ?{bucket} - {BUCKETS}"
        );
        let used = format!("(SELECT coalesce(sum(requests), 0) {counted})");
        let oldest = format!(
            "coalesce((SELECT min(bucket) FILTER (WHERE requests > 0) {counted}), ?{bucket})"
        );
        has_room.push(format!("{used} < ?{most}"));
        arms.push((
            format!("?{seconds}, {used}, {oldest}"),
            format!("?{bucket}, ?{expires_at}"),
        ));
    }
    let has_room = has_room.join(" AND ");
    let counted: Vec<String> = arms
        .iter()
        .map(|(seen, row)| format!("SELECT {seen}, {row}, ?1, 1, ?2 WHERE {has_room}"))
        .collect();
    // Counted for all limits, or for none if one of them is used up.
    let take = format!(
        "INSERT INTO rate_counts (seconds, total, oldest, bucket, expires_at, client, requests, added_at) {}
         ON CONFLICT (client, seconds, bucket) DO UPDATE
           SET requests = requests + 1, total = excluded.total, oldest = excluded.oldest
         RETURNING seconds, total + 1, oldest",
        counted.join(" UNION ALL ")
    );
    let mut rows = connection.execute(&take, params.clone()).await?;
    let allowed = !rows.is_empty();
    if !allowed {
        let seen: Vec<String> = arms
            .iter()
            .map(|(seen, _)| format!("SELECT {seen}"))
            .collect();
        let look = seen.join(" UNION ALL ");
        rows = connection.execute(&look, params).await?;
    }
    Ok((allowed, rows))
}

async fn take_postgres<C: SqlConnection>(
    connection: &C,
    client: &str,
    asked: &[Asked],
    now: i64,
) -> Result<Taken> {
    let limits: Vec<_> = asked
        .iter()
        .map(|limit| {
            let first = limit.bucket - BUCKETS;
            let leaves_at = leaves_at(limit.bucket, limit.seconds);
            (limit.seconds, limit.most, first, limit.bucket, leaves_at)
        })
        .collect();
    let rows = connection
        .execute(
            "SELECT seconds, used, oldest, allowed FROM take_request(?1, ?2, CAST(CAST(?3 AS TEXT) AS jsonb))",
            params![client, now, sql::json(&limits)?],
        )
        .await?;
    let allowed = rows.first().and_then(|row| row.last()) == Some(&SqlValue::Integer(1));
    Ok((allowed, rows))
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
