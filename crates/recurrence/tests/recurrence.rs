//! Patterns against their occurrences, their texts and hostile input.

use std::time::{Duration, Instant};

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, Utc};
use chrono_tz::Tz;
use proptest::prelude::*;
use recurrence::{Recurrence, to_utc};

fn local(text: &str) -> NaiveDateTime {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M").expect(text)
}

fn parse(pattern: &str) -> Recurrence {
    Recurrence::parse(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}"))
}

/// The first occurrences, in local time.
fn first(pattern: &str, anchor: &str, tz: Tz, count: usize) -> Vec<String> {
    parse(pattern)
        .occurrences(local(anchor), tz)
        .take(count)
        .map(|at| {
            at.with_timezone(&tz)
                .format("%Y-%m-%dT%H:%M%:z")
                .to_string()
        })
        .collect()
}

#[test]
fn occurrences() {
    let table: &[(&str, &str, &[&str])] = &[
        ("daily", "2026-01-30T09:00", &["01-30", "01-31", "02-01"]),
        ("weekly", "2026-01-30T09:00", &["01-30", "02-06", "02-13"]),
        ("weekdays", "2026-01-30T09:00", &["01-30", "02-02", "02-03"]),
        ("monthly", "2026-01-15T09:00", &["01-15", "02-15", "03-15"]),
        (
            "monthly",
            "2026-01-31T09:00",
            &["01-31", "02-28", "03-31", "04-30"],
        ),
        ("yearly", "2026-02-10T09:00", &["02-10", "02-10"]),
        (
            "yearly",
            "2024-02-29T09:00",
            &["02-29", "02-28", "02-28", "02-28", "02-29"],
        ),
        (
            "FREQ=MONTHLY",
            "2026-01-31T09:00",
            &["01-31", "03-31", "05-31"],
        ),
        (
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU",
            "2026-01-06T09:00",
            &["01-06", "01-20", "02-03"],
        ),
        (
            "FREQ=MONTHLY;BYDAY=-1FR",
            "2026-01-01T09:00",
            &["01-30", "02-27", "03-27"],
        ),
        (
            "FREQ=MONTHLY;BYDAY=2MO,4MO",
            "2026-01-01T09:00",
            &["01-12", "01-26", "02-09"],
        ),
        (
            "FREQ=MONTHLY;BYMONTHDAY=1,-1",
            "2026-01-15T09:00",
            &["01-31", "02-01", "02-28"],
        ),
        (
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
            "2026-01-01T09:00",
            &["01-30", "02-27", "03-31"],
        ),
        (
            "FREQ=YEARLY;BYMONTH=3,9;BYMONTHDAY=1",
            "2026-01-01T09:00",
            &["03-01", "09-01", "03-01"],
        ),
        (
            "FREQ=DAILY;COUNT=2",
            "2026-01-01T09:00",
            &["01-01", "01-02"],
        ),
        (
            "FREQ=DAILY;UNTIL=20260102",
            "2026-01-01T09:00",
            &["01-01", "01-02"],
        ),
        ("FREQ=DAILY;UNTIL=20251231", "2026-01-01T09:00", &[]),
    ];
    for (pattern, anchor, expected) in table {
        let wanted = expected.len().max(1);
        let found: Vec<String> = first(
            pattern,
            anchor,
            Tz::UTC,
            if pattern.contains("COUNT") || pattern.contains("UNTIL") {
                10
            } else {
                wanted
            },
        )
        .iter()
        .map(|at| at[5..10].to_owned())
        .collect();
        assert_eq!(found, *expected, "{pattern} from {anchor}");
    }
}

