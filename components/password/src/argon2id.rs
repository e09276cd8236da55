//! Argon2id (RFC 9106) with the parameters of OWASP's Password Storage Cheat Sheet.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{self, PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};

/// Longest password, in bytes: 128 characters of UTF-8.
pub const MAX_PASSWORD_BYTES: usize = 512;
/// Longest PHC string.
const MAX_HASH_BYTES: usize = 256;
/// Memory of a hash, in KiB.
const MEMORY_KIB: u32 = 19_456;
/// Passes over it.
const ITERATIONS: u32 = 2;
/// Lanes.
const PARALLELISM: u32 = 1;
/// A stored hash may ask for this many times the work of a new one, so that the parameters can be
/// raised and lowered again, and no more.
const MAX_WORK_FACTOR: u32 = 4;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// The password or the hash is too long, or the hash is none of ours.
    #[error("{0}")]
    Input(&'static str),
    /// No randomness, no memory.
    #[error("Argon2id: {0}")]
    Failed(password_hash::Error),
}

/// A PHC string with a random salt.
pub fn hash(password: &str) -> Result<String, HashError> {
    check_length(password)?;
    argon2id()?
        .hash_password(password.as_bytes())
        .map(|hash| hash.to_string())
        .map_err(HashError::Failed)
}

/// Whether `hash` is that of `password`. Without a hash it does the same work and answers no, so
/// that the time says nothing about which accounts exist.
pub fn verify(password: &str, hash: Option<&str>) -> Result<bool, HashError> {
    check_length(password)?;
    let Some(hash) = hash else {
        self::hash(password)?;
        return Ok(false);
    };
    if hash.len() > MAX_HASH_BYTES {
        return Err(HashError::Input("the hash is too long"));
    }
    let hash = PasswordHash::new(hash).map_err(|_| HashError::Input("not a PHC string"))?;
    let params =
        Params::try_from(&hash).map_err(|_| HashError::Input("not parameters of Argon2"))?;
    if hash.algorithm != Algorithm::Argon2id.ident()
        || params.m_cost() > MEMORY_KIB * MAX_WORK_FACTOR
        || params.t_cost() > ITERATIONS * MAX_WORK_FACTOR
        || params.p_cost() > PARALLELISM * MAX_WORK_FACTOR
    {
        return Err(HashError::Input("not a hash of ours"));
    }
    match argon2id()?.verify_password(password.as_bytes(), &hash) {
        Ok(()) => Ok(true),
        Err(password_hash::Error::PasswordInvalid) => Ok(false),
        Err(error) => Err(HashError::Failed(error)),
    }
}

fn check_length(password: &str) -> Result<(), HashError> {
    if password.len() > MAX_PASSWORD_BYTES {
        return Err(HashError::Input("the password is too long"));
    }
    Ok(())
}

fn argon2id() -> Result<Argon2<'static>, HashError> {
    let params = Params::new(MEMORY_KIB, ITERATIONS, PARALLELISM, None)
        .map_err(|error| HashError::Failed(error.into()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_verifies_against_its_own_hash_only() {
        let hash = hash("correct horse").unwrap();
        assert!(
            hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{hash}"
        );
        assert!(verify("correct horse", Some(&hash)).unwrap());
        assert!(!verify("correct horsf", Some(&hash)).unwrap());
        assert_ne!(
            hash,
            super::hash("correct horse").unwrap(),
            "the salt is random"
        );
    }

    #[test]
    fn without_a_hash_nothing_is_valid() {
        assert!(!verify("nobody", None).unwrap());
    }

    #[test]
    fn foreign_and_expensive_hashes_are_refused() {
        let salt_and_hash = "c29tZXNhbHRzb21lc2FsdA$MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE";
        for prefix in [
            "",
            "$argon2i$v=19$m=19456,t=2,p=1$",
            "$argon2id$v=19$m=4294967295,t=2,p=1$",
            "$argon2id$v=19$m=19456,t=4294967295,p=1$",
        ] {
            let hash = format!("{prefix}{salt_and_hash}");
            assert!(
                matches!(verify("x", Some(&hash)), Err(HashError::Input(_))),
                "{hash}"
            );
        }
        assert!(matches!(
            verify(&"x".repeat(MAX_PASSWORD_BYTES + 1), None),
            Err(HashError::Input(_))
        ));
    }
}
