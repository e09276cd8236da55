//! The phrases that answers are made of.

use recurrence::Recurrence;
use task_model::{FieldError, Priority, Reminder, Status, Task};

use crate::clock::{Clock, tell_duration};

/// Characters of a title that an answer shows.
const SHOWN_TITLE_CHARS: usize = 80;
/// Titles that a sentence names before it says "and 7 more".
const NAMED: usize = 5;

/// What can be said; the answer to "help" and, in part, to what was not understood.
pub(crate) const HELP: &str = "Tell me in your own words. For example:\n\
    - \"add buy milk tomorrow at 5pm high priority #groceries\"\n\
    - \"remind me to pay rent every 1st at 9\", \"water the plants every 3 days after I finish\"\n\
    - \"skip the next pay rent\", \"stop repeating pay rent\", \"what repeats?\"\n\
    - \"what's due this week?\", \"do I have milk on my list?\", \"how did I do this week?\"\n\
    - \"complete the second one\", \"move it to Friday\", \"snooze it for an hour\"\n\
    - \"tag the report with work\", \"rename it to call mum\", \"delete all completed tasks\"\n\
    - \"undo\" takes back the last change.";

/// The answer to what was not understood.
pub(crate) const NOT_UNDERSTOOD: &str = "I did not understand that, so I changed nothing. You can say \
    \"add buy milk tomorrow at 5pm\", \"what's due today?\" or \"complete the dentist\"; \"help\" shows more.";

/// What comes before the offer to add what was not understood.
pub(crate) const NOT_ON_THE_LIST: &str = "I did not understand that, so I changed nothing.";

/// The title in quotes, on one line, shortened.
pub(crate) fn quoted(title: &str) -> String {
    format!("\"{}\"", one_line(title, SHOWN_TITLE_CHARS))
}

/// A text on one line, of at most `limit` characters.
pub(crate) fn one_line(text: &str, limit: usize) -> String {
    let mut line = String::new();
    for (n, c) in text.chars().enumerate() {
        if n == limit {
            line.truncate(line.trim_end().len());
            line.push('…');
            break;
        }
        line.push(if c.is_control() { ' ' } else { c });
    }
    line
}

/// "1 task", "2 tasks".
pub(crate) fn count(n: u64, noun: &str) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
}

/// "a, b and c".
pub(crate) fn join(parts: &[String]) -> String {
    join_with(parts, "and")
}

/// "a, b or c".
pub(crate) fn join_or(parts: &[String]) -> String {
    join_with(parts, "or")
}

fn join_with(parts: &[String], word: &str) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} {word} {last}", first.join(", ")),
    }
}

/// The titles of tasks, the first few by name: "a", "b" and 3 more.
pub(crate) fn names(tasks: &[Task]) -> String {
    names_of(tasks, tasks.len() as u64)
}

/// The same for the first tasks of `total`.
pub(crate) fn names_of(tasks: &[Task], total: u64) -> String {
    listing(tasks, total, |_| "")
}

/// The same with words after each title; the n-th get `suffix(n)`.
pub(crate) fn names_with<'a>(tasks: &[Task], suffix: impl Fn(usize) -> &'a str) -> String {
    listing(tasks, tasks.len() as u64, suffix)
}

fn listing<'a>(tasks: &[Task], total: u64, suffix: impl Fn(usize) -> &'a str) -> String {
    // "and 1 more" would be no shorter than the title.
    let shown = if total == NAMED as u64 + 1 {
        NAMED + 1
    } else {
        NAMED
    };
    let mut parts: Vec<String> = tasks
        .iter()
        .take(shown)
        .enumerate()
        .map(|(n, task)| format!("{}{}", quoted(&task.title), suffix(n)))
        .collect();
    let more = total.saturating_sub(parts.len() as u64);
    if more > 0 {
        parts.push(format!("{more} more"));
    }
    join(&parts)
}

/// "#home and #urgent".
pub(crate) fn hashtags(tags: &[String]) -> String {
    join(&tags.iter().map(|tag| format!("#{tag}")).collect::<Vec<_>>())
}

