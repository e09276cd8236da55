//! Starts the host with fresh state on a free port, and ends it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use servers::{Postgres, Redis};
use tempfile::TempDir;

use crate::kafka::Kafka;
use crate::pushpin::Pushpin;
use crate::{Client, Running, Stack, User, dapr, register, root, spin};

/// The host's program.
pub fn todo() -> PathBuf {
    let program = from_env("TODO_BIN", "target/release/todo");
    assert!(
        program.exists(),
        "{} is missing; run `make build`",
        program.display()
    );
    program
}

fn from_env(name: &str, default: &str) -> PathBuf {
    std::env::var_os(name).map_or_else(|| root().join(default), PathBuf::from)
}

/// Where the services' database is.
const DATABASE_URL: &str = "SPIN_VARIABLE_DATABASE_URL";
/// The section of the runtime configuration with the store of the chat's conversations.
const CONVERSATIONS: &str = "[key_value_store.conversations]";

/// How to start an application; [`TestApp::builder`] has the defaults.
pub struct Builder {
    binary: PathBuf,
    under_spin: bool,
    manifest: PathBuf,
    runtime_config: Option<String>,
    more_runtime_config: String,
    environment: BTreeMap<String, String>,
    arguments: Vec<String>,
    state: Arc<TempDir>,
    ready_path: String,
    ready_status: u16,
    listen: Option<SocketAddr>,
    pushpin: Option<Arc<Pushpin>>,
    kafka: Option<Arc<Kafka>>,
    kafka_settings: String,
    conversations: Option<String>,
}

impl Builder {
    /// Another host than `TODO_BIN`.
    pub fn binary(mut self, binary: impl Into<PathBuf>) -> Self {
        self.binary = binary.into();
        self
    }

    /// Starts it with `spin up` and our plugins, instead of `todo up`.
    pub fn under_spin(mut self) -> Self {
        self.under_spin = true;
        self
    }

    /// A manifest of the test's own, as text; it lies in the state's folder.
    pub fn manifest(mut self, text: &str) -> Self {
        self.manifest = self.state.path().join("spin.toml");
        fs::write(&self.manifest, text).expect("the manifest is written");
        self
    }

    /// Another manifest of the project.
    pub fn project_manifest(mut self, name: &str) -> Self {
        self.manifest = root().join(name);
        self
    }

    /// The project's manifest, changed by `edit`.
    pub fn edit_manifest(self, edit: impl FnOnce(String) -> String) -> Self {
        let text = fs::read_to_string(&self.manifest).expect("the manifest");
        let folder = self.manifest.parent().expect("a folder");
        let absolute = format!("\"{}/target/wasm32", folder.display());
        let text = text.replace("\"target/wasm32", &absolute);
        // Files that a component sees have to lie beside the manifest.
        let page = self.state.path().join("frontend");
        if page.symlink_metadata().is_err() {
            std::os::unix::fs::symlink(folder.join("frontend"), page).expect("a link to the page");
        }
        self.manifest(&edit(text))
    }

    /// The project's manifest with every cron trigger ticking each second.
    pub fn tick_each_second(self) -> Self {
        self.edit_manifest(|text| {
            let lines = text.lines().map(|line| {
                if line.starts_with("cron_expression") {
                    "cron_expression = \"* * * * * *\""
                } else {
                    line
                }
            });
            lines.collect::<Vec<_>>().join("\n")
        })
    }

    /// A runtime configuration of the test's own, as text.
    pub fn runtime_config(mut self, text: impl Into<String>) -> Self {
        self.runtime_config = Some(text.into());
        self
    }

    /// The project's runtime configuration, changed by `edit`.
    pub fn edit_runtime_config(self, edit: impl FnOnce(String) -> String) -> Self {
        let text = edit(self.project_runtime_config());
        self.runtime_config(text)
    }

    /// The project's runtime configuration, with this application's state in it.
    fn project_runtime_config(&self) -> String {
        let text =
            fs::read_to_string(root().join("runtime-config.toml")).expect("runtime-config.toml");
        let state = self.state.path().display();
        text.replace("\".spin/", &format!("\"{state}/"))
    }

    /// What is added to the runtime configuration.
    pub fn more_runtime_config(mut self, text: &str) -> Self {
        self.more_runtime_config.push_str(text);
        self
    }

