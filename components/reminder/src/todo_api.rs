//! Creates tasks by service invocation.

use std::sync::OnceLock;

use api::Tokens;
use chrono::Utc;
use events::Event;
use http::{HeaderValue, Method, StatusCode, header};
use reminders::{CreateError, NextTask};
use uuid::Uuid;

/// Creates a task of `user_id`; the same `key` creates no second one.
pub async fn create_task(
    user_id: Uuid,
    key: Uuid,
    task: &NextTask,
    cause: &Event,
) -> Result<(), CreateError> {
    let unavailable = |reason: String| CreateError::Unavailable(format!("Todo API: {reason}"));
    let tokens = tokens().await.map_err(CreateError::Unavailable)?;
    let token = (tokens.service_token(user_id, Utc::now()))
        .map_err(|error| CreateError::Unavailable(error.to_string()))?;
    let authorization = provider::secret_header("the token", &format!("Bearer {token}"))
        .map_err(CreateError::Unavailable)?;
    let body = serde_json::to_vec(task).map_err(|error| unavailable(error.to_string()))?;
    let mut request = provider::todo_api::request(Method::POST, "/api/tasks")
        .await
        .map_err(CreateError::Unavailable)?
        .header(header::AUTHORIZATION, authorization)
        .header(header::CONTENT_TYPE, "application/json")
        .header("idempotency-key", key.to_string());
    for (name, value) in [
        ("traceparent", &cause.traceparent),
        ("x-correlation-id", &cause.correlation_id),
    ] {
        // One that no header can hold is only missed in the logs.
        if let Some(value) = value
            .as_deref()
            .and_then(|text| HeaderValue::from_str(text).ok())
        {
            request = request.header(name, value);
        }
    }
    let request = request
        .body(body)
        .map_err(|error| unavailable(error.to_string()))?;
    let answer = provider::send(request)
        .await
        .map_err(|error| unavailable(error.to_string()))?;
    let says = || {
        let body = String::from_utf8_lossy(&answer.body);
        format!("{}: {}", answer.status, provider::cut(&body, MAX_REASON))
    };
    match answer.status {
        // 409: it was made, and deleted since.
        StatusCode::OK | StatusCode::CREATED | StatusCode::CONFLICT => Ok(()),
        StatusCode::NOT_FOUND => {
            tracing::info!(task_id = %key, "no next instance: the person is gone");
            Err(CreateError::Gone)
        }
        // A token that is refused now, while a secret is changed, may be good later.
        StatusCode::UNAUTHORIZED
        | StatusCode::FORBIDDEN
        | StatusCode::TOO_MANY_REQUESTS
        | StatusCode::REQUEST_TIMEOUT => Err(unavailable(says())),
        status if status.is_server_error() => Err(unavailable(says())),
        _ => Err(CreateError::Refused(format!("Todo API: {}", says()))),
    }
}

/// What is told of a refusal, in characters.
const MAX_REASON: usize = 500;

/// Signs the requests. Only success is remembered.
async fn tokens() -> Result<&'static Tokens, String> {
    static TOKENS: OnceLock<Tokens> = OnceLock::new();
    if let Some(tokens) = TOKENS.get() {
        return Ok(tokens);
    }
    let tokens = Tokens::new(&api::variable("jwt_secret").await?)?;
    Ok(TOKENS.get_or_init(|| tokens))
}
