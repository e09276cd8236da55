//! What handlers take from a request, each with the API's own refusals.

use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, IF_MATCH};
use http::request::Parts;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
use serde_json::Value;
use storage::Storage;
use task_model::FieldError;
use uuid::Uuid;

use crate::database::{self, Tasks};
use crate::error::ApiError;
use crate::pipeline::Identity;

/// The largest body that is read: 1 MiB.
pub const MAX_BODY_BYTES: usize = 1024 * 1024;

/// The storage, ready to use.
pub struct Db(pub &'static Tasks);

impl<S: Sync> FromRequestParts<S> for Db {
    type Rejection = ApiError;

    async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, ApiError> {
        database::tasks().await.map(Self)
    }
}

/// A signed-in person.
///
/// Each request asks storage whether the sign-in is still live, so that signing out ends access at
/// once and not when the token runs out: one look at an index, beside a request's other statements.
pub struct Session {
    /// Whose tasks are meant.
    pub user_id: Uuid,
    /// The sign-in.
    pub family_id: Uuid,
}

impl<S: Sync> FromRequestParts<S> for Session {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let identity = parts.extensions.get::<Identity>().cloned();
        let claims = identity.ok_or(ApiError::NoToken)?.0?;
        let is_live = database::tasks()
            .await?
            .family_is_live(claims.fam, chrono::Utc::now())
            .await?;
        if !is_live {
            return Err(ApiError::InvalidToken);
        }
        Ok(Self {
            user_id: claims.sub,
            family_id: claims.fam,
        })
    }
}

impl Session {
    /// The person's profile.
    pub async fn user(&self, storage: &impl Storage) -> Result<task_model::User, ApiError> {
        let user = storage.user(self.user_id).await?;
        user.ok_or(ApiError::InvalidToken)
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

/// The versions that `If-Match` allows (RFC 9110, section 13.1.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IfMatch {
    /// No such header, or `*`: any version.
    Any,
    /// One of these. What was never an ETag of ours, and weak ones, match nothing.
    Versions(Vec<i64>),
}

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let values: Vec<&str> = parts
            .headers
            .get_all(IF_MATCH)
            .iter()
            .flat_map(|value| value.to_str().unwrap_or_default().split(','))
            .map(str::trim)
            .collect();
        if values.is_empty() || values == ["*"] {
            return Ok(Self::Any);
        }
        let version = |value: &&str| value.strip_prefix('"')?.strip_suffix('"')?.parse().ok();
        Ok(Self::Versions(values.iter().filter_map(version).collect()))
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
