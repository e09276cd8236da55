//! Questions about tasks: lists, counts, searches, summaries, reminders.

use chrono::{DateTime, Days, TimeDelta, Utc, Weekday};
use language::dates::Grain;
use language::{Filter, Period};
use serde_json::{Value, json};
use storage::{Result, Storage};
use task_model::{Priority, Reminder, Status, Task, TaskQuery};

use crate::resolve::{CLOSED, OPEN};
use crate::selection::{MAX_SCANNED, Selection};
use crate::session::{LIST_LENGTH, Session};
use crate::wording;

/// The most that a list keeps for "them" and "the thirtieth".
const MAX_LISTED: usize = crate::conversation::MAX_REFERENCES;

impl<S: Storage + Sync> Session<'_, S> {
    pub(crate) async fn show_list(&mut self, filter: &Filter) -> Result<()> {
        let found = self.select(filter, OPEN, MAX_LISTED).await?;
        self.act(
            "list_tasks",
            json!(filter),
            json!({"count": found.tasks.len().min(LIST_LENGTH), "total": found.total}),
        );
        let yes_or_no = match (self.is_yes_no_question(), found.total) {
            (false, _) => "",
            (true, 0) => "No, ",
            (true, _) => "Yes, ",
        };
        let you = if yes_or_no.is_empty() { "You" } else { "you" };
        let head = format!(
            "{yes_or_no}{you} have {}",
            self.describe(filter, OPEN, found.total)
        );
        self.tell_list(head, &found);
        self.mention_overdue(filter).await
    }

    /// Says the head and the tasks under it.
    fn tell_list(&mut self, head: String, found: &Selection) {
        if found.tasks.is_empty() {
            self.tasks = Some(Vec::new());
            self.say(format!("{head}."));
            return;
        }
        let shown = found.tasks.len().min(LIST_LENGTH);
        let mut text = format!(
            "{head}:\n{}",
            wording::numbered(found.tasks.iter().take(shown), &self.clock)
        );
        if found.total > shown as u64 {
            text.push_str(&format!("\n… and {} more.", found.total - shown as u64));
        }
        self.say(text);
        self.list(&found.tasks);
    }

    /// What is overdue is not due today, but who asks for today should know of it.
    async fn mention_overdue(&mut self, filter: &Filter) -> Result<()> {
        let today = self.clock.today();
        let asks_for_today = filter
            .period
            .is_some_and(|period| period.start.date() == today && period.grain <= Grain::Day);
        if !asks_for_today || filter.overdue || !filter.status.is_empty() {
            return Ok(());
        }
        let Some(start) = filter
            .period
            .and_then(|period| self.clock.utc(period.start))
        else {
            return Ok(());
        };
        let late = TaskQuery {
            due_before: Some(start),
            ..self.query(
                &Filter {
                    period: None,
                    ..filter.clone()
                },
                OPEN,
            )
        };
        match self.total(late).await? {
            0 => {}
            1 => self.say("One more is overdue from before."),
            n => self.say(format!("{n} more are overdue from before.")),
        }
        Ok(())
    }

    pub(crate) async fn show_count(&mut self, filter: &Filter) -> Result<()> {
        let found = self.select(filter, OPEN, MAX_LISTED).await?;
        self.act("count_tasks", json!(filter), json!({"count": found.total}));
        self.say(format!(
            "You have {}.",
            self.describe(filter, OPEN, found.total)
        ));
        self.list(&found.tasks);
        Ok(())
    }

    pub(crate) async fn show_search(&mut self, text: &str) -> Result<()> {
        let (hits, total) = self
            .storage
            .search(self.user.id, text, MAX_LISTED as u32)
            .await?;
        let mut found = Selection {
            tasks: hits.into_iter().map(|hit| hit.task).collect(),
            total,
        };
        if found.tasks.is_empty() {
            let filter = Filter {
                text: Some(text.to_owned()),
                ..Filter::default()
            };
            let all: Vec<Status> = OPEN.iter().chain(CLOSED).copied().collect();
            found = self.select(&filter, &all, MAX_LISTED).await?;
        }
        self.act(
            "search_tasks",
            json!({"q": text}),
            json!({"count": found.tasks.len().min(LIST_LENGTH), "total": found.total}),
        );
        let head = match found.total {
            0 => format!("I found nothing for {}", wording::quoted(text)),
            n => format!(
                "I found {} for {}",
                wording::count(n, "task"),
                wording::quoted(text)
            ),
        };
        self.tell_list(head, &found);
        Ok(())
    }

    /// Tells about tasks.
    pub(crate) fn show(&mut self, tasks: Vec<Task>) {
        for task in &tasks {
            self.act("get_task", json!({"id": task.id}), json!(task));
        }
        match tasks.as_slice() {
            [task] => self.say(self.tell_task(task)),
            several => self.say(wording::numbered(
                several.iter().take(LIST_LENGTH),
                &self.clock,
            )),
        }
        if tasks.len() > 1 {
            self.list(&tasks);
        } else {
            self.speak_of(&tasks);
            self.tasks = Some(tasks);
        }
    }

    fn tell_task(&self, task: &Task) -> String {
        let mut facts = vec![match (task.status, task.completed_at) {
            (Status::Completed, Some(at)) => format!("completed {}", self.clock.tell(at)),
            (status, _) => wording::status(status).to_owned(),
        }];
        facts.push(match task.due_date {
            Some(due) if wording::is_open(task) && due < self.clock.now => {
                format!("overdue since {}", self.clock.tell(due))
            }
            Some(due) => format!("due {}", self.clock.tell(due)),
            None => "no due date".into(),
        });
        facts.push(wording::priority(task.priority).into());
        facts.extend(task.tags.iter().map(|tag| format!("#{tag}")));
        if task.recurrence_pattern.is_some() {
            facts.push(format!("repeats {}", wording::repetition(task)));
        }
        if task.due_date.is_some()
            || task
                .reminders
                .iter()
                .any(|at| matches!(at, Reminder::At(_)))
        {
            facts.extend(
                task.reminders.iter().map(|reminder| {
                    format!("reminder {}", wording::reminder(reminder, &self.clock))
                }),
            );
        }
        let mut text = format!("{}: {}.", wording::quoted(&task.title), facts.join(", "));
        if let Some(description) = &task.description {
            text.push_str(&format!(" Note: {}", wording::one_line(description, 500)));
        }
        text
    }

    /// "What's on my plate": what is overdue, due today and this week, and what comes next.
    pub(crate) async fn look_ahead(&mut self, period: Option<Period>) -> Result<()> {
        let filter = Filter {
            period,
            ..Filter::default()
        };
        let found = self.select(&filter, OPEN, MAX_LISTED).await?;
        let open = self.query(&Filter::default(), OPEN);
        let tomorrow = self
            .clock
            .today()
            .checked_add_days(Days::new(1))
            .unwrap_or(self.clock.today());
        let midnight = self.clock.utc(tomorrow.and_time(chrono::NaiveTime::MIN));
        let overdue = self
            .total(TaskQuery {
                overdue: Some(true),
                ..open.clone()
            })
            .await?;
        let due_today = self
            .total(TaskQuery {
                due_after: Some(self.clock.now),
                due_before: midnight,
                ..open.clone()
            })
            .await?;
        let important = self
            .total(TaskQuery {
                priority: vec![Priority::High, Priority::Urgent],
                ..open
            })
            .await?;
        self.act(
            "get_stats",
            period_argument(period),
            json!({"count": found.total, "overdue": overdue, "due_today": due_today, "important": important}),
        );
        let mut parts = Vec::new();
        if overdue > 0 {
            parts.push(format!("{overdue} overdue"));
        }
        if due_today > 0 {
            parts.push(format!("{due_today} still due today"));
        }
        if important > 0 {
            parts.push(format!("{important} of high or urgent priority"));
        }
        let mut head = format!("You have {}", self.describe(&filter, OPEN, found.total));
        match (period, parts.is_empty()) {
            (_, true) => {}
            (None, _) => head.push_str(&format!(", {}", wording::join(&parts))),
            (Some(_), _) => head.push_str(&format!("; in all {}", wording::join(&parts))),
        }
        self.tell_list(head, &found);
        Ok(())
    }

    /// "How did I do this week": what was completed, and what is left.
    pub(crate) async fn look_back(&mut self, period: Option<Period>) -> Result<()> {
        let period = period.or_else(|| self.this_week());
        let filter = Filter {
            status: vec![Status::Completed],
            period,
            ..Filter::default()
        };
        let found = self.select(&filter, OPEN, MAX_LISTED).await?;
        let today = self.clock.today();
        let day = |day: chrono::NaiveDate| self.clock.utc(day.and_time(chrono::NaiveTime::MIN));
        let days: Vec<_> = today
            .succ_opt()
            .and_then(|tomorrow| Some((today, day(today)?, day(tomorrow)?)))
            .into_iter()
            .collect();
        let stats = self
            .storage
            .stats(self.user.id, &days, self.clock.now)
            .await?;
        self.act(
            "get_stats",
            period_argument(period),
            json!({"count": found.total, "overdue": stats.overdue, "due_today": stats.due_today}),
        );
        let when = period
            .map(|period| format!(" {}", self.clock.tell_period(&period)))
            .unwrap_or_default();
        let mut text = match found.total {
            0 => format!("You completed nothing{when}."),
            n => format!(
                "You completed {}{when}: {}.",
                wording::count(n, "task"),
                wording::names_of(&found.tasks, n)
            ),
        };
        let be = |n: u64| if n == 1 { "is" } else { "are" };
        match (stats.overdue, stats.due_today) {
            (0, 0) => text.push_str(" Nothing is overdue or due today."),
            (late, 0) => text.push_str(&format!(" {late} {} overdue.", be(late))),
            (0, today) => text.push_str(&format!(" {today} {} due today.", be(today))),
            (late, today) => {
                text.push_str(&format!(
                    " {late} {} overdue and {today} {} due today.",
                    be(late),
                    be(today)
                ));
            }
        }
        self.say(text);
        self.list(&found.tasks);
        Ok(())
    }

    fn this_week(&self) -> Option<Period> {
        let start = self.clock.today().week(Weekday::Mon).checked_first_day()?;
        let end = start.checked_add_days(Days::new(7))?;
        Some(Period {
            start: start.and_time(chrono::NaiveTime::MIN),
            end: end.and_time(chrono::NaiveTime::MIN),
            grain: Grain::Week,
        })
    }

    /// Reminders that are still to come, the soonest first.
    pub(crate) async fn show_reminders(&mut self, filter: &Filter) -> Result<()> {
        let of_tasks = Filter {
            period: None,
            with_reminders: true,
            ..filter.clone()
        };
        let found = self.select(&of_tasks, OPEN, MAX_SCANNED as usize).await?;
        let period = filter.period.map(|period| self.in_utc(&period));
        let mut coming: Vec<(DateTime<Utc>, Task)> = Vec::new();
        for task in found.tasks {
            let next = task
                .reminders
                .iter()
                .filter_map(|reminder| moment(reminder, &task))
                .filter(|at| *at > self.clock.now)
                .filter(|at| period.is_none_or(|(start, end)| (start..end).contains(at)))
                .min();
            if let Some(at) = next {
                coming.push((at, task));
            }
        }
        coming.sort_by_key(|(at, _)| *at);
        let total = coming.len();
        self.act(
            "list_tasks",
            json!(filter),
            json!({"count": total.min(LIST_LENGTH), "total": total}),
        );
        let when = filter
            .period
            .map(|period| format!(" {}", self.clock.tell_period(&period)))
            .unwrap_or_default();
        if coming.is_empty() {
            self.tasks = Some(Vec::new());
            self.say(format!("You have no reminders{when}."));
            return Ok(());
        }
        let mut text = format!(
            "You have {}{when}:",
            wording::count(total as u64, "reminder")
        );
        for (n, (at, task)) in coming.iter().take(LIST_LENGTH).enumerate() {
            text.push_str(&format!(
                "\n{}. {}: {}",
                n + 1,
                self.clock.tell(*at),
                wording::one_line(&task.title, 80)
            ));
        }
        if total > LIST_LENGTH {
            text.push_str(&format!("\n… and {} more.", total - LIST_LENGTH));
        }
        self.say(text);
        let tasks: Vec<Task> = coming.into_iter().map(|(_, task)| task).collect();
        self.list(&tasks);
        Ok(())
    }

    fn is_yes_no_question(&self) -> bool {
        let first = self
            .message
            .split_whitespace()
            .next()
            .unwrap_or_default()
            .to_lowercase();
        ["am", "any", "are", "did", "do", "does", "have", "has", "is"].contains(&first.as_str())
    }
}

/// When a reminder comes.
fn moment(reminder: &Reminder, task: &Task) -> Option<DateTime<Utc>> {
    match *reminder {
        Reminder::At(at) => Some(at),
        Reminder::Before { seconds } => task
            .due_date?
            .checked_sub_signed(TimeDelta::seconds(seconds.into())),
    }
}

fn period_argument(period: Option<Period>) -> Value {
    period.map_or_else(|| json!({}), |period| json!({"period": period}))
}
