//! Validation by the JSON Schemas.

use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::Value;

use crate::{Event, REMINDERS, TASK_EVENTS, TASK_UPDATES, USER_EVENTS};

/// The schema of each topic's envelope with its data.
pub const SCHEMAS: [(&str, &str); 4] = [
    (TASK_EVENTS, include_str!("../schemas/task-events.json")),
    (REMINDERS, include_str!("../schemas/reminders.json")),
    (TASK_UPDATES, include_str!("../schemas/task-updates.json")),
    (USER_EVENTS, include_str!("../schemas/user-events.json")),
];

static VALIDATORS: LazyLock<Vec<(&str, Validator)>> = LazyLock::new(|| {
    let compile = |(topic, text): (&'static str, &str)| {
        let schema: Value = serde_json::from_str(text).expect("a schema is JSON");
        let validator = jsonschema::options().should_validate_formats(true);
        (
            topic,
            validator.build(&schema).expect("a schema is a JSON Schema"),
        )
    };
    SCHEMAS.map(compile).into()
});

/// Whether an envelope in JSON is one that `topic` may have.
///
/// # Errors
/// Each violation, with its place.
pub fn validate_json(topic: &str, envelope: &Value) -> Result<(), Vec<String>> {
    let (_, validator) = VALIDATORS
        .iter()
        .find(|(name, _)| *name == topic)
        .ok_or_else(|| vec![format!("no schema for topic `{topic}`")])?;
    let errors: Vec<String> = validator
        .iter_errors(envelope)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    if errors.is_empty() {
        Ok(())
    } else {
        Err(errors)
    }
}

/// As [`validate_json`], of the event's own topic.
///
/// # Errors
/// Each violation, with its place.
pub fn validate(event: &Event) -> Result<(), Vec<String>> {
    let envelope = serde_json::from_str(&event.to_json()).map_err(|it| vec![it.to_string()])?;
    validate_json(&event.topic, &envelope)
}
