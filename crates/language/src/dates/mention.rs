//! A mention of a time: its prepositions, the time, and what hangs on it.

use super::calendar::says;
use super::clock::Hours;
use super::moment::Moment;
use super::parser::{Parse, Parser};
use super::resolve::Resolved;
use super::support::Lead;
use super::{Bound, DateSpan, Grain, Meaning, Mention};

impl Parser<'_> {
    /// The mention that begins at `at`.
    pub(super) fn mention(&self, at: usize) -> Parse<Mention> {
        let (end, meaning, bound, due) = self
            .repeat_mention(at)
            .or_else(|| self.time_mention(at))
            .or_else(|| self.duration_mention(at))?;
        // "move it to 8": the "to" belongs to the verb.
        let first = self.tokens.get(self.past(at, &["to"]))?;
        let last = self.tokens.get(end.checked_sub(1)?)?;
        let mention = Mention {
            range: first.start..last.end,
            meaning,
            bound,
            due,
        };
        Some((end, mention))
    }

    fn repeat_mention(&self, at: usize) -> Option<(usize, Meaning, Bound, Option<crate::Due>)> {
        let (end, repeat) = self.repeat(at)?;
        let due = crate::Due {
            at: repeat.first.start,
            grain: repeat.first.grain,
        };
        Some((
            end,
            Meaning::Repeat {
                pattern: repeat.pattern,
                first: repeat.first,
                from: repeat.from,
            },
            Bound::At,
            Some(due),
        ))
    }

    fn time_mention(&self, at: usize) -> Option<(usize, Meaning, Bound, Option<crate::Due>)> {
        // The preposition may be the time's own: "in 3 days", "after lunch".
        let (own_end, own) = match self
            .moment(at, Lead::default())
            .and_then(|(end, moment)| Some((end, self.resolve(&moment)?, moment, Lead::default())))
        {
            Some((end, resolved, moment, lead)) => (end, Some((resolved, moment, lead))),
            None => (0, None),
        };
        let (after, lead) = self.lead(at);
        let led = if after > at {
            self.moment(after, lead).and_then(|(end, moment)| {
                // "bring it in tomorrow"
                if self.is_word(after - 1, "in")
                    && moment
                        .date
                        .as_ref()
                        .is_some_and(|date| matches!(date.says, says::DAY | says::WEEKDAY))
                    && !self.is_one_of(after, &["the", "this"])
                {
                    return None;
                }
                // "for june": a name.
                if self.is_word(after - 1, "for") && !lead.weak && !lead.inside && is_weak(&moment)
                {
                    return None;
                }
                Some((end, self.resolve(&moment)?, moment, lead))
            })
        } else {
            None
        };
        let (end, resolved, moment, lead) = match (led, own) {
            (Some((end, resolved, moment, lead)), _) if end > own_end => {
                (end, resolved, moment, lead)
            }
            (_, Some((resolved, moment, lead))) => (own_end, resolved, moment, lead),
            (Some((end, resolved, moment, lead)), None) => (end, resolved, moment, lead),
            (None, None) => return self.length_from(at),
        };
        let (end, resolved) = self
            .lasting(end, &moment)
            .or_else(|| self.through(end, &resolved, lead))
            .unwrap_or((end, resolved));
        let end = self.past(end, &["ish", "approximately", "exactly", "sharp"]);
        let bound = if self.is_word(at, "within") {
            Bound::By
        } else {
            lead.bound
        };
        let meaning = Meaning::Time {
            span: resolved.span,
            time_only: resolved.time_only,
        };
        Some((end, meaning, bound, Some(resolved.due)))
    }

    /// "for 10 days from 18th Dec", "for 30' starting from 4pm".
    fn length_from(&self, at: usize) -> Option<(usize, Meaning, Bound, Option<crate::Due>)> {
        let (after, length) = self.length(self.past(at, &["for"]))?;
        let from = self.past(after, &["starting", "beginning"]);
        if !self.is_word(at, "for") || !(from > after || self.is_word(from, "from")) {
            return None;
        }
        let (start, lead) = self.lead(from);
        let (end, mut moment) = self.moment(start, lead)?;
        moment.lasts = Some(length);
        let resolved = self.resolve(&moment)?;
        let meaning = Meaning::Time {
            span: resolved.span,
            time_only: resolved.time_only,
        };
        Some((end, meaning, Bound::At, Some(resolved.due)))
    }

    /// "4pm for 30 minutes".
    fn lasting(&self, at: usize, moment: &Moment) -> Parse<Resolved> {
        if !self.is_word(at, "for")
            || !(matches!(moment.hours, Some(Hours::At(_))) || moment.date.is_some())
        {
            return None;
        }
        let (end, length) = self.length(at + 1)?;
        if self.is_one_of(end, &["before", "early", "ahead"]) {
            return None;
        }
        let moment = Moment {
            lasts: Some(length),
            ..moment.clone()
        };
        Some((end, self.resolve(&moment)?))
    }

    /// "Monday to Friday", "tomorrow 5pm until Thursday noon".
    fn through(&self, at: usize, first: &Resolved, lead: Lead) -> Parse<Resolved> {
        let joins = self.is_sign(at, '-')
            || self.is_one_of(at, &["to", "until", "through"])
            || (lead.ranged && self.is_word(at, "and"));
        if !joins || first.span.end.is_some() {
            return None;
        }
        // "push what is due tomorrow to Friday" goes there.
        if self.is_word(at, "to") && !lead.ranged && self.moves_something(at) {
            return None;
        }
        let weak_ok = Lead {
            weak: true,
            inside: true,
            ..Lead::default()
        };
        let (end, moment) = self.moment(at + 1, weak_ok)?;
        let mut last = self.resolve(&moment)?.span;
        if moment.date.is_none() && last.start.date() != first.span.start.date() {
            return None;
        }
        let grain = first.span.grain.min(last.grain);
        if last.start < first.span.start {
            // "Friday to Monday": the Monday after; "January to August" likewise.
            let weekday = moment
                .date
                .as_ref()
                .is_some_and(|date| date.says == says::WEEKDAY);
            let start = last.start.date();
            let later = if weekday {
                super::days::add_days(start, 7)?
            } else {
                super::days::add_months(start, 12)?
            };
            last.start = later.and_time(last.start.time());
            last.end = None;
            if last.start < first.span.start {
                return None;
            }
        }
        let stop = match last.end {
            Some(stop) => stop,
            None => match last.grain {
                Grain::Second | Grain::Minute | Grain::Hour => {
                    last.start
                        .checked_add_signed(chrono::TimeDelta::try_seconds(match last.grain {
                            Grain::Hour => 3600,
                            Grain::Minute => 60,
                            _ => 1,
                        })?)?
                }
                grain => {
                    super::days::step(last.start.date(), grain, 1)?.and_time(chrono::NaiveTime::MIN)
                }
            },
        };
        let span = DateSpan {
            end: Some(stop),
            grain,
            ..first.span
        };
        Some((end, Resolved { span, ..*first }))
    }

    /// A length that no moment anchors: "30 minutes", "for two hours", "an hour before".
    fn duration_mention(&self, at: usize) -> Option<(usize, Meaning, Bound, Option<crate::Due>)> {
        let start = self.past(at, &["for", "by"]);
        let start = self.past(start, &["about", "another", "around"]);
        let (end, length) = self.length(start)?;
        let before = self.is_one_of(
            end,
            &["before", "early", "ahead", "prior", "beforehand", "earlier"],
        ) || self.words(end, &["in", "advance"]);
        let led = start > at;
        if !before {
            let first = self.word(start);
            let previous_word = at.checked_sub(1).and_then(|before| self.word(before));
            let previous_counts = at
                .checked_sub(1)
                .is_some_and(|before| self.digits(before).is_some())
                || matches!(
                    previous_word,
                    Some("once" | "twice" | "times" | "per" | "every" | "each")
                );
            if matches!(first, Some("a" | "an")) && previous_counts {
                return None;
            }
            // "an apple a day", but "push it back a day"
            if matches!(first, Some("a"))
                && !led
                && at > 0
                && length.seconds == 0
                && !self.moves_something(at)
            {
                return None;
            }
            // "7 days a week"
            if self.is_one_of(end, &["a", "an", "per"])
                && self.word(end + 1).and_then(super::words::unit).is_some()
            {
                return None;
            }
            // "a 30 minute walk", "5-year plan"
            let unit = self.word(end.checked_sub(1)?);
            let one = length.total_seconds()
                == super::duration::Length::of(1, length.grain)?.total_seconds();
            let adjective = matches!(
                unit,
                Some("second" | "minute" | "hour" | "day" | "week" | "month" | "year")
            ) && !one
                && self.word(end).is_some()
                && !matches!(first, Some("half"))
                && !self.is_one_of(start + 1, &["half", "quarter"]);
            if adjective {
                return None;
            }
            let small_unit = length.terse
                && length.grain != Grain::Hour
                && !led
                && length.grain != Grain::Minute;
            if small_unit
                || (length.terse
                    && !led
                    && self.tokens.get(end.checked_sub(1)?)?.kind == super::token::Kind::Sign('\''))
            {
                return None;
            }
            // "wait a second", "take a minute"
            if matches!(first, Some("a"))
                && matches!(unit, Some("second" | "sec" | "minute" | "min"))
                && !led
            {
                return None;
            }
        }
        let end = match self.word(end) {
            Some("before" | "early" | "ahead" | "prior" | "beforehand" | "earlier") => {
                self.past(self.past(end + 1, &["of"]), &["time"])
            }
            Some("in") if before => end + 2,
            _ => end,
        };
        let meaning = Meaning::Duration {
            seconds: length.total_seconds(),
            before,
        };
        Some((end, meaning, Bound::At, None))
    }
}

fn is_weak(moment: &Moment) -> bool {
    moment.date.as_ref().is_some_and(|date| date.weak) && moment.hours.is_none()
}
