//! The chat: one turn of a conversation, and a conversation so far.

use std::collections::BTreeMap;

use api::{ApiError, ErrorBody, Json, PathId, parse_uuid, required_string};
use axum::Json as JsonResponse;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};
use dialogue::{Action, Conversation, MAX_MESSAGE_CHARS, Message, Reply, Role, Turn, Undo};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use storage::Origin;
use task_model::{FieldError, Task, User};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::conversations::Conversations;
use crate::database::{Tasks, refusal};
use crate::extract::{ChangeOrigin, Db, Profile, Session};

/// What a person says.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"message": "add buy milk tomorrow at 5pm high priority #groceries"}))]
pub struct ChatInput {
    /// 1 to 4,000 characters, not all of them blank.
    #[serde(default)]
    #[schema(value_type = String, required = true, min_length = 1, max_length = 4000)]
    message: Value,
    /// The conversation to go on with; absent or null begins one.
    #[serde(default)]
    #[schema(value_type = Option<Uuid>)]
    conversation_id: Value,
    /// Nothing will be said after this: it is answered, and no conversation is kept. Not with a
    /// `conversation_id`.
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    once: Value,
}

/// A turn as it was asked for.
struct Input {
    message: String,
    conversation_id: Option<Uuid>,
    once: bool,
}

impl ChatInput {
    fn validated(self) -> Result<Input, Vec<FieldError>> {
        let mut errors = Vec::new();
        let message = required_string(&mut errors, "message", self.message);
        let is_good = !message.trim().is_empty() && message.chars().count() <= MAX_MESSAGE_CHARS;
        if errors.is_empty() && !is_good {
            errors.push(FieldError {
                field: "message".into(),
                message: format!(
                    "must be 1 to {MAX_MESSAGE_CHARS} characters, not all of them blank"
                ),
            });
        }
        let conversation_id = match self.conversation_id {
            Value::Null => None,
            value => {
                let id = value.as_str().and_then(parse_uuid);
                if id.is_none() {
                    errors.push(FieldError {
                        field: "conversation_id".into(),
                        message: "must be a UUID".into(),
                    });
                }
                id
            }
        };
        let once = match self.once {
            Value::Null => false,
            Value::Bool(once) => once,
            _ => {
                errors.push(FieldError {
                    field: "once".into(),
                    message: "must be true or false".into(),
                });
                false
            }
        };
        if once && conversation_id.is_some() {
            errors.push(FieldError {
                field: "once".into(),
                message: "goes with no conversation_id".into(),
            });
        }
        if errors.is_empty() {
            Ok(Input {
                message,
                conversation_id,
                once,
            })
        } else {
            Err(errors)
        }
    }
}

/// What the person is answered.
#[derive(Serialize, ToSchema)]
pub struct ChatAnswer {
    conversation_id: Uuid,
    /// Plain text; lists have one task a line.
    reply: String,
    /// What was done or looked up, in order.
    #[schema(value_type = Vec<ActionSchema>)]
    actions: Vec<Action>,
    /// The tasks that a question was answered with.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    tasks: Option<Vec<Task>>,
    /// Takes just this turn back at `/api/chat/{conversation_id}/undo`; there if it changed something.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    undo: Option<Uuid>,
}

impl ChatAnswer {
    fn new(conversation: &Conversation, reply: Reply) -> Self {
        Self {
            conversation_id: conversation.id,
            reply: reply.reply,
            actions: reply.actions,
            tasks: reply.tasks,
            undo: reply.undo,
        }
    }
}

/// A call that the turn made: [`Action`] as the description shows it.
#[derive(ToSchema)]
#[schema(as = Action)]
#[allow(dead_code, reason = "only describes")]
struct ActionSchema {
    tool: ToolSchema,
    arguments: BTreeMap<String, Value>,
    /// A task, the person, or an object with a `count` and more.
    result: BTreeMap<String, Value>,
}

/// What was called: the tools of [`Action`].
#[derive(ToSchema)]
#[schema(as = Tool, rename_all = "snake_case")]
#[allow(dead_code, reason = "only describes")]
enum ToolSchema {
    CreateTask,
    UpdateTask,
    CompleteTask,
    ReopenTask,
    DeleteTask,
    RestoreTask,
    GetTask,
    ListTasks,
    SearchTasks,
    CountTasks,
    GetStats,
    UpdateUser,
}

/// Says something to the chatbot.
#[utoipa::path(
    post,
    path = "/api/chat",
    tag = "chat",
    request_body = ChatInput,
    responses(
        (status = 200, description = "The answer", body = ChatAnswer),
        (status = 404, description = "No such conversation", body = ErrorBody),
    ),
)]
pub async fn chat(
    Db(storage): Db,
    Profile(user): Profile,
    ChangeOrigin(origin): ChangeOrigin,
    Json(input): Json<ChatInput>,
) -> Result<JsonResponse<ChatAnswer>, ApiError> {
    take_turn(storage, &user, &origin, input).await
}

