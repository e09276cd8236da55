//! What a change of a task leaves behind: the row, its version, its outbox rows.

use super::common::{ME, OTHER, Store, at, due, origin, tagged, titled, wait};
use serde_json::json;
use storage::{Storage, StorageError};
use task_model::{NewTask, Priority, RecurrenceFrom, Reminder, Status, TaskPatch, TaskQuery};
use uuid::Uuid;

fn patch_title(title: &str) -> TaskPatch {
    TaskPatch {
        title: Some(title.into()),
        ..TaskPatch::default()
    }
}

fn status(status: Status) -> TaskPatch {
    TaskPatch {
        status: Some(status),
        ..TaskPatch::default()
    }
}

#[test]
fn a_created_task_comes_back_as_it_was_given() {
    let store = Store::new();
    let new = NewTask {
        description: Some("line one\nline \"two\" 🥛 'quoted' \\".into()),
        priority: Priority::Urgent,
        due_date: Some(due(3600)),
        reminders: vec![Reminder::Before { seconds: 90 }, Reminder::At(at(10))],
        recurrence_pattern: Some("weekly".into()),
        recurrence_from: RecurrenceFrom::Completion,
        ..tagged("Buy 🥛; DROP TABLE tasks --", &["groceries", "it's \"ok\""])
    };
    let created = wait(store.storage.create_task(ME, new.clone(), &origin(), at(0))).unwrap();
    assert_eq!(
        (created.id, created.user_id, created.version),
        (new.id, ME, 1)
    );
    assert_eq!(
        (&created.title, &created.description),
        (&new.title, &new.description)
    );
    assert_eq!(
        (created.status, created.priority),
        (Status::Pending, Priority::Urgent)
    );
    assert_eq!(
        (created.due_date, &created.reminders),
        (new.due_date, &new.reminders)
    );
    assert_eq!(
        (
            &created.tags,
            &created.recurrence_pattern,
            created.recurrence_from
        ),
        (&new.tags, &new.recurrence_pattern, new.recurrence_from)
    );
    assert_eq!((created.created_at, created.updated_at), (at(0), at(0)));
    assert_eq!(created.completed_at, None);
    assert_eq!(wait(store.storage.task(ME, new.id)).unwrap(), Some(created));
    assert_eq!(wait(store.storage.task(OTHER, new.id)).unwrap(), None);
}

#[test]
fn each_change_writes_one_event_that_says_what_the_task_is_now() {
    let store = Store::new();
    let new = NewTask {
        due_date: Some(due(60)),
        reminders: vec![Reminder::Before { seconds: 3600 }],
        ..tagged("Pay \"rent\"", &["home", "money"])
    };
    let id = new.id;
    let s = &store.storage;
    wait(s.create_task(ME, new, &origin(), at(0))).unwrap();
    wait(s.update_task(ME, id, patch_title("Pay the rent"), None, &origin(), at(1))).unwrap();
    wait(s.update_task(ME, id, status(Status::Completed), None, &origin(), at(2))).unwrap();
    wait(s.update_task(ME, id, status(Status::Pending), None, &origin(), at(3))).unwrap();
    let deleted = wait(s.delete_task(ME, id, &origin(), at(4)))
        .unwrap()
        .unwrap();
    assert_eq!((deleted.version, deleted.updated_at), (4, at(3)));
    wait(s.restore_task(ME, id, &origin(), at(5)))
        .unwrap()
        .unwrap();

    let events = store.events(id);
    let kinds: Vec<_> = events
        .iter()
        .map(|e| (e.event_type.as_str(), e.version))
        .collect();
    assert_eq!(
        kinds,
        [
            ("task_created", 1),
            ("task_updated", 2),
            ("task_completed", 3),
            ("task_updated", 4),
            ("task_deleted", 5),
            ("task_created", 6),
        ]
    );
    for (event, seconds) in events.iter().zip(0..) {
        assert_eq!(
            (event.topic.as_str(), &event.key),
            ("task-events", &ME.to_string())
        );
        assert_eq!(event.time, at(seconds).timestamp_millis());
        assert_eq!(event.correlation_id, origin().correlation_id);
        assert_eq!(event.traceparent, origin().traceparent);
        assert_eq!(event.id.get_version_num(), 4);
        assert_eq!(event.id.get_variant(), uuid::Variant::RFC4122);
        assert!(event.is_unpublished);
    }
    assert_eq!(
        events[2].data,
        json!({
            "id": id,
            "user_id": ME,
            "title": "Pay the rent",
            "description": null,
            "status": "completed",
            "priority": "medium",
            "due_date": "2026-03-02T10:01:00Z",
            "reminders": ["PT1H"],
            "tags": ["home", "money"],
            "recurrence_pattern": null,
            "recurrence_from": "due_date",
            "timezone": "Europe/Berlin",
            "notification_channels": ["push", "in_app"],
            "created_at": "2026-03-02T10:00:00.250Z",
            "updated_at": "2026-03-02T10:00:02.250Z",
            "completed_at": "2026-03-02T10:00:02.250Z",
            "version": 3,
        })
    );
    let ids: std::collections::BTreeSet<_> = events.iter().map(|event| event.id).collect();
    assert_eq!(ids.len(), events.len());
}

