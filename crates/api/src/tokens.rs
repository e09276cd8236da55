//! Tokens (JWT, RFC 7519, signed with HS256): of people who signed in, and of our services for each other.

use chrono::{DateTime, TimeDelta, Utc};
use http::HeaderMap;
use http::header::AUTHORIZATION;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::ApiError;

const ISSUER: &str = "todo-chatbot";
/// The audience of a person's tokens.
const PERSON: &str = "todo-api";
/// The audience of a service's tokens.
const SERVICE: &str = "todo-service";
/// How long a service's token is good: for the request that it is made for.
const SERVICE_LIFETIME: TimeDelta = TimeDelta::seconds(60);
/// Least length of the secret, in characters: the 256 bits that HS256 asks for (RFC 7518, 3.2).
const MIN_SECRET_CHARS: usize = 32;
/// Longest token that is looked at, in bytes.
const MAX_TOKEN_BYTES: usize = 4096;

/// What a token says that is signed, of ours and good now. As an extractor it is that of the request, or 401.
///
/// The signature alone is looked at: a person who signed out meanwhile still has it, until it runs out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    /// Whose data is meant.
    pub user_id: Uuid,
    /// Who asks.
    pub caller: Caller,
}

/// Who a token was made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    /// The person, signed in.
    Person {
        /// The sign-in: the family of its refresh tokens.
        family_id: Uuid,
    },
    /// One of our services that acts for the person.
    Service,
}

/// A token's payload.
#[derive(Serialize, Deserialize)]
struct Payload {
    sub: Uuid,
    iss: String,
    aud: String,
    exp: i64,
    iat: i64,
    jti: Uuid,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fam: Option<Uuid>,
}

/// Makes and checks tokens.
pub struct Tokens {
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
}

impl Tokens {
    /// Tokens signed with `secret`.
    pub fn new(secret: &str) -> Result<Self, String> {
        if secret.chars().count() < MIN_SECRET_CHARS {
            return Err(format!(
                "jwt_secret must have at least {MIN_SECRET_CHARS} characters"
            ));
        }
        hs256::install();
        let mut validation = Validation::new(Algorithm::HS256);
        validation.leeway = 0;
        validation.validate_nbf = true;
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[PERSON, SERVICE]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        Ok(Self {
            encoding: EncodingKey::from_secret(secret.as_bytes()),
            decoding: DecodingKey::from_secret(secret.as_bytes()),
            validation,
        })
    }

    /// An access token for a person's sign-in.
    pub fn access_token(
        &self,
        user_id: Uuid,
        family_id: Uuid,
        lifetime: TimeDelta,
        now: DateTime<Utc>,
    ) -> Result<String, ApiError> {
        self.issue(PERSON, user_id, Some(family_id), lifetime, now)
    }

    /// A token with which a service asks another one for a person, good for a minute.
    pub fn service_token(&self, user_id: Uuid, now: DateTime<Utc>) -> Result<String, ApiError> {
        self.issue(SERVICE, user_id, None, SERVICE_LIFETIME, now)
    }

