//! Numbers and lengths of time: "three", "a couple of", "2.5 hours", "half an hour", "1h30".

use super::Grain;
use super::parser::{Parse, Parser};
use super::words;

/// A length of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Length {
    /// Calendar months.
    pub months: i32,
    /// Calendar days.
    pub days: i32,
    /// Seconds.
    pub seconds: i64,
    /// The finest unit that was said.
    pub grain: Grain,
    /// A unit was said in one letter ("1h", "30m"), or as a sign.
    pub terse: bool,
}

impl Length {
    /// `count` units.
    pub(super) fn of(count: i32, grain: Grain) -> Option<Self> {
        let mut length = Self {
            months: 0,
            days: 0,
            seconds: 0,
            grain,
            terse: false,
        };
        match grain {
            Grain::Second => length.seconds = i64::from(count),
            Grain::Minute => length.seconds = i64::from(count) * 60,
            Grain::Hour => length.seconds = i64::from(count) * 3600,
            Grain::Day => length.days = count,
            Grain::Week => length.days = count.checked_mul(7)?,
            Grain::Month => length.months = count,
            Grain::Quarter => length.months = count.checked_mul(3)?,
            Grain::Year => length.months = count.checked_mul(12)?,
        }
        Some(length)
    }

    fn plus(self, other: Self) -> Option<Self> {
        Some(Self {
            months: self.months.checked_add(other.months)?,
            days: self.days.checked_add(other.days)?,
            seconds: self.seconds.checked_add(other.seconds)?,
            grain: self.grain.min(other.grain),
            terse: self.terse || other.terse,
        })
    }

    pub(super) fn negated(self) -> Self {
        Self {
            months: -self.months,
            days: -self.days,
            seconds: -self.seconds,
            ..self
        }
    }

    /// In seconds; a month counts as 30 days, a year as 365.
    pub(super) fn total_seconds(self) -> i64 {
        let years = i64::from(self.months / 12);
        let months = i64::from(self.months % 12);
        (years * 365 + months * 30 + i64::from(self.days)) * 86_400 + self.seconds
    }
}

/// A count in hundredths, so that halves and quarters are exact.
type Hundredths = i64;

/// More than this many of a unit is not a time that a list of things to do speaks of.
const MOST: u32 = 100_000;

