//! Takes the ticks of a Dapr cron binding, for the service that is composed in: what `[[trigger.cron]]` does
//! where there is one. Its own component, as not every service that takes events has a clock.
//!
//! | request | answer |
//! |---|---|
//! | `OPTIONS`, by which Dapr asks whether the binding is wanted | 204 |
//! | `POST` | 204 after the service's run, 500 where that failed |
//!
//! | variable | is |
//! |---|---|
//! | `app_api_token` | what the sidecar was given as `APP_API_TOKEN`; where it is absent or empty anybody may post |

use std::time::{SystemTime, UNIX_EPOCH};

use http::{Method, StatusCode};
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

use crate::bindings::spin::cron::cron_types::{Error, Metadata};

/// The generated imports hold the ABI's unsafe code.
#[allow(missing_docs, unsafe_code)]
mod bindings {
    spin_sdk::wit_bindgen::generate!({
        path: "../../wit/cron",
        inline: "
            package todo:cron-ingress;
            world ingress {
                use spin:cron/cron-types@3.0.0.{metadata, error};
                import handle-cron-event: async func(metadata: metadata) -> result<_, error>;
            }
        ",
        world: "todo:cron-ingress/ingress",
        runtime_path: "::spin_sdk::wit_bindgen::rt",
        generate_all,
    });
}

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    api::init_logging();
    if let Err(status) = sidecar::authorize(request.headers()).await {
        return status;
    }
    match *request.method() {
        Method::OPTIONS => StatusCode::NO_CONTENT,
        Method::POST => run().await,
        _ => StatusCode::METHOD_NOT_ALLOWED,
    }
}

async fn run() -> StatusCode {
    let timestamp = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |now| now.as_secs());
    match bindings::handle_cron_event(Metadata { timestamp }).await {
        Ok(()) => StatusCode::NO_CONTENT,
        Err(Error::Other(reason)) => {
            tracing::error!(reason, "a tick failed");
            StatusCode::INTERNAL_SERVER_ERROR
        }
    }
}
