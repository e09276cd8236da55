//! Times of day: "5pm", "17:30", "half past seven", "noon", "in the morning", "9-11am".

use super::Grain;
use super::parser::{Parse, Parser, longer};
use super::words;

/// A time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Clock {
    /// Seconds from midnight; a whole day for the midnight that ends it.
    pub seconds: i64,
    /// How exact it was said.
    pub grain: Grain,
    /// Neither "am", "pm" nor a 24-hour form was said.
    pub open: bool,
    /// Only a number: it needs something that makes it a time.
    pub bare: bool,
}

pub(super) const HOUR: i64 = 3600;
pub(super) const HALF_DAY: i64 = 12 * HOUR;
pub(super) const DAY: i64 = 24 * HOUR;

impl Clock {
    fn new(hour: u32, minute: u32, grain: Grain) -> Option<Self> {
        (hour <= 24 && minute < 60 && (hour < 24 || minute == 0)).then(|| Self {
            seconds: i64::from(hour) * HOUR + i64::from(minute) * 60,
            grain,
            open: (1..=12).contains(&hour),
            bare: false,
        })
    }

    fn closed(self) -> Self {
        Self {
            open: false,
            bare: false,
            ..self
        }
    }

    /// Before noon, or after it.
    pub(super) fn halved(self, afternoon: bool) -> Self {
        if !self.open {
            return Self {
                bare: false,
                ..self
            };
        }
        let seconds = self.seconds % HALF_DAY + if afternoon { HALF_DAY } else { 0 };
        Self { seconds, ..self }.closed()
    }

    /// The half of the day that people mean when they say neither: 1 to 6 is the afternoon, 7 to 11
    /// the morning, 12 noon.
    pub(super) fn usual(self) -> Self {
        let hour = self.seconds / HOUR;
        self.halved(hour < 7 || hour == 12)
    }

    fn moved(self, seconds: i64) -> Self {
        let moved = self.seconds + seconds;
        // "Quarter to 1" may be on either side of noon; an open 12 is 0.
        let seconds = if self.open && moved < HOUR {
            moved + HALF_DAY
        } else {
            moved
        };
        Self {
            seconds: seconds.rem_euclid(DAY),
            grain: Grain::Minute,
            bare: false,
            ..self
        }
    }
}

/// What a piece of text says of the time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hours {
    At(Clock),
    Between(Clock, Clock),
}

/// Offsets from universal time, in minutes, of the abbreviations in daily use.
const ZONES: [(&str, i32); 24] = [
    ("gmt", 0),
    ("utc", 0),
    ("wet", 0),
    ("bst", 60),
    ("cet", 60),
    ("cest", 120),
    ("eet", 120),
    ("eest", 180),
    ("msk", 180),
    ("ist", 330),
    ("jst", 540),
    ("kst", 540),
    ("sgt", 480),
    ("hkt", 480),
    ("aest", 600),
    ("nzst", 720),
    ("est", -300),
    ("edt", -240),
    ("cst", -360),
    ("cdt", -300),
    ("mst", -420),
    ("mdt", -360),
    ("pst", -480),
    ("pdt", -420),
];

