//! Which reminders a task has after its events, however these come.

use chrono::TimeDelta;

use events::{Event, Outcome, PublishError, ReminderEventType, TaskEventType};
use proptest::prelude::*;
use sql::testing::Scratch;
use task_model::{Reminder, Status};
use uuid::Uuid;

use super::common::*;

fn times(scratch: &Scratch) -> Vec<(String, bool)> {
    (schedule(scratch).into_iter())
        .map(|(_, at, triggered)| (at, triggered))
        .collect()
}

fn pending(times: &[&str]) -> Vec<(String, bool)> {
    times.iter().map(|at| ((*at).to_owned(), false)).collect()
}

const NOON: &str = "2026-05-01T12:00:00Z";

#[test]
fn reminders_follow_the_task() {
    let (scratch, world) = (scratch(), World::default());
    let service = healthy(&scratch, &world);
    let created = task(1, NOON, Some("2026-05-10T09:00:00Z"));
    take(&service, &story(std::slice::from_ref(&created)), NOON);
    assert_eq!(times(&scratch), pending(&["05-10T08:00"]));

    let moved = changed(&created, "2026-05-02T12:00:00Z", |task| {
        task.due_date = Some(at("2026-05-11T09:00:00Z"));
        task.reminders
            .push(Reminder::At(at("2026-05-05T20:00:00Z")));
    });
    take(
        &service,
        &story(std::slice::from_ref(&moved)),
        "2026-05-02T12:00:00Z",
    );
    assert_eq!(times(&scratch), pending(&["05-05T20:00", "05-11T08:00"]));
    assert_eq!(
        world.scheduled(),
        ["05-05T20:00", "05-10T08:00", "05-11T08:00"]
    );

    let undated = changed(&moved, "2026-05-03T12:00:00Z", |task| task.due_date = None);
    take(
        &service,
        &story(std::slice::from_ref(&undated)),
        "2026-05-03T12:00:00Z",
    );
    assert_eq!(
        times(&scratch),
        pending(&["05-05T20:00"]),
        "its own time needs no due date"
    );

    for (version, status) in [
        (4, Status::Completed),
        (5, Status::InProgress),
        (6, Status::Cancelled),
    ] {
        let mut next = changed(&moved, "2026-05-04T12:00:00Z", |task| task.status = status);
        next.task.version = version;
        take(
            &service,
            &[event(TaskEventType::TaskUpdated, &next)],
            "2026-05-04T12:00:00Z",
        );
        let open = status == Status::InProgress;
        assert_eq!(
            schedule(&scratch).len(),
            if open { 2 } else { 0 },
            "{status}"
        );
    }
    let mut deleted = moved.clone();
    deleted.task.version = 7;
    take(
        &service,
        &[event(TaskEventType::TaskDeleted, &deleted)],
        NOON,
    );
    take(&service, &story(&[created, moved]), NOON);
    assert_eq!(schedule(&scratch), [], "older events change nothing");
    assert_eq!(world.said(ReminderEventType::ReminderScheduled).len(), 3);
}

#[test]
fn what_is_past_when_it_is_set_stays_silent() {
    let (scratch, world) = (scratch(), World::default());
    let service = healthy(&scratch, &world);
    let soon = task(1, NOON, Some("2026-05-01T12:10:00Z"));
    take(&service, &story(std::slice::from_ref(&soon)), NOON);
    assert_eq!(times(&scratch), []);
    let later = changed(&soon, "2026-05-01T12:05:00Z", |task| {
        task.due_date = Some(at("2026-05-01T14:00:00Z"));
    });
    take(&service, &story(&[later]), "2026-05-01T12:05:00Z");
    assert_eq!(times(&scratch), pending(&["05-01T13:00"]));
}

#[test]
fn what_comes_due_while_the_service_is_down_is_triggered() {
    let (scratch, world) = (scratch(), World::default());
    let created = task(1, NOON, Some("2026-05-01T14:00:00Z"));
    let renamed = changed(&created, "2026-05-01T13:30:00Z", |task| {
        task.title = "Water them".into()
    });
    let service = healthy(&scratch, &world);
    // Both come when the reminder's time is over; the second was made after it.
    take(
        &service,
        &story(&[created, renamed]),
        "2026-05-01T15:00:00Z",
    );
    assert_eq!(
        scan(&service, "2026-05-01T15:00:00Z")
            .expect("scans")
            .triggered,
        1
    );
    let said = world.said(ReminderEventType::ReminderTriggered);
    let said: Vec<_> = said
        .values()
        .map(|said| (said.title.as_str(), said.late))
        .collect();
    assert_eq!(said, [("Water them", true)]);
}

