//! Accounts, sign-in, tokens and profiles.

use serde_json::{Value, json};
use tests::{Answer, api};
use uuid::Uuid;

use crate::{text, user};

fn refresh(token: &str) -> Answer {
    api().post("/api/auth/refresh", &json!({ "refresh_token": token }))
}

fn assert_session(session: &Value) {
    for field in ["access_token", "refresh_token"] {
        assert!(!text(session, field).is_empty());
    }
    assert!(
        session["expires_in"]
            .as_u64()
            .is_some_and(|seconds| seconds > 0)
    );
    assert!(Uuid::parse_str(&text(&session["user"], "id")).is_ok());
}

#[test]
fn registering_creates_an_account_and_signs_in() {
    let name = Uuid::new_v4().simple().to_string();
    let answer = api().post(
        "/api/auth/register",
        &json!({ "email": format!("{name}@Example.COM"), "username": &name[..20], "password": "long enough 1" }),
    );
    let session = answer.expect(201);
    assert_session(&session);
    let person = &session["user"];
    assert_eq!(text(person, "email"), format!("{name}@example.com"));
    assert_eq!(text(person, "username"), name[..20]);
    assert_eq!(text(person, "role"), "user");
    assert_eq!(text(person, "timezone"), "UTC");
    assert_eq!(
        person["notification_preferences"]["default_reminders"],
        json!(["PT1H"])
    );
    assert!(text(person, "created_at").ends_with('Z'));
    assert!(!String::from_utf8_lossy(&answer.body).contains("argon2"));

    let me = api()
        .with_token(&text(&session, "access_token"))
        .get("/api/users/me")
        .expect(200);
    assert_eq!(&me, person);
}

#[test]
fn an_email_address_can_be_registered_once() {
    let person = user();
    let again = json!({ "email": person.email.to_uppercase(), "username": "another", "password": "long enough 1" });
    api().post("/api/auth/register", &again).error(409);
}

#[test]
fn registration_names_each_field_that_is_wrong() {
    let register = |email: &str, username: &str, password: &str| {
        api().post(
            "/api/auth/register",
            &json!({ "email": email, "username": username, "password": password }),
        )
    };
    register("no at sign", "someone", "long enough 1").invalid("email");
    register("a@example.com", "", "long enough 1").invalid("username");
    register("a@example.com", "someone", "short").invalid("password");
    register("a@example.com", &"n".repeat(1000), "long enough 1").invalid("username");
    register(
        &format!("{}@example.com", "n".repeat(1000)),
        "someone",
        "long enough 1",
    )
    .invalid("email");
    register("a@example.com", "someone", &"p".repeat(100_000)).invalid("password");

    let all = register("", "", "");
    for field in ["email", "username", "password"] {
        all.invalid(field);
    }
}

#[test]
fn signing_in_takes_the_right_password_only() {
    let person = user();
    let login = |email: &str, password: &str| {
        api().post(
            "/api/auth/login",
            &json!({ "email": email, "password": password }),
        )
    };
    let session = login(&person.email, &person.password).expect(200);
    assert_session(&session);
    assert_eq!(text(&session["user"], "id"), person.id);
    login(&person.email.to_uppercase(), &person.password).expect(200);

    let wrong = login(&person.email, "not the password").error(401);
    let unknown = login("nobody@example.com", "not the password").error(401);
    assert_eq!(
        wrong["detail"], unknown["detail"],
        "the answer does not tell whether the account exists"
    );
}

#[test]
fn refreshing_rotates_and_a_reused_token_revokes_its_family() {
    let person = user();
    let second = refresh(&person.refresh_token).expect(200);
    assert_session(&second);
    let second_token = text(&second, "refresh_token");
    assert_ne!(second_token, person.refresh_token);
    api()
        .with_token(&text(&second, "access_token"))
        .get("/api/users/me")
        .expect(200);

    refresh(&person.refresh_token).error(401);
    refresh(&second_token).error(401);

    // Another sign-in is another family.
    let credentials = json!({ "email": person.email, "password": person.password });
    let other = api().post("/api/auth/login", &credentials).expect(200);
    refresh(&text(&other, "refresh_token")).expect(200);
}

#[test]
fn a_refresh_token_used_by_several_at_once_works_for_at_most_one() {
    let person = user();
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let tries: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| refresh(&person.refresh_token).status))
            .collect();
        tries
            .into_iter()
            .map(|thread| thread.join().expect("an answer"))
            .collect()
    });
    assert!(
        statuses.iter().filter(|status| **status == 200).count() <= 1,
        "{statuses:?}"
    );
    assert!(
        statuses.iter().all(|status| matches!(status, 200 | 401)),
        "{statuses:?}"
    );
}

#[test]
fn what_is_no_refresh_token_is_refused() {
    let person = user();
    refresh("not a token").error(401);
    refresh(person.token.as_deref().expect("a token")).error(401);
    // A refresh token opens nothing else.
    api()
        .with_token(&person.refresh_token)
        .get("/api/tasks")
        .error(401);
}

#[test]
fn signing_out_ends_this_sign_in_and_no_other() {
    let person = user();
    let credentials = json!({ "email": person.email, "password": person.password });
    let other = api().post("/api/auth/login", &credentials).expect(200);

    let answer = person.post_empty("/api/auth/logout");
    assert_eq!((answer.status, answer.body.len()), (204, 0), "{answer:?}");
    refresh(&person.refresh_token).error(401);
    person.get("/api/users/me").error(401);

    let other_client = api().with_token(&text(&other, "access_token"));
    other_client.get("/api/users/me").expect(200);
    refresh(&text(&other, "refresh_token")).expect(200);
}

#[test]
fn a_profile_can_be_changed() {
    let person = user();
    let name = Uuid::new_v4().simple().to_string();
    let changed = person
        .patch(
            "/api/users/me",
            &json!({
                "timezone": "Europe/Berlin",
                "username": &name[..20],
                "notification_preferences": { "default_reminders": ["PT15M", "P1D"] },
            }),
        )
        .expect(200);
    assert_eq!(text(&changed, "timezone"), "Europe/Berlin");
    assert_eq!(text(&changed, "username"), name[..20]);
    assert_eq!(person.get("/api/users/me").expect(200), changed);

    let task = person.create(&json!({ "title": "later", "due_date": "2030-01-01T00:00:00Z" }));
    assert_eq!(task["reminders"], json!(["PT15M", "P1D"]));

    // An absent field stays as it is.
    let renamed = person
        .patch("/api/users/me", &json!({ "timezone": "Asia/Tokyo" }))
        .expect(200);
    assert_eq!(text(&renamed, "username"), name[..20]);
}

#[test]
fn a_profile_keeps_its_rules() {
    let person = user();
    let patch = |body: Value| person.patch("/api/users/me", &body);
    patch(json!({ "timezone": "Mars/Olympus_Mons" })).invalid("timezone");
    patch(json!({ "username": "" })).invalid("username");

    // What the server sets cannot be set, by refusal or by silence.
    let before = person.get("/api/users/me").expect(200);
    for (field, value) in [("role", json!("admin")), ("id", json!(Uuid::new_v4()))] {
        assert!(matches!(patch(json!({ field: value })).status, 200 | 422));
        assert_eq!(
            person.get("/api/users/me").expect(200)[field],
            before[field]
        );
    }
}
