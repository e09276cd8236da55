//! What a repetition is counted from: "every 3 days after I finish", "a week after the last time".

use task_model::RecurrenceFrom;

use super::Grain;
use super::parser::{Parse, Parser};
use super::repeat_rule::Rule;
use super::words;

/// Words that say that something repeats.
const REPEATS: &[&str] = &[
    "repeat",
    "repeats",
    "repeating",
    "recur",
    "recurs",
    "recurring",
];

impl Parser<'_> {
    /// "after I finish it", "from completion", "after the last time"; "from the due date".
    pub(super) fn repeated_from(&self, at: usize) -> Parse<RecurrenceFrom> {
        let start = self.past(at, &["counting", "counted", "starting"]);
        let when = ["when", "whenever", "once"];
        let start = if self.is_one_of(start, &["after", "from", "since"]) {
            self.past(start + 1, &when)
        } else if self.is_one_of(start, &when) {
            let end = self.done(start + 1).filter(|end| self.ends_phrase(*end))?;
            return Some((end, RecurrenceFrom::Completion));
        } else {
            return None;
        };
        let (end, from) = self
            .last_time(start)
            .or_else(|| self.done(start))
            .map(|end| (end, RecurrenceFrom::Completion))
            .or_else(|| Some((self.due_date(start)?, RecurrenceFrom::DueDate)))?;
        self.ends_phrase(end).then_some((end, from))
    }

    /// "the last time", "each completion", "the previous one was done".
    fn last_time(&self, at: usize) -> Option<usize> {
        let article = self.past(at, &["the", "my", "its"]);
        let which = self.past(article, &["last", "previous", "each", "every"]);
        if which == at || !self.is_one_of(which, &["time", "completion", "one"]) {
            return None;
        }
        if which == article && !self.is_word(which, "completion") {
            return None;
        }
        let end = self.past(which + 1, &["date", "time"]);
        Some(self.done(end).unwrap_or(end))
    }

    /// "I finish it", "it was done", "completing it", "completion".
    fn done(&self, at: usize) -> Option<usize> {
        if self.is_one_of(at, &["completion", "done", "completed"]) {
            return Some(self.past(at + 1, &["date", "time"]));
        }
        let object = |end| self.past(self.past(end, &["with", "doing"]), &["it", "that", "this"]);
        if self.is_one_of(at, &["completing", "finishing", "doing"]) {
            return Some(object(at + 1)).filter(|end| *end > at + 1);
        }
        let who = self.past(
            at,
            &[
                "i", "ive", "im", "we", "weve", "it", "its", "having", "was", "is", "being",
            ],
        );
        if who == at {
            return None;
        }
        let helper = self.past(
            self.past(
                who,
                &["have", "has", "had", "am", "was", "is", "get", "got"],
            ),
            &["last", "been", "actually", "really"],
        );
        let verbs = [
            "finish",
            "finished",
            "complete",
            "completed",
            "do",
            "did",
            "done",
        ];
        self.is_one_of(helper, &verbs).then(|| object(helper + 1))
    }

    /// "the due date", "when it is due".
    fn due_date(&self, at: usize) -> Option<usize> {
        let start = self.past(at, &["the", "its"]);
        if self.is_word(start, "due") {
            return Some(self.past(start + 1, &["date", "time"]));
        }
        self.words(at, &["it", "is", "due"]).then_some(at + 3)
    }

    /// Whether what was read is all of it: "after I finish", and not "after I finish work".
    fn ends_phrase(&self, at: usize) -> bool {
        self.is_end(at)
            || self.digits(at).is_some()
            || self.is_sign(at, '@')
            || self.is_one_of(
                at,
                &[
                    "at", "on", "in", "until", "till", "for", "and", "please", "with", "high",
                    "low", "urgent", "medium",
                ],
            )
    }

    /// "a week after the last time"; with "after I finish" only where repeating is spoken of, as
    /// "3 days after I finish" alone is a single day.
    pub(super) fn length_after(&self, at: usize) -> Parse<Rule> {
        let (after, count) = if self.is_one_of(at, &["a", "an", "one"]) {
            (at + 1, 1)
        } else {
            self.whole(at).filter(|(_, n)| (1..=1000).contains(n))?
        };
        let grain = self
            .word(after)
            .and_then(words::unit)
            .filter(|grain| *grain >= Grain::Hour)?;
        let (end, from) = self.repeated_from(after + 1)?;
        let last = (after..end).any(|i| self.is_one_of(i, &["last", "previous", "each", "every"]));
        let repeats = || (at.saturating_sub(20)..at).any(|i| self.is_one_of(i, REPEATS));
        (from == RecurrenceFrom::Completion && (last || repeats())).then(|| {
            let from = Some(from);
            let rule = Rule::every(grain, count);
            (end, Rule { from, ..rule })
        })
    }

    /// "should repeat on the 1st and 15th", "repeats on Monday".
    pub(super) fn repeated_on(&self, at: usize) -> Parse<Rule> {
        let said = at
            .checked_sub(1)
            .is_some_and(|before| self.is_one_of(before, REPEATS));
        if !said || !self.is_word(at, "on") {
            return None;
        }
        if let Some((end, days)) = self.weekday_list(at + 1) {
            return Some((end, Rule::on_weekdays(days, 1)));
        }
        let (end, rule) = self.nth_list(self.past(at + 1, &["the"]))?;
        let month = self.words(end, &["of", "the", "month"]);
        let end = if month { end + 3 } else { end };
        let plain = self.word(end).and_then(words::month).is_none() && !self.is_word(end, "of");
        plain.then_some((end, rule))
    }
}
