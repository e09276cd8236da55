//! People and their refresh tokens.

use chrono::{DateTime, TimeDelta, Utc};
use sql::{Columns, Dialect, SqlConnection, json, params};
use task_model::{NewUser, NotificationPreferences, User, UserPatch};
use uuid::Uuid;

use super::person::{is_here, locked};
use super::rows::{ReadColumns, USER, first_user};
use crate::{NewRefreshToken, Origin, Result, Rotation, StorageError};

pub(super) async fn create<C: SqlConnection>(
    connection: &C,
    user: NewUser,
    now: DateTime<Utc>,
) -> Result<User> {
    let preferences = NotificationPreferences::default();
    let rows = connection
        .execute(
            &format!(
                "INSERT INTO users (id, email, username, password_hash, role, timezone, notification_preferences,
                   created_at, updated_at)
                 VALUES (?1, ?2, ?3, ?4, 'user', ?5, ?6, ?7, ?7) RETURNING {USER}"
            ),
            params![
                user.id,
                user.email,
                user.username,
                user.password_hash,
                user.timezone,
                json(&preferences)?,
                now
            ],
        )
        .await?;
    first_user(rows)?.ok_or_else(|| StorageError::Internal("no row for a new account".into()))
}

pub(super) async fn by_id<C: SqlConnection>(connection: &C, id: Uuid) -> Result<Option<User>> {
    let sql = format!("SELECT {USER} FROM users WHERE id = ?1");
    first_user(connection.execute(&sql, params![id]).await?)
}

pub(super) async fn credentials<C: SqlConnection>(
    connection: &C,
    email: &str,
) -> Result<Option<(User, String)>> {
    let sql = format!("SELECT {USER}, password_hash FROM users WHERE email = ?1");
    let rows = connection.execute(&sql, params![email]).await?;
    let Some(row) = rows.into_iter().next() else {
        return Ok(None);
    };
    let mut columns = Columns::from(row);
    Ok(Some((columns.user()?, columns.text()?)))
}

pub(super) async fn password_hash<C: SqlConnection>(
    connection: &C,
    id: Uuid,
) -> Result<Option<String>> {
    let sql = "SELECT password_hash FROM users WHERE id = ?1";
    let row = Columns::first(connection.execute(sql, params![id]).await?);
    Ok(row.map(|mut row| row.text()).transpose()?)
}

/// One statement, whose trigger does the rest.
pub(super) async fn erase<C: SqlConnection>(
    connection: &C,
    id: Uuid,
    origin: &Origin,
    now: DateTime<Utc>,
) -> Result<bool> {
    let rows = connection
        .execute(
            &format!(
                "UPDATE users SET erased_at = ?2, erasure_correlation_id = ?3, erasure_traceparent = ?4{}
                 RETURNING 1",
                locked(connection.dialect(), "?1", "id = ?1")
            ),
            params![
                id,
                now,
                origin.correlation_id.clone(),
                origin.traceparent.clone()
            ],
        )
        .await?;
    if rows.is_empty() {
        return Ok(false);
    }
    sql::overwrite_erased(connection).await?;
    Ok(true)
}

/// One UPDATE that changes only what is given, so that two devices never undo each other's changes.
pub(super) async fn update<C: SqlConnection>(
    connection: &C,
    id: Uuid,
    patch: UserPatch,
    now: DateTime<Utc>,
) -> Result<Option<User>> {
    let mut params = params![id, patch.username, patch.timezone, now];
    let dialect = connection.dialect();
    let stored = match dialect {
        Dialect::Sqlite => "notification_preferences",
        Dialect::Postgres => "CAST(notification_preferences AS jsonb)",
    };
    let mut preferences = stored.to_owned();
    let given = patch.notification_preferences.unwrap_or_default();
    let fields = [
        (
            "default_reminders",
            given.default_reminders.map(|it| json(&it)),
        ),
        ("channels", given.channels.map(|it| json(&it))),
        ("quiet_hours", given.quiet_hours.map(|it| json(&it))),
        ("phone", given.phone.map(|it| json(&it))),
    ];
    for (name, value) in fields {
        if let Some(value) = value {
            params.push(value?.into());
            let parameter = params.len();
            preferences = match dialect {
                Dialect::Sqlite => {
                    format!("json_set({preferences}, '$.{name}', json(?{parameter}))")
                }
                Dialect::Postgres => format!(
                    "jsonb_set({preferences}, '{{{name}}}', CAST(CAST(?{parameter} AS TEXT) AS jsonb))"
                ),
            };
        }
    }
    let sql = format!(
        "UPDATE users SET
           updated_at = CASE WHEN username = coalesce(?2, username) AND timezone = coalesce(?3, timezone)
               AND {stored} = {preferences}
             THEN updated_at ELSE ?4 END,
           username = coalesce(?2, username),
           timezone = coalesce(?3, timezone),
           notification_preferences = CAST({preferences} AS TEXT)
         WHERE id = ?1 RETURNING {USER}"
    );
    first_user(connection.execute(&sql, params).await?)
}

