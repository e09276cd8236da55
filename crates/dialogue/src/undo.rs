//! What "undo" takes back: for each turn the changes it made, and the values that were there before.

use std::collections::VecDeque;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use storage::{Result, Storage, StorageError};
use task_model::{Priority, RecurrenceFrom, Reminder, Status, Task, TaskPatch};
use uuid::Uuid;

use crate::session::{Session, add_changed_fields};
use crate::wording;

/// Turns that can be taken back.
pub(crate) const MAX_TURNS: usize = 10;
/// Bytes of JSON that the whole stack may take; past it the oldest turns are forgotten.
pub(crate) const MAX_BYTES: usize = 64 * 1024;

/// The turns that changed something, oldest first, each with its changes in order.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct UndoStack(VecDeque<Vec<Done>>);

/// A change that was made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Done {
    pub id: Uuid,
    /// The task's version before (0 at creation).
    pub from: i64,
    /// The task's version after (for a deletion its last one).
    pub to: i64,
    pub what: What,
}

/// Its kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum What {
    Created,
    Deleted,
    Updated(Vec<OldValue>),
    /// The person's default reminders, as they were and as they became; the `id` is the person's.
    DefaultReminders {
        before: Vec<Reminder>,
        after: Vec<Reminder>,
    },
}

/// What a field was before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OldValue {
    Title(String),
    Description(Option<String>),
    Status(Status),
    Priority(Priority),
    DueDate(Option<DateTime<Utc>>),
    Reminders(Vec<Reminder>),
    Tags(Vec<String>),
    Recurrence(Option<String>),
    RecurrenceFrom(RecurrenceFrom),
}

impl Done {
    pub fn created(task: &Task) -> Self {
        Self {
            id: task.id,
            from: 0,
            to: task.version,
            what: What::Created,
        }
    }

    pub fn deleted(task: &Task) -> Self {
        Self {
            id: task.id,
            from: task.version,
            to: task.version,
            what: What::Deleted,
        }
    }

    pub fn updated(before: &Task, after: &Task) -> Self {
        let mut old = Vec::new();
        let mut note = |changed: bool, value: OldValue| {
            if changed {
                old.push(value);
            }
        };
        note(
            before.title != after.title,
            OldValue::Title(before.title.clone()),
        );
        note(
            before.description != after.description,
            OldValue::Description(before.description.clone()),
        );
        note(
            before.status != after.status,
            OldValue::Status(before.status),
        );
        note(
            before.priority != after.priority,
            OldValue::Priority(before.priority),
        );
        note(
            before.due_date != after.due_date,
            OldValue::DueDate(before.due_date),
        );
        note(
            before.reminders != after.reminders,
            OldValue::Reminders(before.reminders.clone()),
        );
        note(
            before.tags != after.tags,
            OldValue::Tags(before.tags.clone()),
        );
        note(
            before.recurrence_pattern != after.recurrence_pattern,
            OldValue::Recurrence(before.recurrence_pattern.clone()),
        );
        note(
            before.recurrence_from != after.recurrence_from,
            OldValue::RecurrenceFrom(before.recurrence_from),
        );
        Self {
            id: before.id,
            from: before.version,
            to: after.version,
            what: What::Updated(old),
        }
    }
}

/// The patch that brings old values back.
pub(crate) fn back_to(old: Vec<OldValue>) -> TaskPatch {
    let mut patch = TaskPatch::default();
    for value in old {
        match value {
            OldValue::Title(title) => patch.title = Some(title),
            OldValue::Description(description) => patch.description = Some(description),
            OldValue::Status(status) => patch.status = Some(status),
            OldValue::Priority(priority) => patch.priority = Some(priority),
            OldValue::DueDate(due) => patch.due_date = Some(due),
            OldValue::Reminders(reminders) => patch.reminders = Some(reminders),
            OldValue::Tags(tags) => patch.tags = Some(tags),
            OldValue::Recurrence(pattern) => patch.recurrence_pattern = Some(pattern),
            OldValue::RecurrenceFrom(from) => patch.recurrence_from = Some(from),
        }
    }
    patch
}

impl UndoStack {
    /// Keeps what a turn did, if it did anything.
    pub fn push(&mut self, turn: Vec<Done>) {
        if turn.is_empty() {
            return;
        }
        self.0.push_back(turn);
        let size =
            |turn: &Vec<Done>| serde_json::to_vec(turn).map_or(usize::MAX, |json| json.len());
        let mut sizes: VecDeque<usize> = self.0.iter().map(size).collect();
        while self.0.len() > MAX_TURNS
            || sizes.iter().fold(0, |a: usize, b| a.saturating_add(*b)) > MAX_BYTES
        {
            self.0.pop_front();
            sizes.pop_front();
        }
    }

    /// The last turn's changes, to be taken back from the last to the first.
    pub fn pop(&mut self) -> Option<Vec<Done>> {
        self.0.pop_back()
    }

    /// The last turn's changes to one task, in order; the others stay.
    pub fn pop_of(&mut self, id: Uuid) -> Vec<Done> {
        let Some(turn) = self.0.pop_back() else {
            return Vec::new();
        };
        let (taken, left): (Vec<_>, Vec<_>) = turn.into_iter().partition(|done| done.id == id);
        if !left.is_empty() {
            self.0.push_back(left);
        }
        taken
    }

    /// Notes that taking something back made `version` out of what had been at `from`, so that the
    /// change before it can be taken back next.
    pub fn renumber(&mut self, id: Uuid, from: i64, version: i64) {
        for done in self.0.iter_mut().flatten() {
            renumber(done, id, from, version);
        }
    }
}

