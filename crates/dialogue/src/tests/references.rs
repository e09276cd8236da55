//! Which task is meant: by name, by number, by "it" and "the other one", and when it is asked for.

use super::*;

#[test]
fn one_clear_task_is_changed_and_several_are_asked_for() {
    let mut chat = Chat::new();
    for title in ["call the dentist", "dentist appointment", "buy milk"] {
        chat.add(title);
    }
    assert_eq!(chat.say(complete(named("mlik"))), "Completed \"buy milk\".");
    assert_eq!(
        chat.say(complete(named("milk"))),
        "\"buy milk\" is already completed."
    );
    let asked = chat.turn("finish dentist", vec![complete(named("dentist"))]);
    assert_eq!(
        asked.reply,
        "Which one should I complete?\n1. dentist appointment\n2. call the dentist"
    );
    assert!(asked.actions.is_empty());
    assert_eq!(
        chat.say(choose(Target::Nth(vec![2]))),
        "Completed \"call the dentist\"."
    );
    let reply = chat.say(choose(Target::Other));
    assert_eq!(
        reply,
        "\"call the dentist\" is as it was before. Completed \"dentist appointment\"."
    );
    let open: Vec<_> = chat
        .tasks()
        .into_iter()
        .filter(|task| task.status == Status::Pending)
        .collect();
    assert_eq!(open.len(), 1);
    assert_eq!(open[0].title, "call the dentist");
}

#[test]
fn a_which_question_takes_a_name_both_or_never_mind() {
    for (answer, completed, fragment) in [
        (
            vec![choose(named("appointment one"))],
            1,
            "Completed \"dentist appointment\".",
        ),
        (vec![choose(Target::Them)], 2, "Completed 2 tasks"),
        (vec![Command::Deny], 0, "Okay, I left it as it is."),
        (vec![list()], 0, "You have 2 open tasks:"),
        (
            vec![choose(Target::Nth(vec![7]))],
            0,
            "I did not catch which one.\nWhich one",
        ),
    ] {
        let mut chat = Chat::new();
        chat.add("call the dentist");
        chat.add("dentist appointment");
        chat.say(complete(named("dentist")));
        let reply = chat.turn("?", answer.clone()).reply;
        assert!(reply.contains(fragment), "{answer:?}: {reply}");
        let done = chat
            .tasks()
            .iter()
            .filter(|task| task.status == Status::Completed)
            .count();
        assert_eq!(done, completed, "{answer:?}");
    }
    let mut chat = Chat::new();
    chat.add("call the dentist");
    chat.add("dentist appointment");
    chat.say(complete(named("dentist")));
    assert_eq!(
        chat.turn("appointment", vec![]).reply,
        "Completed \"dentist appointment\"."
    );
}

#[test]
fn nothing_found_changes_nothing_and_offers_what_is_near() {
    let mut chat = Chat::new();
    chat.add("buy milk");
    assert_eq!(
        chat.say(complete(named("zebra"))),
        "I found no task like \"zebra\". Should I add \"zebra\"?"
    );
    chat.say(Command::Deny);
    assert_eq!(
        chat.say(delete(named("zebra"))),
        "I found no task like \"zebra\", so I changed nothing."
    );
    assert_eq!(
        chat.say(complete(named("buy bread"))),
        "I found no task like \"buy bread\". Did you mean \"buy milk\"?"
    );
    assert_eq!(chat.only().status, Status::Pending);
    assert_eq!(chat.say(Command::Confirm), "Completed \"buy milk\".");
}

