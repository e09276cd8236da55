//! The application under stock Spin, where `spin` is on the PATH.

use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::json;
use servers::free_port;
use tempfile::TempDir;
use tests::{Client, Foreground, TestApp, docs, register, root, skip, spin, todo, wait_for};

#[test]
fn a_change_reaches_the_audit_trail_through_the_plugin() {
    if let Some(missing) = spin::missing() {
        return skip(&missing);
    }
    let app = TestApp::builder().under_spin().tick_each_second().start();
    let person = app.user();
    let task = person.task("buy milk");
    wait_for("the audit entry", 60, || {
        let trail = person.audit();
        trail.into_iter().find(|entry| entry["task_id"] == task)
    });
    app.settle(60);

    // Both hosts open the same files.
    let mut app = app;
    app.signal("INT");
    assert!(app.exit_within(Duration::from_secs(30)).is_some());
    let app = app.restart();
    let login = json!({ "email": person.email, "password": person.password });
    let session = app.client().post("/api/auth/login", &login).expect(200);
    let token = session["access_token"].as_str().expect("a token");
    assert_eq!(app.client().with_token(token).titles(&[]), ["buy milk"]);
}

/// What the page's commands need of the project, in a folder of its own: they write there.
fn project() -> TempDir {
    let folder = TempDir::new().expect("a temporary folder");
    fs::create_dir(folder.path().join("target")).expect("a folder");
    for name in ["frontend", "target/release", "target/wasm32-wasip2"] {
        symlink(root().join(name), folder.path().join(name)).expect("a link");
    }
    for name in ["spin.toml", "runtime-config.toml"] {
        fs::copy(root().join(name), folder.path().join(name)).expect("a copy");
    }
    folder
}

/// Packs the plugins and installs them. `make spin-plugin` would build the host first, which the tests have.
fn install(commands: &str, folder: &Path, environment: &[(&str, String)]) {
    let makefile = fs::read_to_string(root().join("Makefile")).expect("the Makefile");
    let (_, target) = makefile.split_once("\nspin-plugin: ").expect("a target");
    assert!(target.starts_with("host "), "{target}");
    let target = target.split("\n\n").next().unwrap_or_default();
    assert!(target.contains("scripts/spin-plugin $(TODO)"), "{target}");
    let script = root().join("scripts/spin-plugin");
    let make = format!(
        "make() {{ [ \"$*\" = spin-plugin ] && '{}' '{}' \"$PWD/target/spin-plugin\"; }}",
        script.display(),
        todo().display()
    );
    let output = Command::new("bash")
        .args(["-euo", "pipefail", "-c", &format!("{make}\n{commands}")])
        .envs(environment.iter().map(|(name, value)| (*name, value)))
        .current_dir(folder)
        .output()
        .expect("bash runs");
    assert!(output.status.success(), "{commands}\n{output:?}");
}

#[test]
fn the_pages_commands_work() {
    if let Some(missing) = spin::missing() {
        return skip(&missing);
    }
    let blocks = docs::blocks("spin", "sh");
    let [plugins, build, start, chosen, pushpin] = &blocks[..] else {
        panic!("five blocks: {blocks:?}")
    };
    // Spin runs the commands that `make build` has run.
    assert_eq!(build, "(source .tools/wasm.env; spin build)");
    let (secret, up) = start.split_once('\n').expect("two commands");
    let folder = project();
    let folder = folder.path();
    let (listen, gateway, events, grip) = (free_port(), free_port(), free_port(), free_port());
    let unlimited = || "1000000000".to_owned();
    let environment = [
        ("SPIN_DATA_DIR", folder.join("data").display().to_string()),
        ("SPIN_HTTP_LISTEN_ADDR", listen.to_string()),
        ("TODO_GATEWAY_LISTEN_ADDR", gateway.to_string()),
        ("SPIN_VARIABLE_DAPR_URL", format!("http://{events}")),
        ("DAPR_HTTP_PORT", events.port().to_string()),
        ("TODO_GRIP_HTTP_PORT", grip.port().to_string()),
        ("SPIN_VARIABLE_RATE_LIMIT_PER_MINUTE", unlimited()),
        ("SPIN_VARIABLE_RATE_LIMIT_PER_HOUR", unlimited()),
    ];
    install(plugins, folder, &environment);

    let client = Client::new(&format!("http://{listen}"));
    let started = |commands: &str| {
        let mut running = Foreground::start(commands, folder, &environment);
        running.until("the API and the endpoint for events", || {
            let is_ready = client.try_get("/readyz")?.status == 200;
            (is_ready && TcpStream::connect(events).is_ok()).then_some(())
        });
        running
    };
    let page = || client.get("/").status;

    let mut running = started(start);
    let person = register(&client);
    let task = person.task("buy milk");
    running.until("the audit entry", || {
        let trail = person.audit();
        trail.into_iter().find(|entry| entry["task_id"] == task)
    });
    assert_eq!(page(), 200);
    let held = Client::new(&format!("http://{gateway}"));
    running.until("the gateway", || {
        (held.try_get("/readyz")?.status == 200).then_some(())
    });
    running.interrupt();

    let mut running = started(&format!("{secret}\n{chosen}"));
    let login = json!({ "email": person.email, "password": person.password });
    client.post("/api/auth/login", &login).expect(200);
    assert_eq!(page(), 404);
    running.interrupt();

    const GRIP: &str = "http://127.0.0.1:5561";
    assert!(pushpin.contains(GRIP), "{pushpin}");
    let pushpin = pushpin.replace(GRIP, &format!("http://{grip}"));
    fs::write(
        folder.join(".spin/grip_key"),
        "a key of 32 characters, or longer",
    )
    .expect("a key");
    let mut running = started(&format!("{secret}\n{pushpin}\n{up}"));
    assert_eq!(page(), 200);
    assert!(TcpStream::connect(gateway).is_err(), "no gateway");
    running.interrupt();
}
