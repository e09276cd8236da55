//! Sets of days that recur or stand alone: "Tuesdays", "the 5th", "October", "the last Friday of
//! May 2014", "the week after Easter". Each gives its occurrences in order, forward and backward.

use std::rc::Rc;

use chrono::{Datelike, Days as Count, Months, NaiveDate, Weekday};

use super::Grain;
use super::holidays::Holiday;

/// Days from the first (inclusive) to the second (exclusive).
pub(super) type Span = (NaiveDate, NaiveDate);

/// How many candidates a search looks at before it gives up.
const SEARCH_LIMIT: usize = 500;

/// Which part of a longer time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Portion {
    Beginning,
    Middle,
    End,
}

/// A set of days.
#[derive(Debug, Clone)]
pub(super) enum Days {
    Weekday(Weekday),
    /// The n-th of each month that has it.
    DayOfMonth(u32),
    Month(u32),
    Quarter(u32),
    Year(i32),
    /// Friday evening to Sunday: its days are Friday to Sunday.
    Weekend,
    Season(u32),
    Holiday(&'static Holiday),
    /// Stands alone.
    Fixed(Span, Grain),
    /// Every day, week, month, quarter or year.
    Every(Grain),
    /// The second within the first.
    Both(Rc<Days>, Rc<Days>),
    /// The n-th of the first (negative: from the end) in each of the second.
    Nth(i32, Rc<Days>, Rc<Days>),
    /// The n-th of the first after (negative: before) each of the second.
    After(i32, Rc<Days>, Rc<Days>),
    /// The second, moved by months and days.
    Shifted(i32, i64, Rc<Days>),
    Portion(Portion, Rc<Days>),
    /// From the first to the next of the second, with it.
    Through(Rc<Days>, Rc<Days>),
}

pub(super) fn add_days(day: NaiveDate, days: i64) -> Option<NaiveDate> {
    let count = Count::new(days.unsigned_abs());
    if days < 0 {
        day.checked_sub_days(count)
    } else {
        day.checked_add_days(count)
    }
}

pub(super) fn add_months(day: NaiveDate, months: i32) -> Option<NaiveDate> {
    let count = Months::new(months.unsigned_abs());
    if months < 0 {
        day.checked_sub_months(count)
    } else {
        day.checked_add_months(count)
    }
}

fn shift(day: NaiveDate, months: i32, days: i64) -> Option<NaiveDate> {
    add_days(add_months(day, months)?, days)
}

/// The day, week (from Monday), month, quarter or year that holds `day`.
pub(super) fn containing(day: NaiveDate, grain: Grain) -> Option<Span> {
    let start = match grain {
        Grain::Week => add_days(day, -i64::from(day.weekday().num_days_from_monday()))?,
        Grain::Month => day.with_day(1)?,
        Grain::Quarter => NaiveDate::from_ymd_opt(day.year(), (day.month() - 1) / 3 * 3 + 1, 1)?,
        Grain::Year => NaiveDate::from_ymd_opt(day.year(), 1, 1)?,
        _ => day,
    };
    Some((start, step(start, grain, 1)?))
}

/// `start` moved by `count` units.
pub(super) fn step(start: NaiveDate, grain: Grain, count: i32) -> Option<NaiveDate> {
    match grain {
        Grain::Week => add_days(start, i64::from(count).checked_mul(7)?),
        Grain::Month => add_months(start, count),
        Grain::Quarter => add_months(start, count.checked_mul(3)?),
        Grain::Year => add_months(start, count.checked_mul(12)?),
        _ => add_days(start, i64::from(count)),
    }
}

/// The first day of each season, by month and day.
const SEASONS: [(u32, u32); 4] = [(3, 20), (6, 21), (9, 23), (12, 21)];

impl Days {
    pub(super) fn grain(&self) -> Grain {
        match self {
            Self::Month(_) => Grain::Month,
            Self::Quarter(_) => Grain::Quarter,
            Self::Year(_) => Grain::Year,
            Self::Fixed(_, grain) | Self::Every(grain) => *grain,
            Self::Both(a, b) => a.grain().min(b.grain()),
            Self::Nth(_, of, _) | Self::After(_, of, _) => of.grain(),
            Self::Shifted(_, _, base) => base.grain(),
            Self::Portion(_, base) if base.grain() == Grain::Year => Grain::Month,
            _ => Grain::Day,
        }
    }

