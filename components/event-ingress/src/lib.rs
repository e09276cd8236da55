//! Takes the events that a Dapr sidecar posts, for the service that is composed in: what `[[trigger.kafka]]`
//! does where there is one.
//!
//! Under any route that ends in `/...`:
//!
//! | request | answer |
//! |---|---|
//! | `GET …/dapr/subscribe` | the topics of `subscriptions`, each with its route here and its dead letter topic |
//! | `POST …/events/{topic}` with a CloudEvent, or with several of a bulk subscription | 200 `{"status"}`: `SUCCESS`, `RETRY` or `DROP` |
//!
//! | variable | is |
//! |---|---|
//! | `app_api_token` | what the sidecar was given as `APP_API_TOKEN`; where it is absent or empty anybody may post |
//! | `pubsub_name` | the name of the pub/sub component to subscribe to |
//! | `subscriptions` | topics, separated by commas; absent or empty where subscriptions are declared elsewhere |

mod delivery;
mod subscriptions;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Method, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use serde_json::Value;
use spin_sdk::http::Request;
use spin_sdk::http_service;

use crate::bindings::todo::events::consumer;
use crate::delivery::{Deliveries, Outcome};

/// The generated imports hold the ABI's unsafe code.
#[allow(missing_docs, unsafe_code)]
mod bindings {
    spin_sdk::wit_bindgen::generate!({
        path: "../../wit/events",
        inline: "
            package todo:event-ingress;
            world ingress { import todo:events/consumer@1.0.0; }
        ",
        world: "todo:event-ingress/ingress",
        runtime_path: "::spin_sdk::wit_bindgen::rt",
        generate_all,
    });
}

events::convert_event!(bindings::todo::events::types::Event);

/// Twice what a sidecar takes by default; a bulk delivery is no longer than what it took.
const MAX_BODY_BYTES: usize = 8 << 20;

#[http_service]
async fn handle(request: Request) -> Response<Full<Bytes>> {
    api::init_logging();
    let mut response = Response::new(Full::default());
    match answer(request).await {
        Ok(value) => {
            *response.body_mut() = Full::from(value.to_string());
            let headers = response.headers_mut();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
        Err(status) => *response.status_mut() = status,
    }
    response
}

/// What is answered with 200, or the status without a body.
async fn answer(request: Request) -> Result<Value, StatusCode> {
    sidecar::authorize(request.headers()).await?;
    let (parts, body) = request.into_parts();
    let path = parts.uri.path();
    if let Some(base) = path.strip_suffix("/dapr/subscribe") {
        if parts.method != Method::GET {
            return Err(StatusCode::METHOD_NOT_ALLOWED);
        }
        return subscriptions::answer(base).await.map_err(|reason| {
            tracing::error!(reason, "cannot subscribe");
            StatusCode::SERVICE_UNAVAILABLE
        });
    }
    let Some(topic) = delivery::topic(path) else {
        // Dapr gives up what it cannot find; here only a wrong subscription can be the reason.
        tracing::error!(path, "no such route");
        return Err(StatusCode::SERVICE_UNAVAILABLE);
    };
    if parts.method != Method::POST {
        return Err(StatusCode::METHOD_NOT_ALLOWED);
    }
    let key = parts.headers.get("__key").and_then(|key| key.to_str().ok());
    let body = match Limited::new(body, MAX_BODY_BYTES).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) => {
            tracing::warn!(%error, "a delivery broke off, or is too long");
            return Err(StatusCode::PAYLOAD_TOO_LARGE);
        }
    };
    let deliveries = match Deliveries::read(&topic, key, &body) {
        Ok(deliveries) => deliveries,
        Err(reason) => {
            tracing::warn!(topic, reason, "dropped");
            return Ok(delivery::dropped());
        }
    };
    Ok(consume(deliveries).await)
}

/// Gives the service what can be read, and says of each delivery what became of it.
async fn consume(deliveries: Deliveries) -> Value {
    let events: Vec<consumer::Event> = deliveries.events().map(Into::into).collect();
    let expected = events.len();
    let outcomes = if events.is_empty() {
        Vec::new()
    } else {
        consumer::consume(events).await
    };
    let outcomes = if outcomes.len() == expected {
        outcomes.into_iter().map(Outcome::from).collect()
    } else {
        let reason = format!("{} outcomes for {expected} events", outcomes.len());
        vec![Outcome::Retry(reason); expected]
    };
    deliveries.answer(outcomes)
}

impl From<consumer::Outcome> for Outcome {
    fn from(outcome: consumer::Outcome) -> Self {
        match outcome {
            consumer::Outcome::Done => Self::Done,
            consumer::Outcome::Retry(reason) => Self::Retry(reason),
            consumer::Outcome::Reject(reason) => Self::Reject(reason),
        }
    }
}
