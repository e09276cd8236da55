//! When a task reminds: so long before it is due, or at a moment.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

const MINUTE: u32 = 60;
const HOUR: u32 = 60 * MINUTE;
const DAY: u32 = 24 * HOUR;
const WEEK: u32 = 7 * DAY;
const YEAR: u32 = 366 * DAY;

/// When to remind. In JSON an ISO 8601 duration before the due date (`PT1H`, `P1D`) or an RFC 3339
/// date-time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reminder {
    /// Before the due date; a day is 24 hours, a week seven days.
    Before {
        /// At most 366 days.
        seconds: u32,
    },
    /// At this moment, whatever the due date is.
    At(DateTime<Utc>),
}

impl Reminder {
    /// So many seconds before the task is due: at most 366 days of them.
    pub fn before(seconds: u32) -> Result<Self, String> {
        if seconds > YEAR {
            return Err("a reminder may be at most 366 days before the due date".into());
        }
        Ok(Self::Before { seconds })
    }
}

impl fmt::Display for Reminder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::At(at) => f.write_str(&at.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
            Self::Before { seconds } => {
                let (days, rest) = (seconds / DAY, seconds % DAY);
                let (hours, minutes, seconds) = (rest / HOUR, rest % HOUR / MINUTE, rest % MINUTE);
                f.write_str("P")?;
                if days > 0 {
                    write!(f, "{days}D")?;
                }
                if rest > 0 || days == 0 {
                    f.write_str("T")?;
                }
                if hours > 0 {
                    write!(f, "{hours}H")?;
                }
                if minutes > 0 {
                    write!(f, "{minutes}M")?;
                }
                if seconds > 0 || (days == 0 && rest == 0) {
                    write!(f, "{seconds}S")?;
                }
                Ok(())
            }
        }
    }
}

impl FromStr for Reminder {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.starts_with('P') {
            return parse_duration(text)
                .ok_or_else(|| {
                    "must be an ISO 8601 duration of weeks, days, hours, minutes and seconds".into()
                })
                .and_then(Self::before);
        }
        DateTime::parse_from_rfc3339(text)
            .map(|at| Self::At(at.with_timezone(&Utc)))
            .map_err(|_| {
                "must be an ISO 8601 duration such as PT1H or an RFC 3339 date-time".into()
            })
    }
}

/// ISO 8601 duration without years and months, which have no fixed length.
fn parse_duration(text: &str) -> Option<u32> {
    let (mut total, mut digits, mut in_time, mut parts) = (0_u32, String::new(), false, 0);
    let mut units: &[(char, u32)] = &[('W', WEEK), ('D', DAY)];
    for c in text.strip_prefix('P')?.chars() {
        if c == 'T' && !in_time && digits.is_empty() {
            (in_time, units) = (true, &[('H', HOUR), ('M', MINUTE), ('S', 1)]);
        } else if c.is_ascii_digit() {
            digits.push(c);
        } else {
            let at = units.iter().position(|(unit, _)| *unit == c)?;
            let count: u32 = digits.parse().ok()?;
            total = total.checked_add(count.checked_mul(units[at].1)?)?;
            units = &units[at + 1..];
            digits.clear();
            parts += 1;
        }
    }
    (parts > 0 && digits.is_empty() && !text.ends_with('T')).then_some(total)
}

impl Serialize for Reminder {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Reminder {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        std::borrow::Cow::<str>::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}
