//! The rules of tasks, as the contract's table has them.

use chrono::{DateTime, Utc};
use proptest::prelude::*;
use serde_json::{Value, json};
use task_model::{
    FieldError, NewTask, Priority, RecurrenceFrom, Reminder, Status, TaskInput, TaskPatch,
    TaskPatchInput,
};
use uuid::Uuid;

const HOUR: Reminder = Reminder::Before { seconds: 3600 };

fn create(json: &Value) -> Result<NewTask, Vec<FieldError>> {
    let input: TaskInput = serde_json::from_value(json.clone()).expect("an object");
    input.validated(Uuid::nil(), &[HOUR])
}

fn change(json: &Value) -> Result<TaskPatch, Vec<FieldError>> {
    let input: TaskPatchInput = serde_json::from_value(json.clone()).expect("an object");
    input.validated()
}

fn wrong<T: std::fmt::Debug>(result: Result<T, Vec<FieldError>>) -> Vec<String> {
    result
        .expect_err("refused")
        .into_iter()
        .map(|error| error.field)
        .collect()
}

fn time(text: &str) -> DateTime<Utc> {
    text.parse().expect("a time")
}

#[test]
fn a_title_is_enough_and_the_rest_has_defaults() {
    let task = create(&json!({"title": "  buy milk \n"})).unwrap();
    assert_eq!(
        task,
        NewTask {
            id: Uuid::nil(),
            title: "buy milk".into(),
            description: None,
            priority: Priority::Medium,
            due_date: None,
            reminders: vec![HOUR],
            tags: vec![],
            recurrence_pattern: None,
            recurrence_from: RecurrenceFrom::DueDate,
        }
    );
}

#[test]
fn every_field_is_normalised() {
    let task = create(&json!({
        "title": "Zahnarzt 🦷",
        "description": "line\n\tline",
        "priority": "urgent",
        "due_date": "2026-04-01T11:00:00.987+02:00",
        "reminders": ["PT90M", "P1W", "PT1H30M", "2026-04-01T08:00:00.5Z"],
        "tags": [" Health ", "HEALTH", "ärzte"],
        "recurrence_pattern": "weekly",
    }))
    .unwrap();
    assert_eq!(task.priority, Priority::Urgent);
    assert_eq!(task.due_date, Some(time("2026-04-01T09:00:00Z")));
    let reminders: Vec<_> = task.reminders.iter().map(Reminder::to_string).collect();
    assert_eq!(reminders, ["PT1H30M", "P7D", "2026-04-01T08:00:00Z"]);
    assert_eq!(task.tags, ["health", "ärzte"]);
    assert_eq!(task.recurrence_pattern.as_deref(), Some("weekly"));
}

#[test]
fn what_the_server_sets_and_what_it_does_not_know_is_ignored() {
    let task = create(&json!({
        "title": "a", "id": "x", "user_id": 7, "version": {}, "status": "completed",
        "created_at": [], "updated_at": null, "completed_at": "never", "colour": "red",
    }));
    assert_eq!(task.unwrap(), create(&json!({"title": "a"})).unwrap());
    assert_eq!(
        change(&json!({"id": 1, "version": "7", "colour": 3})).unwrap(),
        TaskPatch::default()
    );
}

#[test]
fn all_wrong_fields_are_listed_at_once() {
    let all = json!({
        "title": " ", "description": 5, "priority": "huge", "due_date": "tomorrow",
        "reminders": ["PT1H", "soon", 7], "tags": ["ok", "", null], "recurrence_pattern": "sometimes",
    });
    let fields = [
        "priority",
        "due_date",
        "reminders[1]",
        "reminders[2]",
        "tags[2]",
        "description",
        "title",
        "tags[1]",
        "recurrence_pattern",
    ];
    for mut found in [wrong(create(&all)), wrong(change(&all))] {
        let mut expected = fields.map(str::to_owned).to_vec();
        expected.sort();
        found.sort();
        assert_eq!(found, expected);
    }
    assert_eq!(wrong(create(&json!({}))), ["title"]);
    assert_eq!(
        wrong(change(
            &json!({"title": null, "status": null, "priority": null})
        ))
        .len(),
        3
    );
    assert_eq!(wrong(change(&json!({"status": "done"}))), ["status"]);
}

