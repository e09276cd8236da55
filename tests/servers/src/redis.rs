//! Redis, of Debian's package.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tempfile::TempDir;

use crate::{Certificate, Process, free_port, runs};

/// How long it may take to start on a busy machine.
const START: Duration = Duration::from_secs(30);
/// How many databases it has: more than a test process starts applications.
const DATABASES: &str = "1024";

/// A running Redis that keeps what it acknowledged. Ends when dropped.
#[derive(Debug)]
pub struct Redis {
    address: SocketAddr,
    arguments: Vec<String>,
    /// How `redis-cli` gets in.
    client: Vec<String>,
    folder: TempDir,
    /// How many databases were given out.
    given: AtomicU32,
    process: Option<Process>,
}

/// Says so if it is not installed.
pub(crate) fn missing() -> Option<String> {
    let is_missing = || "redis-server is not installed; run `scripts/setup test`".to_owned();
    (!runs("redis-server", "--version")).then(is_missing)
}

impl Redis {
    /// Starts one for anybody.
    pub fn start() -> Self {
        Self::start_with(|port| {
            ["--port", &port.to_string(), "--databases", DATABASES]
                .map(str::to_owned)
                .into()
        })
    }

    /// The one that the tests of this process share.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Redis> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// The address of a database that nobody else was given.
    pub fn create_database(&self) -> String {
        let number = self.given.fetch_add(1, Ordering::Relaxed);
        format!("redis://{}/{number}", self.address)
    }

    /// Starts one that speaks TLS only, with this certificate, and lets nobody in but `user` with `password`.
    pub fn start_secured(user: &str, password: &str, certificate: &Certificate) -> Self {
        let text = |path: PathBuf| path.display().to_string();
        let mut redis = Self::start_with(|port| {
            let arguments: [&[&str]; 7] = [
                &["--port", "0"],
                &["--tls-port", &port.to_string()],
                &["--tls-cert-file", &text(certificate.certificate())],
                &["--tls-key-file", &text(certificate.key())],
                &["--tls-auth-clients", "no"],
                &["--user", "default", "off"],
                &[
                    "--user",
                    user,
                    "on",
                    &format!(">{password}"),
                    "~*",
                    "&*",
                    "+@all",
                ],
            ];
            arguments.concat().into_iter().map(str::to_owned).collect()
        });
        let authority = text(certificate.authority());
        redis.client = [
            "--tls", "--cacert", &authority, "--user", user, "--pass", password,
        ]
        .map(str::to_owned)
        .into();
        redis
    }

    fn start_with(arguments: impl FnOnce(u16) -> Vec<String>) -> Self {
        if let Some(missing) = missing() {
            panic!("{missing}");
        }
        let address = free_port();
        let mut redis = Self {
            address,
            arguments: arguments(address.port()),
            client: Vec::new(),
            folder: TempDir::new().expect("a temporary folder"),
            given: AtomicU32::new(0),
            process: None,
        };
        redis.restart();
        redis
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Kills it where it stands (SIGKILL).
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// Kills it if it runs, and starts it with what it kept.
    pub fn restart(&mut self) {
        self.kill();
        let folder = self.folder.path();
        let mut command = Command::new("redis-server");
        command
            .args(["--bind", "127.0.0.1", "--save", "", "--dir"])
            .arg(folder)
            .args(["--appendonly", "yes", "--appendfsync", "always"])
            .args(&self.arguments);
        let mut process = Process::spawn(&mut command, &folder.join("redis.log"), folder);
        process.listens(self.address, START);
        self.process = Some(process);
    }

    /// Sends it a signal by name (`STOP`, `CONT`).
    pub fn signal(&self, name: &str) {
        self.process.as_ref().expect("it runs").signal(name);
    }

    /// What `redis-cli` prints for a command.
    pub fn cli(&self, command: &[&str]) -> String {
        let output = Command::new("redis-cli")
            .args(["-p", &self.address.port().to_string()])
            .args(&self.client)
            .args(command)
            .output()
            .expect("redis-cli runs");
        assert!(output.status.success(), "{command:?}: {output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}
