//! A Dapr binding of type `bindings.twilio.sms`: `POST /v1.0/bindings/{name}`.

use http::{Request, StatusCode, header};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use provider::{Answer, SendError, secret_header};
use serde_json::json;

use crate::bindings::exports::todo::notify::channel::{DeliveryError, Notification, Receipt};
use crate::message::{self, may_have_been_sent};

/// What Dapr says where Twilio refused the message, before the status.
const REFUSED: &str = "error from Twilio (";
/// What it says where there is no such binding.
const UNKNOWN: &str = "couldn't find output binding";

/// A binding of a sidecar's.
pub struct Binding {
    /// The sidecar's address, without a path.
    pub url: String,
    /// The binding's name.
    pub name: String,
    /// Dapr's API token, where it wants one.
    pub api_token: Option<String>,
}

impl Binding {
    /// Hands over one message.
    pub async fn deliver(&self, notification: &Notification) -> Result<Receipt, DeliveryError> {
        let phone = message::phone(notification)?;
        let request = self
            .request(phone, notification)
            .map_err(DeliveryError::NotConfigured)?;
        match provider::send(request).await {
            Ok(answer) => outcome(&answer),
            Err(error) => Err(no_answer(&error)),
        }
    }

    /// The error names the variable that is wrong.
    fn request(
        &self,
        phone: &str,
        notification: &Notification,
    ) -> Result<Request<Vec<u8>>, String> {
        // Dapr reads the text as a Go literal, which has JSON's escapes of what is left here.
        let body = json!({
            "operation": "create",
            "metadata": {"toNumber": phone},
            "data": message::text(notification),
        });
        let mut request = Request::post(format!(
            "{}/v1.0/bindings/{}",
            self.url.trim_end_matches('/'),
            utf8_percent_encode(&self.name, NON_ALPHANUMERIC)
        ))
        .header(header::CONTENT_TYPE, "application/json")
        .body(body.to_string().into_bytes())
        .map_err(|_| "dapr_url is no URL")?;
        if let Some(token) = &self.api_token {
            let token = secret_header("dapr_api_token", token)?;
            request.headers_mut().insert("dapr-api-token", token);
        }
        Ok(request)
    }
}

/// Dapr answers 500 whatever Twilio said, with Twilio's status in the text; that is all of it that is passed on.
fn outcome(answer: &Answer) -> Result<Receipt, DeliveryError> {
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

fn no_answer(error: &SendError) -> DeliveryError {
    match error {
        SendError::Denied | SendError::Invalid => DeliveryError::NotConfigured(error.to_string()),
        error if error.may_have_arrived() => may_have_been_sent(&error.to_string()),
        error => DeliveryError::Temporary((error.to_string(), None)),
    }
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
            url: "http://127.0.0.1:3500/".into(),
            name: "sms".into(),
            api_token: Some("secret".into()),
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
        assert!(matches!(
            no_answer(&SendError::TimedOut),
            DeliveryError::Permanent(_)
        ));
    }
}
