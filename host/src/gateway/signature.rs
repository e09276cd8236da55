//! `Grip-Sig`: a JWT (RFC 7519, HS256) by which gateways and components that share a key know each other
//! (<https://pushpin.org/docs/protocols/grip/>).

use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use chrono::Utc;
use hmac::{Hmac, Mac as _};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;
use serde_json::json;
use sha2::Sha256;

/// The header.
pub const GRIP_SIG: HeaderName = HeaderName::from_static("grip-sig");
/// How long a signature is good, in seconds: as long as one of Pushpin's.
const LIFETIME: i64 = 3600;
/// How long one signature is used for new requests, in seconds.
const REUSE: i64 = 60;

/// Signs and verifies with one key.
pub struct Signer {
    key: Vec<u8>,
    /// The signature made last, and when.
    latest: Mutex<Option<(i64, HeaderValue)>>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
}

#[derive(Deserialize)]
struct Claims {
    exp: i64,
}

impl Signer {
    /// A signer; none without a key.
    pub fn new(key: &str) -> Option<Self> {
        (!key.is_empty()).then(|| Self {
            key: key.as_bytes().to_vec(),
            latest: Mutex::default(),
        })
    }

    /// A signature that is good for most of an hour.
    pub fn sign(&self) -> Option<HeaderValue> {
        let now = Utc::now().timestamp();
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((made, value)) = &*latest
            && (0..REUSE).contains(&(now - made))
        {
            return Some(value.clone());
        }
        let header = BASE64.encode(json!({"alg": "HS256", "typ": "JWT"}).to_string());
        let claims = json!({"iss": "pushpin", "exp": now + LIFETIME}).to_string();
        let signed = format!("{header}.{}", BASE64.encode(claims));
        let signature = self.mac(&signed)?.finalize().into_bytes();
        let token = format!("{signed}.{}", BASE64.encode(signature));
        let mut value = HeaderValue::try_from(token).ok()?;
        value.set_sensitive(true);
        *latest = Some((now, value.clone()));
        Some(value)
    }

    /// Whether a request comes from another gateway with the same key.
    pub fn verifies(&self, headers: &HeaderMap) -> bool {
        let mut values = headers.get_all(GRIP_SIG).iter();
        let value = values.next().and_then(|value| value.to_str().ok());
        value.is_some_and(|token| self.is_good(token).is_some()) && values.next().is_none()
    }

    fn is_good(&self, token: &str) -> Option<()> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let header: Header = serde_json::from_slice(&BASE64.decode(header).ok()?).ok()?;
        let signature = BASE64.decode(signature).ok()?;
        self.mac(signed)?.verify_slice(&signature).ok()?;
        let claims: Claims = serde_json::from_slice(&BASE64.decode(claims).ok()?).ok()?;
        (header.alg == "HS256" && claims.exp > Utc::now().timestamp()).then_some(())
    }

    fn mac(&self, signed: &str) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::new_from_slice(&self.key).ok()?;
        mac.update(signed.as_bytes());
        Some(mac)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(key: &str, alg: &str, exp: i64) -> String {
        let header = BASE64.encode(json!({"alg": alg}).to_string());
        let signed = format!(
            "{header}.{}",
            BASE64.encode(json!({"exp": exp}).to_string())
        );
        let mac = Signer::new(key).unwrap().mac(&signed).unwrap();
        format!("{signed}.{}", BASE64.encode(mac.finalize().into_bytes()))
    }

    fn verifies(tokens: &[&str]) -> bool {
        let mut headers = HeaderMap::new();
        for token in tokens {
            headers.append(GRIP_SIG, HeaderValue::from_str(token).unwrap());
        }
        Signer::new("key").unwrap().verifies(&headers)
    }

    #[test]
    fn its_own_signature_is_good() {
        let value = Signer::new("key").unwrap().sign().unwrap();
        assert!(verifies(&[value.to_str().unwrap()]));
        assert!(value.is_sensitive());
    }

    #[test]
    fn the_example_of_rfc_7515_is_verified() {
        // RFC 7515, appendix A.1: signed with this key, and expired since 2011.
        let signed = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let key = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
        let signer = Signer {
            key: BASE64.decode(key).unwrap(),
            latest: Mutex::default(),
        };
        let signature = signer.mac(signed).unwrap().finalize().into_bytes();
        assert_eq!(
            BASE64.encode(signature),
            "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
        );
    }

    #[test]
    fn nothing_else_is() {
        let soon = Utc::now().timestamp() + 60;
        let good = token("key", "HS256", soon);
        assert!(verifies(&[&good]));
        for bad in [
            token("other", "HS256", soon),
            token("key", "HS256", soon - 61),
            token("key", "none", soon),
            good[..good.len() - 1].to_owned(),
            good.replacen('.', "", 1),
            String::new(),
            "..".to_owned(),
        ] {
            assert!(!verifies(&[&bad]), "{bad}");
        }
        assert!(!verifies(&[&good, &good]), "which of them is meant?");
        assert!(!verifies(&[]));
        assert!(Signer::new("").is_none());
    }
}
