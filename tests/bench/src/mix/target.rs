//! The services that answer the mix, each with a database of its own that is filled before it is asked.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use servers::{Postgres, Process, free_port};
use tempfile::TempDir;
use tests::{Builder, TestApp, root};

use super::data::Data;
use crate::memory::occupied_mb;

/// Connections to PostgreSQL of each process of the service beside ours.
const POOL: u32 = 8;
const STARTS_WITHIN: Duration = Duration::from_secs(60);

/// A service that runs.
pub struct Target {
    /// What the table calls it.
    pub name: String,
    /// Its processes; clients are shared out among them evenly.
    pub addresses: Vec<SocketAddr>,
    /// What signs its access tokens.
    pub secret: String,
    service: Service,
    postgres: Option<(Postgres, String)>,
}

enum Service {
    Ours(Box<TestApp>),
    Peer {
        workers: Vec<Process>,
        _folder: TempDir,
    },
}

impl Target {
    /// Our application on SQLite, started as `builder` says.
    pub fn on_sqlite(name: &str, builder: Builder, data: &Data) -> Self {
        data.fill_sqlite(builder.state_dir());
        Self::ours(name, builder, None)
    }

    /// Our application on a PostgreSQL that waits for the disk.
    pub fn on_postgres(name: &str, builder: Builder, data: &Data) -> Self {
        let server = Postgres::start_durable();
        let url = server.create_database();
        data.fill_postgres(&server, &url);
        Self::ours(name, builder.database_at(&url), Some((server, url)))
    }

    fn ours(name: &str, builder: Builder, postgres: Option<(Postgres, String)>) -> Self {
        let app = builder.start();
        Self {
            name: name.to_owned(),
            addresses: vec![app.address],
            secret: app.jwt_secret.clone(),
            service: Service::Ours(Box::new(app)),
            postgres,
        }
    }

    /// `tests/bench/peer` on a PostgreSQL as ours has it: one process a core, as Python uses one.
    pub fn peer(python: &Path, data: &Data) -> Self {
        let server = Postgres::start_durable();
        let url = server.create_database();
        let folder = tempfile::tempdir().expect("a temporary folder");
        let secret = format!("{}{}", uuid::Uuid::new_v4(), uuid::Uuid::new_v4());
        let (mut addresses, mut workers) = (Vec::new(), Vec::new());
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            let address = free_port();
            let mut command = Command::new(python);
            command
                .args(["-m", "uvicorn", "app:app", "--host", "127.0.0.1", "--port"])
                .arg(address.port().to_string())
                .args(["--loop", "uvloop", "--http", "httptools"])
                .args(["--no-access-log", "--log-level", "warning"])
                .current_dir(root().join("tests/bench/peer"))
                .env("DATABASE_URL", &url)
                .env("JWT_SECRET", &secret)
                .env("POOL", POOL.to_string())
                .env("PYTHONDONTWRITEBYTECODE", "1");
            let log = folder.path().join("log");
            let mut worker = Process::spawn(&mut command, &log, folder.path());
            worker.listens(address, STARTS_WITHIN);
            addresses.push(address);
            workers.push(worker);
        }
        data.fill_peer(&server, &url);
        Self {
            name: format!("FastAPI + asyncpg, {} workers, PostgreSQL", workers.len()),
            addresses,
            secret,
            service: Service::Peer {
                workers,
                _folder: folder,
            },
            postgres: Some((server, url)),
        }
    }

    /// The memory of its processes.
    pub fn memory_mb(&self) -> u64 {
        match &self.service {
            Service::Ours(app) => occupied_mb(&[app.pid()]),
            Service::Peer { workers, .. } => {
                let ids: Vec<u32> = workers.iter().map(Process::id).collect();
                occupied_mb(&ids)
            }
        }
    }

    /// The memory of its PostgreSQL, if it has one.
    pub fn postgres_mb(&self) -> Option<u64> {
        let (server, _) = self.postgres.as_ref()?;
        Some(occupied_mb(&[server.pid()?]))
    }

    /// Changes whose events are not published, and events that some group has not finished. `None` where nobody
    /// consumes them.
    pub fn events_behind(&self) -> Option<u64> {
        let Service::Ours(app) = &self.service else {
            return None;
        };
        if !app.state_dir().join("events.db").exists() {
            return None;
        }
        let unpublished =
            |table| format!("SELECT count(*) FROM {table} WHERE published_at IS NULL");
        let unpublished: u64 = match &self.postgres {
            Some((server, url)) => {
                let database = url.rsplit('/').next().unwrap_or_default();
                let count = server.execute(database, &unpublished("tasks.outbox"));
                count.trim().parse().expect("a number")
            }
            None => app.count("tasks", &unpublished("outbox")).unsigned_abs(),
        };
        let groups = app.groups();
        let behind: u64 = groups.iter().map(|it| it.lag + it.parked).sum();
        Some(unpublished + behind)
    }
}

/// The Python that has what `tests/bench/peer` needs; installs that into `.tools/bench-venv` where it is not there.
pub fn python() -> Result<PathBuf, String> {
    let folder = root().join(".tools/bench-venv");
    let wanted = root().join("tests/bench/peer/requirements.txt");
    let installed = folder.join("requirements.txt");
    let read = |path: &Path| fs::read(path).ok();
    if read(&installed) != read(&wanted) {
        println!(
            "Installing what tests/bench/peer needs into .tools/bench-venv (half a minute, once)"
        );
        run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
        run(Command::new(folder.join("bin/pip"))
            .args(["install", "--quiet", "--disable-pip-version-check", "-r"])
            .arg(&wanted))?;
        fs::copy(&wanted, &installed).map_err(|error| error.to_string())?;
    }
    Ok(folder.join("bin/python"))
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output();
    let output = output.map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("{command:?}: {}", said.trim()))
}
