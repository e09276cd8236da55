//! Tags and priority of a new task.

use super::Reader;
use crate::filter::tag_word;
use crate::lexicon::is_one_of;
use crate::pattern::priority_phrase;
use crate::text::Message;

impl Reader<'_, '_> {
    /// `#home`, "tagged home and garden", "with the tag home".
    pub(super) fn tags(&mut self) {
        let mut at = self.range.start;
        while at < self.range.end {
            if !self.is_kept(at) {
                at += 1;
                continue;
            }
            if let Some(tag) = tag_word(self.word(at)) {
                self.details.tags.push(tag);
                self.drop(at..at + 1);
                if matches!(
                    self.message.word(at.wrapping_sub(1)),
                    "tag" | "tags" | "tagged" | "with" | "as"
                ) && at > self.range.start
                {
                    let mut start = at;
                    while start > self.range.start
                        && is_one_of(self.message.word(start - 1), "tag tags tagged with as the")
                    {
                        start -= 1;
                    }
                    self.drop(start..at);
                }
                at += 1;
                continue;
            }
            let word = self.word(at);
            let colon = self.message.is_mark(at + 1) && self.word(at + 1) == ":";
            let tagged = matches!(word, "tagged" | "labelled" | "labeled")
                || (matches!(word, "tag" | "tags" | "label")
                    && at > self.range.start
                    && (colon
                        || matches!(
                            self.message.word(at - 1),
                            "with" | "the" | "," | "and" | "a"
                        )));
            if tagged {
                let start = at;
                let mut end = at + 1;
                while self.message.is_mark(end)
                    || matches!(self.word(end), "with" | "as" | "it" | "the")
                {
                    end += 1;
                }
                let mut found = false;
                while end < self.range.end && self.message.time_at(end).is_none() {
                    let word = self.word(end);
                    let stop = word.is_empty()
                        || is_one_of(
                            word,
                            "due with by at on for high low urgent priority to remind",
                        );
                    if stop {
                        break;
                    }
                    if matches!(word, "and" | ",") {
                        if !found || tag_like(self.message, end + 1) {
                            end += 1;
                            continue;
                        }
                        break;
                    }
                    if self.message.is_mark(end)
                        || (found && !matches!(self.message.word(end - 1), "and" | ","))
                    {
                        break;
                    }
                    self.details
                        .tags
                        .push(word.trim_start_matches('#').to_owned());
                    found = true;
                    end += 1;
                }
                if found {
                    let mut start = start;
                    while start > self.range.start
                        && (self.message.is_mark(start - 1)
                            || matches!(self.message.word(start - 1), "with" | "the" | "and" | "a"))
                    {
                        start -= 1;
                    }
                    self.drop(start..end);
                }
                at = end;
                continue;
            }
            at += 1;
        }
        self.details.tags.retain(|t| !t.is_empty());
        let mut seen: Vec<String> = Vec::new();
        self.details.tags.retain(|tag| {
            let new = !seen.contains(tag);
            seen.push(tag.clone());
            new
        });
    }

    /// "high priority", "!high", "p1", "!!!", "asap", ", urgent", "urgent: …".
    pub(super) fn priority(&mut self) {
        let mut at = self.range.start;
        while at < self.range.end {
            if !self.is_kept(at) {
                at += 1;
                continue;
            }
            let Some((priority, end)) =
                priority_phrase(self.message, at).filter(|(_, end)| *end <= self.range.end)
            else {
                at += 1;
                continue;
            };
            let word = self.word(at);
            let sure = self.message.is_mark(at)
                || word.starts_with('!')
                || is_one_of(word, "p0 p1 p2 p3 p4 asap")
                || (at..end).any(|i| self.word(i) == "priority");
            let before = at.checked_sub(1).filter(|b| *b >= self.range.start);
            let opens = before.is_none_or(|b| !self.is_kept(b) || self.message.is_mark(b));
            let said_of_it = before.is_some_and(|b| {
                is_one_of(self.message.word(b), "its is as very really super thats")
            });
            let closes = self.rest_is_dropped_or_time(end);
            let labels = opens
                && at == self.range.start
                && self.message.is_mark(end)
                && end < self.range.end;
            let loose = matches!(word, "urgent" | "urgently" | "critical")
                || said_of_it
                || before.is_some_and(|b| self.message.is_mark(b));
            if sure || labels || (closes && loose && (before.is_some())) {
                self.details.priority = Some(priority);
                let mut start = at;
                while start > self.range.start
                    && (self.message.is_mark(start - 1)
                        || is_one_of(
                            self.message.word(start - 1),
                            "with a as its is this thats at very really super and it the of set make mark",
                        ))
                {
                    start -= 1;
                }
                if !sure || !is_one_of(word, "p0 p1 p2 p3 p4 asap") || self.message.is_mark(at) {
                    self.drop(start..end);
                } else {
                    self.drop(at..end);
                }
                if self.message.is_mark(end) {
                    self.drop(end..end + 1);
                }
            }
            at = end;
        }
    }

    fn rest_is_dropped_or_time(&self, from: usize) -> bool {
        let mut at = from;
        while at < self.range.end {
            if let Some(time) = self.message.time_at(at) {
                at = time.tokens.end;
            } else if self.message.is_mark(at) || !self.is_kept(at) {
                at += 1;
            } else {
                return false;
            }
        }
        true
    }
}

fn tag_like(message: &Message<'_>, at: usize) -> bool {
    let word = message.word(at);
    !word.is_empty()
        && !message.is_mark(at)
        && message.time_at(at).is_none()
        && !is_one_of(
            word,
            "due remind set with high low urgent make mark add to it then also delete complete",
        )
}