    /// Whether it is said as a stretch, not as one day, week, month or year.
    pub(super) fn is_interval(&self) -> bool {
        match self {
            Self::Weekend | Self::Season(_) | Self::Portion(..) | Self::Through(..) => true,
            Self::Holiday(holiday) => holiday.days() > 1,
            Self::Both(_, inner) => inner.is_interval(),
            Self::Nth(_, of, _) | Self::After(_, of, _) => of.is_interval(),
            Self::Fixed(span, grain) => step(span.0, *grain, 1).is_some_and(|end| end != span.1),
            _ => false,
        }
    }

    pub(super) fn is_weekend(&self) -> bool {
        match self {
            Self::Weekend => true,
            Self::Both(_, inner) | Self::Nth(_, inner, _) | Self::After(_, inner, _) => {
                inner.is_weekend()
            }
            _ => false,
        }
    }

    /// The first occurrence that ends after `from`.
    pub(super) fn next(&self, from: NaiveDate) -> Option<Span> {
        match self {
            Self::Weekday(_)
            | Self::Weekend
            | Self::Every(Grain::Second | Grain::Minute | Grain::Hour | Grain::Day | Grain::Week) => {
                self.within(from)
                    .filter(|span| span.1 > from)
                    .or_else(|| self.within(add_days(from, 7)?))
            }
            Self::DayOfMonth(_) | Self::Every(Grain::Month | Grain::Quarter) => {
                let first = from.with_day(1)?;
                (0..4).find_map(|months| {
                    self.within(add_months(first, months)?)
                        .filter(|span| span.1 > from)
                })
            }
            Self::Month(_)
            | Self::Quarter(_)
            | Self::Season(_)
            | Self::Holiday(_)
            | Self::Every(_) => {
                let first = NaiveDate::from_ymd_opt(from.year() - 1, 1, 1)?;
                (0..5)
                    .filter_map(|years| self.within(add_months(first, years * 12)?))
                    .find(|span| span.1 > from)
            }
            Self::Year(_) | Self::Fixed(..) => self.within(from).filter(|span| span.1 > from),
            Self::Both(outer, inner) => {
                let mut at = from;
                for _ in 0..SEARCH_LIMIT {
                    let around = outer.next(at)?;
                    let inside = inner.next(around.0.max(from))?;
                    if inside.0 < around.1 {
                        return Some((inside.0.max(around.0), inside.1.min(around.1)));
                    }
                    // Nothing here: jump to the next that can hold what was found.
                    at = around.1.max(inside.0);
                }
                None
            }
            Self::Nth(_, _, bases) | Self::Portion(_, bases) => {
                let mut at = from;
                for _ in 0..SEARCH_LIMIT {
                    let base = bases.next(at)?;
                    if let Some(span) = self.derive(base).filter(|span| span.1 > from) {
                        return Some(span);
                    }
                    at = base.1;
                }
                None
            }
            Self::After(_, _, bases) | Self::Shifted(_, _, bases) => {
                // Earlier bases can lead past `from`, later ones before it.
                let mut base = bases.prev(from).or_else(|| bases.next(from))?;
                for _ in 0..20 {
                    match self.derive(base) {
                        Some(span) if span.1 > from => match bases.prev(base.0) {
                            Some(before)
                                if self.derive(before).is_some_and(|span| span.1 > from) =>
                            {
                                base = before;
                            }
                            _ => return Some(span),
                        },
                        _ => base = bases.next(base.1)?,
                    }
                }
                None
            }
            Self::Through(first, _) => {
                let start = first.prev(from).and_then(|base| self.derive(base));
                match start {
                    Some(span) if span.1 > from => Some(span),
                    _ => self.derive(first.next(from)?),
                }
            }
        }
    }

