//! What sentences to a list of things to do mean, at one moment and over DST changes.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use language::dates::{Bound, DateSpan, Meaning, Mention, find};

/// The mentions in one line each: `words = meaning; due time grain`.
fn read(text: &str, now: &str, zone: Tz) -> Vec<String> {
    let now: DateTime<Utc> = now.parse().expect("an RFC 3339 time");
    find(text, now.with_timezone(&zone))
        .iter()
        .map(|mention| format!("{} = {}", &text[mention.range.clone()], line(mention)))
        .collect()
}

fn span(span: &DateSpan) -> String {
    let end = span.end.map_or(String::new(), |end| {
        format!("..{}", end.format("%Y-%m-%dT%H:%M"))
    });
    format!(
        "{}{end} {:?}",
        span.start.format("%Y-%m-%dT%H:%M"),
        span.grain
    )
}

fn line(mention: &Mention) -> String {
    let meaning = match &mention.meaning {
        Meaning::Time { span: time, .. } => span(time),
        Meaning::Duration { seconds, before } => {
            format!("{seconds} s{}", if *before { " before" } else { "" })
        }
        Meaning::Repeat {
            pattern,
            first,
            from,
        } => {
            let counted = from.map_or(String::new(), |from| format!(" counted from {from}"));
            format!("{pattern} from {}{counted}", span(first))
        }
    };
    let bound = match mention.bound {
        Bound::At => String::new(),
        bound => format!(" {bound:?}"),
    };
    let due = mention.due.map_or(String::new(), |due| {
        format!("; due {} {:?}", due.at.format("%Y-%m-%dT%H:%M"), due.grain)
    });
    format!("{meaning}{bound}{due}")
}

fn check(table: &str, now: &str, zone: Tz) {
    let mut wrong = String::new();
    let mut rows = 0;
    let mut lines = table.lines().peekable();
    while let Some(text) = lines.next() {
        let mut expected = Vec::new();
        while let Some(line) = lines.next_if(|line| line.starts_with("  ")) {
            expected.push(line.trim().to_owned());
        }
        let found = read(text, now, zone);
        if found != expected {
            wrong += &format!("{text}\n  expected {expected:?}\n  found    {found:?}\n");
        }
        rows += 1;
    }
    assert!(rows > 0, "an empty table");
    assert!(wrong.is_empty(), "{wrong}");
}

/// Wednesday afternoon.
const NOW: &str = "2026-03-04T15:20:00Z";

#[test]
fn sentences() {
    check(include_str!("dates_table.txt"), NOW, Tz::UTC);
}

/// The due times, or first occurrences, in local time.
fn due(text: &str, now: &str, zone: Tz) -> Vec<String> {
    let now: DateTime<Utc> = now.parse().expect("an RFC 3339 time");
    find(text, now.with_timezone(&zone))
        .iter()
        .filter_map(|mention| mention.due)
        .map(|due| due.at.format("%Y-%m-%dT%H:%M").to_string())
        .collect()
}

#[test]
fn daylight_saving() {
    let berlin = Tz::Europe__Berlin;
    let new_york = Tz::America__New_York;
    let table = [
        // Berlin goes from 02:00 to 03:00 on 2026-03-29.
        (
            "tomorrow at 2:30am",
            "2026-03-28T12:00:00Z",
            berlin,
            "2026-03-29T03:30",
        ),
        (
            "tomorrow at 3am",
            "2026-03-28T12:00:00Z",
            berlin,
            "2026-03-29T03:00",
        ),
        (
            "in 24 hours",
            "2026-03-28T12:00:00Z",
            berlin,
            "2026-03-29T14:00",
        ),
        (
            "in 1 day",
            "2026-03-28T12:00:00Z",
            berlin,
            "2026-03-29T13:00",
        ),
        (
            "in 2 hours",
            "2026-03-29T00:30:00Z",
            berlin,
            "2026-03-29T04:30",
        ),
        (
            "every day at 2:30am",
            "2026-03-28T12:00:00Z",
            berlin,
            "2026-03-29T03:30",
        ),
        // ... and from 03:00 back to 02:00 on 2026-10-25.
        (
            "in 2 hours",
            "2026-10-25T00:30:00Z",
            berlin,
            "2026-10-25T03:30",
        ),
        (
            "in 1 hour",
            "2026-10-25T00:30:00Z",
            berlin,
            "2026-10-25T02:30",
        ),
        (
            "in 24 hours",
            "2026-10-24T12:00:00Z",
            berlin,
            "2026-10-25T13:00",
        ),
        (
            "in 1 day",
            "2026-10-24T12:00:00Z",
            berlin,
            "2026-10-25T14:00",
        ),
        (
            "tomorrow at 2:30am",
            "2026-10-24T12:00:00Z",
            berlin,
            "2026-10-25T02:30",
        ),
        // New York goes from 02:00 to 03:00 on 2026-03-08.
        (
            "sunday 2:30am",
            "2026-03-07T17:00:00Z",
            new_york,
            "2026-03-08T03:30",
        ),
        (
            "in 12 hours",
            "2026-03-08T05:00:00Z",
            new_york,
            "2026-03-08T13:00",
        ),
        (
            "tomorrow at noon",
            "2026-03-07T17:00:00Z",
            new_york,
            "2026-03-08T12:00",
        ),
        // ... and from 02:00 back to 01:00 on 2026-11-01.
        (
            "in 3 hours",
            "2026-11-01T04:30:00Z",
            new_york,
            "2026-11-01T02:30",
        ),
        (
            "in 1 hour",
            "2026-11-01T05:30:00Z",
            new_york,
            "2026-11-01T01:30",
        ),
        // Said in the second of the two hours: the first is over.
        (
            "at 1:45am",
            "2026-11-01T06:30:00Z",
            new_york,
            "2026-11-02T01:45",
        ),
        (
            "at 1:45am",
            "2026-11-01T05:30:00Z",
            new_york,
            "2026-11-01T01:45",
        ),
        // The day there, not in Greenwich.
        (
            "tomorrow",
            "2026-03-05T03:00:00Z",
            new_york,
            "2026-03-05T00:00",
        ),
        (
            "tonight",
            "2026-03-05T03:00:00Z",
            new_york,
            "2026-03-04T23:00",
        ),
        (
            "at 9am GMT",
            "2026-03-05T03:00:00Z",
            new_york,
            "2026-03-05T04:00",
        ),
        (
            "2026-07-01T10:00:00Z",
            "2026-03-05T03:00:00Z",
            new_york,
            "2026-07-01T06:00",
        ),
        (
            "2026-07-01T10:00:00+02:00",
            "2026-03-05T03:00:00Z",
            berlin,
            "2026-07-01T10:00",
        ),
        (
            "friday 9am",
            "2026-12-31T23:30:00Z",
            Tz::Pacific__Auckland,
            "2027-01-08T09:00",
        ),
    ];
    for (text, now, zone, expected) in table {
        assert_eq!(
            due(text, now, zone),
            [expected],
            "{text} at {now} in {zone}"
        );
    }
}

