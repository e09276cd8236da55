//! Which keys there are: Dapr's state API cannot list them.
//!
//! Keys are spread over documents by their hash. A write changes a value and the document of its key in one
//! transaction that fails if the document has changed since it was read, so that neither is there without the
//! other.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// How many documents there are. One more would find no key again, so this never changes.
pub const SHARDS: u16 = 1024;

/// The document that a key is listed in.
pub fn shard(key: &str) -> u16 {
    let hash = Sha256::digest(key);
    u16::from_be_bytes([hash[0], hash[1]]) % SHARDS
}

/// The keys of one document, each with when it expires in seconds since 1970, or 0 if it does not.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Shard(BTreeMap<String, u64>);

impl Shard {
    /// Lists a key, and lets go of those that have expired.
    pub fn insert(&mut self, key: &str, expires: u64, now: u64) {
        self.0.retain(|_, expires| *expires == 0 || *expires >= now);
        self.0.insert(key.to_owned(), expires);
    }

    /// Answers whether the key was listed.
    pub fn remove(&mut self, key: &str) -> bool {
        self.0.remove(key).is_some()
    }

    /// Whether it lists nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// For how long the document is needed from `now` on: as long as any of its keys.
    pub fn lifetime(&self, now: u64) -> Option<u64> {
        let last = self.0.values().copied().max()?;
        let forever = self.0.values().any(|expires| *expires == 0);
        (!forever).then(|| last.saturating_sub(now).max(1))
    }

    /// The keys that have not expired.
    pub fn keys(self, now: u64) -> Vec<String> {
        let valid = (self.0.into_iter()).filter(|(_, expires)| *expires == 0 || *expires >= now);
        valid.map(|(key, _)| key).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_always_has_the_same_document() {
        // Of a store that was written before.
        assert_eq!(shard("a"), 0xca97 % SHARDS);
        assert_eq!(shard(""), 0xe3b0 % SHARDS);
    }

    #[test]
    fn what_has_expired_is_gone_and_the_document_lasts_as_long_as_its_keys() {
        let mut shard = Shard::default();
        assert_eq!(shard.lifetime(100), None);
        shard.insert("a", 110, 100);
        shard.insert("b", 130, 100);
        assert_eq!(shard.lifetime(100), Some(30));
        shard.insert("c", 140, 120);
        assert_eq!(shard.keys(120), ["b", "c"]);

        let mut shard = Shard::default();
        shard.insert("a", 110, 100);
        shard.insert("b", 0, 100);
        assert_eq!(shard.lifetime(100), None);
        assert!(shard.remove("b") && !shard.remove("b"));
        assert_eq!(shard.lifetime(200), Some(1));
        assert!(!shard.is_empty());
        assert_eq!(shard.keys(111), [""; 0]);
    }

    #[test]
    fn it_reads_back_as_written() {
        let mut shard = Shard::default();
        shard.insert("zoë \"🦀\"", 7, 1);
        let text = serde_json::to_string(&shard).unwrap();
        assert_eq!(text, r#"{"zoë \"🦀\"":7}"#);
        assert_eq!(serde_json::from_str::<Shard>(&text).unwrap(), shard);
    }
}
