//! The category of what people really type, on the shared development data.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;

use chrono::{DateTime, TimeZone};
use chrono_tz::Tz;
use language::Command;
use serde_json::Value;

/// Comfortably below what is reached, so that a real loss fails and a single new row does not.
const REQUIRED_PERCENT: f64 = 98.0;

fn data() -> String {
    let folder = std::env::var_os("SHARED_DIR").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let file = folder.join("data/language/intents.jsonl");
    std::fs::read_to_string(&file).unwrap_or_else(|error| {
        panic!(
            "{}: {error}. The shared data is needed: put it there or set SHARED_DIR.",
            file.display()
        )
    })
}

fn now() -> DateTime<Tz> {
    chrono_tz::Europe::Berlin
        .with_ymd_and_hms(2026, 11, 18, 10, 0, 0)
        .single()
        .expect("a moment that exists once")
}

#[test]
fn categories_of_real_sentences() {
    let (mut right, mut total) = (0, 0);
    let mut confusions: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for row in data().lines() {
        let row: Value = serde_json::from_str(row).expect("a row of JSON");
        let (text, intent) = (
            row["text"].as_str().expect("text"),
            row["intent"].as_str().expect("intent"),
        );
        let understanding = language::understand(text, now());
        let category = serde_json::to_value(understanding.category).expect("a category");
        let category = category.as_str().expect("a category's name");
        if category == "other" {
            let harmless = understanding.commands.iter().all(|c| {
                matches!(
                    c,
                    Command::Confirm
                        | Command::Deny
                        | Command::Choose { .. }
                        | Command::Help
                        | Command::Greet { .. }
                )
            });
            assert!(
                harmless,
                "{text:?} is other and still does {:?}",
                understanding.commands
            );
        } else {
            assert!(
                !understanding.commands.is_empty(),
                "{text:?} is {category} without a command"
            );
        }
        total += 1;
        if category == intent {
            right += 1;
        } else {
            confusions
                .entry((intent.to_owned(), category.to_owned()))
                .or_default()
                .push(text.to_owned());
        }
    }
    let percent = 100.0 * f64::from(right) / f64::from(total.max(1));
    // Straight to standard error: the figure shows in every run, passed ones too.
    writeln!(
        std::io::stderr(),
        "intents: {right} of {total} right ({percent:.1}%)"
    )
    .expect("standard error");
    let mut worst: Vec<_> = confusions.into_iter().collect();
    worst.sort_by_key(|(_, texts)| std::cmp::Reverse(texts.len()));
    for ((intent, category), texts) in worst {
        println!("  {intent} taken for {category}: {}", texts.len());
        for text in texts {
            println!("    {text}");
        }
    }
    assert!(
        percent >= REQUIRED_PERCENT,
        "only {percent:.1}% right, {REQUIRED_PERCENT}% required"
    );
}
