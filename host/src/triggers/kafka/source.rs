//! Where a trigger's events come from: the embedded log, or Kafka. Both promise the same.

use event_log::{Finished, LogError, Position};
use serde_json::Value;

use crate::kafka::{KafkaConsumer, Ticket};

/// A member of a consumer group.
pub enum Source {
    /// Of the embedded log.
    Log(event_log::Consumer),
    /// Of Kafka.
    Kafka(KafkaConsumer),
}

/// An event for the component.
pub struct Delivery {
    /// What its outcome is reported with.
    pub receipt: Receipt,
    /// Events with the same topic and key come in their order.
    pub key: String,
    /// From 1.
    pub attempt: u32,
    /// The CloudEvent in JSON format, or why it is none.
    pub envelope: Result<Value, String>,
}

/// Names a delivery.
#[derive(Debug, Clone)]
pub struct Receipt {
    /// Where the event is.
    pub position: Position,
    /// Kafka's delivery.
    ticket: Option<Ticket>,
}

/// Why a source did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// It may later.
    #[error("{0}")]
    Unavailable(LogError),
    /// It never will.
    #[error("{0}")]
    Failed(LogError),
    /// There is nothing more to do.
    #[error("the event log is closed")]
    Closed,
}

impl From<LogError> for SourceError {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Closed => Self::Closed,
            LogError::Unavailable(_) => Self::Unavailable(error),
            _ => Self::Failed(error),
        }
    }
}

impl Source {
    /// Waits until something can be delivered, and answers 1 to `max` events: none whose topic and key have
    /// one in flight or one that waits for a retry. One with `attempt` above 1 is the only one of its key.
    ///
    /// # Errors
    /// Only the embedded log has any.
    pub async fn next(&self, max: usize) -> Result<Vec<Delivery>, SourceError> {
        Ok(match self {
            Self::Log(consumer) => {
                let deliveries = consumer.next(max).await?;
                let read = |delivery: event_log::Delivery| Delivery {
                    receipt: Receipt {
                        position: delivery.position,
                        ticket: None,
                    },
                    key: delivery.key,
                    attempt: delivery.attempt,
                    envelope: serde_json::from_str(&delivery.envelope)
                        .map_err(|error| format!("the event is not JSON: {error}")),
                };
                deliveries.into_iter().map(read).collect()
            }
            Self::Kafka(consumer) => {
                let deliveries = consumer.next(max).await;
                let read = |delivery: crate::kafka::KafkaDelivery| Delivery {
                    receipt: Receipt {
                        position: delivery.position,
                        ticket: Some(delivery.ticket),
                    },
                    key: delivery.key,
                    attempt: delivery.attempt,
                    envelope: delivery.envelope,
                };
                deliveries.into_iter().map(read).collect()
            }
        })
    }

    /// Reports outcomes: all of a call at once.
    ///
    /// # Errors
    /// [`SourceError::Unavailable`]: report them again. Only the embedded log has any.
    pub async fn finish(&self, outcomes: Vec<(Receipt, Finished)>) -> Result<(), SourceError> {
        match self {
            Self::Log(consumer) => {
                let outcomes = outcomes
                    .into_iter()
                    .map(|(receipt, it)| (receipt.position, it));
                consumer.finish(outcomes.collect()).await?;
            }
            Self::Kafka(consumer) => {
                let outcomes = outcomes
                    .into_iter()
                    .filter_map(|(receipt, finished)| Some((receipt.ticket?, finished)));
                consumer.finish(outcomes.collect()).await;
            }
        }
        Ok(())
    }

    /// Leaves the group.
    pub async fn close(&self) {
        match self {
            Self::Log(_) => {}
            Self::Kafka(consumer) => consumer.close().await,
        }
    }
}