#[test]
fn what_came_due_while_the_task_was_closed_stays_silent() {
    let (scratch, world) = (scratch(), World::default());
    let created = task(1, NOON, Some("2026-05-01T14:00:00Z"));
    let done = completed(&created, "2026-05-01T12:30:00Z");
    let reopened = changed(&done, "2026-05-01T13:30:00Z", |task| {
        task.status = Status::Pending
    });
    let service = healthy(&scratch, &world);
    take(
        &service,
        &story(&[created, done, reopened]),
        "2026-05-01T13:30:00Z",
    );
    assert_eq!(times(&scratch), []);
}

#[test]
fn what_was_triggered_is_never_triggered_again() {
    let (scratch, world) = (scratch(), World::default());
    let service = healthy(&scratch, &world);
    let created = task(1, NOON, Some("2026-05-01T14:00:00Z"));
    take(&service, &story(std::slice::from_ref(&created)), NOON);
    scan(&service, "2026-05-01T13:00:10Z").expect("scans");
    let mut versions = vec![created];
    for (when, due) in [
        ("2026-05-01T13:10:00Z", "2026-05-01T16:00:00Z"),
        ("2026-05-01T13:20:00Z", "2026-05-01T14:00:00Z"),
        ("2026-05-01T13:30:00Z", "2026-05-01T16:00:00Z"),
    ] {
        let last = versions.last().expect("one");
        versions.push(changed(last, when, |task| task.due_date = Some(at(due))));
        take(&service, &story(&versions), when);
        scan(&service, when).expect("scans");
    }
    assert_eq!(world.triggered(), ["05-01T13:00"]);
    scan(&service, "2026-05-01T15:00:10Z").expect("scans");
    assert_eq!(world.triggered(), ["05-01T13:00", "05-01T15:00"]);
    assert_eq!(world.different(), 4, "each was set and triggered once");

    // Once the row is gone, its age keeps it silent.
    scan(&service, "2026-06-10T12:00:00Z").expect("scans");
    assert_eq!(schedule(&scratch), []);
    let last = versions.last().expect("one");
    let renamed = changed(last, "2026-06-11T12:00:00Z", |task| {
        task.title = "Again".into()
    });
    take(&service, &story(&[renamed]), "2026-06-11T12:00:00Z");
    scan(&service, "2026-06-11T12:00:10Z").expect("scans");
    assert_eq!(world.triggered().len(), 2);
}

#[test]
fn erased_people_leave_nothing_and_come_back_with_nothing() {
    let (scratch, world) = (scratch(), World::default());
    let service = healthy(&scratch, &world);
    let mine = task(1, NOON, Some("2026-05-10T09:00:00Z"));
    let mut other = task(2, NOON, Some("2026-05-10T09:00:00Z"));
    other.task.user_id = Uuid::from_u128(8);
    take(&service, &story(&[mine.clone(), other]), NOON);
    take(&service, &[erased(NOON), erased(NOON)], NOON);
    let mut recurring = completed(&mine, NOON);
    recurring.task.recurrence_pattern = Some("daily".into());
    take(&service, &story(&[mine, recurring]), NOON);
    assert_eq!(schedule(&scratch).len(), 1);
    assert_eq!(
        (count(&scratch, "tasks"), count(&scratch, "erased_users")),
        (1, 1)
    );
    assert!(world.created.lock().expect("a lock").is_empty());
    scan(&service, "2026-09-01T12:00:00Z").expect("scans");
    assert_eq!(
        count(&scratch, "erased_users"),
        0,
        "removed when no event can come any more"
    );
}

#[test]
fn nothing_of_a_person_is_kept_while_they_are_erased() {
    for _ in 0..10 {
        let (scratch, world) = (scratch(), World::counting());
        let eraser = healthy(&scratch, &world);
        std::thread::scope(|scope| {
            for writer in 0..3 {
                let (scratch, world) = (&scratch, &world);
                scope.spawn(move || {
                    let service = healthy(scratch, world);
                    for n in 0..20 {
                        let first = task(writer * 100 + n, NOON, Some("2026-05-10T09:00:00Z"));
                        let second = changed(&first, NOON, |task| {
                            task.due_date = Some(at("2026-05-11T09:00:00Z"));
                        });
                        // The older one comes late and changes what is stored.
                        let events = story(&[second, first]);
                        while consume(&service, &events, NOON) != [Outcome::Done, Outcome::Done] {}
                    }
                });
            }
            // SQLite may be busy.
            while consume(&eraser, &[erased(NOON)], NOON) != [Outcome::Done] {}
        });
        let left = (count(&scratch, "tasks"), count(&scratch, "reminders"));
        assert_eq!(left, (0, 0));
    }
}

