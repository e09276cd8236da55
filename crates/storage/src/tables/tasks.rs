//! Changes of single tasks: each one SQL statement, whose triggers write the outbox and SQLite's index.

use chrono::{DateTime, Utc};
use sql::{SqlConnection, SqlValue, json, params};
use task_model::{NewTask, Status, Task, TaskPatch};
use uuid::Uuid;

use super::accounts;
use super::person::{is_here, locked};
use super::rows::{TASK, first_task, rank};
use super::words::Words;
use crate::{Creation, Origin, Result, StorageError};

/// The task of a statement, if it is not deleted.
const LIVING: &str = "id = ?1 AND user_id = ?2 AND deleted_at IS NULL";
/// The task of a statement, if it is deleted.
const DELETED: &str = "id = ?1 AND user_id = ?2 AND deleted_at IS NOT NULL";

pub(super) async fn create<C: SqlConnection>(
    connection: &C,
    user_id: Uuid,
    task: NewTask,
    origin: &Origin,
    now: DateTime<Utc>,
) -> Result<Creation> {
    let dialect = connection.dialect();
    let words = Words::new(dialect, user_id);
    let rows = connection
        .execute(
            &format!(
                "INSERT INTO tasks (id, user_id, title, title_key, description, status, priority, due_date, reminders,
                   tags, recurrence_pattern, recurrence_from, created_at, updated_at, version,
                   correlation_id, traceparent, title_words, description_words, tag_words)
                 SELECT ?1, ?2, ?3, ?4, ?5, 'pending', ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?12, 1, ?13, ?14, {}, {}, {}
                   WHERE {}
                 ON CONFLICT (id) DO NOTHING RETURNING {TASK}",
                words.parameter(15),
                words.parameter(16),
                words.parameter(17),
                is_here(dialect, "?2")
            ),
            params![
                task.id,
                user_id,
                task.title.as_str(),
                title_key(&task.title),
                task.description.as_deref(),
                rank(task.priority),
                task.due_date,
                json(&task.reminders)?,
                json(&task.tags)?,
                task.recurrence_pattern,
                task.recurrence_from.as_str(),
                now,
                origin.correlation_id.clone(),
                origin.traceparent.clone(),
                words.title(&task.title),
                words.description(task.description.as_deref()),
                words.tags(&task.tags)
            ],
        )
        .await?;
    if let Some(task) = first_task(rows)? {
        return Ok(Creation { task, is_new: true });
    }
    // Made before; even if it was deleted since, making it again must not bring it back.
    let sql = format!("SELECT {TASK} FROM tasks WHERE id = ?1 AND user_id = ?2");
    let existing = connection.execute(&sql, params![task.id, user_id]).await?;
    if let Some(task) = first_task(existing)? {
        return Ok(Creation {
            task,
            is_new: false,
        });
    }
    Err(if accounts::by_id(connection, user_id).await?.is_some() {
        StorageError::Conflict { field: "id" }
    } else {
        StorageError::NoSuchUser
    })
}

pub(super) async fn by_id<C: SqlConnection>(
    connection: &C,
    user_id: Uuid,
    id: Uuid,
) -> Result<Option<Task>> {
    let sql = format!("SELECT {TASK} FROM tasks WHERE {LIVING}");
    first_task(connection.execute(&sql, params![id, user_id]).await?)
}

/// One UPDATE that names only the patched columns and holds only if one of them differs, so that two
/// instances never undo each other's changes and a change to nothing writes nothing.
pub(super) async fn update<C: SqlConnection>(
    connection: &C,
    user_id: Uuid,
    id: Uuid,
    patch: TaskPatch,
    expected_version: Option<i64>,
    origin: &Origin,
    now: DateTime<Utc>,
) -> Result<Option<Task>> {
    let mut params = params![
        id,
        user_id,
        now,
        origin.correlation_id.clone(),
        origin.traceparent.clone(),
        expected_version
    ];
    let dialect = connection.dialect();
    let words = Words::new(dialect, user_id);
    let (mut set, mut differs) = (String::new(), Vec::new());
    for (column, value) in changed_columns(&patch)? {
        params.push(value);
        let parameter = params.len();
        set.push_str(&format!(", {column} = ?{parameter}"));
        differs.push(format!("{column} IS DISTINCT FROM ?{parameter}"));
    }
    for (column, value) in changed_words(&patch, &words) {
        params.push(value.into());
        let parameter = words.parameter(params.len());
        set.push_str(&format!(", {column} = {parameter}"));
    }
    match patch.status {
        Some(Status::Completed) => set.push_str(", completed_at = coalesce(completed_at, ?3)"),
        Some(_) => set.push_str(", completed_at = NULL"),
        None => {}
    }
    if !differs.is_empty() {
        let sql = format!(
            "UPDATE tasks SET version = version + 1, updated_at = ?3, correlation_id = ?4, traceparent = ?5{set}{}
             AND (CAST(?6 AS BIGINT) IS NULL OR version = ?6) AND ({})
             RETURNING {TASK}",
            locked(dialect, "?2", LIVING),
            differs.join(" OR ")
        );
        if let Some(updated) = first_task(connection.execute(&sql, params).await?)? {
            return Ok(Some(updated));
        }
    }
    let Some(task) = by_id(connection, user_id, id).await? else {
        return Ok(None);
    };
    match expected_version {
        Some(expected) if expected != task.version => Err(StorageError::VersionMismatch {
            current: task.version,
        }),
        // It came to the expected version only after the UPDATE had looked.
        Some(_) if changes(&patch, &task) => Err(StorageError::Unavailable(
            "the task changed meanwhile".into(),
        )),
        _ => Ok(Some(task)),
    }
}

