//! Bodies on their way through the host: requests are bounded, answers are watched to their end.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use wasmtime_wasi_http::{Error, WasiBody};

use crate::engine::RequestContext;

/// How long the rest of a body that nobody read is taken in, so that the client, still sending,
/// gets to see the answer.
const DRAIN_TIME: Duration = Duration::from_secs(5);

/// A request body of at most so many bytes.
struct BoundedBody {
    body: Option<Incoming>,
    left: u64,
    context: Arc<RequestContext>,
}

/// `body`, which fails with `HTTP-request-body-size` after `limit` bytes.
pub fn bounded(body: Incoming, limit: u64, context: Arc<RequestContext>) -> WasiBody {
    BoundedBody {
        body: Some(body),
        left: limit,
        context,
    }
    .boxed_unsync()
}

impl Body for BoundedBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = self.get_mut();
        let Some(body) = &mut this.body else {
            return Poll::Ready(None);
        };
        let frame = match ready!(Pin::new(body).poll_frame(cx)) {
            Some(Ok(frame)) => frame,
            Some(Err(error)) => {
                this.body = None;
                return Poll::Ready(Some(Err(error.into())));
            }
            None => {
                this.body = None;
                return Poll::Ready(None);
            }
        };
        let length = frame.data_ref().map_or(0, |data| data.len() as u64);
        if length > this.left {
            this.context.too_large.store(true, Ordering::Relaxed);
            this.left = 0;
            if let Some(body) = this.body.take() {
                drain(body);
            }
            return Poll::Ready(Some(Err(Error::HttpRequestBodySize(None))));
        }
        this.left -= length;
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body
            .as_ref()
            .map_or(SizeHint::with_exact(0), Body::size_hint)
    }
}

impl Drop for BoundedBody {
    fn drop(&mut self) {
        if let Some(body) = self.body.take() {
            drain(body);
        }
    }
}

/// Reads the rest of `body` in the background, for a while, and throws it away.
pub fn drain(mut body: Incoming) {
    if body.is_end_stream() {
        return;
    }
    if let Ok(runtime) = tokio::runtime::Handle::try_current() {
        runtime.spawn(tokio::time::timeout(DRAIN_TIME, async move {
            while let Some(Ok(_)) = body.frame().await {}
        }));
    }
}

/// An answer's body; `done` is dropped when it has been sent or nobody wants it any more.
pub struct WatchedBody<D> {
    body: WasiBody,
    done: D,
}

impl<D: BodyEnd> WatchedBody<D> {
    /// `body`, at the end of which `done` is dropped.
    pub fn new(body: WasiBody, done: D) -> Self {
        Self { body, done }
    }
}

/// What happens when an answer's body is over.
pub trait BodyEnd: Unpin {
    /// Why the answer is not whole, though its body seems to go on or end well.
    fn broken(&self) -> Option<Error>;
    /// The body broke off.
    fn failed(&mut self, error: &Error);
}

impl<D: BodyEnd> Body for WatchedBody<D> {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = self.get_mut();
        let mut frame = ready!(Pin::new(&mut this.body).poll_frame(cx));
        if let Some(error) = this.done.broken() {
            frame = Some(Err(error));
        }
        if let Some(Err(error)) = &frame {
            this.done.failed(error);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
