//! Dapr's state API: `POST /v1.0/state/{store}/bulk` and `/transaction`.
//!
//! Only these, as they take keys in the body: one in a path would be decoded on the way. Values travel as JSON
//! strings in base64, which every state store keeps as they are.

use std::collections::HashMap;

use http::{Request, StatusCode};
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};
use provider::dapr::{Sidecar, told};
use provider::{Answer, SendError};
use serde::Deserialize;
use serde_json::{Value, json};

/// What no key can have: Dapr reserves `||`, and PostgreSQL keeps no NUL.
const UNSAFE: &AsciiSet = &CONTROLS.add(b'|').add(b'%');
/// The largest answer that is read, in bytes: a sidecar's default for requests.
const MAX_ANSWER_BYTES: usize = 4 << 20;
/// The longest part of a state store's error that is passed on, in characters.
const MAX_ERROR_CHARS: usize = 300;

/// Where the state is.
pub struct State {
    /// The sidecar.
    pub sidecar: Sidecar,
    /// The state store's name.
    pub store: String,
}

/// What is kept under a key.
#[derive(Debug, Deserialize)]
pub struct Entry {
    key: String,
    /// Nothing where there is no such key.
    #[serde(default)]
    pub data: Option<Value>,
    /// The version of what is there.
    #[serde(default)]
    pub etag: Option<String>,
    #[serde(default)]
    error: Option<String>,
}

/// Why a transaction failed.
#[derive(Debug, PartialEq, Eq)]
pub enum Failure {
    /// It did not take place, or nobody knows; an ETag that no longer fits is one reason.
    /// Reading again and repeating it does no harm.
    Repeatable(String),
    /// It will fail again.
    Final(String),
}

/// One change in a transaction.
pub enum Change<'a> {
    /// A value, for so many seconds or for good.
    Put {
        /// Under this key.
        key: String,
        /// What to keep.
        value: Value,
        /// For so many seconds, or for good.
        seconds: Option<u64>,
        /// What it replaces.
        replaces: Replaces<'a>,
    },
    /// The end of a value.
    Delete {
        /// Its key.
        key: String,
        /// Its version, where only that is to be deleted.
        etag: Option<&'a str>,
    },
}

/// What a value may replace.
pub enum Replaces<'a> {
    /// Whatever is there.
    Anything,
    /// Only this version, or nothing where none is given.
    Version(Option<&'a str>),
}

/// A key as the state API takes it.
pub fn state_key(label: &str, kind: &str, key: &str) -> String {
    format!(
        "{}/{kind}/{}",
        utf8_percent_encode(label, UNSAFE),
        utf8_percent_encode(key, UNSAFE)
    )
}

impl State {
    /// What is kept under the keys; each has an entry.
    pub async fn get(&self, keys: &[String]) -> Result<HashMap<String, Entry>, String> {
        let answer = self.ask("bulk", &json!({"keys": keys})).await;
        let answer = answer.map_err(|error| match error {
            Unanswered::Misconfigured(reason) => reason,
            Unanswered::Send(error) => format!("Dapr: {error}"),
        })?;
        if !answer.status.is_success() {
            return Err(told(&answer));
        }
        entries(&answer.body, keys)
    }

    /// Makes the changes, all or none.
    pub async fn transact(&self, changes: Vec<Change<'_>>) -> Result<(), Failure> {
        let operations: Vec<Value> = changes.into_iter().map(operation).collect();
        match self
            .ask("transaction", &json!({"operations": operations}))
            .await
        {
            Ok(answer) => outcome(&answer),
            Err(Unanswered::Misconfigured(reason)) => Err(Failure::Final(reason)),
            Err(Unanswered::Send(error)) => {
                let reason = format!("Dapr: {error}");
                Err(match error {
                    SendError::Denied | SendError::Invalid => Failure::Final(reason),
                    SendError::TimedOut | SendError::Failed(_) => Failure::Repeatable(reason),
                })
            }
        }
    }

    async fn ask(&self, what: &str, body: &Value) -> Result<Answer, Unanswered> {
        let request = (self.request(what, body)).map_err(Unanswered::Misconfigured)?;
        provider::send_and_read(request, MAX_ANSWER_BYTES)
            .await
            .map_err(Unanswered::Send)
    }

    /// The error names the variable that is wrong.
    fn request(&self, what: &str, body: &Value) -> Result<Request<Vec<u8>>, String> {
        let store = utf8_percent_encode(&self.store, NON_ALPHANUMERIC);
        let path = format!("state/{store}/{what}");
        self.sidecar.post(&path, body.to_string())
    }
}

enum Unanswered {
    Misconfigured(String),
    Send(SendError),
}

fn operation(change: Change<'_>) -> Value {
    match change {
        Change::Put {
            key,
            value,
            seconds,
            replaces,
        } => {
            let mut request = json!({"key": key, "value": value});
            if let Some(seconds) = seconds {
                request["metadata"] = json!({"ttlInSeconds": seconds.to_string()});
            }
            if let Replaces::Version(etag) = replaces {
                request["options"] = json!({"concurrency": "first-write"});
                if let Some(etag) = etag {
                    request["etag"] = json!(etag);
                }
            }
            json!({"operation": "upsert", "request": request})
        }
        Change::Delete { key, etag } => {
            let mut request = json!({"key": key});
            if let Some(etag) = etag {
                request["etag"] = json!(etag);
                request["options"] = json!({"concurrency": "first-write"});
            }
            json!({"operation": "delete", "request": request})
        }
    }
}

