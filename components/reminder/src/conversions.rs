//! Between the contract's types and ours.

use events::Event;
use reminders::{Outcome, PublishError};

use crate::bindings::exports::todo::events::consumer;
use crate::bindings::todo::events::{producer, types};

impl From<types::Event> for Event {
    fn from(event: types::Event) -> Self {
        Self {
            topic: event.topic,
            key: event.key,
            id: event.id,
            source: event.source,
            event_type: event.event_type,
            subject: event.subject,
            time: event.time,
            traceparent: event.traceparent,
            correlation_id: event.correlation_id,
            data: event.data,
        }
    }
}

impl From<Event> for types::Event {
    fn from(event: Event) -> Self {
        Self {
            topic: event.topic,
            key: event.key,
            id: event.id,
            source: event.source,
            event_type: event.event_type,
            subject: event.subject,
            time: event.time,
            traceparent: event.traceparent,
            correlation_id: event.correlation_id,
            data: event.data,
        }
    }
}

impl From<Outcome> for consumer::Outcome {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done => Self::Done,
            Outcome::Retry(reason) => Self::Retry(reason),
            Outcome::Reject(reason) => Self::Reject(reason),
        }
    }
}

impl From<producer::PublishError> for PublishError {
    fn from(error: producer::PublishError) -> Self {
        match error {
            producer::PublishError::Unavailable(reason) => Self::Unavailable(reason),
            producer::PublishError::Refused(reason) => Self::Refused(reason),
        }
    }
}
