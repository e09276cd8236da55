//! Erasing one's account: at once, whole, and only with the password.

use serde_json::{Value, json};
use tests::{Answer, User, api};

use crate::{text, user};

fn erase(person: &User, body: &Value) -> Answer {
    person.json_bytes("DELETE", "/api/users/me", body.to_string())
}

#[test]
fn nothing_is_left_and_the_address_is_free() {
    let person = user();
    person.create(&json!({ "title": "secret plans", "tags": ["private"] }));
    let chat = person.chat("what do I have to do?", None);
    let conversation = text(&chat, "conversation_id");
    let confirmed = json!({ "password": person.password });

    assert!(erase(&person, &confirmed).expect(204).is_null());
    person.get("/api/users/me").error(401);
    person.get("/api/tasks").error(401);
    person.get(&format!("/api/chat/{conversation}")).error(401);
    erase(&person, &confirmed).error(401);
    let refresh = json!({ "refresh_token": person.refresh_token });
    api().post("/api/auth/refresh", &refresh).error(401);
    let credentials = json!({ "email": person.email, "password": person.password });
    api().post("/api/auth/login", &credentials).error(401);

    let again =
        json!({ "email": person.email, "username": "Back", "password": "another password" });
    let session = api().post("/api/auth/register", &again).expect(201);
    assert_ne!(text(&session["user"], "id"), person.id);
    let back = api().with_token(&text(&session, "access_token"));
    assert_eq!(back.get("/api/tasks").expect(200)["total"], 0);
    back.get(&format!("/api/chat/{conversation}")).error(404);
}

#[test]
fn without_the_password_nothing_happens() {
    let person = user();
    let task = person.task("stays");
    erase(&person, &json!({ "password": "not the password" })).error(403);
    erase(&person, &json!({})).invalid("password");
    erase(&person, &json!({ "password": 1 })).invalid("password");
    erase(&person, &json!({ "password": "p".repeat(1000) })).invalid("password");
    person.delete("/api/users/me").error(415);
    let nobody = api().json_bytes(
        "DELETE",
        "/api/users/me",
        json!({ "password": person.password }).to_string(),
    );
    nobody.error(401);
    person.get(&format!("/api/tasks/{task}")).expect(200);
}
