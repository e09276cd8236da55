//! What a sidecar posts, and what it is answered.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use events::Event;
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::{Value, json};

/// The type of the envelope that Dapr puts around what is not its own.
const DAPR_ENVELOPE: &str = "com.dapr.event.sent";

/// What the service said of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It has had its effect.
    Done,
    /// It is to come again.
    Retry(String),
    /// It can never have an effect.
    Reject(String),
}

/// One or several events, in their order.
pub struct Deliveries {
    entries: Vec<Entry>,
    is_bulk: bool,
}

struct Entry {
    /// What Dapr calls it; empty where it is alone.
    id: String,
    /// The event, or why it is none.
    event: Result<Event, String>,
}

/// The topic that a path is for: `…/events/{topic}`.
pub fn topic(path: &str) -> Option<String> {
    let (base, topic) = path.rsplit_once('/')?;
    if topic.is_empty() || !base.ends_with("/events") {
        return None;
    }
    (percent_decode_str(topic).decode_utf8().ok()).map(|topic| topic.into_owned())
}

/// The answer that gives a single delivery up.
pub fn dropped() -> Value {
    json!({"status": "DROP"})
}

impl Deliveries {
    /// Reads a body; `key` is the broker's.
    ///
    /// # Errors
    /// It is neither an event nor a bulk of them. A bulk with entries that are none is read.
    pub fn read(topic: &str, key: Option<&str>, body: &[u8]) -> Result<Self, String> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct BulkEntry {
            entry_id: String,
            #[serde(default)]
            event: Value,
            #[serde(default)]
            metadata: std::collections::HashMap<String, String>,
        }
        let mut value: Value =
            serde_json::from_slice(body).map_err(|error| format!("no JSON: {error}"))?;
        // An event has no entries of its own: what it says is below `data`.
        let bulk = (value.get_mut("entries")).filter(|entries| entries.is_array());
        let Some(entries) = bulk else {
            let event = event(topic, key, value)?;
            let (id, event) = (String::new(), Ok(event));
            let entries = vec![Entry { id, event }];
            return Ok(Self {
                entries,
                is_bulk: false,
            });
        };
        let entries: Vec<BulkEntry> = serde_json::from_value(entries.take())
            .map_err(|error| format!("no bulk of events: {error}"))?;
        let read = |entry: BulkEntry| Entry {
            event: event(
                topic,
                entry.metadata.get("__key").map(String::as_str),
                entry.event,
            ),
            id: entry.entry_id,
        };
        Ok(Self {
            entries: entries.into_iter().map(read).collect(),
            is_bulk: true,
        })
    }

    /// The events among them, in their order.
    pub fn events(&self) -> impl Iterator<Item = Event> + '_ {
        (self.entries.iter()).filter_map(|entry| entry.event.as_ref().ok().cloned())
    }

    /// The answer, with one outcome for each of [`Self::events`].
    pub fn answer(self, outcomes: Vec<Outcome>) -> Value {
        let mut outcomes = outcomes.into_iter();
        let mut answers = self.entries.into_iter().map(|entry| {
            let (event_id, outcome) = match entry.event {
                Ok(event) => {
                    let lost = || Outcome::Retry("no outcome".into());
                    (event.id, outcomes.next().unwrap_or_else(lost))
                }
                Err(reason) => (String::new(), Outcome::Reject(reason)),
            };
            (entry.id, status(&event_id, &outcome))
        });
        if self.is_bulk {
            let statuses: Vec<Value> = answers
                .map(|(id, status)| json!({"entryId": id, "status": status}))
                .collect();
            return json!({"statuses": statuses});
        }
        match answers.next() {
            Some((_, status)) => json!({"status": status}),
            None => dropped(),
        }
    }
}

fn status(event_id: &str, outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Done => "SUCCESS",
        // The service has logged its own reasons.
        Outcome::Retry(reason) => {
            tracing::info!(event_id, reason, "to come again");
            "RETRY"
        }
        Outcome::Reject(reason) => {
            tracing::warn!(event_id, reason, "dropped");
            "DROP"
        }
    }
}

/// A CloudEvent as it came, or one that Dapr wrapped because the subscription takes raw payloads.
fn event(topic: &str, key: Option<&str>, mut value: Value) -> Result<Event, String> {
    // A bulk has raw payloads without an envelope.
    if let Value::String(raw) = &value {
        value = raw_payload(raw)?;
    } else if value.get("type").and_then(Value::as_str) == Some(DAPR_ENVELOPE)
        && let Some(raw) = value.get("data_base64").and_then(Value::as_str)
    {
        value = raw_payload(raw)?;
    }
    // Dapr adds these even where it has nothing to say.
    if let Value::Object(attributes) = &mut value {
        attributes.retain(|name, value| {
            !matches!(name.as_str(), "traceparent" | "tracestate" | "traceid")
                || value.as_str() != Some("")
        });
    }
    let own_key = value.get("partitionkey").is_some_and(Value::is_string);
    Event::from_json(topic, key.filter(|_| !own_key), &value)
}

