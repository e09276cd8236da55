//! A Dapr binding of type `bindings.twilio.sms`: `POST /v1.0/bindings/{name}`.

use http::{Request, StatusCode};
use provider::Answer;
use provider::dapr::Sidecar;
use serde_json::json;

use crate::bindings::exports::todo::notify::channel::{DeliveryError, Notification, Receipt};
use crate::message::{self, may_have_been_sent};

/// What Dapr says where Twilio refused the message, before the status.
const REFUSED: &str = "error from Twilio (";
/// What it says where there is no such binding.
const UNKNOWN: &str = "couldn't find output binding";

/// A binding of a sidecar's.
pub struct Binding {
    /// The sidecar.
    pub sidecar: Sidecar,
    /// The binding's name.
    pub name: String,
}

impl Binding {
    /// The request that sends a message; the error names the variable that is wrong.
    pub fn request(
        &self,
        phone: &str,
        notification: &Notification,
    ) -> Result<Request<Vec<u8>>, String> {
        // Dapr reads the text as a Go literal, which has JSON's escapes of what is left here.
        let text = message::text(notification);
        self.sidecar
            .create(&self.name, json!({"toNumber": phone}), &text)
    }
}

/// Dapr answers 500 whatever Twilio said, with Twilio's status in the text; that is all of it that is passed on.
pub fn outcome(answer: &Answer) -> Result<Receipt, DeliveryError> {
    let status = answer.status;
    if status.is_success() {
        return Ok(Receipt {
            reference: None,
            gone: Vec::new(),
        });
    }
    let reason = format!("Dapr: {status}");
    let message = String::from_utf8_lossy(&answer.body);
    let twilio = message
        .split_once(REFUSED)
        .and_then(|(_, rest)| rest.get(..3)?.parse::<u16>().ok());
    Err(match (status, twilio) {
        (StatusCode::UNAUTHORIZED, _) => {
            DeliveryError::NotConfigured(format!("dapr_api_token: {reason}"))
        }
        (_, Some(429)) => DeliveryError::Temporary(("Twilio: 429".into(), answer.retry_after())),
        (_, Some(refused)) if refused < 500 => {
            DeliveryError::Permanent(format!("Twilio: {refused}"))
        }
        _ if message.contains(UNKNOWN) => {
            DeliveryError::NotConfigured("Dapr has no binding of the name in sms_binding".into())
        }
        (status, None) if status.is_client_error() => DeliveryError::Permanent(reason),
        _ => may_have_been_sent(&reason),
    })
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use serde_json::Value;

    use super::*;
    use crate::message::tests::notification;

    #[test]
    fn the_binding_gets_the_number_and_the_text() {
        let binding = Binding {
            sidecar: Sidecar {
                url: "http://127.0.0.1:3500/".into(),
                api_token: Some("secret".into()),
            },
            name: "sms".into(),
        };
        let request = binding
            .request("+41791234567", &notification("Due \"today\" ü"))
            .unwrap();
        assert_eq!(request.uri(), "http://127.0.0.1:3500/v1.0/bindings/sms");
        assert_eq!(request.headers()["dapr-api-token"], "secret");
        let body: Value = serde_json::from_slice(request.body()).unwrap();
        assert_eq!(
            body,
            json!({
                "operation": "create",
                "metadata": {"toNumber": "+41791234567"},
                "data": "Pay rent & more\nDue \"today\" ü",
            })
        );
    }

    #[test]
    fn what_may_have_been_sent_is_never_repeated_and_no_reason_quotes_the_recipient() {
        for (status, told, kind) in [
            (204, "", "sent"),
            (401, "", "not configured"),
            (404, "", "permanent"),
            (500, "error from Twilio (400): 400 Bad Request", "permanent"),
            (500, "error from Twilio (429): 429", "temporary"),
            (500, "error from Twilio (503): 503", "may have been sent"),
            (500, "Post \"https://…\": timeout", "may have been sent"),
            (500, "couldn't find output binding sms", "not configured"),
        ] {
            let answer = Answer {
                status: StatusCode::from_u16(status).unwrap(),
                headers: HeaderMap::new(),
                body: json!({"message": format!("to +41791234567: {told}")})
                    .to_string()
                    .into(),
            };
            let (is, reason) = match outcome(&answer) {
                Ok(_) => ("sent", String::new()),
                Err(DeliveryError::Temporary((reason, _))) => ("temporary", reason),
                Err(DeliveryError::NotConfigured(reason)) => ("not configured", reason),
                Err(DeliveryError::Permanent(reason)) => {
                    let sent = reason.ends_with("it may have been sent");
                    let kind = if sent {
                        "may have been sent"
                    } else {
                        "permanent"
                    };
                    (kind, reason)
                }
                Err(other) => panic!("{other:?}"),
            };
            assert_eq!(is, kind, "{status} {told}");
            assert!(!reason.contains("4179"), "{reason}");
        }
    }
}
