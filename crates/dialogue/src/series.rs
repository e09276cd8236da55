//! Tasks that repeat: how often, counted from what, until when, one left out, and which comes next.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, Utc};
use recurrence::{Following, Keyword, Recurrence};
use serde::{Deserialize, Serialize};
use task_model::{RecurrenceFrom, Task, TaskPatch};

use crate::clock::{Clock, When};
use crate::due::{first_due, moved_reminders, own_time};
use crate::operation::Plan;
use crate::wording;

/// When a series ends, as it was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Ends {
    /// After so many times, the one that is due included.
    Times(u32),
    /// With this local day.
    Until(NaiveDate),
}

const REPEATS_NOT: &str = "does not repeat";

pub(crate) fn repeat(
    task: &Task,
    pattern: &str,
    from: Option<RecurrenceFrom>,
    first: Option<When>,
    clock: &Clock,
) -> Plan {
    let recurrence = match Recurrence::parse(pattern) {
        Ok(recurrence) => recurrence,
        Err(why) => return Plan::Impossible(format!("I cannot repeat it like that: {why}.")),
    };
    let due = match (first, task.due_date) {
        (None, Some(due)) => Some(due),
        (first, _) => first_due(&recurrence, first, own_time(task, clock), clock),
    };
    let Some(due) = due else {
        return Plan::Impossible("That never comes round.".into());
    };
    let pattern = recurrence.to_string();
    if task.recurrence_pattern.as_ref() == Some(&pattern)
        && task.due_date == Some(due)
        && from.is_none_or(|from| from == task.recurrence_from)
    {
        return Plan::Nothing(format!("already repeats {}", wording::repetition(task)));
    }
    Plan::Patch(TaskPatch {
        recurrence_pattern: Some(Some(pattern)),
        recurrence_from: from,
        due_date: Some(Some(due)),
        ..TaskPatch::default()
    })
}

pub(crate) fn count_from(task: &Task, from: RecurrenceFrom) -> Plan {
    if task.recurrence_pattern.is_none() {
        return Plan::Nothing(REPEATS_NOT.into());
    }
    if task.recurrence_from == from {
        return Plan::Nothing(format!("already repeats {}", wording::repetition(task)));
    }
    Plan::Patch(TaskPatch {
        recurrence_from: Some(from),
        ..TaskPatch::default()
    })
}

pub(crate) fn end(task: &Task, end: Ends, clock: &Clock) -> Plan {
    let Some(pattern) = &task.recurrence_pattern else {
        return Plan::Nothing(REPEATS_NOT.into());
    };
    let due = task.due_date.map(|due| clock.local(due).date());
    let end = match (end, due) {
        (Ends::Until(last), Some(due)) if last < due => {
            return Plan::Impossible(format!(
                "{} is next due after that. Say \"stop repeating it\" to make that the last time.",
                wording::quoted(&task.title)
            ));
        }
        (Ends::Until(last), _) => format!("UNTIL={}", last.format("%Y%m%d")),
        (Ends::Times(times), _) => format!("COUNT={times}"),
    };
    let rule = Recurrence::parse(pattern).map(|recurrence| match recurrence {
        Recurrence::Keyword(keyword) => rule_of(keyword, due).to_owned(),
        Recurrence::Rule(rule) => rule.to_string(),
    });
    let rule = match rule {
        Ok(rule) => rule,
        Err(why) => return Plan::Impossible(format!("I cannot read how it repeats: {why}.")),
    };
    let mut parts: Vec<&str> = rule
        .split(';')
        .filter(|part| !part.starts_with("COUNT=") && !part.starts_with("UNTIL="))
        .collect();
    parts.push(&end);
    match Recurrence::parse(&parts.join(";")) {
        Ok(ending) if Some(&ending.to_string()) == task.recurrence_pattern.as_ref() => {
            Plan::Nothing(format!("already repeats {}", ending.describe()))
        }
        Ok(ending) => Plan::Patch(TaskPatch {
            recurrence_pattern: Some(Some(ending.to_string())),
            ..TaskPatch::default()
        }),
        Err(why) => Plan::Impossible(format!("I cannot end it like that: {why}.")),
    }
}

/// The rule of a pattern that has a name, for a task due on this day: a named pattern takes no end.
fn rule_of(keyword: Keyword, due: Option<NaiveDate>) -> &'static str {
    // A month without the day has the task on its last, as the named pattern says.
    let day = due.map_or(1, |due| due.day());
    match keyword {
        Keyword::Daily => "FREQ=DAILY",
        Keyword::Weekly => "FREQ=WEEKLY",
        Keyword::Weekdays => "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
        Keyword::Monthly if day == 31 => "FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1",
        Keyword::Monthly if day == 30 => "FREQ=MONTHLY;BYMONTHDAY=28,29,30;BYSETPOS=-1",
        Keyword::Monthly if day == 29 => "FREQ=MONTHLY;BYMONTHDAY=28,29;BYSETPOS=-1",
        Keyword::Monthly => "FREQ=MONTHLY",
        Keyword::Yearly if due.is_some_and(|due| (due.month(), due.day()) == (2, 29)) => {
            "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=28,29;BYSETPOS=-1"
        }
        Keyword::Yearly => "FREQ=YEARLY",
    }
}

pub(crate) fn skip(
    task: &Task,
    period: Option<(NaiveDateTime, NaiveDateTime)>,
    clock: &Clock,
) -> Plan {
    if !wording::is_open(task) {
        return Plan::Nothing(format!("is {}", wording::status(task.status)));
    }
    let Some(pattern) = &task.recurrence_pattern else {
        return Plan::Nothing(format!(
            "{REPEATS_NOT}, so there is nothing to skip; you can move it or delete it"
        ));
    };
    let Some(due) = task.due_date else {
        return Plan::Nothing("has no due date to skip".into());
    };
    if period.is_some_and(|(start, end)| !(start..end).contains(&clock.local(due))) {
        return Plan::Nothing(format!(
            "is next due {}, so I skipped nothing",
            clock.tell(due)
        ));
    }
    let recurrence = match Recurrence::parse(pattern) {
        Ok(recurrence) => recurrence,
        Err(why) => return Plan::Impossible(format!("I cannot read how it repeats: {why}.")),
    };
    let Some(next) = recurrence.following_due(due, due, clock.zone) else {
        return Plan::Impossible(format!(
            "This is the last time for {}, so nothing comes after it. You can delete it.",
            wording::quoted(&task.title)
        ));
    };
    Plan::Patch(TaskPatch {
        due_date: Some(Some(next.due)),
        recurrence_pattern: Some(Some(next.pattern.to_string())),
        reminders: moved_reminders(task, next.due),
        ..TaskPatch::default()
    })
}

/// When the instance that follows a completed one is due; `None` when that was the last.
pub(crate) fn next_after_completion(task: &Task, clock: &Clock) -> Option<DateTime<Utc>> {
    let recurrence = Recurrence::parse(task.recurrence_pattern.as_deref()?).ok()?;
    following(task, &recurrence, task.completed_at?, clock).map(|next| next.due)
}

/// The instance after one that is done with at `done`.
fn following(
    task: &Task,
    recurrence: &Recurrence,
    done: DateTime<Utc>,
    clock: &Clock,
) -> Option<Following> {
    match (task.recurrence_from, task.due_date) {
        (RecurrenceFrom::DueDate, Some(due)) => recurrence.following_due(due, done, clock.zone),
        (_, due) => recurrence.following_completion(due, done, clock.zone),
    }
}
