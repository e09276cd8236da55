//! Dates told from another: "tomorrow", "next week", "the last Friday of October", "a week from
//! Tuesday", "the end of the month", "the day after Easter".

use std::rc::Rc;

use chrono::{Datelike, NaiveDate, Weekday};

use super::Grain;
use super::calendar::{Date, says};
use super::days::{Days, Portion, add_days, add_months, containing, step};
use super::parser::{Parse, Parser, longer};
use super::words;

fn says_of(grain: Grain) -> u16 {
    match grain {
        Grain::Year => says::YEAR,
        Grain::Quarter => says::QUARTER | says::YEAR,
        Grain::Month => says::MONTH | says::YEAR,
        Grain::Week => says::WEEK,
        _ => says::DAY,
    }
}

/// Which of the units around now.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Which {
    Last,
    This,
    Next,
    /// "upcoming": as `Next`, but with a number it is that many ahead.
    Upcoming,
}

const LATER: [&str; 12] = [
    "this",
    "current",
    "next",
    "coming",
    "upcoming",
    "following",
    "last",
    "past",
    "previous",
    "closest",
    "nearest",
    "prior",
];

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

    /// "today", "tomorrow", "the day after tomorrow", "the weekend".
    fn named_day(&self, at: usize) -> Parse<Date> {
        let start = self.past(at, &["the"]);
        let day = |end: usize, offset: i64| {
            let date = add_days(self.today, offset)?;
            Some((end, Date::fixed(date, Grain::Day, says::DAY)?))
        };
        match self.word(start)? {
            "day" if self.words(start + 1, &["after", "tomorrow"]) => day(start + 3, 2),
            "day" if self.words(start + 1, &["before", "yesterday"]) => day(start + 3, -2),
            "today" => day(start + 1, 0),
            "tomorrow" => day(start + 1, 1),
            "yesterday" => day(start + 1, -1),
            "weekend" | "weekends" => {
                Some((start + 1, Date::new(Days::Weekend, says::WEEK).weak()))
            }
            "week"
                if self.is_word(start + 1, "end")
                    || (self.is_sign(start + 1, '-') && self.is_word(start + 2, "end")) =>
            {
                let end = if self.is_word(start + 1, "end") {
                    start + 2
                } else {
                    start + 3
                };
                (!self.is_word(end, "of"))
                    .then(|| (end, Date::new(Days::Weekend, says::WEEK).weak()))
            }
            "eom" | "bom" | "eoy" | "boy" | "eow" | "eoq" => {
                let (portion, grain) = match self.word(start)? {
                    "eom" => (Portion::End, Grain::Month),
                    "bom" => (Portion::Beginning, Grain::Month),
                    "eoy" => (Portion::End, Grain::Year),
                    "eow" => (Portion::End, Grain::Week),
                    "eoq" => (Portion::End, Grain::Quarter),
                    _ => (Portion::Beginning, Grain::Year),
                };
                let whole = Days::Fixed(containing(self.today, grain)?, grain);
                let date = Date::new(Days::Portion(portion, Rc::new(whole)), says_of(grain));
                // Boys are more common than beginnings of years.
                let is_boy = self.is_word(start, "boy");
                Some((start + 1, if is_boy { date.weak() } else { date }))
            }
            "spring" | "summer" | "autumn" | "fall" | "winter" => {
                let season = self.season(start)?;
                Some((
                    start + 1,
                    Date::new(Days::Season(season), says::QUARTER).weak(),
                ))
            }
            _ => None,
        }
    }

    fn season(&self, at: usize) -> Option<u32> {
        Some(match self.word(at)? {
            "spring" => 0,
            "summer" => 1,
            "autumn" | "fall" => 2,
            "winter" => 3,
            _ => return None,
        })
    }

    fn which(&self, at: usize) -> Parse<Which> {
        let which = match self.word(at)? {
            "this" | "current" => {
                let after = self.past(at + 1, &["coming", "upcoming", "current"]);
                let which = if after > at + 1 && !self.is_word(at + 1, "current") {
                    Which::Next
                } else {
                    Which::This
                };
                if self.is_word(at + 1, "past") {
                    return Some((at + 2, Which::Last));
                }
                return Some((after, which));
            }
            "next" | "following" | "coming" => Which::Next,
            "upcoming" => Which::Upcoming,
            "last" | "past" | "previous" | "prior" => Which::Last,
            _ => return None,
        };
        Some((at + 1, which))
    }

    /// "this week", "next month", "the coming weekend", "last Tuesday", "next three days", "friday
    /// after next".
    fn unit_around(&self, at: usize) -> Parse<Date> {
        let start = self.past(self.past(at, &["the"]), &["around", "about"]);
        if self.is_one_of(at, &["all", "rest"]) || self.is_word(self.past(at, &["the"]), "rest") {
            return self.rest_of(at);
        }
        if let Some((after, (count, which))) = self.counted_which(start) {
            return self.several(after, count, which);
        }
        if let Some((after, which)) = self.which(start) {
            if which == Which::This && self.is_word(start, "this") && self.words(after, &["time"]) {
                return None;
            }
            return longer(self.around(after, which), self.around_named(after, which));
        }
        // "friday after next", "the week after next", "March after next"
        if start != at || !LATER.contains(&self.word(start)?) {
            let (after, date) = self.bare_unit(start)?;
            if self.words(after, &["after", "next"]) {
                let first = date
                    .next(self.today)
                    .filter(|span| span.0 > self.today)
                    .or_else(|| date.next(date.next(self.today)?.1))?;
                let second = date.next(first.1)?;
                let grain = date.grain();
                return Some((
                    after + 2,
                    Date::new(Days::Fixed(second, grain), says_of(grain)),
                ));
            }
        }
        None
    }

    fn bare_unit(&self, at: usize) -> Parse<Days> {
        let word = self.word(at)?;
        let days = if let Some(weekday) = words::weekday(word) {
            Days::Weekday(weekday)
        } else if let Some(month) = words::month(word) {
            Days::Month(month)
        } else if word == "weekend" {
            Days::Weekend
        } else {
            Days::Every(words::unit(word).filter(|grain| *grain >= Grain::Day)?)
        };
        Some((at + 1, days))
    }

    /// "next three", "3 upcoming", "last few".
    fn counted_which(&self, at: usize) -> Parse<(i32, Which)> {
        let count = |at: usize| {
            if self.is_word(at, "few") {
                return Some((at + 1, 3));
            }
            if self.is_one_of(at, &["couple", "pair"]) {
                return Some((self.past(at + 1, &["of"]), 2));
            }
            self.whole(at)
                .and_then(|(end, n)| Some((end, i32::try_from(n).ok()?)))
        };
        if let Some((after, which)) = self.which(at) {
            let (end, n) = count(after)?;
            return Some((end, (n, which)));
        }
        let (after, n) = count(at)?;
        let (end, which) = self.which(after)?;
        (which == Which::Upcoming).then_some((end, (n, which)))
    }

    fn several(&self, at: usize, count: i32, which: Which) -> Parse<Date> {
        let grain = words::unit(self.word(at)?).filter(|grain| *grain >= Grain::Day)?;
        if !(1..=1000).contains(&count) {
            return None;
        }
        let (this, next) = containing(self.today, grain)?;
        let days = match which {
            Which::Upcoming => {
                let first = step(this, grain, count)?;
                Days::Fixed(containing(first, grain)?, grain)
            }
            Which::Next | Which::This => Days::Fixed((next, step(next, grain, count)?), grain),
            Which::Last => Days::Fixed((step(this, grain, -count)?, this), grain),
        };
        Some((at + 1, Date::new(days, says_of(grain))))
    }

    /// "all week", "the rest of the month".
    fn rest_of(&self, at: usize) -> Parse<Date> {
        let start = self.past(at, &["the"]);
        let rest = self.is_word(start, "rest");
        let next = self.past(self.past(start + 1, &["of"]), &["the", "this"]);
        let grain = words::unit(self.word(next)?).filter(|grain| *grain > Grain::Day)?;
        if !rest && next > start + 2 {
            return None;
        }
        let (first, end) = containing(self.today, grain)?;
        let from = if rest { self.today } else { first };
        Some((
            next + 1,
            Date::new(Days::Fixed((from, end), Grain::Day), says_of(grain)),
        ))
    }

    /// The unit before, around or after now.
    fn around(&self, at: usize, which: Which) -> Parse<Date> {
        let word = self.word(at)?;
        let weekend_end = match word {
            "weekend" => Some(at + 1),
            "week" if self.is_sign(at + 1, '-') && self.is_word(at + 2, "end") => Some(at + 3),
            "week" if self.is_word(at + 1, "end") => Some(at + 2),
            _ => None,
        };
        if let Some(end) = weekend_end {
            let coming = Days::Weekend.next(self.today)?;
            let span = match which {
                Which::This | Which::Upcoming => coming,
                // On a weekend, or just before one, the next is not this.
                Which::Next => Days::Weekend
                    .next(coming.1)
                    .filter(|_| {
                        self.today.weekday().num_days_from_monday() >= 4
                            || !self.is_word(at - 1, "coming")
                    })
                    .filter(|_| !self.is_word(at - 1, "coming"))
                    .or(Some(coming))?,
                Which::Last => Days::Weekend.prev(coming.0)?,
            };
            let both = Days::Both(
                Rc::new(Days::Fixed(span, Grain::Week)),
                Rc::new(Days::Weekend),
            );
            return Some((end, Date::new(both, says::WEEK)));
        }
        if word == "season" || word == "seasons" {
            let index = (0..4).find(|season| {
                Days::Season(*season)
                    .next(self.today)
                    .is_some_and(|span| span.0 <= self.today)
            })?;
            let current = Days::Season(index).next(self.today)?;
            let span = match which {
                Which::This => current,
                Which::Next | Which::Upcoming => Days::Season((index + 1) % 4).next(current.1)?,
                Which::Last => Days::Season((index + 3) % 4).prev(current.0)?,
            };
            return Some((
                at + 1,
                Date::new(Days::Fixed(span, Grain::Day), says::QUARTER),
            ));
        }
        let grain = words::unit(word).filter(|grain| *grain >= Grain::Day)?;
        let (this, _) = containing(self.today, grain)?;
        let offset = match which {
            Which::Last => -1,
            Which::This => 0,
            Which::Next | Which::Upcoming => 1,
        };
        let first = step(this, grain, offset)?;
        Some((at + 1, Date::fixed(first, grain, says_of(grain))?))
    }

    /// "next Tuesday", "last March", "this Christmas", "this winter".
    fn around_named(&self, at: usize, which: Which) -> Parse<Date> {
        let (end, days, says) = if let Some(season) = self.season(at) {
            (at + 1, Rc::new(Days::Season(season)), says::QUARTER)
        } else {
            // Only a name, not another "next" or "last".
            if LATER.contains(&self.word(at)?) || self.is_word(at, "the") {
                return None;
            }
            let (end, date) = self.plain_name(at)?;
            (end, date.days, date.says)
        };
        if which == Which::Last && self.is_one_of(end, &["of", "in"]) && says & says::WEEKDAY != 0 {
            return None;
        }
        let span = match which {
            Which::Last => {
                let span = days.prev(self.today)?;
                if span.1 > self.today {
                    days.prev(span.0)?
                } else {
                    span
                }
            }
            Which::This if says & says::WEEKDAY == 0 => days.next(self.today)?,
            Which::Next if says & says::WEEKDAY != 0 => self.next_weekday(&days)?,
            _ => {
                let span = days.next(self.today)?;
                if span.0 <= self.today {
                    days.next(span.1)?
                } else {
                    span
                }
            }
        };
        let grain = days.grain();
        let grain = if span.1 != step(span.0, grain, 1)? {
            Grain::Day
        } else {
            grain
        };
        let is_holiday = says & says::HOLIDAY != 0;
        let date = if is_holiday && which != Which::Last && days.next(self.today) == Some(span) {
            // Its year may still follow: "this Thanksgiving 2014".
            Date {
                days,
                ..Date::new(Days::Every(Grain::Day), says)
            }
        } else {
            Date::new(Days::Fixed(span, grain), says)
        };
        Some((end, date))
    }

    fn next_weekday(&self, days: &Days) -> Option<(NaiveDate, NaiveDate)> {
        let span = days.next(self.today)?;
        if span.0 <= self.today {
            days.next(span.1)
        } else {
            Some(span)
        }
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
        let grain = length.grain;
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
        // "The week of" and the like keep their grain: a day, moved, is a day.
        let _ = grain;
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
