//! The service's tables.

use chrono::{DateTime, TimeDelta, Utc};
use events::TaskEvent;
use sql::{Columns, Database, Dialect, Result, SqlConnection, SqlError, json, params};
use task_model::Channel;
use uuid::Uuid;

use crate::history::{History, is_open};
use crate::{KEEP_TOMBSTONES, KEEP_TRIGGERED, MAX_LATENESS};

/// The service's database.
pub const DATABASE: Database = Database::durable("reminders");

/// How often a change is tried that another instance's change of the same task got ahead of.
const MAX_ATTEMPTS: u32 = 20;
/// The version of a task that was just created.
const FIRST_VERSION: i64 = 1;

/// A reminder, with what is to be said of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// Of this task.
    pub task_id: Uuid,
    /// At this time.
    pub remind_at: DateTime<Utc>,
    /// Of this person.
    pub user_id: Uuid,
    /// The task's.
    pub title: String,
    /// When the task is due.
    pub due_at: Option<DateTime<Utc>>,
    /// The person's preferred one.
    pub channel: Channel,
}

impl Due {
    fn read(mut columns: Columns) -> Result<Self> {
        Ok(Self {
            task_id: columns.id()?,
            remind_at: columns.time()?,
            user_id: columns.id()?,
            title: columns.text()?,
            due_at: columns.optional_time()?,
            channel: (columns.text()?.parse())
                .map_err(|error: String| SqlError::wrong_column("a channel", error))?,
        })
    }
}

/// What became of a task's event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Applied {
    /// The person is gone; nothing was kept.
    Erased,
    /// It is accounted for, now or before.
    Kept,
    /// It is accounted for now, and the task is to be reminded of no more.
    Silent,
}

/// The service's tables over a connection.
#[derive(Debug)]
pub struct Store<C>(C);

/// The parameter that [`Store::update`] reads.
fn list<'a>(reminders: impl IntoIterator<Item = &'a Due>) -> Result<String> {
    let keys: Vec<_> = (reminders.into_iter())
        .map(|due| (due.task_id, due.remind_at.timestamp_millis()))
        .collect();
    json(&keys)
}

impl<C: SqlConnection> Store<C> {
    /// Over a connection to [`DATABASE`] with [`crate::MIGRATIONS`].
    pub fn new(connection: C) -> Self {
        Self(connection)
    }

    /// Accounts for an event of a task: its newest version decides what is pending.
    pub(crate) async fn apply(&self, event: &TaskEvent, now: DateTime<Utc>) -> Result<Applied> {
        // Of nearly every task its first version comes first, once: that is tried without looking.
        if event.task_data.task.version == FIRST_VERSION
            && let Some(applied) = self.try_apply(event, None, now).await?
        {
            return Ok(applied);
        }
        for _ in 0..MAX_ATTEMPTS {
            let (is_erased, before) = self.look(event).await?;
            if is_erased {
                return Ok(Applied::Erased);
            }
            if let Some(applied) = self.try_apply(event, before, now).await? {
                return Ok(applied);
            }
        }
        Err(SqlError::Unavailable(
            "another instance changes the same task".into(),
        ))
    }

    /// Whether the task's person is gone, and the history that is stored of the task.
    async fn look(&self, event: &TaskEvent) -> Result<(bool, Option<String>)> {
        let found = self
            .0
            .execute(
                "SELECT EXISTS (SELECT 1 FROM erased_users WHERE user_id = ?2), task.history
                 FROM (SELECT 1) AS one LEFT JOIN tasks AS task ON task.task_id = ?1",
                params![event.task_id, event.user_id],
            )
            .await?;
        let mut columns = Columns::from(found.into_iter().next().unwrap_or_default());
        Ok((columns.integer()? == 1, columns.optional_text()?))
    }

