//! Wasmtime: compiles components (once, the result is cached by content) and instantiates them.

mod function;
mod instance;
mod requests;

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};
use wasmtime::component::{Component, HasSelf, InstancePre, Linker};
use wasmtime::{Cache, CacheConfig, Config, Engine};
use wasmtime_wasi_http::handler::ProxyPre;

pub use function::Function;
pub use instance::{InstanceFactory, InstanceLimits, InstanceState};
pub use requests::{RequestContext, RunningRequests, current as current_request};

use crate::bindings;
use crate::capabilities::outbound_http;

/// How often running guests are looked at: a guest that computes for longer lets others run.
const EPOCH: Duration = Duration::from_millis(10);

/// The Wasmtime engine and the interfaces that components may import.
pub struct ComponentEngine {
    engine: Engine,
    linker: Linker<InstanceState>,
}

impl ComponentEngine {
    /// Starts the engine; compiled code is kept under `cache_dir`.
    pub fn new(cache_dir: &Path) -> Result<Self> {
        let mut cache = CacheConfig::new();
        cache.with_directory(cache_dir);
        let cache = Cache::new(cache)
            .map_err(anyhow::Error::from)
            .with_context(|| {
                format!("the cache for compiled components, {}", cache_dir.display())
            })?;

        let mut config = Config::new();
        config
            .wasm_component_model_async(true)
            .epoch_interruption(true)
            .cache(Some(cache));
        let engine = Engine::new(&config)?;
        let linker = linker(&engine)?;

        let ticker = engine.weak();
        std::thread::Builder::new()
            .name("epoch".into())
            .spawn(move || {
                while let Some(engine) = ticker.upgrade() {
                    engine.increment_epoch();
                    drop(engine);
                    std::thread::sleep(EPOCH);
                }
            })?;
        Ok(Self { engine, linker })
    }

    /// The engine itself.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Compiles the component `id` (or takes it from the cache) and connects its imports.
    ///
    /// Fails, naming the import, if the component needs what this host does not provide.
    pub fn prepare(&self, id: &str, wasm: &[u8]) -> Result<InstancePre<InstanceState>> {
        let component = Component::new(&self.engine, wasm)
            .map_err(anyhow::Error::from)
            .with_context(|| format!("component {id}: not a WebAssembly component that can run"))?;
        self.linker
            .instantiate_pre(&component)
            .map_err(|error| anyhow!("component {id}: {error:#}"))
    }
}

/// What an HTTP component exports: `wasi:http/handler@0.3` or `wasi:http/incoming-handler@0.2`.
pub fn http_export(id: &str, pre: InstancePre<InstanceState>) -> Result<ProxyPre<InstanceState>> {
    use wasmtime_wasi_http::{p2, p3};
    if let Ok(service) = p3::bindings::ServicePre::new(pre.clone()) {
        return Ok(ProxyPre::P3(service));
    }
    match p2::bindings::ProxyPre::new(pre) {
        Ok(proxy) => Ok(ProxyPre::P2(proxy)),
        Err(_) => Err(anyhow!(
            "component {id} has an HTTP trigger but exports neither wasi:http/handler@0.3 nor wasi:http/incoming-handler@0.2"
        )),
    }
}

fn linker(engine: &Engine) -> Result<Linker<InstanceState>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi::p3::add_to_linker(&mut linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    outbound_http::add_to_linker(&mut linker)?;
    bindings::variables::add_to_linker::<_, HasSelf<InstanceState>>(&mut linker, |state| state)?;
    bindings::key_value::add_to_linker::<_, HasSelf<InstanceState>>(&mut linker, |state| state)?;
    bindings::postgres::add_to_linker::<_, HasSelf<InstanceState>>(&mut linker, |state| state)?;
    bindings::sqlite::add_to_linker::<_, HasSelf<InstanceState>>(&mut linker, |state| state)?;
    Ok(linker)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_run_is_named() {
        let cache = tempfile::tempdir().unwrap();
        let engine = ComponentEngine::new(cache.path()).unwrap();
        let error = |wat: &str| {
            let prepared = engine.prepare("greeter", &wat::parse_str(wat).unwrap());
            let error = prepared.and_then(|pre| http_export("greeter", pre).map(|_| ()));
            format!("{:#}", error.unwrap_err())
        };
        let import =
            r#"(component (import "acme:things/thing@1.0.0" (instance (export "f" (func)))))"#;
        for (wat, named) in [
            (import, "acme:things/thing@1.0.0"),
            ("(component)", "wasi:http/handler"),
            ("(module)", "not a WebAssembly component"),
        ] {
            let text = error(wat);
            assert!(
                text.contains("component greeter") && text.contains(named),
                "{text}"
            );
        }
    }
}
