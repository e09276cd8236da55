//! What the triggers call: `todo:events/consumer`, and each tick of the clock.

use events::Event;
use notifications::{Outcome, Service};

use crate::bindings::exports::todo::events::consumer;
use crate::bindings::{Error, Guest, Metadata};
use crate::database;
use crate::peers::Connected;

pub struct Triggers;

impl consumer::Guest for Triggers {
    async fn consume(events: Vec<consumer::Event>) -> Vec<consumer::Outcome> {
        api::init_logging();
        let events: Vec<Event> = events.into_iter().map(event).collect();
        let outcomes = match database::connection().await {
            Ok(connection) => Service::new(connection, &Connected).consume(&events).await,
            Err(error) => vec![Outcome::Retry(error.to_string()); events.len()],
        };
        outcomes.into_iter().map(outcome).collect()
    }
}

impl Guest for Triggers {
    async fn handle_cron_event(_: Metadata) -> Result<(), Error> {
        api::init_logging();
        let tick = async {
            let connection = database::connection().await?;
            Service::new(connection, &Connected).tick().await
        };
        match tick.await {
            Ok(_) => Ok(()),
            Err(error) => Err(Error::Other(error.to_string())),
        }
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
