//! Who takes a notification on, and what was tried: the statements behind `delivery`.
//!
//! Each call is one statement and so one transaction. What a claimant writes is bound to its claim: once
//! another one took the notification on, it changes nothing.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};
use sql::{Columns, Dialect, Result, Row, SqlConnection, json, params};
use task_model::Channel;
use uuid::Uuid;

use crate::DeliveryState;
use crate::inbox::{channel, state};
use crate::reminder::Reminder;

/// A notification that the caller may work on until its lease ends.
#[derive(Debug, Clone)]
pub(crate) struct Claimed {
    pub reminder: Reminder,
    pub body: String,
    pub created_at: DateTime<Utc>,
    pub is_published: bool,
    pub claim: i64,
    /// In their order.
    pub attempts: Vec<Attempt>,
}

impl Claimed {
    pub fn id(&self) -> Uuid {
        self.reminder.id
    }

    /// The last attempt through a channel.
    pub fn last(&self, channel: Channel) -> Option<&Attempt> {
        self.attempts.iter().rfind(|it| it.channel == channel)
    }

    pub fn is_delivered(&self, channel: Channel) -> bool {
        self.last(channel)
            .is_some_and(|it| it.outcome == DeliveryState::Delivered)
    }
}

/// One try through one channel.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Attempt {
    #[serde(rename = "id")]
    pub notification_id: Uuid,
    pub claim: i64,
    pub channel: Channel,
    /// From 1, for each channel.
    pub number: u32,
    #[serde(serialize_with = "flag")]
    pub is_repeatable: bool,
    #[serde(with = "chrono::serde::ts_milliseconds")]
    pub started_at: DateTime<Utc>,
    #[serde(with = "chrono::serde::ts_milliseconds_option")]
    pub finished_at: Option<DateTime<Utc>>,
    pub outcome: DeliveryState,
    pub detail: Option<String>,
    #[serde(with = "chrono::serde::ts_milliseconds_option")]
    pub retry_at: Option<DateTime<Utc>>,
}

/// As a column has it.
fn flag<S: Serializer>(flag: &bool, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serializer.serialize_i64((*flag).into())
}

/// Stores notifications that are not there yet, each with its text and claimed by the caller until `lease_end`;
/// answers which. An erased person gets none.
pub(crate) async fn insert(
    connection: &impl SqlConnection,
    notifications: &[(Reminder, String)],
    now: DateTime<Utc>,
    lease_end: DateTime<Utc>,
) -> Result<Vec<Claimed>> {
    #[derive(Serialize)]
    struct New<'a> {
        id: Uuid,
        user_id: Uuid,
        task_id: Uuid,
        title: &'a str,
        body: &'a str,
        remind_at: i64,
        due_at: Option<i64>,
        late: i64,
        correlation_id: Option<&'a str>,
        traceparent: Option<&'a str>,
    }
    let new: Vec<New> = notifications
        .iter()
        .map(|(reminder, body)| New {
            id: reminder.id,
            user_id: reminder.user_id,
            task_id: reminder.task_id,
            title: &reminder.title,
            body,
            remind_at: reminder.remind_at.timestamp_millis(),
            due_at: reminder.due_at.map(|at| at.timestamp_millis()),
            late: reminder.late.into(),
            correlation_id: reminder.correlation_id.as_deref(),
            traceparent: reminder.traceparent.as_deref(),
        })
        .collect();
    let sql = format!(
        "INSERT INTO notifications
           (id, user_id, task_id, title, body, remind_at, due_at, late, correlation_id, traceparent,
            created_at, is_open, next_attempt_at, claim)
         SELECT value ->> 'id', value ->> 'user_id', value ->> 'task_id', value ->> 'title', value ->> 'body',
           CAST(value ->> 'remind_at' AS BIGINT), CAST(value ->> 'due_at' AS BIGINT),
           CAST(value ->> 'late' AS BIGINT), value ->> 'correlation_id', value ->> 'traceparent', ?2, 1, ?3, 1
         FROM {items} AS item
         WHERE NOT EXISTS (SELECT 1 FROM erased_users WHERE user_id = value ->> 'user_id')
         ORDER BY value ->> 'id'
         ON CONFLICT DO NOTHING RETURNING id",
        items = connection.dialect().items("?1")
    );
    let rows = connection
        .execute(&sql, params![json(&new)?, now, lease_end])
        .await?;
    let stored = ids(rows)?;
    let mut seen = HashSet::new();
    Ok(notifications
        .iter()
        .filter(|(reminder, _)| stored.contains(&reminder.id) && seen.insert(reminder.id))
        .map(|(reminder, body)| Claimed {
            reminder: reminder.clone(),
            body: body.clone(),
            created_at: now,
            is_published: false,
            claim: 1,
            attempts: Vec::new(),
        })
        .collect())
}

