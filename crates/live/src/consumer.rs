//! From events to everybody's screens: numbers them, and publishes them to the gateway.

use chrono::{DateTime, TimeDelta, Utc};
use events::{Event, Outcome, TASK_UPDATES, USER_EVENTS, UserEvent, UserEventType};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use sql::SqlConnection;
use uuid::Uuid;

use crate::grip;
use crate::history::{History, NewUpdate, Update};

/// The largest payload that is brought to clients, in bytes.
const MAX_EVENT_BYTES: usize = 128 * 1024;
/// How long an event is tried again while the gateway cannot be reached. A gateway that was away for longer
/// holds no connection that is older; whoever comes back asks the history.
const RETRY: TimeDelta = TimeDelta::seconds(30);

/// What an event asks for.
enum Request {
    Nothing,
    Update(NewUpdate),
    Erase(Uuid),
}

/// Takes events, those of one person in this order, and answers one outcome for each. An event that comes
/// again is published again with the place that it has. `post` hands a body to the gateway's publish
/// endpoint, or says why that did not take it.
pub async fn consume<C: SqlConnection>(
    history: &History<C>,
    post: &impl AsyncFn(String) -> Result<(), String>,
    events: &[Event],
    now: DateTime<Utc>,
) -> Vec<Outcome> {
    let mut outcomes = vec![Outcome::Done; events.len()];
    let mut items = Vec::new();
    let mut updates = Vec::new();
    for (event, (index, outcome)) in events.iter().zip(outcomes.iter_mut().enumerate()) {
        match read(event, now) {
            Ok(Request::Nothing) => {}
            Ok(Request::Update(update)) => updates.push((index, update)),
            Ok(Request::Erase(user_id)) => match history.erase(user_id).await {
                Ok(()) => items.push((index, now, grip::erased_item(user_id))),
                Err(error) => *outcome = Outcome::Retry(error.to_string()),
            },
            Err(reason) => *outcome = Outcome::Reject(reason),
        }
    }
    let (indexes, updates): (Vec<usize>, Vec<NewUpdate>) = updates.into_iter().unzip();
    match history.add(&updates, now).await {
        Ok(places) => {
            for ((index, update), place) in indexes.into_iter().zip(updates).zip(places) {
                let event = RawValue::from_string(update.event);
                if let (Some(place), Ok(event)) = (place, event) {
                    let event_id = update.event_id;
                    let stored = Update {
                        place,
                        event_id,
                        event,
                    };
                    items.push((index, update.at, grip::update_item(update.user_id, &stored)));
                }
            }
        }
        Err(error) => {
            for index in indexes {
                outcomes[index] = Outcome::Retry(error.to_string());
            }
        }
    }
    publish(post, items, &mut outcomes, now).await;
    if let Err(error) = history.make_room(events.len(), now).await {
        tracing::warn!(reason = error.to_string(), "old updates cannot be removed");
    }
    outcomes
}

/// Publishes items, each with the index of its event and the time of that, until one cannot be.
async fn publish(
    post: &impl AsyncFn(String) -> Result<(), String>,
    items: Vec<(usize, DateTime<Utc>, Value)>,
    outcomes: &mut [Outcome],
    now: DateTime<Utc>,
) {
    let (origins, items): (Vec<_>, Vec<Value>) = items
        .into_iter()
        .map(|(index, at, item)| ((index, at), item))
        .unzip();
    let mut origins = origins.into_iter();
    let mut failure: Option<String> = None;
    for (body, count) in grip::bodies(&items) {
        if failure.is_none() {
            failure = post(body).await.err();
        }
        for (index, at) in origins.by_ref().take(count) {
            match (&failure, outcomes.get_mut(index)) {
                (Some(reason), Some(outcome)) if now - at < RETRY => {
                    *outcome = Outcome::Retry(reason.clone());
                }
                (Some(reason), _) => {
                    tracing::warn!(
                        reason,
                        "an update waits in the history: the gateway is away"
                    );
                }
                (None, _) => {}
            }
        }
    }
}

fn read(event: &Event, now: DateTime<Utc>) -> Result<Request, String> {
    #[derive(Deserialize)]
    struct Payload {
        user_id: Uuid,
        timestamp: DateTime<Utc>,
    }
    let wrong = |error| format!("the payload is none of {}: {error}", event.topic);
    let user_id = match event.topic.as_str() {
        TASK_UPDATES => {
            if event.data.len() > MAX_EVENT_BYTES {
                return Err(format!(
                    "the payload is larger than {MAX_EVENT_BYTES} bytes"
                ));
            }
            // Types that are newer than this code are for clients to know. What a client is to read must be
            // JSON on one line.
            let data: Value = event.payload().map_err(wrong)?;
            let payload = Payload::deserialize(&data).map_err(wrong)?;
            check_key(event, payload.user_id)?;
            return Ok(Request::Update(NewUpdate {
                user_id: payload.user_id,
                event_id: event.id.clone(),
                at: payload.timestamp.min(now),
                event: data.to_string(),
            }));
        }
        USER_EVENTS if event.event_type == UserEventType::UserErased.as_str() => {
            event.payload::<UserEvent>().map_err(wrong)?.user_id
        }
        USER_EVENTS => return Ok(Request::Nothing),
        topic => return Err(format!("the topic `{topic}` is not for screens")),
    };
    check_key(event, user_id)?;
    Ok(Request::Erase(user_id))
}

/// The order of events is by key, so that must be the person's. A broker's message may have none.
fn check_key(event: &Event, user_id: Uuid) -> Result<(), String> {
    if event.key.is_empty() || event.key == user_id.to_string() {
        Ok(())
    } else {
        Err("the key is not the payload's user_id".into())
    }
}
