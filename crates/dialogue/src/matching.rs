//! How well words that a person says name a task: by word, without regard to case, endings and typos.

use std::collections::HashSet;

use task_model::Task;

/// Words of what was said, and of a title, that are compared; the rest is ignored.
const MAX_WORDS: usize = 24;
/// Characters of a word that are compared.
const MAX_WORD_CHARS: usize = 32;
/// From here on a task counts as meant.
pub(crate) const MEANT: f64 = 0.62;
/// From here on a task is near enough to be offered.
pub(crate) const NEAR: f64 = 0.35;
/// The most names in "complete milk, eggs and bread".
const MAX_NAMES: usize = 5;
/// How far the best must be ahead to be taken without asking.
const CLEAR_LEAD: f64 = 0.12;

/// Words that name no task by themselves.
const FILLER: &[&str] = &[
    "a",
    "an",
    "and",
    "at",
    "about",
    "for",
    "from",
    "i",
    "in",
    "is",
    "it",
    "item",
    "me",
    "my",
    "of",
    "on",
    "one",
    "our",
    "please",
    "reminder",
    "reminders",
    "task",
    "tasks",
    "that",
    "the",
    "thing",
    "this",
    "to",
    "todo",
    "with",
    "your",
];

/// A text prepared for comparison.
#[derive(Debug)]
pub(crate) struct Words {
    all: Vec<String>,
    telling: Vec<(String, String)>,
}

impl Words {
    pub fn new(text: &str) -> Self {
        let mut all: Vec<String> = text
            .split(|c: char| !c.is_alphanumeric() && c != '\'' && c != '’')
            .map(|word| {
                let word = word.trim_matches(['\'', '’']);
                let word = word
                    .strip_suffix("'s")
                    .or(word.strip_suffix("’s"))
                    .unwrap_or(word);
                word.to_lowercase()
                    .chars()
                    .take(MAX_WORD_CHARS)
                    .collect::<String>()
            })
            .filter(|word| !word.is_empty())
            .take(MAX_WORDS)
            .collect();
        let text = text.trim();
        if all.is_empty() && !text.is_empty() {
            // Nothing but signs, such as an emoji.
            all.push(text.chars().take(MAX_WORD_CHARS).collect());
        }
        let mut seen = HashSet::new();
        let mut telling: Vec<(String, String)> = all
            .iter()
            .filter(|word| !FILLER.contains(&word.as_str()) && seen.insert(word.as_str()))
            .map(|word| (word.clone(), stem(word)))
            .collect();
        if telling.is_empty() {
            telling = all.iter().map(|word| (word.clone(), stem(word))).collect();
        }
        Self { all, telling }
    }

    /// Whether there is nothing to compare.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// How well these words name `task`, from 0 to 1; 1 only for its very title.
    pub fn score(&self, task: &Task) -> f64 {
        let title = Words::new(&task.title);
        if self.is_empty() || title.is_empty() {
            return if self.is_empty() {
                0.0
            } else {
                self.beside_title(task)
            };
        }
        if self.all == title.all {
            return 1.0;
        }
        let (mut said, mut said_weight) = (0.0, 0.0);
        for word in &self.telling {
            let best = title
                .telling
                .iter()
                .map(|other| likeness(word, other))
                .fold(0.0, f64::max);
            said += weight(&word.0) * best;
            said_weight += weight(&word.0);
        }
        let (mut covered, mut title_weight) = (0.0, 0.0);
        for word in &title.telling {
            let best = self
                .telling
                .iter()
                .map(|other| likeness(word, other))
                .fold(0.0, f64::max);
            covered += weight(&word.0) * best;
            title_weight += weight(&word.0);
        }
        let (said, covered) = (said / said_weight, covered / title_weight);
        // What was said lies in the title; or the whole title lies in what was said.
        let score = (0.8 * said + 0.2 * covered).max(if title.telling.len() > 1 {
            0.25 * said + 0.7 * covered
        } else {
            0.0
        });
        match score < MEANT {
            true => score.max(self.beside_title(task)),
            false => score.min(0.99),
        }
    }

    /// A task that is known by its tags or description only.
    fn beside_title(&self, task: &Task) -> f64 {
        let mut beside = Words::new(task.description.as_deref().unwrap_or_default()).telling;
        beside.extend(task.tags.iter().map(|tag| (tag.clone(), stem(tag))));
        let found = |word: &(String, String)| {
            beside
                .iter()
                .any(|other| word.0 == other.0 || word.1 == other.1)
        };
        let all_found = !self.telling.is_empty() && self.telling.iter().all(found);
        if all_found { MEANT + 0.01 } else { 0.0 }
    }
}