/// Takes on at most `limit` notifications that wait for somebody, those that wait longest first.
pub(crate) async fn claim_due(
    connection: &impl SqlConnection,
    now: DateTime<Utc>,
    lease_end: DateTime<Utc>,
    limit: u32,
) -> Result<Vec<Claimed>> {
    let sql = match connection.dialect() {
        Dialect::Sqlite => {
            "UPDATE notifications SET claim = claim + 1, next_attempt_at = ?2
             WHERE id IN (SELECT id FROM notifications WHERE is_open = 1 AND next_attempt_at <= ?1
                          ORDER BY next_attempt_at LIMIT ?3)
             RETURNING id, user_id, task_id, title, body, remind_at, due_at, late, correlation_id, traceparent,
               created_at, published_at, claim"
        }
        Dialect::Postgres => {
            "WITH waiting AS MATERIALIZED (
               SELECT id AS waiting_id FROM notifications WHERE is_open = 1 AND next_attempt_at <= ?1
               ORDER BY next_attempt_at LIMIT ?3 FOR UPDATE SKIP LOCKED)
             UPDATE notifications SET claim = claim + 1, next_attempt_at = ?2
             FROM waiting WHERE id = waiting_id
             RETURNING id, user_id, task_id, title, body, remind_at, due_at, late, correlation_id, traceparent,
               created_at, published_at, claim"
        }
    };
    let rows = connection
        .execute(sql, params![now, lease_end, limit])
        .await?;
    let mut claimed = rows.into_iter().map(read).collect::<Result<Vec<_>>>()?;
    let mut attempts = attempts(connection, &claimed).await?;
    for it in &mut claimed {
        it.attempts = attempts.remove(&it.id()).unwrap_or_default();
    }
    Ok(claimed)
}

fn read(row: Row) -> Result<Claimed> {
    let mut columns = Columns::from(row);
    let id = columns.id()?;
    let user_id = columns.id()?;
    let task_id = columns.id()?;
    let title = columns.text()?;
    let body = columns.text()?;
    Ok(Claimed {
        reminder: Reminder {
            id,
            user_id,
            task_id,
            title,
            remind_at: columns.time()?,
            due_at: columns.optional_time()?,
            late: columns.integer()? != 0,
            correlation_id: columns.optional_text()?,
            traceparent: columns.optional_text()?,
        },
        body,
        created_at: columns.time()?,
        is_published: columns.optional_integer()?.is_some(),
        claim: columns.integer()?,
        attempts: Vec::new(),
    })
}

