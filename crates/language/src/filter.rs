//! Which tasks are meant by their properties: "overdue", "tagged home", "due this week".

use std::ops::Range;

use chrono::{Duration, Months, NaiveDateTime, NaiveTime};
use task_model::{Priority, Status};

use crate::dates::{Bound, DateSpan, Grain, Meaning};
use crate::lexicon::{self, is_one_of};
use crate::pattern::priority_phrase;
use crate::text::{Message, TimeAt};
use crate::{Filter, Period};

pub(crate) fn is_task_noun(word: &str) -> bool {
    is_one_of(
        word,
        "task tasks todo todos item items chore chores errand errands things thing stuff ones one \
entries entry reminder reminders jobs list lists duties assignments to-dos",
    )
}

/// Words of a question or target that narrow nothing.
fn is_filler(word: &str) -> bool {
    is_task_noun(word)
        || lexicon::is_determiner(word)
        || lexicon::is_list_adjective(word)
        || lexicon::is_list_preposition(word)
        || is_one_of(
            word,
            "all everything every each anything something any me i ive we us have has had got do does \
did is are am was were be been what whats which that there show list tell give display \
view see read get to with and or so far need needs must should left remaining still yet \
by how many much number count just only now right currently due marked coming up set \
scheduled planned status priority tagged tag labeled labelled label dated whose who can \
could you please it its they those out as will ill id im gotta going on date dates not \
where them today back through look looks like next about total exactly altogether dont \
havent arent isnt whatever else already actually",
        )
}

/// Reads a filter, and answers the tokens that it could not place.
pub(crate) fn read(message: &Message<'_>, range: Range<usize>) -> (Filter, Vec<usize>) {
    let mut filter = Filter::default();
    let mut rest = Vec::new();
    let mut at = range.start;
    while at < range.end {
        if message.is_mark(at) {
            at += 1;
            continue;
        }
        if let Some(time) = message.time_at(at).filter(|t| t.tokens.end <= range.end) {
            if let Meaning::Time { span, .. } = time.meaning {
                // "what should I do now" asks for no moment's tasks.
                if span.grain == Grain::Second && time.bound == Bound::At {
                    at = time.tokens.end;
                    continue;
                }
                let said = period(message, span, time);
                filter.period = Some(match filter.period {
                    // "today and tomorrow"
                    Some(before) if before.end == said.start => Period {
                        end: said.end,
                        ..before
                    },
                    before => before.unwrap_or(said),
                });
                at = time.tokens.end;
                continue;
            }
            if matches!(time.meaning, Meaning::Repeat { .. }) {
                filter.recurring = true;
                at = time.tokens.end;
                continue;
            }
        }
        if let Some(list) = message.list_at(at).filter(|l| l.tokens.end <= range.end) {
            at = list.tokens.end;
            continue;
        }
        let word = message.word(at);
        let next = message.word(at + 1);
        if let Some(tag) = tag_word(word) {
            filter.tags.push(tag);
            at += 1;
            while matches!(message.word(at), "and" | "or" | ",")
                && at + 1 < range.end
                && let Some(tag) = tag_word(message.word(at + 1))
            {
                filter.tags.push(tag);
                at += 2;
            }
            continue;
        }
        if matches!(word, "tagged" | "labeled" | "labelled")
            || (matches!(word, "tag" | "tags" | "label") && at > range.start && at + 1 < range.end)
        {
            at += 1;
            while matches!(message.word(at), "with" | "as" | ":" | "the" | "tag") && at < range.end
            {
                at += 1;
            }
            while at < range.end {
                let word = message.word(at);
                if word.is_empty()
                    || message.time_at(at).is_some()
                    || is_one_of(word, "due on in from that with tasks task")
                {
                    break;
                }
                if !matches!(word, "and" | "or" | "," | "?" | ".") {
                    filter.tags.push(word.trim_start_matches('#').to_owned());
                }
                at += 1;
            }
            continue;
        }
        if let Some((priority, end)) =
            filter_priority(message, at).filter(|(_, end)| *end <= range.end)
        {
            for each in priority {
                if !filter.priority.contains(each) {
                    filter.priority.push(*each);
                }
            }
            at = end;
            continue;
        }
        match (word, next) {
            ("overdue" | "late" | "delayed", _) => filter.overdue = true,
            ("past" | "behind", "due" | "on" | "schedule" | "deadline" | "their") => {
                filter.overdue = true;
                at += if matches!(next, "their" | "on") { 2 } else { 1 };
            }
            ("missed", _) => filter.overdue = true,
            (
                "no" | "without" | "lacking",
                "due" | "date" | "dates" | "deadline" | "deadlines" | "a" | "any" | "an",
            ) => {
                filter.no_due_date = true;
                while at + 1 < range.end
                    && is_one_of(
                        message.word(at + 1),
                        "due date dates deadline deadlines a any an",
                    )
                {
                    at += 1;
                }
            }
            ("undated" | "unscheduled", _) => filter.no_due_date = true,
            ("repeat", _) if at > range.start => filter.recurring = true,
            ("recurring" | "repeating" | "recurrent" | "repeats" | "recur", _) => {
                filter.recurring = true
            }
            (
                "completed" | "finished" | "done" | "complete" | "accomplished" | "finish"
                | "accomplish" | "ticked" | "achieved" | "achieve" | "closed" | "checked"
                | "crossed",
                _,
            ) if !is_one_of(
                message.word(at.wrapping_sub(1)),
                "get be not to yet havent arent isnt need dont",
            ) =>
            {
                add_status(&mut filter, Status::Completed);
            }
            (
                "completed" | "finished" | "done" | "complete" | "accomplished" | "finish"
                | "accomplish",
                _,
            ) => {}
            ("cancelled" | "canceled" | "abandoned", _) => {
                add_status(&mut filter, Status::Cancelled)
            }
            ("started" | "begun" | "ongoing" | "in-progress" | "underway", _) => {
                add_status(&mut filter, Status::InProgress)
            }
            ("in", "progress") => {
                add_status(&mut filter, Status::InProgress);
                at += 1;
            }
            ("unstarted" | "unbegun", _) => add_status(&mut filter, Status::Pending),
            ("working", "on") => {
                add_status(&mut filter, Status::InProgress);
                at += 1;
            }
            (
                "pending" | "open" | "unfinished" | "incomplete" | "outstanding" | "uncompleted"
                | "undone" | "active" | "unchecked",
                _,
            ) => {}
            ("reminder" | "reminders", _)
                if matches!(message.word(at.wrapping_sub(1)), "with" | "have" | "a") =>
            {
                filter.with_reminders = true;
            }
            (word, _) if is_filler(word) => {}
            _ => rest.push(at),
        }
        at += 1;
    }
    filter.tags.dedup();
    (filter, rest)
}

