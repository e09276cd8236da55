//! `todo up`: puts the application together and serves it.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock, Weak};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::runtime;
use tokio::signal::unix::{SignalKind, signal};

use crate::app::{App, Component};
use crate::capabilities::key_value::{KeyValueFile, KeyValueStores};
use crate::capabilities::outbound_http::OutboundHttp;
use crate::capabilities::sqlite::{Database, Databases};
use crate::cli::UpArgs;
use crate::compose::compose;
use crate::engine::{ComponentEngine, InstanceFactory, InstanceLimits, http_export};
use crate::manifest::{self, Purpose};
use crate::runtime_config::{self, Folders, Location, RuntimeConfig};
use crate::triggers::http::{HttpApp, HttpLimits, Instances, Routes, Server};
use crate::variables::Variables;

/// Runs the application until SIGTERM or SIGINT.
pub fn up(args: &UpArgs) -> Result<()> {
    allow_many_connections();
    let mut app = manifest::load(&manifest::find(args.from.as_deref())?, Purpose::Run)?;
    select(&mut app, &args.component_ids)?;
    let state_dir = args
        .state_dir
        .clone()
        .unwrap_or_else(|| app.dir.join(".spin"));
    fs::create_dir_all(&state_dir)
        .with_context(|| format!("cannot create the state folder {}", state_dir.display()))?;

    runtime::Builder::new_multi_thread()
        .enable_all()
        // A guest may compute for an epoch at a time; sockets are looked at often all the same.
        .event_interval(13)
        // A statement that waits for a lock must not keep the one that releases it from running.
        .max_blocking_threads(args.guards.max_requests + 64)
        .build()?
        .block_on(serve(args, &app, &state_dir))
}

async fn serve(args: &UpArgs, app: &App, state_dir: &Path) -> Result<()> {
    let server = Server::bind(args.listen).await?;
    let http = assemble(args, app, state_dir, server.address()?)?;
    announce(&http);
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let stop = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping: no new requests, those that run may finish");
        tokio::spawn(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            std::process::exit(1);
        });
    };
    server.serve(http, stop).await;
    tracing::info!("stopped");
    Ok(())
}

/// Keeps the chosen components, and the triggers that start them.
fn select(app: &mut App, ids: &[String]) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    for id in ids {
        if !app.components.contains_key(id) {
            bail!("the manifest has no component {id}");
        }
    }
    app.components.retain(|id, _| ids.contains(id));
    app.http_triggers
        .retain(|trigger| ids.contains(&trigger.component));
    Ok(())
}

fn assemble(
    args: &UpArgs,
    app: &App,
    state_dir: &Path,
    address: SocketAddr,
) -> Result<Arc<HttpApp>> {
    let limits = HttpLimits {
        request_time: args.guards.request_timeout,
        request_body: args.guards.max_request_body,
        requests: args.guards.max_requests,
        header_time: args.guards.header_timeout,
    };
    let config = runtime_config(args, app, state_dir)?;
    let engine = ComponentEngine::new(&cache_dir(args, state_dir))?;
    let values = Variables::resolve(&app.variables, &config.variable_providers)?;
    let stores = key_value_files(&config)?;
    let http_app: Arc<OnceLock<Weak<HttpApp>>> = Arc::default();
    let ids: Vec<&str> = app.components.keys().map(String::as_str).collect();
    let mut components = BTreeMap::new();
    for component in app.components.values() {
        let wasm = compose(component)?;
        let name: Arc<str> = component.id.as_str().into();
        let allowed = values.allowed_hosts(component, ids.iter().copied())?;
        let factory = InstanceFactory {
            pre: http_export(&component.id, engine.prepare(&component.id, &wasm)?)?,
            engine: engine.engine().clone(),
            environment: component.environment.clone().into_iter().collect(),
            folders: folders(component, state_dir)?,
            variables: Arc::new(values.of_component(component)?),
            key_value: Arc::new(KeyValueStores(
                stores
                    .iter()
                    .filter(|(label, _)| component.key_value_stores.contains(label))
                    .map(|(label, file)| (label.clone(), file.clone()))
                    .collect(),
            )),
            databases: Arc::new(databases(&config, component)?),
            outbound: OutboundHttp::new(
                name.clone(),
                Arc::new(allowed),
                http_app.clone(),
                limits.request_time,
            ),
            component: name,
            limits: InstanceLimits {
                memory: args.guards.max_instance_memory << 20,
            },
        };
        let instances = Instances::new(factory, args.guards.max_instances, limits.request_time);
        components.insert(component.id.clone(), instances);
    }
    let http = Arc::new(HttpApp {
        name: app.name.clone(),
        version: app.version.clone(),
        address,
        routes: Routes::new(&app.http_triggers)?,
        components,
        limits,
    });
    let _ = http_app.set(Arc::downgrade(&http));
    Ok(http)
}

fn runtime_config(args: &UpArgs, app: &App, state_dir: &Path) -> Result<RuntimeConfig> {
    let beside_manifest = app.dir.join("runtime-config.toml");
    let path = args
        .runtime_config_file
        .clone()
        .or_else(|| beside_manifest.is_file().then_some(beside_manifest));
    let working = std::env::current_dir().context("the working directory is unknown")?;
    let folders = Folders {
        state: &std::path::absolute(state_dir)?,
        working: &working,
    };
    let config = runtime_config::load(path.as_deref(), folders, std::env::vars_os())?;
    config.check(app)?;
    Ok(config)
}

/// Every configured key-value store; those in the same file share it.
fn key_value_files(config: &RuntimeConfig) -> Result<BTreeMap<String, Arc<KeyValueFile>>> {
    let mut files: BTreeMap<PathBuf, Arc<KeyValueFile>> = BTreeMap::new();
    let mut stores = BTreeMap::new();
    for (label, location) in &config.key_value_stores {
        let path = path_of(location)?;
        let file = match &path {
            Some(path) => files
                .entry(path.clone())
                .or_insert_with(|| Arc::new(KeyValueFile::new(Some(path.clone()))))
                .clone(),
            None => Arc::new(KeyValueFile::new(None)),
        };
        stores.insert(label.clone(), file);
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

/// Says what is served where, as `spin up` does.
fn announce(http: &HttpApp) {
    let base = format!("http://{}", http.address);
    println!("Serving {base}");
    println!("Available Routes:");
    for (route, component) in http.routes.list() {
        let wildcard = if route.ends_with("/...") {
            " (wildcard)"
        } else {
            ""
        };
        let path = route.strip_suffix("/...").unwrap_or(route);
        println!("  {component}: {base}{path}{wildcard}");
    }
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

/// Thousands of connections need as many file descriptors; the soft limit is often 1024.
fn allow_many_connections() {
    let limit = getrlimit(Resource::Nofile);
    let _ = setrlimit(
        Resource::Nofile,
        Rlimit {
            current: limit.maximum,
            maximum: limit.maximum,
        },
    );
}
