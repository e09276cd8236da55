//! Broken manifests and what is said about them.

use super::*;

/// What follows a good head, and the mistakes in it; lines count from the first after the head.
const BROKEN: &[(&str, &[&str])] = &[
    (
        "",
        &[
            "1:1: the file has no `trigger` (expected at least one trigger, like `[[trigger.http]]`)",
        ],
    ),
    (
        "[[trigger.mqtt]]\ncomponent = \"a\"\n[component.a]\nsource = \"a\"\n",
        &["4:11: unknown trigger type `mqtt` (known are `http`, `kafka`, `cron`)"],
    ),
    (
        "[[trigger.htpp]]\n",
        &[
            "4:11: unknown trigger type `htpp` (known are `http`, `kafka`, `cron`) did you mean `http`?",
        ],
    ),
    (
        "[trigger.http]\nroute = \"/\"\n",
        &["4:1: `trigger.http` is a table (expected an array of tables: `[[trigger.http]]`)"],
    ),
    (
        "[[trigger.http]]\n",
        &[
            "4:1: [[trigger.http]] has no `component` (expected the id of the component that it starts)",
            "4:1: [[trigger.http]] has no `route` (expected a path like \"/api/...\", or { private = true } for what only components call)",
        ],
    ),
    (
        "[[trigger.kafka]]\n[trigger.cron]\n",
        &[
            "4:1: [[trigger.kafka]] has no `component` (expected the id of the component that it starts)",
            "4:1: [[trigger.kafka]] has no `topics` (expected the topics to read, like `topics = [\"task-events\"]`)",
            "4:1: [[trigger.kafka]] has no `group` (expected the consumer group to read them as)",
            "5:1: `trigger.cron` is a table (expected an array of tables: `[[trigger.cron]]`)",
        ],
    ),
];

#[test]
fn broken_kafka_triggers_are_refused() {
    for (fields, expected) in [
        (
            "topics = []\ngroup = \"g\"",
            "there are no topics (expected the topics to read, like `topics = [\"task-events\"]`)",
        ),
        (
            "topics = [\"a b\"]\ngroup = \"g\"",
            "the topic `a b` cannot be used (expected 1 to 249 of the characters a-z, A-Z, 0-9, `.`, `_` and `-`)",
        ),
        (
            "topics = [\"a\", \"a\"]\ngroup = \"g\"",
            "the group `g` reads `a` already (expected each topic once in a group; use another group to read it again)",
        ),
        (
            "topics = [\"a\"]\ngroup = \"g\"\nbatch = 0",
            "`batch` is 0 (expected a number from 1 to 10000)",
        ),
        (
            "topics = [\"a\"]\ngroup = \"g\"\nmax_attempts = \"8\"",
            "`max_attempts` is a string (expected a number from 1 to 1000)",
        ),
        (
            "topics = [\"a\"]\ngroup = \"g\"\nmax_attempt = 8",
            "unknown field `max_attempt` in [[trigger.kafka]] (known are `id`, `component`, `components`, `topics`, `group`, `batch`, `max_attempts`, `backoff`) did you mean `max_attempts`?",
        ),
        (
            "topics = [\"a\"]\ngroup = \"g\"\nbackoff = { initial = \"1 hour\", max = \"1m\" }",
            "the backoff starts longer than it may become (expected `initial` to be at most `max`)",
        ),
        (
            "topics = [\"a\"]\ngroup = \"g\"\nbackoff = { max = \"soon\" }",
            "`soon` is no duration that can be used (expected one like \"500ms\", \"10s\" or \"1m\", at most a day)",
        ),
        (
            "topics = [\"a\"]\ngroup = \"g\"\nbackoff = { longest = \"1m\" }",
            "unknown field `longest` in `backoff` (known are `initial`, `max`)",
        ),
    ] {
        let manifest = format!("{HEAD}[[trigger.kafka]]\ncomponent = \"a\"\n{fields}\n{COMPONENT}");
        let mistakes = brief(&manifest);
        assert_eq!(mistakes.len(), 1, "{mistakes:?}");
        assert!(mistakes[0].ends_with(expected), "{mistakes:?}");
    }
}

#[test]
fn two_triggers_of_one_group_read_different_topics() {
    let trigger = |group: &str| {
        format!("[[trigger.kafka]]\ncomponent = \"a\"\ntopics = [\"t\"]\ngroup = \"{group}\"\n")
    };
    let manifest =
        |one: &str, two: &str| format!("{HEAD}{}{}{COMPONENT}", trigger(one), trigger(two));
    assert_eq!(good(&manifest("x", "y")).kafka_triggers.len(), 2);
    let mistakes = brief(&manifest("x", "x"));
    assert!(
        mistakes[0].starts_with("10:11: the group `x` reads `t` already"),
        "{mistakes:?}"
    );
}

