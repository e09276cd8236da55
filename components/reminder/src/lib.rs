//! The reminder service: keeps the schedule, triggers what is due, makes the next instances of recurring
//! tasks.
//!
//! A thin shell: what triggers call is here, [`todo_api`] creates tasks, and the thinking is in
//! `crates/reminders`.
//!
//! | variable | is |
//! |---|---|
//! | `jwt_secret` | signs the tokens for the Todo API |
//! | `todo_api_url` | where that is, without `/api`: `http://todo-api.spin.internal` |

mod peers;
mod todo_api;

use std::sync::OnceLock;

use chrono::Utc;
use events::{Event, Outcome};
use reminders::{DATABASE, MIGRATIONS, Service, Store};
use sql::spin::{self, Connection};

use crate::bindings::exports::todo::events::consumer::{self, Guest as Consumer};
use crate::bindings::{Error, Guest as Scheduled, Metadata};
use crate::peers::Platform;

/// The generated exports hold the ABI's unsafe code.
#[allow(missing_docs, unsafe_code)]
mod bindings {
    use super::Reminder;

    spin_sdk::wit_bindgen::generate!({
        path: ["../../wit/events", "../../wit/cron"],
        inline: "
            package todo:reminder;
            world service {
                include todo:events/service@1.0.0;
                include todo:cron/scheduled@1.0.0;
            }
        ",
        world: "todo:reminder/service",
        runtime_path: "::spin_sdk::wit_bindgen::rt",
        generate_all,
    });

    export!(Reminder with_types_in self);
}

events::convert_event!(bindings::todo::events::types::Event);
events::convert_outcome!(consumer::Outcome);
events::convert_publish_error!(bindings::todo::events::producer::PublishError);

struct Reminder;

impl Consumer for Reminder {
    async fn consume(events: Vec<consumer::Event>) -> Vec<consumer::Outcome> {
        api::init_logging();
        let events: Vec<Event> = events.into_iter().map(Event::from).collect();
        let outcomes = match service().await {
            Ok(service) => service.consume(&events, Utc::now()).await,
            Err(error) => vec![Outcome::Retry(error.to_string()); events.len()],
        };
        for (event, outcome) in events.iter().zip(&outcomes) {
            if let Outcome::Retry(reason) | Outcome::Reject(reason) = outcome {
                tracing::warn!(
                    event_id = event.id,
                    correlation_id = event.correlation_id,
                    rejected = matches!(outcome, Outcome::Reject(_)),
                    reason,
                    "an event had no effect"
                );
            }
        }
        outcomes.into_iter().map(consumer::Outcome::from).collect()
    }
}

impl Scheduled for Reminder {
    async fn handle_cron_event(_: Metadata) -> Result<(), Error> {
        api::init_logging();
        let failed = |error: sql::SqlError| Error::Other(error.to_string());
        let service = service().await.map_err(failed)?;
        let scan = service.scan(Utc::now).await.map_err(failed)?;
        if scan.triggered > 0 {
            tracing::info!(triggered = scan.triggered, "reminders triggered");
        }
        match scan.stopped {
            None => Ok(()),
            Some(reason) => Err(Error::Other(reason)),
        }
    }
}

/// The service, its database opened and migrated by the instance's first use. Only success is remembered;
/// several first uses may do it at once, which is as good as once.
async fn service() -> sql::Result<&'static Service<Connection, Platform>> {
    static SERVICE: OnceLock<Service<Connection, Platform>> = OnceLock::new();
    if let Some(service) = SERVICE.get() {
        return Ok(service);
    }
    let connection = spin::open_migrated(DATABASE, &MIGRATIONS).await?;
    Ok(SERVICE.get_or_init(|| Service::new(Store::new(connection), Platform)))
}
