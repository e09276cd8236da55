//! The first conversation of README.md, run as it is printed there.

use std::path::Path;
use std::process::Command;

use tests::{TestApp, root};

/// The fenced blocks of the section with this heading: language and text.
fn blocks(readme: &str, heading: &str) -> Vec<(String, String)> {
    let section = readme
        .split_once(&format!("## {heading}\n"))
        .unwrap_or_else(|| panic!("README.md has no section \"{heading}\""))
        .1;
    let section = section.split("\n## ").next().unwrap_or_default();
    let mut fences = section.split("```");
    let mut blocks = Vec::new();
    // Text and blocks take turns.
    while let (Some(_), Some(block)) = (fences.next(), fences.next()) {
        let (language, text) = block.split_once('\n').unwrap_or((block, ""));
        blocks.push((language.trim().to_owned(), text.to_owned()));
    }
    blocks
}

/// Whether a line is what README.md shows; `…` there stands for what differs each time.
fn matches(shown: &str, line: &str) -> bool {
    let mut rest = line;
    let mut parts = shown.split('…');
    let first = parts.next().unwrap_or_default();
    let Some(after) = rest.strip_prefix(first) else {
        return false;
    };
    rest = after;
    let mut ends_open = false;
    for part in parts {
        ends_open = part.is_empty();
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.is_empty() || ends_open
}

#[test]
fn the_first_conversation_works_as_printed() {
    for program in ["curl", "jq"] {
        assert!(
            Command::new(program).arg("--version").output().is_ok(),
            "{program} is missing; the README's conversation uses it"
        );
    }
    let readme = std::fs::read_to_string(root().join("README.md")).expect("README.md");
    let blocks = blocks(&readme, "A first conversation");
    let (language, commands) = blocks.first().expect("the commands");
    assert_eq!(language, "sh");

    let app = TestApp::start();
    assert!(commands.contains("http://127.0.0.1:3000"), "{commands}");
    let commands = commands.replace("http://127.0.0.1:3000", &app.base());
    let output = Command::new("bash")
        .args(["-euo", "pipefail", "-c", &commands])
        .current_dir(app.state_dir())
        .output()
        .expect("bash runs");
    let printed = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{commands}\n{printed}\n{errors}");

    let (_, shown) = blocks
        .get(1)
        .expect("README.md shows what the commands print, in a block after them");
    let (shown, lines): (Vec<&str>, Vec<&str>) =
        (shown.lines().collect(), printed.lines().collect());
    assert!(
        shown.len() == lines.len()
            && shown
                .iter()
                .zip(&lines)
                .all(|(shown, line)| matches(shown, line)),
        "README.md shows\n{}\nand it printed\n{printed}",
        shown.join("\n")
    );
}

#[test]
fn every_file_that_the_readme_links_to_is_there() {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("README.md");
    for target in readme
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
    {
        if !target.starts_with("http") && !target.starts_with('#') {
            let path = target.split('#').next().unwrap_or_default();
            assert!(
                root().join(Path::new(path)).exists(),
                "README.md links to {target}"
            );
        }
    }
}
