//! What is remembered between the turns of one chat, bounded in every direction.

use std::collections::VecDeque;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Deserializer, Serialize};
use uuid::Uuid;

use crate::operation::Operation;
use crate::question::Question;
use crate::undo::UndoStack;
use crate::{Action, Reply};

/// Messages kept; the oldest go first.
pub const MAX_MESSAGES: usize = 50;
/// Bytes of one kept message; what is longer ends in `…`. The reply itself is never cut.
pub const MAX_TEXT_BYTES: usize = 2_000;
/// Bytes of one message's actions as JSON: the first ones that have room.
pub const MAX_ACTION_BYTES: usize = 16 * 1024;
/// Bytes of all messages' actions: the newest messages that have room.
pub const MAX_ACTIONS_BYTES: usize = 64 * 1024;
/// Tasks that "them" and "the third" can point to.
pub const MAX_REFERENCES: usize = 100;
/// Questions that wait for an answer at once.
pub const MAX_QUESTIONS: usize = 5;
/// A conversation that rested this long is over.
const LIFETIME: TimeDelta = TimeDelta::days(30);

/// Who said something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The person.
    User,
    /// The chatbot.
    Assistant,
}

/// One thing that was said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// By whom.
    pub role: Role,
    /// At most [`MAX_TEXT_BYTES`] bytes.
    pub text: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Of an answer: what was changed, as far as there is room ([`MAX_ACTION_BYTES`]). What was only
    /// looked up is told once and not kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<Action>,
    /// Of an answer: how its turn is called, if it changed something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo: Option<Uuid>,
    /// Whether that turn was taken back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub undone: bool,
}

impl Message {
    pub(crate) fn new(role: Role, text: &str, at: DateTime<Utc>) -> Self {
        Self {
            role,
            text: shorten(text),
            at,
            actions: Vec::new(),
            undo: None,
            undone: false,
        }
    }

    pub(crate) fn answer(reply: &Reply, at: DateTime<Utc>) -> Self {
        let mut room = MAX_ACTION_BYTES;
        let fits = |action: &&Action| {
            let left = room.checked_sub(size(action));
            room = left.unwrap_or_default();
            left.is_some()
        };
        let changes = reply.actions.iter().filter(|action| action.is_change());
        Self {
            actions: changes.take_while(fits).cloned().collect(),
            undo: reply.undo,
            ..Self::new(Role::Assistant, &reply.reply, at)
        }
    }
}

/// Bytes of an action as JSON.
fn size(action: &Action) -> usize {
    serde_json::to_vec(action).map_or(usize::MAX, |json| json.len())
}

/// A chat: what was said lately and what its words point to.
///
/// In JSON a field that is missing gets its default and one that is unknown is ignored; a `state`
/// of another shape is forgotten, while the messages stay. Serialised it is at most
/// [`Conversation::MAX_BYTES`] long.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Conversation {
    /// Made by the server.
    pub id: Uuid,
    /// Whose it is. The caller must not continue another person's conversation.
    pub user_id: Uuid,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// Its last turn.
    pub updated_at: DateTime<Utc>,
    /// Oldest first, at most [`MAX_MESSAGES`].
    pub messages: VecDeque<Message>,
    /// What words such as "it" and "undo" mean.
    #[serde(deserialize_with = "default_if_unreadable")]
    pub(crate) state: State,
}

/// What words such as "it", "the second", "yes" and "undo" point to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct State {
    /// The numbered list last shown.
    pub listed: Vec<Uuid>,
    /// The tasks last spoken of.
    pub spoken: Vec<Uuid>,
    /// The last task that was picked among similar ones: what "no, the other one" corrects.
    pub choice: Option<Choice>,
    /// Asked and not answered, in the order they are asked.
    pub questions: VecDeque<Question>,
    /// What "undo" takes back.
    pub undo: UndoStack,
}

/// A task that was picked, what was done to it, and which others it could have been.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Choice {
    pub operation: Operation,
    pub taken: Uuid,
    pub others: Vec<Uuid>,
}

impl Conversation {
    /// The most bytes that a conversation takes as JSON.
    pub const MAX_BYTES: usize = 512 * 1024;

    /// Begins a conversation.
    pub fn new(id: Uuid, user_id: Uuid, now: DateTime<Utc>) -> Self {
        Self {
            id,
            user_id,
            created_at: now,
            updated_at: now,
            ..Self::default()
        }
    }

    /// Whether it rested for more than 30 days, so that a new one should take its place.
    pub fn expired(&self, now: DateTime<Utc>) -> bool {
        now.signed_duration_since(self.updated_at) > LIFETIME
    }

    /// Whether a turn, named as in its answer, can be taken back.
    pub fn can_undo(&self, turn: Uuid) -> bool {
        self.state.undo.has(turn)
    }

    /// Whether a turn was taken back.
    pub(crate) fn is_undone(&self, turn: Uuid) -> bool {
        let mut messages = self.messages.iter();
        messages.any(|message| message.undone && message.undo == Some(turn))
    }

    /// Notes that turns were taken back.
    pub(crate) fn note_undone(&mut self, turns: &[Uuid]) {
        for message in &mut self.messages {
            message.undone |= message.undo.is_some_and(|turn| turns.contains(&turn));
        }
    }

    /// Keeps a message, and lets go of the oldest, of the oldest's actions first.
    pub(crate) fn keep(&mut self, message: Message) {
        self.updated_at = message.at;
        let takes_room = !message.actions.is_empty();
        self.messages.push_back(message);
        while self.messages.len() > MAX_MESSAGES {
            self.messages.pop_front();
        }
        if !takes_room {
            return;
        }
        let mut room = MAX_ACTIONS_BYTES;
        for message in self.messages.iter_mut().rev() {
            let size = message
                .actions
                .iter()
                .map(size)
                .fold(0, usize::saturating_add);
            match room.checked_sub(size) {
                Some(left) => room = left,
                None => {
                    room = 0;
                    message.actions.clear();
                }
            }
        }
    }
}

/// Cuts a text to [`MAX_TEXT_BYTES`] and takes out control characters, which JSON makes six times
/// as long.
fn shorten(text: &str) -> String {
    let mut kept = String::with_capacity(text.len().min(MAX_TEXT_BYTES));
    for c in text.chars() {
        let c = if c.is_control() && c != '\n' { ' ' } else { c };
        if kept.len() + c.len_utf8() + '…'.len_utf8() > MAX_TEXT_BYTES {
            kept.push('…');
            break;
        }
        kept.push(c);
    }
    kept
}

fn default_if_unreadable<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + serde::de::DeserializeOwned,
{
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).unwrap_or_default())
}
