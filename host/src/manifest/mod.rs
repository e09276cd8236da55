//! Reads `spin.toml`, Spin's manifest version 2, and checks all of it before anything starts.

mod component;
pub mod diagnostics;
mod files;
pub mod names;
pub mod reader;
mod trigger;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

pub use diagnostics::ManifestErrors;
use diagnostics::{Diagnostics, did_you_mean, list};
use reader::{Table, Text, Value, read_document};

use crate::app::{App, Variable};
use component::Declared;
use trigger::DeclaredTrigger;

/// What the manifest is read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To run it: the components that triggers use, with their files, which must exist.
    Run,
    /// To build it: every component; files need not exist yet.
    Build,
}

/// What all parts of the manifest are checked against.
struct Scope<'a, 's> {
    /// The folder of the manifest, absolute.
    dir: &'a Path,
    variables: &'a BTreeMap<String, Variable>,
    /// Of every component in the manifest.
    component_ids: &'a BTreeSet<String>,
    diagnostics: &'a Diagnostics<'s>,
}

/// The manifest to use, as `spin up` finds it: the file given, `spin.toml` in the folder given, or,
/// where nothing is given, in the working directory or the nearest folder above it, up to the root of
/// the Git repository.
///
/// # Errors
/// There is none.
pub fn find(given: Option<&Path>) -> Result<PathBuf> {
    const FILE: &str = "spin.toml";
    match given {
        Some(path) if path.is_dir() => {
            let file = path.join(FILE);
            if !file.is_file() {
                bail!("the folder {} holds no {FILE}", path.display());
            }
            Ok(file)
        }
        Some(path) => Ok(path.to_owned()),
        None => {
            let start = std::env::current_dir().context("the working directory is unknown")?;
            for dir in start.ancestors() {
                let file = dir.join(FILE);
                if file.is_file() {
                    return Ok(file);
                }
                if dir.join(".git").exists() {
                    break;
                }
            }
            bail!(
                "there is no {FILE} in {} or above it; name one with -f",
                start.display()
            )
        }
    }
}

/// Reads a manifest.
///
/// # Errors
/// Every mistake in it, each with its place.
pub fn load(path: &Path, purpose: Purpose) -> Result<App, ManifestErrors> {
    const EXPECTED: &str = "expected a Spin manifest; name one with -f";
    let unreadable = |error| ManifestErrors::unreadable(path, &error, EXPECTED);
    let source = std::fs::read_to_string(path).map_err(unreadable)?;
    let absolute = std::path::absolute(path).map_err(unreadable)?;
    let dir = absolute.parent().unwrap_or(&absolute);
    parse(&source, path, dir, purpose)
}

/// Reads the text of a manifest; messages say that it is of `path`, what it names lies in `dir`.
///
/// # Errors
/// Every mistake in it, each with its place.
pub fn parse(
    source: &str,
    path: &Path,
    dir: &Path,
    purpose: Purpose,
) -> Result<App, ManifestErrors> {
    let diagnostics = Diagnostics::new(source);
    let app = read_document(source, &diagnostics, |document| {
        read_app(document, dir, purpose)
    });
    diagnostics.finish(path, app)
}

fn read_app(document: &Table, dir: &Path, purpose: Purpose) -> Option<App> {
    check_version(document)?;
    let diagnostics = document.diagnostics();
    let (name, version) = read_application(document);
    let variables = read_variables(document);
    let triggers = trigger::read(document);
    let mut sections: Vec<(Text, Value)> = document
        .table("component", "[component]")
        .iter()
        .flat_map(Table::entries)
        .collect();
    sections.extend(
        triggers
            .iter()
            .filter_map(DeclaredTrigger::inline_component),
    );
    let component_ids: BTreeSet<String> = sections.iter().map(|(id, _)| id.value.clone()).collect();
    document.finish();

    let scope = Scope {
        dir,
        variables: &variables,
        component_ids: &component_ids,
        diagnostics,
    };
    let mut declared: BTreeMap<String, Declared> = BTreeMap::new();
    for (id, value) in sections {
        if let Err(reason) = names::check_kebab(&id.value) {
            diagnostics.report(
                id.span.clone(),
                format!("the component id `{}` cannot be used: {reason}", id.value),
                "expected kebab-case, like `todo-api`",
            );
        }
        match value.as_table(format!("[component.{}]", id.value)) {
            Some(table) => {
                declared.insert(id.value.clone(), component::read(&table, &id, &scope));
            }
            None => value.mismatch(&format!("component `{}`", id.value), "a table"),
        }
    }
    component::resolve_references(&mut declared, &scope);
    let triggers = trigger::check(triggers, &scope);
    for component in declared.values() {
        component.check_calls(&triggers.http, &scope);
    }

    if purpose == Purpose::Run {
        declared.retain(|id, _| triggers.components().any(|component| component == id));
        for component in declared.values_mut() {
            component.locate_files(&scope);
        }
    }
    let components = declared
        .into_iter()
        .map(|(id, declared)| (id, declared.component))
        .collect();
    Some(App {
        name,
        version,
        dir: dir.to_owned(),
        variables,
        http_triggers: triggers.http,
        kafka_triggers: triggers.kafka,
        cron_triggers: triggers.cron,
        components,
    })
}

