//! From what was said to a span of local time, as people mean it for things to do: ahead of now
//! where the words leave it open.

use chrono::{Datelike, NaiveDate, NaiveDateTime, TimeDelta, TimeZone, Timelike};

use super::calendar::{Date, says};
use super::clock::{Clock, DAY, Hours};
use super::day_part::DayPart;
use super::days::{Span, step};
use super::moment::Moment;
use super::parser::Parser;
use super::{DateSpan, Grain};
use crate::Due;

/// A time on the line, and when what is due then is due.
#[derive(Debug, Clone, Copy)]
pub(super) struct Resolved {
    pub span: DateSpan,
    pub due: Due,
    /// No date was said.
    pub time_only: bool,
}

/// The start of the minute, hour or day that holds `at`; unchanged for what is longer than a month.
pub(super) fn floor(at: NaiveDateTime, grain: Grain) -> Option<NaiveDateTime> {
    match grain {
        Grain::Second => at.with_nanosecond(0),
        Grain::Minute => at.with_nanosecond(0)?.with_second(0),
        Grain::Hour => at.date().and_hms_opt(at.hour(), 0, 0),
        _ => super::days::containing(at.date(), grain)?
            .0
            .and_hms_opt(0, 0, 0),
    }
}

fn midnight(day: NaiveDate) -> NaiveDateTime {
    day.and_time(chrono::NaiveTime::MIN)
}

fn at_seconds(day: NaiveDate, seconds: i64) -> Option<NaiveDateTime> {
    midnight(day).checked_add_signed(TimeDelta::try_seconds(seconds)?)
}

fn grain_seconds(grain: Grain) -> i64 {
    match grain {
        Grain::Second => 1,
        Grain::Minute => 60,
        Grain::Hour => 3600,
        _ => DAY,
    }
}

/// How far off a date without a year must be before the one just past is meant ("Sunday, Feb 10").
const FAR: i64 = 366;
const JUST_PAST: i64 = 183;

