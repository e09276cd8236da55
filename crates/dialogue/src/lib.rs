//! One chat turn: from a sentence and a conversation to changed tasks and a plain answer.
//!
//! [`respond`] understands the message, finds the tasks it means among the person's own, does what
//! it says through [`storage::Storage`] and says in plain words what it did. It asks when it is
//! unsure and remembers in the [`Conversation`] what it asked.

mod add;
mod answers;
mod clock;
mod conversation;
mod defaults;
mod due;
mod guess;
mod matching;
mod operation;
mod question;
mod resolve;
mod selection;
mod series;
mod session;
mod undo;
mod wording;

pub use conversation::{Conversation, MAX_MESSAGES, MAX_TEXT_BYTES, Message, Role};

use chrono::{DateTime, Utc};
use language::Understanding;
use serde::Serialize;
use storage::{Origin, Storage, StorageError};
use task_model::{Task, User};

use crate::clock::Clock;
use crate::session::Session;

/// The longest message that is read, in characters; a longer one is answered with a request for less.
pub const MAX_MESSAGE_CHARS: usize = 4_000;

/// One thing a person says.
#[derive(Debug, Clone, Copy)]
pub struct Turn<'a> {
    /// Who says it. Their time zone is the one that dates are read and told in.
    pub user: &'a User,
    /// What they say.
    pub message: &'a str,
    /// When they say it.
    pub now: DateTime<Utc>,
    /// What the events of the changes carry on.
    pub origin: &'a Origin,
}

/// A call that the turn made, in the words of the contract's `actions`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Action {
    /// `create_task`, `update_task`, `complete_task`, `reopen_task`, `delete_task`, `restore_task`,
    /// `get_task`, `list_tasks`, `search_tasks`, `count_tasks`, `get_stats` or `update_user`.
    pub tool: &'static str,
    /// What it was called with.
    pub arguments: serde_json::Value,
    /// A task, or an object with a `count` and more.
    pub result: serde_json::Value,
}

/// What the person is answered.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Reply {
    /// Plain text; lists have one task a line.
    pub reply: String,
    /// What was done or looked up, in order.
    pub actions: Vec<Action>,
    /// The tasks that a question was answered with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tasks: Option<Vec<Task>>,
}

/// Answers one message: does what it asks, and keeps message and answer in the conversation.
///
/// The conversation must be the person's own; the caller stores it afterwards, whatever came of it.
/// What is wrong with the message itself (nothing understood, a title that is too long, no such
/// task) is told in the reply and never an error.
///
/// # Errors
///
/// Only what the storage could not do. What was done before that stays done and can be undone.
pub async fn respond<S: Storage + Sync>(
    storage: &S,
    conversation: &mut Conversation,
    turn: Turn<'_>,
) -> Result<Reply, StorageError> {
    let clock = Clock::new(turn.now, &turn.user.timezone);
    let understanding = match turn.message.chars().nth(MAX_MESSAGE_CHARS) {
        None => Some(language::understand(turn.message, clock.local_now())),
        Some(_) => None,
    };
    answer(storage, conversation, turn, clock, understanding).await
}

/// Answers a message that was understood, or that is too long to be.
async fn answer<S: Storage + Sync>(
    storage: &S,
    conversation: &mut Conversation,
    turn: Turn<'_>,
    clock: Clock,
    understanding: Option<Understanding>,
) -> Result<Reply, StorageError> {
    conversation.keep(Role::User, turn.message, turn.now);
    let mut session = Session {
        storage,
        user: turn.user,
        preferences: turn.user.notification_preferences.clone(),
        origin: turn.origin,
        message: turn.message,
        clock,
        previous_choice: conversation.state.choice.take(),
        state: &mut conversation.state,
        said: Vec::new(),
        actions: Vec::new(),
        tasks: None,
        done: Vec::new(),
    };
    let outcome = match understanding {
        Some(understanding) => session.run(understanding).await,
        None => {
            session.say(format!(
                "That is too long for me: please use at most {MAX_MESSAGE_CHARS} characters."
            ));
            Ok(())
        }
    };
    let reply = session.finish();
    if outcome.is_ok() {
        conversation.keep(Role::Assistant, &reply.reply, turn.now);
    }
    outcome.map(|()| reply)
}

#[cfg(test)]
mod tests;
