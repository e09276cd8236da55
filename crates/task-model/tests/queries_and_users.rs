//! The rules of query parameters, accounts and profiles.

use proptest::prelude::*;
use serde_json::{Value, json};
use task_model::{
    Channel, FieldError, NotificationPreferencesPatch, Priority, Registration, RegistrationInput,
    Reminder, SortField, SortOrder, Status, TaskQuery, UserPatch, UserPatchInput, normalize_email,
};

fn query(params: &[(&str, &str)]) -> Result<TaskQuery, Vec<FieldError>> {
    TaskQuery::from_params(params.iter().copied())
}

fn register(json: &Value) -> Result<Registration, Vec<FieldError>> {
    serde_json::from_value::<RegistrationInput>(json.clone())
        .expect("an object")
        .validated()
}

fn patch(json: &Value) -> Result<UserPatch, Vec<FieldError>> {
    serde_json::from_value::<UserPatchInput>(json.clone())
        .expect("an object")
        .validated()
}

fn wrong<T>(result: Result<T, Vec<FieldError>>) -> Vec<String> {
    result
        .err()
        .expect("refused")
        .into_iter()
        .map(|error| error.field)
        .collect()
}

#[test]
fn no_parameters_are_the_default_query() {
    let default = query(&[("unknown", "x"), ("q", "  ")]).unwrap();
    assert_eq!(default, TaskQuery::default());
    assert_eq!((default.limit, default.offset), (20, 0));
    assert_eq!(
        (default.sort, default.order),
        (SortField::CreatedAt, SortOrder::Descending)
    );
}

#[test]
fn parameters_are_read() {
    let read = query(&[
        ("status", "pending"),
        ("status", "completed"),
        ("status", "pending"),
        ("priority", "high"),
        ("tag", " Home "),
        ("tag", "work"),
        ("due_before", "2026-01-02T00:00:00+01:00"),
        ("due_after", "2026-01-01T00:00:00Z"),
        ("updated_after", "2026-01-02T00:00:00.5+01:00"),
        ("overdue", "false"),
        ("q", " milk "),
        ("sort", "-due_date"),
        ("limit", "100"),
        ("offset", "40"),
    ])
    .unwrap();
    assert_eq!(
        read,
        TaskQuery {
            status: vec![Status::Pending, Status::Completed],
            priority: vec![Priority::High],
            tag: vec!["home".into(), "work".into()],
            due_before: Some("2026-01-01T23:00:00Z".parse().unwrap()),
            due_after: Some("2026-01-01T00:00:00Z".parse().unwrap()),
            updated_after: Some("2026-01-01T23:00:00.5Z".parse().unwrap()),
            overdue: Some(false),
            q: Some("milk".into()),
            sort: SortField::DueDate,
            order: SortOrder::Descending,
            limit: 100,
            offset: 40,
            ..TaskQuery::default()
        }
    );
    assert_eq!(
        query(&[("sort", "title")]).unwrap().order,
        SortOrder::Ascending
    );
}

#[test]
fn wrong_parameters_are_all_named() {
    let long = "x".repeat(501);
    let all = [
        ("status", "done"),
        ("priority", ""),
        ("tag", ""),
        ("due_before", "today"),
        ("due_after", "2026-13-01T00:00:00Z"),
        ("updated_after", "yesterday"),
        ("overdue", "yes"),
        ("q", long.as_str()),
        ("sort", "--title"),
        ("limit", "0"),
        ("offset", "-1"),
    ];
    assert_eq!(wrong(query(&all)), all.map(|(name, _)| name));
    for limit in ["101", "1.5", "", "99999999999", "NaN"] {
        assert_eq!(wrong(query(&[("limit", limit)])), ["limit"]);
    }
    assert_eq!(wrong(query(&[("offset", "4294967296")])), ["offset"]);
}

#[test]
fn an_account_is_checked_and_normalised() {
    let account = register(
        &json!({"email": " Ada@Example.COM ", "username": " Ada ", "password": " 12345 8"}),
    );
    let account = account.unwrap_or_else(|errors| panic!("{errors:?}"));
    assert_eq!(account.email, "ada@example.com");
    assert_eq!(
        (account.username.as_str(), account.password.as_str()),
        ("Ada", " 12345 8")
    );
    assert_eq!(
        wrong(register(&json!({}))),
        ["email", "username", "password"]
    );
    let account = json!({"email": null, "username": "a\u{7}", "password": 12345678});
    assert_eq!(wrong(register(&account)), ["email", "password", "username"]);
    for (password, fits) in [(7, false), (8, true), (128, true), (129, false)] {
        let account = json!({"email": "a@b.c", "username": "a", "password": "🔑".repeat(password)});
        assert_eq!(register(&account).is_ok(), fits, "{password}");
    }
    let input: RegistrationInput =
        serde_json::from_value(json!({"password": "secret!!"})).expect("an object");
    assert!(!format!("{input:?}").contains("secret"));
}

