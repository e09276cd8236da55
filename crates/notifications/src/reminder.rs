//! What an event asks of this service.

use chrono::{DateTime, TimeDelta, Utc};
use events::{
    Event, REMINDERS, ReminderEvent, ReminderEventType, USER_EVENTS, UserEvent, UserEventType,
};
use uuid::Uuid;

/// Read notifications are removed after so long.
pub(crate) const KEEP_READ: TimeDelta = TimeDelta::days(90);
/// The namespace of the ids of notifications.
const NOTIFICATION: Uuid = Uuid::from_u128(0x8a3d_62f0_51c7_4e0b_9d14_7be2_c05f_a936);

/// A reminder that is due.
#[derive(Debug, Clone)]
pub(crate) struct Reminder {
    /// The notification's id: each event makes one, however often it comes.
    pub id: Uuid,
    pub user_id: Uuid,
    pub task_id: Uuid,
    pub title: String,
    pub remind_at: DateTime<Utc>,
    pub due_at: Option<DateTime<Utc>>,
    pub late: bool,
    pub correlation_id: Option<String>,
    pub traceparent: Option<String>,
}

/// What is to be done.
#[derive(Debug)]
pub(crate) enum Request {
    Remind(Reminder),
    Erase(Uuid),
    Nothing,
}

/// Reads an event. One that is so old that its notification may have been removed again asks for nothing.
///
/// # Errors
/// The payload is not what its topic may have.
pub(crate) fn read(event: &Event, now: DateTime<Utc>) -> Result<Request, String> {
    let wrong = |error: serde_json::Error| format!("the payload: {error}");
    match (event.topic.as_str(), event.event_type.as_str()) {
        (REMINDERS, "reminder_triggered") => {
            let payload: ReminderEvent = event.payload().map_err(wrong)?;
            let is_due = payload.event_type == ReminderEventType::ReminderTriggered;
            if !is_due || payload.timestamp < now - KEEP_READ {
                return Ok(Request::Nothing);
            }
            Ok(Request::Remind(Reminder {
                id: Uuid::new_v5(&NOTIFICATION, event.id.as_bytes()),
                user_id: payload.user_id,
                task_id: payload.task_id,
                title: payload.title,
                remind_at: payload.remind_at,
                due_at: payload.due_at,
                late: payload.late,
                correlation_id: event.correlation_id.clone(),
                traceparent: event.traceparent.clone(),
            }))
        }
        (USER_EVENTS, "user_erased") => {
            let payload: UserEvent = event.payload().map_err(wrong)?;
            let UserEventType::UserErased = payload.event_type;
            Ok(Request::Erase(payload.user_id))
        }
        _ => Ok(Request::Nothing),
    }
}
