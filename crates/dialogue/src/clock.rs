//! The person's clock: local times to UTC, and moments, periods and lengths of time in words.

use chrono::{
    DateTime, Datelike, Days, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc,
};
use chrono_tz::Tz;
use language::dates::Grain;
use language::{Due, Period};
use serde::{Deserialize, Serialize};

/// The time of day of what is due on a day that was named without one: 09:00, so that the reminder
/// of an hour before comes at a waking hour.
pub(crate) const MORNING: NaiveTime = NaiveTime::from_hms_opt(9, 0, 0).expect("a time of day");
/// The time of day of what is due "today" or "this week" when that morning has passed: the last
/// minute of the last day.
pub(crate) const END_OF_DAY: NaiveTime = NaiveTime::from_hms_opt(23, 59, 0).expect("a time of day");

/// The last second of the year 9999.
const LAST_MOMENT: DateTime<Utc> = DateTime::from_timestamp(253_402_300_799, 0).expect("a moment");

/// A time that was said, in local time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum When {
    /// With a time of day.
    Time(NaiveDateTime),
    /// A day, or a week or longer, without a time of day.
    Days { first: NaiveDate, last: NaiveDate },
}

impl When {
    pub fn new(at: NaiveDateTime, grain: Grain) -> Self {
        let first = at.date();
        let after = match grain {
            Grain::Second | Grain::Minute | Grain::Hour => return Self::Time(at),
            Grain::Day => first.checked_add_days(Days::new(1)),
            Grain::Week => first.checked_add_days(Days::new(7)),
            Grain::Month => first.checked_add_months(Months::new(1)),
            Grain::Quarter => first.checked_add_months(Months::new(3)),
            Grain::Year => first.checked_add_months(Months::new(12)),
        };
        let last = after.and_then(|day| day.pred_opt()).unwrap_or(first);
        Self::Days { first, last }
    }
}

impl From<Due> for When {
    fn from(due: Due) -> Self {
        Self::new(due.at, due.grain)
    }
}

/// Now, and where.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    pub now: DateTime<Utc>,
    pub zone: Tz,
}

impl Clock {
    /// A zone that is not an IANA name counts as UTC.
    pub fn new(now: DateTime<Utc>, zone: &str) -> Self {
        Self {
            now,
            zone: zone.parse().unwrap_or(Tz::UTC),
        }
    }

    pub fn local(&self, at: DateTime<Utc>) -> NaiveDateTime {
        at.with_timezone(&self.zone).naive_local()
    }

    pub fn local_now(&self) -> DateTime<Tz> {
        self.now.with_timezone(&self.zone)
    }

    pub fn today(&self) -> NaiveDate {
        self.local(self.now).date()
    }

    /// A local time in UTC, over DST changes as [`recurrence::to_utc`] says. `None` outside the
    /// years 1970 to 9999.
    pub fn utc(&self, local: NaiveDateTime) -> Option<DateTime<Utc>> {
        if !(1970..=9999).contains(&local.year()) {
            return None;
        }
        let at = recurrence::to_utc(local, self.zone);
        (1970..=9999).contains(&at.year()).then_some(at)
    }

    /// The same, but the first or last moment of those years for what lies outside them.
    pub fn utc_or_nearest(&self, local: NaiveDateTime) -> DateTime<Utc> {
        let nearest = match local.year() {
            ..=1970 => DateTime::UNIX_EPOCH,
            _ => LAST_MOMENT,
        };
        self.utc(local).unwrap_or(nearest)
    }

    /// When something is due that is said to be due `when`. A day without a time of day means
    /// `time_of_day`, or [`MORNING`]; where that has passed but the day (week, month) has not, its
    /// last minute.
    pub fn due(&self, when: When, time_of_day: Option<NaiveTime>) -> Option<DateTime<Utc>> {
        match when {
            When::Time(at) => self.utc(at),
            When::Days { first, last } => {
                let at = self.utc(first.and_time(time_of_day.unwrap_or(MORNING)))?;
                if at <= self.now && last >= self.today() {
                    self.utc(last.and_time(END_OF_DAY))
                } else {
                    Some(at)
                }
            }
        }
    }

    /// "today at 5:00 PM", "Friday, June 5 at 9:00 AM"; the year where it is another one.
    pub fn tell(&self, at: DateTime<Utc>) -> String {
        let local = self.local(at);
        format!(
            "{} at {}",
            self.tell_day(local.date()),
            tell_time(local.time())
        )
    }

