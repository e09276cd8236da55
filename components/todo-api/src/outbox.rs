//! Publishes the outbox: on a request's way out, once its answer is sent, and at each tick what is left.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, AtomicU8, Ordering};

use api::ApiError;
use chrono::Utc;
use events::Event;
use sql::spin::Connection;
use storage::{OUTBOX, Outbox, Producer, Storage, StorageError};

use crate::bindings::todo::events::producer::{self, PublishError};
use crate::database::{self, refusal};

/// Seconds for which requests do not try again after a failure; ticks do.
const PAUSE_SECONDS: i64 = 2;
/// Seconds between two warnings that events cannot be published.
const WARNING_SECONDS: i64 = 60;

/// What this instance is at: one pass at a time, and one more if something was committed meanwhile.
static STATE: AtomicU8 = AtomicU8::new(IDLE);
const IDLE: u8 = 0;
const PUBLISHING: u8 = 1;
const ASKED_AGAIN: u8 = 2;

/// When the last pass failed and when that was last said, in seconds since 1970.
static FAILED: AtomicI64 = AtomicI64::new(0);
static WARNED: AtomicI64 = AtomicI64::new(0);

/// Publishes what this request committed, after its answer: the client does not wait, and nothing that
/// goes wrong here concerns it.
pub fn publish_soon() {
    let now = Utc::now().timestamp();
    if now - FAILED.load(Ordering::Relaxed) >= PAUSE_SECONDS && begin() {
        spin_sdk::wasip3::spawn(run());
    }
}

/// One tick: publishes what a crash or a failure left behind, and removes what nobody needs any more.
pub async fn tick() -> Result<(), ApiError> {
    let storage = database::tasks().await?;
    if begin() {
        run().await;
    }
    let outbox = outbox().await.map_err(refusal)?;
    outbox.prune(Utc::now()).await.map_err(refusal)?;
    storage.housekeep(Utc::now()).await.map_err(refusal)?;
    Ok(())
}

/// False if a pass is under way; it will be followed by another.
fn begin() -> bool {
    STATE
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |state| {
            Some(if state == IDLE {
                PUBLISHING
            } else {
                ASKED_AGAIN
            })
        })
        .is_ok_and(|before| before == IDLE)
}

async fn run() {
    loop {
        let failure = match pass().await {
            Ok(failure) => failure,
            Err(error) => Some(error.to_string()),
        };
        if let Some(reason) = &failure {
            failed(reason);
        }
        let next = if failure.is_some() { IDLE } else { PUBLISHING };
        let asked_again = STATE.swap(next, Ordering::Relaxed) == ASKED_AGAIN;
        if failure.is_some() {
            return;
        }
        if !asked_again {
            STATE.store(IDLE, Ordering::Relaxed);
            return;
        }
    }
}

async fn pass() -> Result<Option<String>, StorageError> {
    let pass = outbox().await?.publish(&Composed, Utc::now).await?;
    Ok(pass.failure)
}

fn failed(reason: &str) {
    let now = Utc::now().timestamp();
    FAILED.store(now, Ordering::Relaxed);
    if now - WARNED.load(Ordering::Relaxed) >= WARNING_SECONDS {
        WARNED.store(now, Ordering::Relaxed);
        tracing::warn!(
            reason,
            "events wait in the outbox: they cannot be published now"
        );
    }
}

async fn outbox() -> Result<&'static Outbox<Connection>, StorageError> {
    static OPEN: OnceLock<Outbox<Connection>> = OnceLock::new();
    if let Some(outbox) = OPEN.get() {
        return Ok(outbox);
    }
    let outbox = Outbox::new(sql::spin::open(OUTBOX).await?);
    Ok(OPEN.get_or_init(|| outbox))
}

events::convert_event!(producer::Event);

/// The component that the manifest composes in for `todo:events/producer`.
struct Composed;

impl Producer for Composed {
    async fn publish(&self, events: Vec<Event>) -> Vec<Result<(), String>> {
        let events = events.into_iter().map(producer::Event::from).collect();
        let results = producer::publish(events).await;
        let reason = |error| match error {
            PublishError::Unavailable(reason) => reason,
            PublishError::Refused(reason) => format!("refused: {reason}"),
        };
        results.into_iter().map(|it| it.map_err(reason)).collect()
    }
}
