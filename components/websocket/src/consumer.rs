//! `todo:events/consumer`: brings events to the history and to the gateway.

use chrono::Utc;
use events::{Event, Outcome};
use http::Request;
use http::header::CONTENT_TYPE;

use crate::consumer::bindings::exports::todo::events::consumer::{self, Guest};
use crate::database;
use crate::settings::Settings;

/// The generated exports hold the ABI's unsafe code.
#[allow(missing_docs, unsafe_code)]
mod bindings {
    use super::Live;

    spin_sdk::wit_bindgen::generate!({
        path: "../../wit/events",
        inline: "
            package todo:websocket;
            world service { export todo:events/consumer@1.0.0; }
        ",
        world: "todo:websocket/service",
        runtime_path: "::spin_sdk::wit_bindgen::rt",
        generate_all,
    });

    export!(Live with_types_in self);
}

events::convert_event!(consumer::Event);
events::convert_outcome!(consumer::Outcome);

struct Live;

impl Guest for Live {
    async fn consume(events: Vec<consumer::Event>) -> Vec<consumer::Outcome> {
        api::init_logging();
        let events: Vec<Event> = events.into_iter().map(Event::from).collect();
        let outcomes = match database::history().await {
            Ok(history) => live::consumer::consume(history, &publish, &events, Utc::now()).await,
            Err(error) => vec![Outcome::Retry(error.to_string()); events.len()],
        };
        outcomes.into_iter().map(consumer::Outcome::from).collect()
    }
}

/// Posts a body to the gateway's publish endpoint.
async fn publish(body: String) -> Result<(), String> {
    let settings = Settings::get().await.map_err(|error| error.to_string())?;
    let url = format!("{}/publish/", settings.grip_url.trim_end_matches('/'));
    let request = Request::post(url)
        .header(CONTENT_TYPE, "application/json")
        .body(body)
        .map_err(|error| format!("grip_url: {error}"))?;
    match provider::send(request).await {
        Ok(answer) if answer.status.is_success() => Ok(()),
        Ok(answer) => Err(format!("the gateway answered {}", answer.status)),
        Err(error) => Err(format!("the gateway: {error}")),
    }
}
