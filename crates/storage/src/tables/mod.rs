//! [`Storage`] over tables of SQLite or PostgreSQL. Every change is one statement; see `migrations` for why.

mod accounts;
mod lists;
mod migrations;
mod person;
mod rows;
mod search;
mod tasks;
mod words;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use sql::{Database, Migrated, SqlConnection, params};
use task_model::{
    NewTask, NewUser, Page, SearchHit, Stats, TagCount, Task, TaskPatch, TaskQuery, User, UserPatch,
};
use uuid::Uuid;

use crate::{Creation, NewRefreshToken, Origin, Result, Rotation, Storage};

/// How long a deleted task can still be restored.
const RESTORABLE: TimeDelta = TimeDelta::days(30);
/// Rows of each kind that one call of `housekeep` removes at most.
const HOUSEKEEPING_ROWS: i64 = 500;

/// Accounts, tasks and the outbox. An acknowledged task survives even a power failure, and what is
/// deleted is overwritten.
pub const TASKS: Database = Database::durable("tasks");
/// The same database for what may be done again after a power failure: see [`crate::Outbox`].
pub const OUTBOX: Database = TASKS.repeatable();

pub use migrations::MIGRATIONS;
pub use words::postgres_words;

/// All that the Todo API keeps, in a database.
#[derive(Debug)]
pub struct SqlStorage<C> {
    tasks: C,
}

impl<C: SqlConnection> SqlStorage<C> {
    /// Over a connection to [`TASKS`].
    pub fn new(tasks: C) -> Self {
        Self { tasks }
    }
}

impl<C: SqlConnection> Storage for SqlStorage<C> {
    async fn migrate(&self) -> Result<Migrated> {
        Ok(sql::migrate(&self.tasks, &MIGRATIONS).await?)
    }

    async fn ping(&self) -> Result<()> {
        self.tasks
            .execute("SELECT 1 FROM schema_migrations LIMIT 1", vec![])
            .await?;
        Ok(())
    }

    async fn housekeep(&self, now: DateTime<Utc>) -> Result<u64> {
        let removed = [
            (
                "DELETE FROM tasks WHERE row IN
                   (SELECT row FROM tasks WHERE deleted_at < ?1 ORDER BY deleted_at LIMIT ?2) RETURNING 1",
                now - RESTORABLE,
            ),
            (
                "DELETE FROM refresh_tokens WHERE token_hash IN
                   (SELECT token_hash FROM refresh_tokens WHERE expires_at < ?1 ORDER BY expires_at LIMIT ?2) RETURNING 1",
                now,
            ),
        ];
        let mut rows = 0;
        for (sql, before) in removed {
            rows += self
                .tasks
                .execute(sql, params![before, HOUSEKEEPING_ROWS])
                .await?
                .len() as u64;
        }
        Ok(rows)
    }

    async fn create_user(&self, user: NewUser, now: DateTime<Utc>) -> Result<User> {
        accounts::create(&self.tasks, user, now).await
    }

    async fn user(&self, id: Uuid) -> Result<Option<User>> {
        accounts::by_id(&self.tasks, id).await
    }

    async fn password_hash(&self, id: Uuid) -> Result<Option<String>> {
        accounts::password_hash(&self.tasks, id).await
    }

    async fn credentials(&self, email: &str) -> Result<Option<(User, String)>> {
        accounts::credentials(&self.tasks, email).await
    }

    async fn update_user(
        &self,
        id: Uuid,
        patch: UserPatch,
        now: DateTime<Utc>,
    ) -> Result<Option<User>> {
        accounts::update(&self.tasks, id, patch, now).await
    }

    async fn erase_user(&self, id: Uuid, origin: &Origin, now: DateTime<Utc>) -> Result<bool> {
        accounts::erase(&self.tasks, id, origin, now).await
    }

    async fn add_refresh_token(&self, token: NewRefreshToken, now: DateTime<Utc>) -> Result<()> {
        accounts::add_refresh_token(&self.tasks, token, now).await
    }

    async fn rotate_refresh_token(
        &self,
        token_hash: &str,
        successor_hash: &str,
        expires_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Rotation> {
        accounts::rotate_refresh_token(&self.tasks, token_hash, successor_hash, expires_at, now)
            .await
    }

    async fn revoke_family(&self, family_id: Uuid) -> Result<()> {
        accounts::revoke_family(&self.tasks, family_id).await
    }

    async fn family_is_live(&self, family_id: Uuid, now: DateTime<Utc>) -> Result<bool> {
        accounts::family_is_live(&self.tasks, family_id, now).await
    }

    async fn signed_in_user(
        &self,
        id: Uuid,
        family_id: Uuid,
        now: DateTime<Utc>,
    ) -> Result<Option<User>> {
        accounts::signed_in(&self.tasks, id, family_id, now).await
    }

    async fn create_task_once(
        &self,
        user_id: Uuid,
        task: NewTask,
        origin: &Origin,
        now: DateTime<Utc>,
    ) -> Result<Creation> {
        tasks::create(&self.tasks, user_id, task, origin, now).await
    }

    async fn task(&self, user_id: Uuid, id: Uuid) -> Result<Option<Task>> {
        tasks::by_id(&self.tasks, user_id, id).await
    }

    async fn update_task(
        &self,
        user_id: Uuid,
        id: Uuid,
        patch: TaskPatch,
        expected_version: Option<i64>,
        origin: &Origin,
        now: DateTime<Utc>,
    ) -> Result<Option<Task>> {
        tasks::update(
            &self.tasks,
            user_id,
            id,
            patch,
            expected_version,
            origin,
            now,
        )
        .await
    }

    async fn delete_task(
        &self,
        user_id: Uuid,
        id: Uuid,
        origin: &Origin,
        now: DateTime<Utc>,
    ) -> Result<Option<Task>> {
        tasks::set_deleted(&self.tasks, user_id, id, true, origin, now).await
    }

    async fn restore_task(
        &self,
        user_id: Uuid,
        id: Uuid,
        origin: &Origin,
        now: DateTime<Utc>,
    ) -> Result<Option<Task>> {
        tasks::set_deleted(&self.tasks, user_id, id, false, origin, now).await
    }

    async fn tasks(&self, user_id: Uuid, query: &TaskQuery, now: DateTime<Utc>) -> Result<Page> {
        lists::page(&self.tasks, user_id, query, now).await
    }

    async fn search(&self, user_id: Uuid, q: &str, limit: u32) -> Result<(Vec<SearchHit>, u64)> {
        search::search(&self.tasks, user_id, q, limit).await
    }

    async fn tags(&self, user_id: Uuid) -> Result<Vec<TagCount>> {
        lists::tags(&self.tasks, user_id).await
    }

    async fn stats(
        &self,
        user_id: Uuid,
        days: &[(NaiveDate, DateTime<Utc>, DateTime<Utc>)],
        now: DateTime<Utc>,
    ) -> Result<Stats> {
        lists::stats(&self.tasks, user_id, days, now).await
    }
}