async fn attempts(
    connection: &impl SqlConnection,
    claimed: &[Claimed],
) -> Result<HashMap<Uuid, Vec<Attempt>>> {
    let claims: HashMap<Uuid, i64> = claimed.iter().map(|it| (it.id(), it.claim)).collect();
    let mut found: HashMap<Uuid, Vec<Attempt>> = HashMap::new();
    if claims.is_empty() {
        return Ok(found);
    }
    let sql = format!(
        "SELECT notification_id, channel, number, is_repeatable, started_at, finished_at, outcome, detail, retry_at
         FROM attempts WHERE notification_id IN ({}) ORDER BY row",
        texts(connection.dialect())
    );
    let ids = json(&claims.keys().collect::<Vec<_>>())?;
    let rows = connection.execute(&sql, params![ids]).await?;
    for row in rows {
        let mut columns = Columns::from(row);
        let id = columns.id()?;
        found.entry(id).or_default().push(Attempt {
            notification_id: id,
            claim: claims.get(&id).copied().unwrap_or_default(),
            channel: channel(columns.text()?)?,
            number: columns.count()?.try_into().unwrap_or(u32::MAX),
            is_repeatable: columns.integer()? != 0,
            started_at: columns.time()?,
            finished_at: columns.optional_time()?,
            outcome: state(columns.text()?)?,
            detail: columns.optional_text()?,
            retry_at: columns.optional_time()?,
        });
    }
    Ok(found)
}

/// Records new attempts; answers whose were, namely those that are still claimed as the attempt says, with a
/// lease that lasts until `needed_until`.
pub(crate) async fn add_attempts(
    connection: &impl SqlConnection,
    attempts: &[Attempt],
    needed_until: DateTime<Utc>,
) -> Result<HashSet<Uuid>> {
    let sql = format!(
        "WITH {held}
         INSERT INTO attempts
           (notification_id, channel, number, is_repeatable, started_at, finished_at, outcome, detail, retry_at)
         SELECT held_id, value ->> 'channel', CAST(value ->> 'number' AS BIGINT),
           CAST(value ->> 'is_repeatable' AS BIGINT), CAST(value ->> 'started_at' AS BIGINT),
           CAST(value ->> 'finished_at' AS BIGINT), value ->> 'outcome', value ->> 'detail',
           CAST(value ->> 'retry_at' AS BIGINT)
         FROM held WHERE true
         ON CONFLICT DO NOTHING RETURNING notification_id",
        held = held(connection.dialect(), "AND is_open = 1 AND next_attempt_at >= ?2")
    );
    let rows = connection
        .execute(&sql, params![json(&attempts)?, needed_until])
        .await?;
    ids(rows)
}

/// Records what came of attempts that were being made.
pub(crate) async fn finish_attempts(
    connection: &impl SqlConnection,
    attempts: &[Attempt],
) -> Result<()> {
    let sql = format!(
        "WITH {held}
         UPDATE attempts SET outcome = value ->> 'outcome', detail = value ->> 'detail',
           finished_at = CAST(value ->> 'finished_at' AS BIGINT), retry_at = CAST(value ->> 'retry_at' AS BIGINT)
         FROM held
         WHERE notification_id = held_id AND channel = value ->> 'channel'
           AND number = CAST(value ->> 'number' AS BIGINT) AND outcome = 'sending'",
        held = held(connection.dialect(), "")
    );
    connection.execute(&sql, params![json(&attempts)?]).await?;
    Ok(())
}

/// A common table expression with the attempts of `?1` whose notifications are still claimed as they say. There
/// nobody else takes a notification on, or removes it, before the statement has ended.
fn held(dialect: Dialect, condition: &str) -> String {
    let items = dialect.items("?1");
    match dialect {
        // CROSS JOIN, so that SQLite begins with the items.
        Dialect::Sqlite => format!(
            "held AS (
               SELECT notifications.id AS held_id, value FROM {items} AS item CROSS JOIN notifications
               ON notifications.id = value ->> 'id'
               WHERE claim = CAST(value ->> 'claim' AS BIGINT) {condition})"
        ),
        Dialect::Postgres => format!(
            "held AS MATERIALIZED (
               SELECT id AS held_id, value FROM {items} AS item JOIN notifications ON id = value ->> 'id'
               WHERE claim = CAST(value ->> 'claim' AS BIGINT) {condition}
               ORDER BY id FOR UPDATE OF notifications)"
        ),
    }
}

/// Records that notifications were announced.
pub(crate) async fn mark_published(
    connection: &impl SqlConnection,
    ids: &[Uuid],
    now: DateTime<Utc>,
) -> Result<()> {
    let sql = format!(
        "UPDATE notifications SET published_at = ?2 WHERE id IN ({})",
        in_order(connection.dialect(), &texts(connection.dialect()))
    );
    connection.execute(&sql, params![json(&ids)?, now]).await?;
    Ok(())
}

