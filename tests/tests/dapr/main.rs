//! The application behind real sidecars, with the files of `dapr/`, Kafka and PostgreSQL.
//!
//! One platform runs for all; a test that ends parts of it has it for itself.

mod docs;
mod events;
mod faults;
mod files;
mod flow;
mod programmatic;
mod state;

use std::sync::{LazyLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use chrono::{TimeDelta, Utc};
use serde_json::Value;
use tests::dapr::Platform;
use tests::{User, wait_for};

static PLATFORM: LazyLock<RwLock<Platform>> = LazyLock::new(|| RwLock::new(Platform::start()));

/// The platform, beside other tests.
fn platform() -> RwLockReadGuard<'static, Platform> {
    PLATFORM.read().unwrap_or_else(PoisonError::into_inner)
}

/// The platform, alone.
fn own_platform() -> RwLockWriteGuard<'static, Platform> {
    PLATFORM.write().unwrap_or_else(PoisonError::into_inner)
}

/// A moment so many seconds from now, RFC 3339.
fn in_seconds(seconds: i64) -> String {
    (Utc::now() + TimeDelta::seconds(seconds)).to_rfc3339()
}

fn text<'a>(object: &'a Value, field: &str) -> &'a str {
    object[field]
        .as_str()
        .unwrap_or_else(|| panic!("no {field} in {object}"))
}

/// What the audit trail says of a task, oldest first.
fn audited(person: &User, task: &str) -> Vec<String> {
    let entries = person.audit();
    let mine = entries.iter().filter(|entry| entry["task_id"] == task);
    mine.map(|entry| text(entry, "event_type").to_owned())
        .collect()
}

/// Waits until the audit trail has this of a task.
fn wait_audited(person: &User, task: &str, event: &str) {
    wait_for(&format!("{event} in the audit trail"), 60, || {
        (audited(person, task).iter().any(|it| it == event)).then_some(())
    });
}
