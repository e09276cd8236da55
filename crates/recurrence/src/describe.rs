//! A rule in plain English.

use chrono::{NaiveDateTime, Weekday};

use crate::rule::{Frequency, Rule, Until, WORKING_DAYS, WeekdayNth};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

pub(crate) fn rule(rule: &Rule) -> String {
    let mut text = if rule.positions.is_empty() {
        days(rule)
    } else {
        chosen(rule)
    };
    if !rule.week_numbers.is_empty() {
        text += &format!(
            " in {} {}",
            if rule.week_numbers.len() == 1 {
                "week"
            } else {
                "weeks"
            },
            join(rule.week_numbers.iter().map(ToString::to_string))
        );
    }
    if !rule.year_days.is_empty() {
        let nth = join(rule.year_days.iter().map(|day| ordinal(*day)));
        text += &format!(" on the {nth} day of the year");
    }
    text += &times(rule);
    match (rule.count, rule.until) {
        (Some(1), _) => text += ", once",
        (Some(count), _) => text += &format!(", {count} times"),
        (_, Some(until)) => {
            let day = match until {
                Until::Date(date) => date,
                Until::Local(at) | Until::Utc(at) => NaiveDateTime::date(&at),
            };
            text += &format!(", until {}", day.format("%B %-d, %Y"));
        }
        _ => {}
    }
    text
}

/// "every other week", "every 3 days".
fn every(rule: &Rule) -> String {
    let unit = match rule.frequency {
        Frequency::Yearly => "year",
        Frequency::Monthly => "month",
        Frequency::Weekly => "week",
        Frequency::Daily => "day",
        Frequency::Hourly => "hour",
    };
    match rule.interval {
        1 => format!("every {unit}"),
        2 => format!("every other {unit}"),
        n => format!("every {n} {unit}s"),
    }
}

fn days(rule: &Rule) -> String {
    let of = match rule.frequency {
        Frequency::Yearly if rule.months.is_empty() => "year",
        _ => "month",
    };
    let in_months = if rule.months.is_empty() {
        String::new()
    } else {
        format!(" in {}", months(rule))
    };
    if !rule.month_days.is_empty() {
        let plain = rule.frequency == Frequency::Yearly && rule.weekdays.is_empty();
        if plain && !rule.months.is_empty() && rule.month_days.iter().all(|day| *day > 0) {
            let dates = join(rule.months.iter().flat_map(|month| {
                (rule.month_days.iter())
                    .map(|day| format!("{} {}", month_name(*month), ordinal(i16::from(*day))))
            }));
            return format!("{} on {dates}", every(rule));
        }
        let nth = join(rule.month_days.iter().map(|day| month_day(*day)));
        let weekday = if rule.weekdays.is_empty() {
            String::new()
        } else {
            format!(" when it is a {}", weekdays(&rule.weekdays, "or"))
        };
        return match rule.frequency {
            Frequency::Monthly | Frequency::Yearly => {
                format!(
                    "on the {nth} of {}{in_months}{weekday}",
                    each(rule, "month")
                )
            }
            _ => format!("{} on the {nth}{in_months}{weekday}", every(rule)),
        };
    }
    if rule.weekdays.is_empty() {
        return format!("{}{in_months}", every(rule));
    }
    if rule.weekdays.iter().any(|day| day.nth.is_some()) {
        return format!(
            "on the {} of {}{in_months}",
            weekdays(&rule.weekdays, "and"),
            each(rule, of)
        );
    }
    let each_day = rule.frequency == Frequency::Weekly || rule.interval == 1;
    if !each_day || rule.frequency == Frequency::Hourly {
        return format!(
            "{} on {}{in_months}",
            every(rule),
            weekdays(&rule.weekdays, "and")
        );
    }
    let names = if rule.is_on(&WORKING_DAYS) {
        "weekday".to_owned()
    } else if rule.is_on(&[Weekday::Sat, Weekday::Sun]) && rule.interval == 1 {
        "Saturday and Sunday".to_owned()
    } else {
        weekdays(&rule.weekdays, "and")
    };
    match rule.interval {
        1 => format!("every {names}{in_months}"),
        2 if rule.weekdays.len() == 1 => format!("every other {names}{in_months}"),
        _ => format!(
            "{} on {}{in_months}",
            every(rule),
            weekdays(&rule.weekdays, "and")
        ),
    }
}

