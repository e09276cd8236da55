//! One clause: which commands it holds.

use std::ops::Range;

use crate::grammar::{self, Act, Grammar};
use crate::lexicon::{self, is_one_of};
use crate::lists::ListKind;
use crate::pattern::Captures;
use crate::target::{self, pointer, trim};
use crate::text::Message;
use crate::{Category, Command, Nicety, Target};
use crate::{additions, changes, past, questions};

/// What was read from a clause.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Reading {
    pub(crate) commands: Vec<Command>,
    /// Where it differs from what the commands say.
    pub(crate) category: Option<Category>,
}

impl From<Command> for Reading {
    fn from(command: Command) -> Self {
        Self {
            commands: vec![command],
            category: None,
        }
    }
}

/// A clause without what only surrounds it.
#[derive(Debug, Clone)]
pub(crate) struct Clause<'m, 'a> {
    pub(crate) message: &'m Message<'a>,
    /// The tokens that count.
    pub(crate) range: Range<usize>,
    /// A time said before them: "tomorrow at 5, …".
    pub(crate) lead: Range<usize>,
    /// It speaks of something that another service does: an alarm, a flight, a bank account.
    pub(crate) foreign: bool,
    /// The bot was asked: "can you …".
    pub(crate) asked: bool,
}

impl<'m, 'a> Clause<'m, 'a> {
    /// Strips pleasantries and a leading time.
    pub(crate) fn new(message: &'m Message<'a>, range: Range<usize>, foreign: bool) -> Self {
        let start = range.start;
        let mut range = strip_closers(message, strip_openers(message, range));
        let mut lead = range.start..range.start;
        if let Some(end) = crate::pattern::time_phrase(message, range.start)
            && end < range.end
        {
            let rest = strip_openers(message, end..range.end);
            if !rest.is_empty() {
                lead = range.start..end;
                range = rest;
            }
        }
        let asked = (start..range.start).any(|i| matches!(message.word(i), "you" | "u"));
        Self {
            message,
            range,
            lead,
            foreign,
            asked,
        }
    }

    /// The word at an offset from the start; empty past the end.
    pub(crate) fn word(&self, offset: usize) -> &'m str {
        let at = self.range.start + offset;
        if at < self.range.end {
            self.message.word(at)
        } else {
            ""
        }
    }

    /// Whether any of its words is this one.
    pub(crate) fn has(&self, wanted: impl Fn(&str) -> bool) -> bool {
        self.range.clone().any(|i| wanted(self.message.word(i)))
    }

    /// Whether it speaks of a list of ours.
    pub(crate) fn has_list(&self, wanted: impl Fn(ListKind) -> bool) -> bool {
        self.message
            .lists_in(self.range.clone())
            .any(|l| wanted(l.kind))
    }

    /// Whether a noun of another business is in these tokens.
    pub(crate) fn has_foreign_noun(&self, range: Range<usize>) -> bool {
        self.foreign
            || range
                .clone()
                .any(|i| lexicon::FOREIGN_NOUNS.contains(&self.message.word(i)))
    }

    /// The patterns of a grammar that match, one after the other.
    pub(crate) fn matches(
        &self,
        grammar: &'static Grammar,
    ) -> impl Iterator<Item = (Act, Captures)> {
        grammar.iter().filter_map(|(act, pattern)| {
            let captures = pattern.matches(self.message, self.range.clone())?;
            Some((*act, captures))
        })
    }
}

/// Reads a clause. `foreign` when the message speaks of what another service does.
pub(crate) fn read(message: &Message<'_>, range: Range<usize>, foreign: bool) -> Option<Reading> {
    let whole = Clause {
        message,
        range: trim(message, range.clone()),
        lead: 0..0,
        foreign,
        asked: false,
    };
    if whole.range.is_empty() {
        return None;
    }
    if let Some(reading) = talk(&whole) {
        return Some(reading);
    }
    let clause = Clause::new(message, range, foreign);
    if clause.range.is_empty() {
        return None;
    }
    if clause.range != whole.range
        && let Some(reading) = talk(&clause)
    {
        return Some(reading);
    }
    // The grammar looks at every way to cut a clause; beyond this length only an addition is meant.
    if clause.range.len() > 120 {
        return additions::read(&clause);
    }
    changes::read(&clause)
        .or_else(|| questions::read(&clause))
        .or_else(|| additions::read(&clause))
        .or_else(|| past::read(&clause))
}

fn talk(clause: &Clause<'_, '_>) -> Option<Reading> {
    if clause.range.len() > 14 {
        return None;
    }
    for (act, captures) in clause.matches(&grammar::TALK_PATTERNS) {
        let command = match act {
            Act::Undo => {
                // "undo" with an object is about that object unless it is the last change.
                let object = captures.get('x').map(|x| {
                    x.clone().all(|i| {
                        is_one_of(clause.message.word(i), "that this it the my last change changes action thing command one please what you i just \
did all previous delete deletion completion edit update again operation step move") || clause.message.is_mark(i)
                    })
                });
                match object {
                    Some(false) => continue,
                    _ => Command::Undo,
                }
            }
            Act::Help => Command::Help,
            Act::Confirm => Command::Confirm,
            Act::Deny => Command::Deny,
            Act::Hello => Command::Greet {
                kind: Nicety::Hello,
            },
            Act::Thanks => Command::Greet {
                kind: Nicety::Thanks,
            },
            Act::Bye => Command::Greet { kind: Nicety::Bye },
            Act::ChooseNamed => {
                let range = captures.get('t')?;
                if range.len() > 5 || clause.foreign {
                    continue;
                }
                Command::Choose {
                    target: target::read(clause.message, range)?,
                }
            }
            _ => continue,
        };
        return Some(command.into());
    }
    let mut range = clause.range.clone();
    if is_one_of(clause.word(0), "no nope not actually sorry just yes") && range.len() > 1 {
        range.start += 1;
    }
    if clause.word(0) == "not" {
        return None;
    }
    let target = pointer(clause.message, range.clone())?;
    if target == Target::It && range.len() == 1 && clause.message.word(range.start) == "same" {
        return None;
    }
    // "2 4" or "10" alone are numbers of the list only when short.
    Some(Command::Choose { target }.into())
}

