//! What careless and hostile clients send. Each gets its clear answer, and the server lives.

mod bodies;
mod connections;
mod protocol;
mod tokens;

use tests::{raw, shared};

/// Fails unless the first answer is this 4xx (or another of the list) as JSON with a `detail`.
#[track_caller]
fn assert_refused(received: &raw::Received, statuses: &[u16]) {
    let status = received.status();
    assert!(
        status.is_some_and(|status| statuses.contains(&status)),
        "{received:?}"
    );
    assert!(received.body().contains("\"detail\""), "{received:?}");
    shared().assert_alive();
}
