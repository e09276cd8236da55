//! New tasks and reminders.

use std::ops::Range;

use crate::clause::{Clause, Reading, phrase_end, strip_openers};
use crate::details::{self, Details};
use crate::grammar::{self, Act};
use crate::lexicon;
use crate::target::{self, pointer, tag_word};
use crate::text::ListKind;
use crate::{Command, ReminderAt, Target};

/// What may stand before what a person has to do and is no part of it.
const DUTIES: &[&str] = &[
    "i need to remember to", "i have to remember to", "i need to", "i have to", "i should", "i must", "ive got to", "i gotta", "that i need to", "that i have to", "i want to", "for me to", "me to", "remember to", "to", "that", "of", "i still need to", "i also need to", "we need to", "we have to",
    "need to", "have to", "i am supposed to", "im supposed to", "a task to", "a task", "task", "the task of", "the chore of", "the item", "an item to", "an item for", "a reminder to", "item", "adding", "please", "remember",
];

/// Reads a new task or reminder.
pub(crate) fn read(clause: &Clause<'_, '_>) -> Option<Reading> {
    if clause.range.len() <= 120 {
        let found = clause
            .matches(&grammar::ADDITION_PATTERNS)
            .find_map(|(act, captures)| by_pattern(clause, act, captures.get('x'), captures.get('y'), captures.get('w')));
        if found.is_some() {
            return found;
        }
    } else if matches!(clause.word(0), "add" | "todo" | "task" | "note") {
        return add(clause, clause.range.start + 1..clause.range.end, false);
    }
    labelled(clause).or_else(|| imperative(clause))
}

fn by_pattern(
    clause: &Clause<'_, '_>,
    act: Act,
    said: Option<Range<usize>>,
    after: Option<Range<usize>>,
    when: Option<Range<usize>>,
) -> Option<Reading> {
    let message = clause.message;
    let first = clause.word(0);
    let on_list = clause.has_list(|k| k != ListKind::Foreign);
    match act {
        Act::AddUnnamed => {
            if clause.foreign && !on_list {
                return None;
            }
            Some(unnamed(clause, false))
        }
        Act::RemindUnnamed => Some(unnamed(clause, true)),
        Act::Add => {
            let said = said?;
            let x = message.word(said.start);
            let bare = matches!(first, "add" | "put" | "create" | "enter" | "log" | "capture" | "jot" | "note" | "write" | "record" | "track");
            if !on_list && bare && (is_sum(clause, said.clone()) || clause.foreign && is_service(clause)) {
                return None;
            }
            if !on_list && first == "put" && !clause.has(|w| w == "down") {
                return None;
            }
            if !on_list && matches!(first, "task" | "todo" | "new") && lexicon::is_question_word(x) {
                return None;
            }
            if message.list_at(said.start).is_some_and(|l| l.tokens.end == said.end) {
                return None;
            }
            // "make laundry …", "have it on my list": asking words are no title.
            if on_list && lexicon::is_question_word(first) && !matches!(first, "have" | "do" | "any") {
                return None;
            }
            // "add a reminder to …" and "don't forget to set a reminder" are reminders.
            if !on_list && said.clone().take(4).any(|i| message.word(i) == "reminder") {
                return None;
            }
            if on_list && said.len() == 1 && matches!(x, "it" | "that" | "this") {
                return None;
            }
            add(clause, said, false)
        }
        Act::Remind => {
            let mut said = said?;
            let mut lead = when;
            if let Some(after) = after {
                // "I just put steaks on the grill, remind me to check them".
                lead = Some(said);
                said = after;
            }
            if clause.foreign && is_service(clause) && !clause.has(|w| matches!(w, "remind" | "reminder" | "reminded")) {
                return None;
            }
            if lexicon::is_question_word(first) && !matches!(first, "have" | "do" | "any" | "will") {
                return None;
            }
            // "remind me how to spell it": an answer is wanted.
            let x = message.word(said.start);
            if matches!(x, "how" | "what" | "whats" | "who" | "where" | "why" | "which" | "whose") {
                return None;
            }
            if pointer(message, said.clone()).is_some_and(|t| matches!(t, Target::It)) && !clause.has(|w| w == "do") {
                return Some(unnamed(clause, true));
            }
            let mut reading = add(clause, said, true)?;
            if let (Some(lead), Some(Command::Add { due, .. })) = (lead, reading.commands.first_mut())
                && due.is_none()
            {
                *due = details::when(message, lead).map(|w| w.due);
            }
            finish_reminder(&mut reading);
            Some(reading)
        }
        Act::AddDuty => {
            let said = said?;
            let rest = strip_openers(message, said);
            let verb = message.word(rest.start);
            let details = details::read(message, rest.clone());
            if clause.has_foreign_noun(rest.clone()) || clause.foreign || lexicon::is_question_word(first) && first != "should" && first != "have" {
                return None;
            }
            let chore = is_chore(clause, rest.clone());
            let marked = details.marked() && !lexicon::ASKING.contains(&verb);
            let known = details.marked() && lexicon::MARKED_CHORES.contains(&verb);
            if !(chore || marked || known) || addressed(clause, rest.clone()) {
                return None;
            }
            add(clause, rest, false)
        }
        _ => None,
    }
}

