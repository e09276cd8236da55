//! The state of one component instance, and how instances are made.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tokio::sync::OwnedSemaphorePermit;
use wasmtime::component::{GuestTaskId, ResourceTable};
use wasmtime::{Engine, Store, StoreLimits, StoreLimitsBuilder, UpdateDeadline};
use wasmtime_wasi::{FsPerms, WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use super::{RequestContext, RunningRequests};
use crate::capabilities::key_value::KeyValueStores;
use crate::capabilities::outbound_http::OutboundHttp;
use crate::capabilities::postgres::Postgres;
use crate::capabilities::sqlite::Databases;
use crate::logs::{ComponentOutput, OutputStream};
use crate::variables::ComponentVariables;

/// The most that one instance may take.
#[derive(Debug, Clone, Copy)]
pub struct InstanceLimits {
    /// Bytes of each linear memory.
    pub memory: usize,
}

/// What the host keeps for one component instance.
pub struct InstanceState {
    /// The requests and other calls that it is handling.
    pub requests: RunningRequests,
    /// How many database connections the guest holds open.
    pub open_connections: usize,
    /// How many key-value stores the guest holds open.
    pub open_stores: usize,
    /// Resources that the guest holds handles to.
    pub table: ResourceTable,
    /// The component's variables.
    pub variables: Arc<ComponentVariables>,
    /// The key-value stores that it may open.
    pub key_value: Arc<KeyValueStores>,
    /// The databases that it may open.
    pub databases: Arc<Databases>,
    /// The servers of PostgreSQL that it may reach.
    pub postgres: Postgres,
    /// Its way out: other components and allowed hosts.
    pub outbound: OutboundHttp,
    /// Set each time the guest had to be interrupted to let others run.
    pub interrupted: Arc<AtomicBool>,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    limits: StoreLimits,
    _slot: Option<OwnedSemaphorePermit>,
}

impl InstanceState {
    /// Records that the guest's `task` works on behalf of `context` from now on.
    pub fn begin(&mut self, task: GuestTaskId, context: &Arc<RequestContext>) {
        self.requests.start(task, context);
        self.outbound.request = Arc::downgrade(context);
    }
}

impl WasiView for InstanceState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl WasiHttpView for InstanceState {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            hooks: &mut self.outbound,
            table: &mut self.table,
            ctx: &mut self.http,
        }
    }
}

/// Makes stores for the instances of one component, whichever of its exports they serve.
pub struct InstanceFactory {
    /// The component's id.
    pub component: Arc<str>,
    /// The engine that runs it.
    pub engine: Engine,
    /// Environment variables.
    pub environment: Vec<(String, String)>,
    /// Folders on the host, and where the component sees them; read-only.
    pub folders: Vec<(PathBuf, String)>,
    /// See [`InstanceState::variables`].
    pub variables: Arc<ComponentVariables>,
    /// See [`InstanceState::key_value`].
    pub key_value: Arc<KeyValueStores>,
    /// See [`InstanceState::databases`].
    pub databases: Arc<Databases>,
    /// See [`InstanceState::postgres`].
    pub postgres: Postgres,
    /// See [`InstanceState::outbound`].
    pub outbound: OutboundHttp,
    /// The most that an instance may take.
    pub limits: InstanceLimits,
}

impl InstanceFactory {
    /// A store for a new instance; `slot` is given back when it is dropped.
    pub fn store(
        &self,
        slot: Option<OwnedSemaphorePermit>,
    ) -> wasmtime::Result<Store<InstanceState>> {
        let mut wasi = WasiCtxBuilder::new();
        wasi.envs(&self.environment)
            .stdout(ComponentOutput::new(
                self.component.clone(),
                OutputStream::Stdout,
            ))
            .stderr(ComponentOutput::new(
                self.component.clone(),
                OutputStream::Stderr,
            ));
        for (folder, destination) in &self.folders {
            wasi.preopened_dir(folder, destination, FsPerms::ReadOnly)?;
        }
        let interrupted = Arc::new(AtomicBool::new(false));
        let state = InstanceState {
            requests: RunningRequests::default(),
            open_connections: 0,
            open_stores: 0,
            table: ResourceTable::new(),
            variables: self.variables.clone(),
            key_value: self.key_value.clone(),
            databases: self.databases.clone(),
            postgres: self.postgres.clone(),
            outbound: self.outbound.clone(),
            interrupted: interrupted.clone(),
            wasi: wasi.build(),
            http: WasiHttpCtx::new(),
            limits: StoreLimitsBuilder::new()
                .memory_size(self.limits.memory)
                .trap_on_grow_failure(true)
                .build(),
            _slot: slot,
        };
        let mut store = Store::new(&self.engine, state);
        store.limiter(|state| &mut state.limits);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(move |_| {
            interrupted.store(true, std::sync::atomic::Ordering::Relaxed);
            Ok(UpdateDeadline::Yield(1))
        });
        Ok(store)
    }
}
