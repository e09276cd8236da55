//! The next instance of a recurring task: what it is, and that there is exactly one.

use events::{Event, Outcome, TaskData, TaskEventType};
use proptest::prelude::*;
use reminders::{CreateError, NextTask};
use task_model::{Priority, RecurrenceFrom, Reminder, Status};
use uuid::Uuid;

use super::common::*;

const NOON: &str = "2026-03-20T12:00:00Z";

fn recurring(id: u128, due: Option<&str>, pattern: &str) -> TaskData {
    let mut data = task(id, NOON, due);
    data.task.recurrence_pattern = Some(pattern.into());
    data
}

fn created(world: &World, id: u128) -> Option<NextTask> {
    let created = world.created.lock().expect("a lock");
    created
        .get(&Uuid::from_u128(id))
        .map(|(task, _)| task.clone())
}

fn next(data: &TaskData, when: &str) -> Option<NextTask> {
    let (scratch, world) = (scratch(), World::default());
    let service = healthy(&scratch, &world);
    take(
        &service,
        &story(&[data.clone(), completed(data, when)]),
        when,
    );
    created(&world, data.task.id.as_u128())
}

#[test]
fn the_next_instance_is_like_the_finished_one() {
    // Berlin goes from +01:00 to +02:00 on the 29th.
    let mut data = recurring(1, Some("2026-03-28T08:00:00Z"), "FREQ=DAILY;COUNT=3");
    data.task.description = Some("Both balconies".into());
    data.task.priority = Priority::High;
    data.task
        .reminders
        .push(Reminder::At(at("2026-03-27T17:00:00Z")));
    let next = next(&data, "2026-03-28T07:30:00Z").expect("a next one");
    let expected = NextTask {
        title: "Water the plants".into(),
        description: Some("Both balconies".into()),
        priority: Priority::High,
        due_date: at("2026-03-29T07:00:00Z"),
        reminders: vec![
            "PT1H".parse().expect("a duration"),
            // Still at 18:00 the day before.
            Reminder::At(at("2026-03-28T17:00:00Z")),
        ],
        tags: vec!["home".into()],
        recurrence_pattern: "FREQ=DAILY;COUNT=2".into(),
        recurrence_from: RecurrenceFrom::DueDate,
    };
    assert_eq!(next, expected);
    let body = serde_json::to_value(&next).expect("JSON");
    assert_eq!(body["reminders"][1], "2026-03-28T17:00:00Z");
    assert_eq!(body["due_date"], "2026-03-29T07:00:00Z");
}

#[test]
fn when_the_next_instance_is_due() {
    use RecurrenceFrom::{Completion, DueDate};
    let table = [
        // Late: the next date is in the future, the ones between are passed over.
        (
            Some("2026-03-21T08:00:00Z"),
            "daily",
            DueDate,
            "2026-03-24T12:00:00Z",
            "2026-03-25T08:00:00Z",
            "daily",
        ),
        (
            Some("2026-03-21T08:00:00Z"),
            "FREQ=DAILY;COUNT=9",
            DueDate,
            "2026-03-24T12:00:00Z",
            "2026-03-25T08:00:00Z",
            "FREQ=DAILY;COUNT=5",
        ),
        // 09:00 in Berlin before and after the clocks change.
        (
            Some("2026-03-25T08:00:00Z"),
            "weekly",
            DueDate,
            "2026-03-25T12:00:00Z",
            "2026-04-01T07:00:00Z",
            "weekly",
        ),
        (
            Some("2026-10-21T07:00:00Z"),
            "weekly",
            DueDate,
            "2026-10-21T12:00:00Z",
            "2026-10-28T08:00:00Z",
            "weekly",
        ),
        (
            Some("2026-03-21T08:00:00Z"),
            "FREQ=DAILY;INTERVAL=3",
            Completion,
            "2026-03-25T12:00:00Z",
            "2026-03-28T08:00:00Z",
            "FREQ=DAILY;INTERVAL=3",
        ),
        (
            Some("2026-03-31T08:00:00Z"),
            "monthly",
            DueDate,
            "2026-03-31T12:00:00Z",
            "2026-04-30T08:00:00Z",
            "FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1",
        ),
        // Without a due date: from completion, whatever it says.
        (
            None,
            "daily",
            DueDate,
            "2026-03-25T12:34:56Z",
            "2026-03-26T12:34:00Z",
            "daily",
        ),
    ];
    for (due, pattern, from, when, expected, left) in table {
        let mut data = recurring(1, due, pattern);
        data.task.recurrence_from = from;
        let next = next(&data, when).expect(pattern);
        assert_eq!(
            (next.due_date, next.recurrence_pattern.as_str()),
            (at(expected), left),
            "{pattern}"
        );
        assert_eq!(next.recurrence_from, from);
    }
}

#[test]
fn a_series_ends() {
    for pattern in ["FREQ=DAILY;COUNT=1", "FREQ=DAILY;UNTIL=20260321"] {
        let data = recurring(1, Some("2026-03-21T08:00:00Z"), pattern);
        assert_eq!(next(&data, "2026-03-21T07:00:00Z"), None, "{pattern}");
    }
    let once = task(1, NOON, Some("2026-03-21T08:00:00Z"));
    assert_eq!(next(&once, "2026-03-21T07:00:00Z"), None);
}