fn add_status(filter: &mut Filter, status: Status) {
    if !filter.status.contains(&status) {
        filter.status.push(status);
    }
}

fn filter_priority(message: &Message<'_>, at: usize) -> Option<(&'static [Priority], usize)> {
    let (word, next) = (message.word(at), message.word(at + 1));
    match (word, next) {
        ("important", _) => Some((&[Priority::High, Priority::Urgent], at + 1)),
        ("highest" | "top", "priority" | "priorities") => {
            Some((&[Priority::Urgent, Priority::High], at + 2))
        }
        ("priorities", _) => Some((&[Priority::Urgent, Priority::High], at + 1)),
        ("high" | "low" | "medium" | "urgent", "and" | "or") => {
            let (_, end) = filter_priority(message, at + 2)?;
            let one: &'static [Priority] = match (word, message.word(at + 2)) {
                ("high", "urgent") | ("urgent", "high") => &[Priority::High, Priority::Urgent],
                ("high", "medium") | ("medium", "high") => &[Priority::High, Priority::Medium],
                ("low", "medium") | ("medium", "low") => &[Priority::Low, Priority::Medium],
                _ => return None,
            };
            Some((one, end))
        }
        ("high" | "low" | "medium" | "normal", next)
            if next != "priority"
                && !is_task_noun(next)
                && message.word(at.wrapping_sub(1)) != "priority" =>
        {
            None
        }
        _ => {
            let (priority, end) = priority_phrase(message, at)?;
            let one: &'static [Priority] = match priority {
                Priority::Low => &[Priority::Low],
                Priority::Medium => &[Priority::Medium],
                Priority::High => &[Priority::High],
                Priority::Urgent => &[Priority::Urgent],
            };
            Some((one, end))
        }
    }
}

/// The tag that a `#word` says, lower-case; none for `#2`.
pub(crate) fn tag_word(norm: &str) -> Option<String> {
    let tag = norm
        .strip_prefix('#')?
        .trim_end_matches(|c: char| !c.is_alphanumeric());
    let named = tag.chars().any(char::is_alphabetic) && tag.chars().count() <= 50;
    named.then(|| tag.to_owned())
}

/// The time that a question speaks of.
pub(crate) fn period(message: &Message<'_>, span: DateSpan, time: &TimeAt) -> Period {
    let whole = Period {
        start: span.start,
        end: span.end.unwrap_or_else(|| after(span.start, span.grain)),
        grain: span.grain,
    };
    let midnight = message.now.date().and_time(NaiveTime::MIN);
    let far = Months::new(12 * 100);
    // "due tomorrow" is tomorrow; "due by tomorrow" is until then.
    let due_at = message.word(time.tokens.start) == "due"
        && !matches!(
            message.word(time.tokens.start + 1),
            "by" | "before" | "until" | "within"
        );
    match time.bound {
        Bound::By if due_at => whole,
        Bound::At => whole,
        Bound::By => Period {
            start: midnight.min(whole.start),
            ..whole
        },
        Bound::Before => Period {
            start: midnight.min(whole.start),
            end: whole.start,
            ..whole
        },
        Bound::After if whole.start <= message.now => Period {
            end: after(midnight, Grain::Day),
            ..whole
        },
        Bound::After => Period {
            start: whole.end,
            end: whole.end.checked_add_months(far).unwrap_or(whole.end),
            ..whole
        },
    }
}

/// The first moment after a span of one grain; the moment itself at the end of the calendar.
pub(crate) fn after(start: NaiveDateTime, grain: Grain) -> NaiveDateTime {
    match grain {
        Grain::Second => start.checked_add_signed(Duration::seconds(1)),
        Grain::Minute => start.checked_add_signed(Duration::minutes(1)),
        Grain::Hour => start.checked_add_signed(Duration::hours(1)),
        Grain::Day => start.checked_add_signed(Duration::days(1)),
        Grain::Week => start.checked_add_signed(Duration::days(7)),
        Grain::Month => start.checked_add_months(Months::new(1)),
        Grain::Quarter => start.checked_add_months(Months::new(3)),
        Grain::Year => start.checked_add_months(Months::new(12)),
    }
    .unwrap_or(start)
}
