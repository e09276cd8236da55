//! Sidecars and the application ended where they stand.

use tests::wait_for;

use crate::{audited, in_seconds, own_platform, text, wait_audited};
use serde_json::json;

#[test]
fn changes_while_sidecars_are_gone_have_their_effect_once_they_are_back() {
    let mut platform = own_platform();
    let person = platform.user();
    let gone = ["todo-api", "audit", "reminder"];
    for service in gone {
        platform
            .sidecars
            .get_mut(service)
            .expect("a sidecar")
            .kill();
    }
    // The task is there all the same: its event waits beside it.
    let tasks: Vec<String> = (0..50)
        .map(|n| person.task(&format!("Number {n}")))
        .collect();
    for service in gone {
        platform
            .sidecars
            .get_mut(service)
            .expect("a sidecar")
            .restart();
    }
    for task in &tasks {
        wait_audited(&person, task, "task_created");
    }
    for task in &tasks {
        assert_eq!(audited(&person, task), ["task_created"]);
    }
}

#[test]
fn nothing_is_lost_or_done_twice_when_the_application_is_killed_under_load() {
    let mut platform = own_platform();
    let person = platform.user();
    let mut tasks = Vec::new();
    for round in 0..3 {
        for n in 0..20 {
            tasks.push(person.task(&format!("Number {round}-{n}")));
        }
        platform.app.kill();
        platform.restart_app();
    }
    for task in &tasks {
        wait_audited(&person, task, "task_created");
    }
    for task in &tasks {
        assert_eq!(audited(&person, task), ["task_created"]);
    }
}

#[test]
fn a_reminder_comes_once_though_its_sidecars_were_gone_when_it_was_due() {
    let mut platform = own_platform();
    let person = platform.user();
    let channels = json!({"notification_preferences": {"channels": ["email", "in_app"]}});
    person.patch("/api/users/me", &channels).expect(200);
    let task = person.create(&json!({
        "title": "Due in the dark", "due_date": in_seconds(8), "reminders": ["PT1S"],
    }));
    wait_audited(&person, text(&task, "id"), "reminder_scheduled");
    for service in ["reminder", "notification"] {
        platform
            .sidecars
            .get_mut(service)
            .expect("a sidecar")
            .kill();
    }
    let due = std::time::Instant::now() + std::time::Duration::from_secs(9);
    wait_for("that it is due", 15, || {
        (std::time::Instant::now() > due).then_some(())
    });
    for service in ["reminder", "notification"] {
        platform
            .sidecars
            .get_mut(service)
            .expect("a sidecar")
            .restart();
    }
    let mine = || {
        let mails = platform.mail.mails().into_iter();
        mails
            .filter(|mail| mail.to == [person.email.as_str()])
            .count()
    };
    wait_for("the mail", 90, || (mine() > 0).then_some(()));
    wait_for("the notification", 60, || {
        (person.notifications().len() == 1).then_some(())
    });
    wait_audited(&person, text(&task, "id"), "reminder_triggered");
    assert_eq!((mine(), person.notifications().len()), (1, 1));
}
