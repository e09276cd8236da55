//! Who keeps the events: the embedded log, or Kafka.

use std::sync::Arc;
use std::time::Duration;

use event_log::{EventLog, LogError, NewRecord};

use crate::app::KafkaTrigger;
use crate::kafka::Kafka;
use crate::metrics::Lag;
use crate::triggers::kafka::Source;

/// Takes events, and gives them to consumer groups.
#[derive(Clone)]
pub enum Broker {
    /// The embedded log.
    Log(Arc<EventLog>),
    /// Kafka.
    Kafka(Arc<Kafka>),
}

/// Why a broker did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    /// It can never be done.
    #[error("{0}")]
    Invalid(String),
    /// It cannot be done now.
    #[error("{0}")]
    Unavailable(String),
    /// Too much waits to be done.
    #[error("too many events wait to be sent")]
    Overloaded,
}

impl From<LogError> for BrokerError {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Invalid(reason) => Self::Invalid(reason),
            error => Self::Unavailable(error.to_string()),
        }
    }
}

impl Broker {
    /// Takes an event; it is durable when this answers.
    ///
    /// # Errors
    /// As [`BrokerError`] says.
    pub async fn publish(&self, record: NewRecord) -> Result<(), BrokerError> {
        match self {
            Self::Log(log) => {
                log.append(vec![record]).await?;
                Ok(())
            }
            Self::Kafka(kafka) => kafka.publish(&record).await,
        }
    }

    /// Joins the trigger's consumer group. A call with events may take `time_limit`.
    ///
    /// # Errors
    /// The embedded log does not work.
    pub async fn subscribe(
        &self,
        trigger: &KafkaTrigger,
        time_limit: Duration,
    ) -> Result<Source, BrokerError> {
        Ok(match self {
            Self::Log(log) => Source::Log(log.subscribe(&trigger.group, &trigger.topics).await?),
            Self::Kafka(kafka) => Source::Kafka(kafka.subscribe(trigger, time_limit)),
        })
    }

    /// What the groups have not finished; of Kafka's, those that this process is a member of.
    pub async fn lag(&self) -> Vec<Lag> {
        match self {
            Self::Log(log) => {
                let reader = log.reader().clone();
                let groups = tokio::task::spawn_blocking(move || reader.groups()).await;
                let lag = |group: event_log::GroupInfo| Lag {
                    group: group.group,
                    topic: group.topic,
                    partition: group.partition,
                    records: group.lag + group.parked,
                };
                match groups {
                    Ok(Ok(groups)) => groups.into_iter().map(lag).collect(),
                    _ => Vec::new(),
                }
            }
            Self::Kafka(kafka) => kafka.lag(),
        }
    }

    /// Finishes what was asked before.
    pub async fn close(&self) {
        match self {
            Self::Log(log) => log.close().await,
            Self::Kafka(kafka) => kafka.close().await,
        }
    }
}
