//! A task and a change of one as clients send them, before validation.

use chrono::{DateTime, Utc};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::given::{Given, deserialize_object, parse_items};
use crate::validation::{Errors, MAX_REMINDERS, MAX_TAGS, moment};
use crate::{FieldError, NewTask, Reminder, TaskPatch};

/// A task to create. What the server sets (`id`, `user_id`, `status`, times, `version`) and what it
/// does not know is ignored.
#[derive(Debug, Clone, Default, ToSchema)]
#[schema(example = json!({
    "title": "Pay rent",
    "priority": "high",
    "due_date": "2026-04-01T09:00:00Z",
    "reminders": ["PT1H", "P1D"],
    "tags": ["home"],
    "recurrence_pattern": "monthly"
}))]
pub struct TaskInput {
    /// 1 to 500 characters after trimming, no control characters.
    #[schema(value_type = String, required = true, min_length = 1, max_length = 500)]
    title: Given<String>,
    /// At most 10,000 characters.
    #[schema(value_type = Option<String>, max_length = 10000)]
    description: Given<String>,
    /// `medium` if absent.
    #[schema(value_type = crate::Priority, required = false)]
    priority: Given<String>,
    /// Fractions of a second are cut off.
    #[schema(value_type = Option<DateTime<Utc>>)]
    due_date: Given<String>,
    /// ISO 8601 durations before the due date or date-times; the person's preference if absent, none if null.
    #[schema(value_type = Option<Vec<String>>, max_items = 10)]
    reminders: Given<Vec<Given<String>>>,
    /// 1 to 50 characters each, kept lower-case and without duplicates.
    #[schema(value_type = Option<Vec<String>>, max_items = 20)]
    tags: Given<Vec<Given<String>>>,
    /// `daily`, `weekly`, `monthly`, `yearly`, `weekdays`, or an RFC 5545 RRULE.
    #[schema(value_type = Option<String>)]
    recurrence_pattern: Given<String>,
    /// `due_date` if absent.
    #[schema(value_type = crate::RecurrenceFrom, required = false)]
    recurrence_from: Given<String>,
}

deserialize_object!(TaskInput {
    title,
    description,
    priority,
    due_date,
    reminders,
    tags,
    recurrence_pattern,
    recurrence_from,
});

impl TaskInput {
    /// The task to create under `id`, or all that is wrong. `default_reminders` are the person's.
    pub fn validated(
        self,
        id: Uuid,
        default_reminders: &[Reminder],
    ) -> Result<NewTask, Vec<FieldError>> {
        let mut errors = Errors::default();
        if matches!(self.title, Given::Absent) {
            errors.add("title", "is required");
        }
        let patch = TaskPatchInput {
            title: self.title,
            description: self.description,
            status: Given::Absent,
            priority: self.priority,
            due_date: self.due_date,
            reminders: self.reminders,
            tags: self.tags,
            recurrence_pattern: self.recurrence_pattern,
            recurrence_from: self.recurrence_from,
        };
        let mut patch = patch.parse(&mut errors);
        patch
            .reminders
            .get_or_insert_with(|| default_reminders.to_vec());
        let task = NewTask::from_patch(id, patch.check(&mut errors));
        errors.none_or(task)
    }
}

/// A change of a task: an absent field stays as it is, `null` clears one that may be empty. What the
/// server sets (`id`, `user_id`, times, `version`) and what it does not know is ignored.
#[derive(Debug, Clone, Default, ToSchema)]
#[schema(example = json!({"status": "in_progress", "due_date": null}))]
pub struct TaskPatchInput {
    /// 1 to 500 characters after trimming, no control characters.
    #[schema(value_type = String, required = false, min_length = 1, max_length = 500)]
    title: Given<String>,
    /// At most 10,000 characters.
    #[schema(value_type = Option<String>, max_length = 10000)]
    description: Given<String>,
    /// To and from `completed` it sets or clears `completed_at`.
    #[schema(value_type = crate::Status, required = false)]
    status: Given<String>,
    /// How much it matters.
    #[schema(value_type = crate::Priority, required = false)]
    priority: Given<String>,
    /// Fractions of a second are cut off.
    #[schema(value_type = Option<DateTime<Utc>>)]
    due_date: Given<String>,
    /// All of them, not only new ones; none if null.
    #[schema(value_type = Option<Vec<String>>, max_items = 10)]
    reminders: Given<Vec<Given<String>>>,
    /// All of them, not only new ones; none if null.
    #[schema(value_type = Option<Vec<String>>, max_items = 20)]
    tags: Given<Vec<Given<String>>>,
    /// `daily`, `weekly`, `monthly`, `yearly`, `weekdays`, or an RFC 5545 RRULE.
    #[schema(value_type = Option<String>)]
    recurrence_pattern: Given<String>,
    /// What the next instance is counted from.
    #[schema(value_type = crate::RecurrenceFrom, required = false)]
    recurrence_from: Given<String>,
}

