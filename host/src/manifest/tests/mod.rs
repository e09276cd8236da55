//! Whole manifests and what is read from them; how mistakes are shown.

mod broken;

use proptest::prelude::*;

use super::*;
use std::time::Duration;

use crate::app::{Backoff, InheritConfiguration, KafkaTrigger, Route};

const HEAD: &str = "spin_manifest_version = 2\n[application]\nname = \"test\"\n";
const TRIGGER: &str = "[[trigger.http]]\nroute = \"/\"\ncomponent = \"a\"\n";
const COMPONENT: &str = "[component.a]\nsource = \"a.wasm\"\n";

fn build(manifest: &str) -> Result<App, ManifestErrors> {
    parse(
        manifest,
        Path::new("spin.toml"),
        Path::new("/app"),
        Purpose::Build,
    )
}

fn good(manifest: &str) -> App {
    build(manifest).unwrap_or_else(|errors| panic!("{errors}"))
}

fn errors(manifest: &str) -> String {
    build(manifest).expect_err(manifest).to_string()
}

/// The mistakes without the pictures: `line:column: found (expected) help`.
fn brief(manifest: &str) -> Vec<String> {
    brief_of(&errors(manifest))
}

fn brief_of(errors: &str) -> Vec<String> {
    errors
        .split("\n\n")
        .skip(1)
        .map(|mistake| {
            let lines: Vec<&str> = mistake.lines().collect();
            let found = lines[0].strip_prefix("error: ").unwrap();
            let place = lines[1]
                .trim_start()
                .strip_prefix("--> spin.toml:")
                .unwrap();
            let caret = lines
                .iter()
                .find_map(|line| Some(line.split_once('^')?.1))
                .unwrap();
            let expected = caret.trim_start_matches('^').trim();
            let help = lines
                .iter()
                .find_map(|line| line.split_once("= help: "))
                .map_or(String::new(), |(_, help)| format!(" {help}"));
            format!("{place}: {found} ({expected}){help}")
        })
        .collect()
}

#[test]
fn a_mistake_shows_its_place_and_what_was_expected() {
    let manifest = format!(
        "{HEAD}\n[[trigger.http]]\nroute = \"/\"\ncomponent = \"todo-apo\"\n[component.todo-api]\nsource = \"a.wasm\"\n"
    );
    assert_eq!(
        errors(&manifest),
        "\
1 mistake in spin.toml:

error: there is no component `todo-apo`
 --> spin.toml:7:13
  |
7 | component = \"todo-apo\"
  |             ^^^^^^^^^^ the manifest has `todo-api`
  |
  = help: did you mean `todo-api`?"
    );
}

