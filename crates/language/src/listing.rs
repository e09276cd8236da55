//! Questions that a list or a count answers: "what is due tomorrow", "is laundry on my list".

use task_model::Status;

use crate::clause::{Clause, Reading};
use crate::filter::{self, is_task_noun};
use crate::lexicon::{self, is_one_of};
use crate::lists::ListKind;
use crate::questions::asks;
use crate::target;
use crate::{Command, Filter};

/// Reads a question, or a request to be shown something.
pub(crate) fn read(clause: &Clause<'_, '_>) -> Option<Reading> {
    let message = clause.message;
    let whole = clause.lead.start.min(clause.range.start)..clause.range.end;
    let whole = if clause.lead.is_empty() {
        clause.range.clone()
    } else {
        whole
    };
    let (first, second) = (clause.word(0), clause.word(1));
    let asks = asks(clause);
    let reads =
        lexicon::is_reading_verb(first) || is_one_of(first, "i im id lets need let make wondering");
    let reads = reads
        && (lexicon::is_reading_verb(first)
            || clause.has(|w| {
                is_one_of(
                    w,
                    "read hear see know wonder wondering told shown look check view",
                )
            }));
    let reminder_list = clause.has_list(|k| k == ListKind::Reminder);
    let todo_list = clause.has_list(|k| matches!(k, ListKind::Todo | ListKind::Bare));
    let task_words =
        clause.has(|w| is_one_of(w, "task tasks todo todos chore chores errands agenda"));
    let reminders = reminder_list || clause.has(|w| w == "reminders");
    let one_reminder = clause.has(|w| w == "reminder");
    let read_last = matches!(
        message.word(clause.range.end.saturating_sub(1)),
        "read" | "aloud" | "loud"
    );
    let noun_phrase = is_noun_phrase(clause);
    // "remind me what is on my list" and "remind me of the tasks on my list" ask.
    if first == "remind" {
        let of_list = (todo_list || clause.has(|w| w == "tasks"))
            && is_one_of(clause.word(2), "of what whats the which about all")
            && !clause.has(|w| matches!(w, "add" | "put"));
        let to_do = matches!(clause.word(2), "what" | "whats")
            && clause.has(|w| w == "do")
            && clause.has(|w| w == "i");
        if of_list || to_do {
            let (filter, _) = filter::read(message, whole);
            return Some(
                Command::List {
                    filter: Filter {
                        with_reminders: false,
                        ..filter
                    },
                }
                .into(),
            );
        }
        if reminders && matches!(clause.word(2), "of" | "what" | "whats") {
            return Some(
                Command::ListReminders {
                    filter: Filter::default(),
                }
                .into(),
            );
        }
        return None;
    }
    if clause.foreign && !todo_list && !reminder_list {
        return None;
    }
    let wants = (asks || reads || read_last || noun_phrase) && !sets_something(clause);
    if !wants {
        return None;
    }
    let (mut filter, rest) = filter::read(message, whole.clone());
    filter.text = searched(clause, &rest, asks, first).or_else(|| sort_of_tasks(clause));
    if reminders && !(task_words && asks && !reminder_only(clause)) {
        filter.with_reminders = false;
        return Some(Command::ListReminders { filter }.into());
    }
    if one_reminder
        && (asks || clause.has(|w| w == "if") && lexicon::is_reading_verb(first))
        && !todo_list
    {
        let about = is_one_of(
            first,
            "is do did have are was does whats what when whens any has",
        );
        if about && !clause.has(|w| matches!(w, "you")) {
            filter.with_reminders = false;
            return Some(Command::ListReminders { filter }.into());
        }
        return None;
    }
    if one_reminder && !todo_list && !reminder_list {
        return None;
    }
    let counts = (first == "how" && matches!(second, "many" | "much"))
        || first == "count"
        || clause.has(|w| w == "number") && clause.has(|w| w == "of")
        || clause.has(|w| w == "count");
    if one_reminder
        && asks
        && matches!(first, "is" | "do" | "did" | "have" | "are")
        && !reminder_list
        && !task_words
    {
        filter.with_reminders = false;
        return Some(Command::ListReminders { filter }.into());
    }
    let everything = reads
        && rest.is_empty()
        && clause.has(|w| matches!(w, "everything" | "all"))
        && clause.range.len() <= 6;
    if todo_list
        || everything
        || (task_words && !clause.has_foreign_noun(clause.range.clone()))
        || noun_phrase
    {
        filter.with_reminders &= clause.has(|w| w == "with");
        if counts || holds_how_many(clause) {
            return Some(Command::Count { filter }.into());
        }
        return Some(Command::List { filter }.into());
    }
    untitled(clause, asks || reads, counts, filter, &rest)
}

