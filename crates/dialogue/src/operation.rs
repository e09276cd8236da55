//! What is done to a task that exists: from a command to a patch and the words for it.

use chrono::{NaiveDateTime, TimeDelta};
use language::{Command, ReminderAt, SeriesEnd, Target};
use serde::{Deserialize, Serialize};
use task_model::{Priority, RecurrenceFrom, Reminder, Status, Task, TaskPatch};

use crate::clock::{Clock, When, tell_duration};
use crate::due::{moved_due, snooze};
use crate::series::{self, Ends};
use crate::wording;

/// What a command does to its target. A question that waits for an answer keeps it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "operation", rename_all = "snake_case")]
pub(crate) enum Operation {
    Show,
    Complete,
    Reopen,
    Start,
    Cancel,
    Delete,
    Rename {
        title: String,
    },
    Describe {
        description: String,
    },
    SetDue {
        due: Option<When>,
        keep_date: bool,
    },
    Snooze {
        seconds: Option<i64>,
        until: Option<When>,
    },
    SetPriority {
        priority: Priority,
    },
    Tag {
        tags: Vec<String>,
    },
    Untag {
        tags: Vec<String>,
    },
    AddReminder {
        at: RemindAt,
    },
    MoveReminder {
        at: RemindAt,
    },
    DropReminders,
    SetRecurrence {
        pattern: Option<String>,
        #[serde(default)]
        from: Option<RecurrenceFrom>,
        first: Option<When>,
    },
    SetRecurrenceFrom {
        from: RecurrenceFrom,
    },
    EndRecurrence {
        end: Ends,
    },
    /// Leaves out the occurrence that is due in this local time, or the next.
    Skip {
        period: Option<(NaiveDateTime, NaiveDateTime)>,
    },
}

/// When to remind, as it was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RemindAt {
    Before { seconds: u32 },
    At(When),
}

impl From<ReminderAt> for RemindAt {
    fn from(at: ReminderAt) -> Self {
        match at {
            ReminderAt::Before { seconds } => Self::Before { seconds },
            ReminderAt::At(due) => Self::At(due.into()),
        }
    }
}

impl RemindAt {
    /// The reminder itself; words for the person where it cannot be.
    pub fn reminder(self, clock: &Clock) -> Result<Reminder, String> {
        match self {
            Self::Before { seconds } => Ok(Reminder::Before { seconds }),
            Self::At(when) => match clock.due(when, None) {
                Some(at) if at > clock.now => Ok(Reminder::At(at)),
                Some(at) => Err(format!(
                    "I cannot remind you {}: that has passed.",
                    clock.tell(at)
                )),
                None => Err(TOO_FAR.into()),
            },
        }
    }
}

/// The answer to a date outside the years that tasks can have.
pub(crate) const TOO_FAR: &str = "That date is too far away for me.";

/// What an operation comes to for one task.
#[derive(Debug, PartialEq)]
pub(crate) enum Plan {
    /// This changes.
    Patch(TaskPatch),
    /// Nothing would change; the rest of a sentence that begins with the title: "is already completed".
    Nothing(String),
    /// A reminder before a due date that the task does not have.
    NeedsDueDate,
    /// It cannot be; a sentence that says why.
    Impossible(String),
}

