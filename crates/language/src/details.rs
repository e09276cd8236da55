//! What a new task's words say: its title, and what is left out of it (time, tags, priority).

mod labels;

use std::ops::Range;

use task_model::{Priority, RecurrenceFrom};

use crate::dates::{Grain, Meaning};
use crate::filter::tag_word;
use crate::lexicon::{self, is_one_of};
use crate::target::trim;
use crate::text::{Message, TimeAt};
use crate::when;
use crate::{Due, ReminderAt};

/// What was read from the words of a new task.
#[derive(Debug, Default)]
pub(crate) struct Details {
    pub(crate) title: String,
    pub(crate) description: Option<String>,
    pub(crate) due: Option<Due>,
    pub(crate) priority: Option<Priority>,
    pub(crate) tags: Vec<String>,
    pub(crate) reminders: Vec<ReminderAt>,
    pub(crate) recurrence: Option<String>,
    pub(crate) recurrence_from: Option<RecurrenceFrom>,
}

impl Details {
    /// Whether it holds anything that only a task has.
    pub(crate) fn marked(&self) -> bool {
        self.due.is_some()
            || self.priority.is_some()
            || !self.tags.is_empty()
            || self.recurrence.is_some()
    }
}

/// Reads a new task. `reminder` when it is said as a reminder: "remind me …".
pub(crate) fn read(message: &Message<'_>, range: Range<usize>) -> Details {
    let mut reader = Reader {
        message,
        range: trim(message, range.clone()),
        kept: vec![true; range.len()],
        base: range.start,
        details: Details::default(),
    };
    reader.description();
    reader.lists();
    reader.reminders();
    reader.tags();
    reader.priority();
    reader.times();
    reader.title();
    reader.details
}

struct Reader<'m, 'a> {
    message: &'m Message<'a>,
    range: Range<usize>,
    kept: Vec<bool>,
    base: usize,
    details: Details,
}

