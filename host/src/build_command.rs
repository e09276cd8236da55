//! Runs the build commands of the manifest's components.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, ExitStatus};

use crate::app::{App, Build, Component};

/// Why a build stopped.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// Ids that are not in the manifest.
    #[error("there is no component {}; the manifest has {}", list(.unknown), list(.known))]
    UnknownComponents {
        /// Those asked for.
        unknown: Vec<String>,
        /// Those that there are.
        known: Vec<String>,
    },
    /// The shell could not be started.
    #[error("component `{component}`: cannot run `{command}` in {workdir}: {error}")]
    CannotRun {
        /// Its id.
        component: String,
        /// The command line.
        command: String,
        /// Where it was to run.
        workdir: String,
        /// What the system said.
        error: std::io::Error,
    },
    /// A command failed.
    #[error("component `{component}`: `{command}` failed: {status}")]
    Failed {
        /// Its id.
        component: String,
        /// The command line.
        command: String,
        /// Its exit code or signal.
        status: ExitStatus,
    },
}

fn list(names: &[String]) -> String {
    crate::manifest::diagnostics::list(names.iter().map(String::as_str))
}

/// Builds the given components of an app loaded with `Purpose::Build`, or all where none are given:
/// components that others depend on first, each command in its folder once. Commands write to the
/// terminal of the host; `announce` is told each before it runs.
///
/// # Errors
/// The first command that fails, after which no other runs.
pub fn build(
    app: &App,
    component_ids: &[String],
    mut announce: impl FnMut(&Component, &str),
) -> Result<(), BuildError> {
    let unknown: Vec<String> = component_ids
        .iter()
        .filter(|id| !app.components.contains_key(*id))
        .cloned()
        .collect();
    if !unknown.is_empty() {
        return Err(BuildError::UnknownComponents {
            unknown,
            known: app.components.keys().cloned().collect(),
        });
    }
    let mut done: BTreeSet<(&Path, &str)> = BTreeSet::new();
    for component in in_order(&app.components) {
        let is_asked_for = component_ids.is_empty() || component_ids.contains(&component.id);
        let Some(Build { commands, workdir }) = component.build.as_ref().filter(|_| is_asked_for)
        else {
            continue;
        };
        for command in commands {
            if done.insert((workdir, command)) {
                announce(component, command);
                run(&component.id, command, workdir)?;
            }
        }
    }
    Ok(())
}

fn run(component: &str, command: &str, workdir: &Path) -> Result<(), BuildError> {
    let status = Command::new("sh")
        .args(["-c", command])
        .current_dir(workdir)
        .status()
        .map_err(|error| BuildError::CannotRun {
            component: component.to_owned(),
            command: command.to_owned(),
            workdir: workdir.display().to_string(),
            error,
        })?;
    if status.success() {
        Ok(())
    } else {
        Err(BuildError::Failed {
            component: component.to_owned(),
            command: command.to_owned(),
            status,
        })
    }
}

