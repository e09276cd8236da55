//! The parts of an RFC 5545 recurrence rule, and its canonical text.

use std::fmt;

use chrono::{Datelike, NaiveDate, NaiveDateTime, Weekday};

use crate::Keyword;

/// How often a rule's period comes round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Frequency {
    /// Each year.
    Yearly,
    /// Each month.
    Monthly,
    /// Each week.
    Weekly,
    /// Each day.
    Daily,
    /// Each hour.
    Hourly,
}

impl Frequency {
    pub(crate) const ALL: [(&'static str, Self); 5] = [
        ("YEARLY", Self::Yearly),
        ("MONTHLY", Self::Monthly),
        ("WEEKLY", Self::Weekly),
        ("DAILY", Self::Daily),
        ("HOURLY", Self::Hourly),
    ];
}

/// A member of `BYDAY`: a weekday, or the n-th of them in the period (negative: from its end).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WeekdayNth {
    /// `None`: every such day.
    pub nth: Option<i16>,
    /// Which day.
    pub day: Weekday,
}

/// When a rule ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// With its last day.
    Date(NaiveDate),
    /// At a local time.
    Local(NaiveDateTime),
    /// At an instant.
    Utc(NaiveDateTime),
}

/// A recurrence rule, checked; its lists are sorted and hold no value twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// `FREQ`.
    pub frequency: Frequency,
    /// `INTERVAL`, from 1.
    pub interval: u16,
    /// `COUNT`, from 1.
    pub count: Option<u32>,
    /// `UNTIL`.
    pub until: Option<Until>,
    /// `BYMONTH`, 1 to 12.
    pub months: Vec<u8>,
    /// `BYWEEKNO`, ±1 to ±53.
    pub week_numbers: Vec<i8>,
    /// `BYYEARDAY`, ±1 to ±366.
    pub year_days: Vec<i16>,
    /// `BYMONTHDAY`, ±1 to ±31.
    pub month_days: Vec<i8>,
    /// `BYDAY`.
    pub weekdays: Vec<WeekdayNth>,
    /// `BYHOUR`, 0 to 23.
    pub hours: Vec<u8>,
    /// `BYMINUTE`, 0 to 59.
    pub minutes: Vec<u8>,
    /// `BYSETPOS`, ±1 to ±366.
    pub positions: Vec<i16>,
    /// `WKST`.
    pub week_start: Weekday,
}

/// Monday to Friday.
pub(crate) const WORKING_DAYS: [Weekday; 5] = [
    Weekday::Mon,
    Weekday::Tue,
    Weekday::Wed,
    Weekday::Thu,
    Weekday::Fri,
];

impl Rule {
    pub(crate) fn new(frequency: Frequency) -> Self {
        Self {
            frequency,
            interval: 1,
            count: None,
            until: None,
            months: Vec::new(),
            week_numbers: Vec::new(),
            year_days: Vec::new(),
            month_days: Vec::new(),
            weekdays: Vec::new(),
            hours: Vec::new(),
            minutes: Vec::new(),
            positions: Vec::new(),
            week_start: Weekday::Mon,
        }
    }

    /// A plain `FREQ=MONTHLY` leaves out the months that lack the anchor's day, which is not what
    /// people mean by "monthly": the keyword takes the last of the days up to it instead.
    pub(crate) fn for_keyword(keyword: Keyword, anchor: NaiveDate) -> Self {
        let last_of_days_up_to = |rule: Self| {
            let Ok(day @ 29..) = i8::try_from(anchor.day()) else {
                return rule;
            };
            Self {
                month_days: (28..=day).collect(),
                positions: vec![-1],
                ..rule
            }
        };
        match keyword {
            Keyword::Daily => Self::new(Frequency::Daily),
            Keyword::Weekly => Self::new(Frequency::Weekly),
            Keyword::Monthly => last_of_days_up_to(Self::new(Frequency::Monthly)),
            Keyword::Yearly if anchor.month() == 2 => last_of_days_up_to(Self {
                months: vec![2],
                month_days: i8::try_from(anchor.day()).into_iter().collect(),
                ..Self::new(Frequency::Yearly)
            }),
            Keyword::Yearly => Self::new(Frequency::Yearly),
            Keyword::Weekdays => Self {
                weekdays: WORKING_DAYS
                    .map(|day| WeekdayNth { nth: None, day })
                    .to_vec(),
                ..Self::new(Frequency::Weekly)
            },
        }
    }

    /// The day of the month that stands for the last one where the month is shorter, in the rules that
    /// [`Self::for_keyword`] makes.
    pub(crate) fn day_or_last(&self) -> Option<i8> {
        let day = *self.month_days.last()?;
        let is_such = self.positions == [-1]
            && self.weekdays.is_empty()
            && day > 28
            && self.month_days.iter().copied().eq(28..=day);
        is_such.then_some(day)
    }

    /// Whether `BYDAY` holds exactly these days, none of them counted.
    pub(crate) fn is_on(&self, days: &[Weekday]) -> bool {
        self.weekdays.len() == days.len()
            && self
                .weekdays
                .iter()
                .zip(days)
                .all(|(one, day)| one.nth.is_none() && one.day == *day)
    }
}

pub(crate) fn weekday_code(day: Weekday) -> &'static str {
    match day {
        Weekday::Mon => "MO",
        Weekday::Tue => "TU",
        Weekday::Wed => "WE",
        Weekday::Thu => "TH",
        Weekday::Fri => "FR",
        Weekday::Sat => "SA",
        Weekday::Sun => "SU",
    }
}

impl fmt::Display for WeekdayNth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(nth) = self.nth {
            write!(f, "{nth}")?;
        }
        f.write_str(weekday_code(self.day))
    }
}

impl fmt::Display for Until {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Date(date) => write!(f, "{}", date.format("%Y%m%d")),
            Self::Local(at) => write!(f, "{}", at.format("%Y%m%dT%H%M%S")),
            Self::Utc(at) => write!(f, "{}", at.format("%Y%m%dT%H%M%SZ")),
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fn list<T: fmt::Display>(
            f: &mut fmt::Formatter<'_>,
            name: &str,
            values: &[T],
        ) -> fmt::Result {
            for (i, value) in values.iter().enumerate() {
                let before = if i == 0 {
                    format!(";{name}=")
                } else {
                    ",".into()
                };
                write!(f, "{before}{value}")?;
            }
            Ok(())
        }
        let frequency = Frequency::ALL
            .iter()
            .find(|(_, one)| *one == self.frequency)
            .map_or("", |(name, _)| name);
        write!(f, "FREQ={frequency}")?;
        if self.interval != 1 {
            write!(f, ";INTERVAL={}", self.interval)?;
        }
        if let Some(count) = self.count {
            write!(f, ";COUNT={count}")?;
        }
        if let Some(until) = &self.until {
            write!(f, ";UNTIL={until}")?;
        }
        list(f, "BYMONTH", &self.months)?;
        list(f, "BYWEEKNO", &self.week_numbers)?;
        list(f, "BYYEARDAY", &self.year_days)?;
        list(f, "BYMONTHDAY", &self.month_days)?;
        list(f, "BYDAY", &self.weekdays)?;
        list(f, "BYHOUR", &self.hours)?;
        list(f, "BYMINUTE", &self.minutes)?;
        list(f, "BYSETPOS", &self.positions)?;
        if self.week_start != Weekday::Mon {
            write!(f, ";WKST={}", weekday_code(self.week_start))?;
        }
        Ok(())
    }
}
