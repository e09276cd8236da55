//! What components share that hand something to a provider over HTTP: requests bounded in time and in what
//! is read of the answer, settings from variables, and texts that fit.
//!
//! Redirects are not followed: `wasi:http` answers them like any other status.

pub mod dapr;
mod text;
pub mod todo_api;

pub use text::{cut, single_line};

use std::fmt;
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{Either, select};
use http::{HeaderMap, HeaderValue, Request, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::Value;
use spin_sdk::http::FullBody;
use spin_sdk::time::sleep;
use spin_sdk::variables;
use spin_sdk::wasip3::http::types::ErrorCode;

/// The longest that a request may take, its answer's body included.
pub const TIME_LIMIT: Duration = Duration::from_secs(10);
/// What [`send`] reads of an answer's body, in bytes.
pub const MAX_BODY_BYTES: usize = 16 * 1024;
/// Longest [`Answer::code`].
const MAX_CODE_BYTES: usize = 128;

/// What a provider answered.
#[derive(Debug)]
pub struct Answer {
    /// Its status, redirects included.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// What was read of its body: less than there is if it was too long or broke off.
    pub body: Vec<u8>,
}

impl Answer {
    /// How many seconds the provider asks to wait: `Retry-After` (RFC 9110, section 10.2.3) where it is a
    /// number. A date is ignored, as the clocks may differ.
    pub fn retry_after(&self) -> Option<u32> {
        let value = self.headers.get(header::RETRY_AFTER)?;
        value.to_str().ok()?.trim().parse().ok()
    }

    /// A field of a JSON body that is a number or a name without spaces, like an error's code or a message's
    /// id. Sentences are left out, as providers quote addresses in them.
    pub fn code(&self, field: &str) -> Option<String> {
        let body: Value = serde_json::from_slice(&self.body).ok()?;
        let code = match body.get(field)? {
            Value::String(code) => code.clone(),
            Value::Number(code) => code.to_string(),
            _ => return None,
        };
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        (1..=MAX_CODE_BYTES)
            .contains(&code.len())
            .then_some(code)
            .filter(|code| code.chars().all(is_name))
    }
}

/// Why there is no answer. The texts name neither address nor content.
#[derive(Debug)]
pub enum SendError {
    /// The manifest's `allowed_outbound_hosts` does not allow the host.
    Denied,
    /// There was none within [`TIME_LIMIT`].
    TimedOut,
    /// The request cannot be sent at all.
    Invalid,
    /// There was no connection, or it broke.
    Failed(ErrorCode),
}

impl SendError {
    /// Whether the provider may have taken what was sent although it did not answer.
    pub fn may_have_arrived(&self) -> bool {
        match self {
            Self::TimedOut => true,
            Self::Denied | Self::Invalid => false,
            Self::Failed(code) => !matches!(
                code,
                ErrorCode::DnsTimeout
                    | ErrorCode::DnsError(_)
                    | ErrorCode::DestinationNotFound
                    | ErrorCode::DestinationUnavailable
                    | ErrorCode::DestinationIpProhibited
                    | ErrorCode::DestinationIpUnroutable
                    | ErrorCode::ConnectionRefused
                    | ErrorCode::ConnectionTimeout
                    | ErrorCode::ConnectionLimitReached
                    | ErrorCode::TlsProtocolError
                    | ErrorCode::TlsCertificateError
                    | ErrorCode::TlsAlertReceived(_)
            ),
        }
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied => f.write_str("allowed_outbound_hosts does not allow the host"),
            Self::TimedOut => write!(f, "no answer within {} s", TIME_LIMIT.as_secs()),
            Self::Invalid => f.write_str("the request is invalid"),
            Self::Failed(code) => {
                let code = code.to_string();
                f.write_str(code.strip_prefix("ErrorCode::").unwrap_or(&code))
            }
        }
    }
}

impl std::error::Error for SendError {}

impl From<ErrorCode> for SendError {
    fn from(code: ErrorCode) -> Self {
        match code {
            ErrorCode::HttpRequestDenied => Self::Denied,
            ErrorCode::HttpRequestUriInvalid | ErrorCode::HttpRequestMethodInvalid => Self::Invalid,
            ErrorCode::HttpResponseTimeout => Self::TimedOut,
            code => Self::Failed(code),
        }
    }
}

/// A variable's value; none where it is not declared or empty.
///
/// # Errors
/// Who provides variables failed; names the variable.
pub async fn setting(name: &str) -> Result<Option<String>, String> {
    match variables::get(name).await {
        Ok(value) => Ok(Some(value).filter(|value| !value.is_empty())),
        Err(variables::Error::Undefined(_)) => Ok(None),
        Err(error) => Err(format!("variable {name}: {error}")),
    }
}

