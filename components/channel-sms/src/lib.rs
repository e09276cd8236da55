//! Sends notifications by SMS through Twilio: `todo:notify/channel` for the component it is composed into.
//!
//! | variable | is |
//! |---|---|
//! | `twilio_api_url` | the API's address, without a path: `https://api.twilio.com` |
//! | `twilio_account_sid` | the account: `AC…` |
//! | `twilio_auth_token` | its token |
//! | `twilio_from` | the sender: a number or name of the account, or a messaging service `MG…` |

mod twilio;

use crate::bindings::exports::todo::notify::channel::{
    Capabilities, DeliveryError, Guest, Notification, Receipt,
};
use crate::twilio::Twilio;

/// The generated exports hold the ABI's unsafe code.
#[allow(missing_docs, unsafe_code)]
mod bindings {
    use super::SmsChannel;

    spin_sdk::wit_bindgen::generate!({
        path: "../../wit/notify",
        world: "channel-provider",
        runtime_path: "::spin_sdk::wit_bindgen::rt",
        generate_all,
    });

    export!(SmsChannel with_types_in self);
}

struct SmsChannel;

impl Guest for SmsChannel {
    async fn describe() -> Result<Capabilities, String> {
        settings().await?;
        // Twilio's Messages API knows no idempotency key.
        Ok(Capabilities {
            repeatable: false,
            public_key: None,
        })
    }

    async fn deliver(notification: Notification) -> Result<Receipt, DeliveryError> {
        let twilio = settings().await.map_err(DeliveryError::NotConfigured)?;
        twilio.deliver(&notification).await
    }
}

/// The error names the variable that is missing.
async fn settings() -> Result<Twilio, String> {
    let required = async |name: &str| {
        let value = provider::setting(name).await?;
        value.ok_or_else(|| format!("variable {name} is not set"))
    };
    Ok(Twilio {
        account_sid: required("twilio_account_sid").await?,
        auth_token: required("twilio_auth_token").await?,
        from: required("twilio_from").await?,
        url: required("twilio_api_url").await?,
    })
}
