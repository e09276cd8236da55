//! The flags that the plugins take from `spin up`: those of Spin under the same names, and our own.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::{CommandFactory as _, Parser};
use serde_json::{Value, json};

use crate::cli::Guards;
use crate::logs::LogFormat;

/// Runs the triggers of an application that `spin up` started.
#[derive(Debug, Parser)]
#[command(
    override_usage = "spin up [OPTIONS]",
    next_help_heading = "Kafka and cron trigger options"
)]
pub struct PluginArgs {
    /// Who provides stores, databases and variables.
    #[arg(long, env = "RUNTIME_CONFIG_FILE")]
    pub runtime_config_file: Option<PathBuf>,
    /// The folder for state. Default: .spin beside the manifest.
    #[arg(long)]
    pub state_dir: Option<String>,
    /// A variable of the application. May be repeated.
    #[arg(long, value_name = "KEY=VALUE | KEY=@FILE | @FILE.json | @FILE.toml")]
    pub variable: Vec<VariableSource>,
    /// Where Spin's HTTP trigger listens.
    #[arg(long, env = "SPIN_HTTP_LISTEN_ADDR", default_value = "127.0.0.1:3000")]
    pub listen: SocketAddr,
    /// Where the application is served with its WebSockets and streams, which Spin's HTTP trigger cannot
    /// hold; port 0 takes a free port. It is not where the variable grip_url names another gateway.
    #[arg(
        long,
        env = "TODO_GATEWAY_LISTEN_ADDR",
        default_value = "127.0.0.1:3001"
    )]
    pub gateway_listen: SocketAddr,
    /// The folder for compiled components.
    #[arg(long, env = "TODO_CACHE_DIR")]
    pub cache_dir: Option<PathBuf>,
    /// The port of 127.0.0.1 for Dapr's publish API; the variable dapr_url has to name it.
    #[arg(long, env = "DAPR_HTTP_PORT", default_value_t = 3500)]
    pub dapr_http_port: u16,
    /// The port of 127.0.0.1 for publishing to WebSockets and streams; the variable grip_url has to
    /// name it where it is another.
    #[arg(long, env = "TODO_GRIP_HTTP_PORT", default_value_t = 5561)]
    pub grip_http_port: u16,
    /// The address for metrics in Prometheus' text format, at /metrics; none without it.
    #[arg(long, env = "TODO_METRICS_LISTEN")]
    pub metrics_listen: Option<SocketAddr>,
    /// What log lines on standard error look like.
    #[arg(long, value_enum, default_value = "auto", env = "TODO_LOG_FORMAT")]
    pub log_format: LogFormat,
    #[command(flatten)]
    pub guards: Guards,
    /// Only show what `spin up --help` says about them.
    #[arg(long, hide = true)]
    pub help_args_only: bool,
    /// Only say which they are.
    #[arg(long, hide = true)]
    pub launch_metadata_only: bool,
}

impl PluginArgs {
    /// What Spin asks before it starts triggers: the flags that it may pass on.
    pub fn launch_metadata() -> Value {
        let command = Self::command();
        let flags = command.get_arguments().map(|argument| {
            let mut flag = serde_json::Map::new();
            if let Some(short) = argument.get_short() {
                flag.insert("short".to_owned(), format!("-{short}").into());
            }
            if let Some(long) = argument.get_long() {
                flag.insert("long".to_owned(), format!("--{long}").into());
            }
            flag
        });
        json!({ "all_flags": flags.collect::<Vec<_>>() })
    }

    /// The variables that flags give.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn variables(&self) -> Result<BTreeMap<String, String>> {
        let mut variables = BTreeMap::new();
        for source in &self.variable {
            source.add_to(&mut variables)?;
        }
        Ok(variables)
    }
}

/// What `--variable` takes.
#[derive(Debug, Clone)]
pub enum VariableSource {
    /// `KEY=VALUE`
    Value(String, String),
    /// `KEY=@FILE`
    Content(String, PathBuf),
    /// `@FILE.json`
    Json(PathBuf),
    /// `@FILE.toml`
    Toml(PathBuf),
}

impl std::str::FromStr for VariableSource {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(path) = text.strip_prefix('@') {
            let path = PathBuf::from(path);
            return match path.extension().and_then(|extension| extension.to_str()) {
                Some("json") => Ok(Self::Json(path)),
                Some("toml") => Ok(Self::Toml(path)),
                _ => Err("a file of variables ends in .json or .toml".to_owned()),
            };
        }
        match text.split_once('=') {
            Some((name, value)) => Ok(match value.strip_prefix('@') {
                Some(path) => Self::Content(name.to_owned(), path.into()),
                None => Self::Value(name.to_owned(), value.to_owned()),
            }),
            None => Err("expected `key=value` or `@file`".to_owned()),
        }
    }
}

impl VariableSource {
    fn add_to(&self, variables: &mut BTreeMap<String, String>) -> Result<()> {
        let read = |path: &PathBuf| {
            std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
        };
        match self {
            Self::Value(name, value) => {
                variables.insert(name.clone(), value.clone());
            }
            Self::Content(name, path) => {
                variables.insert(name.clone(), read(path)?);
            }
            Self::Json(path) => {
                let values: BTreeMap<String, String> = serde_json::from_str(&read(path)?)
                    .with_context(|| format!("{} is no object of strings", path.display()))?;
                variables.extend(values);
            }
            Self::Toml(path) => {
                let text = read(path)?;
                let values = toml::de::DeTable::parse(&text)
                    .with_context(|| format!("{} is not TOML", path.display()))?;
                for (name, value) in values.into_inner() {
                    let value = value.get_ref().as_str().with_context(|| {
                        format!("{}: {} is no string", path.display(), name.get_ref())
                    })?;
                    variables.insert(name.get_ref().to_string(), value.to_owned());
                }
            }
        }
        Ok(())
    }
}
