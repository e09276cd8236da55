//! Sends notifications by SMS through Twilio: `todo:notify/channel` for the component it is composed into.
//!
//! A Dapr binding is used where `sms_binding` is set, else Twilio's API.
//!
//! | variable | is |
//! |---|---|
//! | `twilio_api_url` | the API's address, without a path: `https://api.twilio.com` |
//! | `twilio_account_sid` | the account: `AC…` |
//! | `twilio_auth_token` | its token |
//! | `twilio_from` | the sender: a number or name of the account, or a messaging service `MG…` |
//! | `sms_binding` | the name of a Dapr binding of type `bindings.twilio.sms`, which has account and sender |
//! | `dapr_url` | the sidecar's address, `http://127.0.0.1:3500` |
//! | `dapr_api_token` | Dapr's API token; absent or empty where it wants none |

mod binding;
mod message;
mod twilio;

use provider::dapr::Sidecar;
use provider::{required_setting, setting};

use crate::binding::Binding;
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
        let settings = settings().await.map_err(DeliveryError::NotConfigured)?;
        let phone = message::phone(&notification)?;
        let request = match &settings {
            Settings::Twilio(twilio) => twilio.request(phone, &notification),
            Settings::Binding(binding) => binding.request(phone, &notification),
        };
        let request = request.map_err(DeliveryError::NotConfigured)?;
        let answer = provider::send(request).await;
        let answer = answer.map_err(|error| message::no_answer(&error))?;
        match settings {
            Settings::Twilio(_) => twilio::outcome(&answer),
            Settings::Binding(_) => binding::outcome(&answer),
        }
    }
}

enum Settings {
    Twilio(Twilio),
    Binding(Binding),
}

/// The error names the variable that is missing.
async fn settings() -> Result<Settings, String> {
    if let Some(name) = setting("sms_binding").await? {
        return Ok(Settings::Binding(Binding {
            sidecar: Sidecar::from_settings().await?,
            name,
        }));
    }
    Ok(Settings::Twilio(Twilio {
        account_sid: required_setting("twilio_account_sid").await?,
        auth_token: required_setting("twilio_auth_token").await?,
        from: required_setting("twilio_from").await?,
        url: required_setting("twilio_api_url").await?,
    }))
}
