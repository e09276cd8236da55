//! One email, over an HTTP mail API or a Dapr binding.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::{HeaderValue, Request, StatusCode, header};
use provider::dapr::Sidecar;
use provider::{Answer, SendError, secret_header, single_line};
use serde_json::json;
use spin_sdk::time::sleep;

use crate::bindings::exports::todo::notify::channel::{DeliveryError, Notification, Receipt};

/// The longest subject, in characters.
const MAX_SUBJECT_CHARS: usize = 200;
/// The longest address, in bytes (RFC 5321, section 4.5.3.1.3, without the angle brackets).
const MAX_ADDRESS_BYTES: usize = 254;
/// How often is looked whether a binding is free.
const PAUSE: Duration = Duration::from_millis(10);

/// Who takes the email.
pub enum Mailer {
    /// `POST {url}/emails` with JSON `{from, to, subject, text}`, a bearer token and an `Idempotency-Key`,
    /// answered with `{id}`: Resend's API.
    Api {
        /// The API's address, without a path.
        url: String,
        /// The bearer token.
        token: String,
        /// The sender.
        from: String,
    },
    /// Dapr's binding API with a component of type `bindings.smtp`.
    DaprBinding {
        /// The sidecar that has it.
        sidecar: Sidecar,
        /// The binding's name.
        binding: String,
        /// The sender, where it is not the binding's own.
        from: Option<String>,
    },
}

impl Mailer {
    /// Whether a repetition under the same id is sent once.
    pub fn is_idempotent(&self) -> bool {
        matches!(self, Self::Api { .. })
    }

    /// Hands over one email.
    pub async fn deliver(&self, notification: &Notification) -> Result<Receipt, DeliveryError> {
        let Some(address) = &notification.recipient.email else {
            return Err(DeliveryError::NotConfigured("the recipient's email".into()));
        };
        if !is_address(address) {
            let reason = "the recipient's email is not an address";
            return Err(DeliveryError::Permanent(reason.into()));
        }
        let request = self
            .request(address, notification)
            .map_err(DeliveryError::NotConfigured)?;
        // Dapr's binding writes each request into the settings that all share, so that two at once could send
        // one person's text to the other.
        let _turn = match self {
            Self::DaprBinding { .. } => Some(Turn::take().await),
            Self::Api { .. } => None,
        };
        match provider::send(request).await {
            Ok(answer) => self.outcome(&answer),
            Err(error) => Err(self.no_answer(&error)),
        }
    }

    /// The error names the variable that is wrong.
    fn request(
        &self,
        address: &str,
        notification: &Notification,
    ) -> Result<Request<Vec<u8>>, String> {
        let subject = match provider::cut(&single_line(&notification.title), MAX_SUBJECT_CHARS) {
            // The binding refuses an empty one.
            subject if subject.is_empty() => "Reminder".into(),
            subject => subject,
        };
        match self {
            Self::Api { url, token, from } => {
                let body = json!({"from": from, "to": [address], "subject": subject, "text": notification.body});
                let authorization = secret_header("mail_api_token", &format!("Bearer {token}"))?;
                let id = HeaderValue::from_str(&notification.id)
                    .map_err(|_| "the notification's id cannot be the value of a header")?;
                Request::post(format!("{}/emails", url.trim_end_matches('/')))
                    .header(header::CONTENT_TYPE, "application/json")
                    .header(header::AUTHORIZATION, authorization)
                    .header("idempotency-key", id)
                    .body(body.to_string().into_bytes())
                    .map_err(|_| "mail_api_url is no URL".into())
            }
            Self::DaprBinding {
                sidecar,
                binding,
                from,
            } => {
                let mut metadata = json!({"emailTo": address, "subject": subject});
                if let Some(from) = from {
                    metadata["emailFrom"] = json!(from);
                }
                sidecar.create(binding, metadata, &html(&notification.body))
            }
        }
    }

