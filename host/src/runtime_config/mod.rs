//! Reads the runtime configuration file: who provides what the manifest lets components reach.
//!
//! Paths are resolved as Spin does: those of key-value stores from the folder of the file, those of
//! databases from the working directory. Both kinds have a store `default` without being configured,
//! in the state folder, in the files where Spin keeps its own.

mod event_log;
mod events;
mod kafka;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::app::App;
use crate::capabilities::key_value::RedisUrl;
use crate::dapr_secrets::DaprSecret;
use crate::manifest::ManifestErrors;
use crate::manifest::diagnostics::{Diagnostics, did_you_mean, list};
use crate::manifest::names;
use crate::manifest::reader::{Table, Text, read_document};
use crate::variables::{ENVIRONMENT_PREFIX, Provider};

pub use event_log::EventLogConfig;
use events::EventSections;
pub use kafka::KafkaConfig;

/// What Spin would refuse in its own file: sections that say where events are kept.
const EVENTS_FILE: &str = "events.toml";
/// The label of the stores that need no configuration.
const DEFAULT_LABEL: &str = "default";

/// Everything that the file configures, with Spin's defaults for what it leaves out.
#[derive(Debug)]
pub struct RuntimeConfig {
    /// Key-value stores by label.
    pub key_value_stores: BTreeMap<String, KeyValueProvider>,
    /// SQLite databases by label.
    pub sqlite_databases: BTreeMap<String, Location>,
    /// Where variables come from, first asked first; the last is the environment.
    pub variable_providers: Vec<Provider>,
    /// The embedded event log.
    pub event_log: EventLogConfig,
    /// The brokers that keep the events in its place.
    pub kafka: Option<KafkaConfig>,
}

/// Who provides a key-value store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyValueProvider {
    /// A SQLite file.
    Spin(Location),
    /// A Redis server.
    Redis(RedisUrl),
}

/// Where a SQLite file lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// Gone when the host stops.
    Memory,
    /// An absolute path.
    File(PathBuf),
}

/// Where relative paths start.
#[derive(Debug, Clone, Copy)]
pub struct Folders<'a> {
    /// Of `default` stores: `.spin` beside the manifest, where nothing else was asked for.
    pub state: &'a Path,
    /// The working directory.
    pub working: &'a Path,
}

