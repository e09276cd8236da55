//! How a person wants to be notified: read whole, changed field by field.

use serde_json::{Value, json};

use crate::user;

const ME: &str = "/api/users/me";

#[test]
fn each_preference_changes_by_itself() {
    let person = user();
    let preferences = || person.get(ME).expect(200)["notification_preferences"].clone();
    let expected = json!({
        "default_reminders": ["PT1H"], "channels": ["push", "in_app"], "quiet_hours": null, "phone": null,
    });
    assert_eq!(preferences(), expected);
    let set = |preferences: Value| {
        let answer = person.patch(ME, &json!({ "notification_preferences": preferences }));
        answer.expect(200)["notification_preferences"].clone()
    };
    set(json!({ "channels": ["sms", "email"] }));
    set(json!({ "quiet_hours": { "start": "22:00", "end": "07:00" } }));
    set(json!({ "phone": "+41791234567" }));
    let all = set(json!({ "default_reminders": ["P1D", "PT10M"] }));
    let expected = json!({
        "default_reminders": ["P1D", "PT10M"], "channels": ["sms", "email", "in_app"],
        "quiet_hours": { "start": "22:00", "end": "07:00" }, "phone": "+41791234567",
    });
    assert_eq!((&all, &preferences()), (&expected, &expected));
    let cleared = set(json!({ "quiet_hours": null, "phone": null, "channels": [] }));
    assert_eq!(cleared["channels"], json!(["in_app"]));
    assert_eq!(
        (&cleared["quiet_hours"], &cleared["phone"]),
        (&Value::Null, &Value::Null)
    );
}

#[test]
fn wrong_preferences_are_all_named_and_change_nothing() {
    let person = user();
    let before = person.get(ME).expect(200);
    let answer = person.patch(ME, &json!({ "notification_preferences": {
        "channels": ["fax"], "quiet_hours": { "start": "25:00" }, "phone": "0791234567", "default_reminders": 1,
    }}));
    for field in [
        "channels",
        "quiet_hours.start",
        "quiet_hours.end",
        "phone",
        "default_reminders",
    ] {
        answer.invalid(&format!("notification_preferences.{field}"));
    }
    assert_eq!(person.get(ME).expect(200), before);
}
