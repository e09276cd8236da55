//! One store: its values, and the documents that list their keys.

use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use provider::dapr::Sidecar;
use provider::{required_setting, setting};
use serde_json::{Value, json};
use spin_sdk::time::sleep;

use crate::index::{SHARDS, Shard, shard};
use crate::state::{Change, Entry, Failure, Replaces, State, state_key};

/// The longest that a write is repeated.
const WRITE_TIME_LIMIT: Duration = Duration::from_secs(10);
/// The first pause before a write is repeated, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(5), Duration::from_millis(500));
/// How many documents are asked for at once.
const BATCH: usize = 64;

/// A store under its label.
#[derive(Clone)]
pub struct Store(Rc<Inner>);

struct Inner {
    state: State,
    label: String,
    seconds: Option<u64>,
}

/// All documents, as they are asked for.
pub fn batches() -> Vec<Vec<u16>> {
    let all: Vec<u16> = (0..SHARDS).collect();
    all.chunks(BATCH).map(<[u16]>::to_vec).collect()
}

impl Store {
    /// The store with a label, as the variables have it; the error names the one that is missing or wrong.
    pub async fn of(label: String) -> Result<Self, String> {
        let seconds = match setting("state_ttl_seconds").await? {
            None => None,
            Some(text) => Some(
                (text.parse().ok().filter(|seconds| *seconds > 0))
                    .ok_or("state_ttl_seconds is not a positive number of seconds")?,
            ),
        };
        Ok(Self(Rc::new(Inner {
            state: State {
                sidecar: Sidecar::from_settings().await?,
                store: required_setting("state_store").await?,
            },
            label,
            seconds,
        })))
    }

    /// The value of a key.
    pub async fn value(&self, key: &str) -> Result<Option<Vec<u8>>, String> {
        match self.entry(self.value_key(key)).await?.data {
            None => Ok(None),
            Some(data) => decode(&data).map(Some),
        }
    }

    /// Sets the value of a key.
    pub async fn put(&self, key: &str, value: &[u8]) -> Result<(), String> {
        let encoded = json!(STANDARD.encode(value));
        self.write(key, |mut document, etag| {
            let now = now();
            document.insert(key, self.0.seconds.map_or(0, |seconds| now + seconds), now);
            let lifetime = document.lifetime(now);
            Some(vec![
                Change::Put {
                    key: self.value_key(key),
                    value: encoded.clone(),
                    seconds: self.0.seconds,
                    replaces: Replaces::Anything,
                },
                Change::Put {
                    key: self.document_key(shard(key)),
                    value: json!(document),
                    seconds: lifetime,
                    replaces: Replaces::Version(etag),
                },
            ])
        })
        .await
    }

    /// Removes a key, which need not be there.
    pub async fn remove(&self, key: &str) -> Result<(), String> {
        self.write(key, |mut document, etag| {
            // Without its entry there is no value, as both are written together.
            if !document.remove(key) {
                return None;
            }
            let document_key = self.document_key(shard(key));
            let rest = if document.is_empty() {
                Change::Delete {
                    key: document_key,
                    etag,
                }
            } else {
                Change::Put {
                    key: document_key,
                    seconds: document.lifetime(now()),
                    value: json!(document),
                    replaces: Replaces::Version(etag),
                }
            };
            let value = Change::Delete {
                key: self.value_key(key),
                etag: None,
            };
            Some(vec![value, rest])
        })
        .await
    }

    /// The keys that the documents list.
    pub async fn listed(&self, documents: &[u16]) -> Result<Vec<String>, String> {
        let names: Vec<String> = documents
            .iter()
            .map(|document| self.document_key(*document))
            .collect();
        let mut keys = Vec::new();
        for entry in self.0.state.get(&names).await?.into_values() {
            keys.extend(document(entry.data)?.keys(now()));
        }
        Ok(keys)
    }

    /// Makes what `changes_of` makes of the document that lists a key, on its newest version.
    async fn write(
        &self,
        key: &str,
        changes_of: impl for<'e> Fn(Shard, Option<&'e str>) -> Option<Vec<Change<'e>>>,
    ) -> Result<(), String> {
        let begun = Instant::now();
        let mut pause = PAUSES.0;
        loop {
            let entry = self.entry(self.document_key(shard(key))).await?;
            let Some(changes) = changes_of(document(entry.data)?, entry.etag.as_deref()) else {
                return Ok(());
            };
            match self.0.state.transact(changes).await {
                Ok(()) => return Ok(()),
                Err(Failure::Final(reason)) => return Err(reason),
                Err(Failure::Repeatable(reason)) => {
                    if begun.elapsed() + pause > WRITE_TIME_LIMIT {
                        return Err(reason);
                    }
                }
            }
            sleep(pause).await;
            pause = (pause * 2).min(PAUSES.1);
        }
    }

    async fn entry(&self, state_key: String) -> Result<Entry, String> {
        let mut entries = self.0.state.get(std::slice::from_ref(&state_key)).await?;
        entries
            .remove(&state_key)
            .ok_or_else(|| "Dapr answers for another key".to_owned())
    }

    fn value_key(&self, key: &str) -> String {
        state_key(&self.0.label, "value", key)
    }

    fn document_key(&self, shard: u16) -> String {
        state_key(&self.0.label, "keys", &shard.to_string())
    }
}

fn document(data: Option<Value>) -> Result<Shard, String> {
    data.map_or(Ok(Shard::default()), |data| {
        serde_json::from_value(data).map_err(|_| "a list of keys cannot be read".to_owned())
    })
}

fn decode(data: &Value) -> Result<Vec<u8>, String> {
    data.as_str()
        .and_then(|text| STANDARD.decode(text).ok())
        .ok_or_else(|| "a value is not one that was written here".to_owned())
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |now| now.as_secs())
}
