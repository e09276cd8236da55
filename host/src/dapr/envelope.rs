//! From a publish request to the CloudEvent that is kept.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chrono::{SecondsFormat, TimeDelta, Utc};
use events::Event;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Uri};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::trace::{CORRELATION_ID, TRACESTATE, Trace};

/// What `metadata.…` parameters of the query ask for; others are ignored, as Dapr does.
#[derive(Debug, Default, PartialEq)]
pub struct Metadata {
    /// `partitionKey`: events with the same one keep their order.
    partition_key: Option<String>,
    /// `rawPayload`: the body is a whole CloudEvent already, and nothing is added to it.
    raw_payload: bool,
    /// `ttlInSeconds`: no consumer gets it later.
    ttl: Option<Duration>,
    /// `cloudevent.…`: attributes of the envelope that is put around the body.
    attributes: Vec<(&'static str, String)>,
}

/// Attributes that `metadata.cloudevent.…` may set.
const ATTRIBUTES: [&str; 6] = [
    "id",
    "source",
    "type",
    "subject",
    "traceparent",
    "tracestate",
];

impl Metadata {
    /// Reads the query.
    ///
    /// # Errors
    /// Says which value cannot be read.
    pub fn of(uri: &Uri) -> Result<Self, String> {
        let mut metadata = Self::default();
        let query = uri.query().unwrap_or_default().as_bytes();
        for (name, value) in url::form_urlencoded::parse(query) {
            let Some(name) = name.strip_prefix("metadata.") else {
                continue;
            };
            match name {
                "partitionKey" => metadata.partition_key = Some(value.into_owned()),
                "rawPayload" => {
                    metadata.raw_payload = match value.to_ascii_lowercase().as_str() {
                        "1" | "t" | "true" => true,
                        "0" | "f" | "false" => false,
                        _ => return Err(format!("rawPayload is `{value}`, not true or false")),
                    };
                }
                "ttlInSeconds" => {
                    let seconds = value.parse().ok().filter(|seconds| *seconds > 0);
                    let seconds: u32 =
                        seconds.ok_or_else(|| format!("ttlInSeconds is `{value}`"))?;
                    metadata.ttl = Some(Duration::from_secs(seconds.into()));
                }
                _ => {
                    let attribute = name.strip_prefix("cloudevent.").and_then(|name| {
                        ATTRIBUTES
                            .into_iter()
                            .find(|a| a.eq_ignore_ascii_case(name))
                    });
                    if let Some(attribute) = attribute {
                        metadata.attributes.push((attribute, value.into_owned()));
                    }
                }
            }
        }
        Ok(metadata)
    }
}

/// What the names in an envelope come from.
#[derive(Debug, Clone, Copy)]
pub struct Names<'a> {
    /// The pubsub that the request names.
    pub pubsub: &'a str,
    /// The source of what is wrapped, as Dapr's app id is.
    pub app: &'a str,
}

/// What is kept of a request.
#[derive(Debug)]
pub struct Published {
    /// Events with the same key keep their order.
    pub key: String,
    /// The CloudEvent in JSON format.
    pub envelope: String,
}

/// The event that a request publishes.
///
/// # Errors
/// What is wrong with the CloudEvent in its body.
pub fn envelope(
    names: Names,
    topic: &str,
    metadata: &Metadata,
    headers: &HeaderMap,
    trace: &Trace,
    body: &[u8],
) -> Result<Published, String> {
    let content_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let content_type = content_type.unwrap_or("text/plain");
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    let is = |expected: &str| media_type.eq_ignore_ascii_case(expected);
    let is_event = metadata.raw_payload || is("application/cloudevents+json");
    let mut event = if is_event {
        match serde_json::from_slice(body) {
            Ok(Value::Object(event)) => event,
            Ok(_) => return Err("a CloudEvent is a JSON object".into()),
            Err(error) => return Err(format!("the body is not JSON: {error}")),
        }
    } else {
        let mut event = Map::new();
        for (name, value) in &metadata.attributes {
            event.insert((*name).into(), value.as_str().into());
        }
        let text = || Value::from(String::from_utf8_lossy(body));
        let (field, data) = if is("application/json") {
            (
                "data",
                serde_json::from_slice(body).unwrap_or_else(|_| text()),
            )
        } else if is("application/octet-stream") {
            ("data_base64", BASE64_STANDARD.encode(body).into())
        } else {
            ("data", text())
        };
        event.insert(field.into(), data);
        event.insert("datacontenttype".into(), content_type.into());
        set_absent(&mut event, "id", || Uuid::new_v4().to_string());
        set_absent(&mut event, "source", || names.app.to_owned());
        event
    };
    if !metadata.raw_payload {
        complete(&mut event, names, topic, headers, trace);
        if let Some(ttl) = metadata.ttl
            && let Some(expiration) = TimeDelta::from_std(ttl)
                .ok()
                .and_then(|ttl| Utc::now().checked_add_signed(ttl))
        {
            let expiration = expiration.to_rfc3339_opts(SecondsFormat::Secs, true);
            event.insert("expiration".into(), expiration.into());
        }
    }
    let event = Value::Object(event);
    let checked = Event::from_json(topic, metadata.partition_key.as_deref(), &event)?;
    // Where nobody asks for an order, none is kept.
    let key = Some(checked.key).filter(|key| !key.is_empty());
    Ok(Published {
        key: key.unwrap_or(checked.id),
        envelope: event.to_string(),
    })
}

