//! Every route of the contract that the Todo API owns, and every error it may answer, over HTTP.
//!
//! Runs against the application under `todo`; with `TODO_BASE_URL` against whatever answers there
//! (set its rate limits high); on PostgreSQL; and, where `spin` is on the PATH, against `spin up` as well.

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

use std::process::Command;

use serde_json::Value;
use servers::Postgres;
use tests::dapr::Platform;
use tests::{TestApp, User, api, skip};

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

#[test]
fn the_same_suite_passes_under_spin() {
    if is_external() {
        return;
    }
    if !tests::spin::is_there() {
        skip("spin is not on the PATH");
        return;
    }
    passes(&TestApp::builder().under_spin().start(), "under spin");
}

#[test]
fn the_same_suite_passes_on_postgresql() {
    if is_external() {
        return;
    }
    let app = TestApp::builder().postgres(Postgres::shared()).start();
    passes(&app, "on PostgreSQL");
    assert!(!app.state_dir().join("tasks.db").exists(), "it used a file");
}

#[test]
fn the_same_suite_passes_behind_dapr() {
    if is_external() {
        return;
    }
    passes(&Platform::start().app, "behind Dapr");
}

/// Runs this suite against an application.
fn passes(app: &TestApp, how: &str) {
    let suite = std::env::current_exe().expect("this test's program");
    let output = Command::new(suite)
        .env("TODO_BASE_URL", app.base())
        .output()
        .expect("the suite runs");
    assert!(
        output.status.success(),
        "{how}:\n{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
