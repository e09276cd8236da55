//! The events that the service publishes, with ids that are the same whenever they are made again.

use chrono::{DateTime, Utc};
use events::{Event, PublishError, ReminderEvent, ReminderEventType};
use uuid::Uuid;

use crate::store::Due;
use crate::{Peers, SCAN_PERIOD};

const SOURCE: &str = "/reminder";

/// The id of the event that says this of this reminder of the task: UUIDv5 of the task's id and
/// `<event type>/<milliseconds since 1970>`.
pub fn event_id(kind: ReminderEventType, task_id: Uuid, remind_at: DateTime<Utc>) -> Uuid {
    let name = format!("{}/{}", kind.as_str(), remind_at.timestamp_millis());
    Uuid::new_v5(&task_id, name.as_bytes())
}

/// The event that says `kind` of a reminder.
pub(crate) fn event(
    kind: ReminderEventType,
    due: &Due,
    now: DateTime<Utc>,
) -> serde_json::Result<Event> {
    let id = event_id(kind, due.task_id, due.remind_at);
    let payload = ReminderEvent {
        event_type: kind,
        task_id: due.task_id,
        user_id: due.user_id,
        timestamp: now,
        title: due.title.clone(),
        due_at: due.due_at,
        remind_at: due.remind_at,
        notification_type: due.channel,
        late: kind == ReminderEventType::ReminderTriggered && now - due.remind_at > SCAN_PERIOD * 2,
    };
    let mut event = Event::new(id, SOURCE, &payload)?;
    event.correlation_id = Some(id.to_string());
    Ok(event)
}

/// Publishes, with a result for each event even where the producer answers too few.
pub(crate) async fn publish(
    peers: &impl Peers,
    events: Vec<Event>,
) -> Vec<Result<(), PublishError>> {
    if events.is_empty() {
        return Vec::new();
    }
    let count = events.len();
    let mut results = peers.publish(events).await;
    results.resize_with(count, || {
        Err(PublishError::Unavailable(
            "the producer gave no answer".into(),
        ))
    });
    results
}