    /// Error messages quote addresses, so that only status and code are passed on.
    fn outcome(&self, answer: &Answer) -> Result<Receipt, DeliveryError> {
        let (name, error_field, token) = match self {
            Self::Api { .. } => ("mail API", "name", "mail_api_token"),
            Self::DaprBinding { .. } => ("Dapr", "errorCode", "dapr_api_token"),
        };
        let status = answer.status;
        if status.is_success() {
            return Ok(Receipt {
                reference: answer.code("id"),
                gone: Vec::new(),
            });
        }
        let code = answer.code(error_field);
        let mut reason = format!("{name}: {status}");
        if let Some(code) = &code {
            reason = format!("{reason}: {code}");
        }
        // Resend, while it handles the same notification: https://resend.com/docs/dashboard/emails/idempotency-keys
        let is_concurrent = code.as_deref() == Some("concurrent_idempotent_requests");
        Err(match status {
            StatusCode::UNAUTHORIZED => DeliveryError::NotConfigured(format!("{token}: {reason}")),
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS => {
                DeliveryError::Temporary((reason, answer.retry_after()))
            }
            status if status.is_server_error() || is_concurrent => {
                DeliveryError::Temporary((reason, answer.retry_after()))
            }
            _ => DeliveryError::Permanent(reason),
        })
    }

    /// A binding that may have sent the email is not asked again: it would send it twice.
    fn no_answer(&self, error: &SendError) -> DeliveryError {
        match error {
            SendError::Denied | SendError::Invalid => {
                DeliveryError::NotConfigured(error.to_string())
            }
            error if error.may_have_arrived() && !self.is_idempotent() => {
                DeliveryError::Permanent(format!("{error}; it may have been sent"))
            }
            error => DeliveryError::Temporary((error.to_string(), None)),
        }
    }
}

/// Held by who hands an email to a binding: one at a time in each instance.
struct Turn;

static IS_TAKEN: AtomicBool = AtomicBool::new(false);

impl Turn {
    /// Waits for it by looking again, as no task of an instance can wake another.
    async fn take() -> Self {
        while IS_TAKEN.swap(true, Ordering::Relaxed) {
            sleep(PAUSE).await;
        }
        Self
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        IS_TAKEN.store(false, Ordering::Relaxed);
    }
}

/// Whether a text is one address and nothing that a mail server reads as several, or as a header.
fn is_address(text: &str) -> bool {
    let is_forbidden = |c: char| {
        c.is_control() || c.is_whitespace() || matches!(c, ',' | ';' | ':' | '<' | '>' | '"')
    };
    text.len() <= MAX_ADDRESS_BYTES
        && !text.contains(is_forbidden)
        && text
            .rsplit_once('@')
            .is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty())
}

