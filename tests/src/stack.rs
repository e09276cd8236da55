//! What the tests run on, and one run of a test program after another.

use std::ffi::OsStr;
use std::ops::Deref;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use crate::{TestApp, say, skip, spin};

/// Which stack: `embedded` (the default), `distributed` or `dapr`; `spin` and `spin-distributed` are the first two under
/// stock Spin.
const STACK: &str = "TODO_TEST_STACK";
/// What the names of tests begin with that run their program once more.
const ONCE_MORE: &str = "the_same_suite_passes";

/// What applications keep their data, events and conversations in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stack {
    /// Files beside the host: SQLite and the embedded event log.
    Embedded,
    /// PostgreSQL, Kafka and Redis. The applications of a test process share the servers; each has a database of
    /// either, and topics, of its own.
    Distributed,
    /// Sidecars of Dapr's in front of Kafka and a state store, and files beside the host. The tests of a process
    /// share one application: [`crate::dapr::shared`].
    Dapr,
}

/// An application that runs: the test's own, or the one that all tests behind Dapr share.
pub enum Running {
    /// Ends when dropped.
    Own(Box<TestApp>),
    /// Ends with the process.
    Shared(&'static TestApp),
}

impl Deref for Running {
    type Target = TestApp;

    fn deref(&self) -> &TestApp {
        match self {
            Self::Own(app) => app,
            Self::Shared(app) => app,
        }
    }
}

impl Stack {
    /// That of this process, by `TODO_TEST_STACK`.
    pub fn here() -> Self {
        match std::env::var(STACK).as_deref() {
            Err(_) | Ok("embedded" | "spin") => Self::Embedded,
            Ok("distributed" | "spin-distributed") => Self::Distributed,
            Ok("dapr") => Self::Dapr,
            Ok(other) => panic!("{STACK} is not `{other}`"),
        }
    }

    /// Whether somebody chose another than the default.
    pub fn is_chosen() -> bool {
        std::env::var(STACK).is_ok_and(|stack| stack != "embedded")
    }

    /// Whether the applications' host is stock Spin with our plugins.
    pub fn is_under_spin() -> bool {
        std::env::var(STACK).is_ok_and(|stack| stack.starts_with("spin"))
    }
}

/// Runs this test program once more, on the distributed stack.
#[track_caller]
pub fn passes_on_the_distributed_stack() {
    passes_on(
        "on the distributed stack",
        "distributed",
        servers::missing(),
    );
}

/// Runs this test program once more, under stock Spin.
#[track_caller]
pub fn passes_under_spin() {
    passes_on("under stock Spin", "spin", spin::missing());
}

/// Runs this test program once more, under stock Spin on the distributed stack.
#[track_caller]
pub fn passes_under_spin_on_the_distributed_stack() {
    let missing = spin::missing().or_else(servers::missing);
    passes_on(
        "under stock Spin on the distributed stack",
        "spin-distributed",
        missing,
    );
}

/// Where something is missing for it, all tests are said not to run.
#[track_caller]
fn passes_on(how: &str, stack: &str, missing: Option<String>) {
    if Stack::is_chosen() {
        return skip("this run is on another stack");
    }
    match missing {
        None => passes(how, [(STACK, stack)]),
        Some(missing) => none_runs(how, &missing),
    }
}

/// Says of each test of this program that it does not run, and why not.
fn none_runs(how: &str, missing: &str) {
    let listed = once_more()
        .args(["--list", "--format", "terse"])
        .output()
        .expect("the tests are listed");
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    let names: Vec<&str> = (listed.lines())
        .filter_map(|line| line.strip_suffix(": test"))
        .collect();
    assert!(!names.is_empty(), "no tests: {listed}");
    for name in &names {
        say(&format!("{name}: skipped {how}: {missing}"));
    }
    summary(how, 0, 0, names.len());
}

/// Runs this test program once more, behind Dapr: its tests use [`crate::Builder::start_or_share`] there.
#[track_caller]
pub fn passes_behind_dapr() {
    if Stack::is_chosen() {
        return skip("this run is on another stack");
    }
    passes("behind Dapr", [(STACK, "dapr")]);
}

/// Runs this test program once more with these environment variables. Says how many tests passed, failed and did
/// not run, and why not; fails with those that failed.
#[track_caller]
pub fn passes<V: AsRef<OsStr>>(
    how: &str,
    environment: impl IntoIterator<Item = (&'static str, V)>,
) {
    // One run after another: two beside this one would take longer than tests wait.
    static ONE: Mutex<()> = Mutex::new(());
    let one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let output = once_more()
        .envs(environment)
        .output()
        .expect("the tests run");
    drop(one);
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    let skipped: Vec<&str> = (errors.lines())
        .filter(|line| line.contains(": skipped: "))
        .collect();
    for line in &skipped {
        say(&format!("{how}: {line}"));
    }
    let of = |outcome: &str| {
        let lines = printed
            .lines()
            .filter_map(|line| line.strip_prefix("test "));
        lines
            .filter_map(|line| line.strip_suffix(outcome))
            .collect::<Vec<_>>()
    };
    let (succeeded, failed) = (of(" ... ok").len(), of(" ... FAILED"));
    let passed = succeeded.saturating_sub(skipped.len());
    summary(how, passed, failed.len(), skipped.len());
    assert!(
        output.status.success() && failed.is_empty(),
        "{how}: {} failed: {}\n{printed}\n{errors}",
        failed.len(),
        failed.join(", ")
    );
    assert!(passed > 0, "{how}: no test passed\n{printed}\n{errors}");
}

fn summary(how: &str, passed: usize, failed: usize, not_run: usize) {
    let program = std::env::current_exe().expect("this test's program");
    // Cargo adds a hash to the name.
    let name = program.file_stem().unwrap_or_default().to_string_lossy();
    let name = name.rsplit_once('-').map_or(&*name, |(name, _)| name);
    say(&format!(
        "{name} {how}: {passed} passed, {failed} failed, {not_run} not run"
    ));
}

/// This test program, without the tests that run it.
fn once_more() -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this test's program"));
    // Beside the tests of this process.
    command.args(["--skip", ONCE_MORE, "--test-threads", "2"]);
    command
}
