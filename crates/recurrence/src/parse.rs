//! Reads and checks the text of a recurrence rule (RFC 5545 section 3.3.10).

use std::str::FromStr;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, Weekday};

use crate::RecurrenceError;
use crate::rule::{Frequency, Rule, Until, WeekdayNth, weekday_code};

const MAX_LENGTH: usize = 500;
const MAX_INTERVAL: u16 = 1000;
const MAX_COUNT: u32 = 10_000;
/// Longest day of each month, in a leap year.
const MONTH_LENGTHS: [i8; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

type Result<T> = std::result::Result<T, RecurrenceError>;

fn refuse<T>(message: String) -> Result<T> {
    Err(RecurrenceError::new(message))
}

/// Reads an RRULE value, with or without `RRULE:` before it.
pub(crate) fn rule(text: &str) -> Result<Rule> {
    if text.len() > MAX_LENGTH {
        return refuse(format!(
            "a recurrence pattern has at most {MAX_LENGTH} characters"
        ));
    }
    let upper = text.to_ascii_uppercase();
    let parts = upper.strip_prefix("RRULE:").unwrap_or(&upper);
    let mut seen = Vec::new();
    for part in parts.split(';') {
        let Some((name, value)) = part.split_once('=') else {
            return refuse(format!(
                "`{text}` is neither daily, weekly, monthly, yearly or weekdays nor an RFC 5545 rule such as FREQ=WEEKLY;BYDAY=MO"
            ));
        };
        if seen.iter().any(|(other, _)| *other == name) {
            return refuse(format!("{name} is given twice"));
        }
        seen.push((name, value));
    }
    let frequency = match seen.iter().find(|(name, _)| *name == "FREQ") {
        Some((_, value)) => frequency(value)?,
        None => return refuse("a rule needs FREQ, such as FREQ=WEEKLY".into()),
    };
    let mut rule = Rule::new(frequency);
    for (name, value) in seen {
        match name {
            "FREQ" => {}
            "INTERVAL" => rule.interval = number(name, value, 1, MAX_INTERVAL)?,
            "COUNT" => rule.count = Some(number(name, value, 1, MAX_COUNT)?),
            "UNTIL" => rule.until = Some(until(value)?),
            "BYMONTH" => rule.months = numbers(name, value, 1, 12)?,
            "BYWEEKNO" => rule.week_numbers = signed_numbers(name, value, 53)?,
            "BYYEARDAY" => rule.year_days = signed_numbers(name, value, 366)?,
            "BYMONTHDAY" => rule.month_days = signed_numbers(name, value, 31)?,
            "BYDAY" => rule.weekdays = weekdays(value)?,
            "BYHOUR" => rule.hours = numbers(name, value, 0, 23)?,
            "BYMINUTE" => rule.minutes = numbers(name, value, 0, 59)?,
            "BYSETPOS" => rule.positions = signed_numbers(name, value, 366)?,
            "WKST" => rule.week_start = weekday(value)?,
            "DTSTART" => {
                return refuse(
                    "DTSTART is not part of the pattern: the due date is the start".into(),
                );
            }
            "BYSECOND" => {
                return refuse("BYSECOND is not supported: tasks repeat to the minute".into());
            }
            _ => return refuse(format!("`{name}` is not a part of a recurrence rule")),
        }
    }
    check(&rule)?;
    Ok(rule)
}

fn check(rule: &Rule) -> Result<()> {
    let frequency = rule.frequency;
    if rule.count.is_some() && rule.until.is_some() {
        return refuse("COUNT and UNTIL exclude each other".into());
    }
    if !rule.week_numbers.is_empty() && frequency != Frequency::Yearly {
        return refuse("BYWEEKNO goes only with FREQ=YEARLY".into());
    }
    if !rule.year_days.is_empty() && !matches!(frequency, Frequency::Yearly | Frequency::Hourly) {
        return refuse("BYYEARDAY goes only with FREQ=YEARLY or FREQ=HOURLY".into());
    }
    if !rule.month_days.is_empty() && frequency == Frequency::Weekly {
        return refuse("BYMONTHDAY does not go with FREQ=WEEKLY".into());
    }
    if let Some(counted) = rule.weekdays.iter().find(|day| day.nth.is_some()) {
        let most = match frequency {
            Frequency::Yearly if rule.months.is_empty() => 53,
            Frequency::Yearly | Frequency::Monthly => 5,
            _ => {
                return refuse(format!(
                    "{counted}: a counted BYDAY goes only with FREQ=MONTHLY or FREQ=YEARLY"
                ));
            }
        };
        if counted.nth.is_some_and(|nth| nth.abs() > most) {
            return refuse(format!("{counted}: there are at most {most} of a weekday"));
        }
        if !rule.week_numbers.is_empty() {
            return refuse(format!(
                "{counted}: a counted BYDAY does not go with BYWEEKNO"
            ));
        }
    }
    if !rule.positions.is_empty()
        && rule.months.is_empty()
        && rule.week_numbers.is_empty()
        && rule.year_days.is_empty()
        && rule.month_days.is_empty()
        && rule.weekdays.is_empty()
        && rule.hours.is_empty()
        && rule.minutes.is_empty()
    {
        return refuse("BYSETPOS needs another BY… part to choose from".into());
    }
    let per_hour = rule.minutes.len().max(1);
    let per_day = match frequency {
        Frequency::Hourly => per_hour * 24,
        _ => per_hour * rule.hours.len().max(1),
    };
    if per_day > 24 {
        return refuse("a task repeats at most 24 times a day".into());
    }
    let longest = (rule.months.iter())
        .filter_map(|month| MONTH_LENGTHS.get(usize::from(*month).checked_sub(1)?))
        .max();
    if let (Some(longest), false) = (longest, rule.month_days.is_empty())
        && rule.month_days.iter().all(|day| day.abs() > *longest)
    {
        return refuse("no year has such a day in BYMONTH and BYMONTHDAY".into());
    }
    Ok(())
}

fn frequency(value: &str) -> Result<Frequency> {
    match value {
        "SECONDLY" | "MINUTELY" => refuse(format!(
            "FREQ={value} is too often: HOURLY is the most frequent"
        )),
        _ => match Frequency::ALL.iter().find(|(name, _)| *name == value) {
            Some((_, frequency)) => Ok(*frequency),
            None => refuse(format!(
                "`{value}` is not a FREQ: it is HOURLY, DAILY, WEEKLY, MONTHLY or YEARLY"
            )),
        },
    }
}

fn number<T: FromStr + PartialOrd + std::fmt::Display>(
    name: &str,
    value: &str,
    least: T,
    most: T,
) -> Result<T> {
    match value.parse::<T>() {
        Ok(number) if number >= least && number <= most => Ok(number),
        _ => refuse(format!("{name}={value}: it is from {least} to {most}")),
    }
}

fn numbers(name: &str, value: &str, least: u8, most: u8) -> Result<Vec<u8>> {
    let mut numbers = (value.split(','))
        .map(|one| number(name, one, least, most))
        .collect::<Result<Vec<_>>>()?;
    numbers.sort_unstable();
    numbers.dedup();
    Ok(numbers)
}

fn signed_numbers<T>(name: &str, value: &str, most: i16) -> Result<Vec<T>>
where
    T: TryFrom<i16> + Ord,
{
    let mut numbers = Vec::new();
    for one in value.split(',') {
        let checked = one
            .parse::<i16>()
            .ok()
            .filter(|n| *n != 0 && (-most..=most).contains(n));
        match checked.and_then(|n| T::try_from(n).ok()) {
            Some(number) => numbers.push(number),
            None => {
                return refuse(format!(
                    "{name}={one}: it is from 1 to {most}, or negative to count from the end"
                ));
            }
        }
    }
    numbers.sort_unstable();
    numbers.dedup();
    Ok(numbers)
}

fn weekday(value: &str) -> Result<Weekday> {
    let mut day = Weekday::Mon;
    for _ in 0..7 {
        if weekday_code(day) == value {
            return Ok(day);
        }
        day = day.succ();
    }
    refuse(format!(
        "`{value}` is not a weekday: MO, TU, WE, TH, FR, SA or SU"
    ))
}

fn weekdays(value: &str) -> Result<Vec<WeekdayNth>> {
    let mut days = Vec::new();
    for one in value.split(',') {
        let start = one
            .find(|c: char| c.is_ascii_alphabetic())
            .unwrap_or(one.len());
        let (nth, day) = one.split_at(start);
        let day = weekday(day)?;
        let nth = match nth {
            "" => None,
            _ => match nth.parse::<i16>() {
                Ok(nth) if nth != 0 && nth.abs() <= 53 => Some(nth),
                _ => {
                    return refuse(format!(
                        "BYDAY={one}: the count is from 1 to 53, or negative"
                    ));
                }
            },
        };
        days.push(WeekdayNth { nth, day });
    }
    days.sort_unstable_by_key(|one| (one.nth, one.day.num_days_from_monday()));
    days.dedup();
    Ok(days)
}

fn until(value: &str) -> Result<Until> {
    let read = || {
        let (date, time) = match value.split_once('T') {
            Some((date, time)) => (date, Some(time)),
            None => (value, None),
        };
        let digits = |text: &str, count| {
            text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())
        };
        if !digits(date, 8) {
            return None;
        }
        let date = NaiveDate::parse_from_str(date, "%Y%m%d").ok()?;
        let Some(time) = time else {
            return Some(Until::Date(date));
        };
        let clock = time.strip_suffix('Z').unwrap_or(time);
        if !digits(clock, 6) {
            return None;
        }
        let at: NaiveDateTime = date.and_time(NaiveTime::parse_from_str(clock, "%H%M%S").ok()?);
        Some(if clock.len() == time.len() {
            Until::Local(at)
        } else {
            Until::Utc(at)
        })
    };
    match read() {
        Some(until) => Ok(until),
        None => refuse(format!(
            "UNTIL={value}: it is a date (20261231) or a time (20261231T235959Z)"
        )),
    }
}
