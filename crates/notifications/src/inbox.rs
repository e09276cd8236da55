//! A person's notifications: writing one into the inbox, listing, reading.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sql::{Columns, Dialect, Result, Row, SqlConnection, SqlError, json, params};
use task_model::Channel;
use uuid::Uuid;

use crate::claims::{in_order, texts};
use crate::{Delivery, Inbox, Notification};

/// The columns of [`Notification`] but its deliveries, in the order of [`read`].
const COLUMNS: &str = "id, task_id, title, body, remind_at, due_at, late, created_at, read_at";

/// Where a page of the inbox begins: after the notification of this moment and id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    created_at: i64,
    id: Uuid,
}

impl std::str::FromStr for Cursor {
    type Err = &'static str;

    fn from_str(text: &str) -> std::result::Result<Self, Self::Err> {
        let parse = || {
            let (created_at, id) = text.split_once('_')?;
            Some(Self {
                created_at: created_at.parse().ok()?,
                id: id.parse().ok()?,
            })
        };
        parse().ok_or("must be a next_cursor of this list")
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}_{}", self.created_at, self.id)
    }
}

/// Puts a notification that is there into its person's inbox, once; false if it was removed.
pub async fn show(connection: &impl SqlConnection, id: Uuid, now: DateTime<Utc>) -> Result<bool> {
    let rows = connection
        .execute(
            "UPDATE notifications SET shown_at = coalesce(shown_at, ?2) WHERE id = ?1 RETURNING 1",
            params![id, now],
        )
        .await?;
    Ok(!rows.is_empty())
}

/// A page of the inbox, newest first.
pub async fn page(
    connection: &impl SqlConnection,
    user_id: Uuid,
    only_unread: bool,
    limit: u32,
    after: Option<Cursor>,
) -> Result<Inbox> {
    let unread = if only_unread {
        "AND read_at IS NULL"
    } else {
        ""
    };
    let sql = format!(
        "SELECT {COLUMNS} FROM notifications
         WHERE user_id = ?1 AND shown_at IS NOT NULL {unread} AND (created_at, id) < (?2, ?3)
         ORDER BY created_at DESC, id DESC LIMIT ?4"
    );
    let (created_at, id) = after.map_or((i64::MAX, Uuid::max()), |it| (it.created_at, it.id));
    // One more than shown tells whether there is a next page.
    let rows = connection
        .execute(
            &sql,
            params![user_id, created_at, id, limit.saturating_add(1)],
        )
        .await?;
    let mut notifications = with_deliveries(connection, rows).await?;
    let has_more = notifications.len() > limit as usize;
    notifications.truncate(limit as usize);
    let next = notifications
        .last()
        .filter(|_| has_more)
        .map(|last| Cursor {
            created_at: last.created_at.timestamp_millis(),
            id: last.id,
        });
    Ok(Inbox {
        notifications,
        unread: count_unread(connection, user_id).await?,
        next_cursor: next.map(|next| next.to_string()),
    })
}

pub(crate) async fn count_unread(connection: &impl SqlConnection, user_id: Uuid) -> Result<u64> {
    let rows = connection
        .execute(
            "SELECT count(*) FROM notifications
             WHERE user_id = ?1 AND shown_at IS NOT NULL AND read_at IS NULL",
            params![user_id],
        )
        .await?;
    Columns::from(rows.into_iter().next().unwrap_or_default()).count()
}

