//! What the chat asks back, and how the next message answers it.

use std::collections::VecDeque;

use language::dates::DateSpan;
use language::{Command, Target};
use serde::{Deserialize, Serialize};
use storage::{Result, Storage};
use task_model::{Priority, RecurrenceFrom, Reminder, Task};
use uuid::Uuid;

use crate::clock::When;
use crate::conversation::{Choice, MAX_QUESTIONS};
use crate::matching::{self, Match};
use crate::operation::Operation;
use crate::session::Session;
use crate::wording;

/// A question that waits for its answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "question", rename_all = "snake_case")]
pub(crate) enum Question {
    /// Which of these tasks?
    Which {
        operation: Operation,
        candidates: Vec<Uuid>,
        /// None of them was named well: "did you mean …?"
        guess: bool,
    },
    /// Really delete all of these?
    ConfirmDelete {
        ids: Vec<Uuid>,
        /// How many matched in all; more than `ids` when there were too many at once.
        total: u64,
    },
    /// What should be added?
    Title { draft: Draft },
    /// There is no such task; should it be added?
    Add {
        title: String,
        #[serde(default)]
        draft: Draft,
    },
    /// When are these due? Then this is done to them.
    Due {
        ids: Vec<Uuid>,
        then: Option<Operation>,
    },
}

/// A task to add that has no title yet.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Draft {
    pub description: Option<String>,
    pub due: Option<When>,
    pub priority: Option<Priority>,
    pub tags: Vec<String>,
    pub reminders: Vec<Reminder>,
    pub recurrence: Option<String>,
    pub recurrence_from: Option<RecurrenceFrom>,
    pub as_reminder: bool,
}

/// What a message was to the question before it.
pub(crate) enum Answer {
    /// Its answer, or a "never mind".
    Taken,
    /// Something else, which is to be understood by itself.
    Other,
}

