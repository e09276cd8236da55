//! The occurrences of a rule.
//!
//! The `rrule` crate expands it on the local time line, taken as if it were UTC, so that each
//! occurrence keeps its wall-clock time; only then is it turned into an instant.

use chrono::{DateTime, Month, NaiveDateTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use rrule::{NWeekday, RRule, RRuleSet};

use crate::rule::{Frequency, Rule, Until};
use crate::to_utc;

/// A daily rule over a hundred years stays below it.
const MAX_OCCURRENCES: usize = 40_000;

pub(crate) fn occurrences(
    rule: &Rule,
    anchor: NaiveDateTime,
    tz: Tz,
) -> impl Iterator<Item = DateTime<Utc>> + use<> {
    local_occurrences(rule, anchor, tz).map(|(_, at)| at)
}

/// Each occurrence by the rule's own reckoning, and the instant that it falls on.
pub(crate) fn local_occurrences(
    rule: &Rule,
    anchor: NaiveDateTime,
    tz: Tz,
) -> impl Iterator<Item = (NaiveDateTime, DateTime<Utc>)> + use<> {
    let mut last = None;
    expansion(rule, anchor, tz)
        .into_iter()
        .flat_map(|set| set.into_iter().take(MAX_OCCURRENCES))
        .map(move |local| (local.naive_utc(), to_utc(local.naive_utc(), tz)))
        // Two local times around a skipped hour can be one instant.
        .filter(move |(_, at)| last.replace(*at).is_none_or(|before| *at > before))
}

/// A later anchor that makes the same occurrences after `after`, so that an old task costs no more
/// than a new one. Only for periods of fixed length, and not where `COUNT` must see every one.
pub(crate) fn skip_ahead(
    rule: &Rule,
    anchor: NaiveDateTime,
    after: DateTime<Utc>,
) -> NaiveDateTime {
    let period = match rule.frequency {
        Frequency::Hourly => TimeDelta::hours(1),
        Frequency::Daily => TimeDelta::days(1),
        Frequency::Weekly => TimeDelta::weeks(1),
        Frequency::Monthly | Frequency::Yearly => return anchor,
    } * i32::from(rule.interval);
    // Any zone's offset is below a day, and a period may begin before its anchor's day.
    let margin = period + TimeDelta::days(9);
    let behind = (after.naive_utc() - anchor - margin).num_seconds();
    if rule.count.is_some() || behind <= 0 {
        return anchor;
    }
    i32::try_from(behind / period.num_seconds())
        .ok()
        .and_then(|periods| anchor.checked_add_signed(period * periods))
        .unwrap_or(anchor)
}

fn expansion(rule: &Rule, anchor: NaiveDateTime, tz: Tz) -> Option<RRuleSet> {
    let as_utc = |local: NaiveDateTime| rrule::Tz::UTC.from_utc_datetime(&local);
    let until = match rule.until {
        None => None,
        Some(Until::Date(date)) => Some(date.and_hms_opt(23, 59, 59)?),
        Some(Until::Local(at)) => Some(at),
        Some(Until::Utc(at)) => Some(tz.from_utc_datetime(&at).naive_local()),
    };
    let frequency = match rule.frequency {
        Frequency::Yearly => rrule::Frequency::Yearly,
        Frequency::Monthly => rrule::Frequency::Monthly,
        Frequency::Weekly => rrule::Frequency::Weekly,
        Frequency::Daily => rrule::Frequency::Daily,
        Frequency::Hourly => rrule::Frequency::Hourly,
    };
    let months: Vec<Month> = (rule.months.iter())
        .filter_map(|month| Month::try_from(*month).ok())
        .collect();
    let weekdays = (rule.weekdays.iter())
        .map(|day| NWeekday::new(day.nth, day.day))
        .collect();
    let mut library_rule = RRule::new(frequency)
        .interval(rule.interval)
        .week_start(rule.week_start)
        .by_month(&months)
        .by_week_no(rule.week_numbers.clone())
        .by_year_day(rule.year_days.clone())
        .by_month_day(rule.month_days.clone())
        .by_weekday(weekdays)
        .by_hour(rule.hours.clone())
        .by_minute(rule.minutes.clone())
        .by_set_pos(rule.positions.iter().map(|n| i32::from(*n)).collect());
    if let Some(count) = rule.count {
        library_rule = library_rule.count(count);
    }
    if let Some(until) = until {
        library_rule = library_rule.until(as_utc(until));
    }
    let start = as_utc(anchor);
    Some(library_rule.build(start).ok()?.limit())
}
