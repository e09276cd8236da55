//! What was read, told to the person's other devices: an outbox of marks, one event a person and pass.
//!
//! A trigger notes each notification that is marked as read, in the statement that marks it. A mark goes once
//! its event is published, so a crash in between publishes it again, under the same id.

use events::{Event, PublishError, TaskUpdate, TaskUpdateType};
use serde_json::Value;
use sql::{Columns, Dialect, Result, SqlConnection, SqlError, json, params};
use uuid::Uuid;

use crate::inbox;
use crate::peers::Peers;
use crate::service::Service;

/// Marks that one pass takes on.
const MARKS: u32 = 1_000;
/// The namespace of the events' ids.
const READ: Uuid = Uuid::from_u128(0x6f1e_27c4_0b5d_4a39_9d83_e4f2_75a1_c80b);

/// The newest mark of a person; it stands for those before.
struct Mark {
    row: i64,
    user_id: Uuid,
    notification_id: Uuid,
}

impl<C: SqlConnection, P: Peers> Service<'_, C, P> {
    /// Publishes what was read and is not yet told. Of several marks of a person there is one event, since
    /// each carries the number that is left unread. Answers how many events it published.
    ///
    /// # Errors
    /// The database failed; what is left is for the next call.
    pub async fn announce_read(&self) -> Result<usize> {
        let marks = pending(self.connection).await?;
        let (mut told, mut events) = (Vec::new(), Vec::new());
        for mark in marks {
            match self.read_event(&mark).await? {
                Some(event) => {
                    events.push(event);
                    told.push(mark);
                }
                // Removed meanwhile: there is nothing left to show.
                None => forget(self.connection, &[mark]).await?,
            }
        }
        if events.is_empty() {
            return Ok(0);
        }
        let results = self.peers.publish(events).await;
        let mut settled = Vec::new();
        for (mark, result) in told.into_iter().zip(results) {
            match result {
                Err(PublishError::Unavailable(reason)) => {
                    tracing::warn!(reason, "what was read is not announced yet");
                    continue;
                }
                Err(PublishError::Refused(reason)) => {
                    tracing::error!(reason, "what was read cannot be announced");
                }
                Ok(()) => {}
            }
            settled.push(mark);
        }
        forget(self.connection, &settled).await?;
        Ok(settled.len())
    }

    /// The notification as the API shows it, with the number of those unread.
    async fn read_event(&self, mark: &Mark) -> Result<Option<Event>> {
        let unread = inbox::count_unread(self.connection, mark.user_id).await?;
        let found = inbox::by_ids(self.connection, &[mark.notification_id]).await?;
        let Some((notification, read_at)) = found
            .into_iter()
            .next()
            .and_then(|it| it.read_at.map(|read_at| (it, read_at)))
        else {
            return Ok(None);
        };
        let internal = |error: serde_json::Error| SqlError::Internal(error.to_string());
        let mut update_data = serde_json::to_value(&notification).map_err(internal)?;
        if let Value::Object(fields) = &mut update_data {
            fields.insert("unread".into(), unread.into());
        }
        let update = TaskUpdate {
            event_type: TaskUpdateType::Notification,
            task_id: notification.task_id,
            user_id: mark.user_id,
            timestamp: read_at,
            update_data,
        };
        let mut name = mark.user_id.as_bytes().to_vec();
        name.extend(mark.row.to_be_bytes());
        let id = Uuid::new_v5(&READ, &name);
        Event::new(id, "/notification", &update)
            .map(Some)
            .map_err(internal)
    }
}

/// Of the oldest marks the newest of each person.
async fn pending(connection: &impl SqlConnection) -> Result<Vec<Mark>> {
    let rows = connection
        .execute(
            "SELECT row, user_id, notification_id FROM (
               SELECT row, user_id, notification_id,
                 row_number() OVER (PARTITION BY user_id ORDER BY row DESC) AS nth
               FROM (SELECT * FROM read_marks WHERE row > 0 ORDER BY row LIMIT ?1) AS oldest) AS of_person
             WHERE nth = 1 ORDER BY row",
            params![MARKS],
        )
        .await?;
    let mark = |row| {
        let mut columns = Columns::from(row);
        Ok(Mark {
            row: columns.integer()?,
            user_id: columns.id()?,
            notification_id: columns.id()?,
        })
    };
    rows.into_iter().map(mark).collect()
}

/// Removes these marks and those that they stand for.
async fn forget(connection: &impl SqlConnection, marks: &[Mark]) -> Result<()> {
    if marks.is_empty() {
        return Ok(());
    }
    let upto: Vec<_> = marks.iter().map(|it| (it.user_id, it.row)).collect();
    let dialect = connection.dialect();
    // CROSS JOIN, so that SQLite begins with the items.
    let join = match dialect {
        Dialect::Sqlite => "CROSS JOIN",
        Dialect::Postgres => "JOIN",
    };
    let sql = format!(
        "DELETE FROM read_marks WHERE row IN (
           SELECT row FROM {items} AS item {join} read_marks
             ON user_id = value ->> 0 AND row <= CAST(value ->> 1 AS BIGINT))",
        items = dialect.items("?1")
    );
    connection.execute(&sql, params![json(&upto)?]).await?;
    Ok(())
}