fn holds_how_many(clause: &Clause<'_, '_>) -> bool {
    clause
        .range
        .clone()
        .any(|i| clause.message.word(i) == "how" && clause.message.word(i + 1) == "many")
}

fn reminder_only(clause: &Clause<'_, '_>) -> bool {
    !clause.has(|w| matches!(w, "tasks" | "chores" | "todos"))
}

/// "give me a reminder", "list laundry on my to-do list", "tell me to call": not to be read but done.
fn sets_something(clause: &Clause<'_, '_>) -> bool {
    let (first, second, third) = (clause.word(0), clause.word(1), clause.word(2));
    match first {
        "tell" => second == "me" && third == "to",
        "give" | "get" | "open" | "present" | "send" => {
            clause.has(|w| matches!(w, "reminder")) && !clause.has(|w| w == "list")
                || clause.has(|w| matches!(w, "rid" | "reminded"))
        }
        "list" => {
            // "list the items on my list" reads, "list laundry on my list" adds.
            let start = clause.range.start + 1;
            let listed = clause
                .message
                .lists_in(clause.range.clone())
                .next()
                .map_or(start, |l| l.tokens.start);
            listed > start + usize::from(lexicon::is_list_preposition(clause.word(1)))
                && !clause
                    .range
                    .clone()
                    .skip(1)
                    .take(4)
                    .take_while(|i| clause.message.list_at(*i).is_none())
                    .any(|i| {
                        is_task_noun(clause.message.word(i))
                            || is_one_of(
                                clause.message.word(i),
                                "everything all what out contents content every",
                            )
                    })
        }
        "have" => !matches!(second, "i" | "we" | "you"),
        "make" | "need" | "find"
            if !clause.has(|w| is_one_of(w, "read know hear see what tasks todos list")) =>
        {
            true
        }
        "i" => {
            clause.has(|w| is_one_of(w, "put add added include remind reminder finished done"))
                && !clause.has(|w| matches!(w, "know" | "hear" | "wonder" | "see" | "what"))
        }
        "go" | "run" | "walk" => {
            !clause.has(|w| is_one_of(w, "through over say me down reminders"))
        }
        "put" | "add" | "remember" => true,
        _ => false,
    }
}

/// "my overdue tasks", "to-do list", "all reminders": nothing but what is to be shown.
fn is_noun_phrase(clause: &Clause<'_, '_>) -> bool {
    let first = clause.word(0);
    let verb = lexicon::CHORES.contains(&first)
        || lexicon::MARKED_CHORES.contains(&first)
        || is_one_of(
            first,
            "add new create a delete remove clear another reminder task todo item one",
        );
    let list_only = clause
        .message
        .list_at(clause.range.start)
        .is_some_and(|l| l.tokens.end == clause.range.end && l.kind != ListKind::Foreign);
    if list_only {
        return true;
    }
    if verb || clause.range.len() > 12 {
        return false;
    }
    let (filter, rest) = filter::read(clause.message, clause.range.clone());
    let plural = clause.has(|w| is_one_of(w, "tasks todos reminders chores errands items"));
    let alone = first != "repeat"
        && rest.is_empty()
        && (filter.overdue || filter.recurring || filter.no_due_date)
        && clause.range.len() <= 2;
    rest.is_empty() && (plural || alone)
}

