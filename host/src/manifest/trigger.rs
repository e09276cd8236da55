//! The manifest's `[[trigger.TYPE]]` sections.

use std::collections::{BTreeMap, BTreeSet};

use super::Scope;
use super::diagnostics::{did_you_mean, list};
use super::reader::{Table, Text, Value};
use crate::app::{HttpTrigger, Route};

/// The trigger types of this host.
const KNOWN_TYPES: &[&str] = &["http"];

/// Requests under this path are answered by the host.
const RESERVED_PREFIX: &str = "/.well-known/spin/";

/// A `[[trigger.http]]` as written, with the id that it has or gets.
pub struct DeclaredTrigger<'d, 's> {
    id: Text,
    /// Which component answers, with the place that names it.
    component: Option<Text>,
    /// The component itself where the trigger holds it instead of its id.
    inline: Option<Value<'d, 's>>,
    /// With its place.
    route: Option<(Route, std::ops::Range<usize>)>,
}

impl<'d, 's> DeclaredTrigger<'d, 's> {
    /// The component that the trigger holds, with the id that it gets.
    pub fn inline_component(&self) -> Option<(Text, Value<'d, 's>)> {
        Some((self.component.clone()?, self.inline?))
    }
}

/// Reads all triggers, in the order of the file.
pub fn read<'d, 's>(document: &Table<'d, 's>) -> Vec<DeclaredTrigger<'d, 's>> {
    const EXPECTED: &str = "at least one `[[trigger.http]]`";
    let mut triggers = Vec::new();
    if document.key_span("trigger").is_none() {
        document.ignore(&["trigger"]);
        document.missing("trigger", EXPECTED);
        return triggers;
    }
    let Some(types) = document.table("trigger", "[trigger]") else {
        return triggers;
    };
    for (trigger_type, value) in types.entries() {
        if !KNOWN_TYPES.contains(&trigger_type.value.as_str()) {
            let found = format!("unknown trigger type `{}`", trigger_type.value);
            let expected = format!("known are {}", list(KNOWN_TYPES.iter().copied()));
            match did_you_mean(&trigger_type.value, KNOWN_TYPES.iter().copied()) {
                Some(help) => document.diagnostics().report_with_help(
                    trigger_type.span,
                    found,
                    expected,
                    help,
                ),
                None => document
                    .diagnostics()
                    .report(trigger_type.span, found, expected),
            }
            continue;
        }
        let Some(elements) = value.as_array() else {
            value.mismatch("`trigger.http`", "an array of tables: `[[trigger.http]]`");
            continue;
        };
        for element in elements {
            match element.as_table("[[trigger.http]]") {
                Some(table) => triggers.push(read_http(&table)),
                None => element.mismatch("a trigger", "a table: `[[trigger.http]]`"),
            }
        }
    }
    name_unnamed(&mut triggers);
    triggers
}

fn read_http<'d, 's>(table: &Table<'d, 's>) -> DeclaredTrigger<'d, 's> {
    let id = table.text("id").unwrap_or(Text {
        value: String::new(),
        span: table.span(),
    });
    let (mut component, mut inline) = (None, None);
    match table.value("component") {
        None if table.key_span("static_response").is_none() => {
            table.missing("component", "the id of the component that answers");
        }
        None => {}
        Some(value) if value.as_table("").is_some() => inline = Some(value),
        Some(value) => {
            component = value.as_text();
            if component.is_none() {
                value.mismatch("`component`", "the id of a component");
            }
        }
    }
    let route = read_route(table);
    read_executor(table);
    table.refuse("static_response", "answer it with a component");
    table.refuse("components", "an HTTP trigger has one `component`");
    table.refuse(
        "dependencies",
        "compose middleware into the component, or leave it out",
    );
    table.finish();
    DeclaredTrigger {
        id,
        component,
        inline,
        route,
    }
}

fn read_route(table: &Table) -> Option<(Route, std::ops::Range<usize>)> {
    const EXPECTED: &str =
        "a path like \"/api/...\", or { private = true } for what only components call";
    let Some(value) = table.value("route") else {
        table.missing("route", EXPECTED);
        return None;
    };
    if let Some(fields) = value.as_table("`route`") {
        let private = fields.flag("private");
        fields.finish();
        if !private {
            table.diagnostics().report(
                value.span(),
                "the route is neither a path nor private",
                format!("expected {EXPECTED}"),
            );
        }
        return Some((Route::Private, value.span()));
    }
    let Some(path) = value.as_text() else {
        value.mismatch("`route`", EXPECTED);
        return None;
    };
    if let Err((found, expected)) = check_path(&path.value) {
        table
            .diagnostics()
            .report(path.span.clone(), found, expected);
        return None;
    }
    Some((Route::Path(path.value), path.span))
}

