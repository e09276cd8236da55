//! What a recurrence pattern means, before a task has it.

use api::{ApiError, Query};
use axum::Json as JsonResponse;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use recurrence::Recurrence;
use serde::Serialize;
use task_model::{FieldError, RecurrenceFrom, parse_moment, whole_number};
use utoipa::{IntoParams, ToSchema};

use crate::extract::{Db, Session};

const DEFAULT_COUNT: u32 = 5;
const MAX_COUNT: u32 = 20;

/// A pattern, and from when on.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PreviewParams {
    /// `daily`, `weekly`, `monthly`, `yearly`, `weekdays`, or an RFC 5545 RRULE.
    #[param(value_type = String, min_length = 1, max_length = 500, example = "FREQ=WEEKLY;BYDAY=MO,TH")]
    pattern: Recurrence,
    /// When the task is due; now unless told.
    #[param(value_type = Option<DateTime<Utc>>)]
    start: DateTime<Utc>,
    /// What the next instance counts from.
    #[param(value_type = Option<RecurrenceFrom>)]
    recurrence_from: RecurrenceFrom,
    /// How many dates at most.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 20, default = 5)]
    count: u32,
}

impl PreviewParams {
    fn parse(params: Vec<(String, String)>, now: DateTime<Utc>) -> Result<Self, Vec<FieldError>> {
        let mut pattern = Err("is required".to_owned());
        let (mut start, mut count) = (Ok(now), Ok(DEFAULT_COUNT));
        let mut recurrence_from = Ok(RecurrenceFrom::default());
        for (name, value) in params {
            match name.as_str() {
                "pattern" => {
                    pattern = Recurrence::parse(&value).map_err(|error| error.to_string());
                }
                "start" => start = parse_moment(&value),
                "recurrence_from" => recurrence_from = value.parse(),
                "count" => count = whole_number(&value, 1, MAX_COUNT),
                _ => {}
            }
        }
        match (pattern, start, recurrence_from, count) {
            (Ok(pattern), Ok(start), Ok(recurrence_from), Ok(count)) => Ok(Self {
                pattern,
                start,
                recurrence_from,
                count,
            }),
            (pattern, start, recurrence_from, count) => {
                let wrong = [
                    ("pattern", pattern.err()),
                    ("start", start.err()),
                    ("recurrence_from", recurrence_from.err()),
                    ("count", count.err()),
                ];
                let error = |(field, message): (&str, Option<String>)| {
                    Some(FieldError {
                        field: field.to_owned(),
                        message: message?,
                    })
                };
                Err(wrong.into_iter().filter_map(error).collect())
            }
        }
    }

    /// When the instances after the one at `start` are due, each completed when it was due.
    fn dates(&self, zone: Tz) -> Vec<DateTime<Utc>> {
        let mut pattern = self.pattern.clone();
        let mut due = self.start;
        let mut dates = Vec::new();
        for _ in 0..self.count {
            let next = match self.recurrence_from {
                RecurrenceFrom::DueDate => pattern.following_due(due, due, zone),
                RecurrenceFrom::Completion => pattern.following_completion(Some(due), due, zone),
            };
            let Some(next) = next else { break };
            (due, pattern) = (next.due, next.pattern);
            dates.push(due);
        }
        dates
    }
}

/// What a pattern means.
#[derive(Serialize, ToSchema)]
pub struct RecurrencePreview {
    /// As a task would keep it.
    #[schema(example = "FREQ=WEEKLY;BYDAY=MO,TH")]
    pattern: String,
    /// In plain English.
    #[schema(example = "every Monday and Thursday")]
    description: String,
    /// When the instances after the one at `start` are due, in the person's time zone, as far as they are
    /// completed when they are due. Fewer than asked for where the series ends, or falls on no date.
    dates: Vec<DateTime<Utc>>,
}

/// Shows what a recurrence pattern means: in words, and its next dates.
#[utoipa::path(
    get,
    path = "/api/recurrence/preview",
    tag = "tasks",
    params(PreviewParams),
    responses((status = 200, description = "What it means", body = RecurrencePreview)),
)]
pub async fn preview(
    Db(storage): Db,
    session: Session,
    Query(params): Query,
) -> Result<JsonResponse<RecurrencePreview>, ApiError> {
    let params = PreviewParams::parse(params, Utc::now()).map_err(ApiError::Invalid)?;
    let user = session.user(storage).await?;
    let zone = user.timezone.parse().unwrap_or(Tz::UTC);
    Ok(JsonResponse(RecurrencePreview {
        pattern: params.pattern.to_string(),
        description: params.recurrence_from.describe(&params.pattern),
        dates: params.dates(zone),
    }))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    fn parse(pairs: &[(&str, &str)]) -> Result<PreviewParams, Vec<FieldError>> {
        let pairs = pairs
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_string()));
        PreviewParams::parse(pairs.collect(), DateTime::UNIX_EPOCH)
    }

    #[test]
    fn everything_wrong_is_said_at_once() {
        let wrong = |pairs: &[(&str, &str)]| {
            let errors = parse(pairs).err().unwrap_or_default();
            errors
                .into_iter()
                .map(|error| error.field)
                .collect::<Vec<_>>()
        };
        assert_eq!(wrong(&[]), ["pattern"]);
        assert_eq!(wrong(&[("pattern", "daily"), ("count", "20")]), [""; 0]);
        let all = [
            ("pattern", "FREQ=SECONDLY"),
            ("start", "tomorrow"),
            ("recurrence_from", "start"),
            ("count", "21"),
        ];
        assert_eq!(wrong(&all), all.map(|(name, _)| name));
        assert_eq!(wrong(&[("pattern", "daily"), ("count", "0")]), ["count"]);
        let before_time = [("pattern", "daily"), ("start", "1969-12-31T23:59:59Z")];
        assert_eq!(wrong(&before_time), ["start"]);
    }

    #[test]
    fn what_never_comes_costs_little() {
        for pattern in [
            "FREQ=YEARLY;BYWEEKNO=53;BYMONTH=6",
            "FREQ=HOURLY;INTERVAL=24;BYHOUR=3",
            "FREQ=DAILY;INTERVAL=7;BYDAY=MO",
            "FREQ=WEEKLY;INTERVAL=1000;BYMONTH=2;BYDAY=MO",
            "FREQ=MONTHLY;BYMONTHDAY=31;BYSETPOS=2",
            "FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO",
            "FREQ=YEARLY;BYYEARDAY=1;BYMONTH=12",
        ] {
            let start = [
                ("pattern", pattern),
                ("start", "2026-06-03T08:00:00Z"),
                ("count", "20"),
            ];
            // A pattern that is known never to come is refused.
            let Ok(params) = parse(&start) else { continue };
            let begin = Instant::now();
            let dates = params.dates(Tz::Europe__Berlin);
            let took = begin.elapsed();
            assert!(
                took < Duration::from_secs(2),
                "{pattern}: {took:?}, {dates:?}"
            );
        }
    }
}