/// A longer word tells more than a short one.
fn weight(word: &str) -> f64 {
    match word.chars().count() {
        0..=2 => 0.6,
        3 => 0.85,
        _ => 1.0,
    }
}

/// How alike two words are, from 0 to 1.
fn likeness((a, stem_a): &(String, String), (b, stem_b): &(String, String)) -> f64 {
    if a == b {
        return 1.0;
    }
    if stem_a == stem_b {
        return 0.97;
    }
    let (len_a, len_b) = (a.chars().count(), b.chars().count());
    let (short, long) = (len_a.min(len_b), len_a.max(len_b));
    if short >= 3 && (a.starts_with(b.as_str()) || b.starts_with(a.as_str())) {
        return 0.75 + 0.2 * short as f64 / long as f64;
    }
    let allowed = match long {
        0..=3 => return 0.0,
        4..=5 => 1,
        6..=9 => 2,
        _ => 3,
    };
    if long - short > allowed {
        return 0.0;
    }
    let typos = strsim::osa_distance(a, b);
    if typos > allowed || (typos > 1 && a.chars().next() != b.chars().next()) {
        return 0.0;
    }
    1.0 - 1.2 * typos as f64 / long as f64
}

/// The word without a usual English ending: "dentists" and "dentist", "calling" and "call".
fn stem(word: &str) -> String {
    for (ending, instead) in [
        ("ies", "y"),
        ("sses", "ss"),
        ("ches", "ch"),
        ("shes", "sh"),
        ("xes", "x"),
        ("ing", ""),
        ("ed", ""),
        ("s", ""),
    ] {
        if let Some(rest) = word.strip_suffix(ending) {
            let mut stem = format!("{rest}{instead}");
            if stem.chars().count() < 3 || (ending == "s" && rest.ends_with(['s', 'u', 'i'])) {
                break;
            }
            let doubled = matches!(ending, "ing" | "ed")
                && stem.chars().rev().take(2).collect::<HashSet<_>>().len() == 1
                && !stem.ends_with(['l', 's', 'z']);
            if doubled {
                stem.pop();
            }
            return stem.strip_suffix('e').map(str::to_owned).unwrap_or(stem);
        }
    }
    match word.strip_suffix('e') {
        Some(rest) if rest.chars().count() >= 3 => rest.to_owned(),
        _ => word.to_owned(),
    }
}

/// Which of some tasks are meant.
#[derive(Debug)]
pub(crate) enum Match {
    /// One is clearly ahead; the others are also like it, best first.
    Clear { task: Box<Task>, others: Vec<Task> },
    /// Several are equally like it, best first.
    Several(Vec<Task>),
    /// None is; these come nearest.
    Nothing { near: Vec<Task> },
}

/// Finds the task among `tasks` that `words` name. Tasks that `expected` holds for go before others
/// that are as good: an open task before a completed one.
pub(crate) fn best(words: &str, tasks: Vec<Task>, expected: impl Fn(&Task) -> bool) -> Match {
    best_of(&Words::new(words), tasks, expected)
}

fn best_of(words: &Words, tasks: Vec<Task>, expected: impl Fn(&Task) -> bool) -> Match {
    let mut scored: Vec<(f64, Task)> = tasks
        .into_iter()
        .map(|task| (words.score(&task), task))
        .filter(|(score, _)| *score >= NEAR)
        .collect();
    // The sort is stable: what is equally good stays in the order it came in.
    scored.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    if scored
        .iter()
        .any(|(score, task)| *score >= MEANT && expected(task))
    {
        scored.retain(|(_, task)| expected(task));
    }
    if scored.iter().all(|(score, _)| *score < MEANT) {
        // Nobody means to complete what is completed already.
        scored.retain(|(_, task)| expected(task));
    }
    let meant = scored
        .iter()
        .take_while(|(score, _)| *score >= MEANT)
        .count();
    let exact = scored.iter().take_while(|(score, _)| *score >= 1.0).count();
    let lead = match scored.as_slice() {
        [(first, _), (second, _), ..] => first - second,
        _ => 1.0,
    };
    let mut tasks: Vec<Task> = scored.into_iter().map(|(_, task)| task).collect();
    match meant {
        0 => Match::Nothing { near: tasks },
        _ if meant == 1 || exact == 1 || (exact == 0 && lead >= CLEAR_LEAD) => {
            tasks.truncate(meant);
            let others = tasks.split_off(1);
            match tasks.pop() {
                Some(task) => Match::Clear {
                    task: Box::new(task),
                    others,
                },
                None => Match::Nothing { near: others },
            }
        }
        _ => {
            tasks.truncate(if exact > 1 { exact } else { meant });
            Match::Several(tasks)
        }
    }
}

