//! The command line of `todo`: the flags that `spin up` has under the same names, and our own.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, FixedOffset};
use chrono_tz::Tz;
use clap::{Args, Parser, Subcommand};

use crate::audit::AuditArgs;
use crate::databases::{CopyArgs, MigrateArgs};
use crate::events::EventsArgs;
use crate::logs::LogFormat;

/// The variable that says where services keep their data, as components are given it too.
pub const DATABASE_URL: &str = "SPIN_VARIABLE_DATABASE_URL";

/// Runs a Spin application on this machine, with nothing else installed.
#[derive(Debug, Parser)]
#[command(name = "todo", version)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
    /// What log lines on standard error look like.
    #[arg(
        long,
        global = true,
        value_enum,
        default_value = "auto",
        env = "TODO_LOG_FORMAT"
    )]
    pub log_format: LogFormat,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the application.
    Up(Box<UpArgs>),
    /// Run the manifest's build commands.
    Build(BuildArgs),
    /// Compose a component with its dependencies, as the manifest says, into one file.
    ///
    /// For dependencies that have dependencies themselves, which no host composes.
    Compose(ComposeArgs),
    /// Verify the audit trail, with the application running or not.
    Audit(AuditArgs),
    /// Apply the migrations of the services' databases, or show what is missing.
    Migrate(MigrateArgs),
    /// Copy all that a stopped application keeps in SQLite to PostgreSQL.
    Copy(CopyArgs),
    /// Look at the events of an application, running or not, and repeat them.
    Events(EventsArgs),
    /// Say what sentences about tasks mean.
    ///
    /// Reads JSON lines {"text": …} on standard input and writes for each a line
    /// {"text", "category", "commands", "dates"} with local times.
    Understand(UnderstandArgs),
}

/// The flags of `todo up`.
#[derive(Debug, Args)]
pub struct UpArgs {
    #[command(flatten)]
    pub locations: LocationArgs,
    /// Run only these components. May be repeated.
    #[arg(short = 'c', long = "component-id")]
    pub component_ids: Vec<String>,
    /// The address to serve HTTP on; port 0 takes a free port.
    #[arg(long, env = "SPIN_HTTP_LISTEN_ADDR", default_value = "127.0.0.1:3000")]
    pub listen: SocketAddr,
    /// The folder for compiled components. Default: todo in the user's cache folder, or cache in
    /// the state folder where there is none.
    #[arg(long, env = "TODO_CACHE_DIR")]
    pub cache_dir: Option<PathBuf>,
    /// The port of 127.0.0.1 for Dapr's publish API, which is there if the application has a Kafka
    /// trigger; 0 takes a free port. Components find it in the variable dapr_url.
    #[arg(long, env = "DAPR_HTTP_PORT", default_value_t = 3500)]
    pub dapr_http_port: u16,
    /// The port of 127.0.0.1 for publishing to WebSockets and streams, as to Pushpin, which is there if
    /// the application has an HTTP trigger; 0 takes a free port. Components find it in the variable
    /// grip_url.
    #[arg(long, env = "TODO_GRIP_HTTP_PORT", default_value_t = 5561)]
    pub grip_http_port: u16,
    /// Serve metrics for Prometheus here, under /metrics.
    #[arg(long, env = "TODO_METRICS_LISTEN")]
    pub metrics_listen: Option<SocketAddr>,
    /// Signs what the gateway for WebSockets and streams asks of components (Grip-Sig), and verifies
    /// what another gateway in front asks. Components find it in the variable grip_key; a value that a
    /// variables provider has for that counts first.
    #[arg(long, env = "SPIN_VARIABLE_GRIP_KEY", hide_env_values = true)]
    pub grip_key: Option<String>,
    #[command(flatten)]
    pub guards: Guards,
}

/// Where configuration and state lie.
#[derive(Debug, Args)]
pub struct LocationArgs {
    /// The manifest, or the folder that holds spin.toml. Default: spin.toml here or above.
    #[arg(short = 'f', long = "from", alias = "file", env = "TODO_MANIFEST")]
    pub from: Option<PathBuf>,
    /// Who provides stores, databases and variables. Default: runtime-config.toml beside the
    /// manifest, if it is there.
    #[arg(long, env = "RUNTIME_CONFIG_FILE")]
    pub runtime_config_file: Option<PathBuf>,
    /// The folder for state where the runtime configuration says nothing else. Default: .spin
    /// beside the manifest.
    #[arg(long, env = "STATE_DIR")]
    pub state_dir: Option<PathBuf>,
}

