//! Refresh tokens: opaque, kept by their hash, and good only where they belong.

use api::{ApiError, variable};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// What the successors of cookies are made for; no other text that the secret signs begins so.
const SUCCESSOR: &str = "successor of refresh token ";
/// What the texts of [`Place::Cookie`] begin with.
const COOKIE_PREFIX: &str = "cookie.";

/// Where a client keeps its refresh token; one that comes from the other place is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// It reads it in answers and sends it in bodies.
    Body,
    /// The browser does both, out of the page's sight.
    Cookie,
}

/// A refresh token: the id of its family and 256 bits that nobody guesses.
pub struct RefreshToken {
    /// As the client gets it.
    pub text: String,
    /// All tokens of one sign-in.
    pub family_id: Uuid,
    place: Place,
}

impl RefreshToken {
    /// The first one of a family.
    pub fn generate(place: Place, family_id: Uuid) -> Result<Self, ApiError> {
        Ok(Self::new(place, family_id, random()?))
    }

    fn new(place: Place, family_id: Uuid, secret: [u8; 32]) -> Self {
        let prefix = match place {
            Place::Body => "",
            Place::Cookie => COOKIE_PREFIX,
        };
        let (family, secret) = (family_id.simple(), URL_SAFE_NO_PAD.encode(secret));
        Self {
            text: format!("{prefix}{family}.{secret}"),
            family_id,
            place,
        }
    }

    /// One that a client sent; `None` if we never make such for this place.
    pub fn parse(place: Place, text: &str) -> Option<Self> {
        let rest = match place {
            Place::Body => text,
            Place::Cookie => text.strip_prefix(COOKIE_PREFIX)?,
        };
        let (family_id, secret) = rest.split_once('.')?;
        if family_id.len() != 32 || secret.len() != 43 {
            return None;
        }
        Some(Self {
            text: text.to_owned(),
            family_id: Uuid::try_parse(family_id).ok()?,
            place,
        })
    }

    /// The one that takes its place.
    ///
    /// In bodies it is random. For a cookie it follows from the token and our secret: a page that is
    /// reloaded while it refreshes loses the answer, and two tabs may refresh at once; both then get the
    /// same cookie, of which there is still only one that is good.
    pub async fn successor(&self) -> Result<Self, ApiError> {
        let secret = match self.place {
            Place::Body => random()?,
            Place::Cookie => {
                let key = variable("jwt_secret")
                    .await
                    .map_err(ApiError::Unavailable)?;
                derived(&key, &self.text)?
            }
        };
        Ok(Self::new(self.place, self.family_id, secret))
    }

    /// SHA-256 of the whole text, in lower-case hex; so a token with another family's id is unknown.
    pub fn hash(&self) -> String {
        let digest = Sha256::digest(self.text.as_bytes());
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

fn random() -> Result<[u8; 32], ApiError> {
    let mut secret = [0; 32];
    getrandom::fill(&mut secret)
        .map_err(|error| ApiError::Internal(format!("no randomness: {error}")))?;
    Ok(secret)
}

fn derived(key: &str, text: &str) -> Result<[u8; 32], ApiError> {
    let mac = Hmac::<Sha256>::new_from_slice(key.as_bytes())
        .map_err(|error| ApiError::Internal(error.to_string()))?;
    let mac = mac.chain_update(SUCCESSOR).chain_update(text);
    Ok(mac.finalize().into_bytes().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAMILY: Uuid = Uuid::from_u128(7);

    #[test]
    fn refresh_tokens_name_their_family_and_are_never_alike() {
        for place in [Place::Body, Place::Cookie] {
            let one = RefreshToken::generate(place, FAMILY).unwrap();
            let parsed = RefreshToken::parse(place, &one.text).unwrap();
            assert_eq!((parsed.family_id, parsed.hash()), (FAMILY, one.hash()));
            assert_eq!(one.hash().len(), 64);
            let other = RefreshToken::generate(place, FAMILY).unwrap();
            assert_ne!(one.text, other.text);
            assert!(RefreshToken::parse(place, "").is_none());
            assert!(RefreshToken::parse(place, &one.text[1..]).is_none());
        }
    }

    #[test]
    fn a_token_is_good_in_its_own_place() {
        for (here, there) in [(Place::Body, Place::Cookie), (Place::Cookie, Place::Body)] {
            let token = RefreshToken::generate(here, FAMILY).unwrap();
            assert!(RefreshToken::parse(there, &token.text).is_none());
        }
    }

    #[test]
    fn a_cookies_successor_follows_from_it_and_the_secret() {
        let one = derived("secret", "a").unwrap();
        assert_eq!(derived("secret", "a").unwrap(), one);
        assert_ne!(derived("secret", "b").unwrap(), one);
        assert_ne!(derived("secrets", "a").unwrap(), one);
    }
}
