//! Repetitions of tasks that exist: how often, counted from what, until when, and one left out.

use std::ops::Range;

use chrono::{Datelike as _, Months, TimeDelta};
use task_model::RecurrenceFrom;

use crate::clause::Clause;
use crate::dates::{Bound, Grain, Meaning};
use crate::filter;
use crate::grammar::Act;
use crate::lexicon::{self, is_one_of};
use crate::pattern::{Captures, repeat_word};
use crate::text::TimeAt;
use crate::{Command, Due, Period, SeriesEnd, Target};

/// What a [`Meaning::Duration`] counts a month and a year as, in seconds.
const MONTH: i64 = 30 * 24 * 3600;
const YEAR: i64 = 365 * 24 * 3600;

/// A repetition that was said.
struct Repetition {
    pattern: String,
    from: Option<RecurrenceFrom>,
    /// Its first occurrence, unless that is just today because no day was said.
    first: Option<Due>,
}

/// Reads what a pattern about repetitions took.
pub(super) fn read(
    clause: &Clause<'_, '_>,
    act: Act,
    captures: &Captures,
    target: Target,
    said_task: bool,
) -> Option<Command> {
    let from = match act {
        Act::Repeat => return repeat(clause, captures, target, said_task),
        Act::Skip => return skip(clause, captures, target),
        Act::StopRepeat => {
            return Some(Command::SetRecurrence {
                target,
                recurrence: None,
                from: None,
                first: None,
            });
        }
        Act::EndRepeat => {
            let end = end(clause, captures)?;
            return Some(Command::EndRecurrence { target, end });
        }
        Act::CountFromCompletion => RecurrenceFrom::Completion,
        _ => RecurrenceFrom::DueDate,
    };
    Some(Command::SetRecurrenceFrom { target, from })
}

fn repeat(
    clause: &Clause<'_, '_>,
    captures: &Captures,
    target: Target,
    said_task: bool,
) -> Option<Command> {
    let message = clause.message;
    let range = captures.get('r')?;
    if clause.has(|w| matches!(w, "reminder" | "reminders")) {
        return None;
    }
    let by_name = matches!(target, Target::Named(_));
    if by_name
        && !clause.has(|w| {
            is_one_of(
                w,
                "repeat recur recurring repeating repeats recurs should recurrence happen",
            )
        })
        && !said_task
    {
        // "set the table every day" is a chore; "make the standup weekly" is not.
        let adverb =
            repeat_word(message, range.start).is_some() && message.time_at(range.start).is_none();
        let verb = clause.word(0);
        let led = range
            .start
            .checked_sub(1)
            .is_some_and(|before| message.word(before) == "to");
        let changed = is_one_of(verb, "change switch update move reschedule") && led;
        if !(changed || verb == "make" && (adverb || range.len() == 1)) {
            return None;
        }
    }
    let said = repetition(clause, range)?;
    Some(Command::SetRecurrence {
        target,
        recurrence: Some(said.pattern),
        from: said.from,
        first: said.first,
    })
}

/// The repetition that a `<r>` slot says.
fn repetition(clause: &Clause<'_, '_>, range: Range<usize>) -> Option<Repetition> {
    let message = clause.message;
    if let Some(time) = message.time_at(range.start)
        && let Meaning::Repeat { pattern, from, .. } = &time.meaning
    {
        let days = pattern.contains("BY") || pattern == "weekdays";
        let starts = time
            .tokens
            .clone()
            .any(|i| is_one_of(message.word(i), "starting start from beginning"));
        let said = |due: &Due| {
            days || starts || due.grain != Grain::Day || due.at.date() != message.now.date()
        };
        return Some(Repetition {
            pattern: pattern.clone(),
            from: *from,
            first: time.due.filter(said),
        });
    }
    repeat_word(message, range.start).map(|word| Repetition {
        pattern: word.to_owned(),
        from: None,
        first: None,
    })
}