#[test]
fn more_than_one_is_deleted_only_after_a_yes() {
    let mut chat = Chat::new();
    for title in ["a1", "b2", "c3"] {
        chat.add(title);
    }
    let question = "Delete 3 tasks: \"a1\", \"b2\" and \"c3\"? Say yes to delete.";
    for no in [
        vec![Command::Deny],
        vec![],
        vec![list()],
        vec![choose(Target::Them)],
    ] {
        assert_eq!(chat.say(delete(all())), question);
        chat.turn("hm", no);
        chat.say(Command::Confirm);
        assert_eq!(chat.tasks().len(), 3);
    }
    let reply = chat.turn(
        "delete a and b",
        vec![delete(named("a1")), delete(named("b2"))],
    );
    assert_eq!(
        reply.reply,
        "Delete 2 tasks: \"a1\" and \"b2\"? Say yes to delete."
    );
    assert_eq!(chat.tasks().len(), 3);
    assert_eq!(
        chat.say(Command::Confirm),
        "Deleted 2 tasks: \"a1\" and \"b2\"."
    );
    assert_eq!(chat.titles(), ["c3"]);
    assert_eq!(
        chat.say(delete(Target::Nth(vec![1]))),
        "That task is no longer there."
    );
    assert_eq!(
        chat.say(Command::Undo),
        "Undone: \"b2\" is back. \"a1\" is back."
    );
    assert_eq!(chat.titles(), ["a1", "b2", "c3"]);
    assert_eq!(chat.say(delete(named("a1"))), "Deleted \"a1\".");
}

#[test]
fn words_point_back() {
    let mut chat = Chat::new();
    for title in ["eggs", "milk", "bread"] {
        chat.add(title);
    }
    assert_eq!(
        chat.say(complete(Target::Nth(vec![1]))),
        "I have shown you no list to count in. Ask me \"what's on my list?\" first."
    );
    assert_eq!(
        chat.say(list()),
        "You have 3 open tasks:\n1. eggs\n2. milk\n3. bread"
    );
    assert_eq!(
        chat.say(complete(Target::Nth(vec![2]))),
        "Completed \"milk\"."
    );
    assert_eq!(
        chat.say(Command::SetPriority {
            target: Target::It,
            priority: Priority::High
        }),
        "Set \"milk\" to high priority."
    );
    assert_eq!(
        chat.say(complete(Target::Nth(vec![-1]))),
        "Completed \"bread\"."
    );
    assert_eq!(
        chat.say(complete(Target::Nth(vec![9]))),
        "There is no number 9 in the list I showed you; it has 3 tasks."
    );
    assert_eq!(
        chat.say(Command::Tag {
            target: Target::Them,
            tags: vec!["food".into()]
        }),
        "Tagged 3 tasks with #food: \"eggs\", \"milk\" and \"bread\"."
    );
    assert_eq!(
        chat.turn("add two", vec![add("x1"), add("y2")]).reply,
        "Added \"x1\". Added \"y2\"."
    );
    assert_eq!(
        chat.say(complete(Target::Them)),
        "Completed 2 tasks: \"x1\" and \"y2\"."
    );
}

#[test]
fn the_other_one_of_two_listed() {
    let mut chat = Chat::new();
    chat.add("eggs");
    chat.add("milk");
    chat.say(list());
    chat.say(complete(Target::Nth(vec![1])));
    assert_eq!(
        chat.say(choose(Target::Other)),
        "\"eggs\" is as it was before. Completed \"milk\"."
    );
    assert_eq!(chat.say(complete(Target::Other)), "Completed \"eggs\".");
}

#[test]
fn an_add_without_a_title_asks_for_it() {
    let mut chat = Chat::new();
    let mut command = add("");
    if let Command::Add {
        due: when,
        as_reminder,
        ..
    } = &mut command
    {
        *when = Some(due("2026-06-04T00:00:00", Grain::Day));
        *as_reminder = true;
    }
    assert_eq!(chat.say(command), "What should I remind you about?");
    assert_eq!(
        chat.turn("call mom", vec![]).reply,
        "I will remind you of \"call mom\" tomorrow at 9:00 AM."
    );
    assert_eq!(chat.say(add("")), "What should I add?");
    assert_eq!(
        chat.turn("finish the tax form", vec![complete(named("the tax form"))])
            .reply,
        "Added \"finish the tax form\"."
    );
    assert_eq!(chat.say(add("")), "What should I add?");
    assert!(chat.say(list()).starts_with("You have 2 open tasks"));
    assert!(
        chat.turn("bla", vec![])
            .reply
            .starts_with("I did not understand")
    );
    assert_eq!(chat.tasks().len(), 2);
}
