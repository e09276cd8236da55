//! A whole message: cut into clauses where that makes sense, read, and put together.

use std::ops::Range;

use crate::additions;
use crate::clause::{self, Clause, Reading, first_word, holds, strip_openers};
use crate::fallback;
use crate::lexicon::{self, is_one_of};
use crate::lists::ListKind;
use crate::split::{Context, cuts, splits};
use crate::text::Message;
use crate::{Category, Command, Target};

/// Reads a message.
pub(crate) fn read(message: &Message<'_>) -> (Category, Vec<Command>) {
    let all = 0..message.tokens.len();
    let ours = message
        .lists
        .iter()
        .any(|l| l.kind != ListKind::Foreign && l.kind != ListKind::Bare)
        || message.tokens.iter().any(|t| {
            is_one_of(
                t.norm.as_str(),
                "remind reminder reminders reminded task tasks",
            )
        });
    let tagged = message
        .tokens
        .iter()
        .any(|t| crate::filter::tag_word(&t.norm).is_some());
    let elsewhere = !ours
        && !tagged
        && (message.lists.iter().any(|l| l.kind == ListKind::Foreign)
            || foreign_container(message));
    let foreign = !ours
        && !tagged
        && lexicon::FOREIGN_THINGS
            .iter()
            .any(|thing| holds(message, all.clone(), thing));
    let mut readings = if elsewhere {
        Vec::new()
    } else {
        lines(message).unwrap_or_else(|| line(message, all.clone(), foreign))
    };
    if readings.is_empty() && ours {
        readings.extend(fallback::read(&Clause::new(message, all, foreign)));
    }
    let said = readings.iter().find_map(|r| r.category);
    let mut commands = join(readings.into_iter().flat_map(|r| r.commands).collect());
    let category = category(&commands, said);
    if category == Category::Other {
        commands.retain(|c| kind(c) == Category::Other);
    }
    (category, commands)
}

/// "to my calendar", "from my playlist".
fn foreign_container(message: &Message<'_>) -> bool {
    message.tokens.iter().enumerate().any(|(i, token)| {
        lexicon::FOREIGN_CONTAINERS.contains(&token.norm.as_str())
            && (1..=6)
                .map_while(|back| i.checked_sub(back))
                .map(|b| message.word(b))
                // "return library books" is a chore.
                .take_while(|word| !lexicon::CHORES.contains(word))
                .any(|word| is_one_of(word, "to on from off in into onto of for my the"))
    })
}

/// What a command is about.
fn kind(command: &Command) -> Category {
    match command {
        Command::Add {
            as_reminder: true, ..
        }
        | Command::AddReminder { .. }
        | Command::MoveReminder { .. }
        | Command::DropReminders { .. }
        | Command::SetDefaultReminders { .. } => Category::ReminderUpdate,
        Command::ListReminders { .. } => Category::ReminderQuery,
        Command::List { .. }
        | Command::Count { .. }
        | Command::Search { .. }
        | Command::Summary { .. }
        | Command::Show { .. } => Category::Query,
        Command::Confirm
        | Command::Deny
        | Command::Choose { .. }
        | Command::Help
        | Command::Greet { .. } => Category::Other,
        _ => Category::Update,
    }
}

/// The first change decides, else the first question; `said` where a reading knows better.
fn category(commands: &[Command], said: Option<Category>) -> Category {
    let changes = |c: &Category| matches!(c, Category::Update | Category::ReminderUpdate);
    let first = |wanted: &dyn Fn(&Category) -> bool| commands.iter().map(kind).find(|c| wanted(c));
    let first = first(&changes)
        .or_else(|| first(&|c| *c != Category::Other))
        .unwrap_or(Category::Other);
    match said {
        Some(said) if changes(&said) == changes(&first) && first != Category::Other => said,
        _ => first,
    }
}

