//! The Todo API: accounts, tasks, search and chat over HTTP, as the contract fixes it.
//!
//! A thin shell: [`api`] is what every request goes through, [`routes`] has one module a group of
//! endpoints, and the thinking is in `task-model`, `storage` and `dialogue`. One instance serves many
//! requests at once on one thread; what it needs is made by the first request and kept.

mod conversations;
mod database;
mod extract;
mod openapi;
mod passwords;
mod refresh_tokens;
mod routes;
mod settings;

use axum::body::Body;
use axum::response::Response;
use spin_sdk::http::Request;
use spin_sdk::http_service;

#[http_service]
async fn handle(request: Request) -> Response {
    api::init_logging();
    api::respond(request.map(Body::new), routes::router).await
}
