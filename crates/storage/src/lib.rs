//! What the Todo API keeps, behind one trait.
//!
//! [`Storage`] says what the service needs in its own words. [`SqlStorage`] is that over any
//! [`sql::SqlConnection`], to SQLite or PostgreSQL.

mod outbox;
#[cfg(feature = "rusqlite")]
pub mod rusqlite;
mod tables;

pub use outbox::{Outbox, Pass, Producer};
pub use tables::{MIGRATIONS, OUTBOX, SqlStorage, TASKS, postgres_words};

pub use sql::Migrated;

use std::future::Future;

use chrono::{DateTime, NaiveDate, Utc};
use sql::SqlError;
use task_model::{
    NewTask, NewUser, Page, SearchHit, Stats, TagCount, Task, TaskPatch, TaskQuery, User, UserPatch,
};
use uuid::Uuid;

/// Why the storage could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// A unique value is taken; names the field.
    #[error("{field} is already in use")]
    Conflict {
        /// `email`, or `id` where another person has it.
        field: &'static str,
    },
    /// The person has no account, or no more.
    #[error("there is no such person")]
    NoSuchUser,
    /// The task is not at the version that the caller expected.
    #[error("the task is at version {current}")]
    VersionMismatch {
        /// Where it is.
        current: i64,
    },
    /// The database is busy, full, read-only or gone; the caller may try again later.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// A statement or a stored value is wrong: a defect of ours.
    #[error("unexpected answer from the database: {0}")]
    Internal(String),
}

/// What every call answers with.
pub type Result<T> = std::result::Result<T, StorageError>;

impl From<SqlError> for StorageError {
    fn from(error: SqlError) -> Self {
        match error {
            SqlError::Unique(columns) if columns.contains("users.email") => {
                Self::Conflict { field: "email" }
            }
            SqlError::Unique(_) => Self::Conflict { field: "id" },
            SqlError::Unavailable(reason) => Self::Unavailable(reason),
            SqlError::Internal(reason) => Self::Internal(reason),
        }
    }
}

/// Where a change came from; goes into its outbox row, so that its event carries it onwards.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// The request's correlation id.
    pub correlation_id: Option<String>,
    /// W3C Trace Context.
    pub traceparent: Option<String>,
}

/// A refresh token as it is kept: by hash, never in clear.
#[derive(Debug, Clone)]
pub struct NewRefreshToken {
    /// SHA-256 of the token, lower-case hex.
    pub token_hash: String,
    /// All tokens that come from one sign-in.
    pub family_id: Uuid,
    /// Whose.
    pub user_id: Uuid,
    /// From when it is refused.
    pub expires_at: DateTime<Utc>,
}

/// What came of presenting a refresh token.
#[derive(Debug, Clone)]
pub enum Rotation {
    /// It was good and is used up; its successor is stored.
    Rotated(Box<User>),
    /// It had been used before: its whole family is now revoked.
    Reused,
    /// Unknown, expired or revoked.
    Refused,
}

/// A task that was to be created.
#[derive(Debug, Clone, PartialEq)]
pub struct Creation {
    /// It, as it is now.
    pub task: Task,
    /// False if it was there before.
    pub is_new: bool,
}

/// Everything the Todo API keeps. Each call is atomic: it happened with its outbox row, or not at all.
/// A task of another person is as good as absent.
pub trait Storage {
    /// Brings the schema to the newest version; safe to call from several instances at once.
    fn migrate(&self) -> impl Future<Output = Result<Migrated>> + Send;
    /// A cheap statement, for readiness.
    fn ping(&self) -> impl Future<Output = Result<()>> + Send;
    /// Removes a bounded number of rows that nobody can reach any more: tasks deleted more than 30 days
    /// ago and expired refresh tokens. Answers how many; more may be left until it answers 0.
    fn housekeep(&self, now: DateTime<Utc>) -> impl Future<Output = Result<u64>> + Send;

    /// Creates an account, or [`StorageError::Conflict`].
    fn create_user(
        &self,
        user: NewUser,
        now: DateTime<Utc>,
    ) -> impl Future<Output = Result<User>> + Send;
    /// A person by id.
    fn user(&self, id: Uuid) -> impl Future<Output = Result<Option<User>>> + Send;
    /// A person and their password hash, by lower-case e-mail address.
    fn credentials(
        &self,
        email: &str,
    ) -> impl Future<Output = Result<Option<(User, String)>>> + Send;
    /// The hash of a person's password.
    fn password_hash(&self, id: Uuid) -> impl Future<Output = Result<Option<String>>> + Send;
    /// Changes a profile.
    fn update_user(
        &self,
        id: Uuid,
        patch: UserPatch,
        now: DateTime<Utc>,
    ) -> impl Future<Output = Result<Option<User>>> + Send;