pub(super) async fn add_refresh_token<C: SqlConnection>(
    connection: &C,
    token: NewRefreshToken,
    now: DateTime<Utc>,
) -> Result<()> {
    let rows = connection
        .execute(
            &format!(
                "INSERT INTO refresh_tokens (token_hash, family_id, user_id, created_at, expires_at)
                 SELECT ?1, ?2, ?3, ?4, ?5 WHERE {} RETURNING 1",
                is_here(connection.dialect(), "?3")
            ),
            params![
                token.token_hash,
                token.family_id,
                token.user_id,
                now,
                token.expires_at
            ],
        )
        .await?;
    if rows.is_empty() {
        return Err(StorageError::NoSuchUser);
    }
    Ok(())
}

/// How long a rotation may be asked for again.
const ANSWER_AGAIN: TimeDelta = TimeDelta::seconds(30);

/// One UPDATE counts the presentation and decides: triggers store the successor at the first one and
/// revoke the family at any later one. Of two at once exactly one is the first; the other is a reuse,
/// unless it names the same successor: then it changes nothing, as long as that one is unused.
/// The person is read before, so that no error can come between the rotation and its answer.
pub(super) async fn rotate_refresh_token<C: SqlConnection>(
    connection: &C,
    token_hash: &str,
    successor_hash: &str,
    expires_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Rotation> {
    let sql = format!(
        "SELECT {USER} FROM users WHERE id = (SELECT user_id FROM refresh_tokens WHERE token_hash = ?1)"
    );
    let user = first_user(connection.execute(&sql, params![token_hash]).await?)?;
    let Some(user) = user else {
        return Ok(Rotation::Refused);
    };
    let is_unused = match connection.dialect() {
        Dialect::Sqlite => {
            "EXISTS (SELECT 1 FROM refresh_tokens WHERE token_hash = ?2 AND presented = 0)"
        }
        Dialect::Postgres => "is_unused_token(?2)",
    };
    let sql = format!(
        "UPDATE refresh_tokens SET
           presented = CASE WHEN presented = 1 AND successor_hash = ?2 AND successor_created_at > CAST(?5 AS BIGINT)
             AND {is_unused} THEN presented ELSE presented + 1 END,
           successor_hash = CASE WHEN presented = 0 THEN ?2 ELSE successor_hash END,
           successor_created_at = CASE WHEN presented = 0 THEN CAST(?3 AS BIGINT) ELSE successor_created_at END,
           successor_expires_at = CASE WHEN presented = 0 THEN CAST(?4 AS BIGINT) ELSE successor_expires_at END{}
           AND revoked = 0 AND (presented > 0 OR expires_at > CAST(?3 AS BIGINT))
         RETURNING presented",
        locked(
            connection.dialect(),
            "?6",
            "token_hash = ?1 AND user_id = ?6"
        )
    );
    let params = params![
        token_hash,
        successor_hash,
        now,
        expires_at,
        now - ANSWER_AGAIN,
        user.id
    ];
    let rows = connection.execute(&sql, params).await?;
    let Some(row) = rows.into_iter().next() else {
        return Ok(Rotation::Refused);
    };
    let is_first = Columns::from(row).integer()? == 1;
    Ok(if is_first {
        Rotation::Rotated(Box::new(user))
    } else {
        Rotation::Reused
    })
}

pub(super) async fn revoke_family<C: SqlConnection>(connection: &C, family_id: Uuid) -> Result<()> {
    let revoke = match connection.dialect() {
        Dialect::Sqlite => "UPDATE refresh_tokens SET revoked = 1 WHERE family_id = ?1",
        Dialect::Postgres => "SELECT 1 WHERE revoke_family(?1)",
    };
    connection.execute(revoke, params![family_id]).await?;
    Ok(())
}

/// A living token of the family in `?1`.
const LIVE_TOKEN: &str = "SELECT 1 FROM refresh_tokens
    WHERE family_id = ?1 AND presented = 0 AND revoked = 0 AND expires_at > ?2 LIMIT 1";

pub(super) async fn family_is_live<C: SqlConnection>(
    connection: &C,
    family_id: Uuid,
    now: DateTime<Utc>,
) -> Result<bool> {
    let rows = connection
        .execute(LIVE_TOKEN, params![family_id, now])
        .await?;
    Ok(!rows.is_empty())
}

pub(super) async fn signed_in<C: SqlConnection>(
    connection: &C,
    id: Uuid,
    family_id: Uuid,
    now: DateTime<Utc>,
) -> Result<Option<User>> {
    let sql = format!("SELECT {USER} FROM users WHERE id = ?3 AND EXISTS ({LIVE_TOKEN})");
    first_user(
        connection
            .execute(&sql, params![family_id, now, id])
            .await?,
    )
}
