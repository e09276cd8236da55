//! Reads the runtime configuration file: who provides what the manifest lets components reach.
//!
//! Paths are resolved as Spin does: those of key-value stores from the folder of the file, those of
//! databases from the working directory. Both kinds have a store `default` without being configured,
//! in the state folder, in the files where Spin keeps its own.

mod event_log;
mod kafka;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::app::App;
use crate::manifest::ManifestErrors;
use crate::manifest::diagnostics::{Diagnostics, did_you_mean, list};
use crate::manifest::names;
use crate::manifest::reader::{Table, Text, read_document};
use crate::variables::{ENVIRONMENT_PREFIX, Provider};

pub use event_log::EventLogConfig;
pub use kafka::KafkaConfig;

/// The label of the stores that need no configuration.
const DEFAULT_LABEL: &str = "default";

/// Everything that the file configures, with Spin's defaults for what it leaves out.
#[derive(Debug)]
pub struct RuntimeConfig {
    /// Key-value stores by label.
    pub key_value_stores: BTreeMap<String, Location>,
    /// SQLite databases by label.
    pub sqlite_databases: BTreeMap<String, Location>,
    /// Where variables come from, first asked first; the last is the environment.
    pub variable_providers: Vec<Provider>,
    /// The embedded event log.
    pub event_log: EventLogConfig,
    /// The brokers that keep the events in its place.
    pub kafka: Option<KafkaConfig>,
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
        return parse("", Path::new(".env"), folders, &environment);
    };
    let source = std::fs::read_to_string(path).map_err(|error| {
        ManifestErrors::unreadable(path, &error, "expected a runtime configuration file")
    })?;
    parse(&source, path, folders, &environment)
}

fn parse(
    source: &str,
    path: &Path,
    folders: Folders,
    environment: &[(OsString, OsString)],
) -> Result<RuntimeConfig, ManifestErrors> {
    let diagnostics = Diagnostics::new(source);
    let config = read_document(source, &diagnostics, |document| {
        let config_dir = folders.working.join(path.parent().unwrap_or(Path::new("")));
        let key_value_stores = read_stores(
            document,
            "key_value_store",
            &config_dir,
            folders.state.join("sqlite_key_value.db"),
        );
        let sqlite_databases = read_stores(
            document,
            "sqlite_database",
            folders.working,
            folders.state.join("sqlite_db.db"),
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
        let event_log = event_log::read(document, folders);
        let kafka = kafka::read(document, folders);
        document.finish();
        Some(RuntimeConfig {
            key_value_stores,
            sqlite_databases,
            variable_providers,
            event_log,
            kafka,
        })
    });
    diagnostics.finish(path, config)
}

/// The stores of one kind by label.
fn read_stores(
    document: &Table,
    kind: &'static str,
    base: &Path,
    default: PathBuf,
) -> BTreeMap<String, Location> {
    let mut stores = BTreeMap::from([(DEFAULT_LABEL.to_owned(), Location::File(default))]);
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
        if !check_type(&table, &store_type, &["spin"]) {
            continue;
        }
        let path = table.text("path");
        if kind == "sqlite_database" && table.flag("allow_attach_file") {
            document.diagnostics().report(
                table.key_span("allow_attach_file").unwrap_or(table.span()),
                "`allow_attach_file` is not provided by this host",
                "expected databases to stay by themselves",
            );
        }
        table.finish();
        let location = path.map_or(Location::Memory, |path| {
            Location::File(base.join(path.value))
        });
        stores.insert(label.value, location);
    }
    stores
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
    let provider_type = table.required_text("type", "`type = \"env\"` or `type = \"static\"`")?;
    if !check_type(table, &provider_type, &["env", "static"]) {
        return None;
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
                    &self.key_value_stores,
                ),
                (
                    "sqlite_database",
                    "database",
                    &component.sqlite_databases,
                    &self.sqlite_databases,
                ),
            ] {
                let unique: BTreeSet<&String> = labels.iter().collect();
                for label in unique {
                    if !provided.contains_key(label) {
                        let hint = did_you_mean(label, provided.keys().map(String::as_str))
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
