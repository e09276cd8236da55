//! Errors with Dapr's codes and in its JSON shape.

use http::StatusCode;
use serde_json::{Value, json};

/// An error of the publish API.
#[derive(Debug)]
pub struct DaprError {
    /// The answer's status.
    pub status: StatusCode,
    /// What is wrong.
    pub message: String,
    code: &'static str,
    /// Why, for `details`.
    reason: &'static str,
}

impl DaprError {
    fn new(
        status: StatusCode,
        code: &'static str,
        reason: &'static str,
        message: impl Into<String>,
    ) -> Self {
        Self {
            status,
            message: message.into(),
            code,
            reason,
        }
    }

    /// `{"errorCode", "message", "details"}`.
    pub fn to_json(&self) -> Value {
        json!({
            "errorCode": self.code,
            "message": self.message,
            "details": [{
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "domain": "dapr.io",
                "reason": self.reason,
                "metadata": {},
            }],
        })
    }

    /// The path names no pubsub.
    pub fn name_empty() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "ERR_PUBSUB_EMPTY",
            "DAPR_PUBSUB_NAME_EMPTY",
            "pubsub name is empty",
        )
    }

    /// There is no such pubsub.
    pub fn not_found(pubsub: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "ERR_PUBSUB_NOT_FOUND",
            "DAPR_PUBSUB_NOT_FOUND",
            format!("pubsub {pubsub} is not found"),
        )
    }

    /// The path names no topic.
    pub fn topic_empty(pubsub: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "ERR_TOPIC_NAME_EMPTY",
            "DAPR_PUBSUB_TOPIC_NAME_EMPTY",
            format!("topic is empty in pubsub {pubsub}"),
        )
    }

    /// A `metadata.…` parameter cannot be read.
    pub fn metadata(reason: &str) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "ERR_PUBSUB_REQUEST_METADATA",
            "DAPR_PUBSUB_METADATA_DESERIALIZATION",
            format!("failed deserializing metadata. Error: {reason}"),
        )
    }

    /// The body is no CloudEvent.
    pub fn cloud_event(reason: &str) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "ERR_PUBSUB_CLOUD_EVENTS_SER",
            "DAPR_PUBSUB_CLOUD_EVENT_CREATION",
            format!("cannot create cloudevent: {reason}"),
        )
    }

    /// The event was not taken.
    pub fn publish(status: StatusCode, topic: &str, pubsub: &str, reason: &str) -> Self {
        Self::new(
            status,
            "ERR_PUBSUB_PUBLISH_MESSAGE",
            "DAPR_PUBSUB_PUBLISH_MESSAGE",
            format!("error when publishing to topic {topic} in pubsub {pubsub}: {reason}"),
        )
    }

    /// A web page is not to publish.
    pub fn browser() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "ERR_PUBSUB_FORBIDDEN",
            "DAPR_PUBSUB_FORBIDDEN",
            "requests from web pages are refused",
        )
    }

    /// Too many requests are being handled.
    pub fn overloaded() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "ERR_PUBSUB_PUBLISH_MESSAGE",
            "DAPR_PUBSUB_PUBLISH_MESSAGE",
            "too many requests are being handled",
        )
    }
}
