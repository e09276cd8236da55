//! Accounts: register, sign in, stay signed in, sign out.

use api::{ApiError, ErrorBody, Json, Settings, required_string};
use axum::Json as JsonResponse;
use chrono::{DateTime, TimeDelta, Utc};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use storage::{NewRefreshToken, Rotation, Storage};
use task_model::{NewUser, RegistrationInput, User, normalize_email};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::database::refusal;
use crate::extract::{Db, Session};
use crate::passwords;
use crate::refresh_tokens::RefreshToken;
use crate::settings::access_token_lifetime;

/// How long a sign-in lasts without being used.
const REFRESH_LIFETIME: TimeDelta = TimeDelta::days(30);
/// No account has a longer password (contract of registration), so none is checked.
pub const MAX_PASSWORD_CHARS: usize = 128;

/// A person signed in.
#[derive(Serialize, ToSchema)]
pub struct SignedIn {
    user: User,
    /// A JWT for `Authorization: Bearer`.
    access_token: String,
    /// Good for one use at `/api/auth/refresh`, within 30 days.
    refresh_token: String,
    /// Seconds for which the access token is good.
    #[schema(example = 900)]
    expires_in: i64,
}

impl SignedIn {
    async fn new(
        user: User,
        refresh_token: RefreshToken,
        now: DateTime<Utc>,
    ) -> Result<Self, ApiError> {
        let family_id = refresh_token.family_id;
        let lifetime = access_token_lifetime().await?;
        let tokens = &Settings::get().await?.tokens;
        Ok(Self {
            access_token: tokens.access_token(user.id, family_id, lifetime, now)?,
            refresh_token: refresh_token.text,
            expires_in: lifetime.num_seconds(),
            user,
        })
    }

    /// Begins a family of refresh tokens.
    async fn begin(
        storage: &impl Storage,
        user: User,
        now: DateTime<Utc>,
    ) -> Result<Self, ApiError> {
        let token = RefreshToken::generate(Uuid::new_v4())?;
        let stored = NewRefreshToken {
            token_hash: token.hash(),
            family_id: token.family_id,
            user_id: user.id,
            expires_at: now + REFRESH_LIFETIME,
        };
        storage
            .add_refresh_token(stored, now)
            .await
            .map_err(refusal)?;
        Self::new(user, token, now).await
    }
}

/// Creates an account and signs in.
#[utoipa::path(
    post,
    path = "/api/auth/register",
    tag = "auth",
    request_body = RegistrationInput,
    responses(
        (status = 201, description = "The account is there", body = SignedIn),
        (status = 409, description = "The e-mail address is in use", body = ErrorBody),
    ),
    security(()),
)]
pub async fn register(
    Db(storage): Db,
    Json(input): Json<RegistrationInput>,
) -> Result<(StatusCode, JsonResponse<SignedIn>), ApiError> {
    let registration = input.validated().map_err(ApiError::Invalid)?;
    let now = Utc::now();
    let user = NewUser {
        id: Uuid::now_v7(),
        username: registration.username,
        email: registration.email,
        password_hash: passwords::hash(&registration.password).await?,
        timezone: "UTC".into(),
    };
    let user = storage.create_user(user, now).await.map_err(refusal)?;
    let signed_in = SignedIn::begin(storage, user, now).await?;
    Ok((StatusCode::CREATED, JsonResponse(signed_in)))
}

/// An e-mail address and its password.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"email": "ada@example.com", "password": "correct horse battery staple"}))]
pub struct Credentials {
    #[serde(default)]
    #[schema(value_type = String, required = true)]
    email: Value,
    #[serde(default)]
    #[schema(value_type = String, required = true, format = Password, max_length = 128)]
    password: Value,
}

/// Signs in.
///
/// An unknown address and a wrong password have the same answer after the same work, so that neither
/// says which accounts exist.
#[utoipa::path(
    post,
    path = "/api/auth/login",
    tag = "auth",
    request_body = Credentials,
    responses(
        (status = 200, description = "Signed in", body = SignedIn),
        (status = 401, description = "Unknown address or wrong password", body = ErrorBody),
    ),
    security(()),
)]
pub async fn login(
    Db(storage): Db,
    Json(input): Json<Credentials>,
) -> Result<JsonResponse<SignedIn>, ApiError> {
    let mut errors = Vec::new();
    let email = required_string(&mut errors, "email", input.email);
    let password = required_string(&mut errors, "password", input.password);
    if !errors.is_empty() {
        return Err(ApiError::Invalid(errors));
    }
    if password.chars().count() > MAX_PASSWORD_CHARS {
        let message = format!("must be at most {MAX_PASSWORD_CHARS} characters");
        return Err(ApiError::invalid("password", message));
    }
    // What is no address has no account.
    let account = match normalize_email(&email) {
        Ok(email) => storage.credentials(&email).await.map_err(refusal)?,
        Err(_) => None,
    };
    let hash = account.as_ref().map(|(_, hash)| hash.as_str());
    let is_valid = passwords::verify(&password, hash).await?;
    let user = account.filter(|_| is_valid).map(|(user, _)| user);
    let user = user.ok_or(ApiError::WrongCredentials)?;
    SignedIn::begin(storage, user, Utc::now())
        .await
        .map(JsonResponse)
}

/// A refresh token.
#[derive(Deserialize, ToSchema)]
pub struct RefreshInput {
    #[serde(default)]
    #[schema(value_type = String, required = true)]
    refresh_token: Value,
}

/// Trades a refresh token for a new one and an access token.
///
/// A token that comes a second time was stolen from somebody: its whole family is revoked.
#[utoipa::path(
    post,
    path = "/api/auth/refresh",
    tag = "auth",
    request_body = RefreshInput,
    responses(
        (status = 200, description = "Still signed in", body = SignedIn),
        (status = 401, description = "Unknown, used, revoked or expired", body = ErrorBody),
    ),
    security(()),
)]
pub async fn refresh(
    Db(storage): Db,
    Json(input): Json<RefreshInput>,
) -> Result<JsonResponse<SignedIn>, ApiError> {
    let mut errors = Vec::new();
    let text = required_string(&mut errors, "refresh_token", input.refresh_token);
    if !errors.is_empty() {
        return Err(ApiError::Invalid(errors));
    }
    let token = RefreshToken::parse(&text).ok_or(ApiError::InvalidToken)?;
    let successor = RefreshToken::generate(token.family_id)?;
    let now = Utc::now();
    let rotation = storage
        .rotate_refresh_token(
            &token.hash(),
            &successor.hash(),
            now + REFRESH_LIFETIME,
            now,
        )
        .await
        .map_err(refusal)?;
    match rotation {
        Rotation::Rotated(user) => SignedIn::new(*user, successor, now).await.map(JsonResponse),
        Rotation::Reused => {
            tracing::warn!(family_id = %token.family_id, "a refresh token was used twice");
            Err(ApiError::InvalidToken)
        }
        Rotation::Refused => Err(ApiError::InvalidToken),
    }
}

/// Signs out: neither the refresh token nor the access tokens of this sign-in work any more.
#[utoipa::path(
    post,
    path = "/api/auth/logout",
    tag = "auth",
    responses(
        (status = 204, description = "Signed out"),
        (status = 403, description = "A service is not signed in", body = ErrorBody),
    ),
)]
pub async fn logout(Db(storage): Db, session: Session) -> Result<StatusCode, ApiError> {
    storage
        .revoke_family(session.family_id()?)
        .await
        .map_err(refusal)?;
    Ok(StatusCode::NO_CONTENT)
}
