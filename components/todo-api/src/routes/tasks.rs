//! Tasks: list, create, read, change, delete, complete, reopen, skip.

use api::{ApiError, ErrorBody, Json, PathId, Query};
use axum::Json as JsonResponse;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use http::header::{ETAG, LOCATION};
use http::{HeaderValue, StatusCode};
use recurrence::Recurrence;
use serde::Serialize;
use storage::{Creation, Origin, Storage, StorageError};
use task_model::{Priority, Status, Task, TaskInput, TaskPatch, TaskPatchInput, TaskQuery};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::database::{Tasks, refusal};
use crate::extract::{ChangeOrigin, Db, IdempotencyKey, IfMatch, Profile, Session};

/// A page of tasks.
#[derive(Serialize, ToSchema)]
pub struct TaskPage {
    tasks: Vec<Task>,
    /// How many match, on all pages.
    total: u64,
    limit: u32,
    offset: u32,
}

/// Which tasks, in which order; read by [`TaskQuery::from_params`].
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "the description of TaskQuery's parameters")]
pub struct ListParams {
    /// Any of these.
    #[param(value_type = Option<Vec<Status>>, explode = true)]
    status: Vec<Status>,
    /// Any of these.
    #[param(value_type = Option<Vec<Priority>>, explode = true)]
    priority: Vec<Priority>,
    /// Any of these.
    #[param(value_type = Option<Vec<String>>, explode = true)]
    tag: Vec<String>,
    /// Due strictly before.
    due_before: Option<DateTime<Utc>>,
    /// Due at or after.
    due_after: Option<DateTime<Utc>>,
    /// Created, changed or completed at or after.
    updated_after: Option<DateTime<Utc>>,
    /// Past its due date and open, or not.
    overdue: Option<bool>,
    /// Words that title, description or tags hold.
    #[param(max_length = 500)]
    q: Option<String>,
    /// What to sort by; `-` in front: descending. Newest first if absent.
    #[param(
        pattern = "^-?(created_at|due_date|priority|title|updated_at)$",
        example = "-priority"
    )]
    sort: Option<String>,
    /// How many at most.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u32>,
    /// How many to skip.
    #[param(minimum = 0, maximum = 1_000_000_000, default = 0)]
    offset: Option<u32>,
}

/// Lists tasks.
#[utoipa::path(
    get,
    path = "/api/tasks",
    tag = "tasks",
    params(ListParams),
    responses((status = 200, description = "Some of the tasks", body = TaskPage)),
)]
pub async fn list(
    Db(storage): Db,
    session: Session,
    Query(params): Query,
) -> Result<JsonResponse<TaskPage>, ApiError> {
    let query = TaskQuery::from_params(params).map_err(ApiError::Invalid)?;
    let page = storage
        .tasks(session.user_id, &query, Utc::now())
        .await
        .map_err(refusal)?;
    Ok(JsonResponse(TaskPage {
        tasks: page.tasks,
        total: page.total,
        limit: query.limit,
        offset: query.offset,
    }))
}

/// A task with its version as `ETag`.
struct Tagged(Task);

impl IntoResponse for Tagged {
    fn into_response(self) -> Response {
        let tag = HeaderValue::from_str(&format!("\"{}\"", self.0.version)).ok();
        let mut response = JsonResponse(self.0).into_response();
        response.headers_mut().extend(tag.map(|tag| (ETAG, tag)));
        response
    }
}

/// Creates a task.
///
/// With an `Idempotency-Key` a repetition creates nothing: it answers the task of the first request as it is
/// now, or as it last was where it is deleted, whatever its own body says.
#[utoipa::path(
    post,
    path = "/api/tasks",
    tag = "tasks",
    params((
        "Idempotency-Key" = Option<String>,
        Header,
        description = "Makes repetitions of this request one: 1 to 200 visible ASCII characters, the person's own",
        min_length = 1,
        max_length = 200,
        pattern = "^[!-~]+$",
    )),
    request_body = TaskInput,
    responses(
        (
            status = 201,
            description = "The task is there",
            body = Task,
            headers(
                ("Location" = String, description = "Its path"),
                ("ETag" = String, description = "Its version"),
            ),
        ),
        (
            status = 200,
            description = "The task was there: this repeats a request with the same `Idempotency-Key`",
            body = Task,
            headers(
                ("Location" = String, description = "Its path"),
                ("ETag" = String, description = "Its version"),
            ),
        ),
        (
            status = 409,
            description = "This repeats a request with the same `Idempotency-Key` whose task was deleted since",
            body = ErrorBody,
        ),
    ),
)]
pub async fn create(
    Db(storage): Db,
    Profile(user): Profile,
    ChangeOrigin(origin): ChangeOrigin,
    IdempotencyKey(key): IdempotencyKey,
    Json(input): Json<TaskInput>,
) -> Result<Response, ApiError> {
    let id = match key {
        Some(key) => Uuid::new_v5(&user.id, key.as_bytes()),
        None => Uuid::now_v7(),
    };
    let defaults = &user.notification_preferences.default_reminders;
    let task = input.validated(id, defaults).map_err(ApiError::Invalid)?;
    let Creation { task, is_new } = storage
        .create_task_once(user.id, task, &origin, Utc::now())
        .await
        .map_err(refusal)?;
    let status = if is_new {
        StatusCode::CREATED
    } else {
        let there = storage.task(user.id, task.id).await;
        if there.map_err(refusal)?.is_none() {
            let message = "The task that this Idempotency-Key made was deleted";
            return Err(ApiError::Conflict(message.into()));
        }
        StatusCode::OK
    };
    let location = HeaderValue::from_str(&format!("/api/tasks/{}", task.id)).ok();
    let mut response = (status, Tagged(task)).into_response();
    response
        .headers_mut()
        .extend(location.map(|location| (LOCATION, location)));
    Ok(response)
}

