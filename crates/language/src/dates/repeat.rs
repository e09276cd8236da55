//! Repetitions: "every other Tuesday", "on the last Friday of each month", "weekdays at 9".

use chrono::{Datelike, NaiveDate, NaiveDateTime, Weekday};
use recurrence::Recurrence;

use super::clock::{Clock, DAY, Hours};
use super::moment::Lead;
use super::parser::{Parse, Parser};
use super::relative::WORKING_DAYS;
use super::words;
use super::{DateSpan, Grain};

/// A repetition as far as it was read.
#[derive(Debug, Clone, Default)]
struct Rule {
    frequency: Option<Grain>,
    interval: u32,
    weekdays: Vec<(Option<i32>, Weekday)>,
    month_days: Vec<i32>,
    months: Vec<u32>,
    count: Option<u32>,
    until: Option<NaiveDate>,
    start: Option<NaiveDate>,
    time: Option<Time>,
}

/// The time of day of each occurrence.
#[derive(Debug, Clone, Copy)]
struct Time {
    seconds: i64,
    grain: Grain,
}

impl Rule {
    fn every(frequency: Grain, interval: u32) -> Self {
        Self {
            frequency: Some(frequency),
            interval,
            ..Self::default()
        }
    }

    fn on_weekdays(days: Vec<Weekday>, interval: u32) -> Self {
        Self {
            weekdays: days.into_iter().map(|day| (None, day)).collect(),
            ..Self::every(Grain::Week, interval)
        }
    }

    fn has_days(&self) -> bool {
        !self.weekdays.is_empty() || !self.month_days.is_empty()
    }

