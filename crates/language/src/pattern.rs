//! Patterns over words: a small notation in which the grammar's tables are written.
//!
//! `mark|set <t> as? done|complete` matches word by word; marks between words do not count.
//! A trailing `?` makes an element optional, `_` joins words of one alternative (`get_rid_of`),
//! `@name` stands for a class of [`CLASSES`], `:` for a colon, and slots take:
//! `<t>` `<x>` `<y>` one or more words, `<w>` a time, `<d>` a duration, `<b>` a duration "before",
//! `<r>` a repetition, `<p>` a priority, `<l>` a list phrase.

use std::ops::Range;

use task_model::Priority;

use crate::dates::Meaning;
use crate::lexicon::{self, is_one_of};
use crate::lists::ListKind;
use crate::text::{Kind, Message};

/// Classes that several patterns share.
#[rustfmt::skip]
const CLASSES: &[(&str, &str)] = &[
    ("done", "done|complete|completed|finished|over_with|as_done|as_complete|as_completed|as_finished"),
    ("delete", "delete|remove|erase|get_rid_of|get_rid_off|get_rid|nix|discard|eliminate|strip|take_away|kill|axe"),
    ("wipe", "delete|remove|erase|get_rid_of|get_rid_off|nix|nuke|discard|eliminate|clear_out|clear_off|clear_up|clear|wipe_out|wipe_off|wipe_clean|wipe|strike|omit|cross|blank_out|blank|empty_out|empty|purge|trash|scrap|dump|drop|cancel|clean_out|clean_off|clean_up|clean|reset|throw_out|throw_away|toss|scratch|destroy|restart|flush|void|vacate|undo"),
    ("off", "off_of|off_from|off|of|from|out_of|on|in"),
    ("add", "add|put|include|place|insert|throw|jot|write|note|mark|log|enter|record|stick|toss|pop|input|register|get|list|save|schedule|append|slap|set"),
    ("task", "task|todo|item|chore|entry|thing_to_do|job|errand"),
    ("tasks", "tasks|todos|items|chores|entries|things|stuff|errands|jobs"),
    ("reminder", "reminder|reminders|notification|notifications"),
    ("new", "add|create|make|start|set_up|open|new|insert|log|enter"),
    ("move", "move|reschedule|postpone|push|shift|delay|defer|bump|change|set|put_off|put|pull|bring|schedule|switch|carry|update|make"),
    ("aux", "is|are|has_been|was|were|s|isnt_not"),
];

/// One element of a pattern.
#[derive(Debug)]
enum Part {
    /// One of these words, or sequences of words joined by `_`.
    Words(Vec<&'static str>),
    /// A colon.
    Colon,
    /// A named slot.
    Slot(char),
}

/// A pattern made ready to match.
#[derive(Debug)]
pub(crate) struct Pattern {
    parts: Vec<(Part, bool)>,
}

/// What the slots of a pattern took, by the slot's letter.
#[derive(Debug, Default, Clone)]
pub(crate) struct Captures {
    taken: Vec<(char, Range<usize>)>,
}

impl Captures {
    /// The tokens that a slot took.
    pub(crate) fn get(&self, slot: char) -> Option<Range<usize>> {
        self.taken
            .iter()
            .find(|(name, _)| *name == slot)
            .map(|(_, range)| range.clone())
    }
}

impl Pattern {
    /// Reads the notation above.
    pub(crate) fn parse(source: &'static str) -> Self {
        let parts = source
            .split_whitespace()
            .map(|part| {
                let (part, optional) = match part.strip_suffix('?') {
                    Some(part) => (part, true),
                    None => (part, false),
                };
                let slot = part.strip_prefix('<').and_then(|p| p.chars().next());
                let part = match (slot, part) {
                    (Some(slot), _) => Part::Slot(slot),
                    (None, ":") => Part::Colon,
                    (None, words) => Part::Words(alternatives(words)),
                };
                (part, optional)
            })
            .collect();
        Self { parts }
    }

