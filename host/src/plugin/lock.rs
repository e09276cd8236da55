//! Reads `spin.lock`, what `spin up` makes of the manifest for the triggers that it starts.
//!
//! It becomes a manifest again, so that the same checks hold for both.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use crate::app::{App, FileMount};
use crate::manifest::{self, ManifestErrors, Purpose};

/// The trigger types whose components may be needed here: HTTP ones are called by others.
const TRIGGER_TYPES: [&str; 3] = ["http", "kafka", "cron"];
/// What a component may require of its host.
const HOST_REQUIREMENTS: [&str; 1] = ["local_service_chaining"];

#[derive(Deserialize)]
struct Lock {
    #[serde(default)]
    metadata: Value,
    #[serde(default)]
    host_requirements: BTreeMap<String, Value>,
    #[serde(default)]
    variables: BTreeMap<String, Variable>,
    triggers: Vec<Trigger>,
    components: Vec<Component>,
}

#[derive(Deserialize)]
struct Variable {
    default: Option<String>,
}

#[derive(Deserialize)]
struct Trigger {
    id: String,
    trigger_type: String,
    trigger_config: serde_json::Map<String, Value>,
}

#[derive(Deserialize)]
struct Component {
    id: String,
    source: Content,
    #[serde(default)]
    metadata: BTreeMap<String, Value>,
    #[serde(default)]
    env: Value,
    #[serde(default)]
    config: Value,
    #[serde(default)]
    files: Vec<Mount>,
    #[serde(default)]
    dependencies: BTreeMap<String, Dependency>,
    #[serde(default)]
    host_requirements: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
struct Content {
    source: Option<String>,
}

#[derive(Deserialize)]
struct Mount {
    #[serde(flatten)]
    content: Content,
    path: String,
}

#[derive(Deserialize)]
struct Dependency {
    source: Content,
    export: Option<String>,
    #[serde(default)]
    inherit: Inherit,
}

#[derive(Deserialize)]
enum Inherit {
    All,
    Some(Vec<String>),
}

impl Default for Inherit {
    fn default() -> Self {
        Self::Some(Vec::new())
    }
}

impl Content {
    fn path(&self) -> Result<PathBuf> {
        let source = self.source.as_deref().context("it has no file")?;
        file_url(source)
    }
}

/// The path that a `file://` URL names.
///
/// # Errors
/// It is another URL.
pub fn file_url(url: &str) -> Result<PathBuf> {
    let path = Url::parse(url).ok().filter(|url| url.scheme() == "file");
    path.and_then(|url| url.to_file_path().ok())
        .with_context(|| format!("{url} is no file:// URL"))
}

/// Reads the lock file at `path`, of an application in the folder `dir`.
///
/// # Errors
/// It cannot be read, or holds what this host cannot run.
pub fn load(path: &Path, dir: &Path) -> Result<App> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    read(&text, path, dir).map_err(|error| {
        // Mistakes in a manifest come with their own heading.
        if error.is::<ManifestErrors>() {
            return error;
        }
        error.context(format!("{} cannot be run", path.display()))
    })
}

fn read(text: &str, path: &Path, dir: &Path) -> Result<App> {
    let lock: Lock = serde_json::from_str(text)?;
    let requirements = |component: &Component| component.host_requirements.clone().into_keys();
    for required in (lock.host_requirements.keys().cloned())
        .chain(lock.components.iter().flat_map(requirements))
    {
        ensure!(
            HOST_REQUIREMENTS.contains(&required.as_str()),
            "it requires {required} of its host"
        );
    }
    let mut app = manifest::parse(&manifest_of(&lock)?, path, dir, Purpose::Run)?;
    for component in &lock.components {
        let Some(of_app) = app.components.get_mut(&component.id) else {
            continue;
        };
        for mount in &component.files {
            of_app.files.push(FileMount {
                source: mount.content.path()?,
                destination: mount.path.clone(),
            });
        }
    }
    Ok(app)
}

