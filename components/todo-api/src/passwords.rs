//! Asks the `password` component to hash and to check, so that this instance goes on meanwhile.

use api::ApiError;
use axum::body::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Limited};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use spin_sdk::http::{FullBody, send};

const BASE_URL: &str = "http://password.spin.internal";
/// More than any of its answers has.
const MAX_ANSWER_BYTES: usize = 4096;

/// The PHC string of a password.
pub async fn hash(password: &str) -> Result<String, ApiError> {
    #[derive(Serialize)]
    struct Question<'a> {
        password: &'a str,
    }
    #[derive(Deserialize)]
    struct Answer {
        hash: String,
    }
    let answer: Answer = ask("/hash", &Question { password }).await?;
    Ok(answer.hash)
}

/// Whether a password is the one of `hash`; without a hash it takes as long and is not.
pub async fn verify(password: &str, hash: Option<&str>) -> Result<bool, ApiError> {
    #[derive(Serialize)]
    struct Question<'a> {
        password: &'a str,
        hash: Option<&'a str>,
    }
    #[derive(Deserialize)]
    struct Answer {
        valid: bool,
    }
    let answer: Answer = ask("/verify", &Question { password, hash }).await?;
    Ok(answer.valid)
}

async fn ask<T: DeserializeOwned>(path: &str, question: &impl Serialize) -> Result<T, ApiError> {
    let failed = |reason: String| ApiError::Unavailable(format!("password component: {reason}"));
    let body = serde_json::to_vec(question).map_err(|error| failed(error.to_string()))?;
    let request = Request::post(format!("{BASE_URL}{path}"))
        .header(http::header::CONTENT_TYPE, "application/json")
        .body(FullBody::new(Bytes::from(body)))
        .map_err(|error| failed(error.to_string()))?;
    let response = send(request)
        .await
        .map_err(|error| failed(error.to_string()))?;
    if response.status() != StatusCode::OK {
        return Err(failed(response.status().to_string()));
    }
    let answer = Limited::new(response.into_body(), MAX_ANSWER_BYTES)
        .collect()
        .await
        .map_err(|error| failed(error.to_string()))?
        .to_bytes();
    serde_json::from_slice(&answer).map_err(|error| failed(error.to_string()))
}