    /// Matches all the tokens of `range`.
    pub(crate) fn matches(&self, message: &Message<'_>, range: Range<usize>) -> Option<Captures> {
        // One bit for each (part, token) that is known to fail keeps the search from repeating itself.
        let mut failed = vec![false; (self.parts.len() + 1) * (range.len() + 1)];
        let mut search = Search {
            pattern: self,
            message,
            range,
            failed: &mut failed,
            captures: Captures::default(),
        };
        let start = search.range.start;
        search.run(0, start).then_some(search.captures)
    }
}

fn alternatives(words: &'static str) -> Vec<&'static str> {
    let mut found = Vec::new();
    for word in words.split('|') {
        match word.strip_prefix('@') {
            Some(class) => {
                let class = CLASSES.iter().find(|(name, _)| *name == class);
                found.extend(class.into_iter().flat_map(|(_, words)| words.split('|')));
            }
            None => found.push(word),
        }
    }
    found
}

struct Search<'p, 'm, 'a> {
    pattern: &'p Pattern,
    message: &'m Message<'a>,
    range: Range<usize>,
    failed: &'p mut [bool],
    captures: Captures,
}

impl Search<'_, '_, '_> {
    /// Matches from part `part` on at token `at`. The depth is at most the pattern's length.
    fn run(&mut self, part: usize, at: usize) -> bool {
        let state = part * (self.range.len() + 1) + (at - self.range.start);
        if self.failed[state] {
            return false;
        }
        let found = self.try_part(part, at);
        if !found {
            self.failed[state] = true;
        }
        found
    }

    fn try_part(&mut self, part: usize, at: usize) -> bool {
        let pattern = self.pattern;
        let Some((element, optional)) = pattern.parts.get(part) else {
            return self.skip_marks(at) == self.range.end;
        };
        let found = match element {
            Part::Colon => {
                self.message.is_mark(at)
                    && self.message.word(at) == ":"
                    && self.run(part + 1, at + 1)
            }
            Part::Words(alternatives) => alternatives.iter().any(|words| {
                self.words(words, at)
                    .is_some_and(|end| self.run(part + 1, end))
            }),
            Part::Slot(slot) => self.slot(*slot, part, at),
        };
        found || (*optional && self.run(part + 1, at))
    }

    fn skip_marks(&self, mut at: usize) -> usize {
        while at < self.range.end && self.message.is_mark(at) {
            at += 1;
        }
        at
    }

    fn words(&self, words: &str, mut at: usize) -> Option<usize> {
        for word in words.split('_') {
            at = self.skip_marks(at);
            if at >= self.range.end || self.message.word(at) != word {
                return None;
            }
            at += 1;
        }
        Some(at)
    }

    fn slot(&mut self, slot: char, part: usize, at: usize) -> bool {
        let at = self.skip_marks(at);
        if at >= self.range.end {
            return false;
        }
        if matches!(slot, 't' | 'x' | 'y') {
            let depth = self.captures.taken.len();
            for end in at + 1..=self.range.end {
                self.captures.taken.push((slot, at..end));
                if self.run(part + 1, end) {
                    return true;
                }
                self.captures.taken.truncate(depth);
            }
            return false;
        }
        let Some(end) = self.fixed(slot, at) else {
            return false;
        };
        if end > self.range.end {
            return false;
        }
        let depth = self.captures.taken.len();
        self.captures.taken.push((slot, at..end));
        if self.run(part + 1, end) {
            return true;
        }
        self.captures.taken.truncate(depth);
        false
    }