impl Parser<'_> {
    /// A time of day or a stretch between two, and the zone that was named, in minutes.
    /// `ranged`: bare numbers on both sides of "to" are times too ("from 2 to 4").
    pub(super) fn hours(&self, at: usize, ranged: bool) -> Parse<(Hours, Option<i32>)> {
        let (after, first) = self.clock(at)?;
        let (after, zone) = self.zone(after);
        let to = if self.is_sign(after, '-')
            || self.is_one_of(after, &["to", "until", "through"])
            || (ranged && self.is_word(after, "and"))
        {
            Some(after + 1)
        } else if self.words(after, &["but", "before"]) || self.words(after, &["and", "before"]) {
            Some(after + 2)
        } else {
            None
        };
        if let Some(to) = to
            && let Some((end, second)) = self.clock(self.past(to, &["about", "around"]))
            && (ranged || !(first.bare && second.bare))
        {
            let (end, last_zone) = self.zone(end);
            let zone = last_zone.or(zone);
            // "3 to 4 in the PM": the half said last is the second's.
            return Some((end, (Hours::Between(first, second), zone)));
        }
        Some((after, (Hours::At(first), zone)))
    }

    /// A zone's abbreviation, in minutes ahead of universal time.
    pub(super) fn zone(&self, at: usize) -> (usize, Option<i32>) {
        let bracket = self.is_sign(at, '(');
        let name = if bracket { at + 1 } else { at };
        let Some(word) = self.word(name) else {
            return (at, None);
        };
        match ZONES.iter().find(|(zone, _)| *zone == word) {
            Some((_, minutes)) if !bracket => (name + 1, Some(*minutes)),
            Some((_, minutes)) if self.is_sign(name + 1, ')') => (name + 2, Some(*minutes)),
            _ => (at, None),
        }
    }

    /// A time of day.
    pub(super) fn clock(&self, at: usize) -> Parse<Clock> {
        let plain = longer(self.clock_in_figures(at), self.clock_in_words(at));
        longer(self.clock_past_or_to(at), plain)
    }

    /// "noon", "midnight".
    fn named_hour(&self, at: usize) -> Parse<Clock> {
        let at = self.past(at, &["the"]);
        let (after, hour) = match self.word(at)? {
            "noon" | "midday" | "noontime" => (at + 1, 12),
            "mid" if self.is_word(at + 1, "day") => (at + 2, 12),
            "midnight" => (at + 1, 24),
            "mid" if self.is_word(at + 1, "night") => (at + 2, 24),
            _ => return None,
        };
        Some((after, Clock::new(hour, 0, Grain::Hour)?.closed()))
    }

    fn clock_in_figures(&self, at: usize) -> Parse<Clock> {
        let (first, digits) = self.digits(at)?;
        let mut bare = false;
        // "15:30", "9:01:10"
        let (after, clock) = if digits <= 2
            && (self.is_sign(at + 1, ':') || self.is_sign(at + 1, '.'))
            && self.is_tight(at + 1)
            && self.is_tight(at + 2)
            && let Some((minute, 2)) = self.digits(at + 2)
        {
            let mut clock = Clock::new(first, minute, Grain::Minute)?;
            if self.is_sign(at + 1, '.') {
                // "9.30am" is a time, "2.50" a price.
                let (after, clock) = self.half_of_day(at + 3, clock)?;
                return Some((after, clock));
            }
            clock.open &= digits == 1 || first >= 10;
            let second = self.digits(at + 4).filter(|(second, digits)| {
                *second < 60 && *digits == 2 && self.is_sign(at + 3, ':') && self.is_tight(at + 4)
            });
            match second {
                Some((second, _)) => {
                    clock.seconds += i64::from(second);
                    clock.grain = Grain::Second;
                    (at + 5, clock)
                }
                None => (at + 3, clock),
            }
        } else if digits <= 2 && self.is_tight(at + 1) && self.is_word(at + 1, "h") {
            // "15h", "9h30"
            match self.digits(at + 2).filter(|_| self.is_tight(at + 2)) {
                Some((minute, 2)) => (at + 3, Clock::new(first, minute, Grain::Minute)?.closed()),
                Some(_) => return None,
                None => (at + 2, Clock::new(first, 0, Grain::Minute)?.closed()),
            }
        } else if digits <= 2 {
            bare = true;
            // "3 15"
            match self.digits(at + 1) {
                Some((minute, 2)) if !self.is_tight(at + 1) && minute < 60 => {
                    (at + 2, Clock::new(first, minute, Grain::Minute)?)
                }
                _ => (at + 1, Clock::new(first, 0, Grain::Hour)?),
            }
        } else if digits <= 4 {
            // "730", "1030"
            bare = true;
            let mut clock = Clock::new(first / 100, first % 100, Grain::Minute)?;
            // "0800" is of the 24-hour clock.
            clock.open &= digits == 3 || first >= 1000;
            (at + 1, clock)
        } else {
            return None;
        };
        if self.is_tight(at)
            && at.checked_sub(1).is_some_and(|before| {
                matches!(
                    self.sign(before),
                    Some('.' | '/' | '$' | '€' | '£' | '#' | '+' | ':')
                )
            })
        {
            return None;
        }
        Some(self.finish(after, Clock { bare, ..clock }))
    }

    /// "three", "three twenty", "nine fifty nine", "ten oh five".
    fn clock_in_words(&self, at: usize) -> Parse<Clock> {
        if let Some(named) = self.named_hour(at) {
            return Some(named);
        }
        let hour = self.word(at).and_then(words::small_number)?;
        if !(1..=12).contains(&hour) {
            return None;
        }
        let (after, minute) = if self.is_one_of(at + 1, &["oh", "o"])
            && let Some(minute @ 1..=9) = self.word(at + 2).and_then(words::small_number)
        {
            (at + 3, minute)
        } else if self.word(at + 1).is_some()
            && let Some((after, minute @ 10..=59)) = self.whole(at + 1)
        {
            (after, minute)
        } else {
            (at + 1, 0)
        };
        let grain = if after == at + 1 {
            Grain::Hour
        } else {
            Grain::Minute
        };
        let clock = Clock {
            bare: true,
            ..Clock::new(hour, minute, grain)?
        };
        Some(self.finish(after, clock))
    }

    /// "o'clock", "ish", "am", "in the PM", behind the figures.
    fn finish(&self, at: usize, mut clock: Clock) -> (usize, Clock) {
        let mut at = at;
        if self.is_one_of(at, &["oclock", "sharp"]) {
            clock.bare = false;
            at += 1;
        } else if self.is_word(at, "o") && self.is_word(at + 1, "clock") {
            clock.bare = false;
            at += 2;
        }
        if self.is_word(at, "ish") || (self.is_sign(at, '-') && self.is_word(at + 1, "ish")) {
            at += if self.is_word(at, "ish") { 1 } else { 2 };
        }
        if let Some((end, halved)) = self.half_of_day(at, clock) {
            at = end;
            clock = halved;
        }
        if self.is_one_of(
            at,
            &["approximately", "ish", "sharp", "exactly", "precisely"],
        ) {
            at += 1;
        }
        (at, clock)
    }

    fn half_of_day(&self, at: usize, clock: Clock) -> Parse<Clock> {
        let (after, afternoon) = self.meridiem(at)?;
        if clock.seconds > HALF_DAY + HOUR - 1 || clock.seconds < HOUR {
            return Some((after, clock.closed()));
        }
        Some((
            after,
            Clock {
                open: true,
                ..clock
            }
            .halved(afternoon),
        ))
    }

    fn meridiem(&self, at: usize) -> Parse<bool> {
        let mut at = at;
        if self.is_word(at, "in") {
            at = self.past(at + 1, &["the"]);
            if !self.is_one_of(at, &["am", "pm"]) {
                return None;
            }
        }
        let word = self.word(at)?;
        let tight = self.is_tight(at);
        let (mut after, afternoon) = match word {
            "am" => (at + 1, false),
            "pm" => (at + 1, true),
            "a" | "p" => {
                let afternoon = word == "p";
                let dot = usize::from(self.is_sign(at + 1, '.'));
                if self.is_word(at + 1 + dot, "m") {
                    (at + 2 + dot, afternoon)
                } else if tight {
                    (at + 1, afternoon)
                } else {
                    return None;
                }
            }
            _ => return None,
        };
        // The dot of "p.m." or "3p.", unless it ends the sentence, which loses nothing either.
        if word.len() == 1 && self.is_sign(after, '.') && self.is_tight(after) {
            after += 1;
        }
        Some((after, afternoon))
    }

    /// "quarter past 5", "20 minutes to 2pm", "half past seven", "half three", "15 minutes from 1pm".
    fn clock_past_or_to(&self, at: usize) -> Parse<Clock> {
        let at = self.past(at, &["a"]);
        let (after, minutes) = match self.word(at) {
            Some("half") => (at + 1, 30),
            Some("quarter") => (at + 1, 15),
            _ => {
                let (after, minutes) = self.whole(at).filter(|(_, n)| (1..60).contains(n))?;
                (
                    self.past(after, &["minutes", "minute", "min", "mins"]),
                    i64::from(minutes),
                )
            }
        };
        let said_minutes = after > at + 1 || self.is_one_of(at, &["half", "quarter"]);
        let (after, sign) = match self.word(after) {
            Some("past") => (after + 1, 1),
            Some("after") => (after + 1, 1),
            Some("from") if said_minutes && minutes != 30 => (after + 1, 1),
            Some("to" | "till" | "before" | "of" | "until") => (after + 1, -1),
            _ if minutes == 30 && self.is_word(at, "half") => (after, 1),
            _ => return None,
        };
        let (end, clock) = longer(self.clock_in_figures(after), self.clock_in_words(after))?;
        if clock.seconds % HOUR != 0 || clock.grain == Grain::Second {
            return None;
        }
        // "5 to 7" are two hours; "15 to noon" and "20 after 3pm" are not.
        let preposition = self.word(after - 1);
        let named = self.is_one_of(end - 1, &["noon", "midday", "midnight"]);
        let round = minutes % 5 == 0 && preposition != Some("of");
        let could_be_hours = !said_minutes
            && !named
            && matches!(
                preposition,
                Some("to" | "until" | "before" | "of" | "after")
            );
        let is_minutes = (minutes > 12 && (round || !clock.bare))
            || (round && !clock.bare && preposition != Some("to"));
        if could_be_hours && !is_minutes {
            return None;
        }
        Some((end, clock.moved(sign * minutes * 60)))
    }
}
