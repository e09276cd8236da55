//! Schemathesis sends what the served description allows and forbids, from a fixed seed, and compares the answers with it.

use std::path::PathBuf;
use std::process::Command;

use tests::{TestApp, User, root};

const SEED: &str = "20260101";

/// Schemathesis: in the virtual environment `TODO_TOOLS` (default `.tools/venv`), or on the PATH.
fn schemathesis() -> PathBuf {
    let venv =
        std::env::var_os("TODO_TOOLS").map_or_else(|| root().join(".tools/venv"), PathBuf::from);
    let installed = venv.join("bin/schemathesis");
    if installed.exists() {
        return installed;
    }
    assert!(
        Command::new("schemathesis")
            .arg("--version")
            .output()
            .is_ok(),
        "schemathesis is missing; run `make setup-test`, or `python3 -m venv {0} && {0}/bin/pip install -r tests/requirements.txt`",
        venv.display()
    );
    "schemathesis".into()
}

/// Runs it on the routes that `selection` names, as `person`; fails with its report.
fn run(app: &TestApp, person: &User, selection: &[&str]) {
    let token = person.token.as_deref().expect("a token");
    let output = Command::new(schemathesis())
        .args(["run", &format!("{}/api/openapi.json", app.base())])
        .args(["--header", &format!("Authorization: Bearer {token}")])
        // A schema cannot say all that makes a value valid (an RRULE, a time zone), so a 422 may be right.
        .args([
            "--checks",
            "all",
            "--exclude-checks",
            "positive_data_acceptance",
        ])
        .args([
            "--phases",
            "examples,coverage,fuzzing,stateful",
            "--mode",
            "all",
        ])
        .args([
            "--max-examples",
            "100",
            "--seed",
            SEED,
            "--generation-database",
            "none",
        ])
        .args([
            "--request-timeout",
            "10",
            "--continue-on-failure",
            "--no-color",
        ])
        .args([
            "--suppress-health-check",
            "all",
            "--warnings",
            "off",
            "--workers",
            "2",
        ])
        .args(selection)
        .env("PYTHONHASHSEED", "0")
        .current_dir(app.state_dir())
        .output()
        .expect("schemathesis runs");
    let report = String::from_utf8_lossy(&output.stdout).replace(token, "TOKEN");
    assert!(
        output.status.success(),
        "{report}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    app.assert_alive();
}

#[test]
fn every_answer_fits_the_description() {
    let app = TestApp::start();
    // Signing out would end the sign-in that all other requests use.
    run(&app, &app.user(), &["--exclude-path", "/api/auth/logout"]);
    run(&app, &app.user(), &["--include-path", "/api/auth/logout"]);
}
