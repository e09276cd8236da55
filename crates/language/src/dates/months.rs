//! Dates by month: "March 3rd, 2015", "15 of February", "12/24", "2015-03-03", "2018Q4", and years.

use std::rc::Rc;

use chrono::NaiveDate;

use super::Grain;
use super::calendar::{Date, says};
use super::days::Days;
use super::parser::{Parse, Parser, longer};
use super::words;

impl Parser<'_> {
    /// "2015-03-03", "2014/10/5", "2014-10".
    pub(super) fn iso_date(&self, at: usize) -> Parse<Date> {
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
    pub(super) fn slashed_date(&self, at: usize) -> Parse<Date> {
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
    pub(super) fn figures_first(&self, at: usize) -> Parse<Date> {
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
    pub(super) fn day_month(&self, at: usize) -> Parse<Date> {
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
    pub(super) fn month_first(&self, at: usize) -> Parse<Date> {
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
    pub(super) fn range_end(&self, at: usize) -> Parse<(u32, bool)> {
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

    pub(super) fn with_year(
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
    pub(super) fn year(&self, at: usize) -> Parse<Date> {
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

    pub(super) fn year_in_words(&self, at: usize) -> Parse<Date> {
        self.word(at)?;
        let (end, year) = self.full_year(at)?;
        Some((end, Date::new(Days::Year(year), says::YEAR).weak()))
    }
}
