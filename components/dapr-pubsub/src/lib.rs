//! Publishes events over the Dapr publish API: `todo:events/producer` for the components it is composed into.
//!
//! | variable | is |
//! |---|---|
//! | `dapr_url` | the sidecar's address, `http://127.0.0.1:3500` |
//! | `pubsub_name` | the name of the pub/sub component |
//! | `dapr_api_token` | Dapr's API token; absent or empty where it wants none |

mod dapr;
mod order;

use std::sync::OnceLock;

use events::Event;
use provider::dapr::Sidecar;
use provider::required_setting;

use crate::bindings::exports::todo::events::producer::{self, Guest, PublishError};
use crate::dapr::Dapr;
use crate::order::Failure;

/// The generated exports hold the ABI's unsafe code.
#[allow(missing_docs, unsafe_code)]
mod bindings {
    use super::DaprPubsub;

    spin_sdk::wit_bindgen::generate!({
        path: "../../wit/events",
        inline: "
            package todo:dapr-pubsub;
            world provider { export todo:events/producer@1.0.0; }
        ",
        world: "todo:dapr-pubsub/provider",
        runtime_path: "::spin_sdk::wit_bindgen::rt",
        generate_all,
    });

    export!(DaprPubsub with_types_in self);
}

events::convert_event!(producer::Event);

struct DaprPubsub;

impl Guest for DaprPubsub {
    async fn publish(events: Vec<producer::Event>) -> Vec<Result<(), PublishError>> {
        let events: Vec<Event> = events.into_iter().map(Event::from).collect();
        let results = match settings().await {
            Ok(dapr) => {
                order::publish_in_order(&events, async |event| dapr.publish(event).await).await
            }
            Err(reason) => vec![Err(Failure::Unavailable(reason)); events.len()],
        };
        results
            .into_iter()
            .map(|result| result.map_err(error))
            .collect()
    }
}

/// What the variables say, read once an instance. Only success is remembered.
async fn settings() -> Result<&'static Dapr, String> {
    static DAPR: OnceLock<Dapr> = OnceLock::new();
    if let Some(dapr) = DAPR.get() {
        return Ok(dapr);
    }
    let dapr = Dapr {
        sidecar: Sidecar::from_settings().await?,
        pubsub: required_setting("pubsub_name").await?,
    };
    Ok(DAPR.get_or_init(|| dapr))
}

fn error(failure: Failure) -> PublishError {
    match failure {
        Failure::Unreachable(reason) | Failure::Unavailable(reason) => {
            PublishError::Unavailable(reason)
        }
        Failure::Refused(reason) => PublishError::Refused(reason),
    }
}
