//! A server's process, its folder and its log.

use std::fs::{self, OpenOptions};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A port of 127.0.0.1 that nothing listens on now.
pub fn free_port() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a free port")
}

/// A running process whose output goes to a file.
#[derive(Debug)]
pub struct Process {
    child: Child,
    /// Kills the process once its input ends, as it does with the test's process.
    reaper: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `command` with its output appended to `log`. `folder` is removed when the test's process ends
    /// without dropping what owns it.
    pub fn spawn(command: &mut Command, log: &Path, folder: &Path) -> Self {
        let output = || {
            OpenOptions::new()
                .create(true)
                .append(true)
                .open(log)
                .unwrap_or_else(|error| panic!("{}: {error}", log.display()))
        };
        let child = command
            .stdin(Stdio::null())
            .stdout(output())
            .stderr(output())
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let reaper = Command::new("sh")
            .arg("-c")
            .arg("read -r told; kill -9 \"$0\" 2>/dev/null; [ \"$told\" = keep ] || rm -rf \"$1\"")
            .arg(child.id().to_string())
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("sh starts");
        Self {
            child,
            reaper,
            log: log.to_owned(),
        }
    }

    /// Waits until something listens at `address`; fails with the log if that takes longer than `limit`.
    pub fn listens(&mut self, address: SocketAddr, limit: Duration) {
        self.until(
            limit,
            &format!("that something listens at {address}"),
            || TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok(),
        );
    }

    /// Waits until `done`; fails with the log if that takes longer than `limit` or the process ends.
    pub fn until(&mut self, limit: Duration, what: &str, mut done: impl FnMut() -> bool) {
        let end = Instant::now() + limit;
        while !done() {
            if let Some(status) = self.child.try_wait().expect("our child") {
                panic!("ended with {status} before {what}:\n{}", self.log());
            }
            assert!(
                Instant::now() < end,
                "no {what} within {limit:?}:\n{}",
                self.log()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Its id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The last of what it printed.
    pub fn log(&self) -> String {
        let log = fs::read(&self.log).unwrap_or_default();
        let from = log.len().saturating_sub(16 << 10);
        String::from_utf8_lossy(log.get(from..).unwrap_or_default()).into_owned()
    }

    /// Sends it a signal by name (`TERM`, `STOP`, `CONT`).
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .arg(format!("-{name}"))
            .arg(self.id().to_string())
            .status()
            .expect("kill runs");
        assert!(sent.success(), "kill -{name} {}", self.id());
    }

    /// Waits for it to end after a signal.
    pub fn ended(&mut self, limit: Duration) {
        let end = Instant::now() + limit;
        while self.child.try_wait().expect("our child").is_none() {
            assert!(
                Instant::now() < end,
                "still runs after {limit:?}:\n{}",
                self.log()
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        // The folder is its owner's to remove.
        if let Some(mut told) = self.reaper.stdin.take() {
            use std::io::Write as _;
            let _ = told.write_all(b"keep\n");
        }
        let _ = self.reaper.wait();
    }
}
