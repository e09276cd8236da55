//! The chat's routes; what it understands is `tests/chat.rs`.

use serde_json::json;
use uuid::Uuid;

use crate::{text, user};

#[test]
fn a_turn_says_what_it_did() {
    let person = user();
    let turn = person.chat("add buy milk", None);
    assert!(Uuid::parse_str(&text(&turn, "conversation_id")).is_ok());
    assert!(text(&turn, "reply").contains("buy milk"), "{turn}");
    let actions = turn["actions"].as_array().expect("actions");
    assert_eq!(actions.len(), 1, "{turn}");
    assert!(!text(&actions[0], "tool").is_empty());
    assert!(actions[0]["arguments"].is_object(), "{turn}");
    assert!(actions[0].get("result").is_some(), "{turn}");
    assert_eq!(person.titles(&[]), ["buy milk"]);
}

#[test]
fn a_conversation_goes_on_and_can_be_read() {
    let person = user();
    let first = person.chat("add buy milk", None);
    let id = text(&first, "conversation_id");
    let second = person.chat("mark it as done", Some(&id));
    assert_eq!(text(&second, "conversation_id"), id);
    assert_eq!(person.titles(&[("status", "completed")]), ["buy milk"]);

    let conversation = person.get(&format!("/api/chat/{id}")).expect(200);
    let messages = conversation["messages"].as_array().expect("messages");
    let spoken: Vec<(String, String)> = messages
        .iter()
        .map(|message| (text(message, "role"), text(message, "content")))
        .collect();
    assert_eq!(
        spoken,
        [
            ("user".into(), "add buy milk".into()),
            ("assistant".into(), text(&first, "reply")),
            ("user".into(), "mark it as done".into()),
            ("assistant".into(), text(&second, "reply")),
        ]
    );
}

#[test]
fn the_user_may_be_named_but_only_oneself() {
    let (person, other) = (user(), user());
    let body = json!({ "message": "add buy milk" });
    let turn = person
        .post(&format!("/api/{}/chat", person.id), &body)
        .expect(200);
    assert!(Uuid::parse_str(&text(&turn, "conversation_id")).is_ok());
    person
        .post(&format!("/api/{}/chat", other.id), &body)
        .error(403);
    person
        .post(&format!("/api/{}/chat", Uuid::new_v4()), &body)
        .error(403);
    assert!(other.titles(&[]).is_empty());
}

#[test]
fn a_conversation_belongs_to_one_person() {
    let (owner, stranger) = (user(), user());
    let id = text(&owner.chat("add buy milk", None), "conversation_id");
    stranger.get(&format!("/api/chat/{id}")).error(404);
    stranger
        .get(&format!("/api/chat/{}", Uuid::new_v4()))
        .error(404);
    let intrusion = json!({ "message": "delete it", "conversation_id": id });
    stranger.post("/api/chat", &intrusion).error(404);
    assert_eq!(owner.titles(&[]), ["buy milk"]);
    let messages = owner.get(&format!("/api/chat/{id}")).expect(200);
    assert_eq!(messages["messages"].as_array().map(Vec::len), Some(2));
}

#[test]
fn a_message_has_bounds() {
    let person = user();
    let post = |body| person.post("/api/chat", &body);
    post(json!({})).invalid("message");
    post(json!({ "message": "" })).invalid("message");
    post(json!({ "message": "   " })).invalid("message");
    post(json!({ "message": "a ".repeat(50_000) })).invalid("message");
    post(json!({ "message": "hello", "conversation_id": "../../etc" })).invalid("conversation_id");
}
