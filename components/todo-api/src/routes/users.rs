//! The profile of the person who is signed in.

use api::{ApiError, ErrorBody, Json, required_string};
use axum::Json as JsonResponse;
use chrono::Utc;
use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;
use storage::Storage;
use task_model::{User, UserPatchInput};
use utoipa::ToSchema;

use crate::conversations::Conversations;
use crate::database::refusal;
use crate::extract::{ChangeOrigin, Db, Profile, Session};
use crate::passwords;
use crate::routes::auth::MAX_PASSWORD_CHARS;

/// Reads the profile.
#[utoipa::path(
    get,
    path = "/api/users/me",
    tag = "users",
    responses((status = 200, description = "The profile", body = User)),
)]
pub async fn me(Profile(user): Profile) -> JsonResponse<User> {
    JsonResponse(user)
}

/// Changes the profile: an absent field stays as it is.
#[utoipa::path(
    patch,
    path = "/api/users/me",
    tag = "users",
    request_body = UserPatchInput,
    responses((status = 200, description = "The profile as it is now", body = User)),
)]
pub async fn update_me(
    Db(storage): Db,
    session: Session,
    Json(input): Json<UserPatchInput>,
) -> Result<JsonResponse<User>, ApiError> {
    let patch = input.validated().map_err(ApiError::Invalid)?;
    let user = storage
        .update_user(session.user_id, patch, Utc::now())
        .await
        .map_err(refusal)?;
    user.map(JsonResponse).ok_or(ApiError::InvalidToken)
}

/// The password of the person who asks.
#[derive(Deserialize, ToSchema)]
pub struct Confirmation {
    #[serde(default)]
    #[schema(value_type = String, required = true, format = Password, max_length = 128)]
    password: Value,
}

/// Erases the account and everything that is the person's, at once and for good.
///
/// The password confirms it, so that a lost access token cannot do it. Conversations go first, so that who
/// is told of a failure can still sign in and ask again; and once more afterwards, since a chat may have been
/// under way.
#[utoipa::path(
    delete,
    path = "/api/users/me",
    tag = "users",
    request_body = Confirmation,
    responses(
        (status = 204, description = "Nothing is left; no token works any more and the address is free"),
        (status = 403, description = "The password is wrong", body = ErrorBody),
    ),
)]
pub async fn erase_me(
    Db(storage): Db,
    session: Session,
    ChangeOrigin(origin): ChangeOrigin,
    Json(input): Json<Confirmation>,
) -> Result<StatusCode, ApiError> {
    session.family_id()?;
    let mut errors = Vec::new();
    let password = required_string(&mut errors, "password", input.password);
    if !errors.is_empty() {
        return Err(ApiError::Invalid(errors));
    }
    if password.chars().count() > MAX_PASSWORD_CHARS {
        let message = format!("must be at most {MAX_PASSWORD_CHARS} characters");
        return Err(ApiError::invalid("password", message));
    }
    let hash = storage
        .password_hash(session.user_id)
        .await
        .map_err(refusal)?;
    if !passwords::verify(&password, hash.as_deref()).await? {
        return Err(ApiError::Forbidden("The password is wrong"));
    }
    let conversations = Conversations::of(session.user_id).await?;
    conversations.erase().await?;
    let erased = storage
        .erase_user(session.user_id, &origin, Utc::now())
        .await
        .map_err(refusal)?;
    if !erased {
        return Err(ApiError::InvalidToken);
    }
    if let Err(error) = conversations.erase().await {
        tracing::error!(
            ?error,
            correlation_id = origin.correlation_id,
            "conversations of an erased person may be left"
        );
    }
    Ok(StatusCode::NO_CONTENT)
}