    /// "today", "Friday, June 5".
    pub fn tell_day(&self, day: NaiveDate) -> String {
        match day.signed_duration_since(self.today()).num_days() {
            0 => "today".into(),
            1 => "tomorrow".into(),
            -1 => "yesterday".into(),
            _ if day.year() == self.today().year() => day.format("%A, %B %-d").to_string(),
            _ => day.format("%A, %B %-d, %Y").to_string(),
        }
    }

    /// "today", "next week", "in July", "between … and …".
    pub fn tell_period(&self, period: &Period) -> String {
        let (first, last) = (period.start.date(), period.end - TimeDelta::seconds(1));
        let whole_days =
            period.start.time() == NaiveTime::MIN && period.end.time() == NaiveTime::MIN;
        let last = last.date();
        if !whole_days {
            return if first == last {
                format!(
                    "{} between {} and {}",
                    self.tell_day(first),
                    tell_time(period.start.time()),
                    tell_time(period.end.time())
                )
            } else {
                format!(
                    "between {} at {} and {} at {}",
                    self.tell_day(first),
                    tell_time(period.start.time()),
                    self.tell_day(period.end.date()),
                    tell_time(period.end.time())
                )
            };
        }
        if first == last {
            return match self.tell_day(first) {
                day if day.contains(',') => format!("on {day}"),
                day => day,
            };
        }
        let today = self.today();
        match period.grain {
            Grain::Week if (last - first).num_days() == 6 => {
                let monday = |day: NaiveDate| day.week(chrono::Weekday::Mon).checked_first_day();
                let weeks = match (monday(first), monday(today)) {
                    (Some(there), Some(here)) => (there - here).num_days() / 7,
                    _ => i64::MAX,
                };
                match weeks {
                    0 => "this week".into(),
                    1 => "next week".into(),
                    -1 => "last week".into(),
                    _ => format!("in the week of {}", self.tell_day(first)),
                }
            }
            Grain::Month if first.day() == 1 && first.month() == last.month() => {
                let months = (first.year() - today.year()) * 12 + first.month() as i32
                    - today.month() as i32;
                match months {
                    0 => "this month".into(),
                    1 => "next month".into(),
                    -1 => "last month".into(),
                    _ if first.year() == today.year() => first.format("in %B").to_string(),
                    _ => first.format("in %B %Y").to_string(),
                }
            }
            Grain::Year if first.ordinal() == 1 => match first.year() - today.year() {
                0 => "this year".into(),
                1 => "next year".into(),
                -1 => "last year".into(),
                _ => first.format("in %Y").to_string(),
            },
            _ => format!("from {} to {}", self.tell_day(first), self.tell_day(last)),
        }
    }
}

/// "5:00 PM".
pub(crate) fn tell_time(time: NaiveTime) -> String {
    time.format("%-I:%M %p").to_string()
}

