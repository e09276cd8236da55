//! `todo up`: serves the application until it is told to stop.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use chrono::Utc;
use event_log::EventLog;
use rustix::process::{Pid, Resource, Rlimit, getrlimit, setrlimit};
use tokio::runtime;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::assemble::{Assembled, assemble};
use crate::broker::Broker;
use crate::cli::UpArgs;
use crate::dapr::Dapr;
use crate::events::control::Control;
use crate::gateway::{self, Gateway, GatewayLimits};
use crate::kafka::Kafka;
use crate::locations::Locations;
use crate::manifest::{self, Purpose};
use crate::metrics::Metrics;
use crate::plugin;
use crate::runtime_config::RuntimeConfig;
use crate::server::{Server, ServerLimits};
use crate::triggers::SHUTDOWN;
use crate::triggers::cron::{CronRunner, Ticks};
use crate::triggers::http::HttpApp;
use crate::triggers::kafka::KafkaConsumer;

/// How often old events are looked for.
const RETENTION: Duration = Duration::from_secs(60);

/// Of the requests handled at a time, one more to so many may be the gateway's own.
const REQUESTS_PER_GATEWAY_REQUEST: usize = 4;

/// What is in front of the application's HTTP components.
#[derive(Debug, Clone, Copy)]
pub enum Front {
    /// This host's HTTP trigger, with its gateway, at this address.
    Own(SocketAddr),
    /// Spin's HTTP trigger, in another process.
    Spin {
        /// Where that listens.
        http: SocketAddr,
        /// Where this host's gateway does, if it is wanted.
        gateway: Option<SocketAddr>,
        /// Spin's process.
        process: Option<Pid>,
    },
}

impl Front {
    /// The server of this host, and where the HTTP trigger is.
    async fn bind(self) -> Result<(Option<Server>, SocketAddr)> {
        match self {
            Self::Own(address) => {
                let server = Server::bind(address).await?;
                let address = server.address()?;
                Ok((Some(server), address))
            }
            Self::Spin { http, gateway, .. } => {
                let Some(gateway) = gateway else {
                    return Ok((None, http));
                };
                let server = Server::bind(gateway)
                    .await
                    .context("the gateway: choose another address with --gateway-listen")?;
                Ok((Some(server), http))
            }
        }
    }
}

/// Runs the application until SIGTERM or SIGINT.
pub fn up(args: &UpArgs) -> Result<()> {
    let manifest = manifest::find(args.locations.from.as_deref())?;
    let mut app = manifest::load(&manifest, Purpose::Run)?;
    select(&mut app, &args.component_ids)?;
    let locations = Locations::of(&args.locations, &app.dir)?;
    let state_dir = &locations.state_dir;
    fs::create_dir_all(state_dir)
        .with_context(|| format!("cannot create the state folder {}", state_dir.display()))?;
    let config = locations.runtime_config()?;
    run(
        args,
        serve(args, &app, &locations, config, Front::Own(args.listen)),
    )
}

/// Waits for an application that is served.
///
/// # Errors
/// As [`serve`].
pub fn run(args: &UpArgs, served: impl Future<Output = Result<()>>) -> Result<()> {
    allow_many_connections();
    runtime::Builder::new_multi_thread()
        .enable_all()
        // A guest may compute for an epoch at a time; sockets are looked at often all the same.
        .event_interval(13)
        // A statement that waits for a lock must not keep the one that releases it from running.
        .max_blocking_threads(args.guards.max_requests + gateway_requests(args) + 64)
        .build()?
        .block_on(served)
}

