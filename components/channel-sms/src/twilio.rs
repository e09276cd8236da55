//! Twilio's Messages API: `POST /2010-04-01/Accounts/{sid}/Messages.json`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{Request, StatusCode, header};
use provider::{Answer, secret_header};

use crate::bindings::exports::todo::notify::channel::{DeliveryError, Notification, Receipt};
use crate::message::{self, may_have_been_sent};

/// What the id of a messaging service starts with.
const MESSAGING_SERVICE_PREFIX: &str = "MG";
/// Codes of errors that pass: too many requests, a full queue, a full queue of the sender's.
/// <https://www.twilio.com/docs/api/errors>
const TEMPORARY_CODES: [&str; 3] = ["20429", "30001", "21611"];

/// An account at Twilio.
pub struct Twilio {
    /// The API's address, without a path.
    pub url: String,
    /// The account's id.
    pub account_sid: String,
    /// Its token.
    pub auth_token: String,
    /// A number, a name or a messaging service.
    pub from: String,
}

impl Twilio {
    /// The request that sends a message; the error names the variable that is wrong.
    pub fn request(
        &self,
        phone: &str,
        notification: &Notification,
    ) -> Result<Request<Vec<u8>>, String> {
        if !self.account_sid.chars().all(|c| c.is_ascii_alphanumeric()) {
            return Err("twilio_account_sid is not one".into());
        }
        let sender = if self.from.starts_with(MESSAGING_SERVICE_PREFIX) {
            "MessagingServiceSid"
        } else {
            "From"
        };
        let body = form_urlencoded::Serializer::new(String::new())
            .append_pair("To", phone)
            .append_pair(sender, &self.from)
            .append_pair("Body", &message::text(notification))
            .finish();
        let credentials = STANDARD.encode(format!("{}:{}", self.account_sid, self.auth_token));
        let authorization = secret_header("twilio_auth_token", &format!("Basic {credentials}"))?;
        Request::post(format!(
            "{}/2010-04-01/Accounts/{}/Messages.json",
            self.url.trim_end_matches('/'),
            self.account_sid
        ))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::AUTHORIZATION, authorization)
        .body(body.into_bytes())
        .map_err(|_| "twilio_api_url is no URL".into())
    }
}

/// Error messages quote the recipient's number, so that only status and code are passed on.
pub fn outcome(answer: &Answer) -> Result<Receipt, DeliveryError> {
    let status = answer.status;
    if status.is_success() {
        return Ok(Receipt {
            reference: answer.code("sid"),
            gone: Vec::new(),
        });
    }
    let code = answer.code("code");
    let mut reason = format!("Twilio: {status}");
    if let Some(code) = &code {
        reason = format!("{reason}: error {code}");
    }
    let may_pass = code
        .as_deref()
        .is_some_and(|code| TEMPORARY_CODES.contains(&code));
    Err(match status {
        StatusCode::UNAUTHORIZED => {
            DeliveryError::NotConfigured(format!("twilio_auth_token: {reason}"))
        }
        StatusCode::REQUEST_TIMEOUT
        | StatusCode::TOO_MANY_REQUESTS
        | StatusCode::SERVICE_UNAVAILABLE => {
            DeliveryError::Temporary((reason, answer.retry_after()))
        }
        _ if may_pass => DeliveryError::Temporary((reason, answer.retry_after())),
        status if status.is_server_error() => may_have_been_sent(&reason),
        _ => DeliveryError::Permanent(reason),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use http::{HeaderMap, HeaderValue};
    use serde_json::json;

    use super::*;
    use crate::message::MAX_TEXT_CHARS;
    use crate::message::tests::notification;

    fn twilio(from: &str) -> Twilio {
        Twilio {
            url: "https://api.twilio.com".into(),
            account_sid: "AC123".into(),
            auth_token: "secret".into(),
            from: from.into(),
        }
    }

    fn answer(status: u16, code: u32) -> Answer {
        let mut headers = HeaderMap::new();
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("7"));
        let body = json!({"code": code, "message": "The 'To' number +41791234567 is not valid"});
        Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers,
            body: body.to_string().into(),
        }
    }

    #[test]
    fn a_message_is_a_form_with_basic_authentication() {
        let request = twilio("+15005550006")
            .request("+41791234567", &notification("Due today, 9 Uhr ü"))
            .unwrap();
        assert_eq!(
            request.uri(),
            "https://api.twilio.com/2010-04-01/Accounts/AC123/Messages.json"
        );
        // AC123:secret
        assert_eq!(request.headers()["authorization"], "Basic QUMxMjM6c2VjcmV0");
        let form: HashMap<_, _> = form_urlencoded::parse(request.body()).collect();
        assert_eq!(form["To"], "+41791234567");
        assert_eq!(form["From"], "+15005550006");
        assert_eq!(form["Body"], "Pay rent & more\nDue today, 9 Uhr ü");
        assert_eq!(form.len(), 3);
    }

    #[test]
    fn a_messaging_service_is_named_as_such_and_a_long_text_cut() {
        let request = twilio("MG0123")
            .request("+41791234567", &notification(&"ü".repeat(1000)))
            .unwrap();
        let form: HashMap<_, _> = form_urlencoded::parse(request.body()).collect();
        assert_eq!(form["MessagingServiceSid"], "MG0123");
        assert!(!form.contains_key("From"));
        assert_eq!(form["Body"].chars().count(), MAX_TEXT_CHARS);
        assert!(form["Body"].ends_with("ü..."));
    }

    #[test]
    fn an_account_is_no_path() {
        let mut other = twilio("+15005550006");
        other.account_sid = "AC1/../x?".into();
        let error = other
            .request("+41791234567", &notification(""))
            .unwrap_err();
        assert!(error.contains("twilio_account_sid"), "{error}");
    }

    #[test]
    fn what_may_have_been_sent_is_never_repeated_and_no_reason_quotes_the_recipient() {
        for (status, code, kind) in [
            (400, 21211, "permanent"),
            (400, 21610, "permanent"),
            (403, 20003, "permanent"),
            (404, 20404, "permanent"),
            (302, 0, "permanent"),
            (401, 20003, "not configured"),
            (429, 20429, "temporary"),
            (503, 0, "temporary"),
            (400, 21611, "temporary"),
            (500, 20500, "may have been sent"),
            (502, 0, "may have been sent"),
            (504, 0, "may have been sent"),
        ] {
            let (is, reason) = match outcome(&answer(status, code)).unwrap_err() {
                DeliveryError::Temporary((reason, Some(7))) => ("temporary", reason),
                DeliveryError::NotConfigured(reason) => ("not configured", reason),
                DeliveryError::Permanent(reason) if reason.ends_with("it may have been sent") => {
                    ("may have been sent", reason)
                }
                DeliveryError::Permanent(reason) => ("permanent", reason),
                other => panic!("{other:?}"),
            };
            assert_eq!(is, kind, "{status} {code}");
            assert!(!reason.contains("4179"), "{reason}");
        }
    }

    #[test]
    fn a_message_that_was_taken_has_its_id() {
        let answer = Answer {
            status: StatusCode::CREATED,
            headers: HeaderMap::new(),
            body: r#"{"sid": "SM0123", "status": "queued"}"#.into(),
        };
        let receipt = outcome(&answer).unwrap();
        assert_eq!(receipt.reference.as_deref(), Some("SM0123"));
    }
}
