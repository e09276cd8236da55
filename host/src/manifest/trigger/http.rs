//! What is of `[[trigger.http]]` alone: routes and the executor.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::app::Route;
use crate::manifest::Scope;
use crate::manifest::reader::Table;

/// Requests under this path are answered by the host.
const RESERVED_PREFIX: &str = "/.well-known/spin/";

/// The route, with its place.
pub fn read(table: &Table) -> Option<(Route, Range<usize>)> {
    let route = read_route(table);
    read_executor(table);
    table.refuse("static_response", "answer it with a component");
    table.refuse(
        "dependencies",
        "compose middleware into the component, or leave it out",
    );
    route
}

fn read_route(table: &Table) -> Option<(Route, Range<usize>)> {
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

/// The routes that were seen.
#[derive(Default)]
pub struct SeenRoutes(BTreeMap<String, String>);

impl SeenRoutes {
    /// Reports a route that answers the same requests as another.
    pub fn check(&mut self, route: &(Route, Range<usize>), scope: &Scope) {
        let (Route::Path(path), span) = route else {
            return;
        };
        if let Some(other) = self.0.get(&shape(path)) {
            scope.diagnostics.report(
                span.clone(),
                format!("the route `{path}` answers the same requests as `{other}`"),
                "expected a different route for each trigger",
            );
        }
        self.0.insert(shape(path), path.clone());
    }
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
