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

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use language::Understanding;
use serde::{Deserialize, Serialize};
use storage::{Origin, Storage, StorageError};
use task_model::{Task, User};
use uuid::Uuid;

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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Action {
    /// `create_task`, `update_task`, `complete_task`, `reopen_task`, `delete_task`, `restore_task`,
    /// `get_task`, `list_tasks`, `search_tasks`, `count_tasks`, `get_stats` or `update_user`.
    pub tool: Cow<'static, str>,
    /// What it was called with.
    pub arguments: serde_json::Value,
    /// A task, or an object with a `count` and more.
    pub result: serde_json::Value,
}

impl Action {
    /// Whether it did something, and did not only look something up.
    pub fn is_change(&self) -> bool {
        !matches!(
            self.tool.as_ref(),
            "get_task" | "list_tasks" | "search_tasks" | "count_tasks" | "get_stats"
        )
    }
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
    /// By what [`undo`] takes just this turn back, if it changed something.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undo: Option<Uuid>,
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
    conversation.keep(Message::new(Role::User, turn.message, turn.now));
    let mut session = begin(storage, conversation, turn, clock);
    let outcome = match understanding {
        Some(understanding) => session.run(understanding).await,
        None => {
            session.say(format!(
                "That is too long for me: please use at most {MAX_MESSAGE_CHARS} characters."
            ));
            Ok(())
        }
    };
    let (reply, undone) = session.finish();
    conversation.note_undone(&undone);
    if outcome.is_ok() {
        conversation.keep(Message::answer(&reply, turn.now));
    }
    outcome.map(|()| reply)
}

fn begin<'a, S>(
    storage: &'a S,
    conversation: &'a mut Conversation,
    turn: Turn<'a>,
    clock: Clock,
) -> Session<'a, S> {
    Session {
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
        undone: Vec::new(),
    }
}

/// What came of taking a turn back.
#[derive(Debug, Clone, PartialEq)]
pub enum Undo {
    /// It is as before the turn.
    Done(Reply),
    /// It was taken back before.
    Already,
    /// Something that it changed was changed since; all is left as it is.
    Changed,
    /// No turn of this conversation, or one too long ago.
    Unknown,
}

/// Takes back one turn, named by the `undo` of its [`Reply`], whatever was done after it. The caller
/// stores the conversation afterwards, as after [`respond`]. The turn's message is not read.
///
/// All or nothing, as far as what happens at the same moment allows: a task that is changed between the
/// look and the change stays as it is, and the reply says so.
///
/// # Errors
///
/// Only what the storage could not do. What was taken back before that stays so.
pub async fn undo<S: Storage + Sync>(
    storage: &S,
    conversation: &mut Conversation,
    turn: Turn<'_>,
    undo: Uuid,
) -> Result<Undo, StorageError> {
    if conversation.is_undone(undo) {
        return Ok(Undo::Already);
    }
    let clock = Clock::new(turn.now, &turn.user.timezone);
    let mut session = begin(storage, conversation, turn, clock);
    let Some(changes) = session.state.undo.changes(undo) else {
        return Ok(Undo::Unknown);
    };
    if !session.is_as_left(changes).await? {
        return Ok(Undo::Changed);
    }
    let Some(changes) = session.state.undo.take(undo) else {
        return Ok(Undo::Unknown);
    };
    let outcome = session.take_back_turn(changes).await;
    let (reply, undone) = session.finish();
    conversation.note_undone(&undone);
    outcome?;
    conversation.keep(Message::answer(&reply, turn.now));
    Ok(Undo::Done(reply))
}

#[cfg(test)]
mod tests;