#[test]
fn limits_count_characters_and_end_where_the_contract_says() {
    let long = |n: usize| "ü".repeat(n);
    let many = |n: usize| (0..n).map(|i| format!("P{i}D")).collect::<Vec<_>>();
    for (field, fits, does_not) in [
        ("title", json!(long(500)), json!(long(501))),
        ("title", json!("a"), json!("\u{a0}\u{3000}")),
        ("title", json!("a b"), json!("a\nb")),
        ("title", json!("a"), json!("a\u{0}b")),
        ("description", json!(long(10_000)), json!(long(10_001))),
        ("description", json!("a\r\n"), json!("a\u{2}")),
        ("reminders", json!(many(10)), json!(many(11))),
        ("tags", json!(many(20)), json!(many(21))),
        (
            "due_date",
            json!("1970-01-01T00:00:00Z"),
            json!("1969-12-31T23:59:59Z"),
        ),
        (
            "due_date",
            json!("9999-12-31T23:59:59Z"),
            json!("9999-12-31T23:59:59-01:00"),
        ),
    ] {
        assert!(
            create(&json!({"title": "a", field: fits})).is_ok(),
            "{field}"
        );
        assert_eq!(
            wrong(create(&json!({"title": "a", field: does_not}))),
            [field]
        );
        assert!(change(&json!({field: fits})).is_ok(), "{field}");
        assert_eq!(wrong(change(&json!({field: does_not}))), [field]);
    }
    assert!(create(&json!({"title": "a", "tags": [long(50)]})).is_ok());
    assert_eq!(
        wrong(create(&json!({"title": "a", "tags": [long(51)]}))),
        ["tags[0]"]
    );
    assert!(create(&json!({"title": "a", "reminders": ["P366D"]})).is_ok());
    assert_eq!(
        wrong(create(&json!({"title": "a", "reminders": ["P366DT1S"]}))),
        ["reminders[0]"]
    );
}

#[test]
fn absent_null_and_given_differ_in_a_change() {
    assert_eq!(change(&json!({})).unwrap(), TaskPatch::default());
    let cleared = change(&json!({
        "description": null, "due_date": null, "reminders": null, "tags": null, "recurrence_pattern": null,
    }));
    assert_eq!(
        cleared.unwrap(),
        TaskPatch {
            description: Some(None),
            due_date: Some(None),
            reminders: Some(vec![]),
            tags: Some(vec![]),
            recurrence_pattern: Some(None),
            recurrence_from: None,
            ..TaskPatch::default()
        }
    );
    let given =
        change(&json!({"status": "in_progress", "due_date": "2026-01-01T00:00:00Z"})).unwrap();
    assert_eq!(given.status, Some(Status::InProgress));
    assert_eq!(given.due_date, Some(Some(time("2026-01-01T00:00:00Z"))));
    assert_eq!(
        create(&json!({"title": "a", "reminders": null}))
            .unwrap()
            .reminders,
        []
    );
}

#[test]
fn only_an_object_is_a_task() {
    for body in [
        "[]",
        "[\"title\"]",
        "\"title\"",
        "null",
        "7",
        "{\"title\": \"a\"",
        "",
    ] {
        assert!(serde_json::from_str::<TaskInput>(body).is_err(), "{body}");
        assert!(
            serde_json::from_str::<TaskPatchInput>(body).is_err(),
            "{body}"
        );
    }
}