/// "on the last weekday of each month": the rules with `BYSETPOS`.
fn chosen(rule: &Rule) -> String {
    if let Some(day) = rule.day_or_last() {
        let nth = ordinal(i16::from(day));
        return match rule.frequency {
            Frequency::Yearly if rule.months.len() == 1 => {
                format!(
                    "{} on {} {nth} or the day before",
                    every(rule),
                    months(rule)
                )
            }
            _ => format!(
                "on the {nth} or else the last day of {}",
                each(rule, "month")
            ),
        };
    }
    let nth = join(rule.positions.iter().map(|n| ordinal(*n)));
    let what = if rule.is_on(&WORKING_DAYS) && rule.month_days.is_empty() {
        "weekday".to_owned()
    } else if !rule.weekdays.is_empty() && rule.month_days.is_empty() {
        if rule.weekdays.len() == 7 {
            "day".to_owned()
        } else {
            weekdays(&rule.weekdays, "or")
        }
    } else if !rule.month_days.is_empty() {
        format!(
            "of the {}",
            join(rule.month_days.iter().map(|day| month_day(*day)))
        )
    } else {
        "time".to_owned()
    };
    let unit = match rule.frequency {
        Frequency::Yearly => "year",
        Frequency::Monthly => "month",
        Frequency::Weekly => "week",
        Frequency::Daily => "day",
        Frequency::Hourly => "hour",
    };
    let in_months = if rule.months.is_empty() {
        String::new()
    } else {
        format!(" in {}", months(rule))
    };
    format!("on the {nth} {what} of {}{in_months}", each(rule, unit))
}

/// "each month", "every 3 months".
fn each(rule: &Rule, unit: &str) -> String {
    match rule.interval {
        1 => format!("each {unit}"),
        2 if unit != "month" || rule.frequency == Frequency::Monthly => {
            format!("every other {unit}")
        }
        n if unit == "month" && rule.frequency == Frequency::Yearly => {
            format!("the month every {n} years")
        }
        n => format!("every {n} {unit}s"),
    }
}

fn times(rule: &Rule) -> String {
    if rule.hours.is_empty() {
        return match rule.minutes.as_slice() {
            [] => String::new(),
            minutes => format!(
                " at minute {}",
                join(minutes.iter().map(ToString::to_string))
            ),
        };
    }
    let minutes: &[u8] = if rule.minutes.is_empty() {
        &[]
    } else {
        &rule.minutes
    };
    let clock = rule.hours.iter().flat_map(|hour| {
        let minutes = if minutes.is_empty() {
            None
        } else {
            Some(minutes)
        };
        minutes
            .unwrap_or(&[0])
            .iter()
            .map(move |minute| format!("{hour:02}:{minute:02}"))
    });
    format!(" at {}", join(clock))
}

fn months(rule: &Rule) -> String {
    join(
        rule.months
            .iter()
            .map(|month| month_name(*month).to_owned()),
    )
}

fn month_name(month: u8) -> &'static str {
    usize::from(month)
        .checked_sub(1)
        .and_then(|index| MONTHS.get(index))
        .unwrap_or(&"")
}

fn month_day(day: i8) -> String {
    match day {
        -1 => "last day".to_owned(),
        ..0 => format!("{} day", ordinal(i16::from(day))),
        _ => ordinal(i16::from(day)),
    }
}

fn weekdays(days: &[WeekdayNth], last: &str) -> String {
    let names = days.iter().map(|one| {
        let name = match one.day {
            Weekday::Mon => "Monday",
            Weekday::Tue => "Tuesday",
            Weekday::Wed => "Wednesday",
            Weekday::Thu => "Thursday",
            Weekday::Fri => "Friday",
            Weekday::Sat => "Saturday",
            Weekday::Sun => "Sunday",
        };
        match one.nth {
            Some(nth) => format!("{} {name}", ordinal(nth)),
            None => name.to_owned(),
        }
    });
    join_with(names, last)
}

/// "1st", "22nd", "last", "2nd to last".
fn ordinal(n: i16) -> String {
    let up = n.unsigned_abs();
    if n == -1 {
        return "last".to_owned();
    }
    let suffix = match (up % 10, up % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    let from_end = if n < 0 { " to last" } else { "" };
    format!("{up}{suffix}{from_end}")
}

fn join(items: impl Iterator<Item = String>) -> String {
    join_with(items, "and")
}

/// "a, b and c".
fn join_with(items: impl Iterator<Item = String>, last: &str) -> String {
    let items: Vec<String> = items.collect();
    match items.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((end, rest)) => format!("{} {last} {end}", rest.join(", ")),
    }
}
