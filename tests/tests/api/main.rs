//! Every route of the contract that the Todo API owns, and every error it may answer, over HTTP.
//!
//! Runs against the application under `todo`; with `TODO_BASE_URL` against whatever answers there (set its rate
//! limits high). By default it runs on each stack, behind Dapr and, where `spin` is on the PATH, under stock Spin.

mod accounts;
mod chat;
mod erasure;
mod errors;
mod list;
mod preferences;
mod recurring;
mod search;
mod service;
mod services;
mod sessions;
mod tasks;

use serde_json::Value;
use tests::dapr::Platform;
use tests::{Stack, TestApp, User, api, passes, skip};

/// A new person of the API under test.
fn user() -> User {
    tests::register(&api())
}

/// A field that must be a string.
#[track_caller]
fn text(object: &Value, field: &str) -> String {
    match object[field].as_str() {
        Some(text) => text.to_owned(),
        None => panic!("no string {field} in {object}"),
    }
}

/// Whether the API under test is one that runs already, so that a test cannot start or break it.
fn is_external() -> bool {
    std::env::var_os("TODO_BASE_URL").is_some()
}

/// Whether somebody chose what this run is against.
fn is_chosen() -> bool {
    is_external() || Stack::is_chosen()
}

#[test]
fn the_same_suite_passes_under_spin() {
    if is_external() {
        return skip("this run is against something else");
    }
    tests::passes_under_spin();
}

#[test]
fn the_same_suite_passes_under_spin_on_the_distributed_stack() {
    if is_external() {
        return skip("this run is against something else");
    }
    tests::passes_under_spin_on_the_distributed_stack();
}

#[test]
fn the_same_suite_passes_on_the_distributed_stack() {
    if is_external() {
        return skip("this run is against something else");
    }
    tests::passes_on_the_distributed_stack();
}

#[test]
fn the_same_suite_passes_behind_dapr() {
    if is_chosen() {
        return skip("this run is against something else");
    }
    let platform = Platform::start();
    passes("behind Dapr", [("TODO_BASE_URL", platform.app.base())]);
}

#[test]
fn everything_is_kept_where_the_stack_keeps_it() {
    if is_external() {
        return skip("it looks at what the application keeps");
    }
    let app = TestApp::start();
    let person = app.user();
    let task = person.task("kept");
    person.chat("add buy milk", None);
    let kept = format!("SELECT count(*) FROM tasks WHERE id = '{task}'");
    assert_eq!(app.count("tasks", &kept), 1);
    tests::wait_for("the event", 60, || {
        let records = app.records("task-events");
        let mine = |it: &event_log::Record| it.key == person.id && it.envelope.contains(&task);
        records.iter().any(mine).then_some(())
    });
    let is_embedded = Stack::here() == Stack::Embedded;
    for file in ["tasks.db", "events.db", "sqlite_key_value.db"] {
        assert_eq!(app.state_dir().join(file).exists(), is_embedded, "{file}");
    }
}