/// A pasted list: one task a line. None when the message has one line.
fn lines(message: &Message<'_>) -> Option<Vec<Reading>> {
    let mut ranges: Vec<(Range<usize>, bool)> = Vec::new();
    let mut start = 0;
    for end in 0..=message.tokens.len() {
        let ends =
            end == message.tokens.len() || (message.is_mark(end) && message.word(end) == "\n");
        if ends {
            if let Some(line) = bullet(message, start..end) {
                ranges.push(line);
            }
            start = end + 1;
        }
    }
    if ranges.len() < 2 {
        return None;
    }
    let bullets = ranges.iter().filter(|(_, bulleted)| *bulleted).count();
    let mut readings: Vec<(Option<Vec<Reading>>, Range<usize>)> = Vec::new();
    let mut adding = false;
    for (index, (range, bulleted)) in ranges.iter().enumerate() {
        if *bulleted {
            readings.push((None, range.clone()));
            adding = true;
            continue;
        }
        let found = line(message, range.clone(), false);
        let adds = found
            .iter()
            .any(|r| matches!(r.commands.first(), Some(Command::Add { .. })));
        let empty_add = matches!(found.as_slice(), [Reading { commands, .. }] if matches!(commands.as_slice(), [Command::Add { title, .. }] if is_header(title)));
        let header = index == 0
            && (message.is_mark(range.end - 1) && message.word(range.end - 1) == ":"
                || bullets > 0 && (found.is_empty() || empty_add || adds));
        if header {
            adding |= bullets == 0;
            continue;
        }
        adding |= adds;
        if found.is_empty() {
            readings.push((None, range.clone()));
        } else {
            readings.push((Some(found), range.clone()));
        }
    }
    let merged = readings
        .into_iter()
        .flat_map(|(reading, range)| match reading {
            Some(found) => found,
            None if adding => task(message, range).into_iter().collect(),
            None => Vec::new(),
        })
        .collect();
    Some(merged)
}

fn is_header(title: &str) -> bool {
    matches!(
        title.to_lowercase().as_str(),
        "" | "these"
            | "the following"
            | "these tasks"
            | "these things"
            | "following"
            | "tasks"
            | "this"
            | "the following tasks"
            | "them"
    )
}

/// A line without its bullet, and whether it had one. None for a blank line.
fn bullet(message: &Message<'_>, range: Range<usize>) -> Option<(Range<usize>, bool)> {
    let mut start = range.start;
    let mut bulleted = false;
    while start < range.end {
        let word = message.word(start);
        let is_box = word == "["
            || word == "]"
            || (matches!(word, "x" | "") && start > range.start && message.word(start - 1) == "[");
        if message.is_mark(start) && is_one_of(word, "- * + • – — ~") || is_box {
            bulleted = true;
        } else if lexicon::small_number(word).is_some()
            && message.is_mark(start + 1)
            && matches!(message.word(start + 1), "." | ")" | ":")
        {
            bulleted = true;
            start += 1;
        } else if is_one_of(word, "· ● ○ ◦ ‣ ☐ ▪ ✔ ✓ -") {
            bulleted = true;
        } else {
            break;
        }
        start += 1;
    }
    (start < range.end).then_some((start..range.end, bulleted))
}

/// A line that is a task whatever it says.
fn task(message: &Message<'_>, range: Range<usize>) -> Option<Reading> {
    let details = crate::details::read(message, range);
    (!details.title.is_empty()).then(|| {
        Command::Add {
            title: details.title,
            description: details.description,
            due: details.due,
            priority: details.priority,
            tags: details.tags,
            reminders: details.reminders,
            recurrence: details.recurrence,
            recurrence_from: details.recurrence_from,
            as_reminder: false,
        }
        .into()
    })
}

/// Reads one line: clause by clause where the pieces stand on their own, else as a whole.
fn line(message: &Message<'_>, range: Range<usize>, foreign: bool) -> Vec<Reading> {
    let cuts = cuts(message, range.clone());
    let mut pieces: Vec<Range<usize>> = Vec::new();
    let mut start = range.start;
    let mut context = Context::default();
    let mut described = false;
    for (index, cut) in cuts.iter().enumerate() {
        let next = cuts.get(index + 1).map_or(range.end, |c| c.at);
        let right = cut.resume..next;
        let left = start..cut.at;
        described |= left.clone().any(|i| {
            matches!(
                message.word(i),
                "note" | "notes" | "description" | "details"
            ) && message.word(i + 1) == ":"
        });
        if left.is_empty() || described && !cut.hard {
            continue;
        }
        context.update(message, left.clone(), foreign);
        if splits(message, cut, left.clone(), right, &context, foreign) {
            pieces.push(left);
            start = cut.resume;
            described = false;
        }
    }
    pieces.push(start..range.end);
    let split = pieces.len() > 1;
    let mut readings: Vec<Reading> = Vec::new();
    let mut adding: Option<bool> = None;
    for piece in pieces {
        let found = clause::read(message, piece.clone(), foreign);
        let opens_add = is_one_of(
            first_word(message, piece.clone()),
            "add remind todo remember put create new",
        );
        let found = match (found, adding) {
            (Some(reading), Some(reminder)) if !opens_add && is_plain_add(&reading) => {
                Some(as_reminder(reading, reminder))
            }
            (None, Some(reminder)) => task(message, strip_openers(message, piece.clone()))
                .map(|r| as_reminder(r, reminder)),
            // "add buy milk and finish the report" adds both.
            (Some(_), Some(reminder)) if first_word(message, piece.clone()) == "finish" => {
                task(message, strip_openers(message, piece.clone()))
                    .map(|r| as_reminder(r, reminder))
            }
            (found, _) => found,
        };
        let Some(found) = found else { continue };
        if let Some(Command::Add {
            as_reminder, title, ..
        }) = found.commands.first()
            && !title.is_empty()
        {
            adding = Some(*as_reminder);
        } else {
            adding = None;
        }
        readings.push(found);
    }
    if split && readings.is_empty() {
        readings.extend(clause::read(message, range, foreign));
    }
    share_times(&mut readings);
    readings
}