    /// `None` if the task's history is not `before`, or the person is gone.
    async fn try_apply(
        &self,
        event: &TaskEvent,
        before: Option<String>,
        now: DateTime<Utc>,
    ) -> Result<Option<Applied>> {
        let mut history: History = match &before {
            Some(text) => serde_json::from_str(text)
                .map_err(|error| SqlError::wrong_column("a history", error))?,
            None => History::default(),
        };
        let newest_before = history.newest();
        if !history.add(event) {
            return Ok(Some(Applied::Kept));
        }
        let earliest = (now - MAX_LATENESS).timestamp_millis();
        let mut schedule = history.schedule();
        schedule.retain(|at| *at >= earliest);
        let applied = if schedule.is_empty() {
            Applied::Silent
        } else {
            Applied::Kept
        };
        let (history, is_newest) = (
            json(&history)?,
            event.task_data.task.version > newest_before,
        );
        let changed = if is_newest {
            let task = &event.task_data.task;
            let is_open = is_open(event);
            let channel = (event.task_data.notification_channels.first()).copied();
            self.0
                .execute(
                    "INSERT INTO tasks (task_id, user_id, is_open, changed_at, title, due_at, channel, history, schedule)
                     SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9
                     WHERE NOT EXISTS (SELECT 1 FROM erased_users WHERE user_id = ?2)
                     ON CONFLICT (task_id) DO UPDATE SET
                       is_open = excluded.is_open, changed_at = excluded.changed_at, title = excluded.title,
                       due_at = excluded.due_at, channel = excluded.channel, history = excluded.history,
                       schedule = excluded.schedule
                     WHERE tasks.history = ?10
                     RETURNING 1",
                    params![
                        event.task_id,
                        event.user_id,
                        is_open,
                        event.timestamp,
                        if is_open { task.title.as_str() } else { "" },
                        task.due_date,
                        channel.unwrap_or(Channel::InApp).as_str(),
                        history,
                        json(&schedule)?,
                        before,
                    ],
                )
                .await?
        } else {
            self.0
                .execute(
                    "UPDATE tasks SET history = ?2, schedule = ?3 WHERE task_id = ?1 AND history = ?4 RETURNING 1",
                    params![event.task_id, history, json(&schedule)?, before],
                )
                .await?
        };
        Ok((!changed.is_empty()).then_some(applied))
    }

    /// The reminders of an open task that were never said to be set.
    pub(crate) async fn unannounced(&self, task_id: Uuid) -> Result<Vec<Due>> {
        let rows = self
            .0
            .execute(
                "SELECT reminders.task_id, remind_at, user_id, title, due_at, channel
                 FROM reminders JOIN tasks ON tasks.task_id = reminders.task_id
                 WHERE reminders.task_id = ?1 AND is_announced = 0 AND is_open = 1
                 ORDER BY remind_at",
                params![task_id],
            )
            .await?;
        rows.into_iter().map(|row| Due::read(row.into())).collect()
    }

