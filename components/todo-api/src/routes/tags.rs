//! The person's tags.

use api::ApiError;
use axum::Json as JsonResponse;
use serde::Serialize;
use storage::Storage;
use task_model::TagCount;
use utoipa::ToSchema;

use crate::database::refusal;
use crate::extract::{Db, Session};

/// Tags, most used first.
#[derive(Serialize, ToSchema)]
pub struct Tags {
    tags: Vec<TagCount>,
}

/// Lists the tags with how many tasks carry each.
#[utoipa::path(
    get,
    path = "/api/tags",
    tag = "tasks",
    responses((status = 200, description = "The tags", body = Tags)),
)]
pub async fn tags(Db(storage): Db, session: Session) -> Result<JsonResponse<Tags>, ApiError> {
    let tags = storage.tags(session.user_id).await.map_err(refusal)?;
    Ok(JsonResponse(Tags { tags }))
}
