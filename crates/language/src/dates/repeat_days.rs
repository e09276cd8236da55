//! The days of a repetition: "mon, wed and fri", "1st and 15th", "last Friday of each month".

use chrono::Weekday;

use super::Grain;
use super::parser::{Parse, Parser};
use super::relative::WORKING_DAYS;
use super::repeat_rule::Rule;
use super::words;

impl Parser<'_> {
    /// "Monday", "mon, wed and fri", "Monday to Friday".
    pub(super) fn weekday_list(&self, at: usize) -> Parse<Vec<Weekday>> {
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
    pub(super) fn nth_in_month(&self, at: usize) -> Parse<Rule> {
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
            && (rule.month_days == [-1] || !self.is_one_of(end - 1, &["day", "days"]));
        (alone || ((last || first_weekday) && !rule.weekdays.is_empty())).then_some((end, rule))
    }

    /// The n-th days or weekdays of a month: "1st and 15th", "last Friday", "first and third Monday".
    pub(super) fn nth_list(&self, at: usize) -> Parse<Rule> {
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
    pub(super) fn nth_of_each(&self, at: usize) -> Parse<Rule> {
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
    pub(super) fn plural_days(&self, at: usize) -> Parse<Rule> {
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
            // Not "Friday's".
            word if word.ends_with("days")
                && words::weekday(word).is_some()
                && self
                    .tokens
                    .get(start)
                    .is_some_and(|token| token.end - token.start == word.len()) => {}
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
    pub(super) fn once_a(&self, at: usize) -> Parse<Rule> {
        if !self.is_word(at, "once") || !self.is_one_of(at + 1, &["a", "per"]) {
            return None;
        }
        let grain = words::unit(self.word(at + 2)?).filter(|grain| *grain >= Grain::Hour)?;
        Some((at + 3, Rule::every(grain, 1)))
    }
}
