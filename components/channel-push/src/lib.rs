//! Sends notifications by Web Push (RFC 8030): `todo:notify/channel` for the component it is composed into.
//!
//! | variable | is |
//! |---|---|
//! | `vapid_private_key` | the application server's private key: 32 bytes in base64url |
//! | `vapid_subject` | how push services reach the operator: a `mailto:` or `https:` URI |
//! | `push_private_origin` | an origin that may be pushed to although it is private or not `https`; absent or empty for none |

mod pusher;

use provider::{required_setting, setting};
use url::{Origin, Url};
use web_push::VapidKey;

use crate::bindings::exports::todo::notify::channel::{
    Capabilities, DeliveryError, Guest, Notification, Receipt,
};
use crate::pusher::Pusher;

/// The generated exports hold the ABI's unsafe code.
#[allow(missing_docs, unsafe_code)]
mod bindings {
    use super::PushChannel;

    spin_sdk::wit_bindgen::generate!({
        path: "../../wit/notify",
        world: "channel-provider",
        runtime_path: "::spin_sdk::wit_bindgen::rt",
        generate_all,
    });

    export!(PushChannel with_types_in self);
}

struct PushChannel;

impl Guest for PushChannel {
    async fn describe() -> Result<Capabilities, String> {
        let pusher = settings().await?;
        // A repetition has the same `Topic` and, shown, the same id: it takes the first one's place.
        Ok(Capabilities {
            repeatable: true,
            public_key: Some(pusher.key.public_key().to_owned()),
        })
    }

    async fn deliver(notification: Notification) -> Result<Receipt, DeliveryError> {
        let pusher = settings().await.map_err(DeliveryError::NotConfigured)?;
        pusher.deliver(&notification).await
    }
}

/// The error names the variable that is missing or wrong.
async fn settings() -> Result<Pusher, String> {
    let key = VapidKey::parse(&required_setting("vapid_private_key").await?)
        .map_err(|error| format!("variable vapid_private_key: {error}"))?;
    let subject = required_setting("vapid_subject").await?;
    if !["mailto:", "https:"]
        .iter()
        .any(|scheme| subject.starts_with(scheme))
    {
        return Err("variable vapid_subject is neither a mailto: nor an https: URI".into());
    }
    let private_origin = match setting("push_private_origin").await? {
        Some(origin) => {
            Some(origin_of(&origin).ok_or("variable push_private_origin is no origin")?)
        }
        None => None,
    };
    Ok(Pusher {
        key,
        subject,
        private_origin,
    })
}

fn origin_of(url: &str) -> Option<Origin> {
    let origin = Url::parse(url).ok()?.origin();
    origin.is_tuple().then_some(origin)
}
