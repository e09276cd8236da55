//! The Todo API: accounts, tasks, search and chat over HTTP, as the contract fixes it.
//!
//! A thin shell: [`api`] is what every request goes through, [`routes`] has one module a group of
//! endpoints, [`outbox`] publishes what they changed, and the thinking is in `task-model`, `storage` and
//! `dialogue`. One instance serves many requests at once on one thread; what it needs is made by the first
//! request and kept.

mod conversations;
mod database;
mod extract;
mod openapi;
mod outbox;
mod passwords;
mod refresh_tokens;
mod routes;
mod session_cookie;
mod settings;

use axum::body::Body;
use axum::response::Response;
use http::Method;
use spin_sdk::http::Request;
use spin_sdk::http_service;

use crate::bindings::{Error, Guest, Metadata};

/// The generated exports hold the ABI's unsafe code.
#[allow(missing_docs, unsafe_code)]
mod bindings {
    use super::TodoApi;

    spin_sdk::wit_bindgen::generate!({
        path: ["../../wit/events", "../../wit/cron"],
        inline: "
            package todo:todo-api;
            world service {
                import todo:events/producer@1.0.0;
                include todo:cron/scheduled@1.0.0;
            }
        ",
        world: "todo:todo-api/service",
        runtime_path: "::spin_sdk::wit_bindgen::rt",
        generate_all,
    });

    export!(TodoApi with_types_in self);
}

struct TodoApi;

impl Guest for TodoApi {
    async fn handle_cron_event(_: Metadata) -> Result<(), Error> {
        api::init_logging();
        outbox::tick().await.map_err(|error| {
            tracing::error!(?error, "a tick failed");
            Error::Other(error.to_string())
        })
    }
}

#[http_service]
async fn handle(request: Request) -> Response {
    api::init_logging();
    let only_reads = matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS
    );
    let response = api::respond(request.map(Body::new), routes::router).await;
    if !only_reads {
        outbox::publish_soon();
    }
    response
}
