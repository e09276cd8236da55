//! Every way in which the API says no: one type, one body.

use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Serialize;
use sql::SqlError;
use task_model::FieldError;
use utoipa::ToSchema;

/// After how many seconds to try again what failed for want of a dependency.
const UNAVAILABLE_RETRY_SECONDS: u32 = 1;
/// The challenge of a 401 answer (RFC 6750, section 3).
const CHALLENGE: &str = r#"Bearer realm="todo-chatbot""#;
const CHALLENGE_INVALID_TOKEN: &str = r#"Bearer realm="todo-chatbot", error="invalid_token""#;

/// Why a request is not answered as it asked.
///
/// As a response it has status and headers only and travels in the response's extensions until
/// [`crate::respond`] gives it its body, which names the request's correlation id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// 400: the body or the path is not what the protocol says.
    #[error("{0}")]
    BadRequest(String),
    /// 401: no token.
    #[error("Sign in first: this needs an access token")]
    NoToken,
    /// 401: a token that is expired, forged or signed out. Which of these is nobody's business.
    #[error("The token is not valid or no longer valid")]
    InvalidToken,
    /// 401: no such account, or not its password.
    #[error("The e-mail address or the password is wrong")]
    WrongCredentials,
    /// 403: not for who asks; says why.
    #[error("{0}")]
    Forbidden(&'static str),
    /// 404: not there, or not yours.
    #[error("Not found")]
    NotFound,
    /// 405: the resource knows other methods.
    #[error("This method is not allowed here")]
    MethodNotAllowed,
    /// 409: the state of things does not allow it; says what state.
    #[error("{0}")]
    Conflict(String),
    /// 412: the task was changed since the version of `If-Match`.
    #[error("The task has changed since the version in If-Match")]
    PreconditionFailed,
    /// 413: more than [`crate::MAX_BODY_BYTES`].
    #[error("The body is larger than 1 MiB")]
    BodyTooLarge,
    /// 415: not JSON.
    #[error("The body must be application/json")]
    NotJson,
    /// 422: values that break a rule, all of them.
    #[error("Some values are invalid")]
    Invalid(Vec<FieldError>),
    /// 429: over the limit for so many seconds.
    #[error("Rate limit exceeded")]
    RateLimited {
        /// Until there is room again.
        retry_seconds: u32,
    },
    /// 503: what we depend on does not answer. The reason is for the log.
    #[error("A service that this depends on is unavailable; try again")]
    Unavailable(String),
    /// 500: a defect of ours. The reason is for the log.
    #[error("Something went wrong on our side")]
    Internal(String),
}

/// The body of every error.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorBody {
    /// What is wrong, for a person to read.
    #[schema(example = "Not found")]
    pub detail: String,
    /// Names the request in the logs.
    #[schema(example = "0af7651916cd43dd8448eb211c80319c")]
    pub correlation_id: String,
    /// For 422: each value that broke a rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub errors: Option<Vec<FieldError>>,
}

impl ApiError {
    /// 422 for one field.
    pub fn invalid(field: &str, message: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError {
            field: field.to_owned(),
            message: message.into(),
        }])
    }

    /// The answer's status.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::NoToken | Self::InvalidToken | Self::WrongCredentials => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NotJson => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::RateLimited { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// What must not be shown but logged.
    fn hidden_reason(&self) -> Option<&str> {
        match self {
            Self::Unavailable(reason) | Self::Internal(reason) => Some(reason),
            _ => None,
        }
    }

    fn headers(&self, headers: &mut HeaderMap) {
        match self {
            Self::NoToken | Self::WrongCredentials => {
                headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(CHALLENGE));
            }
            Self::InvalidToken => {
                headers.insert(
                    WWW_AUTHENTICATE,
                    HeaderValue::from_static(CHALLENGE_INVALID_TOKEN),
                );
            }
            Self::RateLimited { retry_seconds } => {
                headers.insert(RETRY_AFTER, (*retry_seconds).into());
            }
            Self::Unavailable(_) => {
                headers.insert(RETRY_AFTER, UNAVAILABLE_RETRY_SECONDS.into());
            }
            _ => {}
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        self.headers(response.headers_mut());
        response.extensions_mut().insert(self);
        response
    }
}

/// Gives an answer that carries an [`ApiError`] its body; what is hidden from the client goes to the log
/// under `correlation_id`.
pub fn with_body(mut response: Response, correlation_id: &str) -> Response {
    let Some(error) = response.extensions_mut().remove::<ApiError>() else {
        return response;
    };
    if let Some(reason) = error.hidden_reason() {
        let status = error.status().as_u16();
        tracing::error!(correlation_id, status, reason, "the request failed");
    }
    let body = ErrorBody {
        detail: error.to_string(),
        correlation_id: correlation_id.to_owned(),
        errors: match error {
            ApiError::Invalid(errors) => Some(errors),
            _ => None,
        },
    };
    let body = serde_json::to_vec(&body).unwrap_or_default();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CONTENT_LENGTH, body.len().into());
    response.map(|_| body.into())
}

impl From<SqlError> for ApiError {
    fn from(error: SqlError) -> Self {
        match error {
            SqlError::Unavailable(reason) => Self::Unavailable(reason),
            SqlError::Unique(_) | SqlError::Internal(_) => Self::Internal(error.to_string()),
        }
    }
}