#[test]
fn wall_clock_time_is_kept_over_dst() {
    assert_eq!(
        first("daily", "2026-03-27T02:30", Tz::Europe__Berlin, 4),
        [
            "2026-03-27T02:30+01:00",
            "2026-03-28T02:30+01:00",
            // Skipped that night.
            "2026-03-29T03:30+02:00",
            "2026-03-30T02:30+02:00",
        ]
    );
    assert_eq!(
        first("weekly", "2026-10-25T01:30", Tz::America__New_York, 3),
        [
            "2026-10-25T01:30-04:00",
            // Comes twice that night: the first.
            "2026-11-01T01:30-04:00",
            "2026-11-08T01:30-05:00",
        ]
    );
    let hourly = first("FREQ=HOURLY", "2026-03-08T01:00", Tz::America__New_York, 3);
    assert_eq!(hourly[0], "2026-03-08T01:00-05:00");
    assert_eq!(hourly[1], "2026-03-08T03:00-04:00");
    assert_eq!(hourly[2], "2026-03-08T04:00-04:00");
    // Samoa had no December 30th, 2011.
    assert_eq!(
        to_utc(local("2011-12-30T10:00"), Tz::Pacific__Apia)
            .with_timezone(&Tz::Pacific__Apia)
            .to_rfc3339(),
        "2011-12-31T10:00:00+14:00"
    );
}

#[test]
fn until_in_utc_counts_in_the_zone() {
    let days = first(
        "FREQ=DAILY;UNTIL=20260103T040000Z",
        "2026-01-01T23:00",
        Tz::America__New_York,
        9,
    );
    assert_eq!(days, ["2026-01-01T23:00-05:00", "2026-01-02T23:00-05:00"]);
}

#[test]
fn next_is_later_than_after() {
    let rule = parse("weekdays");
    let anchor = local("2020-01-01T09:00");
    let after: DateTime<Utc> = "2026-01-30T09:00:00Z".parse().expect("a time");
    let next = rule.next_after(anchor, after, Tz::UTC).expect("goes on");
    assert_eq!(next.to_rfc3339(), "2026-02-02T09:00:00+00:00");
}

#[test]
fn an_old_anchor_is_no_dearer_and_no_different() {
    for (pattern, expected) in [
        ("FREQ=HOURLY;INTERVAL=5", "2026-01-30T11:00:00+00:00"),
        ("FREQ=DAILY;INTERVAL=3", "2026-01-31T09:00:00+00:00"),
        (
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU",
            "2026-02-02T09:00:00+00:00",
        ),
    ] {
        let rule = parse(pattern);
        let after: DateTime<Utc> = "2026-01-30T09:00:00Z".parse().expect("a time");
        let anchor = local("1999-12-31T09:00");
        let next = rule.next_after(anchor, after, Tz::UTC).expect("goes on");
        assert_eq!(next.to_rfc3339(), expected, "{pattern}");
        if !pattern.contains("HOURLY") {
            let walked = rule.occurrences(anchor, Tz::UTC).find(|at| *at > after);
            assert_eq!(walked, Some(next), "{pattern}");
        }
    }
}

