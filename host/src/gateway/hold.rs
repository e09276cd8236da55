//! Answers that are held: streams to which what is published is added, and responses that wait for it.

mod response;
mod stream;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use http::header::{CONTENT_LENGTH, HOST};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Uri};
use hyper::body::Incoming;
use tokio::sync::OwnedSemaphorePermit;
use wasmtime_wasi_http::WasiBody;

use super::instruct::{self, Hold};
use super::{Gateway, full};
use crate::trace::{CORRELATION_ID, Trace};
use crate::triggers::http::{absolute_uri, refusal};

/// What was asked of the component whose answer is held.
pub struct Asked {
    uri: Uri,
    host: Option<HeaderValue>,
    client: SocketAddr,
}

impl Asked {
    /// What is kept of a request.
    pub fn of(request: &Request<Incoming>, client: SocketAddr) -> Self {
        Self {
            uri: request.uri().clone(),
            host: request.headers().get(HOST).cloned(),
            client,
        }
    }
}

/// Whether an answer says anything to the gateway.
pub fn has_instructions(headers: &HeaderMap) -> bool {
    headers
        .keys()
        .any(|name| instruct::is_instruction(name.as_str()))
}

/// Does what the answer says.
pub async fn follow(
    gateway: &Arc<Gateway>,
    asked: Asked,
    mut response: Response<WasiBody>,
) -> Response<WasiBody> {
    let correlation_id = response.headers().get(CORRELATION_ID);
    let correlation_id = correlation_id.and_then(|value| value.to_str().ok());
    let trace = Trace::continuing(None, correlation_id);
    let wrong = |why: &str| {
        tracing::error!(
            path = asked.uri.path(),
            correlation_id = trace.correlation_id,
            "the component's instructions to the gateway: {why}"
        );
        let detail = "The service's answer is not understood";
        refusal(StatusCode::BAD_GATEWAY, detail, &trace)
    };
    let instruct = match instruct::take(response.headers_mut()) {
        Ok(instruct) => instruct,
        Err(why) => return wrong(&why),
    };
    if let Some(status) = instruct.status {
        *response.status_mut() = status;
    }
    if instruct.hold == Hold::No && instruct.next.is_none() {
        return response;
    }
    let Some(uri) = absolute_uri(&asked.uri, asked.host.as_ref()) else {
        return wrong("the request names no host");
    };
    let Some(permit) = gateway.hold() else {
        return full(&trace);
    };
    let held = Held {
        kind: if instruct.hold == Hold::Response {
            "response"
        } else {
            "stream"
        },
        path: uri.path().to_owned(),
        client: asked.client,
        trace,
        opened: Instant::now(),
        items: 0,
        end: "the client went away".to_owned(),
        _permit: permit,
    };
    held.opened();
    response.headers_mut().remove(CONTENT_LENGTH);
    if instruct.hold == Hold::Response {
        response::hold(gateway, &instruct, response, held).await
    } else {
        stream::hold(gateway, uri, instruct, response, held)
    }
}

/// A held answer in the log: one line when it begins, one when it ends.
struct Held {
    kind: &'static str,
    path: String,
    client: SocketAddr,
    trace: Trace,
    opened: Instant,
    /// How many published items the client got.
    items: u64,
    /// Why it ended.
    end: String,
    _permit: OwnedSemaphorePermit,
}

impl Held {
    fn opened(&self) {
        tracing::info!(
            path = self.path,
            client = %self.client,
            correlation_id = self.trace.correlation_id,
            "{} held",
            self.kind
        );
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        tracing::info!(
            path = self.path,
            client = %self.client,
            correlation_id = self.trace.correlation_id,
            reason = self.end,
            seconds = self.opened.elapsed().as_secs(),
            sent = self.items,
            "held {} ended",
            self.kind
        );
    }
}