/// JSON of any shape, with strings that the rules look at.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "(P[0-9]{0,12}[DWYT]?T?[0-9]{0,5}[HMS]?|[0-9]{4}-1[0-9]-[0-3][0-9]T2[0-9]:00:60(Z|\\+2[0-9]:00))"
            .prop_map(Value::from),
        "(FREQ=(DAILY|WEEKLY|YEARLY);(COUNT|INTERVAL|BYMONTHDAY)=-?[0-9]{0,12}|daily|weekdays)"
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 30, 12, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..12).prop_map(Value::from),
            proptest::collection::btree_map(any::<String>(), inner, 0..3)
                .prop_map(|map| map.into_iter().collect()),
        ]
    })
}

const FIELDS: [&str; 8] = [
    "title",
    "description",
    "status",
    "priority",
    "due_date",
    "reminders",
    "tags",
    "recurrence_pattern",
];

fn any_body() -> impl Strategy<Value = Value> {
    proptest::collection::btree_map(proptest::sample::select(&FIELDS[..]), any_json(), 0..8)
        .prop_map(|map| {
            map.into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect()
        })
}

fn any_reminder() -> impl Strategy<Value = Reminder> {
    prop_oneof![
        (0..=366 * 86_400_u32).prop_map(|seconds| Reminder::Before { seconds }),
        (0..253_402_300_800_i64)
            .prop_map(|at| Reminder::At(DateTime::from_timestamp(at, 0).unwrap())),
    ]
}

fn any_task() -> impl Strategy<Value = NewTask> {
    (
        any::<String>(),
        proptest::option::of(any::<String>()),
        proptest::sample::select(Priority::ALL),
        proptest::option::of(-99_999_999_999_i64..400_000_000_000),
        proptest::collection::vec(any_reminder(), 0..12),
        proptest::collection::vec("\\PC{0,55}", 0..22),
        proptest::option::of(prop_oneof![Just("daily".to_owned()), any::<String>()]),
    )
        .prop_map(
            |(title, description, priority, due, reminders, tags, recurrence)| NewTask {
                id: Uuid::nil(),
                title,
                description,
                priority,
                due_date: due.and_then(|at| DateTime::from_timestamp(at, 5)),
                reminders,
                tags,
                recurrence_pattern: recurrence,
                recurrence_from: RecurrenceFrom::DueDate,
            },
        )
}

proptest! {
    #[test]
    fn validation_answers_whatever_it_gets(body in any_body()) {
        match change(&body) {
            Ok(patch) => prop_assert_eq!(patch.clone().validated(), Ok(patch)),
            Err(errors) => prop_assert!(!errors.is_empty() && errors.len() < 60),
        }
        if let Ok(task) = create(&body) {
            prop_assert_eq!(task.clone().validated(), Ok(task));
        }
    }

    #[test]
    fn a_valid_task_is_valid_again_and_reads_back_from_its_json(task in any_task()) {
        if let Ok(valid) = task.validated() {
            prop_assert_eq!(valid.clone().validated(), Ok(valid.clone()));
            let again = create(&json!({
                "title": valid.title, "description": valid.description, "priority": valid.priority,
                "due_date": valid.due_date, "reminders": valid.reminders, "tags": valid.tags,
                "recurrence_pattern": valid.recurrence_pattern,
            }));
            prop_assert_eq!(again, Ok(valid));
        }
    }

    #[test]
    fn a_plain_title_is_always_valid(title in "[a-zA-Z ß🦷]{0,499}x") {
        let task = create(&json!({"title": title}));
        prop_assert!(task.is_ok());
    }

    #[test]
    fn a_reminder_reads_back_as_written(reminder in any_reminder()) {
        prop_assert_eq!(reminder.to_string().parse(), Ok(reminder));
    }

    #[test]
    fn no_text_breaks_the_reminder_parser(text in "P?[0-9WDTHMS.:Z-]{0,40}") {
        if let Ok(reminder) = text.parse::<Reminder>() {
            prop_assert_eq!(reminder.to_string().parse(), Ok(reminder));
        }
    }
}
