//! One turn taken back by its name, whatever was said after it.

use super::*;

impl Chat {
    fn undo(&mut self, turn: Uuid) -> Undo {
        self.now += TimeDelta::seconds(1);
        let stored = serde_json::to_string(&self.conversation).unwrap();
        self.conversation = serde_json::from_str(&stored).unwrap();
        let of = Turn {
            user: &self.user,
            message: "",
            now: self.now,
            origin: &Origin::default(),
        };
        pollster::block_on(undo(&self.storage, &mut self.conversation, of, turn)).unwrap()
    }

    fn undo_id(&mut self, commands: Vec<Command>) -> Uuid {
        self.turn("", commands).undo.expect("a change")
    }
}

fn rename(title: &str) -> Command {
    Command::Rename {
        target: Target::It,
        title: title.into(),
    }
}

#[test]
fn what_was_changed_twice_in_a_turn_goes_back_to_before_it() {
    let mut chat = Chat::new();
    chat.add("a");
    let turn = chat.undo_id(vec![rename("b"), rename("c")]);
    assert_eq!(chat.only().title, "c");
    assert!(matches!(chat.undo(turn), Undo::Done(_)));
    assert_eq!(chat.only().title, "a");
    assert_eq!(chat.undo(turn), Undo::Already);
    assert_eq!(chat.undo(Uuid::new_v4()), Undo::Unknown);
}

#[test]
fn a_turn_before_the_one_taken_back_can_be_taken_back_next() {
    let mut chat = Chat::new();
    let added = chat.undo_id(vec![add("a")]);
    let renamed = chat.undo_id(vec![rename("b")]);
    assert_eq!(chat.undo(added), Undo::Changed);
    assert_eq!(chat.only().title, "b");
    assert!(matches!(chat.undo(renamed), Undo::Done(_)));
    assert!(matches!(chat.undo(added), Undo::Done(_)));
    assert_eq!(chat.say(Command::Undo), "There is nothing to undo.");
}

#[test]
fn of_a_turn_all_or_nothing_is_taken_back() {
    let mut chat = Chat::new();
    let turn = chat.undo_id(vec![add("a"), add("b")]);
    chat.turn("", vec![delete(Target::Named("b".into()))]);
    assert_eq!(chat.undo(turn), Undo::Changed);
    assert_eq!(chat.only().title, "a");
}

#[test]
fn a_turn_that_the_chat_took_back_is_undone() {
    let mut chat = Chat::new();
    let turn = chat.undo_id(vec![add("a")]);
    chat.say(Command::Undo);
    assert_eq!(chat.undo(turn), Undo::Already);
}

#[test]
fn a_deleted_task_comes_back_once() {
    let mut chat = Chat::new();
    chat.add("a");
    let turn = chat.undo_id(vec![delete(Target::It)]);
    assert!(matches!(chat.undo(turn), Undo::Done(reply) if reply.undo.is_none()));
    assert_eq!(chat.only().title, "a");
    assert_eq!(chat.undo(turn), Undo::Already);
}

#[test]
fn default_reminders_go_back_unless_they_were_changed_since() {
    let mut chat = Chat::new();
    let set = |minutes: u32| Command::SetDefaultReminders {
        seconds: vec![minutes * 60],
    };
    let first = chat.undo_id(vec![set(10)]);
    chat.user = pollster::block_on(chat.storage.user(chat.user.id))
        .unwrap()
        .unwrap();
    let second = chat.undo_id(vec![set(20)]);
    assert_eq!(chat.undo(first), Undo::Changed);
    assert!(matches!(chat.undo(second), Undo::Done(_)));
    assert!(matches!(chat.undo(first), Undo::Done(_)));
}

#[test]
fn an_answer_lost_before_it_was_kept_takes_back_nothing_twice() {
    let mut chat = Chat::new();
    chat.add("a");
    let turn = chat.undo_id(vec![rename("b")]);
    let before = chat.conversation.clone();
    assert!(matches!(chat.undo(turn), Undo::Done(_)));
    chat.conversation = before;
    assert_eq!(chat.undo(turn), Undo::Changed);
    assert_eq!(chat.only().title, "a");
}