#[test]
fn a_change_to_nothing_writes_nothing() {
    let store = Store::new();
    let task = wait(
        store
            .storage
            .create_task(ME, tagged("a", &["x"]), &origin(), at(0)),
    )
    .unwrap();
    let same = TaskPatch {
        title: Some("a".into()),
        description: Some(None),
        status: Some(Status::Pending),
        priority: Some(Priority::Medium),
        due_date: Some(None),
        reminders: Some(Vec::new()),
        tags: Some(vec!["x".into()]),
        recurrence_pattern: Some(None),
        recurrence_from: Some(RecurrenceFrom::DueDate),
    };
    for patch in [same, TaskPatch::default()] {
        for expected in [None, Some(1)] {
            let (patch, origin) = (patch.clone(), origin());
            let after = store
                .storage
                .update_task(ME, task.id, patch, expected, &origin, at(9));
            assert_eq!(wait(after).unwrap(), Some(task.clone()));
        }
    }
    assert_eq!(store.events(task.id).len(), 1);
}

#[test]
fn completing_sets_the_time_once_and_reopening_clears_it() {
    let store = Store::new();
    let s = &store.storage;
    let id = wait(s.create_task(ME, titled("a"), &origin(), at(0)))
        .unwrap()
        .id;
    let done = wait(s.update_task(ME, id, status(Status::Completed), None, &origin(), at(1)));
    assert_eq!(done.unwrap().unwrap().completed_at, Some(at(1)));
    let again = TaskPatch {
        title: Some("b".into()),
        ..status(Status::Completed)
    };
    let again = wait(s.update_task(ME, id, again, None, &origin(), at(2)))
        .unwrap()
        .unwrap();
    assert_eq!((again.completed_at, again.version), (Some(at(1)), 3));
    let open = wait(s.update_task(ME, id, status(Status::InProgress), None, &origin(), at(3)));
    assert_eq!(open.unwrap().unwrap().completed_at, None);
    let kinds: Vec<_> = store
        .events(id)
        .into_iter()
        .map(|event| event.event_type)
        .collect();
    assert_eq!(
        kinds,
        [
            "task_created",
            "task_completed",
            "task_updated",
            "task_updated"
        ]
    );
}

#[test]
fn creating_twice_with_one_id_makes_one_task_even_after_its_deletion() {
    let store = Store::new();
    let s = &store.storage;
    let new = titled("once");
    let first = wait(s.create_task(ME, new.clone(), &origin(), at(0))).unwrap();
    let again = NewTask {
        title: "twice".into(),
        ..new.clone()
    };
    assert_eq!(
        wait(s.create_task(ME, again, &origin(), at(1))).unwrap(),
        first
    );
    let others = wait(s.create_task(OTHER, new.clone(), &origin(), at(1)));
    assert!(
        matches!(others, Err(StorageError::Conflict { field: "id" })),
        "{others:?}"
    );
    wait(s.delete_task(ME, new.id, &origin(), at(2)))
        .unwrap()
        .unwrap();
    wait(s.create_task(ME, new.clone(), &origin(), at(3))).unwrap();
    assert_eq!(wait(s.task(ME, new.id)).unwrap(), None);
    assert_eq!(store.events(new.id).len(), 2);
}

