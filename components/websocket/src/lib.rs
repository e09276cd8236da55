//! The WebSocket service: brings each person's updates to their screens as they happen.
//!
//! A thin shell: [`consumer`] is what the events' trigger calls; [`socket`] and [`stream`] are what a GRIP
//! gateway asks for its connections; the thinking is in `crates/live`.

mod consumer;
mod database;
mod refusal;
mod settings;
mod socket;
mod stream;

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use axum::routing::get;
use http::Request as HttpRequest;
use http::header::SEC_WEBSOCKET_KEY;
use spin_sdk::http::Request;
use spin_sdk::http_service;

use refusal::Refusal;

#[http_service]
async fn handle(request: Request) -> Response {
    api::init_logging();
    let request = request.map(Body::new);
    // What a gateway asks of its own accord counts for nobody's rate limit.
    if socket::is_exchange(&request) {
        socket::exchange(request).await
    } else if stream::is_next(&request) {
        stream::next(request).await
    } else {
        api::respond(request, router).await
    }
}

fn router() -> Router {
    Router::new()
        .route("/api/ws", get(not_a_websocket))
        .route(stream::PATH, get(stream::open))
}

/// A gateway makes a WebSocket's opening handshake something else, so here is none or no gateway.
async fn not_a_websocket(request: HttpRequest<Body>) -> Response {
    if request.headers().contains_key(SEC_WEBSOCKET_KEY) {
        return Refusal::NoGateway.to(&request);
    }
    // Its `Upgrade` header (RFC 9110, section 15.5.22) is the host's to add: `wasi:http` refuses it.
    Refusal::NotWebSocket.to(&request)
}
