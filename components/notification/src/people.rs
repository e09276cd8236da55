//! People as the Todo API knows them, by service invocation.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use api::Settings;
use chrono::Utc;
use http::header::AUTHORIZATION;
use http::{Method, StatusCode};
use task_model::User;
use uuid::Uuid;

/// A person's reminders often come together; a change of preferences counts after so long.
const CACHED_FOR: Duration = Duration::from_secs(5);
const MAX_CACHED: usize = 1000;

static CACHE: Mutex<Option<HashMap<Uuid, (Instant, User)>>> = Mutex::new(None);

/// A person, or none if there is no such account. An error is temporary.
pub async fn person(user_id: Uuid) -> Result<Option<User>, String> {
    if let Some(person) = cached(user_id) {
        return Ok(Some(person));
    }
    let settings = Settings::get().await.map_err(|error| reason(&error))?;
    let token = settings.tokens.service_token(user_id, Utc::now());
    let token = token.map_err(|error| reason(&error))?;
    let request = provider::todo_api::request(Method::GET, "/api/users/me")
        .await?
        .header(AUTHORIZATION, format!("Bearer {token}"))
        .body(Vec::new())
        .map_err(|error| error.to_string())?;
    let answer = provider::send(request)
        .await
        .map_err(|error| format!("the Todo API: {error}"))?;
    match answer.status {
        StatusCode::OK => {}
        StatusCode::NOT_FOUND => return Ok(None),
        // An account that is gone is told by `user_erased`; a token that is refused may be accepted again.
        status => return Err(format!("the Todo API answered {status} for a person")),
    }
    let person: User = serde_json::from_slice(&answer.body)
        .map_err(|error| format!("the Todo API's answer for a person: {error}"))?;
    cache(&person);
    Ok(Some(person))
}

fn cached(user_id: Uuid) -> Option<User> {
    let cache = CACHE.lock().unwrap_or_else(PoisonError::into_inner);
    let (at, person) = cache.as_ref()?.get(&user_id)?;
    (at.elapsed() < CACHED_FOR).then(|| person.clone())
}

fn cache(person: &User) {
    let mut cache = CACHE.lock().unwrap_or_else(PoisonError::into_inner);
    let cache = cache.get_or_insert_default();
    if cache.len() >= MAX_CACHED {
        cache.retain(|_, (at, _)| at.elapsed() < CACHED_FOR);
    }
    if cache.len() < MAX_CACHED {
        cache.insert(person.id, (Instant::now(), person.clone()));
    }
}

fn reason(error: &api::ApiError) -> String {
    match error {
        api::ApiError::Unavailable(reason) | api::ApiError::Internal(reason) => reason.clone(),
        error => error.to_string(),
    }
}
