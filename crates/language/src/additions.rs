//! New tasks and reminders.

mod bare;

use std::ops::Range;

use crate::clause::{Clause, Reading, phrase_end, strip_openers};
use crate::details::{self, Details};
use crate::filter::is_task_noun;
use crate::grammar::{self, Act};
use crate::lexicon::{self, is_one_of};
use crate::lists::ListKind;
use crate::pattern::{Captures, priority_phrase};
use crate::target::{self, pointer};
use crate::text::Message;
use crate::when;
use crate::{Command, ReminderAt, Target};

/// What may stand before what a person has to do and is no part of it.
#[rustfmt::skip]
const DUTIES: &[&str] = &[
    "i need to remember to", "i have to remember to", "i need to", "i have to", "i should", "i must", "ive got to", "i gotta", "that i need to", "that i have to", "i want to", "for me to", "me to", "remember to", "to", "that", "of", "i still need to", "i also need to", "we need to", "we have to",
    "need to", "have to", "i am supposed to", "im supposed to", "a task to", "a task", "task", "the task of", "the chore of", "the item", "an item to", "an item for", "a reminder to", "item", "adding", "please", "remember",
];

/// Reads a new task or reminder.
pub(crate) fn read(clause: &Clause<'_, '_>) -> Option<Reading> {
    if clause.range.len() <= 120 {
        let found = clause
            .matches(&grammar::ADDITION_PATTERNS)
            .find_map(|(act, captures)| by_pattern(clause, act, &captures));
        if found.is_some() {
            return found;
        }
    } else if matches!(clause.word(0), "add" | "todo" | "task" | "note") {
        return add(clause, clause.range.start + 1..clause.range.end, false);
    }
    bare::labelled(clause).or_else(|| bare::imperative(clause))
}

