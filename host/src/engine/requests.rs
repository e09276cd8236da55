//! Which requests and other calls an instance is handling, and which of them a host call belongs to.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use wasmtime::AsContextMut;
use wasmtime::component::GuestTaskId;

use super::InstanceState;
use crate::trace::Trace;

/// What the host knows about a request, an event or a tick while a component handles it.
#[derive(Debug)]
pub struct RequestContext {
    /// Correlation id and trace of what caused it.
    pub trace: Trace,
    /// When it must have been answered.
    pub deadline: Instant,
    /// How many components called each other to get here; 0 for a request from outside.
    pub depth: u8,
    /// Cancelled when nobody waits for the answer any more.
    pub cancelled: CancellationToken,
    /// The request body was longer than allowed.
    pub too_large: AtomicBool,
    /// The instance failed before the answer was complete.
    pub broken: AtomicBool,
    /// An instance has taken the request.
    pub accepted: AtomicBool,
}

impl RequestContext {
    /// A request that is to be answered by `deadline`.
    pub fn new(trace: Trace, deadline: Instant, depth: u8) -> Self {
        Self {
            trace,
            deadline,
            depth,
            cancelled: CancellationToken::new(),
            too_large: AtomicBool::new(false),
            broken: AtomicBool::new(false),
            accepted: AtomicBool::new(false),
        }
    }
}

/// The requests that one instance is handling.
#[derive(Debug, Default)]
pub struct RunningRequests {
    by_task: HashMap<GuestTaskId, Weak<RequestContext>>,
    latest: Weak<RequestContext>,
}

impl RunningRequests {
    /// Records that `task` handles the request of `context`.
    pub fn start(&mut self, task: GuestTaskId, context: &Arc<RequestContext>) {
        if self.by_task.len() >= 64 {
            self.by_task.retain(|_, context| context.strong_count() > 0);
        }
        context.accepted.store(true, Ordering::Relaxed);
        self.by_task.insert(task, Arc::downgrade(context));
        self.latest = Arc::downgrade(context);
    }

    /// The request taken last: the only one where an instance handles one at a time.
    pub fn latest(&self) -> Option<Arc<RequestContext>> {
        self.latest.upgrade()
    }

    /// The requests not yet answered to the end.
    pub fn running(&self) -> impl Iterator<Item = Arc<RequestContext>> + '_ {
        self.by_task.values().filter_map(Weak::upgrade)
    }
}

/// The request on whose behalf the guest is making the present host call.
pub fn current(mut store: impl AsContextMut<Data = InstanceState>) -> Option<Arc<RequestContext>> {
    let mut store = store.as_context_mut();
    let root = store.async_call_stack().ok()?.last()?;
    store.data().requests.by_task.get(&root)?.upgrade()
}
