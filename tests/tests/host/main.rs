//! The host's own guards, with a component that misbehaves on request (`tests/guest`).

mod configuration;
mod consumer_groups;
mod cron;
mod dapr;
mod gateway;
mod kafka;
mod misbehaviour;
mod permissions;
mod routes;
mod streaming;
mod triggers;

use std::sync::LazyLock;

use serde_json::Value;
use tests::{Answer, Builder, TestApp, guest};

/// A manifest in which the guest plays three parts: `bad` (misbehaves), `good` (its neighbour) and `hidden` (private).
fn manifest() -> String {
    let source = guest();
    let source = source.display();
    format!(
        r#"
spin_manifest_version = 2

[application]
name = "guests"
version = "1.2.3"

[variables]
greeting = {{ default = "hello" }}
token = {{ required = true, secret = true }}

[[trigger.http]]
route = "/bad/..."
component = "bad"

[[trigger.http]]
route = "/good/..."
component = "good"

[[trigger.http]]
route = "/good/exact/headers"
component = "bad"

[[trigger.http]]
route = "/people/:name/headers"
component = "good"

[[trigger.http]]
route = {{ private = true }}
component = "hidden"

[component.bad]
source = "{source}"

[component.good]
source = "{source}"
allowed_outbound_hosts = ["http://hidden.spin.internal", "http://127.0.0.1:{{{{ port }}}}"]
key_value_stores = ["conversations"]
sqlite_databases = ["tasks"]
environment = {{ COLOUR = "blue" }}
files = [{{ source = "shown", destination = "/shown" }}]

[component.good.variables]
greeting = "{{{{ greeting }}}} there"
token = "{{{{ token }}}}"
port = "{{{{ port }}}}"

[component.hidden]
source = "{source}"
"#
    )
    .replace("[variables]\n", "[variables]\nport = { default = \"1\" }\n")
}

/// What the tests of the triggers start: events are kept in the embedded log.
fn builder() -> Builder {
    TestApp::builder()
}

/// The guests with one variable set, and the folder that `good` is shown.
fn guests(manifest: &str) -> Builder {
    let builder = TestApp::builder().manifest(manifest);
    let shown = builder.state_dir().join("shown");
    std::fs::create_dir_all(&shown).expect("a folder");
    std::fs::write(shown.join("file.txt"), "to be seen").expect("a file");
    builder.ready_path("/.well-known/spin/health")
}

/// The guests, started with these arguments.
fn start(arguments: &[&str]) -> TestApp {
    start_with_port(arguments, 1)
}

/// The guests; `good` may call this port of this machine.
fn start_with_port(arguments: &[&str], port: u16) -> TestApp {
    let builder = guests(&manifest())
        .variable("token", "a secret token")
        .variable("port", &port.to_string());
    let add = |builder: Builder, argument: &&str| builder.argument(argument);
    arguments.iter().fold(builder, add).start()
}

/// The guests that most tests share.
static GUESTS: LazyLock<TestApp> = LazyLock::new(|| start(&[]));

fn get(path: &str) -> Answer {
    GUESTS.client().get(path)
}

/// What the guest answered: `Ok` or the error it saw.
fn outcome(app: &TestApp, path: &str, parameters: &[(&str, &str)]) -> Result<Value, String> {
    let answer = app.client().query(path, parameters);
    assert_eq!(answer.status, 200, "{answer:?}");
    let body = answer.json();
    match body.get("ok") {
        Some(value) => Ok(value.clone()),
        None => Err(body["error"].as_str().expect("an error").to_owned()),
    }
}

/// A 5xx in the host's words: JSON, and nothing of what happened inside.
#[track_caller]
fn assert_server_error(answer: &Answer, status: u16) {
    let body = answer.error(status).to_string().to_lowercase();
    for internal in ["trap", "wasm", "panick", "backtrace", ".rs", "asked to"] {
        assert!(!body.contains(internal), "{body}");
    }
}
