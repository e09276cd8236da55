//! What the guest does with events and ticks: what their payload, or the key `tick`, asks for. It writes down
//! each call in the store `default`, so that a test can read it over HTTP.

use std::hint::black_box;
use std::time::Duration;

use serde_json::{Value, json};
use spin_sdk::key_value::Store;

/// The generated exports hold the ABI's unsafe code.
#[allow(missing_docs, unsafe_code)]
mod bindings {
    use super::Triggered;

    spin_sdk::wit_bindgen::generate!({
        path: ["../../wit/events", "../../wit/cron"],
        inline: "
            package todo:test-guest;
            world triggered {
                use spin:cron/cron-types@3.0.0.{metadata, error};
                export todo:events/consumer@1.0.0;
                export handle-cron-event: async func(metadata: metadata) -> result<_, error>;
            }
        ",
        world: "todo:test-guest/triggered",
        runtime_path: "::spin_sdk::wit_bindgen::rt",
        generate_all,
    });

    export!(Triggered with_types_in self);
}

use bindings::exports::todo::events::consumer::{Event, Guest as Consumer, Outcome};
use bindings::{Error, Guest as Scheduled, Metadata};

struct Triggered;

impl Consumer for Triggered {
    /// The payload is `{"do": "retry" | "reject" | "trap" | "hang" | "spin" | "miscount" | "sleep" | "fetch",
    /// "times": n, "ms": n, "url": "…"}`: it does that the first `times` times (always where it does not
    /// say), and is done with the event otherwise. The environment variable `CONSUME` has the action for
    /// events that name none.
    async fn consume(events: Vec<Event>) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        let batch = events.len();
        for event in &events {
            let payload: Value = serde_json::from_str(&event.data).unwrap_or_default();
            let before = seen_before(&event.id).await;
            let entry = json!({
                "id": event.id,
                "topic": event.topic,
                "key": event.key,
                "correlation_id": event.correlation_id,
                "traceparent": event.traceparent,
                "batch": batch,
                "seen": before + 1,
            });
            write_down("consumed", &event.id, &entry).await;
            let times = payload["times"].as_u64().unwrap_or(u64::MAX);
            let always = std::env::var("CONSUME").ok();
            let asked = payload["do"].as_str().or(always.as_deref());
            outcomes.push(match asked.filter(|_| before < times) {
                Some("retry") => Outcome::Retry("asked to retry".into()),
                Some("reject") => Outcome::Reject("asked to reject".into()),
                Some("miscount") => return Vec::new(),
                Some(action) => {
                    misbehave(action, &payload).await;
                    Outcome::Done
                }
                None => Outcome::Done,
            });
        }
        outcomes
    }
}

impl Scheduled for Triggered {
    /// Does what the key `tick` says: a payload as for events, or `{"do": "fail"}`.
    async fn handle_cron_event(metadata: Metadata) -> Result<(), Error> {
        let id = metadata.timestamp.to_string();
        let before = seen_before(&id).await;
        write_down(
            "ticks",
            &id,
            &json!({ "tick": metadata.timestamp, "seen": before + 1 }),
        )
        .await;
        let payload: Value = match read("tick").await {
            Some(text) => serde_json::from_slice(&text).unwrap_or_default(),
            None => Value::Null,
        };
        let times = payload["times"].as_u64().unwrap_or(u64::MAX);
        match payload["do"].as_str().filter(|_| before < times) {
            Some("fail") => return Err(Error::Other("asked to fail".into())),
            Some(action) => misbehave(action, &payload).await,
            None => {}
        }
        write_down("finished", &id, &json!(metadata.timestamp)).await;
        Ok(())
    }
}

async fn misbehave(action: &str, payload: &Value) {
    match action {
        "trap" => panic!("asked to trap"),
        "hang" => spin_sdk::time::sleep(Duration::from_secs(24 * 60 * 60)).await,
        "spin" => loop {
            black_box(payload);
        },
        "sleep" => {
            let ms = payload["ms"].as_u64().unwrap_or(0);
            spin_sdk::time::sleep(Duration::from_millis(ms)).await;
        }
        "fetch" => {
            let _ = spin_sdk::http::get(payload["url"].as_str().unwrap_or_default()).await;
        }
        _ => {}
    }
}

/// Everything written down under `kind`, in the order of the ids.
pub async fn written(kind: &str) -> anyhow::Result<Value> {
    let store = Store::open("default").await?;
    let mut keys = store.get_keys().await;
    let mut names = Vec::new();
    while let Some(key) = keys.next().await {
        if key.starts_with(&format!("{kind}/")) {
            names.push(key);
        }
    }
    keys.result().await?;
    names.sort();
    let mut entries = Vec::new();
    for name in names {
        if let Some(entry) = store.get(&name).await? {
            entries.push(serde_json::from_slice(&entry)?);
        }
    }
    Ok(Value::Array(entries))
}

/// Has the ticks from now on do what `payload` says.
pub async fn set_tick(payload: &str) -> anyhow::Result<Value> {
    let store = Store::open("default").await?;
    store.set("tick", payload).await?;
    Ok(Value::Null)
}

/// How often this event or tick came before; counts this time.
async fn seen_before(id: &str) -> u64 {
    let key = format!("seen/{id}");
    let before = read(&key).await;
    let before = before.and_then(|count| String::from_utf8_lossy(&count).parse().ok());
    let before: u64 = before.unwrap_or(0);
    if let Ok(store) = Store::open("default").await {
        let _ = store.set(&key, (before + 1).to_string()).await;
    }
    before
}

async fn write_down(kind: &str, id: &str, entry: &Value) {
    if let Ok(store) = Store::open("default").await {
        let _ = store.set(&format!("{kind}/{id}"), entry.to_string()).await;
    }
}

async fn read(key: &str) -> Option<Vec<u8>> {
    let store = Store::open("default").await.ok()?;
    store.get(key).await.ok().flatten()
}
