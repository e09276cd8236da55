//! The GRIP gateway in front of the HTTP trigger (<https://pushpin.org/docs/protocols/grip/>): it holds WebSockets
//! and streams, and components see plain requests. What it does is what Pushpin does.

mod channels;
mod control;
pub mod endpoint;
mod events;
mod hold;
mod instruct;
mod item;
mod parameters;
mod requests;
mod signature;
mod websocket;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode};
use hyper::body::Incoming;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use wasmtime_wasi_http::WasiBody;

use crate::trace::Trace;
use crate::triggers::http::{HttpApp, refusal};
use channels::Channels;
use signature::{GRIP_SIG, Signer};

/// What this gateway can do, as Pushpin names it.
const GRIP_FEATURE: HeaderName = HeaderName::from_static("grip-feature");
const FEATURES: HeaderValue = HeaderValue::from_static("status, link:next");
const CONNECTION_ID: &str = "connection-id";
const META: &str = "meta-";
/// How often the channels are tidied up.
const TIDY: Duration = Duration::from_secs(1);

/// What the gateway may take.
#[derive(Debug, Clone, Copy)]
pub struct GatewayLimits {
    /// WebSockets, streams and responses held at the same time.
    pub held: usize,
    /// Requests of the gateway's own at the same time; further ones wait.
    pub requests: usize,
    /// How long a WebSocket may be silent until its client is pinged, and after that until it is given up.
    pub ping: Duration,
}

/// The gateway.
pub struct Gateway {
    http: Arc<HttpApp>,
    /// What is published to.
    pub channels: Arc<Channels>,
    signer: Option<Signer>,
    held: Arc<Semaphore>,
    requests: Arc<Semaphore>,
    ping: Duration,
    stopping: CancellationToken,
    websockets: TaskTracker,
}

impl Gateway {
    /// A gateway in front of `http`, which signs with `key` unless that is empty.
    pub fn new(http: Arc<HttpApp>, key: &str, limits: GatewayLimits) -> Arc<Self> {
        Arc::new(Self {
            http,
            channels: Arc::default(),
            signer: Signer::new(key),
            held: Arc::new(Semaphore::new(limits.held)),
            requests: Arc::new(Semaphore::new(limits.requests)),
            ping: limits.ping,
            stopping: CancellationToken::new(),
            websockets: TaskTracker::new(),
        })
    }

    /// Answers a request from outside. `permit` is none when too many are being handled.
    pub async fn answer(
        self: Arc<Self>,
        mut request: Request<Incoming>,
        client: SocketAddr,
        permit: Option<OwnedSemaphorePermit>,
    ) -> Response<WasiBody> {
        let signer = self.signer.as_ref();
        let from_gateway = signer.is_some_and(|signer| signer.verifies(request.headers()));
        if !from_gateway {
            let headers = request.headers_mut();
            disown(headers);
            // What looks like a request about a WebSocket is a client's own, and no gateway vouches for it.
            let is_events = headers.get(CONTENT_TYPE).is_some_and(is_events);
            if !is_events {
                self.vouch(headers);
            }
        }
        if websocket::is_upgrade(&request) {
            return websocket::open(&self, request, client, permit, from_gateway).await;
        }
        let asked = hold::Asked::of(&request, client);
        let response = self.http.answer(request, client, permit).await;
        if from_gateway || !hold::has_instructions(response.headers()) {
            return response;
        }
        hold::follow(&self, asked, response).await
    }

    /// Marks a request as the gateway's.
    fn vouch(&self, headers: &mut HeaderMap) {
        if let Some(signature) = self.signer.as_ref().and_then(Signer::sign) {
            headers.insert(GRIP_SIG, signature);
        }
        headers.insert(GRIP_FEATURE, FEATURES);
    }

    /// A place among the connections that are held.
    fn hold(&self) -> Option<OwnedSemaphorePermit> {
        self.held.clone().try_acquire_owned().ok()
    }

    /// Lets go of what is old, until `stop`.
    pub async fn tidy(self: Arc<Self>, stop: CancellationToken) {
        let mut ticks = tokio::time::interval(TIDY);
        while stop.run_until_cancelled(ticks.tick()).await.is_some() {
            self.channels.tidy(Instant::now());
        }
    }

    /// Ends everything that is held, and waits for that at most `limit`.
    pub async fn stop(&self, limit: Duration) {
        self.stopping.cancel();
        self.websockets.close();
        if tokio::time::timeout(limit, self.websockets.wait())
            .await
            .is_err()
        {
            let left = self.websockets.len();
            tracing::warn!("{left} WebSockets did not end in {} s", limit.as_secs());
        }
    }
}

/// The answer where [`Gateway::hold`] has no place.
fn full(trace: &Trace) -> Response<WasiBody> {
    let detail = "Too many connections are being held";
    refusal(StatusCode::SERVICE_UNAVAILABLE, detail, trace)
}

fn is_events(content_type: &HeaderValue) -> bool {
    let text = content_type.to_str().unwrap_or_default();
    let media_type = text.split(';').next().unwrap_or_default();
    media_type.trim().eq_ignore_ascii_case(events::CONTENT_TYPE)
}

/// Removes what only a gateway may say.
fn disown(headers: &mut HeaderMap) {
    let is_claim = |name: &&HeaderName| {
        let name = name.as_str();
        instruct::is_instruction(name) || name.starts_with(META) || name == CONNECTION_ID
    };
    let claims: Vec<HeaderName> = headers.keys().filter(is_claim).cloned().collect();
    for claim in claims {
        headers.remove(claim);
    }
}
