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

/// The turns that changed something, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct UndoStack(VecDeque<Changes>);

/// What one turn changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Changes {
    /// By which it can be named.
    pub turn: Uuid,
    /// In order, at least one.
    pub done: Vec<Done>,
}

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
    /// Keeps what a turn did, if it did anything; answers what to call it, unless it is too much to keep.
    pub fn push(&mut self, done: Vec<Done>) -> Option<Uuid> {
        if done.is_empty() {
            return None;
        }
        let turn = Uuid::new_v4();
        self.0.push_back(Changes { turn, done });
        let size = |turn: &Changes| serde_json::to_vec(turn).map_or(usize::MAX, |json| json.len());
        let mut sizes: VecDeque<usize> = self.0.iter().map(size).collect();
        while self.0.len() > MAX_TURNS
            || sizes.iter().fold(0, |a: usize, b| a.saturating_add(*b)) > MAX_BYTES
        {
            self.0.pop_front();
            sizes.pop_front();
        }
        self.has(turn).then_some(turn)
    }

    /// Whether a turn can be taken back.
    pub fn has(&self, turn: Uuid) -> bool {
        self.0.iter().any(|changes| changes.turn == turn)
    }

    /// A turn's changes, while they stay.
    pub fn changes(&self, turn: Uuid) -> Option<&[Done]> {
        let changes = self.0.iter().find(|changes| changes.turn == turn)?;
        Some(&changes.done)
    }

    /// The last turn's changes, to be taken back from the last to the first.
    pub fn pop(&mut self) -> Option<Changes> {
        self.0.pop_back()
    }

    /// A turn's changes, as [`Self::pop`].
    pub fn take(&mut self, turn: Uuid) -> Option<Changes> {
        let index = self.0.iter().position(|changes| changes.turn == turn)?;
        self.0.remove(index)
    }

    /// The last turn's changes to one task, in order; the others stay.
    pub fn pop_of(&mut self, id: Uuid) -> Option<Changes> {
        let Changes { turn, done } = self.0.pop_back()?;
        let (taken, left): (Vec<_>, Vec<_>) = done.into_iter().partition(|done| done.id == id);
        if !left.is_empty() {
            self.0.push_back(Changes { turn, done: left });
        }
        Some(Changes { turn, done: taken })
    }

    /// Notes that taking something back made `version` out of what had been at `from`, so that the
    /// change before it can be taken back next.
    pub fn renumber(&mut self, id: Uuid, from: i64, version: i64) {
        for done in self.0.iter_mut().flat_map(|changes| &mut changes.done) {
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
            Some(changes) => self.take_back_turn(changes).await?,
        }
        Ok(())
    }

    /// Takes back what a turn did, and says so.
    pub(crate) async fn take_back_turn(&mut self, changes: Changes) -> Result<()> {
        self.undone.push(changes.turn);
        let said = self.said.len();
        self.take_back(changes.done).await?;
        let parts = self.said.split_off(said);
        self.say(format!("Undone: {}", parts.join(" ")));
        Ok(())
    }

    /// Takes back what was done to the task that was wrongly chosen.
    pub(crate) async fn take_back_choice(&mut self) -> Result<()> {
        let taken = self.previous_choice.as_ref().map(|choice| choice.taken);
        if let Some(changes) = taken.and_then(|taken| self.state.undo.pop_of(taken)) {
            if !self.state.undo.has(changes.turn) {
                self.undone.push(changes.turn);
            }
            self.take_back(changes.done).await?;
        }
        Ok(())
    }

    /// Whether all that a turn changed is still as the turn left it.
    pub(crate) async fn is_as_left(&self, done: &[Done]) -> Result<bool> {
        for (index, change) in done.iter().enumerate() {
            let later = done.iter().skip(index + 1);
            let is_last = later.into_iter().all(|later| later.id != change.id);
            if !is_last {
                continue;
            }
            if let What::DefaultReminders { after, .. } = &change.what {
                let user = self.storage.user(self.user.id).await?;
                let now = user.map(|user| user.notification_preferences.default_reminders);
                if now.as_ref() != Some(after) {
                    return Ok(false);
                }
                continue;
            }
            let now = self.storage.task(self.user.id, change.id).await?;
            let is_as_left = match (&change.what, now) {
                (What::Deleted, now) => now.is_none(),
                (_, now) => now.is_some_and(|task| task.version == change.to),
            };
            if !is_as_left {
                return Ok(false);
            }
        }
        Ok(true)
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

    fn popped(stack: &mut UndoStack) -> Option<Vec<Done>> {
        stack.pop().map(|changes| changes.done)
    }

    #[test]
    fn the_stack_is_bounded_in_depth_and_size() {
        let mut stack = UndoStack::default();
        let turns: Vec<_> = (0..100).map(|n| stack.push(vec![deletion(n)])).collect();
        assert_eq!(stack.0.len(), MAX_TURNS);
        let [first, last] = [turns[0], turns[99]].map(|turn| stack.has(turn.unwrap()));
        assert_eq!((first, last), (false, true));
        assert_eq!(popped(&mut stack), Some(vec![deletion(99)]));

        let description = "\u{1f600}".repeat(10_000);
        let described = |n, description: &str| Done {
            what: What::Updated(vec![OldValue::Description(Some(description.into()))]),
            ..deletion(n)
        };
        for n in 0..5 {
            assert!(stack.push(vec![described(n, &description)]).is_some());
        }
        assert!(serde_json::to_vec(&stack).unwrap().len() <= MAX_BYTES + 16);
        assert_eq!(stack.0.len(), 1);
        let too_much = vec![described(1, &description), described(2, &description)];
        assert_eq!(stack.push(too_much), None);
    }

    #[test]
    fn what_took_no_change_is_not_kept() {
        let mut stack = UndoStack::default();
        assert_eq!(stack.push(Vec::new()), None);
        assert_eq!(stack.pop(), None);
    }

    #[test]
    fn a_turn_is_taken_by_its_name() {
        let mut stack = UndoStack::default();
        let turns = [1, 2, 3].map(|n| stack.push(vec![deletion(n)]).unwrap());
        assert_eq!(stack.changes(turns[1]), Some(&[deletion(2)][..]));
        assert_eq!(stack.take(turns[1]).unwrap().done, [deletion(2)]);
        assert_eq!(stack.take(turns[1]), None);
        assert_eq!(popped(&mut stack), Some(vec![deletion(3)]));
        assert_eq!(popped(&mut stack), Some(vec![deletion(1)]));
    }

    #[test]
    fn one_tasks_changes_come_off_alone() {
        let mut stack = UndoStack::default();
        let turn = stack
            .push(vec![deletion(1), deletion(2), deletion(1)])
            .unwrap();
        let taken = stack.pop_of(Uuid::from_u128(1)).unwrap();
        assert_eq!(
            (taken.turn, taken.done),
            (turn, vec![deletion(1), deletion(1)])
        );
        assert_eq!(popped(&mut stack), Some(vec![deletion(2)]));
        assert_eq!(stack.pop_of(Uuid::from_u128(1)), None);
    }
}