/// The tasks that a list of names means, "milk and call mom": one clear task for each, all different.
/// `None` when it is no such list, or when one task holds all the names.
pub(crate) fn each(
    words: &str,
    tasks: &[Task],
    expected: impl Fn(&Task) -> bool,
) -> Option<Vec<Task>> {
    let names: Vec<Words> = words
        .replace(" and ", ",")
        .split([',', '&'])
        .filter(|name| !name.trim().is_empty())
        .take(MAX_NAMES + 1)
        .map(Words::new)
        .collect();
    if !(2..=MAX_NAMES).contains(&names.len()) {
        return None;
    }
    let holds_all = |task: &Task| names.iter().all(|name| name.score(task) >= MEANT);
    if tasks.iter().any(holds_all) {
        return None;
    }
    let mut meant: Vec<Task> = Vec::new();
    for name in &names {
        match best_of(name, tasks.to_vec(), &expected) {
            Match::Clear { task, .. } if meant.iter().all(|other| other.id != task.id) => {
                meant.push(*task);
            }
            _ => return None,
        }
    }
    Some(meant)
}

#[cfg(test)]
mod tests {
    use super::*;
    use task_model::{Priority, Status};
    use uuid::Uuid;

    fn task(title: &str) -> Task {
        Task {
            id: Uuid::new_v4(),
            user_id: Uuid::nil(),
            title: title.into(),
            description: None,
            status: Status::Pending,
            priority: Priority::Medium,
            due_date: None,
            reminders: Vec::new(),
            tags: Vec::new(),
            recurrence_pattern: None,
            recurrence_from: task_model::RecurrenceFrom::DueDate,
            created_at: chrono::DateTime::UNIX_EPOCH,
            updated_at: chrono::DateTime::UNIX_EPOCH,
            completed_at: None,
            version: 1,
        }
    }

    /// "=title" for a clear one, "a|b" for several, "~a|b" for none with near ones.
    fn found(words: &str, titles: &[&str]) -> String {
        let titles_of = |tasks: Vec<Task>| {
            tasks
                .into_iter()
                .map(|t| t.title)
                .collect::<Vec<_>>()
                .join("|")
        };
        match best(words, titles.iter().map(|t| task(t)).collect(), |_| true) {
            Match::Clear { task, .. } => format!("={}", task.title),
            Match::Several(tasks) => titles_of(tasks),
            Match::Nothing { near } => format!("~{}", titles_of(near)),
        }
    }

    #[test]
    fn the_task_that_is_meant_is_found() {
        let list = [
            "buy milk",
            "call the dentist",
            "call mom",
            "write quarterly report",
            "water the plants",
            "pay rent",
            "Renew passport",
            "review Anna's pull request",
            "🦓",
        ];
        for (words, expected) in [
            ("milk", "=buy milk"),
            ("Buy Milk", "=buy milk"),
            ("the dentist task", "=call the dentist"),
            ("dentst", "=call the dentist"),
            ("calling mom", "=call mom"),
            ("quaterly reprot", "=write quarterly report"),
            ("reports", "=write quarterly report"),
            ("watering plants", "=water the plants"),
            ("pasport renewal", "=Renew passport"),
            ("anna pull requests", "=review Anna's pull request"),
            ("rent", "=pay rent"),
            (
                "the thing about writing the quarterly report",
                "=write quarterly report",
            ),
            ("call", "call mom|call the dentist"),
            ("🦓", "=🦓"),
        ] {
            assert_eq!(found(words, &list), expected, "{words}");
        }
    }

    #[test]
    fn what_is_not_meant_is_at_most_offered() {
        assert_eq!(found("buy bread", &["buy milk", "call mom"]), "~buy milk");
        assert_eq!(found("zebra", &["buy milk", "call mom"]), "~");
        assert_eq!(found("", &["buy milk"]), "~");
        assert_eq!(found("🦓", &["buy milk", "?"]), "~");
        assert_eq!(found("cat", &["eat"]), "~");
    }

    #[test]
    fn the_very_title_wins_and_equal_titles_ask() {
        assert_eq!(found("report", &["send report", "report"]), "=report");
        assert_eq!(
            found("report", &["report", "send report", "Report"]),
            "report|Report"
        );
        assert_eq!(
            found("report", &["send report", "read report"]),
            "send report|read report"
        );
    }

    #[test]
    fn endings_are_taken_off_alike() {
        for (a, b) in [
            ("groceries", "grocery"),
            ("dishes", "dish"),
            ("boxes", "box"),
            ("planning", "plan"),
            ("calling", "calls"),
            ("invoices", "invoice"),
            ("baking", "bake"),
            ("bus", "bus"),
        ] {
            assert_eq!(stem(a), stem(b), "{a} {b}");
        }
    }
}