#[test]
fn broken_cron_triggers_are_refused() {
    for (fields, expected) in [
        (
            "",
            "[[trigger.cron]] has no `cron_expression` (expected seconds,",
        ),
        (
            "cron_expression = 5",
            "`cron_expression` is an integer (expected a string)",
        ),
        (
            "cron_expression = \"* * * * *\"",
            "the cron expression cannot be used: ",
        ),
        (
            "cron_expression = \"* * * * * *\"\ntimezone = \"UTC\"",
            "unknown field `timezone` in [[trigger.cron]]",
        ),
    ] {
        let manifest = format!("{HEAD}[[trigger.cron]]\ncomponent = \"a\"\n{fields}\n{COMPONENT}");
        let mistakes = brief(&manifest);
        assert_eq!(mistakes.len(), 1, "{mistakes:?}");
        assert!(mistakes[0].contains(expected), "{mistakes:?}");
    }
}

#[test]
fn broken_triggers_are_refused() {
    for (rest, expected) in BROKEN {
        assert_eq!(brief(&format!("{HEAD}{rest}")), *expected, "{rest}");
    }
}

#[test]
fn broken_routes_are_refused() {
    for (route, expected) in [
        (
            "\"api\"",
            "5:9: the route `api` does not start with `/` (expected a path like \"/api/...\")",
        ),
        (
            "\"/.well-known/spin/x\"",
            "5:9: the route `/.well-known/spin/x` belongs to the host (expected a path that is not under /.well-known/spin/)",
        ),
        (
            "\"/.../x\"",
            "5:9: the route `/.../x` has a wildcard that is not `/...` at its end (expected `/...` at the end, and `:name` for one segment elsewhere)",
        ),
        (
            "\"/*\"",
            "5:9: the route `/*` has a wildcard that is not `/...` at its end (expected `/...` at the end, and `:name` for one segment elsewhere)",
        ),
        (
            "\"/:a/:a\"",
            "5:9: the route `/:a/:a` has a parameter without a name of its own (expected `:name` with a different name for each segment)",
        ),
        (
            "{ private = false }",
            "5:9: the route is neither a path nor private (expected a path like \"/api/...\", or { private = true } for what only components call)",
        ),
        (
            "{ private = true, x = 1 }",
            "5:27: unknown field `x` in `route` (known are `private`)",
        ),
        (
            "\"/\"\nexecutor = { type = \"wagi\" }",
            "6:21: the `wagi` executor is not provided by this host (expected \"http\": a component that exports wasi:http)",
        ),
        (
            "\"/\"\nstatic_response = { status_code = 302 }",
            "6:1: `static_response` is not provided by this host (answer it with a component)",
        ),
    ] {
        let manifest =
            format!("{HEAD}[[trigger.http]]\nroute = {route}\ncomponent = \"a\"\n{COMPONENT}");
        assert_eq!(brief(&manifest), [expected], "{route}");
    }
}

#[test]
fn triggers_that_answer_the_same_requests_are_refused() {
    for (first, second, same) in [
        ("/a", "/a", true),
        ("/a", "/a/", true),
        ("/a/:x", "/a/:y", true),
        ("/a/...", "/a/...", true),
        ("/a", "/a/...", false),
        ("/a/:x", "/a/b", false),
        ("/a/:x", "/:x/a", false),
    ] {
        let trigger = |route| format!("[[trigger.http]]\nroute = \"{route}\"\ncomponent = \"a\"\n");
        let manifest = format!("{HEAD}{}{}{COMPONENT}", trigger(first), trigger(second));
        if same {
            let expected = format!(
                "8:9: the route `{second}` answers the same requests as `{first}` (expected a different route for each trigger)"
            );
            assert_eq!(brief(&manifest), [expected]);
        } else {
            assert_eq!(good(&manifest).http_triggers.len(), 2);
        }
    }
    let manifest = format!(
        "{HEAD}[[trigger.http]]\nid = \"x\"\nroute = \"/a\"\ncomponent = \"a\"\n[[trigger.http]]\nid = \"x\"\nroute = \"/b\"\ncomponent = \"a\"\n{COMPONENT}"
    );
    assert_eq!(
        brief(&manifest),
        ["9:6: two triggers have the id `x` (expected a different id for each)"]
    );
}

