//! Events in Apache Kafka: what the trigger and the publish endpoint promise holds with a real broker, and plain
//! clients of Kafka are understood and understand us.

mod delivery;
mod docs;
mod faults;
mod foreign;
mod publish;
mod security;
#[path = "../host/triggers.rs"]
#[allow(dead_code)]
mod triggers;

use tests::kafka::Kafka;
use tests::{Builder, TestApp};

/// What the tests of the triggers start: events are kept in Kafka.
fn builder() -> Builder {
    TestApp::builder().kafka()
}

/// Where the application's events are.
fn kafka_of(app: &TestApp) -> &Kafka {
    app.kafka.as_deref().expect("an application with Kafka")
}