/// "1 hour", "1 day and 2 hours"; "0 minutes" for nothing.
pub(crate) fn tell_duration(seconds: u64) -> String {
    let units = [
        ("week", 604_800),
        ("day", 86_400),
        ("hour", 3_600),
        ("minute", 60),
        ("second", 1),
    ];
    if seconds == 0 {
        return "0 minutes".into();
    }
    let (mut rest, mut parts) = (seconds, Vec::new());
    for (name, size) in units {
        let count = rest / size;
        // "10 days" and not "1 week and 3 days".
        if count == 0 || (name == "week" && rest % size != 0) {
            continue;
        }
        rest %= size;
        parts.push(crate::wording::count(count, name));
    }
    crate::wording::join(&parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(now: &str, zone: &str) -> Clock {
        Clock::new(now.parse().unwrap(), zone)
    }

    fn local(text: &str) -> NaiveDateTime {
        text.parse().unwrap()
    }

    #[test]
    fn a_skipped_time_moves_forward_and_a_doubled_one_is_the_first() {
        let berlin = clock("2026-01-01T00:00:00Z", "Europe/Berlin");
        let at = berlin.utc(local("2026-03-29T02:30:00")).unwrap();
        assert_eq!(berlin.local(at), local("2026-03-29T03:30:00"));
        let at = berlin.utc(local("2026-10-25T02:30:00")).unwrap();
        assert_eq!(at.to_rfc3339(), "2026-10-25T00:30:00+00:00");
        // Samoa went without the whole of 30 December 2011.
        let apia = clock("2011-12-01T00:00:00Z", "Pacific/Apia");
        let at = apia.utc(local("2011-12-30T12:00:00")).unwrap();
        assert_eq!(apia.local(at), local("2011-12-31T12:00:00"));
    }

    #[test]
    fn years_that_rfc_3339_cannot_write_are_refused() {
        let utc = clock("2026-01-01T00:00:00Z", "UTC");
        for year in [-5, 1969, 10_000, 200_000] {
            let at = NaiveDate::from_ymd_opt(year, 6, 1)
                .unwrap()
                .and_time(MORNING);
            assert_eq!(utc.utc(at), None, "{year}");
        }
        assert_eq!(utc.utc(NaiveDateTime::MAX), None);
        assert_eq!(utc.utc(NaiveDateTime::MIN), None);
        assert_eq!(utc.utc_or_nearest(NaiveDateTime::MIN), DateTime::UNIX_EPOCH);
        let last = utc.utc_or_nearest(NaiveDateTime::MAX);
        assert_eq!(last.to_rfc3339(), "9999-12-31T23:59:59+00:00");
    }

    #[test]
    fn a_day_without_a_time_is_nine_in_the_morning_or_its_end() {
        let clock = clock("2026-06-03T13:00:00Z", "America/New_York");
        let due =
            |at: &str, grain| clock.local(clock.due(When::new(local(at), grain), None).unwrap());
        assert_eq!(
            due("2026-06-04T00:00:00", Grain::Day),
            local("2026-06-04T09:00:00")
        );
        assert_eq!(
            due("2026-06-03T00:00:00", Grain::Day),
            local("2026-06-03T23:59:00")
        );
        assert_eq!(
            due("2026-06-02T00:00:00", Grain::Day),
            local("2026-06-02T09:00:00")
        );
        assert_eq!(
            due("2026-06-01T00:00:00", Grain::Week),
            local("2026-06-07T23:59:00")
        );
        assert_eq!(
            due("2026-06-01T00:00:00", Grain::Month),
            local("2026-06-30T23:59:00")
        );
        assert_eq!(
            due("2026-07-01T00:00:00", Grain::Month),
            local("2026-07-01T09:00:00")
        );
        assert_eq!(
            due("2026-06-03T00:00:00", Grain::Hour),
            local("2026-06-03T00:00:00")
        );
    }

    #[test]
    fn moments_are_told_as_people_say_them() {
        let clock = clock("2026-06-03T12:00:00Z", "Asia/Tokyo");
        let tell = |at: &str| clock.tell(at.parse().unwrap());
        assert_eq!(tell("2026-06-03T08:00:00Z"), "today at 5:00 PM");
        assert_eq!(tell("2026-06-03T15:00:00Z"), "tomorrow at 12:00 AM");
        assert_eq!(tell("2026-06-05T03:00:00Z"), "Friday, June 5 at 12:00 PM");
        assert_eq!(
            tell("2027-01-01T00:05:00Z"),
            "Friday, January 1, 2027 at 9:05 AM"
        );
    }

    #[test]
    fn periods_are_told_as_people_say_them() {
        let clock = clock("2026-06-03T12:00:00Z", "UTC");
        let tell = |start: &str, end: &str, grain| {
            clock.tell_period(&Period {
                start: local(start),
                end: local(end),
                grain,
            })
        };
        let midnight = |day: &str| format!("{day}T00:00:00");
        let days = |start: &str, end: &str, grain| tell(&midnight(start), &midnight(end), grain);
        assert_eq!(days("2026-06-03", "2026-06-04", Grain::Day), "today");
        assert_eq!(
            days("2026-06-05", "2026-06-06", Grain::Day),
            "on Friday, June 5"
        );
        assert_eq!(days("2026-06-01", "2026-06-08", Grain::Week), "this week");
        assert_eq!(days("2026-05-25", "2026-06-01", Grain::Week), "last week");
        assert_eq!(days("2026-07-01", "2026-08-01", Grain::Month), "next month");
        assert_eq!(
            days("2025-07-01", "2025-08-01", Grain::Month),
            "in July 2025"
        );
        assert_eq!(days("2026-01-01", "2027-01-01", Grain::Year), "this year");
        assert_eq!(
            days("2026-06-06", "2026-06-08", Grain::Day),
            "from Saturday, June 6 to Sunday, June 7"
        );
        assert_eq!(
            tell("2026-06-03T18:00:00", "2026-06-03T22:00:00", Grain::Hour),
            "today between 6:00 PM and 10:00 PM"
        );
    }

    #[test]
    fn lengths_of_time_are_told_in_their_units() {
        for (seconds, words) in [
            (0, "0 minutes"),
            (3_600, "1 hour"),
            (5_400, "1 hour and 30 minutes"),
            (86_400 * 10, "10 days"),
            (86_400 * 14, "2 weeks"),
            (90_061, "1 day, 1 hour, 1 minute and 1 second"),
        ] {
            assert_eq!(tell_duration(seconds), words);
        }
    }
}
