//! `todo:events/consumer`: hands events to the trail.

use audit::Outcome;
use chrono::Utc;
use events::Event;

use crate::consumer::bindings::exports::todo::events::consumer::{self, Guest};
use crate::database;

/// The generated exports hold the ABI's unsafe code.
#[allow(missing_docs, unsafe_code)]
mod bindings {
    use super::Audit;

    spin_sdk::wit_bindgen::generate!({
        path: "../../wit/events",
        inline: "
            package todo:audit;
            world service { export todo:events/consumer@1.0.0; }
        ",
        world: "todo:audit/service",
        runtime_path: "::spin_sdk::wit_bindgen::rt",
        generate_all,
    });

    export!(Audit with_types_in self);
}

struct Audit;

impl Guest for Audit {
    async fn consume(events: Vec<consumer::Event>) -> Vec<consumer::Outcome> {
        api::init_logging();
        let events: Vec<Event> = events.into_iter().map(event).collect();
        let outcomes = match database::trail().await {
            Ok(trail) => trail.record(&events, Utc::now()).await,
            Err(error) => vec![Outcome::Retry(error.to_string()); events.len()],
        };
        outcomes.into_iter().map(outcome).collect()
    }
}

fn event(event: consumer::Event) -> Event {
    Event {
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

fn outcome(outcome: Outcome) -> consumer::Outcome {
    match outcome {
        Outcome::Done => consumer::Outcome::Done,
        Outcome::Retry(reason) => consumer::Outcome::Retry(reason),
        Outcome::Reject(reason) => consumer::Outcome::Reject(reason),
    }
}