    /// Erases a person: account, tasks, tags, words of the index, refresh tokens and events that are
    /// not yet published go, and one event `user_erased` is left to publish. False if there is no such person.
    fn erase_user(
        &self,
        id: Uuid,
        origin: &Origin,
        now: DateTime<Utc>,
    ) -> impl Future<Output = Result<bool>> + Send;

    /// Keeps the first refresh token of a sign-in, or [`StorageError::NoSuchUser`].
    fn add_refresh_token(
        &self,
        token: NewRefreshToken,
        now: DateTime<Utc>,
    ) -> impl Future<Output = Result<()>> + Send;
    /// Uses up the token with `token_hash` and stores its successor in the same family.
    ///
    /// Asked again for the same successor within 30 seconds, while that one was never presented, it says
    /// the same again. So a caller whose successors follow from their tokens forgives a lost answer, and
    /// one whose successors are random never does.
    fn rotate_refresh_token(
        &self,
        token_hash: &str,
        successor_hash: &str,
        expires_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> impl Future<Output = Result<Rotation>> + Send;
    /// Revokes every family of a sign-in.
    fn revoke_family(&self, family_id: Uuid) -> impl Future<Output = Result<()>> + Send;
    /// Whether the family still has a living token (access tokens name their family).
    fn family_is_live(
        &self,
        family_id: Uuid,
        now: DateTime<Utc>,
    ) -> impl Future<Output = Result<bool>> + Send;
    /// A person by id, if the family still has a living token.
    fn signed_in_user(
        &self,
        id: Uuid,
        family_id: Uuid,
        now: DateTime<Utc>,
    ) -> impl Future<Output = Result<Option<User>>> + Send;

    /// Creates a task, or [`StorageError::NoSuchUser`]. A second call with the same id answers the task
    /// that is there, also if it was deleted meanwhile, and changes nothing.
    fn create_task(
        &self,
        user_id: Uuid,
        task: NewTask,
        origin: &Origin,
        now: DateTime<Utc>,
    ) -> impl Future<Output = Result<Task>> + Send
    where
        Self: Sync,
    {
        async move {
            let creation = self.create_task_once(user_id, task, origin, now).await?;
            Ok(creation.task)
        }
    }
    /// As [`Self::create_task`], and says whether it was there.
    fn create_task_once(
        &self,
        user_id: Uuid,
        task: NewTask,
        origin: &Origin,
        now: DateTime<Utc>,
    ) -> impl Future<Output = Result<Creation>> + Send;
    /// A task by id.
    fn task(&self, user_id: Uuid, id: Uuid) -> impl Future<Output = Result<Option<Task>>> + Send;
    /// Changes a task; a patch that changes nothing leaves version and outbox alone.
    /// `expected_version` is the `If-Match` of the caller.
    fn update_task(
        &self,
        user_id: Uuid,
        id: Uuid,
        patch: TaskPatch,
        expected_version: Option<i64>,
        origin: &Origin,
        now: DateTime<Utc>,
    ) -> impl Future<Output = Result<Option<Task>>> + Send;
    /// Deletes a task and answers it as it last was.
    fn delete_task(
        &self,
        user_id: Uuid,
        id: Uuid,
        origin: &Origin,
        now: DateTime<Utc>,
    ) -> impl Future<Output = Result<Option<Task>>> + Send;
    /// Brings a deleted task back (the chat's undo), as a new version of the same id.
    fn restore_task(
        &self,
        user_id: Uuid,
        id: Uuid,
        origin: &Origin,
        now: DateTime<Utc>,
    ) -> impl Future<Output = Result<Option<Task>>> + Send;
    /// A page of tasks.
    fn tasks(
        &self,
        user_id: Uuid,
        query: &TaskQuery,
        now: DateTime<Utc>,
    ) -> impl Future<Output = Result<Page>> + Send;
    /// Tasks by full text over title, description and tags, best first; the last word also as a prefix.
    fn search(
        &self,
        user_id: Uuid,
        q: &str,
        limit: u32,
    ) -> impl Future<Output = Result<(Vec<SearchHit>, u64)>> + Send;
    /// The person's tags, most used first.
    fn tags(&self, user_id: Uuid) -> impl Future<Output = Result<Vec<TagCount>>> + Send;
    /// The person's numbers. `days` are the local days to count completions for, each with its start
    /// and end in UTC, so that DST is the caller's concern; the last one is today.
    fn stats(
        &self,
        user_id: Uuid,
        days: &[(NaiveDate, DateTime<Utc>, DateTime<Utc>)],
        now: DateTime<Utc>,
    ) -> impl Future<Output = Result<Stats>> + Send;
}
