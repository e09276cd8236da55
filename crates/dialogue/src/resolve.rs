//! From what a person calls a task to the tasks themselves.

use std::collections::HashSet;

use language::{Filter, Target};
use storage::{Result, Storage};
use task_model::{SortField, Status, Task, TaskQuery};
use uuid::Uuid;

use crate::conversation::Choice;
use crate::matching::{self, Match};
use crate::operation::Operation;
use crate::question::{Draft, Question};
use crate::session::{LIST_LENGTH, Session};
use crate::wording;

/// The most tasks that one command changes.
pub(crate) const MAX_TARGETS: usize = 200;
/// Open tasks that a name is compared with, the latest changed first; the search index adds those
/// beyond them that hold the very words.
const MAX_COMPARED_OPEN: u32 = 1_000;
/// The same for completed and cancelled ones.
const MAX_COMPARED_CLOSED: u32 = 200;
/// Tasks that "which one?" offers.
const MAX_CANDIDATES: usize = 10;
/// Tasks that "did you mean?" offers.
const MAX_GUESSES: usize = 3;
/// The largest page of the storage.
const PAGE: u32 = 100;

pub(crate) const OPEN: &[Status] = &[Status::Pending, Status::InProgress];
pub(crate) const CLOSED: &[Status] = &[Status::Completed, Status::Cancelled];

/// What came of a target.
pub(crate) enum Resolved {
    /// These tasks, out of `total` when there were too many.
    Tasks { tasks: Vec<Task>, total: u64 },
    /// Ask this.
    Ask(Question),
    /// None; this is why.
    None(String),
}

/// Indices from numbers that count from 1, or from the end of what was shown when negative; the
/// number that is out of range otherwise.
pub(crate) fn nth(
    numbers: &[i32],
    len: usize,
    shown: usize,
) -> std::result::Result<Vec<usize>, i32> {
    let mut indices = Vec::new();
    for &number in numbers {
        let distance = number.unsigned_abs() as usize;
        let index = match number {
            1.. => (distance <= len).then(|| distance - 1),
            0 => None,
            _ => shown.checked_sub(distance),
        }
        .ok_or(number)?;
        if !indices.contains(&index) {
            indices.push(index);
        }
    }
    Ok(indices)
}