/// The columns that a patch names, with their new values.
fn changed_columns(patch: &TaskPatch) -> Result<Vec<(&'static str, SqlValue)>> {
    let mut columns = Vec::new();
    if let Some(title) = &patch.title {
        columns.push(("title", title.as_str().into()));
        columns.push(("title_key", title_key(title).into()));
    }
    if let Some(description) = &patch.description {
        columns.push(("description", description.clone().into()));
    }
    if let Some(status) = patch.status {
        columns.push(("status", status.as_str().into()));
    }
    if let Some(priority) = patch.priority {
        columns.push(("priority", rank(priority).into()));
    }
    if let Some(due_date) = patch.due_date {
        columns.push(("due_date", due_date.into()));
    }
    if let Some(reminders) = &patch.reminders {
        columns.push(("reminders", json(reminders)?.into()));
    }
    if let Some(tags) = &patch.tags {
        columns.push(("tags", json(tags)?.into()));
    }
    if let Some(recurrence) = &patch.recurrence_pattern {
        columns.push(("recurrence_pattern", recurrence.clone().into()));
    }
    if let Some(from) = patch.recurrence_from {
        columns.push(("recurrence_from", from.as_str().into()));
    }
    Ok(columns)
}

/// The words of the index that change with them.
fn changed_words(patch: &TaskPatch, words: &Words) -> Vec<(&'static str, String)> {
    let title = patch.title.as_ref().map(|title| words.title(title));
    let description = patch.description.as_ref();
    let description = description.map(|text| words.description(text.as_deref()));
    let tags = patch.tags.as_ref().map(|tags| words.tags(tags));
    [
        ("title_words", title),
        ("description_words", description),
        ("tag_words", tags),
    ]
    .into_iter()
    .filter_map(|(column, words)| Some((column, words?)))
    .collect()
}

fn changes(patch: &TaskPatch, task: &Task) -> bool {
    fn differs<T: PartialEq>(new: &Option<T>, old: &T) -> bool {
        new.as_ref().is_some_and(|new| new != old)
    }
    differs(&patch.title, &task.title)
        || differs(&patch.description, &task.description)
        || differs(&patch.status, &task.status)
        || differs(&patch.priority, &task.priority)
        || differs(&patch.due_date, &task.due_date)
        || differs(&patch.reminders, &task.reminders)
        || differs(&patch.tags, &task.tags)
        || differs(&patch.recurrence_pattern, &task.recurrence_pattern)
        || differs(&patch.recurrence_from, &task.recurrence_from)
}

/// Deletes a task, whose row is kept, or brings it back. A deletion is a version of its own; the one before is
/// answered.
pub(super) async fn set_deleted<C: SqlConnection>(
    connection: &C,
    user_id: Uuid,
    id: Uuid,
    is_deleted: bool,
    origin: &Origin,
    now: DateTime<Utc>,
) -> Result<Option<Task>> {
    let (set, condition, before) = if is_deleted {
        ("deleted_at = ?3", LIVING, 1)
    } else {
        ("deleted_at = NULL, updated_at = ?3", DELETED, 0)
    };
    let sql = format!(
        "UPDATE tasks SET {set}, version = version + 1, correlation_id = ?4, traceparent = ?5{}
         RETURNING {TASK}",
        locked(connection.dialect(), "?2", condition)
    );
    let params = params![
        id,
        user_id,
        now,
        origin.correlation_id.clone(),
        origin.traceparent.clone()
    ];
    let changed = first_task(connection.execute(&sql, params).await?)?;
    Ok(changed.map(|task| Task {
        version: task.version - before,
        ..task
    }))
}

/// What titles are sorted by: SQLite itself folds the case of ASCII only, and PostgreSQL as its locale says.
fn title_key(title: &str) -> String {
    title.to_lowercase()
}