impl Parser<'_> {
    /// What a time means now.
    pub(super) fn resolve(&self, moment: &Moment) -> Option<Resolved> {
        let mut resolved = self.resolve_plain(moment)?;
        let years = -9999..=9999;
        if !years.contains(&resolved.span.start.year()) {
            return None;
        }
        if let Some(length) = moment.lasts {
            let start = resolved.span.start;
            let grain = length.grain.min(resolved.span.grain);
            let end = self.plus(start, length)?;
            let inclusive = match grain {
                Grain::Second | Grain::Minute | Grain::Hour => {
                    end.checked_add_signed(TimeDelta::try_seconds(grain_seconds(grain))?)?
                }
                _ => midnight(step(end.date(), Grain::Day, 1)?),
            };
            resolved.span.end = Some(inclusive);
            resolved.span.grain = grain;
        }
        Some(resolved)
    }

    fn plus(&self, start: NaiveDateTime, length: super::duration::Length) -> Option<NaiveDateTime> {
        let date = super::days::add_days(
            super::days::add_months(start.date(), length.months)?,
            i64::from(length.days),
        )?;
        date.and_time(start.time())
            .checked_add_signed(TimeDelta::try_seconds(length.seconds)?)
    }

    fn resolve_plain(&self, moment: &Moment) -> Option<Resolved> {
        if let Some(span) = moment.stamp {
            return Some(point(span, false));
        }
        if let Some(relative) = &moment.relative {
            let mut resolved = point(relative.span, false);
            if let Some(end) = relative.span.end {
                resolved.due.at = end;
            }
            return Some(resolved);
        }
        match moment.hours {
            Some(Hours::At(clock)) => self.at_clock(moment, clock),
            Some(Hours::Between(first, last)) => self.between(moment, first, last),
            None => match (moment.part, &moment.date) {
                (Some(part), date) => self.in_part(part, date.as_ref()),
                (None, Some(date)) => self.on_date(date),
                (None, None) => None,
            },
        }
    }

    /// The occurrence of a date that is meant: the first that is not over, unless the next is far
    /// off and the last was just now. A weekday's name is never today.
    fn day_meant(&self, date: &Date) -> Option<Span> {
        let skip_today = date.says == says::WEEKDAY;
        let mut next = date.days.next(self.today);
        if skip_today && next.is_some_and(|span| span.0 <= self.today) {
            next = date.days.next(next?.1);
        }
        let before = date.days.prev(self.today);
        match (next, before) {
            (Some(next), Some(before))
                if (next.0 - self.today).num_days() > FAR
                    && (self.today - before.0).num_days() <= JUST_PAST
                    && date.says & (says::YEAR | says::HOLIDAY | says::DAY) == 0 =>
            {
                Some(before)
            }
            (Some(next), _) => Some(next),
            (None, before) => before,
        }
    }

    fn on_date(&self, date: &Date) -> Option<Resolved> {
        let (first, end) = self.day_meant(date)?;
        let grain = date.days.grain();
        if date.days.is_weekend() {
            let start = at_seconds(first, 18 * 3600)?;
            let saturday = step(first, Grain::Day, 1)?.max(self.today);
            return Some(Resolved {
                span: DateSpan {
                    start,
                    end: Some(midnight(end)),
                    grain: Grain::Hour,
                },
                due: Due {
                    at: midnight(saturday),
                    grain: Grain::Day,
                },
                time_only: false,
            });
        }
        let span = DateSpan {
            start: midnight(first),
            end: date.days.is_interval().then(|| midnight(end)),
            grain,
        };
        let due = if date.due_last {
            Due {
                at: midnight(end.pred_opt()?),
                grain: Grain::Day,
            }
        } else {
            let due_grain = if span.end.is_some() {
                Grain::Day
            } else {
                grain
            };
            Due {
                at: span.start,
                grain: due_grain,
            }
        };
        Some(Resolved {
            span,
            due,
            time_only: false,
        })
    }

    /// The days that a time of day may be on, the likeliest first.
    fn days_meant(&self, moment: &Moment) -> Option<Vec<NaiveDate>> {
        let Some(date) = &moment.date else {
            let tomorrow = self.today.succ_opt()?;
            if moment.part.is_some_and(|part| part.today) {
                return Some(vec![self.today]);
            }
            return Some(vec![self.today, tomorrow]);
        };
        let first = self.day_meant(date)?;
        let mut days = vec![self.weekend_day(date, first.0)];
        if let Some(later) = date.days.next(first.1) {
            days.push(self.weekend_day(date, later.0));
        }
        Some(days)
    }

    fn weekend_day(&self, date: &Date, first: NaiveDate) -> NaiveDate {
        if date.days.is_weekend() {
            first.succ_opt().unwrap_or(first)
        } else {
            first
        }
    }

    fn is_ahead(&self, at: NaiveDateTime) -> bool {
        recurrence::to_utc(at, self.now.timezone()) > self.now.to_utc()
    }

    /// The time as clocks show it: one that a DST change skips is moved as [`recurrence::to_utc`] says.
    fn shown(&self, at: NaiveDateTime) -> NaiveDateTime {
        let zone = self.now.timezone();
        recurrence::to_utc(at, zone)
            .with_timezone(&zone)
            .naive_local()
    }

    /// `clock` on `day`, in the zone that was named.
    fn on_day(&self, day: NaiveDate, clock: Clock, zone: Option<i32>) -> Option<NaiveDateTime> {
        let at = at_seconds(day, clock.seconds)?;
        let Some(minutes) = zone else {
            return Some(self.shown(at));
        };
        let utc = at.checked_sub_signed(TimeDelta::try_minutes(i64::from(minutes))?)?;
        Some(self.now.timezone().from_utc_datetime(&utc).naive_local())
    }

    /// The halves of the day that a clock without "am" or "pm" may mean, the likeliest first.
    fn halves(&self, clock: Clock, moment: &Moment) -> [Clock; 2] {
        if let Some(part) = moment.part {
            let noon = clock.seconds / 3600 == 12;
            let mut one = clock.halved(part.is_afternoon() || (noon && part.from == 0));
            if noon && clock.open && part.is_afternoon() && part.from >= 18 * 3600 {
                one.seconds = clock.seconds % (DAY / 2) + DAY;
            }
            return [one, one];
        }
        let usual = clock.usual();
        let other = clock.halved(usual.seconds < DAY / 2);
        // Spoken in the small hours without a date, "at 5" is the next that comes.
        if moment.date.is_none()
            && self.local.hour() < 6
            && clock.open
            && clock.seconds / 3600 != 12
        {
            return [clock.halved(false), clock.halved(true)];
        }
        [usual, other]
    }

    fn at_clock(&self, moment: &Moment, clock: Clock) -> Option<Resolved> {
        let days = self.days_meant(moment)?;
        let halves = self.halves(clock, moment);
        let today_is_said = days.first() == Some(&self.today);
        let mut meant = None;
        for (index, day) in days.iter().enumerate() {
            // Another half of the day only where the usual one of today is over.
            let tries = if *day == self.today || (index == 0 && today_is_said) {
                2
            } else {
                1
            };
            for half in halves.iter().take(tries) {
                let at = self.on_day(*day, *half, moment.zone)?;
                if self.is_ahead(at) {
                    meant = Some(at);
                    break;
                }
            }
            if meant.is_some() {
                break;
            }
            if moment
                .date
                .as_ref()
                .is_some_and(|date| date.says & (says::DAY | says::YEAR) != 0)
            {
                break;
            }
        }
        let start = match meant {
            Some(at) => at,
            None => self.on_day(*days.first()?, *halves.first()?, moment.zone)?,
        };
        let span = DateSpan {
            start,
            end: None,
            grain: if moment.zone.is_some() {
                clock.grain.min(Grain::Minute)
            } else {
                clock.grain
            },
        };
        let time_only = moment.date.is_none() && !moment.part.is_some_and(|part| part.today);
        Some(point(span, time_only))
    }

    fn between(&self, moment: &Moment, first: Clock, last: Clock) -> Option<Resolved> {
        let grain = first.grain.min(last.grain);
        let [usual_last, _] = self.halves(last, moment);
        let first = match (first.open, last.open) {
            // "9 to 11am", "3:30 to 6pm": the half that ends nearest.
            (true, false) => {
                let (morning, afternoon) = (first.halved(false), first.halved(true));
                if afternoon.seconds < last.seconds {
                    afternoon
                } else {
                    morning
                }
            }
            _ => first,
        };
        let single = Moment {
            hours: Some(Hours::At(first)),
            ..moment.clone()
        };
        let start = self.at_clock(&single, first)?.span.start;
        let from = i64::from(start.num_seconds_from_midnight());
        let to = if moment.zone.is_some() {
            let length =
                (last.seconds - first.seconds).rem_euclid(if last.open { DAY / 2 } else { DAY });
            from + length
        } else if last.open {
            from + (last.seconds - from).rem_euclid(DAY / 2)
        } else {
            from + (usual_last.seconds - from).rem_euclid(DAY)
        };
        let end = at_seconds(start.date(), to + grain_seconds(grain))?;
        let span = DateSpan {
            start,
            end: Some(end),
            grain,
        };
        let time_only = moment.date.is_none() && !moment.part.is_some_and(|part| part.today);
        Some(Resolved {
            span,
            due: Due { at: start, grain },
            time_only,
        })
    }

    fn in_part(&self, part: DayPart, date: Option<&Date>) -> Option<Resolved> {
        let day = match date {
            Some(date) => {
                let (first, _) = self.day_meant(date)?;
                self.weekend_day(date, first)
            }
            None if part.today => self.today,
            None => {
                // "In the morning", said at ten, is tomorrow's; other parts count until they end.
                let last = if part.from == 0 { part.due } else { part.to };
                if self.is_ahead(at_seconds(self.today, last)?) {
                    self.today
                } else {
                    self.today.succ_opt()?
                }
            }
        };
        let span = DateSpan {
            start: at_seconds(day, part.from)?,
            end: Some(at_seconds(day, part.to)?),
            grain: Grain::Hour,
        };
        let usual = at_seconds(day, part.due)?;
        let next_hour =
            floor(self.local, Grain::Hour)?.checked_add_signed(TimeDelta::try_hours(1)?)?;
        // "Tonight", said at ten in the evening, is still to come.
        let due =
            if !self.is_ahead(usual) && span.start <= self.local && span.end > Some(self.local) {
                next_hour
            } else {
                usual
            };
        Some(Resolved {
            span,
            due: Due {
                at: self.shown(due),
                grain: Grain::Hour,
            },
            time_only: date.is_none() && !part.today,
        })
    }
}

fn point(span: DateSpan, time_only: bool) -> Resolved {
    Resolved {
        span,
        due: Due {
            at: span.start,
            grain: span.grain,
        },
        time_only,
    }
}
