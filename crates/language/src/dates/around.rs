//! The days, weeks, months and seasons around now: "tomorrow", "next week", "last Tuesday".

use std::rc::Rc;

use chrono::NaiveDate;

use super::Grain;
use super::calendar::{Date, says};
use super::days::{Days, Portion, add_days, containing, step};
use super::parser::{Parse, Parser, longer};
use super::relative::says_of;
use super::words;

/// Which of the units around now.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Which {
    Last,
    This,
    Next,
    /// "upcoming": as `Next`, but with a number it is that many ahead.
    Upcoming,
}

pub(super) const LATER: [&str; 12] = [
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
    /// "today", "tomorrow", "the day after tomorrow", "the weekend".
    pub(super) fn named_day(&self, at: usize) -> Parse<Date> {
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
            // "last night": yesterday, and the part of the day follows.
            "last" if self.is_one_of(start + 1, &["night", "evening"]) => day(start + 1, -1),
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
    pub(super) fn unit_around(&self, at: usize) -> Parse<Date> {
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
                Which::Next if self.is_word(at - 1, "coming") => coming,
                Which::Next => Days::Weekend.next(coming.1)?,
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

    pub(super) fn next_weekday(&self, days: &Days) -> Option<(NaiveDate, NaiveDate)> {
        let span = days.next(self.today)?;
        if span.0 <= self.today {
            days.next(span.1)
        } else {
            Some(span)
        }
    }
}
