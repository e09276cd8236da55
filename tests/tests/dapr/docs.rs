//! The commands of docs/dapr.md, run as they are printed there, with a broker, a database and sidecars of their own.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::process::Command;

use servers::{Kafka, Postgres, free_port};
use tempfile::TempDir;
use tests::dapr::{SERVICES, create_topics};
use tests::{Client, Foreground, docs, register, root, skip, spin, todo};

use crate::{text, wait_audited};

/// Ports that each sidecar takes.
const PORTS: u16 = 3;

/// The page's commands: what builds, what writes the secrets, what starts it all, and what does both on Spin.
fn commands() -> [String; 4] {
    let blocks = docs::blocks("dapr", "sh");
    (blocks.try_into()).unwrap_or_else(|blocks: Vec<String>| panic!("four blocks: {blocks:?}"))
}

/// What `dapr/up` needs of the project, in a folder of its own: it and the page write beside it.
fn project() -> TempDir {
    let folder = TempDir::new().expect("a temporary folder");
    for name in ["frontend", "target"] {
        symlink(root().join(name), folder.path().join(name)).expect("a link");
    }
    let copied = Command::new("cp")
        .arg("-R")
        .args(["dapr", "spin-dapr.toml"].map(|name| root().join(name)))
        .arg(folder.path())
        .status();
    assert!(copied.expect("cp runs").success());
    // Those of whoever develops here.
    let _ = fs::remove_file(folder.path().join("dapr/secrets.json"));
    folder
}

/// The first of so many free ports in a row, below those that the system gives to others.
fn free_ports(count: u16) -> u16 {
    let is_free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
    for _ in 0..100 {
        let [one, two, ..] = *uuid::Uuid::new_v4().as_bytes();
        let first = 20_000 + u16::from_be_bytes([one, two]) % 10_000;
        if (first..first + count).all(is_free) {
            return first;
        }
    }
    panic!("no {count} free ports in a row");
}

/// Writes the secrets, starts it all and uses it, until Ctrl-C.
fn works(secrets: &str, start: &str) {
    const DATABASE: &str = "postgres://postgres@127.0.0.1:5432/postgres";
    let (kafka, postgres) = (Kafka::start(), Postgres::start());
    create_topics(&kafka.brokers());
    let (database, folder) = (postgres.create_database(), project());
    assert!(secrets.contains(DATABASE), "{secrets}");
    let secrets = secrets.replace(DATABASE, &database);
    let output = Command::new("bash")
        .args(["-euo", "pipefail", "-c", &secrets])
        .current_dir(folder.path())
        .output()
        .expect("bash runs");
    assert!(output.status.success(), "{secrets}\n{output:?}");

    // What is at these addresses by default is elsewhere here.
    let page = docs::page("dapr");
    for address in ["http://127.0.0.1:3000", "Kafka at 127.0.0.1:9092"] {
        assert!(page.contains(address), "{address}");
    }
    let (listen, notifier, grip) = (free_port(), free_port(), free_port());
    let first = free_ports(SERVICES.len() as u16 * PORTS);
    let token = uuid::Uuid::new_v4().to_string();
    let tools = root().join(".tools/bin").display().to_string();
    let path = std::env::var("PATH").expect("a PATH");
    let unlimited = || "1000000000".to_owned();
    let mut running = Foreground::start(
        start,
        folder.path(),
        &[
            ("PATH", format!("{tools}:{path}")),
            ("HOST", todo().display().to_string()),
            ("LISTEN", listen.to_string()),
            ("NOTIFIER", notifier.to_string()),
            ("DAPR_PORT", first.to_string()),
            ("DAPR_API_TOKEN", token.clone()),
            ("KAFKA_BROKERS", kafka.brokers()),
            ("TODO_GRIP_HTTP_PORT", grip.port().to_string()),
            ("SPIN_VARIABLE_GRIP_URL", format!("http://{grip}")),
            ("SPIN_VARIABLE_RATE_LIMIT_PER_MINUTE", unlimited()),
            ("SPIN_VARIABLE_RATE_LIMIT_PER_HOUR", unlimited()),
        ],
    );
    let client = Client::new(&format!("http://{listen}"));
    running.until("the page", || {
        let page = client.try_get("/")?;
        (page.status == 200 && page.text().contains("<html")).then_some(())
    });
    for port in (first..).step_by(PORTS.into()).take(SERVICES.len()) {
        let sidecar = Client::new(&format!("http://127.0.0.1:{port}"));
        running.until(&format!("the sidecar at {port}"), || {
            let request = sidecar
                .request("GET", "/v1.0/healthz")
                .header("dapr-api-token", &token);
            (request.send().ok()?.status() == 204).then_some(())
        });
    }

    let person = register(&client);
    let task = person.task("Heard of through Kafka");
    wait_audited(&person, &task, "task_created");
    assert!(!folder.path().join(".spin/events.db").exists());
    let begun = person.chat("add milk to my list", None);
    let id = text(&begun, "conversation_id");
    assert_eq!(person.chat("undo", Some(id))["conversation_id"], id);
    let kept = Postgres::execute_at(
        &database,
        &format!(
            "SELECT count(*) FROM dapr_state WHERE key LIKE 'todo-api||conversations/value/{}%'",
            person.id
        ),
    );
    assert_ne!(kept.trim(), "0");

    let mut sidecars = running.started();
    sidecars.retain(|name| name == "daprd");
    assert_eq!(sidecars.len(), SERVICES.len());
    assert!(running.interrupt().success());
}

#[test]
fn what_the_page_builds_is_what_make_test_builds() {
    let [build, ..] = commands();
    let line = "source .tools/wasm.env; target/release/todo build -f spin-dapr.toml";
    assert_eq!(build, format!("make build\n({line})"));
    let makefile = fs::read_to_string(root().join("Makefile")).expect("the Makefile");
    let (_, test) = makefile.split_once("\ntest: build ").expect("a target");
    let test = test.split("\n\n").next().unwrap_or_default();
    let test = test.replace("$(TODO)", "target/release/todo");
    assert!(test.contains(line), "{test}");
}

#[test]
fn the_commands_work_as_printed() {
    let [_, secrets, start, _] = commands();
    works(&secrets, &start);
}

#[test]
fn the_commands_for_spin_work_as_printed() {
    if let Some(missing) = spin::missing() {
        return skip(&missing);
    }
    let [_, secrets, _, on_spin] = commands();
    // Spin runs the commands that `make test` has run.
    let (build, start) = on_spin.split_once('\n').expect("two commands");
    assert_eq!(
        build,
        "(source .tools/wasm.env; spin build -f spin-dapr.toml)"
    );
    works(&secrets, start);
}
