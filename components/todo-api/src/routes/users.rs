//! The profile of the person who is signed in.

use api::{ApiError, Json};
use axum::Json as JsonResponse;
use chrono::Utc;
use storage::Storage;
use task_model::{User, UserPatchInput};

use crate::database::refusal;
use crate::extract::{Db, Session};

/// Reads the profile.
#[utoipa::path(
    get,
    path = "/api/users/me",
    tag = "users",
    responses((status = 200, description = "The profile", body = User)),
)]
pub async fn me(Db(storage): Db, session: Session) -> Result<JsonResponse<User>, ApiError> {
    session.user(storage).await.map(JsonResponse)
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