    /// Where it listens, instead of at a free port.
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = Some(address);
        self
    }

    /// The state folder of another application that runs.
    pub fn state_folder_of(mut self, app: &TestApp) -> Self {
        self.state = Arc::clone(&app.state);
        self
    }

    /// An application variable.
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(
            format!("SPIN_VARIABLE_{}", name.to_uppercase()),
            value.to_owned(),
        );
        self
    }

    /// Keeps what services keep in the database with this address.
    pub fn database_at(self, url: &str) -> Self {
        let server = url.rsplit_once('@').map_or(url, |(_, server)| server);
        let server = server.split('/').next().unwrap_or_default();
        self.variable("database_url", url)
            .variable("database_host", &format!("postgres://{server}"))
    }

    /// An environment variable of the host.
    pub fn environment(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    /// One more command-line argument for `up`.
    pub fn argument(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    /// Puts Pushpin in front of it, which then holds its live connections.
    pub fn behind_pushpin(self) -> Self {
        let address = free_port();
        let key = self.environment.get("SPIN_VARIABLE_GRIP_KEY");
        let pushpin = Arc::new(Pushpin::start(address, key.map_or("", String::as_str)));
        self.behind(address, pushpin)
    }

    fn behind(mut self, listen: SocketAddr, pushpin: Arc<Pushpin>) -> Self {
        self.listen = Some(listen);
        let publish = format!("http://{}", pushpin.publish);
        self.pushpin = Some(pushpin);
        self.variable("grip_url", &publish)
    }

    /// Keeps its events in Kafka, in topics of its own at the broker that the tests share.
    pub fn kafka(self) -> Self {
        let brokers = servers::kafka::shared();
        self.kafka_at(Arc::new(Kafka::new(&brokers, &brokers)))
    }

    /// Keeps its events in these topics.
    pub fn kafka_at(mut self, kafka: Arc<Kafka>) -> Self {
        self.kafka = Some(kafka);
        self
    }

    /// Further settings of `[kafka]`, as in TOML.
    pub fn kafka_settings(mut self, settings: &str) -> Self {
        self.kafka_settings = settings.to_owned();
        self
    }

    /// Keeps the chat's conversations in the Redis at this address.
    pub fn conversations_at(mut self, url: &str) -> Self {
        self.conversations = Some(url.to_owned());
        self
    }

    /// Keeps in the servers of the distributed stack, if that is what the tests run on, what the test has not put
    /// elsewhere.
    fn on_stack(mut self) -> Self {
        match Stack::here() {
            Stack::Embedded => return self,
            Stack::Dapr => {
                assert!(
                    self.manifest.ends_with(dapr::MANIFEST),
                    "behind Dapr a test starts no application of its own"
                );
                return self;
            }
            // A test of Spin's own chose it.
            Stack::Distributed if self.under_spin && !Stack::is_under_spin() => return self,
            Stack::Distributed => {}
        }
        if !self.environment.contains_key(DATABASE_URL) {
            self = self.database_at(&Postgres::shared().create_database());
        }
        if self.kafka.is_none() {
            self = self.kafka();
        }
        if self.conversations.is_none() {
            self.conversations = Some(Redis::shared().create_database());
        }
        self
    }

    /// The path that answers 200 once the application is ready (default `/readyz`).
    pub fn ready_path(mut self, path: &str) -> Self {
        self.ready_path = path.to_owned();
        self
    }

    /// What that path answers once it is ready, instead of 200.
    pub fn ready_status(mut self, status: u16) -> Self {
        self.ready_status = status;
        self
    }

    /// The state of an application that was there before.
    pub fn state_of(mut self, app: &TestApp) -> Self {
        self.state = Arc::clone(&app.state);
        for (name, secret) in [("JWT_SECRET", &app.jwt_secret), ("GRIP_KEY", &app.grip_key)] {
            let name = format!("SPIN_VARIABLE_{name}");
            self.environment.insert(name, secret.clone());
        }
        if let Some(url) = &app.database_url {
            self = self.database_at(url);
        }
        self.kafka.clone_from(&app.kafka);
        self.conversations.clone_from(&app.conversations);
        match &app.pushpin {
            Some(pushpin) => self.behind(app.address, Arc::clone(pushpin)),
            None => self,
        }
    }

    /// Where its databases and stores will lie; the manifest's folder too, if it is the test's own.
    pub fn state_dir(&self) -> &Path {
        self.state.path()
    }

    /// The command that starts the host on these ports, its output going to `log`.
    fn command(&self, ports: Ports, log: &Path) -> Command {
        let dir = self.state.path();
        let config = dir.join("runtime-config.toml");
        let text = self.runtime_config.clone();
        let mut text = text.unwrap_or_else(|| self.project_runtime_config());
        if let Some(url) = &self.conversations {
            text = in_redis(&text, url);
        }
        let kafka = self.kafka.as_ref();
        let kafka = kafka.map(|kafka| kafka.section(&self.kafka_settings));
        let kafka = kafka.unwrap_or_default();
        if self.under_spin {
            // Which refuses what it does not know.
            fs::write(dir.join("events.toml"), kafka)
                .expect("the events' configuration is written");
        } else {
            text.push_str(&kafka);
        }
        text.push_str(&self.more_runtime_config);
        fs::write(&config, text).expect("the runtime configuration is written");

        let mut command = if self.under_spin {
            spin::command(ports.dapr)
        } else {
            Command::new(&self.binary)
        };
        command
            .arg("up")
            .arg("-f")
            .arg(&self.manifest)
            .arg("--runtime-config-file")
            .arg(&config)
            .arg("--listen")
            .arg(ports.http.to_string())
            .arg("--state-dir")
            .arg(dir)
            .args(&self.arguments)
            // With it Wasmtime walks the stack at each call.
            .env_remove("RUST_BACKTRACE")
            .env("DAPR_HTTP_PORT", ports.dapr.port().to_string())
            .env("TODO_GRIP_HTTP_PORT", ports.grip.port().to_string())
            .env("TODO_GATEWAY_LISTEN_ADDR", ports.gateway.to_string())
            .envs(&self.environment)
            .current_dir(dir)
            // Spin is several processes.
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(append(log))
            .stderr(append(log));
        command
    }

    /// The addresses that must answer before it is ready, other than its HTTP trigger's.
    fn endpoints(&self, ports: Ports) -> Vec<SocketAddr> {
        let manifest = fs::read_to_string(&self.manifest).unwrap_or_default();
        if self.under_spin && manifest.contains("[[trigger.kafka]]") {
            vec![ports.dapr]
        } else {
            Vec::new()
        }
    }

    /// Starts the host and waits until it is ready; fails with its log if it never is.
    pub fn start(self) -> TestApp {
        let this = self.on_stack();
        // Between finding a free port and listening on it another process may take it.
        for attempt in 1.. {
            let (app, exited) = this.spawn();
            match exited {
                None => return app,
                Some(_) if attempt < 5 && app.log().contains("in use") => {}
                Some(status) => panic!("the host ended at once with {status}:\n{}", app.log()),
            }
        }
        unreachable!("the last attempt returns or panics");
    }

    /// [`Builder::start`], or behind Dapr the application that all tests of this process share.
    pub fn start_or_share(self) -> Running {
        match Stack::here() {
            Stack::Embedded | Stack::Distributed => Running::Own(Box::new(self.start())),
            Stack::Dapr => Running::Shared(&dapr::shared().app),
        }
    }

    /// Starts the host to see it refuse; answers its exit code and what it printed. Fails if it starts.
    pub fn start_refused(self) -> (i32, String) {
        let (app, exited) = self.spawn();
        match exited {
            Some(status) => (status.code().unwrap_or(-1), app.log()),
            None => panic!("the host started, though it should refuse:\n{}", app.log()),
        }
    }

    /// Starts the host on `listen` to see it refuse; answers its exit code and what it printed.
    pub fn refused_on(self, listen: SocketAddr) -> (i32, String) {
        let log = self.state.path().join("host.log");
        let mut child = self
            .command(Ports::free(Some(listen)), &log)
            .spawn()
            .expect("the host's program starts");
        let status = exit_within(&mut child, Duration::from_secs(60));
        let _ = child.kill();
        let text = fs::read_to_string(&log).unwrap_or_default();
        match status {
            Some(status) => (status.code().unwrap_or(-1), text),
            None => panic!("the host runs, though it should refuse:\n{text}"),
        }
    }

    fn secret(&self, name: &str) -> String {
        let name = format!("SPIN_VARIABLE_{name}");
        self.environment.get(&name).cloned().unwrap_or_default()
    }

    fn spawn(&self) -> (TestApp, Option<ExitStatus>) {
        crate::raise_open_files();
        let ports = Ports::free(self.listen);
        let log = self.state.path().join("host.log");
        let child = self
            .command(ports, &log)
            .spawn()
            .expect("the host's program starts");
        // Ends the host and its state also when the test process ends without dropping the application.
        let reaper = Command::new("sh")
            .arg("-c")
            .arg("cat >/dev/null; kill -9 \"-$0\" 2>/dev/null; rm -rf \"$1\"")
            .arg(child.id().to_string())
            .arg(self.state.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("sh starts");
        let mut app = TestApp {
            address: ports.http,
            dapr: ports.dapr,
            pubsub: "pubsub",
            dapr_token: String::new(),
            grip: ports.grip,
            gateway: if self.under_spin {
                ports.gateway
            } else {
                ports.http
            },
            jwt_secret: self.secret("JWT_SECRET"),
            grip_key: self.secret("GRIP_KEY"),
            database_url: self.environment.get(DATABASE_URL).cloned(),
            pushpin: self.pushpin.clone(),
            kafka: self.kafka.clone(),
            conversations: self.conversations.clone(),
            manifest: self.manifest.clone(),
            state: Arc::clone(&self.state),
            log,
            child,
            reaper: Some(reaper),
        };
        let client = app.client();
        let endpoints = self.endpoints(ports);
        let end = Instant::now() + Duration::from_secs(120);
        loop {
            if let Some(status) = app.child.try_wait().expect("the host is our child") {
                return (app, Some(status));
            }
            let answer = client.try_get(&self.ready_path);
            if answer.is_some_and(|answer| answer.status == self.ready_status)
                && endpoints.iter().all(|it| TcpStream::connect(it).is_ok())
            {
                return (app, None);
            }
            assert!(
                Instant::now() < end,
                "{} did not answer {} within 120 s:\n{}",
                self.ready_path,
                self.ready_status,
                app.log()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Where an application listens.
#[derive(Debug, Clone, Copy)]
struct Ports {
    http: SocketAddr,
    dapr: SocketAddr,
    grip: SocketAddr,
    gateway: SocketAddr,
}

impl Ports {
    fn free(http: Option<SocketAddr>) -> Self {
        Self {
            http: http.unwrap_or_else(free_port),
            dapr: free_port(),
            grip: free_port(),
            gateway: free_port(),
        }
    }
}

/// A running application. Ends when dropped.
pub struct TestApp {
    /// Where it listens.
    pub address: SocketAddr,
    /// Where it takes events, as Dapr does.
    pub dapr: SocketAddr,
    /// The pub/sub component there.
    pub(crate) pubsub: &'static str,
    /// The token that is wanted there; empty where none is.
    pub(crate) dapr_token: String,
    /// Where its gateway takes what is published to WebSockets and streams.
    pub grip: SocketAddr,
    /// Where its gateway listens.
    gateway: SocketAddr,
    /// What signs its access tokens.
    pub jwt_secret: String,
    /// What its gateway signs with.
    pub grip_key: String,
    /// Where its services keep what they keep, if that is PostgreSQL.
    pub database_url: Option<String>,
    pushpin: Option<Arc<Pushpin>>,
    /// Where its events are, if not in the embedded log.
    pub kafka: Option<Arc<Kafka>>,
    /// Where its conversations are, if that is Redis.
    conversations: Option<String>,
    /// Its manifest.
    pub manifest: PathBuf,
    state: Arc<TempDir>,
    log: PathBuf,
    child: Child,
    reaper: Option<Child>,
}

impl TestApp {
    /// The project's application with fresh state on the stack of this process, a random secret and rate limits
    /// that no test reaches.
    pub fn builder() -> Builder {
        let mut environment = BTreeMap::new();
        for name in ["JWT_SECRET", "GRIP_KEY"] {
            let secret = format!("{}{}", uuid::Uuid::new_v4(), uuid::Uuid::new_v4());
            environment.insert(format!("SPIN_VARIABLE_{name}"), secret);
        }
        for limit in ["MINUTE", "HOUR"] {
            let name = format!("SPIN_VARIABLE_RATE_LIMIT_PER_{limit}");
            environment.insert(name, "1000000000".into());
        }
        Builder {
            binary: todo(),
            under_spin: Stack::is_under_spin(),
            manifest: from_env("TODO_MANIFEST", "spin.toml"),
            runtime_config: None,
            more_runtime_config: String::new(),
            environment,
            arguments: Vec::new(),
            state: Arc::new(TempDir::new().expect("a temporary folder")),
            ready_path: "/readyz".into(),
            ready_status: 200,
            listen: None,
            pushpin: None,
            kafka: None,
            kafka_settings: String::new(),
            conversations: None,
        }
    }

    /// [`TestApp::builder`], started.
    pub fn start() -> Self {
        Self::builder().start()
    }

    /// Where its live connections are made: at the gateway in front of it, if it has one.
    pub fn front(&self) -> SocketAddr {
        let pushpin = self.pushpin.as_ref();
        pushpin.map_or(self.gateway, |pushpin| pushpin.address)
    }

    /// `http://…` without a slash at the end.
    pub fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A client that is not signed in.
    pub fn client(&self) -> Client {
        Client::new(&self.base())
    }

    /// A new person with an account, signed in.
    pub fn user(&self) -> User {
        register(&self.client())
    }

    /// Where its databases and stores lie that are files.
    pub fn state_dir(&self) -> &Path {
        self.state.path()
    }

    /// All that it printed so far.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal, by name (`TERM`, `INT`).
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .arg(format!("-{name}"))
            .arg(self.pid().to_string())
            .status()
            .expect("kill runs");
        assert!(sent.success(), "kill -{name} of the host");
    }

    /// Kills it where it stands (SIGKILL).
    pub fn kill(&mut self) {
        kill_group(&self.child);
        self.child.wait().expect("the host has ended");
    }

    /// Its exit status, if it ends within `limit`.
    pub fn exit_within(&mut self, limit: Duration) -> Option<ExitStatus> {
        exit_within(&mut self.child, limit)
    }

    /// Starts it again on the same state and with the same secret.
    pub fn restart(&self) -> Self {
        Self::builder().state_of(self).start()
    }

    /// Runs a command of the host's program on its state; answers what it printed. Fails if it fails.
    pub fn command(&self, arguments: &[&str]) -> String {
        let output = self.try_command(arguments);
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            output.status.success(),
            "{arguments:?}: {}\n{printed}{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
        printed
    }

    /// Runs a command of the host's program on its state.
    pub fn try_command(&self, arguments: &[&str]) -> Output {
        Command::new(todo())
            .args(arguments)
            .arg("--state-dir")
            .arg(self.state_dir())
            .envs(self.database_url.iter().map(|url| (DATABASE_URL, url)))
            .current_dir(self.state_dir())
            .output()
            .expect("the host's program starts")
    }

    /// Fails unless it still runs and answers.
    pub fn assert_alive(&self) {
        let answer = self.client().get("/healthz");
        assert_eq!(answer.status, 200, "/healthz: {answer:?}");
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- what the host printed ---\n{}", tail(&self.log()));
        }
        kill_group(&self.child);
        let _ = self.child.wait();
        if let Some(mut reaper) = self.reaper.take() {
            let _ = reaper.kill();
            let _ = reaper.wait();
        }
    }
}

/// The application that all tests of one binary share; it ends with the process.
pub fn shared() -> &'static TestApp {
    static SHARED: LazyLock<TestApp> = LazyLock::new(|| {
        let app = TestApp::start();
        print_with_panics(&app);
        app
    });
    &SHARED
}

/// Prints what an application printed last, which no test drops, when a test fails.
pub(crate) fn print_with_panics(app: &TestApp) {
    let (log, default) = (app.log.clone(), std::panic::take_hook());
    std::panic::set_hook(Box::new(move |panic| {
        default(panic);
        let text = String::from_utf8_lossy(&fs::read(&log).unwrap_or_default()).into_owned();
        eprintln!("--- what the host printed last ---\n{}", tail(&text));
    }));
}

/// A runtime configuration with the chat's conversations in the Redis at `url`, if it has a store for them.
fn in_redis(text: &str, url: &str) -> String {
    let Some((before, section)) = text.split_once(CONVERSATIONS) else {
        return text.to_owned();
    };
    let (_, after) = section.split_once("\n\n").unwrap_or((section, ""));
    format!("{before}{CONVERSATIONS}\ntype = \"redis\"\nurl = \"{url}\"\n\n{after}")
}

pub(crate) fn free_port() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a free port")
}

pub(crate) fn append(path: &Path) -> File {
    File::options()
        .create(true)
        .append(true)
        .open(path)
        .expect("the log file opens")
}

pub(crate) fn tail(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(40)..].join("\n")
}

/// Kills a host where it stands, with all its processes.
fn kill_group(child: &Child) {
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    // It may have ended already.
    let _ = kill_process_group(group.expect("an id"), Signal::KILL);
}

pub(crate) fn exit_within(child: &mut Child, limit: Duration) -> Option<ExitStatus> {
    let end = Instant::now() + limit;
    loop {
        if let Some(status) = child.try_wait().expect("the host is our child") {
            return Some(status);
        }
        if Instant::now() >= end {
            return None;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}
