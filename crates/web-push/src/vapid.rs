//! Voluntary Application Server Identification (RFC 8292): who sends, in a token signed with ES256.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::json;
use url::Url;

/// Why a text is no private key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a P-256 private key: 32 bytes in base64url")]
pub struct VapidKeyError;

/// The application server's key. `Debug` shows the public half only.
pub struct VapidKey {
    key: SigningKey,
    public_key: String,
}

impl VapidKey {
    /// The key with this private half: 32 bytes in base64url.
    ///
    /// # Errors
    /// It is none.
    pub fn parse(private_key: &str) -> Result<Self, VapidKeyError> {
        let bytes = URL_SAFE_NO_PAD
            .decode(private_key.trim().trim_end_matches('='))
            .map_err(|_| VapidKeyError)?;
        let key = SigningKey::from_slice(&bytes).map_err(|_| VapidKeyError)?;
        let public_key = URL_SAFE_NO_PAD.encode(key.verifying_key().to_sec1_point(false));
        Ok(Self { key, public_key })
    }

    /// The public half, an uncompressed point in unpadded base64url: what browsers subscribe with.
    pub fn public_key(&self) -> &str {
        &self.public_key
    }

    /// The value of `Authorization` for requests to `endpoint`'s push service, good until `expires` (Unix
    /// seconds, at most a day ahead). `subject` is how to reach the operator: a `mailto:` or `https:` URI.
    pub fn authorization(&self, endpoint: &Url, subject: &str, expires: i64) -> String {
        let header = json!({"typ": "JWT", "alg": "ES256"});
        let claims = json!({
            "aud": endpoint.origin().ascii_serialization(),
            "exp": expires,
            "sub": subject,
        });
        let part = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        let signature: Signature = self.key.sign(signed.as_bytes());
        let signature = URL_SAFE_NO_PAD.encode(signature.to_bytes());
        format!("vapid t={signed}.{signature}, k={}", self.public_key)
    }
}

impl fmt::Debug for VapidKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("VapidKey").field(&self.public_key).finish()
    }
}

#[cfg(test)]
mod tests {
    use p256::ecdsa::VerifyingKey;
    use p256::ecdsa::signature::Verifier;
    use serde_json::Value;

    use super::*;

    const PRIVATE: &str = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw";

    /// The claims of a header, if its token's signature is that of its key.
    fn verify(authorization: &str) -> Option<Value> {
        let (token, key) = authorization.strip_prefix("vapid t=")?.split_once(", k=")?;
        let key = VerifyingKey::from_sec1_bytes(&URL_SAFE_NO_PAD.decode(key).ok()?).ok()?;
        let (signed, signature) = token.rsplit_once('.')?;
        let signature = Signature::from_slice(&URL_SAFE_NO_PAD.decode(signature).ok()?).ok()?;
        key.verify(signed.as_bytes(), &signature).ok()?;
        let (header, claims) = signed.split_once('.')?;
        let json = |part: &str| -> Option<Value> {
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
        };
        assert_eq!(json(header)?, json!({"typ": "JWT", "alg": "ES256"}));
        json(claims)
    }

    #[test]
    fn the_public_key_is_the_private_ones() {
        // The pair of RFC 8291, section 5.
        assert_eq!(
            VapidKey::parse(PRIVATE).unwrap().public_key(),
            "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8"
        );
    }

    #[test]
    fn the_token_is_for_the_push_service_and_verifies_with_the_public_key() {
        let key = VapidKey::parse(PRIVATE).unwrap();
        let endpoint =
            Url::parse("https://push.example.net:443/p/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV").unwrap();
        let authorization = key.authorization(&endpoint, "mailto:push@example.com", 1_453_523_768);
        assert_eq!(
            verify(&authorization),
            Some(json!({
                "aud": "https://push.example.net",
                "exp": 1_453_523_768,
                "sub": "mailto:push@example.com",
            }))
        );
        let forged = authorization.replacen("t=e", "t=f", 1);
        assert_eq!(verify(&forged), None);
    }

    #[test]
    fn the_example_of_the_rfc_verifies_here_too() {
        // RFC 8292, section 2.4.
        let claims = verify(
            "vapid t=eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiJ9.eyJhdWQiOiJodHRwczovL3B1c2guZXhhbXBsZS5uZXQiLCJleHAiOjE0NTM1MjM3NjgsInN1YiI6Im1haWx0bzpwdXNoQGV4YW1wbGUuY29tIn0.i3CYb7t4xfxCDquptFOepC9GAu_HLGkMlMuCGSK2rpiUfnK9ojFwDXb1JrErtmysazNjjvW2L9OkSSHzvoD1oA, k=BA1Hxzyi1RUM1b5wjxsn7nGxAszw2u61m164i3MrAIxHF6YK5h4SDYic-dRuU_RCPCfA5aq9ojSwk5Y2EmClBPs",
        );
        assert_eq!(claims.unwrap()["aud"], "https://push.example.net");
    }

    #[test]
    fn what_is_no_key_is_refused_and_a_key_is_not_shown() {
        for text in ["", "AA", "not base64!", &"A".repeat(43), &"_".repeat(43)] {
            assert_eq!(VapidKey::parse(text).err(), Some(VapidKeyError), "{text}");
        }
        let padded = format!("{PRIVATE}=\n");
        let shown = format!("{:?}", VapidKey::parse(&padded).unwrap());
        assert!(!shown.contains(PRIVATE), "{shown}");
    }
}