    /// The last occurrence that starts before `before`.
    pub(super) fn prev(&self, before: NaiveDate) -> Option<Span> {
        match self {
            Self::Weekday(_)
            | Self::Weekend
            | Self::Every(Grain::Second | Grain::Minute | Grain::Hour | Grain::Day | Grain::Week) =>
            {
                let day = before.pred_opt()?;
                self.within(day)
                    .filter(|span| span.0 < before)
                    .or_else(|| self.within(add_days(day, -7)?))
            }
            Self::DayOfMonth(_) | Self::Every(Grain::Month | Grain::Quarter) => {
                let first = before.with_day(1)?;
                (0..4).find_map(|months| {
                    self.within(add_months(first, -months)?)
                        .filter(|span| span.0 < before)
                })
            }
            Self::Month(_)
            | Self::Quarter(_)
            | Self::Season(_)
            | Self::Holiday(_)
            | Self::Every(_) => {
                let first = NaiveDate::from_ymd_opt(before.year() + 1, 1, 1)?;
                (0..5)
                    .filter_map(|years| self.within(add_months(first, -years * 12)?))
                    .find(|span| span.0 < before)
            }
            Self::Year(_) | Self::Fixed(..) => self.within(before).filter(|span| span.0 < before),
            Self::Both(outer, inner) => {
                let mut at = before;
                for _ in 0..SEARCH_LIMIT {
                    let around = outer.prev(at)?;
                    let inside = inner.prev(around.1.min(before))?;
                    if inside.1 > around.0 {
                        return Some((inside.0.max(around.0), inside.1.min(around.1)));
                    }
                    at = around.0.min(inside.1);
                }
                None
            }
            Self::Nth(_, _, bases)
            | Self::Portion(_, bases)
            | Self::After(_, _, bases)
            | Self::Shifted(_, _, bases) => {
                let mut at = match self {
                    Self::After(..) | Self::Shifted(..) => step(before, Grain::Year, 1)?,
                    _ => before,
                };
                for _ in 0..SEARCH_LIMIT {
                    let base = bases.prev(at)?;
                    if let Some(span) = self.derive(base).filter(|span| span.0 < before) {
                        return Some(span);
                    }
                    at = base.0;
                }
                None
            }
            Self::Through(first, _) => self.derive(first.prev(before)?),
        }
    }

    /// For what recurs by weeks, months or years: the occurrence of the week, month or year that
    /// holds `day`.
    fn within(&self, day: NaiveDate) -> Option<Span> {
        match self {
            Self::Weekday(weekday) => {
                let (monday, _) = containing(day, Grain::Week)?;
                let day = add_days(monday, i64::from(weekday.num_days_from_monday()))?;
                containing(day, Grain::Day)
            }
            Self::Weekend => {
                let (monday, end) = containing(day, Grain::Week)?;
                Some((add_days(monday, 4)?, end))
            }
            Self::DayOfMonth(number) => containing(day.with_day(*number)?, Grain::Day),
            Self::Month(month) => containing(
                NaiveDate::from_ymd_opt(day.year(), *month, 1)?,
                Grain::Month,
            ),
            Self::Quarter(quarter) => {
                let month = quarter.checked_sub(1)?.checked_mul(3)? + 1;
                containing(
                    NaiveDate::from_ymd_opt(day.year(), month, 1)?,
                    Grain::Quarter,
                )
            }
            Self::Year(year) => containing(NaiveDate::from_ymd_opt(*year, 1, 1)?, Grain::Year),
            Self::Season(number) => {
                let index = usize::try_from(*number).ok()?;
                let (month, first) = SEASONS.get(index)?;
                let start = NaiveDate::from_ymd_opt(day.year(), *month, *first)?;
                let (month, first) = SEASONS.get((index + 1) % 4)?;
                let year = if index == 3 {
                    day.year() + 1
                } else {
                    day.year()
                };
                Some((start, NaiveDate::from_ymd_opt(year, *month, *first)?))
            }
            Self::Holiday(holiday) => {
                let start = holiday.first_day(day.year())?;
                Some((start, add_days(start, holiday.days())?))
            }
            Self::Fixed(span, _) => Some(*span),
            Self::Every(grain) => containing(day, *grain),
            _ => None,
        }
    }