/// The same, for clients that name the user.
#[utoipa::path(
    post,
    path = "/api/{user_id}/chat",
    tag = "chat",
    params(("user_id" = Uuid, Path, description = "Oneself")),
    request_body = ChatInput,
    responses(
        (status = 200, description = "The answer", body = ChatAnswer),
        (status = 403, description = "Another user's id", body = ErrorBody),
        (status = 404, description = "No such conversation", body = ErrorBody),
    ),
)]
pub async fn chat_as(
    Db(storage): Db,
    Profile(user): Profile,
    user_id: Result<PathId, ApiError>,
    ChangeOrigin(origin): ChangeOrigin,
    Json(input): Json<ChatInput>,
) -> Result<JsonResponse<ChatAnswer>, ApiError> {
    if !user_id.is_ok_and(|PathId(id)| id == user.id) {
        return Err(ApiError::Forbidden(
            "Only your own user id may be named here",
        ));
    }
    take_turn(storage, &user, &origin, input).await
}

/// Takes a turn and keeps the conversation.
///
/// Of two turns of one conversation at once, the one that ends last decides what the conversation
/// remembers. Tasks are another matter: each change is committed on its own before the answer, once,
/// and whatever becomes of the conversation afterwards. So a conversation that cannot be kept after its
/// turn is worth a line in the log and no error, which would have the client say it all again.
async fn take_turn(
    storage: &Tasks,
    user: &User,
    origin: &Origin,
    input: ChatInput,
) -> Result<JsonResponse<ChatAnswer>, ApiError> {
    let input = input.validated().map_err(ApiError::Invalid)?;
    let now = Utc::now();
    let conversations = Conversations::of(user.id).await?;
    let mut conversation = match input.conversation_id {
        Some(id) => conversations
            .load(id, now)
            .await?
            .ok_or(ApiError::NotFound)?,
        None => Conversation::new(Uuid::new_v4(), user.id, now),
    };
    let turn = Turn {
        user,
        message: &input.message,
        now,
        origin,
    };
    let reply = dialogue::respond(storage, &mut conversation, turn).await;
    if !input.once {
        keep(&conversations, &conversation, origin).await;
    }
    let reply = reply.map_err(refusal)?;
    Ok(JsonResponse(ChatAnswer::new(&conversation, reply)))
}

/// See [`take_turn`].
async fn keep(conversations: &Conversations, conversation: &Conversation, origin: &Origin) {
    if let Err(error) = conversations.save(conversation).await {
        tracing::error!(
            ?error,
            correlation_id = origin.correlation_id,
            "a conversation was not kept"
        );
    }
}

/// A turn to take back.
#[derive(Deserialize, ToSchema)]
pub struct UndoInput {
    /// As the turn's answer named it.
    #[serde(default)]
    #[schema(value_type = Uuid, required = true)]
    undo: Value,
}

/// Takes one turn back, whatever was said after it. All of it or nothing: where something that it
/// changed was changed since, the tasks stay as they are.
#[utoipa::path(
    post,
    path = "/api/chat/{conversation_id}/undo",
    tag = "chat",
    params(("conversation_id" = Uuid, Path, description = "The conversation")),
    request_body = UndoInput,
    responses(
        (status = 200, description = "It is as before the turn", body = ChatAnswer),
        (status = 404, description = "No such conversation, or no such turn among its last ten that changed something", body = ErrorBody),
        (status = 409, description = "Taken back already, or changed since", body = ErrorBody),
    ),
)]
pub async fn undo(
    Db(storage): Db,
    Profile(user): Profile,
    PathId(id): PathId,
    ChangeOrigin(origin): ChangeOrigin,
    Json(input): Json<UndoInput>,
) -> Result<JsonResponse<ChatAnswer>, ApiError> {
    let mut errors = Vec::new();
    let text = required_string(&mut errors, "undo", input.undo);
    if !errors.is_empty() {
        return Err(ApiError::Invalid(errors));
    }
    let undo = parse_uuid(&text).ok_or_else(|| ApiError::invalid("undo", "must be a UUID"))?;
    let now = Utc::now();
    let conversations = Conversations::of(user.id).await?;
    let conversation = conversations.load(id, now).await?;
    let mut conversation = conversation.ok_or(ApiError::NotFound)?;
    let turn = Turn {
        user: &user,
        message: "",
        now,
        origin: &origin,
    };
    match dialogue::undo(storage, &mut conversation, turn, undo).await {
        Ok(Undo::Done(reply)) => {
            keep(&conversations, &conversation, &origin).await;
            Ok(JsonResponse(ChatAnswer::new(&conversation, reply)))
        }
        Ok(Undo::Already) => Err(ApiError::Conflict("This was already undone".into())),
        Ok(Undo::Changed) => Err(ApiError::Conflict(
            "Something was changed since then, so all is left as it is".into(),
        )),
        Ok(Undo::Unknown) => Err(ApiError::NotFound),
        Err(error) => {
            keep(&conversations, &conversation, &origin).await;
            Err(refusal(error))
        }
    }
}

