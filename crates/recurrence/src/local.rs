//! From wall-clock time to an instant.

use chrono::{DateTime, Days, NaiveDateTime, Offset, TimeZone, Utc};
use chrono_tz::Tz;

/// The instant at which clocks in `tz` show `local`.
///
/// Where a DST change repeats the hour, the first of the two; where it skips the hour, the time
/// reckoned with the offset before the change, so that 02:30 becomes 03:30 (RFC 5545 section
/// 3.3.5).
#[must_use]
pub fn to_utc(local: NaiveDateTime, tz: Tz) -> DateTime<Utc> {
    if let Some(at) = tz.from_local_datetime(&local).earliest() {
        return at.to_utc();
    }
    let day_before = local.checked_sub_days(Days::new(1)).unwrap_or(local);
    let offset = tz.offset_from_utc_datetime(&day_before).fix();
    local
        .checked_sub_offset(offset)
        .map_or(DateTime::<Utc>::MAX_UTC, |utc| utc.and_utc())
}
