//! Parts of the day: "morning", "tonight", "after lunch", "end of day".

use super::clock::{HALF_DAY, HOUR};
use super::parser::{Parse, Parser};

/// A part of the day, in seconds from midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DayPart {
    pub from: i64,
    pub to: i64,
    /// The usual time for something that is due then.
    pub due: i64,
    /// It is of today ("tonight").
    pub today: bool,
    /// Its name means a time by itself ("tonight", "after lunch"), without "in the" or a day.
    pub strong: bool,
}

impl DayPart {
    const fn hours(from: i64, to: i64, due: i64) -> Self {
        Self {
            from: from * HOUR,
            to: to * HOUR,
            due: due * HOUR,
            today: false,
            strong: false,
        }
    }

    const fn strong(self) -> Self {
        Self {
            strong: true,
            ..self
        }
    }

    const fn of_today(self) -> Self {
        Self {
            today: true,
            strong: true,
            ..self
        }
    }

    pub(super) fn is_afternoon(self) -> bool {
        self.from >= HALF_DAY
    }
}

const MORNING: DayPart = DayPart::hours(0, 12, 9);
const AFTERNOON: DayPart = DayPart::hours(12, 19, 15);
const EVENING: DayPart = DayPart::hours(18, 24, 18);
const NIGHT: DayPart = DayPart::hours(18, 24, 20);

impl Parser<'_> {
    /// A part of the day, without "in the" before it.
    pub(super) fn day_part(&self, at: usize) -> Parse<DayPart> {
        let late = |part: DayPart| DayPart {
            from: 21 * HOUR,
            due: 21 * HOUR,
            ..part
        };
        let word = self.word(at)?;
        let end = |after: usize| {
            if self.is_word(after, "ish") {
                after + 1
            } else {
                after
            }
        };
        let part = match word {
            "morning" | "morningish" => MORNING,
            "afternoon" | "afternoonish" => AFTERNOON,
            "evening" | "eveningish" => EVENING,
            "night" => NIGHT,
            "tonight" => NIGHT.of_today(),
            "lunch" | "lunchtime" => DayPart::hours(12, 14, 12),
            "breakfast" => DayPart::hours(7, 9, 8),
            "dinner" | "dinnertime" => DayPart::hours(18, 20, 18),
            "eod" => DayPart::hours(17, 24, 17).of_today(),
            "late" => {
                let (after, part) = match self.word(at + 1)? {
                    "tonight" => (at + 2, late(NIGHT.of_today())),
                    "night" | "evening" => (at + 2, late(NIGHT)),
                    "afternoon" => (at + 2, DayPart::hours(15, 19, 16)),
                    "morning" => (at + 2, DayPart::hours(9, 12, 11)),
                    _ => return None,
                };
                return Some((after, part));
            }
            "early" => {
                let part = match self.word(at + 1)? {
                    "morning" => DayPart::hours(0, 9, 7),
                    "afternoon" => DayPart::hours(12, 15, 13),
                    "evening" => DayPart::hours(18, 21, 18),
                    _ => return None,
                };
                return Some((at + 2, part));
            }
            "mid" if self.is_word(at + 1, "morning") => {
                return Some((at + 2, DayPart::hours(9, 11, 10)));
            }
            "mid" if self.is_word(at + 1, "afternoon") => {
                return Some((at + 2, DayPart::hours(13, 15, 14)));
            }
            "after" => {
                let part = match self.word(at + 1)? {
                    "lunch" => DayPart::hours(13, 17, 13),
                    "school" => DayPart::hours(15, 21, 15),
                    "work" => DayPart::hours(17, 21, 18),
                    "dinner" => DayPart::hours(20, 24, 20),
                    "breakfast" => DayPart::hours(9, 12, 9),
                    _ => return None,
                };
                return Some((at + 2, part.strong()));
            }
            "before" if self.is_word(at + 1, "lunch") => {
                return Some((at + 2, DayPart::hours(9, 12, 11).strong()));
            }
            "first" if self.is_word(at + 1, "thing") => {
                let after = if self.words(at + 2, &["in", "the"]) {
                    at + 4
                } else {
                    at + 2
                };
                let after = self.past(after, &["morning"]);
                return Some((after, DayPart::hours(0, 12, 9).strong()));
            }
            "end" | "close" if self.is_word(at + 1, "of") => {
                let day = self.past(at + 2, &["the", "my"]);
                if self.is_one_of(day, &["day", "business"]) {
                    return Some((day + 1, DayPart::hours(17, 24, 17).of_today()));
                }
                return None;
            }
            _ => return None,
        };
        Some((end(at + 1), part))
    }
}