deserialize_object!(TaskPatchInput {
    title,
    description,
    status,
    priority,
    due_date,
    reminders,
    tags,
    recurrence_pattern,
    recurrence_from,
});

impl TaskPatchInput {
    /// The change, or all that is wrong.
    pub fn validated(self) -> Result<TaskPatch, Vec<FieldError>> {
        let mut errors = Errors::default();
        let patch = self.parse(&mut errors).check(&mut errors);
        errors.none_or(patch)
    }

    /// Gives the fields their types; [`TaskPatch::check`] applies the rules.
    fn parse(self, errors: &mut Errors) -> TaskPatch {
        let status = self.status.value(errors, "status", "a string");
        let priority = self.priority.value(errors, "priority", "a string");
        let due_date = self
            .due_date
            .nullable(errors, "due_date", "a date-time or null");
        let reminders = self
            .reminders
            .nullable(errors, "reminders", "an array of strings");
        let tags = self.tags.nullable(errors, "tags", "an array of strings");
        let from = self
            .recurrence_from
            .value(errors, "recurrence_from", "a string");
        TaskPatch {
            title: self.title.value(errors, "title", "a string"),
            description: self
                .description
                .nullable(errors, "description", "a string or null"),
            status: status.and_then(|text| errors.keep("status", text.parse())),
            priority: priority.and_then(|text| errors.keep("priority", text.parse())),
            due_date: due_date
                .map(|text| text.and_then(|text| errors.keep("due_date", parse_time(&text)))),
            reminders: reminders.map(|items| {
                parse_items(
                    errors,
                    "reminders",
                    MAX_REMINDERS,
                    items.unwrap_or_default(),
                )
            }),
            tags: tags.map(|items| {
                parse_items::<Text>(errors, "tags", MAX_TAGS, items.unwrap_or_default())
                    .into_iter()
                    .map(|text| text.0)
                    .collect()
            }),
            recurrence_pattern: self.recurrence_pattern.nullable(
                errors,
                "recurrence_pattern",
                "a string or null",
            ),
            recurrence_from: from.and_then(|text| errors.keep("recurrence_from", text.parse())),
        }
    }
}

/// Any string, for [`parse_items`].
struct Text(String);

impl std::str::FromStr for Text {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

/// RFC 3339, in any offset.
pub fn parse_time(text: &str) -> Result<DateTime<Utc>, String> {
    DateTime::parse_from_rfc3339(text)
        .map(|at| at.with_timezone(&Utc))
        .map_err(|_| "must be an RFC 3339 date-time such as 2026-04-01T09:00:00Z".into())
}

/// A time that a task may have: RFC 3339, in the years 1970 to 9999, cut to the second.
pub fn parse_moment(text: &str) -> Result<DateTime<Utc>, String> {
    parse_time(text).and_then(moment)
}

impl NewTask {
    /// Checks and normalises every field; lists all that are wrong.
    pub fn validated(self) -> Result<Self, Vec<FieldError>> {
        let patch = TaskPatch {
            title: Some(self.title),
            description: Some(self.description),
            status: None,
            priority: Some(self.priority),
            due_date: Some(self.due_date),
            reminders: Some(self.reminders),
            tags: Some(self.tags),
            recurrence_pattern: Some(self.recurrence_pattern),
            recurrence_from: Some(self.recurrence_from),
        };
        Ok(Self::from_patch(self.id, patch.validated()?))
    }

    fn from_patch(id: Uuid, patch: TaskPatch) -> Self {
        Self {
            id,
            title: patch.title.unwrap_or_default(),
            description: patch.description.flatten(),
            priority: patch.priority.unwrap_or_default(),
            due_date: patch.due_date.flatten(),
            reminders: patch.reminders.unwrap_or_default(),
            tags: patch.tags.unwrap_or_default(),
            recurrence_pattern: patch.recurrence_pattern.flatten(),
            recurrence_from: patch.recurrence_from.unwrap_or_default(),
        }
    }
}
