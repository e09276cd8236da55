//! Claims that two of our parts sign for each other (JWT, RFC 7519, HS256): what is no person's or service's token.

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::ApiError;
use crate::tokens::hs256;

/// Signs `claims`, an object with `exp`, and with `aud` where the same secret signs anything else.
pub fn sign<T: Serialize>(claims: &T, secret: &str) -> Result<String, ApiError> {
    hs256::install();
    let key = EncodingKey::from_secret(secret.as_bytes());
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &key)
        .map_err(|error| ApiError::Internal(format!("signing claims: {error}")))
}

/// The claims of `token`, if `secret` signed it and its `exp`, in seconds since 1970, is not over. With an
/// `audience`, that is its `aud`.
pub fn verify<T: DeserializeOwned>(token: &str, secret: &str, audience: Option<&str>) -> Option<T> {
    hs256::install();
    let mut validation = Validation::new(Algorithm::HS256);
    validation.leeway = 0;
    match audience {
        Some(audience) => {
            validation.set_audience(&[audience]);
            validation.set_required_spec_claims(&["exp", "aud"]);
        }
        None => {
            validation.validate_aud = false;
            validation.set_required_spec_claims(&["exp"]);
        }
    }
    let key = DecodingKey::from_secret(secret.as_bytes());
    let data = jsonwebtoken::decode(token, &key, &validation);
    data.ok().map(|data| data.claims)
}

#[cfg(test)]
mod tests {
    use chrono::Utc;
    use serde_json::{Value, json};

    use super::*;

    const SECRET: &str = "a secret of any length";

    fn signed(claims: &Value) -> String {
        sign(claims, SECRET).unwrap()
    }

    #[test]
    fn only_what_the_secret_signed_for_the_audience_and_now_is_taken() {
        let soon = Utc::now().timestamp() + 60;
        let plain = signed(&json!({"iss": "pushpin", "exp": soon}));
        assert_eq!(verify::<Value>(&plain, SECRET, None).unwrap()["exp"], soon);
        assert_eq!(verify::<Value>(&plain, "another", None), None);
        assert_eq!(verify::<Value>(&plain, SECRET, Some("a")), None);

        let meant = signed(&json!({"aud": "a", "exp": soon}));
        assert_eq!(
            verify::<Value>(&meant, SECRET, Some("a")).unwrap()["exp"],
            soon
        );
        assert_eq!(verify::<Value>(&meant, SECRET, Some("b")), None);

        for bad in [json!({"exp": soon - 61}), json!({"exp": "soon"}), json!({})] {
            assert_eq!(verify::<Value>(&signed(&bad), SECRET, None), None, "{bad}");
        }
        for bad in ["", "..", &plain[..plain.len() - 2]] {
            assert_eq!(verify::<Value>(bad, SECRET, None), None, "{bad}");
        }
        let (_, rest) = plain.split_once('.').unwrap();
        // {"alg":"none","typ":"JWT"}
        let unsigned = format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{rest}");
        assert_eq!(verify::<Value>(&unsigned, SECRET, None), None);
    }
}
