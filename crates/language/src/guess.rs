//! What a sentence that is not understood would mean if it spoke of the person's tasks. Other
//! services are asked in the same words ("when is the next bus"), so only a task of that name, or the
//! person, can tell.

use crate::additions;
use crate::changes::series;
use crate::clause::{Clause, phrase_end};
use crate::grammar::{self, Act};
use crate::lexicon::is_one_of;
use crate::questions::asks;
use crate::target;
use crate::text::Message;
use crate::{Command, Target};

/// Words beyond which nothing is guessed.
const MAX_WORDS: usize = 40;

/// What says that something is to be done, though not what the bot is to do.
const DUTIES: &[&str] = &[
    "i have to",
    "i need to",
    "i must",
    "i should",
    "i gotta",
    "ive got to",
    "i still have to",
    "i still need to",
    "i also have to",
    "i also need to",
    "we have to",
    "we need to",
];

/// Reads a message that no other rule could.
pub(crate) fn read(message: &Message<'_>) -> Option<Command> {
    let all = target::trim(message, 0..message.tokens.len());
    if all.len() < 2 || all.len() > MAX_WORDS {
        return None;
    }
    let clause = Clause::new(message, all.clone(), false);
    for (act, captures) in clause.matches(&grammar::GUESS_PATTERNS) {
        let named = captures.get('t');
        let target = match named.clone() {
            Some(t) => target::read(message, t),
            None => Some(Target::It),
        };
        let Some(target) = target.filter(|t| matches!(t, Target::Named(_) | Target::It)) else {
            continue;
        };
        if act != Act::Skip {
            return Some(Command::Show { target });
        }
        let period = series::said_period(&clause, &captures);
        let skippable = named.is_none_or(|t| series::is_skippable(&clause, t));
        return skippable.then_some(Command::Skip { target, period });
    }
    let orders = is_one_of(
        clause.word(0),
        "add put set create play tell show turn open",
    );
    if orders || asks(&clause) || message.text.trim_end().ends_with('?') {
        return None;
    }
    let duty = DUTIES
        .iter()
        .any(|phrase| phrase_end(message, all.clone(), phrase).is_some());
    let add = additions::guessed(&Clause {
        range: all,
        ..clause
    })?;
    match &add {
        Command::Add { due, title, .. } if (due.is_some() || duty) && !title.is_empty() => {
            Some(add)
        }
        _ => None,
    }
}