    /// Where a slot that knows its own length ends.
    fn fixed(&self, slot: char, at: usize) -> Option<usize> {
        let time = |wanted: fn(&Meaning) -> bool| {
            self.message
                .time_at(at)
                .filter(|t| wanted(&t.meaning))
                .map(|t| t.tokens.end)
        };
        match slot {
            'w' => time_phrase(self.message, at),
            'd' => time(|m| matches!(m, Meaning::Duration { before: false, .. })),
            'b' => time(|m| matches!(m, Meaning::Duration { before: true, .. })),
            'r' => time(|m| matches!(m, Meaning::Repeat { .. }))
                .or_else(|| repeat_word(self.message, at).map(|_| at + 1)),
            'p' => priority_phrase(self.message, at).map(|(_, end)| end),
            'l' => self
                .message
                .list_at(at)
                .filter(|l| l.kind != ListKind::Foreign)
                .map(|l| l.tokens.end),
            _ => None,
        }
    }
}

/// "weekly" and the like, which say a repetition only where one is asked for.
pub(crate) fn repeat_word(message: &Message<'_>, at: usize) -> Option<&'static str> {
    Some(match message.word(at) {
        "daily" => "daily",
        "weekly" => "weekly",
        "monthly" => "monthly",
        "yearly" | "annually" => "yearly",
        "weekdays" => "weekdays",
        _ => return None,
    })
}

/// Where the times that start at `at` and follow one another end: "Friday at 5".
pub(crate) fn time_phrase(message: &Message<'_>, at: usize) -> Option<usize> {
    let mut start = at;
    let mut end = None;
    loop {
        let time = message
            .time_at(start)
            .filter(|t| matches!(t.meaning, Meaning::Time { .. }));
        let Some(time) = time else {
            return end;
        };
        end = Some(time.tokens.end);
        start = time.tokens.end;
        if message.word(start) == ","
            || matches!(message.word(start), "at" | "on" | "around" | "by" | "in")
        {
            start += 1;
        }
    }
}

/// A priority at `at`, with where it ends: "high priority", "priority: low", "!high", "p1", "!!".
pub(crate) fn priority_phrase(message: &Message<'_>, at: usize) -> Option<(Priority, usize)> {
    let word = message.word(at);
    if message.is_mark(at) {
        return match word {
            "!!!" | "!!!!" => Some((Priority::Urgent, at + 1)),
            "!!" => Some((Priority::High, at + 1)),
            _ => None,
        };
    }
    if let Some(marked) = word.strip_prefix('!') {
        return lexicon::priority_word(marked).map(|p| (p, at + 1));
    }
    if is_one_of(word, "very really super extremely more quite so a the") {
        let (priority, end) = priority_phrase_here(message, at + 1)?;
        return Some((priority, end));
    }
    priority_phrase_here(message, at)
}

fn priority_phrase_here(message: &Message<'_>, at: usize) -> Option<(Priority, usize)> {
    let word = message.word(at);
    if word == "priority" {
        let mut value = at + 1;
        while message.is_mark(value) && message.word(value) == ":"
            || matches!(message.word(value), "of" | "to" | "is" | "level")
        {
            value += 1;
        }
        let priority = match message.word(value) {
            "1" | "one" => Priority::Urgent,
            "2" | "two" => Priority::High,
            "3" | "three" => Priority::Medium,
            "4" | "four" => Priority::Low,
            word => lexicon::priority_word(word)?,
        };
        return Some((priority, value + 1));
    }
    if matches!(
        (word, message.word(at + 1)),
        ("not" | "less", "important" | "urgent" | "so")
    ) {
        let end = if message.word(at + 1) == "so" {
            at + 3
        } else {
            at + 2
        };
        return Some((Priority::Low, end));
    }
    let priority = lexicon::priority_word(word)?;
    if message.word(at + 1) == "priority" {
        return Some((priority, at + 2));
    }
    // "hi", "top", "default" and the like say a priority only beside the word itself.
    (!is_one_of(
        word,
        "hi lo top default regular mid max maximum emergency higher lower",
    ) && message.tokens.get(at).is_some_and(|t| t.kind == Kind::Word))
    .then_some((priority, at + 1))
}
