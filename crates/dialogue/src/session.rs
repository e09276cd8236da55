//! One turn at work: takes the commands in order, changes tasks and collects what there is to say.

use std::collections::VecDeque;

use language::{Command, Nicety, Target, Understanding};
use serde_json::{Value, json};
use storage::{Origin, Result, Storage, StorageError};
use task_model::{NotificationPreferences, Task, TaskPatch, User};
use uuid::Uuid;

use crate::clock::Clock;
use crate::conversation::{Choice, MAX_REFERENCES, State};
use crate::matching::Match;
use crate::operation::{Operation, Plan, RemindAt};
use crate::question::{Answer, Draft, Question, titled};
use crate::resolve::Resolved;
use crate::undo::Done;
use crate::{Action, Reply, series, wording};

/// Tasks that a list shows before it says how many more there are.
pub(crate) const LIST_LENGTH: usize = 20;
/// Commands of one message that are done.
const MAX_COMMANDS: usize = 20;
/// How often a change is tried again when someone else changed the task in between.
const ATTEMPTS: usize = 3;

/// A turn at work.
pub(crate) struct Session<'a, S> {
    pub storage: &'a S,
    pub user: &'a User,
    /// The person's, as this turn leaves them.
    pub preferences: NotificationPreferences,
    pub origin: &'a Origin,
    pub message: &'a str,
    pub clock: Clock,
    pub state: &'a mut State,
    /// The choice of the turn before, which "the other one" corrects.
    pub previous_choice: Option<Choice>,
    pub said: Vec<String>,
    pub actions: Vec<Action>,
    pub tasks: Option<Vec<Task>>,
    /// What was changed, for "undo".
    pub done: Vec<Done>,
    /// The turns that this one took back.
    pub undone: Vec<Uuid>,
}

