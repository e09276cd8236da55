//! Hashes and checks passwords with Argon2id, for components of this application only.
//!
//! One hash takes tens of milliseconds in which its instance can do nothing else; here that holds up
//! other passwords and no task. The route is private: `http://password.spin.internal`.
//!
//! | request | answer |
//! |---|---|
//! | `POST /hash` `{"password"}` | 200 `{"hash"}`, a PHC string |
//! | `POST /verify` `{"password", "hash"}` | 200 `{"valid"}`; `hash: null` takes the same time and is never valid |
//!
//! Anything else: 400, 404, 405 or 413 without a body; 500 when there is no randomness or memory.

mod argon2id;

use http::{Method, StatusCode};
use http_body::Body;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use spin_sdk::http::{IntoResponse, Json, Request};
use spin_sdk::http_service;

use crate::argon2id::HashError;

/// Room for the longest password and hash with every character escaped.
const MAX_BODY_BYTES: usize = 16 * 1024;

#[derive(Deserialize)]
struct HashRequest {
    password: String,
}

#[derive(Serialize)]
struct HashResponse {
    hash: String,
}

#[derive(Deserialize)]
struct VerifyRequest {
    password: String,
    hash: Option<String>,
}

#[derive(Serialize)]
struct VerifyResponse {
    valid: bool,
}

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    let (parts, body) = request.into_parts();
    let answer = match (parts.uri.path(), parts.method) {
        ("/hash" | "/verify", method) if method != Method::POST => {
            Err(StatusCode::METHOD_NOT_ALLOWED)
        }
        ("/hash", _) => match read_json(body).await {
            Ok(HashRequest { password }) => argon2id::hash(&password)
                .map(|hash| Json(HashResponse { hash }).into_response())
                .map_err(status_of),
            Err(status) => Err(status),
        },
        ("/verify", _) => match read_json(body).await {
            Ok(VerifyRequest { password, hash }) => argon2id::verify(&password, hash.as_deref())
                .map(|valid| Json(VerifyResponse { valid }).into_response())
                .map_err(status_of),
            Err(status) => Err(status),
        },
        _ => Err(StatusCode::NOT_FOUND),
    };
    answer.unwrap_or_else(IntoResponse::into_response)
}

async fn read_json<T, B>(body: B) -> Result<T, StatusCode>
where
    T: DeserializeOwned,
    B: Body<Error: std::error::Error + Send + Sync + 'static>,
{
    let bytes = Limited::new(body, MAX_BODY_BYTES)
        .collect()
        .await
        .map_err(|error| {
            if error.is::<LengthLimitError>() {
                StatusCode::PAYLOAD_TOO_LARGE
            } else {
                StatusCode::BAD_REQUEST
            }
        })?
        .to_bytes();
    serde_json::from_slice(&bytes).map_err(|_| StatusCode::BAD_REQUEST)
}

/// Only what the caller sent wrong is its fault; the reason of a failure of ours goes to the log.
fn status_of(error: HashError) -> StatusCode {
    match error {
        HashError::Input(_) => StatusCode::BAD_REQUEST,
        HashError::Failed(_) => {
            eprintln!("{error}");
            StatusCode::INTERNAL_SERVER_ERROR
        }
    }
}