/// Plain text as HTML, which is what the binding sends.
fn html(text: &str) -> String {
    let mut html = String::from("<p>");
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '\n' => html.push_str("<br>"),
            // Dapr's binding reads the text as a Go literal, which has not all of JSON's escapes.
            c if c.is_control() => html.push(' '),
            c => html.push(c),
        }
    }
    html.push_str("</p>");
    html
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use serde_json::Value;

    use super::*;
    use crate::bindings::exports::todo::notify::channel::Notification;
    use crate::bindings::todo::notify::types::Recipient;

    fn api() -> Mailer {
        Mailer::Api {
            url: "https://api.example.com/".into(),
            token: "secret".into(),
            from: "Todo <todo@example.com>".into(),
        }
    }

    fn binding() -> Mailer {
        Mailer::DaprBinding {
            sidecar: Sidecar {
                url: "http://127.0.0.1:3500".into(),
                api_token: Some("secret".into()),
            },
            binding: "smtp".into(),
            from: None,
        }
    }

    fn notification() -> Notification {
        Notification {
            id: "3f1d".into(),
            recipient: Recipient {
                user_id: "u".into(),
                email: Some("zoe@example.com".into()),
                phone: None,
                push_subscriptions: Vec::new(),
            },
            title: "Pay rent\r\nBcc: all@example.com".into(),
            body: "Due <b>today</b> & late\nat 9 🦀".into(),
            task_id: None,
        }
    }

    fn body(request: &Request<Vec<u8>>) -> Value {
        serde_json::from_slice(request.body()).unwrap()
    }

    fn answer(status: u16, body: &str) -> Answer {
        let mut headers = HeaderMap::new();
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("7"));
        Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers,
            body: body.into(),
        }
    }

    #[test]
    fn the_mail_api_gets_plain_text_and_an_idempotency_key() {
        let request = api().request("zoe@example.com", &notification()).unwrap();
        assert_eq!(request.uri(), "https://api.example.com/emails");
        assert_eq!(request.headers()["authorization"], "Bearer secret");
        assert_eq!(request.headers()["idempotency-key"], "3f1d");
        assert_eq!(
            body(&request),
            json!({
                "from": "Todo <todo@example.com>",
                "to": ["zoe@example.com"],
                "subject": "Pay rent Bcc: all@example.com",
                "text": "Due <b>today</b> & late\nat 9 🦀",
            })
        );
    }

    #[test]
    fn the_binding_gets_html_that_shows_the_text_as_it_is() {
        let request = binding()
            .request("zoe@example.com", &notification())
            .unwrap();
        assert_eq!(request.uri(), "http://127.0.0.1:3500/v1.0/bindings/smtp");
        assert_eq!(request.headers()["dapr-api-token"], "secret");
        assert_eq!(
            body(&request),
            json!({
                "operation": "create",
                "metadata": {
                    "emailTo": "zoe@example.com",
                    "subject": "Pay rent Bcc: all@example.com",
                },
                "data": "<p>Due &lt;b&gt;today&lt;/b&gt; &amp; late<br>at 9 🦀</p>",
            })
        );
    }

    #[test]
    fn one_address_is_one_address() {
        for address in [
            "zoe@example.com",
            "o'neil+todo@sub.example.com",
            "用户@例子.广告",
        ] {
            assert!(is_address(address), "{address}");
        }
        for address in [
            "",
            "zoe",
            "@example.com",
            "zoe@",
            "a@example.com,b@example.com",
            "a@example.com;b@example.com",
            "a@example.com\r\nBcc: b@example.com",
            "Zoe <zoe@example.com>",
        ] {
            assert!(!is_address(address), "{address}");
        }
        assert!(!is_address(&format!("{}@example.com", "a".repeat(250))));
    }

    #[test]
    fn a_status_says_whether_to_come_again_and_no_reason_quotes_the_recipient() {
        let quoting = r#"{"name":"validation_error","message":"zoe@example.com is invalid"}"#;
        let receipt = api().outcome(&answer(200, r#"{"id":"49a3-x"}"#)).unwrap();
        assert_eq!(receipt.reference.as_deref(), Some("49a3-x"));
        assert!(binding().outcome(&answer(204, "")).is_ok());
        for status in [408, 425, 429, 500, 502, 503] {
            let error = api().outcome(&answer(status, quoting)).unwrap_err();
            let DeliveryError::Temporary((reason, Some(7))) = error else {
                panic!("{status}: {error:?}");
            };
            assert!(!reason.contains("zoe"), "{reason}");
        }
        for status in [301, 400, 403, 404, 409, 413, 422] {
            let error = api().outcome(&answer(status, quoting)).unwrap_err();
            let DeliveryError::Permanent(reason) = error else {
                panic!("{status}: {error:?}");
            };
            assert!(reason.ends_with(": validation_error"), "{reason}");
        }
        let concurrent = answer(409, r#"{"name":"concurrent_idempotent_requests"}"#);
        assert!(matches!(
            api().outcome(&concurrent),
            Err(DeliveryError::Temporary(_))
        ));
        assert!(
            matches!(api().outcome(&answer(401, "")), Err(DeliveryError::NotConfigured(reason)) if reason.contains("mail_api_token"))
        );
    }

    #[test]
    fn only_what_is_idempotent_is_asked_again_when_nobody_answers() {
        let lost = SendError::TimedOut;
        assert!(matches!(
            api().no_answer(&lost),
            DeliveryError::Temporary(_)
        ));
        assert!(matches!(
            binding().no_answer(&lost),
            DeliveryError::Permanent(_)
        ));
        assert!(matches!(
            binding().no_answer(&SendError::Denied),
            DeliveryError::NotConfigured(_)
        ));
    }
}
