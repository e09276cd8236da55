//! Changes to tasks that exist: a pattern's slots become a command, if they make sense.

pub(crate) mod series;
mod timing;

use std::ops::Range;

use crate::clause::{Clause, Reading};
use crate::dates::Meaning;
use crate::details;
use crate::filter::{self, is_task_noun, tag_word};
use crate::grammar::{self, Act};
use crate::lexicon::{self, is_one_of};
use crate::lists::ListKind;
use crate::pattern::{Captures, priority_phrase};
use crate::target;
use crate::text::TimeAt;
use crate::when;
use crate::{Category, Command, Filter, Target};
use task_model::Priority;
use timing::{at, duration, is_shift, set_due};

/// Reads a change.
pub(crate) fn read(clause: &Clause<'_, '_>) -> Option<Reading> {
    clause
        .matches(&grammar::CHANGE_PATTERNS)
        .find_map(|(act, captures)| command(clause, act, &captures))
        .map(|command| Reading {
            // "remind me later" snoozes, and speaks of a reminder.
            category: (matches!(command, Command::Snooze { .. }) && clause.has(|w| w == "remind"))
                .then_some(Category::ReminderUpdate),
            commands: vec![command],
        })
}

fn command(clause: &Clause<'_, '_>, act: Act, captures: &Captures) -> Option<Command> {
    let message = clause.message;
    let named = captures.get('t');
    // "is the report done" asks, "show me what is done" too.
    if let Some(t) = &named
        && t.start == clause.range.start
        && (lexicon::is_question_word(clause.word(0))
            || clause.has(|w| matches!(w, "what" | "whats" | "which" | "how"))
            || is_one_of(
                clause.word(0),
                "show tell let add remind i if find create set put todo task new",
            ))
    {
        return None;
    }
    // "change the reminder to 9": nothing but "the" stands for the task.
    let named = named.filter(|r| {
        !r.clone().all(|i| {
            lexicon::is_determiner(message.word(i))
                && !matches!(message.word(i), "this" | "that" | "these" | "those")
        })
    });
    let target = match &named {
        Some(range) => target::read(message, range.clone())?,
        None => Target::It,
    };
    let verb = clause.word(0);
    let by_name = matches!(target, Target::Named(_));
    let said_task = named.clone().is_some_and(|r| {
        r.clone()
            .any(|i| is_task_noun(message.word(i)) || message.is_quoted(i))
    });
    // "mark the gas bill as done", "the priority of the bill": only tasks have these.
    let ours = matches!(
        act,
        Act::Complete
            | Act::Reopen
            | Act::Delete
            | Act::SetPriority
            | Act::Describe
            | Act::StopRepeat
            | Act::EndRepeat
            | Act::CountFromCompletion
            | Act::CountFromDueDate
    ) || clause.has(|w| matches!(w, "priority" | "tag" | "tags"));
    let foreign =
        by_name && !said_task && named.clone().is_some_and(|r| is_foreign(clause, r, ours));
    if foreign && !clause.has_list(|k| k != ListKind::Foreign) && act != Act::DropReminders {
        return None;
    }
    if by_name
        && named
            .clone()
            .is_some_and(|r| starts_badly(message.word(r.start)))
    {
        return None;
    }
    match act {
        Act::Complete => {
            // "water the plants every week after it is done"
            let counts =
                |time: &TimeAt| matches!(time.meaning, Meaning::Repeat { from: Some(_), .. });
            if message.times_in(clause.range.clone()).any(counts) {
                return None;
            }
            // "complete the form by Friday", "finish the essay #school" are things to do.
            if by_name
                && matches!(verb, "complete" | "finish" | "fulfill")
                && !said_task
                && (!clause.lead.is_empty() || is_marked(clause))
            {
                return None;
            }
            if by_name && matches!(verb, "close" | "call" | "consider") && !said_task {
                return None;
            }
            Some(Command::Complete { target })
        }
        Act::CompleteAll => Some(Command::Complete {
            target: Target::All(Filter::default()),
        }),
        Act::Reopen => {
            if by_name && !said_task && is_one_of(verb, "restore revive resume resurrect open is") {
                return None;
            }
            Some(Command::Reopen { target })
        }
        Act::Start => {
            if clause.has(|w| matches!(w, "reminder" | "reminders")) {
                return None;
            }
            let bare = matches!(verb, "start" | "begin")
                && !matches!(clause.word(1), "working" | "on" | "with" | "work");
            if by_name && message.times_in(clause.range.clone()).next().is_some() {
                return None;
            }
            if by_name
                && bare
                && !said_task
                && !(clause.range.len() <= 5 && matches!(clause.word(1), "the" | "my"))
                && !(clause.range.len() > 2
                    && is_chore(clause.word(1))
                    && !clause.has_foreign_noun(clause.range.clone()))
            {
                return None;
            }
            if by_name && !bare && named.clone().is_some_and(|r| r.len() > 10) {
                return None;
            }
            Some(Command::Start { target })
        }
        Act::Cancel => Some(Command::Cancel { target }),
        Act::Delete => {
            let loose = is_one_of(
                verb,
                "trash scrap drop dump clear wipe purge toss nuke take throw get pull blank empty clean \
cancel kill axe scratch strip leave cut undo reset",
            ) && !(verb == "get" && clause.word(1) == "rid");
            let from_list = clause.has_list(|k| k != ListKind::Foreign);
            // "drop the gym task" says that it is one; "drop table tasks" does not.
            let one = named.clone().is_some_and(|r| {
                r.clone().any(|i| {
                    message.is_quoted(i)
                        || is_one_of(message.word(i), "task todo item chore reminder entry")
                })
            });
            if by_name && loose && !one && !from_list {
                return None;
            }
            Some(Command::Delete {
                target: reminders_aside(clause, target),
            })
        }
        Act::DeleteAll => {
            let (filter, _) = filter::read(message, clause.range.clone());
            let reminders = clause.has_list(|k| k == ListKind::Reminder)
                && !clause.has_list(|k| k == ListKind::Todo);
            Some(if reminders {
                Command::DropReminders {
                    target: Target::All(Filter {
                        with_reminders: true,
                        ..Filter::default()
                    }),
                }
            } else {
                Command::Delete {
                    target: Target::All(Filter {
                        status: filter.status,
                        priority: filter.priority,
                        tags: filter.tags,
                        ..Filter::default()
                    }),
                }
            })
        }
        Act::Rename => rename(clause, captures, target, said_task),
        Act::Describe => {
            let said = captures.get('x')?;
            let description = message.typed(said);
            if matches!(&target, Target::Named(name) if name == "self" || name == "myself") {
                return None;
            }
            (!description.is_empty()).then(|| Command::Describe {
                target,
                description: description.to_owned(),
            })
        }
        Act::SetDue => set_due(clause, captures, target, by_name),
        Act::ClearDue => Some(Command::SetDue {
            target,
            due: None,
            keep_date: false,
        }),
        Act::SnoozeBy => {
            let range = captures.get('d').or_else(|| captures.get('b'))?;
            let seconds = duration(clause, range.clone())?;
            if by_name
                && matches!(verb, "set" | "put" | "bring" | "pull" | "move")
                && !clause.has(is_shift)
            {
                return None;
            }
            let earlier = clause.has(|w| is_one_of(w, "earlier sooner forward up forwards before"))
                && !(clause.has(|w| matches!(w, "push" | "move"))
                    && clause.has(|w| matches!(w, "forward" | "forwards")));
            Some(Command::Snooze {
                target,
                seconds: Some(if earlier {
                    seconds.checked_neg()?
                } else {
                    seconds
                }),
                until: None,
            })
        }
        Act::SnoozeUntil => Some(Command::Snooze {
            target,
            seconds: None,
            until: Some(when::read(message, captures.get('w')?)?.due),
        }),
        Act::SnoozeIt | Act::RemindAgain => Some(Command::Snooze {
            target,
            seconds: None,
            until: None,
        }),
        Act::SetPriority => {
            let range = captures.get('p')?;
            let (priority, _) = priority_phrase(message, range.start)?;
            let starts_with_target = named.is_some_and(|t| t.start == clause.range.start);
            let sure = range.clone().any(|i| {
                let word = message.word(i);
                is_one_of(
                    word,
                    "priority urgent important critical asap p0 p1 p2 p3 p4",
                ) || word.starts_with('!')
            });
            let asked = clause.has(|w| w == "priority");
            if (starts_with_target || by_name) && !sure && !asked {
                return None;
            }
            if by_name && verb == "set" && message.times_in(clause.range.clone()).next().is_some() {
                return None;
            }
            Some(Command::SetPriority { target, priority })
        }
        Act::Prioritize => (!by_name || verb != "up").then_some(Command::SetPriority {
            target,
            priority: Priority::High,
        }),
        Act::Deprioritize => Some(Command::SetPriority {
            target,
            priority: Priority::Low,
        }),
        Act::Tag => {
            let range = captures.get('x')?;
            let words = (matches!(verb, "tag" | "label" | "file" | "categorize")
                && !clause.word(1).is_empty())
                || (0..4).any(|i| {
                    matches!(clause.word(i), "tag" | "tags" | "label" | "labels")
                        && clause.word(i - usize::from(i > 0)) != "with"
                })
                || (!matches!(verb, "add" | "put" | "give" | "attach" | "apply")
                    && clause.has(|w| matches!(w, "tagged" | "labelled" | "labeled")));
            let tags = tags(clause, range.clone(), words)?;
            let loose = matches!(verb, "tag" | "label")
                && !clause.has(|w| matches!(w, "with" | "as" | "under"));
            if by_name && loose && !message.word(range.start).starts_with('#') {
                return None;
            }
            Some(Command::Tag { target, tags })
        }
        Act::Untag => {
            let range = captures.get('x')?;
            let words = clause.has(|w| is_one_of(w, "tag tags untag label labels unlabel"))
                || named.is_some_and(|t| t.start == clause.range.start);
            Some(Command::Untag {
                target,
                tags: tags(clause, range, words)?,
            })
        }
        Act::UntagAll => Some(Command::Untag {
            target,
            tags: Vec::new(),
        }),
        Act::AddReminder => Some(Command::AddReminder {
            target,
            at: at(clause, captures)?,
        }),
        Act::RemindAbout => {
            // "remind me about doing laundry at 5": a name is looked up; the dialogue adds what is not found.
            if named.is_some_and(|r| message.times_in(r).next().is_some()) {
                return None;
            }
            Some(Command::AddReminder {
                target,
                at: at(clause, captures)?,
            })
        }
        Act::MoveReminder => {
            if matches!(verb, "set" | "make" | "schedule" | "put")
                && is_one_of(clause.word(1), "a an me reminder another up")
            {
                return None;
            }
            if by_name
                && named
                    .clone()
                    .is_some_and(|r| matches!(message.word(r.start), "a" | "an" | "me"))
            {
                return None;
            }
            Some(Command::MoveReminder {
                target,
                at: at(clause, captures)?,
            })
        }
        Act::DropReminders => {
            let all = clause.has(|w| w == "reminders")
                && (matches!(target, Target::All(_))
                    || named.as_ref().is_none_or(|r| {
                        r.clone()
                            .all(|i| matches!(message.word(i), "all" | "my" | "of" | "the" | "any"))
                    }))
                && (clause.has(|w| matches!(w, "all"))
                    || named.is_none() && clause.has(|w| w == "my"));
            Some(Command::DropReminders {
                target: if all { all_reminders() } else { target },
            })
        }
        Act::Repeat
        | Act::StopRepeat
        | Act::EndRepeat
        | Act::CountFromCompletion
        | Act::CountFromDueDate
        | Act::Skip => series::read(clause, act, captures, target, said_task),
        Act::DefaultReminders | Act::NoDefaultReminders => Some(Command::SetDefaultReminders {
            seconds: match act {
                Act::NoDefaultReminders => Vec::new(),
                _ => vec![match captures.get('b').or_else(|| captures.get('d')) {
                    Some(range) => u32::try_from(duration(clause, range)?).ok()?,
                    None => 0,
                }],
            },
        }),
        _ => None,
    }
}

