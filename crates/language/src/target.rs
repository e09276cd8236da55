//! Which tasks a phrase points to: "it", "the second one", "all completed tasks", a title.

use std::ops::Range;

use crate::filter::{self, is_task_noun};
use crate::lexicon::{self, is_one_of};
use crate::lists::ListKind;
use crate::text::Message;
use crate::{Filter, Target};

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
        if is_one_of(word, "and & the number or task item one") && !found.is_empty() {
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
        is_one_of(
            message.word(i),
            "tasks todos items chores reminders ones entries errands",
        )
    });
    if !every && !plural {
        return None;
    }
    let (filter, rest) = filter::read(message, range.clone());
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
            && is_one_of(
                message.word(range.start),
                "called named titled to for about of",
            )
            && is_one_of(
                message.word(range.start - 1),
                "task todo item reminder chore called",
            )))
    {
        range.start += 1;
    }
    while range.len() > 1
        && (is_one_of(
            message.word(range.end - 1),
            "task todo item one entry reminder chore already now please anymore",
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
