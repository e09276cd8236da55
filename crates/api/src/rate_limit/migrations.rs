//! The schema, as numbered migrations that only expand. Times are milliseconds since 1970.

use sql::{Migration, Migrations};

/// The migrations of [`super::DATABASE`].
pub const MIGRATIONS: Migrations = Migrations {
    sqlite: &[SQLITE],
    postgres: &[POSTGRES],
};

const SQLITE: Migration = &[
    "CREATE TABLE rate_counts (
       client TEXT NOT NULL,
       seconds INTEGER NOT NULL,
       bucket INTEGER NOT NULL,
       requests INTEGER NOT NULL,
       total INTEGER NOT NULL,
       oldest INTEGER NOT NULL,
       added_at INTEGER NOT NULL,
       expires_at INTEGER NOT NULL,
       PRIMARY KEY (client, seconds, bucket)
     ) WITHOUT ROWID",
    "CREATE INDEX rate_counts_expiry ON rate_counts (expires_at)",
    // Each new bucket removes up to four that no window holds any more, so the table does not outgrow
    // the requests of the longest window.
    "CREATE TRIGGER rate_count_added AFTER INSERT ON rate_counts BEGIN
       DELETE FROM rate_counts WHERE (client, seconds, bucket) IN (
         SELECT client, seconds, bucket FROM rate_counts
         WHERE expires_at <= NEW.added_at ORDER BY expires_at LIMIT 4);
     END",
];

const POSTGRES: Migration = &[
    // Not in the log that PostgreSQL writes ahead: the counters may be lost with the server. Half of a page stays
    // free, so that counting changes no index.
    r#"CREATE UNLOGGED TABLE rate_counts (
         client TEXT COLLATE "C" NOT NULL,
         seconds BIGINT NOT NULL,
         bucket BIGINT NOT NULL,
         requests BIGINT NOT NULL,
         expires_at BIGINT NOT NULL,
         PRIMARY KEY (client, seconds, bucket)
       ) WITH (fillfactor = 50)"#,
    "CREATE INDEX rate_counts_expiry ON rate_counts (expires_at)",
    // One request of a client after the other, so that each counts those before it. `asked` has for each limit its
    // seconds, the most, the window's first bucket, the request's, and when no window holds that any more.
    "CREATE FUNCTION take_request(client_ TEXT, now_ BIGINT, asked JSONB)
     RETURNS TABLE (seconds BIGINT, used BIGINT, oldest BIGINT, allowed BIGINT)
     LANGUAGE plpgsql AS $$
     #variable_conflict use_column
     BEGIN
       PERFORM pg_advisory_xact_lock(hashtextextended(client_, 0));
       RETURN QUERY
         WITH limits AS (
           SELECT CAST(value ->> 0 AS BIGINT) AS seconds, CAST(value ->> 1 AS BIGINT) AS most,
             CAST(value ->> 2 AS BIGINT) AS first, CAST(value ->> 3 AS BIGINT) AS bucket,
             CAST(value ->> 4 AS BIGINT) AS expires_at
           FROM jsonb_array_elements(asked) AS item (value)),
         seen AS (
           SELECT limits.*, coalesce(window_.used, 0) AS used, coalesce(window_.oldest, limits.bucket) AS oldest
           FROM limits CROSS JOIN LATERAL (
             SELECT CAST(sum(requests) AS BIGINT) AS used, min(counts.bucket) AS oldest
             FROM rate_counts AS counts
             WHERE client = client_ AND counts.seconds = limits.seconds AND counts.bucket >= limits.first
           ) AS window_),
         counted AS (
           INSERT INTO rate_counts (client, seconds, bucket, requests, expires_at)
           SELECT client_, seconds, bucket, 1, expires_at FROM seen
           WHERE NOT EXISTS (SELECT 1 FROM seen AS full_ WHERE full_.used >= full_.most)
           ON CONFLICT (client, seconds, bucket) DO UPDATE SET requests = rate_counts.requests + 1
           RETURNING seconds)
         SELECT seen.seconds, seen.used + count(counted.seconds), seen.oldest, count(counted.seconds)
         FROM seen LEFT JOIN counted ON counted.seconds = seen.seconds
         GROUP BY seen.seconds, seen.used, seen.oldest;
       -- A request removes up to four counters that no window holds any more, and passes over those that another
       -- one removes.
       DELETE FROM rate_counts WHERE (client, seconds, bucket) IN (
         SELECT client, seconds, bucket FROM rate_counts
         WHERE expires_at <= now_ ORDER BY expires_at LIMIT 4 FOR UPDATE SKIP LOCKED);
     END $$",
];
