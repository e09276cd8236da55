//! Makes tokens by hand, the wrong ones above all.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use serde_json::Value;
use sha2::{Sha256, Sha384, Sha512};

/// The claims of a token, unverified.
pub fn claims(token: &str) -> Value {
    part(token, 1)
}

/// The header of a token, unverified.
pub fn header(token: &str) -> Value {
    part(token, 0)
}

fn part(token: &str, index: usize) -> Value {
    let encoded = token.split('.').nth(index).expect("a part of a token");
    let json = URL_SAFE_NO_PAD.decode(encoded).expect("base64url");
    serde_json::from_slice(&json).expect("JSON")
}

/// Header and claims, encoded, with the dot between: what a signature is over.
pub fn signing_input(header: &Value, claims: &Value) -> String {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", encode(header), encode(claims))
}

/// A token signed with HMAC and SHA-256, whatever its header says.
pub fn sign(header: &Value, claims: &Value, secret: &[u8]) -> String {
    with_mac::<Hmac<Sha256>>(header, claims, secret)
}

/// The same with SHA-384.
pub fn sign_384(header: &Value, claims: &Value, secret: &[u8]) -> String {
    with_mac::<Hmac<Sha384>>(header, claims, secret)
}

/// The same with SHA-512.
pub fn sign_512(header: &Value, claims: &Value, secret: &[u8]) -> String {
    with_mac::<Hmac<Sha512>>(header, claims, secret)
}

fn with_mac<M: Mac + hmac::digest::KeyInit>(
    header: &Value,
    claims: &Value,
    secret: &[u8],
) -> String {
    let input = signing_input(header, claims);
    let mut mac = <M as Mac>::new_from_slice(secret).expect("HMAC takes any key");
    mac.update(input.as_bytes());
    let signature = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
    format!("{input}.{signature}")
}
