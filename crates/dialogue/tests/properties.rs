//! Whatever is said, in whatever order: no panic, nobody else's tasks touched, bounds kept, and
//! "undo" takes back what one sentence did.

mod chat;

use chat::{Chat, new_user};
use dialogue::{Conversation, MAX_MESSAGES, Turn};
use proptest::prelude::*;
use storage::Origin;
use task_model::Task;
use uuid::Uuid;

const SENTENCES: &[&str] = &[
    "add buy milk tomorrow at 5pm #groceries",
    "add buy bread high priority",
    "remind me to pay rent every 1st at 9",
    "remind me to stretch",
    "add a task",
    "call the dentist on friday",
    "add write report and add send report",
    "what's on my list?",
    "show my high priority tasks",
    "what's due this week?",
    "how did I do this week?",
    "do I have milk on my list?",
    "find report",
    "complete buy milk",
    "complete report",
    "complete the second one",
    "mark the last one as done",
    "reopen it",
    "delete it",
    "delete all completed tasks",
    "delete everything",
    "complete all of them",
    "both",
    "the first one",
    "the other one",
    "no, the other one",
    "yes",
    "no",
    "never mind",
    "undo",
    "move it to friday",
    "move it to 8am",
    "snooze it",
    "snooze the report for three weeks",
    "rename it to something else",
    "tag it with work",
    "remove all tags from it",
    "set it to urgent",
    "make it repeat every other tuesday",
    "stop repeating it",
    "remind me two hours before",
    "drop the reminders of the rent",
    "what reminders do I have?",
    "water the plants every 3 days after I finish, 4 times",
    "skip the next water the plants",
    "skip this week's rent",
    "skip it",
    "watered the plants",
    "end the series water the plants",
    "change water the plants to every 5 days",
    "make it repeat from the due date",
    "repeat it 3 times",
    "stop repeating the rent in august",
    "what repeats?",
    "when is the next rent?",
    "remind me 10 minutes before by default",
    "no default reminders",
    "I have to pay the bill",
    "schedule a meeting with Bob on Friday",
    "hello",
    "help",
    "tomorrow at noon",
    "2",
    "blub blub",
];

/// Sentences after which one undo must bring the list back.
const CHANGES: &[&str] = &[
    "add buy stamps tomorrow",
    "add one and add two",
    "complete buy milk",
    "delete buy milk",
    "reopen old letter",
    "rename buy milk to buy oat milk",
    "move buy milk to friday at 8am",
    "snooze buy milk for two days",
    "set buy milk to urgent",
    "tag buy milk with food",
    "remove all tags from buy milk",
    "make buy milk repeat every other tuesday",
    "remind me two hours before buy milk",
    "complete all my tasks",
    "take out the bins every week after I finish",
    "skip the bins",
    "skip this week's bins",
    "complete the bins",
    "delete the bins",
    "stop repeating the bins",
    "end the series bins",
    "make the bins repeat 10 times",
    "repeat the bins until december",
    "change the bins to every 3 days",
    "make the bins repeat from completion",
    "make the bins repeat every! 2 weeks",
];

/// What the list holds before each of [`CHANGES`].
const SETTING: &[&str] = &[
    "add buy milk tomorrow at 5pm #groceries",
    "add old letter",
    "complete old letter",
    "add bins on friday at 7am",
    "make the bins repeat every friday",
];

fn message() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => proptest::sample::select(SENTENCES).prop_map(str::to_owned),
        1 => any::<String>(),
        1 => "[a-z #@:0-9\"'.,-]{0,60}",
        1 => (proptest::sample::select(SENTENCES), proptest::sample::select(SENTENCES))
            .prop_map(|(a, b)| format!("{a} and {b}")),
        1 => (proptest::sample::select(SENTENCES), 0..80usize)
            .prop_map(|(sentence, cut)| sentence.chars().take(cut).collect()),
    ]
}

/// Without what any change renews.
fn essence(mut tasks: Vec<Task>) -> Vec<Task> {
    for task in &mut tasks {
        task.version = 0;
        task.updated_at = task.created_at;
        task.completed_at = task.completed_at.map(|_| task.created_at);
    }
    tasks
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn any_conversation_is_safe(messages in proptest::collection::vec(message(), 1..40)) {
        let mut chat = Chat::new();
        let other = new_user(&chat.storage, "bert", chat.now);
        let mut others_chat = Conversation::new(Uuid::new_v4(), other.id, chat.now);
        for message in ["add buy milk #groceries", "add write report", "add pay rent tomorrow"] {
            let turn = Turn { user: &other, message, now: chat.now, origin: &Origin::default() };
            pollster::block_on(dialogue::respond(&chat.storage, &mut others_chat, turn)).unwrap();
        }
        let others_tasks = chat.tasks_of(&other);
        prop_assert_eq!(others_tasks.len(), 3);
        for message in &messages {
            let before = chat.tasks_of(&chat.user);
            let reply = chat.say(message);
            prop_assert!(!reply.reply.trim().is_empty(), "no answer to {message:?}");
            let changes = reply.actions.iter().any(dialogue::Action::is_change);
            let kept = chat.conversation.messages.back().expect("an answer");
            prop_assert!(kept.actions.iter().all(dialogue::Action::is_change), "{:?} keeps what it looked up", message);
            if !changes {
                prop_assert_eq!(before, chat.tasks_of(&chat.user), "{:?} changed something unsaid", message);
            }
            prop_assert!(chat.conversation.messages.len() <= MAX_MESSAGES);
        }
        prop_assert!(serde_json::to_vec(&chat.conversation).unwrap().len() <= Conversation::MAX_BYTES);
        prop_assert_eq!(others_tasks, chat.tasks_of(&other));
    }

    #[test]
    fn undo_brings_the_list_back(before in proptest::collection::vec(proptest::sample::select(SENTENCES), 0..6), change in proptest::sample::select(CHANGES)) {
        let mut chat = Chat::new();
        for message in SETTING {
            chat.say(message);
        }
        for message in before {
            chat.say(message);
        }
        // An answer to an open question would be something else than the change.
        chat.say("hello");
        let list = essence(chat.tasks_of(&chat.user));
        let reply = chat.say(change);
        let changed = essence(chat.tasks_of(&chat.user)) != list;
        if changed {
            let undone = chat.say("undo").reply;
            prop_assert_eq!(list, essence(chat.tasks_of(&chat.user)), "{} {}", reply.reply, undone);
        }
    }
}

#[test]
fn each_of_the_changes_changes_something() {
    for change in CHANGES {
        let mut chat = Chat::new();
        for message in SETTING {
            chat.say(message);
        }
        let list = essence(chat.tasks_of(&chat.user));
        let reply = chat.say(change).reply;
        assert_ne!(
            list,
            essence(chat.tasks_of(&chat.user)),
            "{change}: {reply}"
        );
    }
}

#[test]
fn a_long_list_is_shown_in_part_and_changed_in_whole() {
    let mut chat = Chat::new();
    for n in 0..30 {
        chat.say(&format!("add chore{n}"));
    }
    let reply = chat.say("show my tasks");
    assert!(reply.reply.ends_with("… and 10 more."), "{}", reply.reply);
    assert_eq!(reply.tasks.map(|tasks| tasks.len()), Some(20));
    assert_eq!(chat.tasks_of(&chat.user).len(), 30);
    assert!(
        chat.say("complete all my tasks")
            .reply
            .starts_with("Completed 30 tasks: ")
    );
}
