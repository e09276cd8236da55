//! Questions about tasks and reminders.

use std::ops::Range;

use crate::clause::{Clause, Reading};
use crate::filter::{self, is_task_noun};
use crate::grammar::{self, Act};
use crate::lexicon::{self, is_one_of};
use crate::listing;
use crate::lists::ListKind;
use crate::target;
use crate::text::Message;
use crate::{Category, Command, Filter, Target};

/// Reads a question.
pub(crate) fn read(clause: &Clause<'_, '_>) -> Option<Reading> {
    let asked = clause
        .matches(&grammar::QUESTION_PATTERNS)
        .find_map(|(act, captures)| special(clause, act, captures.get('t'), captures.get('x')));
    asked.or_else(|| listing::read(clause))
}

fn special(
    clause: &Clause<'_, '_>,
    act: Act,
    named: Option<Range<usize>>,
    text: Option<Range<usize>>,
) -> Option<Reading> {
    let message = clause.message;
    if clause.foreign && act != Act::ListReminders {
        return None;
    }
    let (filter, rest) = filter::read(
        message,
        clause.lead.start.min(clause.range.start)..clause.range.end,
    );
    let command = match act {
        Act::LookBack | Act::LookAhead => {
            // "what's due today" is a list.
            if clause.has_foreign_noun(clause.range.clone()) || clause.has(|w| w == "due") {
                return None;
            }
            // "how was the movie": only a time or the tasks themselves can be looked back on.
            let ours = rest.iter().all(|i| {
                is_one_of(message.word(*i), "plate day week month how doing productive progress done accomplished summary recap \
overview quick short brief daily weekly monthly review report rundown digest briefing \
update looking look going busy schedule workload stats statistics productivity summarize \
summarise catch here lately recently stand things good plan agenda free track behind \
weekend ahead achieve swamped say breakdown morning afternoon evening shaping situation \
outlook hows yesterday planned happening accomplish today last big picture finish complete hi completed \
finished")
            });
            if !ours {
                return None;
            }
            Command::Summary {
                period: filter.period,
                looking_back: act == Act::LookBack
                    || filter.period.is_some_and(|p| p.end <= message.now),
            }
        }
        Act::ListReminders => {
            let about_memory = clause
                .has(|w| is_one_of(w, "remember recall mind forget remind reminded reminding"));
            // "remind me what the bank told me" has nothing of reminders in it.
            if !about_memory || clause.has_list(|k| k == ListKind::Todo) {
                return None;
            }
            let own = clause.has(|w| matches!(w, "i" | "ive" | "my" | "me" | "we"));
            if !own || clause.foreign {
                return None;
            }
            // A request that says what to remember is a reminder, not a question.
            if !asks(clause)
                && is_one_of(clause.word(0), "remind remember dont do help never")
                && !clause.has(|w| matches!(w, "what" | "wanted" | "trying" | "asked" | "told"))
            {
                return None;
            }
            Command::ListReminders {
                filter: timed(filter),
            }
        }
        Act::ReadBack => {
            return Some(Reading {
                commands: vec![Command::List {
                    filter: Filter::default(),
                }],
                category: Some(Category::ReminderQuery),
            });
        }
        Act::Show => {
            let range = named?;
            // "when do I renew my passport" is about a chore.
            let chore = lexicon::CHORES.contains(&message.word(range.start));
            if clause.has_foreign_noun(range.clone()) && !chore
                || clause.has_list(|k| k != ListKind::Foreign)
            {
                return None;
            }
            // "show me urgent stuff" is a list.
            let (filter, other) = filter::read(message, range.clone());
            if other.is_empty() && filter != Filter::default() {
                return None;
            }
            let target = target::read(message, range.clone())?;
            let named = matches!(target, Target::Named(_));
            let reading = is_one_of(clause.word(0), "open show view display pull");
            let said_task = range.clone().any(|i| is_task_noun(message.word(i)));
            // "what is the report", "tell me about buy milk": only of what sounds like a task.
            let asked_itself = match clause.word(0) {
                "what" => range.start == clause.range.start + 2,
                "whats" => range.start == clause.range.start + 1,
                "tell" => true,
                _ => false,
            };
            let thing =
                range.clone().any(|i| message.is_quoted(i)) || sounds_like_task(message, &range);
            if asked_itself && !thing && !(said_task && named) {
                return None;
            }
            let elsewhere = named
                && range
                    .clone()
                    .any(|i| matches!(message.word(i), "reminder" | "next" | "order"))
                || range
                    .clone()
                    .any(|i| matches!(message.word(i), "appointment" | "meeting" | "class"))
                    && !clause.has(|w| matches!(w, "due" | "deadline" | "task"));
            if elsewhere || matches!(target, Target::All(_)) || (named && reading && !said_task) {
                return None;
            }
            let asked_word = message.word(range.start);
            if named
                && (range.len() > 7
                    || is_one_of(
                        asked_word,
                        "i it you we anything there something everything nothing any",
                    )
                    || is_elsewhere(clause))
            {
                return None;
            }
            Command::Show { target }
        }
        Act::Search => {
            let range = text?;
            let ours = clause.has(is_task_noun) || clause.has_list(|k| k != ListKind::Foreign);
            let bare = !ours && is_one_of(clause.word(0), "find search look is are do");
            let first = message.word(range.start);
            if bare
                && (clause.has_foreign_noun(range.clone())
                    || range.len() > 4
                    || is_one_of(
                        first,
                        "me my a an out someone some nearest how what where if when information info new good \
cheap us your something places",
                    )
                    || range.clone().any(|i| {
                        is_one_of(
                            message.word(i),
                            "near nearby nearest online google web internet in best",
                        )
                    }))
            {
                return None;
            }
            let (filter, rest) = filter::read(message, clause.range.clone());
            // "find all overdue tasks" is a list.
            let only_filter = rest.iter().all(|i| {
                matches!(
                    message.word(*i),
                    "find" | "search" | "look" | "locate" | "me"
                )
            });
            if only_filter && filter != Filter::default() {
                return Some(Command::List { filter }.into());
            }
            let range = target::without_list(message, range);
            let mut range = target::trim(message, range);
            if range.len() > 1 && lexicon::is_determiner(message.word(range.start)) {
                range.start += 1;
            }
            let words = message.typed(range);
            if words.is_empty() {
                return None;
            }
            Command::Search {
                text: words.to_owned(),
            }
        }
        _ => return None,
    };
    Some(command.into())
}