#[test]
fn addresses_follow_html() {
    for good in ["a@b", "a.b+c@x-y.example.com", "!#$%&'*+/=?^_`{|}~-@a.b"] {
        assert_eq!(normalize_email(good).as_deref(), Ok(good));
    }
    let long = format!("{}@b.c", "a".repeat(251));
    for bad in [
        "", "a", "@b", "a@", "a@b@c", "a b@c", "a@-b", "a@b-", "a@b..c", "a@b.", "ä@b.c",
        "a@b\n.c", &long,
    ] {
        assert!(normalize_email(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn a_profile_is_changed_field_by_field() {
    let changed = patch(&json!({
        "timezone": "Europe/Berlin", "email": "ignored", "role": "admin",
        "notification_preferences": {"default_reminders": ["P1D"], "unknown": 1},
    }))
    .unwrap();
    assert_eq!(
        (changed.username, changed.timezone.as_deref()),
        (None, Some("Europe/Berlin"))
    );
    let preferences = changed.notification_preferences.unwrap();
    assert_eq!(
        preferences.default_reminders,
        Some(vec![Reminder::Before { seconds: 86_400 }])
    );
    for (body, field) in [
        (json!({"timezone": "Mars/Olympus"}), "timezone"),
        (json!({"username": ""}), "username"),
        (
            json!({"notification_preferences": []}),
            "notification_preferences",
        ),
        (
            json!({"notification_preferences": null}),
            "notification_preferences",
        ),
    ] {
        assert_eq!(wrong(patch(&body)), [field]);
    }
}

#[test]
fn preferences_are_changed_field_by_field() {
    let preferences = |body: Value| {
        let patch = patch(&json!({"notification_preferences": body})).unwrap();
        patch.notification_preferences.unwrap()
    };
    assert_eq!(
        preferences(json!({})),
        NotificationPreferencesPatch::default()
    );
    let given = preferences(json!({
        "channels": ["email", "sms"], "quiet_hours": {"start": "22:00", "end": "07:05"}, "phone": "+41791234567",
    }));
    assert_eq!(given.default_reminders, None);
    assert_eq!(
        given.channels,
        Some(vec![Channel::Email, Channel::Sms, Channel::InApp])
    );
    let hours = given.quiet_hours.flatten().unwrap();
    assert_eq!(
        serde_json::to_value(hours).unwrap(),
        json!({"start": "22:00", "end": "07:05"})
    );
    assert_eq!(given.phone.flatten().as_deref(), Some("+41791234567"));
    let first = preferences(json!({"channels": ["in_app", "push"]}));
    assert_eq!(first.channels, Some(vec![Channel::InApp, Channel::Push]));
    let none = preferences(json!({"channels": [], "quiet_hours": null, "phone": null}));
    assert_eq!(none.channels, Some(vec![Channel::InApp]));
    assert_eq!((none.quiet_hours, none.phone), (Some(None), Some(None)));
}

#[test]
fn wrong_preferences_are_all_named() {
    let wrong = |body: Value| wrong(patch(&json!({"notification_preferences": body})));
    let named = |names: &[&str]| -> Vec<String> {
        let whole = |name: &&str| format!("notification_preferences.{name}");
        names.iter().map(whole).collect()
    };
    assert_eq!(
        wrong(json!({
            "default_reminders": ["x"], "channels": ["fax", 1], "quiet_hours": {"start": "24:00"}, "phone": "079",
        })),
        named(&[
            "default_reminders[0]",
            "channels[0]",
            "channels[1]",
            "quiet_hours.end",
            "quiet_hours.start",
            "phone"
        ])
    );
    for (body, name) in [
        (json!({"default_reminders": null}), "default_reminders"),
        (json!({"channels": null}), "channels"),
        (json!({"channels": ["sms", "email", "sms"]}), "channels"),
        (
            json!({"channels": ["sms", "sms", "sms", "sms", "sms"]}),
            "channels",
        ),
        (json!({"quiet_hours": "22:00-07:00"}), "quiet_hours"),
        (
            json!({"quiet_hours": {"start": "7:5", "end": "08:00"}}),
            "quiet_hours.start",
        ),
        (
            json!({"quiet_hours": {"start": "07:05", "end": "08:00:00"}}),
            "quiet_hours.end",
        ),
        (json!({"phone": "+0791234567"}), "phone"),
        (json!({"phone": "+41 79 123 45 67"}), "phone"),
        (json!({"phone": "+1234567890123456"}), "phone"),
        (json!({"phone": 41_791_234_567_u64}), "phone"),
    ] {
        assert_eq!(wrong(body), named(&[name]));
    }
}

proptest! {
    #[test]
    fn no_parameter_breaks_the_query(params in proptest::collection::vec(
        (proptest::sample::select(&["status", "tag", "due_before", "q", "sort", "limit", "offset", "overdue"][..]), any::<String>()),
        0..40,
    )) {
        if let Ok(query) = TaskQuery::from_params(params) {
            prop_assert!((1..=100).contains(&query.limit) && query.tag.len() <= 20);
        }
    }

    #[test]
    fn an_address_is_normalised_once(text in "[ A-Za-z0-9.@-]{0,30}") {
        if let Ok(email) = normalize_email(&text) {
            prop_assert_eq!(normalize_email(&email), Ok(email));
        }
    }
}
