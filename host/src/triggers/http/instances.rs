//! The instances of one component: how many, how many requests in each, and when they end.
//!
//! `wasmtime-wasi-http` runs an instance and puts requests into it. It cannot see that a guest
//! computes without end after having waited for something, and would go on queueing requests for
//! it. So there are several of its handlers, the lanes; a request goes to the first whose guests
//! all let others run.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::sync::futures::OwnedNotified;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Sleep, sleep_until, timeout_at};
use wasmtime::component::GuestTaskId;
use wasmtime::{Store, StoreContextMut};
use wasmtime_wasi_http::handler::{
    ExpirationError, HandlerState, Instance, ProxyHandler, ProxyPre, Request, Response,
    ShouldAccept, TrapOrPanicError, WorkerExpiration, WorkerState, WorkerStatus,
};
use wasmtime_wasi_http::{WasiHttpCtxView, WasiHttpView};

use super::CallError;
use crate::engine::{InstanceFactory, InstanceState, RequestContext};

/// Requests that one WASI 0.3 instance handles at a time, and in its life. One of WASI 0.2 handles one.
const CONCURRENT: usize = 32;
const IN_A_LIFE: usize = 100_000;
/// How long an instance without requests is kept.
const IDLE: Duration = Duration::from_secs(60);
/// How long an instance may stream its answers after the last of them has begun.
const STREAMING: Duration = Duration::from_secs(600);
/// How long an instance may go on after a request in it took too long and the others are done.
const GRACE: Duration = Duration::from_millis(500);
/// More lanes than instances make no sense; this many guests computing at once share lanes.
const MAX_LANES: usize = 64;

/// All instances of one component.
pub struct Instances {
    shared: Arc<Shared>,
    lanes: Mutex<Vec<Lane>>,
}

struct Shared {
    factory: Arc<InstanceFactory>,
    pre: ProxyPre<InstanceState>,
    slots: Arc<Slots>,
    /// How long a request may take.
    time_limit: Duration,
    stopping: AtomicBool,
}

/// Room for a bounded number of instances.
struct Slots {
    free: Arc<Semaphore>,
    /// How many new instances wait for room.
    waiting: AtomicUsize,
    /// Told to idle instances when one begins to wait.
    wanted: Arc<Notify>,
}

#[derive(Clone)]
struct Lane {
    handler: ProxyHandler<LaneState>,
    /// How many of the lane's instances compute without letting others run.
    computing: Arc<AtomicUsize>,
}

impl Instances {
    /// At most `max` instances of `pre` in stores of `factory`, each request taking at most `time_limit`.
    pub fn new(
        factory: Arc<InstanceFactory>,
        pre: ProxyPre<InstanceState>,
        max: usize,
        time_limit: Duration,
    ) -> Self {
        Self {
            shared: Arc::new(Shared {
                factory,
                pre,
                slots: Arc::new(Slots {
                    free: Arc::new(Semaphore::new(max)),
                    waiting: AtomicUsize::new(0),
                    wanted: Arc::new(Notify::new()),
                }),
                time_limit,
                stopping: AtomicBool::new(false),
            }),
            lanes: Mutex::new(Vec::new()),
        }
    }

    /// From here on it is no failure that instances end.
    pub fn stop(&self) {
        self.shared.stopping.store(true, Ordering::Relaxed);
    }

    /// Has the component answer `request`.
    pub async fn call(
        &self,
        request: Request,
        context: &Arc<RequestContext>,
    ) -> Result<Response, CallError> {
        let handler = self.lane().handler;
        let answer = timeout_at(context.deadline, handler.handle(context.clone(), request)).await;
        if context.too_large.load(Ordering::Relaxed) {
            return Err(CallError::TooLarge);
        }
        let error = match answer {
            Ok(Ok(response)) => return Ok(response),
            Ok(Err(error)) => error,
            Err(_) if context.accepted.load(Ordering::Relaxed) => return Err(CallError::TimedOut),
            Err(_) => return Err(CallError::Busy),
        };
        if error.is::<ExpirationError>() {
            return Err(CallError::TimedOut);
        }
        // Why an instance ended is logged once, where it ends.
        let reason = if error.is::<TrapOrPanicError>() {
            "the instance that handled the request ended".to_owned()
        } else {
            format!("{error:#}")
        };
        tracing::error!(
            component = &*self.shared.factory.component,
            correlation_id = context.trace.correlation_id,
            "{reason}"
        );
        Err(CallError::Failed)
    }

    fn lane(&self) -> Lane {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let least = lanes
            .iter()
            .find(|lane| lane.computing.load(Ordering::Relaxed) == 0)
            .or_else(|| {
                (lanes.len() >= MAX_LANES)
                    .then(|| {
                        lanes
                            .iter()
                            .min_by_key(|lane| lane.computing.load(Ordering::Relaxed))
                    })
                    .flatten()
            })
            .cloned();
        least.unwrap_or_else(|| {
            let computing = Arc::new(AtomicUsize::new(0));
            let lane = Lane {
                handler: ProxyHandler::new(LaneState {
                    shared: self.shared.clone(),
                    computing: computing.clone(),
                }),
                computing,
            };
            lanes.push(lane.clone());
            lane
        })
    }
}

impl Slots {
    async fn take(&self) -> wasmtime::Result<OwnedSemaphorePermit> {
        if let Ok(slot) = self.free.clone().try_acquire_owned() {
            return Ok(slot);
        }
        self.waiting.fetch_add(1, Ordering::SeqCst);
        self.wanted.notify_waiters();
        Ok(self.free.clone().acquire_owned().await?)
    }

