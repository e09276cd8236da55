//! Runtime configuration files and what is read from them.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::app::Variable;
use crate::manifest::{self, Purpose};
use crate::variables::Variables;

fn folders() -> Folders<'static> {
    Folders {
        state: Path::new("/state"),
        working: Path::new("/working"),
    }
}

fn read(source: &str) -> Result<RuntimeConfig, ManifestErrors> {
    parse(
        source,
        None,
        Path::new("config/runtime.toml"),
        folders(),
        &[],
    )
}

fn good(source: &str) -> RuntimeConfig {
    read(source).unwrap_or_else(|errors| panic!("{errors}"))
}

fn file(path: &str) -> Location {
    Location::File(PathBuf::from(path))
}

#[test]
fn without_a_file_there_are_the_stores_of_spin() {
    let config = load(None, folders(), []).unwrap();
    assert_eq!(
        config.key_value_stores,
        BTreeMap::from([(
            "default".to_owned(),
            KeyValueProvider::Spin(file("/state/sqlite_key_value.db"))
        )])
    );
    assert_eq!(
        config.sqlite_databases,
        BTreeMap::from([("default".to_owned(), file("/state/sqlite_db.db"))])
    );
}

#[test]
fn stores_lie_where_spin_looks_for_them() {
    let config = good(
        r#"
            [key_value_store.conversations]
            type = "spin"
            path = "kv.db"
            [key_value_store.default]
            type = "spin"
            path = "/elsewhere/kv.db"
            [key_value_store.scratch]
            type = "spin"
            [sqlite_database.tasks]
            type = "spin"
            path = "tasks.db"
            allow_attach_file = false
            [sqlite_database.default]
            type = "spin"
            "#,
    );
    assert_eq!(
        config.key_value_stores,
        BTreeMap::from([
            ("conversations", file("/working/config/kv.db")),
            ("default", file("/elsewhere/kv.db")),
            ("scratch", Location::Memory),
        ])
        .into_iter()
        .map(|(label, location)| (label.to_owned(), KeyValueProvider::Spin(location)))
        .collect()
    );
    assert_eq!(
        config.sqlite_databases,
        BTreeMap::from([
            ("default".to_owned(), Location::Memory),
            ("tasks".to_owned(), file("/working/tasks.db")),
        ])
    );
}

#[test]
fn a_store_in_redis_keeps_its_password_to_itself() {
    let config = good(
        "[key_value_store.cache]\ntype = \"redis\"\nurl = \"rediss://:hidden@example.org/3\"\n",
    );
    let url = RedisUrl::new("rediss://:hidden@example.org/3".to_owned()).unwrap();
    assert_eq!(
        config.key_value_stores.get("cache"),
        Some(&KeyValueProvider::Redis(url))
    );
    assert!(!format!("{config:?}").contains("hidden"));
}

fn value(config: &RuntimeConfig, name: &str) -> Option<String> {
    let variables = BTreeMap::from([(
        name.to_owned(),
        Variable {
            default: Some("default".to_owned()),
            required: false,
        },
    )]);
    let resolved = Variables::resolve(&variables, &config.variable_providers).unwrap();
    resolved.expand(&format!("{{{{ {name} }}}}")).ok()
}

#[test]
fn providers_are_asked_in_order_and_the_environment_last() {
    let source = r#"
            [[variables_provider]]
            type = "static"
            values = { a = "static", b = "static" }
            [[variables_provider]]
            type = "env"
            prefix = "MINE"
        "#;
    let environment = [
        ("SPIN_VARIABLE_A", "env"),
        ("SPIN_VARIABLE_C", "env"),
        ("SPIN_VARIABLE_D", "env"),
        ("MINE_B", "mine"),
        ("MINE_C", "mine"),
    ]
    .map(|(name, value)| (OsString::from(name), OsString::from(value)));
    let path = Path::new("runtime.toml");
    let config = parse(source, None, path, folders(), &environment).unwrap();
    for (name, expected) in [
        ("a", "static"),
        ("b", "static"),
        ("c", "mine"),
        ("d", "env"),
        ("e", "default"),
    ] {
        assert_eq!(value(&config, name).as_deref(), Some(expected), "{name}");
    }
}

#[test]
fn the_older_name_of_the_providers_is_read() {
    let config = good("[[config_provider]]\ntype = \"static\"\nvalues = { a = \"x\" }\n");
    assert_eq!(value(&config, "a").as_deref(), Some("x"));
}