impl<'m> Reader<'m, '_> {
    fn drop(&mut self, range: Range<usize>) {
        for at in range {
            if let Some(kept) = at.checked_sub(self.base).and_then(|i| self.kept.get_mut(i)) {
                *kept = false;
            }
        }
    }

    fn is_kept(&self, at: usize) -> bool {
        self.range.contains(&at)
            && at
                .checked_sub(self.base)
                .and_then(|i| self.kept.get(i))
                .copied()
                .unwrap_or(false)
    }

    fn word(&self, at: usize) -> &'m str {
        if at < self.range.end {
            self.message.word(at)
        } else {
            ""
        }
    }

    /// "… note: bring the card", "… with description the blue one".
    fn description(&mut self) {
        for at in self.range.clone().skip(1) {
            let label = is_one_of(self.word(at), "note notes details description desc comment");
            let colon = self.message.is_mark(at + 1) && self.word(at + 1) == ":";
            let with = matches!(self.message.word(at - 1), "with" | "a" | "the" | "and")
                && matches!(self.word(at), "note" | "description" | "details" | "notes")
                && (self.message.word(at - 1) == "with"
                    || self.message.word(at.wrapping_sub(2)) == "with")
                && at + 1 < self.range.end;
            if label && (colon || with) {
                let mut start = at + 1;
                while self.message.is_mark(start)
                    || matches!(self.word(start), "that" | "saying" | "says") && with
                {
                    start += 1;
                }
                let said = self.message.typed(start..self.range.end);
                if said.is_empty() {
                    continue;
                }
                self.details.description = Some(said.to_owned());
                let mut end = at;
                while end > self.range.start + 1
                    && (self.message.is_mark(end - 1)
                        || matches!(
                            self.message.word(end - 1),
                            "with" | "a" | "the" | "and" | "add"
                        ))
                {
                    end -= 1;
                }
                self.range.end = end;
                return;
            }
        }
    }

    /// "… to my to-do list" and "on the list of things to do: …".
    fn lists(&mut self) {
        let lists: Vec<Range<usize>> = self
            .message
            .lists_in(self.range.clone())
            .map(|l| l.tokens.clone())
            .collect();
        for list in lists {
            let mut start = list.start;
            let preposition = start > self.range.start
                && lexicon::is_list_preposition(self.message.word(start - 1));
            if !preposition && start != self.range.start {
                continue;
            }
            while start > self.range.start
                && (lexicon::is_list_preposition(self.message.word(start - 1))
                    || matches!(
                        self.message.word(start - 1),
                        "back" | "over" | "down" | "up"
                    ) && start == list.start - 1)
            {
                start -= 1;
            }
            self.drop(start..list.end);
        }
    }

    /// "… with a reminder an hour before", "… remind me at 4".
    fn reminders(&mut self) {
        let mut at = self.range.start;
        while at < self.range.end {
            if !matches!(
                self.word(at),
                "remind" | "reminder" | "reminders" | "alert" | "reminding"
            ) {
                at += 1;
                continue;
            }
            let mut end = at + 1;
            while is_one_of(self.word(end), "me set at for to about it of") {
                end += 1;
            }
            let mut found = false;
            while let Some(time) = self
                .message
                .time_at(end)
                .filter(|t| t.tokens.end <= self.range.end)
            {
                let Some(reminder) = when::reminder_at(time) else {
                    break;
                };
                self.details.reminders.push(reminder);
                found = true;
                end = time.tokens.end;
                while is_one_of(self.word(end), "and , it its due is before beforehand hand")
                    && end < self.range.end
                {
                    end += 1;
                }
            }
            let mut start = at;
            // "an hour before reminder"
            if !found
                && let Some(time) = self.message.times_in(self.range.start..at).last()
                && time.tokens.end == at
                && let Some(reminder) =
                    when::reminder_at(time).filter(|r| matches!(r, ReminderAt::Before { .. }))
            {
                self.details.reminders.push(reminder);
                found = true;
                start = time.tokens.start;
            }
            if found {
                while start > self.range.start
                    && (self.message.is_mark(start - 1)
                        || is_one_of(
                            self.message.word(start - 1),
                            "with a and an set then also the me please plus",
                        ))
                {
                    start -= 1;
                }
                self.drop(start..end);
            }
            at = end;
        }
    }

    fn times(&mut self) {
        let times: Vec<&TimeAt> = self
            .message
            .times_in(self.range.clone())
            .filter(|t| t.tokens.clone().all(|i| self.is_kept(i)))
            .collect();
        let mut chosen: Vec<&TimeAt> = Vec::new();
        let mut repeat: Option<&TimeAt> = None;
        for time in times {
            match time.meaning {
                Meaning::Duration { .. } => continue,
                Meaning::Repeat { .. } if repeat.is_none() => repeat = Some(time),
                Meaning::Repeat { .. } => continue,
                Meaning::Time { .. } if self.belongs_to_title(time) => continue,
                Meaning::Time { .. } => chosen.push(time),
            }
            let mut start = time.tokens.start;
            while start > self.range.start
                && self.is_kept(start - 1)
                && is_one_of(
                    self.message.word(start - 1),
                    "due by on at before until starting beginning from deadline for is its scheduled around \
again , in date set till later sometime",
                )
            {
                start -= 1;
            }
            // The title must keep its first words: "due" alone is no task.
            self.drop(start..time.tokens.end);
        }
        let when = when::combine(chosen.into_iter());
        if let Some(repeat) = repeat
            && let Meaning::Repeat {
                pattern,
                first,
                from,
            } = &repeat.meaning
        {
            self.details.recurrence_from = *from;
            self.details.recurrence = Some(pattern.clone());
            let first = repeat.due.unwrap_or(Due {
                at: first.start,
                grain: first.grain,
            });
            self.details.due = Some(match when {
                Some(when) if when.time_only && first.grain >= Grain::Day => {
                    when::at_time_of(first.at, when.due)
                }
                Some(when) if !when.time_only => when.due,
                _ => first,
            });
        } else {
            self.details.due = when.map(|w| w.due);
        }
    }

    /// Whether a time says something of a noun: "the Monday meeting", "tomorrow's lunch", "about Friday".
    fn belongs_to_title(&self, time: &TimeAt) -> bool {
        let before = time
            .tokens
            .start
            .checked_sub(1)
            .filter(|b| self.is_kept(*b));
        let word_before = before.map_or("", |b| self.message.word(b));
        let after = time.tokens.end;
        let noun_after = self.is_kept(after)
            && !self.message.is_mark(after)
            && self.message.time_at(after).is_none()
            && tag_word(self.word(after)).is_none()
            && !is_one_of(
                self.word(after),
                "to on at by for from with in and or about that before after until i the my a please so \
because then remind of into every if when is via using around near as but",
            );
        let last = time
            .tokens
            .end
            .checked_sub(1)
            .and_then(|i| self.message.tokens.get(i));
        let typed = last.map_or("", |t| self.message.text.get(t.range.clone()).unwrap_or(""));
        let possessive = typed.ends_with("'s") || typed.ends_with("’s");
        if possessive && noun_after {
            return true;
        }
        if is_one_of(
            word_before,
            "about regarding re of since versus than called titled",
        ) {
            return true;
        }
        let first = self.message.word(time.tokens.start);
        if noun_after
            && (lexicon::is_determiner(word_before)
                || matches!(first, "the" | "this" | "next" | "last") && time.tokens.len() > 1)
        {
            return !matches!(first, "this" | "next" | "last")
                || lexicon::is_determiner(word_before)
                || matches!(word_before, "for");
        }
        // "Q3 planning", "the March report".
        let long =
            matches!(&time.meaning, Meaning::Time { span, .. } if span.grain >= Grain::Month);
        if long
            && noun_after
            && !is_one_of(first, "by in on at due this next before until for end the")
        {
            return true;
        }
        if time.tokens.len() == 2
            && before.is_some_and(|b| b == self.first_kept())
            && time.tokens.end == self.range.end
            && matches!(
                self.message.word(time.tokens.end - 1),
                "dinner" | "lunch" | "breakfast" | "brunch"
            )
        {
            return true;
        }
        // "plan Saturday dinner": a weekday between a verb and its object.
        let weekday = time.tokens.len() == 1
            && is_one_of(
                first,
                "monday tuesday wednesday thursday friday saturday sunday",
            );
        weekday
            && noun_after
            && before.is_some_and(|b| b == self.first_kept())
            && lexicon::CHORES.contains(&word_before)
    }

    fn first_kept(&self) -> usize {
        self.range
            .clone()
            .find(|i| self.is_kept(*i))
            .unwrap_or(self.range.end)
    }

    fn title(&mut self) {
        let mut kept: Vec<usize> = self.range.clone().filter(|i| self.is_kept(*i)).collect();
        while let Some(&last) = kept.last() {
            let word = self.message.word(last);
            let mark = self.message.is_mark(last) && !is_one_of(word, "? ) … ] } ”");
            let dangling = is_one_of(
                word,
                "by due with and on at for please to its a is starting then as the so before",
            ) && kept.len() > 1
                && (last + 1 < self.range.end || matches!(word, "please" | "and" | "then" | "due"));
            if mark || dangling {
                kept.pop();
            } else {
                break;
            }
        }
        let leading = kept
            .iter()
            .take_while(|i| {
                let word = self.message.word(**i);
                (self.message.is_mark(**i) && !matches!(word, "(" | "[" | "{"))
                    || (matches!(word, "to" | "that" | "please") && kept.len() > 1)
            })
            .count();
        kept.drain(..leading);
        if let Some(&first) = kept.first()
            && self.message.is_quoted(first)
        {
            self.details.title = self.message.unquoted(first).to_owned();
            return;
        }
        self.details.title = self.assemble(&kept);
    }

    /// The kept tokens as typed, with what was between neighbours, and one space where something was cut.
    fn assemble(&self, kept: &[usize]) -> String {
        let mut title = String::new();
        let mut previous: Option<usize> = None;
        for &at in kept {
            let Some(token) = self.message.tokens.get(at) else {
                continue;
            };
            let typed = self.message.text.get(token.range.clone()).unwrap_or("");
            match previous {
                Some(before) if before + 1 == at => {
                    let end = self.message.tokens.get(before).map_or(0, |t| t.range.end);
                    title.push_str(self.message.text.get(end..token.range.start).unwrap_or(""));
                }
                Some(_) if self.message.is_mark(at) => {}
                Some(_) => title.push(' '),
                None => {}
            }
            title.push_str(typed);
            previous = Some(at);
        }
        title.trim().to_owned()
    }
}
