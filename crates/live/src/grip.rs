//! What a GRIP gateway is told: control messages to one connection, and items to publish
//! (<https://pushpin.org/docs/protocols/grip/>).

use serde_json::{Value, json};
use uuid::Uuid;

use crate::history::Update;
use crate::messages::{ServerMessage, close};
use crate::stream;

/// What the gateway takes as one body, in bytes: Pushpin's limit is a million by default.
const MAX_BODY_BYTES: usize = 900_000;
/// After so many seconds without a message a client gets a `pong`, so that both ends see a dead connection.
const IDLE_SECONDS: u32 = 30;

/// The channel of a person's updates.
pub fn channel(user_id: Uuid) -> String {
    format!("user-{user_id}")
}

/// The text messages to the gateway that subscribe a WebSocket to its person's channel.
pub fn subscribe(user_id: Uuid) -> [String; 2] {
    [
        control(&json!({"type": "subscribe", "channel": channel(user_id)})),
        control(&json!({
            "type": "keep-alive",
            "content": ServerMessage::Pong.json(),
            "timeout": IDLE_SECONDS,
        })),
    ]
}

fn control(message: &Value) -> String {
    format!("c:{message}")
}

/// A text message to the client.
pub fn to_client(message: &ServerMessage<'_>) -> String {
    format!("m:{}", message.json())
}

/// The item that brings an update to all of its person's connections.
///
/// `no-seq` keeps Pushpin from holding back an item whose predecessor it has not seen: clients see that
/// themselves, by `prev`, and its streams by `prev-id`.
pub fn update_item(user_id: Uuid, update: &Update) -> Value {
    json!({
        "channel": channel(user_id),
        "id": update.place.id,
        "prev-id": update.place.prev,
        "no-seq": true,
        "formats": {
            "ws-message": {"content": update.message().json()},
            "http-stream": {"content": stream::update_event(update)},
        },
    })
}

/// The item that ends all connections of a person who was erased.
pub fn erased_item(user_id: Uuid) -> Value {
    let (code, reason) = close::ERASED;
    json!({
        "channel": channel(user_id),
        "formats": {
            "ws-message": {"action": "close", "code": code, "reason": reason},
            "http-stream": {"action": "close"},
        },
    })
}

/// Bodies for the publish endpoint, each with how many of the items it has: one, but for very large items.
pub fn bodies(items: &[Value]) -> Vec<(String, usize)> {
    let mut bodies: Vec<(String, usize)> = Vec::new();
    for item in items {
        let item = item.to_string();
        match bodies.last_mut() {
            Some((body, count)) if body.len() + item.len() < MAX_BODY_BYTES => {
                body.push(',');
                body.push_str(&item);
                *count += 1;
            }
            _ => bodies.push((format!("{{\"items\":[{item}"), 1)),
        }
    }
    for (body, _) in &mut bodies {
        body.push_str("]}");
    }
    bodies
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_items_go_in_several_bodies() {
        let items: Vec<Value> = (0..10)
            .map(|n| json!({"n": n, "x": "x".repeat(200_000)}))
            .collect();
        let bodies = bodies(&items);
        assert_eq!(bodies.iter().map(|(_, count)| count).sum::<usize>(), 10);
        let mut n = 0;
        for (body, count) in bodies {
            assert!(body.len() < MAX_BODY_BYTES);
            let body: Value = serde_json::from_str(&body).unwrap();
            assert_eq!(body["items"].as_array().unwrap().len(), count);
            for item in body["items"].as_array().unwrap() {
                assert_eq!(item["n"], n);
                n += 1;
            }
        }
        assert!(super::bodies(&[]).is_empty());
    }

    #[test]
    fn a_socket_is_subscribed_to_its_persons_channel_only() {
        let [subscribe, keep_alive] = subscribe(Uuid::from_u128(1));
        assert_eq!(
            subscribe,
            r#"c:{"channel":"user-00000000-0000-0000-0000-000000000001","type":"subscribe"}"#
        );
        assert_eq!(
            keep_alive,
            r#"c:{"content":"{\"type\":\"pong\"}","timeout":30,"type":"keep-alive"}"#
        );
    }
}