/// A variable's value.
///
/// # Errors
/// As [`setting`], and where there is none; names the variable.
pub async fn required_setting(name: &str) -> Result<String, String> {
    let value = setting(name).await?;
    value.ok_or_else(|| format!("variable {name} is not set"))
}

/// A secret as the value of a header; the error is without it.
///
/// # Errors
/// It cannot be one; names the variable.
pub fn secret_header(name: &str, value: &str) -> Result<HeaderValue, String> {
    let mut header = HeaderValue::from_str(value)
        .map_err(|_| format!("{name} cannot be the value of a header"))?;
    header.set_sensitive(true);
    Ok(header)
}

/// Sends a request and waits for its answer.
///
/// # Errors
/// There was no answer. An error status is an [`Answer`].
pub async fn send(request: Request<impl Into<Bytes>>) -> Result<Answer, SendError> {
    send_and_read(request, MAX_BODY_BYTES).await
}

/// Sends a request, waits for its answer and reads at most `max_bytes` of its body.
///
/// # Errors
/// There was no answer. An error status is an [`Answer`].
pub async fn send_and_read(
    request: Request<impl Into<Bytes>>,
    max_bytes: usize,
) -> Result<Answer, SendError> {
    let (mut parts, body) = request.into_parts();
    let body: Bytes = body.into();
    // Not every server takes a body in chunks.
    parts
        .headers
        .insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    let request = Request::from_parts(parts, FullBody::new(body));
    let exchange = pin!(exchange(request, max_bytes));
    match select(exchange, pin!(sleep(TIME_LIMIT))).await {
        Either::Left((answer, _)) => answer,
        Either::Right(_) => Err(SendError::TimedOut),
    }
}

async fn exchange(
    request: Request<FullBody<Bytes>>,
    max_bytes: usize,
) -> Result<Answer, SendError> {
    let response = spin_sdk::http::send(request).await?;
    let (parts, mut incoming) = response.into_parts();
    let mut body = Vec::new();
    // The status says what became of the request, so a body that breaks off changes nothing.
    while body.len() < max_bytes
        && let Some(Ok(frame)) = incoming.frame().await
    {
        if let Ok(data) = frame.into_data() {
            let room = max_bytes - body.len();
            body.extend(data.into_iter().take(room));
        }
    }
    Ok(Answer {
        status: parts.status,
        headers: parts.headers,
        body,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(body: &str, retry_after: &str) -> Answer {
        let mut headers = HeaderMap::new();
        headers.insert(
            header::RETRY_AFTER,
            HeaderValue::from_str(retry_after).unwrap(),
        );
        Answer {
            status: StatusCode::OK,
            headers,
            body: body.into(),
        }
    }

    #[test]
    fn a_code_is_a_name_or_a_number() {
        for (body, code) in [
            (r#"{"code": "validation_error"}"#, Some("validation_error")),
            (r#"{"code": 21211}"#, Some("21211")),
            (r#"{"code": "to zoe@example.com"}"#, None),
            (r#"{"code": "+41791234567"}"#, None),
            (r#"{"code": ""}"#, None),
            (r#"{"code": ["a"]}"#, None),
            (r#"{"other": "a"}"#, None),
            ("{", None),
            ("", None),
        ] {
            assert_eq!(answer(body, "1").code("code").as_deref(), code, "{body}");
        }
        let long = format!(r#"{{"code": "{}"}}"#, "a".repeat(MAX_CODE_BYTES + 1));
        assert_eq!(answer(&long, "1").code("code"), None);
    }

    #[test]
    fn retry_after_is_a_number_of_seconds() {
        for (value, seconds) in [
            ("120", Some(120)),
            ("-1", None),
            ("99999999999", None),
            ("Fri, 31 Dec 1999 23:59:59 GMT", None),
        ] {
            assert_eq!(answer("", value).retry_after(), seconds, "{value}");
        }
    }

    #[test]
    fn only_a_connection_that_was_made_may_have_carried_the_request() {
        for code in [
            ErrorCode::ConnectionRefused,
            ErrorCode::ConnectionTimeout,
            ErrorCode::HttpRequestDenied,
        ] {
            assert!(!SendError::from(code).may_have_arrived());
        }
        for code in [
            ErrorCode::HttpResponseTimeout,
            ErrorCode::ConnectionTerminated,
            ErrorCode::HttpProtocolError,
        ] {
            assert!(SendError::from(code).may_have_arrived());
        }
    }
}