/// A conversation so far.
#[derive(Serialize, ToSchema)]
pub struct ConversationAnswer {
    conversation_id: Uuid,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    /// The last 50, oldest first.
    messages: Vec<SaidAnswer>,
}

/// One thing that was said.
#[derive(Serialize, ToSchema)]
#[schema(as = Message)]
pub struct SaidAnswer {
    /// By whom.
    #[schema(value_type = RoleSchema)]
    role: Role,
    /// Long ones are shortened.
    content: String,
    created_at: DateTime<Utc>,
    /// Of an answer: what was changed. Of long ones the first, of old ones none.
    #[schema(value_type = Vec<ActionSchema>)]
    actions: Vec<Action>,
    /// Of an answer: takes just this turn back; there while that is possible.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    undo: Option<Uuid>,
    /// Of an answer: whether its turn was taken back.
    undone: bool,
}

impl SaidAnswer {
    fn new(conversation: &Conversation, message: Message) -> Self {
        Self {
            role: message.role,
            content: message.text,
            created_at: message.at,
            actions: message.actions,
            undo: message.undo.filter(|turn| conversation.can_undo(*turn)),
            undone: message.undone,
        }
    }
}

impl From<Conversation> for ConversationAnswer {
    fn from(mut conversation: Conversation) -> Self {
        let messages = std::mem::take(&mut conversation.messages);
        let said = |message| SaidAnswer::new(&conversation, message);
        Self {
            conversation_id: conversation.id,
            created_at: conversation.created_at,
            updated_at: conversation.updated_at,
            messages: messages.into_iter().map(said).collect(),
        }
    }
}

/// Who said it.
#[derive(ToSchema)]
#[schema(as = Role, rename_all = "snake_case")]
#[allow(dead_code, reason = "only describes")]
enum RoleSchema {
    User,
    Assistant,
}

/// Reads a conversation.
#[utoipa::path(
    get,
    path = "/api/chat/{conversation_id}",
    tag = "chat",
    params(("conversation_id" = Uuid, Path, description = "The conversation")),
    responses((status = 200, description = "The conversation", body = ConversationAnswer)),
)]
pub async fn conversation(
    session: Session,
    PathId(id): PathId,
) -> Result<JsonResponse<ConversationAnswer>, ApiError> {
    let conversations = Conversations::of(session.user_id).await?;
    let conversation = conversations.load(id, Utc::now()).await?;
    let conversation = conversation.ok_or(ApiError::NotFound)?;
    Ok(JsonResponse(conversation.into()))
}

/// Reads the conversation used last, on whatever device.
#[utoipa::path(
    get,
    path = "/api/chat/latest",
    tag = "chat",
    responses(
        (status = 200, description = "The conversation", body = ConversationAnswer),
        (status = 204, description = "Nothing was said yet, or not for 30 days"),
    ),
)]
pub async fn latest(session: Session) -> Result<Response, ApiError> {
    let conversations = Conversations::of(session.user_id).await?;
    let conversation = conversations.latest(Utc::now()).await?;
    Ok(match conversation {
        Some(conversation) => JsonResponse(ConversationAnswer::from(conversation)).into_response(),
        None => StatusCode::NO_CONTENT.into_response(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn wrong(body: Value) -> Vec<String> {
        let input: ChatInput = serde_json::from_value(body).unwrap();
        let errors = input.validated().err().unwrap_or_default();
        errors.into_iter().map(|error| error.field).collect()
    }

    #[test]
    fn everything_wrong_is_said_at_once() {
        assert_eq!(
            wrong(json!({"message": "é".repeat(4000), "conversation_id": null})),
            [""; 0]
        );
        assert_eq!(wrong(json!({"message": "é".repeat(4001)})), ["message"]);
        assert_eq!(wrong(json!({"message": " \n"})), ["message"]);
        assert_eq!(
            wrong(json!({"conversation_id": "../x"})),
            ["message", "conversation_id"]
        );
        assert_eq!(
            wrong(json!({"message": 1, "conversation_id": 1, "once": 1})),
            ["message", "conversation_id", "once"]
        );
        let both = json!({"message": "a", "conversation_id": Uuid::nil(), "once": true});
        assert_eq!(wrong(both), ["once"]);
    }
}
