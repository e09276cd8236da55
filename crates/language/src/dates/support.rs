//! The words around a time: its prepositions, and what tells a time from a number or a plain word.

use super::Bound;
use super::calendar::{Date, says};
use super::parser::Parser;

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

/// Words after a bare number that make it a count, a house number or the like.
const NOT_AFTER_HOUR: [&str; 30] = [
    "percent", "dollars", "dollar", "euros", "bucks", "pounds", "cents", "street", "st", "road",
    "rd", "ave", "avenue", "lane", "drive", "people", "items", "times", "degrees", "miles", "km",
    "kg", "points", "star", "stars", "eggs", "apples", "things", "tasks", "pages",
];

/// Words that may follow a bare hour that only "after", "by" or the like precedes.
pub(super) const AFTER_HOUR: [&str; 24] = [
    "on", "at", "in", "to", "and", "or", "today", "tomorrow", "tonight", "this", "please", "for",
    "with", "if", "because", "so", "every", "each", "next", "but", "then", "by", "the", "from",
];

/// Words besides [`AFTER_HOUR`] that may follow a holiday's name without making it an adjective.
pub(super) const AFTER_HOLIDAY: [&str; 20] = [
    "is", "was", "are", "high", "low", "urgent", "medium", "before", "after", "until", "from",
    "list", "tasks", "task", "reminder", "that", "when", "as", "remind", "about",
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

    pub(super) fn leads_nothing(&self, lead: Lead) -> bool {
        !lead.bare && !lead.weak && !lead.inside && !lead.ranged && lead.bound == Bound::At
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

    /// Whether a weak date's preposition or neighbours say that it is one.
    pub(super) fn is_supported(&self, date: &Date, start: usize, end: usize, lead: Lead) -> bool {
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
            return said_the
                && in_figures
                && follows
                && !thing_before
                && (start > 0 || lead.bound == Bound::At);
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
    pub(super) fn is_hour_by_what_follows(&self, start: usize, end: usize, lead: Lead) -> bool {
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
}
