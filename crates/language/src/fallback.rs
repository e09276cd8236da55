//! What is said of a list or reminder in words that no pattern knows: the cue words alone decide.

use crate::additions;
use crate::clause::{Clause, Reading};
use crate::filter::{self, is_task_noun};
use crate::lexicon::{self, is_one_of};
use crate::lists::ListKind;
use crate::target;
use crate::{Command, Filter, Target, details};

/// Reads a message that speaks of a to-do list or a reminder.
pub(crate) fn read(clause: &Clause<'_, '_>) -> Option<Reading> {
    if clause.range.len() > 40 {
        return None;
    }
    let asks = lexicon::is_question_word(clause.word(0))
        || clause.has(|w| matches!(w, "what" | "whats" | "which" | "whether"));
    reminder(clause, asks).or_else(|| list(clause, asks))
}

fn reminder(clause: &Clause<'_, '_>, asks: bool) -> Option<Reading> {
    let message = clause.message;
    let cue = clause.range.clone().rfind(|i| {
        let word = message.word(*i);
        matches!(
            word,
            "reminder" | "reminded" | "remind" | "reminding" | "reminders"
        ) || (word == "remember" && i.checked_sub(1).is_some_and(|b| message.word(b) == "to"))
    })?;
    if clause.has_list(|k| k == ListKind::Todo) {
        return None;
    }
    // "remind me how to …" wants to be told.
    let informs = (cue + 1..clause.range.end)
        .take(3)
        .any(|i| matches!(message.word(i), "how" | "what" | "who" | "where" | "why"));
    if informs && message.word(cue) == "remind" {
        return None;
    }
    if asks || clause.has(|w| matches!(w, "if" | "read" | "hear" | "show" | "list")) {
        return Some(
            Command::ListReminders {
                filter: Filter::default(),
            }
            .into(),
        );
    }
    additions::reminder_from(clause, cue + 1..clause.range.end)
}

fn list(clause: &Clause<'_, '_>, asks: bool) -> Option<Reading> {
    let message = clause.message;
    if !clause.has_list(|k| k == ListKind::Todo) {
        return None;
    }
    let removes = clause.has(|w| {
        is_one_of(
            w,
            "remove removed delete deleted clear cleared erase erased wipe wiped off gone empty \
emptied blank strike scratch cross rid",
        )
    });
    let said: Vec<usize> = clause
        .range
        .clone()
        .filter(|i| {
            let word = message.word(*i);
            let in_list = message.lists.iter().any(|l| l.tokens.contains(i));
            !(in_list || message.is_mark(*i) || is_glue(word))
        })
        .collect();
    let residue = said
        .first()
        .zip(said.last())
        .map(|(first, last)| *first..*last + 1);
    if removes && !asks {
        let target = match residue {
            Some(residue) => target::read(message, residue)?,
            None => Target::All(Filter::default()),
        };
        return Some(Command::Delete { target }.into());
    }
    if asks || clause.has(|w| is_one_of(w, "hear read know see tell show wondering")) {
        let (filter, _) = filter::read(message, clause.range.clone());
        return Some(Command::List { filter }.into());
    }
    let adds = clause.has(|w| {
        is_one_of(w, "add added adding put include included create make need needs should must place start new \
update want write")
    });
    if !adds {
        return None;
    }
    let details = residue
        .map(|r| details::read(message, r))
        .unwrap_or_default();
    Some(additions::from_details(clause, details))
}

/// Words around what is added or removed.
fn is_glue(word: &str) -> bool {
    is_task_noun(word)
        || lexicon::is_determiner(word)
        || lexicon::is_list_preposition(word)
        || is_one_of(
            word,
            "i id im ive me we you want need needs like would should could can will must have has had \
be been is are out now please all everything some completely totally just remove removed \
delete deleted clear cleared erase erased wipe wiped off gone empty emptied blank strike \
scratch cross rid get got go add added adding put include included create make place \
start new update write entire whole called named and so there it do something \
everything's",
        )
}
