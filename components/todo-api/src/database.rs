//! The Todo API's database.

use std::sync::OnceLock;

use api::ApiError;
use sql::spin::Connection;
use storage::{MIGRATIONS, SqlStorage, StorageError, TASKS};

/// The storage of this component.
pub type Tasks = SqlStorage<Connection>;

/// The storage, opened and migrated by the instance's first request, or 503. Only success is remembered;
/// several first requests may do it at once, which is as good as once.
pub async fn tasks() -> Result<&'static Tasks, ApiError> {
    static TASKS_STORAGE: OnceLock<Tasks> = OnceLock::new();
    if let Some(tasks) = TASKS_STORAGE.get() {
        return Ok(tasks);
    }
    let connection = sql::spin::open_migrated(TASKS, &MIGRATIONS).await;
    let tasks = SqlStorage::new(connection.map_err(|error| refusal(error.into()))?);
    Ok(TASKS_STORAGE.get_or_init(|| tasks))
}

/// What a client is answered when the storage could not do it.
pub fn refusal(error: StorageError) -> ApiError {
    match error {
        StorageError::Conflict { field } => {
            ApiError::Conflict(format!("This {field} is already in use"))
        }
        StorageError::NoSuchUser => ApiError::InvalidToken,
        StorageError::VersionMismatch { .. } => ApiError::PreconditionFailed,
        StorageError::Unavailable(reason) => ApiError::Unavailable(reason),
        StorageError::Internal(reason) => ApiError::Internal(reason),
    }
}
