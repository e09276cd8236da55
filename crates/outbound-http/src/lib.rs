//! HTTP requests of components to providers: bounded in time and in what is read of the answer.
//!
//! Redirects are not followed: `wasi:http` answers them like any other status.

use std::fmt;
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{Either, select};
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt;
use spin_sdk::http::FullBody;
use spin_sdk::time::sleep;
use spin_sdk::wasip3::http::types::ErrorCode;

/// The longest that a request may take, its answer's body included.
pub const TIME_LIMIT: Duration = Duration::from_secs(10);
/// What is read of an answer's body, in bytes.
pub const MAX_BODY_BYTES: usize = 16 * 1024;

/// What a provider answered.
#[derive(Debug)]
pub struct Answer {
    /// Its status, redirects included.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// At most the first [`MAX_BODY_BYTES`] of its body; less if it broke off.
    pub body: Vec<u8>,
}

impl Answer {
    /// How many seconds the provider asks to wait: `Retry-After` (RFC 9110, section 10.2.3) where it is a
    /// number. A date is ignored, as the clocks may differ.
    pub fn retry_after(&self) -> Option<u32> {
        let value = self.headers.get(header::RETRY_AFTER)?;
        value.to_str().ok()?.trim().parse().ok()
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

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied => f.write_str("allowed_outbound_hosts does not allow the host"),
            Self::TimedOut => write!(f, "no answer within {} s", TIME_LIMIT.as_secs()),
            Self::Invalid => f.write_str("the request is invalid"),
            Self::Failed(code) => write!(f, "{code}"),
        }
    }
}

impl std::error::Error for SendError {}

impl From<ErrorCode> for SendError {
    fn from(code: ErrorCode) -> Self {
        match code {
            ErrorCode::HttpRequestDenied => Self::Denied,
            ErrorCode::HttpRequestUriInvalid | ErrorCode::HttpRequestMethodInvalid => Self::Invalid,
            ErrorCode::ConnectionTimeout | ErrorCode::HttpResponseTimeout => Self::TimedOut,
            code => Self::Failed(code),
        }
    }
}

/// Sends a request and waits for its answer.
///
/// # Errors
/// There was no answer. An error status is an [`Answer`].
pub async fn send(request: Request<impl Into<Bytes>>) -> Result<Answer, SendError> {
    let exchange = pin!(exchange(request.map(|body| FullBody::new(body.into()))));
    match select(exchange, pin!(sleep(TIME_LIMIT))).await {
        Either::Left((answer, _)) => answer,
        Either::Right(_) => Err(SendError::TimedOut),
    }
}

async fn exchange(request: Request<FullBody<Bytes>>) -> Result<Answer, SendError> {
    let response = spin_sdk::http::send(request).await?;
    let (parts, mut incoming) = response.into_parts();
    let mut body = Vec::new();
    // The status says what became of the request, so a body that breaks off changes nothing.
    while body.len() < MAX_BODY_BYTES
        && let Some(Ok(frame)) = incoming.frame().await
    {
        if let Ok(data) = frame.into_data() {
            let room = MAX_BODY_BYTES - body.len();
            body.extend(data.into_iter().take(room));
        }
    }
    Ok(Answer {
        status: parts.status,
        headers: parts.headers,
        body,
    })
}
