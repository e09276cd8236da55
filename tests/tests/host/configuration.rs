//! Mistakes in the manifest, the runtime configuration and the address: nothing starts.

use std::net::TcpListener;
use std::path::PathBuf;

use crate::{guest, guests, manifest};

/// Starts the host on a manifest with a mistake; it must refuse and name the mistake's line.
#[track_caller]
fn assert_refused(manifest: &str, line: Option<usize>, words: &[&str]) {
    let (code, output) = guests(manifest).variable("token", "t").start_refused();
    assert_ne!(code, 0, "{output}");
    let at = |line: usize| format!("spin.toml:{line}");
    if let Some(line) = line {
        assert!(
            output.contains(&at(line)),
            "the message names {}: {output}",
            at(line)
        );
    } else {
        assert!(output.contains("spin.toml"), "{output}");
    }
    for word in words {
        assert!(
            output.contains(word),
            "the message says \"{word}\": {output}"
        );
    }
    assert!(!output.contains("panicked"), "{output}");
}

#[test]
fn mistakes_in_the_manifest_are_named_with_their_line() {
    let good = manifest();
    let line_of = |text: &str, part: &str| {
        text.lines()
            .position(|line| line.contains(part))
            .map(|index| index + 1)
    };
    for (from, to, words) in [
        (
            "spin_manifest_version = 2",
            "spin_manifest_version = 3",
            &["2"][..],
        ),
        ("name = \"guests\"", "nam = \"guests\"", &["nam"]),
        (
            "[[trigger.http]]\nroute = \"/bad/...\"",
            "[[trigger.smtp]]\nroute = \"/bad/...\"",
            &["smtp"],
        ),
        ("route = \"/bad/...\"", "route = \"bad\"", &["bad"]),
        ("route = \"/bad/...\"", "route = 5", &["route"]),
        (
            "route = \"/bad/...\"\ncomponent = \"bad\"",
            "route = \"/bad/...\"\ncomponent = \"nobody\"",
            &["nobody"],
        ),
        (
            "route = \"/bad/...\"\ncomponent = \"bad\"",
            "rout = \"/bad/...\"\ncomponent = \"bad\"",
            &["rout"],
        ),
        (
            "[component.bad]\nsource",
            "[component.bad]\nsauce",
            &["sauce"],
        ),
        (
            "allowed_outbound_hosts = [\"http://hidden",
            "allowed_outbound_hosts = [\"no host//hidden",
            &["no host"],
        ),
        (
            "environment = { COLOUR",
            "environment = { COLOUR = 5, C",
            &["COLOUR"],
        ),
        (
            "greeting = \"{{ greeting }} there\"",
            "greeting = \"{{ unknown }} there\"",
            &["unknown"],
        ),
        (
            "token = { required = true, secret = true }",
            "token = { required = true, default = \"x\" }",
            &["token"],
        ),
        (
            "token = { required = true, secret = true }",
            "token = { }",
            &["token"],
        ),
        (
            "files = [{ source = \"shown\"",
            "files = [{ source = \"absent\"",
            &["absent"],
        ),
        ("version = \"1.2.3\"", "version = ", &[]),
        (
            "[component.hidden]\n",
            "[component.hidden]\nkey_value_store = []\n",
            &["key_value_store"],
        ),
    ] {
        let wrong = good.replacen(from, to, 1);
        assert_ne!(wrong, good, "{from}");
        let changed = good
            .lines()
            .zip(wrong.lines())
            .position(|(good, wrong)| good != wrong);
        let line = changed.map(|index| index + 1);
        let line = match words {
            // The mistake is that of the value in the line below.
            ["nobody"] => line_of(&wrong, "nobody"),
            _ => line,
        };
        assert_refused(&wrong, line, words);
    }
    assert_refused("", None, &[]);
    assert_refused("not toml at all", Some(1), &[]);
    assert_refused(&"[".repeat(100_000), Some(1), &[]);
}

#[test]
fn a_component_file_must_be_there_and_be_one() {
    let good = manifest();
    let source = guest().display().to_string();
    assert_refused(
        &good.replace(&source, "absent.wasm"),
        None,
        &["absent.wasm"],
    );
    let file = tempfile_with(b"\0asm\x01\0\0\0");
    let (code, output) = guests(&good.replace(&source, &file.display().to_string()))
        .variable("token", "t")
        .start_refused();
    assert!(code != 0 && output.contains("component"), "{output}");
    assert!(!output.contains("panicked"), "{output}");
    std::fs::remove_file(file).expect("our file");
}

fn tempfile_with(bytes: &[u8]) -> PathBuf {
    let path = std::env::temp_dir().join(format!("{}.wasm", uuid::Uuid::new_v4()));
    std::fs::write(&path, bytes).expect("a file");
    path
}

#[test]
fn what_the_manifest_needs_must_be_provided() {
    let (code, output) = guests(&manifest()).start_refused();
    assert!(
        code != 0 && output.contains("token"),
        "a required variable: {output}"
    );

    let refused = |config: &str| {
        guests(&manifest())
            .variable("token", "t")
            .runtime_config(config)
            .start_refused()
    };
    let (code, output) = refused("[sqlite_database.tasks]\ntype = \"spin\"\npath = \"tasks.db\"\n");
    assert!(
        code != 0 && output.contains("conversations"),
        "a store: {output}"
    );
    let (code, output) = refused("[key_value_store.conversations]\ntype = \"carrier-pigeon\"\n");
    assert!(
        code != 0 && output.contains("carrier-pigeon") && output.contains("runtime-config.toml"),
        "{output}"
    );
    let (code, output) = refused("[[[");
    assert!(
        code != 0 && output.contains("runtime-config.toml"),
        "{output}"
    );
}

#[test]
fn a_port_that_is_taken_is_said_to_be() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("its address");
    let (code, output) = guests(&manifest())
        .variable("token", "t")
        .refused_on(address);
    assert_ne!(code, 0);
    assert!(
        output.contains(&address.to_string()) && output.contains("in use"),
        "{output}"
    );
}