#[test]
fn all_mistakes_are_reported_at_once_in_the_order_of_the_file() {
    let manifest = "\
spin_manifest_version = 2
[application]
nam = \"test\"
[variables]
a = {}
[[trigger.http]]
route = 1
component = \"b\"
[component.a]
allowed_outbound_hosts = [\"example.com\"]
";
    assert_eq!(
        brief(manifest),
        [
            "2:1: [application] has no `name` (expected the name of the application)",
            "3:1: unknown field `nam` in [application] (known are `name`, `version`, `description`, `authors`, `trigger`, `tool`, `targets`) did you mean `name`?",
            "5:1: variable `a` is not `required` and has no `default` (expected one of the two)",
            "7:9: `route` is an integer (expected a path like \"/api/...\", or { private = true } for what only components call)",
            "8:13: there is no component `b` (the manifest has `a`)",
            "9:1: [component.a] has no `source` (expected the path of a WebAssembly component)",
            "10:27: the host cannot be used: `example.com` has no scheme (like `https://` or `*://`) (expected `scheme://host[:port]`, each of which may be `*`)",
        ]
    );
}

#[test]
fn a_whole_manifest_is_read() {
    let app = good(
        r#"
spin_manifest_version = 2

[application]
name = "todo"
version = "1.2.3"
description = "A list"
authors = ["someone"]
targets = ["spin-up:4.1"]
[application.trigger.http]
base = "/"
[application.tool.x]
y = 1

[variables]
secret = { required = true, secret = true, description = "a secret" }
host = { default = "example.com" }

[[trigger.http]]
id = "named"
route = "/api/..."
component = "api"
executor = { type = "http" }

[[trigger.http]]
route = "/items/:id"
component = "api"

[[trigger.http]]
route = { private = true }
component = { source = "inline.wasm" }

[component.api]
source = "api.wasm"
description = "The API"
environment = { LEVEL = "1" }
allowed_outbound_hosts = ["https://{{ host }}", "http://*.spin.internal"]
key_value_stores = ["default"]
sqlite_databases = ["tasks_a"]
ai_models = []
[component.api.variables]
key = "{{ secret }}"
[component.api.dependencies]
"todo:events/producer@1.0.0" = { path = "dapr.wasm", inherit_configuration = ["allowed_outbound_hosts"] }
"todo:notify" = { component = "sms" }
sink = { component = "sms", export = "other", inherit_configuration = true }
[component.api.build]
command = ["one", "two"]
workdir = "components/api"
watch = ["src/**/*.rs"]
[component.api.tool.x]
y = 1

[component.sms]
source = "sms.wasm"
build.command = "three"

[component.unused]
source = "unused.wasm"
"#,
    );
    assert_eq!((app.name.as_str(), app.version.as_str()), ("todo", "1.2.3"));
    assert!(app.variables["secret"].required);
    assert_eq!(
        app.variables["host"].default.as_deref(),
        Some("example.com")
    );
    let triggers: Vec<_> = app
        .http_triggers
        .iter()
        .map(|t| (t.id.as_str(), t.component.as_str(), t.route.clone()))
        .collect();
    assert_eq!(
        triggers,
        [
            ("named", "api", Route::Path("/api/...".to_owned())),
            (
                "api-http-trigger",
                "api",
                Route::Path("/items/:id".to_owned())
            ),
            ("http-trigger1", "http-trigger1-component", Route::Private),
        ]
    );
    let ids: Vec<_> = app.components.keys().collect();
    assert_eq!(ids, ["api", "http-trigger1-component", "sms", "unused"]);

    let api = &app.components["api"];
    assert_eq!(api.source, Path::new("/app/api.wasm"));
    assert_eq!(api.environment["LEVEL"], "1");
    assert_eq!(api.variables["key"], "{{ secret }}");
    assert_eq!(
        api.allowed_outbound_hosts,
        ["https://{{ host }}", "http://*.spin.internal"]
    );
    assert_eq!(api.key_value_stores, ["default"]);
    assert_eq!(api.sqlite_databases, ["tasks_a"]);
    let build = api.build.as_ref().unwrap();
    assert_eq!(build.commands, ["one", "two"]);
    assert_eq!(build.workdir, Path::new("/app/components/api"));
    let dependencies: Vec<_> = api
        .dependencies
        .iter()
        .map(|d| {
            (
                d.import.as_str(),
                d.source.to_str().unwrap(),
                d.export.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        dependencies,
        [
            ("todo:events/producer@1.0.0", "/app/dapr.wasm", None),
            ("todo:notify", "/app/sms.wasm", None),
            ("sink", "/app/sms.wasm", Some("other")),
        ]
    );
    let inherited: Vec<_> = api
        .dependencies
        .iter()
        .map(|d| d.inherit_configuration.clone())
        .collect();
    assert_eq!(
        inherited,
        [
            InheritConfiguration::Only(BTreeSet::from(["allowed_outbound_hosts".to_owned()])),
            InheritConfiguration::Only(BTreeSet::new()),
            InheritConfiguration::All,
        ]
    );
}

/// A folder with a manifest and files in it.
fn folder(manifest: &str, files: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("spin.toml"), manifest).unwrap();
    for file in files {
        let path = folder.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, file).unwrap();
    }
    folder
}

#[test]
fn a_component_may_have_triggers_of_several_kinds() {
    let app = good(&format!(
        r#"{HEAD}
[[trigger.kafka]]
component = "a"
topics = ["task-events", "user-events"]
group = "reminder"
batch = 10
max_attempts = 3
backoff = {{ initial = "100ms", max = "1m" }}
[[trigger.kafka]]
component = "a"
topics = ["reminders"]
group = "reminder"
[[trigger.cron]]
component = "a"
cron_expression = "*/30 * * * * *"
{COMPONENT}"#
    ));
    let defaults = KafkaTrigger {
        id: "kafka-trigger1".to_owned(),
        component: "a".to_owned(),
        topics: vec!["reminders".to_owned()],
        group: "reminder".to_owned(),
        batch: 64,
        max_attempts: 8,
        backoff: Backoff {
            initial: Duration::from_millis(500),
            max: Duration::from_secs(60),
        },
    };
    assert_eq!(
        app.kafka_triggers,
        [
            KafkaTrigger {
                id: "a-kafka-trigger".to_owned(),
                topics: vec!["task-events".to_owned(), "user-events".to_owned()],
                batch: 10,
                max_attempts: 3,
                backoff: Backoff {
                    initial: Duration::from_millis(100),
                    max: Duration::from_secs(60),
                },
                ..defaults.clone()
            },
            defaults,
        ]
    );
    assert_eq!(app.cron_triggers[0].id, "a-cron-trigger");
    assert_eq!(app.cron_triggers[0].schedule.as_str(), "*/30 * * * * *");
}

#[test]
fn a_run_loads_what_triggers_use_and_needs_its_files() {
    let manifest = format!(
        "{HEAD}{TRIGGER}{COMPONENT}build.command = \"true\"\ndependencies.\"x:y\" = {{ component = \"b\" }}\nfiles = [\"missing.txt\"]\n[component.b]\nsource = \"b.wasm\"\n[component.unused]\nsource = \"unused.wasm\"\n"
    );
    let empty = folder(&manifest, &[]);
    let path = empty.path().join("spin.toml");
    let shown = load(&path, Purpose::Run).unwrap_err().to_string();
    let root = empty.path().display().to_string();
    let shown = shown
        .replace(&format!("{root}/spin.toml"), "spin.toml")
        .replace(&root, "/app");
    assert_eq!(
        brief_of(&shown),
        [
            "8:10: there is no file /app/a.wasm (expected a WebAssembly component) build it with `todo build` or `make build`",
            "10:36: there is no file /app/b.wasm (expected a WebAssembly component) build it with `todo build` or `make build`",
            "11:10: there is no `missing.txt` (expected a file or folder that exists)",
        ]
    );
    assert_eq!(load(&path, Purpose::Build).unwrap().components.len(), 3);

    let whole = folder(&manifest, &["a.wasm", "b.wasm", "missing.txt"]);
    let app = load(&whole.path().join("spin.toml"), Purpose::Run).unwrap();
    assert_eq!(app.components.keys().collect::<Vec<_>>(), ["a"]);
    assert_eq!(app.dir, whole.path());
}

#[test]
fn files_are_found_by_pattern_and_placed() {
    let manifest = format!(
        "{HEAD}{TRIGGER}{COMPONENT}files = [\"web/*.html\", \"one.txt\", {{ source = \"web\", destination = \"/\" }}, {{ source = \"data\", destination = \"/deep/er/\" }}]\nexclude_files = [\"web/private/*\", \"*/b.html\"]\n"
    );
    let folder = folder(
        &manifest,
        &[
            "a.wasm",
            "one.txt",
            "web/a.html",
            "web/b.html",
            "web/x.css",
            "web/private/key",
            "data/d",
        ],
    );
    let app = load(&folder.path().join("spin.toml"), Purpose::Run).unwrap();
    let mounts: Vec<_> = app.components["a"]
        .files
        .iter()
        .map(|mount| {
            let source = mount.source.strip_prefix(folder.path()).unwrap();
            (source.to_str().unwrap(), mount.destination.as_str())
        })
        .collect();
    assert_eq!(
        mounts,
        [
            ("web/a.html", "/web/a.html"),
            ("one.txt", "/one.txt"),
            ("web/a.html", "/a.html"),
            ("web/x.css", "/x.css"),
            ("data/d", "/deep/er/d"),
        ]
    );
}

#[test]
fn a_folder_without_exclusions_is_mounted_whole() {
    let manifest = format!(
        "{HEAD}{TRIGGER}{COMPONENT}files = [{{ source = \"web\", destination = \"/\" }}]\n"
    );
    let whole = folder(&manifest, &["a.wasm", "web/a.html"]);
    let app = load(&whole.path().join("spin.toml"), Purpose::Run).unwrap();
    let mount = &app.components["a"].files[0];
    assert_eq!(mount.source, whole.path().join("web"));
    assert_eq!(mount.destination, "/");

    let bare = folder(
        &format!("{HEAD}{TRIGGER}{COMPONENT}files = [\"web\"]\n"),
        &["a.wasm", "web/a.html"],
    );
    let error = load(&bare.path().join("spin.toml"), Purpose::Run).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("expected \"web/**/*\", or { source = \"web\", destination = \"/…\" }"),
        "{error}"
    );
}