    /// Whether an idle instance should make room; each that waits is told to one instance.
    fn claim(&self) -> bool {
        self.waiting
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1))
            .is_ok()
    }
}

struct LaneState {
    shared: Arc<Shared>,
    computing: Arc<AtomicUsize>,
}

impl HandlerState for LaneState {
    type StoreData = InstanceState;
    type WorkerExpiration = Expiration;
    type WorkerState = Worker;

    async fn instantiate(&self) -> wasmtime::Result<Instance<InstanceState, Expiration, Worker>> {
        let slot = self.shared.slots.take().await?;
        let Shared { factory, pre, .. } = &*self.shared;
        let mut store = factory.store(Some(slot))?;
        let proxy = pre.instantiate_async(&mut store).await?;
        let reusable = matches!(pre, ProxyPre::P3(_));
        let request_expired = Arc::new(AtomicBool::new(false));
        Ok(Instance {
            expiration: Expiration {
                sleep: Box::pin(sleep_until(tokio::time::Instant::now() + IDLE)),
                wanted: Box::pin(self.shared.slots.wanted.clone().notified_owned()),
                slots: self.shared.slots.clone(),
                time_limit: self.shared.time_limit,
                interrupted: store.data().interrupted.clone(),
                request_expired: request_expired.clone(),
                computing: Computing {
                    lane: self.computing.clone(),
                    counted: false,
                },
            },
            state: Worker {
                shared: self.shared.clone(),
                concurrent: if reusable { CONCURRENT } else { 1 },
                in_a_life: if reusable { IN_A_LIFE } else { 1 },
                request_expired,
            },
            store,
            proxy,
            view: http_view,
        })
    }
}

fn http_view(state: &mut InstanceState) -> WasiHttpCtxView<'_> {
    state.http()
}

/// Decides which requests an instance takes.
struct Worker {
    shared: Arc<Shared>,
    concurrent: usize,
    in_a_life: usize,
    request_expired: Arc<AtomicBool>,
}

impl WorkerState for Worker {
    type StoreData = InstanceState;
    type RequestData = Arc<RequestContext>;

    fn should_accept_request(&self, concurrent: usize, total: usize) -> ShouldAccept {
        if total >= self.in_a_life {
            ShouldAccept::Never
        } else if concurrent >= self.concurrent {
            ShouldAccept::No
        } else {
            ShouldAccept::Yes
        }
    }

    fn on_request_start(
        &self,
        mut store: StoreContextMut<'_, InstanceState>,
        context: Arc<RequestContext>,
        task: GuestTaskId,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + Sync>> {
        store.data_mut().begin(task, &context);
        let request_expired = self.request_expired.clone();
        Box::pin(async move {
            sleep_until(context.deadline).await;
            request_expired.store(true, Ordering::Relaxed);
        })
    }

    fn drop(&self, store: Store<InstanceState>, result: wasmtime::Result<()>) {
        if let Err(error) = result
            && !self.shared.stopping.load(Ordering::Relaxed)
        {
            // Answers under way must not look complete: told before the store closes their streams.
            let requests: Vec<_> = store
                .data()
                .requests
                .running()
                .map(|context| {
                    context.broken.store(true, Ordering::Relaxed);
                    context.trace.correlation_id.clone()
                })
                .collect();
            tracing::error!(
                component = &*self.shared.factory.component,
                correlation_ids = requests.join(","),
                "the instance is thrown away: {error:#}"
            );
        }
    }
}

/// Decides when an instance ends. It is asked whenever the guest waits or is interrupted.
struct Expiration {
    sleep: Pin<Box<Sleep>>,
    wanted: Pin<Box<OwnedNotified>>,
    slots: Arc<Slots>,
    time_limit: Duration,
    interrupted: Arc<AtomicBool>,
    request_expired: Arc<AtomicBool>,
    computing: Computing,
}

/// Counts an instance among those of its lane that compute.
struct Computing {
    lane: Arc<AtomicUsize>,
    counted: bool,
}

impl Computing {
    fn set(&mut self, computing: bool) {
        if computing && !self.counted {
            self.lane.fetch_add(1, Ordering::Relaxed);
        } else if !computing && self.counted {
            self.lane.fetch_sub(1, Ordering::Relaxed);
        }
        self.counted = computing;
    }
}

impl Drop for Computing {
    fn drop(&mut self) {
        self.set(false);
    }
}

impl WorkerExpiration for Expiration {
    fn poll(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        status: WorkerStatus,
        since: Instant,
    ) -> Poll<()> {
        let this = self.get_mut();
        let computing = this.interrupted.swap(false, Ordering::Relaxed);
        this.computing.set(computing);
        let allowed = match status {
            WorkerStatus::Idle => {
                while this.wanted.as_mut().poll(cx).is_ready() {
                    this.wanted.set(this.slots.wanted.clone().notified_owned());
                }
                if this.slots.claim() {
                    return Poll::Ready(());
                }
                IDLE
            }
            // The request's own clock, in `on_request_start`, comes first unless the guest keeps
            // it from being looked at.
            WorkerStatus::Requests => this.time_limit + GRACE,
            WorkerStatus::PostReturn if this.request_expired.load(Ordering::Relaxed) => GRACE,
            WorkerStatus::PostReturn if computing => this.time_limit,
            WorkerStatus::PostReturn => STREAMING,
        };
        let end = tokio::time::Instant::from_std(since + allowed);
        if this.sleep.deadline() != end {
            this.sleep.as_mut().reset(end);
        }
        this.sleep.as_mut().poll(cx)
    }
}