/// See [`UndoStack::renumber`].
pub(crate) fn renumber(done: &mut Done, id: Uuid, from: i64, version: i64) {
    if done.id == id && done.to == from {
        done.to = version;
    }
}

impl<S: Storage + Sync> Session<'_, S> {
    /// Takes back what the last turn did.
    pub(crate) async fn undo(&mut self) -> Result<()> {
        let this_turn = std::mem::take(&mut self.done);
        self.state.undo.push(this_turn);
        match self.state.undo.pop() {
            None => self.say("There is nothing to undo."),
            Some(turn) => {
                self.said.push("Undone:".into());
                let said = self.said.len();
                self.take_back(turn).await?;
                let parts = self.said.split_off(said);
                self.said.pop();
                self.say(format!("Undone: {}", parts.join(" ")));
            }
        }
        Ok(())
    }

    /// Takes back what was done to the task that was wrongly chosen.
    pub(crate) async fn take_back_choice(&mut self) -> Result<()> {
        if let Some(taken) = self.previous_choice.as_ref().map(|choice| choice.taken) {
            let done = self.state.undo.pop_of(taken);
            self.take_back(done).await?;
        }
        Ok(())
    }

    async fn take_back(&mut self, mut changes: Vec<Done>) -> Result<()> {
        let mut spoken = Vec::new();
        while let Some(Done { id, from, to, what }) = changes.pop() {
            if let What::DefaultReminders { before, after } = what {
                self.take_back_default_reminders(before, &after).await?;
                continue;
            }
            let now = self.storage.task(self.user.id, id).await?;
            let result = match (what, now) {
                (What::Deleted, None) => {
                    let restored = self
                        .storage
                        .restore_task(self.user.id, id, self.origin, self.clock.now)
                        .await?;
                    if let Some(task) = &restored {
                        self.act("restore_task", json!({"id": id}), json!(task));
                        self.say(format!("{} is back.", wording::quoted(&task.title)));
                    }
                    restored
                }
                (What::Created, Some(task)) if task.version == to => {
                    let deleted = self
                        .storage
                        .delete_task(self.user.id, id, self.origin, self.clock.now)
                        .await?;
                    if let Some(task) = deleted {
                        self.act("delete_task", json!({"id": id}), json!(task));
                        self.say(format!(
                            "{} is off the list again.",
                            wording::quoted(&task.title)
                        ));
                    }
                    continue;
                }
                (What::Updated(old), Some(task)) if task.version == to => {
                    let patch = back_to(old);
                    let updated = self
                        .storage
                        .update_task(
                            self.user.id,
                            id,
                            patch,
                            Some(to),
                            self.origin,
                            self.clock.now,
                        )
                        .await;
                    match updated {
                        Ok(Some(after)) => {
                            let mut arguments = json!({"id": id});
                            add_changed_fields(&mut arguments, &task, &after);
                            self.act("update_task", arguments, json!(after));
                            self.say(format!(
                                "{} is as it was before.",
                                wording::quoted(&after.title)
                            ));
                            Some(after)
                        }
                        Ok(None) => None,
                        Err(StorageError::VersionMismatch { .. }) => {
                            self.say(changed_since(&task));
                            continue;
                        }
                        Err(error) => return Err(error),
                    }
                }
                (What::Updated(_) | What::Created | What::DefaultReminders { .. }, Some(task)) => {
                    self.say(changed_since(&task));
                    continue;
                }
                // Someone else brought it back already.
                (What::Deleted, Some(task)) => {
                    self.say(format!("{} is back already.", wording::quoted(&task.title)));
                    continue;
                }
                (What::Updated(_) | What::Created | What::DefaultReminders { .. }, None) => None,
            };
            match result {
                Some(task) => {
                    self.state.undo.renumber(id, from, task.version);
                    for earlier in &mut changes {
                        renumber(earlier, id, from, task.version);
                    }
                    spoken.push(task);
                }
                None => self.say("A task that I changed is no longer there."),
            }
        }
        self.speak_of(&spoken);
        Ok(())
    }
}

fn changed_since(task: &Task) -> String {
    format!(
        "{} was changed since then, so I left it as it is.",
        wording::quoted(&task.title)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deletion(id: u128) -> Done {
        Done {
            id: Uuid::from_u128(id),
            from: 1,
            to: 1,
            what: What::Deleted,
        }
    }

    #[test]
    fn the_stack_is_bounded_in_depth_and_size() {
        let mut stack = UndoStack::default();
        for n in 0..100 {
            stack.push(vec![deletion(n)]);
        }
        assert_eq!(stack.0.len(), MAX_TURNS);
        assert_eq!(stack.pop(), Some(vec![deletion(99)]));

        let description = "\u{1f600}".repeat(10_000);
        for n in 0..5 {
            let what = What::Updated(vec![OldValue::Description(Some(description.clone()))]);
            stack.push(vec![Done {
                what,
                ..deletion(n)
            }]);
        }
        assert!(serde_json::to_vec(&stack).unwrap().len() <= MAX_BYTES + 16);
        assert_eq!(stack.0.len(), 1);
    }

    #[test]
    fn what_took_no_change_is_not_kept() {
        let mut stack = UndoStack::default();
        stack.push(Vec::new());
        assert_eq!(stack.pop(), None);
    }

    #[test]
    fn one_tasks_changes_come_off_alone() {
        let mut stack = UndoStack::default();
        stack.push(vec![deletion(1), deletion(2), deletion(1)]);
        assert_eq!(
            stack.pop_of(Uuid::from_u128(1)),
            vec![deletion(1), deletion(1)]
        );
        assert_eq!(stack.pop(), Some(vec![deletion(2)]));
        assert_eq!(stack.pop(), None);
    }
}
