//! A message cut into words, with the times and the list phrases ("my to-do list") found in it.

use std::ops::Range;

use chrono::{DateTime, NaiveDateTime};
use chrono_tz::Tz;

use crate::Due;
use crate::dates::{self, Bound, Meaning};
use crate::lexicon::{self, is_one_of};
use crate::lists::{self, ListAt};
use crate::spelling;

/// What a token is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A word, number, `#tag` or symbol.
    Word,
    /// Marks between words; a line end is one.
    Mark,
    /// Quoted text with its quotes.
    Quoted,
}

/// A piece of the message.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    /// Its bytes in the message.
    pub(crate) range: Range<usize>,
    /// Lower-case, without apostrophes, spelling of command words corrected. Empty when quoted.
    pub(crate) norm: String,
    /// What it is.
    pub(crate) kind: Kind,
}

/// A time, in tokens.
#[derive(Debug, Clone)]
pub(crate) struct TimeAt {
    /// The tokens that say it.
    pub(crate) tokens: Range<usize>,
    /// What they mean.
    pub(crate) meaning: Meaning,
    /// How it bounds what is said of it.
    pub(crate) bound: Bound,
    /// When a to-do that names this is due.
    pub(crate) due: Option<Due>,
}

/// A message made ready to be understood.
#[derive(Debug)]
pub(crate) struct Message<'a> {
    /// As typed.
    pub(crate) text: &'a str,
    /// In order.
    pub(crate) tokens: Vec<Token>,
    /// In order, none overlapping.
    pub(crate) times: Vec<TimeAt>,
    /// In order, none overlapping.
    pub(crate) lists: Vec<ListAt>,
    /// The moment it was said, in the person's zone.
    pub(crate) now: NaiveDateTime,
}

impl<'a> Message<'a> {
    /// Cuts `text` and looks for times and lists in it.
    pub(crate) fn new(text: &'a str, now: DateTime<Tz>) -> (Self, Vec<dates::Mention>) {
        let mentions = dates::find(text, now);
        let tokens = merge_to_do(tokenize(text));
        let mut times = align(&tokens, &mentions);
        times.extend(bare_hour(&tokens, &times, now));
        let lists = lists::find(&tokens);
        let now = now.naive_local();
        let message = Self {
            text,
            tokens,
            times,
            lists,
            now,
        };
        (message, mentions)
    }

    /// The normal form of a token; empty past the end, so that look-ahead needs no checks.
    pub(crate) fn word(&self, index: usize) -> &str {
        self.tokens.get(index).map_or("", |t| t.norm.as_str())
    }

    /// Whether the token is a mark; false past the end.
    pub(crate) fn is_mark(&self, index: usize) -> bool {
        self.tokens.get(index).is_some_and(|t| t.kind == Kind::Mark)
    }

    /// Whether the token is quoted; false past the end.
    pub(crate) fn is_quoted(&self, index: usize) -> bool {
        self.tokens
            .get(index)
            .is_some_and(|t| t.kind == Kind::Quoted)
    }

    /// The time that begins at a token.
    pub(crate) fn time_at(&self, index: usize) -> Option<&TimeAt> {
        let found = self
            .times
            .binary_search_by_key(&index, |t| t.tokens.start)
            .ok()?;
        self.times.get(found)
    }

    /// The times that lie in a range of tokens.
    pub(crate) fn times_in(&self, range: Range<usize>) -> impl Iterator<Item = &TimeAt> {
        let first = self.times.partition_point(|t| t.tokens.start < range.start);
        self.times[first..]
            .iter()
            .take_while(move |t| t.tokens.end <= range.end)
    }

    /// The list phrase that begins at a token.
    pub(crate) fn list_at(&self, index: usize) -> Option<&ListAt> {
        let found = self
            .lists
            .binary_search_by_key(&index, |l| l.tokens.start)
            .ok()?;
        self.lists.get(found)
    }

    /// The list phrases that lie in a range of tokens.
    pub(crate) fn lists_in(&self, range: Range<usize>) -> impl Iterator<Item = &ListAt> {
        let first = self.lists.partition_point(|l| l.tokens.start < range.start);
        self.lists[first..]
            .iter()
            .take_while(move |l| l.tokens.end <= range.end)
    }

    /// What the person typed for a range of tokens; quotes around all of it are left out.
    pub(crate) fn typed(&self, range: Range<usize>) -> &'a str {
        let (Some(first), Some(last)) = (
            self.tokens.get(range.start),
            range.end.checked_sub(1).and_then(|i| self.tokens.get(i)),
        ) else {
            return "";
        };
        if range.len() == 1 && first.kind == Kind::Quoted {
            return self.unquoted(range.start);
        }
        self.text
            .get(first.range.start..last.range.end)
            .unwrap_or("")
            .trim()
    }

    /// The inside of a quoted token.
    pub(crate) fn unquoted(&self, index: usize) -> &'a str {
        let Some(token) = self.tokens.get(index) else {
            return "";
        };
        let mut inside = self.text.get(token.range.clone()).unwrap_or("").chars();
        inside.next();
        inside.next_back();
        inside.as_str().trim()
    }
}

