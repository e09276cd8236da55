//! Whether the service lives and whether it can work.

use api::{ApiError, ErrorBody, Settings};
use axum::Json as JsonResponse;
use serde::Serialize;
use storage::Storage;
use utoipa::ToSchema;

use crate::database::{self, refusal};
use crate::settings::access_token_lifetime;

/// How the service is.
#[derive(Serialize, ToSchema)]
pub struct Health {
    /// Always `ok`: otherwise the answer is an error.
    #[schema(example = "ok")]
    status: &'static str,
}

const OK: JsonResponse<Health> = JsonResponse(Health { status: "ok" });

/// Lives: asks nothing else.
#[utoipa::path(
    get,
    path = "/healthz",
    tag = "health",
    responses((status = 200, description = "It lives", body = Health)),
    security(()),
)]
pub async fn healthz() -> JsonResponse<Health> {
    OK
}

/// Can work: is configured, and its database answers.
#[utoipa::path(
    get,
    path = "/readyz",
    tag = "health",
    responses(
        (status = 200, description = "It can work", body = Health),
        (status = 503, description = "It cannot work yet", body = ErrorBody),
    ),
    security(()),
)]
pub async fn readyz() -> Result<JsonResponse<Health>, ApiError> {
    Settings::get().await?;
    access_token_lifetime().await?;
    let storage = database::tasks().await?;
    storage.ping().await.map_err(refusal)?;
    Ok(OK)
}