/// A state store that has nothing at all answers 204 without a body.
fn entries(body: &[u8], keys: &[String]) -> Result<HashMap<String, Entry>, String> {
    let entries: Vec<Entry> = match body {
        b"" => Vec::new(),
        body if body.len() >= MAX_ANSWER_BYTES => {
            return Err(format!("Dapr answers more than {MAX_ANSWER_BYTES} bytes"));
        }
        body => serde_json::from_slice(body)
            .map_err(|error| format!("Dapr's answer cannot be read: {error}"))?,
    };
    let mut found: HashMap<String, Entry> = HashMap::new();
    for entry in entries {
        if let Some(error) = entry.error.filter(|error| !error.is_empty()) {
            let error: String = error.chars().take(MAX_ERROR_CHARS).collect();
            return Err(format!("the state store: {error}"));
        }
        let data = entry.data.filter(|data| !data.is_null());
        found.insert(
            entry.key.clone(),
            Entry {
                data,
                error: None,
                ..entry
            },
        );
    }
    for key in keys {
        found.entry(key.clone()).or_insert_with(|| Entry {
            key: key.clone(),
            data: None,
            etag: None,
            error: None,
        });
    }
    Ok(found)
}

/// Dapr answers 500 to everything that the state store does not take, an ETag that no longer fits included.
fn outcome(answer: &Answer) -> Result<(), Failure> {
    if answer.status.is_success() {
        return Ok(());
    }
    let reason = told(answer);
    Err(match answer.status {
        StatusCode::CONFLICT | StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => {
            Failure::Repeatable(reason)
        }
        status if status.is_server_error() => Failure::Repeatable(reason),
        _ => Failure::Final(reason),
    })
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::new(),
            body: body.as_bytes().to_vec(),
        }
    }

    #[test]
    fn different_keys_stay_different_and_none_is_reserved() {
        let key = |label, key| state_key(label, "value", key);
        assert_eq!(key("conversations", "a/b ?#"), "conversations/value/a/b ?#");
        assert_eq!(key("a||b", "c||d\0%7C"), "a%7C%7Cb/value/c%7C%7Cd%00%257C");
        assert_ne!(key("s", "%7C"), key("s", "|"));
    }

    #[test]
    fn a_request_names_the_store_and_carries_the_token() {
        let state = State {
            sidecar: Sidecar {
                url: "http://127.0.0.1:3500/".into(),
                api_token: Some("secret".into()),
            },
            store: "state store".into(),
        };
        let request = state.request("bulk", &json!({"keys": ["a"]})).unwrap();
        assert_eq!(
            request.uri(),
            "http://127.0.0.1:3500/v1.0/state/state%20store/bulk"
        );
        assert_eq!(request.headers()["dapr-api-token"], "secret");
        assert_eq!(request.body(), br#"{"keys":["a"]}"#);
    }

    #[test]
    fn a_change_says_what_it_replaces_and_for_how_long() {
        assert_eq!(
            operation(Change::Put {
                key: "k".into(),
                value: json!("v"),
                seconds: Some(60),
                replaces: Replaces::Anything,
            }),
            json!({"operation": "upsert", "request": {
                "key": "k", "value": "v", "metadata": {"ttlInSeconds": "60"},
            }})
        );
        assert_eq!(
            operation(Change::Put {
                key: "k".into(),
                value: json!({}),
                seconds: None,
                replaces: Replaces::Version(None),
            }),
            json!({"operation": "upsert", "request": {
                "key": "k", "value": {}, "options": {"concurrency": "first-write"},
            }})
        );
        assert_eq!(
            operation(Change::Delete {
                key: "k".into(),
                etag: Some("7"),
            }),
            json!({"operation": "delete", "request": {
                "key": "k", "etag": "7", "options": {"concurrency": "first-write"},
            }})
        );
    }

    #[test]
    fn every_key_has_an_entry_and_an_error_is_no_absence() {
        let keys = ["a".to_owned(), "b".to_owned(), "c".to_owned()];
        let body = br#"[{"key":"a","data":"MQ==","etag":"1"},{"key":"b"}]"#;
        let found = entries(body, &keys).unwrap();
        assert_eq!(found["a"].data, Some(json!("MQ==")));
        assert_eq!(found["a"].etag.as_deref(), Some("1"));
        assert!(found["b"].data.is_none() && found["c"].data.is_none());
        assert_eq!(entries(b"", &keys).unwrap().len(), 3);
        let error = entries(br#"[{"key":"a","error":"connection refused"}]"#, &keys).unwrap_err();
        assert!(error.contains("connection refused"), "{error}");
        assert!(
            entries(b"[{", &keys)
                .unwrap_err()
                .contains("cannot be read")
        );
    }

    #[test]
    fn only_what_may_succeed_later_is_repeated() {
        assert_eq!(outcome(&answer(204, "")), Ok(()));
        let body = r#"{"errorCode":"ERR_STATE_TRANSACTION","message":"possible etag mismatch"}"#;
        assert_eq!(
            outcome(&answer(500, body)),
            Err(Failure::Repeatable(
                "Dapr: 500 Internal Server Error: ERR_STATE_TRANSACTION: possible etag mismatch"
                    .into()
            ))
        );
        for status in [400, 401, 403, 404, 413] {
            let outcome = outcome(&answer(status, "["));
            assert!(matches!(outcome, Err(Failure::Final(_))), "{status}");
        }
    }
}