impl<S: Storage + Sync> Session<'_, S> {
    /// The tasks that still exist, in the order of their ids.
    pub(crate) async fn fetch(&self, ids: &[Uuid]) -> Result<Vec<Task>> {
        let mut tasks = Vec::with_capacity(ids.len());
        for id in ids {
            tasks.extend(self.storage.task(self.user.id, *id).await?);
        }
        Ok(tasks)
    }

    /// The tasks that a target means, for what is to be done with them.
    pub(crate) async fn resolve(
        &mut self,
        target: &Target,
        operation: &Operation,
    ) -> Result<Resolved> {
        match target {
            Target::Named(words) => self.resolve_name(words, operation).await,
            Target::Nth(numbers) => self.resolve_nth(numbers, operation).await,
            Target::It => {
                let spoken = self.fetch(&self.state.spoken).await?;
                Ok(match spoken.len() {
                    0 => Resolved::None(
                        "I am not sure which task you mean. Say its name, please.".into(),
                    ),
                    1 => one(spoken),
                    _ => Resolved::Ask(which(operation, spoken)),
                })
            }
            Target::Them => {
                let several = match self.state.spoken.len() > 1 || self.state.listed.is_empty() {
                    true => &self.state.spoken,
                    false => &self.state.listed,
                };
                let tasks = self.fetch(several).await?;
                Ok(if tasks.is_empty() {
                    Resolved::None(
                        "I am not sure which tasks you mean. Ask me to list some first.".into(),
                    )
                } else {
                    one(tasks)
                })
            }
            Target::Other => self.resolve_other(operation).await,
            Target::All(filter) => self.resolve_all(filter, operation).await,
        }
    }

    async fn resolve_name(&mut self, words: &str, operation: &Operation) -> Result<Resolved> {
        let tasks = self.compared(words).await?;
        if let Some(several) = matching::each(words, &tasks, |task| operation.expects(task)) {
            return Ok(one(several));
        }
        let found = matching::best(words, tasks, |task| operation.expects(task));
        Ok(match found {
            Match::Clear { task, others } => {
                self.state.choice = Some(Choice {
                    operation: operation.clone(),
                    taken: task.id,
                    others: others
                        .iter()
                        .take(MAX_CANDIDATES)
                        .map(|task| task.id)
                        .collect(),
                });
                one(vec![*task])
            }
            Match::Several(tasks) => Resolved::Ask(which(operation, tasks)),
            // "Bought milk", when nothing like it was on the list.
            Match::Nothing { near }
                if near.is_empty()
                    && matches!(operation, Operation::Complete | Operation::Start) =>
            {
                self.say(format!("I found no task like {}.", wording::quoted(words)));
                Resolved::Ask(Question::Add {
                    title: words.to_owned(),
                    draft: Draft::default(),
                })
            }
            Match::Nothing { near } if near.is_empty() => Resolved::None(format!(
                "I found no task like {}, so I changed nothing.",
                wording::quoted(words)
            )),
            Match::Nothing { near } => {
                self.say(format!("I found no task like {}.", wording::quoted(words)));
                Resolved::Ask(Question::Which {
                    operation: operation.clone(),
                    candidates: near.iter().take(MAX_GUESSES).map(|task| task.id).collect(),
                    guess: true,
                })
            }
        })
    }

    async fn resolve_nth(&mut self, numbers: &[i32], operation: &Operation) -> Result<Resolved> {
        let listed = &self.state.listed;
        if listed.is_empty() {
            return Ok(Resolved::None(
                "I have shown you no list to count in. Ask me \"what's on my list?\" first.".into(),
            ));
        }
        let shown = listed.len().min(LIST_LENGTH);
        let ids: Vec<Uuid> = match nth(numbers, listed.len(), shown) {
            Ok(indices) => indices
                .into_iter()
                .filter_map(|at| listed.get(at).copied())
                .collect(),
            Err(number) => {
                return Ok(Resolved::None(format!(
                    "There is no number {number} in the list I showed you; it has {}.",
                    wording::count(shown as u64, "task")
                )));
            }
        };
        let tasks = self.fetch(&ids).await?;
        if tasks.len() < ids.len() {
            return Ok(Resolved::None("That task is no longer there.".into()));
        }
        if let [task] = tasks.as_slice() {
            self.state.choice = Some(Choice {
                operation: operation.clone(),
                taken: task.id,
                others: listed
                    .iter()
                    .copied()
                    .filter(|id| *id != task.id)
                    .take(MAX_CANDIDATES)
                    .collect(),
            });
        }
        Ok(one(tasks))
    }

    /// "The other one": what the last choice left over, or what the last list did.
    async fn resolve_other(&mut self, operation: &Operation) -> Result<Resolved> {
        let mut others = match &self.previous_choice {
            Some(choice) => self.fetch(&choice.others).await?,
            None => Vec::new(),
        };
        if others.is_empty() && self.state.listed.len() <= MAX_CANDIDATES {
            let spoken = &self.state.spoken;
            let left: Vec<Uuid> = self
                .state
                .listed
                .iter()
                .copied()
                .filter(|id| !spoken.contains(id))
                .collect();
            others = self.fetch(&left).await?;
        }
        Ok(match others.len() {
            0 => Resolved::None("I know of no other one. Say its name, please.".into()),
            1 => {
                self.state.choice = others.first().map(|task| Choice {
                    operation: operation.clone(),
                    taken: task.id,
                    others: self
                        .previous_choice
                        .iter()
                        .map(|choice| choice.taken)
                        .collect(),
                });
                one(others)
            }
            _ => Resolved::Ask(which(operation, others)),
        })
    }

    async fn resolve_all(&mut self, filter: &Filter, operation: &Operation) -> Result<Resolved> {
        let default = match operation {
            Operation::Reopen => CLOSED,
            _ => OPEN,
        };
        let found = self.select(filter, default, MAX_TARGETS).await?;
        Ok(if found.tasks.is_empty() {
            Resolved::None(format!(
                "You have {}, so I changed nothing.",
                self.describe(filter, default, 0)
            ))
        } else {
            Resolved::Tasks {
                tasks: found.tasks,
                total: found.total,
            }
        })
    }

    /// Compares a name with the person's tasks.
    pub(crate) async fn find(&self, words: &str, operation: &Operation) -> Result<Match> {
        let tasks = self.compared(words).await?;
        Ok(matching::best(words, tasks, |task| operation.expects(task)))
    }

    /// The tasks that a name is compared with.
    async fn compared(&self, words: &str) -> Result<Vec<Task>> {
        let mut tasks = self.latest(OPEN, MAX_COMPARED_OPEN).await?;
        tasks.extend(self.latest(CLOSED, MAX_COMPARED_CLOSED).await?);
        let mut known: HashSet<Uuid> = tasks.iter().map(|task| task.id).collect();
        let (hits, _) = self.storage.search(self.user.id, words, PAGE).await?;
        tasks.extend(
            hits.into_iter()
                .map(|hit| hit.task)
                .filter(|task| known.insert(task.id)),
        );
        Ok(tasks)
    }

    /// Up to `limit` tasks in one of these states, the latest changed first.
    async fn latest(&self, status: &[Status], limit: u32) -> Result<Vec<Task>> {
        let query = TaskQuery {
            status: status.to_vec(),
            sort: SortField::UpdatedAt,
            ..TaskQuery::default()
        };
        Ok(self.pages(query, limit).await?.0)
    }

    /// Up to `limit` tasks of a query, and how many there are in all.
    pub(crate) async fn pages(&self, mut query: TaskQuery, limit: u32) -> Result<(Vec<Task>, u64)> {
        query.limit = PAGE.min(limit).max(1);
        query.offset = 0;
        let mut tasks = Vec::new();
        loop {
            let page = self
                .storage
                .tasks(self.user.id, &query, self.clock.now)
                .await?;
            let count = page.tasks.len() as u32;
            tasks.extend(page.tasks);
            query.offset += count;
            if count < query.limit || query.offset >= limit {
                tasks.truncate(limit as usize);
                return Ok((tasks, page.total));
            }
        }
    }
}

fn one(tasks: Vec<Task>) -> Resolved {
    let total = tasks.len() as u64;
    Resolved::Tasks { tasks, total }
}

fn which(operation: &Operation, tasks: Vec<Task>) -> Question {
    Question::Which {
        operation: operation.clone(),
        candidates: tasks
            .iter()
            .take(MAX_CANDIDATES)
            .map(|task| task.id)
            .collect(),
        guess: false,
    }
}

#[cfg(test)]
mod tests {
    use super::nth;

    #[test]
    fn numbers_count_from_one_and_back_from_what_was_shown() {
        assert_eq!(nth(&[1, 3, 1], 3, 3), Ok(vec![0, 2]));
        assert_eq!(nth(&[-1], 50, 20), Ok(vec![19]));
        assert_eq!(nth(&[25], 50, 20), Ok(vec![24]));
        for number in [0, 4, -4, i32::MIN, i32::MAX] {
            assert_eq!(nth(&[number], 3, 3), Err(number));
        }
    }
}
