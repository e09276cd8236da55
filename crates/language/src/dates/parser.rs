//! Walks over the tokens: the small questions that all rules ask.

use std::cell::RefCell;
use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, NaiveDateTime};
use chrono_tz::Tz;

use super::calendar::Date;
use super::holidays;
use super::token::{Kind, Token};

/// A rule's answer: the token after its last, and what it read.
pub(super) type Parse<T> = Option<(usize, T)>;

/// The tokens of a text and the moment it was said.
pub(super) struct Parser<'a> {
    pub tokens: &'a [Token],
    pub now: DateTime<Tz>,
    pub local: NaiveDateTime,
    pub today: NaiveDate,
    /// For each token, whether a holiday's name may begin there.
    pub holiday_starts: Vec<bool>,
    /// The dates read so far, by where they begin and how deep they may go: rules that fail ask for
    /// the same one again and again.
    pub dates_read: RefCell<HashMap<(usize, u32), Parse<Date>>>,
}

impl<'a> Parser<'a> {
    pub(super) fn new(tokens: &'a [Token], now: DateTime<Tz>) -> Self {
        let local = now.naive_local();
        Self {
            tokens,
            now,
            local,
            today: local.date(),
            holiday_starts: tokens
                .iter()
                .map(|token| match &token.kind {
                    Kind::Word(word) => holidays::may_begin(word),
                    _ => false,
                })
                .collect(),
            dates_read: RefCell::default(),
        }
    }

    pub(super) fn word(&self, at: usize) -> Option<&'a str> {
        match &self.tokens.get(at)?.kind {
            Kind::Word(word) => Some(word),
            _ => None,
        }
    }

    /// A number in digits, with how many.
    pub(super) fn digits(&self, at: usize) -> Option<(u32, usize)> {
        match self.tokens.get(at)?.kind {
            Kind::Number { value, digits } => Some((value, digits)),
            _ => None,
        }
    }

    pub(super) fn sign(&self, at: usize) -> Option<char> {
        match self.tokens.get(at)?.kind {
            Kind::Sign(sign) => Some(sign),
            _ => None,
        }
    }

    pub(super) fn is_word(&self, at: usize, word: &str) -> bool {
        self.word(at) == Some(word)
    }

    pub(super) fn is_one_of(&self, at: usize, words: &[&str]) -> bool {
        self.word(at).is_some_and(|word| words.contains(&word))
    }

    /// These words, one after the other.
    pub(super) fn words(&self, at: usize, words: &[&str]) -> bool {
        (at..).zip(words).all(|(at, word)| self.is_word(at, word))
    }

    pub(super) fn is_sign(&self, at: usize, sign: char) -> bool {
        self.sign(at) == Some(sign)
    }

    /// No space before it.
    pub(super) fn is_tight(&self, at: usize) -> bool {
        self.tokens.get(at).is_some_and(|token| !token.spaced)
    }

    pub(super) fn is_capital(&self, at: usize) -> bool {
        self.tokens.get(at).is_some_and(|token| token.capital)
    }

    /// The text, or a part of it that a sign closes, ends here.
    pub(super) fn is_end(&self, at: usize) -> bool {
        match self.tokens.get(at).map(|token| &token.kind) {
            None => true,
            Some(Kind::Sign(sign)) => {
                matches!(sign, '.' | ',' | ';' | '!' | '?' | ')' | ':' | ']' | '#')
            }
            Some(_) => false,
        }
    }

    /// The next token, past these words if one of them is there.
    pub(super) fn past(&self, at: usize, words: &[&str]) -> usize {
        if self.is_one_of(at, words) {
            at + 1
        } else {
            at
        }
    }
}

/// The longer of two readings; the first when they are equally long.
pub(super) fn longer<T>(a: Parse<T>, b: Parse<T>) -> Parse<T> {
    match (a, b) {
        (Some(a), Some(b)) if b.0 > a.0 => Some(b),
        (Some(a), _) => Some(a),
        (None, b) => b,
    }
}