fn by_pattern(clause: &Clause<'_, '_>, act: Act, captures: &Captures) -> Option<Reading> {
    let (said, after, when) = (captures.get('x'), captures.get('y'), captures.get('w'));
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
            let mut said = said?;
            // "add errand number 5": the noun is part of the name.
            if (is_one_of(message.word(said.start), "number no nr")
                || lexicon::small_number(message.word(said.start)).is_some())
                && said.start > clause.range.start + 1
                && is_task_noun(message.word(said.start - 1))
            {
                said.start -= 1;
            }
            let x = message.word(said.start);
            let bare = is_one_of(
                first,
                "add put create enter log capture jot note write record track",
            );
            if !on_list
                && bare
                && (is_sum(clause, said.clone()) || clause.foreign && is_service(clause))
            {
                return None;
            }
            if !on_list && first == "put" && !clause.has(|w| w == "down") {
                return None;
            }
            if !on_list && matches!(first, "task" | "todo" | "new") && lexicon::is_question_word(x)
            {
                return None;
            }
            if message
                .list_at(said.start)
                .is_some_and(|l| l.tokens.end == said.end)
            {
                return None;
            }
            // "make laundry …", "have it on my list": asking words are no title.
            if on_list
                && lexicon::is_question_word(first)
                && !matches!(first, "have" | "do" | "any")
            {
                return None;
            }
            // "add a reminder to …" and "don't forget to set a reminder" are reminders.
            if !on_list && said.clone().take(4).any(|i| message.word(i) == "reminder") {
                return None;
            }
            if on_list && said.len() == 1 && matches!(x, "it" | "that" | "this") {
                return None;
            }
            // "add calling John to my reminders"; a "list of reminders" is a list like any other.
            let reminders = message.lists_in(clause.range.clone()).any(|l| {
                l.kind == ListKind::Reminder
                    && !l
                        .tokens
                        .clone()
                        .any(|i| matches!(message.word(i), "list" | "lists"))
            });
            let mut reading = add(clause, said, reminders)?;
            // "put it on my list for Friday"
            if let (Some(when), Some(Command::Add { due, .. })) =
                (when, reading.commands.first_mut())
            {
                *due = due.or_else(|| when::read(message, when).map(|w| w.due));
            }
            // "create a high priority task to …"
            if let (Some(level), Some(Command::Add { priority, .. })) =
                (captures.get('p'), reading.commands.first_mut())
            {
                *priority = priority.or(priority_phrase(message, level.start).map(|(p, _)| p));
            }
            Some(reading)
        }
        Act::Remind => {
            let mut said = said?;
            let mut lead = when;
            if let Some(after) = after {
                // "I just put steaks on the grill, remind me to check them".
                lead = Some(said);
                said = after;
            }
            if clause.foreign
                && is_service(clause)
                && !clause.has(|w| matches!(w, "remind" | "reminder" | "reminded"))
            {
                return None;
            }
            let sets_scene = first == "when" && is_one_of(clause.word(1), "i im the it its we my");
            if lexicon::is_question_word(first)
                && !sets_scene
                && !matches!(first, "have" | "do" | "any" | "will")
            {
                return None;
            }
            if clause.has_list(|k| k == ListKind::Reminder)
                || (first == "i" && clause.has(|w| w == "what"))
            {
                return None;
            }
            // "remind me how to spell it": an answer is wanted.
            let x = message.word(said.start);
            if is_one_of(x, "how what whats who where why which whose") {
                return None;
            }
            if pointer(message, said.clone()).is_some_and(|t| matches!(t, Target::It))
                && !clause.has(|w| w == "do")
            {
                return Some(unnamed(clause, true));
            }
            let mut reading = add(clause, said, true)?;
            if let (Some(lead), Some(Command::Add { due, .. })) =
                (lead.clone(), reading.commands.first_mut())
                && due.is_none()
            {
                *due = when::read(message, lead.clone()).map(|w| w.due);
            }
            // "every other Tuesday remind me to …"
            if let (
                Some(lead),
                Some(Command::Add {
                    due,
                    recurrence,
                    recurrence_from,
                    ..
                }),
            ) = (lead, reading.commands.first_mut())
                && recurrence.is_none()
            {
                let details = details::read(message, lead);
                if details.recurrence.is_some() {
                    *recurrence = details.recurrence;
                    *recurrence_from = details.recurrence_from;
                    *due = details.due.or(*due);
                }
            }
            finish_reminder(&mut reading);
            Some(reading)
        }
        Act::AddDuty => {
            let said = said?;
            let rest = strip_openers(message, said);
            let verb = message.word(rest.start);
            let details = details::read(message, rest.clone());
            // "pay the electricity bill by friday" is as much a chore as "wash the car".
            let known = details.marked() && lexicon::MARKED_CHORES.contains(&verb);
            if is_elsewhere(clause, rest.clone(), known)
                || clause.foreign
                || lexicon::is_question_word(first) && first != "should" && first != "have"
            {
                return None;
            }
            let chore = is_chore(clause, rest.clone());
            let marked = !lexicon::ASKING.contains(&verb)
                && (details.marked()
                    || rest.len() > 1
                        && !matches!(first, "it" | "its")
                        && lexicon::MARKED_CHORES.contains(&verb)
                        && !clause.has_foreign_noun(rest.clone()));
            // "I have a dentist appointment tomorrow" names it; "I have two dogs" does not.
            let owned = matches!(clause.word(1), "have" | "got") && clause.word(2) != "to";
            if is_one_of(verb, "you help u him her them it this that someone") {
                return None;
            }
            let noun = details.marked()
                && rest
                    .clone()
                    .any(|i| lexicon::TASK_NOUNS.contains(&message.word(i)));
            if owned && !noun || !(chore || marked || known) || addressed(clause, rest.clone()) {
                return None;
            }
            add(clause, rest, false)
        }
        _ => None,
    }
}

/// A reminder whose words start at `said`; without a title when there are none.
pub(crate) fn reminder_from(clause: &Clause<'_, '_>, said: Range<usize>) -> Option<Reading> {
    let mut said = target::trim(clause.message, said);
    while said.len() > 1
        && is_one_of(
            clause.message.word(said.start),
            "me us myself about of for to that when please",
        )
    {
        said.start += 1;
    }
    add(clause, said, true).or_else(|| Some(unnamed(clause, true)))
}