/// Reads the file at `path`, or takes the defaults where there is none to read. `environment` is that
/// of the process.
///
/// # Errors
/// Every mistake in the file, each with its place.
pub fn load(
    path: Option<&Path>,
    folders: Folders,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<RuntimeConfig, ManifestErrors> {
    let environment: Vec<_> = environment.into_iter().collect();
    let Some(path) = path else {
        return parse("", None, Path::new(".env"), folders, &environment);
    };
    let source = std::fs::read_to_string(path).map_err(|error| {
        ManifestErrors::unreadable(path, &error, "expected a runtime configuration file")
    })?;
    let beside = path.with_file_name(EVENTS_FILE);
    let events = match std::fs::read_to_string(&beside) {
        Ok(source) => Some(source),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => {
            let expected = "expected the sections about events";
            return Err(ManifestErrors::unreadable(&beside, &error, expected));
        }
    };
    parse(&source, events.as_deref(), path, folders, &environment)
}

/// The folder for state that the file at `path` names. Mistakes in the file are for [`load`] to tell.
pub fn state_dir(path: &Path) -> Option<PathBuf> {
    let source = std::fs::read_to_string(path).ok()?;
    let document = toml::de::DeTable::parse(&source).ok()?;
    let folder = document.get_ref().get("state_dir")?.get_ref().as_str()?;
    (!folder.is_empty()).then(|| PathBuf::from(folder))
}

/// `events` is the text of the file of that name, if it is there.
fn parse(
    source: &str,
    events: Option<&str>,
    path: &Path,
    folders: Folders,
    environment: &[(OsString, OsString)],
) -> Result<RuntimeConfig, ManifestErrors> {
    let diagnostics = Diagnostics::new(source);
    let read = read_document(source, &diagnostics, |document| {
        let config_dir = folders.working.join(path.parent().unwrap_or(Path::new("")));
        let key_value_stores = read_stores(
            document,
            "key_value_store",
            &["spin", "redis"],
            KeyValueProvider::Spin(Location::File(folders.state.join("sqlite_key_value.db"))),
            |table, store_type| match store_type {
                "redis" => read_redis(table),
                _ => Some(KeyValueProvider::Spin(location(table, &config_dir))),
            },
        );
        let sqlite_databases = read_stores(
            document,
            "sqlite_database",
            &["spin"],
            Location::File(folders.state.join("sqlite_db.db")),
            |table, _| {
                if table.flag("allow_attach_file") {
                    table.diagnostics().report(
                        table.key_span("allow_attach_file").unwrap_or(table.span()),
                        "`allow_attach_file` is not provided by this host",
                        "expected databases to stay by themselves",
                    );
                }
                Some(location(table, folders.working))
            },
        );
        let mut variable_providers = read_providers(document, folders.working, environment);
        // Spin's own, always there: the environment, and the file `.env` in the working directory.
        let dotenv = folders.working.join(".env");
        match Provider::environment(
            ENVIRONMENT_PREFIX,
            Some(&dotenv),
            environment.iter().cloned(),
        ) {
            Ok(provider) => variable_providers.push(provider),
            Err(error) => diagnostics.report(0..0, format!("{error:#}"), "needed for variables"),
        }
        let sections = EventSections::read(document, folders);
        // Its folder is found before the rest is read; logs of components go to standard error here.
        document.text("state_dir");
        document.text("log_dir");
        document.finish();
        Some((
            key_value_stores,
            sqlite_databases,
            variable_providers,
            sections,
        ))
    });
    let (key_value_stores, sqlite_databases, variable_providers, mut sections) =
        diagnostics.finish(path, read)?;
    if let Some(events) = events {
        sections = sections.and(events, &path.with_file_name(EVENTS_FILE), folders)?;
    }
    let EventSections { event_log, kafka } = sections;
    Ok(RuntimeConfig {
        key_value_stores,
        sqlite_databases,
        variable_providers,
        event_log: event_log.unwrap_or_else(|| EventLogConfig::new(folders)),
        kafka,
    })
}

/// The stores of one kind by label. `read` makes one of a table with one of `types`.
fn read_stores<T>(
    document: &Table,
    kind: &'static str,
    types: &[&str],
    default: T,
    read: impl Fn(&Table, &str) -> Option<T>,
) -> BTreeMap<String, T> {
    let mut stores = BTreeMap::from([(DEFAULT_LABEL.to_owned(), default)]);
    let Some(section) = document.table(kind, format!("[{kind}]")) else {
        return stores;
    };
    for (label, value) in section.entries() {
        if let Err(reason) = names::check_label(&label.value) {
            document.diagnostics().report(
                label.span,
                format!("the label `{}` cannot be used: {reason}", label.value),
                "expected kebab-case or snake_case, like `default`",
            );
        }
        let name = format!("[{kind}.{}]", label.value);
        let Some(table) = value.as_table(&name) else {
            value.mismatch(&name, "a table with `type = \"spin\"`");
            continue;
        };
        let Some(store_type) = table.required_text("type", "`type = \"spin\"`") else {
            continue;
        };
        if !check_type(&table, &store_type, types) {
            continue;
        }
        let store = read(&table, &store_type.value);
        table.finish();
        stores.extend(store.map(|store| (label.value, store)));
    }
    stores
}

/// Where the file of a store lies; relative paths start at `base`.
fn location(table: &Table, base: &Path) -> Location {
    let path = table.text("path");
    path.map_or(Location::Memory, |path| {
        Location::File(base.join(path.value))
    })
}

fn read_redis(table: &Table) -> Option<KeyValueProvider> {
    let url = table.required_text("url", "`url = \"redis://127.0.0.1:6379\"`")?;
    match RedisUrl::new(url.value) {
        Ok(url) => Some(KeyValueProvider::Redis(url)),
        Err(error) => {
            table.diagnostics().report(
                url.span,
                format!("`url` in {} cannot be used: {error}", table.name()),
                "expected `redis://` or `rediss://`, a host and what else is needed",
            );
            None
        }
    }
}

fn check_type(table: &Table, found: &Text, known: &[&str]) -> bool {
    let is_known = known.contains(&found.value.as_str());
    if !is_known {
        let message = format!("unknown type `{}` in {}", found.value, table.name());
        let expected = format!("known are {}", list(known.iter().copied()));
        match did_you_mean(&found.value, known.iter().copied()) {
            Some(help) => {
                table
                    .diagnostics()
                    .report_with_help(found.span.clone(), message, expected, help)
            }
            None => table
                .diagnostics()
                .report(found.span.clone(), message, expected),
        }
    }
    is_known
}

/// The providers of `[[variables_provider]]`, or of its older name `[[config_provider]]`.
fn read_providers(
    document: &Table,
    working: &Path,
    environment: &[(OsString, OsString)],
) -> Vec<Provider> {
    let mut providers = Vec::new();
    let (newer, older) = (
        document.value("variables_provider"),
        document.value("config_provider"),
    );
    if let (Some(_), Some(older)) = (newer, older) {
        document.diagnostics().report(
            older.span(),
            "both `variables_provider` and its older name `config_provider` are there",
            "expected one of them: Spin reads only `variables_provider` then",
        );
    }
    let Some(value) = newer.or(older) else {
        return providers;
    };
    const NAME: &str = "[[variables_provider]]";
    let Some(elements) = value.as_array() else {
        value.mismatch(
            "`variables_provider`",
            &format!("an array of tables: `{NAME}`"),
        );
        return providers;
    };
    for element in elements {
        match element.as_table(NAME) {
            Some(table) => providers.extend(read_provider(&table, working, environment)),
            None => element.mismatch("a variables provider", &format!("a table: `{NAME}`")),
        }
    }
    providers
}

fn read_provider(
    table: &Table,
    working: &Path,
    environment: &[(OsString, OsString)],
) -> Option<Provider> {
    const EXPECTED: &str = "`type = \"env\"`, `type = \"static\"` or `type = \"dapr\"`";
    let provider_type = table.required_text("type", EXPECTED)?;
    if !check_type(table, &provider_type, &["env", "static", "dapr"]) {
        return None;
    }
    if provider_type.value == "dapr" {
        return read_dapr_provider(table, environment);
    }
    if provider_type.value == "static" {
        let values = table.text_table("values");
        if table.key_span("values").is_none() {
            table.missing("values", "a table of variables with their values");
        }
        table.finish();
        return Some(Provider::fixed(
            values
                .into_iter()
                .map(|(name, value)| (name.value, value.value))
                .collect(),
        ));
    }
    let prefix = table.text("prefix");
    let prefix = prefix.as_ref().map_or(ENVIRONMENT_PREFIX, |p| &p.value);
    let dotenv = table.text("dotenv_path");
    table.finish();
    let path = dotenv.as_ref().map(|path| working.join(&path.value));
    match Provider::environment(prefix, path.as_deref(), environment.iter().cloned()) {
        Ok(provider) => Some(provider),
        Err(error) => {
            table.diagnostics().report(
                dotenv.map_or(provider_type.span, |path| path.span),
                format!("{error:#}"),
                "needed for variables",
            );
            None
        }
    }
}

fn read_dapr_provider(table: &Table, environment: &[(OsString, OsString)]) -> Option<Provider> {
    let store = table.required_text("store", "the name of Dapr's secret store");
    let secret = table.required_text("secret", "the secret whose keys are variables");
    let url = table.text("url");
    table.finish();
    // As Dapr's own clients find their sidecar.
    let variable = |name: &str| {
        let (_, value) = environment.iter().find(|(other, _)| other == name)?;
        value.to_str().filter(|value| !value.is_empty())
    };
    let port = variable("DAPR_HTTP_PORT").unwrap_or("3500");
    let url = (url.map(|url| url.value))
        .or_else(|| variable("DAPR_HTTP_ENDPOINT").map(str::to_owned))
        .unwrap_or_else(|| format!("http://127.0.0.1:{port}"));
    Some(Provider::dapr(DaprSecret {
        url,
        store: store?.value,
        secret: secret?.value,
        token: variable("DAPR_API_TOKEN").map(str::to_owned),
    }))
}

/// Labels that components use and nothing provides.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct MissingStores(Vec<String>);

impl RuntimeConfig {
    /// Gives a variable a value for where nothing else has one, but before its default.
    pub fn offer_variable(&mut self, name: &str, value: &str) {
        let values = BTreeMap::from([(name.to_owned(), value.to_owned())]);
        self.variable_providers.push(Provider::fixed(values));
    }

    /// Has the providers that ask others get their values.
    ///
    /// # Errors
    /// They do not get them.
    pub async fn fetch_variables(&mut self) -> anyhow::Result<()> {
        for provider in &mut self.variable_providers {
            provider.fetch().await?;
        }
        Ok(())
    }

    /// The value that a provider has for a variable.
    pub fn variable(&self, name: &str) -> Option<&str> {
        let mut providers = self.variable_providers.iter();
        providers.find_map(|provider| provider.get(name))
    }

    /// Checks that every store and database that a component may open is provided.
    ///
    /// # Errors
    /// All that are not, each with how to provide it.
    pub fn check(&self, app: &App) -> Result<(), MissingStores> {
        let mut missing = Vec::new();
        for component in app.components.values() {
            for (kind, what, labels, provided) in [
                (
                    "key_value_store",
                    "key-value store",
                    &component.key_value_stores,
                    self.key_value_stores.keys().collect::<BTreeSet<_>>(),
                ),
                (
                    "sqlite_database",
                    "database",
                    &component.sqlite_databases,
                    self.sqlite_databases.keys().collect(),
                ),
            ] {
                let unique: BTreeSet<&String> = labels.iter().collect();
                for label in unique {
                    if !provided.contains(label) {
                        let hint = did_you_mean(label, provided.iter().map(|it| it.as_str()))
                            .map(|hint| format!("; {hint}"))
                            .unwrap_or_default();
                        missing.push(format!(
                            "component `{}` uses the {what} `{label}`, which nothing provides: \
                             add `[{kind}.{label}]` with `type = \"spin\"` to the runtime \
                             configuration file{hint}",
                            component.id
                        ));
                    }
                }
            }
        }
        if missing.is_empty() {
            Ok(())
        } else {
            Err(MissingStores(missing))
        }
    }
}

#[cfg(test)]
mod tests;
