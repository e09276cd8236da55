//! What is counted and measured, for Prometheus to ask for.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};
use tokio::sync::OwnedSemaphorePermit;

use crate::broker::Broker;

/// Counters and measures of this process.
pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    durations: Family<ComponentLabels, Histogram, fn() -> Histogram>,
    published: Family<TopicLabels, Counter>,
    unpublished: Counter,
    consumed: Family<ConsumedLabels, Counter>,
    lag: Family<LagLabels, Gauge>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    component: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ComponentLabels {
    component: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TopicLabels {
    topic: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ConsumedLabels {
    group: String,
    topic: String,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LagLabels {
    group: String,
    topic: String,
    partition: u32,
}

/// What a group has not finished of a partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lag {
    /// The group.
    pub group: String,
    /// The topic.
    pub topic: String,
    /// The partition.
    pub partition: u32,
    /// Records.
    pub records: u64,
}

impl Default for Metrics {
    fn default() -> Self {
        let histogram: fn() -> Histogram = || Histogram::new(exponential_buckets(0.001, 2.0, 15));
        let mut metrics = Self {
            registry: Registry::with_prefix("todo"),
            requests: Family::default(),
            durations: Family::new_with_constructor(histogram),
            published: Family::default(),
            unpublished: Counter::default(),
            consumed: Family::default(),
            lag: Family::default(),
        };
        let registry = &mut metrics.registry;
        registry.register(
            "http_requests",
            "Requests answered",
            metrics.requests.clone(),
        );
        registry.register_with_unit(
            "http_request_duration",
            "From the head of a request to the end of its answer",
            Unit::Seconds,
            metrics.durations.clone(),
        );
        registry.register(
            "events_published",
            "Events taken",
            metrics.published.clone(),
        );
        registry.register(
            "events_not_published",
            "Events that could not be taken",
            metrics.unpublished.clone(),
        );
        registry.register(
            "events_consumed",
            "Outcomes of deliveries: done, retried or dead_lettered",
            metrics.consumed.clone(),
        );
        registry.register(
            "consumer_lag",
            "Events that a group has not finished, of the partitions that this process consumes",
            metrics.lag.clone(),
        );
        metrics
    }
}

impl Metrics {
    /// A request was answered.
    pub fn request(&self, component: &str, status: u16, duration: Duration) {
        let component = component.to_owned();
        let labels = RequestLabels {
            component: component.clone(),
            status,
        };
        self.requests.get_or_create(&labels).inc();
        let labels = ComponentLabels { component };
        let durations = self.durations.get_or_create(&labels);
        durations.observe(duration.as_secs_f64());
    }

    /// An event was published, or could not be.
    pub fn published(&self, topic: Option<&str>) {
        match topic {
            Some(topic) => {
                let topic = topic.to_owned();
                self.published.get_or_create(&TopicLabels { topic }).inc();
            }
            None => {
                self.unpublished.inc();
            }
        }
    }

    /// A delivery has an outcome.
    pub fn consumed(&self, group: &str, topic: &str, outcome: &'static str) {
        let labels = ConsumedLabels {
            group: group.to_owned(),
            topic: topic.to_owned(),
            outcome,
        };
        self.consumed.get_or_create(&labels).inc();
    }

    /// Answers `GET /metrics` in OpenMetrics' text format.
    pub async fn answer(
        self: Arc<Self>,
        broker: Option<Broker>,
        request: Request<Incoming>,
        _client: SocketAddr,
        permit: Option<OwnedSemaphorePermit>,
    ) -> Response<Full<Bytes>> {
        let mut response = Response::default();
        if permit.is_none() {
            *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        } else if request.uri().path() != "/metrics" {
            *response.status_mut() = StatusCode::NOT_FOUND;
        } else if request.method() != Method::GET {
            *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
        } else {
            self.lag.clear();
            if let Some(broker) = broker {
                for lag in broker.lag().await {
                    let labels = LagLabels {
                        group: lag.group,
                        topic: lag.topic,
                        partition: lag.partition,
                    };
                    let records = i64::try_from(lag.records).unwrap_or(i64::MAX);
                    self.lag.get_or_create(&labels).set(records);
                }
            }
            let mut text = String::new();
            // Writing to a string cannot fail.
            let _ = encode(&mut text, &self.registry);
            const TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            let content_type = HeaderValue::from_static(TYPE);
            response.headers_mut().insert(CONTENT_TYPE, content_type);
            *response.body_mut() = text.into();
        }
        response
    }
}
