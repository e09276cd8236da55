//! When a task that is moved or snoozed, or that repeats, is due.

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use recurrence::Recurrence;
use task_model::{Reminder, Task, TaskPatch};

use crate::clock::{Clock, END_OF_DAY, MORNING, When};
use crate::operation::{Plan, TOO_FAR};

/// How far "snooze it" moves a task when nothing more is said.
const DEFAULT_SNOOZE: TimeDelta = TimeDelta::hours(1);

/// The time of day that a task is due at, unless it is the one that stands for none.
pub(crate) fn own_time(task: &Task, clock: &Clock) -> Option<NaiveTime> {
    let time = clock.local(task.due_date?).time();
    (time != END_OF_DAY).then_some(time)
}

/// The reminders of a task that is due at another time. Those before the due date move by themselves,
/// those at a moment are moved along; `None` when there are none of these.
pub(crate) fn moved_reminders(task: &Task, due: DateTime<Utc>) -> Option<Vec<Reminder>> {
    let at_moment = |reminder: &Reminder| matches!(reminder, Reminder::At(_));
    let old = task
        .due_date
        .filter(|_| task.reminders.iter().any(at_moment))?;
    let by = due.signed_duration_since(old);
    let moved = task.reminders.iter().map(|reminder| match reminder {
        Reminder::At(at) => Reminder::At(at.checked_add_signed(by).unwrap_or(*at)),
        before => *before,
    });
    Some(moved.collect())
}

pub(crate) fn moved_due(
    task: &Task,
    when: When,
    keep_date: bool,
    clock: &Clock,
) -> Option<DateTime<Utc>> {
    if let (When::Time(at), true, Some(due)) = (when, keep_date, task.due_date) {
        let on_its_day = clock.utc(clock.local(due).date().and_time(at.time()))?;
        if on_its_day > clock.now {
            return Some(on_its_day);
        }
    }
    clock.due(when, own_time(task, clock))
}

pub(crate) fn snooze(
    task: &Task,
    seconds: Option<i64>,
    until: Option<When>,
    clock: &Clock,
) -> Plan {
    let due = if let Some(when) = until {
        moved_due(task, when, false, clock)
    } else {
        let by = match seconds {
            None => Some(DEFAULT_SNOOZE),
            Some(seconds) => TimeDelta::try_seconds(seconds),
        };
        // Later counts from now when it is overdue already, earlier from what it was.
        let from = match task.due_date {
            Some(due) if due > clock.now || by.is_some_and(|by| by < TimeDelta::zero()) => due,
            _ => clock.now,
        };
        by.and_then(|by| from.checked_add_signed(by))
            .and_then(|at| clock.utc(clock.local(at)).map(|_| at))
    };
    let Some(due) = due else {
        return Plan::Impossible(TOO_FAR.into());
    };
    if task.due_date == Some(due) {
        return Plan::Nothing(format!("is already due {}", clock.tell(due)));
    }
    let mut patch = TaskPatch {
        due_date: Some(Some(due)),
        ..TaskPatch::default()
    };
    patch.reminders = moved_reminders(task, due);
    Plan::Patch(patch)
}

/// When a task that repeats is due first: on the date that was said, or else when the pattern first
/// comes. A day whose `time_of_day` (or [`MORNING`]) has passed is left for the next, as the last
/// minute of a day would become the time of all that follow.
pub(crate) fn first_due(
    recurrence: &Recurrence,
    said: Option<When>,
    time_of_day: Option<NaiveTime>,
    clock: &Clock,
) -> Option<DateTime<Utc>> {
    let first = match said {
        Some(When::Time(at)) => return clock.utc(at),
        Some(When::Days { first, .. }) => first,
        None => clock.today(),
    };
    let anchor = first.and_time(time_of_day.unwrap_or(MORNING));
    match clock.utc(anchor) {
        Some(at) if said.is_some() && at > clock.now => Some(at),
        _ => recurrence.next_after(anchor, clock.now, clock.zone),
    }
}