    /// Keeps in mind that these were said to be set.
    pub(crate) async fn mark_announced<'a>(
        &self,
        reminders: impl IntoIterator<Item = &'a Due>,
    ) -> Result<()> {
        self.update("is_announced = 1", reminders).await
    }

    /// Whether the task's next instance was made.
    pub(crate) async fn has_successor(&self, task_id: Uuid) -> Result<bool> {
        let sql = "SELECT 1 FROM tasks WHERE task_id = ?1 AND succeeded_at IS NOT NULL";
        Ok(!self.0.execute(sql, params![task_id]).await?.is_empty())
    }

    /// Keeps in mind that the task's next instance was made.
    pub(crate) async fn mark_succeeded(&self, task_id: Uuid, now: DateTime<Utc>) -> Result<()> {
        let sql = "UPDATE tasks SET succeeded_at = ?2 WHERE task_id = ?1";
        self.0.execute(sql, params![task_id, now]).await?;
        Ok(())
    }

    /// Takes at most `limit` of the reminders that are due, the earliest first, for `lease`: until then
    /// nobody else gets them, and who has told of them calls [`Self::mark_triggered`].
    pub async fn claim(
        &self,
        now: DateTime<Utc>,
        limit: u32,
        lease: TimeDelta,
    ) -> Result<Vec<Due>> {
        let rows = self
            .0
            .execute(claim(self.0.dialect()), params![now, limit, now + lease])
            .await?;
        let mut claimed = (rows.into_iter())
            .map(|row| Due::read(row.into()))
            .collect::<Result<Vec<_>>>()?;
        claimed.sort_unstable_by_key(|due| (due.remind_at, due.task_id));
        Ok(claimed)
    }

    /// They were told of.
    pub async fn mark_triggered<'a>(
        &self,
        reminders: impl IntoIterator<Item = &'a Due>,
    ) -> Result<()> {
        self.update("state = 1", reminders).await
    }

    /// Changes these, of which there may be none any more.
    async fn update<'a>(
        &self,
        change: &str,
        reminders: impl IntoIterator<Item = &'a Due>,
    ) -> Result<()> {
        let dialect = self.0.dialect();
        let listed = format!(
            "(task_id, remind_at) IN (
               SELECT value ->> 0, CAST(value ->> 1 AS BIGINT) FROM {} AS item)",
            dialect.items("?1")
        );
        let sql = match dialect {
            Dialect::Sqlite => format!("UPDATE reminders SET {change} WHERE {listed}"),
            // In one order, so that no two wait for each other.
            Dialect::Postgres => format!(
                "UPDATE reminders SET {change} WHERE (task_id, remind_at) IN (
                   SELECT task_id, remind_at FROM reminders WHERE {listed}
                   ORDER BY task_id, remind_at FOR UPDATE)"
            ),
        };
        self.0.execute(&sql, params![list(reminders)?]).await?;
        Ok(())
    }

    /// Gives claimed ones back before their lease ends.
    pub async fn release<'a>(&self, reminders: impl IntoIterator<Item = &'a Due>) -> Result<()> {
        self.update("claimed_until = 0", reminders).await
    }

    /// Removes what is kept of a person, and keeps nothing that comes later.
    pub(crate) async fn erase(&self, user_id: Uuid, now: DateTime<Utc>) -> Result<()> {
        self.0
            .execute(
                "INSERT INTO erased_users (user_id, erased_at) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
                params![user_id, now],
            )
            .await?;
        // Their reminders go with them.
        self.0
            .execute("DELETE FROM tasks WHERE user_id = ?1", params![user_id])
            .await?;
        sql::overwrite_erased(&self.0).await
    }

    /// Removes at most `limit` rows of each kind that no event can need any more.
    pub async fn housekeep(&self, now: DateTime<Utc>, limit: u32) -> Result<()> {
        for (sql, keep) in HOUSEKEEPING {
            self.0.execute(sql, params![now - *keep, limit]).await?;
        }
        Ok(())
    }
}

/// [`Store::claim`]'s statement; its parameters are now, how many, and the end of the lease.
pub const fn claim(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite => {
            "UPDATE reminders SET claimed_until = ?3
             WHERE (task_id, remind_at) IN (
               SELECT task_id, remind_at FROM reminders
               WHERE state = 0 AND remind_at <= ?1 AND claimed_until <= ?1
               ORDER BY remind_at LIMIT ?2)
             RETURNING task_id, remind_at,
               (SELECT user_id FROM tasks WHERE tasks.task_id = reminders.task_id),
               (SELECT title FROM tasks WHERE tasks.task_id = reminders.task_id),
               (SELECT due_at FROM tasks WHERE tasks.task_id = reminders.task_id),
               (SELECT channel FROM tasks WHERE tasks.task_id = reminders.task_id)"
        }
        Dialect::Postgres => {
            "WITH due AS MATERIALIZED (
               SELECT task_id, remind_at FROM reminders
               WHERE state = 0 AND remind_at <= ?1 AND claimed_until <= ?1
               ORDER BY remind_at LIMIT ?2 FOR UPDATE SKIP LOCKED)
             UPDATE reminders SET claimed_until = ?3
             FROM due JOIN tasks ON tasks.task_id = due.task_id
             WHERE reminders.task_id = due.task_id AND reminders.remind_at = due.remind_at
             RETURNING reminders.task_id, reminders.remind_at, user_id, title, due_at, channel"
        }
    }
}

const HOUSEKEEPING: &[(&str, TimeDelta)] = &[
    (
        "DELETE FROM reminders WHERE (task_id, remind_at) IN (
           SELECT task_id, remind_at FROM reminders WHERE state = 1 AND remind_at < ?1 LIMIT ?2)",
        KEEP_TRIGGERED,
    ),
    (
        "DELETE FROM tasks WHERE task_id IN (
           SELECT task_id FROM tasks WHERE is_open = 0 AND changed_at < ?1 LIMIT ?2)",
        KEEP_TOMBSTONES,
    ),
    (
        "DELETE FROM erased_users WHERE user_id IN (
           SELECT user_id FROM erased_users WHERE erased_at < ?1 LIMIT ?2)",
        KEEP_TOMBSTONES,
    ),
];
