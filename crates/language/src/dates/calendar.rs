//! Dates: ISO and slashed figures, months with days, weekdays, ordinals, quarters, years, holidays,
//! and how they go together ("Tuesday the 19th of next month").

use std::rc::Rc;

use chrono::NaiveDate;

use super::Grain;
use super::days::{Days, Portion, containing};
use super::holidays;
use super::parser::{Parse, Parser, longer};
use super::words;

/// What a date says, as a set of flags: two dates that say the same thing do not go together.
pub(super) mod says {
    pub(in super::super) const YEAR: u16 = 1;
    pub(in super::super) const QUARTER: u16 = 2;
    pub(in super::super) const MONTH: u16 = 4;
    pub(in super::super) const WEEK: u16 = 8;
    pub(in super::super) const MONTH_DAY: u16 = 16;
    pub(in super::super) const WEEKDAY: u16 = 32;
    pub(in super::super) const HOLIDAY: u16 = 64;
    /// It is one day by itself: "tomorrow".
    pub(in super::super) const DAY: u16 = 128;
}

/// A date as it was said.
#[derive(Debug, Clone)]
pub(super) struct Date {
    pub days: Rc<Days>,
    pub says: u16,
    /// The words mean other things as well: something beside them must say that it is a date.
    pub weak: bool,
    /// The usual due day is the last ("end of the month"), not the first.
    pub due_last: bool,
}

impl Date {
    pub(super) fn new(days: Days, says: u16) -> Self {
        let due_last = matches!(days, Days::Portion(Portion::End, _));
        Self {
            days: Rc::new(days),
            says,
            weak: false,
            due_last,
        }
    }

    pub(super) fn weak(self) -> Self {
        Self { weak: true, ..self }
    }

    pub(super) fn fixed(first: NaiveDate, grain: Grain, says: u16) -> Option<Self> {
        Some(Self::new(
            Days::Fixed(containing(first, grain)?, grain),
            says,
        ))
    }

    /// Both, when they say different things and some day is both.
    pub(super) fn and(&self, other: &Self, today: NaiveDate) -> Option<Self> {
        if self.says & other.says != 0 || self.due_last || other.due_last {
            return None;
        }
        let absolute = says::DAY | says::HOLIDAY;
        if self.says & absolute != 0
            && other.says & !(says::YEAR | says::WEEKDAY | says::MONTH | says::WEEK) != 0
            && other.says & says::DAY == 0
        {
            return None;
        }
        let (outer, inner) = if self.days.grain() >= other.days.grain() {
            (self, other)
        } else {
            (other, self)
        };
        let days = Days::Both(outer.days.clone(), inner.days.clone());
        days.next(today).or_else(|| days.prev(today))?;
        Some(Self::new(days, self.says | other.says))
    }
}

/// How deep "the first Monday of the last week of …" may go.
const DEPTH: u32 = 3;