fn all_reminders() -> Target {
    Target::All(Filter {
        with_reminders: true,
        ..Filter::default()
    })
}

/// "delete all reminders" deletes no tasks; a list of reminders has only tasks that have some.
fn reminders_aside(clause: &Clause<'_, '_>, target: Target) -> Target {
    match target {
        Target::All(filter) if clause.has(|w| w == "reminders") => Target::All(Filter {
            with_reminders: true,
            ..filter
        }),
        target => target,
    }
}

fn is_foreign(clause: &Clause<'_, '_>, range: Range<usize>, ours: bool) -> bool {
    // "complete wash the car" names a chore.
    let chore = ours || range.len() > 1 && is_chore(clause.message.word(range.start));
    clause.foreign
        || range.clone().any(|i| {
            let word = clause.message.word(i);
            lexicon::FOREIGN_NOUNS.contains(&word)
                && !is_one_of(word, "meeting meetings name money movie trip")
                && !(chore && lexicon::HOUSEHOLD_NOUNS.contains(&word))
        })
}

/// Whether it holds what only something to do has: a time, a tag, a priority.
fn is_marked(clause: &Clause<'_, '_>) -> bool {
    details::read(clause.message, clause.range.clone()).marked()
}

fn starts_badly(word: &str) -> bool {
    is_one_of(
        word,
        "not me you your so i what how why no never if some yourself u from where",
    )
}

