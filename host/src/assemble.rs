//! Puts the application together: each component with what it may reach, for the triggers that start it.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock, Weak};

use anyhow::{Context as _, Result};
use wasmtime::component::InstancePre;

use crate::app::{App, Component, CronTrigger, KafkaTrigger};
use crate::bindings::{consumer, cron};
use crate::capabilities::connections::Connections;
use crate::capabilities::key_value::{
    FileStore, KeyValueFile, KeyValueStores, RedisStore, RedisUrl, Store,
};
use crate::capabilities::outbound_http::OutboundHttp;
use crate::capabilities::postgres::{Pools, Postgres};
use crate::capabilities::sqlite::{Database, Databases};
use crate::cli::UpArgs;
use crate::compose::compose;
use crate::engine::{
    ComponentEngine, Function, InstanceFactory, InstanceLimits, InstanceState, http_export,
};
use crate::metrics::Metrics;
use crate::runtime_config::{KeyValueProvider, Location, RuntimeConfig};
use crate::triggers::cron::HandleCronEvent;
use crate::triggers::http::{HttpApp, HttpLimits, Instances, Routes};
use crate::triggers::kafka::Consume;
use crate::variables::Variables;

/// An application that is ready to run.
pub struct Assembled {
    /// What HTTP requests reach.
    pub http: Arc<HttpApp>,
    /// The Kafka triggers, each with what it calls.
    pub kafka: Vec<(KafkaTrigger, Consume)>,
    /// The cron triggers, each with what it calls.
    pub cron: Vec<(CronTrigger, HandleCronEvent)>,
}

/// A component whose imports are connected.
struct Prepared {
    factory: Arc<InstanceFactory>,
    pre: InstancePre<InstanceState>,
}

/// Prepares all of `app`, which is served at `address`.
///
/// # Errors
/// What a component lacks, or what it is not given; names the component.
pub fn assemble(
    args: &UpArgs,
    app: &App,
    config: &RuntimeConfig,
    state_dir: &Path,
    address: SocketAddr,
    metrics: Arc<Metrics>,
) -> Result<Assembled> {
    let limits = HttpLimits {
        request_time: args.guards.request_timeout,
        request_body: args.guards.max_request_body,
    };
    let engine = ComponentEngine::new(&cache_dir(args, state_dir))?;
    let values = Variables::resolve(&app.variables, &config.variable_providers)?;
    let stores = key_value_stores(config)?;
    let http_app: Arc<OnceLock<Weak<HttpApp>>> = Arc::default();
    let ids: Vec<&str> = app.components.keys().map(String::as_str).collect();
    let connections = Arc::<Connections>::default();
    let mut prepared = BTreeMap::new();
    for component in app.components.values() {
        let wasm = compose(component)?;
        let name: Arc<str> = component.id.as_str().into();
        let allowed = Arc::new(values.allowed_hosts(component, ids.iter().copied())?);
        let pre = engine.prepare(&component.id, &wasm)?;
        let factory = Arc::new(InstanceFactory {
            engine: engine.engine().clone(),
            environment: component.environment.clone().into_iter().collect(),
            folders: folders(component, state_dir)?,
            variables: Arc::new(values.of_component(component)?),
            key_value: Arc::new(KeyValueStores(
                stores
                    .iter()
                    .filter(|(label, _)| component.key_value_stores.contains(label))
                    .map(|(label, store)| (label.clone(), store.clone()))
                    .collect(),
            )),
            databases: Arc::new(databases(config, component)?),
            postgres: Postgres {
                allowed: allowed.clone(),
                pools: Arc::<Pools>::default(),
            },
            outbound: OutboundHttp::new(
                name.clone(),
                allowed,
                http_app.clone(),
                connections.clone(),
                limits.request_time,
            ),
            component: name,
            limits: InstanceLimits {
                memory: args.guards.max_instance_memory << 20,
            },
        });
        prepared.insert(component.id.as_str(), Prepared { factory, pre });
    }
    let of = |component: &str| {
        let prepared = prepared.get(component);
        prepared.with_context(|| format!("there is no component {component}"))
    };

    let mut components = BTreeMap::new();
    for trigger in &app.http_triggers {
        if components.contains_key(&trigger.component) {
            continue;
        }
        let Prepared { factory, pre } = of(&trigger.component)?;
        let pre = http_export(&trigger.component, pre.clone())?;
        let max = args.guards.max_instances;
        let instances = Instances::new(factory.clone(), pre, max, limits.request_time);
        components.insert(trigger.component.clone(), instances);
    }
    let mut kafka = Vec::new();
    for trigger in &app.kafka_triggers {
        let Prepared { factory, pre } = of(&trigger.component)?;
        let consume = Function::new(factory.clone(), pre.clone(), &consumer::CONSUME)
            .context("it has a Kafka trigger")?;
        kafka.push((trigger.clone(), consume));
    }
    let mut cron = Vec::new();
    for trigger in &app.cron_triggers {
        let Prepared { factory, pre } = of(&trigger.component)?;
        let handle = Function::new(factory.clone(), pre.clone(), &cron::HANDLE_CRON_EVENT)
            .context("it has a cron trigger")?;
        cron.push((trigger.clone(), handle));
    }
    let http = Arc::new(HttpApp {
        name: app.name.clone(),
        version: app.version.clone(),
        address,
        routes: Routes::new(&app.http_triggers)?,
        components,
        limits,
        metrics,
    });
    let _ = http_app.set(Arc::downgrade(&http));
    Ok(Assembled { http, kafka, cron })
}