/// An addition without a title, with what else was said.
fn unnamed(clause: &Clause<'_, '_>, as_reminder: bool) -> Reading {
    let mut details = details::read(clause.message, clause.range.clone());
    details.title.clear();
    let mut reading = Reading::from(command(clause, details, as_reminder));
    if as_reminder {
        finish_reminder(&mut reading);
    }
    reading
}

fn add(clause: &Clause<'_, '_>, said: Range<usize>, as_reminder: bool) -> Option<Reading> {
    let message = clause.message;
    let mut said = target::trim(message, said);
    loop {
        let duty = DUTIES
            .iter()
            .filter_map(|phrase| phrase_end(message, said.clone(), phrase))
            .max()
            .filter(|end| *end < said.end && message.list_at(*end).is_none());
        match duty {
            Some(end) if !(message.word(said.start) == "task" && message.word(end) == "force") => {
                said = target::trim(message, end..said.end);
            }
            _ => break,
        }
    }
    let mut details = details::read(message, said);
    // "remind me about tomorrow's meeting" names it; "set a reminder for tomorrow" does not.
    if as_reminder && is_placeholder(&details.title) {
        details.title.clear();
    }
    if details.title.is_empty() && !as_reminder && !details.marked() {
        return None;
    }
    let mut reading = Reading::from(command(clause, details, as_reminder));
    if as_reminder {
        finish_reminder(&mut reading);
    }
    Some(reading)
}

fn is_placeholder(title: &str) -> bool {
    matches!(
        title.to_lowercase().as_str(),
        "something" | "things" | "it" | "this" | "that" | "me" | "myself" | "later" | "do something" | "a reminder" | "some things" | "stuff"
    )
}

fn command(clause: &Clause<'_, '_>, details: Details, as_reminder: bool) -> Command {
    let lead = details::combine(clause.message.times_in(clause.lead.clone()));
    let due = match (details.due, lead) {
        (None, lead) => lead.map(|w| w.due),
        (Some(_), Some(_)) if details.recurrence.is_none() => {
            details::combine(
                clause
                    .message
                    .times_in(clause.lead.clone())
                    .chain(clause.message.times_in(clause.range.clone())),
            )
            .map(|w| w.due)
        }
        (due, _) => due,
    };
    Command::Add {
        title: details.title,
        description: details.description,
        due,
        priority: details.priority,
        tags: details.tags,
        reminders: details.reminders,
        recurrence: details.recurrence,
        as_reminder,
    }
}

/// "remind me to call at 5": due at 5, and reminded then.
pub(crate) fn finish_reminder(reading: &mut Reading) {
    for command in &mut reading.commands {
        if let Command::Add {
            due: Some(_),
            reminders,
            as_reminder: true,
            ..
        } = command
            && reminders.is_empty()
        {
            reminders.push(ReminderAt::Before { seconds: 0 });
        }
    }
}

/// "add 3 and 5": arithmetic.
fn is_sum(clause: &Clause<'_, '_>, range: Range<usize>) -> bool {
    let message = clause.message;
    let number = |i: usize| {
        let word = message.word(i);
        word.bytes().next().is_some_and(|b| b.is_ascii_digit()) && !word.contains(':')
    };
    let numbers = range.clone().filter(|i| number(*i)).count();
    (numbers >= 2 && range.clone().all(|i| number(i) || message.is_mark(i) || matches!(message.word(i), "and" | "to" | "plus" | "+" | "with" | "together")))
        || message.word(range.start).starts_with('$')
}

