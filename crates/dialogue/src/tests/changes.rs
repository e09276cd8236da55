//! What each command does to a task, and how it is undone.

use super::*;

#[test]
fn an_added_task_is_told_with_all_that_was_said() {
    let mut chat = Chat::new();
    let reply = chat.turn(
        "add buy milk tomorrow at 5pm high priority #groceries",
        vec![Command::Add {
            title: "buy milk".into(),
            description: None,
            due: Some(due("2026-06-04T17:00:00", Grain::Hour)),
            priority: Some(Priority::High),
            tags: vec!["groceries".into()],
            reminders: Vec::new(),
            recurrence: None,
            recurrence_from: None,
            as_reminder: false,
        }],
    );
    assert_eq!(
        reply.reply,
        "Added \"buy milk\" for tomorrow at 5:00 PM, high priority, #groceries."
    );
    assert_eq!(reply.actions.len(), 1);
    assert_eq!(reply.actions[0].tool, "create_task");
    assert_eq!(
        reply.actions[0].arguments["due_date"],
        "2026-06-04T15:00:00Z"
    );
    assert_eq!(reply.actions[0].result["title"], "buy milk");
    let task = chat.only();
    assert_eq!(
        task.due_date.unwrap().to_rfc3339(),
        "2026-06-04T15:00:00+00:00"
    );
    assert_eq!(task.reminders, vec![Reminder::Before { seconds: 3_600 }]);
}

#[test]
fn a_reminder_reminds_when_it_is_due() {
    let mut chat = Chat::new();
    let mut command = add_due("call mom", "2026-06-03T17:00:00", Grain::Hour);
    if let Command::Add { as_reminder, .. } = &mut command {
        *as_reminder = true;
    }
    assert_eq!(
        chat.say(command),
        "I will remind you of \"call mom\" today at 5:00 PM."
    );
    assert_eq!(chat.only().reminders, vec![Reminder::Before { seconds: 0 }]);
}

#[test]
fn a_repeating_task_gets_its_first_due_date() {
    let mut chat = Chat::new();
    let mut command = add("stretch");
    if let Command::Add { recurrence, .. } = &mut command {
        *recurrence = Some("daily".into());
    }
    assert_eq!(
        chat.say(command),
        "Added \"stretch\" for tomorrow at 9:00 AM, repeating every day."
    );
    let stop = Command::SetRecurrence {
        target: Target::It,
        recurrence: None,
        from: None,
        first: None,
    };
    assert_eq!(chat.say(stop), "No longer repeating \"stretch\".");
    assert_eq!(chat.only().recurrence_pattern, None);
    let bad = Command::SetRecurrence {
        target: Target::It,
        recurrence: Some("FREQ=NEVER".into()),
        from: None,
        first: None,
    };
    assert!(chat.say(bad).starts_with("I cannot repeat it like that"));
}

#[test]
fn a_moved_task_keeps_its_time_of_day() {
    let mut chat = Chat::new();
    chat.say(add_due("report", "2026-06-04T17:30:00", Grain::Minute));
    let move_to = |text: &str, grain, keep_date| Command::SetDue {
        target: Target::It,
        due: Some(due(text, grain)),
        keep_date,
    };
    assert_eq!(
        chat.say(move_to("2026-06-05T00:00:00", Grain::Day, false)),
        "Moved \"report\" to Friday, June 5 at 5:30 PM."
    );
    assert_eq!(
        chat.say(move_to("2026-06-03T11:00:00", Grain::Hour, true)),
        "Moved \"report\" to Friday, June 5 at 11:00 AM."
    );
    // A quarter of the year has other clocks; the time of day stays.
    chat.say(move_to("2026-12-01T00:00:00", Grain::Day, false));
    assert_eq!(chat.local_due(), "2026-12-01 11:00:00");
    assert_eq!(
        chat.say(move_to("2026-12-01T00:00:00", Grain::Day, false)),
        "\"report\" is already due Tuesday, December 1 at 11:00 AM."
    );
    let clear = Command::SetDue {
        target: Target::It,
        due: None,
        keep_date: false,
    };
    assert_eq!(
        chat.say(clear.clone()),
        "Cleared the due date of \"report\"."
    );
    assert_eq!(chat.say(clear), "\"report\" has no due date.");
    chat.say(move_to("2026-06-05T00:00:00", Grain::Day, false));
    assert_eq!(chat.local_due(), "2026-06-05 09:00:00");
    assert_eq!(
        chat.say(move_to("+20000-06-05T00:00:00", Grain::Day, false)),
        "That date is too far away for me."
    );
}

#[test]
fn a_snooze_counts_from_the_due_date_or_from_now() {
    let snooze = |seconds| Command::Snooze {
        target: Target::It,
        seconds,
        until: None,
    };
    let mut chat = Chat::new();
    chat.say(add_due("later", "2026-06-03T17:00:00", Grain::Hour));
    assert_eq!(
        chat.say(snooze(None)),
        "Snoozed \"later\" until today at 6:00 PM."
    );
    assert_eq!(
        chat.say(snooze(Some(-7_200))),
        "Moved \"later\" to today at 4:00 PM."
    );
    assert_eq!(
        chat.say(snooze(Some(i64::MAX))),
        "That date is too far away for me."
    );
    let mut chat = Chat::new();
    chat.say(add_due("late", "2026-06-03T08:00:00", Grain::Hour));
    assert_eq!(
        chat.say(snooze(None)),
        "Snoozed \"late\" until today at 11:00 AM."
    );
}

