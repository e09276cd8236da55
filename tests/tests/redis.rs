//! The application with its conversations in Redis.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use servers::{Certificate, Redis};
use tests::{Builder, TestApp, User, wait_for};

const PASSWORD: &str = "correct-horse";
const WRONG: &str = "battery-staple";

fn say(person: &User, message: &str, conversation: &str) -> tests::Answer {
    let body = json!({ "message": message, "conversation_id": conversation });
    person.post("/api/chat", &body)
}

#[test]
fn conversations_outlast_redis_and_a_turn_without_it_is_refused() {
    let mut redis = Redis::start();
    let app = TestApp::builder()
        .conversations_at(&format!("redis://{}/2", redis.address()))
        .start();
    let person = app.user();
    let turn = person.chat("add buy milk", None);
    let id = turn["conversation_id"].as_str().expect("an id").to_owned();

    // The keys are those that Spin would use.
    let key = format!("{}/{id}", person.id);
    let kept = redis.cli(&["-n", "2", "GET", &key]);
    let kept: Value = serde_json::from_str(kept.trim()).expect("a conversation");
    assert_eq!(kept["user_id"], person.id.as_str());

    redis.kill();
    for _ in 0..3 {
        let begun = Instant::now();
        let answer = say(&person, "mark it as done", &id);
        let error = answer.error(503).to_string();
        assert!(
            !error.contains(&redis.address().port().to_string()),
            "{error}"
        );
        assert!(
            begun.elapsed() < Duration::from_secs(10),
            "{:?}",
            begun.elapsed()
        );
    }
    assert_eq!(person.titles(&[("status", "pending")]), ["buy milk"]);

    redis.restart();
    say(&person, "mark it as done", &id).expect(200);
    assert_eq!(person.titles(&[("status", "completed")]), ["buy milk"]);
}

#[test]
fn a_redis_that_answers_nothing_holds_nobody_up() {
    let redis = Redis::start();
    let app = TestApp::builder()
        .conversations_at(&format!("redis://{}", redis.address()))
        .start();
    let person = app.user();
    let turn = person.chat("add buy milk", None);
    let id = turn["conversation_id"].as_str().expect("an id").to_owned();
    redis.signal("STOP");
    let begun = Instant::now();
    say(&person, "mark it as done", &id).error(503);
    assert!(
        begun.elapsed() < Duration::from_secs(15),
        "{:?}",
        begun.elapsed()
    );
    person.task("walk the dog");
    redis.signal("CONT");
    say(&person, "mark it as done", &id).expect(200);
}

/// An application whose conversations are in a Redis that asks for TLS and a password. It does not
/// trust the certificate's authority yet.
fn signing_in(redis: &Redis, password: &str) -> Builder {
    let url = format!("rediss://todo:{password}@{}", redis.address());
    TestApp::builder().conversations_at(&url)
}

/// Lets it trust the certificate's authority.
fn trusting(builder: Builder, certificate: &Certificate) -> Builder {
    builder.environment("SSL_CERT_FILE", &certificate.authority().to_string_lossy())
}

/// Fails unless a turn is refused for this reason, which the log has, and no password.
#[track_caller]
fn refused(app: &TestApp, redis: &Redis, reason: &str) {
    let conversation = uuid::Uuid::new_v4().to_string();
    let error = say(&app.user(), "add buy milk", &conversation)
        .error(503)
        .to_string();
    let server = redis.address().to_string();
    let log = wait_for("the reason in the log", 30, || {
        let log = app.log();
        let mut lines = log.lines();
        let told = lines.any(|line| line.contains(reason) && line.contains(&server));
        told.then_some(log)
    });
    for password in [PASSWORD, WRONG] {
        assert!(!error.contains(password) && !log.contains(password));
    }
}

#[test]
fn conversations_are_kept_with_tls_and_a_password() {
    let certificate = Certificate::new();
    let mut redis = Redis::start_secured("todo", PASSWORD, &certificate);
    let app = trusting(signing_in(&redis, PASSWORD), &certificate).start();
    let person = app.user();
    let turn = person.chat("add buy milk", None);
    let id = turn["conversation_id"].as_str().expect("an id").to_owned();
    let kept = redis.cli(&["GET", &format!("{}/{id}", person.id)]);
    let kept: Value = serde_json::from_str(kept.trim()).expect("a conversation");
    assert_eq!(kept["user_id"], person.id.as_str());
    redis.restart();
    say(&person, "mark it as done", &id).expect(200);
    assert_eq!(person.titles(&[("status", "completed")]), ["buy milk"]);
    assert!(!app.log().contains(PASSWORD));
}

#[test]
fn a_certificate_of_an_authority_that_nobody_named_is_refused() {
    let certificate = Certificate::new();
    let redis = Redis::start_secured("todo", PASSWORD, &certificate);
    let app = signing_in(&redis, PASSWORD).start();
    refused(&app, &redis, "invalid peer certificate");
}

#[test]
fn a_wrong_password_is_told_until_it_is_right() {
    let certificate = Certificate::new();
    let redis = Redis::start_secured("todo", PASSWORD, &certificate);
    let app = trusting(signing_in(&redis, WRONG), &certificate).start();
    for _ in 0..2 {
        refused(&app, &redis, "Password authentication failed");
    }
    redis.cli(&["ACL", "SETUSER", "todo", &format!(">{WRONG}")]);
    let person = app.user();
    let turn = person.chat("add buy milk", None);
    let id = turn["conversation_id"].as_str().expect("an id").to_owned();
    say(&person, "mark it as done", &id).expect(200);
}
