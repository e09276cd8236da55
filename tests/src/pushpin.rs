//! Pushpin in front of an application: the gateway that the host's own is measured by.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::app::{append, free_port, tail};

/// A running Pushpin with ports and folders of its own. Ends when dropped, or with the test's process.
pub struct Pushpin {
    /// Where clients connect.
    pub address: SocketAddr,
    /// Where it takes what is to be published.
    pub publish: SocketAddr,
    folder: TempDir,
    /// Pushpin, and Zurl, which makes its requests.
    children: Vec<Child>,
    reaper: Child,
}

impl Pushpin {
    /// Starts it in front of the application at `target`, signing with `key`.
    pub fn start(target: SocketAddr, key: &str) -> Self {
        for program in ["pushpin", "condure", "zurl"] {
            let found = Command::new(program).arg("--version").output().is_ok();
            assert!(
                found,
                "{program} is not installed; run `scripts/setup test`"
            );
        }
        let folder = TempDir::new().expect("a temporary folder");
        let (address, publish) = (free_port(), free_port());
        let log = folder.path().join("pushpin.log");
        for name in ["run", "log"] {
            fs::create_dir(folder.path().join(name)).expect("a folder");
        }
        let write = |name: &str, text: String| {
            fs::write(folder.path().join(name), text).expect("a file of Pushpin's");
        };
        write("routes", format!("* {target},over_http\n"));
        write("zurl.conf", zurl_conf(folder.path()));
        write(
            "pushpin.conf",
            pushpin_conf(folder.path(), address, publish, key),
        );
        let spawn = |program: &str, config: &str| {
            Command::new(program)
                .arg(format!("--config={}", folder.path().join(config).display()))
                .current_dir(folder.path())
                .stdin(Stdio::null())
                .stdout(append(&log))
                .stderr(append(&log))
                .spawn()
                .unwrap_or_else(|error| panic!("{program}: {error}"))
        };
        let children = vec![spawn("zurl", "zurl.conf"), spawn("pushpin", "pushpin.conf")];
        // Pushpin's services lead process groups of their own, and leave their ids in files.
        let reaper = Command::new("sh")
            .arg("-c")
            .arg("cat >/dev/null; kill -9 \"$@\"; cat \"$0\"/run/*.pid | xargs kill -9; rm -rf \"$0\"")
            .arg(folder.path())
            .args(children.iter().map(|it| it.id().to_string()))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("sh starts");
        let this = Self {
            address,
            publish,
            folder,
            children,
            reaper,
        };
        let is_up = |address: &SocketAddr| {
            std::net::TcpStream::connect_timeout(address, Duration::from_secs(1)).is_ok()
        };
        for _ in 0..500 {
            if is_up(&this.address) && is_up(&this.publish) {
                return this;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("Pushpin did not start within 10 s:\n{}", this.log());
    }

    /// What it printed last.
    pub fn log(&self) -> String {
        let log = fs::read(self.folder.path().join("pushpin.log")).unwrap_or_default();
        tail(&String::from_utf8_lossy(&log))
    }
}

impl Drop for Pushpin {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- what Pushpin printed ---\n{}", self.log());
        }
        // The end of its input makes the reaper end them all.
        drop(self.reaper.stdin.take());
        let _ = self.reaper.wait();
        for child in &mut self.children {
            let _ = child.wait();
        }
    }
}

fn pushpin_conf(folder: &Path, address: SocketAddr, publish: SocketAddr, key: &str) -> String {
    let folder = folder.display();
    let (ip, port) = (publish.ip(), publish.port());
    format!(
        "[global]
include={{libdir}}/internal.conf
rundir={folder}/run
ipc_prefix=pushpin-
[runner]
services=condure,pushpin-proxy,pushpin-handler
http_port={address}
logdir={folder}/log
log_level=2
client_buffer_size=8192
client_maxconn=50000
[proxy]
routesfile={folder}/routes
sig_iss=pushpin
sig_key={key}
updates_check=off
zurl_out_specs=ipc://{folder}/run/zurl-in
zurl_out_stream_specs=ipc://{folder}/run/zurl-in-stream
zurl_in_specs=ipc://{folder}/run/zurl-out
[handler]
push_in_spec=ipc://{folder}/run/push-in
push_in_sub_specs=ipc://{folder}/run/push-in-sub
push_in_http_addr={ip}
push_in_http_port={port}
command_spec=ipc://{folder}/run/command
message_rate=2500
message_hwm=25000
id_cache_ttl=60
"
    )
}

fn zurl_conf(folder: &Path) -> String {
    let folder = folder.display();
    format!(
        "[General]
in_spec=ipc://{folder}/run/zurl-in
in_stream_spec=ipc://{folder}/run/zurl-in-stream
out_spec=ipc://{folder}/run/zurl-out
defpolicy=allow
max_open_requests=2000
buffer_size=200000
"
    )
}
