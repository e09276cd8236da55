//! What our own services may do for a person: requests with a token of theirs, repeated as often as it takes.

use serde_json::{Value, json};
use tests::jwt::sign;
use tests::{Answer, Client, TestApp, User, shared, skip};

use crate::{is_external, text, user};

fn create(client: &Client, key: &str, title: &str) -> Answer {
    let request = client.request("POST", "/api/tasks");
    client.send(
        request
            .header("idempotency-key", key)
            .json(&json!({ "title": title })),
    )
}

#[test]
fn a_repeated_key_creates_one_task() {
    let person = user();
    let first = create(&person, "key-1", "first");
    let task = first.expect(201);
    let repeated = create(&person, "key-1", "changed");
    assert_eq!(repeated.expect(200), task);
    for header in ["location", "etag"] {
        assert_eq!(first.header(header), repeated.header(header));
        assert!(!first.header(header).is_empty());
    }
    let path = format!("/api/tasks/{}", text(&task, "id"));
    person
        .patch(&path, &json!({ "title": "renamed" }))
        .expect(200);
    assert_eq!(
        create(&person, "key-1", "first").expect(200)["title"],
        "renamed"
    );

    person.delete(&path).expect(204);
    create(&person, "key-1", "first").error(409);
    person.get(&path).error(404);
    assert_eq!(person.get("/api/tasks").expect(200)["total"], 0);

    create(&person, "key-2", "another").expect(201);
    let other = create(&user(), "key-1", "first").expect(201);
    assert_ne!(other["id"], task["id"], "a key is the person's own");
}

#[test]
fn a_key_that_is_none_is_refused() {
    let person = user();
    for key in ["", " ", "two words", &"k".repeat(201)] {
        create(&person, key, "a").invalid("Idempotency-Key");
    }
    create(&person, &"k".repeat(200), "a").expect(201);
    let twice = person
        .request("POST", "/api/tasks")
        .json(&json!({ "title": "a" }));
    let twice = twice
        .header("idempotency-key", "a")
        .header("idempotency-key", "b");
    person.send(twice).invalid("Idempotency-Key");
}

fn claims(person: &User, changes: &Value) -> Value {
    let now = chrono::Utc::now().timestamp();
    let mut claims = json!({
        "iss": "todo-chatbot", "aud": "todo-service", "sub": person.id, "iat": now, "exp": now + 60,
        "jti": uuid::Uuid::new_v4(),
    });
    for (name, value) in changes.as_object().into_iter().flatten() {
        claims[name] = value.clone();
    }
    claims
}

fn service(app: &TestApp, person: &User, changes: &Value) -> Client {
    let header = json!({ "alg": "HS256", "typ": "JWT" });
    let token = sign(&header, &claims(person, changes), app.jwt_secret.as_bytes());
    app.client().with_token(&token)
}

#[test]
fn a_service_acts_for_a_person() {
    if is_external() {
        return skip("it needs the secret of the application");
    }
    let (app, person) = (shared(), user());
    let service_of = |changes: Value| service(app, &person, &changes);
    let service = service_of(json!({}));
    assert_eq!(
        service.get("/api/users/me").expect(200)["email"],
        json!(person.email)
    );
    let task = create(&service, "the-finished-one", "next").expect(201);
    create(&service, "the-finished-one", "next").expect(200);
    assert_eq!(
        person
            .get(&format!("/api/tasks/{}", text(&task, "id")))
            .expect(200),
        task
    );

    let answer = service.get("/api/tasks");
    answer.expect(200);
    assert_eq!(
        answer.header("ratelimit-limit"),
        "",
        "a service is no client to limit"
    );
    service.post_empty("/api/auth/logout").error(403);
    let erase = json!({ "password": person.password }).to_string();
    service
        .json_bytes("DELETE", "/api/users/me", erase)
        .error(403);

    let past = chrono::Utc::now().timestamp() - 1;
    for wrong in [
        json!({ "aud": "elsewhere" }),
        json!({ "exp": past }),
        json!({ "iss": "someone" }),
        json!({ "aud": "todo-api" }),
        json!({ "fam": uuid::Uuid::new_v4() }),
    ] {
        service_of(wrong).get("/api/tasks").error(401);
    }
    let gone = json!({ "sub": uuid::Uuid::new_v4() });
    create(&service_of(gone), "k", "a").error(404);
}
