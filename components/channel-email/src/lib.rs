//! Sends notifications by email: `todo:notify/channel` for the component it is composed into.
//!
//! An HTTP mail API is used where `mail_api_url` is set, else SMTP through a Dapr binding.
//!
//! | variable | is |
//! |---|---|
//! | `mail_api_url` | the API's address, without a path: `https://api.resend.com` |
//! | `mail_api_token` | its bearer token |
//! | `mail_from` | the sender; with a Dapr binding absent or empty where the binding has one |
//! | `mail_binding` | the name of a Dapr binding of type `bindings.smtp` |
//! | `dapr_url` | the sidecar's address, `http://127.0.0.1:3500` |
//! | `dapr_api_token` | Dapr's API token; absent or empty where it wants none |

mod mailer;

use provider::dapr::Sidecar;
use provider::{required_setting, setting};

use crate::bindings::exports::todo::notify::channel::{
    Capabilities, DeliveryError, Guest, Notification, Receipt,
};
use crate::mailer::Mailer;

/// The generated exports hold the ABI's unsafe code.
#[allow(missing_docs, unsafe_code)]
mod bindings {
    use super::EmailChannel;

    spin_sdk::wit_bindgen::generate!({
        path: "../../wit/notify",
        world: "channel-provider",
        runtime_path: "::spin_sdk::wit_bindgen::rt",
        generate_all,
    });

    export!(EmailChannel with_types_in self);
}

struct EmailChannel;

impl Guest for EmailChannel {
    async fn describe() -> Result<Capabilities, String> {
        Ok(Capabilities {
            repeatable: settings().await?.is_idempotent(),
            public_key: None,
        })
    }

    async fn deliver(notification: Notification) -> Result<Receipt, DeliveryError> {
        let mailer = settings().await.map_err(DeliveryError::NotConfigured)?;
        mailer.deliver(&notification).await
    }
}

/// The error names the variable that is missing.
async fn settings() -> Result<Mailer, String> {
    if let Some(url) = setting("mail_api_url").await? {
        return Ok(Mailer::Api {
            url,
            token: required_setting("mail_api_token").await?,
            from: required_setting("mail_from").await?,
        });
    }
    let Some(binding) = setting("mail_binding").await? else {
        return Err("neither variable mail_api_url nor mail_binding is set".into());
    };
    Ok(Mailer::DaprBinding {
        sidecar: Sidecar::from_settings().await?,
        binding,
        from: setting("mail_from").await?,
    })
}