/// Adds what Dapr adds to a CloudEvent where it is absent.
fn complete(
    event: &mut Map<String, Value>,
    names: Names,
    topic: &str,
    headers: &HeaderMap,
    trace: &Trace,
) {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let now = || Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true);
    set_absent(event, "specversion", || "1.0".into());
    set_absent(event, "source", || "Dapr".into());
    set_absent(event, "type", || "com.dapr.event.sent".into());
    set_absent(event, "time", now);
    if event.get("traceparent").is_none_or(Value::is_null) {
        event.insert("traceparent".into(), trace.traceparent().into());
        if let Some(state) = header(TRACESTATE) {
            set_absent(event, "tracestate", || state.to_owned());
        }
    }
    if header(CORRELATION_ID).is_some() {
        set_absent(event, "correlationid", || trace.correlation_id.clone());
    }
    event.insert("topic".into(), topic.into());
    event.insert("pubsubname".into(), names.pubsub.into());
}

fn set_absent(event: &mut Map<String, Value>, name: &str, value: impl FnOnce() -> String) {
    let field = event.entry(name).or_insert(Value::Null);
    if field.is_null() {
        *field = value().into();
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use serde_json::json;

    use super::*;

    const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn metadata(query: &str) -> Result<Metadata, String> {
        Metadata::of(&format!("/v1.0/publish/pubsub/t?{query}").parse().unwrap())
    }

    /// The envelope and key of what is published.
    fn publish(content_type: &str, query: &str, body: &str) -> Result<(Value, String), String> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_str(content_type).unwrap());
        headers.insert(CORRELATION_ID, HeaderValue::from_static("c1"));
        let trace = Trace::continuing(Some(TRACEPARENT), Some("c1"));
        let names = Names {
            pubsub: "pubsub",
            app: "todo",
        };
        let published = envelope(
            names,
            "t",
            &metadata(query)?,
            &headers,
            &trace,
            body.as_bytes(),
        )?;
        Ok((
            serde_json::from_str(&published.envelope).unwrap(),
            published.key,
        ))
    }

    #[test]
    fn a_cloud_event_is_completed() {
        let body = r#"{"specversion":"1.0","id":"1","source":"/s","type":"x","data":{"a":1},"traceparent":"own"}"#;
        let (event, key) = publish(
            "application/cloudevents+json",
            "metadata.partitionKey=k",
            body,
        )
        .unwrap();
        assert_eq!(key, "k");
        assert_eq!(event["traceparent"], "own");
        assert_eq!(event["correlationid"], "c1");
        assert_eq!(
            (&event["topic"], &event["pubsubname"]),
            (&json!("t"), &json!("pubsub"))
        );
        assert_eq!(event["data"], json!({"a": 1}));
        assert!(event["time"].is_string());

        let (event, key) = publish(
            "application/cloudevents+json; charset=utf-8",
            "",
            r#"{"id":"1"}"#,
        )
        .unwrap();
        assert_eq!(key, "1", "without a partition key there is no order");
        assert_eq!(event["source"], "Dapr");
        assert_eq!(event["type"], "com.dapr.event.sent");
        let parent = event["traceparent"].as_str().unwrap();
        assert!(
            parent.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"),
            "{parent}"
        );
    }

    #[test]
    fn what_is_no_cloud_event_is_refused() {
        for (body, named) in [
            ("", "not JSON"),
            ("[]", "JSON object"),
            ("{}", "`id`"),
            (r#"{"id":1}"#, "`id`"),
            (r#"{"id":"1","specversion":"0.3"}"#, "specversion"),
            (r#"{"id":"1","source":{}}"#, "`source`"),
        ] {
            let error = publish("application/cloudevents+json", "", body).unwrap_err();
            assert!(error.contains(named), "{body}: {error}");
        }
        let raw = publish("text/plain", "metadata.rawPayload=true", r#"{"id":"1"}"#);
        assert!(raw.is_err(), "a raw payload is not completed");
    }

    #[test]
    fn other_content_is_wrapped() {
        for (content_type, body, field, data) in [
            (
                "application/json",
                r#"{"a":[1]}"#,
                "data",
                json!({"a": [1]}),
            ),
            ("application/json", "{", "data", json!("{")),
            ("text/plain", "hello", "data", json!("hello")),
            ("application/xml", "<a/>", "data", json!("<a/>")),
            (
                "application/octet-stream",
                "hello",
                "data_base64",
                json!("aGVsbG8="),
            ),
        ] {
            let (event, _) = publish(content_type, "", body).unwrap();
            assert_eq!(event[field], data, "{content_type}");
            assert_eq!(event["datacontenttype"], content_type);
            assert_eq!(event["source"], "todo");
            assert!(event["id"].as_str().is_some_and(|id| !id.is_empty()));
        }
        let query = "metadata.cloudevent.id=7&metadata.cloudevent.type=mine&metadata.other=x";
        let (event, _) = publish("text/plain", query, "").unwrap();
        assert_eq!(
            (&event["id"], &event["type"]),
            (&json!("7"), &json!("mine"))
        );
    }

    #[test]
    fn metadata_is_read() {
        let (event, _) = publish("text/plain", "metadata.ttlInSeconds=60", "").unwrap();
        let expiration = event["expiration"].as_str().unwrap();
        let expiration: chrono::DateTime<Utc> = expiration.parse().unwrap();
        assert!((expiration - Utc::now()).num_seconds().abs_diff(60) <= 2);
        assert!(metadata("metadata.ttlInSeconds=0").is_err());
        assert!(metadata("metadata.ttlInSeconds=x").is_err());
        assert!(metadata("metadata.rawPayload=perhaps").is_err());
        assert_eq!(metadata("partitionKey=k").unwrap(), Metadata::default());
    }
}
