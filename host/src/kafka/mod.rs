//! Kafka, where brokers are configured: topics, an idempotent producer, and consumer groups.

mod client;
mod consumer;
mod message;
mod producer;
mod progress;
mod topics;
mod window;

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use anyhow::{Context as _, Result};
use event_log::NewRecord;

pub use consumer::{KafkaConsumer, KafkaDelivery};
pub use window::Ticket;

use crate::app::KafkaTrigger;
use crate::broker::BrokerError;
use crate::metrics::Lag;
use crate::runtime_config::KafkaConfig;
use producer::Producer;
use topics::Topics;

/// A connection to the brokers. It is made when something is to be sent, and made again when it is lost.
pub struct Kafka {
    config: KafkaConfig,
    topics: Arc<Topics>,
    producer: Arc<Producer>,
    members: Mutex<Vec<Weak<consumer::Shared>>>,
}

impl Kafka {
    /// Prepares to use the brokers, which need not be there yet.
    ///
    /// # Errors
    /// The configuration is not one that librdkafka takes.
    pub fn new(config: &KafkaConfig) -> Result<Self> {
        Ok(Self {
            topics: Arc::new(Topics::new(config)),
            producer: Arc::new(Producer::new(config).context("the Kafka producer")?),
            config: config.clone(),
            members: Mutex::default(),
        })
    }

    /// Publishes a record, and answers once all replicas in sync have it.
    ///
    /// # Errors
    /// As [`BrokerError`] says. What is unavailable may have been published all the same.
    pub async fn publish(&self, record: &NewRecord) -> Result<(), BrokerError> {
        let topic = self.topics.ensure(&record.topic).await?;
        let (key, value) = (record.key.as_bytes(), record.envelope.as_bytes());
        self.producer
            .send(&topic, Some(key), Some(value), message::headers())
            .await
    }

    /// Joins the trigger's group. A call with events may take `time_limit`.
    pub fn subscribe(&self, trigger: &KafkaTrigger, time_limit: Duration) -> KafkaConsumer {
        let consumer = KafkaConsumer::start(
            self.config.clone(),
            self.topics.clone(),
            self.producer.clone(),
            trigger,
            time_limit,
        );
        let mut members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        members.push(consumer.shared());
        consumer
    }

    /// What the groups that were joined here have not finished of the partitions that they have here.
    pub fn lag(&self) -> Vec<Lag> {
        let mut members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        members.retain(|member| member.strong_count() > 0);
        let members = members.iter().filter_map(Weak::upgrade);
        members
            .flat_map(|member| member.lag(&self.topics))
            .collect()
    }

    /// Sends what waits, for a while.
    pub async fn close(&self) {
        self.producer.flush().await;
    }
}