fn rename(
    clause: &Clause<'_, '_>,
    captures: &Captures,
    target: Target,
    said_task: bool,
) -> Option<Command> {
    let message = clause.message;
    let new = target::trim(message, captures.get('x')?);
    let verb = clause.word(0);
    let only_time = when::times_end(message, new.start, new.end) == Some(new.end);
    let only_priority = priority_phrase(message, new.start).is_some_and(|(_, end)| end == new.end);
    let status = is_one_of(
        message.word(new.start),
        "done complete completed finished pending in cancelled canceled open repeat recurring not \
incomplete started",
    );
    let plain = is_one_of(verb, "change edit update replace modify set")
        && !clause.has(|w| {
            is_one_of(
                w,
                "say says read reads called named title name text wording label",
            )
        });
    if only_time || only_priority || (status && verb != "rename") {
        return None;
    }
    if plain && verb != "rename" {
        let old = captures.get('t');
        let shares = old.clone().is_some_and(|o| {
            o.clone().any(|i| {
                let word = message.word(i);
                word.len() > 2
                    && !lexicon::is_determiner(word)
                    && new.clone().any(|j| message.word(j) == word)
            })
        });
        let chore = is_chore(message.word(new.start))
            && old.is_some_and(|o| is_chore(message.word(o.start)));
        let sure = said_task
            || shares
            || chore
            || message.is_quoted(new.start)
            || (!matches!(target, Target::Named(_)) && is_chore(message.word(new.start)));
        if !sure || clause.foreign {
            return None;
        }
    }
    if clause.has_foreign_noun(clause.range.clone()) && plain {
        return None;
    }
    let title = message.typed(new);
    (!title.is_empty()).then(|| Command::Rename {
        target,
        title: title.to_owned(),
    })
}

fn is_chore(word: &str) -> bool {
    lexicon::CHORES.contains(&word) || lexicon::MARKED_CHORES.contains(&word)
}

/// Tags in a slot: `#home and #garden`; bare words only when `words` allows them.
fn tags(clause: &Clause<'_, '_>, range: Range<usize>, words: bool) -> Option<Vec<String>> {
    let mut found: Vec<String> = Vec::new();
    for i in range {
        let word = clause.message.word(i);
        if clause.message.is_mark(i) || matches!(word, "and" | "&") {
            continue;
        }
        if words && clause.message.is_quoted(i) {
            found.push(clause.message.unquoted(i).to_lowercase());
        } else if let Some(tag) = tag_word(word) {
            found.push(tag);
        } else if matches!(word, "tag" | "tags" | "label" | "the") {
            continue;
        } else if words && !word.is_empty() && found.len() < 20 {
            found.push(word.to_owned());
        } else {
            return None;
        }
    }
    found.dedup();
    (!found.is_empty()).then_some(found)
}
