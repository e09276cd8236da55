//! Repetitions: "every other Tuesday", "on the last Friday of each month", "weekdays at 9".

use chrono::{Datelike, NaiveDate, NaiveDateTime, Weekday};
use recurrence::Recurrence;
use task_model::RecurrenceFrom;

use super::clock::{Clock, DAY, Hours};
use super::parser::{Parse, Parser};
use super::relative::WORKING_DAYS;
use super::repeat_rule::{Repeat, Rule, Time};
use super::support::Lead;
use super::words;
use super::{DateSpan, Grain};

impl Parser<'_> {
    /// A repetition.
    pub(super) fn repeat(&self, at: usize) -> Parse<Repeat> {
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
        let repeat = Repeat {
            pattern: rule.pattern(rule.interval)?,
            first: self.first(&rule)?,
            from: rule.from,
        };
        Some((end, repeat))
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
            .or_else(|| self.length_after(at))
            .or_else(|| self.repeated_on(at))
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
            || self.clock(end).is_some_and(|(_, clock)| !clock.bare)
            || self.digits(end).is_some() && self.is_word(end + 1, "times");
        let after_article = at.checked_sub(1).is_some_and(|before| {
            self.is_one_of(before, &["the", "a", "my", "our", "your", "his", "her"])
        });
        (adverbial && !after_article).then_some((end, rule))
    }

    pub(super) fn interval(&self, at: usize) -> (usize, u32) {
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
        // "every! 3 days" is Todoist's way to say "after I finish".
        if self.is_sign(start + 1, '!') && self.is_tight(start + 1) {
            let (end, rule) = self.every_what(start + 2)?;
            let from = Some(RecurrenceFrom::Completion);
            return Some((end, Rule { from, ..rule }));
        }
        self.every_what(start + 1)
    }

    /// What comes after "every".
    fn every_what(&self, at: usize) -> Parse<Rule> {
        let start = self.past(at, &["single", "and"]);
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

    /// What follows: a time of day, the days of a week or month, a start, an end.
    fn repeat_more(&self, at: usize, rule: &Rule) -> Parse<Rule> {
        let at = if self.is_sign(at, ',') { at + 1 } else { at };
        if rule.from.is_none()
            && let Some((end, from)) = self.repeated_from(at)
        {
            let from = Some(from);
            return Some((
                end,
                Rule {
                    from,
                    ..rule.clone()
                },
            ));
        }
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
