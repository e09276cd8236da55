//! Full-text search.

use api::{ApiError, Query};
use axum::Json as JsonResponse;
use serde::Serialize;
use storage::Storage;
use task_model::{FieldError, SearchHit, parse_limit, parse_q};
use utoipa::{IntoParams, ToSchema};

use crate::database::refusal;
use crate::extract::{Db, Session};

const DEFAULT_LIMIT: u32 = 20;

/// What to look for.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SearchParams {
    /// Words; the last one also as the beginning of a word.
    #[param(min_length = 1, max_length = 500, example = "milk")]
    q: String,
    /// How many hits to show.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100, default = 20)]
    limit: u32,
}

impl SearchParams {
    fn parse(params: Vec<(String, String)>) -> Result<Self, Vec<FieldError>> {
        let (mut q, mut limit, mut errors) = (Ok(None), Ok(DEFAULT_LIMIT), Vec::new());
        for (name, value) in params {
            match name.as_str() {
                "q" => q = parse_q(&value),
                "limit" => limit = parse_limit(&value),
                _ => {}
            }
        }
        let q = q.and_then(|q| q.ok_or_else(|| "is required".to_owned()));
        let mut note = |field: &str, message| {
            errors.push(FieldError {
                field: field.to_owned(),
                message,
            });
        };
        let q = q.map_err(|message| note("q", message)).unwrap_or_default();
        let limit = limit.map_err(|message| note("limit", message));
        match limit {
            Ok(limit) if errors.is_empty() => Ok(Self { q, limit }),
            _ => Err(errors),
        }
    }
}

/// What was found.
#[derive(Serialize, ToSchema)]
pub struct SearchResults {
    /// Best first.
    tasks: Vec<SearchHit>,
    /// How many match in all.
    total: u64,
    /// What was looked for.
    query: String,
}

/// Searches title, description and tags.
#[utoipa::path(
    get,
    path = "/api/search/tasks",
    tag = "tasks",
    params(SearchParams),
    responses((status = 200, description = "What was found", body = SearchResults)),
)]
pub async fn search(
    Db(storage): Db,
    session: Session,
    Query(params): Query,
) -> Result<JsonResponse<SearchResults>, ApiError> {
    let SearchParams { q, limit } = SearchParams::parse(params).map_err(ApiError::Invalid)?;
    let (tasks, total) = storage
        .search(session.user_id, &q, limit)
        .await
        .map_err(refusal)?;
    Ok(JsonResponse(SearchResults {
        tasks,
        total,
        query: q,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(params: &[(&str, &str)]) -> Vec<String> {
        let params = params
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_string()));
        let errors = SearchParams::parse(params.collect())
            .err()
            .unwrap_or_default();
        errors.into_iter().map(|error| error.field).collect()
    }

    #[test]
    fn everything_wrong_is_said_at_once() {
        assert_eq!(wrong(&[("q", "milk"), ("other", "x")]), [""; 0]);
        assert_eq!(wrong(&[("q", " "), ("limit", "0")]), ["q", "limit"]);
        assert_eq!(wrong(&[]), ["q"]);
        assert_eq!(wrong(&[("q", "milk"), ("limit", "101")]), ["limit"]);
    }
}
