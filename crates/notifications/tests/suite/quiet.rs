//! Quiet hours by the clock, and the sentences of notifications.

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
use events::ReminderEvent;
use notifications::quiet_until;
use proptest::prelude::*;
use task_model::QuietHours;

use super::common::{ME, World, triggered};

fn hours(text: &str) -> QuietHours {
    let (start, end) = text.split_once('-').unwrap();
    let time = |text| NaiveTime::parse_from_str(text, "%H:%M").unwrap();
    QuietHours {
        start: time(start),
        end: time(end),
    }
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

#[test]
fn quiet_hours_end_by_the_persons_clock() {
    const LOUD: &str = "";
    for (zone, quiet, now, until) in [
        // Over midnight, before and after it, to the second.
        ("Europe/Zurich", "22:00-07:00", "2026-03-02T20:59:59Z", LOUD),
        (
            "Europe/Zurich",
            "22:00-07:00",
            "2026-03-02T21:00:00Z",
            "2026-03-03T06:00:00Z",
        ),
        (
            "Europe/Zurich",
            "22:00-07:00",
            "2026-03-02T23:30:00Z",
            "2026-03-03T06:00:00Z",
        ),
        (
            "Europe/Zurich",
            "22:00-07:00",
            "2026-03-03T05:59:59Z",
            "2026-03-03T06:00:00Z",
        ),
        ("Europe/Zurich", "22:00-07:00", "2026-03-03T06:00:00Z", LOUD),
        // Within a day.
        (
            "UTC",
            "12:00-14:00",
            "2026-03-02T12:00:00Z",
            "2026-03-02T14:00:00Z",
        ),
        ("UTC", "12:00-14:00", "2026-03-02T14:00:00Z", LOUD),
        // Up to midnight, and from it.
        (
            "UTC",
            "20:00-00:00",
            "2026-03-02T23:59:59Z",
            "2026-03-03T00:00:00Z",
        ),
        ("UTC", "20:00-00:00", "2026-03-03T00:00:00Z", LOUD),
        (
            "UTC",
            "00:00-06:00",
            "2026-03-03T00:00:00Z",
            "2026-03-03T06:00:00Z",
        ),
        // The same time twice: the whole day.
        (
            "UTC",
            "08:00-08:00",
            "2026-03-03T07:00:00Z",
            "2026-03-03T08:00:00Z",
        ),
        (
            "UTC",
            "08:00-08:00",
            "2026-03-03T08:00:00Z",
            "2026-03-04T08:00:00Z",
        ),
        // The night of the spring change is an hour shorter, of the autumn change an hour longer.
        (
            "Europe/Zurich",
            "22:00-07:00",
            "2026-03-28T22:00:00Z",
            "2026-03-29T05:00:00Z",
        ),
        (
            "Europe/Zurich",
            "22:00-07:00",
            "2026-10-24T22:00:00Z",
            "2026-10-25T06:00:00Z",
        ),
        // 02:30 is skipped: 03:00 comes in its place, as start and as end.
        (
            "Europe/Zurich",
            "22:00-02:30",
            "2026-03-29T00:59:59Z",
            "2026-03-29T01:00:00Z",
        ),
        ("Europe/Zurich", "02:30-05:00", "2026-03-29T00:59:59Z", LOUD),
        (
            "Europe/Zurich",
            "02:30-05:00",
            "2026-03-29T01:00:00Z",
            "2026-03-29T03:00:00Z",
        ),
        // 02:30 comes twice: quiet from the first, until the second.
        (
            "Europe/Zurich",
            "22:00-02:30",
            "2026-10-25T00:45:00Z",
            "2026-10-25T01:30:00Z",
        ),
        (
            "Europe/Zurich",
            "02:30-05:00",
            "2026-10-25T00:30:00Z",
            "2026-10-25T04:00:00Z",
        ),
        // Far from Greenwich, and a change at midnight itself.
        (
            "Pacific/Kiritimati",
            "22:00-07:00",
            "2026-03-02T08:00:00Z",
            "2026-03-02T17:00:00Z",
        ),
        (
            "America/Santiago",
            "23:00-00:30",
            "2026-09-06T03:30:00Z",
            "2026-09-06T04:00:00Z",
        ),
    ] {
        let zone: Tz = zone.parse().unwrap();
        let expected = (until != LOUD).then(|| at(until));
        assert_eq!(
            quiet_until(at(now), zone, hours(quiet)),
            expected,
            "{zone} {quiet} {now}"
        );
    }
}

proptest! {
    #[test]
    fn it_is_quiet_whenever_the_clock_shows_quiet_hours(
        seconds in 1_700_000_000_i64..1_900_000_000,
        zone in prop::sample::select(vec![
            "UTC", "Europe/Zurich", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu",
            "America/Santiago", "Africa/Casablanca", "Pacific/Apia",
        ]),
        start in 0..96_u32,
        end in 0..96_u32,
    ) {
        let zone: Tz = zone.parse().unwrap();
        let time = |quarter: u32| NaiveTime::from_hms_opt(quarter / 4, quarter % 4 * 15, 0).unwrap();
        let hours = QuietHours { start: time(start), end: time(end) };
        let now = DateTime::from_timestamp(seconds, 0).unwrap();
        let shown = now.with_timezone(&zone).time();
        let shows_quiet = if hours.start < hours.end {
            hours.start <= shown && shown < hours.end
        } else {
            shown >= hours.start || shown < hours.end
        };
        let until = quiet_until(now, zone, hours);
        if shows_quiet {
            prop_assert!(until.is_some());
        }
        if let Some(until) = until {
            prop_assert!(until > now && until - now <= TimeDelta::hours(26), "{until}");
            prop_assert!(quiet_until(until - TimeDelta::seconds(1), zone, hours).is_some());
            if start != end {
                prop_assert_eq!(quiet_until(until, zone, hours), None);
            }
        }
    }
}

#[test]
fn the_sentence_says_when_in_the_persons_words() {
    // It is Monday, 2 March 2026, 11:00 in Zurich.
    for (due, late, expected) in [
        (Some("2026-03-02T16:00:00Z"), false, "Due today at 17:00."),
        (Some("2026-03-02T10:00:30Z"), false, "Due now."),
        (
            Some("2026-03-02T09:59:00Z"),
            true,
            "Was due today at 10:59.",
        ),
        (Some("2026-03-02T22:59:00Z"), false, "Due today at 23:59."),
        (
            Some("2026-03-02T23:00:00Z"),
            false,
            "Due tomorrow at 00:00.",
        ),
        (
            Some("2026-03-06T08:05:00Z"),
            false,
            "Due on Friday at 09:05.",
        ),
        (
            Some("2026-03-09T08:00:00Z"),
            false,
            "Due on 9 March at 09:00.",
        ),
        (
            Some("2027-01-01T08:00:00Z"),
            false,
            "Due on 1 January 2027 at 09:00.",
        ),
        (
            Some("2026-03-01T16:00:00Z"),
            true,
            "Was due yesterday at 17:00.",
        ),
        (
            Some("2026-02-10T16:00:00Z"),
            true,
            "Was due on 10 February at 17:00.",
        ),
        (
            Some("2026-03-30T16:00:00Z"),
            false,
            "Due on 30 March at 18:00.",
        ),
        (None, false, "You wanted to be reminded now."),
        (None, true, "You wanted to be reminded today at 11:00."),
    ] {
        let world = World::new();
        let mut event = triggered(&world, ME, 1);
        let mut payload: ReminderEvent = event.payload().unwrap();
        payload.due_at = due.map(at);
        payload.late = late;
        event.data = serde_json::to_string(&payload).unwrap();
        world.consume(&[event]);
        assert_eq!(world.inbox().notifications[0].body, expected, "{due:?}");
    }
}