fn is_plain_add(reading: &Reading) -> bool {
    matches!(reading.commands.as_slice(), [Command::Add { .. }])
}

fn as_reminder(mut reading: Reading, reminder: bool) -> Reading {
    if reminder && let Some(Command::Add { as_reminder, .. }) = reading.commands.first_mut() {
        *as_reminder = true;
    }
    additions::finish_reminder(&mut reading);
    reading
}

/// "remind me to call Anna and pay the rent at 5": a reminder without a time of its own takes the last one's.
fn share_times(readings: &mut [Reading]) {
    let mut later = None;
    for reading in readings.iter_mut().rev() {
        if let Some(Command::Add {
            due,
            as_reminder: true,
            ..
        }) = reading.commands.first_mut()
        {
            if due.is_none() {
                *due = later;
            } else {
                later = *due;
            }
        } else {
            later = None;
        }
        additions::finish_reminder(reading);
    }
}

/// Puts together what belongs together: "I did X, so cross it off", "add X and remind me at 5".
fn join(commands: Vec<Command>) -> Vec<Command> {
    let mut joined: Vec<Command> = Vec::new();
    for command in commands {
        match (joined.last_mut(), command) {
            (
                Some(Command::Add { reminders, .. }),
                Command::AddReminder {
                    target: Target::It,
                    at,
                },
            ) => reminders.push(at),
            (
                Some(Command::Add { priority, .. }),
                Command::SetPriority {
                    target: Target::It,
                    priority: said,
                },
            ) => *priority = Some(said),
            (
                Some(Command::Add { tags, .. }),
                Command::Tag {
                    target: Target::It,
                    tags: said,
                },
            ) => tags.extend(said),
            (
                Some(Command::Add { due, .. }),
                Command::SetDue {
                    target: Target::It,
                    due: said,
                    ..
                },
            ) if said.is_some() => *due = said,
            (
                Some(Command::Add {
                    recurrence,
                    recurrence_from,
                    due,
                    ..
                }),
                Command::SetRecurrence {
                    target: Target::It,
                    recurrence: said,
                    from,
                    first,
                },
            ) => {
                *recurrence = said;
                *recurrence_from = from;
                *due = due.or(first);
            }
            (
                Some(Command::Add { description, .. }),
                Command::Describe {
                    target: Target::It,
                    description: said,
                },
            ) => *description = Some(said),
            (
                Some(Command::Add {
                    as_reminder,
                    reminders,
                    due,
                    ..
                }),
                Command::Add {
                    title,
                    as_reminder: reminder,
                    due: later,
                    ..
                },
            ) if title.is_empty() => {
                // "…, remind me" makes it a reminder, "…, put it on my list" a task.
                *as_reminder = if reminder {
                    *as_reminder || later.is_none()
                } else {
                    false
                };
                match later {
                    Some(at) if due.is_some() => reminders.push(crate::ReminderAt::At(at)),
                    later => *due = due.or(later),
                }
            }
            (
                Some(last @ (Command::Complete { .. } | Command::Cancel { .. })),
                Command::Delete { target: Target::It } | Command::Complete { target: Target::It },
            ) if !matches!(last, Command::Cancel { .. }) => {}
            (Some(last @ Command::Cancel { .. }), Command::Delete { target: Target::It }) => {
                if let Command::Cancel { target } = last {
                    let target = target.clone();
                    *last = Command::Delete { target };
                }
            }
            (
                Some(Command::Deny | Command::Greet { .. } | Command::Confirm),
                Command::Choose { target },
            ) => {
                joined.pop();
                joined.push(Command::Choose { target });
            }
            (_, command) => joined.push(command),
        }
    }
    // A greeting or a "no" before a request is no answer of its own.
    if joined.len() > 1 && joined.iter().any(|c| kind(c) != Category::Other) {
        joined.retain(|c| kind(c) != Category::Other);
    }
    joined
}