/// Gives notifications up: until the moment when somebody should take them on again, or for good.
pub(crate) async fn release(
    connection: &impl SqlConnection,
    notifications: &[(Uuid, i64, Option<DateTime<Utc>>)],
) -> Result<()> {
    #[derive(Serialize)]
    struct Released {
        id: Uuid,
        claim: i64,
        next: Option<i64>,
    }
    let released: Vec<_> = notifications
        .iter()
        .map(|(id, claim, next)| Released {
            id: *id,
            claim: *claim,
            next: next.map(|at| at.timestamp_millis()),
        })
        .collect();
    let sql = format!(
        "WITH {held}
         UPDATE notifications SET is_open = CASE WHEN value ->> 'next' IS NULL THEN 0 ELSE 1 END,
           next_attempt_at = coalesce(CAST(value ->> 'next' AS BIGINT), next_attempt_at)
         FROM held WHERE id = held_id",
        held = held(connection.dialect(), "")
    );
    connection.execute(&sql, params![json(&released)?]).await?;
    Ok(())
}

/// Removes a bounded number of notifications that were read and made before `read_before`, or made before
/// `before`; answers how many.
pub(crate) async fn remove_old(
    connection: &impl SqlConnection,
    read_before: DateTime<Utc>,
    before: DateTime<Utc>,
    limit: u32,
) -> Result<usize> {
    let old = "SELECT id FROM (
                 SELECT id FROM notifications WHERE created_at < ?2 ORDER BY created_at LIMIT ?3) AS old
               UNION ALL
               SELECT id FROM (
                 SELECT id FROM notifications WHERE read_at IS NOT NULL AND created_at < ?1
                 ORDER BY created_at LIMIT ?3) AS old_and_read";
    let sql = format!(
        "DELETE FROM notifications WHERE id IN ({}) RETURNING 1",
        in_order(connection.dialect(), old)
    );
    let rows = connection
        .execute(&sql, params![read_before, before, limit])
        .await?;
    Ok(rows.len())
}

/// Removes all that is held of a person, for good.
pub(crate) async fn erase(
    connection: &impl SqlConnection,
    user_id: Uuid,
    now: DateTime<Utc>,
) -> Result<()> {
    connection
        .execute(
            "INSERT INTO erased_users (user_id, erased_at) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            params![user_id, now],
        )
        .await?;
    sql::overwrite_erased(connection).await
}

/// Which of these people were erased.
pub(crate) async fn erased(
    connection: &impl SqlConnection,
    user_ids: impl Iterator<Item = Uuid>,
) -> Result<HashSet<Uuid>> {
    let wanted: Vec<Uuid> = user_ids.collect();
    if wanted.is_empty() {
        return Ok(HashSet::new());
    }
    let sql = format!(
        "SELECT user_id FROM erased_users WHERE user_id IN ({})",
        texts(connection.dialect())
    );
    ids(connection.execute(&sql, params![json(&wanted)?]).await?)
}

/// A subquery with the texts of the JSON array `?1`.
pub(crate) fn texts(dialect: Dialect) -> String {
    let (text, items) = (dialect.text("value"), dialect.items("?1"));
    format!("SELECT {text} FROM {items} AS item")
}

/// The notifications that a subquery names, as another one. PostgreSQL locks them in one order, so that no two
/// statements wait for each other.
pub(crate) fn in_order(dialect: Dialect, ids: &str) -> String {
    match dialect {
        Dialect::Sqlite => ids.to_owned(),
        Dialect::Postgres => {
            format!("SELECT id FROM notifications WHERE id IN ({ids}) ORDER BY id FOR UPDATE")
        }
    }
}

fn ids(rows: Vec<Row>) -> Result<HashSet<Uuid>> {
    rows.into_iter()
        .map(|row| Columns::from(row).id())
        .collect()
}
