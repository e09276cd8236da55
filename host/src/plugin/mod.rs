//! `todo` as the executable of the Spin plugins `trigger-kafka` and `trigger-cron`.
//!
//! Spin starts a plugin beside its own HTTP trigger, with the application in the environment. The plugin
//! runs the triggers of its type, on the same databases and stores. Components that those call, at
//! `http://<component>.spin.internal`, it runs itself.

mod args;
mod lock;

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::{CommandFactory as _, Parser as _};
use rustix::process::{Pid, getppid};
use tokio_util::sync::CancellationToken;

use crate::cli::{LocationArgs, UpArgs};
use crate::locations::Locations;
use crate::logs;
use crate::up::{self, Front};
use crate::variables::Provider;
use args::PluginArgs;

/// How often is looked for Spin, which may end without a word.
const WATCH: Duration = Duration::from_millis(500);

/// The triggers that a plugin runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plugin {
    /// `trigger-kafka`
    Kafka,
    /// `trigger-cron`
    Cron,
}

impl Plugin {
    /// The plugin that the program is started as.
    pub fn named(program: Option<&OsStr>) -> Option<Self> {
        match Path::new(program?).file_name()?.to_str()? {
            "trigger-kafka" => Some(Self::Kafka),
            "trigger-cron" => Some(Self::Cron),
            _ => None,
        }
    }

    /// Answers what Spin asks, or runs the triggers until Spin ends.
    ///
    /// # Errors
    /// The application cannot be run.
    pub fn run(self) -> Result<()> {
        let args = PluginArgs::parse();
        if args.help_args_only {
            let mut command = PluginArgs::command().disable_help_flag(true);
            command = command.help_template("{all-args}");
            return Ok(command.print_long_help()?);
        }
        if args.launch_metadata_only {
            eprintln!("{}", PluginArgs::launch_metadata());
            return Ok(());
        }
        logs::start(args.log_format);
        // Asked first: Spin may end while the application is being started.
        let process = getppid();

        let working_dir = PathBuf::from(variable("SPIN_WORKING_DIR")?);
        let local_dir = std::env::var_os("SPIN_LOCAL_APP_DIR").map(PathBuf::from);
        let lock = lock::file_url(&variable("SPIN_LOCKED_URL")?).context("SPIN_LOCKED_URL")?;
        let app_dir = local_dir.as_deref().unwrap_or(&working_dir);
        // Beside the manifest, `spin up` says "".
        let app_dir = std::path::absolute(Path::new(".").join(app_dir))?;
        let mut app = lock::load(&lock, &app_dir)?;
        match self {
            Self::Kafka => app.cron_triggers.clear(),
            Self::Cron => app.kafka_triggers.clear(),
        }
        // Where Spin keeps state in memory, it goes with the application here.
        let passing = working_dir.join("state");
        let state_dir = match args.state_dir.as_deref() {
            Some("") => Some(passing.clone()),
            given => given.map(PathBuf::from),
        };
        let default = local_dir.map_or(passing, |dir| dir.join(".spin"));
        let locations = Locations::new(args.runtime_config_file.clone(), state_dir, &default)?;
        fs::create_dir_all(&locations.state_dir)
            .with_context(|| format!("cannot create {}", locations.state_dir.display()))?;
        let mut config = locations.runtime_config()?;
        if self == Self::Cron {
            // The endpoint for events is the other plugin's.
            config.kafka = None;
        }
        let variables = args.variables()?;
        config
            .variable_providers
            .insert(0, Provider::fixed(variables));

        let spin = Front::Spin {
            http: args.listen,
            gateway: match self {
                Self::Kafka if config.variable("grip_url").is_none() => Some(args.gateway_listen),
                _ => None,
            },
            process,
        };
        let args = UpArgs {
            locations: LocationArgs {
                from: None,
                runtime_config_file: None,
                state_dir: None,
            },
            component_ids: Vec::new(),
            listen: args.listen,
            cache_dir: args.cache_dir,
            dapr_http_port: args.dapr_http_port,
            grip_http_port: args.grip_http_port,
            grip_key: None,
            metrics_listen: args.metrics_listen,
            guards: args.guards,
        };
        up::run(&args, up::serve(&args, &app, &locations, config, spin))
    }
}

fn variable(name: &str) -> Result<String> {
    std::env::var(name).with_context(|| format!("{name}: `spin up` sets it; start it so"))
}

/// Tells everything to stop once Spin is gone.
pub async fn stop_with_spin(spin: Option<Pid>, stop: CancellationToken) {
    while getppid() == spin {
        tokio::time::sleep(WATCH).await;
    }
    tracing::info!("stopping: Spin has ended");
    stop.cancel();
}
