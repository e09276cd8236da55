//! An application as the host runs it: the manifest, checked, with every path absolute.
//!
//! `manifest` makes it from `spin.toml`; the triggers and capabilities read nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use croner::Cron;

/// A whole application.
#[derive(Debug, Clone)]
pub struct App {
    /// `application.name`.
    pub name: String,
    /// `application.version`.
    pub version: String,
    /// The folder of the manifest.
    pub dir: PathBuf,
    /// Application variables, by name.
    pub variables: BTreeMap<String, Variable>,
    /// `[[trigger.http]]`, in the manifest's order.
    pub http_triggers: Vec<HttpTrigger>,
    /// `[[trigger.kafka]]`, in the manifest's order.
    pub kafka_triggers: Vec<KafkaTrigger>,
    /// `[[trigger.cron]]`, in the manifest's order.
    pub cron_triggers: Vec<CronTrigger>,
    /// Components that a trigger uses, by id (all of the manifest's when it is read for a build).
    pub components: BTreeMap<String, Component>,
}

/// One `[variables]` entry. Exactly one of `default` and `required` is given.
#[derive(Debug, Clone)]
pub struct Variable {
    /// Its value where no provider has one.
    pub default: Option<String>,
    /// A provider must have one.
    pub required: bool,
}

/// One `[[trigger.http]]`.
#[derive(Debug, Clone)]
pub struct HttpTrigger {
    /// The trigger's id; made from its position where the manifest gives none.
    pub id: String,
    /// Which component answers.
    pub component: String,
    /// Which requests it answers.
    pub route: Route,
}

/// The route of an HTTP trigger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// Exact, with `:param` segments, or ending in `/...`.
    Path(String),
    /// `{ private = true }`: only other components may call it, at `http://<component>.spin.internal`.
    Private,
}

/// One `[[trigger.kafka]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KafkaTrigger {
    /// The trigger's id; made from its position where the manifest gives none.
    pub id: String,
    /// Which component takes the events.
    pub component: String,
    /// Which topics it reads.
    pub topics: Vec<String>,
    /// The consumer group that it reads them as.
    pub group: String,
    /// The most events in one call.
    pub batch: usize,
    /// How often an event is tried before it goes to the dead letters.
    pub max_attempts: u32,
    /// How long a failed event waits.
    pub backoff: Backoff,
}

/// How long something waits that failed: twice as long each time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// After the first failure.
    pub initial: Duration,
    /// At most.
    pub max: Duration,
}

/// One `[[trigger.cron]]`.
#[derive(Debug, Clone)]
pub struct CronTrigger {
    /// The trigger's id; made from its position where the manifest gives none.
    pub id: String,
    /// Which component is run.
    pub component: String,
    /// When, in UTC.
    pub schedule: Cron,
}

/// One `[component.ID]`.
#[derive(Debug, Clone)]
pub struct Component {
    /// Its key in the manifest.
    pub id: String,
    /// The component file.
    pub source: PathBuf,
    /// Environment variables, verbatim.
    pub environment: BTreeMap<String, String>,
    /// Files to show the component, read-only.
    pub files: Vec<FileMount>,
    /// Component variables: templates over the application's (`{{ name }}`).
    pub variables: BTreeMap<String, String>,
    /// `allowed_outbound_hosts`, as written (they may hold templates).
    pub allowed_outbound_hosts: Vec<String>,
    /// Labels of stores it may open.
    pub key_value_stores: Vec<String>,
    /// Labels of databases it may open.
    pub sqlite_databases: Vec<String>,
    /// Imports that other components provide.
    pub dependencies: Vec<Dependency>,
    /// How it is built, if the manifest says.
    pub build: Option<Build>,
}

/// Files or a folder that a component sees under `/`.
#[derive(Debug, Clone)]
pub struct FileMount {
    /// On the host.
    pub source: PathBuf,
    /// In the component, absolute.
    pub destination: String,
}

/// One `[component.ID.dependencies]` entry.
#[derive(Debug, Clone)]
pub struct Dependency {
    /// The import it satisfies: an interface (`todo:events/producer@1.0.0`), a package or a plain name.
    pub import: String,
    /// The component file that provides it.
    pub source: PathBuf,
    /// The export to take, where it is not the one of the import's name.
    pub export: Option<String>,
    /// What it may use of the importing component's configuration.
    pub inherit_configuration: InheritConfiguration,
}

/// What a dependency may use of what the component that imports it may use; the rest is denied to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InheritConfiguration {
    /// Everything.
    All,
    /// These fields of the component (`allowed_outbound_hosts`, `variables`, …); none where empty.
    Only(BTreeSet<String>),
}

/// One `[component.ID.build]`.
#[derive(Debug, Clone)]
pub struct Build {
    /// Shell command lines, run in order.
    pub commands: Vec<String>,
    /// Where they run.
    pub workdir: PathBuf,
}