impl Operation {
    /// The target and operation of a command that has them.
    pub fn of(command: &Command) -> Option<(Target, Self)> {
        let (target, operation) = match command {
            Command::Show { target } => (target, Self::Show),
            Command::Complete { target } => (target, Self::Complete),
            Command::Reopen { target } => (target, Self::Reopen),
            Command::Start { target } => (target, Self::Start),
            Command::Cancel { target } => (target, Self::Cancel),
            Command::Delete { target } => (target, Self::Delete),
            Command::Rename { target, title } => {
                let title = wording::one_line(title.trim(), usize::MAX);
                (target, Self::Rename { title })
            }
            Command::Describe {
                target,
                description,
            } => {
                let description = description.clone();
                (target, Self::Describe { description })
            }
            Command::SetDue {
                target,
                due,
                keep_date,
            } => {
                let due = due.map(When::from);
                let keep_date = *keep_date;
                (target, Self::SetDue { due, keep_date })
            }
            Command::Snooze {
                target,
                seconds,
                until,
            } => {
                let (seconds, until) = (*seconds, until.map(When::from));
                (target, Self::Snooze { seconds, until })
            }
            Command::SetPriority { target, priority } => {
                let priority = *priority;
                (target, Self::SetPriority { priority })
            }
            Command::Tag { target, tags } => (target, Self::Tag { tags: tags.clone() }),
            Command::Untag { target, tags } => (target, Self::Untag { tags: tags.clone() }),
            Command::AddReminder { target, at } => (target, Self::AddReminder { at: (*at).into() }),
            Command::MoveReminder { target, at } => {
                (target, Self::MoveReminder { at: (*at).into() })
            }
            Command::DropReminders { target } => (target, Self::DropReminders),
            Command::SetRecurrence {
                target,
                recurrence,
                from,
                first,
            } => {
                let (pattern, first) = (recurrence.clone(), first.map(When::from));
                let from = *from;
                (
                    target,
                    Self::SetRecurrence {
                        pattern,
                        from,
                        first,
                    },
                )
            }
            Command::SetRecurrenceFrom { target, from } => {
                (target, Self::SetRecurrenceFrom { from: *from })
            }
            Command::EndRecurrence { target, end } => {
                let end = match *end {
                    SeriesEnd::Times(times) => Ends::Times(times),
                    SeriesEnd::Until(day) => Ends::Until(day),
                };
                (target, Self::EndRecurrence { end })
            }
            Command::Skip { target, period } => {
                let period = period.map(|period| (period.start, period.end));
                (target, Self::Skip { period })
            }
            _ => return None,
        };
        Some((target.clone(), operation))
    }

    /// Whether a task like this is what the operation is most likely meant for.
    pub fn expects(&self, task: &Task) -> bool {
        match self {
            Self::Reopen => !wording::is_open(task),
            Self::Skip { .. }
            | Self::SetRecurrenceFrom { .. }
            | Self::EndRecurrence { .. }
            | Self::SetRecurrence { pattern: None, .. } => {
                wording::is_open(task) && task.recurrence_pattern.is_some()
            }
            _ => wording::is_open(task),
        }
    }

