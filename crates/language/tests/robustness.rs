//! Whatever is typed: no panic, the same answer each time, and nothing changed by what is not understood.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeZone};
use chrono_tz::Tz;
use language::{Category, Command, understand};
use proptest::prelude::*;

/// Generous for an unoptimized build on a busy machine; a quadratic blow-up takes far longer.
const LONGEST: Duration = Duration::from_secs(5);

fn now() -> DateTime<Tz> {
    chrono_tz::America::New_York
        .with_ymd_and_hms(2026, 3, 8, 1, 30, 0)
        .single()
        .expect("a moment that exists once")
}

fn harmless(command: &Command) -> bool {
    matches!(
        command,
        Command::Confirm
            | Command::Deny
            | Command::Choose { .. }
            | Command::Help
            | Command::Greet { .. }
    )
}

fn check(text: &str) -> Result<(), TestCaseError> {
    let understanding = understand(text, now());
    prop_assert_eq!(&understanding, &understand(text, now()));
    if understanding.category == Category::Other {
        prop_assert!(
            understanding.commands.iter().all(harmless),
            "{:?} does {:?}",
            text,
            understanding.commands
        );
    } else {
        prop_assert!(!understanding.commands.is_empty());
    }
    for command in &understanding.commands {
        if let Command::Add { title, .. } = command {
            prop_assert_eq!(title.trim(), title.as_str());
        }
    }
    Ok(())
}

/// Words that the grammar knows, quotes, marks and times, in any order.
fn sentence() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "add",
        "remind",
        "me",
        "to",
        "my",
        "to-do",
        "list",
        "the",
        "second",
        "one",
        "it",
        "them",
        "mark",
        "as",
        "done",
        "delete",
        "all",
        "completed",
        "tasks",
        "move",
        "friday",
        "tomorrow",
        "at",
        "5pm",
        "every",
        "day",
        "and",
        ",",
        ";",
        ".",
        "\n",
        "- ",
        "\"",
        "'",
        "“",
        "”",
        "#home",
        "!high",
        "!!!",
        "p1",
        "what",
        "is",
        "on",
        "due",
        "before",
        "an",
        "hour",
        "30",
        "minutes",
        "tag",
        "with",
        "note:",
        "rename",
        "buy",
        "milk",
        "please",
        "no",
        "yes",
        "undo",
        "of",
        "🎉",
        "İ",
        "ß",
        "reminder",
        "set",
        "priority",
        "high",
        "not",
        "do",
        "i",
        "have",
        "1-3",
        "2",
        "(",
        ")",
        "[x]",
        "next",
        "week",
        "how",
        "many",
        "snooze",
        "for",
        "until",
        "from",
        "off",
        ":",
    ]);
    prop::collection::vec(word, 0..24).prop_map(|words| words.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read(text in any::<String>()) {
        check(&text)?;
    }

    #[test]
    fn any_order_of_known_words_is_read(text in sentence()) {
        check(&text)?;
    }

    #[test]
    fn a_title_in_quotes_is_kept(title in "[A-Za-z][A-Za-z0-9 ,.!?é🎉-]{0,40}[a-z]") {
        let understanding = understand(&format!("add \"{title}\" to my list"), now());
        let titles: Vec<&str> = understanding
            .commands
            .iter()
            .filter_map(|c| match c {
                Command::Add { title, .. } => Some(title.as_str()),
                _ => None,
            })
            .collect();
        prop_assert_eq!(titles, vec![title.as_str()]);
    }
}

#[test]
fn long_messages_take_bounded_time() {
    let pieces = [
        "a",
        "and ",
        "add buy milk and ",
        "\"",
        "'x ",
        "- milk\n",
        "remind me to ",
        "list ",
        "of the ",
        "!!! ",
        "#tag ",
        "is ",
        "1, ",
        "tomorrow at 5 ",
        "to do ",
        "not due ",
        "😀",
        "the other one, ",
        "mark it as done and ",
        "(",
        "what is on my list? ",
        "note: ",
        "every day ",
        "in ",
        "5 ",
    ];
    for piece in pieces {
        let text: String = piece.chars().cycle().take(10_000).collect();
        let start = Instant::now();
        let _ = understand(&text, now());
        let took = start.elapsed();
        assert!(
            took < LONGEST,
            "{piece:?} repeated to 10,000 characters took {took:?}"
        );
    }
}
