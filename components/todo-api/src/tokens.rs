//! Access tokens (JWT, RFC 7519, signed with HS256) and refresh tokens (random, opaque).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use http::HeaderMap;
use http::header::AUTHORIZATION;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::error::ApiError;

const ISSUER: &str = "todo-chatbot";
const AUDIENCE: &str = "todo-api";
/// Least length of the secret, in characters: the 256 bits that HS256 asks for (RFC 7518, 3.2).
const MIN_SECRET_CHARS: usize = 32;
/// Longest access token that is looked at, in bytes.
const MAX_TOKEN_BYTES: usize = 4096;

/// What an access token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Whose it is.
    pub sub: Uuid,
    iss: String,
    aud: String,
    /// Until when it is good, in seconds since 1970.
    exp: i64,
    iat: i64,
    jti: Uuid,
    /// The sign-in that it comes from: the family of its refresh tokens.
    pub fam: Uuid,
}

/// Makes and checks access tokens.
pub struct AccessTokens {
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
    lifetime: TimeDelta,
}

impl AccessTokens {
    /// Tokens signed with `secret` that are good for `lifetime`.
    pub fn new(secret: &str, lifetime: TimeDelta) -> Result<Self, String> {
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
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        Ok(Self {
            encoding: EncodingKey::from_secret(secret.as_bytes()),
            decoding: DecodingKey::from_secret(secret.as_bytes()),
            validation,
            lifetime,
        })
    }

    /// How long a token is good, in seconds.
    pub fn lifetime_seconds(&self) -> i64 {
        self.lifetime.num_seconds()
    }

    /// A token for a person's sign-in.
    pub fn issue(
        &self,
        user_id: Uuid,
        family_id: Uuid,
        now: DateTime<Utc>,
    ) -> Result<String, ApiError> {
        let claims = Claims {
            sub: user_id,
            iss: ISSUER.into(),
            aud: AUDIENCE.into(),
            exp: (now + self.lifetime).timestamp(),
            iat: now.timestamp(),
            jti: Uuid::new_v4(),
            fam: family_id,
        };
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.encoding)
            .map_err(|error| ApiError::Internal(format!("signing a token: {error}")))
    }

    /// The claims of the request's bearer token (RFC 6750, section 2.1).
    pub fn identify(&self, headers: &HeaderMap) -> Result<Claims, ApiError> {
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
        if token.len() > MAX_TOKEN_BYTES {
            return Err(ApiError::InvalidToken);
        }
        jsonwebtoken::decode(token, &self.decoding, &self.validation)
            .map(|data| data.claims)
            .map_err(|_| ApiError::InvalidToken)
    }
}

/// A refresh token: the id of its family and 256 random bits. Opaque to clients; only its hash is kept.
pub struct RefreshToken {
    /// As the client gets it.
    pub text: String,
    /// All tokens of one sign-in.
    pub family_id: Uuid,
}

impl RefreshToken {
    /// A new one.
    pub fn generate(family_id: Uuid) -> Result<Self, ApiError> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret)
            .map_err(|error| ApiError::Internal(format!("no randomness: {error}")))?;
        let text = format!("{}.{}", family_id.simple(), URL_SAFE_NO_PAD.encode(secret));
        Ok(Self { text, family_id })
    }

    /// One that a client sent; `None` if we never make such.
    pub fn parse(text: &str) -> Option<Self> {
        let (family_id, secret) = text.split_once('.')?;
        if family_id.len() != 32 || secret.len() != 43 {
            return None;
        }
        Some(Self {
            text: text.to_owned(),
            family_id: Uuid::try_parse(family_id).ok()?,
        })
    }

    /// SHA-256 of the whole text, in lower-case hex; so a token with another family's id is unknown.
    pub fn hash(&self) -> String {
        let digest = Sha256::digest(self.text.as_bytes());
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// HMAC-SHA-256 for `jsonwebtoken`, and nothing else: another algorithm is an error before any key is used.
mod hs256 {
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
    use serde_json::{Value, json};

    use super::*;

    const SECRET: &str = "0123456789abcdef0123456789abcdef";

    fn tokens() -> AccessTokens {
        AccessTokens::new(SECRET, TimeDelta::minutes(15)).unwrap()
    }

    fn issued() -> String {
        tokens()
            .issue(Uuid::from_u128(1), Uuid::from_u128(2), Utc::now())
            .unwrap()
    }

    fn claims() -> Value {
        let token = issued();
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
    fn a_token_says_whose_it_is() {
        let claims = tokens().verify(&issued()).unwrap();
        assert_eq!(
            (claims.sub, claims.fam),
            (Uuid::from_u128(1), Uuid::from_u128(2))
        );
        assert_eq!(claims.exp - claims.iat, 900);
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
            ("sub", json!("not a uuid")),
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
        assert!(AccessTokens::new(&SECRET[1..], TimeDelta::minutes(15)).is_err());
    }

    #[test]
    fn refresh_tokens_name_their_family_and_are_never_alike() {
        let family = Uuid::from_u128(7);
        let one = RefreshToken::generate(family).unwrap();
        let parsed = RefreshToken::parse(&one.text).unwrap();
        assert_eq!((parsed.family_id, parsed.hash()), (family, one.hash()));
        assert_eq!(one.hash().len(), 64);
        assert_ne!(one.text, RefreshToken::generate(family).unwrap().text);
        assert!(RefreshToken::parse("").is_none());
        assert!(RefreshToken::parse(&one.text[1..]).is_none());
    }
}
