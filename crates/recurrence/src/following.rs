//! The instance of a recurring task that follows a finished one.

use chrono::{DateTime, Datelike, NaiveDateTime, Timelike, Utc};
use chrono_tz::Tz;

use crate::expand;
use crate::rule::{Frequency, Rule};
use crate::{Recurrence, to_utc};

/// The next instance of a recurring task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Following {
    /// When it is due.
    pub due: DateTime<Utc>,
    /// What it repeats by: the same, less the occurrences of `COUNT` that are over.
    pub pattern: Recurrence,
}

impl Recurrence {
    /// The instance after the one due at `due`, on the first date of the rule that is later than `due`
    /// and `after`. Dates passed over count as over for `COUNT`. `None` when the series has ended.
    ///
    /// What the rule takes from its first date is made explicit where the new date would lose it: the
    /// 31st after a `monthly` in February, 02:30 after the night that had none.
    #[must_use]
    pub fn following_due(
        &self,
        due: DateTime<Utc>,
        after: DateTime<Utc>,
        tz: Tz,
    ) -> Option<Following> {
        let anchor = due.with_timezone(&tz).naive_local();
        let (local, next) = self.following(anchor, due, due.max(after), tz)?;
        let lasting = match &self {
            Self::Keyword(keyword) if anchor.day() > 28 => {
                let rule = Rule::for_keyword(*keyword, anchor.date());
                let has_lost = !rule.positions.is_empty() && local.day() != anchor.day();
                has_lost.then(|| Self::Rule(Box::new(rule)))
            }
            _ => None,
        };
        let pattern = match lasting {
            Some(pattern) => pattern,
            None => next.pattern,
        };
        let shown = next.due.with_timezone(&tz).naive_local();
        let pattern = if shown == local {
            pattern
        } else {
            pattern.at_time_of(local)
        };
        Some(Following { pattern, ..next })
    }

    /// The instance that counts from the completion of the one before. It keeps the time of day of
    /// `due`, unless the rule names hours itself or repeats by the hour.
    #[must_use]
    pub fn following_completion(
        &self,
        due: Option<DateTime<Utc>>,
        completed: DateTime<Utc>,
        tz: Tz,
    ) -> Option<Following> {
        let completed_local = completed.with_timezone(&tz).naive_local();
        let to_the_minute = completed_local.with_second(0)?.with_nanosecond(0)?;
        let rule = self.rule(to_the_minute);
        let has_own_time = rule.frequency == Frequency::Hourly || !rule.hours.is_empty();
        let anchor = match due {
            Some(due) if !has_own_time => completed_local
                .date()
                .and_time(due.with_timezone(&tz).time()),
            _ => to_the_minute,
        };
        let start = to_utc(anchor, tz);
        self.following(anchor, start, start.max(completed), tz)
            .map(|(_, following)| following)
    }

    /// The first occurrence later than `after`, of those from `anchor` (which is `start`) on, in local
    /// time too.
    fn following(
        &self,
        anchor: NaiveDateTime,
        start: DateTime<Utc>,
        after: DateTime<Utc>,
        tz: Tz,
    ) -> Option<(NaiveDateTime, Following)> {
        let rule = self.rule(anchor);
        let anchor = expand::skip_ahead(&rule, anchor, after);
        let (passed, (local, due)) = expand::local_occurrences(&rule, anchor, tz)
            .filter(|(_, at)| *at > start)
            .enumerate()
            .find(|(_, (_, at))| *at > after)?;
        let pattern = match (self, rule.count) {
            (Self::Rule(_), Some(count)) => {
                let over = u32::try_from(passed).ok()?.checked_add(1)?;
                let left = count.checked_sub(over).filter(|left| *left > 0)?;
                Self::Rule(Box::new(Rule {
                    count: Some(left),
                    ..rule
                }))
            }
            _ => self.clone(),
        };
        Some((local, Following { due, pattern }))
    }

    /// The pattern with its time of day written out.
    fn at_time_of(self, local: NaiveDateTime) -> Self {
        let rule = self.rule(local);
        let takes_time_from_anchor =
            rule.frequency != Frequency::Hourly && rule.hours.is_empty() && rule.minutes.is_empty();
        let (Ok(hour), Ok(minute), true) = (
            u8::try_from(local.hour()),
            u8::try_from(local.minute()),
            takes_time_from_anchor,
        ) else {
            return self;
        };
        Self::Rule(Box::new(Rule {
            hours: vec![hour],
            minutes: vec![minute],
            ..rule
        }))
    }
}
