//! What the triggers call: `todo:events/consumer`, and each tick of the clock.

use events::{Event, Outcome};
use notifications::Service;

use crate::bindings::exports::todo::events::consumer;
use crate::bindings::{Error, Guest, Metadata};
use crate::database;
use crate::peers::Connected;

events::convert_event!(consumer::Event);
events::convert_outcome!(consumer::Outcome);

pub struct Triggers;

impl consumer::Guest for Triggers {
    async fn consume(events: Vec<consumer::Event>) -> Vec<consumer::Outcome> {
        api::init_logging();
        let events: Vec<Event> = events.into_iter().map(Event::from).collect();
        let outcomes = match database::connection().await {
            Ok(connection) => Service::new(connection, &Connected).consume(&events).await,
            Err(error) => vec![Outcome::Retry(error.to_string()); events.len()],
        };
        outcomes.into_iter().map(consumer::Outcome::from).collect()
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
