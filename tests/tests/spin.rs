//! The application under stock Spin, where `spin` is on the PATH.

use std::time::Duration;

use tests::{TestApp, skip, spin, wait_for};

#[test]
fn a_change_reaches_the_audit_trail_through_the_plugin() {
    if !spin::is_there() {
        return skip("spin is not on the PATH");
    }
    let app = TestApp::builder().under_spin().tick_each_second().start();
    let person = app.user();
    let task = person.task("buy milk");
    wait_for("the audit entry", 60, || {
        let trail = person.audit();
        trail.into_iter().find(|entry| entry["task_id"] == task)
    });
    app.settle(60);

    // Both hosts open the same files.
    let mut app = app;
    app.signal("INT");
    assert!(app.exit_within(Duration::from_secs(30)).is_some());
    let app = app.restart();
    let login = serde_json::json!({ "email": person.email, "password": person.password });
    let session = app.client().post("/api/auth/login", &login).expect(200);
    let token = session["access_token"].as_str().expect("a token");
    assert_eq!(app.client().with_token(token).titles(&[]), ["buy milk"]);
}