#[test]
fn broken_components_are_refused() {
    for (fields, expected) in [
        (
            "source = { url = \"https://example.com/a.wasm\", digest = \"sha256:0\" }",
            "8:10: this host loads local files only (expected the path of a WebAssembly component)",
        ),
        (
            "source = 1",
            "8:10: `source` is an integer (expected the path of a WebAssembly component)",
        ),
        (
            "source = \"a\"\nai_models = [\"llama\"]",
            "9:1: `ai_models` is not provided by this host (leave it out: this host runs no models)",
        ),
        (
            "source = \"a\"\nkey_value_store = [\"default\"]",
            "9:1: unknown field `key_value_store` in [component.a] (known are `source`, `description`, `environment`, `files`, `exclude_files`, `variables`, `allowed_outbound_hosts`, `key_value_stores`, `sqlite_databases`, `dependencies_inherit_configuration`, `dependencies`, `build`, `ai_models`, `allowed_http_hosts`, `tool`, `targets`, `profile`) did you mean `key_value_stores`?",
        ),
        (
            "source = \"a\"\nkey_value_stores = [\"my store\"]",
            "9:21: the label `my store` cannot be used: it contains ' ' (expected kebab-case or snake_case, like `default`)",
        ),
        (
            "source = \"a\"\nsqlite_databases = [1]",
            "9:21: an element of `sqlite_databases` is an integer (expected a string)",
        ),
        (
            "source = \"a\"\nvariables = { key = \"{{ jwt_secre }}\" }",
            "9:21: the template uses the undefined variable `jwt_secre` ([variables] defines `host`, `jwt_secret`) did you mean `jwt_secret`?",
        ),
        (
            "source = \"a\"\nvariables = { key = \"{{ jwt_secret\" }",
            "9:21: the template is wrong: `{{` without `}}` (expected `{{ name }}` with the name of an application variable)",
        ),
        (
            "source = \"a\"\nvariables = { Key = \"x\" }",
            "9:15: the variable `Key` cannot be used: its word `Key` mixes cases (expected lower-case snake_case, like `jwt_secret`)",
        ),
        (
            "source = \"a\"\nallowed_outbound_hosts = [\"{{ host }}\"]",
            "9:27: the host cannot be used: `example.com` has no scheme (like `https://` or `*://`) (expected `scheme://host[:port]`, each of which may be `*`)",
        ),
        (
            "source = \"a\"\nallowed_outbound_hosts = [\"http://b.spin.internal\"]",
            "9:27: there is no component `b` (the manifest has `a`)",
        ),
        (
            "source = \"a\"\nenvironment = { A = 1 }",
            "9:21: `A` in `environment` is an integer (expected a string)",
        ),
        (
            "source = \"a\"\nbuild = {}",
            "9:9: [component.a.build] has no `command` (expected a command line, or an array of them)",
        ),
        (
            "source = \"a\"\nbuild = { command = 1 }",
            "9:21: `command` is an integer (expected a command line, or an array of them)",
        ),
        (
            "source = \"a\"\nbuild = { command = \"x\", workdir = \"/\" }",
            "9:36: the working directory is an absolute path (expected one relative to the manifest)",
        ),
        (
            "source = \"a\"\nfiles = [\"../secrets\"]",
            "9:10: the pattern `../secrets` is outside of the manifest's folder (expected a path in the folder of the manifest)",
        ),
        (
            "source = \"a\"\nfiles = [\"a/***\"]",
            "9:10: the pattern `a/***` is wrong: Pattern syntax error near position 4: wildcards are either regular `*` or recursive `**` (expected a glob pattern)",
        ),
        (
            "source = \"a\"\nfiles = [{ source = \"x\", destination = \"y\" }]",
            "9:40: the destination `y` cannot be used (expected an absolute path without `..`)",
        ),
        (
            "source = \"a\"\nfiles = [{ source = \"x\" }]",
            "9:10: an element of `files` has no `destination` (expected an absolute path)",
        ),
    ] {
        let manifest = format!(
            "{HEAD}variables = {{ jwt_secret = {{ required = true }}, host = {{ default = \"example.com\" }} }}\n{TRIGGER}[component.a]\n{fields}\n"
        )
        .replacen("[application]\nname = \"test\"\n", "application = { name = \"test\" }\n", 1);
        assert_eq!(brief(&manifest), [expected], "{fields}");
    }
}