/// Serves an application until SIGTERM or SIGINT.
///
/// # Errors
/// It cannot be started.
pub async fn serve(
    args: &UpArgs,
    app: &App,
    locations: &Locations,
    mut config: RuntimeConfig,
    front: Front,
) -> Result<()> {
    config.check(app)?;
    config.fetch_variables().await?;
    let (server, address) = front.bind().await?;
    let metrics = Arc::<Metrics>::default();
    let events = if app.kafka_triggers.is_empty() && config.kafka.is_none() {
        None
    } else {
        Some(Events::start(args, app, &config, metrics.clone()).await?)
    };
    if let Some(events) = &events {
        config.offer_variable("dapr_url", &events.url());
    }
    let grip = if app.http_triggers.is_empty() || server.is_none() {
        None
    } else {
        Some(Grip::bind(args.grip_http_port).await?)
    };
    if let Some(grip) = &grip {
        config.offer_variable("grip_url", &grip.url());
    }
    if let Some(key) = &args.grip_key {
        config.offer_variable("grip_key", key);
    }
    // What components get, whoever gives it: they and the gateway must agree.
    let grip_key = config.variable("grip_key").unwrap_or_default().to_owned();
    let Assembled { http, kafka, cron } = assemble(
        args,
        app,
        &config,
        &locations.state_dir,
        address,
        metrics.clone(),
    )?;

    let measured = match args.metrics_listen {
        Some(address) => Some(Server::bind(address).await.context("the metrics")?),
        None => None,
    };

    let stop = CancellationToken::new();
    let mut triggers = JoinSet::new();
    if let Some(events) = &events {
        for (trigger, consume) in kafka {
            let time_limit = args.guards.event_timeout;
            let source = events.broker.subscribe(&trigger, time_limit).await?;
            let metrics = metrics.clone();
            let consumer = KafkaConsumer::new(source, trigger, consume, time_limit, metrics);
            triggers.spawn(consumer.run(stop.clone()));
        }
    }
    if !cron.is_empty() {
        let ticks = Arc::new(Ticks::open(&locations.state_dir.join("cron.db"))?);
        for (trigger, handle) in cron {
            let runner = CronRunner {
                trigger,
                handle,
                time_limit: args.guards.cron_timeout,
                ticks: ticks.clone(),
            };
            triggers.spawn(runner.run(stop.clone()));
        }
    }
    announce(
        front,
        &http,
        server.as_ref(),
        events.as_ref(),
        grip.as_ref(),
    )?;
    let gateway = Gateway::new(
        http.clone(),
        &grip_key,
        GatewayLimits {
            held: args.guards.max_held_connections,
            requests: gateway_requests(args),
            ping: args.guards.ping_interval,
        },
    );
    let limits = ServerLimits {
        requests: args.guards.max_requests,
        header_time: args.guards.header_timeout,
        shutdown: SHUTDOWN,
    };
    // What runs still publishes: the endpoint for that stops last.
    let published = CancellationToken::new();
    let mut endpoints = JoinSet::new();
    if let Some(measured) = measured {
        println!("Metrics http://{}/metrics", measured.address()?);
        let broker = events.as_ref().map(|events| events.broker.clone());
        let answer = move |request, client, permit| {
            (metrics.clone()).answer(broker.clone(), request, client, permit)
        };
        let stop = published.clone().cancelled_owned();
        endpoints.spawn(measured.serve(limits, answer, stop));
    }
    if let Some(events) = events {
        endpoints.spawn(events.run(limits, published.clone()));
    }
    if let Some(grip) = grip {
        endpoints.spawn(grip.run(gateway.clone(), limits, published.clone()));
    }

    let by_hand = matches!(front, Front::Own(_));
    tokio::spawn(stop_on_signal(stop.clone(), by_hand)?);
    if let Front::Spin { process, .. } = front {
        tokio::spawn(plugin::stop_with_spin(process, stop.clone()));
    }
    let answering = gateway.clone();
    let answer = move |request, client, permit| answering.clone().answer(request, client, permit);
    let held = async {
        stop.cancelled().await;
        gateway.stop(SHUTDOWN).await;
    };
    match server {
        Some(server) => {
            tokio::join!(server.serve(limits, answer, stop.cancelled()), held);
        }
        None => stop.cancelled().await,
    }
    while triggers.join_next().await.is_some() {}
    published.cancel();
    while let Some(ended) = endpoints.join_next().await {
        ended?;
    }
    http.stop();
    tracing::info!("stopped");
    Ok(())
}

/// Tells everything to stop at the first signal. The second ends the process at once if they come by
/// hand: Spin sends one for each that it gets.
fn stop_on_signal(stop: CancellationToken, by_hand: bool) -> Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        for told in [false, true] {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            if told && by_hand {
                std::process::exit(1);
            }
            tracing::info!("stopping: nothing new is begun, what runs may finish");
            stop.cancel();
        }
    })
}

/// Who keeps the events, with what reaches it from outside.
struct Events {
    broker: Broker,
    dapr: Arc<Dapr>,
    server: Server,
    address: SocketAddr,
    /// Where the embedded log is changed from outside.
    control: Option<Control>,
}