/// What is wrong with a route's path, and what belongs there.
fn check_path(path: &str) -> Result<(), (String, &'static str)> {
    let Some(rest) = path.strip_prefix('/') else {
        return Err((
            format!("the route `{path}` does not start with `/`"),
            "expected a path like \"/api/...\"",
        ));
    };
    if path.starts_with(RESERVED_PREFIX) {
        return Err((
            format!("the route `{path}` belongs to the host"),
            "expected a path that is not under /.well-known/spin/",
        ));
    }
    let mut parameters = BTreeSet::new();
    let mut segments = rest.split('/').peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        if (segment == "..." && !is_last) || segment.contains('*') {
            return Err((
                format!("the route `{path}` has a wildcard that is not `/...` at its end"),
                "expected `/...` at the end, and `:name` for one segment elsewhere",
            ));
        }
        if let Some(name) = segment.strip_prefix(':')
            && (name.is_empty() || !parameters.insert(name))
        {
            return Err((
                format!("the route `{path}` has a parameter without a name of its own"),
                "expected `:name` with a different name for each segment",
            ));
        }
    }
    Ok(())
}

fn read_executor(table: &Table) {
    let Some(executor) = table.table("executor", "`executor`") else {
        return;
    };
    let Some(executor_type) = executor.required_text("type", "\"http\"") else {
        return;
    };
    match executor_type.value.as_str() {
        "http" | "spin" => executor.finish(),
        "wagi" => table.diagnostics().report(
            executor_type.span,
            "the `wagi` executor is not provided by this host",
            "expected \"http\": a component that exports wasi:http",
        ),
        other => table.diagnostics().report(
            executor_type.span,
            format!("unknown executor `{other}`"),
            "expected \"http\"",
        ),
    }
}

/// Gives triggers and the components in them their ids, by the rules of Spin.
fn name_unnamed(triggers: &mut [DeclaredTrigger]) {
    let mut taken: BTreeSet<String> = triggers.iter().map(|t| t.id.value.clone()).collect();
    let mut counter = 1;
    for trigger in triggers.iter_mut().filter(|t| t.id.value.is_empty()) {
        if let Some(component) = &trigger.component {
            trigger.id.value = format!("{}-http-trigger", component.value);
        }
        while trigger.id.value.is_empty() || taken.contains(&trigger.id.value) {
            trigger.id.value = format!("http-trigger{counter}");
            counter += 1;
        }
        taken.insert(trigger.id.value.clone());
    }
    for trigger in triggers {
        if let Some(inline) = trigger.inline {
            trigger.component = Some(Text {
                value: format!("{}-component", trigger.id.value),
                span: inline.span(),
            });
        }
    }
}

/// Reports what is wrong between triggers, and gives the good ones.
pub fn check(triggers: Vec<DeclaredTrigger>, scope: &Scope) -> Vec<HttpTrigger> {
    let mut ids = BTreeSet::new();
    let mut routes: BTreeMap<String, String> = BTreeMap::new();
    let mut checked = Vec::new();
    for trigger in triggers {
        if !ids.insert(trigger.id.value.clone()) {
            scope.diagnostics.report(
                trigger.id.span,
                format!("two triggers have the id `{}`", trigger.id.value),
                "expected a different id for each",
            );
        }
        if let Some(component) = &trigger.component {
            scope.check_component(component);
        }
        if let Some((Route::Path(path), span)) = &trigger.route {
            if let Some(other) = routes.get(&shape(path)) {
                scope.diagnostics.report(
                    span.clone(),
                    format!("the route `{path}` answers the same requests as `{other}`"),
                    "expected a different route for each trigger",
                );
            }
            routes.insert(shape(path), path.clone());
        }
        if let (Some(component), Some((route, _))) = (trigger.component, trigger.route) {
            checked.push(HttpTrigger {
                id: trigger.id.value,
                component: component.value,
                route,
            });
        }
    }
    checked
}

/// The same for routes that answer the same requests.
fn shape(path: &str) -> String {
    let segments: Vec<&str> = path
        .strip_suffix('/')
        .unwrap_or(path)
        .split('/')
        .map(|segment| {
            if segment.starts_with(':') {
                ":"
            } else {
                segment
            }
        })
        .collect();
    segments.join("/")
}