    fn issue(
        &self,
        audience: &str,
        user_id: Uuid,
        family_id: Option<Uuid>,
        lifetime: TimeDelta,
        now: DateTime<Utc>,
    ) -> Result<String, ApiError> {
        let payload = Payload {
            sub: user_id,
            iss: ISSUER.into(),
            aud: audience.into(),
            exp: (now + lifetime).timestamp(),
            iat: now.timestamp(),
            jti: Uuid::new_v4(),
            fam: family_id,
        };
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &payload, &self.encoding)
            .map_err(|error| ApiError::Internal(format!("signing a token: {error}")))
    }

    /// The claims of the request's bearer token (RFC 6750, section 2.1).
    pub(crate) fn identify(&self, headers: &HeaderMap) -> Result<Claims, ApiError> {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let value = values.next().ok_or(ApiError::NoToken)?;
        if values.next().is_some() {
            return Err(ApiError::InvalidToken);
        }
        let (scheme, token) = value
            .to_str()
            .ok()
            .and_then(|value| value.split_once(' '))
            .ok_or(ApiError::NoToken)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(ApiError::NoToken);
        }
        self.verify(token.trim_start_matches(' '))
    }

    fn verify(&self, token: &str) -> Result<Claims, ApiError> {
        self.verify_until(token).map(|(claims, _)| claims)
    }

    /// The claims of a token that did not come in the `Authorization` header, and when it runs out.
    pub fn verify_until(&self, token: &str) -> Result<(Claims, DateTime<Utc>), ApiError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(ApiError::InvalidToken);
        }
        let payload: Payload = jsonwebtoken::decode(token, &self.decoding, &self.validation)
            .map_err(|_| ApiError::InvalidToken)?
            .claims;
        let caller = match (payload.aud.as_str(), payload.fam) {
            (PERSON, Some(family_id)) => Caller::Person { family_id },
            (SERVICE, None) => Caller::Service,
            _ => return Err(ApiError::InvalidToken),
        };
        let expires_at = DateTime::from_timestamp(payload.exp, 0).ok_or(ApiError::InvalidToken)?;
        let claims = Claims {
            user_id: payload.sub,
            caller,
        };
        Ok((claims, expires_at))
    }
}

/// HMAC-SHA-256 for `jsonwebtoken`, and nothing else: another algorithm is an error before any key is used.
pub(crate) mod hs256 {
    use hmac::{Hmac, Mac};
    use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
    use jsonwebtoken::errors::{Error, ErrorKind};
    use jsonwebtoken::signature::{self, Signer, Verifier};
    use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
    use sha2::Sha256;

    static PROVIDER: CryptoProvider = CryptoProvider {
        signer_factory: signer,
        verifier_factory: verifier,
        key_utils: KeyUtils::new_unimplemented(),
    };

    /// Makes it the provider of this instance; the first call does.
    pub fn install() {
        let _ = PROVIDER.install_default();
    }

    struct Hs256(Hmac<Sha256>);

    impl Hs256 {
        fn new(algorithm: Algorithm, secret: &[u8]) -> Result<Self, Error> {
            if algorithm != Algorithm::HS256 {
                return Err(ErrorKind::InvalidAlgorithm.into());
            }
            Hmac::new_from_slice(secret)
                .map(Self)
                .map_err(|_| ErrorKind::InvalidKeyFormat.into())
        }
    }

    fn signer(algorithm: &Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>, Error> {
        Ok(Box::new(Hs256::new(*algorithm, key.as_bytes())?))
    }

    fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>, Error> {
        Ok(Box::new(Hs256::new(*algorithm, key.try_get_as_bytes()?)?))
    }

    impl Signer<Vec<u8>> for Hs256 {
        fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
            let mac = self.0.clone().chain_update(message);
            Ok(mac.finalize().into_bytes().to_vec())
        }
    }

    impl JwtSigner for Hs256 {
        fn algorithm(&self) -> Algorithm {
            Algorithm::HS256
        }
    }