impl<S: Storage + Sync> Session<'_, S> {
    /// Does all that the message says.
    pub async fn run(&mut self, understanding: Understanding) -> Result<()> {
        let mut commands: VecDeque<Command> = understanding.commands.into();
        let mut guess = understanding.guess;
        if let Some(question) = self.state.questions.pop_front() {
            match self
                .answer(question, &mut commands, &understanding.dates)
                .await?
            {
                Answer::Taken => guess = None,
                Answer::Other => self.state.questions.clear(),
            }
        }
        let mut corrects = false;
        if commands.len() > 1 && matches!(commands.front(), Some(Command::Deny)) {
            commands.pop_front();
            corrects = true;
        }
        let too_many = commands.len() > MAX_COMMANDS;
        commands.truncate(MAX_COMMANDS);
        let mut deletions = commands
            .iter()
            .filter(|command| matches!(command, Command::Delete { .. }))
            .count();
        let mut to_delete: Vec<Task> = Vec::new();
        let mut to_delete_of = 0;
        for command in commands {
            match Operation::of(&command) {
                Some((target, operation)) => {
                    if self.add_reminded(&target, &operation).await? {
                        continue;
                    }
                    if corrects && target == Target::Other {
                        self.take_back_choice().await?;
                    }
                    let resolved = self.resolve(&target, &operation).await?;
                    let deletes = operation == Operation::Delete;
                    match resolved {
                        Resolved::Tasks { tasks, total } if deletes => {
                            to_delete_of += total;
                            for task in tasks {
                                if to_delete.iter().any(|other| other.id == task.id) {
                                    to_delete_of -= 1;
                                } else {
                                    to_delete.push(task);
                                }
                            }
                        }
                        Resolved::Tasks { tasks, total } => {
                            self.perform(&operation, tasks, total).await?
                        }
                        Resolved::Ask(question) => self.ask(question),
                        Resolved::None(why) => self.say(why),
                    }
                    if deletes {
                        deletions -= 1;
                        if deletions == 0 && !to_delete.is_empty() {
                            let tasks = std::mem::take(&mut to_delete);
                            self.perform(&operation, tasks, to_delete_of).await?;
                        }
                    }
                }
                None => self.execute(command).await?,
            }
        }
        if too_many {
            self.say(format!(
                "That was a lot at once: I did the first {MAX_COMMANDS} things."
            ));
        }
        if self.said.is_empty() && self.state.questions.is_empty() {
            match guess {
                Some(guess) => self.try_guess(guess).await?,
                None => self.say(wording::NOT_UNDERSTOOD),
            }
        }
        self.ask_first().await
    }

    /// "Remind me about the dentist at 5" adds the dentist when there is no such task.
    async fn add_reminded(&mut self, target: &Target, operation: &Operation) -> Result<bool> {
        let (
            Target::Named(title),
            Operation::AddReminder {
                at: RemindAt::At(when),
            },
        ) = (target, operation)
        else {
            return Ok(false);
        };
        if !matches!(self.find(title, operation).await?, Match::Nothing { .. }) {
            return Ok(false);
        }
        let draft = Draft {
            due: Some(*when),
            as_reminder: true,
            ..Draft::default()
        };
        self.add(titled(title.clone()), Some(draft)).await?;
        Ok(true)
    }

    /// A command that is about no existing task in particular.
    async fn execute(&mut self, command: Command) -> Result<()> {
        match command {
            Command::Add { .. } => self.add(command, None).await?,
            Command::List { filter } => self.show_list(&filter).await?,
            Command::Count { filter } => self.show_count(&filter).await?,
            Command::Search { text } => self.show_search(&text).await?,
            Command::Summary {
                period,
                looking_back,
            } if looking_back => self.look_back(period).await?,
            Command::Summary { period, .. } => self.look_ahead(period).await?,
            Command::ListReminders { filter } => self.show_reminders(&filter).await?,
            Command::SetDefaultReminders { seconds } => {
                self.set_default_reminders(&seconds).await?
            }
            Command::Undo => self.undo().await?,
            Command::Choose { target } => self.choose_unasked(target).await?,
            Command::Confirm => self.say("There is nothing to confirm. Tell me what to do."),
            Command::Deny => {
                self.say("Okay. \"Undo\" takes back the last change, if you want that.")
            }
            Command::Help => self.say(wording::HELP),
            Command::Greet { kind } => self.say(match kind {
                Nicety::Hello => "Hello! Tell me what to remember, or ask what is on your list.",
                Nicety::Thanks => "You're welcome!",
                Nicety::Bye => "Goodbye!",
            }),
            // `Operation::of` takes all others.
            _ => self.say(wording::NOT_UNDERSTOOD),
        }
        Ok(())
    }

    /// "The other one", "the second" when nothing was asked: corrects the last choice, or shows.
    async fn choose_unasked(&mut self, target: Target) -> Result<()> {
        let operation = match (&target, &self.previous_choice) {
            (Target::Other, Some(choice)) => choice.operation.clone(),
            _ => Operation::Show,
        };
        if target == Target::Other {
            self.take_back_choice().await?;
        }
        match self.resolve(&target, &operation).await? {
            Resolved::Tasks { tasks, total } => self.perform(&operation, tasks, total).await,
            Resolved::Ask(question) => {
                self.ask(question);
                Ok(())
            }
            Resolved::None(why) => {
                self.say(why);
                Ok(())
            }
        }
    }

    /// Does an operation to tasks that are known, and says so. `total` is how many matched.
    pub async fn perform(
        &mut self,
        operation: &Operation,
        tasks: Vec<Task>,
        total: u64,
    ) -> Result<()> {
        match operation {
            Operation::Show => self.show(tasks),
            Operation::Delete if tasks.len() > 1 => {
                // It is asked before what is already waiting, as it was said in this moment.
                self.state.questions.push_front(Question::ConfirmDelete {
                    ids: tasks.iter().map(|task| task.id).collect(),
                    total,
                });
            }
            Operation::Delete => self.delete(tasks).await?,
            _ => {
                let count = tasks.len() as u64;
                self.change(operation, tasks).await?;
                if total > count {
                    self.say(format!(
                        "These were the first {count} of {total}; say it again for the next."
                    ));
                }
            }
        }
        Ok(())
    }

    async fn change(&mut self, operation: &Operation, tasks: Vec<Task>) -> Result<()> {
        let mut changed: Vec<(Task, Task)> = Vec::new();
        let mut unchanged: Vec<(Task, String)> = Vec::new();
        let mut without_due: Vec<Uuid> = Vec::new();
        let mut problems: Vec<String> = Vec::new();
        let mut spoken = Vec::new();
        for task in tasks {
            spoken.push(task.clone());
            match self.change_one(operation, task.clone()).await? {
                Changed::Yes(before, after) => changed.push((*before, *after)),
                Changed::No(why) => unchanged.push((task, why)),
                Changed::NeedsDueDate => without_due.push(task.id),
                Changed::Impossible(why) if problems.contains(&why) => {}
                Changed::Impossible(why) => problems.push(why),
            }
        }
        self.tell_changed(operation, &changed);
        match unchanged.as_slice() {
            [] => {}
            [(task, why)] => self.say(format!("{} {why}.", wording::quoted(&task.title))),
            several => {
                let text = match changed.is_empty() {
                    true => format!(
                        "Nothing to do: that is already so for all {}.",
                        several.len()
                    ),
                    false => format!("For {} of them it was already so.", several.len()),
                };
                self.say(text);
            }
        }
        for problem in problems {
            self.say(problem);
        }
        if !without_due.is_empty() {
            self.ask(Question::Due {
                ids: without_due,
                then: Some(operation.clone()),
            });
        }
        self.speak_of(&spoken);
        Ok(())
    }

    async fn change_one(&mut self, operation: &Operation, mut task: Task) -> Result<Changed> {
        for _ in 0..ATTEMPTS {
            let patch = match operation.plan(&task, &self.clock) {
                Plan::Patch(patch) => patch,
                Plan::Nothing(why) => return Ok(Changed::No(why)),
                Plan::NeedsDueDate => return Ok(Changed::NeedsDueDate),
                Plan::Impossible(why) => return Ok(Changed::Impossible(why)),
            };
            let patch = match patch.validated() {
                Ok(patch) => patch,
                Err(errors) => return Ok(Changed::Impossible(wording::problems(&errors))),
            };
            match self.update(&task, patch, operation.tool()).await {
                Ok(Some(after)) => return Ok(Changed::Yes(Box::new(task), Box::new(after))),
                Ok(None) => break,
                Err(StorageError::VersionMismatch { .. }) => {
                    match self.storage.task(self.user.id, task.id).await? {
                        Some(newer) => task = newer,
                        None => break,
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok(Changed::No(
            "was changed by someone else just now, so I left it".into(),
        ))
    }

    /// Patches a task that is still at the version it was read at, and remembers how to undo it.
    async fn update(
        &mut self,
        task: &Task,
        patch: TaskPatch,
        tool: &'static str,
    ) -> Result<Option<Task>> {
        let updated = self
            .storage
            .update_task(
                self.user.id,
                task.id,
                patch,
                Some(task.version),
                self.origin,
                self.clock.now,
            )
            .await?;
        if let Some(after) = &updated {
            let mut arguments = json!({"id": task.id});
            if tool == "update_task" {
                add_changed_fields(&mut arguments, task, after);
            }
            self.act(tool, arguments, json!(after));
            if after.version != task.version {
                self.done.push(Done::updated(task, after));
            }
        }
        Ok(updated)
    }

    fn tell_changed(&mut self, operation: &Operation, changed: &[(Task, Task)]) {
        let phrases: Vec<(String, String)> = changed
            .iter()
            .map(|(before, after)| operation.phrase(before, after, &self.clock))
            .collect();
        let Some((verb, rest)) = phrases.first() else {
            return;
        };
        let befores: Vec<Task> = changed.iter().map(|(before, _)| before.clone()).collect();
        let text = match befores.as_slice() {
            [one] => format!("{verb} {}{rest}.", wording::quoted(&one.title)),
            several if phrases.iter().all(|phrase| phrase.1 == *rest) => format!(
                "{verb} {}{rest}: {}.",
                wording::count(several.len() as u64, "task"),
                wording::names(several)
            ),
            several => format!(
                "{verb} {}: {}.",
                wording::count(several.len() as u64, "task"),
                wording::names_with(several, |n| phrases
                    .get(n)
                    .map_or("", |phrase| phrase.1.as_str()))
            ),
        };
        self.say(text);
        if *operation == Operation::Complete {
            self.tell_next(changed);
        }
    }

    /// "Next: Friday at 9:00 AM." after a completed task that repeats.
    fn tell_next(&mut self, changed: &[(Task, Task)]) {
        let repeating = changed
            .iter()
            .map(|(_, after)| after)
            .filter(|task| task.recurrence_pattern.is_some());
        let next: Vec<String> = repeating
            .take(LIST_LENGTH)
            .map(|task| {
                let told = match series::next_after_completion(task, &self.clock) {
                    Some(next) => self.clock.tell(next),
                    None => "none, that was the last time".into(),
                };
                match changed {
                    [_] => told,
                    _ => format!("{} {told}", wording::quoted(&task.title)),
                }
            })
            .collect();
        if !next.is_empty() {
            self.say(format!("Next: {}.", next.join("; ")));
        }
    }

    /// Deletes tasks, says so and remembers how to bring them back.
    pub async fn delete(&mut self, tasks: Vec<Task>) -> Result<()> {
        let mut deleted = Vec::new();
        for task in tasks {
            let gone = self
                .storage
                .delete_task(self.user.id, task.id, self.origin, self.clock.now)
                .await?;
            if let Some(last) = gone {
                self.act("delete_task", json!({"id": last.id}), json!(last));
                self.done.push(Done::deleted(&last));
                deleted.push(last);
            }
        }
        self.say(match deleted.as_slice() {
            [] => "That is already gone.".into(),
            [one] if one.recurrence_pattern.is_some() && wording::is_open(one) => format!(
                "Deleted {}, which repeated {}. \"Undo\" brings it back.",
                wording::quoted(&one.title),
                wording::repetition(one)
            ),
            [one] => format!("Deleted {}.", wording::quoted(&one.title)),
            several => format!(
                "Deleted {}: {}.",
                wording::count(several.len() as u64, "task"),
                wording::names(several)
            ),
        });
        self.state
            .spoken
            .retain(|id| deleted.iter().all(|task| task.id != *id));
        Ok(())
    }

    /// Remembers what can be undone and makes the reply; answers also which turns were taken back.
    pub fn finish(self) -> (Reply, Vec<Uuid>) {
        let undo = self.state.undo.push(self.done);
        let lists = self.said.iter().any(|text| text.contains('\n'));
        let reply = Reply {
            reply: self.said.join(if lists { "\n" } else { " " }),
            actions: self.actions,
            tasks: self.tasks,
            undo,
        };
        (reply, self.undone)
    }

    /// Adds a sentence to the reply.
    pub fn say(&mut self, text: impl Into<String>) {
        self.said.push(text.into());
    }

    /// Notes a call.
    pub fn act(&mut self, tool: &'static str, arguments: Value, result: Value) {
        self.actions.push(Action {
            tool: tool.into(),
            arguments,
            result,
        });
    }

    /// What "it" and "them" point to from now on.
    pub fn speak_of(&mut self, tasks: &[Task]) {
        if !tasks.is_empty() {
            self.state.spoken = tasks
                .iter()
                .take(MAX_REFERENCES)
                .map(|task| task.id)
                .collect();
        }
    }

    /// What "the second one" points to from now on; goes into the reply.
    pub fn list(&mut self, tasks: &[Task]) {
        self.state.listed = tasks
            .iter()
            .take(MAX_REFERENCES)
            .map(|task| task.id)
            .collect();
        self.state.spoken = self.state.listed.clone();
        self.tasks = Some(tasks.iter().take(LIST_LENGTH).cloned().collect());
    }
}

/// What came of changing one task.
enum Changed {
    Yes(Box<Task>, Box<Task>),
    No(String),
    NeedsDueDate,
    Impossible(String),
}

/// Adds the fields that differ, as they are now.
pub(crate) fn add_changed_fields(arguments: &mut Value, before: &Task, after: &Task) {
    let (Value::Object(arguments), Value::Object(before), Value::Object(after)) =
        (arguments, json!(before), json!(after))
    else {
        return;
    };
    for (field, value) in after {
        let set_by_server = matches!(field.as_str(), "updated_at" | "completed_at" | "version");
        if !set_by_server && before.get(&field) != Some(&value) {
            arguments.insert(field, value);
        }
    }
}
