//! What all of librdkafka's clients have in common.

use rdkafka::client::ClientContext;
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::error::KafkaError;

use crate::runtime_config::KafkaConfig;

/// A client's configuration with what holds for every one.
pub fn config(config: &KafkaConfig) -> ClientConfig {
    let mut client = ClientConfig::new();
    client
        .set("client.id", "todo")
        // A broker that is back is found again soon.
        .set("reconnect.backoff.max.ms", "2000")
        .set_log_level(RDKafkaLogLevel::Warning);
    for (name, value) in &config.options.0 {
        client.set(name, value);
    }
    client.set("bootstrap.servers", &config.brokers);
    client
}

/// Writes what librdkafka says to the log.
#[derive(Debug, Clone, Copy)]
pub struct Logging;

impl ClientContext for Logging {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        // What matters of it is a line of the log too.
        tracing::debug!("Kafka: {error}: {reason}");
    }
}

/// Writes a line of librdkafka's to the log.
pub fn log(level: RDKafkaLogLevel, facility: &str, message: &str) {
    match level {
        RDKafkaLogLevel::Emerg
        | RDKafkaLogLevel::Alert
        | RDKafkaLogLevel::Critical
        | RDKafkaLogLevel::Error
        | RDKafkaLogLevel::Warning => tracing::warn!(facility, "Kafka: {message}"),
        _ => tracing::debug!(facility, "Kafka: {message}"),
    }
}
