//! What components share that a Dapr sidecar calls.

use http::{HeaderMap, StatusCode};
use sha2::{Digest as _, Sha256};

/// The header that the sidecar sends `APP_API_TOKEN` in.
const TOKEN: &str = "dapr-api-token";

/// Lets nobody but the sidecar through, where the variable `app_api_token` is set.
///
/// # Errors
/// Somebody else asks, or the variable cannot be read: the status to answer. Dapr comes again after each.
pub async fn authorize(headers: &HeaderMap) -> Result<(), StatusCode> {
    match provider::setting("app_api_token").await {
        Ok(None) => Ok(()),
        Ok(Some(expected)) if carries(headers, &expected) => Ok(()),
        Ok(Some(_)) => Err(StatusCode::UNAUTHORIZED),
        Err(_) => Err(StatusCode::SERVICE_UNAVAILABLE),
    }
}

/// Compares hashes, so that how long it takes says nothing about the token.
fn carries(headers: &HeaderMap, expected: &str) -> bool {
    headers
        .get(TOKEN)
        .is_some_and(|token| Sha256::digest(token.as_bytes()) == Sha256::digest(expected))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn only_the_whole_token_is_the_token() {
        let mut headers = HeaderMap::new();
        assert!(!carries(&headers, "secret"));
        for (token, expected) in [("secret", true), ("secre", false), ("secret2", false)] {
            headers.insert(TOKEN, HeaderValue::from_static(token));
            assert_eq!(carries(&headers, "secret"), expected, "{token}");
        }
    }
}
