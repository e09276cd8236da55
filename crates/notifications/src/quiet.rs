//! Quiet hours, by the clocks of the person's time zone.

use chrono::{DateTime, Days, NaiveDateTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use task_model::QuietHours;

/// When the quiet hours end that `now` lies in; none if it lies in none.
///
/// Where DST repeats an hour, they begin with its first pass and end with its second; where DST skips their
/// start or end, the first moment after counts. Equal times are a whole day.
pub fn quiet_until(now: DateTime<Utc>, zone: Tz, hours: QuietHours) -> Option<DateTime<Utc>> {
    let today = now.with_timezone(&zone).date_naive();
    let over_midnight = u64::from(hours.end <= hours.start);
    [today.checked_sub_days(Days::new(1))?, today]
        .into_iter()
        .filter_map(|day| {
            let end = day.checked_add_days(Days::new(over_midnight))?;
            Some((
                instants(day.and_time(hours.start), zone)?.0,
                instants(end.and_time(hours.end), zone)?.1,
            ))
        })
        .filter(|(start, end)| *start <= now && now < *end)
        .map(|(_, end)| end)
        .max()
}

/// The first and the last instant at which clocks show `local`; twice the first one after it where they skip it.
fn instants(local: NaiveDateTime, zone: Tz) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    // The longest skip there was is a day: Samoa left out 30 December 2011.
    const STEP: TimeDelta = TimeDelta::minutes(15);
    const STEPS: i32 = 24 * 4 + 1;
    (0..STEPS)
        .filter_map(|step| local.checked_add_signed(STEP * step))
        .find_map(|shown| {
            let found = zone.from_local_datetime(&shown);
            Some((found.earliest()?.to_utc(), found.latest()?.to_utc()))
        })
}
