//! An exported function that triggers call, in instances that are kept for the next call.

use std::future::poll_fn;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use anyhow::{Result, anyhow};
use tokio::time::{Instant, sleep, timeout_at};
use wasmtime::component::{
    ComponentExportIndex, ComponentNamedList, InstancePre, Lift, Lower, TypedFunc,
};
use wasmtime::{AsContextMut as _, Store};

use super::{InstanceFactory, InstanceState, RequestContext};

/// How long an instance that nobody calls is kept.
const IDLE: Duration = Duration::from_secs(60);

/// Why a call gave no result. The instance is thrown away.
#[derive(Debug, thiserror::Error)]
pub enum CallFailure {
    /// It took too long.
    #[error("the component did not answer in {} s", .0.as_secs_f64().round())]
    TimedOut(Duration),
    /// It trapped, or could not be instantiated.
    #[error("the component failed: {0}")]
    Failed(String),
}

/// A function that a component exports. An instance runs one call at a time; there are as many
/// instances as there are calls at the same time, and none when there are no calls for a while.
pub struct Function<P: 'static, R: 'static> {
    factory: Arc<InstanceFactory>,
    pre: InstancePre<InstanceState>,
    export: ComponentExportIndex,
    idle: Arc<Idle<P, R>>,
}

/// The instances that run no call.
struct Idle<P: 'static, R: 'static>(Mutex<IdleInstances<P, R>>);

struct IdleInstances<P: 'static, R: 'static> {
    /// The latest used is the last, and used first.
    instances: Vec<Ready<P, R>>,
    /// A task is there that drops those not used for a while.
    expiring: bool,
}

/// An instance that can be called.
struct Ready<P: 'static, R: 'static> {
    store: Store<InstanceState>,
    function: TypedFunc<P, R>,
    used: Instant,
}

impl<P, R> Function<P, R>
where
    P: ComponentNamedList + Lower + Send + Sync + 'static,
    R: ComponentNamedList + Lift + Send + Sync + 'static,
{
    /// The function at `path`: its name, with that of its interface in front if it is in one.
    ///
    /// # Errors
    /// The component does not export it; names both.
    pub fn new(
        factory: Arc<InstanceFactory>,
        pre: InstancePre<InstanceState>,
        path: &[&str],
    ) -> Result<Self> {
        let export = path.iter().try_fold(None, |outer, name| {
            let outer: Option<ComponentExportIndex> = outer;
            let found = pre.component().get_export_index(outer.as_ref(), name);
            found.map(Some)
        });
        let export = export.flatten().ok_or_else(|| {
            let component = &factory.component;
            anyhow!("component {component} does not export {}", path.join("#"))
        })?;
        Ok(Self {
            factory,
            pre,
            export,
            idle: Arc::new(Idle(Mutex::new(IdleInstances {
                instances: Vec::new(),
                expiring: false,
            }))),
        })
    }

    /// Calls it on behalf of `context`, until whose deadline it may take.
    ///
    /// # Errors
    /// It gave no result.
    pub async fn call(
        &self,
        parameters: P,
        context: &Arc<RequestContext>,
    ) -> Result<R, CallFailure> {
        let started = Instant::now();
        let timed_out = || CallFailure::TimedOut(context.deadline - started);
        let failed = |error: wasmtime::Error| {
            let component = &*self.factory.component;
            tracing::debug!(component, "an instance is thrown away: {error:#}");
            CallFailure::Failed(error.root_cause().to_string())
        };
        let mut ready = match self.idle.take() {
            Some(ready) => ready,
            None => timeout_at(context.deadline, self.instantiate())
                .await
                .map_err(|_| timed_out())?
                .map_err(failed)?,
        };
        let function = ready.function;
        let mut result = None;
        let call = ready.store.run_concurrent(async |accessor| {
            let call = accessor.with(|mut access| {
                let mut store = access.as_context_mut();
                let call = function.start_call_concurrent(&mut store, parameters)?;
                store.data_mut().begin(call.task(), context);
                wasmtime::error::Ok(call)
            })?;
            result = Some(function.finish_call_concurrent(accessor, call).await?);
            // What the guest still does after its answer, like closing a connection.
            poll_fn(|cx| accessor.poll_no_interesting_tasks(cx)).await;
            wasmtime::error::Ok(())
        });
        let ended = timeout_at(context.deadline, call).await;
        match (ended, result) {
            (Ok(Ok(Ok(()))), Some(result)) => {
                ready.used = Instant::now();
                self.idle.put(ready);
                Ok(result)
            }
            // It answered, and failed afterwards.
            (Ok(Ok(Err(error)) | Err(error)), Some(result)) => {
                let component = &*self.factory.component;
                tracing::warn!(component, "an instance failed after its answer: {error:#}");
                Ok(result)
            }
            (Ok(Ok(Err(error)) | Err(error)), None) => Err(failed(error)),
            (_, Some(result)) => Ok(result),
            (_, None) => Err(timed_out()),
        }
    }

    async fn instantiate(&self) -> wasmtime::Result<Ready<P, R>> {
        let mut store = self.factory.store(None)?;
        let instance = self.pre.instantiate_async(&mut store).await?;
        let function = instance.get_typed_func(&mut store, self.export)?;
        Ok(Ready {
            store,
            function,
            used: Instant::now(),
        })
    }
}

