//! `todo:events/consumer`: hands events to the trail.

use chrono::Utc;
use events::{Event, Outcome};

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

events::convert_event!(consumer::Event);
events::convert_outcome!(consumer::Outcome);

struct Audit;

impl Guest for Audit {
    async fn consume(events: Vec<consumer::Event>) -> Vec<consumer::Outcome> {
        api::init_logging();
        let events: Vec<Event> = events.into_iter().map(Event::from).collect();
        let outcomes = match database::trail().await {
            Ok(trail) => trail.record(&events, Utc::now()).await,
            Err(error) => vec![Outcome::Retry(error.to_string()); events.len()],
        };
        outcomes.into_iter().map(consumer::Outcome::from).collect()
    }
}
