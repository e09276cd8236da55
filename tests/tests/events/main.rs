//! Every change is an event: from the request to the audit entry, the next instance, the reminder and the
//! notification, whatever happens on the way. It runs on each stack, behind Dapr and, where `spin` is on the PATH, under
//! stock Spin.

mod faults;
mod flow;
mod kill;
mod mail;
mod many;
mod order;

use serde_json::{Value, json};
use tests::User;

#[test]
fn the_same_suite_passes_on_the_distributed_stack() {
    tests::passes_on_the_distributed_stack();
}

#[test]
fn the_same_suite_passes_behind_dapr() {
    tests::passes_behind_dapr();
}

#[test]
fn the_same_suite_passes_under_spin() {
    tests::passes_under_spin();
}

#[test]
fn the_same_suite_passes_under_spin_on_the_distributed_stack() {
    tests::passes_under_spin_on_the_distributed_stack();
}

/// A moment so many seconds from now, RFC 3339.
fn in_seconds(seconds: i64) -> String {
    (chrono::Utc::now() + chrono::TimeDelta::seconds(seconds)).to_rfc3339()
}

/// Completes a task and answers it.
fn complete(person: &User, id: &str) -> Value {
    person
        .post_empty(&format!("/api/tasks/{id}/complete"))
        .expect(200)
}

/// Has the person notified by e-mail, and in the application.
fn prefer_email(person: &User) {
    let channels = json!({"notification_preferences": {"channels": ["email", "in_app"]}});
    person.patch("/api/users/me", &channels).expect(200);
}

fn text<'a>(object: &'a Value, field: &str) -> &'a str {
    object[field]
        .as_str()
        .unwrap_or_else(|| panic!("no {field} in {object}"))
}