/// What a clause that says no more is to do, as a task.
pub(crate) fn guessed(clause: &Clause<'_, '_>) -> Option<Command> {
    add(clause, clause.range.clone(), false)?.commands.pop()
}

/// A task from what was read of it.
pub(crate) fn from_details(clause: &Clause<'_, '_>, details: Details) -> Reading {
    command(clause, details, false).into()
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
    while message.is_mark(said.end) && message.word(said.end).starts_with("!!") {
        said.end += 1;
    }
    // "a reminder for tomorrow": the preposition is part of the time.
    if let Some(time) = message
        .times_in(clause.range.clone())
        .find(|t| t.tokens.start < said.start && t.tokens.end > said.start)
    {
        said.start = time.tokens.start;
    }
    said.start = after_header(message, said.clone());
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

/// Past "three tasks:", "the following items:".
fn after_header(message: &Message<'_>, said: Range<usize>) -> usize {
    let mut at = said.start;
    while at < said.end
        && (lexicon::cardinal(message.word(at)).is_some() || is_one_of(message.word(at), HEADER))
    {
        at += 1;
    }
    let ends = at > said.start && message.is_mark(at) && message.word(at) == ":";
    let plural = ends
        && is_one_of(
            message.word(at - 1),
            "tasks items things todos chores these following",
        );
    if plural && at + 1 < said.end {
        at + 1
    } else {
        said.start
    }
}

/// Words that announce several tasks.
pub(crate) const HEADER: &str =
    "the these those following my some a few more new other tasks items things todos chores";

fn is_placeholder(title: &str) -> bool {
    matches!(
        title.to_lowercase().as_str(),
        "something"
            | "things"
            | "it"
            | "this"
            | "that"
            | "me"
            | "myself"
            | "later"
            | "do something"
            | "a reminder"
            | "some things"
            | "stuff"
    )
}

fn command(clause: &Clause<'_, '_>, details: Details, as_reminder: bool) -> Command {
    let lead = when::combine(clause.message.times_in(clause.lead.clone()));
    let due = match (details.due, lead) {
        (None, lead) => lead.map(|w| w.due),
        (Some(_), Some(_)) if details.recurrence.is_none() => when::combine(
            clause
                .message
                .times_in(clause.lead.clone())
                .chain(clause.message.times_in(clause.range.clone())),
        )
        .map(|w| w.due),
        (due, _) => due,
    };
    // A repetition that was said before the task itself.
    let (due, recurrence, recurrence_from) = match details.recurrence {
        None => {
            let lead = details::read(clause.message, clause.lead.clone());
            match lead.recurrence {
                None => (due, None, None),
                said => (lead.due.or(due), said, lead.recurrence_from),
            }
        }
        said => (due, said, details.recurrence_from),
    };
    Command::Add {
        title: details.title,
        description: details.description,
        due,
        priority: details.priority,
        tags: details.tags,
        reminders: details.reminders,
        recurrence,
        recurrence_from,
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
    (numbers >= 2
        && range.clone().all(|i| {
            number(i)
                || message.is_mark(i)
                || is_one_of(message.word(i), "and to plus + with together up")
        }))
        || message.word(range.start).starts_with('$')
}

/// What the clause asks of another service, whatever verb it uses.
fn is_service(clause: &Clause<'_, '_>) -> bool {
    clause.has(|w| {
        is_one_of(w, "timer alarm timers alarms reservation reservations playlist calendar song pto checkbooks \
account")
    })
}

/// Whether chores are not about such a thing either.
fn is_elsewhere(clause: &Clause<'_, '_>, range: Range<usize>, known: bool) -> bool {
    let chore = known || is_chore(clause, range.clone());
    range.clone().any(|i| {
        let word = clause.message.word(i);
        lexicon::FOREIGN_NOUNS.contains(&word)
            && !(chore && lexicon::HOUSEHOLD_NOUNS.contains(&word))
    })
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
