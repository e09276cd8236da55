//! Times as they are said: a date, a time of day and a part of the day in any order, relative times
//! ("in 3 days"), and the prepositions around them.

use chrono::{NaiveDate, NaiveDateTime, TimeDelta};

use super::calendar::{Date, says};
use super::clock::{DayPart, Hours};
use super::days::{Days, add_days, add_months};
use super::duration::Length;
use super::parser::{Parse, Parser};
use super::{Bound, DateSpan, Grain};

/// A time told from now: "in 3 days".
#[derive(Debug, Clone)]
pub(super) struct Relative {
    /// What it means alone.
    pub span: DateSpan,
    /// The day, week, month or year that it falls in.
    pub unit: Option<Date>,
}

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

/// What comes before a time and what it allows.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Lead {
    pub bound: Bound,
    /// A bare number may be a time of day: "at 5".
    pub bare: bool,
    /// Two bare numbers may be a stretch: "from 2 to 4".
    pub ranged: bool,
    /// An ordinal or a short weekday is a date: "on the 5th", "by sun".
    pub weak: bool,
    /// A month, year, season or part of the day is meant: "in May", "in the morning".
    pub inside: bool,
}

enum Piece {
    Date(Date),
    Hours(Hours, Option<i32>),
    Part(DayPart),
    Relative(Relative),
}

/// Words after a bare number that make it a count, a house number or the like.
const NOT_AFTER_HOUR: [&str; 30] = [
    "percent", "dollars", "dollar", "euros", "bucks", "pounds", "cents", "street", "st", "road",
    "rd", "ave", "avenue", "lane", "drive", "people", "items", "times", "degrees", "miles", "km",
    "kg", "points", "star", "stars", "eggs", "apples", "things", "tasks", "pages",
];

/// Words that may follow a bare hour that only "after", "by" or the like precedes.
const AFTER_HOUR: [&str; 24] = [
    "on", "at", "in", "to", "and", "or", "today", "tomorrow", "tonight", "this", "please", "for",
    "with", "if", "because", "so", "every", "each", "next", "but", "then", "by", "the", "from",
];