    /// The recurrence pattern; `interval` apart, which does not matter for the first occurrence.
    fn pattern(&self, interval: u32) -> Option<String> {
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

impl Parser<'_> {
    /// A repetition: its pattern and its first occurrence.
    pub(super) fn repeat(&self, at: usize) -> Parse<(String, DateSpan)> {
        let mut time = None;
        let mut start = at;
        // "at 9 every weekday"
        let (after, lead) = self.lead(at);
        if let Some((end, (Hours::At(clock), None))) = self.hours(after, false)
            && (lead.bare || !clock.bare)
            && self.begins_repeat(end)
        {
            time = Some(clock);
            start = end;
        }
        let (mut end, mut rule) = self.repeat_core(start)?;
        if let Some(clock) = time {
            rule.time = Some(timed(clock.usual()));
        }
        for _ in 0..5 {
            let Some((after, more)) = self.repeat_more(end, &rule) else {
                break;
            };
            end = after;
            rule = more;
        }
        let pattern = rule.pattern(rule.interval)?;
        let first = self.first(&rule)?;
        Some((end, (pattern, first)))
    }

    fn begins_repeat(&self, at: usize) -> bool {
        self.is_one_of(
            at,
            &[
                "every", "each", "daily", "everyday", "weekdays", "weekly", "monthly", "on",
            ],
        ) && self.repeat_core(at).is_some()
    }

    fn repeat_core(&self, at: usize) -> Parse<Rule> {
        self.adverb(at)
            .or_else(|| self.every(at))
            .or_else(|| self.nth_of_each(at))
            .or_else(|| self.plural_days(at))
            .or_else(|| self.once_a(at))
    }

    /// "daily", "every day" in one word, "biweekly": where it is no adjective ("the daily report").
    fn adverb(&self, at: usize) -> Parse<Rule> {
        let mut end = at + 1;
        let rule = match self.word(at)? {
            "daily" | "everyday" | "nightly" => Rule::every(Grain::Day, 1),
            "weekly" => Rule::every(Grain::Week, 1),
            "biweekly" | "fortnightly" => Rule::every(Grain::Week, 2),
            "bi" if self.is_sign(at + 1, '-') && self.is_word(at + 2, "weekly") => {
                end = at + 3;
                Rule::every(Grain::Week, 2)
            }
            "monthly" => Rule::every(Grain::Month, 1),
            "bimonthly" => Rule::every(Grain::Month, 2),
            "quarterly" => Rule::every(Grain::Month, 3),
            "yearly" | "annually" => Rule::every(Grain::Year, 1),
            "hourly" => Rule::every(Grain::Hour, 1),
            _ => return None,
        };
        let adverbial = self.is_end(end)
            || self.is_sign(end, '@')
            || self.is_one_of(
                end,
                &[
                    "at",
                    "on",
                    "from",
                    "starting",
                    "beginning",
                    "until",
                    "for",
                    "in",
                    "and",
                    "please",
                    "by",
                    "to",
                    "with",
                    "high",
                    "low",
                    "urgent",
                    "medium",
                    "before",
                    "after",
                ],
            )
            || self.clock(end).is_some_and(|(_, clock)| !clock.bare);
        let after_article = at.checked_sub(1).is_some_and(|before| {
            self.is_one_of(before, &["the", "a", "my", "our", "your", "his", "her"])
        });
        (adverbial && !after_article).then_some((end, rule))
    }

    fn interval(&self, at: usize) -> (usize, u32) {
        if self.is_word(at, "other") || self.is_word(at, "alternate") {
            return (at + 1, 2);
        }
        if let Some((end, (n, true))) = self.day_number(at)
            && (1..=12).contains(&n)
        {
            return (end, n);
        }
        match self.whole(at) {
            Some((end, n)) if (1..=1000).contains(&n) => (end, n),
            _ if self.is_one_of(at, &["couple", "few"]) => {
                let n = if self.is_word(at, "couple") { 2 } else { 3 };
                (self.past(at + 1, &["of"]), n)
            }
            _ => (at, 1),
        }
    }

    /// "every day", "each Monday and Thursday", "every 2 weeks", "every 1st", "every last Friday".
    fn every(&self, at: usize) -> Parse<Rule> {
        let start = self.past(at, &["on", "once", "at"]);
        if !self.is_one_of(start, &["every", "each"]) {
            return None;
        }
        let start = self.past(start + 1, &["single", "and"]);
        let start = self.past(start, &["every"]);
        // "every 1st and 15th", "every last Friday", "every 2nd Tuesday of the month"
        if let Some((end, rule)) = self.nth_in_month(start) {
            return Some((end, rule));
        }
        let (after, interval) = self.interval(start);
        if let Some((end, days)) = self.weekday_list(after) {
            return Some((end, Rule::on_weekdays(days, interval)));
        }
        let word = self.word(after)?;
        if let Some(grain) = words::unit(word) {
            if grain == Grain::Second || grain == Grain::Minute {
                return None;
            }
            return Some((after + 1, Rule::every(grain, interval)));
        }
        let rule = match word {
            "weekday" | "weekdays" | "workday" | "workdays" => {
                Rule::on_weekdays(WORKING_DAYS.to_vec(), interval)
            }
            "business" | "working" | "work" if self.is_one_of(after + 1, &["day", "days"]) => {
                return Some((
                    after + 2,
                    Rule::on_weekdays(WORKING_DAYS.to_vec(), interval),
                ));
            }
            "weekend" | "weekends" => Rule::on_weekdays(vec![Weekday::Sat, Weekday::Sun], interval),
            "fortnight" => Rule::every(Grain::Week, interval * 2),
            "couple" => return None,
            _ => {
                if let Some((end, part)) = self.day_part(after)
                    && !part.today
                {
                    let time = Time {
                        seconds: part.due,
                        grain: Grain::Hour,
                    };
                    let rule = Rule {
                        time: Some(time),
                        ..Rule::every(Grain::Day, interval)
                    };
                    // "every morning at 7": the clock is read in that part of the day.
                    let (at_clock, lead) = self.lead(end);
                    if let Some((end, (Hours::At(clock), None))) = self.hours(at_clock, false)
                        && (lead.bare || !clock.bare)
                    {
                        let time = timed(clock.halved(part.is_afternoon()));
                        return Some((
                            end,
                            Rule {
                                time: Some(time),
                                ..rule
                            },
                        ));
                    }
                    return Some((end, rule));
                }
                return self.every_date(after, interval);
            }
        };
        Some((after + 1, rule))
    }

    /// "every January", "every 5th of March", "every Christmas".
    fn every_date(&self, at: usize, interval: u32) -> Parse<Rule> {
        let (end, date) = self.date(at)?;
        if date.says & super::calendar::says::YEAR != 0 {
            return None;
        }
        let first = date.days.next(self.today)?.0;
        let second = date
            .days
            .next(
                first
                    .with_day(1)?
                    .checked_add_months(chrono::Months::new(3))?,
            )?
            .0;
        let yearly = Rule {
            months: vec![first.month()],
            ..Rule::every(Grain::Year, interval)
        };
        match date.days.grain() {
            Grain::Month => Some((
                end,
                Rule {
                    month_days: vec![1],
                    ..yearly
                },
            )),
            Grain::Day if (first.month(), first.day()) == (second.month(), second.day()) => {
                let day = i32::try_from(first.day()).ok()?;
                Some((
                    end,
                    Rule {
                        month_days: vec![day],
                        ..yearly
                    },
                ))
            }
            _ => None,
        }
    }

    /// "Monday", "mon, wed and fri", "Monday to Friday".
    fn weekday_list(&self, at: usize) -> Parse<Vec<Weekday>> {
        let first = words::weekday(self.word(at)?)?;
        let mut days = vec![first];
        let mut end = at + 1;
        if (self.is_sign(end, '-') || self.is_one_of(end, &["to", "through"]))
            && let Some(last) = self.word(end + 1).and_then(words::weekday)
        {
            let mut day = first;
            while day != last {
                day = day.succ();
                days.push(day);
            }
            return Some((end + 2, days));
        }
        for _ in 0..8 {
            let mut next = end;
            if matches!(self.sign(next), Some(',' | '&' | '/' | '+')) {
                next += 1;
            }
            next = self.past(self.past(next, &["and", "or"]), &["every", "each", "on"]);
            let Some(day) = self
                .word(next)
                .and_then(words::weekday)
                .filter(|_| next > end)
            else {
                break;
            };
            days.push(day);
            end = next + 1;
        }
        days.sort_by_key(Weekday::num_days_from_monday);
        days.dedup();
        Some((end, days))
    }

    /// "1st", "1st and 15th", "last Friday of the month", "2nd Tuesday of the month", behind
    /// "every" or "on the" with "of each month" to come.
    fn nth_in_month(&self, at: usize) -> Parse<Rule> {
        let (end, rule) = self.nth_list(at)?;
        let of_month = ["the", "every", "each"].iter().find_map(|article| {
            (self.words(end, &["of", article]) && self.is_one_of(end + 2, &["month", "months"]))
                .then_some(end + 3)
        });
        if let Some(end) = of_month {
            return Some((end, rule));
        }
        // "every second Tuesday" is every other; "every 1st" and "every last Friday" are not.
        let last = self.is_one_of(at, &["last", "final"]);
        let first_weekday =
            self.is_one_of(at, &["first"]) || self.digits(at).is_some_and(|(n, _)| n == 1);
        let alone = !rule.month_days.is_empty()
            && self.word(end).and_then(words::month).is_none()
            && !self.is_word(end, "of")
            // "every third day"
            && !(self.is_one_of(end - 1, &["day", "days"]) && rule.month_days != [-1]);
        (alone || ((last || first_weekday) && !rule.weekdays.is_empty())).then_some((end, rule))
    }

    /// The n-th days or weekdays of a month: "1st and 15th", "last Friday", "first and third Monday".
    fn nth_list(&self, at: usize) -> Parse<Rule> {
        let mut rule = Rule::every(Grain::Month, 1);
        let mut numbers = Vec::new();
        let mut end = at;
        for _ in 0..6 {
            let start = self.past(end, &["the", "on"]);
            if self.is_one_of(start, &["last", "final"]) {
                numbers.push(-1);
                end = start + 1;
            } else if let Some((after, (n, true))) = self.day_number(start) {
                let n = i32::try_from(n).ok()?;
                if self.words(after, &["to", "last"]) || self.is_word(after, "last") {
                    numbers.push(-n);
                    end = self.past(after, &["to"]) + 1;
                } else {
                    numbers.push(n);
                    end = after;
                }
            } else {
                return None;
            }
            if let Some(weekday) = self.word(end).and_then(words::weekday) {
                if numbers.iter().any(|n| n.abs() > 5) {
                    return None;
                }
                rule.weekdays
                    .extend(numbers.drain(..).map(|n| (Some(n), weekday)));
                end += 1;
            } else if self.is_one_of(end, &["day", "days"]) {
                end += 1;
            }
            let comma = if matches!(self.sign(end), Some(',' | '&')) {
                end + 1
            } else {
                end
            };
            let next = self.past(comma, &["and", "or"]);
            let after_the = self.past(next, &["the"]);
            let goes_on = next > end
                && (self.is_one_of(after_the, &["last", "final"])
                    || self
                        .day_number(after_the)
                        .is_some_and(|(_, (_, ordinal))| ordinal));
            if !goes_on {
                break;
            }
            end = next;
        }
        if !rule.weekdays.is_empty() && !numbers.is_empty() {
            return None;
        }
        rule.month_days = numbers;
        Some((end, rule))
    }

    /// "on the last Friday of each month", "1st of every month", "the 15th of every other month".
    fn nth_of_each(&self, at: usize) -> Parse<Rule> {
        let start = self.past(self.past(at, &["on"]), &["the"]);
        let (end, rule) = self.nth_list(start)?;
        let end = self.past(end, &["of", "in"]);
        if !self.is_one_of(end, &["every", "each"]) {
            return None;
        }
        let (after, interval) = self.interval(end + 1);
        match self.word(after)? {
            "month" | "months" => Some((after + 1, Rule { interval, ..rule })),
            "quarter" => Some((
                after + 1,
                Rule {
                    interval: interval * 3,
                    ..rule
                },
            )),
            "week" if rule.month_days == [-1] => None,
            word => {
                let month = words::month(word)?;
                Some((
                    after + 1,
                    Rule {
                        frequency: Some(Grain::Year),
                        months: vec![month],
                        interval,
                        ..rule
                    },
                ))
            }
        }
    }

    /// "on Mondays", "Tuesdays and Thursdays", "weekdays", "on weekends".
    fn plural_days(&self, at: usize) -> Parse<Rule> {
        let start = self.past(at, &["on"]);
        match self.word(start)? {
            "weekdays" | "workdays" => {
                return Some((start + 1, Rule::on_weekdays(WORKING_DAYS.to_vec(), 1)));
            }
            "weekends" => {
                return Some((
                    start + 1,
                    Rule::on_weekdays(vec![Weekday::Sat, Weekday::Sun], 1),
                ));
            }
            word if word.ends_with("days") && words::weekday(word).is_some() => {}
            _ => return None,
        }
        // "2 Sundays from now"
        let counted = start.checked_sub(1).is_some_and(|before| {
            self.digits(before).is_some()
                || self.word(before).and_then(words::small_number).is_some()
        });
        if counted {
            return None;
        }
        let (end, days) = self.weekday_list(start)?;
        Some((end, Rule::on_weekdays(days, 1)))
    }

    /// "once a week", "once every 2 weeks".
    fn once_a(&self, at: usize) -> Parse<Rule> {
        if !self.is_word(at, "once") || !self.is_one_of(at + 1, &["a", "per"]) {
            return None;
        }
        let grain = words::unit(self.word(at + 2)?).filter(|grain| *grain >= Grain::Hour)?;
        Some((at + 3, Rule::every(grain, 1)))
    }

    /// What follows: a time of day, the days of a week or month, a start, an end.
    fn repeat_more(&self, at: usize, rule: &Rule) -> Parse<Rule> {
        let at = if self.is_sign(at, ',') { at + 1 } else { at };
        if self.is_word(at, "until") || self.words(at, &["through"]) {
            let (end, moment) = self.moment(
                at + 1,
                Lead {
                    weak: true,
                    inside: true,
                    ..Lead::default()
                },
            )?;
            moment.date.as_ref()?;
            let span = self.resolve(&moment)?.span;
            let last = match span.end {
                Some(end) => end.date().pred_opt()?,
                None => span.start.date(),
            };
            let rule = Rule {
                until: Some(last),
                ..rule.clone()
            };
            return (rule.count.is_none()).then_some((end, rule));
        }
        if self.is_one_of(at, &["starting", "from", "beginning", "start"]) {
            let (after, lead) = self.lead(at + 1);
            let (end, moment) = self.moment(
                after,
                Lead {
                    weak: true,
                    inside: true,
                    ..lead
                },
            )?;
            moment.date.as_ref()?;
            let mut rule = rule.clone();
            let start = self.resolve(&moment)?.span.start;
            rule.start = Some(start.date());
            if let Some(Hours::At(clock)) = moment.hours {
                rule.time = Some(timed(clock.usual()));
            }
            return Some((end, rule));
        }
        if self.is_word(at, "for") || self.digits(at).is_some() && self.is_word(at + 1, "times") {
            let start = self.past(self.past(at, &["for"]), &["the", "next"]);
            let start = self.past(start, &["next"]);
            if let Some((end, count)) = self.whole(start)
                && self.is_one_of(end, &["times", "occurrences"])
                && (1..=1000).contains(&count)
            {
                return Some((
                    end + 1,
                    Rule {
                        count: Some(count),
                        until: None,
                        ..rule.clone()
                    },
                ));
            }
            let (end, length) = self.length(start)?;
            if length.seconds != 0 {
                return None;
            }
            let last = self.moved(length)?.date().pred_opt()?;
            return Some((
                end,
                Rule {
                    until: Some(last),
                    ..rule.clone()
                },
            ));
        }
        if rule.time.is_none()
            && let Some((end, time)) = self.repeat_time(at)
        {
            return Some((
                end,
                Rule {
                    time: Some(time),
                    ..rule.clone()
                },
            ));
        }
        if rule.has_days() {
            return None;
        }
        match rule.frequency? {
            Grain::Week => {
                let start = self.past(at, &["on"]);
                let (end, days) = self.weekday_list(start).or_else(|| {
                    let named = self.is_one_of(start, &["weekdays", "workdays"]);
                    named.then(|| (start + 1, WORKING_DAYS.to_vec()))
                })?;
                if start == at && self.word(at).is_some_and(words::is_everyday) {
                    return None;
                }
                let weekdays = days.into_iter().map(|day| (None, day)).collect();
                Some((
                    end,
                    Rule {
                        weekdays,
                        ..rule.clone()
                    },
                ))
            }
            Grain::Month | Grain::Quarter => {
                let start = self.past(self.past(at, &["on"]), &["the"]);
                if start == at {
                    return None;
                }
                let (end, days) = self.nth_list(start)?;
                let end = if self.words(end, &["of", "the", "month"]) {
                    end + 3
                } else {
                    end
                };
                Some((
                    end,
                    Rule {
                        weekdays: days.weekdays,
                        month_days: days.month_days,
                        ..rule.clone()
                    },
                ))
            }
            Grain::Year if rule.months.is_empty() => {
                let start = self.past(at, &["on", "in"]);
                if start == at {
                    return None;
                }
                let (end, date) = self.every_date(start, rule.interval)?;
                Some((
                    end,
                    Rule {
                        months: date.months,
                        month_days: date.month_days,
                        ..rule.clone()
                    },
                ))
            }
            _ => None,
        }
    }

    fn repeat_time(&self, at: usize) -> Parse<Time> {
        let (after, lead) = self.lead(at);
        if let Some((end, (Hours::At(clock), None))) = self.hours(after, false)
            && (lead.bare || !clock.bare)
        {
            // "at 7 in the morning"
            let part_at = self.past(self.past(end, &["in"]), &["the"]);
            if let Some((end, part)) = self.day_part(part_at).filter(|_| part_at > end) {
                return Some((end, timed(clock.halved(part.is_afternoon()))));
            }
            return Some((end, timed(clock.usual())));
        }
        let part_at = self.past(self.past(at, &["in", "at"]), &["the"]);
        let (end, part) = self.day_part(part_at)?;
        let clock_at = self.lead(end);
        if let Some((end, (Hours::At(clock), None))) = self.hours(clock_at.0, false)
            && (clock_at.1.bare || !clock.bare)
        {
            return Some((end, timed(clock.halved(part.is_afternoon()))));
        }
        Some((
            end,
            Time {
                seconds: part.due,
                grain: Grain::Hour,
            },
        ))
    }

    /// The first occurrence: today counts while its time is ahead, or when none was said.
    fn first(&self, rule: &Rule) -> Option<DateSpan> {
        let zone = self.now.timezone();
        let mut day = rule.start.unwrap_or(self.today).max(self.today);
        let (seconds, grain) = match rule.time {
            Some(time) => (time.seconds % DAY, time.grain),
            None => (0, Grain::Day),
        };
        let on = |day: NaiveDate| -> Option<NaiveDateTime> {
            day.and_hms_opt(0, 0, 0)?
                .checked_add_signed(chrono::TimeDelta::try_seconds(seconds)?)
        };
        if rule.frequency == Some(Grain::Hour) && rule.time.is_none() {
            let hours = chrono::TimeDelta::try_hours(i64::from(rule.interval))?;
            let at = self.now.checked_add_signed(hours)?.naive_local();
            let start = super::resolve::floor(at, Grain::Minute)?;
            return Some(DateSpan {
                start,
                end: None,
                grain: Grain::Minute,
            });
        }
        if grain != Grain::Day && recurrence::to_utc(on(day)?, zone) <= self.now.to_utc() {
            day = day.succ_opt()?;
        }
        let pattern = Rule {
            count: None,
            until: None,
            ..rule.clone()
        }
        .pattern(1)?;
        let at = Recurrence::parse(&pattern)
            .ok()?
            .occurrences(on(day)?, zone)
            .next()?;
        let start = at.with_timezone(&zone).naive_local();
        let start = if grain == Grain::Day {
            super::resolve::floor(start, Grain::Day)?
        } else {
            start
        };
        Some(DateSpan {
            start,
            end: None,
            grain,
        })
    }
}

fn timed(clock: Clock) -> Time {
    Time {
        seconds: clock.seconds,
        grain: clock.grain,
    }
}
