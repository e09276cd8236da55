//! The tasks that a filter matches, and the words for it.

use chrono::{DateTime, Utc};
use language::{Filter, Period};
use storage::{Result, Storage};
use task_model::{SortField, SortOrder, Status, Task, TaskQuery};

use crate::matching::{MEANT, Words};
use crate::resolve::{CLOSED, OPEN};
use crate::session::Session;
use crate::wording;

/// Tasks that are looked through when the storage cannot filter by what was asked (repeating, with
/// reminders, words with typos).
pub(crate) const MAX_SCANNED: u32 = 1_000;

/// Tasks that a filter matches.
pub(crate) struct Selection {
    pub tasks: Vec<Task>,
    /// How many match in all.
    pub total: u64,
}

impl<S: Storage + Sync> Session<'_, S> {
    /// Up to `limit` tasks that a filter matches, `status` being meant where it says none: the
    /// soonest due first, completed ones the latest first.
    pub(crate) async fn select(
        &self,
        filter: &Filter,
        status: &[Status],
        limit: usize,
    ) -> Result<Selection> {
        let mut query = self.query(filter, status);
        let looks = filter.recurring || filter.with_reminders;
        if !looks {
            let (tasks, total) = self.pages(query.clone(), limit as u32).await?;
            if total > 0 || filter.text.is_none() {
                return Ok(Selection { tasks, total });
            }
        }
        // The index knows whole words only: for what it does not find, look for similar ones.
        let words = match &query.q {
            Some(text) if self.pages(query.clone(), 1).await?.1 == 0 => Some(Words::new(text)),
            _ => None,
        };
        if words.is_some() {
            query.q = None;
        }
        let (mut tasks, _) = self.pages(query, MAX_SCANNED).await?;
        tasks.retain(|task| {
            (!filter.recurring || task.recurrence_pattern.is_some())
                && (!filter.with_reminders || !task.reminders.is_empty())
                && words
                    .as_ref()
                    .is_none_or(|words| words.score(task) >= MEANT)
        });
        let total = tasks.len() as u64;
        tasks.truncate(limit);
        Ok(Selection { tasks, total })
    }

    pub(crate) fn query(&self, filter: &Filter, default: &[Status]) -> TaskQuery {
        let status = if filter.status.is_empty() {
            default
        } else {
            &filter.status
        };
        let closed = status.iter().all(|status| CLOSED.contains(status));
        let mut query = TaskQuery {
            status: status.to_vec(),
            priority: filter.priority.clone(),
            tag: filter.tags.clone(),
            overdue: filter.overdue.then_some(true),
            has_due_date: filter.no_due_date.then_some(false),
            q: filter.text.clone(),
            ..TaskQuery::default()
        };
        (query.sort, query.order) = if closed {
            (SortField::UpdatedAt, SortOrder::Descending)
        } else {
            (SortField::DueDate, SortOrder::Ascending)
        };
        if let Some((start, end)) = filter.period.map(|period| self.in_utc(&period)) {
            if status == [Status::Completed] {
                (query.completed_after, query.completed_before) = (Some(start), Some(end));
            } else {
                (query.due_after, query.due_before) = (Some(start), Some(end));
            }
        }
        query
    }

    /// Whether a filter matches a task, without the storage.
    pub(crate) fn holds(&self, filter: &Filter, task: &Task) -> bool {
        let period = filter.period.map(|period| self.in_utc(&period));
        let in_period = |at: Option<DateTime<Utc>>| {
            period.is_none_or(|(start, end)| at.is_some_and(|at| (start..end).contains(&at)))
        };
        (filter.status.is_empty() || filter.status.contains(&task.status))
            && (filter.priority.is_empty() || filter.priority.contains(&task.priority))
            && (filter.tags.is_empty() || filter.tags.iter().any(|tag| task.tags.contains(tag)))
            && in_period(if filter.status == [Status::Completed] {
                task.completed_at
            } else {
                task.due_date
            })
            && (!filter.overdue
                || (wording::is_open(task)
                    && task.due_date.is_some_and(|due| due < self.clock.now)))
            && (!filter.no_due_date || task.due_date.is_none())
            && (!filter.recurring || task.recurrence_pattern.is_some())
            && (!filter.with_reminders || !task.reminders.is_empty())
            && filter
                .text
                .as_ref()
                .is_none_or(|text| Words::new(text).score(task) >= MEANT)
    }

    pub(crate) fn in_utc(&self, period: &Period) -> (DateTime<Utc>, DateTime<Utc>) {
        (
            self.clock.utc_or_nearest(period.start),
            self.clock.utc_or_nearest(period.end),
        )
    }

    pub(crate) async fn total(&self, query: TaskQuery) -> Result<u64> {
        Ok(self.pages(query, 1).await?.1)
    }

    /// "2 open high-priority tasks tagged #home due today".
    pub(crate) fn describe(&self, filter: &Filter, default: &[Status], n: u64) -> String {
        let mut words = vec![match n {
            0 => "no".to_owned(),
            n => n.to_string(),
        }];
        let status = if filter.status.is_empty() {
            default
        } else {
            &filter.status
        };
        if filter.overdue {
            words.push("overdue".into());
        } else if status == OPEN {
            words.push("open".into());
        } else if status.len() < OPEN.len() + CLOSED.len() && status != CLOSED {
            let named: Vec<String> = status
                .iter()
                .map(|status| wording::status(*status).replace(' ', "-"))
                .collect();
            words.push(wording::join_or(&named));
        }
        if !filter.priority.is_empty() {
            let named: Vec<String> = filter
                .priority
                .iter()
                .map(|priority| wording::priority(*priority).replace(' ', "-"))
                .collect();
            words.push(wording::join_or(&named));
        }
        if filter.recurring {
            words.push("repeating".into());
        }
        words.push(if n == 1 { "task" } else { "tasks" }.into());
        if !filter.tags.is_empty() {
            let tags: Vec<String> = filter.tags.iter().map(|tag| format!("#{tag}")).collect();
            words.push(format!("tagged {}", wording::join_or(&tags)));
        }
        if let Some(period) = &filter.period {
            let verb = if status == [Status::Completed] {
                ""
            } else {
                "due "
            };
            words.push(format!("{verb}{}", self.clock.tell_period(period)));
        }
        if filter.no_due_date {
            words.push("without a due date".into());
        }
        if filter.with_reminders {
            words.push("with reminders".into());
        }
        if let Some(text) = &filter.text {
            words.push(format!("like {}", wording::quoted(text)));
        }
        words.join(" ")
    }
}
