//! Dapr's publish API (<https://docs.dapr.io/reference/api/pubsub_api/>) over the embedded event log or Kafka.

mod envelope;
mod error;

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use event_log::NewRecord;
use http::header::{ALLOW, CONTENT_TYPE, ORIGIN};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use tokio::sync::OwnedSemaphorePermit;

use crate::broker::{Broker, BrokerError};
use crate::metrics::Metrics;
use crate::trace::Trace;
use envelope::{Metadata, Names, envelope};
use error::DaprError;

/// The largest body of a request, in bytes: Dapr's own default.
const MAX_BODY: usize = 4 << 20;

/// The endpoint.
pub struct Dapr {
    /// What is published to.
    pub broker: Broker,
    /// Where events are counted.
    pub metrics: Arc<Metrics>,
    /// What requests call it.
    pub pubsub: String,
    /// `application.name`: the source of events that name none, as Dapr's app id is.
    pub app: String,
}

impl Dapr {
    /// Answers a request. `permit` is none when too many are being handled.
    pub async fn answer(
        self: Arc<Self>,
        request: Request<Incoming>,
        client: SocketAddr,
        permit: Option<OwnedSemaphorePermit>,
    ) -> Response<Full<Bytes>> {
        let path = request.uri().path().to_owned();
        let answer = match permit {
            Some(_permit) => self.dispatch(request).await,
            None => Err(DaprError::overloaded()),
        };
        answer.unwrap_or_else(|error| {
            tracing::warn!(path, %client, status = error.status.as_u16(), "publish: {}", error.message);
            error.into_response()
        })
    }

    async fn dispatch(
        &self,
        request: Request<Incoming>,
    ) -> Result<Response<Full<Bytes>>, DaprError> {
        // Only a browser sends it, on behalf of some page; services do not run in browsers.
        if request.headers().contains_key(ORIGIN) {
            return Err(DaprError::browser());
        }
        let Some(path) = request.uri().path().strip_prefix("/v1.0/") else {
            return Ok(empty(StatusCode::NOT_FOUND));
        };
        if matches!(path, "healthz" | "healthz/outbound") {
            return Ok(match *request.method() {
                Method::GET | Method::HEAD => empty(StatusCode::NO_CONTENT),
                _ => method_not_allowed("GET, HEAD"),
            });
        }
        let Some(target) = path.strip_prefix("publish/") else {
            return Ok(empty(StatusCode::NOT_FOUND));
        };
        if !matches!(*request.method(), Method::POST | Method::PUT) {
            return Ok(method_not_allowed("POST, PUT"));
        }
        let (pubsub, topic) = target.split_once('/').unwrap_or((target, ""));
        let (pubsub, topic) = (decode(pubsub), decode(topic));
        if pubsub.is_empty() {
            return Err(DaprError::name_empty());
        }
        if pubsub != self.pubsub {
            return Err(DaprError::not_found(&pubsub));
        }
        if topic.is_empty() {
            return Err(DaprError::topic_empty(&pubsub));
        }
        self.publish(&topic, request).await
    }

    async fn publish(
        &self,
        topic: &str,
        request: Request<Incoming>,
    ) -> Result<Response<Full<Bytes>>, DaprError> {
        let failed = |status, reason: &str| DaprError::publish(status, topic, &self.pubsub, reason);
        let metadata =
            Metadata::of(request.uri()).map_err(|reason| DaprError::metadata(&reason))?;
        let trace = Trace::of(request.headers());
        let (head, body) = request.into_parts();
        let body = Limited::new(body, MAX_BODY).collect().await;
        let body = body.map_err(|error| {
            let status = if error.is::<http_body_util::LengthLimitError>() {
                StatusCode::PAYLOAD_TOO_LARGE
            } else {
                StatusCode::BAD_REQUEST
            };
            failed(status, &error.to_string())
        })?;
        let names = Names {
            pubsub: &self.pubsub,
            app: &self.app,
        };
        let record = envelope(
            names,
            topic,
            &metadata,
            &head.headers,
            &trace,
            &body.to_bytes(),
        )
        .map_err(|reason| DaprError::cloud_event(&reason))?;
        let record = NewRecord {
            topic: topic.to_owned(),
            key: record.key,
            envelope: record.envelope,
        };
        self.broker.publish(record).await.map_err(|error| {
            self.metrics.published(None);
            let status = match error {
                BrokerError::Invalid(_) => StatusCode::BAD_REQUEST,
                BrokerError::Unavailable(_) => StatusCode::INTERNAL_SERVER_ERROR,
                BrokerError::Overloaded => StatusCode::SERVICE_UNAVAILABLE,
            };
            failed(status, &error.to_string())
        })?;
        self.metrics.published(Some(topic));
        Ok(empty(StatusCode::NO_CONTENT))
    }
}

/// A part of a path, its `%` codes read.
fn decode(text: &str) -> String {
    percent_encoding::percent_decode_str(text)
        .decode_utf8_lossy()
        .into_owned()
}

fn empty(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::default();
    *response.status_mut() = status;
    response
}

fn method_not_allowed(allowed: &'static str) -> Response<Full<Bytes>> {
    let mut response = empty(StatusCode::METHOD_NOT_ALLOWED);
    let allowed = HeaderValue::from_static(allowed);
    response.headers_mut().insert(ALLOW, allowed);
    response
}

impl DaprError {
    fn into_response(self) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::new(Bytes::from(self.to_json().to_string())));
        *response.status_mut() = self.status;
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(CONTENT_TYPE, json);
        response
    }
}