/// Reads a task.
#[utoipa::path(
    get,
    path = "/api/tasks/{id}",
    tag = "tasks",
    params(("id" = Uuid, Path, description = "The task")),
    responses((
        status = 200,
        description = "The task",
        body = Task,
        headers(("ETag" = String, description = "Its version")),
    )),
)]
pub async fn read(
    Db(storage): Db,
    session: Session,
    PathId(id): PathId,
) -> Result<Response, ApiError> {
    tagged(storage.task(session.user_id, id).await.map_err(refusal)?)
}

/// Changes a task: an absent field stays as it is, `null` clears one that may be empty.
#[utoipa::path(
    put,
    path = "/api/tasks/{id}",
    tag = "tasks",
    params(
        ("id" = Uuid, Path, description = "The task"),
        ("If-Match" = Option<String>, Header, description = "The ETag that the task must still have"),
    ),
    request_body = TaskPatchInput,
    responses(
        (
            status = 200,
            description = "The task as it is now",
            body = Task,
            headers(("ETag" = String, description = "Its version")),
        ),
        (status = 412, description = "The task has another version", body = ErrorBody),
    ),
)]
pub async fn put(
    Db(storage): Db,
    session: Session,
    PathId(id): PathId,
    if_match: IfMatch,
    ChangeOrigin(origin): ChangeOrigin,
    Json(input): Json<TaskPatchInput>,
) -> Result<Response, ApiError> {
    update(storage, &session, id, if_match, &origin, input).await
}

/// Changes a task, exactly as `PUT` does.
#[utoipa::path(
    patch,
    path = "/api/tasks/{id}",
    tag = "tasks",
    params(
        ("id" = Uuid, Path, description = "The task"),
        ("If-Match" = Option<String>, Header, description = "The ETag that the task must still have"),
    ),
    request_body = TaskPatchInput,
    responses(
        (
            status = 200,
            description = "The task as it is now",
            body = Task,
            headers(("ETag" = String, description = "Its version")),
        ),
        (status = 412, description = "The task has another version", body = ErrorBody),
    ),
)]
pub async fn patch(
    Db(storage): Db,
    session: Session,
    PathId(id): PathId,
    if_match: IfMatch,
    ChangeOrigin(origin): ChangeOrigin,
    Json(input): Json<TaskPatchInput>,
) -> Result<Response, ApiError> {
    update(storage, &session, id, if_match, &origin, input).await
}

/// Deletes a task.
#[utoipa::path(
    delete,
    path = "/api/tasks/{id}",
    tag = "tasks",
    params(("id" = Uuid, Path, description = "The task")),
    responses((status = 204, description = "The task is gone")),
)]
pub async fn delete(
    Db(storage): Db,
    session: Session,
    PathId(id): PathId,
    ChangeOrigin(origin): ChangeOrigin,
) -> Result<StatusCode, ApiError> {
    let deleted = storage
        .delete_task(session.user_id, id, &origin, Utc::now())
        .await
        .map_err(refusal)?;
    deleted.ok_or(ApiError::NotFound)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Completes a task; one that is completed stays as it is.
#[utoipa::path(
    post,
    path = "/api/tasks/{id}/complete",
    tag = "tasks",
    params(("id" = Uuid, Path, description = "The task")),
    responses((
        status = 200,
        description = "The task, completed",
        body = Task,
        headers(("ETag" = String, description = "Its version")),
    )),
)]
pub async fn complete(
    Db(storage): Db,
    session: Session,
    PathId(id): PathId,
    ChangeOrigin(origin): ChangeOrigin,
) -> Result<Response, ApiError> {
    set_status(storage, &session, id, Status::Completed, &origin).await
}

/// Reopens a task that is completed or cancelled; an open one stays as it is.
#[utoipa::path(
    post,
    path = "/api/tasks/{id}/reopen",
    tag = "tasks",
    params(("id" = Uuid, Path, description = "The task")),
    responses((
        status = 200,
        description = "The task, open",
        body = Task,
        headers(("ETag" = String, description = "Its version")),
    )),
)]
pub async fn reopen(
    Db(storage): Db,
    session: Session,
    PathId(id): PathId,
    ChangeOrigin(origin): ChangeOrigin,
) -> Result<Response, ApiError> {
    let task = storage.task(session.user_id, id).await.map_err(refusal)?;
    match task.ok_or(ApiError::NotFound)? {
        open @ Task {
            status: Status::Pending | Status::InProgress,
            ..
        } => Ok(Tagged(open).into_response()),
        _ => set_status(storage, &session, id, Status::Pending, &origin).await,
    }
}