#[test]
fn broken_dependencies_are_refused() {
    for (dependency, expected) in [
        (
            "\"x:y\" = \">= 1.0\"",
            "10:9: a version takes the dependency from a registry (expected { path = \"…\" } or { component = \"…\" }: this host loads local files only)",
        ),
        (
            "\"x:y\" = { version = \"1.0\", package = \"x:y\" }",
            "10:11: dependency `x:y` is not a local file (expected { path = \"…\" } or { component = \"…\" }: this host loads local files only)",
        ),
        (
            "\"x:y/z\" = { export = \"z\" }",
            "10:1: dependency `x:y/z` needs one of `path` and `component` (expected { path = \"…\" } or { component = \"…\" })",
        ),
        (
            "\"x:y\" = { component = \"other\" }",
            "10:23: there is no component `other` (the manifest has `a`, `b`)",
        ),
        (
            "\"x:y\" = { component = \"b\" }",
            "10:23: component `b` has resources of its own: `key_value_stores` (expected a dependency to have none: they would not apply to it)",
        ),
        (
            "\"x:y/\" = { path = \"x\" }",
            "10:1: the dependency `x:y/` cannot be used: in ``, it is empty (expected an import, like `todo:events/producer@1.0.0`)",
        ),
        (
            "\"x:y\" = { path = \"x\" }\n\"x:y/z\" = { path = \"x\" }",
            "11:1: the dependency `x:y/z` conflicts with another one (expected one dependency for each import)",
        ),
        (
            "\"x:y\" = { path = \"x\", export = \"x:y/z\" }",
            "10:32: dependency `x:y` stands for all interfaces of a package and names one export (expected no `export`, or an interface as the dependency's name)",
        ),
        (
            "\"x:y\" = { path = \"x\", inherit_configuration = [\"everything\"] }",
            "10:48: `everything` is not configuration to inherit (known are `ai_models`, `allowed_outbound_hosts`, `environment`, `files`, `key_value_stores`, `sqlite_databases`, `variables`)",
        ),
        (
            "\"x:y\" = { path = \"x\", inherit_configuration = 1 }",
            "10:47: `inherit_configuration` is an integer (expected true, false, or an array of the component's fields)",
        ),
    ] {
        let manifest = format!(
            "{HEAD}{TRIGGER}{COMPONENT}[component.a.dependencies]\n{dependency}\n[component.b]\nsource = \"b.wasm\"\nkey_value_stores = [\"default\"]\n"
        );
        assert_eq!(brief(&manifest), [expected], "{dependency}");
    }
    let manifest = format!(
        "{HEAD}{TRIGGER}{COMPONENT}dependencies_inherit_configuration = true\ndependencies = {{ \"x:y\" = {{ path = \"x\", inherit_configuration = true }} }}\n"
    );
    assert_eq!(
        brief(&manifest),
        [
            "10:64: dependency `x:y` and its component both say what is inherited (expected either `inherit_configuration` or `dependencies_inherit_configuration`)"
        ]
    );
}

#[test]
fn broken_files_are_refused() {
    for (manifest, expected) in [
        (
            "",
            "1:1: the file has no `spin_manifest_version` (expected `spin_manifest_version = 2`)",
        ),
        (
            "spin_manifest_version = \"1\"\n",
            "1:25: this is not manifest version 2 (expected `spin_manifest_version = 2`)",
        ),
        (
            "a = 1\na = 2\n",
            "2:1: not TOML: duplicate key (expected valid TOML)",
        ),
        ("[a\n", "1:3: not TOML: unclosed table (expected `]`)"),
    ] {
        assert_eq!(brief(manifest), [expected], "{manifest}");
    }
    let two = brief("a = \nb = 1\nc = [1,\n");
    assert_eq!(two.len(), 2, "{two:?}");

    let missing = load(Path::new("/nowhere/spin.toml"), Purpose::Run).unwrap_err();
    assert_eq!(
        missing.to_string(),
        "cannot read /nowhere/spin.toml: No such file or directory (os error 2) (expected a Spin manifest; name one with -f)"
    );
}

#[test]
fn ids_that_cannot_be_used_are_refused() {
    let manifest = format!(
        "{HEAD}[variables]\nJWT = {{ default = \"\" }}\n[[trigger.http]]\nroute = \"/\"\ncomponent = \"todo_api\"\n[component.todo_api]\nsource = \"a\"\n"
    );
    assert_eq!(
        brief(&manifest),
        [
            "5:1: the variable `JWT` cannot be used: it has upper-case letters (expected lower-case snake_case, like `jwt_secret`)",
            "9:12: the component id `todo_api` cannot be used: it contains '_' (expected kebab-case, like `todo-api`)",
        ]
    );
}

#[test]
fn a_component_that_is_called_needs_a_trigger() {
    let manifest = format!(
        "{HEAD}{TRIGGER}{COMPONENT}allowed_outbound_hosts = [\"http://b.spin.internal\"]\n[component.b]\nsource = \"b.wasm\"\n"
    );
    assert_eq!(
        brief(&manifest),
        [
            "9:27: no trigger has the component `b` (expected one that is called through HTTP) add a `[[trigger.http]]` for it with `route = { private = true }`"
        ]
    );
    let answered = "[[trigger.http]]\nroute = { private = true }\ncomponent = \"b\"\n";
    good(&format!("{manifest}{answered}"));
}

#[test]
fn a_flood_of_mistakes_is_cut_short() {
    let fields: String = (0..1000).map(|n| format!("x{n} = 1\n")).collect();
    let shown = errors(&format!("{HEAD}{fields}{TRIGGER}{COMPONENT}"));
    assert_eq!(shown.matches("unknown field").count(), 30);
    assert!(shown.ends_with("\n\nand 970 more"), "{shown}");
}
