//! Turns made of commands, against real SQLite: what each command does, whatever words said it.

use chrono::{NaiveDateTime, TimeDelta};
use language::dates::Grain;
use language::{Category, Command, Due, Filter, ReminderAt, Target};
use sql::rusqlite::RusqliteConnection;
use storage::SqlStorage;
use task_model::{NewUser, Priority, Reminder, Status};
use uuid::Uuid;

use super::*;

mod bounds;
mod changes;
mod references;
mod undo;

struct Chat {
    storage: SqlStorage<RusqliteConnection>,
    user: User,
    conversation: Conversation,
    now: DateTime<Utc>,
    _folder: tempfile::TempDir,
}

impl Chat {
    /// Wednesday, 3 June 2026, 10:00 in Berlin.
    fn new() -> Self {
        let now = "2026-06-03T08:00:00Z".parse().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let storage = pollster::block_on(storage::rusqlite::open(folder.path())).unwrap();
        let user = NewUser {
            id: Uuid::new_v4(),
            username: "anna".into(),
            email: "anna@example.org".into(),
            password_hash: "$argon2id$".into(),
            timezone: "Europe/Berlin".into(),
        };
        let user = pollster::block_on(storage.create_user(user, now)).unwrap();
        Self {
            conversation: Conversation::new(Uuid::new_v4(), user.id, now),
            storage,
            user,
            now,
            _folder: folder,
        }
    }

    fn turn(&mut self, message: &str, commands: Vec<Command>) -> Reply {
        let understanding = Understanding {
            category: if commands.is_empty() {
                Category::Other
            } else {
                Category::Update
            },
            commands,
            guess: None,
            dates: Vec::new(),
        };
        self.understood(message, understanding)
    }

    fn understood(&mut self, message: &str, understanding: Understanding) -> Reply {
        self.now += TimeDelta::seconds(1);
        // As between two requests: the conversation is stored and read again.
        let stored = serde_json::to_string(&self.conversation).unwrap();
        self.conversation = serde_json::from_str(&stored).unwrap();
        let turn = Turn {
            user: &self.user,
            message,
            now: self.now,
            origin: &Origin::default(),
        };
        let clock = Clock::new(self.now, &self.user.timezone);
        let turn = answer(
            &self.storage,
            &mut self.conversation,
            turn,
            clock,
            Some(understanding),
        );
        pollster::block_on(turn).unwrap()
    }

    fn say(&mut self, command: Command) -> String {
        self.turn("", vec![command]).reply
    }

    fn add(&mut self, title: &str) -> String {
        self.say(add(title))
    }

    fn tasks(&self) -> Vec<Task> {
        let query = task_model::TaskQuery {
            limit: 100,
            order: task_model::SortOrder::Ascending,
            ..Default::default()
        };
        pollster::block_on(self.storage.tasks(self.user.id, &query, self.now))
            .unwrap()
            .tasks
    }

    fn titles(&self) -> Vec<String> {
        self.tasks().into_iter().map(|task| task.title).collect()
    }

    fn only(&self) -> Task {
        let mut tasks = self.tasks();
        assert_eq!(tasks.len(), 1);
        tasks.pop().unwrap()
    }

    fn local_due(&self) -> String {
        let due = self.only().due_date.unwrap();
        Clock::new(self.now, &self.user.timezone)
            .local(due)
            .to_string()
    }
}

fn add(title: &str) -> Command {
    Command::Add {
        title: title.into(),
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

fn add_due(title: &str, at: &str, grain: Grain) -> Command {
    let Command::Add {
        description,
        priority,
        tags,
        reminders,
        recurrence,
        recurrence_from,
        as_reminder,
        ..
    } = add(title)
    else {
        unreachable!()
    };
    Command::Add {
        title: title.into(),
        due: Some(due(at, grain)),
        description,
        priority,
        tags,
        reminders,
        recurrence,
        recurrence_from,
        as_reminder,
    }
}

fn at(text: &str) -> NaiveDateTime {
    text.parse().unwrap()
}

fn due(text: &str, grain: Grain) -> Due {
    Due {
        at: at(text),
        grain,
    }
}

fn named(words: &str) -> Target {
    Target::Named(words.into())
}

fn complete(target: Target) -> Command {
    Command::Complete { target }
}

fn delete(target: Target) -> Command {
    Command::Delete { target }
}

fn choose(target: Target) -> Command {
    Command::Choose { target }
}

fn list() -> Command {
    Command::List {
        filter: Filter::default(),
    }
}

fn all() -> Target {
    Target::All(Filter::default())
}