#[test]
fn dotenv_files_are_read_from_the_working_directory() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(".env"), "SPIN_VARIABLE_A=always\n").unwrap();
    std::fs::write(folder.path().join("more.env"), "SPIN_VARIABLE_B=more\n").unwrap();
    let folders = Folders {
        state: Path::new("/state"),
        working: folder.path(),
    };
    let source = "[[variables_provider]]\ntype = \"env\"\ndotenv_path = \"more.env\"\n";
    let config = parse(source, None, Path::new("x/runtime.toml"), folders, &[]).unwrap();
    assert_eq!(value(&config, "a").as_deref(), Some("always"));
    assert_eq!(value(&config, "b").as_deref(), Some("more"));
}

#[test]
fn the_event_log_has_defaults_and_can_be_configured() {
    let config = good("").event_log;
    assert_eq!(config.path, Path::new("/state/events.db"));
    assert_eq!(config.pubsub, "pubsub");
    let config = good(
        "[event_log]\npath = \"my/events.db\"\npubsub = \"bus\"\nretention = \"12h\"\n\
         retention_bytes = 2_000_000\npartitions = 4\n",
    )
    .event_log;
    assert_eq!(config.path, Path::new("/working/my/events.db"));
    assert_eq!(config.pubsub, "bus");
    assert_eq!(
        config.settings.retention_age,
        Duration::from_secs(12 * 60 * 60)
    );
    assert_eq!(config.settings.retention_bytes, 2_000_000);
    assert_eq!(config.settings.partitions, 4);
}

#[test]
fn an_offered_variable_yields_to_what_is_configured() {
    let source = "[[variables_provider]]\ntype = \"static\"\nvalues = { a = \"mine\" }\n";
    let mut config = good(source);
    config.offer_variable("a", "offered");
    config.offer_variable("b", "offered");
    assert_eq!(value(&config, "a").as_deref(), Some("mine"));
    assert_eq!(value(&config, "b").as_deref(), Some("offered"));
}

#[test]
fn where_events_are_kept_may_stand_in_a_file_beside() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runtime-config.toml");
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    let log = "[event_log]\npath = \"my/events.db\"\n";
    write(
        "runtime-config.toml",
        "[sqlite_database.a]\ntype = \"spin\"\n",
    );
    write("events.toml", log);
    let config = load(Some(&path), folders(), []).unwrap();
    assert_eq!(config.event_log.path, Path::new("/working/my/events.db"));

    write("runtime-config.toml", log);
    let error = load(Some(&path), folders(), []).unwrap_err().to_string();
    assert!(error.contains("events.toml:1:2"), "{error}");
    assert!(error.contains("[event_log] too"), "{error}");

    write("events.toml", "[sqlite_database.a]\ntype = \"spin\"\n");
    let error = load(Some(&path), folders(), []).unwrap_err().to_string();
    assert!(error.contains("unknown field `sqlite_database`"), "{error}");
}

#[test]
fn state_lies_where_the_file_says() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runtime-config.toml");
    for (text, expected) in [
        ("state_dir = \"there\"\n", Some("there")),
        ("state_dir = \"\"\n", None),
        ("state_dir = 1\n", None),
        ("", None),
    ] {
        std::fs::write(&path, text).unwrap();
        assert_eq!(state_dir(&path), expected.map(PathBuf::from), "{text}");
    }
    assert!(load(Some(&path), folders(), []).is_ok());
    std::fs::write(&path, "state_dir = \"there\"\n").unwrap();
    assert!(load(Some(&path), folders(), []).is_ok());
}

#[test]
fn a_mistake_shows_its_place_and_what_was_expected() {
    assert_eq!(
        read("[key_value_store.cache]\ntype = \"radish\"\n")
            .unwrap_err()
            .to_string(),
        "\
1 mistake in config/runtime.toml:

error: unknown type `radish` in [key_value_store.cache]
 --> config/runtime.toml:2:8
  |
2 | type = \"radish\"
  |        ^^^^^^^^ known are `spin`, `redis`
  |
  = help: did you mean `redis`?"
    );
}

