//! The envelope, as a component gets it and as JSON.

use chrono::SecondsFormat;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::Payload;

/// A CloudEvents 1.0 event with its topic and key: `event` of `todo:events/types`, in plain Rust.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Where it is published.
    pub topic: String,
    /// Events with the same topic and key keep their order: the person's id.
    pub key: String,
    /// Unique for each event; a redelivery has the same.
    pub id: String,
    /// Which service it is from: `/todo-api`.
    pub source: String,
    /// What happened: `task_created`.
    pub event_type: String,
    /// What it happened to: the task's id.
    pub subject: Option<String>,
    /// When it happened, RFC 3339 in UTC.
    pub time: String,
    /// W3C Trace Context of what caused it.
    pub traceparent: Option<String>,
    /// The correlation id of the request that caused it.
    pub correlation_id: Option<String>,
    /// The payload as JSON text.
    pub data: String,
}

impl Event {
    /// An event of a service that says `payload`; trace and correlation are for the caller to add.
    pub fn new<P: Payload>(id: Uuid, source: &str, payload: &P) -> serde_json::Result<Self> {
        Ok(Self {
            topic: P::TOPIC.into(),
            key: payload.user_id().to_string(),
            id: id.to_string(),
            source: source.into(),
            event_type: payload.event_type().into(),
            subject: Some(payload.subject().to_string()),
            time: (payload.time()).to_rfc3339_opts(SecondsFormat::Millis, true),
            traceparent: None,
            correlation_id: None,
            data: serde_json::to_string(payload)?,
        })
    }

    /// The payload.
    pub fn payload<T: DeserializeOwned>(&self) -> serde_json::Result<T> {
        serde_json::from_str(&self.data)
    }

    /// The envelope in CloudEvents' JSON format (structured mode). Data that is not JSON becomes a string.
    /// The key travels as `partitionkey`, of CloudEvents' partitioning extension.
    pub fn to_json(&self) -> String {
        let envelope = Envelope {
            specversion: "1.0",
            id: &self.id,
            source: &self.source,
            event_type: &self.event_type,
            subject: self.subject.as_deref(),
            time: &self.time,
            traceparent: self.traceparent.as_deref(),
            correlation_id: self.correlation_id.as_deref(),
            datacontenttype: "application/json",
            key: &self.key,
            data: match serde_json::from_str(&self.data) {
                Ok(json) => Data::Json(json),
                Err(_) => Data::Text(&self.data),
            },
        };
        // Of these types nothing fails to be JSON.
        serde_json::to_string(&envelope).unwrap_or_default()
    }

    /// Reads an envelope that came from `topic`; `key` is the broker's, and `partitionkey` where there is none.
    ///
    /// # Errors
    /// Names the attribute that is missing or wrong.
    pub fn from_json(topic: &str, key: Option<&str>, envelope: &Value) -> Result<Self, String> {
        let optional = |name: &str| match envelope.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(format!("the CloudEvent's `{name}` is not a string")),
        };
        let required = |name: &str| {
            optional(name)?
                .filter(|text| !text.is_empty())
                .ok_or_else(|| format!("the CloudEvent has no `{name}`"))
        };
        if !envelope.is_object() {
            return Err("a CloudEvent is a JSON object".into());
        }
        if required("specversion")? != "1.0" {
            return Err("the CloudEvent's `specversion` is not 1.0".into());
        }
        let key = match key {
            Some(key) => Some(key.to_owned()),
            None => optional("partitionkey")?,
        };
        Ok(Self {
            topic: topic.to_owned(),
            key: key.unwrap_or_default(),
            id: required("id")?,
            source: required("source")?,
            event_type: required("type")?,
            subject: optional("subject")?,
            time: optional("time")?.unwrap_or_default(),
            traceparent: optional("traceparent")?,
            correlation_id: optional("correlationid")?,
            data: envelope.get("data").unwrap_or(&Value::Null).to_string(),
        })
    }
}

/// The attributes by their names in JSON.
#[derive(Serialize)]
struct Envelope<'a> {
    specversion: &'static str,
    id: &'a str,
    source: &'a str,
    #[serde(rename = "type")]
    event_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
    time: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    traceparent: Option<&'a str>,
    #[serde(rename = "correlationid", skip_serializing_if = "Option::is_none")]
    correlation_id: Option<&'a str>,
    datacontenttype: &'static str,
    #[serde(rename = "partitionkey")]
    key: &'a str,
    data: Data<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Data<'a> {
    /// As it is.
    Json(&'a RawValue),
    Text(&'a str),
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use serde_json::json;

    use super::*;
    use crate::{TaskUpdate, TaskUpdateType};

    #[test]
    fn an_envelope_reads_back_as_written() {
        let id = Uuid::from_u128(7);
        let payload = TaskUpdate {
            event_type: TaskUpdateType::Notification,
            task_id: id,
            user_id: id,
            timestamp: DateTime::UNIX_EPOCH,
            update_data: json!({"title": "zoë 🦀"}),
        };
        let mut event = Event::new(id, "/notification", &payload).unwrap();
        assert_eq!(event.payload::<TaskUpdate>().unwrap(), payload);
        event.correlation_id = Some("c".into());
        assert_eq!(crate::schema::validate(&event), Ok(()));
        let read = Event::from_json(crate::TASK_UPDATES, None, &envelope(&event)).unwrap();
        assert_eq!(read.payload::<TaskUpdate>().unwrap(), payload);
        let data = event.data.clone();
        assert_eq!(Event { data, ..read }, event);
        assert!(event.to_json().contains(&event.data), "as it is");

        event.data = "{\"a\":".into();
        assert_eq!(envelope(&event)["data"], "{\"a\":");
        event.subject = None;
        assert_eq!(envelope(&event).get("subject"), None);
    }

    fn envelope(event: &Event) -> Value {
        serde_json::from_str(&event.to_json()).unwrap()
    }

    #[test]
    fn what_is_no_envelope_is_named() {
        for (envelope, named) in [
            (json!(1), "object"),
            (json!({"specversion": "1.0"}), "`id`"),
            (json!({"specversion": "0.3", "id": "1"}), "specversion"),
            (json!({"specversion": "1.0", "id": 5}), "`id`"),
        ] {
            let error = Event::from_json("t", None, &envelope).unwrap_err();
            assert!(error.contains(named), "{error}");
        }
    }
}
