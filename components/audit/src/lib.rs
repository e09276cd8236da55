//! The audit service: records every event, and shows people their own trail.
//!
//! A thin shell: [`consumer`] is what the events' trigger calls, [`routes`] what people ask over HTTP; the
//! thinking is in `crates/audit`.

mod consumer;
mod database;
mod routes;

use axum::body::Body;
use axum::response::Response;
use spin_sdk::http::Request;
use spin_sdk::http_service;

#[http_service]
async fn handle(request: Request) -> Response {
    api::init_logging();
    api::respond(request.map(Body::new), routes::router).await
}
