//! The person's numbers.

use api::ApiError;
use axum::Json as JsonResponse;
use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use chrono_tz::Tz;
use serde::Serialize;
use storage::Storage;
use task_model::{Priority, Stats, Status};
use utoipa::ToSchema;

use crate::database::refusal;
use crate::extract::{Db, Profile};

/// Days that completions are counted for, today included.
const DAYS: u64 = 30;

/// Numbers over all tasks. Days are days in the person's time zone.
#[derive(Serialize, ToSchema)]
pub struct StatsAnswer {
    /// All tasks.
    total: u64,
    by_status: ByStatus,
    by_priority: ByPriority,
    /// Open and due before now.
    overdue: u64,
    /// Open and due today.
    due_today: u64,
    /// Completed on each of the last 30 days that has any, oldest first.
    completed_per_day: Vec<CompletedOn>,
}

/// Tasks in each status.
#[derive(Default, Serialize, ToSchema)]
pub struct ByStatus {
    pending: u64,
    in_progress: u64,
    completed: u64,
    cancelled: u64,
}

/// Open tasks in each priority.
#[derive(Default, Serialize, ToSchema)]
pub struct ByPriority {
    low: u64,
    medium: u64,
    high: u64,
    urgent: u64,
}

/// A day and how many tasks were completed on it.
#[derive(Serialize, ToSchema)]
pub struct CompletedOn {
    date: NaiveDate,
    count: u64,
}

impl From<Stats> for StatsAnswer {
    fn from(stats: Stats) -> Self {
        let mut by_status = ByStatus::default();
        for (status, count) in stats.by_status {
            *match status {
                Status::Pending => &mut by_status.pending,
                Status::InProgress => &mut by_status.in_progress,
                Status::Completed => &mut by_status.completed,
                Status::Cancelled => &mut by_status.cancelled,
            } = count;
        }
        let mut by_priority = ByPriority::default();
        for (priority, count) in stats.by_priority {
            *match priority {
                Priority::Low => &mut by_priority.low,
                Priority::Medium => &mut by_priority.medium,
                Priority::High => &mut by_priority.high,
                Priority::Urgent => &mut by_priority.urgent,
            } = count;
        }
        let completed_on = |(date, count)| CompletedOn { date, count };
        Self {
            total: stats.total,
            by_status,
            by_priority,
            overdue: stats.overdue,
            due_today: stats.due_today,
            completed_per_day: stats
                .completed_per_day
                .into_iter()
                .map(completed_on)
                .collect(),
        }
    }
}

/// Counts tasks.
#[utoipa::path(
    get,
    path = "/api/stats",
    tag = "tasks",
    responses((status = 200, description = "The numbers", body = StatsAnswer)),
)]
pub async fn stats(
    Db(storage): Db,
    Profile(user): Profile,
) -> Result<JsonResponse<StatsAnswer>, ApiError> {
    // Stored zones were checked; one that a later time zone database dropped counts as UTC.
    let zone = user.timezone.parse().unwrap_or(Tz::UTC);
    let now = Utc::now();
    let stats = storage
        .stats(user.id, &last_days(now, zone), now)
        .await
        .map_err(refusal)?;
    Ok(JsonResponse(stats.into()))
}

/// The last days in a time zone with their starts and ends, oldest first; the last one is today.
fn last_days(now: DateTime<Utc>, zone: Tz) -> Vec<(NaiveDate, DateTime<Utc>, DateTime<Utc>)> {
    let today = now.with_timezone(&zone).date_naive();
    let start_of = |date: NaiveDate| recurrence::to_utc(date.and_time(NaiveTime::MIN), zone);
    (0..DAYS)
        .rev()
        .filter_map(|back| {
            let date = today.checked_sub_days(Days::new(back))?;
            let next = date.checked_add_days(Days::new(1))?;
            Some((date, start_of(date), start_of(next)))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_follow_each_other_through_a_change_of_clocks() {
        let now = "2026-04-05T10:00:00Z".parse().unwrap();
        let days = last_days(now, Tz::Europe__Berlin);
        assert_eq!(days.len(), 30);
        assert!(days.windows(2).all(|pair| pair[0].2 == pair[1].1));
        let hours = |day: &(NaiveDate, DateTime<Utc>, DateTime<Utc>)| (day.2 - day.1).num_hours();
        let short: Vec<_> = days.iter().filter(|day| hours(day) == 23).collect();
        assert_eq!(short.len(), 1);
        assert_eq!(short[0].0.to_string(), "2026-03-29");
        assert_eq!(days[29].0.to_string(), "2026-04-05");
    }
}
