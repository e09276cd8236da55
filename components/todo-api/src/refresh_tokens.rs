//! Refresh tokens: random, opaque, kept by their hash.

use api::ApiError;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use uuid::Uuid;

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

#[cfg(test)]
mod tests {
    use super::*;

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