impl Parser<'_> {
    /// A whole number in digits or words: "12", "twenty five", "a hundred".
    pub(super) fn whole(&self, at: usize) -> Parse<u32> {
        if let Some((value, _)) = self.digits(at) {
            return Some((at + 1, value));
        }
        let word = self.word(at)?;
        if let Some(tens) = words::tens(word) {
            let after = if self.is_sign(at + 1, '-') {
                at + 2
            } else {
                at + 1
            };
            return match self.word(after).and_then(words::small_number) {
                Some(ones @ 1..=9) => Some((after + 1, tens + ones)),
                _ => Some((at + 1, tens)),
            };
        }
        words::small_number(word).map(|value| (at + 1, value))
    }

    /// A length of time.
    pub(super) fn length(&self, at: usize) -> Parse<Length> {
        let (mut at, mut total) = self.simple_length(at)?;
        for _ in 0..3 {
            // "an hour and a half"
            if self.words(at, &["and", "a", "half"])
                && let Some(half) = half_of(total)
            {
                return Some((at + 3, total.plus(half)?));
            }
            // "1h30"
            if total.grain == Grain::Hour
                && total.terse
                && self.is_tight(at)
                && let Some((minutes, 2)) = self.digits(at)
                && minutes < 60
            {
                let more = Length::of(i32::try_from(minutes).ok()?, Grain::Minute)?;
                return Some((at + 1, total.plus(more)?));
            }
            let next = if self.is_word(at, "and") || self.is_sign(at, ',') {
                at + 1
            } else {
                at
            };
            match self.simple_length(next) {
                Some((end, more)) if more.grain < total.grain => {
                    total = total.plus(more)?;
                    at = end;
                }
                _ => break,
            }
        }
        Some((at, total))
    }

    fn simple_length(&self, at: usize) -> Parse<Length> {
        if let Some((after, count)) = self.count(at) {
            let after = if self.is_one_of(
                after,
                &["more", "extra", "additional", "whole", "full", "short"],
            ) {
                after + 1
            } else {
                after
            };
            if let Some((end, grain, terse)) = self.unit(after) {
                let mut length = in_units(count, grain)?;
                length.terse = terse;
                return Some((end, length));
            }
            if self.is_one_of(after, &["fortnight", "fortnights"]) {
                return Some((
                    after + 1,
                    Length {
                        grain: Grain::Day,
                        ..in_units(count * 2, Grain::Week)?
                    },
                ));
            }
            if self.is_one_of(after, &["decade", "decades"]) {
                return Some((after + 1, in_units(count * 10, Grain::Year)?));
            }
        }
        if self.is_one_of(at, &["fortnight"]) {
            return Some((
                at + 1,
                Length {
                    grain: Grain::Day,
                    ..Length::of(14, Grain::Day)?
                },
            ));
        }
        None
    }

    /// How many: "3", "a", "a couple of", "2.5", "1/2", "half an", "two and a half".
    fn count(&self, at: usize) -> Parse<Hundredths> {
        if self.is_word(at, "half") {
            let after = if self.is_one_of(at + 1, &["a", "an"]) {
                at + 2
            } else {
                at + 1
            };
            return Some((after, 50));
        }
        if self.is_one_of(at, &["a", "an"]) {
            if self.is_one_of(at + 1, &["couple", "pair"]) {
                let after = if self.is_word(at + 2, "of") {
                    at + 3
                } else {
                    at + 2
                };
                return Some((after, 200));
            }
            if self.is_word(at + 1, "few") {
                return Some((at + 2, 300));
            }
            if self.is_word(at + 1, "half") {
                return Some((at + 2, 50));
            }
            if self.is_word(at + 1, "quarter") && self.is_one_of(at + 2, &["of", "hour"]) {
                let after = if self.is_one_of(at + 3, &["a", "an"]) {
                    at + 4
                } else {
                    at + 3
                };
                return Some((
                    if self.is_word(at + 2, "hour") {
                        at + 2
                    } else {
                        after
                    },
                    25,
                ));
            }
            return Some((at + 1, 100));
        }
        if self.words(at, &["quarter", "of", "an"]) {
            return Some((at + 3, 25));
        }
        if self.is_word(at, "few") {
            return Some((at + 1, 300));
        }
        if self.is_one_of(at, &["couple", "pair"]) {
            let after = if self.is_word(at + 1, "of") {
                at + 2
            } else {
                at + 1
            };
            return Some((after, 200));
        }
        // "three quarters of an"
        if self.is_one_of(at, &["three", "3"]) || self.digits(at).is_some_and(|(n, _)| n == 3) {
            let after = if self.is_sign(at + 1, '-') {
                at + 2
            } else {
                at + 1
            };
            if self.is_one_of(after, &["quarters", "quarter"]) && self.is_word(after + 1, "of") {
                let after = if self.is_one_of(after + 2, &["a", "an"]) {
                    after + 3
                } else {
                    after + 2
                };
                return Some((after, 75));
            }
        }
        let (after, whole) = self.whole(at).filter(|(_, whole)| *whole <= MOST)?;
        let hundredths = i64::from(whole) * 100;
        if let Some((part, digits @ 1..=2)) = self.digits(after + 1)
            && self.is_tight(after)
            && self.is_tight(after + 1)
        {
            if self.is_sign(after, '.') {
                let part = if digits == 1 { part * 10 } else { part };
                return Some((after + 2, hundredths + i64::from(part)));
            }
            if self.is_sign(after, '/') && (2..=4).contains(&part) && whole < part {
                return Some((after + 2, hundredths / i64::from(part)));
            }
        }
        if self.is_word(after, "and")
            && self.is_one_of(after + 1, &["a", "an"])
            && self.is_word(after + 2, "half")
        {
            return Some((after + 3, hundredths + 50));
        }
        let after = if self.is_sign(after, '-') {
            after + 1
        } else {
            after
        };
        Some((after, hundredths))
    }

    /// A unit of time, with whether it was said in one letter or sign behind a digit.
    fn unit(&self, at: usize) -> Option<(usize, Grain, bool)> {
        if let Some(grain) = self.word(at).and_then(words::unit) {
            return Some((at + 1, grain, false));
        }
        let after_digit = at
            .checked_sub(1)
            .is_some_and(|before| self.digits(before).is_some());
        if !after_digit {
            return None;
        }
        let grain = match self.word(at) {
            Some("h") => Grain::Hour,
            Some("m") if self.is_tight(at) => Grain::Minute,
            Some("s") if self.is_tight(at) => Grain::Second,
            Some("d") if self.is_tight(at) => Grain::Day,
            Some("w") if self.is_tight(at) => Grain::Week,
            Some(_) => return None,
            None if self.is_sign(at, '\'') && self.is_tight(at) => {
                if self.is_sign(at + 1, '\'') {
                    return Some((at + 2, Grain::Second, true));
                }
                Grain::Minute
            }
            None if self.is_sign(at, '"') && self.is_tight(at) => Grain::Second,
            None => return None,
        };
        Some((at + 1, grain, true))
    }
}

fn half_of(length: Length) -> Option<Length> {
    in_units(50, length.grain)
}

/// A count of units; a broken one in the unit below ("half an hour" is 30 minutes).
fn in_units(hundredths: Hundredths, grain: Grain) -> Option<Length> {
    if hundredths % 100 == 0 {
        return Length::of(i32::try_from(hundredths / 100).ok()?, grain);
    }
    let (below, per) = match grain {
        Grain::Second => return None,
        Grain::Minute => (Grain::Second, 60),
        Grain::Hour => (Grain::Minute, 60),
        Grain::Day => (Grain::Hour, 24),
        Grain::Week => (Grain::Day, 7),
        Grain::Month => (Grain::Day, 30),
        Grain::Quarter => (Grain::Month, 3),
        Grain::Year => (Grain::Month, 12),
    };
    Length::of(i32::try_from(hundredths * per / 100).ok()?, below)
}
