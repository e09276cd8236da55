//! When a task that exists is due from now on: the times in what is said to move or repeat it.

use std::ops::Range;

use super::is_chore;
use crate::clause::Clause;
use crate::dates::Meaning;
use crate::lexicon::is_one_of;
use crate::pattern::Captures;
use crate::when::{self, reminder_at};
use crate::{Command, ReminderAt, Target};

pub(super) fn is_shift(word: &str) -> bool {
    is_one_of(word, "back forward by up out off later earlier ahead")
}

pub(super) fn set_due(
    clause: &Clause<'_, '_>,
    captures: &Captures,
    target: Target,
    by_name: bool,
) -> Option<Command> {
    let message = clause.message;
    let range = captures.get('w')?;
    let verb = clause.word(0);
    let about_due = clause.has(|w| matches!(w, "due" | "deadline" | "date" | "instead"));
    if by_name && !about_due {
        let preposition = range.start.checked_sub(1).map_or("", |i| message.word(i));
        let led = |word: &str| message.word(range.start) == word || preposition == word;
        let fits = match verb {
            "reschedule" | "postpone" | "delay" | "defer" => true,
            "move" | "push" | "shift" | "bump" | "carry" => {
                led("to") || led("until") || led("till") || led("for") || clause.has(is_shift)
            }
            "change" | "switch" | "update" | "set" => led("to") || led("until") || led("till"),
            "put" => clause.has(|w| w == "off") && (led("to") || led("until") || led("till")),
            "extend" => true,
            _ => clause.has(|w| {
                matches!(
                    w,
                    "moved" | "postponed" | "rescheduled" | "pushed" | "delayed"
                )
            }),
        };
        if !fits {
            return None;
        }
    }
    let bare = range.start == clause.range.start || matches!(verb, "its" | "it" | "thats");
    if bare && captures.get('t').is_none() && !clause.has(|w| w == "due") {
        return None;
    }
    if matches!(verb, "add" | "give" | "make" | "set")
        && clause.word(1) == "a"
        && by_name
        && !about_due
    {
        return None;
    }
    if captures.get('t').is_some_and(|r| {
        r.clone().any(|i| {
            matches!(
                message.word(i),
                "reminder" | "reminders" | "alarm" | "timer"
            )
        })
    }) {
        return None;
    }
    // "the report is due tomorrow" with a verb in front is a task: "finish what is due tomorrow".
    if captures.get('t').is_some_and(|t| {
        t.start == clause.range.start && is_chore(message.word(t.start)) && t.len() > 2
    }) && !clause.has(|w| w == "is")
    {
        return None;
    }
    let when = when::read(message, range)?;
    Some(Command::SetDue {
        target,
        due: Some(when.due),
        keep_date: when.time_only,
    })
}

pub(super) fn duration(clause: &Clause<'_, '_>, range: Range<usize>) -> Option<i64> {
    match clause.message.time_at(range.start)?.meaning {
        Meaning::Duration { seconds, .. } => Some(seconds),
        _ => None,
    }
}

pub(super) fn at(clause: &Clause<'_, '_>, captures: &Captures) -> Option<ReminderAt> {
    match captures.get('b').or_else(|| captures.get('d')) {
        Some(range) => reminder_at(clause.message.time_at(range.start)?),
        None => when::reminder_when(clause.message, captures.get('w')?),
    }
}