#[test]
fn mistakes_are_named() {
    for (source, found, expected) in [
        (
            "[sqlite_database.x]\n",
            "[sqlite_database.x] has no `type`",
            "expected `type = \"spin\"`",
        ),
        (
            "sqlite_database = 1\n",
            "`sqlite_database` is an integer",
            "expected a table",
        ),
        (
            "[sqlite_database.x]\ntype = \"spin\"\npaht = \"x\"\n",
            "unknown field `paht` in [sqlite_database.x]",
            "did you mean `path`?",
        ),
        (
            "[sqlite_database.x]\ntype = \"spin\"\nallow_attach_file = true\n",
            "`allow_attach_file` is not provided by this host",
            "expected databases to stay by themselves",
        ),
        (
            "[key_value_store.x]\ntype = \"redis\"\n",
            "[key_value_store.x] has no `url`",
            "expected `url = \"redis://127.0.0.1:6379\"`",
        ),
        (
            "[key_value_store.x]\ntype = \"redis\"\nurl = \"http://127.0.0.1\"\n",
            "`url` in [key_value_store.x] cannot be used: Redis URL did not parse",
            "expected `redis://` or `rediss://`",
        ),
        (
            "[sqlite_database.x]\ntype = \"redis\"\n",
            "unknown type `redis` in [sqlite_database.x]",
            "known are `spin`",
        ),
        (
            "[key_value_store.'a b']\ntype = \"spin\"\n",
            "the label `a b` cannot be used: it contains ' '",
            "expected kebab-case or snake_case",
        ),
        (
            "[[variable_provider]]\ntype = \"env\"\n",
            "unknown field `variable_provider` in the file",
            "did you mean `variables_provider`?",
        ),
        (
            "[variables_provider]\ntype = \"env\"\n",
            "`variables_provider` is a table",
            "expected an array of tables: `[[variables_provider]]`",
        ),
        (
            "[[variables_provider]]\ntype = \"vault\"\n",
            "unknown type `vault` in [[variables_provider]]",
            "known are `env`, `static`, `dapr`",
        ),
        (
            "[[variables_provider]]\ntype = \"static\"\n",
            "[[variables_provider]] has no `values`",
            "expected a table of variables with their values",
        ),
        (
            "[[variables_provider]]\ntype = \"static\"\nvalues = { a = 1 }\n",
            "`a` in `values` is an integer",
            "expected a string",
        ),
        (
            "[[variables_provider]]\ntype = \"dapr\"\nstore = \"secretstore\"\n",
            "[[variables_provider]] has no `secret`",
            "expected the secret whose keys are variables",
        ),
        (
            "config_provider = []\nvariables_provider = []\n",
            "both `variables_provider` and its older name `config_provider` are there",
            "expected one of them",
        ),
        (
            "[event_log]\nretention = \"7\"\n",
            "`7` is no retention that can be used",
            "expected one like \"7d\"",
        ),
        (
            "[event_log]\nretention_byte = 7\n",
            "unknown field `retention_byte` in [event_log]",
            "did you mean `retention_bytes`?",
        ),
        (
            "[event_log]\npartitions = 0\n",
            "`partitions` cannot be used",
            "expected a number from 1 to 1024",
        ),
        (
            "[llm_compute]\ntype = \"spin\"\n",
            "unknown field `llm_compute` in the file",
            "known are",
        ),
    ] {
        let shown = read(source).expect_err(source).to_string();
        assert!(shown.contains(found) && shown.contains(expected), "{shown}");
    }
}

#[test]
fn stores_that_nothing_provides_are_named_with_how_to_provide_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("spin.toml");
    std::fs::write(
            &path,
            "spin_manifest_version = 2\napplication = { name = \"test\" }\n\
             [[trigger.http]]\nroute = \"/\"\ncomponent = \"a\"\n\
             [component.a]\nsource = \"a.wasm\"\n\
             key_value_stores = [\"default\", \"cache\"]\nsqlite_databases = [\"task\", \"tasks\"]\n",
        )
        .unwrap();
    let app = manifest::load(&path, Purpose::Build).unwrap();
    let config = good("[sqlite_database.tasks]\ntype = \"spin\"\n");
    assert_eq!(
        config.check(&app).unwrap_err().to_string(),
        "component `a` uses the key-value store `cache`, which nothing provides: add \
             `[key_value_store.cache]` with `type = \"spin\"` to the runtime configuration file\n\
             component `a` uses the database `task`, which nothing provides: add \
             `[sqlite_database.task]` with `type = \"spin\"` to the runtime configuration file; \
             did you mean `tasks`?"
    );
    let complete = "[sqlite_database.tasks]\ntype = \"spin\"\n[sqlite_database.task]\ntype = \"spin\"\n[key_value_store.cache]\ntype = \"spin\"\n";
    assert_eq!(good(complete).check(&app), Ok(()));
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Err(errors) = read(&String::from_utf8_lossy(&bytes)) {
            let _ = errors.to_string();
        }
    }
}
