//! The Spin plugins `trigger-kafka` and `trigger-cron`, started as `spin up` starts them, without Spin.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};
use servers::{Process, free_port};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use tests::{Client, root, todo, wait_for};

/// How long a plugin may take to start on a busy machine.
const START: Duration = Duration::from_secs(120);

/// What `spin up` would give to the plugins of an application.
struct Launch {
    folder: TempDir,
    lock: Value,
    dapr: SocketAddr,
    gateway: SocketAddr,
    grip: SocketAddr,
}

impl Launch {
    /// An application whose component takes events of `asked`, answers HTTP, and is run each second.
    fn new() -> Self {
        let guest = root().join("target/wasm32-wasip2/release/test_guest.wasm");
        assert!(guest.exists(), "{} is missing", guest.display());
        let source = json!({
            "content_type": "application/wasm",
            "source": format!("file://{}", guest.display()),
        });
        let lock = json!({
            "spin_lock_version": 1,
            "must_understand": ["host_requirements"],
            "metadata": {"name": "locked", "version": "2.0.0", "trigger": "http,kafka,cron", "origin": "file:///spin.toml"},
            "host_requirements": {"local_service_chaining": "required"},
            "variables": {"greeting": {"default": "\"hello\"\n\u{7f}"}, "token": {"secret": true}},
            "triggers": [
                {"id": "web", "trigger_type": "http", "trigger_config": {"component": "guest", "route": "/..."}},
                {"id": "hidden", "trigger_type": "http", "trigger_config": {"component": "hidden", "route": {"private": true}}},
                {"id": "events", "trigger_type": "kafka", "trigger_config": {
                    "component": "guest", "topics": ["asked"], "group": "locked", "batch": 8,
                    "backoff": {"initial": "100ms", "max": "100ms"},
                }},
                {"id": "clock", "trigger_type": "cron", "trigger_config": {"component": "guest", "cron_expression": "* * * * * *"}},
                {"id": "other", "trigger_type": "redis", "trigger_config": {"component": "unused", "channel": "x"}},
            ],
            "components": [
                {
                    "id": "guest", "source": source, "env": {"COLOUR": "blue"},
                    "config": {"greeting": "{{ greeting }} there", "token": "{{ token }}"},
                    "metadata": {
                        "description": "the guest", "build": {"command": "none"},
                        "allowed_outbound_hosts": ["http://hidden.spin.internal"],
                        "key_value_stores": ["default"], "databases": ["tasks"],
                    },
                },
                {"id": "hidden", "source": source},
                {"id": "unused", "source": {"content_type": "application/wasm", "source": "file:///nowhere.wasm"}},
            ],
        });
        Self {
            folder: TempDir::new().expect("a temporary folder"),
            lock,
            dapr: free_port(),
            gateway: free_port(),
            grip: free_port(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The command that runs a plugin.
    fn command(&self, plugin: &str) -> Command {
        let program = self.path(plugin);
        if !program.exists() {
            std::os::unix::fs::symlink(todo(), &program).expect("a link to the program");
        }
        for name in ["working", "app"] {
            fs::create_dir_all(self.path(name)).expect("a folder");
        }
        let lock = self.path("working/spin.lock");
        fs::write(&lock, self.lock.to_string()).expect("the lock is written");
        let config = self.path("app/runtime-config.toml");
        fs::write(&config, "[sqlite_database.tasks]\ntype = \"spin\"\n")
            .expect("the configuration");
        let mut command = Command::new(program);
        command
            .env("SPIN_LOCKED_URL", format!("file://{}", lock.display()))
            .env("SPIN_WORKING_DIR", self.path("working"))
            // As Spin says it beside the manifest.
            .env("SPIN_LOCAL_APP_DIR", "")
            .env("SPIN_VARIABLE_TOKEN", "a secret")
            .env("DAPR_HTTP_PORT", self.dapr.port().to_string())
            .env("TODO_GRIP_HTTP_PORT", self.grip.port().to_string())
            .arg("--runtime-config-file")
            .arg(&config)
            .current_dir(self.path("app"));
        command
    }

    fn start(&self, plugin: &str, change: impl FnOnce(&mut Command)) -> Process {
        let mut command = self.command(plugin);
        change(&mut command);
        let log = self.path(&format!("{plugin}.log"));
        Process::spawn(&mut command, &log, self.folder.path())
    }

    fn start_kafka(&self) -> Process {
        let gateway = self.gateway.to_string();
        let mut plugin = self.start("trigger-kafka", |command| {
            command.args(["--gateway-listen", &gateway]);
        });
        plugin.listens(self.dapr, START);
        plugin
    }

    fn publish(&self, id: &str, payload: &Value) {
        let envelope = json!({"id": id, "source": "/test", "type": "asked", "data": payload});
        let client = Client::new(&format!("http://{}", self.dapr));
        let request = client
            .request("POST", "/v1.0/publish/pubsub/asked?metadata.partitionKey=k")
            .header("content-type", "application/cloudevents+json")
            .body(envelope.to_string());
        let answer = client.send(request);
        assert_eq!(answer.status, 204, "{answer:?}");
    }

    /// The keys in the store `default`, which lies where Spin has it.
    fn written(&self) -> Vec<String> {
        let path = self.path("app/.spin/sqlite_key_value.db");
        let Ok(store) = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY) else {
            return Vec::new();
        };
        let query = "SELECT key FROM spin_key_value WHERE store = 'default'";
        let Ok(mut statement) = store.prepare(query) else {
            return Vec::new();
        };
        let keys = statement.query_map([], |row| row.get(0)).expect("keys");
        keys.map(|key| key.expect("a key")).collect()
    }

    fn consumed(&self, plugin: &mut Process, id: &str) {
        plugin.until(START, &format!("that {id} is consumed"), || {
            self.written().iter().any(|key| key.contains(id))
        });
    }
}

fn output(mut command: Command) -> Output {
    command.output().expect("the program runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn an_event_is_consumed_and_survives_a_kill() {
    let launch = Launch::new();
    let mut plugin = launch.start_kafka();
    launch.publish("first", &json!({}));
    launch.consumed(&mut plugin, "first");

    // Killed with an event that is still to be consumed, it goes on with it.
    launch.publish("second", &json!({"do": "retry", "times": 3}));
    plugin.signal("KILL");
    plugin.ended(Duration::from_secs(10));
    let mut plugin = launch.start_kafka();
    launch.consumed(&mut plugin, "second");

    // The gateway is in front of the same components, on the same stores.
    let client = Client::new(&format!("http://{}", launch.gateway));
    wait_for("both events", 30, || {
        let written = client.get("/written?kind=consumed").json();
        let entries = written["ok"].as_array()?;
        let has = |id: &str| entries.iter().any(|entry| entry["id"] == id);
        (has("first") && has("second")).then_some(())
    });
    for (path, expected) in [
        ("/variable?name=greeting", "\"hello\"\n\u{7f} there"),
        ("/variable?name=token", "a secret"),
        ("/environment?name=COLOUR", "blue"),
    ] {
        assert_eq!(client.get(path).json()["ok"], expected, "{path}");
    }
    let chained = client.query("/outbound", &[("url", "http://hidden.spin.internal/count")]);
    assert_eq!(chained.json()["ok"]["status"], 200);
    assert_eq!(client.get("/sqlite?database=tasks").json()["ok"], 42);
    let refused = client.get("/key-value?store=conversations").json();
    assert!(refused["error"].is_string(), "{refused}");

    plugin.signal("TERM");
    plugin.ended(Duration::from_secs(30));
}

#[test]
fn the_clock_ticks_in_a_plugin_of_its_own() {
    let launch = Launch::new();
    let mut plugin = launch.start("trigger-cron", |_| {});
    plugin.until(START, "a tick", || !launch.written().is_empty());
    assert!(!launch.path("app/.spin/events.db").exists());
    assert!(launch.path("app/.spin/cron.db").exists());
}

#[test]
fn state_lies_where_flags_and_configuration_say() {
    let launch = Launch::new();
    let flagged = launch.path("flagged");
    let mut plugin = launch.start("trigger-cron", |command| {
        command.arg("--state-dir").arg(&flagged);
    });
    plugin.until(START, "its state", || flagged.join("cron.db").exists());
    drop(plugin);

    let config = launch.path("app/runtime-config.toml");
    let databases = "[sqlite_database.tasks]\ntype = \"spin\"\n";
    let text = format!("state_dir = \"configured\"\n{databases}");
    let mut plugin = launch.start("trigger-cron", |_| {
        fs::write(&config, text).expect("a file");
    });
    let configured = launch.path("app/configured/cron.db");
    plugin.until(START, "its state", || configured.exists());
    drop(plugin);

    // What Spin keeps in memory goes with the application.
    let mut plugin = launch.start("trigger-cron", |command| {
        command.args(["--state-dir", ""]);
    });
    let passing = launch.path("working/state/cron.db");
    plugin.until(START, "its state", || passing.exists());
    assert!(!launch.path("app/.spin").exists());
}

#[test]
fn variables_come_from_flags_too() {
    let launch = Launch::new();
    let (json, content) = (launch.path("some.json"), launch.path("content"));
    fs::write(&json, "{\"greeting\": \"from a file\"}").expect("a file");
    fs::write(&content, "the token").expect("a file");
    let gateway = launch.gateway.to_string();
    let mut plugin = launch.start("trigger-kafka", |command| {
        command
            .args(["--gateway-listen", &gateway, "--variable", "greeting=first"])
            .args(["--variable", &format!("@{}", json.display())])
            .args(["--variable", &format!("token=@{}", content.display())]);
    });
    plugin.listens(launch.gateway, START);
    let client = Client::new(&format!("http://{}", launch.gateway));
    for (name, expected) in [("greeting", "from a file there"), ("token", "the token")] {
        let answer = client.query("/variable", &[("name", name)]).json();
        assert_eq!(answer["ok"], expected);
    }
}

#[test]
fn it_ends_when_spin_does() {
    let launch = Launch::new();
    let plugin = launch.command("trigger-kafka");
    // A shell stands for Spin: it starts the plugin and is killed.
    let mut shell = Command::new("sh");
    shell
        .arg("-c")
        .arg("\"$@\" & echo $! >plugin.pid; wait")
        .arg("sh")
        .arg(plugin.get_program())
        .args(plugin.get_args())
        .args(["--gateway-listen", &launch.gateway.to_string()])
        .envs(
            plugin
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .current_dir(launch.path("app"));
    let log = launch.path("shell.log");
    let mut shell = Process::spawn(&mut shell, &log, launch.folder.path());
    shell.listens(launch.dapr, START);
    let pid = fs::read_to_string(launch.path("app/plugin.pid")).expect("the plugin's id");
    shell.signal("KILL");
    shell.ended(Duration::from_secs(10));
    let process = Path::new("/proc").join(pid.trim());
    wait_for("that the plugin ends", 30, || {
        let state = fs::read_to_string(process.join("stat")).unwrap_or_default();
        // A container may have nobody to collect it.
        (state.is_empty() || state.contains(") Z ")).then_some(())
    });
}

#[test]
fn spin_learns_which_flags_there_are() {
    let launch = Launch::new();
    for plugin in ["trigger-kafka", "trigger-cron"] {
        let mut command = launch.command(plugin);
        let asked = output({
            command.arg("--launch-metadata-only");
            command
        });
        assert!(asked.status.success(), "{asked:?}");
        let metadata: Value = serde_json::from_slice(&asked.stderr).expect("JSON");
        let flags: Vec<&str> = metadata["all_flags"]
            .as_array()
            .expect("flags")
            .iter()
            .filter_map(|flag| flag["long"].as_str())
            .collect();
        for flag in [
            "--runtime-config-file",
            "--state-dir",
            "--variable",
            "--listen",
        ] {
            assert!(flags.contains(&flag), "{flag}: {flags:?}");
        }
        let mut command = launch.command(plugin);
        let help = output({
            command.arg("--help-args-only");
            command
        });
        assert!(help.status.success(), "{help:?}");
        assert!(text(&help.stdout).contains("--gateway-listen"), "{help:?}");
    }
}

#[test]
fn both_are_packed_as_spin_installs_them() {
    let folder = TempDir::new().expect("a temporary folder");
    let mut pack = Command::new(root().join("scripts/spin-plugin"));
    pack.arg(todo()).arg(folder.path());
    let packed = output(pack);
    assert!(packed.status.success(), "{packed:?}");
    let arch = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        arch => arch,
    };
    for name in ["trigger-kafka", "trigger-cron"] {
        let file = |extension: &str| folder.path().join(format!("{name}.{extension}"));
        let (manifest, archive) = (file("json"), file("tar.gz"));
        assert!(text(&packed.stdout).contains(&manifest.display().to_string()));
        let manifest = fs::read(manifest).expect("a manifest");
        let manifest: Value = serde_json::from_slice(&manifest).expect("JSON");
        let digest = Sha256::digest(fs::read(&archive).expect("an archive"));
        let digest: Vec<String> = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(manifest["name"], name);
        assert_eq!(manifest["version"], env!("CARGO_PKG_VERSION"));
        assert_eq!(
            manifest["packages"],
            json!([{
                "os": std::env::consts::OS,
                "arch": arch,
                "url": format!("file://{}", archive.display()),
                "sha256": digest.concat(),
            }])
        );

        let content = folder.path().join(name);
        fs::create_dir(&content).expect("a folder");
        let mut unpack = Command::new("tar");
        unpack.arg("-xzf").arg(&archive).arg("-C").arg(&content);
        let unpacked = output(unpack);
        assert!(unpacked.status.success(), "{unpacked:?}");
        let entries = fs::read_dir(&content).expect("the folder").flatten();
        let names: Vec<_> = entries.map(|entry| entry.file_name()).collect();
        assert_eq!(names, [name]);
        let mut program = Command::new(content.join(name));
        program.arg("--launch-metadata-only");
        let asked = output(program);
        assert!(asked.status.success(), "{asked:?}");
        let metadata: Value = serde_json::from_slice(&asked.stderr).expect("JSON");
        assert!(metadata["all_flags"].is_array(), "{metadata}");
    }
}

#[test]
fn what_cannot_be_run_is_named() {
    let refused = |launch: &Launch, without: &str| {
        let mut command = launch.command("trigger-kafka");
        command.env_remove(without);
        let output = output(command);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        text(&output.stderr)
    };
    let launch = Launch::new();
    let error = refused(&launch, "SPIN_LOCKED_URL");
    assert!(error.contains("`spin up` sets it"), "{error}");

    let mut launch = Launch::new();
    launch.lock["triggers"][2]["trigger_config"]["topics"] = json!(["no such topic"]);
    let error = refused(&launch, "NOTHING");
    assert!(
        error.contains("the topic `no such topic` cannot be used"),
        "{error}"
    );

    let mut launch = Launch::new();
    launch.lock["components"][0]["host_requirements"] = json!({"middleware": "required"});
    let error = refused(&launch, "NOTHING");
    assert!(error.contains("requires middleware"), "{error}");

    let mut launch = Launch::new();
    launch.lock["components"][0]["source"]["source"] = "https://example.org/a.wasm".into();
    let error = refused(&launch, "NOTHING");
    assert!(error.contains("is no file:// URL"), "{error}");

    let launch = Launch::new();
    let mut command = launch.command("trigger-kafka");
    fs::write(launch.path("working/spin.lock"), "{").expect("a file");
    command.env("NOTHING", "");
    let output = output(command);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
}
