//! Applications under stock Spin, with our plugins.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use crate::{root, todo};

/// Whether `spin` is on the PATH.
pub fn is_there() -> bool {
    Command::new("spin").arg("--version").output().is_ok()
}

/// Says so if it is not.
pub fn missing() -> Option<String> {
    (!is_there()).then(|| "spin is not on the PATH".to_owned())
}

/// The command `spin`, with our plugins, for an application that publishes its events at `dapr`.
pub fn command(dapr: SocketAddr) -> Command {
    let mut command = Command::new("spin");
    command
        .env("SPIN_DATA_DIR", &*PLUGINS)
        .env("SPIN_VARIABLE_DAPR_URL", format!("http://{dapr}"));
    command
}

/// Spin's data folder with our plugins in it, of the host that is tested now.
static PLUGINS: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = root().join("target/spin-data");
    fs::create_dir_all(&folder).expect("a folder");
    // Programs of tests run at the same time.
    let lock = File::create(folder.join("lock")).expect("a lock file");
    lock.lock().expect("the lock");
    let installed = folder.join("plugins/trigger-kafka/trigger-kafka");
    if !is_newer(&installed, &todo()) {
        run(Command::new("scripts/spin-plugin").arg(todo()));
        for name in ["trigger-kafka", "trigger-cron"] {
            run(Command::new("spin")
                .env("SPIN_DATA_DIR", &folder)
                .args(["plugins", "install", "--yes", "--file"])
                .arg(format!("target/spin-plugin/{name}.json")));
        }
    }
    folder
});

fn is_newer(path: &Path, than: &Path) -> bool {
    let modified = |path: &Path| fs::metadata(path).and_then(|it| it.modified()).ok();
    modified(path) > modified(than)
}

fn run(command: &mut Command) {
    let output = command.current_dir(root()).output();
    let output = output.unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {output:?}");
}
