//! What the service wants to be told, as Dapr asks for it.

use serde_json::{Value, json};

/// The answer to a sidecar that asks below `base`; the error names the variable that is missing.
pub async fn answer(base: &str) -> Result<Value, String> {
    let topics = provider::setting("subscriptions")
        .await?
        .unwrap_or_default();
    let pubsub = provider::required_setting("pubsub_name").await?;
    Ok(subscriptions(base, &pubsub, &topics))
}

fn subscriptions(base: &str, pubsub: &str, topics: &str) -> Value {
    (topics.split(','))
        .map(str::trim)
        .filter(|topic| !topic.is_empty())
        .map(|topic| {
            json!({
                "pubsubname": pubsub,
                "topic": topic,
                "route": format!("{base}/events/{topic}"),
                "deadLetterTopic": format!("{topic}.dlq"),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_topic_has_its_route_and_its_dead_letters() {
        assert_eq!(
            subscriptions("/reminder", "kafka-pubsub", "task-events, user-events,"),
            json!([
                {
                    "pubsubname": "kafka-pubsub",
                    "topic": "task-events",
                    "route": "/reminder/events/task-events",
                    "deadLetterTopic": "task-events.dlq",
                },
                {
                    "pubsubname": "kafka-pubsub",
                    "topic": "user-events",
                    "route": "/reminder/events/user-events",
                    "deadLetterTopic": "user-events.dlq",
                },
            ])
        );
        assert_eq!(subscriptions("", "kafka-pubsub", ""), json!([]));
    }
}