    /// The tool name of the action.
    pub fn tool(&self) -> &'static str {
        match self {
            Self::Show => "get_task",
            Self::Complete => "complete_task",
            Self::Reopen => "reopen_task",
            Self::Delete => "delete_task",
            _ => "update_task",
        }
    }

    /// What it changes in `task`. [`Operation::Show`] and [`Operation::Delete`] patch nothing.
    pub fn plan(&self, task: &Task, clock: &Clock) -> Plan {
        let patch = TaskPatch::default();
        match self {
            Self::Show | Self::Delete => Plan::Patch(patch),
            Self::Complete => to_status(task, Status::Completed),
            Self::Start => to_status(task, Status::InProgress),
            Self::Cancel => to_status(task, Status::Cancelled),
            Self::Reopen if wording::is_open(task) => Plan::Nothing("is already open".into()),
            Self::Reopen => to_status(task, Status::Pending),
            Self::Rename { title } if *title == task.title => {
                Plan::Nothing("is already called that".into())
            }
            Self::Rename { title } => Plan::Patch(TaskPatch {
                title: Some(title.clone()),
                ..patch
            }),
            Self::Describe { description } if task.description.as_ref() == Some(description) => {
                Plan::Nothing("already has that description".into())
            }
            Self::Describe { description } => Plan::Patch(TaskPatch {
                description: Some(Some(description.clone())),
                ..patch
            }),
            Self::SetDue { due: None, .. } => match task.due_date {
                None => Plan::Nothing("has no due date".into()),
                Some(_) => Plan::Patch(TaskPatch {
                    due_date: Some(None),
                    ..patch
                }),
            },
            Self::SetDue {
                due: Some(when),
                keep_date,
            } => match moved_due(task, *when, *keep_date, clock) {
                None => Plan::Impossible(TOO_FAR.into()),
                Some(due) if task.due_date == Some(due) => {
                    Plan::Nothing(format!("is already due {}", clock.tell(due)))
                }
                Some(due) => Plan::Patch(TaskPatch {
                    due_date: Some(Some(due)),
                    ..patch
                }),
            },
            Self::Snooze { seconds, until } => snooze(task, *seconds, *until, clock),
            Self::SetPriority { priority } if *priority == task.priority => {
                Plan::Nothing(format!("already has {}", wording::priority(*priority)))
            }
            Self::SetPriority { priority } => Plan::Patch(TaskPatch {
                priority: Some(*priority),
                ..patch
            }),
            Self::Tag { tags } => {
                let mut all = task.tags.clone();
                for tag in tags {
                    if !all.contains(tag) {
                        all.push(tag.clone());
                    }
                }
                if all == task.tags {
                    return Plan::Nothing(format!("is already tagged {}", wording::hashtags(tags)));
                }
                Plan::Patch(TaskPatch {
                    tags: Some(all),
                    ..patch
                })
            }
            Self::Untag { tags } => {
                let mut left = task.tags.clone();
                left.retain(|tag| !tags.is_empty() && !tags.contains(tag));
                if left == task.tags {
                    return Plan::Nothing(if tags.is_empty() {
                        "has no tags".into()
                    } else {
                        format!("is not tagged {}", wording::hashtags(tags))
                    });
                }
                Plan::Patch(TaskPatch {
                    tags: Some(left),
                    ..patch
                })
            }
            Self::AddReminder { at } | Self::MoveReminder { at } => {
                if matches!(at, RemindAt::Before { .. }) && task.due_date.is_none() {
                    return Plan::NeedsDueDate;
                }
                let reminder = match at.reminder(clock) {
                    Ok(reminder) => reminder,
                    Err(why) => return Plan::Impossible(why),
                };
                let mut reminders = task.reminders.clone();
                if matches!(self, Self::MoveReminder { .. }) {
                    reminders.clear();
                }
                if !reminders.contains(&reminder) {
                    reminders.push(reminder);
                }
                if reminders == task.reminders {
                    return Plan::Nothing("already has that reminder".into());
                }
                Plan::Patch(TaskPatch {
                    reminders: Some(reminders),
                    ..patch
                })
            }
            Self::DropReminders if task.reminders.is_empty() => {
                Plan::Nothing("has no reminders".into())
            }
            Self::DropReminders => Plan::Patch(TaskPatch {
                reminders: Some(Vec::new()),
                ..patch
            }),
            Self::SetRecurrence { pattern: None, .. } => match task.recurrence_pattern {
                None => Plan::Nothing("does not repeat".into()),
                Some(_) => Plan::Patch(TaskPatch {
                    recurrence_pattern: Some(None),
                    ..patch
                }),
            },
            Self::SetRecurrence {
                pattern: Some(pattern),
                from,
                first,
            } => series::repeat(task, pattern, *from, *first, clock),
            Self::SetRecurrenceFrom { from } => series::count_from(task, *from),
            Self::EndRecurrence { end } => series::end(task, *end, clock),
            Self::Skip { period } => series::skip(task, *period, clock),
        }
    }

    /// What was done, as words before and after the titles: ("Moved", " to tomorrow at 9:00 AM").
    /// `after` is the task as it is now.
    pub fn phrase(&self, before: &Task, after: &Task, clock: &Clock) -> (String, String) {
        let due = || {
            after
                .due_date
                .map(|due| clock.tell(due))
                .unwrap_or_default()
        };
        let (verb, rest) = match self {
            Self::Show => ("Looked at", String::new()),
            Self::Complete => ("Completed", String::new()),
            Self::Reopen => ("Reopened", String::new()),
            Self::Start => ("Started", String::new()),
            Self::Cancel => ("Cancelled", String::new()),
            Self::Delete => ("Deleted", String::new()),
            Self::Rename { .. } => ("Renamed", format!(" to {}", wording::quoted(&after.title))),
            Self::Describe { .. } => ("Set the description of", String::new()),
            Self::SetDue { due: None, .. } => ("Cleared the due date of", String::new()),
            Self::SetDue { .. } if before.due_date.is_none() => ("Set", format!(" for {}", due())),
            Self::SetDue { .. } => ("Moved", format!(" to {}", due())),
            Self::Snooze {
                seconds: Some(s), ..
            } if *s < 0 => ("Moved", format!(" to {}", due())),
            Self::Snooze { .. } => ("Snoozed", format!(" until {}", due())),
            Self::SetPriority { priority } => {
                ("Set", format!(" to {}", wording::priority(*priority)))
            }
            Self::Tag { tags } => ("Tagged", format!(" with {}", wording::hashtags(tags))),
            Self::Untag { tags } if tags.is_empty() => ("Removed all tags from", String::new()),
            Self::Untag { tags } => {
                return (
                    format!("Removed {} from", wording::hashtags(tags)),
                    String::new(),
                );
            }
            Self::AddReminder { at } => ("I will remind you of", told_reminder(*at, after, clock)),
            Self::MoveReminder { at } => {
                ("I will now remind you of", told_reminder(*at, after, clock))
            }
            Self::DropReminders => ("Removed the reminders of", String::new()),
            Self::SetRecurrence { pattern: None, .. } => ("No longer repeating", String::new()),
            Self::SetRecurrence {
                pattern: Some(_), ..
            }
            | Self::SetRecurrenceFrom { .. }
            | Self::EndRecurrence { .. } => (
                "Now repeating",
                format!(" {}, next {}", wording::repetition(after), due()),
            ),
            Self::Skip { .. } => ("Skipped", format!(" this time; next is {}", due())),
        };
        (verb.to_owned(), rest)
    }

    /// What would be done, for a question: "Which one should I complete?"
    pub fn infinitive(&self) -> &'static str {
        match self {
            Self::Show => "show",
            Self::Complete => "complete",
            Self::Reopen => "reopen",
            Self::Start => "start",
            Self::Cancel => "cancel",
            Self::Delete => "delete",
            Self::Rename { .. } => "rename",
            Self::SetDue { .. } => "move",
            Self::Snooze { .. } => "snooze",
            Self::Tag { .. } => "tag",
            Self::Untag { .. } => "untag",
            Self::AddReminder { .. } | Self::MoveReminder { .. } => "remind you of",
            Self::SetRecurrence {
                pattern: Some(_), ..
            } => "repeat",
            Self::Skip { .. } => "skip",
            Self::Describe { .. }
            | Self::SetPriority { .. }
            | Self::DropReminders
            | Self::SetRecurrenceFrom { .. }
            | Self::EndRecurrence { .. }
            | Self::SetRecurrence { pattern: None, .. } => "change",
        }
    }
}

fn told_reminder(at: RemindAt, task: &Task, clock: &Clock) -> String {
    let told = match at {
        RemindAt::At(_) => match task.reminders.last() {
            Some(reminder) => wording::reminder(reminder, clock),
            None => String::new(),
        },
        RemindAt::Before { seconds } => {
            let at = task
                .due_date
                .and_then(|due| due.checked_sub_signed(TimeDelta::seconds(seconds.into())));
            let lead = match seconds {
                0 => "when it is due".to_owned(),
                _ => format!("{} before it is due", tell_duration(seconds.into())),
            };
            match at {
                Some(at) if at <= clock.now => format!("{lead}, but that has passed"),
                Some(at) => format!("{}, {lead}", clock.tell(at)),
                None => lead,
            }
        }
    };
    format!(" {told}")
}

fn to_status(task: &Task, status: Status) -> Plan {
    if task.status == status {
        return Plan::Nothing(format!("is already {}", wording::status(status)));
    }
    Plan::Patch(TaskPatch {
        status: Some(status),
        ..TaskPatch::default()
    })
}
