//! Conversations in the state store.

use serde_json::json;
use tests::dapr::Platform;
use tests::{User, wait_for};

use crate::platform;

/// What the state store holds of a person: values, whether they end, and lists that name their keys.
fn kept(platform: &Platform, person: &User) -> (u32, u32) {
    let count = |condition: &str| {
        let sql = format!("SELECT count(*) FROM dapr_state WHERE {condition}");
        let counted = platform.postgres.execute(&platform.database, &sql);
        counted.trim().parse().expect("a number")
    };
    (
        count(&format!(
            "key LIKE 'todo-api||conversations/value/{}%' AND expires_at > now()",
            person.id
        )),
        count(&format!(
            "key LIKE 'todo-api||conversations/keys/%' AND convert_from(value, 'UTF8') LIKE '%{}%'",
            person.id
        )),
    )
}

#[test]
fn a_conversation_goes_on_and_ends_with_its_person() {
    let platform = platform();
    let person = platform.user();
    let first = person.chat("add milk to my list", None);
    let id = first["conversation_id"].as_str().expect("an id").to_owned();
    assert_eq!(person.chat("undo", Some(&id))["conversation_id"], *id);
    let history = person.get(&format!("/api/chat/{id}")).expect(200);
    assert_eq!(
        history["messages"].as_array().map(Vec::len),
        Some(4),
        "{history}"
    );
    let (values, lists) = kept(&platform, &person);
    assert_eq!(values, 2, "the conversation, and the list of the person's");
    assert!(lists > 0);
    // Nobody else finds it.
    platform.user().get(&format!("/api/chat/{id}")).error(404);

    let erased = person.send(
        person
            .request("DELETE", "/api/users/me")
            .json(&json!({"password": person.password})),
    );
    assert!(erased.status == 204 || erased.status == 202, "{erased:?}");
    wait_for("that nothing is left", 60, || {
        (kept(&platform, &person) == (0, 0)).then_some(())
    });
}

#[test]
fn no_conversation_is_lost_when_many_are_written_at_once() {
    let platform = platform();
    let person = platform.user();
    let ids: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|thread| {
                let person = &person;
                scope.spawn(move || {
                    (0..4)
                        .map(|turn| {
                            let said = format!("add thing {thread}-{turn}");
                            let answer = person.chat(&said, None);
                            answer["conversation_id"]
                                .as_str()
                                .expect("an id")
                                .to_owned()
                        })
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        let done = threads
            .into_iter()
            .map(|thread| thread.join().expect("a thread"));
        done.flatten().collect()
    });
    for id in &ids {
        person.get(&format!("/api/chat/{id}")).expect(200);
    }
    person.send(
        person
            .request("DELETE", "/api/users/me")
            .json(&json!({"password": person.password})),
    );
    // Each was listed, so that each is found again.
    wait_for("that nothing is left", 120, || {
        (kept(&platform, &person) == (0, 0)).then_some(())
    });
}