#[test]
fn another_persons_task_and_a_deleted_one_are_as_good_as_absent() {
    let store = Store::new();
    let s = &store.storage;
    let id = wait(s.create_task(ME, tagged("secret milk", &["x"]), &origin(), at(0)))
        .unwrap()
        .id;
    let absent = |who: Uuid| {
        assert_eq!(wait(s.task(who, id)).unwrap(), None);
        assert_eq!(
            wait(s.update_task(who, id, patch_title("b"), Some(1), &origin(), at(1))).unwrap(),
            None
        );
        assert_eq!(
            wait(s.delete_task(who, id, &origin(), at(1))).unwrap(),
            None
        );
        assert_eq!(
            wait(s.tasks(who, &TaskQuery::default(), at(1)))
                .unwrap()
                .total,
            0
        );
        assert_eq!(wait(s.search(who, "milk", 10)).unwrap().1, 0);
        assert_eq!(wait(s.tags(who)).unwrap(), []);
        assert_eq!(wait(s.stats(who, &[], at(1))).unwrap().total, 0);
    };
    absent(OTHER);
    assert_eq!(
        wait(s.restore_task(ME, id, &origin(), at(1))).unwrap(),
        None
    );
    wait(s.delete_task(ME, id, &origin(), at(2)))
        .unwrap()
        .unwrap();
    absent(ME);
    assert_eq!(
        wait(s.restore_task(OTHER, id, &origin(), at(3))).unwrap(),
        None
    );
    assert_eq!(
        wait(s.restore_task(ME, id, &origin(), at(3)))
            .unwrap()
            .unwrap()
            .version,
        3
    );
    assert_eq!(wait(s.search(ME, "milk", 10)).unwrap().1, 1);
    assert_eq!(wait(s.tags(ME)).unwrap().len(), 1);
}

#[test]
fn an_update_to_another_version_than_expected_is_refused() {
    let store = Store::new();
    let s = &store.storage;
    let id = wait(s.create_task(ME, titled("a"), &origin(), at(0)))
        .unwrap()
        .id;
    let update = |title: &str, expected| {
        wait(s.update_task(ME, id, patch_title(title), Some(expected), &origin(), at(1)))
    };
    assert_eq!(update("b", 1).unwrap().unwrap().version, 2);
    for expected in [0, 1, 3] {
        let refused = update("c", expected);
        assert!(
            matches!(refused, Err(StorageError::VersionMismatch { current: 2 })),
            "{refused:?}"
        );
    }
    assert_eq!(wait(s.task(ME, id)).unwrap().unwrap().title, "b");
    assert_eq!(store.events(id).len(), 2);
}

#[test]
fn housekeeping_removes_what_was_deleted_a_month_ago_and_nothing_else() {
    const DAY: i64 = 24 * 60 * 60;
    let store = Store::new();
    let s = &store.storage;
    let mut ids = Vec::new();
    for title in ["old", "young", "living"] {
        ids.push(
            wait(s.create_task(ME, tagged(title, &["t"]), &origin(), at(0)))
                .unwrap()
                .id,
        );
    }
    wait(s.delete_task(ME, ids[0], &origin(), at(1))).unwrap();
    wait(s.delete_task(ME, ids[1], &origin(), at(20 * DAY))).unwrap();
    assert_eq!(wait(s.housekeep(at(30 * DAY))).unwrap(), 0);
    assert_eq!(wait(s.housekeep(at(31 * DAY))).unwrap(), 1);
    assert_eq!(
        wait(s.restore_task(ME, ids[0], &origin(), at(31 * DAY))).unwrap(),
        None
    );
    assert!(
        wait(s.restore_task(ME, ids[1], &origin(), at(31 * DAY)))
            .unwrap()
            .is_some()
    );
    assert!(wait(s.task(ME, ids[2])).unwrap().is_some());
    store.check_index();
}