impl Events {
    async fn start(
        args: &UpArgs,
        app: &App,
        config: &RuntimeConfig,
        metrics: Arc<Metrics>,
    ) -> Result<Self> {
        let (broker, pubsub, control) = match &config.kafka {
            Some(kafka) => {
                let broker = Broker::Kafka(Arc::new(Kafka::new(kafka)?));
                (broker, &kafka.pubsub, None)
            }
            None => {
                let log = &config.event_log;
                let broker = Broker::Log(Arc::new(log.open()?));
                (broker, &log.pubsub, Some(Control::listen(&log.path)))
            }
        };
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, args.dapr_http_port));
        let server = Server::bind(address)
            .await
            .context("the Dapr endpoint: choose another port with --dapr-http-port")?;
        let dapr = Arc::new(Dapr {
            broker: broker.clone(),
            metrics,
            pubsub: pubsub.clone(),
            app: app.name.clone(),
        });
        let address = server.address()?;
        Ok(Self {
            broker,
            dapr,
            server,
            address,
            control,
        })
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Serves until `stop`.
    async fn run(self, limits: ServerLimits, stop: CancellationToken) {
        let Self { broker, dapr, .. } = self;
        let mut tasks = JoinSet::new();
        if let Broker::Log(log) = &broker {
            tasks.spawn(enforce_retention(log.clone()));
            if let Some(control) = self.control {
                tasks.spawn(control.run(log.clone()));
            }
        }
        let answer = move |request, client, permit| dapr.clone().answer(request, client, permit);
        self.server.serve(limits, answer, stop.cancelled()).await;
        tasks.shutdown().await;
        broker.close().await;
    }
}

/// The gateway's publish endpoint.
struct Grip {
    server: Server,
    address: SocketAddr,
}

impl Grip {
    async fn bind(port: u16) -> Result<Self> {
        let server = Server::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
            .await
            .context("the GRIP publish endpoint: choose another port with --grip-http-port")?;
        let address = server.address()?;
        Ok(Self { server, address })
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Serves until `stop`.
    async fn run(self, gateway: Arc<Gateway>, limits: ServerLimits, stop: CancellationToken) {
        let tidying = tokio::spawn(gateway.clone().tidy(stop.clone()));
        let channels = gateway.channels.clone();
        let answer = move |request, client, permit| {
            gateway::endpoint::answer(channels.clone(), request, client, permit)
        };
        self.server.serve(limits, answer, stop.cancelled()).await;
        let _ = tidying.await;
    }
}

fn gateway_requests(args: &UpArgs) -> usize {
    args.guards
        .max_requests
        .div_ceil(REQUESTS_PER_GATEWAY_REQUEST)
}

async fn enforce_retention(log: Arc<EventLog>) {
    let mut told = Vec::new();
    loop {
        tokio::time::sleep(RETENTION).await;
        match log.enforce_retention(Utc::now()).await {
            Ok(retained) => {
                let groups: Vec<_> = retained.held_back.iter().map(|h| h.group.clone()).collect();
                for held in retained.held_back {
                    if !told.contains(&held.group) {
                        tracing::warn!(
                            group = held.group,
                            from = %held.position,
                            "old events are kept because the group has not consumed them"
                        );
                    }
                }
                told = groups;
            }
            Err(error) => tracing::warn!("old events cannot be removed: {error}"),
        }
    }
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
    app.kafka_triggers
        .retain(|trigger| ids.contains(&trigger.component));
    app.cron_triggers
        .retain(|trigger| ids.contains(&trigger.component));
    Ok(())
}

/// Says what is served where, as `spin up` does.
fn announce(
    front: Front,
    http: &HttpApp,
    server: Option<&Server>,
    events: Option<&Events>,
    grip: Option<&Grip>,
) -> Result<()> {
    let base = format!("http://{}", http.address);
    match (front, server) {
        (Front::Own(_), _) => println!("Serving {base}"),
        (Front::Spin { .. }, Some(server)) => {
            println!("Serving http://{} with WebSockets", server.address()?);
        }
        (Front::Spin { .. }, None) => {}
    }
    if let Some(events) = events {
        println!("Dapr publish endpoint {}", events.url());
    }
    if let Some(grip) = grip {
        println!("GRIP publish endpoint {}", grip.url());
    }
    if !matches!(front, Front::Own(_)) {
        return Ok(());
    }
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
    Ok(())
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