/// Every configured key-value store; those in the same file or Redis share it.
fn key_value_stores(config: &RuntimeConfig) -> Result<BTreeMap<String, Store>> {
    let mut files: BTreeMap<PathBuf, Arc<KeyValueFile>> = BTreeMap::new();
    let mut servers: BTreeMap<&RedisUrl, RedisStore> = BTreeMap::new();
    let mut stores = BTreeMap::new();
    for (label, provider) in &config.key_value_stores {
        let store = match provider {
            KeyValueProvider::Spin(location) => {
                let file = match path_of(location)? {
                    Some(path) => files
                        .entry(path.clone())
                        .or_insert_with(|| Arc::new(KeyValueFile::new(Some(path))))
                        .clone(),
                    None => Arc::new(KeyValueFile::new(None)),
                };
                Store::File(FileStore::new(file, label))
            }
            KeyValueProvider::Redis(url) => Store::Redis(match servers.get(url) {
                Some(store) => store.clone(),
                None => servers.entry(url).or_insert(RedisStore::new(url)?).clone(),
            }),
        };
        stores.insert(label.clone(), store);
    }
    Ok(stores)
}

/// The databases that a component may open.
fn databases(config: &RuntimeConfig, component: &Component) -> Result<Databases> {
    let mut databases = BTreeMap::new();
    for (label, location) in &config.sqlite_databases {
        if component.sqlite_databases.contains(label) {
            let database = Arc::new(Database::new(path_of(location)?));
            databases.insert(label.clone(), database);
        }
    }
    Ok(Databases(databases))
}

/// The file's path, its folder made; none for one in memory.
fn path_of(location: &Location) -> Result<Option<PathBuf>> {
    let Location::File(path) = location else {
        return Ok(None);
    };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)
            .with_context(|| format!("cannot create the folder {}", folder.display()))?;
    }
    Ok(Some(path.clone()))
}

fn cache_dir(args: &UpArgs, state_dir: &Path) -> PathBuf {
    let user = || {
        std::env::var_os("XDG_CACHE_HOME")
            .map(PathBuf::from)
            .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")))
            .filter(|folder| folder.is_absolute())
    };
    args.cache_dir
        .clone()
        .or_else(|| user().map(|folder| folder.join("todo")))
        .unwrap_or_else(|| state_dir.join("cache"))
}

/// The folders that a component sees. Single files are copied to a folder of their own first, since
/// WASI shows folders only.
fn folders(component: &Component, state_dir: &Path) -> Result<Vec<(PathBuf, String)>> {
    let mut folders = Vec::new();
    let copies = state_dir.join("files").join(&component.id);
    if copies.exists() {
        fs::remove_dir_all(&copies)?;
    }
    for mount in &component.files {
        if mount.source.is_dir() {
            folders.push((mount.source.clone(), mount.destination.clone()));
            continue;
        }
        let copy = copies.join(mount.destination.trim_start_matches('/'));
        let copied = copy
            .parent()
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| fs::copy(&mount.source, &copy));
        copied.with_context(|| format!("cannot copy {}", mount.source.display()))?;
    }
    if copies.exists() {
        folders.push((copies, "/".to_owned()));
    }
    Ok(folders)
}
