//! Where one line holds several requests, and where "and" only joins words.

use std::ops::Range;

use crate::Command;
use crate::additions;
use crate::clause::{self, Clause, first_word, strip_openers};
use crate::lexicon::{self, is_one_of};
use crate::text::Message;
use crate::when;

/// A place where a line may be cut.
#[derive(Debug)]
pub(crate) struct Cut {
    /// Where the left part ends.
    pub(crate) at: usize,
    /// Where the right part starts.
    pub(crate) resume: usize,
    /// The end of a sentence or a semicolon, not only "and" or a comma.
    pub(crate) hard: bool,
    /// "and" or "then" was said.
    pub(crate) spoken: bool,
}

pub(crate) fn cuts(message: &Message<'_>, range: Range<usize>) -> Vec<Cut> {
    let mut cuts: Vec<Cut> = Vec::new();
    let mut at = range.start;
    while at < range.end {
        let mut end = at;
        let (mut hard, mut spoken) = (false, false);
        while end < range.end {
            let word = message.word(end);
            let mark = message.is_mark(end);
            let joins = match word {
                ";" | "\n" | "." | "?" | "!" | "|" | "•" | "…" if mark => {
                    hard = true;
                    true
                }
                "," | "-" | "—" | "–" if mark => true,
                "and" | "then" | "&" | "plus" | "also" | "so" | "but" => {
                    let begins = end == range.start;
                    spoken |= !begins;
                    !begins && (end > at || is_one_of(word, "and then & so but plus"))
                }
                "please" if end > range.start && end == at && !message.word(end + 1).is_empty() => {
                    spoken = true;
                    matches!(message.word(end + 1), "remind")
                }
                _ => false,
            };
            if !joins {
                break;
            }
            end += 1;
        }
        if end > at && at > range.start && end < range.end {
            let inside = message
                .times
                .iter()
                .any(|t| t.tokens.start < end && t.tokens.end > at && t.tokens.start < at);
            if !inside {
                cuts.push(Cut {
                    at,
                    resume: end,
                    hard,
                    spoken,
                });
            }
        }
        at = end.max(at + 1);
    }
    cuts
}

/// What the clauses so far were.
#[derive(Debug, Default)]
pub(crate) struct Context {
    /// An addition that names a chore: "add buy milk".
    chores: bool,
    /// "go to the store and buy milk" is one thing.
    going: bool,
}

impl Context {
    pub(crate) fn update(&mut self, message: &Message<'_>, left: Range<usize>, foreign: bool) {
        let clause = Clause::new(message, left, foreign);
        let mut at = clause.range.start;
        let opener = is_one_of(
            message.word(at),
            "add remind todo task new remember put i need create",
        );
        while at < clause.range.end
            && (is_one_of(
                message.word(at),
                "add remind me to todo task a tasks remember new put i need have my create : these",
            ) || is_one_of(message.word(at), additions::HEADER)
                || lexicon::cardinal(message.word(at)).is_some())
        {
            at += 1;
        }
        let verb = message.word(at);
        let changes = is_one_of(
            verb,
            "complete cancel move change set start delete close reopen",
        );
        let chore = !changes
            && (additions::is_chore(&clause, at..clause.range.end)
                || lexicon::MARKED_CHORES.contains(&verb));
        self.chores = chore || (self.chores && !opener);
        self.going = is_one_of(verb, "go head drive run come stop try swing get sit visit");
    }
}

pub(crate) fn splits(
    message: &Message<'_>,
    cut: &Cut,
    left: Range<usize>,
    right: Range<usize>,
    context: &Context,
    foreign: bool,
) -> bool {
    let clause = Clause::new(message, right.clone(), foreign);
    let numbered = lexicon::ordinal(clause.word(0)).or_else(|| lexicon::cardinal(clause.word(0)));
    if clause.range.is_empty() || (numbered.is_some() && !cut.hard) {
        return false;
    }
    // "rename X to …" and "search for …" take all that follows them.
    let left_range = strip_openers(message, left.clone());
    let first = first_word(message, left);
    if matches!(first, "rename" | "search" | "find" | "retitle") && !cut.hard {
        return false;
    }
    // "at 4 tomorrow, remind me …": a time alone belongs to what follows.
    if when::times_end(message, left_range.start, left_range.end) == Some(left_range.end) {
        return false;
    }
    let pronoun = matches!(clause.word(1), "it" | "them" | "him" | "her");
    let chore = additions::is_chore(&clause, clause.range.clone())
        || (lexicon::MARKED_CHORES.contains(&clause.word(0))
            && !is_one_of(
                clause.word(0),
                "ask see tell check discuss bring help use back try",
            ));
    if context.chores
        && chore
        && !pronoun
        && !(context.going && cut.spoken && !message.is_mark(cut.at))
        && !cut.hard
        && clause.range.len() >= 2
    {
        return true;
    }
    // "mark milk and eggs as done": the end says what the beginning is for.
    if !cut.hard
        && is_one_of(
            first,
            "mark set tick check cross make flag move take strike scratch",
        )
        && clause::read(message, left_range, foreign).is_none()
    {
        return false;
    }
    let Some(reading) = clause::read(message, right, foreign) else {
        return false;
    };
    match reading.commands.first() {
        None => false,
        Some(Command::Add { title, .. }) if !cut.hard => {
            // Only what says that it is an addition starts one after a mere comma.
            let says = is_one_of(
                clause.word(0),
                "add remind create set put make todo remember new dont",
            ) || (cut.spoken && matches!(clause.word(0), "i" | "im"));
            says && (!title.is_empty()
                || matches!(clause.word(0), "remind" | "set" | "add" | "put"))
        }
        Some(
            Command::Greet { .. }
            | Command::Confirm
            | Command::Deny
            | Command::Help
            | Command::Choose { .. }
            | Command::Undo,
        ) => cut.hard,
        Some(
            Command::ListReminders { .. }
            | Command::List { .. }
            | Command::Summary { .. }
            | Command::Count { .. }
            | Command::Show { .. }
            | Command::Search { .. },
        ) => {
            cut.hard
                || (cut.spoken
                    && (lexicon::is_question_word(clause.word(0))
                        || lexicon::is_reading_verb(clause.word(0))))
        }
        Some(_) => true,
    }
}
