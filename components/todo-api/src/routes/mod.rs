//! The routes, one module a group; and the router and the description that are made of them.

mod auth;
mod chat;
mod health;
mod recurrence;
mod search;
mod stats;
mod tags;
mod tasks;
mod users;

use api::{OPENAPI, with_description};
use axum::Router;
use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::openapi;

/// All routes, and the description of them.
pub fn router() -> Router {
    let (router, description) = routes().split_for_parts();
    with_description(router, OPENAPI, openapi::complete(description))
}

fn routes() -> OpenApiRouter {
    OpenApiRouter::with_openapi(openapi::Description::openapi())
        .routes(routes!(auth::register))
        .routes(routes!(auth::login))
        .routes(routes!(auth::refresh))
        .routes(routes!(auth::logout))
        .routes(routes!(users::me, users::update_me, users::erase_me))
        .routes(routes!(tasks::list, tasks::create))
        .routes(routes!(
            tasks::read,
            tasks::put,
            tasks::patch,
            tasks::delete
        ))
        .routes(routes!(tasks::complete))
        .routes(routes!(tasks::reopen))
        .routes(routes!(tasks::skip))
        .routes(routes!(recurrence::preview))
        .routes(routes!(search::search))
        .routes(routes!(tags::tags))
        .routes(routes!(stats::stats))
        .routes(routes!(chat::chat))
        .routes(routes!(chat::chat_as))
        .routes(routes!(chat::latest))
        .routes(routes!(chat::conversation))
        .routes(routes!(chat::undo))
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_description_is_made_of_the_routes() {
        let (_, description) = routes().split_for_parts();
        let json: serde_json::Value =
            serde_json::from_slice(&openapi::complete(description)).unwrap();
        let update = &json["paths"]["/api/tasks/{id}"]["patch"]["responses"];
        for status in [
            "200", "400", "401", "404", "412", "413", "415", "422", "429", "503",
        ] {
            assert!(update[status].is_object(), "{status}: {update}");
        }
        let health = &json["paths"]["/healthz"]["get"]["responses"];
        assert_eq!(
            health.as_object().unwrap().keys().collect::<Vec<_>>(),
            ["200"]
        );
    }
}
