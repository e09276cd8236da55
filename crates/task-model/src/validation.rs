//! The rules of single values, and what a value that breaks one is answered with.

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike, Timelike, Utc};
use recurrence::Recurrence;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Reminder, TaskPatch};

/// Characters in a title.
pub(crate) const MAX_TITLE: usize = 500;
/// Characters in a description.
pub(crate) const MAX_DESCRIPTION: usize = 10_000;
/// Reminders of one task.
pub(crate) const MAX_REMINDERS: usize = 10;
/// Tags of one task.
pub(crate) const MAX_TAGS: usize = 20;
/// Characters in a tag.
pub(crate) const MAX_TAG: usize = 50;

/// One field that broke a rule, as the `errors` array of a 422 answer lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldError {
    /// The field's name, with the index for an array's item: `title`, `tags[2]`.
    pub field: String,
    /// What is wrong and what is allowed, for a person to read.
    pub message: String,
}

/// Gathers what is wrong, so that all of it is said at once.
#[derive(Debug, Default)]
pub(crate) struct Errors(Vec<FieldError>);

impl Errors {
    pub(crate) fn add(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.0.push(FieldError {
            field: field.into(),
            message: message.into(),
        });
    }

    /// The value, or its error noted under the field's name.
    pub(crate) fn keep<T>(&mut self, field: &str, value: Result<T, String>) -> Option<T> {
        value.map_err(|message| self.add(field, message)).ok()
    }

    /// The value, unless anything is wrong.
    pub(crate) fn none_or<T>(self, value: T) -> Result<T, Vec<FieldError>> {
        if self.0.is_empty() {
            Ok(value)
        } else {
            Err(self.0)
        }
    }
}

/// Counts characters, not bytes.
pub(crate) fn length(text: &str, min: usize, max: usize) -> Result<(), String> {
    let characters = text.chars().count();
    if (min..=max).contains(&characters) {
        return Ok(());
    }
    Err(match min {
        0 => format!("must be at most {max} characters, not {characters}"),
        _ => format!("must be {min} to {max} characters, not {characters}"),
    })
}

/// One line of text: trimmed, no control characters.
pub(crate) fn line(text: &str, max: usize) -> Result<String, String> {
    let text = text.trim();
    length(text, 1, max)?;
    if text.contains(char::is_control) {
        return Err("must not contain control characters or line breaks".into());
    }
    Ok(text.to_owned())
}

/// A tag, trimmed and lower-case.
pub(crate) fn tag(text: &str) -> Result<String, String> {
    line(&text.to_lowercase(), MAX_TAG)
}

fn description(text: String) -> Result<String, String> {
    length(&text, 0, MAX_DESCRIPTION)?;
    if text.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err("must not contain control characters other than line breaks and tabs".into());
    }
    Ok(text)
}

fn recurrence_pattern(text: &str) -> Result<String, String> {
    let parsed = Recurrence::parse(text).map_err(|error| error.to_string())?;
    Ok(parsed.to_string())
}

/// A moment that can be worked with: to the second, in a year that RFC 3339 can write.
pub(crate) fn moment(at: DateTime<Utc>) -> Result<DateTime<Utc>, String> {
    if !(1970..=9999).contains(&at.year()) {
        return Err("must be in the years 1970 to 9999".into());
    }
    at.with_nanosecond(0).ok_or_else(|| "is not a time".into())
}

fn reminder(reminder: Reminder) -> Result<Reminder, String> {
    match reminder {
        Reminder::Before { seconds } => Reminder::before(seconds),
        Reminder::At(at) => moment(at).map(Reminder::At),
    }
}

/// Checks each item, notes errors as `field[index]`, and drops duplicates.
fn items<T, U: Ord + Clone>(
    errors: &mut Errors,
    field: &str,
    max: usize,
    items: Vec<T>,
    rule: impl Fn(T) -> Result<U, String>,
) -> Vec<U> {
    if items.len() > max {
        errors.add(
            field,
            format!("must have at most {max} items, not {}", items.len()),
        );
        return Vec::new();
    }
    let mut seen = BTreeSet::new();
    items
        .into_iter()
        .enumerate()
        .filter_map(|(index, item)| errors.keep(&format!("{field}[{index}]"), rule(item)))
        .filter(|item| seen.insert(item.clone()))
        .collect()
}

pub(crate) fn reminders(errors: &mut Errors, field: &str, values: Vec<Reminder>) -> Vec<Reminder> {
    items(errors, field, MAX_REMINDERS, values, reminder)
}

impl TaskPatch {
    /// Checks and normalises every field that is given; lists all that are wrong.
    pub fn validated(self) -> Result<Self, Vec<FieldError>> {
        let mut errors = Errors::default();
        let patch = self.check(&mut errors);
        errors.none_or(patch)
    }

    /// Leaves out what is wrong and notes it.
    pub(crate) fn check(self, errors: &mut Errors) -> Self {
        /// Applies a rule to a field that may be absent or cleared.
        fn clearable<T>(
            errors: &mut Errors,
            field: &str,
            value: Option<Option<T>>,
            rule: impl Fn(T) -> Result<T, String>,
        ) -> Option<Option<T>> {
            value.map(|value| value.and_then(|value| errors.keep(field, rule(value))))
        }
        Self {
            title: self
                .title
                .and_then(|title| errors.keep("title", line(&title, MAX_TITLE))),
            description: clearable(errors, "description", self.description, description),
            status: self.status,
            priority: self.priority,
            due_date: clearable(errors, "due_date", self.due_date, moment),
            reminders: self
                .reminders
                .map(|values| reminders(errors, "reminders", values)),
            tags: self
                .tags
                .map(|tags| items(errors, "tags", MAX_TAGS, tags, |text: String| tag(&text))),
            recurrence_pattern: clearable(
                errors,
                "recurrence_pattern",
                self.recurrence_pattern,
                |text| recurrence_pattern(&text),
            ),
            recurrence_from: self.recurrence_from,
        }
    }
}
