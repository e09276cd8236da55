//! Which tasks a phrase points to: "it", "the second one", "all completed tasks", a title.

use std::ops::Range;

use task_model::{Priority, Status};

use crate::dates::{Bound, DateSpan, Grain, Meaning};
use crate::lexicon;
use crate::pattern::priority_phrase;
use crate::text::{ListKind, Message, TimeAt};
use crate::{Filter, Period, Target};
use chrono::{Duration, Months, NaiveDateTime};

/// Cuts marks and pleasantries off both ends.
pub(crate) fn trim(message: &Message<'_>, mut range: Range<usize>) -> Range<usize> {
    // "!!!" says a priority.
    let cut = |i: usize| message.is_mark(i) && !message.word(i).starts_with("!!");
    while range.start < range.end && cut(range.start) {
        range.start += 1;
    }
    while range.start < range.end && cut(range.end - 1) {
        range.end -= 1;
    }
    range
}

/// Cuts a list phrase and its preposition off the end: "laundry from my list".
pub(crate) fn without_list(message: &Message<'_>, range: Range<usize>) -> Range<usize> {
    let range = trim(message, range);
    let list = message.lists_in(range.clone()).last();
    match list {
        Some(list)
            if list.tokens.end == range.end
                && list.tokens.start > range.start + 1
                && list.kind != ListKind::Foreign =>
        {
            let mut end = list.tokens.start;
            while end > range.start + 1 && lexicon::is_list_preposition(message.word(end - 1)) {
                end -= 1;
            }
            range.start..end
        }
        _ => range,
    }
}

/// Reads a target. A phrase that says nothing else names a task.
pub(crate) fn read(message: &Message<'_>, range: Range<usize>) -> Option<Target> {
    let range = without_list(message, range);
    if range.is_empty() {
        return None;
    }
    pointer(message, range.clone())
        .or_else(|| all(message, range.clone()))
        .or_else(|| named(message, range))
}

/// A target that points rather than names.
pub(crate) fn pointer(message: &Message<'_>, range: Range<usize>) -> Option<Target> {
    let range = trim(message, range);
    let words: Vec<&str> = range
        .clone()
        .filter(|i| !message.is_mark(*i))
        .map(|i| message.word(i))
        .collect();
    if words.len() > 12 {
        return None;
    }
    match words[..] {
        ["it" | "that" | "this" | "same"]
        | [
            "that" | "this" | "the" | "my",
            "one" | "task" | "item" | "todo" | "reminder" | "chore",
        ]
        | ["the", "same" | "last", "thing"]
        | ["the", "same", "one" | "task"]
        | ["it" | "that" | "this", "all" | "one"] => return Some(Target::It),
        ["them" | "these" | "those" | "both" | "they"]
        | ["them" | "these" | "those", "all" | "both"]
        | ["all" | "both", "of", "them" | "these" | "those"]
        | ["all", "these" | "those"]
        | [
            "these" | "those",
            "tasks" | "items" | "ones" | "two" | "reminders",
        ]
        | [
            "all" | "both",
            "of",
            "these" | "those",
            "tasks" | "items" | "ones",
        ]
        | ["both", "tasks" | "items"]
        | ["the", "two", "of", "them"] => return Some(Target::Them),
        ["the" | "that", "other"]
        | ["other", "one"]
        | ["the" | "that", "other", "one" | "task" | "item"]
        | ["other"] => return Some(Target::Other),
        _ => {}
    }
    numbers(&words).map(Target::Nth)
}