impl Parser<'_> {
    /// The prepositions at `at`.
    pub(super) fn lead(&self, at: usize) -> (usize, Lead) {
        let mut lead = Lead::default();
        let mut at = at;
        for _ in 0..4 {
            if self.is_sign(at, '@') {
                lead.bare = true;
                at += 1;
                continue;
            }
            let Some(word) = self.word(at) else { break };
            at += match word {
                "on" => {
                    lead.weak = true;
                    1
                }
                "at" => {
                    lead.bare = true;
                    1
                }
                "by" => {
                    lead = Lead {
                        bound: Bound::By,
                        bare: true,
                        weak: true,
                        ..lead
                    };
                    1
                }
                "no" | "not" if self.words(at + 1, &["later", "than"]) => {
                    lead = Lead {
                        bound: Bound::By,
                        bare: true,
                        weak: true,
                        ..lead
                    };
                    3
                }
                "later" if self.is_word(at + 1, "than") => {
                    lead = Lead {
                        bound: Bound::After,
                        bare: true,
                        weak: true,
                        ..lead
                    };
                    2
                }
                "before" => {
                    lead = Lead {
                        bound: Bound::Before,
                        bare: true,
                        weak: true,
                        ..lead
                    };
                    1
                }
                "until" | "through" => {
                    lead = Lead {
                        bound: Bound::By,
                        bare: true,
                        weak: true,
                        ..lead
                    };
                    1
                }
                "after" | "since" | "past" => {
                    lead = Lead {
                        bound: Bound::After,
                        bare: true,
                        weak: true,
                        ..lead
                    };
                    1
                }
                "due" | "starting" | "effective" | "beginning" => {
                    lead.weak = true;
                    1
                }
                "later" | "sometime" | "anytime" | "earlier"
                    if self.is_one_of(
                        at + 1,
                        &["today", "tonight", "tomorrow", "this", "next", "on", "in"],
                    ) =>
                {
                    1
                }
                // "move it to 8"
                "to" if self.moves_something(at) && !lead.bare => {
                    lead.bare = true;
                    lead.weak = true;
                    1
                }
                "from" => {
                    lead.ranged = true;
                    1
                }
                "between" => {
                    lead.ranged = true;
                    lead.weak = true;
                    1
                }
                "in" if self.is_word(at + 1, "between") => 1,
                "in" | "during" | "within" | "over" => {
                    lead.inside = true;
                    if word == "within" {
                        lead.bound = Bound::By;
                    }
                    1
                }
                "around" | "about" | "approximately" | "circa" => {
                    lead.bare |= !matches!(word, "about");
                    lead.weak |= word == "around";
                    1
                }
                "for" => 1,
                _ => break,
            };
        }
        (at, lead)
    }

    /// Whether a verb that moves a task comes before.
    pub(super) fn moves_something(&self, at: usize) -> bool {
        const NEAR: usize = 12;
        (at.saturating_sub(NEAR)..at).any(|before| {
            self.is_one_of(
                before,
                &[
                    "move",
                    "push",
                    "reschedule",
                    "postpone",
                    "shift",
                    "snooze",
                    "delay",
                    "defer",
                    "bring",
                    "moved",
                    "pushed",
                    "extend",
                ],
            )
        })
    }

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
        let whole_text = start == 0 && (end..self.tokens.len()).all(|at| self.is_end(at));
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
                || self.is_said_part(start)
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

    /// "the afternoon" and the like count after "in" or "during" only; so do names of meals after "at".
    fn is_said_part(&self, at: usize) -> bool {
        self.is_word(at, "this")
    }

    /// Whether a weak date's preposition or neighbours say that it is one.
    fn is_supported(&self, date: &Date, start: usize, end: usize, lead: Lead) -> bool {
        let said_the = self.is_word(start, "the");
        let first = self.past(start, &["the"]);
        if date.says == says::MONTH_DAY {
            let follows = self.is_end(end)
                || self.is_one_of(
                    end,
                    &["at", "and", "to", "for", "if", "please", "with", "by", "in"],
                )
                || self.lead(end).0 > end;
            let in_figures = self.digits(first).is_some();
            let thing_before = start.checked_sub(1).is_some_and(|before| {
                self.is_one_of(
                    before,
                    &[
                        "complete", "finish", "mark", "delete", "remove", "do", "done", "tick",
                        "check", "cancel", "rename", "open", "start", "show", "move", "snooze",
                        "reopen", "tag", "close", "postpone", "edit", "update", "change", "and",
                        "or", "undo", "off", "read", "choose", "pick", "select", "the", "of", "no",
                        "yes", "with", "is", "his", "her", "my", "our", "their", "a", "your",
                        "one", "drop", "clear", "erase", "push",
                    ],
                )
            });
            if lead.weak {
                // "on the first try" is none.
                return self.is_end(end) || in_figures || follows;
            }
            return (said_the && in_figures && follows && !thing_before && start > 0)
                || (lead.bound == Bound::At
                    && said_the
                    && in_figures
                    && follows
                    && start == 0
                    && !thing_before);
        }
        if date.says == says::YEAR {
            return lead.inside || lead.bound != Bound::At;
        }
        if date.says == says::WEEK {
            // "the weekend"
            return said_the || lead.weak || lead.inside || lead.bare;
        }
        if date.says == says::MONTH {
            let range = self.is_one_of(end, &["to", "until", "through"]) || self.is_sign(end, '-');
            return lead.inside
                || (lead.weak && lead.bound != Bound::At)
                || (range && self.word(end + 1).and_then(super::words::month).is_some());
        }
        lead.weak || lead.inside
    }

    /// "at 5": but not "at 5 dollars", "after 2 attempts".
    fn is_hour_by_what_follows(&self, start: usize, end: usize, lead: Lead) -> bool {
        if self.is_end(end)
            && !(self.is_sign(end, '.')
                && self.is_tight(end)
                && self.digits(end + 1).is_some()
                && self.is_tight(end + 1))
        {
            return true;
        }
        if self.is_sign(end, '%') || self.is_sign(end, '$') || self.is_sign(end, '€') {
            return false;
        }
        if self.tokens.get(end).is_some_and(|_| self.is_tight(end)) {
            return false;
        }
        let Some(word) = self.word(end) else {
            return !matches!(self.sign(end), Some('/' | '*' | '-' | '+'));
        };
        if NOT_AFTER_HOUR.contains(&word) || super::words::unit(word).is_some() {
            return false;
        }
        // "at 24 Oxford Street"
        let address = self.is_capital(end)
            && self.is_one_of(
                end + 1,
                &[
                    "street", "st", "road", "rd", "ave", "avenue", "lane", "drive", "square",
                ],
            );
        if address {
            return false;
        }
        let at = start
            .checked_sub(1)
            .is_some_and(|before| self.is_word(before, "at") || self.is_sign(before, '@'));
        at || AFTER_HOUR.contains(&word) && lead.bare
    }

    fn piece(&self, at: usize, ranged: bool) -> Parse<Piece> {
        let relative = self
            .from_now(at)
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
        let last = if self.is_word(at, "last")
            || self.is_word(at, "late") && self.is_word(at + 1, "last")
        {
            None
        } else {
            part
        };
        // The longest; a date before a time of day of the same length.
        [relative, date, last, hours]
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
        // A comma alone joins a date and a time, not two things to do: "call mom friday, june is here".
        if let Piece::Date(date) = &piece
            && date.weak
            && !joined
            && moment.date.is_some()
        {
            return None;
        }
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

    /// `now` moved by a length: hours on the line of instants, days and months on the calendar.
    pub(super) fn moved(&self, length: Length) -> Option<NaiveDateTime> {
        let date = add_days(
            add_months(self.today, length.months)?,
            i64::from(length.days),
        )?;
        if length.seconds == 0 {
            return Some(date.and_time(self.local.time()));
        }
        let start = if length.months == 0 && length.days == 0 {
            self.now.to_utc()
        } else {
            recurrence::to_utc(date.and_time(self.local.time()), self.now.timezone())
        };
        let at = start.checked_add_signed(TimeDelta::try_seconds(length.seconds)?)?;
        Some(at.with_timezone(&self.now.timezone()).naive_local())
    }

    /// "in 3 days", "2 hours from now", "a week ago", "now".
    fn from_now(&self, at: usize) -> Parse<Relative> {
        if let Some(end) = self.now_words(at) {
            let span = DateSpan {
                start: self.local,
                end: None,
                grain: Grain::Second,
            };
            return Some((end, Relative { span, unit: None }));
        }
        if self.is_one_of(at, &["in", "after", "within"]) {
            let fillers = [
                "about",
                "around",
                "approximately",
                "just",
                "exactly",
                "another",
                "like",
                "maybe",
                "roughly",
            ];
            let start = self.past(self.past(at + 1, &fillers), &["the"]);
            let start = if start > at + 1 && self.is_word(start - 1, "the") {
                self.past(start, &["next"])
            } else {
                start
            };
            let (end, length) = self.length(start)?;
            // "after a week day", "in 5 minute intervals"
            if self.is_word(at, "after") && self.digits(start).is_none() && !self.is_end(end) {
                return None;
            }
            let end = if self.is_sign(end, '\'') && self.is_word(end + 1, "time") {
                end + 2
            } else {
                self.past(end, &["time"])
            };
            let end = if self.words(end, &["from", "now"]) {
                end + 2
            } else {
                end
            };
            if self.is_word(at, "within") {
                let to = self.moved(length)?;
                let span = DateSpan {
                    start: self.local,
                    end: Some(to),
                    grain: Grain::Second,
                };
                return Some((end, Relative { span, unit: None }));
            }
            return Some((end, self.told_from_now(length)?));
        }
        if let Some((end, span)) = self.seconds_around(at) {
            return Some((end, Relative { span, unit: None }));
        }
        let (after, length) = self.length(at)?;
        match self.word(after)? {
            "hence" => Some((after + 1, self.told_from_now(length)?)),
            "from" if self.is_one_of(after + 1, &["now", "here"]) => {
                Some((after + 2, self.told_from_now(length)?))
            }
            "from" if self.words(after + 1, &["right", "now"]) => {
                let span = DateSpan {
                    start: self.moved(length)?,
                    end: None,
                    grain: Grain::Second,
                };
                Some((after + 3, Relative { span, unit: None }))
            }
            "ago" => Some((after + 1, self.told_from_now(length.negated())?)),
            "back" if self.is_end(after + 1) && at > 0 && self.is_word(at - 1, "about") => {
                Some((after + 1, self.told_from_now(length.negated())?))
            }
            _ => None,
        }
    }

    /// "next 3 minutes", "the last two hours", "the next hour".
    fn seconds_around(&self, at: usize) -> Parse<DateSpan> {
        let start = self.past(at, &["the"]);
        let ahead = match self.word(start)? {
            "next" | "coming" | "following" => true,
            "last" | "past" | "previous" => false,
            _ => return None,
        };
        let counted = self
            .length(start + 1)
            .map(|(end, length)| (end, length, true));
        let (end, length, counted) = counted.or_else(|| {
            let grain = super::words::unit(self.word(start + 1)?)?;
            Some((start + 2, Length::of(1, grain)?, false))
        })?;
        if length.terse || length.grain > Grain::Hour || length.months != 0 || length.days != 0 {
            return None;
        }
        let this = super::resolve::floor(self.local, length.grain)?;
        let one = TimeDelta::try_seconds(Length::of(1, length.grain)?.seconds)?;
        let whole = TimeDelta::try_seconds(length.seconds)?;
        let (from, to) = if ahead {
            let next = this.checked_add_signed(one)?;
            (next, next.checked_add_signed(whole)?)
        } else {
            (this.checked_sub_signed(whole)?, this)
        };
        let span = DateSpan {
            start: from,
            end: counted.then_some(to),
            grain: length.grain,
        };
        Some((end, span))
    }

    fn now_words(&self, at: usize) -> Option<usize> {
        match self.word(at)? {
            "now" | "atm" | "asap" if !self.is_word(at, "asap") => Some(at + 1),
            "right" | "just" if self.is_word(at + 1, "now") => Some(at + 2),
            "at" if self.words(at + 1, &["the", "moment"]) => Some(at + 3),
            "immediately" => Some(at + 1),
            _ => None,
        }
    }

    /// Said in one unit, a time told from now is exact to the unit below.
    fn told_from_now(&self, length: Length) -> Option<Relative> {
        let at = self.moved(length)?;
        let grain = match length.grain {
            Grain::Second | Grain::Minute => Grain::Second,
            Grain::Hour => Grain::Minute,
            Grain::Day => Grain::Hour,
            Grain::Week | Grain::Month => Grain::Day,
            Grain::Quarter | Grain::Year => Grain::Month,
        };
        let unit = if length.seconds == 0 {
            Some(self.unit_ahead(length.months, length.days, length.grain)?)
        } else {
            None
        };
        let span = DateSpan {
            start: super::resolve::floor(at, grain)?,
            end: None,
            grain,
        };
        Some(Relative { span, unit })
    }

    /// RFC 3339, or ISO 8601 without its zone: "2026-03-04T10:00:00Z", "2026-03-04 10:00".
    fn timestamp(&self, at: usize) -> Parse<DateSpan> {
        let (end, date) = self.iso_day(at)?;
        let time_at = if self.is_word(end, "t") && self.is_tight(end) {
            end + 1
        } else if self.digits(end).is_some() && !self.is_tight(end) {
            end
        } else {
            return None;
        };
        let (hour, 2) = self.digits(time_at)? else {
            return None;
        };
        let (minute, 2) = self.digits(time_at + 2)? else {
            return None;
        };
        if !self.is_sign(time_at + 1, ':') {
            return None;
        }
        let mut end = time_at + 3;
        let mut second = 0;
        let mut grain = Grain::Minute;
        if self.is_sign(end, ':')
            && let Some((value, 2)) = self.digits(end + 1)
        {
            second = value;
            grain = Grain::Second;
            end += 2;
            if self.is_sign(end, '.')
                && self.is_tight(end)
                && self.is_tight(end + 1)
                && self.digits(end + 1).is_some()
            {
                end += 2;
            }
        }
        let local = date.and_hms_opt(hour, minute, second)?;
        let mut start = local;
        let in_zone = |offset: i64| {
            let utc = local
                .checked_sub_signed(TimeDelta::try_minutes(offset)?)?
                .and_utc();
            Some(utc.with_timezone(&self.now.timezone()).naive_local())
        };
        if self.is_word(end, "z") && self.is_tight(end) {
            start = in_zone(0)?;
            end += 1;
        } else if let Some(sign @ ('+' | '-')) = self.sign(end)
            && self.is_tight(end)
            && let Some((hours, 2)) = self.digits(end + 1)
            && self.is_sign(end + 2, ':')
            && let Some((minutes, 2)) = self.digits(end + 3)
        {
            let offset = i64::from(hours * 60 + minutes);
            start = in_zone(if sign == '-' { -offset } else { offset })?;
            end += 4;
        } else if let (after, Some(minutes)) = self.zone(end) {
            start = in_zone(i64::from(minutes))?;
            end = after;
        }
        Some((
            end,
            DateSpan {
                start,
                end: None,
                grain,
            },
        ))
    }

    fn iso_day(&self, at: usize) -> Parse<NaiveDate> {
        let (year, 4) = self.digits(at)? else {
            return None;
        };
        let (month, 2) = self.digits(at + 2)? else {
            return None;
        };
        let (day, 2) = self.digits(at + 4)? else {
            return None;
        };
        if !self.is_sign(at + 1, '-') || !self.is_sign(at + 3, '-') {
            return None;
        }
        let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
        Some((at + 5, date))
    }
}

fn is_bare(hours: Hours) -> bool {
    match hours {
        Hours::At(clock) => clock.bare,
        Hours::Between(first, last) => first.bare && last.bare,
    }
}
