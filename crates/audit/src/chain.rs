//! How an entry's hash is made; `docs/audit.md` says the same for those who verify by other means.

use serde::Serialize;
use sha2::{Digest, Sha256};

/// SHA-256.
pub type Hash = [u8; 32];
/// What makes a content's digest say nothing about the content, once it is gone.
pub type Salt = [u8; 16];

/// Names the layout of [`Link`], so that another one can never be mistaken for it.
const LAYOUT: &str = "todo-audit-entry/1";

/// What an entry's hash is of, in this order, as a JSON array.
pub struct Link<'a> {
    /// The hash of the entry before; none at the beginning.
    pub previous_hash: Option<&'a [u8]>,
    /// Its place in the chain, from 1.
    pub seq: i64,
    /// Whose chain.
    pub user_id: &'a str,
    /// The event's id.
    pub event_id: &'a str,
    /// Its topic.
    pub topic: &'a str,
    /// What happened.
    pub event_type: &'a str,
    /// To which task.
    pub task_id: Option<&'a str>,
    /// The task's version after it.
    pub version: Option<i64>,
    /// When it happened, in milliseconds since 1970.
    pub occurred_at: i64,
    /// When it was recorded, in milliseconds since 1970.
    pub recorded_at: i64,
    /// [`content_digest`] of the rest.
    pub content_digest: &'a [u8],
}

impl Link<'_> {
    /// SHA-256 of the JSON array, which has no white space and hashes as lower-case hex.
    pub fn hash(&self) -> Hash {
        digest(
            Sha256::new(),
            &(
                LAYOUT,
                self.previous_hash.map(hex),
                self.seq,
                self.user_id,
                self.event_id,
                self.topic,
                self.event_type,
                self.task_id,
                self.version,
                self.occurred_at,
                self.recorded_at,
                hex(self.content_digest),
            ),
        )
    }
}

/// SHA-256 of the salt and the JSON array of correlation id and payload text.
pub fn content_digest(salt: &[u8], correlation_id: Option<&str>, data: &str) -> Hash {
    digest(Sha256::new_with_prefix(salt), &(correlation_id, data))
}

/// The digest of an entry that was recorded without content.
pub fn no_content_digest() -> Hash {
    Sha256::digest([]).into()
}

/// Lower-case.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |value: u8| char::from(DIGITS[usize::from(value & 15)]);
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(*byte)])
        .collect()
}

/// Writing to a hasher never fails, and neither does serialising texts and numbers.
fn digest(mut hasher: Sha256, value: &impl Serialize) -> Hash {
    let _ = serde_json::to_writer(&mut hasher, value);
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The expected hashes were made by the program in `docs/audit.md`.
    #[test]
    fn hashes_are_those_that_others_compute() {
        let salt: Salt = std::array::from_fn(|index| index as u8);
        let digest = content_digest(&salt, Some("c-1"), "{\"title\":\"zoë 🦀\\n\"}");
        assert_eq!(
            hex(&digest),
            "189b9d93e7c0a4cbb4866a7168f017507e48698afe7ccfa8238f95bad3fcad5f"
        );
        let first = Link {
            previous_hash: None,
            seq: 1,
            user_id: "00000000-0000-0000-0000-000000000001",
            event_id: "e-1",
            topic: "task-events",
            event_type: "task_created",
            task_id: Some("00000000-0000-0000-0000-000000000002"),
            version: Some(1),
            occurred_at: 1_772_445_600_250,
            recorded_at: 1_772_445_600_300,
            content_digest: &digest,
        };
        let hash = first.hash();
        assert_eq!(
            hex(&hash),
            "061a029e12de2cbbbd7adfb517e6317eb2fb06168703e83b2f9438d1fed941e2"
        );
        let second = Link {
            previous_hash: Some(&hash),
            seq: 2,
            event_id: "e-2",
            topic: "user-events",
            event_type: "user_erased",
            task_id: None,
            version: None,
            occurred_at: 1_772_445_600_251,
            recorded_at: 1_772_445_600_301,
            content_digest: &no_content_digest(),
            ..first
        };
        assert_eq!(
            hex(&second.hash()),
            "41932af6200695d97e14c6ac184259d7cc73f5e3bba682ab9162de53305c9f24"
        );
    }
}