impl Parser<'_> {
    /// A date: one expression or several that together name it.
    pub(super) fn date(&self, at: usize) -> Parse<Date> {
        self.date_within(at, DEPTH)
    }

    pub(super) fn date_within(&self, at: usize, depth: u32) -> Parse<Date> {
        if let Some(read) = self.dates_read.borrow().get(&(at, depth)) {
            return read.clone();
        }
        let read = self.read_date(at, depth);
        self.dates_read
            .borrow_mut()
            .insert((at, depth), read.clone());
        read
    }

    fn read_date(&self, at: usize, depth: u32) -> Parse<Date> {
        let (mut end, mut date) = self.one_date(at, depth)?;
        for _ in 0..4 {
            let Some((after, more)) = self.more_date(end, depth, &date) else {
                break;
            };
            end = after;
            date = more;
        }
        Some((end, date))
    }

    fn more_date(&self, at: usize, depth: u32, date: &Date) -> Parse<Date> {
        let mut next = at;
        if self.is_sign(next, ',') || (self.is_sign(next, '.') && self.is_tight(next)) {
            next += 1;
        }
        next = self.past(next, &["of", "in", "on"]);
        if next > at && self.is_sign(at, '.') && next == at + 1 && self.is_end(at) {
            // A full stop ends a sentence unless it shortens a weekday: "mon. feb 18".
            if date.says != says::WEEKDAY {
                return None;
            }
        }
        let (end, other) = self.one_date(next, depth)?;
        // "monday march to the store", "friday may I": a weak word after a comma or nothing needs
        // more than itself.
        if other.weak
            && end == next + 1
            && self.word(next).is_some()
            && next == at
            && date.says == says::WEEKDAY
        {
            return None;
        }
        Some((end, date.and(&other, self.today)?))
    }

    /// One date expression: the longest that a rule reads.
    fn one_date(&self, at: usize, depth: u32) -> Parse<Date> {
        let plain = match self.tokens.get(at)?.kind {
            super::token::Kind::Number { .. } => [
                self.iso_date(at),
                self.slashed_date(at),
                self.figures_first(at),
            ]
            .into_iter()
            .fold(None, longer),
            super::token::Kind::Word(_) => [
                self.month_first(at),
                self.weekday_date(at),
                self.ordinal_day(at),
                self.holiday(at),
                self.named_quarter(at),
                self.year_in_words(at),
            ]
            .into_iter()
            .fold(None, longer),
            super::token::Kind::Sign(_) => return None,
        };
        longer(plain, self.relative_date(at, depth))
    }

    /// "Tuesday", "mon.".
    fn weekday_date(&self, at: usize) -> Parse<Date> {
        let word = self.word(at)?;
        let weekday = words::weekday(word)?;
        let date = Date::new(Days::Weekday(weekday), says::WEEKDAY);
        Some((
            at + 1,
            if words::is_everyday(word) {
                date.weak()
            } else {
                date
            },
        ))
    }

    /// A weekday, holiday or month (with its day) by name.
    pub(super) fn plain_name(&self, at: usize) -> Parse<Date> {
        longer(
            self.weekday_date(at),
            longer(self.holiday(at), self.month_first(at)),
        )
    }

    /// "the 15th", "20th", "20th day", "twenty first".
    pub(super) fn ordinal_day(&self, at: usize) -> Parse<Date> {
        let start = self.past(at, &["the"]);
        let (end, (day, ordinal)) = self.day_number(start)?;
        let of_month = self.words(end, &["day", "of"]) || self.is_word(end, "of");
        if !ordinal && !of_month {
            return None;
        }
        let end = if self.words(end, &["day", "of"]) {
            end + 1
        } else {
            end
        };
        Some((
            end,
            Date::new(Days::DayOfMonth(day), says::MONTH_DAY).weak(),
        ))
    }

    /// "4th quarter 2018", "the 3rd qtr of 2018", "Q4".
    fn named_quarter(&self, at: usize) -> Parse<Date> {
        let start = self.past(at, &["the"]);
        if self.is_word(start, "q")
            && let Some((quarter @ 1..=4, 1)) = self.digits(start + 1)
            && self.is_tight(start + 1)
        {
            return Some((start + 2, Date::new(Days::Quarter(quarter), says::QUARTER)));
        }
        None
    }

    /// A holiday's name, with "day" or without.
    fn holiday(&self, at: usize) -> Parse<Date> {
        let start = self.past(at, &["the"]);
        if self.holiday_starts.get(start) != Some(&true) {
            return None;
        }
        (1..=8).rev().find_map(|count| {
            // Hyphens and dots join a name's words: "Eid al-Fitr", "MLK Jr. day".
            let mut words = Vec::new();
            let mut next = start;
            while words.len() < count {
                if !words.is_empty() && matches!(self.sign(next), Some('-' | '.' | '\'')) {
                    next += 1;
                }
                words.push(self.word(next)?);
                next += 1;
            }
            if self.is_word(next - 1, "the") || self.is_word(next - 1, "of") {
                return None;
            }
            let key = holidays::key(words.iter().copied());
            let date = Date::new(Days::Holiday(holidays::named(&key)?), says::HOLIDAY);
            let plain_word = matches!(
                key.as_str(),
                "lent" | "asumption" | "epiphany" | "rakhi" | "padwa"
            );
            Some((next, if plain_word { date.weak() } else { date }))
        })
    }
}
