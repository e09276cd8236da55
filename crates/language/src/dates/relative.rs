//! Dates told from another: "tomorrow", "next week", "the last Friday of October", "a week from
//! Tuesday", "the end of the month", "the day after Easter".

use std::rc::Rc;

use chrono::Weekday;

use super::Grain;
use super::around::LATER;
use super::calendar::{Date, says};
use super::days::{Days, Portion, add_days, add_months, containing};
use super::parser::{Parse, Parser, longer};
use super::words;

pub(super) fn says_of(grain: Grain) -> u16 {
    match grain {
        Grain::Year => says::YEAR,
        Grain::Quarter => says::QUARTER | says::YEAR,
        Grain::Month => says::MONTH | says::YEAR,
        Grain::Week => says::WEEK,
        _ => says::DAY,
    }
}

impl Parser<'_> {
    /// The date that a rule of this file reads at `at`.
    pub(super) fn relative_date(&self, at: usize, depth: u32) -> Parse<Date> {
        let by_day = longer(self.named_day(at), self.unit_around(at));
        if depth == 0 {
            return by_day;
        }
        [
            by_day,
            self.nth_of(at, depth - 1),
            self.portion(at, depth - 1),
            self.counted_from(at, depth - 1),
            self.week_of(at, depth - 1),
            self.closest(at, depth - 1),
        ]
        .into_iter()
        .fold(None, longer)
    }

    /// "the first Monday of this month", "last day of October 2015", "third Tuesday after
    /// Christmas", "2nd last week of October", "third quarter of 2018".
    fn nth_of(&self, at: usize, depth: u32) -> Parse<Date> {
        let start = self.past(at, &["the"]);
        let (after, n) = match self.word(start) {
            Some("last" | "final") => (start + 1, -1),
            _ => {
                let (after, (n, true)) = self.day_number(start)? else {
                    return None;
                };
                let n = i32::try_from(n).ok()?;
                if self.is_word(after, "last") || self.words(after, &["to", "last"]) {
                    (self.past(after, &["to"]) + 1, -n)
                } else {
                    (after, n)
                }
            }
        };
        let word = self.word(after)?;
        let (end, of, of_says) = if let Some(weekday) = words::weekday(word) {
            (after + 1, Days::Weekday(weekday), says::WEEKDAY)
        } else if word == "weekend" {
            (after + 1, Days::Weekend, says::WEEK)
        } else if word == "week" && self.is_sign(after + 1, '-') && self.is_word(after + 2, "end") {
            (after + 3, Days::Weekend, says::WEEK)
        } else if let Some(grain) = words::unit(word).filter(|grain| *grain >= Grain::Day) {
            (after + 1, Days::Every(grain), says_of(grain))
        } else {
            return None;
        };
        let of = Rc::new(of);
        if self.is_one_of(end, &["of", "in", "from"]) {
            let (end, base) = self.month_or_longer(end + 1, depth)?;
            if base.days.grain() <= of.grain() && !base.days.is_interval() {
                return None;
            }
            let days = Days::Nth(n, of, base.days);
            days.next(self.today).or_else(|| days.prev(self.today))?;
            return Some((end, Date::new(days, base.says | of_says | says::MONTH_DAY)));
        }
        if self.is_word(end, "after") && n > 0 {
            let (end, base) = self.date_within(end + 1, depth)?;
            let base_days = self.settled(&base)?;
            return Some((end, Date::new(Days::After(n, of, base_days), says::DAY)));
        }
        if let Days::Every(Grain::Quarter) = *of
            && (1..=4).contains(&n)
        {
            let quarter = Days::Quarter(n.unsigned_abs());
            return Some((end, Date::new(quarter, says::QUARTER)));
        }
        // "first week october", "the last week december": only a month by name.
        if matches!(
            *of,
            Days::Every(Grain::Week | Grain::Day) | Days::Weekday(_)
        ) && self.word(end).and_then(words::month).is_some_and(|_| n > 0)
        {
            let (end, base) = self.month_or_longer(end, depth)?;
            if base.says & says::MONTH_DAY != 0 {
                return None;
            }
            return Some((
                end,
                Date::new(
                    Days::Nth(n, of, base.days),
                    base.says | of_says | says::MONTH_DAY,
                ),
            ));
        }
        None
    }

    /// What "of" may be followed by: a month, quarter, year, week, or a bare "the month".
    fn month_or_longer(&self, at: usize, depth: u32) -> Parse<Date> {
        let unit_at = self.past(at, &["the"]);
        let bare = self
            .word(unit_at)
            .and_then(words::unit)
            .filter(|grain| *grain > Grain::Day);
        if let Some(grain) = bare {
            return Some((
                unit_at + 1,
                Date::new(
                    Days::Fixed(containing(self.today, grain)?, grain),
                    says_of(grain),
                ),
            ));
        }
        if let Some((end, year)) = self.full_year(at) {
            return Some((end, Date::new(Days::Year(year), says::YEAR)));
        }
        self.date_within(at, depth)
    }

    /// "end of the month", "beginning of next week", "early March", "mid 2017".
    fn portion(&self, at: usize, depth: u32) -> Parse<Date> {
        let start = self.past(at, &["the"]);
        let (after, portion) = match self.word(start)? {
            "beginning" | "start" => (start + 1, Portion::Beginning),
            "middle" | "mid" => (start + 1, Portion::Middle),
            "end" => (start + 1, Portion::End),
            "early" => (start + 1, Portion::Beginning),
            "late" => (start + 1, Portion::End),
            _ => return None,
        };
        let adjective = self.is_one_of(start, &["early", "late", "mid"]);
        let after = if self.is_sign(after, '-') {
            after + 1
        } else {
            after
        };
        if !adjective && !self.is_word(after, "of") {
            return None;
        }
        let base_at = self.past(after, &["of"]);
        let (end, base) = self.month_or_longer(self.past(base_at, &["around"]), depth)?;
        if base.days.grain() < Grain::Week || base.days.is_interval() {
            return None;
        }
        let adjective_of_unit = adjective && self.word(end - 1).and_then(words::unit).is_some();
        if adjective_of_unit && base_at == after && !LATER.contains(&self.word(base_at)?) {
            return None;
        }
        let mut date = Date::new(Days::Portion(portion, base.days), base.says | says::DAY);
        date.due_last = portion == Portion::End && !adjective;
        Some((end, date))
    }

    /// "three days after Easter", "a week from Tuesday", "the day before Christmas", "2 Sundays from
    /// now", "the week after next".
    fn counted_from(&self, at: usize, depth: u32) -> Parse<Date> {
        let start = self.past(at, &["the"]);
        // "2 sundays from now"
        if let Some((after, n)) = self.whole(start)
            && let Some(weekday) = self.word(after).and_then(words::weekday)
            && (self.words(after + 1, &["from", "now"])
                || self.words(after + 1, &["from", "today"]))
        {
            let today = Rc::new(Days::Fixed(containing(self.today, Grain::Day)?, Grain::Day));
            let n = i32::try_from(n).ok().filter(|n| (1..=500).contains(n))?;
            return Some((
                after + 3,
                Date::new(
                    Days::After(n, Rc::new(Days::Weekday(weekday)), today),
                    says::DAY,
                ),
            ));
        }
        // "the Friday before Christmas"
        if let Some(weekday) = self.word(start).and_then(words::weekday) {
            let n = match self.word(start + 1)? {
                "after" | "following" => 1,
                "before" | "preceding" => -1,
                _ => return None,
            };
            let (end, base) = self.date_within(start + 2, depth)?;
            if base.weak || base.days.grain() != Grain::Day {
                return None;
            }
            let base_days = self.settled(&base)?;
            let days = Days::After(n, Rc::new(Days::Weekday(weekday)), base_days);
            days.next(self.today).or_else(|| days.prev(self.today))?;
            return Some((end, Date::new(days, says::DAY)));
        }
        // "for 10 days from the 18th" is a length.
        if at
            .checked_sub(1)
            .is_some_and(|before| self.is_word(before, "for"))
        {
            return None;
        }
        let (after, length) = match self.length(start) {
            Some(read) => read,
            None => {
                let grain = words::unit(self.word(start)?).filter(|grain| *grain >= Grain::Day)?;
                (start + 1, super::duration::Length::of(1, grain)?)
            }
        };
        if length.seconds != 0 {
            return None;
        }
        let (sign, from) = match self.word(after)? {
            "after" | "following" => (1, false),
            "from" => (1, true),
            "before" => (-1, false),
            _ => return None,
        };
        if self.is_one_of(after + 1, &["now", "next", "today"]) && !self.is_word(after + 1, "today")
        {
            return None;
        }
        let (end, base) = self.date_within(after + 1, depth)?;
        if base.weak && base.says != says::MONTH_DAY {
            return None;
        }
        let series = base.says & (says::HOLIDAY | says::MONTH) != 0;
        let base_days = if series {
            base.days
        } else {
            self.settled(&base)?
        };
        if base_days.grain() != Grain::Day || base_days.is_interval() && from {
            return None;
        }
        let months = length.months * sign;
        let days = i64::from(length.days) * i64::from(sign);
        let days = Days::Shifted(months, days, base_days);
        days.next(self.today).or_else(|| days.prev(self.today))?;
        Some((end, Date::new(days, says::DAY)))
    }

    /// The occurrence that is meant by now, alone.
    pub(super) fn settled(&self, date: &Date) -> Option<Rc<Days>> {
        if date.says & says::WEEKDAY == 0 {
            return Some(date.days.clone());
        }
        let span = self
            .next_weekday(&date.days)
            .or_else(|| date.days.prev(self.today))?;
        Some(Rc::new(Days::Fixed(span, date.days.grain())))
    }

    /// "the week of October 6th".
    fn week_of(&self, at: usize, depth: u32) -> Parse<Date> {
        let start = self.past(at, &["the"]);
        if !self.words(start, &["week", "of"]) {
            return None;
        }
        let (end, base) = self
            .date_within(self.past(start + 2, &["the"]), depth)
            .or_else(|| self.date_within(start + 2, depth))?;
        let day = base
            .days
            .next(self.today)
            .or_else(|| base.days.prev(self.today))?
            .0;
        Some((end, Date::fixed(day, Grain::Week, says::WEEK)?))
    }

    /// "the closest Monday to Oct 5th", "the 3rd closest xmas to today".
    fn closest(&self, at: usize, depth: u32) -> Parse<Date> {
        let start = self.past(at, &["the"]);
        let (after, n) = match self.day_number(start) {
            Some((after, (n, true))) => (after, usize::try_from(n).ok()?),
            _ => (start, 1),
        };
        if !self.is_one_of(after, &["closest", "nearest"]) {
            return None;
        }
        let (after, what) = self.plain_name(after + 1)?;
        if !self.is_word(after, "to") {
            return None;
        }
        let (end, base) = self.date_within(after + 1, depth)?;
        let center = base.days.next(self.today)?.0;
        let mut found = Vec::new();
        let (mut later, mut earlier) = (center, center);
        for _ in 0..n.min(50) {
            let next = what.days.next(later)?;
            let before = what.days.prev(earlier)?;
            (later, earlier) = (next.1, before.0);
            found.push(next);
            found.push(before);
        }
        found.sort_by_key(|span| (span.0 - center).num_days().abs());
        let span = *found.get(n.checked_sub(1)?)?;
        Some((
            end,
            Date::new(Days::Fixed(span, what.days.grain()), says::DAY),
        ))
    }

    /// The calendar unit that "in 3 years" falls in, for what goes with it ("March in a year").
    pub(super) fn unit_ahead(&self, months: i32, days: i32, grain: Grain) -> Option<Date> {
        let day = add_days(add_months(self.today, months)?, i64::from(days))?;
        Date::fixed(day, grain.max(Grain::Day), says_of(grain.max(Grain::Day)))
    }
}

/// Monday to Friday.
pub(super) const WORKING_DAYS: [Weekday; 5] = [
    Weekday::Mon,
    Weekday::Tue,
    Weekday::Wed,
    Weekday::Thu,
    Weekday::Fri,
];
