//! Writes notifications into the inbox: `todo:notify/channel` for the component it is composed into.
//!
//! It inherits that component's database `notifications`.

use std::sync::OnceLock;

use chrono::Utc;
use notifications::{IN_APP_DATABASE, inbox};
use sql::SqlError;
use sql::spin::{self, Connection};
use uuid::Uuid;

use crate::bindings::exports::todo::notify::channel::{
    Capabilities, DeliveryError, Guest, Notification, Receipt,
};

/// The generated exports hold the ABI's unsafe code.
#[allow(missing_docs, unsafe_code)]
mod bindings {
    use super::InAppChannel;

    spin_sdk::wit_bindgen::generate!({
        path: "../../wit/notify",
        world: "channel-provider",
        runtime_path: "::spin_sdk::wit_bindgen::rt",
        generate_all,
    });

    export!(InAppChannel with_types_in self);
}

struct InAppChannel;

impl Guest for InAppChannel {
    async fn describe() -> Result<Capabilities, String> {
        Ok(Capabilities {
            repeatable: true,
            public_key: None,
        })
    }

    async fn deliver(notification: Notification) -> Result<Receipt, DeliveryError> {
        let id: Uuid = notification.id.parse().map_err(|_| {
            DeliveryError::Permanent("the notification's id is not a UUID".to_owned())
        })?;
        let connection = connection().await.map_err(error)?;
        if !inbox::show(connection, id, Utc::now())
            .await
            .map_err(error)?
        {
            return Err(DeliveryError::Permanent("it was removed".to_owned()));
        }
        Ok(Receipt {
            reference: None,
            gone: Vec::new(),
        })
    }
}

/// The instance's connection; the notification service has migrated the database.
async fn connection() -> Result<&'static Connection, SqlError> {
    static CONNECTION: OnceLock<Connection> = OnceLock::new();
    if let Some(connection) = CONNECTION.get() {
        return Ok(connection);
    }
    let connection = spin::open(IN_APP_DATABASE).await?;
    Ok(CONNECTION.get_or_init(|| connection))
}

fn error(error: SqlError) -> DeliveryError {
    match error {
        SqlError::Unavailable(reason) => DeliveryError::Temporary((reason, None)),
        SqlError::Unique(reason) | SqlError::Internal(reason) => DeliveryError::Permanent(reason),
    }
}
