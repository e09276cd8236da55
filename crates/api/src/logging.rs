//! The component's log: one JSON object a line on standard error, which the host collects.

use std::sync::Once;

/// Sends everything from `INFO` upwards there; the first call of an instance does.
pub fn init() {
    static INIT: Once = Once::new();
    INIT.call_once(|| {
        tracing_subscriber::fmt()
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .with_span_list(false)
            .with_writer(std::io::stderr)
            .init();
    });
}
