//! What sentences mean, row by row: `commands.jsonl` holds `{"text", "commands"}`, `"category"` where
//! it is not what the commands say, and `"guess"` where there is one. Said on Wednesday 18 November 2026 at 10:00 in Berlin.

use chrono::{DateTime, TimeZone};
use chrono_tz::Tz;
use serde_json::{Value, json};

fn now() -> DateTime<Tz> {
    chrono_tz::Europe::Berlin
        .with_ymd_and_hms(2026, 11, 18, 10, 0, 0)
        .single()
        .expect("a moment that exists once")
}

/// The category that commands have by themselves: the first change decides, else the first question.
fn category_of(commands: &[Value]) -> &'static str {
    let kinds: Vec<&str> = commands
        .iter()
        .map(|c| match c["command"].as_str().unwrap_or_default() {
            "add" if c["as_reminder"] == true => "reminder_update",
            "add_reminder" | "move_reminder" | "drop_reminders" | "set_default_reminders" => {
                "reminder_update"
            }
            "list_reminders" => "reminder_query",
            "list" | "count" | "search" | "summary" | "show" => "query",
            "confirm" | "deny" | "choose" | "help" | "greet" => "other",
            _ => "update",
        })
        .collect();
    let first = |wanted: &[&str]| kinds.iter().copied().find(|k| wanted.contains(k));
    first(&["update", "reminder_update"])
        .or_else(|| first(&["query", "reminder_query"]))
        .unwrap_or("other")
}

#[test]
fn sentences_mean_their_commands() {
    let mut wrong = Vec::new();
    let rows = include_str!("commands.jsonl");
    for (number, row) in rows.lines().enumerate() {
        let row: Value = serde_json::from_str(row)
            .unwrap_or_else(|error| panic!("commands.jsonl:{}: {error}", number + 1));
        let text = row["text"].as_str().expect("text");
        let expected = row["commands"].as_array().expect("commands");
        let category = row["category"]
            .as_str()
            .unwrap_or_else(|| category_of(expected));
        let understanding = language::understand(text, now());
        let found = serde_json::to_value(&understanding).expect("JSON");
        let right = found["commands"] == row["commands"]
            && found["category"] == category
            && found["guess"] == row["guess"];
        if !right {
            wrong.push(format!(
                "commands.jsonl:{} {text:?}\n  expected {category} {} {}\n  found    {} {} {}",
                number + 1,
                json!(expected),
                row["guess"],
                found["category"].as_str().unwrap_or_default(),
                found["commands"],
                found["guess"],
            ));
        }
    }
    let total = rows.lines().count();
    println!("commands: {} of {total} right", total - wrong.len());
    assert!(
        wrong.is_empty(),
        "{} of {total} rows:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