#[test]
fn giving_up_and_deleting_end_a_series() {
    let (scratch, world) = (scratch(), World::default());
    let service = healthy(&scratch, &world);
    let data = recurring(1, Some("2026-03-21T08:00:00Z"), "daily");
    let given_up = changed(&data, NOON, |task| task.status = Status::Cancelled);
    let deleted = changed(&given_up, NOON, |_| ());
    take(&service, &story(&[data, given_up]), NOON);
    take(
        &service,
        &[event(TaskEventType::TaskDeleted, &deleted)],
        NOON,
    );
    assert!(world.created.lock().expect("a lock").is_empty());
}

#[test]
fn once_for_each_task() {
    let (scratch, world) = (scratch(), World::default());
    let service = healthy(&scratch, &world);
    let data = recurring(1, Some("2026-03-21T08:00:00Z"), "daily");
    let done = completed(&data, "2026-03-21T07:00:00Z");
    let reopened = changed(&done, "2026-03-21T09:00:00Z", |task| {
        (task.status, task.completed_at) = (Status::Pending, None);
    });
    let again = completed(&reopened, "2026-03-25T07:00:00Z");
    let events = story(&[data, done, reopened, again]);
    take(&service, &events, NOON);
    take(&healthy(&scratch, &world), &events, NOON);
    let created = world.created.lock().expect("a lock");
    let (next, asked) = created.get(&Uuid::from_u128(1)).expect("a next one");
    assert_eq!(next.due_date, at("2026-03-22T08:00:00Z"));
    assert_eq!(*asked, 1, "what was handled costs nothing again");
}

#[test]
fn a_completion_counts_after_a_newer_version_too() {
    let (scratch, world) = (scratch(), World::default());
    let service = healthy(&scratch, &world);
    let data = recurring(1, Some("2026-03-21T08:00:00Z"), "daily");
    let done = completed(&data, "2026-03-21T07:00:00Z");
    let renamed = changed(&done, "2026-03-21T07:10:00Z", |task| {
        task.title = "Plants".into()
    });
    take(
        &service,
        &[event(TaskEventType::TaskUpdated, &renamed)],
        NOON,
    );
    assert_eq!(created(&world, 1), None);
    take(&service, &story(&[data, done]), NOON);
    assert_eq!(
        created(&world, 1).map(|next| next.title),
        Some("Water the plants".into())
    );
}

#[test]
fn what_the_todo_api_answers_decides() {
    let (scratch, world) = (scratch(), World::default());
    let service = healthy(&scratch, &world);
    let events = |id| {
        story(&[completed(
            &recurring(id, Some("2026-03-21T08:00:00Z"), "daily"),
            NOON,
        )])
    };
    let answer = |error| world.create_errors.lock().expect("a lock").push(error);

    answer(CreateError::Unavailable("503".into()));
    assert_eq!(
        consume(&service, &events(1), NOON),
        [Outcome::Retry("503".into())]
    );
    take(&service, &events(1), NOON);
    assert!(created(&world, 1).is_some());

    answer(CreateError::Refused("422: title".into()));
    assert_eq!(
        consume(&service, &events(2), NOON),
        [Outcome::Reject("422: title".into())]
    );

    answer(CreateError::Gone);
    take(&service, &events(3), NOON);
    assert!(created(&world, 3).is_none());

    let wrong = completed(&recurring(4, None, "FREQ=SOMETIMES"), NOON);
    let outcome = consume(&service, &story(&[wrong]), NOON).remove(0);
    assert!(
        matches!(&outcome, Outcome::Reject(why) if why.contains("SOMETIMES")),
        "{outcome:?}"
    );
}

#[test]
fn an_unknown_time_zone_is_utc() {
    let mut data = recurring(1, Some("2026-03-28T08:00:00Z"), "daily");
    data.timezone = Some("Mars/Olympus".into());
    assert_eq!(
        next(&data, NOON).map(|next| next.due_date),
        Some(at("2026-03-29T08:00:00Z"))
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// However the events of a chain of instances come, each completed one has one successor.
    #[test]
    fn any_order_and_any_repetition_make_one_successor_each(
        order in proptest::collection::vec(0_usize..8, 0..40),
    ) {
        let (scratch, world) = (scratch(), World::default());
        let service = healthy(&scratch, &world);
        let events: Vec<Event> = (1..=4_u128)
            .flat_map(|id| {
                let data = recurring(id, Some("2026-03-21T08:00:00Z"), "daily");
                story(&[data.clone(), completed(&data, NOON)])
            })
            .collect();
        for index in order.into_iter().chain(0..events.len()) {
            take(&service, &events[index..=index], NOON);
        }
        let created = world.created.lock().expect("a lock");
        prop_assert_eq!(created.len(), 4);
        prop_assert!(created.values().all(|(_, asked)| *asked == 1));
    }
}
