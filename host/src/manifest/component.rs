//! The manifest's `[component.ID]` sections.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::Scope;
use super::diagnostics::{did_you_mean, list};
use super::files::{self, DeclaredFile};
use super::names::{self, DependencyName};
use super::reader::{Table, Text, Value};
use crate::app::{Build, Component, Dependency, HttpTrigger, InheritConfiguration};
use crate::outbound_hosts::AllowedHost;
use crate::variables::{Template, parse_expanded_host};

/// What a dependency may inherit by name.
const INHERITABLE: &[&str] = &[
    "ai_models",
    "allowed_outbound_hosts",
    "environment",
    "files",
    "key_value_stores",
    "sqlite_databases",
    "variables",
];

/// A component as written: what needs the other components or the file system is still open.
pub struct Declared {
    pub component: Component,
    /// Of the component file.
    source_span: Option<Range<usize>>,
    /// Dependencies given as `{ component = "id" }`, by their index.
    references: Vec<(usize, Text)>,
    /// Dependencies given as `{ path = "…" }`, by their index.
    paths: Vec<(usize, Range<usize>)>,
    /// Fields that a component used as a dependency cannot have.
    own_resources: Vec<&'static str>,
    /// Components that it may call at `http://<component>.spin.internal`.
    calls: Vec<Text>,
    files: Vec<DeclaredFile>,
    exclude_files: Vec<Text>,
}

/// Reads one component; what is wrong in it is reported and left out.
pub fn read(table: &Table, id: &Text, scope: &Scope) -> Declared {
    let (source, source_span) = read_source(table, scope);
    table.text("description");
    let environment: BTreeMap<String, String> = table
        .text_table("environment")
        .into_iter()
        .map(|(name, value)| (name.value, value.value))
        .collect();
    let (files, exclude_files) = files::read(table);
    let variables = read_variables(table, scope);
    let (allowed_outbound_hosts, calls) = read_allowed_hosts(table, scope);
    let key_value_stores = read_labels(table, "key_value_stores", scope);
    let sqlite_databases = read_labels(table, "sqlite_databases", scope);
    let (dependencies, references, paths) = read_dependencies(table, scope);
    let build = table
        .table("build", format!("[component.{}.build]", id.value))
        .and_then(|build| read_build(&build, scope));
    table.refuse("ai_models", "leave it out: this host runs no models");
    table.refuse(
        "allowed_http_hosts",
        "write `allowed_outbound_hosts`, which replaced it",
    );
    // Settings of other tools, where `spin` may deploy to, and build profiles, which this host does
    // not choose between.
    table.ignore(&["tool", "targets", "profile"]);
    table.finish();

    let own_resources = [
        ("allowed_outbound_hosts", allowed_outbound_hosts.is_empty()),
        ("dependencies", dependencies.is_empty()),
        ("environment", environment.is_empty()),
        ("files", files.is_empty()),
        ("key_value_stores", key_value_stores.is_empty()),
        ("sqlite_databases", sqlite_databases.is_empty()),
        ("variables", variables.is_empty()),
    ]
    .into_iter()
    .filter_map(|(field, is_empty)| (!is_empty).then_some(field))
    .collect();

    Declared {
        component: Component {
            id: id.value.clone(),
            source,
            environment,
            files: Vec::new(),
            variables,
            allowed_outbound_hosts,
            key_value_stores,
            sqlite_databases,
            dependencies,
            build,
        },
        source_span,
        references,
        paths,
        own_resources,
        calls,
        files,
        exclude_files,
    }
}

