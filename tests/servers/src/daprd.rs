//! Dapr's sidecar, built by `scripts/setup test` with the components that `dapr/` names.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use crate::{Process, free_port, root};

/// How long it may take to listen.
const START: Duration = Duration::from_secs(60);

/// How to start a sidecar.
#[derive(Debug)]
pub struct Builder {
    app_id: String,
    app: Option<SocketAddr>,
    resources: Vec<PathBuf>,
    config: Option<PathBuf>,
    environment: BTreeMap<String, String>,
}

/// A sidecar of one application.
#[derive(Debug)]
pub struct Daprd {
    /// Where its HTTP API is.
    pub http: SocketAddr,
    grpc: SocketAddr,
    internal: SocketAddr,
    builder: Builder,
    folder: TempDir,
    process: Option<Process>,
}

impl Builder {
    /// The application's address. Without one the sidecar only answers.
    pub fn app(mut self, address: SocketAddr) -> Self {
        self.app = Some(address);
        self
    }

    /// A folder of components, subscriptions and policies.
    pub fn resources(mut self, folder: impl Into<PathBuf>) -> Self {
        self.resources.push(folder.into());
        self
    }

    /// Its configuration.
    pub fn config(mut self, file: impl Into<PathBuf>) -> Self {
        self.config = Some(file.into());
        self
    }

    /// An environment variable.
    pub fn environment(mut self, name: &str, value: impl Into<String>) -> Self {
        self.environment.insert(name.into(), value.into());
        self
    }

    /// Starts it and waits until its HTTP API listens, which is before it has seen the application.
    pub fn start(self) -> Daprd {
        let mut daprd = Daprd {
            http: free_port(),
            grpc: free_port(),
            internal: free_port(),
            builder: self,
            folder: tempfile::tempdir().expect("a temporary folder"),
            process: None,
        };
        daprd.restart();
        daprd
    }
}

impl Daprd {
    /// A sidecar for the application with this id.
    pub fn builder(app_id: &str) -> Builder {
        Builder {
            app_id: app_id.into(),
            app: None,
            resources: Vec::new(),
            config: None,
            environment: BTreeMap::new(),
        }
    }

    /// Its address, `http://…` without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.http)
    }

    /// Kills it where it stands.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// Starts it on its old ports, after killing it if it runs.
    pub fn restart(&mut self) {
        self.kill();
        let Builder {
            app_id,
            app,
            resources,
            config,
            environment,
        } = &self.builder;
        let mut command = Command::new(program());
        command
            .args(["--app-id", app_id, "--mode", "standalone"])
            .args(["--dapr-listen-addresses", "127.0.0.1"])
            .args(["--dapr-http-port", &self.http.port().to_string()])
            .args(["--dapr-grpc-port", &self.grpc.port().to_string()])
            .args([
                "--dapr-internal-grpc-port",
                &self.internal.port().to_string(),
            ])
            .args(["--dapr-internal-grpc-listen-address", "127.0.0.1"])
            .args(["--enable-metrics=false", "--log-level", "info"])
            // Neither actors nor jobs are used.
            .args([
                "--placement-host-address",
                "",
                "--scheduler-host-address",
                "",
            ])
            .args(["--dapr-graceful-shutdown-seconds", "1"]);
        if let Some(app) = app {
            command
                .args(["--app-protocol", "http"])
                .args(["--app-channel-address", &app.ip().to_string()])
                .args(["--app-port", &app.port().to_string()]);
        }
        for folder in resources {
            command.arg("--resources-path").arg(folder);
        }
        if let Some(config) = config {
            command.arg("--config").arg(config);
        }
        command.envs(environment).current_dir(self.folder.path());
        let log = self.folder.path().join("daprd.log");
        let mut process = Process::spawn(&mut command, &log, self.folder.path());
        process.listens(self.http, START);
        self.process = Some(process);
    }

    /// The last of what it printed.
    pub fn log(&self) -> String {
        self.process.as_ref().map(Process::log).unwrap_or_default()
    }

    /// Its process, if it runs.
    pub fn process(&self) -> Option<&Process> {
        self.process.as_ref()
    }
}

impl Drop for Daprd {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let app_id = &self.builder.app_id;
            eprintln!("--- what daprd of {app_id} printed ---\n{}", self.log());
        }
    }
}

fn program() -> PathBuf {
    let program = root().join(".tools/bin/daprd");
    assert!(
        program.exists(),
        "{} is missing; run `scripts/setup test`",
        program.display()
    );
    program
}
