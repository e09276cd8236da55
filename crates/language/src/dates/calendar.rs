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

    /// "2015-03-03", "2014/10/5", "2014-10".
    fn iso_date(&self, at: usize) -> Parse<Date> {
        let (year, 4) = self.digits(at)? else {
            return None;
        };
        let separator = self.sign(at + 1).filter(|sign| matches!(sign, '-' | '/'))?;
        let (month, 1..=2) = self.digits(at + 2)? else {
            return None;
        };
        if !(1000..=2999).contains(&year) || !self.is_tight(at + 1) || !self.is_tight(at + 2) {
            return None;
        }
        let year = i32::try_from(year).ok()?;
        if self.is_sign(at + 3, separator)
            && self.is_tight(at + 3)
            && let Some((day, 1..=2)) = self.digits(at + 4)
            && self.is_tight(at + 4)
        {
            let date = NaiveDate::from_ymd_opt(year, month, day)?;
            return Some((at + 5, Date::fixed(date, Grain::Day, says::DAY)?));
        }
        let first = NaiveDate::from_ymd_opt(year, month, 1)?;
        Some((
            at + 3,
            Date::fixed(first, Grain::Month, says::YEAR | says::MONTH)?,
        ))
    }

    /// "12/24", "3/3/15", "24.12.2026", "2/2013": month first, unless only the day can be.
    fn slashed_date(&self, at: usize) -> Parse<Date> {
        let (first, 1..=2) = self.digits(at)? else {
            return None;
        };
        let separator = self
            .sign(at + 1)
            .filter(|sign| matches!(sign, '/' | '-' | '.'))?;
        let (second, digits) = self.digits(at + 2)?;
        if !self.is_tight(at + 1) || !self.is_tight(at + 2) {
            return None;
        }
        let joined_before = self.is_tight(at)
            && at.checked_sub(1).is_some_and(|before| {
                self.sign(before)
                    .is_some_and(|sign| !matches!(sign, '(' | '"' | ','))
            });
        if joined_before {
            return None;
        }
        if digits == 4 && separator == '/' {
            let year = i32::try_from(second)
                .ok()
                .filter(|year| (1900..2200).contains(year))?;
            let first = NaiveDate::from_ymd_opt(year, first, 1)?;
            return Some((
                at + 3,
                Date::fixed(first, Grain::Month, says::YEAR | says::MONTH)?,
            ));
        }
        if digits > 2 {
            return None;
        }
        let day_first = separator == '.' || first > 12;
        let (month, day) = if day_first && second <= 12 {
            (second, first)
        } else {
            (first, second)
        };
        if self.is_sign(at + 3, separator)
            && self.is_tight(at + 3)
            && self.is_tight(at + 4)
            && let Some((year, digits @ (2 | 4))) = self.digits(at + 4)
        {
            if separator == '.' && digits != 4 {
                return None;
            }
            let year = i32::try_from(if digits == 2 { 2000 + year } else { year }).ok()?;
            let date = NaiveDate::from_ymd_opt(year, month, day)?;
            return Some((at + 5, Date::fixed(date, Grain::Day, says::DAY)?));
        }
        // A leap year has every day.
        NaiveDate::from_ymd_opt(2000, month, day)?;
        let fraction = first < second && second <= 4;
        if separator != '/'
            || (self.is_sign(at + 3, '/') && self.is_tight(at + 3))
            || (first, second) == (24, 7)
        {
            return None;
        }
        let date = Date::new(
            Days::Both(Rc::new(Days::Month(month)), Rc::new(Days::DayOfMonth(day))),
            says::MONTH | says::MONTH_DAY,
        );
        let unit_follows = self.is_one_of(
            at + 3,
            &[
                "cup", "cups", "of", "h", "hour", "hours", "a", "lb", "tsp", "tbsp", "kg", "liter",
                "pint", "price",
            ],
        );
        if unit_follows {
            return None;
        }
        Some((
            at + 3,
            if fraction || day_first {
                date.weak()
            } else {
                date
            },
        ))
    }

    /// What begins with a number: "15 of february", "14april 2015", "1st of March", "3rd qtr",
    /// "2018Q4", "20th", "1-8 september".
    fn figures_first(&self, at: usize) -> Parse<Date> {
        let (value, digits) = self.digits(at)?;
        if self.is_one_of(at + 1, &["q"])
            && let Some((quarter @ 1..=4, 1)) = self.digits(at + 2)
        {
            let year = match digits {
                4 => value,
                2 => 2000 + value,
                _ => return None,
            };
            let year = i32::try_from(year).ok()?;
            let date = Days::Both(Rc::new(Days::Year(year)), Rc::new(Days::Quarter(quarter)));
            return Some((at + 3, Date::new(date, says::YEAR | says::QUARTER)));
        }
        longer(
            self.day_month(at),
            longer(self.ordinal_day(at), self.year(at)),
        )
    }

    /// A day's number: "15", "15th", "fifteenth", "twenty first"; and whether it is an ordinal.
    pub(super) fn day_number(&self, at: usize) -> Parse<(u32, bool)> {
        if let Some((value @ 1..=31, 1..=2)) = self.digits(at) {
            let ordinal =
                self.is_tight(at + 1) && self.is_one_of(at + 1, &["st", "nd", "rd", "th"]);
            return Some((at + 1 + usize::from(ordinal), (value, ordinal)));
        }
        let word = self.word(at)?;
        if let Some(value) = words::ordinal(word) {
            return Some((at + 1, (value, true)));
        }
        let tens = words::tens(word).filter(|tens| *tens <= 30)?;
        let after = if self.is_sign(at + 1, '-') {
            at + 2
        } else {
            at + 1
        };
        let ones = self
            .word(after)
            .and_then(words::ordinal)
            .filter(|ones| *ones < 10)?;
        (tens + ones <= 31).then_some((after + 1, (tens + ones, true)))
    }

    /// "15 february", "the first of march 2014", "13th to the 15th of July".
    fn day_month(&self, at: usize) -> Parse<Date> {
        let (after, (day, ordinal)) = self.day_number(self.past(at, &["the"]))?;
        let range = self.range_end(after);
        let (after, last) = match range {
            Some((after, (last, _))) => (after, Some(last)),
            None => (after, None),
        };
        let of = self.words(after, &["day", "of"]).then_some(after + 2);
        let month_at = self.past(of.unwrap_or(after), &["of", "in"]);
        let month_at = if self.is_sign(month_at, '-') && month_at == after {
            month_at + 1
        } else {
            month_at
        };
        let word = self.word(month_at)?;
        let month = words::month(word)?;
        // "3 may" and "2 march" can be counts of something only before other words.
        if !ordinal
            && month_at == after
            && words::is_everyday(word)
            && self.is_word(month_at + 1, "to")
        {
            return None;
        }
        let dot = usize::from(
            self.is_sign(month_at + 1, '.')
                && self.is_tight(month_at + 1)
                && word.len() <= 4
                && !self.is_end(month_at + 2),
        );
        let end = month_at + 1 + dot;
        self.with_year(end, month, day, last, ordinal || month_at > after)
    }

    /// "march 3", "Feb13", "April 14th, 2015", "October 2014", "July 13 through 15".
    fn month_first(&self, at: usize) -> Parse<Date> {
        if self.is_word(at, "ides") && self.is_word(at + 1, "of") {
            let month = words::month(self.word(at + 2)?)?;
            return self.with_year(at + 3, month, 15, None, true);
        }
        let word = self.word(at)?;
        let month = words::month(word)?;
        let mut after = at + 1;
        if self.is_sign(after, '.')
            && self.is_tight(after)
            && word.len() <= 4
            && self.digits(after + 1).is_some()
        {
            after += 1;
        }
        let day_at = self.past(after, &["the"]);
        let plain_month = {
            let date = Date::new(Days::Month(month), says::MONTH);
            (
                at + 1,
                if words::is_everyday(word) {
                    date.weak()
                } else {
                    date
                },
            )
        };
        if let Some((day_end, (day, ordinal))) = self.day_number(day_at) {
            let is_clock = self.is_tight(day_end) && self.is_sign(day_end, ':')
                || (!ordinal
                    && (self.is_one_of(day_end, &["am", "pm", "oclock"])
                        || (self.is_tight(day_end) && self.is_one_of(day_end, &["a", "p", "h"]))));
            let counts = !ordinal && self.word(day_end).and_then(words::unit).is_some()
                || self.is_one_of(day_end, &["times", "people"]);
            let spelled = self.word(day_at).is_some()
                && day_at == after
                && words::is_everyday(word)
                && day == 2;
            if !is_clock && !counts && !spelled {
                let (end, last) = match self.range_end(day_end) {
                    Some((end, (last, _))) if last > day => (end, Some(last)),
                    _ => (day_end, None),
                };
                return self.with_year(end, month, day, last, false);
            }
        }
        let year_at = if self.is_sign(after, ',') {
            after + 1
        } else {
            self.past(after, &["of", "in"])
        };
        match self.full_year(year_at) {
            Some((end, year)) => {
                let days = Days::Both(Rc::new(Days::Year(year)), Rc::new(Days::Month(month)));
                Some((end, Date::new(days, says::YEAR | says::MONTH)))
            }
            None => Some(plain_month),
        }
    }

    /// "to the 15th", "- 15", "through 15" behind a day.
    fn range_end(&self, at: usize) -> Parse<(u32, bool)> {
        let to = if self.is_sign(at, '-') || self.is_one_of(at, &["to", "through", "until"]) {
            at + 1
        } else {
            return None;
        };
        let (end, day) = self.day_number(self.past(to, &["the"]))?;
        let clock =
            self.is_tight(end) && self.is_sign(end, ':') || self.is_one_of(end, &["am", "pm"]);
        (!clock).then_some((end, day))
    }

    fn with_year(
        &self,
        at: usize,
        month: u32,
        day: u32,
        last: Option<u32>,
        short: bool,
    ) -> Parse<Date> {
        NaiveDate::from_ymd_opt(2000, month, day)?;
        let on = |day| {
            Rc::new(Days::Both(
                Rc::new(Days::Month(month)),
                Rc::new(Days::DayOfMonth(day)),
            ))
        };
        let days = match last {
            Some(last) => {
                NaiveDate::from_ymd_opt(2000, month, last)?;
                Rc::new(Days::Through(on(day), on(last)))
            }
            None => on(day),
        };
        let all = says::MONTH | says::MONTH_DAY;
        let comma = if self.is_sign(at, ',') {
            at + 1
        } else {
            self.past(at, &["of", "in"])
        };
        let year = self.full_year(comma).or_else(|| {
            // "14th April 15"
            let (year, 2) = self.digits(at)? else {
                return None;
            };
            let ends = self.is_end(at + 1) && !self.is_sign(at + 1, ':');
            (short && year > 12 && ends).then_some((at + 1, 2000 + i32::try_from(year).ok()?))
        });
        match year {
            Some((end, year)) => {
                let days = Days::Both(Rc::new(Days::Year(year)), days);
                Some((end, Date::new(days, all | says::YEAR)))
            }
            None => Some((
                at,
                Date {
                    days,
                    ..Date::new(Days::Month(month), all)
                },
            )),
        }
    }

    /// A year in four digits, or in words: "two thousand eighteen".
    pub(super) fn full_year(&self, at: usize) -> Parse<i32> {
        if let Some((year, 4)) = self.digits(at) {
            let clock =
                self.is_tight(at + 1) && (self.is_sign(at + 1, ':') || self.is_word(at + 1, "h"));
            return (!clock && (1900..2200).contains(&year))
                .then_some((at + 1, i32::try_from(year).ok()?));
        }
        if self.words(at, &["two", "thousand"]) {
            let more = self.past(at + 2, &["and"]);
            return match self.whole(more) {
                Some((end, rest @ 1..=99)) if self.word(more).is_some() => {
                    Some((end, 2000 + i32::try_from(rest).ok()?))
                }
                _ => Some((at + 2, 2000)),
            };
        }
        if self.is_one_of(at, &["nineteen", "twenty"])
            && let Some((end, rest @ 10..=99)) = self.whole(at + 1)
            && self.word(at + 1).is_some()
        {
            let century = if self.is_word(at, "twenty") {
                2000
            } else {
                1900
            };
            return Some((end, century + i32::try_from(rest).ok()?));
        }
        None
    }

    /// "2014" after something that takes a year; "2014 A.D.", "2014 BC".
    fn year(&self, at: usize) -> Parse<Date> {
        let (value, digits) = self.digits(at)?;
        if digits <= 4 {
            let era = |first: &str, second: &str| {
                let joined = format!("{first}{second}");
                if self.is_word(at + 1, &joined) {
                    return Some(at + 2);
                }
                let dot = usize::from(self.is_sign(at + 2, '.'));
                if self.is_word(at + 1, first) && self.is_word(at + 2 + dot, second) {
                    let end = at + 3 + dot;
                    return Some(end + usize::from(dot == 1 && self.is_sign(end, '.')));
                }
                None
            };
            let year = i32::try_from(value).ok()?;
            if let Some(end) = era("a", "d") {
                return Some((end, Date::new(Days::Year(year), says::YEAR)));
            }
            if let Some(end) = era("b", "c") {
                return Some((end, Date::new(Days::Year(-year), says::YEAR)));
            }
        }
        let (end, year) = self.full_year(at)?;
        Some((end, Date::new(Days::Year(year), says::YEAR).weak()))
    }

    fn year_in_words(&self, at: usize) -> Parse<Date> {
        self.word(at)?;
        let (end, year) = self.full_year(at)?;
        Some((end, Date::new(Days::Year(year), says::YEAR).weak()))
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
    fn ordinal_day(&self, at: usize) -> Parse<Date> {
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