/// "the second one", "2 and 3", "tasks 1-3", "the first two", "the last one".
fn numbers(words: &[&str]) -> Option<Vec<i32>> {
    let mut rest = words;
    let mut labelled = false;
    while let [first, tail @ ..] = rest {
        match *first {
            "the" | "my" => {}
            "number" | "numbers" | "no" | "nr" | "task" | "tasks" | "item" | "items" | "todo"
            | "todos" | "option" | "reminder" | "#" | "number:" => labelled = true,
            _ => break,
        }
        rest = tail;
    }
    if let [
        head @ ..,
        "one" | "ones" | "task" | "tasks" | "item" | "items" | "thing" | "todo" | "reminder"
        | "option",
    ] = rest
        && !head.is_empty()
    {
        rest = head;
    }
    match rest {
        ["last" | "final" | "latest" | "bottom"] => return Some(vec![-1]),
        ["top"] => return Some(vec![1]),
        ["second", "to" | "from", "last"]
        | ["second", "to", "the", "last"]
        | ["next", "to", "last"] => return Some(vec![-2]),
        ["first" | "top", count] => {
            let count = lexicon::cardinal(count).filter(|n| *n <= 50)?;
            return Some((1..=count).collect());
        }
        ["last", count] => {
            let count = lexicon::cardinal(count).filter(|n| *n <= 50)?;
            return Some((1..=count).rev().map(|n| -n).collect());
        }
        _ => {}
    }
    let mut found = Vec::new();
    let mut joined = true;
    let mut index = 0;
    while let Some(&word) = rest.get(index) {
        index += 1;
        if matches!(
            word,
            "and" | "&" | "the" | "number" | "or" | "task" | "item" | "one"
        ) && !found.is_empty()
        {
            joined = true;
            continue;
        }
        if matches!(word, "to" | "through" | "thru" | "till" | "until")
            && let (Some(&from), Some(to)) =
                (found.last(), rest.get(index).and_then(|w| place(w, true)))
        {
            index += 1;
            let last = if to > from && to - from <= 50 {
                to
            } else {
                return None;
            };
            found.extend(from + 1..=last);
            continue;
        }
        if let Some((from, to)) = word.split_once('-')
            && let (Some(from), Some(to)) = (place(from, true), place(to, true))
            && to > from
            && to - from <= 50
        {
            found.extend(from..=to);
            continue;
        }
        if !joined && found.is_empty() {
            return None;
        }
        // A bare count in words ("two") points only when it is called a number.
        found.push(
            place(word, labelled || !found.is_empty())
                .or_else(|| (word == "last" && !found.is_empty()).then_some(-1))?,
        );
        joined = false;
    }
    (!found.is_empty() && found.len() <= 50).then_some(found)
}

fn place(word: &str, words_count: bool) -> Option<i32> {
    let word = word.strip_prefix('#').unwrap_or(word);
    lexicon::ordinal(word)
        .or_else(|| lexicon::small_number(word))
        .or_else(|| words_count.then(|| lexicon::cardinal(word)).flatten())
}

/// "everything", "all completed tasks", "my whole list", "overdue tasks".
fn all(message: &Message<'_>, range: Range<usize>) -> Option<Target> {
    let list = message.list_at(range.start);
    if list.is_some_and(|l| l.tokens.end == range.end && l.kind != ListKind::Foreign) {
        let with_reminders = list.is_some_and(|l| l.kind == ListKind::Reminder);
        return Some(Target::All(Filter {
            with_reminders,
            ..Filter::default()
        }));
    }
    let first = message.word(range.start);
    let every = matches!(first, "everything" | "all" | "every" | "anything" | "each");
    let plural = range.clone().any(|i| {
        matches!(
            message.word(i),
            "tasks" | "todos" | "items" | "chores" | "reminders" | "ones" | "entries" | "errands"
        )
    });
    if !every && !plural {
        return None;
    }
    let (filter, rest) = filter(message, range.clone());
    let meant = rest.is_empty()
        && (every || filter != Filter::default() || {
            // "the items", "my tasks": all of them.
            range.clone().all(|i| {
                message.is_mark(i)
                    || lexicon::is_determiner(message.word(i))
                    || is_task_noun(message.word(i))
            })
        });
    meant.then_some(Target::All(filter))
}

fn named(message: &Message<'_>, range: Range<usize>) -> Option<Target> {
    let mut range = trim(message, range);
    if let Some(quoted) = range.clone().find(|i| message.is_quoted(*i)) {
        return Some(Target::Named(message.unquoted(quoted).to_owned()));
    }
    let length = range.len();
    if length > 1 && lexicon::is_determiner(message.word(range.start)) {
        range.start += 1;
    }
    while range.len() > 1
        && (matches!(
            message.word(range.start),
            "task" | "todo" | "item" | "reminder" | "chore"
        ) || (range.start > 0
            && matches!(
                message.word(range.start),
                "called" | "named" | "titled" | "to" | "for" | "about" | "of"
            )
            && matches!(
                message.word(range.start - 1),
                "task" | "todo" | "item" | "reminder" | "chore" | "called"
            )))
    {
        range.start += 1;
    }
    while range.len() > 1
        && (matches!(
            message.word(range.end - 1),
            "task"
                | "todo"
                | "item"
                | "one"
                | "entry"
                | "reminder"
                | "chore"
                | "already"
                | "now"
                | "today_"
                | "please"
                | "anymore"
        ) || message.is_mark(range.end - 1))
    {
        range.end -= 1;
    }
    let name = message.typed(range);
    let name = name
        .strip_suffix("'s")
        .or_else(|| name.strip_suffix("’s"))
        .unwrap_or(name);
    (!name.is_empty()).then(|| Target::Named(name.to_owned()))
}

