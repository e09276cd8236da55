//! The application with its conversations in Redis.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use servers::Redis;
use tests::{TestApp, User};

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
