//! A response that waits for something to be published, for long polling.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderName, Response};
use http_body_util::{BodyExt as _, Full, Limited};
use tokio::time::{Instant, sleep_until};
use wasmtime_wasi_http::WasiBody;

use super::Held;
use crate::gateway::Gateway;
use crate::gateway::channels::{Format, Subscription};
use crate::gateway::instruct::{self, Instruct};
use crate::gateway::item::HttpResponse;
use crate::triggers::http::refusal;

/// The most bytes of a body that is held. Pushpin's.
const MAX_BODY: usize = 100_000;

/// Waits for the first item of the channels, which is the answer; else `response` is, after the time that
/// `instruct` says, or at once where something was missed.
pub async fn hold(
    gateway: &Arc<Gateway>,
    instruct: &Instruct,
    response: Response<WasiBody>,
    mut held: Held,
) -> Response<WasiBody> {
    let until = Instant::now() + instruct.timeout;
    let (mut head, body) = response.into_parts();
    // Read to its end, which frees the instance that answered.
    let body = match Limited::new(body, MAX_BODY).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) => {
            held.end = format!("the component's answer: {error}");
            let detail = "The service's answer is not understood";
            return refusal(http::StatusCode::BAD_GATEWAY, detail, &held.trace);
        }
    };
    let mut subscription = Subscription::new(&gateway.channels, Format::HttpResponse);
    let missed = subscription.replace(&instruct.channels);
    let published = if missed {
        held.end = "something was missed".into();
        None
    } else {
        loop {
            if let Some(item) = subscription.outbox.pop() {
                held.end = "published".into();
                break item.http_response.clone();
            }
            tokio::select! {
                () = subscription.outbox.wake.notified() => {}
                () = sleep_until(until) => {
                    held.end = "timeout".into();
                    break None;
                }
                () = gateway.stopping.cancelled() => {
                    held.end = "the server stops".into();
                    break None;
                }
            }
        }
    };
    let Some(HttpResponse::Send {
        status,
        headers,
        body,
    }) = published
    else {
        return Response::from_parts(head, full(body));
    };
    held.items = 1;
    head.status = status;
    let names: Vec<&HeaderName> = headers.keys().collect();
    for name in names {
        head.headers.remove(name);
    }
    for (name, value) in &headers {
        let is_ours = matches!(
            name.as_str(),
            "content-length" | "connection" | "transfer-encoding"
        );
        if !is_ours && !instruct::is_instruction(name.as_str()) {
            head.headers.append(name, value.clone());
        }
    }
    Response::from_parts(head, full(body))
}

fn full(body: Bytes) -> WasiBody {
    Full::new(body)
        .map_err(|never| match never {})
        .boxed_unsync()
}