fn skip(clause: &Clause<'_, '_>, captures: &Captures, target: Target) -> Option<Command> {
    let period = said_period(clause, captures);
    // "skip this one" is said of songs too: see `guess`.
    let named = captures
        .get('t')
        .filter(|_| matches!(target, Target::Named(_)));
    let occurrence = clause.has(|w| matches!(w, "occurrence" | "instance"));
    let pointed = matches!(target, Target::Nth(_));
    if named.is_none() && !(pointed || occurrence) && period.is_none() {
        return None;
    }
    let skippable = named.is_none_or(|t| is_skippable(clause, t));
    skippable.then_some(Command::Skip { target, period })
}

/// Whether what is to be skipped can be one occurrence of a task.
pub(crate) fn is_skippable(clause: &Clause<'_, '_>, named: Range<usize>) -> bool {
    let message = clause.message;
    // "skip the next one" says no name.
    if named
        .clone()
        .all(|i| is_one_of(message.word(i), "the next current one time"))
    {
        return false;
    }
    let several = named.clone().any(|i| {
        let word = message.word(i);
        lexicon::cardinal(word).is_some_and(|n| n > 1)
            && is_one_of(message.word(i.saturating_sub(1)), "next skip omit the")
    });
    !several
        && !is_one_of(
            message.word(named.start),
            "to ahead forward back over past through",
        )
        && !clause.has(|w| {
            is_one_of(
                w,
                "song songs track tracks episode episodes intro ad ads music",
            )
        })
}

/// The time that the skipped occurrence is said to be in.
pub(crate) fn said_period(clause: &Clause<'_, '_>, captures: &Captures) -> Option<Period> {
    let said = match captures.get('w') {
        Some(range) => clause.message.time_at(range.start),
        None => clause.message.times_in(clause.lead.clone()).next(),
    };
    said.and_then(|time| period(clause, time))
}

fn period(clause: &Clause<'_, '_>, time: &TimeAt) -> Option<Period> {
    match time.meaning {
        Meaning::Time { span, .. } => Some(filter::period(clause.message, span, time)),
        _ => None,
    }
}

/// "10 times", "until June", "for 3 months".
fn end(clause: &Clause<'_, '_>, captures: &Captures) -> Option<SeriesEnd> {
    let message = clause.message;
    if let Some(count) = captures.get('x') {
        let number = (count.len() == 1).then(|| message.word(count.start))?;
        let times = u32::try_from(lexicon::cardinal(number)?).ok()?;
        return Some(SeriesEnd::Times(times));
    }
    if let Some(range) = captures.get('d') {
        let Meaning::Duration { seconds, .. } = message.time_at(range.start)?.meaning else {
            return None;
        };
        let today = message.now.date();
        let months = match seconds {
            _ if clause.has(|w| matches!(w, "month" | "months")) => seconds / MONTH,
            _ if clause.has(|w| matches!(w, "year" | "years")) => seconds / YEAR * 12,
            _ => 0,
        };
        let after = match u32::try_from(months).ok()? {
            0 => today.checked_add_signed(TimeDelta::try_seconds(seconds)?)?,
            months => today.checked_add_months(Months::new(months))?,
        };
        return Some(SeriesEnd::Until(after.pred_opt()?));
    }
    // "repeat it on Friday" is no end.
    let stops = is_one_of(clause.word(0), "stop end finish");
    let said = captures.get('w')?;
    if !stops && !is_one_of(message.word(said.start), "until till til through") {
        return None;
    }
    let time = message.time_at(captures.get('w')?.start)?;
    let said = period(clause, time)?;
    let last = match time.bound {
        Bound::By => match time.meaning {
            Meaning::Time { span, .. } => span.start.date(),
            _ => return None,
        },
        Bound::Before => said.end.date().pred_opt()?,
        _ => match time.meaning {
            Meaning::Time { span, .. } if time.bound == Bound::At => {
                let end = filter::after(span.start, span.grain).date();
                if span.grain >= Grain::Day {
                    end.pred_opt()?
                } else {
                    span.start.date()
                }
            }
            _ => said.start.date().pred_opt()?,
        },
    };
    (last.year() <= 9999).then_some(SeriesEnd::Until(last))
}
