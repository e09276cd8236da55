//! What the suites in `tests/` share: the application, started for real from outside, and a client for it.
//!
//! Environment: `TODO_BIN` the host to start (default `target/release/todo`), `TODO_MANIFEST` the
//! manifest (default `spin.toml`), `TODO_BASE_URL` an application that runs already (the API suite
//! then starts none), `TODO_TEST_STACK` what applications keep things in (`embedded`, the default, `distributed` or
//! `dapr`: [`Stack`]) or `spin` for stock Spin as their host, `TODO_TEST_KAFKA` the address of a Kafka broker to use
//! instead of one of the tests' own.

mod app;
mod client;
pub mod dapr;
pub mod docs;
mod events;
mod foreground;
pub mod jwt;
pub mod kafka;
mod pushpin;
pub mod raw;
mod smtp;
pub mod spin;
mod stack;

use std::io::Write as _;
use std::path::PathBuf;

pub use app::{Builder, TestApp, shared, todo};
pub use client::{Answer, Client, User, register};
pub use foreground::Foreground;
pub use smtp::{Mail, SmtpServer};
pub use stack::{
    Running, Stack, passes, passes_behind_dapr, passes_on_the_distributed_stack, passes_under_spin,
    passes_under_spin_on_the_distributed_stack,
};

/// The root of the project.
pub fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .canonicalize()
        .expect("the project's folder")
}

/// The compiled `test-guest`.
pub fn guest() -> PathBuf {
    let path = std::env::var_os("TEST_GUEST").map_or_else(
        || root().join("target/wasm32-wasip2/release/test_guest.wasm"),
        PathBuf::from,
    );
    assert!(
        path.exists(),
        "{} is missing; run `cargo build --target wasm32-wasip2 --release -p test-guest` (or `make test`)",
        path.display()
    );
    path
}

/// The API under test: at `TODO_BASE_URL` if that is set, else of the application that this binary's tests share.
pub fn api() -> Client {
    match std::env::var("TODO_BASE_URL") {
        Ok(base) => Client::new(base.trim_end_matches('/')),
        Err(_) => shared().client(),
    }
}

/// Says why a test did nothing, past the capture of the test runner.
pub fn skip(reason: &str) {
    let name = std::thread::current().name().unwrap_or("a test").to_owned();
    say(&format!("{name}: skipped: {reason}"));
}

/// Prints a line past the capture of the test runner.
pub fn say(line: &str) {
    // A closed standard error loses the message and nothing else.
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Lets this process, and the hosts that it starts, open as many files as they may; answers how many.
pub fn raise_open_files() -> u64 {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // Where it may not be raised, what it was still holds.
    let _ = setrlimit(Resource::Nofile, limit);
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

/// Asks until `done` answers something, or fails after `seconds` with what was awaited.
pub fn wait_for<T>(what: &str, seconds: u64, mut done: impl FnMut() -> Option<T>) -> T {
    let end = std::time::Instant::now() + std::time::Duration::from_secs(seconds);
    loop {
        if let Some(value) = done() {
            return value;
        }
        assert!(
            std::time::Instant::now() < end,
            "{what}: not within {seconds} s"
        );
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}