/// The words that a question looks for: "is laundry on my list", "anything about shoveling".
fn searched(clause: &Clause<'_, '_>, rest: &[usize], asks: bool, first: &str) -> Option<String> {
    let message = clause.message;
    let yes_or_no = (asks && is_one_of(first, "is are do does did have has will was any am"))
        || matches!(first, "check" | "see" | "look" | "confirm" | "verify")
        || clause.has(|w| matches!(w, "if" | "whether"))
        || (matches!(first, "when" | "at" | "whens") && asks);
    let about = rest
        .first()
        .copied()
        .into_iter()
        .chain(clause.range.clone())
        .find(|i| {
            is_one_of(
                message.word(*i),
                "about regarding related relating mentioning containing contain mention involving \
matching concerning called named",
            )
        });
    let looked_for = (matches!(first, "search") || clause.has(|w| w == "check") && !yes_or_no)
        .then_some(clause.range.start);
    if !yes_or_no && about.is_none() && looked_for.is_none() {
        return None;
    }
    let noise = |i: &usize| {
        is_one_of(
            message.word(*i),
            "if whether listed check see look confirm verify tell know let there add added put \
remember jot jotted create created make made note include included request requested \
setup related relating about regarding mentioning containing contain mention called \
named time aside down placed write wrote written schedule when at alphabetically ever \
possibly free empty blank full clear finally sure enter entered specify",
        ) || (i.checked_sub(1).is_some_and(|b| message.word(b) == "want")
            || message.word(*i) == "want")
    };
    let from = about.unwrap_or(0);
    let kept: Vec<usize> = rest
        .iter()
        .filter(|i| **i >= from && !noise(i))
        .copied()
        .collect();
    let (start, end) = (*kept.first()?, *kept.last()?);
    let span = start..end + 1;
    // Words that only glue the phrase ("on", "my") may lie between; a list may not.
    let end = message
        .lists_in(span.clone())
        .map(|l| l.tokens.start)
        .find(|s| *s > start)
        .unwrap_or(span.end);
    let text = message.typed(target::trim(message, start..end));
    let text = text.trim_end_matches(" on").trim_end_matches(" to").trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// "do I have", "is there", "have I got".
fn first_is_own(clause: &Clause<'_, '_>) -> bool {
    matches!(
        (clause.word(0), clause.word(1)),
        ("do" | "have" | "did", "i" | "we") | ("is" | "was", "there")
    )
}

/// Questions without the word task: "what's due tomorrow", "what do I have left", "anything overdue".
fn untitled(
    clause: &Clause<'_, '_>,
    asks: bool,
    counts: bool,
    filter: Filter,
    rest: &[usize],
) -> Option<Reading> {
    let message = clause.message;
    if !asks || clause.foreign || clause.range.len() > 20 {
        return None;
    }
    let known = rest.iter().all(|i| {
        is_one_of(message.word(*i), "know let instruct inform hear wonder look things today tell there planned happening work \
first most urgent day for week forgetting supposed accomplish off tick want start \
looking ahead soon lined handle tackle focus meant done forget going stuff doing be")
    });
    let own = clause.has(|w| is_one_of(w, "i ive my me we im"));
    let due = filter.overdue
        || filter.no_due_date
        || filter.recurring
        || clause.has(|w| matches!(w, "due"));
    let doing = own
        && clause.has(|w| {
            is_one_of(w, "do have got done finish finished complete completed accomplish accomplished left working \
work missed miss forgetting need started doing tackle focus cancelled canceled")
        });
    let left = clause.has(|w| {
        is_one_of(
            w,
            "left pending outstanding remaining urgent unfinished overdue",
        )
    }) || clause.word(clause.range.len().saturating_sub(1)) == "next"
        && clause.range.len() <= 2;
    let to_do = clause.has(|w| w == "todo")
        || (0..clause.range.len()).any(|i| clause.word(i) == "to" && clause.word(i + 1) == "do");
    let status =
        !filter.status.is_empty() || !filter.priority.is_empty() || !filter.tags.is_empty();
    let ends_well = !matches!(
        clause.word(clause.range.len().saturating_sub(1)),
        "to" | "you"
    );
    let yours = clause.has(|w| matches!(w, "you" | "your" | "u")) && !clause.has(|w| w == "me");
    let anything = own
        && clause.has(|w| matches!(w, "anything" | "something"))
        && clause.has(|w| matches!(w, "about" | "regarding"))
        && filter.text.is_some();
    if anything && !clause.has_foreign_noun(clause.range.clone()) && first_is_own(clause) {
        return Some(Command::List { filter }.into());
    }
    if !known || yours || !ends_well || !(due || doing || left || to_do || (status && asks)) {
        return None;
    }
    if clause.has(|w| matches!(w, "how" | "why" | "who" | "where" | "much")) && !counts {
        return None;
    }
    let mut filter = filter;
    if !rest.is_empty() || !asks {
        filter.text = None;
    }
    // "what did I do yesterday" looks at what was done.
    let past = clause.has(|w| w == "did")
        && own
        && filter.status.is_empty()
        && clause.has(|w| matches!(w, "do" | "get" | "accomplish" | "done"));
    if past {
        filter.status.push(Status::Completed);
    }
    Some(
        if counts {
            Command::Count { filter }
        } else {
            Command::List { filter }
        }
        .into(),
    )
}

/// "my work tasks", "home chores": the word that says which.
fn sort_of_tasks(clause: &Clause<'_, '_>) -> Option<String> {
    let word = |i: usize| clause.message.word(i);
    clause
        .range
        .clone()
        .find(|i| {
            is_one_of(
                word(*i),
                "work home household personal school garden office",
            ) && is_one_of(word(i + 1), "tasks todos items stuff things chores")
                && !matches!(word(i + 2), "list" | "lists")
        })
        .map(|i| word(i).to_owned())
}
