//! What a person says they did: "bought milk", "I called mom".

use std::ops::Range;

use crate::clause::{Clause, Reading};
use crate::lexicon::{self, is_one_of};
use crate::target;
use crate::{Command, Target};

/// Past tenses of chores that do not end in "ed".
#[rustfmt::skip]
const IRREGULAR: &[(&str, &str)] = &[
    ("ate", "eat"), ("bought", "buy"), ("brought", "bring"), ("built", "build"), ("drank", "drink"), ("drove", "drive"), ("fed", "feed"), ("gave", "give"),
    ("got", "get"), ("held", "hold"), ("hung", "hang"), ("made", "make"), ("met", "meet"), ("paid", "pay"), ("ran", "run"), ("sent", "send"), ("sewed", "sew"),
    ("sold", "sell"), ("spoke", "speak"), ("swam", "swim"), ("swept", "sweep"), ("swum", "swim"), ("taught", "teach"), ("threw", "throw"), ("took", "take"),
    ("went", "go"), ("wrote", "write"), ("written", "write"),
];

/// Reads "bought milk" as "complete buy milk". Asked only when the clause means nothing else.
pub(crate) fn read(clause: &Clause<'_, '_>) -> Option<Reading> {
    let message = clause.message;
    let mut range = target::trim(message, clause.range.clone());
    if clause.foreign || clause.asked || range.len() > 14 {
        return None;
    }
    while range.len() > 2 && is_one_of(message.word(range.start), LED_BY) {
        range.start += 1;
    }
    while let Some(time) = message
        .times_in(range.clone())
        .last()
        .filter(|t| t.tokens.end == range.end && t.tokens.start > range.start + 1)
    {
        range = target::trim(message, range.start..time.tokens.start);
    }
    while range.len() > 2
        && is_one_of(
            message.word(range.end - 1),
            "already today just now finally too yay",
        )
    {
        range.end -= 1;
    }
    if let Some(target) = passive(clause, range.clone()) {
        return Some(Command::Complete { target }.into());
    }
    let base = base_of(message.word(range.start))?;
    let object = range.start + 1..range.end;
    let first = message.word(object.start);
    let of_others = object.clone().any(|i| {
        is_one_of(
            message.word(i),
            "you your me i was were is are he she they it but that not because when how why",
        )
    });
    let foreign = object.clone().any(|i| {
        let word = message.word(i);
        lexicon::FOREIGN_NOUNS.contains(&word) && !lexicon::HOUSEHOLD_NOUNS.contains(&word)
    });
    let title = message.typed(object.clone());
    if object.is_empty() || object.len() > 8 || of_others || foreign || title.is_empty() {
        return None;
    }
    if is_one_of(first, "to by in with from like")
        && !is_one_of(&base, "go talk speak reply listen write")
    {
        return None;
    }
    let target = Target::Named(format!("{base} {title}"));
    Some(Command::Complete { target }.into())
}

/// "the letter is posted", "the bins have been emptied".
fn passive(clause: &Clause<'_, '_>, range: Range<usize>) -> Option<Target> {
    let message = clause.message;
    let last = range.end.checked_sub(1)?;
    base_of(message.word(last))?;
    let mut end = last;
    while end > range.start
        && is_one_of(
            message.word(end - 1),
            "is are was were has have been all now finally got",
        )
    {
        end -= 1;
    }
    let name = range.start..end;
    let about_task = lexicon::is_determiner(message.word(name.start))
        && !is_one_of(message.word(name.start), "that this a an your");
    let said = end < last && about_task && (2..=6).contains(&name.len());
    if !said || clause.has_foreign_noun(name.clone()) {
        return None;
    }
    target::read(message, name)
}

const LED_BY: &str = "i ive we weve have just already finally also now today yay";

/// The chore that a past tense says was done.
fn base_of(past: &str) -> Option<String> {
    let known =
        |verb: &str| lexicon::CHORES.contains(&verb) || lexicon::MARKED_CHORES.contains(&verb);
    if let Some((_, base)) = IRREGULAR.iter().find(|(form, _)| *form == past) {
        return Some((*base).to_owned());
    }
    let stem = past.strip_suffix("ed")?;
    let doubled = stem
        .char_indices()
        .next_back()
        .filter(|(at, last)| stem.get(..*at).is_some_and(|s| s.ends_with(*last)))
        .and_then(|(at, _)| stem.get(..at));
    let with_y = stem.strip_suffix('i').map(|s| format!("{s}y"));
    [
        Some(stem.to_owned()),
        Some(format!("{stem}e")),
        doubled.map(str::to_owned),
        with_y,
    ]
    .into_iter()
    .flatten()
    .find(|verb| known(verb))
}