/// Where services keep their data, if not in files.
#[derive(Debug, Args)]
pub struct DatabaseArgs {
    /// The PostgreSQL database that the services keep their data in, instead of files.
    #[arg(long, value_name = "URL", env = DATABASE_URL, hide_env_values = true)]
    database_url: Option<String>,
}

impl DatabaseArgs {
    /// The database's address; none where it is blank.
    pub fn url(&self) -> Option<&str> {
        let url = self.database_url.as_deref()?.trim();
        (!url.is_empty()).then_some(url)
    }
}

/// What protects the host, and components from each other.
#[derive(Debug, Args)]
#[command(next_help_heading = "Guards")]
pub struct Guards {
    /// Seconds until an unanswered request gets 504.
    #[arg(long, env = "TODO_REQUEST_TIMEOUT", default_value = "30", value_parser = seconds)]
    pub request_timeout: Duration,
    /// Seconds that a client may take to send the head of a request.
    #[arg(long, env = "TODO_HEADER_TIMEOUT", default_value = "15", value_parser = seconds)]
    pub header_timeout: Duration,
    /// Bytes that a request body may have; longer ones get 413.
    #[arg(long, env = "TODO_MAX_REQUEST_BODY", default_value_t = 10 << 20)]
    pub max_request_body: u64,
    /// Seconds that a component may take for a call with events.
    #[arg(long, env = "TODO_EVENT_TIMEOUT", default_value = "30", value_parser = seconds)]
    pub event_timeout: Duration,
    /// Seconds that a component may take for a tick of its cron trigger.
    #[arg(long, env = "TODO_CRON_TIMEOUT", default_value = "300", value_parser = seconds)]
    pub cron_timeout: Duration,
    /// Requests handled at the same time; further ones get 503.
    #[arg(long, env = "TODO_MAX_REQUESTS", default_value_t = 1024, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=100_000))]
    pub max_requests: usize,
    /// WebSockets, streams and long polls held at the same time; further ones get 503.
    #[arg(long, env = "TODO_MAX_HELD_CONNECTIONS", default_value_t = 20_000, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=1_000_000))]
    pub max_held_connections: usize,
    /// Seconds that a WebSocket may be silent before its client is pinged; after as many again
    /// without an answer it ends.
    #[arg(long, env = "TODO_PING_INTERVAL", default_value = "30", value_parser = seconds)]
    pub ping_interval: Duration,
    /// Instances of one component at the same time; further requests wait.
    #[arg(long, env = "TODO_MAX_INSTANCES", default_value_t = 32, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=10_000))]
    pub max_instances: usize,
    /// MiB of memory that an instance may use; one that needs more fails.
    #[arg(long, env = "TODO_MAX_INSTANCE_MEMORY", default_value_t = 256, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=4096))]
    pub max_instance_memory: usize,
}

/// The flags of `todo build`.
#[derive(Debug, Args)]
pub struct BuildArgs {
    /// The manifest, or the folder that holds spin.toml. Default: spin.toml here or above.
    #[arg(short = 'f', long = "from", alias = "file", env = "TODO_MANIFEST")]
    pub from: Option<PathBuf>,
    /// Build only these components. May be repeated.
    #[arg(short = 'c', long = "component-id")]
    pub component_ids: Vec<String>,
}

/// The flags of `todo compose`.
#[derive(Debug, Args)]
pub struct ComposeArgs {
    /// The component's id.
    pub component_id: String,
    /// The file to write.
    #[arg(short = 'o', long)]
    pub output: PathBuf,
    /// The manifest, or the folder that holds spin.toml. Default: spin.toml here or above.
    #[arg(short = 'f', long = "from", alias = "file", env = "TODO_MANIFEST")]
    pub from: Option<PathBuf>,
}

/// The flags of `todo understand`.
#[derive(Debug, Args)]
pub struct UnderstandArgs {
    /// When the sentences are said, as RFC 3339.
    #[arg(long, value_parser = DateTime::parse_from_rfc3339)]
    pub now: DateTime<FixedOffset>,
    /// Where they are said, as an IANA time zone such as Europe/Berlin.
    #[arg(long, default_value = "UTC")]
    pub timezone: Tz,
}

/// A positive number of seconds.
fn seconds(text: &str) -> Result<Duration, String> {
    text.parse()
        .ok()
        .filter(|seconds| *seconds > 0.0 && *seconds <= 86_400.0)
        .map(Duration::from_secs_f64)
        .ok_or_else(|| "expected a number of seconds, at most 86400".to_owned())
}
