//! Requests that the gateway makes to the application's components.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full, Limited};
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::Gateway;
use crate::engine::RequestContext;
use crate::trace::Trace;
use crate::triggers::http::CallError;

/// How often a request is made again where no instance took it, and how long that waits at first. Pushpin's.
const RETRIES: u32 = 5;
const RETRY_AFTER: Duration = Duration::from_secs(1);

impl Gateway {
    /// Has the component whose route matches answer `request`, whose URI is absolute, with a body of at most
    /// `most` bytes.
    pub async fn ask(
        &self,
        mut request: Request<Bytes>,
        client: SocketAddr,
        most: usize,
    ) -> Result<Response<Bytes>, CallError> {
        let permit = self.requests.acquire().await;
        let _permit = permit.map_err(|_| CallError::Failed)?;
        self.vouch(request.headers_mut());
        let deadline = Instant::now() + self.http.limits.request_time;
        let trace = Trace::of(request.headers());
        let context = Arc::new(RequestContext::new(trace, deadline, 0));
        let _cancel = CancellationToken::drop_guard(context.cancelled.clone());
        let request = request.map(|body| {
            let body = Full::new(body).map_err(|never| match never {});
            body.boxed_unsync()
        });
        let response = self.http.call(request, client, &context).await?;
        let (head, body) = response.into_parts();
        let body = timeout_at(deadline, Limited::new(body, most).collect()).await;
        let body = body.map_err(|_| CallError::TimedOut)?;
        let body = body.map_err(|error| {
            let correlation_id = &context.trace.correlation_id;
            tracing::warn!(
                correlation_id,
                "the component's answer to the gateway: {error}"
            );
            CallError::Failed
        })?;
        if context.broken.load(Ordering::Relaxed) {
            return Err(CallError::Failed);
        }
        Ok(Response::from_parts(head, body.to_bytes()))
    }
}

/// How long to wait before the request is made once more; none after the last time.
pub fn retry_after(retries: u32) -> Option<Duration> {
    (retries < RETRIES).then(|| RETRY_AFTER * 2_u32.pow(retries) + jitter())
}

/// Waits before the request is made once more. Whether it is to be.
pub async fn wait_to_retry(retries: &mut u32) -> bool {
    let Some(wait) = retry_after(*retries) else {
        return false;
    };
    *retries += 1;
    sleep(wait).await;
    true
}

/// Up to a second, so that not all come at the same time.
pub fn jitter() -> Duration {
    Duration::from_millis((Uuid::new_v4().as_u128() % 1000) as u64)
}