#[test]
fn a_manifest_is_found_in_a_folder() {
    let folder = folder("", &["sub/x"]);
    let file = folder.path().join("spin.toml");
    assert_eq!(find(Some(folder.path())).unwrap(), file);
    assert_eq!(find(Some(&file)).unwrap(), file);
    let sub = folder.path().join("sub");
    assert_eq!(
        find(Some(&sub)).unwrap_err().to_string(),
        format!("the folder {} holds no spin.toml", sub.display())
    );
}

#[test]
fn the_manifest_of_this_project_is_good() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../spin.toml");
    load(&path, Purpose::Build).unwrap_or_else(|errors| panic!("{errors}"));
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Err(errors) = build(&String::from_utf8_lossy(&bytes)) {
            let _ = errors.to_string();
        }
    }

    #[test]
    fn no_rearranged_manifest_panics(
        parts in proptest::collection::vec(
            prop_oneof![
                Just(HEAD.to_owned()),
                Just(TRIGGER.to_owned()),
                Just(COMPONENT.to_owned()),
                Just("[component.b.dependencies]\n\"a:b\" = ".to_owned()),
                Just("{ component = \"a\" }".to_owned()),
                Just("[variables]\n".to_owned()),
                Just("route = { private = ".to_owned()),
                "[\"'{}\\[\\]=\n#é日\\\\.,]{1,4}",
                "[a-z_]{1,8} = (1|\"\\{\\{ é \\}\\}\"|\\[\\]|\\{\\}|true)\n",
            ],
            0..12,
        )
    ) {
        if let Err(errors) = build(&parts.concat()) {
            let _ = errors.to_string();
        }
    }
}