/// Marks a notification as read, if it was not; none if it is not in this person's inbox.
pub async fn mark_read(
    connection: &impl SqlConnection,
    user_id: Uuid,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<Option<Notification>> {
    let sql = format!(
        "UPDATE notifications SET read_at = coalesce(read_at, ?3)
         WHERE id = ?1 AND user_id = ?2 AND shown_at IS NOT NULL RETURNING {COLUMNS}"
    );
    let rows = connection.execute(&sql, params![id, user_id, now]).await?;
    Ok(with_deliveries(connection, rows).await?.pop())
}

/// Marks all as read that are in a person's inbox, or those of them that were created up to a moment;
/// answers how many were not.
pub async fn mark_all_read(
    connection: &impl SqlConnection,
    user_id: Uuid,
    until: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<u64> {
    let until = until.map_or(i64::MAX, |it| it.timestamp_millis());
    let unread = "user_id = ?1 AND shown_at IS NOT NULL AND read_at IS NULL AND created_at <= ?3";
    let sql = match connection.dialect() {
        Dialect::Sqlite => {
            format!("UPDATE notifications SET read_at = ?2 WHERE {unread} RETURNING 1")
        }
        dialect @ Dialect::Postgres => format!(
            "UPDATE notifications SET read_at = ?2 WHERE id IN ({}) RETURNING 1",
            in_order(
                dialect,
                &format!("SELECT id FROM notifications WHERE {unread}")
            )
        ),
    };
    let rows = connection
        .execute(&sql, params![user_id, now, until])
        .await?;
    Ok(rows.len() as u64)
}

/// Notifications by id, in no order; those that are gone are left out.
pub(crate) async fn by_ids(
    connection: &impl SqlConnection,
    ids: &[Uuid],
) -> Result<Vec<Notification>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM notifications WHERE id IN ({})",
        texts(connection.dialect())
    );
    let rows = connection.execute(&sql, params![json(&ids)?]).await?;
    with_deliveries(connection, rows).await
}

async fn with_deliveries(
    connection: &impl SqlConnection,
    rows: Vec<Row>,
) -> Result<Vec<Notification>> {
    let mut notifications = rows.into_iter().map(read).collect::<Result<Vec<_>>>()?;
    if notifications.is_empty() {
        return Ok(notifications);
    }
    let ids: Vec<Uuid> = notifications.iter().map(|it| it.id).collect();
    let sql = format!(
        "SELECT notification_id, channel, number, outcome, detail, coalesce(finished_at, started_at)
         FROM attempts WHERE notification_id IN ({}) ORDER BY row",
        texts(connection.dialect())
    );
    let rows = connection.execute(&sql, params![json(&ids)?]).await?;
    let mut deliveries: HashMap<Uuid, Vec<Delivery>> = HashMap::new();
    for row in rows {
        let mut columns = Columns::from(row);
        let of_notification = deliveries.entry(columns.id()?).or_default();
        let delivery = Delivery {
            channel: channel(columns.text()?)?,
            attempts: columns.count()?.try_into().unwrap_or(u32::MAX),
            state: state(columns.text()?)?,
            detail: columns.optional_text()?,
            at: columns.time()?,
        };
        // The last attempt through a channel stands for all of them.
        match of_notification
            .iter_mut()
            .find(|it| it.channel == delivery.channel)
        {
            Some(earlier) => *earlier = delivery,
            None => of_notification.push(delivery),
        }
    }
    for notification in &mut notifications {
        notification.deliveries = deliveries.remove(&notification.id).unwrap_or_default();
    }
    Ok(notifications)
}

fn read(row: Row) -> Result<Notification> {
    let mut columns = Columns::from(row);
    Ok(Notification {
        id: columns.id()?,
        task_id: columns.id()?,
        title: columns.text()?,
        body: columns.text()?,
        remind_at: columns.time()?,
        due_at: columns.optional_time()?,
        late: columns.integer()? != 0,
        created_at: columns.time()?,
        read_at: columns.optional_time()?,
        deliveries: Vec::new(),
    })
}

/// A channel by its name in a column.
pub(crate) fn channel(name: String) -> Result<Channel> {
    name.parse()
        .map_err(|_| SqlError::wrong_column("a channel", name))
}

/// An outcome by its name in a column.
pub(crate) fn state(name: String) -> Result<crate::DeliveryState> {
    let value = serde_json::Value::String(name);
    serde_json::from_value(value.clone()).map_err(|_| SqlError::wrong_column("an outcome", value))
}
