//! The topics' names, and making those that are missing.

use std::collections::HashSet;
use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::error::KafkaResult;
use rdkafka::types::RDKafkaErrorCode;
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::client::{self, Logging};
use crate::broker::BrokerError;
use crate::runtime_config::KafkaConfig;

/// How long to wait for a topic to be made.
const PATIENCE: Duration = Duration::from_secs(10);
/// As Kafka has it.
const MAX_NAME: usize = 249;

/// The topics of this application.
pub struct Topics {
    config: KafkaConfig,
    /// Those that are there, by Kafka's name.
    known: Mutex<HashSet<String>>,
}

impl Topics {
    /// Topics with the configuration's prefix.
    pub fn new(config: &KafkaConfig) -> Self {
        Self {
            config: config.clone(),
            known: Mutex::default(),
        }
    }

    /// A topic's or group's name as Kafka has it.
    pub fn prefixed(&self, name: &str) -> String {
        format!("{}{name}", self.config.topic_prefix)
    }

    /// A topic's name as the application has it.
    pub fn without_prefix<'a>(&self, topic: &'a str) -> &'a str {
        topic
            .strip_prefix(&self.config.topic_prefix)
            .unwrap_or(topic)
    }

    /// Has the topic made where it is missing, and answers its name as Kafka has it.
    pub async fn ensure(&self, topic: &str) -> Result<String, BrokerError> {
        let topic = self.prefixed(topic);
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if topic.is_empty()
            || topic.len() > MAX_NAME
            || !topic.chars().all(allowed)
            || matches!(topic.as_str(), "." | "..")
        {
            return Err(BrokerError::Invalid(format!(
                "a topic's name has 1 to {MAX_NAME} of the characters a-z A-Z 0-9 . _ -"
            )));
        }
        if !self.config.create_topics {
            return Ok(topic);
        }
        let ensured = async {
            let mut known = self.known.lock().await;
            if !known.contains(&topic) {
                self.create(&topic).await?;
                known.insert(topic.clone());
            }
            Ok(())
        };
        match timeout(PATIENCE, ensured).await {
            Ok(Ok(())) => Ok(topic),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(BrokerError::Unavailable(
                "the brokers do not answer".to_owned(),
            )),
        }
    }

    async fn create(&self, topic: &str) -> Result<(), BrokerError> {
        let unavailable =
            |error: &dyn std::fmt::Display| BrokerError::Unavailable(error.to_string());
        let client: KafkaResult<AdminClient<Logging>> =
            client::config(&self.config).create_with_context(Logging);
        let client = client.map_err(|error| unavailable(&error))?;
        let replication = TopicReplication::Fixed(self.config.replication);
        let new = NewTopic::new(topic, self.config.partitions, replication);
        let options = AdminOptions::new()
            .request_timeout(Some(PATIENCE))
            .operation_timeout(Some(PATIENCE));
        let results = client
            .create_topics(&[new], &options)
            .await
            .map_err(|error| unavailable(&error))?;
        // Stopping the client waits for its thread.
        tokio::task::spawn_blocking(move || drop(client));
        match results.into_iter().next() {
            Some(Err((_, error))) => match error {
                RDKafkaErrorCode::TopicAlreadyExists => Ok(()),
                // It may be there, made by somebody who is allowed to.
                RDKafkaErrorCode::TopicAuthorizationFailed
                | RDKafkaErrorCode::ClusterAuthorizationFailed => {
                    tracing::warn!(topic, "the topic cannot be made here: {error}");
                    Ok(())
                }
                error => Err(unavailable(&format!("topic {topic}: {error}"))),
            },
            _ => {
                tracing::info!(topic, "made the topic");
                Ok(())
            }
        }
    }
}
