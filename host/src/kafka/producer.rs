//! The idempotent producer.

use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use rdkafka::config::ClientConfig;
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::message::OwnedHeaders;
use rdkafka::producer::{FutureProducer, FutureRecord, Producer as _};
use rdkafka::types::RDKafkaErrorCode;

use super::client::{self, Logging};
use crate::broker::BrokerError;
use crate::runtime_config::KafkaConfig;

/// How long to go on sending when the application stops.
const FLUSH: Duration = Duration::from_secs(5);

/// Sends records; each is in its partition once, in the order of sending.
pub struct Producer {
    config: ClientConfig,
    client: RwLock<FutureProducer<Logging>>,
}

impl Producer {
    /// A producer that connects on its own.
    pub fn new(config: &KafkaConfig) -> KafkaResult<Self> {
        let mut client = client::config(config);
        client
            // One that waits for a request is sent with others that come meanwhile.
            .set("linger.ms", "1")
            // A publisher is told rather than kept waiting.
            .set("message.timeout.ms", "10000")
            .set("queue.buffering.max.messages", "10000")
            .set("queue.buffering.max.kbytes", "65536")
            // That of the Java clients: all put a key in the same partition.
            .set("partitioner", "murmur2_random");
        for (name, value) in &config.producer_options.0 {
            client.set(name, value);
        }
        client.set("enable.idempotence", "true").set("acks", "all");
        Ok(Self {
            client: RwLock::new(client.create_with_context(Logging)?),
            config: client,
        })
    }

    /// Sends a record to a topic by Kafka's name, and waits until it is there.
    pub async fn send(
        &self,
        topic: &str,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        headers: OwnedHeaders,
    ) -> Result<(), BrokerError> {
        let client = self.client();
        let record = FutureRecord::<[u8], [u8]> {
            topic,
            partition: None,
            payload: value,
            key,
            timestamp: None,
            headers: Some(headers),
        };
        let sent = match client.send_result(record) {
            Ok(delivery) => match delivery.await {
                Ok(Ok(_)) => return Ok(()),
                Ok(Err((error, _))) => error,
                Err(_) => return Err(BrokerError::Unavailable("the producer has ended".into())),
            },
            Err((error, _)) => error,
        };
        Err(match &sent {
            KafkaError::MessageProduction(code) => match code {
                RDKafkaErrorCode::QueueFull => BrokerError::Overloaded,
                RDKafkaErrorCode::MessageSizeTooLarge | RDKafkaErrorCode::InvalidTopic => {
                    BrokerError::Invalid(code.to_string())
                }
                RDKafkaErrorCode::Fatal => {
                    self.replace(&client);
                    BrokerError::Unavailable(code.to_string())
                }
                code => BrokerError::Unavailable(code.to_string()),
            },
            error => BrokerError::Unavailable(error.to_string()),
        })
    }

    fn client(&self) -> FutureProducer<Logging> {
        let client = self.client.read().unwrap_or_else(PoisonError::into_inner);
        client.clone()
    }

    /// Takes a new client where the brokers have forgotten the sequence of this one.
    fn replace(&self, failed: &FutureProducer<Logging>) {
        let reason = failed.client().fatal_error();
        let Some((code, reason)) = reason else { return };
        let mut client = self.client.write().unwrap_or_else(PoisonError::into_inner);
        if client.client().fatal_error().is_none() {
            return;
        }
        tracing::error!("the Kafka producer is started anew: {code}: {reason}");
        match self.config.create_with_context(Logging) {
            Ok(new) => *client = new,
            Err(error) => tracing::error!("the Kafka producer: {error}"),
        }
    }

    /// Sends what waits, for a while.
    pub async fn flush(&self) {
        let client = self.client();
        let flushed = tokio::task::spawn_blocking(move || client.flush(FLUSH)).await;
        if !matches!(flushed, Ok(Ok(()))) {
            tracing::warn!("some events could not be sent to Kafka before the end");
        }
    }
}