fn raw_payload(base64: &str) -> Result<Value, String> {
    let bytes = STANDARD
        .decode(base64)
        .map_err(|error| format!("no base64: {error}"))?;
    serde_json::from_slice(&bytes).map_err(|error| format!("no CloudEvent: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cloud_event(id: &str) -> Value {
        json!({
            "specversion": "1.0",
            "id": id,
            "source": "/foreign",
            "type": "task_created",
            "partitionkey": "person",
            "traceparent": "",
            "tracestate": "",
            "topic": "another",
            "data": {"a": 1},
        })
    }

    fn read(body: &Value) -> Result<Deliveries, String> {
        Deliveries::read("task-events", Some("broker"), body.to_string().as_bytes())
    }

    #[test]
    fn a_path_names_the_topic() {
        for (path, expected) in [
            ("/reminder/events/task-events", Some("task-events")),
            ("/events/a%20b", Some("a b")),
            ("/events/", None),
            ("/task-events", None),
            ("/events/a/b", None),
            ("/events/%FF", None),
        ] {
            assert_eq!(topic(path).as_deref(), expected, "{path}");
        }
    }

    #[test]
    fn an_event_is_of_the_topic_that_it_was_posted_for() {
        let deliveries = read(&cloud_event("1")).unwrap();
        let events: Vec<Event> = deliveries.events().collect();
        assert_eq!(events.len(), 1);
        assert_eq!(events[0].topic, "task-events");
        assert_eq!(events[0].key, "person");
        assert_eq!(events[0].traceparent, None);
        assert_eq!(events[0].data, r#"{"a":1}"#);
        let mut foreign = cloud_event("1");
        foreign.as_object_mut().unwrap().remove("partitionkey");
        let deliveries = read(&foreign).unwrap();
        assert_eq!(deliveries.events().next().unwrap().key, "broker");
    }

    #[test]
    fn a_raw_payload_is_the_event_itself() {
        let raw = STANDARD.encode(cloud_event("7").to_string());
        let wrapped = json!({
            "specversion": "1.0",
            "id": "random",
            "type": DAPR_ENVELOPE,
            "source": "Dapr",
            "datacontenttype": "application/octet-stream",
            "data_base64": raw,
        });
        let deliveries = read(&wrapped).unwrap();
        assert_eq!(deliveries.events().next().unwrap().id, "7");
        let other = json!({"type": DAPR_ENVELOPE, "data_base64": STANDARD.encode("hello")});
        assert!(read(&other).err().unwrap().contains("no CloudEvent"));
    }

    #[test]
    fn one_answer_for_one_event() {
        for (outcome, status) in [
            (Outcome::Done, "SUCCESS"),
            (Outcome::Retry("r".into()), "RETRY"),
            (Outcome::Reject("r".into()), "DROP"),
        ] {
            let answer = read(&cloud_event("1")).unwrap().answer(vec![outcome]);
            assert_eq!(answer, json!({"status": status}));
        }
        for body in [json!(1), json!({}), json!({"entries": 1}), json!([])] {
            assert!(read(&body).is_err(), "{body}");
        }
    }

    #[test]
    fn a_bulk_is_answered_entry_by_entry() {
        let bulk = json!({
            "id": "bulk",
            "entries": [
                {"entryId": "0", "event": cloud_event("a"), "contentType": "application/cloudevents+json"},
                {"entryId": "1", "event": {"no": "event"}},
                {"entryId": "2", "event": STANDARD.encode(cloud_event("b").to_string()), "metadata": {"__key": "k"}},
                {"entryId": "3", "event": cloud_event("c"), "metadata": {}},
            ],
        });
        let deliveries = read(&bulk).unwrap();
        let ids: Vec<String> = deliveries.events().map(|event| event.id).collect();
        assert_eq!(ids, ["a", "b", "c"]);
        let answer = deliveries.answer(vec![Outcome::Done, Outcome::Retry("r".into())]);
        assert_eq!(
            answer,
            json!({"statuses": [
                {"entryId": "0", "status": "SUCCESS"},
                {"entryId": "1", "status": "DROP"},
                {"entryId": "2", "status": "RETRY"},
                {"entryId": "3", "status": "RETRY"},
            ]})
        );
    }
}
