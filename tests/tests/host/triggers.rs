//! What the tests of the triggers share: a manifest, events for the guest, and a server that it calls.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tests::{Builder, TestApp, guest, wait_for};

/// A field of a Kafka trigger: failures come again soon.
pub const SOON: &str = "backoff = { initial = \"100ms\", max = \"100ms\" }";

/// The guest as `guest`, which `triggers` start, and as `web`, which says over HTTP what it has written down.
/// The group `idle` of `web` has the event log there whatever `triggers` are.
pub fn manifest(triggers: &str) -> String {
    let source = guest();
    let source = source.display();
    format!(
        r#"
spin_manifest_version = 2

[application]
name = "triggered"

[[trigger.http]]
route = "/..."
component = "web"

[[trigger.kafka]]
component = "web"
topics = ["idle"]
group = "idle"

{triggers}

[component.web]
source = "{source}"
key_value_stores = ["default"]

[component.guest]
source = "{source}"
key_value_stores = ["default"]
allowed_outbound_hosts = ["http://127.0.0.1:*"]
"#
    )
}

/// A trigger of `guest` with these topics, named as in TOML, and further fields.
pub fn kafka(topics: &str, group: &str, fields: &str) -> String {
    format!(
        "[[trigger.kafka]]\ncomponent = \"guest\"\ntopics = [{topics}]\ngroup = \"{group}\"\n{fields}\n\n"
    )
}

/// An application with these triggers, to be started.
pub fn application(triggers: &str) -> Builder {
    crate::builder()
        .manifest(&manifest(triggers))
        .ready_path("/.well-known/spin/health")
}

/// An application with these triggers on the state of another.
pub fn again(app: &TestApp, triggers: &str) -> Builder {
    TestApp::builder()
        .state_of(app)
        .manifest(&manifest(triggers))
        .ready_path("/.well-known/spin/health")
}

/// Publishes an event with this id that has the guest do what `payload` says.
#[track_caller]
pub fn publish(app: &TestApp, topic: &str, key: &str, id: &str, payload: &Value) {
    let envelope = json!({"id": id, "source": "/test", "type": "asked", "data": payload});
    let answer = app.publish(topic, key, &envelope);
    assert_eq!(answer.status, 204, "{answer:?}");
}

/// The attribute `id` of an event.
pub fn id(envelope: &str) -> String {
    let event: Value = serde_json::from_str(envelope).expect("JSON");
    event["id"].as_str().expect("an id").to_owned()
}

/// What the guest has written down of this kind.
#[track_caller]
pub fn written(app: &TestApp, kind: &str) -> Vec<Value> {
    let answer = app.client().get(&format!("/written?kind={kind}"));
    assert_eq!(answer.status, 200, "{answer:?}");
    let body = answer.json();
    body["ok"]
        .as_array()
        .unwrap_or_else(|| panic!("{body}"))
        .clone()
}

/// How often the guest got an event, or 0.
pub fn seen(app: &TestApp, id: &str) -> u64 {
    let entries = written(app, "consumed");
    let entry = entries.iter().find(|entry| entry["id"] == id);
    entry.map_or(0, |entry| entry["seen"].as_u64().expect("a number"))
}

/// Waits until a group has finished all that there is.
pub fn settled(app: &TestApp, group: &str) {
    wait_for("that the group is through", 30, || {
        (app.lag(group) == 0).then_some(())
    });
}

/// A server that notes in which order it was called, and lets calls wait.
pub struct Recorder {
    address: SocketAddr,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    calls: Mutex<Calls>,
    released: Condvar,
}

#[derive(Default)]
struct Calls {
    /// The paths, without the slash in front.
    arrived: Vec<String>,
    held: BTreeSet<String>,
}

impl State {
    fn calls(&self) -> MutexGuard<'_, Calls> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Recorder {
    /// Starts it; it ends with the process.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(State::default());
        let serving = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&serving);
                std::thread::spawn(move || answer(stream, &state));
            }
        });
        Self { address, state }
    }

    /// The payload that has the guest call it as `name`.
    pub fn call(&self, name: &str) -> Value {
        json!({"do": "fetch", "url": format!("http://{}/{name}", self.address)})
    }

    /// The same; the call waits until [`Recorder::release`].
    pub fn held_call(&self, name: &str) -> Value {
        self.state.calls().held.insert(name.to_owned());
        self.call(name)
    }

    /// Answers all calls that wait, and lets none wait any more.
    pub fn release(&self) {
        self.state.calls().held.clear();
        self.state.released.notify_all();
    }

    /// The names of all calls so far, in their order.
    pub fn arrived(&self) -> Vec<String> {
        self.state.calls().arrived.clone()
    }

    /// The names that begin with `prefix`, in their order.
    pub fn arrived_of(&self, prefix: &str) -> Vec<String> {
        let mut names = self.arrived();
        names.retain(|name| name.starts_with(prefix));
        names
    }

    /// How often it was called so.
    pub fn times(&self, name: &str) -> usize {
        self.arrived().iter().filter(|it| *it == name).count()
    }

    /// Waits for so many calls in all.
    pub fn wait(&self, count: usize) {
        wait_for(&format!("{count} calls"), 30, || {
            (self.arrived().len() >= count).then_some(())
        });
    }
}

fn answer(stream: TcpStream, state: &State) {
    let mut name = String::new();
    for (number, line) in BufReader::new(&stream).lines().enumerate() {
        let Ok(line) = line else { return };
        if number == 0 {
            let path = line.split(' ').nth(1).unwrap_or_default();
            name = path.trim_start_matches('/').to_owned();
        } else if line.is_empty() {
            break;
        }
    }
    let mut calls = state.calls();
    calls.arrived.push(name.clone());
    while calls.held.contains(&name) {
        let waited = state.released.wait_timeout(calls, Duration::from_secs(60));
        calls = waited.unwrap_or_else(PoisonError::into_inner).0;
    }
    drop(calls);
    // The host may have been killed meanwhile.
    let _ =
        (&stream).write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
}