impl<P: Send + Sync + 'static, R: Send + Sync + 'static> Idle<P, R> {
    fn lock(&self) -> MutexGuard<'_, IdleInstances<P, R>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self) -> Option<Ready<P, R>> {
        self.lock().instances.pop()
    }

    fn put(self: &Arc<Self>, ready: Ready<P, R>) {
        let mut idle = self.lock();
        idle.instances.push(ready);
        if !std::mem::replace(&mut idle.expiring, true) {
            tokio::spawn(expire(Arc::downgrade(self)));
        }
    }

    /// Drops what was not used for `IDLE`.
    fn drop_unused(&self) -> ControlFlow<()> {
        let mut idle = self.lock();
        let now = Instant::now();
        idle.instances.retain(|ready| now - ready.used < IDLE);
        idle.expiring = !idle.instances.is_empty();
        if idle.expiring {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    }
}

/// Drops instances that are not used for a while, until there are none.
async fn expire<P: Send + Sync + 'static, R: Send + Sync + 'static>(idle: Weak<Idle<P, R>>) {
    loop {
        sleep(IDLE / 2).await;
        let more = idle.upgrade().map(|idle| idle.drop_unused());
        if more != Some(ControlFlow::Continue(())) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::OnceLock;

    use super::*;
    use crate::bindings::cron::{Error, HANDLE_CRON_EVENT, Metadata};
    use crate::capabilities::key_value::KeyValueStores;
    use crate::capabilities::outbound_http::OutboundHttp;
    use crate::capabilities::postgres::Postgres;
    use crate::capabilities::sqlite::Databases;
    use crate::engine::{ComponentEngine, InstanceLimits};
    use crate::outbound_hosts::AllowedHosts;
    use crate::trace::Trace;
    use crate::variables::ComponentVariables;

    type Tick = Function<(Metadata,), (Result<(), Error>,)>;

    /// A component of the older, synchronous cron world, whose function has this body.
    fn component(name: &str, body: &str) -> anyhow::Result<Tick> {
        let wasm = wat::parse_str(format!(
            r#"(component
                (core module $m
                    (memory (export "memory") 1)
                    (global $calls (mut i32) (i32.const 0))
                    (func (export "f") (param i64) (result i32) {body}))
                (core instance $i (instantiate $m))
                (type $m' (record (field "timestamp" u64)))
                (export $metadata "metadata" (type $m'))
                (type $e' (variant (case "other" string)))
                (export $error "error" (type $e'))
                (func (export "{name}") (param "metadata" $metadata) (result (result (error $error)))
                    (canon lift (core func $i "f") (memory (core memory $i "memory")))))"#
        ))?;
        let cache = tempfile::tempdir()?;
        let engine = ComponentEngine::new(cache.path())?;
        let factory = InstanceFactory {
            component: "clock".into(),
            engine: engine.engine().clone(),
            environment: Vec::new(),
            folders: Vec::new(),
            variables: Arc::new(ComponentVariables::default()),
            key_value: Arc::new(KeyValueStores(BTreeMap::new())),
            databases: Arc::new(Databases(BTreeMap::new())),
            postgres: Postgres::default(),
            outbound: OutboundHttp::new(
                "clock".into(),
                Arc::new(AllowedHosts::default()),
                Arc::new(OnceLock::new()),
                Arc::default(),
                IDLE,
            ),
            limits: InstanceLimits { memory: 1 << 20 },
        };
        let pre = engine.prepare("clock", &wasm)?;
        Function::new(Arc::new(factory), pre, &HANDLE_CRON_EVENT)
    }

    async fn call(tick: &Tick) -> Result<Result<(), Error>, CallFailure> {
        let deadline = Instant::now() + Duration::from_millis(300);
        let trace = Trace::continuing(None, None);
        let context = Arc::new(RequestContext::new(trace, deadline, 0));
        let (result,) = tick.call((Metadata { timestamp: 7 },), &context).await?;
        Ok(result)
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn an_instance_is_kept_until_it_fails() {
        // Good twice, then it traps: a new instance starts anew.
        let body = "(global.set $calls (i32.add (global.get $calls) (i32.const 1)))
                    (if (i32.gt_u (global.get $calls) (i32.const 2)) (then unreachable))
                    i32.const 0";
        let tick = component("handle-cron-event", body).unwrap();
        for _ in 0..2 {
            assert!(matches!(call(&tick).await, Ok(Ok(()))));
            assert!(matches!(call(&tick).await, Ok(Ok(()))));
            let failure = call(&tick).await.unwrap_err().to_string();
            assert!(failure.contains("unreachable"), "{failure}");
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_call_without_end_is_ended() {
        let tick = component("handle-cron-event", "(loop (br 0)) unreachable").unwrap();
        assert!(matches!(call(&tick).await, Err(CallFailure::TimedOut(_))));
    }

    #[test]
    fn a_missing_export_is_named() {
        let error = component("other", "i32.const 0").err().unwrap().to_string();
        assert_eq!(error, "component clock does not export handle-cron-event");
    }
}
