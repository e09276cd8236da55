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

#[test]
fn one_turn_is_taken_back_by_its_name() {
    let person = user();
    let first = person.chat("add buy milk", None);
    let id = text(&first, "conversation_id");
    let undo = |turn: &str| {
        let body = json!({ "undo": turn });
        person.post(&format!("/api/chat/{id}/undo"), &body)
    };
    let milk = text(&first, "undo");
    let bread = text(&person.chat("add buy bread", Some(&id)), "undo");
    let asked = person.chat("what's on my list?", Some(&id));
    assert!(asked.get("undo").is_none(), "{asked}");

    let answer = undo(&milk).expect(200);
    assert_eq!(text(&answer, "conversation_id"), id);
    assert!(text(&answer, "reply").starts_with("Undone: "), "{answer}");
    assert_eq!(answer["actions"][0]["tool"], "delete_task");
    assert!(answer.get("undo").is_none(), "{answer}");
    assert_eq!(person.titles(&[]), ["buy bread"]);
    let again = undo(&milk).error(409);
    assert_eq!(text(&again, "detail"), "This was already undone");

    // What was changed since stays, all of it.
    let task = text(&person.get("/api/tasks").expect(200)["tasks"][0], "id");
    person
        .patch(
            &format!("/api/tasks/{task}"),
            &json!({ "title": "buy rye bread" }),
        )
        .expect(200);
    let changed = undo(&bread).error(409);
    assert!(
        text(&changed, "detail").contains("changed since"),
        "{changed}"
    );
    assert_eq!(person.titles(&[]), ["buy rye bread"]);

    let conversation = person.get(&format!("/api/chat/{id}")).expect(200);
    let messages = conversation["messages"].as_array().expect("messages");
    assert_eq!(messages.len(), 7);
    assert_eq!(messages[1]["actions"], first["actions"]);
    assert_eq!(
        (&messages[1]["undone"], messages[1].get("undo")),
        (&json!(true), None)
    );
    assert_eq!(
        (&messages[3]["undone"], &messages[3]["undo"]),
        (&json!(false), &json!(bread))
    );
    assert_eq!(messages[6]["content"], answer["reply"]);
    assert_eq!(messages[0]["actions"], json!([]));
    // What was looked up is in the answer and not kept.
    assert_eq!(asked["actions"][0]["tool"], "list_tasks");
    assert_eq!(messages[5]["actions"], json!([]));
}

#[test]
fn only_turns_of_ones_own_conversation_are_taken_back() {
    let (owner, stranger) = (user(), user());
    let turn = owner.chat("add buy milk", None);
    let path = format!("/api/chat/{}/undo", text(&turn, "conversation_id"));
    let body = json!({ "undo": turn["undo"] });
    stranger.post(&path, &body).error(404);
    let other = text(&owner.chat("hello", None), "conversation_id");
    owner
        .post(&format!("/api/chat/{other}/undo"), &body)
        .error(404);
    owner
        .post(&path, &json!({ "undo": Uuid::new_v4() }))
        .error(404);
    owner.post(&path, &json!({ "undo": "x" })).invalid("undo");
    owner.post(&path, &json!({})).invalid("undo");
    assert_eq!(owner.titles(&[]), ["buy milk"]);
    owner.post(&path, &body).expect(200);
    assert!(owner.titles(&[]).is_empty());
}

#[test]
fn the_same_undo_from_two_devices_takes_back_once() {
    let person = user();
    let turn = person.chat("add buy milk", None);
    let path = format!("/api/chat/{}/undo", text(&turn, "conversation_id"));
    let body = json!({ "undo": turn["undo"] });
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let tries: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| person.post(&path, &body).status))
            .collect();
        tries
            .into_iter()
            .map(|it| it.join().expect("an answer"))
            .collect()
    });
    assert!(statuses.contains(&200), "{statuses:?}");
    assert!(
        statuses.iter().all(|it| matches!(it, 200 | 409)),
        "{statuses:?}"
    );
    assert!(person.titles(&[]).is_empty());
}

#[test]
fn the_latest_conversation_is_found_on_another_device() {
    let person = user();
    assert_eq!(person.get("/api/chat/latest").status, 204);
    let first = text(&person.chat("add buy milk", None), "conversation_id");
    let second = text(&person.chat("hello", None), "conversation_id");
    let latest = || {
        text(
            &person.get("/api/chat/latest").expect(200),
            "conversation_id",
        )
    };
    assert_eq!(latest(), second);
    person.chat("complete it", Some(&first));
    assert_eq!(latest(), first);
    let whole = person.get(&format!("/api/chat/{first}")).expect(200);
    assert_eq!(person.get("/api/chat/latest").expect(200), whole);
    assert_eq!(user().get("/api/chat/latest").status, 204);
}

#[test]
fn what_is_said_once_is_done_and_not_kept() {
    let person = user();
    let kept = text(&person.chat("add buy milk", None), "conversation_id");
    let once = json!({ "message": "add buy bread", "once": true });
    let turn = person.post("/api/chat", &once).expect(200);
    assert_eq!(turn["actions"][0]["tool"], "create_task");
    assert_eq!(person.titles(&[]).len(), 2);
    let id = text(&turn, "conversation_id");
    person.get(&format!("/api/chat/{id}")).error(404);
    let latest = person.get("/api/chat/latest").expect(200);
    assert_eq!(text(&latest, "conversation_id"), kept);
    let both = json!({ "message": "hello", "once": true, "conversation_id": kept });
    person.post("/api/chat", &both).invalid("once");
}