/// A chore ("buy milk"), or one thing that people have to see to ("the report").
fn sounds_like_task(message: &Message<'_>, range: &Range<usize>) -> bool {
    let owned = lexicon::is_determiner(message.word(range.start));
    let first = message.word(range.start);
    let noun = range.len() <= 3
        && owned
        && range
            .clone()
            .last()
            .is_some_and(|i| lexicon::TASK_NOUNS.contains(&message.word(i)));
    noun || range.len() > 1
        && (lexicon::CHORES.contains(&first) || lexicon::MARKED_CHORES.contains(&first))
}

/// Questions that CLINC-like assistants answer elsewhere: money, travel, cars.
fn is_elsewhere(clause: &Clause<'_, '_>) -> bool {
    clause.has(|w| {
        is_one_of(
            w,
            "flight package train holiday store restaurant mail you your born open world president \
off",
        )
    })
}

/// Whether it is put as a question.
pub(crate) fn asks(clause: &Clause<'_, '_>) -> bool {
    let (first, second) = (clause.word(0), clause.word(1));
    let by_word = match first {
        "have" | "had" => matches!(second, "i" | "we" | "you"),
        "do" => is_one_of(second, "i we my you any the"),
        "should" => second == "i",
        "will" => !matches!(second, "you" | "u"),
        "any" | "anything" => true,
        word => lexicon::is_question_word(word),
    };
    let prepositional =
        matches!(first, "at" | "on" | "for" | "by") && matches!(second, "what" | "which");
    by_word || prepositional || clause.has(|w| matches!(w, "what" | "whats" | "whether"))
}

fn timed(filter: Filter) -> Filter {
    Filter {
        period: filter.period,
        ..Filter::default()
    }
}
