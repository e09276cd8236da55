//! Times as they are said: a date, a time of day and a part of the day in any order, relative times
//! ("in 3 days"), and the prepositions around them.

use chrono::NaiveDate;

use super::calendar::{Date, says};
use super::clock::Hours;
use super::day_part::DayPart;
use super::days::Days;
use super::duration::Length;
use super::from_now::Relative;
use super::parser::{Parse, Parser};
use super::support::{AFTER_HOLIDAY, AFTER_HOUR, Lead};
use super::{Bound, DateSpan, Grain};

/// What was said of a time.
#[derive(Debug, Clone, Default)]
pub(super) struct Moment {
    pub date: Option<Date>,
    pub hours: Option<Hours>,
    pub part: Option<DayPart>,
    /// Minutes ahead of universal time.
    pub zone: Option<i32>,
    pub relative: Option<Relative>,
    /// A date and time in full (RFC 3339).
    pub stamp: Option<DateSpan>,
    /// How long it lasts: "4pm for 30 minutes".
    pub lasts: Option<Length>,
}

/// Things that a number behind them counts.
const COUNTED: [&str; 20] = [
    "number", "no", "nr", "chapter", "chapters", "page", "pages", "part", "section", "lesson",
    "unit", "room", "step", "exercise", "problem", "question", "episode", "version", "level",
    "volume",
];

enum Piece {
    Date(Date),
    Hours(Hours, Option<i32>),
    Part(DayPart),
    Relative(Relative),
}