/// Gives dependencies on components of the manifest the files of those.
pub fn resolve_references(declared: &mut BTreeMap<String, Declared>, scope: &Scope) {
    let sources: BTreeMap<String, (PathBuf, Vec<&'static str>)> = declared
        .iter()
        .map(|(id, d)| {
            (
                id.clone(),
                (d.component.source.clone(), d.own_resources.clone()),
            )
        })
        .collect();
    for depender in declared.values_mut() {
        for (index, id) in &depender.references {
            if !scope.check_component(id) {
                continue;
            }
            let Some((source, own_resources)) = sources.get(&id.value) else {
                continue;
            };
            if !own_resources.is_empty() {
                scope.diagnostics.report(
                    id.span.clone(),
                    format!(
                        "component `{}` has resources of its own: {}",
                        id.value,
                        list(own_resources.iter().copied())
                    ),
                    "expected a dependency to have none: they would not apply to it",
                );
            }
            if let Some(dependency) = depender.component.dependencies.get_mut(*index) {
                dependency.source.clone_from(source);
            }
            depender.paths.push((*index, id.span.clone()));
        }
    }
}

impl Declared {
    /// Reports components that it may call and that no trigger answers for.
    pub fn check_calls(&self, triggers: &[HttpTrigger], scope: &Scope) {
        for id in &self.calls {
            if scope.check_component(id) && triggers.iter().all(|t| t.component != id.value) {
                scope.diagnostics.report_with_help(
                    id.span.clone(),
                    format!("no trigger has the component `{}`", id.value),
                    "expected one that is called through HTTP",
                    "add a `[[trigger.http]]` for it with `route = { private = true }`",
                );
            }
        }
    }

    /// Finds the files that the component needs, and reports those that do not exist.
    pub fn locate_files(&mut self, scope: &Scope) {
        let own = self.source_span.clone().map(|span| {
            (
                self.component.source.as_path(),
                span,
                self.component.build.is_some(),
            )
        });
        let dependencies = self.paths.iter().filter_map(|(index, span)| {
            let dependency = self.component.dependencies.get(*index)?;
            Some((dependency.source.as_path(), span.clone(), true))
        });
        for (path, span, is_built) in own.into_iter().chain(dependencies) {
            if path.is_file() {
                continue;
            }
            let found = format!("there is no file {}", path.display());
            let expected = "expected a WebAssembly component";
            if is_built {
                scope.diagnostics.report_with_help(
                    span,
                    found,
                    expected,
                    "build it with `todo build` or `make build`",
                );
            } else {
                scope.diagnostics.report(span, found, expected);
            }
        }
        self.component.files = files::locate(&self.files, &self.exclude_files, scope);
    }
}

/// The component file, and where it is named.
fn read_source(table: &Table, scope: &Scope) -> (PathBuf, Option<Range<usize>>) {
    const EXPECTED: &str = "the path of a WebAssembly component";
    match table.value("source") {
        None => table.missing("source", EXPECTED),
        Some(value) if value.as_table("").is_some() => scope.diagnostics.report(
            value.span(),
            "this host loads local files only",
            format!("expected {EXPECTED}"),
        ),
        Some(value) => match value.as_text() {
            Some(path) => return (scope.dir.join(path.value), Some(path.span)),
            None => value.mismatch("`source`", EXPECTED),
        },
    }
    (PathBuf::new(), None)
}

fn read_variables(table: &Table, scope: &Scope) -> BTreeMap<String, String> {
    let mut variables = BTreeMap::new();
    for (name, template) in table.text_table("variables") {
        if let Err(reason) = names::check_variable(&name.value) {
            scope.diagnostics.report(
                name.span,
                format!("the variable `{}` cannot be used: {reason}", name.value),
                "expected lower-case snake_case, like `jwt_secret`",
            );
        }
        check_template(&template, scope);
        variables.insert(name.value, template.value);
    }
    variables
}

/// Parses a template, and reports what is wrong with it.
fn check_template(text: &Text, scope: &Scope) -> Option<Template> {
    let template = match Template::parse(&text.value) {
        Ok(template) => template,
        Err(error) => {
            scope.diagnostics.report(
                text.span.clone(),
                format!("the template is wrong: {error}"),
                "expected `{{ name }}` with the name of an application variable",
            );
            return None;
        }
    };
    let mut good = true;
    for name in template.variables() {
        if scope.variables.contains_key(name) {
            continue;
        }
        good = false;
        let known = scope.variables.keys().map(String::as_str);
        let found = format!("the template uses the undefined variable `{name}`");
        let expected = format!("[variables] defines {}", list(known.clone()));
        match did_you_mean(name, known) {
            Some(help) => {
                scope
                    .diagnostics
                    .report_with_help(text.span.clone(), found, expected, help);
            }
            None => scope.diagnostics.report(text.span.clone(), found, expected),
        }
    }
    good.then_some(template)
}

/// The entries as written, and the components that they name.
fn read_allowed_hosts(table: &Table, scope: &Scope) -> (Vec<String>, Vec<Text>) {
    let mut calls = Vec::new();
    let entries = table.texts("allowed_outbound_hosts");
    for entry in &entries {
        let Some(template) = check_template(entry, scope) else {
            continue;
        };
        let is_literal = template.variables().next().is_none();
        // Values that only a provider has are checked once they are known.
        let Ok(expanded) = template.expand(|name| scope.variables.get(name)?.default.as_deref())
        else {
            continue;
        };
        let parsed = if is_literal {
            AllowedHost::parse(&expanded).map(Some)
        } else {
            parse_expanded_host(&expanded)
        };
        match parsed {
            Ok(host) => {
                if let Some(component) = host.as_ref().and_then(AllowedHost::chained_component) {
                    calls.push(Text {
                        value: component.to_owned(),
                        span: entry.span.clone(),
                    });
                }
            }
            Err(reason) => scope.diagnostics.report(
                entry.span.clone(),
                format!("the host cannot be used: {reason}"),
                "expected `scheme://host[:port]`, each of which may be `*`",
            ),
        }
    }
    let entries = entries.into_iter().map(|entry| entry.value).collect();
    (entries, calls)
}

fn read_labels(table: &Table, key: &'static str, scope: &Scope) -> Vec<String> {
    let labels = table.texts(key);
    for label in &labels {
        if let Err(reason) = names::check_label(&label.value) {
            scope.diagnostics.report(
                label.span.clone(),
                format!("the label `{}` cannot be used: {reason}", label.value),
                "expected kebab-case or snake_case, like `default`",
            );
        }
    }
    labels.into_iter().map(|label| label.value).collect()
}

type Dependencies = (
    Vec<Dependency>,
    Vec<(usize, Text)>,
    Vec<(usize, Range<usize>)>,
);

fn read_dependencies(table: &Table, scope: &Scope) -> Dependencies {
    let (mut dependencies, mut references, mut paths) = Dependencies::default();
    let all_inherit = table.optional_flag("dependencies_inherit_configuration");
    let Some(section) = table.table("dependencies", "`dependencies`") else {
        return (dependencies, references, paths);
    };
    let mut names: Vec<DependencyName> = Vec::new();
    for (import, value) in section.entries() {
        let name = match DependencyName::parse(&import.value) {
            Ok(name) => name,
            Err(reason) => {
                scope.diagnostics.report(
                    import.span,
                    format!("the dependency `{}` cannot be used: {reason}", import.value),
                    "expected an import, like `todo:events/producer@1.0.0`",
                );
                continue;
            }
        };
        if names.iter().any(|other| !other.is_disjoint(&name)) {
            scope.diagnostics.report(
                import.span.clone(),
                format!(
                    "the dependency `{}` conflicts with another one",
                    import.value
                ),
                "expected one dependency for each import",
            );
        }
        let is_whole_package = matches!(
            name,
            DependencyName::Package {
                interface: None,
                ..
            }
        );
        names.push(name);

        let what = format!("dependency `{}`", import.value);
        let Some(fields) = value.as_table(what.clone()) else {
            refuse_remote(&value, scope);
            continue;
        };
        if let Some(field) = ["version", "registry", "package", "url", "digest"]
            .iter()
            .find_map(|field| fields.key_span(field))
        {
            scope.diagnostics.report(
                field,
                format!("{what} is not a local file"),
                "expected { path = \"…\" } or { component = \"…\" }: this host loads local files only",
            );
            continue;
        }
        let path = fields.text("path");
        let component = fields.text("component");
        let export = fields.text("export");
        let inherit = fields.value("inherit_configuration");
        fields.finish();
        if is_whole_package && let Some(export) = &export {
            scope.diagnostics.report(
                export.span.clone(),
                format!("{what} stands for all interfaces of a package and names one export"),
                "expected no `export`, or an interface as the dependency's name",
            );
        }
        if let (Some(_), Some(inherit)) = (all_inherit, inherit) {
            scope.diagnostics.report(
                inherit.span(),
                format!("{what} and its component both say what is inherited"),
                "expected either `inherit_configuration` or `dependencies_inherit_configuration`",
            );
        }
        let index = dependencies.len();
        let source = match (path, component) {
            (Some(path), None) => {
                paths.push((index, path.span));
                scope.dir.join(path.value)
            }
            (None, Some(component)) => {
                references.push((index, component));
                PathBuf::new()
            }
            _ => {
                scope.diagnostics.report(
                    import.span.clone(),
                    format!("{what} needs one of `path` and `component`"),
                    "expected { path = \"…\" } or { component = \"…\" }",
                );
                continue;
            }
        };
        dependencies.push(Dependency {
            import: import.value,
            source,
            export: export.map(|export| export.value),
            inherit_configuration: match inherit {
                Some(inherit) => read_inherited(&inherit, scope),
                None if all_inherit == Some(true) => InheritConfiguration::All,
                None => InheritConfiguration::Only(BTreeSet::new()),
            },
        });
    }
    (dependencies, references, paths)
}

fn refuse_remote(value: &Value, scope: &Scope) {
    const EXPECTED: &str = "{ path = \"…\" } or { component = \"…\" }";
    if value.as_text().is_some() {
        scope.diagnostics.report(
            value.span(),
            "a version takes the dependency from a registry",
            format!("expected {EXPECTED}: this host loads local files only"),
        );
    } else {
        value.mismatch("a dependency", EXPECTED);
    }
}

fn read_inherited(value: &Value, scope: &Scope) -> InheritConfiguration {
    let mut inherited = BTreeSet::new();
    if value.as_bool() == Some(true) {
        return InheritConfiguration::All;
    }
    if let Some(elements) = value.as_array() {
        for element in elements {
            match element.as_text() {
                Some(field) if INHERITABLE.contains(&field.value.as_str()) => {
                    inherited.insert(field.value);
                }
                Some(field) => scope.diagnostics.report(
                    field.span,
                    format!("`{}` is not configuration to inherit", field.value),
                    format!("known are {}", list(INHERITABLE.iter().copied())),
                ),
                None => element.mismatch("an element of `inherit_configuration`", "a string"),
            }
        }
    } else if value.as_bool().is_none() {
        value.mismatch(
            "`inherit_configuration`",
            "true, false, or an array of the component's fields",
        );
    }
    InheritConfiguration::Only(inherited)
}

fn read_build(table: &Table, scope: &Scope) -> Option<Build> {
    const EXPECTED: &str = "a command line, or an array of them";
    let Some(command) = table.value("command") else {
        table.missing("command", EXPECTED);
        return None;
    };
    let commands = if let Some(command) = command.as_text() {
        vec![command.value]
    } else if command.as_array().is_some() {
        table
            .texts("command")
            .into_iter()
            .map(|c| c.value)
            .collect()
    } else {
        command.mismatch("`command`", EXPECTED);
        return None;
    };
    let workdir = match table.text("workdir") {
        Some(workdir) if Path::new(&workdir.value).has_root() => {
            scope.diagnostics.report(
                workdir.span,
                "the working directory is an absolute path",
                "expected one relative to the manifest",
            );
            return None;
        }
        Some(workdir) => scope.dir.join(workdir.value),
        None => scope.dir.to_owned(),
    };
    table.texts("watch");
    table.finish();
    Some(Build { commands, workdir })
}