#[test]
fn old_rows_go() {
    let (scratch, world) = (scratch(), World::default());
    let service = healthy(&scratch, &world);
    let created = task(1, NOON, Some("2026-05-10T09:00:00Z"));
    let done = completed(&created, "2026-05-10T08:30:00Z");
    take(&service, &story(&[created]), NOON);
    scan(&service, "2026-05-10T08:00:10Z").expect("scans");
    take(&service, &story(&[done]), "2026-05-10T08:30:00Z");
    for (when, reminders, tasks) in [
        ("2026-06-10T07:00:00Z", 1, 1),
        ("2026-06-10T08:00:01Z", 0, 1),
        ("2026-08-08T08:00:00Z", 0, 1),
        ("2026-08-08T08:30:01Z", 0, 0),
    ] {
        scan(&service, when).expect("scans");
        let left = (count(&scratch, "reminders"), count(&scratch, "tasks"));
        assert_eq!(left, (reminders, tasks), "{when}");
    }
}

#[test]
fn events_that_cannot_be_used_are_told_apart() {
    let (scratch, world) = (scratch(), World::default());
    let service = healthy(&scratch, &world);
    let good = story(&[task(1, NOON, Some("2026-05-10T09:00:00Z"))]).remove(0);
    let malformed = Event {
        data: "{\"event_type\": 1}".into(),
        ..good.clone()
    };
    let foreign = Event {
        topic: "audits".into(),
        ..good.clone()
    };
    let outcomes = consume(&service, &[malformed, foreign, good.clone()], NOON);
    assert!(
        matches!(
            outcomes.as_slice(),
            [Outcome::Reject(_), Outcome::Reject(_), Outcome::Done]
        ),
        "{outcomes:?}"
    );

    let other = story(&[task(2, NOON, Some("2026-05-10T09:00:00Z"))]).remove(0);
    let mut elsewhere = task(3, NOON, Some("2026-05-10T09:00:00Z"));
    elsewhere.task.user_id = Uuid::from_u128(8);
    elsewhere.task.reminders.clear();
    let elsewhere = story(&[elsewhere]).remove(0);
    world.publishing_fails(Some(PublishError::Unavailable("down".into())));
    let outcomes = consume(&service, &[other.clone(), elsewhere], NOON);
    assert_eq!(outcomes, [Outcome::Retry("down".into()), Outcome::Done]);
    world.publishing_fails(Some(PublishError::Refused("bad".into())));
    assert_eq!(
        consume(&service, &[other], NOON),
        [Outcome::Reject("bad".into())]
    );
}

#[test]
fn an_event_carries_its_cause_on() {
    let (scratch, world) = (scratch(), World::default());
    let service = healthy(&scratch, &world);
    take(
        &service,
        &story(&[task(1, NOON, Some("2026-05-10T09:00:00Z"))]),
        NOON,
    );
    let said = world.said(ReminderEventType::ReminderScheduled);
    let said = said.values().next().expect("one");
    assert_eq!(said.due_at, Some(at("2026-05-10T09:00:00Z")));
    assert_eq!(said.notification_type, task_model::Channel::Push);
    assert!(!said.late);
    assert_eq!(world.correlation_ids(), ["click"]);
}

/// One edit of a task, a while after the one before.
#[derive(Debug, Clone)]
enum Edit {
    Title,
    Due(Option<i64>),
    Reminders(Vec<i64>),
    Status(Status),
    Delete,
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        1 => Just(Edit::Title),
        4 => proptest::option::weighted(0.8, 0_i64..20).prop_map(Edit::Due),
        2 => proptest::collection::vec(-6_i64..20, 0..4).prop_map(Edit::Reminders),
        2 => proptest::sample::select(Status::ALL).prop_map(Edit::Status),
        1 => Just(Edit::Delete),
    ]
}

