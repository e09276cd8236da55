//! PostgreSQL, from the distribution's package.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::{Process, free_port};

/// Where Debian puts the programs of each version.
const VERSIONS: &str = "/usr/lib/postgresql";
/// The account that Debian's package makes.
const ACCOUNT: &str = "postgres";
const STARTS_WITHIN: Duration = Duration::from_secs(60);

/// A server with a cluster of its own.
#[derive(Debug)]
pub struct Postgres {
    programs: PathBuf,
    folder: TempDir,
    address: SocketAddr,
    settings: Vec<String>,
    /// None while it is stopped.
    process: Option<Process>,
}

impl Postgres {
    /// Starts one whose commits need not survive the machine.
    pub fn start() -> Self {
        Self::start_with(&[
            "fsync=off",
            "synchronous_commit=off",
            "full_page_writes=off",
        ])
    }

    /// Starts one whose commits wait for the disk.
    pub fn start_durable() -> Self {
        Self::start_with(&[])
    }

    /// The one that the tests of this process share.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Postgres> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    fn start_with(settings: &[&str]) -> Self {
        let programs = programs();
        let folder = tempfile::tempdir().expect("a temporary folder");
        if is_root() {
            run(Command::new("chown").arg(ACCOUNT).arg(folder.path()));
        }
        run(unprivileged(&programs.join("initdb"))
            .args(["--no-sync", "--auth=trust", "--username=postgres"])
            .args(["--encoding=UTF8", "--locale=C.UTF-8", "--pgdata"])
            .arg(folder.path().join("data")));
        let mut postgres = Self {
            programs,
            folder,
            address: free_port(),
            settings: settings.iter().map(ToString::to_string).collect(),
            process: None,
        };
        postgres.restart();
        postgres
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its process while it runs, which starts one for each connection.
    pub fn pid(&self) -> Option<u32> {
        self.process.as_ref().map(Process::id)
    }

    /// The address of a database of it.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@{}/{database}", self.address)
    }

    /// Makes an empty database with a name of its own, and answers its address.
    pub fn create_database(&self) -> String {
        static MADE: AtomicU64 = AtomicU64::new(1);
        let name = format!("test_{}", MADE.fetch_add(1, Ordering::Relaxed));
        self.execute("postgres", &format!("CREATE DATABASE {name}"));
        self.url(&name)
    }

    /// Runs SQL in a database and answers what came out, a line a row, columns parted by `|`.
    pub fn execute(&self, database: &str, sql: &str) -> String {
        Self::execute_at(&self.url(database), sql)
    }

    /// [`Postgres::execute`] in the database with this address.
    pub fn execute_at(url: &str, sql: &str) -> String {
        run(Command::new(programs().join("psql"))
            .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"])
            .args(["-d", url, "-c", sql]))
    }

    /// Stops it; clients are disconnected.
    pub fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.signal("INT");
            process.ended(STARTS_WITHIN);
        }
    }

    /// Ends it without a word.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.signal("KILL");
            process.ended(STARTS_WITHIN);
        }
    }

    /// Starts it again on its old port, if it does not run.
    pub fn restart(&mut self) {
        if self.process.is_some() {
            return;
        }
        let data = self.folder.path().join("data");
        // A killed server's children hold its memory until they notice.
        let pid_file = data.join("postmaster.pid");
        let mut command = unprivileged(&self.programs.join("postgres"));
        command
            .arg("-D")
            .arg(&data)
            .args(["-h", "127.0.0.1", "-k", "", "-p"])
            .arg(self.address.port().to_string())
            .args(["-c", "max_connections=200", "-c", "log_checkpoints=off"]);
        for setting in &self.settings {
            command.args(["-c", setting]);
        }
        if fs::exists(&pid_file).unwrap_or_default() {
            let end = Instant::now() + STARTS_WITHIN;
            while has_processes(&data) {
                assert!(Instant::now() < end, "the killed server's children stay");
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        let log = self.folder.path().join("log");
        let mut process = Process::spawn(&mut command, &log, self.folder.path());
        let (programs, port) = (&self.programs, self.address.port());
        process.until(STARTS_WITHIN, "that PostgreSQL takes connections", || {
            Command::new(programs.join("pg_isready"))
                .args(["-q", "-h", "127.0.0.1", "-p", &port.to_string()])
                .status()
                .is_ok_and(|status| status.success())
        });
        self.process = Some(process);
    }
}

/// Says so if it is not installed.
pub(crate) fn missing() -> Option<String> {
    let is_missing =
        || format!("there is no PostgreSQL in {VERSIONS}: `scripts/setup test` installs it");
    newest().is_none().then(is_missing)
}

/// The newest version's programs.
fn programs() -> PathBuf {
    newest().unwrap_or_else(|| panic!("{}", missing().unwrap_or_default()))
}

fn newest() -> Option<PathBuf> {
    let versions = fs::read_dir(VERSIONS).into_iter().flatten().flatten();
    let newest = versions
        .filter(|entry| entry.path().join("bin/initdb").exists())
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .max();
    newest.map(|version| Path::new(VERSIONS).join(version.to_string()).join("bin"))
}

fn is_root() -> bool {
    run(Command::new("id").arg("-u")).trim() == "0"
}

/// The program, as an account that may start a server: root may not.
fn unprivileged(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command
        .args([
            &format!("--reuid={ACCOUNT}"),
            &format!("--regid={ACCOUNT}"),
            "--clear-groups",
            "--",
        ])
        .arg(program);
    command
}

/// Whether a process still works in the folder.
fn has_processes(data: &Path) -> bool {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    processes
        .filter_map(|process| fs::read_link(process.path().join("cwd")).ok())
        .any(|folder| folder == data)
}

fn run(command: &mut Command) -> String {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}
