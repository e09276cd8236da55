//! Times of a phrase taken together: "at 5 … tomorrow" is one moment.

use std::ops::Range;

use chrono::NaiveDateTime;

use crate::dates::{Grain, Meaning};
use crate::pattern::time_phrase;
use crate::text::{Message, TimeAt};
use crate::{Due, ReminderAt};

/// When: the times of a phrase taken together, "at 5 … tomorrow".
#[derive(Debug, Clone, Copy)]
pub(crate) struct When {
    pub(crate) due: Due,
    /// Only a time of day was said.
    pub(crate) time_only: bool,
}

/// Takes times together: a date and a time of day make one moment, else the first counts.
pub(crate) fn combine<'t>(times: impl Iterator<Item = &'t TimeAt>) -> Option<When> {
    let mut when: Option<When> = None;
    for time in times {
        let (Meaning::Time { time_only, .. }, Some(due)) = (&time.meaning, time.due) else {
            continue;
        };
        when = Some(match when {
            None => When {
                due,
                time_only: *time_only,
            },
            Some(said) if said.time_only && !time_only && due.grain >= Grain::Day => When {
                due: at_time_of(due.at, said.due),
                time_only: false,
            },
            Some(said) if !said.time_only && *time_only && said.due.grain >= Grain::Day => When {
                due: at_time_of(said.due.at, due),
                time_only: false,
            },
            Some(said) => said,
        });
    }
    when
}

pub(crate) fn at_time_of(day: NaiveDateTime, time: Due) -> Due {
    Due {
        at: day.date().and_time(time.at.time()),
        grain: time.grain,
    }
}

/// When the tokens of a `<w>` slot say.
pub(crate) fn read(message: &Message<'_>, range: Range<usize>) -> Option<When> {
    combine(message.times_in(range))
}

/// The reminder that a time says: so long before, or then.
pub(crate) fn reminder_at(time: &TimeAt) -> Option<ReminderAt> {
    match time.meaning {
        Meaning::Duration { seconds, .. } => Some(ReminderAt::Before {
            seconds: u32::try_from(seconds).ok()?,
        }),
        Meaning::Time { .. } => time.due.map(ReminderAt::At),
        Meaning::Repeat { .. } => None,
    }
}

/// The moment that a `<w>` slot says, as a reminder.
pub(crate) fn reminder_when(message: &Message<'_>, range: Range<usize>) -> Option<ReminderAt> {
    read(message, range).map(|w| ReminderAt::At(w.due))
}

/// Where a run of times that starts at `at` ends, at most at `end`.
pub(crate) fn times_end(message: &Message<'_>, at: usize, end: usize) -> Option<usize> {
    time_phrase(message, at).filter(|e| *e <= end)
}