pub(crate) fn is_task_noun(word: &str) -> bool {
    matches!(
        word,
        "task"
            | "tasks"
            | "todo"
            | "todos"
            | "item"
            | "items"
            | "chore"
            | "chores"
            | "errand"
            | "errands"
            | "things"
            | "thing"
            | "stuff"
            | "ones"
            | "one"
            | "entries"
            | "entry"
            | "reminder"
            | "reminders"
            | "jobs"
            | "list"
            | "lists"
            | "duties"
            | "assignments"
            | "to-dos"
    )
}

/// Words of a question or target that narrow nothing.
fn is_filler(word: &str) -> bool {
    is_task_noun(word)
        || lexicon::is_determiner(word)
        || lexicon::is_list_adjective(word)
        || lexicon::is_list_preposition(word)
        || matches!(
            word,
            "all"
                | "everything"
                | "every"
                | "each"
                | "anything"
                | "something"
                | "any"
                | "me"
                | "i"
                | "ive"
                | "we"
                | "us"
                | "have"
                | "has"
                | "had"
                | "got"
                | "do"
                | "does"
                | "did"
                | "is"
                | "are"
                | "am"
                | "was"
                | "were"
                | "be"
                | "been"
                | "what"
                | "whats"
                | "which"
                | "that"
                | "there"
                | "show"
                | "list"
                | "tell"
                | "give"
                | "display"
                | "view"
                | "see"
                | "read"
                | "get"
                | "to"
                | "with"
                | "and"
                | "or"
                | "so"
                | "far"
                | "need"
                | "needs"
                | "must"
                | "should"
                | "left"
                | "remaining"
                | "still"
                | "yet"
                | "by"
                | "how"
                | "many"
                | "much"
                | "number"
                | "count"
                | "just"
                | "only"
                | "now"
                | "right"
                | "currently"
                | "due"
                | "marked"
                | "coming"
                | "up"
                | "set"
                | "scheduled"
                | "planned"
                | "status"
                | "priority"
                | "tagged"
                | "tag"
                | "labeled"
                | "labelled"
                | "label"
                | "dated"
                | "whose"
                | "who"
                | "can"
                | "could"
                | "you"
                | "please"
                | "it"
                | "its"
                | "they"
                | "those"
                | "out"
                | "as"
                | "will"
                | "ill"
                | "id"
                | "im"
                | "gotta"
                | "going"
                | "on"
                | "date"
                | "dates"
                | "not"
                | "where"
                | "them"
                | "today"
                | "back"
                | "through"
                | "look"
                | "looks"
                | "like"
                | "next"
                | "about"
                | "total"
                | "exactly"
                | "altogether"
                | "dont"
                | "havent"
                | "arent"
                | "isnt"
                | "whatever"
                | "else"
                | "already"
                | "actually"
        )
}

/// Reads a filter, and answers the tokens that it could not place.
pub(crate) fn filter(message: &Message<'_>, range: Range<usize>) -> (Filter, Vec<usize>) {
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
                filter.period = filter.period.or_else(|| Some(period(message, span, time)));
                at = time.tokens.end;
                continue;
            }
            if matches!(time.meaning, Meaning::Repeat { .. }) {
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
                    || matches!(
                        word,
                        "due" | "on" | "in" | "from" | "that" | "with" | "tasks" | "task"
                    )
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
                    && matches!(
                        message.word(at + 1),
                        "due" | "date" | "dates" | "deadline" | "deadlines" | "a" | "any" | "an"
                    )
                {
                    at += 1;
                }
            }
            ("undated" | "unscheduled", _) => filter.no_due_date = true,
            ("recurring" | "repeating" | "recurrent" | "repeats" | "recur", _) => {
                filter.recurring = true
            }
            (
                "completed" | "finished" | "done" | "complete" | "accomplished" | "finish"
                | "accomplish" | "ticked" | "achieved" | "achieve" | "closed" | "checked"
                | "crossed",
                _,
            ) if !matches!(
                message.word(at.wrapping_sub(1)),
                "get" | "be" | "not" | "to" | "yet" | "havent" | "arent" | "isnt" | "need" | "dont"
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
    let midnight = message.now.date().and_time(chrono::NaiveTime::MIN);
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
fn after(start: NaiveDateTime, grain: Grain) -> NaiveDateTime {
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
