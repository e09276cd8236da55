//! Accounts: register, sign in, stay signed in, sign out.

use api::{ApiError, ErrorBody, Json, Settings, required_string};
use axum::Json as JsonResponse;
use chrono::{DateTime, TimeDelta, Utc};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use storage::{NewRefreshToken, Rotation, Storage};
use task_model::{FieldError, NewUser, RegistrationInput, User, normalize_email};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::database::{self, refusal};
use crate::extract::{Db, Session};
use crate::passwords;
use crate::refresh_tokens::{Place, RefreshToken};
use crate::session_cookie::Browser;
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
    /// Good for one use at `/api/auth/refresh`, within 30 days. Null where a cookie holds it.
    #[schema(required = true)]
    refresh_token: Option<String>,
    /// Seconds for which the access token is good.
    #[schema(example = 900)]
    expires_in: i64,
}

/// How a browser stays signed in: the refresh token is in a cookie that no script can read.
#[derive(ToSchema)]
#[schema(as = SessionKind, rename_all = "snake_case")]
#[allow(dead_code, reason = "only describes")]
enum SessionKind {
    Cookie,
}

/// Where the refresh token of a sign-in is to be, as a body's `session` says.
fn place(errors: &mut Vec<FieldError>, session: &Value) -> Place {
    match session {
        Value::Null => return Place::Body,
        Value::String(text) if text == "cookie" => return Place::Cookie,
        _ => errors.push(FieldError {
            field: "session".into(),
            message: "must be \"cookie\" or null".into(),
        }),
    }
    Place::Body
}

/// What a sign-in or its renewal is answered with: the cookie, if it has one, and the body.
async fn signed_in(
    user: User,
    refresh_token: RefreshToken,
    place: Place,
    browser: &Browser,
    now: DateTime<Utc>,
) -> Result<(HeaderMap, JsonResponse<SignedIn>), ApiError> {
    let lifetime = access_token_lifetime().await?;
    let tokens = &Settings::get().await?.tokens;
    let access_token = tokens.access_token(user.id, refresh_token.family_id, lifetime, now)?;
    let (headers, refresh_token) = match place {
        Place::Body => (HeaderMap::new(), Some(refresh_token.text)),
        Place::Cookie => {
            let seconds = REFRESH_LIFETIME.num_seconds();
            (browser.keep(&refresh_token, seconds)?, None)
        }
    };
    let body = SignedIn {
        user,
        access_token,
        refresh_token,
        expires_in: lifetime.num_seconds(),
    };
    Ok((headers, JsonResponse(body)))
}

/// Begins a family of refresh tokens.
async fn sign_in(
    storage: &impl Storage,
    user: User,
    place: Place,
    browser: &Browser,
    now: DateTime<Utc>,
) -> Result<(HeaderMap, JsonResponse<SignedIn>), ApiError> {
    let token = RefreshToken::generate(place, Uuid::new_v4())?;
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
    signed_in(user, token, place, browser, now).await
}

/// An account to create, and how to stay signed in.
#[derive(Deserialize, ToSchema)]
pub struct RegisterInput {
    #[serde(flatten)]
    account: RegistrationInput,
    /// Absent or null: the refresh token is in the body.
    #[serde(default)]
    #[schema(value_type = Option<SessionKind>)]
    session: Value,
}

