//! What the clients of the mix ask.

use chrono::{TimeDelta, Utc};
use serde_json::json;

use super::data::{Data, OPEN, PEOPLE, TASKS};
use crate::random::Random;

/// One kind of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// A page of tasks, filtered and sorted in one of [`LISTS`]' ways.
    List,
    /// One task.
    Get,
    /// A new task.
    Create,
    /// Another description and priority.
    Update,
    /// A task that was open at first, done.
    Complete,
    /// Full text.
    Search,
}

impl Operation {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::List,
        Self::Get,
        Self::Create,
        Self::Update,
        Self::Complete,
        Self::Search,
    ];

    /// How many of 200 requests are of this kind.
    fn weight(self) -> usize {
        match self {
            Self::List => 120,
            Self::Get | Self::Create => 30,
            Self::Update | Self::Complete => 7,
            Self::Search => 6,
        }
    }

    /// What the table calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Get => "get",
            Self::Create => "create",
            Self::Update => "update",
            Self::Complete => "complete",
            Self::Search => "search",
        }
    }

    /// The status of its answer.
    pub fn status(self) -> u16 {
        match self {
            Self::Create => 201,
            _ => 200,
        }
    }

    fn one(random: &mut Random) -> Self {
        let mut left = random.below(200);
        for operation in Self::ALL {
            match left.checked_sub(operation.weight()) {
                Some(rest) => left = rest,
                None => return operation,
            }
        }
        Self::List
    }
}

/// Pages that people look at, each as often.
pub const LISTS: [&str; 8] = [
    "/api/tasks",
    "/api/tasks",
    "/api/tasks?offset=20",
    "/api/tasks?status=pending&sort=due_date",
    "/api/tasks?status=pending&status=in_progress&limit=50",
    "/api/tasks?priority=high&priority=urgent&sort=-priority",
    "/api/tasks?overdue=true&sort=due_date",
    "/api/tasks?tag=home",
];

/// A request.
pub struct Request {
    /// Its kind.
    pub operation: Operation,
    /// Whose it is.
    pub person: usize,
    /// The method.
    pub method: &'static str,
    /// Path and query.
    pub path: String,
    /// The body, JSON.
    pub body: Option<String>,
}

impl Request {
    /// The next one of a client.
    pub fn next(data: &Data, random: &mut Random) -> Self {
        let operation = Operation::one(random);
        let person = random.below(PEOPLE);
        let task = |random: &mut Random| data.task(person, random.below(TASKS / PEOPLE));
        let (method, path, body) = match operation {
            Operation::List => ("GET", random.one_of(&LISTS).to_owned(), None),
            Operation::Get => ("GET", format!("/api/tasks/{}", task(random)), None),
            Operation::Create => {
                let mut body = json!({"title": Data::title(random), "tags": [Data::tag(random)]});
                if random.below(2) == 0 {
                    let due = Utc::now() + TimeDelta::days(2 + random.below(60) as i64);
                    body["due_date"] = json!(due);
                }
                ("POST", "/api/tasks".to_owned(), Some(body.to_string()))
            }
            Operation::Update => {
                let body = json!({
                    "description": format!("{} {:x}", Data::title(random), random.draw()),
                    "priority": random.one_of(&["low", "medium", "high", "urgent"]),
                });
                let path = format!("/api/tasks/{}", task(random));
                ("PATCH", path, Some(body.to_string()))
            }
            Operation::Complete => {
                let number = random.one_of(&OPEN) + 10 * random.below(TASKS / PEOPLE / 10);
                let path = format!("/api/tasks/{}/complete", data.task(person, number));
                ("POST", path, None)
            }
            Operation::Search => {
                let path = format!("/api/search/tasks?q={}", Data::search(random));
                ("GET", path, None)
            }
        };
        Self {
            operation,
            person,
            method,
            path,
            body,
        }
    }
}
