//! What the trail keeps of an event, or why the event cannot be kept.

use chrono::{DateTime, Utc};
use events::{Event, REMINDERS, TASK_EVENTS, USER_EVENTS};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

/// The longest payload, in bytes: as much as an API request may have.
const MAX_DATA_BYTES: usize = 1 << 20;
/// The longest event id and correlation id.
const MAX_ID_CHARS: usize = 200;
/// The longest event type.
const MAX_TYPE_CHARS: usize = 64;

/// An event that can be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    pub user_id: Uuid,
    pub event_id: String,
    pub topic: &'static str,
    pub event_type: String,
    pub task_id: Option<Uuid>,
    pub version: Option<i64>,
    pub occurred_at: DateTime<Utc>,
    pub correlation_id: Option<String>,
    pub data: String,
}

/// What the payloads of all topics have in common. Types of events that are newer than this code are
/// evidence too, so a type is not looked up in a list.
#[derive(Deserialize)]
struct Payload {
    event_type: String,
    user_id: Uuid,
    timestamp: DateTime<Utc>,
    task_id: Option<Uuid>,
    task_data: Option<Versioned>,
}

#[derive(Deserialize)]
struct Versioned {
    version: i64,
}

impl Facts {
    /// Reads an event.
    ///
    /// # Errors
    /// Says what makes it none of the topic's; it will never be one.
    pub fn of(event: &Event) -> Result<Self, String> {
        let topic = crate::TOPICS
            .into_iter()
            .find(|topic| *topic == event.topic)
            .ok_or_else(|| format!("the topic `{}` is not audited", event.topic))?;
        if !is_plain(&event.id) {
            return Err("the event's id is not 1 to 200 printable ASCII characters".into());
        }
        if !event.correlation_id.as_deref().is_none_or(is_plain) {
            return Err("the correlation id is not 1 to 200 printable ASCII characters".into());
        }
        if event.data.len() > MAX_DATA_BYTES {
            return Err("the payload is larger than 1 MiB".into());
        }
        // Read as a whole first: what could not be read back later is not recorded.
        let payload = event
            .payload::<Value>()
            .and_then(Payload::deserialize)
            .map_err(|error| format!("the payload is none of {topic}: {error}"))?;
        if !is_type(&payload.event_type) {
            return Err("the payload's event_type is not 1 to 64 of a to z and _".into());
        }
        if payload.event_type != event.event_type {
            return Err(format!(
                "the event's type is `{}`, its payload's `{}`",
                event.event_type, payload.event_type
            ));
        }
        // A broker's message may have no key; then the payload alone says whose it is.
        if !event.key.is_empty() && event.key != payload.user_id.to_string() {
            return Err("the key is not the payload's user_id".into());
        }
        let version = payload.task_data.map(|task| task.version);
        let task_id = payload.task_id;
        match topic {
            TASK_EVENTS if task_id.is_none() || version.is_none() => {
                return Err("the payload has no task_id or no task_data".into());
            }
            REMINDERS if task_id.is_none() => return Err("the payload has no task_id".into()),
            _ => {}
        }
        Ok(Self {
            user_id: payload.user_id,
            event_id: event.id.clone(),
            topic,
            event_type: payload.event_type,
            task_id,
            version,
            occurred_at: payload.timestamp,
            correlation_id: event.correlation_id.clone(),
            data: event.data.clone(),
        })
    }

    /// Whether it says that the person is to be forgotten.
    pub fn is_erasure(&self) -> bool {
        self.topic == USER_EVENTS && self.event_type == "user_erased"
    }
}

fn is_plain(text: &str) -> bool {
    (1..=MAX_ID_CHARS).contains(&text.len()) && text.bytes().all(|b| matches!(b, b' '..=b'~'))
}

fn is_type(text: &str) -> bool {
    (1..=MAX_TYPE_CHARS).contains(&text.len())
        && text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'_'))
}