    impl Verifier<Vec<u8>> for Hs256 {
        fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
            let mac = self.0.clone().chain_update(message);
            mac.verify_slice(signature)
                .map_err(signature::Error::from_source)
        }
    }

    impl JwtVerifier for Hs256 {
        fn algorithm(&self) -> Algorithm {
            Algorithm::HS256
        }
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::{Value, json};
    use sha2::Sha256;

    use super::*;

    const SECRET: &str = "0123456789abcdef0123456789abcdef";

    fn tokens() -> Tokens {
        Tokens::new(SECRET).unwrap()
    }

    fn issued() -> String {
        let (user_id, family_id) = (Uuid::from_u128(1), Uuid::from_u128(2));
        tokens()
            .access_token(user_id, family_id, TimeDelta::minutes(15), Utc::now())
            .unwrap()
    }

    fn claims() -> Value {
        payload(&issued())
    }

    fn payload(token: &str) -> Value {
        let part = token.split('.').nth(1).unwrap();
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    }

    fn signed(header: &Value, claims: &Value, secret: &str) -> String {
        use hmac::{Hmac, Mac};
        let text = [header, claims]
            .map(|part| URL_SAFE_NO_PAD.encode(part.to_string()))
            .join(".");
        let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        let mac = mac.chain_update(text.as_bytes()).finalize().into_bytes();
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(mac))
    }

    #[test]
    fn a_token_says_whose_it_is_and_who_asks() {
        let expected = Claims {
            user_id: Uuid::from_u128(1),
            caller: Caller::Person {
                family_id: Uuid::from_u128(2),
            },
        };
        assert_eq!(tokens().verify(&issued()), Ok(expected));
        let seconds =
            |claims: &Value| claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
        assert_eq!(seconds(&claims()), 900);

        let user_id = Uuid::from_u128(1);
        let token = tokens().service_token(user_id, Utc::now()).unwrap();
        let caller = Caller::Service;
        assert_eq!(tokens().verify(&token), Ok(Claims { user_id, caller }));
        assert_eq!(seconds(&payload(&token)), 60);
        let (_, expires_at) = tokens().verify_until(&token).unwrap();
        assert_eq!(
            Some(expires_at.timestamp()),
            payload(&token)["exp"].as_i64()
        );
        let past = Utc::now() - TimeDelta::seconds(61);
        let expired = tokens().service_token(user_id, past).unwrap();
        assert_eq!(tokens().verify(&expired), Err(ApiError::InvalidToken));
    }

    #[test]
    fn forged_and_foreign_tokens_are_refused() {
        let hs256 = json!({"alg": "HS256", "typ": "JWT"});
        assert!(
            tokens().verify(&signed(&hs256, &claims(), SECRET)).is_ok(),
            "the forger works"
        );

        let mut tokens_to_refuse = vec![
            (
                "wrong secret",
                signed(&hs256, &claims(), "another secret that is long enough!"),
            ),
            ("cut", issued()[..issued().len() - 2].to_owned()),
            ("empty", String::new()),
            ("dots", "..".to_owned()),
            ("long", "x".repeat(MAX_TOKEN_BYTES + 1)),
        ];
        for alg in ["none", "None", "HS384", "RS256", "ES256", "EdDSA"] {
            let header = json!({"alg": alg, "typ": "JWT"});
            tokens_to_refuse.push((alg, signed(&header, &claims(), SECRET)));
        }
        let unsigned = signed(&json!({"alg": "none"}), &claims(), SECRET);
        tokens_to_refuse.push((
            "unsigned",
            format!("{}.", unsigned.rsplit_once('.').unwrap().0),
        ));
        for (field, value) in [
            ("exp", json!(Utc::now().timestamp() - 1)),
            ("exp", json!("soon")),
            ("nbf", json!(Utc::now().timestamp() + 60)),
            ("iss", json!("someone")),
            ("aud", json!("elsewhere")),
            ("aud", json!("todo-service")),
            ("aud", json!(["todo-api"])),
            ("sub", json!("not a uuid")),
            ("fam", json!("not a uuid")),
        ] {
            let mut changed = claims();
            changed[field] = value;
            tokens_to_refuse.push((field, signed(&hs256, &changed, SECRET)));
            if claims().get(field).is_some() {
                changed.as_object_mut().unwrap().remove(field);
                tokens_to_refuse.push((field, signed(&hs256, &changed, SECRET)));
            }
        }
        for (what, token) in tokens_to_refuse {
            assert_eq!(
                tokens().verify(&token),
                Err(ApiError::InvalidToken),
                "{what}: {token}"
            );
        }
    }

    #[test]
    fn short_secrets_are_refused() {
        assert!(Tokens::new(&SECRET[1..]).is_err());
    }
}
