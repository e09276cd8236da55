//! Recurrence patterns: the keywords and RFC 5545 rules that a task may repeat by, the occurrences
//! they make in a time zone, and how to say them in English.
//!
//! A pattern holds no start: the task's due date, in the person's local time, anchors it.

mod describe;
mod expand;
mod following;
mod local;
mod parse;
mod rule;

pub use following::Following;
pub use local::to_utc;
pub use rule::{Frequency, Rule, WeekdayNth};

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, NaiveDateTime, Utc};
use chrono_tz::Tz;

/// Why a recurrence pattern was refused. The message names the part that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct RecurrenceError(String);

impl RecurrenceError {
    fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

/// The patterns that have a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keyword {
    /// Every day.
    Daily,
    /// Every week, on the anchor's weekday.
    Weekly,
    /// Every month, on the anchor's day; on a month's last day where that month is too short.
    Monthly,
    /// Every year, on the anchor's date; February 29th falls on the 28th in a common year.
    Yearly,
    /// Monday to Friday.
    Weekdays,
}

impl Keyword {
    const ALL: [(&'static str, Self); 5] = [
        ("daily", Self::Daily),
        ("weekly", Self::Weekly),
        ("monthly", Self::Monthly),
        ("yearly", Self::Yearly),
        ("weekdays", Self::Weekdays),
    ];
}

/// A recurrence pattern that was checked. Its `Display` is the canonical text to store; parsing
/// that text gives the same pattern again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recurrence {
    /// One of the named patterns.
    Keyword(Keyword),
    /// An RFC 5545 recurrence rule.
    Rule(Box<Rule>),
}

impl Recurrence {
    /// Reads `daily`, `weekly`, `monthly`, `yearly`, `weekdays` or an RFC 5545 RRULE value, with or
    /// without `RRULE:` before it, in any case.
    ///
    /// # Errors
    /// What RFC 5545 section 3.3.10 forbids, `SECONDLY` and `MINUTELY`, more than 24 times a day,
    /// and dates that no year has.
    pub fn parse(pattern: &str) -> Result<Self, RecurrenceError> {
        let pattern = pattern.trim();
        for (name, keyword) in Keyword::ALL {
            if pattern.eq_ignore_ascii_case(name) {
                return Ok(Self::Keyword(keyword));
            }
        }
        Ok(Self::Rule(Box::new(parse::rule(pattern)?)))
    }

    /// The first occurrence later than `after`, of those that begin at `anchor` (local time in `tz`).
    ///
    /// Wall-clock time is kept over DST changes as [`to_utc`] says. `None` when the rule has ended
    /// or no occurrence is found within the work limit.
    #[must_use]
    pub fn next_after(
        &self,
        anchor: NaiveDateTime,
        after: DateTime<Utc>,
        tz: Tz,
    ) -> Option<DateTime<Utc>> {
        let rule = self.rule(anchor);
        let anchor = expand::skip_ahead(&rule, anchor, after);
        expand::occurrences(&rule, anchor, tz).find(|at| *at > after)
    }

    /// The occurrences from `anchor` on (local time in `tz`), each later than the one before. The
    /// anchor itself is among them only when it fits the rule.
    pub fn occurrences(
        &self,
        anchor: NaiveDateTime,
        tz: Tz,
    ) -> impl Iterator<Item = DateTime<Utc>> + use<> {
        expand::occurrences(&self.rule(anchor), anchor, tz)
    }

    /// The pattern in plain English: "every other Tuesday", "on the last Friday of each month".
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::Keyword(Keyword::Daily) => "every day".into(),
            Self::Keyword(Keyword::Weekly) => "every week".into(),
            Self::Keyword(Keyword::Monthly) => "every month".into(),
            Self::Keyword(Keyword::Yearly) => "every year".into(),
            Self::Keyword(Keyword::Weekdays) => "every weekday".into(),
            Self::Rule(rule) => describe::rule(rule),
        }
    }

    fn rule(&self, anchor: NaiveDateTime) -> Rule {
        match self {
            Self::Rule(rule) => (**rule).clone(),
            Self::Keyword(keyword) => Rule::for_keyword(*keyword, anchor.date()),
        }
    }
}

impl fmt::Display for Recurrence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keyword(keyword) => Keyword::ALL
                .iter()
                .find(|(_, one)| one == keyword)
                .map_or(Ok(()), |(name, _)| f.write_str(name)),
            Self::Rule(rule) => rule.fmt(f),
        }
    }
}

impl FromStr for Recurrence {
    type Err = RecurrenceError;

    fn from_str(pattern: &str) -> Result<Self, Self::Err> {
        Self::parse(pattern)
    }
}