    /// What a set that is made from another makes of one of its occurrences.
    fn derive(&self, base: Span) -> Option<Span> {
        match self {
            Self::Nth(n, of, _) if *n > 0 => {
                let mut span = of.next(base.0)?;
                // "The first week of October" begins in it.
                if span.0 < base.0 {
                    span = of.next(span.1)?;
                }
                for _ in 1..*n {
                    span = of.next(span.1)?;
                    if span.0 >= base.1 {
                        return None;
                    }
                }
                (span.0 < base.1).then_some(span)
            }
            Self::Nth(n, of, _) => {
                let mut span = of.prev(base.1)?;
                // The last week of a month is the last that ends in it.
                if span.1 > base.1 {
                    span = of.prev(span.0)?;
                }
                for _ in 1..n.unsigned_abs() {
                    span = of.prev(span.0)?;
                    if span.1 <= base.0 {
                        return None;
                    }
                }
                (span.1 > base.0).then_some(span)
            }
            Self::After(n, of, _) if *n > 0 => {
                let mut at = base.1;
                let mut found = None;
                for _ in 0..(*n).min(1000) {
                    let mut span = of.next(at)?;
                    if span.0 < at {
                        span = of.next(span.1)?;
                    }
                    at = span.1;
                    found = Some(span);
                }
                found
            }
            Self::After(n, of, _) => {
                let mut at = base.0;
                let mut found = None;
                for _ in 0..n.unsigned_abs().min(1000) {
                    let mut span = of.prev(at)?;
                    if span.1 > at {
                        span = of.prev(span.0)?;
                    }
                    at = span.0;
                    found = Some(span);
                }
                found
            }
            Self::Shifted(months, days, _) => Some((
                shift(base.0, *months, *days)?,
                shift(base.1, *months, *days)?,
            )),
            Self::Portion(portion, of) => portion_of(*portion, base, of.grain()),
            Self::Through(_, last) => {
                let mut end = last.next(base.0)?;
                if end.0 < base.0 {
                    end = last.next(end.1)?;
                }
                Some((base.0, end.1))
            }
            _ => None,
        }
    }
}

/// The part of a week, month, quarter or year that people call its beginning, middle or end.
fn portion_of(portion: Portion, (start, end): Span, grain: Grain) -> Option<Span> {
    match (grain, portion) {
        (Grain::Week, Portion::Beginning) => Some((start, add_days(start, 3)?)),
        (Grain::Week, Portion::Middle) => Some((add_days(start, 2)?, add_days(start, 4)?)),
        (Grain::Week, Portion::End) => Some((add_days(end, -3)?, end)),
        (Grain::Year, Portion::Beginning) => Some((start, add_months(start, 3)?)),
        (Grain::Year, Portion::Middle) => Some((add_months(start, 4)?, add_months(start, 8)?)),
        (Grain::Year, Portion::End) => Some((add_months(end, -4)?, end)),
        (Grain::Quarter, Portion::Beginning) => Some((start, add_months(start, 1)?)),
        (Grain::Quarter, Portion::Middle) => Some((add_months(start, 1)?, add_months(start, 2)?)),
        (Grain::Quarter, Portion::End) => Some((add_months(end, -1)?, end)),
        (Grain::Month, Portion::Beginning) => Some((start, add_days(start, 10)?)),
        (Grain::Month, Portion::Middle) => Some((add_days(start, 10)?, add_days(start, 20)?)),
        (Grain::Month, Portion::End) => Some((add_days(start, 20)?, end)),
        _ => Some((start, end)),
    }
}