/// The events of a task that is edited so, with each minutes after the one before.
fn edited(id: u128, edits: &[(i64, Edit)]) -> Vec<Event> {
    let hour = |hours: i64| at(NOON) + TimeDelta::hours(hours);
    let mut data = task(id, NOON, Some("2026-05-01T18:00:00Z"));
    let mut events = story(std::slice::from_ref(&data));
    let mut now = at(NOON);
    for (minutes, edit) in edits {
        now += TimeDelta::minutes(*minutes);
        let mut kind = TaskEventType::TaskUpdated;
        let task = &mut data.task;
        task.version += 1;
        task.updated_at = now;
        match edit {
            Edit::Title => task.title.push('!'),
            Edit::Due(due) => task.due_date = due.map(hour),
            Edit::Reminders(reminders) => {
                // Negative ones are hours before, the others hours after noon.
                let reminder = |hours: &i64| match u32::try_from(-hours) {
                    Ok(before @ 1..) => Reminder::Before {
                        seconds: before * 3600,
                    },
                    _ => Reminder::At(hour(*hours)),
                };
                task.reminders = reminders.iter().map(reminder).collect();
            }
            Edit::Status(status) => {
                task.status = *status;
                task.completed_at = (*status == Status::Completed).then_some(now);
                if *status == Status::Completed {
                    kind = TaskEventType::TaskCompleted;
                }
            }
            Edit::Delete => kind = TaskEventType::TaskDeleted,
        }
        events.push(event(kind, &data));
    }
    events
}

/// The reminders that a careful person would expect: replays the task hour by hour.
fn expected(events: &[Event]) -> Vec<String> {
    let mut versions: Vec<(events::TaskEvent, Vec<chrono::DateTime<chrono::Utc>>)> = Vec::new();
    for event in events {
        let event: events::TaskEvent = event.payload().expect("a payload");
        let task = &event.task_data.task;
        let is_open = event.event_type != TaskEventType::TaskDeleted
            && matches!(task.status, Status::Pending | Status::InProgress);
        let times = (task.reminders.iter().filter(|_| is_open))
            .filter_map(|reminder| match *reminder {
                Reminder::At(at) => Some(at),
                Reminder::Before { seconds } => {
                    Some(task.due_date? - TimeDelta::seconds(seconds.into()))
                }
            })
            .collect();
        versions.push((event, times));
    }
    let (_, newest) = versions.last().expect("one");
    let mut times: Vec<String> = (newest.iter())
        .filter(|at| {
            let before = versions
                .iter()
                .rev()
                .find(|(event, _)| event.timestamp < **at);
            before.is_some_and(|(_, times)| times.contains(at))
        })
        .map(|at| at.format("%m-%dT%H:%M").to_string())
        .collect();
    times.sort_unstable();
    times.dedup();
    times
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn any_order_and_any_repetition_leave_the_same_schedule(
        first in proptest::collection::vec((1_i64..200, edit()), 0..10),
        second in proptest::collection::vec((1_i64..200, edit()), 0..4),
        order in proptest::collection::vec((any::<proptest::sample::Index>(), 1_usize..5), 0..30),
        seed in any::<u64>(),
    ) {
        let now = "2026-05-03T12:00:00Z";
        let stories = [edited(1, &first), edited(2, &second)];
        let in_order: Vec<Event> = stories.concat();
        let (straight, mixed) = (scratch(), scratch());
        let (calm, wild) = (World::default(), World::default());
        take(&healthy(&straight, &calm), &in_order, now);

        // Some events again and again, then all of them, shuffled.
        let mut events: Vec<Event> = Vec::new();
        for (index, times) in order {
            events.extend(vec![index.get(&in_order).clone(); times]);
        }
        events.extend(in_order.iter().cloned());
        events.sort_by_cached_key(|event| Uuid::new_v5(&event.id.parse().expect("an id"), &seed.to_be_bytes()));
        let service = healthy(&mixed, &wild);
        for batch in events.chunks(7) {
            take(&service, batch, now);
        }
        prop_assert_eq!(schedule(&straight), schedule(&mixed));
        for (id, story) in stories.iter().enumerate() {
            let id = Uuid::from_u128(id as u128 + 1).to_string();
            let times: Vec<String> = (schedule(&straight).into_iter())
                .filter(|(task, _, _)| *task == id)
                .map(|(_, at, _)| at)
                .collect();
            prop_assert_eq!(times, expected(story));
        }
        scan(&healthy(&straight, &calm), now).expect("scans");
        scan(&service, now).expect("scans");
        prop_assert_eq!(calm.triggered(), wild.triggered());
        prop_assert_eq!(schedule(&straight), schedule(&mixed));
        let ids = |world: &World| -> Vec<String> {
            world.said(ReminderEventType::ReminderTriggered).into_keys().collect()
        };
        prop_assert_eq!(ids(&calm), ids(&wild));
    }
}