const QUOTES: &[(char, &[char])] = &[
    ('"', &['"', '”']),
    ('“', &['”', '"', '“']),
    ('«', &['»']),
    ('\'', &['\'', '’']),
    ('‘', &['’', '\'']),
    ('`', &['`']),
];

fn is_break(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '"' | '“'
                | '”'
                | '«'
                | '»'
                | '('
                | ')'
                | '['
                | ']'
                | '{'
                | '}'
                | '…'
                | '—'
                | '–'
                | '|'
                | ';'
                | '•'
        )
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '’' | '‘' | '`')
}

fn tokenize(text: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut at = 0;
    // No closing quote was found up to here: keeps many opening quotes from being searched again and again.
    let mut unclosed_until = [0_usize; QUOTES.len()];
    while let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) {
        let rest = &text[at..];
        let after_space = text[..at]
            .chars()
            .next_back()
            .is_none_or(|p| !p.is_alphanumeric());
        if c == '\n' {
            push(&mut tokens, at..at + 1, "\n", Kind::Mark);
            at += 1;
        } else if c.is_whitespace() {
            at += c.len_utf8();
        } else if let Some(length) = after_space
            .then(|| quoted(text, at, c, &mut unclosed_until))
            .flatten()
        {
            push(&mut tokens, at..at + length, "", Kind::Quoted);
            at += length;
        } else if is_break(c) || matches!(c, ',' | '.' | ':' | '?') || is_apostrophe(c) {
            let run = rest
                .chars()
                .take_while(|d| *d == c)
                .map(char::len_utf8)
                .sum::<usize>();
            push(&mut tokens, at..at + run, &rest[..c.len_utf8()], Kind::Mark);
            at += run;
        } else if c == '!' {
            let marks = rest.chars().take_while(|d| *d == '!').count();
            let word: String = rest[marks..]
                .chars()
                .take_while(|d| d.is_alphanumeric())
                .collect::<String>()
                .to_lowercase();
            if marks == 1 && lexicon::priority_word(&word).is_some() {
                let length = 1 + rest[1..]
                    .chars()
                    .take_while(|d| d.is_alphanumeric())
                    .map(char::len_utf8)
                    .sum::<usize>();
                push(
                    &mut tokens,
                    at..at + length,
                    &format!("!{word}"),
                    Kind::Word,
                );
                at += length;
            } else {
                push(&mut tokens, at..at + marks, &rest[..marks], Kind::Mark);
                at += marks;
            }
        } else if matches!(c, '-' | '*' | '+' | '~')
            && rest[1..]
                .chars()
                .next()
                .is_none_or(|d| d.is_whitespace() || d == c)
        {
            let run = rest.chars().take_while(|d| *d == c).count();
            push(&mut tokens, at..at + run, &rest[..1], Kind::Mark);
            at += run;
        } else {
            let length = word_length(rest);
            let typed = &rest[..length];
            let norm = normalize(typed);
            push(&mut tokens, at..at + length, &norm, Kind::Word);
            at += length;
        }
    }
    tokens
}

fn push(tokens: &mut Vec<Token>, range: Range<usize>, norm: &str, kind: Kind) {
    tokens.push(Token {
        range,
        norm: norm.to_owned(),
        kind,
    });
}

/// The bytes of the quoted text that starts at `at`, if it is closed on the same line.
fn quoted(
    text: &str,
    at: usize,
    open: char,
    unclosed_until: &mut [usize; QUOTES.len()],
) -> Option<usize> {
    let kind = QUOTES.iter().position(|(c, _)| *c == open)?;
    if at < unclosed_until[kind] {
        return None;
    }
    let closers = QUOTES[kind].1;
    let inside = at + open.len_utf8();
    let mut previous = open;
    for (offset, c) in text[inside..].char_indices() {
        if c == '\n' {
            unclosed_until[kind] = inside + offset;
            return None;
        }
        let end = inside + offset + c.len_utf8();
        let closes = closers.contains(&c)
            && (!is_apostrophe(c)
                || (!previous.is_whitespace()
                    && text[end..]
                        .chars()
                        .next()
                        .is_none_or(|n| !n.is_alphanumeric())));
        if closes {
            let blank = text[inside..inside + offset].trim().is_empty();
            return (!blank).then_some(end - at);
        }
        previous = c;
    }
    unclosed_until[kind] = text.len();
    None
}