fn check_version(document: &Table) -> Option<()> {
    let Some(version) = document.value("spin_manifest_version") else {
        document.missing("spin_manifest_version", "`spin_manifest_version = 2`");
        return None;
    };
    if version.as_integer() != Some(2) {
        document.diagnostics().report(
            version.span(),
            "this is not manifest version 2",
            "expected `spin_manifest_version = 2`",
        );
        return None;
    }
    Some(())
}

/// The application's name and version.
fn read_application(document: &Table) -> (String, String) {
    if document.key_span("application").is_none() {
        document.value("application");
        document.missing("application", "a table `[application]` with a `name`");
        return Default::default();
    }
    let Some(table) = document.table("application", "[application]") else {
        return Default::default();
    };
    let name = table.required_text("name", "the name of the application");
    let version = table.text("version");
    table.text("description");
    table.texts("authors");
    // Settings of trigger types and of tools, and where `spin` may deploy to.
    table.ignore(&["trigger", "tool", "targets"]);
    table.finish();
    let value = |text: Option<Text>| text.map(|text| text.value).unwrap_or_default();
    (value(name), value(version))
}

fn read_variables(document: &Table) -> BTreeMap<String, Variable> {
    let mut variables = BTreeMap::new();
    let Some(table) = document.table("variables", "[variables]") else {
        return variables;
    };
    for (name, value) in table.entries() {
        if let Err(reason) = names::check_variable(&name.value) {
            document.diagnostics().report(
                name.span.clone(),
                format!("the variable `{}` cannot be used: {reason}", name.value),
                "expected lower-case snake_case, like `jwt_secret`",
            );
        }
        let what = format!("variable `{}`", name.value);
        let Some(fields) = value.as_table(what.clone()) else {
            value.mismatch(&what, "a table with `default` or `required = true`");
            continue;
        };
        fields.text("description");
        let variable = Variable {
            default: fields.text("default").map(|text| text.value),
            required: fields.flag("required"),
        };
        // Values are never shown, secret or not.
        fields.flag("secret");
        fields.finish();
        let has_default = fields.key_span("default").is_some();
        if variable.required == has_default {
            let found = if has_default {
                "is `required` and has a `default`"
            } else {
                "is not `required` and has no `default`"
            };
            document.diagnostics().report(
                name.span,
                format!("{what} {found}"),
                "expected one of the two",
            );
        }
        // Kept although it may be wrong, so that templates that use it are not reported too.
        variables.insert(name.value, variable);
    }
    variables
}

impl Scope<'_, '_> {
    /// Reports a component that is not in the manifest.
    fn check_component(&self, id: &Text) -> bool {
        let known = self.component_ids.contains(&id.value);
        if !known {
            let ids = self.component_ids.iter().map(String::as_str);
            let found = format!("there is no component `{}`", id.value);
            let expected = format!("the manifest has {}", list(ids.clone()));
            match did_you_mean(&id.value, ids) {
                Some(help) => {
                    self.diagnostics
                        .report_with_help(id.span.clone(), found, expected, help);
                }
                None => self.diagnostics.report(id.span.clone(), found, expected),
            }
        }
        known
    }
}

#[cfg(test)]
mod tests;