#[test]
fn canonical_text_and_english() {
    let table = [
        ("Daily", "daily", "every day"),
        (" WEEKDAYS ", "weekdays", "every weekday"),
        ("monthly", "monthly", "every month"),
        (
            "RRULE:FREQ=WEEKLY;BYDAY=TU;INTERVAL=2",
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU",
            "every other Tuesday",
        ),
        (
            "freq=monthly;byday=-1fr",
            "FREQ=MONTHLY;BYDAY=-1FR",
            "on the last Friday of each month",
        ),
        (
            "FREQ=WEEKLY;BYDAY=FR,MO,MO",
            "FREQ=WEEKLY;BYDAY=MO,FR",
            "every Monday and Friday",
        ),
        (
            "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
            "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
            "every weekday",
        ),
        (
            "FREQ=WEEKLY;INTERVAL=3;BYDAY=MO,FR",
            "FREQ=WEEKLY;INTERVAL=3;BYDAY=MO,FR",
            "every 3 weeks on Monday and Friday",
        ),
        (
            "FREQ=DAILY;INTERVAL=3",
            "FREQ=DAILY;INTERVAL=3",
            "every 3 days",
        ),
        (
            "FREQ=HOURLY;INTERVAL=2",
            "FREQ=HOURLY;INTERVAL=2",
            "every other hour",
        ),
        (
            "FREQ=MONTHLY;BYMONTHDAY=1",
            "FREQ=MONTHLY;BYMONTHDAY=1",
            "on the 1st of each month",
        ),
        (
            "FREQ=MONTHLY;BYMONTHDAY=-1",
            "FREQ=MONTHLY;BYMONTHDAY=-1",
            "on the last day of each month",
        ),
        (
            "FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=15",
            "FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=15",
            "on the 15th of every 3 months",
        ),
        (
            "FREQ=MONTHLY;BYDAY=1MO,3MO",
            "FREQ=MONTHLY;BYDAY=1MO,3MO",
            "on the 1st Monday and 3rd Monday of each month",
        ),
        (
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
            "on the last weekday of each month",
        ),
        (
            "FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1",
            "FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1",
            "on the 31st or else the last day of each month",
        ),
        (
            "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=28,29;BYSETPOS=-1",
            "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=28,29;BYSETPOS=-1",
            "every year on February 29th or the day before",
        ),
        (
            "FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=5",
            "FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=5",
            "every year on January 5th",
        ),
        (
            "FREQ=YEARLY;BYMONTH=11;BYDAY=4TH",
            "FREQ=YEARLY;BYMONTH=11;BYDAY=4TH",
            "on the 4th Thursday of each month in November",
        ),
        (
            "FREQ=DAILY;COUNT=5",
            "FREQ=DAILY;COUNT=5",
            "every day, 5 times",
        ),
        (
            "FREQ=WEEKLY;UNTIL=20261231T000000Z;WKST=SU",
            "FREQ=WEEKLY;UNTIL=20261231T000000Z;WKST=SU",
            "every week, until December 31, 2026",
        ),
        (
            "FREQ=DAILY;BYHOUR=9,17;BYMINUTE=30",
            "FREQ=DAILY;BYHOUR=9,17;BYMINUTE=30",
            "every day at 09:30 and 17:30",
        ),
    ];
    for (pattern, canonical, english) in table {
        let parsed = parse(pattern);
        assert_eq!(parsed.to_string(), canonical);
        assert_eq!(parsed.describe(), english, "{pattern}");
    }
}

#[test]
fn refusals_say_why() {
    let table = [
        ("", "neither daily"),
        ("sometimes", "neither daily"),
        ("FREQ=MINUTELY", "too often"),
        ("FREQ=SECONDLY", "too often"),
        ("FREQ=FORTNIGHTLY", "not a FREQ"),
        ("INTERVAL=2", "needs FREQ"),
        ("FREQ=DAILY;FREQ=DAILY", "twice"),
        ("FREQ=DAILY;INTERVAL=0", "from 1 to 1000"),
        ("FREQ=DAILY;INTERVAL=99999999999", "from 1 to 1000"),
        ("FREQ=DAILY;COUNT=0", "from 1"),
        ("FREQ=DAILY;COUNT=1;UNTIL=20260101", "exclude"),
        ("FREQ=DAILY;UNTIL=tomorrow", "UNTIL"),
        ("FREQ=DAILY;UNTIL=20261301", "UNTIL"),
        ("FREQ=DAILY;DTSTART=20260101", "DTSTART"),
        ("FREQ=DAILY;X=1", "not a part"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "BYMONTHDAY"),
        ("FREQ=MONTHLY;BYMONTHDAY=32", "BYMONTHDAY"),
        ("FREQ=WEEKLY;BYMONTHDAY=3", "does not go"),
        ("FREQ=WEEKLY;BYDAY=2MO", "counted"),
        ("FREQ=MONTHLY;BYDAY=6MO", "at most 5"),
        ("FREQ=MONTHLY;BYDAY=XX", "not a weekday"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "no year"),
        ("FREQ=MONTHLY;BYSETPOS=1", "needs another"),
        ("FREQ=HOURLY;BYMINUTE=0,30", "at most 24"),
        ("FREQ=DAILY;BYSECOND=1", "BYSECOND"),
    ];
    for (pattern, part) in table {
        let error = Recurrence::parse(pattern).expect_err(pattern).to_string();
        assert!(error.contains(part), "{pattern}: {error}");
    }
}

