//! Times told from now ("in 3 days", "2 hours ago", "next 5 minutes") and time stamps in full.

use chrono::{NaiveDate, NaiveDateTime, TimeDelta};

use super::calendar::Date;
use super::days::{add_days, add_months};
use super::duration::Length;
use super::parser::{Parse, Parser};
use super::{DateSpan, Grain};

/// A time told from now: "in 3 days".
#[derive(Debug, Clone)]
pub(super) struct Relative {
    /// What it means alone.
    pub span: DateSpan,
    /// The day, week, month or year that it falls in.
    pub unit: Option<Date>,
}

impl Parser<'_> {
    /// `now` moved by a length: hours on the line of instants, days and months on the calendar.
    pub(super) fn moved(&self, length: Length) -> Option<NaiveDateTime> {
        let date = add_days(
            add_months(self.today, length.months)?,
            i64::from(length.days),
        )?;
        if length.seconds == 0 {
            return Some(date.and_time(self.local.time()));
        }
        let start = if length.months == 0 && length.days == 0 {
            self.now.to_utc()
        } else {
            recurrence::to_utc(date.and_time(self.local.time()), self.now.timezone())
        };
        let at = start.checked_add_signed(TimeDelta::try_seconds(length.seconds)?)?;
        Some(at.with_timezone(&self.now.timezone()).naive_local())
    }

    /// "in 3 days", "2 hours from now", "a week ago", "now".
    pub(super) fn relative_to_now(&self, at: usize) -> Parse<Relative> {
        if let Some(end) = self.now_words(at) {
            let span = DateSpan {
                start: self.local,
                end: None,
                grain: Grain::Second,
            };
            return Some((end, Relative { span, unit: None }));
        }
        if self.is_one_of(at, &["in", "after", "within"]) {
            let fillers = [
                "about",
                "around",
                "approximately",
                "just",
                "exactly",
                "another",
                "like",
                "maybe",
                "roughly",
            ];
            let start = self.past(self.past(at + 1, &fillers), &["the"]);
            let start = if start > at + 1 && self.is_word(start - 1, "the") {
                self.past(start, &["next"])
            } else {
                start
            };
            let (end, length) = self.length(start)?;
            // "after a week day", "in 5 minute intervals"
            if self.is_word(at, "after") && self.digits(start).is_none() && !self.is_end(end) {
                return None;
            }
            let end = if self.is_sign(end, '\'') && self.is_word(end + 1, "time") {
                end + 2
            } else {
                self.past(end, &["time"])
            };
            let end = if self.words(end, &["from", "now"]) {
                end + 2
            } else {
                end
            };
            if self.is_word(at, "within") {
                let to = self.moved(length)?;
                let span = DateSpan {
                    start: self.local,
                    end: Some(to),
                    grain: Grain::Second,
                };
                return Some((end, Relative { span, unit: None }));
            }
            return Some((end, self.told_from_now(length)?));
        }
        if let Some((end, span)) = self.seconds_around(at) {
            return Some((end, Relative { span, unit: None }));
        }
        let (after, length) = self.length(at)?;
        match self.word(after)? {
            "hence" => Some((after + 1, self.told_from_now(length)?)),
            "from" if self.is_one_of(after + 1, &["now", "here"]) => {
                Some((after + 2, self.told_from_now(length)?))
            }
            "from" if self.words(after + 1, &["right", "now"]) => {
                let span = DateSpan {
                    start: self.moved(length)?,
                    end: None,
                    grain: Grain::Second,
                };
                Some((after + 3, Relative { span, unit: None }))
            }
            "ago" => Some((after + 1, self.told_from_now(length.negated())?)),
            "back" if self.is_end(after + 1) && at > 0 && self.is_word(at - 1, "about") => {
                Some((after + 1, self.told_from_now(length.negated())?))
            }
            _ => None,
        }
    }

    /// "next 3 minutes", "the last two hours", "the next hour".
    pub(super) fn seconds_around(&self, at: usize) -> Parse<DateSpan> {
        let start = self.past(at, &["the"]);
        let ahead = match self.word(start)? {
            "next" | "coming" | "following" => true,
            "last" | "past" | "previous" => false,
            _ => return None,
        };
        let counted = self
            .length(start + 1)
            .map(|(end, length)| (end, length, true));
        let (end, length, counted) = counted.or_else(|| {
            let grain = super::words::unit(self.word(start + 1)?)?;
            Some((start + 2, Length::of(1, grain)?, false))
        })?;
        if length.terse || length.grain > Grain::Hour || length.months != 0 || length.days != 0 {
            return None;
        }
        let this = super::resolve::floor(self.local, length.grain)?;
        let one = TimeDelta::try_seconds(Length::of(1, length.grain)?.seconds)?;
        let whole = TimeDelta::try_seconds(length.seconds)?;
        let (from, to) = if ahead {
            let next = this.checked_add_signed(one)?;
            (next, next.checked_add_signed(whole)?)
        } else {
            (this.checked_sub_signed(whole)?, this)
        };
        let span = DateSpan {
            start: from,
            end: counted.then_some(to),
            grain: length.grain,
        };
        Some((end, span))
    }

    pub(super) fn now_words(&self, at: usize) -> Option<usize> {
        match self.word(at)? {
            "now" if self.words(at + 1, &["and", "then"]) => None,
            "now" if self.is_word(at + 1, "on") && self.is_word(at.checked_sub(1)?, "from") => None,
            // Not the machine.
            "atm" if at > 0 && self.is_one_of(at - 1, &["the", "an", "my", "this", "that"]) => None,
            "now" | "atm" => Some(at + 1),
            "right" | "just" if self.is_word(at + 1, "now") => Some(at + 2),
            "at" if self.words(at + 1, &["the", "moment"]) => Some(at + 3),
            "immediately" => Some(at + 1),
            _ => None,
        }
    }

    /// Said in one unit, a time told from now is exact to the unit below.
    pub(super) fn told_from_now(&self, length: Length) -> Option<Relative> {
        let at = self.moved(length)?;
        let grain = match length.grain {
            Grain::Second | Grain::Minute => Grain::Second,
            Grain::Hour => Grain::Minute,
            Grain::Day => Grain::Hour,
            Grain::Week | Grain::Month => Grain::Day,
            Grain::Quarter | Grain::Year => Grain::Month,
        };
        let unit = if length.seconds == 0 {
            Some(self.unit_ahead(length.months, length.days, length.grain)?)
        } else {
            None
        };
        let span = DateSpan {
            start: super::resolve::floor(at, grain)?,
            end: None,
            grain,
        };
        Some(Relative { span, unit })
    }

    /// RFC 3339, or ISO 8601 without its zone: "2026-03-04T10:00:00Z", "2026-03-04 10:00".
    pub(super) fn timestamp(&self, at: usize) -> Parse<DateSpan> {
        let (end, date) = self.iso_day(at)?;
        let time_at = if self.is_word(end, "t") && self.is_tight(end) {
            end + 1
        } else if self.digits(end).is_some() && !self.is_tight(end) {
            end
        } else {
            return None;
        };
        let (hour, 2) = self.digits(time_at)? else {
            return None;
        };
        let (minute, 2) = self.digits(time_at + 2)? else {
            return None;
        };
        if !self.is_sign(time_at + 1, ':') {
            return None;
        }
        let mut end = time_at + 3;
        let mut second = 0;
        let mut grain = Grain::Minute;
        if self.is_sign(end, ':')
            && let Some((value, 2)) = self.digits(end + 1)
        {
            second = value;
            grain = Grain::Second;
            end += 2;
            if self.is_sign(end, '.')
                && self.is_tight(end)
                && self.is_tight(end + 1)
                && self.digits(end + 1).is_some()
            {
                end += 2;
            }
        }
        let local = date.and_hms_opt(hour, minute, second)?;
        let mut start = local;
        let in_zone = |offset: i64| {
            let utc = local
                .checked_sub_signed(TimeDelta::try_minutes(offset)?)?
                .and_utc();
            Some(utc.with_timezone(&self.now.timezone()).naive_local())
        };
        if self.is_word(end, "z") && self.is_tight(end) {
            start = in_zone(0)?;
            end += 1;
        } else if let Some(sign @ ('+' | '-')) = self.sign(end)
            && self.is_tight(end)
            && let Some((hours, 2)) = self.digits(end + 1)
            && self.is_sign(end + 2, ':')
            && let Some((minutes, 2)) = self.digits(end + 3)
        {
            let offset = i64::from(hours * 60 + minutes);
            start = in_zone(if sign == '-' { -offset } else { offset })?;
            end += 4;
        } else if let (after, Some(minutes)) = self.zone(end) {
            start = in_zone(i64::from(minutes))?;
            end = after;
        }
        Some((
            end,
            DateSpan {
                start,
                end: None,
                grain,
            },
        ))
    }

    pub(super) fn iso_day(&self, at: usize) -> Parse<NaiveDate> {
        let (year, 4) = self.digits(at)? else {
            return None;
        };
        let (month, 2) = self.digits(at + 2)? else {
            return None;
        };
        let (day, 2) = self.digits(at + 4)? else {
            return None;
        };
        if !self.is_sign(at + 1, '-') || !self.is_sign(at + 3, '-') {
            return None;
        }
        let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
        Some((at + 5, date))
    }
}
