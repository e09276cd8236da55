//! Which component answers a path: Spin's rules, with the route finder that Spin uses.

use std::borrow::Cow;

use anyhow::{Result, anyhow};
use routefinder::RouteSpec;

use crate::app::{HttpTrigger, Route};

/// Paths below this are the host's own.
pub const WELL_KNOWN: &str = "/.well-known/spin/";

/// The application's routes.
pub struct Routes {
    finder: routefinder::Router<Target>,
    listed: Vec<(String, String)>,
}

struct Target {
    component: String,
    /// As the manifest has it.
    raw: String,
    /// Absolute, without a trailing slash.
    based: String,
}

/// The route that a path matched, and what it captured.
pub struct RouteMatch<'a> {
    /// The id of the component that answers.
    pub component: Cow<'a, str>,
    /// The route as the manifest has it.
    pub raw: Cow<'a, str>,
    /// The route, absolute and without a trailing slash.
    pub based: Cow<'a, str>,
    /// What `...` stands for, with the slash before it; empty where the route has none.
    pub path_info: Cow<'a, str>,
    /// What each `:name` stands for.
    pub named: Vec<(String, String)>,
}

impl Routes {
    /// Builds the table. A route given twice belongs to the later trigger, as in Spin, and is
    /// warned about.
    pub fn new(triggers: &[HttpTrigger]) -> Result<Self> {
        let mut entries: Vec<(&str, &str)> = Vec::new();
        for trigger in triggers {
            let Route::Path(raw) = &trigger.route else {
                continue;
            };
            if let Some(earlier) = entries.iter_mut().find(|(route, _)| route == raw) {
                tracing::warn!(
                    route = raw,
                    "component {} never answers its route: trigger {} has the same",
                    earlier.1,
                    trigger.id
                );
                earlier.1 = &trigger.component;
            } else {
                entries.push((raw, &trigger.component));
            }
        }
        let mut finder = routefinder::Router::new();
        let mut listed = Vec::new();
        for (raw, component) in entries {
            let based = absolute(raw);
            if based.starts_with(WELL_KNOWN) {
                tracing::warn!(
                    route = raw,
                    "component {component} never answers: the host answers paths under {WELL_KNOWN}"
                );
            }
            finder
                .add(spec(&based, raw)?, target(component, raw, &based))
                .map_err(|error| anyhow!("route {raw:?}: {error}"))?;
            listed.push((raw.to_owned(), component.to_owned()));
        }
        Ok(Self { finder, listed })
    }

    /// Routes and the component of each, in the manifest's order.
    pub fn list(&self) -> &[(String, String)] {
        &self.listed
    }

    /// The most specific route that matches: exact segments before `:name` before `...`.
    pub fn find<'a>(&'a self, path: &'a str) -> Option<RouteMatch<'a>> {
        let best = self.finder.best_match(path)?;
        let captures = best.captures();
        let path_info = captures.wildcard().map(|rest| path_info(rest, path));
        let named = captures
            .params()
            .iter()
            .map(|capture| (capture.name().to_owned(), capture.value().to_owned()))
            .collect();
        let target = best.handler();
        Some(RouteMatch {
            component: target.component.as_str().into(),
            raw: target.raw.as_str().into(),
            based: target.based.as_str().into(),
            path_info: path_info.unwrap_or_default().into(),
            named,
        })
    }
}

impl RouteMatch<'_> {
    /// The match of a request from another component: as if its route were `/...`.
    pub fn chained(component: &str, path: &str) -> RouteMatch<'static> {
        RouteMatch {
            component: component.to_owned().into(),
            raw: "/...".into(),
            based: "/...".into(),
            path_info: path.to_owned().into(),
            named: Vec::new(),
        }
    }

    /// The route as the manifest has it, without `/...`.
    pub fn raw_prefix(&self) -> &str {
        self.raw.strip_suffix("/...").unwrap_or(&self.raw)
    }
}

fn target(component: &str, raw: &str, based: &str) -> Target {
    Target {
        component: component.to_owned(),
        raw: raw.to_owned(),
        based: based.to_owned(),
    }
}

/// The route with a slash in front and none at its end.
fn absolute(route: &str) -> String {
    let route = route.strip_suffix('/').unwrap_or(route);
    if route.starts_with('/') || route.is_empty() {
        route.to_owned()
    } else {
        format!("/{route}")
    }
}

fn spec(based: &str, raw: &str) -> Result<RouteSpec> {
    let pattern = match based.strip_suffix("/...") {
        Some(prefix) => format!("{prefix}/*"),
        None => based.to_owned(),
    };
    RouteSpec::try_from(pattern).map_err(|error| anyhow!("route {raw:?}: {error}"))
}

/// Spin keeps the slashes around what a wildcard matched.
fn path_info(rest: &str, path: &str) -> String {
    match (rest.is_empty(), path.ends_with('/')) {
        (true, false) => String::new(),
        (true, true) => "/".into(),
        (false, false) => format!("/{rest}"),
        (false, true) => format!("/{rest}/"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routes(list: &[&str]) -> Routes {
        let triggers: Vec<_> = list
            .iter()
            .enumerate()
            .map(|(index, route)| HttpTrigger {
                id: format!("trigger-{index}"),
                component: format!("c{index}"),
                route: Route::Path((*route).to_owned()),
            })
            .collect();
        Routes::new(&triggers).unwrap()
    }

    fn component(routes: &Routes, path: &str) -> Option<String> {
        routes.find(path).map(|found| found.component.into_owned())
    }

    #[test]
    fn the_most_specific_route_wins() {
        let routes = routes(&[
            "/...",
            "/api/...",
            "/api/tasks",
            "/api/:kind",
            "/api/tasks/:id",
        ]);
        for (path, expected) in [
            ("/", "c0"),
            ("/other/x", "c0"),
            ("/api", "c1"),
            ("/api/a/b", "c1"),
            ("/api/tasks", "c2"),
            ("/api/tags", "c3"),
            ("/api/tasks/1", "c4"),
        ] {
            assert_eq!(
                component(&routes, path).as_deref(),
                Some(expected),
                "{path}"
            );
        }
    }

    #[test]
    fn wildcards_keep_their_slashes() {
        let routes = routes(&["/foo/..."]);
        for (path, info) in [
            ("/foo", ""),
            ("/foo/", "/"),
            ("/foo/bar", "/bar"),
            ("/foo/bar/", "/bar/"),
        ] {
            assert_eq!(routes.find(path).unwrap().path_info, info, "{path}");
        }
        assert!(routes.find("/foobar").is_none());
    }

    #[test]
    fn names_capture_one_segment() {
        let routes = routes(&["/users/:id/..."]);
        let found = routes.find("/users/42/tasks/1").unwrap();
        assert_eq!(found.named, [("id".to_owned(), "42".to_owned())]);
        assert_eq!(found.path_info, "/tasks/1");
        assert_eq!(found.based, "/users/:id/...");
        assert_eq!(found.raw_prefix(), "/users/:id");
    }

    #[test]
    fn the_later_of_two_equal_routes_counts() {
        let routes = routes(&["/same", "/same"]);
        assert_eq!(component(&routes, "/same").as_deref(), Some("c1"));
        assert_eq!(routes.list().len(), 1);
    }
}
