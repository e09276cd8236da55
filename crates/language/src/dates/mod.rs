//! Dates, times, durations and repetitions in English, resolved against a moment and a time zone.

mod around;
mod calendar;
mod clock;
mod day_part;
mod days;
mod duration;
mod from_now;
mod holidays;
mod mention;
mod moment;
mod months;
mod parser;
mod relative;
mod repeat;
mod repeat_after;
mod repeat_days;
mod repeat_rule;
mod resolve;
mod sky;
mod support;
mod token;
mod words;

use std::ops::Range;

use chrono::{DateTime, NaiveDateTime};
use chrono_tz::Tz;
use serde::Serialize;

pub(crate) use words::ORDINALS;

use task_model::RecurrenceFrom;

use crate::Due;

/// How exact a time was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Grain {
    /// To the second.
    Second,
    /// To the minute.
    Minute,
    /// To the hour.
    Hour,
    /// To the day.
    Day,
    /// To the week, from Monday.
    Week,
    /// To the month.
    Month,
    /// To the quarter.
    Quarter,
    /// To the year.
    Year,
}

/// A time that a sentence names, in local time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct DateSpan {
    /// Its first moment.
    pub start: NaiveDateTime,
    /// `None` for a point ("tomorrow"); for an interval ("from 2 to 4") the first moment after it.
    pub end: Option<NaiveDateTime>,
    /// How exact it was said.
    pub grain: Grain,
}

/// What a stretch of text means as a time.
#[derive(Debug, Clone, PartialEq)]
pub enum Meaning {
    /// A point or an interval on the time line.
    Time {
        /// Which.
        span: DateSpan,
        /// Only a time of day was said ("at 5"); the date was supplied.
        time_only: bool,
    },
    /// A length of time that is not anchored: "30 minutes", "for two hours", "an hour before".
    Duration {
        /// In seconds (a month counts as 30 days, a year as 365).
        seconds: i64,
        /// Followed by "before", "early", "ahead", "in advance", "prior".
        before: bool,
    },
    /// A repetition: "every other Tuesday", "on the last Friday of each month", "every weekday at 9".
    Repeat {
        /// `daily`, `weekly`, `monthly`, `yearly`, `weekdays`, or an RFC 5545 RRULE (no DTSTART).
        pattern: String,
        /// Its first occurrence after now.
        first: DateSpan,
        /// What the next one is counted from, where that was said: "every 3 days after I finish",
        /// "every! 3 days".
        from: Option<RecurrenceFrom>,
    },
}

/// How a time bounds what is said of it, from its preposition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Bound {
    /// At or in it: "on Friday", "due this week", or no preposition.
    #[default]
    At,
    /// Its end is the limit: "by Friday", "until Friday", "within two weeks".
    By,
    /// Its start is the limit: "before Friday".
    Before,
    /// Later than it: "after Friday", "since Monday".
    After,
}

/// A time found in a text.
#[derive(Debug, Clone, PartialEq)]
pub struct Mention {
    /// The bytes of the text that say it, with their preposition ("on", "by", "at", "for").
    pub range: Range<usize>,
    /// What they mean. The span of "by Friday" and "before Friday" is Friday; `bound` tells them apart.
    pub meaning: Meaning,
    /// How the preposition bounds it.
    pub bound: Bound,
    /// When a to-do that names this is due: the start of a point, a usual hour for a part of a day
    /// ("tomorrow morning" is 09:00), the last day of "end of the month", the first occurrence of a
    /// repetition. `None` for a [`Meaning::Duration`].
    pub due: Option<Due>,
}

/// Every time that the text names, in order, longest reading first, none overlapping.
/// A bare number or a word that is also a name ("may", "march", "second", "sun") counts only with
/// something beside it that says it is a time.
pub fn find(text: &str, now: DateTime<Tz>) -> Vec<Mention> {
    let tokens = token::split(text);
    let parser = parser::Parser::new(&tokens, now);
    let mut mentions = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        match parser.mention(at) {
            Some((end, mention)) => {
                mentions.push(mention);
                at = end;
            }
            None => at += 1,
        }
    }
    mentions
}
