//! A repetition as it was read, and its recurrence pattern.

use chrono::{NaiveDate, Weekday};
use recurrence::Recurrence;
use task_model::RecurrenceFrom;

use super::relative::WORKING_DAYS;
use super::{DateSpan, Grain};

/// A repetition.
#[derive(Debug)]
pub(super) struct Repeat {
    pub pattern: String,
    pub first: DateSpan,
    pub from: Option<RecurrenceFrom>,
}

/// A repetition as far as it was read.
#[derive(Debug, Clone, Default)]
pub(super) struct Rule {
    pub frequency: Option<Grain>,
    pub interval: u32,
    pub weekdays: Vec<(Option<i32>, Weekday)>,
    pub month_days: Vec<i32>,
    pub months: Vec<u32>,
    pub count: Option<u32>,
    pub until: Option<NaiveDate>,
    pub start: Option<NaiveDate>,
    pub time: Option<Time>,
    pub from: Option<RecurrenceFrom>,
}

/// The time of day of each occurrence.
#[derive(Debug, Clone, Copy)]
pub(super) struct Time {
    pub seconds: i64,
    pub grain: Grain,
}

impl Rule {
    pub(super) fn every(frequency: Grain, interval: u32) -> Self {
        Self {
            frequency: Some(frequency),
            interval,
            ..Self::default()
        }
    }

    pub(super) fn on_weekdays(days: Vec<Weekday>, interval: u32) -> Self {
        Self {
            weekdays: days.into_iter().map(|day| (None, day)).collect(),
            ..Self::every(Grain::Week, interval)
        }
    }

    pub(super) fn has_days(&self) -> bool {
        !self.weekdays.is_empty() || !self.month_days.is_empty()
    }

    /// The recurrence pattern; `interval` apart, which does not matter for the first occurrence.
    pub(super) fn pattern(&self, interval: u32) -> Option<String> {
        let plain = interval == 1
            && self.months.is_empty()
            && self.month_days.is_empty()
            && self.count.is_none()
            && self.until.is_none();
        let frequency = self.frequency?;
        let is_weekdays =
            frequency == Grain::Week && self.weekdays.iter().map(|(_, day)| *day).eq(WORKING_DAYS);
        if plain && is_weekdays {
            return Some("weekdays".to_owned());
        }
        if plain && self.weekdays.is_empty() {
            match frequency {
                Grain::Day => return Some("daily".to_owned()),
                Grain::Week => return Some("weekly".to_owned()),
                Grain::Month => return Some("monthly".to_owned()),
                Grain::Year => return Some("yearly".to_owned()),
                _ => {}
            }
        }
        let (name, interval) = match frequency {
            Grain::Hour => ("HOURLY", interval),
            Grain::Day => ("DAILY", interval),
            Grain::Week => ("WEEKLY", interval),
            Grain::Month => ("MONTHLY", interval),
            Grain::Quarter => ("MONTHLY", interval.checked_mul(3)?),
            Grain::Year => ("YEARLY", interval),
            Grain::Second | Grain::Minute => return None,
        };
        let mut text = format!("FREQ={name}");
        if interval > 1 {
            text += &format!(";INTERVAL={interval}");
        }
        if let Some(count) = self.count {
            text += &format!(";COUNT={count}");
        } else if let Some(until) = self.until {
            text += &format!(";UNTIL={}", until.format("%Y%m%d"));
        }
        let mut list = |name: &str, values: Vec<String>| {
            if !values.is_empty() {
                text += &format!(";{name}={}", values.join(","));
            }
        };
        list(
            "BYMONTH",
            self.months.iter().map(ToString::to_string).collect(),
        );
        list(
            "BYMONTHDAY",
            self.month_days.iter().map(ToString::to_string).collect(),
        );
        let code = |day: Weekday| match day {
            Weekday::Mon => "MO",
            Weekday::Tue => "TU",
            Weekday::Wed => "WE",
            Weekday::Thu => "TH",
            Weekday::Fri => "FR",
            Weekday::Sat => "SA",
            Weekday::Sun => "SU",
        };
        let days = self.weekdays.iter().map(|(nth, day)| match nth {
            Some(nth) => format!("{nth}{}", code(*day)),
            None => code(*day).to_owned(),
        });
        list("BYDAY", days.collect());
        // The canonical text, and no other rule than `recurrence` takes.
        Some(Recurrence::parse(&text).ok()?.to_string())
    }
}
