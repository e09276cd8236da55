//! Commands that run until Ctrl-C.

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};

use crate::app::{append, exit_within, tail};
use crate::wait_for;

/// How long it may take to end.
const END: Duration = Duration::from_secs(60);

/// A shell's commands, of which the last runs until it is told to end, with all that it started. It is told when
/// dropped, and when the test's process ends without dropping it.
pub struct Foreground {
    child: Child,
    log: PathBuf,
    reaper: Child,
}

impl Foreground {
    /// Starts them in a folder with more environment variables.
    pub fn start(commands: &str, folder: &Path, environment: &[(&str, String)]) -> Self {
        let log = folder.join("foreground.log");
        // A shell cannot trap what is ignored from the start, as it is where tests run in the background.
        let child = Command::new("env")
            .args(["--default-signal=INT", "bash", "-euo", "pipefail", "-c"])
            .arg(commands)
            .envs(environment.iter().map(|(name, value)| (*name, value)))
            .current_dir(folder)
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(append(&log))
            .stderr(append(&log))
            .spawn()
            .expect("env starts");
        let reaper = Command::new("sh")
            .arg("-c")
            .arg("cat >/dev/null; kill -TERM \"-$0\" 2>/dev/null")
            .arg(child.id().to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("sh starts");
        Self { child, log, reaper }
    }

    /// Waits until `done` answers something; fails after two minutes, and where the commands end before.
    pub fn until<T>(&mut self, what: &str, mut done: impl FnMut() -> Option<T>) -> T {
        wait_for(what, 120, || {
            let ended = self.child.try_wait().expect("our child");
            assert!(ended.is_none(), "ended before {what}: {ended:?}");
            done()
        })
    }

    /// The names of the programs that it started and that run.
    pub fn started(&self) -> Vec<String> {
        let started = started_by(self.child.id()).into_iter();
        started.map(|process| process.name).collect()
    }

    /// Ctrl-C. Waits until all of it has ended.
    pub fn interrupt(&mut self) -> ExitStatus {
        let started = started_by(self.child.id());
        let group = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        kill_process_group(group.expect("an id"), Signal::INT).expect("it runs");
        let status = exit_within(&mut self.child, END);
        let status = status.unwrap_or_else(|| panic!("still runs {END:?} after Ctrl-C"));
        wait_for("that what it started ends", 10, || {
            let running = processes();
            let runs = |id: u32| running.iter().any(|process| process.id == id);
            (!started.iter().any(|process| runs(process.id))).then_some(())
        });
        status
    }
}

impl Drop for Foreground {
    fn drop(&mut self) {
        // Without its input the reaper tells it to end.
        let _ = self.reaper.wait();
        if exit_within(&mut self.child, END).is_none() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
        if std::thread::panicking() {
            let log = fs::read(&self.log).unwrap_or_default();
            eprintln!(
                "--- what the commands printed ---\n{}",
                tail(&String::from_utf8_lossy(&log))
            );
        }
    }
}

/// A process of this machine that runs.
struct Process {
    id: u32,
    parent: u32,
    name: String,
}

fn processes() -> Vec<Process> {
    let entries = fs::read_dir("/proc").expect("/proc").flatten();
    let read = |entry: fs::DirEntry| {
        let id = entry.file_name().to_str()?.parse().ok()?;
        let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
        // `id (name) state parent …`
        let (before, after) = stat.rsplit_once(") ")?;
        let (_, name) = before.split_once(" (")?;
        let mut fields = after.split(' ');
        // A container may have nobody to collect what has ended.
        if fields.next()? == "Z" {
            return None;
        }
        let parent = fields.next()?.parse().ok()?;
        Some(Process {
            id,
            parent,
            name: name.to_owned(),
        })
    };
    entries.filter_map(read).collect()
}

/// What a process has started, and what that has started.
fn started_by(id: u32) -> Vec<Process> {
    let (mut others, mut started, mut parents) = (processes(), Vec::new(), vec![id]);
    while let Some(parent) = parents.pop() {
        let (children, rest): (Vec<_>, Vec<_>) = others
            .into_iter()
            .partition(|process| process.parent == parent);
        parents.extend(children.iter().map(|child| child.id));
        started.extend(children);
        others = rest;
    }
    started
}
