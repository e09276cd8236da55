//! What is of `[[trigger.kafka]]` alone: topics, group and how failures are retried.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::time::Duration;

use crate::app::{Backoff, KafkaTrigger};
use crate::manifest::Scope;
use crate::manifest::reader::{Table, Text};

/// The most events in one call where the manifest does not say.
const BATCH: usize = 64;
/// How often an event is tried where the manifest does not say.
const MAX_ATTEMPTS: u32 = 8;
/// How long failed events wait where the manifest does not say.
const BACKOFF: Backoff = Backoff {
    initial: Duration::from_millis(500),
    max: Duration::from_secs(60),
};
/// Kafka's bound for the names of topics.
const MAX_NAME: usize = 249;

/// The fields of a trigger.
pub struct Fields {
    topics: Vec<Text>,
    group: Text,
    batch: usize,
    max_attempts: u32,
    backoff: Backoff,
}

impl Fields {
    /// The trigger that they are of.
    pub fn trigger(self, id: String, component: String) -> KafkaTrigger {
        KafkaTrigger {
            id,
            component,
            topics: self.topics.into_iter().map(|topic| topic.value).collect(),
            group: self.group.value,
            batch: self.batch,
            max_attempts: self.max_attempts,
            backoff: self.backoff,
        }
    }
}

/// The fields; none where one that must be there cannot be used.
pub fn read(table: &Table) -> Option<Fields> {
    const TOPICS: &str = "the topics to read, like `topics = [\"task-events\"]`";
    let topics = table.texts("topics");
    match table.key_span("topics") {
        None => table.missing("topics", TOPICS),
        Some(span) if topics.is_empty() => {
            table
                .diagnostics()
                .report(span, "there are no topics", format!("expected {TOPICS}"));
        }
        Some(_) => {}
    }
    for topic in &topics {
        check_name("topic", topic, table);
    }
    let group = table.required_text("group", "the consumer group to read them as");
    if let Some(group) = &group {
        check_name("group", group, table);
    }
    let batch = read_number(table, "batch", 1..=10_000);
    let max_attempts = read_number(table, "max_attempts", 1..=1_000);
    let backoff = read_backoff(table);
    Some(Fields {
        topics,
        group: group?,
        batch: batch.unwrap_or(BATCH),
        max_attempts: max_attempts.unwrap_or(MAX_ATTEMPTS),
        backoff,
    })
}

/// Kafka's rule for topics, which is good for groups too.
fn check_name(what: &str, name: &Text, table: &Table) {
    let text = name.value.as_str();
    let legal = text
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    if !legal || text.is_empty() || text.len() > MAX_NAME || text == "." || text == ".." {
        table.diagnostics().report(
            name.span.clone(),
            format!("the {what} `{text}` cannot be used"),
            format!("expected 1 to {MAX_NAME} of the characters a-z, A-Z, 0-9, `.`, `_` and `-`"),
        );
    }
}

/// An optional integer; one that cannot be used is reported.
fn read_number<T: TryFrom<i64>>(
    table: &Table,
    key: &'static str,
    range: RangeInclusive<i64>,
) -> Option<T> {
    let value = table.value(key)?;
    let expected = format!("a number from {} to {}", range.start(), range.end());
    let Some(number) = value.as_integer() else {
        value.mismatch(&format!("`{key}`"), &expected);
        return None;
    };
    if !range.contains(&number) {
        table.diagnostics().report(
            value.span(),
            format!("`{key}` is {number}"),
            format!("expected {expected}"),
        );
    }
    T::try_from(number).ok()
}

fn read_backoff(table: &Table) -> Backoff {
    let Some(fields) = table.table("backoff", "`backoff`") else {
        return BACKOFF;
    };
    let initial = read_duration(&fields, "initial");
    let max = read_duration(&fields, "max");
    fields.finish();
    let backoff = match (initial, max) {
        (Some(initial), Some(max)) => Backoff { initial, max },
        (Some(initial), None) => Backoff {
            initial,
            max: BACKOFF.max.max(initial),
        },
        (None, Some(max)) => Backoff {
            initial: BACKOFF.initial.min(max),
            max,
        },
        (None, None) => BACKOFF,
    };
    if backoff.initial > backoff.max {
        table.diagnostics().report(
            fields.span(),
            "the backoff starts longer than it may become",
            "expected `initial` to be at most `max`",
        );
    }
    backoff
}

fn read_duration(table: &Table, key: &'static str) -> Option<Duration> {
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    let text = table.text(key)?;
    let duration = humantime::parse_duration(&text.value)
        .ok()
        .filter(|duration| !duration.is_zero() && *duration <= DAY);
    if duration.is_none() {
        table.diagnostics().report(
            text.span,
            format!("`{}` is no duration that can be used", text.value),
            "expected one like \"500ms\", \"10s\" or \"1m\", at most a day",
        );
    }
    duration
}

/// The topics that groups read.
#[derive(Default)]
pub struct SeenTopics(BTreeMap<String, BTreeSet<String>>);

impl SeenTopics {
    /// Reports a topic that the trigger's group reads already: each event would reach only one of the two.
    pub fn check(&mut self, fields: &Fields, scope: &Scope) {
        let seen = self.0.entry(fields.group.value.clone()).or_default();
        for Text { value, span } in &fields.topics {
            if !seen.insert(value.clone()) {
                scope.diagnostics.report(
                    span.clone(),
                    format!("the group `{}` reads `{value}` already", fields.group.value),
                    "expected each topic once in a group; use another group to read it again",
                );
            }
        }
    }
}