/// Cuts pleasantries off the start; never all of it.
pub(crate) fn strip_openers(message: &Message<'_>, range: Range<usize>) -> Range<usize> {
    let mut range = trim(message, range);
    loop {
        let taken = lexicon::OPENERS
            .iter()
            .filter_map(|phrase| phrase_end(message, range.clone(), phrase))
            .max();
        let Some(end) = taken else { return range };
        let rest = trim(message, end..range.end);
        if rest.is_empty() || keeps_opener(message, &range, end) {
            return range;
        }
        range = rest;
    }
}

/// The first word after the pleasantries.
pub(crate) fn first_word<'m>(message: &'m Message<'_>, range: Range<usize>) -> &'m str {
    let range = strip_openers(message, range);
    message.word(range.start)
}

/// Openers that are part of what is said when certain words follow: "next friday", "help me remember".
fn keeps_opener(message: &Message<'_>, range: &Range<usize>, end: usize) -> bool {
    let first = message.word(range.start);
    let following = message.word(end);
    match first {
        "help" => matches!(following, "remember" | "with"),
        "next" | "first" | "finally" | "plus" | "like" | "well" | "just" | "right" | "also" => {
            message
                .times_in(range.start..range.end)
                .any(|t| t.tokens.start == range.start)
                || is_one_of(following, "task one ones two three item tasks")
        }
        "how" | "what" => message.word(range.start + 1) == "about" && following == "the",
        "i" | "ive" | "we"
            if matches!(
                message.word(end - 1),
                "to" | "gotta" | "must" | "should" | "and"
            ) && !matches!(
                message.word(range.start + 1),
                "want" | "would" | "wanna" | "really"
            ) =>
        {
            // A duty stays whole, "I need to do the dishes", unless the bot is to do it and it speaks of a list or reminder.
            !lexicon::is_request_verb(following)
                || !(message.lists_in(range.clone()).next().is_some()
                    || (range.start..range.end).any(|i| {
                        is_one_of(
                            message.word(i),
                            "reminder reminders remind task tasks reminded",
                        )
                    }))
                || matches!(following, "have" | "be" | "take" | "get")
                    && message.lists_in(range.clone()).next().is_none()
        }
        _ => false,
    }
}

/// Cuts pleasantries off the end; never all of it.
fn strip_closers(message: &Message<'_>, range: Range<usize>) -> Range<usize> {
    let mut range = range;
    loop {
        let trimmed = trim_for_closers(message, range.clone());
        let taken = lexicon::CLOSERS
            .iter()
            .filter_map(|phrase| phrase_start(message, trimmed.clone(), phrase))
            .min();
        match taken {
            Some(start) if start > trimmed.start => {
                let last = message.word(start - 1);
                // "set a reminder for me" stays whole for the grammar; "do it already" too.
                if matches!(last, "is" | "that" | "to" | "a" | "the") {
                    return range;
                }
                range = range.start..start;
            }
            _ => return range,
        }
    }
}

/// Marks at the end are cut, but not those that say a priority.
fn trim_for_closers(message: &Message<'_>, mut range: Range<usize>) -> Range<usize> {
    while range.start < range.end
        && message.is_mark(range.end - 1)
        && !matches!(message.word(range.end - 1), "!!" | "!!!" | "!!!!")
    {
        range.end -= 1;
    }
    range
}

/// Where a phrase at the start of the range ends.
pub(crate) fn phrase_end(
    message: &Message<'_>,
    range: Range<usize>,
    phrase: &str,
) -> Option<usize> {
    let mut at = range.start;
    for (index, word) in phrase.split(' ').enumerate() {
        while index > 0 && at < range.end && message.is_mark(at) && message.word(at) == "," {
            at += 1;
        }
        if at >= range.end || message.word(at) != word {
            return None;
        }
        at += 1;
    }
    Some(at)
}

/// Where a phrase at the end of the range starts.
fn phrase_start(message: &Message<'_>, range: Range<usize>, phrase: &str) -> Option<usize> {
    let count = phrase.split(' ').count();
    let start = range.end.checked_sub(count).filter(|s| *s >= range.start)?;
    (phrase_end(message, start..range.end, phrase) == Some(range.end)).then_some(start)
}

/// Whether a phrase occurs in the range.
pub(crate) fn holds(message: &Message<'_>, range: Range<usize>, phrase: &str) -> bool {
    let first = phrase.split(' ').next().unwrap_or(phrase);
    range
        .clone()
        .any(|i| message.word(i) == first && phrase_end(message, i..range.end, phrase).is_some())
}
