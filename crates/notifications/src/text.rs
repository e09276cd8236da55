//! The sentence of a notification, in the person's time zone.

use chrono::{DateTime, Datelike, Utc};
use chrono_tz::Tz;

/// When the task is due, or was, as seen at `now`.
pub fn body(
    remind_at: DateTime<Utc>,
    due_at: Option<DateTime<Utc>>,
    late: bool,
    zone: Tz,
    now: DateTime<Utc>,
) -> String {
    match due_at {
        Some(due) if due.timestamp() / 60 == now.timestamp() / 60 => "Due now.".to_owned(),
        Some(due) if due > now => format!("Due {}.", moment(due, zone, now)),
        Some(due) => format!("Was due {}.", moment(due, zone, now)),
        None if late => format!(
            "You wanted to be reminded {}.",
            moment(remind_at, zone, now)
        ),
        None => "You wanted to be reminded now.".to_owned(),
    }
}

/// `today at 17:00`, `on Friday at 09:00`, `on 5 March at 09:00`.
fn moment(at: DateTime<Utc>, zone: Tz, now: DateTime<Utc>) -> String {
    let (local, here) = (at.with_timezone(&zone), now.with_timezone(&zone));
    let days = local
        .date_naive()
        .signed_duration_since(here.date_naive())
        .num_days();
    let day = match days {
        0 => "today".to_owned(),
        1 => "tomorrow".to_owned(),
        -1 => "yesterday".to_owned(),
        2..=6 => local.format("on %A").to_string(),
        _ if local.year() == here.year() => local.format("on %-d %B").to_string(),
        _ => local.format("on %-d %B %Y").to_string(),
    };
    format!("{day} at {}", local.format("%H:%M"))
}
