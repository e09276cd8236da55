//! Sidecars and the application ended where they stand.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tests::{User, say, wait_for};

use crate::{in_seconds, own_platform, text, wait_audited};
use serde_json::{Value, json};

/// Within so many seconds of the last fault, all that was acknowledged is in the audit trail.
const GONE: u64 = 180;

/// Somebody creates tasks all the time while `faults` happen, which can wait until so many more are acknowledged.
/// Everything that was is consumed once; says how much that is, and when it was.
fn nothing_is_lost_or_done_twice(what: &str, person: &User, faults: impl FnOnce(&dyn Fn(usize))) {
    let stop = AtomicBool::new(false);
    let acknowledged = Mutex::new(Vec::new());
    let count = || acknowledged.lock().expect("no panic").len();
    let wait_for_more = |more| {
        let wanted = count() + more;
        wait_for("that tasks are acknowledged", 60, || {
            (count() >= wanted).then_some(())
        });
    };
    let create = || {
        let task = json!({"title": "under load"});
        let answer = person
            .client
            .request("POST", "/api/tasks")
            .json(&task)
            .send();
        let answer = answer.ok().filter(|answer| answer.status() == 201)?;
        let task: Value = answer.json().ok()?;
        Some(text(&task, "id").to_owned())
    };
    let refused = std::thread::scope(|scope| {
        let load = scope.spawn(|| {
            let mut refused = 0;
            while !stop.load(Ordering::Acquire) {
                match create() {
                    Some(task) => acknowledged.lock().expect("no panic").push(task),
                    None => refused += 1,
                }
                std::thread::sleep(Duration::from_millis(40));
            }
            refused
        });
        faults(&wait_for_more);
        stop.store(true, Ordering::Release);
        load.join().expect("the load")
    });
    let acknowledged = acknowledged.into_inner().expect("no panic");
    let begun = Instant::now();
    let trail = wait_for("that all is in the audit trail", GONE, || {
        let mut trail = BTreeMap::<String, Vec<String>>::new();
        for entry in person.audit() {
            let entries = trail.entry(text(&entry, "task_id").to_owned()).or_default();
            entries.push(text(&entry, "event_type").to_owned());
        }
        let is_whole = acknowledged.iter().all(|task| trail.contains_key(task));
        is_whole.then_some(trail)
    });
    for (task, entries) in &trail {
        assert_eq!(entries[..], ["task_created"], "{task}");
    }
    say(&format!(
        "{what}: {} acknowledged and consumed once, {refused} refused; {:.1} s after the last fault",
        acknowledged.len(),
        begun.elapsed().as_secs_f32()
    ));
    assert!(acknowledged.len() > 50, "under load");
}

#[test]
fn sidecars_are_killed_and_restarted() {
    let mut platform = own_platform();
    let person = platform.user();
    nothing_is_lost_or_done_twice(
        "sidecars killed and restarted twice",
        &person,
        |wait_for_more| {
            for _ in 0..2 {
                for is_back in [false, true] {
                    for service in ["todo-api", "audit", "reminder"] {
                        let sidecar = platform.sidecars.get_mut(service).expect("a sidecar");
                        if is_back {
                            sidecar.restart();
                        } else {
                            sidecar.kill();
                        }
                    }
                    wait_for_more(30);
                }
            }
        },
    );
}

#[test]
fn the_application_is_killed_behind_its_sidecars() {
    let mut platform = own_platform();
    let person = platform.user();
    nothing_is_lost_or_done_twice("application killed three times", &person, |wait_for_more| {
        for _ in 0..3 {
            wait_for_more(30);
            platform.app.kill();
            platform.restart_app();
        }
    });
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
