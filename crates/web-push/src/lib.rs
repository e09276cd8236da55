//! Web Push (RFC 8030) without I/O: message encryption, voluntary identification, and which endpoints are
//! addresses that anyone may name.

mod encryption;
mod endpoint;
mod vapid;

pub use encryption::{EncryptionError, MAX_PLAINTEXT_BYTES, Randomness, encrypt};
pub use endpoint::is_public;
pub use vapid::{VapidKey, VapidKeyError};