#[test]
fn a_snooze_takes_reminders_at_a_moment_along() {
    let mut chat = Chat::new();
    chat.say(add_due("talk", "2026-06-05T17:00:00", Grain::Hour));
    let at = ReminderAt::At(due("2026-06-05T12:00:00", Grain::Hour));
    assert_eq!(
        chat.say(Command::MoveReminder {
            target: Target::It,
            at
        }),
        "I will now remind you of \"talk\" Friday, June 5 at 12:00 PM."
    );
    chat.say(Command::Snooze {
        target: Target::It,
        seconds: Some(86_400),
        until: None,
    });
    assert_eq!(
        chat.only().reminders,
        vec![Reminder::At("2026-06-06T10:00:00Z".parse().unwrap())]
    );
}

#[test]
fn reminders_are_added_moved_and_dropped() {
    let mut chat = Chat::new();
    chat.add("talk");
    let before = |seconds| ReminderAt::Before { seconds };
    assert_eq!(
        chat.say(Command::AddReminder {
            target: named("talk"),
            at: before(7_200)
        }),
        "When is \"talk\" due?"
    );
    let tomorrow = language::dates::DateSpan {
        start: at("2026-06-04T17:00:00"),
        end: None,
        grain: Grain::Hour,
    };
    let answer = Understanding {
        category: Category::Other,
        commands: vec![],
        guess: None,
        dates: vec![tomorrow],
    };
    assert_eq!(
        chat.understood("tomorrow at 5", answer).reply,
        "Set \"talk\" for tomorrow at 5:00 PM. I will remind you of \"talk\" tomorrow at 3:00 PM, 2 hours before it is due."
    );
    assert_eq!(
        chat.only().reminders,
        vec![
            Reminder::Before { seconds: 3_600 },
            Reminder::Before { seconds: 7_200 }
        ]
    );
    chat.say(Command::MoveReminder {
        target: Target::It,
        at: before(60),
    });
    assert_eq!(
        chat.only().reminders,
        vec![Reminder::Before { seconds: 60 }]
    );
    let list = Command::ListReminders {
        filter: Filter::default(),
    };
    assert_eq!(
        chat.say(list.clone()),
        "You have 1 reminder:\n1. tomorrow at 4:59 PM: talk"
    );
    let past = ReminderAt::At(due("2026-06-02T12:00:00", Grain::Hour));
    assert_eq!(
        chat.say(Command::AddReminder {
            target: Target::It,
            at: past
        }),
        "I cannot remind you yesterday at 12:00 PM: that has passed."
    );
    chat.say(Command::DropReminders { target: Target::It });
    assert_eq!(chat.only().reminders, vec![]);
    assert_eq!(chat.say(list), "You have no reminders.");
    for hours in 1..=11 {
        chat.say(Command::AddReminder {
            target: Target::It,
            at: before(hours * 3_600),
        });
    }
    assert_eq!(chat.only().reminders.len(), 10);
}

#[test]
fn every_change_can_be_undone_again_and_again() {
    let mut chat = Chat::new();
    chat.add("draft");
    let original = chat.only();
    for command in [
        Command::Rename {
            target: Target::It,
            title: "final".into(),
        },
        Command::Describe {
            target: Target::It,
            description: "the long one".into(),
        },
        Command::SetPriority {
            target: Target::It,
            priority: Priority::Urgent,
        },
        Command::Tag {
            target: Target::It,
            tags: vec!["work".into()],
        },
        Command::SetDue {
            target: Target::It,
            due: Some(due("2026-06-05T00:00:00", Grain::Day)),
            keep_date: false,
        },
        Command::SetRecurrence {
            target: Target::It,
            recurrence: Some("weekly".into()),
            from: None,
            first: None,
        },
        Command::Start { target: Target::It },
        complete(Target::It),
        delete(Target::It),
    ] {
        chat.say(command);
    }
    assert_eq!(chat.tasks().len(), 0);
    assert_eq!(chat.say(Command::Undo), "Undone: \"final\" is back.");
    assert_eq!(chat.only().status, Status::Completed);
    for _ in 0..8 {
        let reply = chat.say(Command::Undo);
        assert!(reply.ends_with("is as it was before."), "{reply}");
    }
    let restored = chat.only();
    assert_eq!(
        restored,
        Task {
            version: restored.version,
            updated_at: restored.updated_at,
            ..original
        }
    );
    assert_eq!(
        chat.say(Command::Undo),
        "Undone: \"draft\" is off the list again."
    );
    assert_eq!(chat.tasks().len(), 0);
    assert_eq!(chat.say(Command::Undo), "There is nothing to undo.");
}

#[test]
fn undo_leaves_alone_what_someone_else_changed() {
    let mut chat = Chat::new();
    chat.add("draft");
    chat.say(Command::Rename {
        target: Target::It,
        title: "final".into(),
    });
    let patch = task_model::TaskPatch {
        title: Some("theirs".into()),
        ..Default::default()
    };
    let (id, origin) = (chat.only().id, Origin::default());
    let elsewhere = chat
        .storage
        .update_task(chat.user.id, id, patch, None, &origin, chat.now);
    pollster::block_on(elsewhere).unwrap();
    assert_eq!(
        chat.say(Command::Undo),
        "Undone: \"theirs\" was changed since then, so I left it as it is."
    );
    assert_eq!(chat.only().title, "theirs");
}
