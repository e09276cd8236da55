//! Which reminders a task has, from the versions of it that were seen, in whatever order they came.

use chrono::{DateTime, Utc};
use events::{TaskEvent, TaskEventType};
use serde::{Deserialize, Serialize};
use task_model::{Reminder, Status};

/// Changes of one task's schedule that are remembered.
const MAX_RUNS: usize = 32;

/// Consecutive versions of a task with the same reminders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Run {
    first: i64,
    last: i64,
    /// When the first of them was made, in milliseconds since 1970.
    since: i64,
    /// In milliseconds since 1970, sorted; none for a task that is not open.
    remind_at: Vec<i64>,
}

/// The versions of a task that were seen, the oldest first. It depends only on which they were, not on
/// their order or how often they came, as long as their schedules changed no more than [`MAX_RUNS`] times.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct History(Vec<Run>);

impl History {
    /// The newest version; 0 where there is none.
    pub fn newest(&self) -> i64 {
        self.0.last().map_or(0, |run| run.last)
    }

    /// Adds the version that an event carries; `false` if that changes nothing.
    pub fn add(&mut self, event: &TaskEvent) -> bool {
        let version = event.task_data.task.version;
        let at = self.0.partition_point(|run| run.last < version);
        let is_known = self.0.get(at).is_some_and(|run| run.first <= version);
        if is_known || (at == 0 && self.0.len() >= MAX_RUNS) {
            return false;
        }
        let run = Run {
            first: version,
            last: version,
            since: event.timestamp.timestamp_millis(),
            remind_at: remind_at(event),
        };
        self.0.insert(at, run);
        self.join(at);
        if let Some(before) = at.checked_sub(1) {
            self.join(before);
        }
        if self.0.len() > MAX_RUNS {
            self.0.remove(0);
        }
        true
    }

    /// Makes one run of the one at `index` and the next, if they are.
    fn join(&mut self, index: usize) {
        let [one, next, ..] = self.0.get(index..).unwrap_or_default() else {
            return;
        };
        if one.last.checked_add(1) == Some(next.first) && one.remind_at == next.remind_at {
            let last = next.last;
            self.0.remove(index + 1);
            if let Some(one) = self.0.get_mut(index) {
                one.last = last;
            }
        }
    }

    /// The reminder times, in milliseconds since 1970, that are to be triggered or have been: those of the
    /// newest version that were set when their time came, too. So one that was past already when it was
    /// set stays silent, and one that came due while nobody looked does not.
    pub fn schedule(&self) -> Vec<i64> {
        let was_set = |at: &i64| {
            let in_force = self.0.iter().rev().find(|run| run.since < *at);
            in_force.is_some_and(|run| run.remind_at.contains(at))
        };
        let newest = self.0.last().map_or(&[][..], |run| &run.remind_at);
        newest.iter().copied().filter(was_set).collect()
    }
}

/// Whether the task can still be done.
pub(crate) fn is_open(event: &TaskEvent) -> bool {
    event.event_type != TaskEventType::TaskDeleted
        && matches!(
            event.task_data.task.status,
            Status::Pending | Status::InProgress
        )
}

fn remind_at(event: &TaskEvent) -> Vec<i64> {
    let task = &event.task_data.task;
    if !is_open(event) {
        return Vec::new();
    }
    let moment = |reminder: &Reminder| -> Option<DateTime<Utc>> {
        match *reminder {
            Reminder::At(at) => Some(at),
            Reminder::Before { seconds } => task
                .due_date?
                .checked_sub_signed(chrono::TimeDelta::seconds(seconds.into())),
        }
    };
    let mut times: Vec<i64> = (task.reminders.iter().filter_map(moment))
        .map(|at| at.timestamp_millis())
        .collect();
    times.sort_unstable();
    times.dedup();
    times
}
