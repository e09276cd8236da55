//! Adding a task.

use language::Command;
use recurrence::Recurrence;
use serde_json::json;
use storage::{Result, Storage};
use task_model::{NewTask, Priority, RecurrenceFrom, Reminder, Task};
use uuid::Uuid;

use crate::clock::When;
use crate::due::first_due;
use crate::operation::{RemindAt, TOO_FAR};
use crate::question::{Draft, Question};
use crate::session::Session;
use crate::undo::Done;
use crate::wording;

impl<S: Storage + Sync> Session<'_, S> {
    /// Does a [`Command::Add`]; what it does not say comes from the `draft` of the question before.
    pub(crate) async fn add(&mut self, command: Command, draft: Option<Draft>) -> Result<()> {
        match self.drafted(command, draft.unwrap_or_default()) {
            Ok((title, draft)) if title.trim().is_empty() => {
                self.ask(Question::Title { draft });
            }
            Ok((title, draft)) => match self.new_task(title, draft.clone()) {
                Ok(task) => self.create(task, draft.as_reminder).await?,
                Err(why) => self.say(format!("{why} I added nothing.")),
            },
            Err(why) => self.say(why),
        }
        Ok(())
    }

    /// The title and the rest of a [`Command::Add`], on top of what was known; why not, otherwise.
    pub(crate) fn drafted(
        &self,
        command: Command,
        mut draft: Draft,
    ) -> std::result::Result<(String, Draft), String> {
        let Command::Add {
            title,
            description,
            due,
            priority,
            tags,
            reminders,
            recurrence,
            recurrence_from,
            as_reminder,
        } = command
        else {
            return Ok((String::new(), draft));
        };
        draft.description = description.or(draft.description);
        draft.due = due.map(When::from).or(draft.due);
        draft.priority = priority.or(draft.priority);
        for tag in tags {
            if !draft.tags.contains(&tag) {
                draft.tags.push(tag);
            }
        }
        for at in reminders {
            let reminder = RemindAt::from(at).reminder(&self.clock)?;
            if !draft.reminders.contains(&reminder) {
                draft.reminders.push(reminder);
            }
        }
        draft.recurrence = recurrence.or(draft.recurrence);
        draft.recurrence_from = recurrence_from.or(draft.recurrence_from);
        draft.as_reminder |= as_reminder;
        Ok((title, draft))
    }

    /// The task that a draft makes, or why it makes none.
    fn new_task(&self, title: String, draft: Draft) -> std::result::Result<NewTask, String> {
        let recurrence = match draft
            .recurrence
            .as_deref()
            .map(Recurrence::parse)
            .transpose()
        {
            Ok(recurrence) => recurrence,
            Err(why) => return Err(format!("I cannot repeat it like that: {why}.")),
        };
        let mut reminders = draft.reminders;
        let mut due = match (draft.due, &recurrence) {
            (Some(when), None) => Some(self.clock.due(when, None).ok_or(TOO_FAR)?),
            (said, Some(recurrence)) => Some(
                first_due(recurrence, said, None, &self.clock).ok_or("That never comes round.")?,
            ),
            (None, None) => None,
        };
        if draft.as_reminder {
            // "Remind me at eight to …" is due then, and reminds then, not an hour before.
            if let (None, [Reminder::At(at)]) = (due, reminders.as_slice()) {
                due = Some(*at);
                reminders.clear();
            }
            if reminders.is_empty() {
                reminders.push(Reminder::Before { seconds: 0 });
            }
        }
        if reminders.is_empty() {
            reminders.clone_from(&self.preferences.default_reminders);
        }
        let task = NewTask {
            id: Uuid::new_v4(),
            title: wording::one_line(&title, usize::MAX),
            description: draft.description,
            priority: draft.priority.unwrap_or_default(),
            due_date: due,
            reminders,
            tags: draft.tags,
            recurrence_pattern: recurrence.map(|recurrence| recurrence.to_string()),
            recurrence_from: draft.recurrence_from.unwrap_or_default(),
        };
        task.validated()
            .map_err(|errors| wording::problems(&errors))
    }

    async fn create(&mut self, new: NewTask, as_reminder: bool) -> Result<()> {
        let mut arguments =
            json!({"title": new.title, "priority": new.priority, "reminders": new.reminders});
        let given = [
            ("description", json!(new.description)),
            ("due_date", json!(new.due_date)),
            ("recurrence_pattern", json!(new.recurrence_pattern)),
        ];
        for (field, value) in given {
            if !value.is_null() {
                arguments[field] = value;
            }
        }
        if new.recurrence_from != RecurrenceFrom::default() {
            arguments["recurrence_from"] = json!(new.recurrence_from);
        }
        if !new.tags.is_empty() {
            arguments["tags"] = json!(new.tags);
        }
        let by_default = new.reminders == self.preferences.default_reminders;
        let task = self
            .storage
            .create_task(self.user.id, new, self.origin, self.clock.now)
            .await?;
        self.act("create_task", arguments, json!(task));
        self.done.push(Done::created(&task));
        self.say(self.tell_added(&task, as_reminder, by_default));
        let waits_for_date = task.due_date.is_none()
            && !by_default
            && task
                .reminders
                .iter()
                .any(|reminder| matches!(reminder, Reminder::Before { .. }));
        if waits_for_date {
            self.ask(Question::Due {
                ids: vec![task.id],
                then: None,
            });
        }
        // Several that are added in one sentence are "them".
        let earlier: Vec<Uuid> = self
            .done
            .iter()
            .filter(|done| matches!(done.what, crate::undo::What::Created))
            .map(|done| done.id)
            .collect();
        self.state.spoken = earlier;
        Ok(())
    }

    /// `Added "buy milk" for tomorrow at 5:00 PM, high priority, #groceries.`
    fn tell_added(&self, task: &Task, as_reminder: bool, by_default: bool) -> String {
        let title = wording::quoted(&task.title);
        let mut text = match task.due_date.map(|due| self.clock.tell(due)) {
            Some(due) if as_reminder && task.reminders == [Reminder::Before { seconds: 0 }] => {
                format!("I will remind you of {title} {due}")
            }
            Some(due) => format!("Added {title} for {due}"),
            None => format!("Added {title}"),
        };
        let mut facts = Vec::new();
        if task.priority != Priority::Medium {
            facts.push(wording::priority(task.priority).to_owned());
        }
        facts.extend(task.tags.iter().map(|tag| format!("#{tag}")));
        if task.recurrence_pattern.is_some() {
            facts.push(format!("repeating {}", wording::repetition(task)));
        }
        if !by_default && task.reminders != [Reminder::Before { seconds: 0 }] {
            facts.extend(
                task.reminders.iter().map(|reminder| {
                    format!("reminder {}", wording::reminder(reminder, &self.clock))
                }),
            );
        }
        for fact in facts {
            text.push_str(", ");
            text.push_str(&fact);
        }
        text.push('.');
        text
    }
}
