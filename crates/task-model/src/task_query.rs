//! A list query as its URL's parameters give it.

use std::str::FromStr;

use crate::task_input::parse_time;
use crate::validation::{Errors, MAX_TAGS, length, tag};
use crate::{FieldError, SortOrder, TaskQuery};

/// Tasks on one page.
const MAX_LIMIT: u32 = 100;
/// Tasks that a page may skip: no list is as long.
const MAX_OFFSET: u32 = 1_000_000_000;
/// Characters in a full-text query.
const MAX_Q: usize = 500;

impl TaskQuery {
    /// Reads decoded parameters; lists all that are wrong. `status`, `priority` and `tag` may be
    /// repeated, of any other parameter the last one counts, and unknown ones are ignored. An empty
    /// `q` is no condition.
    pub fn from_params<N: AsRef<str>, V: AsRef<str>>(
        params: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Self, Vec<FieldError>> {
        let mut errors = Errors::default();
        let mut query = Self::default();
        for (name, value) in params {
            let (name, value) = (name.as_ref(), value.as_ref());
            match name {
                "status" => add(&mut query.status, errors.keep(name, value.parse())),
                "priority" => add(&mut query.priority, errors.keep(name, value.parse())),
                "tag" => add(&mut query.tag, errors.keep(name, tag(value))),
                "due_before" => query.due_before = errors.keep(name, parse_time(value)),
                "due_after" => query.due_after = errors.keep(name, parse_time(value)),
                "updated_after" => query.updated_after = errors.keep(name, parse_time(value)),
                "overdue" => query.overdue = errors.keep(name, parse_bool(value)),
                "q" => query.q = errors.keep(name, parse_q(value)).flatten(),
                "sort" => {
                    let (field, order) = match value.strip_prefix('-') {
                        Some(field) => (field, SortOrder::Descending),
                        None => (value, SortOrder::Ascending),
                    };
                    if let Some(field) = errors.keep(name, field.parse()) {
                        (query.sort, query.order) = (field, order);
                    }
                }
                "limit" => set(&mut query.limit, errors.keep(name, parse_limit(value))),
                "offset" => {
                    let offset = whole_number(value, 0, MAX_OFFSET);
                    set(&mut query.offset, errors.keep(name, offset));
                }
                _ => {}
            }
        }
        errors.none_or(query)
    }
}

/// The `limit` parameter: 1 to 100.
pub fn parse_limit(value: &str) -> Result<u32, String> {
    whole_number(value, 1, MAX_LIMIT)
}

/// The `q` parameter: at most 500 characters; `None` if there is nothing in it.
pub fn parse_q(value: &str) -> Result<Option<String>, String> {
    let value = value.trim();
    length(value, 0, MAX_Q)?;
    Ok((!value.is_empty()).then(|| value.to_owned()))
}

/// A whole number in these bounds.
pub fn whole_number(value: &str, min: u32, max: u32) -> Result<u32, String> {
    u32::from_str(value)
        .ok()
        .filter(|number| (min..=max).contains(number))
        .ok_or_else(|| format!("must be a whole number from {min} to {max}"))
}

fn parse_bool(value: &str) -> Result<bool, String> {
    value.parse().map_err(|_| "must be true or false".into())
}

/// Alternatives beyond what a task can carry are no use; without duplicates these stay few.
fn add<T: PartialEq>(values: &mut Vec<T>, value: Option<T>) {
    values.extend(value.filter(|value| values.len() < MAX_TAGS && !values.contains(value)));
}

fn set<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}