/// The lock as a manifest. Spin has resolved everything in it; files are shown by the lock's own paths.
fn manifest_of(lock: &Lock) -> Result<String> {
    let mut text = String::from("spin_manifest_version = 2\n\n[application]\n");
    for field in ["name", "version"] {
        write_field(&mut text, field, &lock.metadata[field]);
    }
    for (name, variable) in &lock.variables {
        let _ = writeln!(text, "\n[variables.{}]", quoted(name));
        match &variable.default {
            Some(default) => write_field(&mut text, "default", &default.as_str().into()),
            None => write_field(&mut text, "required", &true.into()),
        }
    }
    for trigger in &lock.triggers {
        if !TRIGGER_TYPES.contains(&trigger.trigger_type.as_str()) {
            continue;
        }
        let _ = writeln!(text, "\n[[trigger.{}]]", trigger.trigger_type);
        write_field(&mut text, "id", &trigger.id.as_str().into());
        for (name, value) in &trigger.trigger_config {
            write_field(&mut text, name, value);
        }
    }
    for component in &lock.components {
        write_component(&mut text, component)
            .with_context(|| format!("component `{}`", component.id))?;
    }
    Ok(text)
}

fn write_component(text: &mut String, component: &Component) -> Result<()> {
    let id = quoted(&component.id);
    let _ = writeln!(text, "\n[component.{id}]");
    write_field(text, "source", &path_value(&component.source.path()?)?);
    write_field(text, "environment", &component.env);
    write_field(text, "variables", &component.config);
    for (field, name) in [
        ("allowed_outbound_hosts", "allowed_outbound_hosts"),
        ("key_value_stores", "key_value_stores"),
        ("sqlite_databases", "databases"),
        ("ai_models", "ai_models"),
    ] {
        let value = component.metadata.get(name).unwrap_or(&Value::Null);
        write_field(text, field, value);
    }
    if component.dependencies.is_empty() {
        return Ok(());
    }
    let _ = writeln!(text, "\n[component.{id}.dependencies]");
    for (import, dependency) in &component.dependencies {
        let path = dependency.source.path()?;
        let mut fields = serde_json::Map::from_iter([("path".to_owned(), path_value(&path)?)]);
        if let Some(export) = &dependency.export {
            fields.insert("export".to_owned(), export.as_str().into());
        }
        let inherit = match &dependency.inherit {
            Inherit::All => Value::from(true),
            Inherit::Some(fields) => Value::from(fields.clone()),
        };
        fields.insert("inherit_configuration".to_owned(), inherit);
        write_field(text, import, &fields.into());
    }
    Ok(())
}

fn path_value(path: &Path) -> Result<Value> {
    match path.to_str() {
        Some(path) => Ok(path.into()),
        None => bail!("the path {} is not UTF-8", path.display()),
    }
}

fn write_field(text: &mut String, name: &str, value: &Value) {
    if !value.is_null() {
        let _ = write!(text, "{} = ", quoted(name));
        write_value(text, value);
        text.push('\n');
    }
}

/// Writes a value of JSON as one of TOML, which has no null: it is left out.
fn write_value(text: &mut String, value: &Value) {
    match value {
        Value::Object(fields) => {
            let fields = fields.iter().filter(|(_, value)| !value.is_null());
            text.push('{');
            for (index, (name, value)) in fields.enumerate() {
                let comma = if index == 0 { "" } else { ", " };
                let _ = write!(text, "{comma}{} = ", quoted(name));
                write_value(text, value);
            }
            text.push('}');
        }
        Value::Array(elements) => {
            text.push('[');
            for (index, value) in elements.iter().enumerate() {
                text.push_str(if index == 0 { "" } else { ", " });
                write_value(text, value);
            }
            text.push(']');
        }
        Value::String(value) => text.push_str(&quoted(value)),
        Value::Null => {}
        Value::Bool(_) | Value::Number(_) => {
            let _ = write!(text, "{value}");
        }
    }
}

/// A string as TOML has it: as JSON, but for one control character.
fn quoted(value: &str) -> String {
    Value::from(value).to_string().replace('\u{7f}', "\\u007f")
}