/// How many bytes the word at the start of `rest` takes, without the marks that end it.
fn word_length(rest: &str) -> usize {
    let mut end = rest.len();
    let mut previous = ' ';
    let address = rest.starts_with("http") || rest.starts_with("www.");
    for (offset, c) in rest.char_indices() {
        let next = rest[offset + c.len_utf8()..].chars().next();
        let between_digits = previous.is_ascii_digit() && next.is_some_and(|n| n.is_ascii_digit());
        let ends = is_break(c)
            || (c == ',' && !between_digits)
            || (c == ':' && !address && previous.is_alphabetic())
            || (c == '!' && offset > 0);
        if ends {
            end = offset;
            break;
        }
        previous = c;
    }
    let word = &rest[..end];
    let trimmed = word.trim_end_matches(|c| matches!(c, '.' | ':' | '?' | ',') || is_apostrophe(c));
    if trimmed.is_empty() {
        rest.chars().next().map_or(1, char::len_utf8)
    } else {
        trimmed.len()
    }
}

fn normalize(typed: &str) -> String {
    let word: String = typed
        .to_lowercase()
        .chars()
        .filter(|c| !is_apostrophe(*c))
        .collect();
    match word.as_str() {
        "to-do" => "todo".into(),
        "to-dos" | "todo's" => "todos".into(),
        _ => spelling::correct(word),
    }
}

/// "to do" as a noun becomes one token, `todo`.
fn merge_to_do(tokens: Vec<Token>) -> Vec<Token> {
    let mut merged: Vec<Token> = Vec::with_capacity(tokens.len());
    let mut rest = tokens.into_iter().peekable();
    let owner = |word: &str| is_one_of(word, "my the a new our todays");
    while let Some(mut token) = rest.next() {
        if merged.last().is_some_and(|t| t.norm == "mind")
            && let Some(verb) = lexicon::verb_of(&token.norm)
        {
            token.norm = verb.into();
        }
        let before = merged.last().map_or("", |t| t.norm.as_str());
        if token.norm == "to" && rest.peek().is_some_and(|t| t.norm == "list") && owner(before) {
            token.norm = "todo".into();
        } else if matches!(token.norm.as_str(), "do" | "dos")
            && before == "to"
            && merged.last().is_some_and(|t| t.kind == Kind::Word)
        {
            let after = rest.peek().map_or("", |t| t.norm.as_str());
            let owned = merged.len() >= 2 && owner(&merged[merged.len() - 2].norm);
            if matches!(after, "list" | "lists" | "item" | "items") || owned || token.norm == "dos"
            {
                if let Some(to) = merged.last_mut() {
                    to.norm = if token.norm == "dos" { "todos" } else { "todo" }.into();
                    to.range.end = token.range.end;
                }
                continue;
            }
        }
        merged.push(token);
    }
    merged
}

/// The mentions in tokens; one that does not end where tokens end, or lies in quotes, is left out.
fn align(tokens: &[Token], mentions: &[dates::Mention]) -> Vec<TimeAt> {
    let mut times: Vec<TimeAt> = Vec::new();
    for mention in mentions {
        let start = tokens.partition_point(|t| t.range.end <= mention.range.start);
        let end = tokens.partition_point(|t| t.range.start < mention.range.end);
        let quoted = tokens
            .get(start..end)
            .is_none_or(|said| said.is_empty() || said.iter().any(|t| t.kind == Kind::Quoted));
        if !quoted && times.last().is_none_or(|t| t.tokens.end <= start) {
            times.push(TimeAt {
                tokens: start..end,
                meaning: mention.meaning.clone(),
                bound: mention.bound,
                due: mention.due,
            });
        }
    }
    times
}

/// "move the reminder to 8": a bare number is an hour when a time is what is changed.
fn bare_hour(tokens: &[Token], times: &[TimeAt], now: DateTime<Tz>) -> Option<TimeAt> {
    let last = tokens.iter().rposition(|t| t.kind == Kind::Word)?;
    let hour = lexicon::small_number(&tokens.get(last)?.norm).filter(|h| *h <= 24)?;
    let before = tokens.get(last.checked_sub(1)?)?;
    let verb = tokens.iter().any(|t| {
        is_one_of(
            t.norm.as_str(),
            "move change reschedule push snooze postpone delay reminder reminders",
        )
    });
    let free = times.last().is_none_or(|t| t.tokens.end <= last);
    if !verb || !free || !matches!(before.norm.as_str(), "to" | "until" | "till") {
        return None;
    }
    let mention = dates::find(&format!("at {hour}"), now).into_iter().next()?;
    Some(TimeAt {
        tokens: last..last + 1,
        meaning: mention.meaning,
        bound: mention.bound,
        due: mention.due,
    })
}
