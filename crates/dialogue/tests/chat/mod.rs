//! A person who talks, with a database of their own.

use chrono::{DateTime, TimeDelta, Utc};
use dialogue::{Conversation, Reply, Turn};
use sql::rusqlite::RusqliteConnection;
use storage::{Origin, SqlStorage, Storage};
use task_model::{
    NewUser, Priority, RecurrenceFrom, Reminder, SortOrder, Status, Task, TaskQuery, User,
};
use uuid::Uuid;

pub struct Chat {
    pub storage: SqlStorage<RusqliteConnection>,
    pub user: User,
    pub conversation: Conversation,
    pub now: DateTime<Utc>,
    _folder: tempfile::TempDir,
}

impl Chat {
    /// Wednesday, 3 June 2026, 10:00 in Berlin.
    pub fn new() -> Self {
        let now = "2026-06-03T08:00:00Z".parse().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let storage = pollster::block_on(storage::rusqlite::open(folder.path())).unwrap();
        let user = new_user(&storage, "anna", now);
        Self {
            conversation: Conversation::new(Uuid::new_v4(), user.id, now),
            storage,
            user,
            now,
            _folder: folder,
        }
    }

    pub fn say(&mut self, message: &str) -> Reply {
        self.now += TimeDelta::seconds(1);
        // As between two requests: the conversation is stored and read again.
        let stored = serde_json::to_string(&self.conversation).unwrap();
        self.conversation = serde_json::from_str(&stored).unwrap();
        if let Some(user) = pollster::block_on(self.storage.user(self.user.id)).unwrap() {
            self.user = user;
        }
        let turn = Turn {
            user: &self.user,
            message,
            now: self.now,
            origin: &Origin::default(),
        };
        pollster::block_on(dialogue::respond(
            &self.storage,
            &mut self.conversation,
            turn,
        ))
        .unwrap()
    }

    /// The tasks of a person, in the order of their creation.
    pub fn tasks_of(&self, user: &User) -> Vec<Task> {
        let query = TaskQuery {
            limit: 100,
            order: SortOrder::Ascending,
            ..TaskQuery::default()
        };
        pollster::block_on(self.storage.tasks(user.id, &query, self.now))
            .unwrap()
            .tasks
    }

    /// The tasks as `dialogues.txt` writes them.
    #[allow(dead_code, reason = "the property tests compare tasks themselves")]
    pub fn told_tasks(&self) -> Vec<String> {
        self.tasks_of(&self.user)
            .into_iter()
            .map(|task| self.told(task))
            .collect()
    }

    fn told(&self, task: Task) -> String {
        let zone: chrono_tz::Tz = self.user.timezone.parse().unwrap();
        let mut facts = vec![task.title];
        match task.status {
            Status::Pending => {}
            Status::InProgress => facts.push("in progress".into()),
            Status::Completed => facts.push("completed".into()),
            Status::Cancelled => facts.push("cancelled".into()),
        }
        facts.extend(task.due_date.map(|due| {
            due.with_timezone(&zone)
                .format("due %Y-%m-%d %H:%M")
                .to_string()
        }));
        match task.priority {
            Priority::Low => facts.push("low".into()),
            Priority::Medium => {}
            Priority::High => facts.push("high".into()),
            Priority::Urgent => facts.push("urgent".into()),
        }
        facts.extend(task.tags.iter().map(|tag| format!("#{tag}")));
        facts.extend(
            task.recurrence_pattern
                .map(|pattern| format!("repeats {pattern}")),
        );
        if task.recurrence_from == RecurrenceFrom::Completion {
            facts.push("from completion".into());
        }
        if task.reminders != [(Reminder::Before { seconds: 3_600 })] {
            let mut reminders: Vec<String> =
                task.reminders.iter().map(ToString::to_string).collect();
            if reminders.is_empty() {
                reminders.push("none".into());
            }
            facts.push(format!("reminds {}", reminders.join(" ")));
        }
        facts.join("; ")
    }
}

/// An account in Berlin.
pub fn new_user(storage: &impl Storage, name: &str, now: DateTime<Utc>) -> User {
    let user = NewUser {
        id: Uuid::new_v4(),
        username: name.into(),
        email: format!("{name}@example.org"),
        password_hash: "$argon2id$".into(),
        timezone: "Europe/Berlin".into(),
    };
    pollster::block_on(storage.create_user(user, now)).unwrap()
}
