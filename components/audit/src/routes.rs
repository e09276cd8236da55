//! What people ask: their own entries, and the description of that.

use api::{AccessToken, ApiError, Claims, ErrorBody, Query, with_description};
use audit::{Page, TrailQuery};
use axum::{Json, Router};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::database;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Todo Chatbot: audit service",
        description = "What happened to a person's tasks, in a tamper-evident trail.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    components(schemas(ErrorBody)),
    security(("access_token" = [])),
    modifiers(&AccessToken),
)]
struct Description;

/// The service's routes.
pub fn router() -> Router {
    let (router, description) = described().split_for_parts();
    let description = serde_json::to_vec(&description).unwrap_or_default();
    with_description(router, "/api/audit/openapi.json", description)
}

fn described() -> OpenApiRouter {
    OpenApiRouter::with_openapi(Description::openapi()).routes(routes!(entries))
}

/// The person's audit trail, the newest entries first.
#[utoipa::path(
    get,
    path = "/api/audit",
    tag = "audit",
    params(TrailQuery),
    responses(
        (status = 200, description = "A page of entries", body = Page),
        (status = 401, description = "No access token, or one that is not valid", body = ErrorBody),
        (status = 422, description = "Values that break a rule", body = ErrorBody),
        (status = 429, description = "Over the rate limit", body = ErrorBody),
        (status = 503, description = "Something that this depends on is unavailable", body = ErrorBody),
    ),
)]
async fn entries(claims: Claims, Query(params): Query) -> Result<Json<Page>, ApiError> {
    let query = TrailQuery::from_params(params).map_err(ApiError::Invalid)?;
    let page = database::trail()
        .await?
        .page(claims.user_id, &query)
        .await?;
    Ok(Json(page))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_description_names_every_parameter() {
        let (_, description) = described().split_for_parts();
        let json = serde_json::to_value(&description).unwrap();
        let route = &json["paths"]["/api/audit"]["get"];
        let names: Vec<&str> = route["parameters"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|parameter| parameter["name"].as_str())
            .collect();
        assert_eq!(
            names,
            ["task_id", "event_type", "from", "to", "limit", "cursor"]
        );
        assert!(json["components"]["schemas"]["Entry"].is_object());
        assert!(json["components"]["securitySchemes"]["access_token"].is_object());
    }
}
