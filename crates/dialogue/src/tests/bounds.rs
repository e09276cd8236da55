//! What breaks a rule or is not understood changes nothing; a conversation stays small.

use super::*;

#[test]
fn what_breaks_a_rule_is_told_and_changes_nothing() {
    let mut chat = Chat::new();
    let long = "x".repeat(501);
    assert_eq!(
        chat.add(&long),
        "The title must be 1 to 500 characters, not 501. I added nothing."
    );
    chat.add("ok");
    assert_eq!(
        chat.say(Command::Rename {
            target: Target::It,
            title: long
        }),
        "The title must be 1 to 500 characters, not 501."
    );
    let tags = (0..21).map(|n| format!("t{n}")).collect();
    assert_eq!(
        chat.say(Command::Tag {
            target: Target::It,
            tags
        }),
        "The tags must have at most 20 items, not 21."
    );
    assert_eq!(chat.only().title, "ok");
    assert_eq!(chat.only().version, 1);
}

#[test]
fn what_is_not_understood_changes_nothing() {
    let mut chat = Chat::new();
    chat.add("ok");
    let reply = chat.turn("blub", vec![]);
    assert_eq!(reply.reply, wording::NOT_UNDERSTOOD);
    assert!(reply.actions.is_empty());
    let turn = Turn {
        user: &chat.user,
        message: &"a ".repeat(3_000),
        now: chat.now,
        origin: &Origin::default(),
    };
    let reply = pollster::block_on(respond(&chat.storage, &mut chat.conversation, turn)).unwrap();
    assert!(reply.reply.starts_with("That is too long for me"));
    assert_eq!(chat.only().version, 1);
}

#[test]
fn a_conversation_stays_within_its_bounds() {
    let mut chat = Chat::new();
    for n in 0..120 {
        chat.turn(
            &"\u{1}\"\\\u{1f600}".repeat(700),
            vec![add(&format!("task {n} {}", "\"".repeat(400)))],
        );
    }
    chat.say(list());
    for _ in 0..8 {
        let description = "\"".repeat(4_000);
        let change = Command::Describe {
            target: Target::Named("task".into()),
            description,
        };
        chat.turn("", vec![change.clone(), change]);
        chat.say(Command::Describe {
            target: Target::All(Filter::default()),
            description: "\\".repeat(4_000),
        });
        chat.say(delete(all()));
    }
    let size = serde_json::to_vec(&chat.conversation).unwrap().len();
    assert!(size <= Conversation::MAX_BYTES, "{size}");
    assert_eq!(chat.conversation.messages.len(), MAX_MESSAGES);
    assert!(
        chat.conversation
            .messages
            .iter()
            .all(|message| message.text.len() <= MAX_TEXT_BYTES)
    );
    assert!(chat.conversation.state.listed.len() <= conversation::MAX_REFERENCES);
}

#[test]
fn an_old_or_newer_conversation_can_be_read() {
    let chat = Chat::new();
    let mut stored = serde_json::to_value(&chat.conversation).unwrap();
    stored["colour"] = serde_json::json!("red");
    stored["state"] = serde_json::json!({"questions": [{"question": "of tomorrow"}]});
    let read: Conversation = serde_json::from_value(stored).unwrap();
    assert_eq!(read, chat.conversation);
    let empty: Conversation = serde_json::from_str("{}").unwrap();
    assert!(empty.messages.is_empty());
    assert!(!read.expired(chat.now + TimeDelta::days(30)));
    assert!(read.expired(chat.now + TimeDelta::days(31)));
}

#[test]
fn a_turn_can_run_on_any_thread() {
    fn is_send<T: Send>(_: &T) {}
    let mut chat = Chat::new();
    let turn = Turn {
        user: &chat.user,
        message: "hi",
        now: chat.now,
        origin: &Origin::default(),
    };
    is_send(&respond(&chat.storage, &mut chat.conversation, turn));
}