/// Skips an occurrence of a recurring task: it is due at the next one.
#[utoipa::path(
    post,
    path = "/api/tasks/{id}/skip",
    tag = "tasks",
    params(
        ("id" = Uuid, Path, description = "The task"),
        ("If-Match" = Option<String>, Header, description = "The ETag that the task must still have"),
    ),
    responses(
        (
            status = 200,
            description = "The task, due at the next occurrence; a `COUNT` of its pattern is one less",
            body = Task,
            headers(("ETag" = String, description = "Its version")),
        ),
        (
            status = 409,
            description = "It does not recur, is completed or cancelled, or this was its last occurrence",
            body = ErrorBody,
        ),
        (status = 412, description = "The task has another version", body = ErrorBody),
    ),
)]
pub async fn skip(
    Db(storage): Db,
    Profile(user): Profile,
    PathId(id): PathId,
    if_match: IfMatch,
    ChangeOrigin(origin): ChangeOrigin,
) -> Result<Response, ApiError> {
    /// Tries to change the task in the version that was read.
    const ATTEMPTS: u32 = 5;
    let zone = user.timezone.parse().unwrap_or(Tz::UTC);
    for _ in 0..ATTEMPTS {
        let task = storage.task(user.id, id).await.map_err(refusal)?;
        let task = task.ok_or(ApiError::NotFound)?;
        if let IfMatch::Versions(versions) = &if_match
            && !versions.contains(&task.version)
        {
            return Err(ApiError::PreconditionFailed);
        }
        let now = Utc::now();
        let (patch, version) = (skipped(&task, zone, now)?, Some(task.version));
        match storage
            .update_task(user.id, id, patch, version, &origin, now)
            .await
        {
            Err(StorageError::VersionMismatch { .. }) => {}
            updated => return tagged(updated.map_err(refusal)?),
        }
    }
    Err(ApiError::Unavailable(
        "the task changes all the time".into(),
    ))
}

/// What skipping an occurrence changes.
fn skipped(task: &Task, zone: Tz, now: DateTime<Utc>) -> Result<TaskPatch, ApiError> {
    let conflict = |message: &str| ApiError::Conflict(message.to_owned());
    if !matches!(task.status, Status::Pending | Status::InProgress) {
        return Err(conflict("The task is not open"));
    }
    let pattern = task.recurrence_pattern.as_deref();
    let pattern = pattern.ok_or_else(|| conflict("The task does not recur"))?;
    let pattern = Recurrence::parse(pattern)
        .map_err(|error| ApiError::Internal(format!("a stored pattern: {error}")))?;
    let next = match task.due_date {
        Some(due) => pattern.following_due(due, due, zone),
        None => pattern.following_completion(None, now, zone),
    };
    let next = next.ok_or_else(|| conflict("The task has no further occurrence"))?;
    Ok(TaskPatch {
        due_date: Some(Some(next.due)),
        recurrence_pattern: Some(Some(next.pattern.to_string())),
        ..TaskPatch::default()
    })
}

async fn update(
    storage: &Tasks,
    session: &Session,
    id: Uuid,
    if_match: IfMatch,
    origin: &Origin,
    input: TaskPatchInput,
) -> Result<Response, ApiError> {
    let patch = input.validated().map_err(ApiError::Invalid)?;
    let expected_version = match if_match {
        IfMatch::Any => None,
        // Storage compares with one version in the statement that changes the task; of several (or of
        // none that could match) the one that it has now is taken.
        IfMatch::Versions(versions) => match versions[..] {
            [version] => Some(version),
            _ => {
                let task = storage.task(session.user_id, id).await.map_err(refusal)?;
                let current = task.ok_or(ApiError::NotFound)?.version;
                if !versions.contains(&current) {
                    return Err(ApiError::PreconditionFailed);
                }
                Some(current)
            }
        },
    };
    let now = Utc::now();
    let task = storage
        .update_task(session.user_id, id, patch, expected_version, origin, now)
        .await
        .map_err(refusal)?;
    tagged(task)
}

async fn set_status(
    storage: &Tasks,
    session: &Session,
    id: Uuid,
    status: Status,
    origin: &Origin,
) -> Result<Response, ApiError> {
    let patch = TaskPatch {
        status: Some(status),
        ..TaskPatch::default()
    };
    let now = Utc::now();
    let task = storage
        .update_task(session.user_id, id, patch, None, origin, now)
        .await
        .map_err(refusal)?;
    tagged(task)
}

fn tagged(task: Option<Task>) -> Result<Response, ApiError> {
    let task = task.ok_or(ApiError::NotFound)?;
    Ok(Tagged(task).into_response())
}