/// What the clause asks of another service, whatever verb it uses.
fn is_service(clause: &Clause<'_, '_>) -> bool {
    clause.has(|w| matches!(w, "timer" | "alarm" | "timers" | "alarms" | "reservation" | "reservations" | "playlist" | "calendar" | "song" | "pto" | "checkbooks" | "account"))
}

/// "buy milk #home", "!!! call Anna", "water the plants every 3 days": what it carries says that it is a task.
fn labelled(clause: &Clause<'_, '_>) -> Option<Reading> {
    let message = clause.message;
    let range = clause.range.clone();
    if lexicon::is_question_word(clause.word(0)) && !matches!(clause.word(0), "have" | "do") || lexicon::is_reading_verb(clause.word(0)) && !is_chore(clause, range.clone()) && !lexicon::MARKED_CHORES.contains(&clause.word(0)) {
        return None;
    }
    let details = details::read(message, range.clone());
    let tagged = range.clone().any(|i| tag_word(message.word(i)).is_some());
    let words = details.title.split_whitespace().count();
    let labelled = tagged || details.priority.is_some() || details.recurrence.is_some() && !clause.has_foreign_noun(range.clone());
    let person = matches!(clause.word(0), "i" | "im" | "my" | "you" | "it" | "its" | "that" | "this" | "there" | "your" | "they" | "he" | "she" | "we") && !tagged;
    if !labelled || details.title.is_empty() || words > 40 || person || (clause.foreign && !tagged) {
        return None;
    }
    add(clause, range, false)
}

/// "buy milk", "call Anna tomorrow", "dentist on Friday at 3".
fn imperative(clause: &Clause<'_, '_>) -> Option<Reading> {
    let message = clause.message;
    let range = clause.range.clone();
    let first = clause.word(0);
    if clause.foreign || lexicon::is_question_word(first) && first != "do" || addressed(clause, range.clone()) || range.len() > 60 {
        return None;
    }
    let details = details::read(message, range.clone());
    let mut marked = details.marked();
    marked |= !clause.lead.is_empty();
    if details.title.is_empty() || clause.has(|w| matches!(w, "you" | "your" | "yourself" | "u")) {
        return None;
    }
    let foreign = clause.has_foreign_noun(range.clone());
    let service = matches!(first, "book" | "order" | "play" | "schedule" | "transfer" | "turn" | "set" | "cancel" | "stop" | "change" | "report" | "request" | "open" | "use" | "start" | "tell" | "ask" | "help" | "give" | "check" | "call" | "text" | "message" | "make" | "move");
    // What only a person can do may be about anything: "prepare the meeting".
    let elsewhere = range.clone().any(|i| {
        let word = message.word(i);
        lexicon::FOREIGN_NOUNS.contains(&word) && !lexicon::HOUSEHOLD_NOUNS.contains(&word)
    });
    let chore = is_chore(clause, range.clone()) && !elsewhere;
    let dated = marked && lexicon::MARKED_CHORES.contains(&first) && !(foreign && service) && !is_money(clause);
    let dated_chore = marked && is_chore(clause, range.clone());
    let noun = marked && lexicon::TASK_NOUNS.contains(&first) && range.len() <= 14 && (!foreign || first == "meeting");
    (chore || dated || dated_chore || noun).then(|| add(clause, range, false))?
}

fn is_money(clause: &Clause<'_, '_>) -> bool {
    clause.has(|w| matches!(w, "dollars" | "checking" | "checkings" | "savings" | "account" | "degrees" | "restaurant" | "reservation")) || clause.has(|w| w.starts_with('$')) && clause.word(0) != "pay"
}

/// "mail me the form", "get me a table": something the bot is to do.
fn addressed(clause: &Clause<'_, '_>, range: Range<usize>) -> bool {
    matches!(clause.message.word(range.start + 1), "me" | "us") && range.len() > 2
}

/// Whether the tokens begin with a chore.
pub(crate) fn is_chore(clause: &Clause<'_, '_>, range: Range<usize>) -> bool {
    let message = clause.message;
    let first = message.word(range.start);
    let phrase = || {
        lexicon::CHORE_PHRASES
            .iter()
            .any(|p| phrase_end(message, range.clone(), p).is_some())
    };
    range.len() >= 2 && (lexicon::CHORES.contains(&first) || phrase())
}
