//! What handlers take from a request beside what all services do, each with the API's own refusals.

use api::{ApiError, Caller, Claims};
use axum::extract::FromRequestParts;
use http::header::IF_MATCH;
use http::request::Parts;
use storage::{Origin, Storage};
use task_model::User;
use uuid::Uuid;

use crate::database::{self, Tasks, refusal};

/// The storage, ready to use.
pub struct Db(pub &'static Tasks);

impl<S: Sync> FromRequestParts<S> for Db {
    type Rejection = ApiError;

    async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, ApiError> {
        database::tasks().await.map(Self)
    }
}

/// A signed-in person, or one of our services that acts for one.
///
/// Each request asks storage whether the sign-in is still live, so that signing out ends access at
/// once and not when the token runs out: one look at an index, beside a request's other statements.
/// A service's token belongs to no sign-in.
pub struct Session {
    /// Whose tasks are meant.
    pub user_id: Uuid,
    caller: Caller,
}

impl<S: Sync> FromRequestParts<S> for Session {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let claims = Claims::from_request_parts(parts, state).await?;
        if let Caller::Person { family_id } = claims.caller {
            let is_live = database::tasks()
                .await?
                .family_is_live(family_id, chrono::Utc::now())
                .await
                .map_err(refusal)?;
            if !is_live {
                return Err(ApiError::InvalidToken);
            }
        }
        Ok(Self {
            user_id: claims.user_id,
            caller: claims.caller,
        })
    }
}

impl Session {
    /// The sign-in; a service has none and may not do what needs one.
    pub fn family_id(&self) -> Result<Uuid, ApiError> {
        match self.caller {
            Caller::Person { family_id } => Ok(family_id),
            Caller::Service => Err(ApiError::Forbidden("Only the person may do this")),
        }
    }
}

/// The person of a [`Session`], where a handler needs more of them than their id: one look for both.
pub struct Profile(pub User);

impl<S: Sync> FromRequestParts<S> for Profile {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let claims = Claims::from_request_parts(parts, state).await?;
        let storage = database::tasks().await?;
        // Of an erased account a person's token is as good as none, and a service learns that nobody is there.
        let (user, gone) = match claims.caller {
            Caller::Person { family_id } => {
                let user = storage.signed_in_user(claims.user_id, family_id, chrono::Utc::now());
                (user.await, ApiError::InvalidToken)
            }
            Caller::Service => (storage.user(claims.user_id).await, ApiError::NotFound),
        };
        user.map_err(refusal)?.map(Self).ok_or(gone)
    }
}

/// What the events of the request's changes carry on.
pub struct ChangeOrigin(pub Origin);

impl<S: Sync> FromRequestParts<S> for ChangeOrigin {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let origin = parts.extensions.get::<api::Origin>().cloned();
        let origin = origin.ok_or_else(|| ApiError::Internal("a request without origin".into()))?;
        Ok(Self(Origin {
            correlation_id: Some(origin.correlation_id),
            traceparent: origin.traceparent,
        }))
    }
}

/// The header of the same name: what makes repetitions of a request one.
const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// Characters in an idempotency key.
const MAX_IDEMPOTENCY_KEY: usize = 200;

/// The key under which a client may repeat a request; `None` without such a header.
pub struct IdempotencyKey(pub Option<String>);

impl<S: Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let mut values = parts.headers.get_all(IDEMPOTENCY_KEY).iter();
        let Some(value) = values.next() else {
            return Ok(Self(None));
        };
        let key = value.as_bytes();
        let is_valid = (1..=MAX_IDEMPOTENCY_KEY).contains(&key.len())
            && key.iter().all(u8::is_ascii_graphic)
            && values.next().is_none();
        if !is_valid {
            let message =
                format!("must be one of 1 to {MAX_IDEMPOTENCY_KEY} visible ASCII characters");
            return Err(ApiError::invalid("Idempotency-Key", message));
        }
        Ok(Self(Some(String::from_utf8_lossy(key).into_owned())))
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