#[test]
fn hours_said_without_am_or_pm() {
    let table = [
        ("at 5", "09:00", "2026-03-04T17:00"),
        ("at 5", "16:59", "2026-03-04T17:00"),
        ("at 5", "17:00", "2026-03-05T17:00"),
        ("at 5", "04:30", "2026-03-04T05:00"),
        ("at 8", "07:00", "2026-03-04T08:00"),
        ("at 8", "08:00", "2026-03-04T20:00"),
        ("at 8", "21:00", "2026-03-05T08:00"),
        ("at 12", "09:00", "2026-03-04T12:00"),
        ("at 12", "13:00", "2026-03-05T12:00"),
        ("today at 9", "10:00", "2026-03-04T21:00"),
        ("tomorrow at 9", "10:00", "2026-03-05T09:00"),
        ("tomorrow at 6", "10:00", "2026-03-05T18:00"),
        ("tomorrow morning at 6", "10:00", "2026-03-05T06:00"),
        ("tonight at 12", "10:00", "2026-03-05T00:00"),
        ("at 07:00", "10:00", "2026-03-05T07:00"),
        ("at 19:00", "10:00", "2026-03-04T19:00"),
        ("this morning", "10:20", "2026-03-04T11:00"),
        ("tonight", "22:10", "2026-03-04T23:00"),
    ];
    for (text, time, expected) in table {
        let now = format!("2026-03-04T{time}:00Z");
        assert_eq!(due(text, &now, Tz::UTC), [expected], "{text} at {time}");
    }
}

#[test]
fn weekdays_and_days_of_the_month() {
    // A Tuesday; a Sunday that ends a month.
    let tuesday = "2026-03-03T10:00:00Z";
    let last_sunday = "2026-05-31T10:00:00Z";
    let table = [
        ("tuesday", tuesday, "2026-03-10"),
        ("tuesday at 5pm", tuesday, "2026-03-10"),
        ("today", tuesday, "2026-03-03"),
        ("monday", tuesday, "2026-03-09"),
        ("wednesday", tuesday, "2026-03-04"),
        ("on the 3rd", tuesday, "2026-03-03"),
        ("on the 2nd", tuesday, "2026-04-02"),
        ("every tuesday", tuesday, "2026-03-03"),
        ("every tuesday at 9am", tuesday, "2026-03-10"),
        ("on the 30th", last_sunday, "2026-06-30"),
        ("on the 31st", "2026-06-01T10:00:00Z", "2026-07-31"),
        ("end of month", last_sunday, "2026-05-31"),
        ("next month", "2026-01-31T10:00:00Z", "2026-02-01"),
        ("in a month", "2026-01-31T10:00:00Z", "2026-02-28"),
        ("this weekend", last_sunday, "2026-05-31"),
        ("next weekend", tuesday, "2026-03-14"),
        ("feb 29", tuesday, "2028-02-29"),
        ("friday the 13th", tuesday, "2026-03-13"),
    ];
    for (text, now, expected) in table {
        let found = due(text, now, Tz::UTC);
        let days: Vec<&str> = found.iter().map(|at| &at[..10]).collect();
        assert_eq!(days, [expected], "{text} at {now}");
    }
}