#[test]
fn rules_that_never_match_end_soon() {
    for pattern in [
        "FREQ=YEARLY;BYWEEKNO=53;BYMONTH=6",
        "FREQ=YEARLY;BYMONTH=1;BYYEARDAY=300",
        "FREQ=MONTHLY;BYMONTHDAY=1;BYSETPOS=31",
        "FREQ=DAILY;BYMONTH=6;BYMONTHDAY=5;BYDAY=MO;BYSETPOS=300",
        "FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=29;BYYEARDAY=1",
        "FREQ=WEEKLY;BYDAY=MO;BYSETPOS=5",
    ] {
        let started = Instant::now();
        let next = parse(pattern).next_after(local("2026-01-01T09:00"), Utc::now(), Tz::UTC);

        assert_eq!(next, None, "{pattern}");
        assert!(
            started.elapsed() < Duration::from_secs(5),
            "{pattern}: {:?}",
            started.elapsed()
        );
    }
}

fn any_rule() -> impl Strategy<Value = String> {
    let list = |name: &'static str, range: std::ops::RangeInclusive<i32>| {
        proptest::option::of(proptest::collection::vec(range, 1..3)).prop_map(move |values| {
            values.map_or(String::new(), |values| {
                let values: Vec<String> = values.iter().map(ToString::to_string).collect();
                format!(";{name}={}", values.join(","))
            })
        })
    };
    let days = proptest::option::of(proptest::collection::vec(
        "(-?[1-5])?(MO|TU|WE|TH|FR|SA|SU)",
        1..4,
    ))
    .prop_map(|days| days.map_or(String::new(), |days| format!(";BYDAY={}", days.join(","))));
    let freq = proptest::sample::select(vec!["YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY"]);
    let end = prop_oneof![
        3 => Just(String::new()),
        1 => (1..50).prop_map(|count| format!(";COUNT={count}")),
        1 => (2026..2030).prop_map(|year| format!(";UNTIL={year}0401T100000Z")),
    ];
    (
        freq,
        list("INTERVAL", 1..=9),
        end,
        list("BYMONTH", 1..=12),
        list("BYMONTHDAY", -31..=31),
        days,
        list("BYHOUR", 0..=23),
        list("BYSETPOS", -3..=3),
    )
        .prop_map(|(freq, interval, end, month, day, days, hour, pos)| {
            format!("FREQ={freq}{interval}{end}{month}{day}{days}{hour}{pos}")
        })
}

fn any_zone() -> impl Strategy<Value = Tz> {
    proptest::sample::select(vec![
        Tz::UTC,
        Tz::Europe__Berlin,
        Tz::America__New_York,
        Tz::Australia__Lord_Howe,
        Tz::Pacific__Apia,
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn arbitrary_text_never_panics(text in "\\PC{0,60}", rule in "(RRULE:)?(FREQ=(DAILY|YEARLY|WEEKLY);)?([A-Z]{2,10}=[-0-9A-Z,+]{0,12};?){0,4}") {
        for pattern in [text, rule] {
            if let Ok(parsed) = Recurrence::parse(&pattern) {
                prop_assert!(!parsed.describe().is_empty());
            }
        }
    }

    #[test]
    fn canonical_text_parses_to_itself(pattern in any_rule()) {
        if let Ok(parsed) = Recurrence::parse(&pattern) {
            let text = parsed.to_string();
            prop_assert_eq!(&Recurrence::parse(&text).expect("canonical"), &parsed);
            prop_assert!(!parsed.describe().is_empty());
        }
    }

    #[test]
    fn next_strictly_increases(pattern in any_rule(), day in 0u64..3000, minute in 0u32..1440, tz in any_zone()) {
        let Ok(parsed) = Recurrence::parse(&pattern) else { return Ok(()) };
        let anchor = NaiveDate::from_ymd_opt(2011, 12, 1).expect("a date")
            .checked_add_days(Days::new(day)).expect("in range")
            .and_hms_opt(minute / 60, minute % 60, 0).expect("a time");
        let mut after = to_utc(anchor, tz);
        for _ in 0..4 {
            let Some(next) = parsed.next_after(anchor, after, tz) else { break };
            prop_assert!(next > after);
            after = next;
        }
    }
}