/// Every component after those whose files it depends on. Where components depend on each other in a
/// circle, their order is that of their ids.
fn in_order(components: &BTreeMap<String, Component>) -> Vec<&Component> {
    let mut waiting: Vec<&Component> = components.values().collect();
    let mut ordered = Vec::with_capacity(waiting.len());
    while !waiting.is_empty() {
        let is_ready = |component: &Component| {
            !component.dependencies.iter().any(|dependency| {
                waiting
                    .iter()
                    .any(|other| other.id != component.id && other.source == dependency.source)
            })
        };
        let (ready, rest): (Vec<_>, Vec<_>) = waiting.iter().copied().partition(|c| is_ready(c));
        if ready.is_empty() {
            ordered.extend(rest);
            break;
        }
        ordered.extend(ready);
        waiting = rest;
    }
    ordered
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::manifest::{self, Purpose};

    const HEAD: &str = "spin_manifest_version = 2\n[application]\nname = \"test\"\n\
        [[trigger.http]]\nroute = \"/\"\ncomponent = \"a\"\n";

    fn app(sections: &str) -> (tempfile::TempDir, App) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("spin.toml");
        std::fs::write(&path, format!("{HEAD}{sections}")).unwrap();
        let app = manifest::load(&path, Purpose::Build).unwrap_or_else(|error| panic!("{error}"));
        (dir, app)
    }

    fn log(dir: &tempfile::TempDir) -> String {
        std::fs::read_to_string(dir.path().join("log")).unwrap_or_default()
    }

    #[test]
    fn each_command_runs_once_in_its_folder_and_dependencies_first() {
        let (dir, app) = app(r#"
            [component.a]
            source = "a.wasm"
            [component.a.build]
            command = ["echo common >> log", "echo a >> log"]
            [component.a.dependencies]
            "x:y" = { component = "z" }
            [component.b]
            source = "b.wasm"
            [component.b.build]
            command = "echo common >> log"
            [component.c]
            source = "c.wasm"
            [component.c.build]
            command = "echo common >> ../log"
            workdir = "sub"
            [component.z]
            source = "z.wasm"
            [component.z.build]
            command = "echo z >> log"
            [component.unbuilt]
            source = "unbuilt.wasm"
        "#);
        std::fs::create_dir(dir.path().join("sub")).unwrap();
        let mut announced = Vec::new();
        build(&app, &[], |component, command| {
            announced.push(format!("{}: {command}", component.id));
        })
        .unwrap();
        assert_eq!(log(&dir), "common\ncommon\nz\na\n");
        assert_eq!(
            announced,
            [
                "b: echo common >> log",
                "c: echo common >> ../log",
                "z: echo z >> log",
                "a: echo a >> log"
            ]
        );
    }

    #[test]
    fn only_what_is_asked_for_is_built() {
        let (dir, app) = app(r#"
            [component.a]
            source = "a.wasm"
            build.command = "echo a >> log"
            [component.b]
            source = "b.wasm"
            build.command = "echo b >> log"
        "#);
        build(&app, &["b".to_owned()], |_, _| {}).unwrap();
        assert_eq!(log(&dir), "b\n");
        let error = build(&app, &["c".to_owned(), "a".to_owned()], |_, _| {}).unwrap_err();
        assert_eq!(
            error.to_string(),
            "there is no component `c`; the manifest has `a`, `b`"
        );
        assert_eq!(log(&dir), "b\n");
    }

    #[test]
    fn the_first_failure_stops_the_build() {
        let (dir, app) = app(r#"
            [component.a]
            source = "a.wasm"
            build.command = ["echo a >> log", "exit 7", "echo never >> log"]
            [component.b]
            source = "b.wasm"
            build.command = "echo never >> log"
        "#);
        let error = build(&app, &[], |_, _| {}).unwrap_err();
        assert_eq!(
            error.to_string(),
            "component `a`: `exit 7` failed: exit status: 7"
        );
        assert_eq!(log(&dir), "a\n");
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let (_dir, app) = app(r#"
            [component.a]
            source = "a.wasm"
            build = { command = "true", workdir = "missing" }
        "#);
        let error = build(&app, &[], |_, _| {}).unwrap_err().to_string();
        assert!(
            error.starts_with("component `a`: cannot run `true` in /"),
            "{error}"
        );
    }

    #[test]
    fn a_circle_of_dependencies_is_built_all_the_same() {
        let (dir, mut app) = app(r#"
            [component.a]
            source = "a.wasm"
            build.command = "echo a >> log"
            [component.b]
            source = "b.wasm"
            build.command = "echo b >> log"
        "#);
        let dependency = |source: PathBuf| crate::app::Dependency {
            import: "x:y".to_owned(),
            source,
            export: None,
            inherit_configuration: crate::app::InheritConfiguration::All,
        };
        for (id, other) in [("a", "b"), ("b", "a")] {
            let source = app.components[other].source.clone();
            let component = app.components.get_mut(id).unwrap();
            component.dependencies.push(dependency(source));
        }
        build(&app, &[], |_, _| {}).unwrap();
        assert_eq!(log(&dir), "a\nb\n");
    }
}