/// Creates an account and signs in.
#[utoipa::path(
    post,
    path = "/api/auth/register",
    tag = "auth",
    request_body = RegisterInput,
    responses(
        (status = 201, description = "The account is there", body = SignedIn),
        (status = 403, description = "A cookie for a page of another origin", body = ErrorBody),
        (status = 409, description = "The e-mail address is in use", body = ErrorBody),
    ),
    security(()),
)]
pub async fn register(
    Db(storage): Db,
    browser: Browser,
    Json(input): Json<RegisterInput>,
) -> Result<(StatusCode, HeaderMap, JsonResponse<SignedIn>), ApiError> {
    let mut errors = Vec::new();
    let place = place(&mut errors, &input.session);
    let registration = match input.account.validated() {
        Ok(registration) if errors.is_empty() => registration,
        Ok(_) => return Err(ApiError::Invalid(errors)),
        Err(mut others) => {
            others.extend(errors);
            return Err(ApiError::Invalid(others));
        }
    };
    browser.require_same_origin(place)?;
    let now = Utc::now();
    let user = NewUser {
        id: Uuid::now_v7(),
        username: registration.username,
        email: registration.email,
        password_hash: passwords::hash(&registration.password).await?,
        timezone: "UTC".into(),
    };
    let user = storage.create_user(user, now).await.map_err(refusal)?;
    let (headers, body) = sign_in(storage, user, place, &browser, now).await?;
    Ok((StatusCode::CREATED, headers, body))
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
    /// Absent or null: the refresh token is in the body.
    #[serde(default)]
    #[schema(value_type = Option<SessionKind>)]
    session: Value,
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
        (status = 403, description = "A cookie for a page of another origin", body = ErrorBody),
    ),
    security(()),
)]
pub async fn login(
    Db(storage): Db,
    browser: Browser,
    Json(input): Json<Credentials>,
) -> Result<(HeaderMap, JsonResponse<SignedIn>), ApiError> {
    let mut errors = Vec::new();
    let place = place(&mut errors, &input.session);
    let email = required_string(&mut errors, "email", input.email);
    let password = required_string(&mut errors, "password", input.password);
    if !errors.is_empty() {
        return Err(ApiError::Invalid(errors));
    }
    if password.chars().count() > MAX_PASSWORD_CHARS {
        let message = format!("must be at most {MAX_PASSWORD_CHARS} characters");
        return Err(ApiError::invalid("password", message));
    }
    browser.require_same_origin(place)?;
    // What is no address has no account.
    let account = match normalize_email(&email) {
        Ok(email) => storage.credentials(&email).await.map_err(refusal)?,
        Err(_) => None,
    };
    let hash = account.as_ref().map(|(_, hash)| hash.as_str());
    let is_valid = passwords::verify(&password, hash).await?;
    let user = account.filter(|_| is_valid).map(|(user, _)| user);
    let user = user.ok_or(ApiError::WrongCredentials)?;
    sign_in(storage, user, place, &browser, Utc::now()).await
}

/// A refresh token, or the word that it comes as a cookie.
#[derive(Deserialize, ToSchema)]
pub struct RefreshInput {
    /// Required unless `session` says that it comes as a cookie.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    refresh_token: Value,
    /// Absent or null: the refresh token is in the body.
    #[serde(default)]
    #[schema(value_type = Option<SessionKind>)]
    session: Value,
}

/// Trades a refresh token for a new one and an access token.
///
/// A token that comes a second time was stolen from somebody: its whole family is revoked. A cookie may
/// come again within 30 seconds, until the new one is used: a page that is reloaded loses the answer, and
/// gets the same new cookie again.
#[utoipa::path(
    post,
    path = "/api/auth/refresh",
    tag = "auth",
    request_body = RefreshInput,
    responses(
        (status = 200, description = "Still signed in", body = SignedIn),
        (status = 401, description = "No token, or one that is unknown, used, revoked or expired", body = ErrorBody),
        (status = 403, description = "A cookie for a page of another origin", body = ErrorBody),
    ),
    security(()),
)]
pub async fn refresh(
    mut browser: Browser,
    Json(input): Json<RefreshInput>,
) -> Result<(HeaderMap, JsonResponse<SignedIn>), ApiError> {
    let mut errors = Vec::new();
    let place = place(&mut errors, &input.session);
    let text = match place {
        Place::Body => required_string(&mut errors, "refresh_token", input.refresh_token),
        Place::Cookie => String::new(),
    };
    if !errors.is_empty() {
        return Err(ApiError::Invalid(errors));
    }
    let token = match place {
        Place::Body => RefreshToken::parse(place, &text).ok_or(ApiError::InvalidToken)?,
        Place::Cookie => {
            browser.require_same_origin(place)?;
            browser.token.take().ok_or(ApiError::NoToken)?
        }
    };
    let storage = database::tasks().await?;
    let successor = token.successor().await?;
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
        Rotation::Rotated(user) => signed_in(*user, successor, place, &browser, now).await,
        Rotation::Reused => {
            tracing::warn!(family_id = %token.family_id, "a refresh token was used twice");
            Err(ApiError::InvalidToken)
        }
        Rotation::Refused => Err(ApiError::InvalidToken),
    }
}

/// Signs out: neither the refresh token nor the access tokens of this sign-in work any more, and its
/// cookie is gone.
#[utoipa::path(
    post,
    path = "/api/auth/logout",
    tag = "auth",
    responses(
        (status = 204, description = "Signed out"),
        (status = 403, description = "A service is not signed in", body = ErrorBody),
    ),
)]
pub async fn logout(
    Db(storage): Db,
    session: Session,
    browser: Browser,
) -> Result<(StatusCode, HeaderMap), ApiError> {
    let family_id = session.family_id()?;
    storage.revoke_family(family_id).await.map_err(refusal)?;
    Ok((StatusCode::NO_CONTENT, browser.forget(family_id)?))
}
