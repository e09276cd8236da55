//! What a recurrence pattern means, before a task has it.

use api::{ApiError, Query};
use axum::Json as JsonResponse;
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use recurrence::Recurrence;
use serde::Serialize;
use task_model::{FieldError, RecurrenceFrom, parse_moment, whole_number};
use utoipa::{IntoParams, ToSchema};

use crate::extract::Profile;

const DEFAULT_COUNT: u32 = 5;
/// More than six weeks have days.
const MAX_COUNT: u32 = 50;
/// Dates that are passed over before `from` at most, where each depends on the one before.
const MAX_PASSED: u32 = 1_000;

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
    /// No dates before this.
    #[param(value_type = Option<DateTime<Utc>>)]
    from: Option<DateTime<Utc>>,
    /// How many dates at most.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 50, default = 5)]
    count: u32,
}

impl PreviewParams {
    fn parse(params: Vec<(String, String)>, now: DateTime<Utc>) -> Result<Self, Vec<FieldError>> {
        let mut pattern = Err("is required".to_owned());
        let (mut start, mut from, mut count) = (Ok(now), Ok(None), Ok(DEFAULT_COUNT));
        let mut recurrence_from = Ok(RecurrenceFrom::default());
        for (name, value) in params {
            match name.as_str() {
                "pattern" => {
                    pattern = Recurrence::parse(&value).map_err(|error| error.to_string());
                }
                "start" => start = parse_moment(&value),
                "recurrence_from" => recurrence_from = value.parse(),
                "from" => from = parse_moment(&value).map(Some),
                "count" => count = whole_number(&value, 1, MAX_COUNT),
                _ => {}
            }
        }
        match (pattern, start, recurrence_from, from, count) {
            (Ok(pattern), Ok(start), Ok(recurrence_from), Ok(from), Ok(count)) => Ok(Self {
                pattern,
                start,
                recurrence_from,
                from,
                count,
            }),
            (pattern, start, recurrence_from, from, count) => {
                let wrong = [
                    ("pattern", pattern.err()),
                    ("start", start.err()),
                    ("recurrence_from", recurrence_from.err()),
                    ("from", from.err()),
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
        let from = self.from.unwrap_or(DateTime::<Utc>::MIN_UTC);
        let before = self.from.map(|from| from - TimeDelta::seconds(1));
        let mut dates = Vec::new();
        for _ in 0..self.count + MAX_PASSED {
            let next = match self.recurrence_from {
                // Dates that are passed over are over, as after a late completion.
                RecurrenceFrom::DueDate => {
                    pattern.following_due(due, before.map_or(due, |before| due.max(before)), zone)
                }
                RecurrenceFrom::Completion => pattern.following_completion(Some(due), due, zone),
            };
            let Some(next) = next else { break };
            (due, pattern) = (next.due, next.pattern);
            if due >= from {
                dates.push(due);
            }
            if dates.len() == self.count as usize {
                break;
            }
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
    /// completed when they are due, and not before `from`. Fewer than asked for where the series ends, or
    /// falls on no date.
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
    Profile(user): Profile,
    Query(params): Query,
) -> Result<JsonResponse<RecurrencePreview>, ApiError> {
    let params = PreviewParams::parse(params, Utc::now()).map_err(ApiError::Invalid)?;
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
        assert_eq!(wrong(&[("pattern", "daily"), ("count", "50")]), [""; 0]);
        let all = [
            ("pattern", "FREQ=SECONDLY"),
            ("start", "tomorrow"),
            ("recurrence_from", "start"),
            ("from", "now"),
            ("count", "51"),
        ];
        assert_eq!(wrong(&all), all.map(|(name, _)| name));
        assert_eq!(wrong(&[("pattern", "daily"), ("count", "0")]), ["count"]);
        let before_time = [("pattern", "daily"), ("start", "1969-12-31T23:59:59Z")];
        assert_eq!(wrong(&before_time), ["start"]);
    }

    fn dates(pairs: &[(&str, &str)]) -> Vec<String> {
        let dates = parse(pairs)
            .expect("good parameters")
            .dates(Tz::Europe__Berlin);
        dates.iter().map(DateTime::to_rfc3339).collect()
    }

    #[test]
    fn dates_before_from_are_passed_over() {
        let start = ("start", "2026-06-03T08:00:00Z");
        let from = ("from", "2027-01-01T07:00:00Z");
        let daily = [("pattern", "daily"), start, from, ("count", "2")];
        let days = ["2027-01-01T09:00:00+00:00", "2027-01-02T09:00:00+00:00"];
        assert_eq!(dates(&daily), days);
        let completion = [daily.as_slice(), &[("recurrence_from", "completion")]].concat();
        assert_eq!(dates(&completion), days);
        // On the very moment, and what a `COUNT` leaves.
        let exact = [
            ("pattern", "daily"),
            start,
            ("from", "2026-06-04T08:00:00Z"),
            ("count", "1"),
        ];
        assert_eq!(dates(&exact), ["2026-06-04T08:00:00+00:00"]);
        let counted = [
            ("pattern", "FREQ=DAILY;COUNT=4"),
            start,
            ("from", "2026-06-05T00:00:00Z"),
        ];
        let left = ["2026-06-05T08:00:00+00:00", "2026-06-06T08:00:00+00:00"];
        assert_eq!(dates(&counted), left);
        let over = [("pattern", "FREQ=DAILY;COUNT=4"), start, from];
        assert!(dates(&over).is_empty());
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
                ("count", "50"),
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
