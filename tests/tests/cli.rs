//! `todo understand` and `todo build`, as a person runs them.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use tests::todo;

/// Runs `todo understand` on these lines, on a Monday noon in Berlin.
fn understand(lines: &str) -> Output {
    let mut child = Command::new(todo())
        .args([
            "understand",
            "--now",
            "2026-03-23T12:00:00+01:00",
            "--timezone",
            "Europe/Berlin",
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("todo starts");
    let mut input = child.stdin.take().expect("its standard input");
    // It may stop reading at a line that is wrong.
    let _ = input.write_all(lines.as_bytes());
    drop(input);
    child.wait_with_output().expect("todo ends")
}

fn answers(lines: &str) -> Vec<Value> {
    let output = understand(lines);
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    text.lines()
        .map(|line| serde_json::from_str(line).expect("JSON lines"))
        .collect()
}

#[test]
fn sentences_are_answered_line_by_line() {
    let answers = answers(
        "{\"text\": \"add buy milk tomorrow at 5pm high priority #groceries\"}\n{\"text\": \"what do I have today?\"}\n{\"text\": \"tell me a joke\"}\n",
    );
    assert_eq!(answers.len(), 3, "{answers:?}");
    let add = &answers[0];
    assert_eq!(
        add["text"],
        "add buy milk tomorrow at 5pm high priority #groceries"
    );
    assert_eq!(add["category"], "update");
    assert_eq!(add["commands"][0]["command"], "add", "{add}");
    assert_eq!(add["commands"][0]["title"], "buy milk", "{add}");
    assert_eq!(add["commands"][0]["priority"], "high", "{add}");
    assert_eq!(add["commands"][0]["tags"], json!(["groceries"]), "{add}");
    assert!(
        add["dates"][0]["start"]
            .as_str()
            .is_some_and(|start| start.starts_with("2026-03-24T17:00")),
        "{add}"
    );
    assert_eq!(answers[1]["category"], "query");
    assert_eq!(answers[2]["category"], "other");
    assert_eq!(answers[2]["commands"], json!([]));
}

#[test]
fn any_text_is_answered() {
    let texts = [
        "",
        " ",
        "🦀",
        "\u{0}",
        "\u{202e}",
        "((((",
        "add",
        &"add milk and ".repeat(2000),
        &"9".repeat(5000),
    ];
    let lines: String = texts
        .iter()
        .map(|text| format!("{}\n", json!({ "text": text })))
        .collect();
    assert_eq!(answers(&lines).len(), texts.len());
}

#[test]
fn a_line_that_is_no_json_is_a_named_error() {
    let output = understand("{\"text\": \"hello\"}\nnot json\n");
    assert!(!output.status.success());
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(
        message.contains("line 2") && !message.contains("panicked"),
        "{message}"
    );
}

#[test]
fn build_runs_the_commands_of_the_manifest() {
    let folder = tempfile::tempdir().expect("a folder");
    let manifest = |command: &str| {
        let text = format!(
            "spin_manifest_version = 2\n[application]\nname = \"built\"\n[[trigger.http]]\nroute = \"/\"\ncomponent = \"one\"\n[component.one]\nsource = \"one.wasm\"\n[component.one.build]\ncommand = {command}\n"
        );
        std::fs::write(folder.path().join("spin.toml"), text).expect("a manifest");
        Command::new(todo())
            .arg("build")
            .arg("-f")
            .arg(folder.path().join("spin.toml"))
            .output()
            .expect("todo runs")
    };
    let output = manifest("[\"echo one > one.wasm\", \"echo two >> one.wasm\"]");
    assert!(output.status.success(), "{output:?}");
    let built = std::fs::read_to_string(folder.path().join("one.wasm")).expect("what was built");
    assert_eq!(built, "one\ntwo\n");

    let output = manifest("[\"exit 7\", \"echo three > one.wasm\"]");
    assert!(!output.status.success());
    let built = std::fs::read_to_string(folder.path().join("one.wasm")).expect("what was built");
    assert_eq!(built, "one\ntwo\n", "nothing runs after a failure");
}