impl Parser<'_> {
    /// A time, said from `at` on after the prepositions `lead`.
    pub(super) fn moment(&self, at: usize, lead: Lead) -> Parse<Moment> {
        if let Some((end, stamp)) = self.timestamp(at) {
            return Some((
                end,
                Moment {
                    stamp: Some(stamp),
                    ..Moment::default()
                },
            ));
        }
        let start = at;
        let mut moment = Moment::default();
        let mut bare_is_time = lead.bare;
        let (mut end, piece) = self.piece(at, lead.ranged)?;
        let mut hours_said_bare =
            matches!(piece, Piece::Hours(hours, _) if is_bare(hours) && !lead.ranged);
        let hours_end = end;
        self.add(&mut moment, piece)?;
        for _ in 0..6 {
            let Some((after, more, bare, sole_bare)) = self.more(end, &moment) else {
                break;
            };
            moment = more;
            end = after;
            bare_is_time |= bare;
            hours_said_bare |= sole_bare;
        }
        // "bill number 12 tomorrow" counts bills.
        if hours_said_bare
            && hours_end == start + 1
            && start
                .checked_sub(1)
                .is_some_and(|before| self.is_one_of(before, &COUNTED))
        {
            return None;
        }
        // "pizza for lunch tomorrow at noon": the meal is what it is for.
        if moment.hours.is_some()
            && self.is_one_of(start, &["lunch", "breakfast", "dinner"])
            && start
                .checked_sub(1)
                .is_some_and(|before| self.is_word(before, "for"))
        {
            return None;
        }
        let whole_text = start == 0 && (end..self.tokens.len()).all(|at| self.is_end(at));
        // "buy easter eggs": a holiday's name before a noun.
        if let Some(date) = &moment.date
            && date.says == says::HOLIDAY
            && moment.hours.is_none()
            && moment.part.is_none()
            && self.leads_nothing(lead)
            && self
                .word(end)
                .is_some_and(|word| !AFTER_HOUR.contains(&word) && !AFTER_HOLIDAY.contains(&word))
        {
            return None;
        }
        // "at 5": a bare number needs its preposition, or a day or part of the day that it heads.
        if hours_said_bare && !bare_is_time {
            let heads_a_day = end > hours_end
                && matches!(moment.hours, Some(Hours::At(clock)) if clock.open && clock.grain == Grain::Hour)
                && (self.is_one_of(hours_end, &["tomorrow", "today", "tonight"])
                    || moment.part.is_some());
            if !heads_a_day {
                return None;
            }
        }
        if hours_said_bare
            && bare_is_time
            && end == hours_end
            && !self.is_hour_by_what_follows(start, end, lead)
        {
            return None;
        }
        if let Some(part) = moment.part
            && !part.strong
            && moment.date.is_none()
            && moment.hours.is_none()
            && !(lead.inside
                || (lead.bare && lead.bound == Bound::At)
                || self.is_word(start, "this")
                || whole_text)
        {
            return None;
        }
        if let Some(date) = &moment.date
            && date.weak
            && moment.hours.is_none()
            && moment.part.is_none()
            && !whole_text
            && !self.is_supported(date, start, end, lead)
        {
            return None;
        }
        Some((end, moment))
    }

    fn piece(&self, at: usize, ranged: bool) -> Parse<Piece> {
        let relative = self
            .relative_to_now(at)
            .map(|(end, relative)| (end, Piece::Relative(relative)));
        let date = self.date(at).map(|(end, date)| (end, Piece::Date(date)));
        let hours = self
            .hours(at, ranged)
            .map(|(end, (hours, zone))| (end, Piece::Hours(hours, zone)));
        // "this evening", "in the morning", "the morning"
        let part_at = if self.is_word(at, "in") {
            self.past(at + 1, &["the", "this"])
        } else {
            self.past(at, &["the"])
        };
        let part = if self.is_word(at, "this") {
            self.day_part(at + 1).map(|(end, part)| {
                (
                    end,
                    Piece::Part(DayPart {
                        today: true,
                        ..part
                    }),
                )
            })
        } else {
            self.day_part(part_at)
                .map(|(end, part)| (end, Piece::Part(part)))
        };
        // The longest; a date before a time of day of the same length.
        [relative, date, part, hours]
            .into_iter()
            .fold(None, super::parser::longer)
    }

    /// The next piece of a time that was begun, past what joins them; whether a bare hour in it
    /// counts as a time, and whether there is one.
    fn more(&self, at: usize, moment: &Moment) -> Option<(usize, Moment, bool, bool)> {
        let mut next = at;
        let mut bare = false;
        let mut joined = false;
        if self.is_sign(next, ',') {
            next += 1;
        }
        let mut ranged = false;
        for _ in 0..2 {
            if self.is_sign(next, '@') {
                bare = true;
                joined = true;
                next += 1;
                continue;
            }
            let Some(word) = self.word(next) else { break };
            match word {
                "at" | "around" | "by" | "about" | "before" | "after" => {
                    bare = true;
                }
                "from" | "between" => ranged = true,
                "on" | "of" | "for" | "in" | "during" => {
                    if word == "in" && self.is_word(next + 1, "between") {
                        next += 1;
                        ranged = true;
                    }
                }
                _ => break,
            }
            joined = true;
            next += 1;
        }
        let (start, (end, piece)) = match self.piece(at, false) {
            // "in 7 days", "after lunch": the preposition is the piece's own.
            Some((end, piece @ (Piece::Relative(_) | Piece::Part(_)))) => (at, (end, piece)),
            // "Friday before Christmas" is another day than Christmas.
            _ if next > at && self.is_one_of(next - 1, &["before", "after"]) => {
                let (end, (hours, zone)) = self.hours(next, false)?;
                (next, (end, Piece::Hours(hours, zone)))
            }
            _ => (next, self.piece(next, ranged)?),
        };
        let sole_bare = matches!(piece, Piece::Hours(hours, _) if is_bare(hours) && !ranged);
        if sole_bare && !bare {
            // "tomorrow 9": only where nothing follows that could be counted.
            let hour_like = matches!(piece, Piece::Hours(Hours::At(clock), _) if clock.open);
            let day = moment.part.is_some() || moment.date.as_ref().is_some_and(|date| !date.weak);
            if joined || !hour_like || !day || self.word(start).is_some() || !self.is_end(end) {
                return None;
            }
            bare = true;
        } else if sole_bare
            && !self.is_hour_by_what_follows(
                start,
                end,
                Lead {
                    bare: true,
                    ..Lead::default()
                },
            )
        {
            return None;
        }
        // "Friday lunch with Ann" is a lunch.
        if matches!(piece, Piece::Part(_))
            && next == at
            && self.is_one_of(at, &["lunch", "breakfast", "dinner"])
            && !self.is_end(end)
        {
            return None;
        }
        // A comma alone joins a date and a time, not two things to do: "call mom friday, june is here".
        if let Piece::Date(date) = &piece
            && date.weak
            && !joined
            && moment.date.is_some()
        {
            return None;
        }
        // "chapter 5 by tomorrow": the preposition is the day's, not the number's.
        bare &= matches!(piece, Piece::Hours(..));
        let mut merged = moment.clone();
        self.add(&mut merged, piece)?;
        Some((end, merged, bare, sole_bare))
    }

    fn add(&self, moment: &mut Moment, piece: Piece) -> Option<()> {
        match piece {
            Piece::Date(date) => {
                if let Some(relative) = moment.relative.take() {
                    moment.date = Some(self.date_ahead(&relative, &date)?);
                    if relative.unit.is_none() {
                        moment.relative = Some(relative);
                    }
                    return Some(());
                }
                match &moment.date {
                    None => {
                        if moment.part.is_some_and(|part| part.today)
                            && date.says & says::DAY == 0
                            && moment.hours.is_none()
                        {
                            return None;
                        }
                        moment.date = Some(date);
                    }
                    Some(before) => moment.date = Some(before.and(&date, self.today)?),
                }
            }
            Piece::Hours(hours, zone) => {
                if moment.hours.is_some() || moment.stamp.is_some() {
                    return None;
                }
                if let Some(relative) = moment.relative.take() {
                    moment.date = Some(self.day_of(&relative)?);
                }
                if moment
                    .date
                    .as_ref()
                    .is_some_and(|date| date.days.grain() == Grain::Week && !date.days.is_weekend())
                {
                    return None;
                }
                moment.hours = Some(hours);
                moment.zone = zone;
            }
            Piece::Part(part) => {
                if moment.part.is_some() {
                    return None;
                }
                if let Some(relative) = moment.relative.take() {
                    moment.date = Some(self.day_of(&relative)?);
                }
                if part.today
                    && let Some(date) = &moment.date
                    && !date.days.next(self.today).is_some_and(|span| {
                        span.0 == self.today && span.1 == self.today.succ_opt().unwrap_or(span.1)
                    })
                {
                    // "Friday end of day" is Friday's; "tomorrow tonight" is nothing.
                    moment.part = Some(DayPart {
                        today: false,
                        ..part
                    });
                    return Some(());
                }
                moment.part = Some(part);
            }
            Piece::Relative(relative) => {
                if moment.relative.is_some() || moment.part.is_some() {
                    return None;
                }
                match (&moment.date, moment.hours) {
                    (None, None) => moment.relative = Some(relative),
                    (None, Some(_)) => moment.date = Some(self.day_of(&relative)?),
                    (Some(date), _) => {
                        let both = self.date_ahead(&relative, date)?;
                        moment.date = Some(both);
                        if relative.unit.is_none() && moment.hours.is_none() {
                            moment.relative = Some(relative);
                        }
                    }
                }
            }
        }
        Some(())
    }

    /// The day that "in 7 days" is, for a time of day on it.
    fn day_of(&self, relative: &Relative) -> Option<Date> {
        relative.unit.as_ref()?;
        Date::fixed(
            relative.span.start.date(),
            relative.span.grain.max(Grain::Day),
            says::DAY,
        )
    }

    /// "March in a year": of the unit that is meant. "Today in one hour": when it is today.
    fn date_ahead(&self, relative: &Relative, date: &Date) -> Option<Date> {
        match &relative.unit {
            Some(unit) => {
                let span = unit
                    .days
                    .next(NaiveDate::MIN.max(relative.span.start.date()))?;
                let days = Days::Both(unit.days.clone(), date.days.clone());
                days.next(span.0).or_else(|| days.prev(span.1))?;
                Some(Date::new(days, date.says | unit.says))
            }
            None => {
                let day = relative.span.start.date();
                let span = date.days.next(day)?;
                (span.0 <= day && date.days.grain() == Grain::Day).then(|| date.clone())
            }
        }
    }
}

fn is_bare(hours: Hours) -> bool {
    match hours {
        Hours::At(clock) => clock.bare,
        Hours::Between(first, last) => first.bare && last.bare,
    }
}