impl<S: Storage + Sync> Session<'_, S> {
    /// Puts a question that is asked at the end of the turn.
    pub(crate) fn ask(&mut self, question: Question) {
        if self.state.questions.len() < MAX_QUESTIONS {
            self.state.questions.push_back(question);
        } else {
            self.say("There is more that I am unsure of; please ask me for it again.");
        }
    }

    /// Says the first question that still makes sense.
    pub(crate) async fn ask_first(&mut self) -> Result<()> {
        while let Some(question) = self.state.questions.front().cloned() {
            match question {
                Question::Which {
                    operation,
                    candidates,
                    guess,
                } => {
                    let tasks = self.fetch(&candidates).await?;
                    let text = match tasks.as_slice() {
                        [] => {
                            self.state.questions.pop_front();
                            continue;
                        }
                        [one] => format!("Did you mean {}?", wording::quoted(&one.title)),
                        _ => {
                            let list = wording::numbered(&tasks, &self.clock);
                            if guess {
                                format!("Did you mean one of these?\n{list}")
                            } else {
                                format!("Which one should I {}?\n{list}", operation.infinitive())
                            }
                        }
                    };
                    self.say(text);
                    self.list(&tasks);
                }
                Question::ConfirmDelete { ids, total } => {
                    let tasks = self.fetch(&ids).await?;
                    if tasks.is_empty() {
                        self.state.questions.pop_front();
                        continue;
                    }
                    let of = match total > ids.len() as u64 {
                        true => format!("the first {} of {total} tasks", tasks.len()),
                        false => wording::count(tasks.len() as u64, "task"),
                    };
                    self.say(format!(
                        "Delete {of}: {}? Say yes to delete.",
                        wording::names(&tasks)
                    ));
                    self.list(&tasks);
                }
                Question::Add { title, draft } => {
                    let when = draft
                        .due
                        .and_then(|due| self.clock.due(due, None))
                        .map(|due| format!(" for {}", self.clock.tell(due)))
                        .unwrap_or_default();
                    self.say(format!("Should I add {}{when}?", wording::quoted(&title)));
                }
                Question::Title { draft } if draft.as_reminder => {
                    self.say("What should I remind you about?")
                }
                Question::Title { .. } => self.say("What should I add?"),
                Question::Due { ids, then } => {
                    let tasks = self.fetch(&ids).await?;
                    if tasks.is_empty() {
                        self.state.questions.pop_front();
                        continue;
                    }
                    let verb = if tasks.len() == 1 { "is" } else { "are" };
                    match then {
                        Some(_) => self.say(format!("When {verb} {} due?", wording::names(&tasks))),
                        None => self.say("When should I remind you?"),
                    }
                    self.speak_of(&tasks);
                }
            }
            break;
        }
        Ok(())
    }

    /// Takes the message as an answer to `question` if it is one, and takes from `commands` what it
    /// used. A message that is none and not a command either leaves a harmless question standing.
    pub(crate) async fn answer(
        &mut self,
        question: Question,
        commands: &mut VecDeque<Command>,
        dates: &[DateSpan],
    ) -> Result<Answer> {
        // "No, the other one" chooses, it does not decline.
        let declines = matches!(commands.front(), Some(Command::Deny));
        if declines && matches!(commands.get(1), Some(Command::Choose { .. })) {
            commands.pop_front();
        } else if declines {
            commands.pop_front();
            if commands.is_empty() {
                self.say(match question {
                    Question::ConfirmDelete { .. } => "Okay, I deleted nothing.",
                    _ => "Okay, I left it as it is.",
                });
                self.state.questions.clear();
                return Ok(Answer::Taken);
            }
            return Ok(Answer::Other);
        }
        match question {
            Question::Which {
                operation,
                candidates,
                guess,
            } => {
                self.answer_which(operation, candidates, guess, commands)
                    .await
            }
            Question::ConfirmDelete { ids, .. } => {
                if !matches!(commands.front(), Some(Command::Confirm)) {
                    if commands.is_empty() {
                        self.say("That was no yes, so I deleted nothing.");
                        self.state.questions.clear();
                        return Ok(Answer::Taken);
                    }
                    return Ok(Answer::Other);
                }
                commands.pop_front();
                let tasks = self.fetch(&ids).await?;
                self.delete(tasks).await?;
                Ok(Answer::Taken)
            }
            Question::Add { title, draft } => {
                let agrees = match commands.front() {
                    Some(Command::Confirm) => true,
                    Some(Command::Add { title, .. }) => {
                        matches!(title.to_lowercase().as_str(), "" | "it" | "that" | "this")
                    }
                    _ => false,
                };
                if !agrees {
                    return Ok(Answer::Other);
                }
                commands.pop_front();
                self.add(titled(title), Some(draft)).await?;
                Ok(Answer::Taken)
            }
            Question::Title { draft } => self.answer_title(draft, commands).await,
            Question::Due { ids, then } => self.answer_due(&ids, then, commands, dates).await,
        }
    }

    async fn answer_which(
        &mut self,
        operation: Operation,
        candidates: Vec<Uuid>,
        guess: bool,
        commands: &mut VecDeque<Command>,
    ) -> Result<Answer> {
        let tasks = self.fetch(&candidates).await?;
        let chosen = match commands.front() {
            Some(Command::Confirm) if tasks.len() == 1 => Some(tasks.clone()),
            Some(Command::Confirm) => None,
            Some(Command::Choose { target }) => self.choose(target, &tasks),
            // Not a sentence: perhaps the name of one of them.
            None => match matching::best(self.message, tasks.clone(), |_| true) {
                Match::Clear { task, .. } => Some(vec![*task]),
                _ => None,
            },
            Some(_) => return Ok(Answer::Other),
        };
        commands.pop_front();
        let Some(chosen) = chosen else {
            self.say("I did not catch which one.");
            self.state.questions.push_front(Question::Which {
                operation,
                candidates,
                guess,
            });
            return Ok(Answer::Taken);
        };
        if let [one] = chosen.as_slice() {
            self.state.choice = Some(Choice {
                operation: operation.clone(),
                taken: one.id,
                others: candidates.into_iter().filter(|id| *id != one.id).collect(),
            });
        }
        let total = chosen.len() as u64;
        self.perform(&operation, chosen, total).await?;
        Ok(Answer::Taken)
    }

    /// Which of the `candidates` an answer points to; `None` when that is not clear.
    fn choose(&self, target: &Target, candidates: &[Task]) -> Option<Vec<Task>> {
        let chosen: Vec<Task> = match target {
            Target::Named(words) => match matching::best(words, candidates.to_vec(), |_| true) {
                Match::Clear { task, .. } => vec![*task],
                _ => Vec::new(),
            },
            Target::Nth(numbers) => {
                crate::resolve::nth(numbers, candidates.len(), candidates.len())
                    .ok()?
                    .into_iter()
                    .filter_map(|at| candidates.get(at).cloned())
                    .collect()
            }
            Target::It if candidates.len() == 1 => candidates.to_vec(),
            Target::It => Vec::new(),
            Target::Them => candidates.to_vec(),
            Target::All(filter) => candidates
                .iter()
                .filter(|task| self.holds(filter, task))
                .cloned()
                .collect(),
            Target::Other => {
                let taken = self.previous_choice.as_ref().map(|choice| choice.taken);
                let others: Vec<Task> = candidates
                    .iter()
                    .filter(|task| Some(task.id) != taken)
                    .cloned()
                    .collect();
                if others.len() == 1 {
                    others
                } else {
                    Vec::new()
                }
            }
        };
        (!chosen.is_empty()).then_some(chosen)
    }

    async fn answer_title(
        &mut self,
        draft: Draft,
        commands: &mut VecDeque<Command>,
    ) -> Result<Answer> {
        let is_title = match commands.front() {
            None => true,
            Some(Command::Add { title, .. }) => !title.is_empty(),
            // "Finish the report" is a title, unless there is such a task to finish.
            Some(command) => match Operation::of(command) {
                Some((Target::Named(words), operation)) => {
                    matches!(self.find(&words, &operation).await?, Match::Nothing { .. })
                }
                _ => false,
            },
        };
        if !is_title {
            return Ok(Answer::Other);
        }
        if !matches!(commands.front(), Some(Command::Add { .. })) {
            let again = format!("add {}", self.message);
            let understood = language::understand(&again, self.clock.local_now());
            *commands = understood
                .commands
                .into_iter()
                .filter(|command| matches!(command, Command::Add { .. }))
                .collect();
        }
        let first = match commands.pop_front() {
            Some(add) if matches!(&add, Command::Add { title, .. } if !title.is_empty()) => add,
            _ => titled(self.message.trim().to_owned()),
        };
        self.add(first, Some(draft)).await?;
        Ok(Answer::Taken)
    }

    async fn answer_due(
        &mut self,
        ids: &[Uuid],
        then: Option<Operation>,
        commands: &mut VecDeque<Command>,
        dates: &[DateSpan],
    ) -> Result<Answer> {
        let due = match (commands.front(), dates.first()) {
            (Some(Command::SetDue { due: Some(due), .. }), _) => When::from(*due),
            (None, Some(span)) => When::new(span.start, span.grain),
            _ => return Ok(Answer::Other),
        };
        commands.pop_front();
        let tasks = self.fetch(ids).await?;
        let total = tasks.len() as u64;
        let set = Operation::SetDue {
            due: Some(due),
            keep_date: false,
        };
        self.perform(&set, tasks, total).await?;
        if let Some(then) = then {
            let tasks = self.fetch(ids).await?;
            self.perform(&then, tasks, total).await?;
        }
        Ok(Answer::Taken)
    }
}

/// A new task of which only the title is known.
pub(crate) fn titled(title: String) -> Command {
    Command::Add {
        title,
        description: None,
        due: None,
        priority: None,
        tags: Vec::new(),
        reminders: Vec::new(),
        recurrence: None,
        recurrence_from: None,
        as_reminder: false,
    }
}
