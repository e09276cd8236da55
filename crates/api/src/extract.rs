//! What handlers take from a request, each with the API's own refusals.

use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::request::Parts;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
use serde_json::Value;
use task_model::FieldError;
use uuid::Uuid;

use crate::ApiError;
use crate::respond::Identity;
use crate::tokens::Claims;

/// The largest body that is read: 1 MiB.
pub const MAX_BODY_BYTES: usize = 1024 * 1024;

impl<S: Sync> FromRequestParts<S> for Claims {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let identity = parts.extensions.get::<Identity>().cloned();
        identity.ok_or(ApiError::NoToken)?.0
    }
}

/// The UUID of a path such as `/api/tasks/{id}`. What is none names nothing: 404.
pub struct PathId(pub Uuid);

impl<S: Send + Sync> FromRequestParts<S> for PathId {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Path(text) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|_| ApiError::NotFound)?;
        parse_uuid(&text).map(Self).ok_or(ApiError::NotFound)
    }
}

/// A UUID in its hyphenated form (RFC 9562, section 4), the only one that we write.
pub fn parse_uuid(text: &str) -> Option<Uuid> {
    let hyphenated = text.len() == 36;
    hyphenated.then(|| Uuid::try_parse(text).ok()).flatten()
}

/// The query's parameters in order, decoded; the same name may come again.
pub struct Query(pub Vec<(String, String)>);

impl<S: Sync> FromRequestParts<S> for Query {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let query = parts.uri.query().unwrap_or_default();
        let pairs = url::form_urlencoded::parse(query.as_bytes());
        Ok(Self(pairs.into_owned().collect()))
    }
}

/// A JSON object as a body.
///
/// It is read as a whole before its fields are: so what is malformed or nested too deep is so wherever
/// it stands, also in a field that nobody reads.
pub struct Json<T>(pub T);

impl<S: Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let content_type = parts.headers.get(CONTENT_TYPE);
        if !content_type.is_some_and(|value| is_json(value.as_bytes())) {
            return Err(ApiError::NotJson);
        }
        let announced = parts.headers.get(CONTENT_LENGTH);
        let announced = announced.and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        if announced.is_some_and(|length| length > MAX_BODY_BYTES as u64) {
            return Err(ApiError::BodyTooLarge);
        }
        let bytes = Limited::new(body, MAX_BODY_BYTES)
            .collect()
            .await
            .map_err(|error| {
                if error.is::<LengthLimitError>() {
                    ApiError::BodyTooLarge
                } else {
                    ApiError::BadRequest("The body ended too early".into())
                }
            })?
            .to_bytes();
        // serde_json itself stops at a depth of 128.
        let value: Value = serde_json::from_slice(&bytes).map_err(|error| {
            ApiError::BadRequest(format!("The body is not valid JSON: {error}"))
        })?;
        if !value.is_object() {
            return Err(ApiError::invalid("body", "must be an object"));
        }
        serde_json::from_value(value)
            .map(Self)
            .map_err(|error| ApiError::invalid("body", error.to_string()))
    }
}

/// The string in a field that must be given; else notes what is wrong and answers an empty one.
pub fn required_string(errors: &mut Vec<FieldError>, field: &str, value: Value) -> String {
    let message = match value {
        Value::String(text) => return text,
        Value::Null => "is required",
        _ => "must be a string",
    };
    errors.push(FieldError {
        field: field.to_owned(),
        message: message.to_owned(),
    });
    String::new()
}

/// `application/json`, with or without parameters (RFC 8259 defines none, and none matters).
fn is_json(content_type: &[u8]) -> bool {
    let essence = content_type.split(|byte| *byte == b';').next();
    essence.is_some_and(|it| it.trim_ascii().eq_ignore_ascii_case(b"application/json"))
}