/// What a task cannot have: "The title must be 1 to 500 characters, not 501."
pub(crate) fn problems(errors: &[FieldError]) -> String {
    let told: Vec<String> = errors
        .iter()
        .take(NAMED)
        .map(|error| {
            let what = match error.field.split_once('[') {
                Some((list, _)) => format!("A {}", list.trim_end_matches('s')),
                None => format!("The {}", error.field.replace('_', " ")),
            };
            format!("{what} {}.", error.message)
        })
        .collect();
    told.join(" ")
}

/// "high priority".
pub(crate) fn priority(priority: Priority) -> &'static str {
    match priority {
        Priority::Low => "low priority",
        Priority::Medium => "medium priority",
        Priority::High => "high priority",
        Priority::Urgent => "urgent priority",
    }
}

/// "in progress".
pub(crate) fn status(status: Status) -> &'static str {
    match status {
        Status::Pending => "open",
        Status::InProgress => "in progress",
        Status::Completed => "completed",
        Status::Cancelled => "cancelled",
    }
}

pub(crate) fn is_open(task: &Task) -> bool {
    matches!(task.status, Status::Pending | Status::InProgress)
}

/// "1 hour before", "when it is due", "at today at 5:00 PM".
pub(crate) fn reminder(reminder: &Reminder, clock: &Clock) -> String {
    match *reminder {
        Reminder::Before { seconds: 0 } => "when it is due".into(),
        Reminder::Before { seconds } => format!("{} before", tell_duration(seconds.into())),
        Reminder::At(at) => clock.tell(at),
    }
}

/// How a task repeats: "every Monday", "every 3 days after it is done"; the pattern itself where it
/// cannot be read, nothing where it does not repeat.
pub(crate) fn repetition(task: &Task) -> String {
    let Some(pattern) = task.recurrence_pattern.as_deref() else {
        return String::new();
    };
    Recurrence::parse(pattern).map_or_else(
        |_| one_line(pattern, SHOWN_TITLE_CHARS),
        |recurrence| task.recurrence_from.describe(&recurrence),
    )
}

/// One line of a list, after its number: `buy milk (tomorrow at 5:00 PM, high priority, #groceries)`.
pub(crate) fn list_line(task: &Task, clock: &Clock) -> String {
    let mut facts = Vec::new();
    match (task.status, task.completed_at) {
        (Status::Completed, Some(at)) => facts.push(format!("completed {}", clock.tell(at))),
        (Status::Pending, _) => {}
        (other, _) => facts.push(status(other).into()),
    }
    if let Some(due) = task.due_date {
        let late = is_open(task) && due < clock.now;
        let word = if late {
            "overdue since "
        } else if is_open(task) {
            ""
        } else {
            "due "
        };
        facts.push(format!("{word}{}", clock.tell(due)));
    }
    if task.priority != Priority::Medium {
        facts.push(priority(task.priority).into());
    }
    if task.recurrence_pattern.is_some() {
        facts.push(repetition(task));
    }
    facts.extend(task.tags.iter().map(|tag| format!("#{tag}")));
    let title = one_line(&task.title, SHOWN_TITLE_CHARS);
    if facts.is_empty() {
        title
    } else {
        format!("{title} ({})", facts.join(", "))
    }
}

/// Lines numbered from 1.
pub(crate) fn numbered<'a>(tasks: impl IntoIterator<Item = &'a Task>, clock: &Clock) -> String {
    tasks
        .into_iter()
        .enumerate()
        .map(|(n, task)| format!("{}. {}", n + 1, list_line(task, clock)))
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_joined_as_in_a_sentence() {
        let parts = |n: usize| {
            ["a", "b", "c"]
                .iter()
                .take(n)
                .map(|s| s.to_string())
                .collect::<Vec<_>>()
        };
        assert_eq!(join(&parts(0)), "");
        assert_eq!(join(&parts(1)), "a");
        assert_eq!(join(&parts(2)), "a and b");
        assert_eq!(join_or(&parts(3)), "a, b or c");
    }

    #[test]
    fn a_title_is_shown_on_one_line_and_shortened() {
        assert_eq!(quoted("two\nlines"), "\"two lines\"");
        let long = quoted(&"ä".repeat(500));
        assert_eq!(long.chars().count(), SHOWN_TITLE_CHARS + 3);
        assert!(long.ends_with("…\""));
    }
}
