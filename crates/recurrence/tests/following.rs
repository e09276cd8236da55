//! The instances that follow each other when each is completed in its turn.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use proptest::prelude::*;
use recurrence::{Following, Recurrence, to_utc};

fn at(text: &str, tz: Tz) -> DateTime<Utc> {
    let local = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M").expect(text);
    to_utc(local, tz)
}

fn shown(at: DateTime<Utc>, tz: Tz) -> String {
    at.with_timezone(&tz)
        .format("%Y-%m-%dT%H:%M%:z")
        .to_string()
}

fn parse(pattern: &str) -> Recurrence {
    Recurrence::parse(pattern).expect(pattern)
}

/// Completes each instance when it is due, at most `most` times.
fn chain(pattern: &str, due: &str, tz: Tz, most: usize) -> (Vec<String>, Option<String>) {
    let mut instance = Following {
        due: at(due, tz),
        pattern: parse(pattern),
    };
    let mut dates = Vec::new();
    for _ in 0..most {
        let next = instance
            .pattern
            .following_due(instance.due, instance.due, tz);
        let Some(next) = next else {
            return (dates, None);
        };
        // What is stored is text.
        assert_eq!(parse(&next.pattern.to_string()), next.pattern);
        dates.push(shown(next.due, tz));
        instance = next;
    }
    (dates, Some(instance.pattern.to_string()))
}

#[test]
fn instances_follow_on_the_rules_dates() {
    let berlin = Tz::Europe__Berlin;
    let table: &[(&str, &str, Tz, &[&str], &str)] = &[
        (
            "daily",
            "2026-03-27T09:00",
            berlin,
            &["2026-03-28T09:00+01:00", "2026-03-29T09:00+02:00"],
            "daily",
        ),
        (
            "daily",
            "2026-10-24T09:00",
            berlin,
            &["2026-10-25T09:00+01:00", "2026-10-26T09:00+01:00"],
            "daily",
        ),
        (
            // The night has no 02:30; the days after do.
            "daily",
            "2026-03-28T02:30",
            berlin,
            &[
                "2026-03-29T03:30+02:00",
                "2026-03-30T02:30+02:00",
                "2026-03-31T02:30+02:00",
            ],
            "FREQ=DAILY;BYHOUR=2;BYMINUTE=30",
        ),
        (
            "FREQ=WEEKLY;COUNT=4",
            "2026-03-22T02:15",
            berlin,
            &[
                "2026-03-29T03:15+02:00",
                "2026-04-05T02:15+02:00",
                "2026-04-12T02:15+02:00",
            ],
            "",
        ),
        (
            // 01:30 comes twice: the first.
            "daily",
            "2026-10-31T01:30",
            Tz::America__New_York,
            &["2026-11-01T01:30-04:00", "2026-11-02T01:30-05:00"],
            "daily",
        ),
        (
            "weekly",
            "2026-03-01T18:00",
            Tz::America__New_York,
            &["2026-03-08T18:00-04:00"],
            "weekly",
        ),
        (
            // Half an hour of daylight saving.
            "daily",
            "2026-04-04T08:00",
            Tz::Australia__Lord_Howe,
            &["2026-04-05T08:00+10:30"],
            "daily",
        ),
        (
            "daily",
            "2026-10-03T08:00",
            Tz::Australia__Lord_Howe,
            &["2026-10-04T08:00+11:00"],
            "daily",
        ),
        (
            // Clocks skip midnight.
            "daily",
            "2026-09-05T00:00",
            Tz::America__Santiago,
            &["2026-09-06T01:00-03:00", "2026-09-07T00:00-03:00"],
            "FREQ=DAILY;BYHOUR=0;BYMINUTE=0",
        ),
        (
            "daily",
            "2026-06-01T07:00",
            Tz::Asia__Kolkata,
            &["2026-06-02T07:00+05:30"],
            "daily",
        ),
        (
            "monthly",
            "2026-01-31T09:00",
            Tz::UTC,
            &[
                "2026-02-28T09:00+00:00",
                "2026-03-31T09:00+00:00",
                "2026-04-30T09:00+00:00",
                "2026-05-31T09:00+00:00",
            ],
            "FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1",
        ),
        (
            "monthly",
            "2026-01-30T09:00",
            Tz::UTC,
            &["2026-02-28T09:00+00:00", "2026-03-30T09:00+00:00"],
            "FREQ=MONTHLY;BYMONTHDAY=28,29,30;BYSETPOS=-1",
        ),
        (
            "monthly",
            "2026-01-15T09:00",
            Tz::UTC,
            &["2026-02-15T09:00+00:00", "2026-03-15T09:00+00:00"],
            "monthly",
        ),
        (
            // An RFC 5545 rule leaves out the months without its day.
            "FREQ=MONTHLY;BYMONTHDAY=31",
            "2026-01-31T09:00",
            Tz::UTC,
            &["2026-03-31T09:00+00:00", "2026-05-31T09:00+00:00"],
            "FREQ=MONTHLY;BYMONTHDAY=31",
        ),
        (
            "FREQ=MONTHLY",
            "2026-01-31T09:00",
            Tz::UTC,
            &["2026-03-31T09:00+00:00"],
            "FREQ=MONTHLY",
        ),
        (
            "yearly",
            "2024-02-29T09:00",
            Tz::UTC,
            &[
                "2025-02-28T09:00+00:00",
                "2026-02-28T09:00+00:00",
                "2027-02-28T09:00+00:00",
                "2028-02-29T09:00+00:00",
            ],
            "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=28,29;BYSETPOS=-1",
        ),
        (
            "weekdays",
            "2026-01-29T09:00",
            Tz::UTC,
            &["2026-01-30T09:00+00:00", "2026-02-02T09:00+00:00"],
            "weekdays",
        ),
        (
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH",
            "2026-01-05T09:00",
            Tz::UTC,
            &[
                "2026-01-08T09:00+00:00",
                "2026-01-19T09:00+00:00",
                "2026-01-22T09:00+00:00",
            ],
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH",
        ),
        (
            "FREQ=MONTHLY;BYDAY=2TU,-1FR",
            "2026-01-13T09:00",
            Tz::UTC,
            &[
                "2026-01-30T09:00+00:00",
                "2026-02-10T09:00+00:00",
                "2026-02-27T09:00+00:00",
            ],
            "FREQ=MONTHLY;BYDAY=-1FR,2TU",
        ),
        (
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
            "2026-01-30T09:00",
            Tz::UTC,
            &["2026-02-27T09:00+00:00", "2026-03-31T09:00+00:00"],
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
        ),
        (
            "FREQ=DAILY;COUNT=3",
            "2026-01-01T09:00",
            Tz::UTC,
            &["2026-01-02T09:00+00:00", "2026-01-03T09:00+00:00"],
            "",
        ),
        (
            // The first instance counts even where it is not one of the rule's days.
            "FREQ=WEEKLY;BYDAY=MO;COUNT=3",
            "2026-01-01T09:00",
            Tz::UTC,
            &["2026-01-05T09:00+00:00", "2026-01-12T09:00+00:00"],
            "",
        ),
        ("FREQ=DAILY;COUNT=1", "2026-01-01T09:00", Tz::UTC, &[], ""),
        (
            "FREQ=DAILY;UNTIL=20260103",
            "2026-01-01T09:00",
            Tz::UTC,
            &["2026-01-02T09:00+00:00", "2026-01-03T09:00+00:00"],
            "",
        ),
        (
            // 04:00 UTC is 23:00 of the day before.
            "FREQ=DAILY;UNTIL=20260103T040000Z",
            "2026-01-01T23:00",
            Tz::America__New_York,
            &["2026-01-02T23:00-05:00"],
            "",
        ),
    ];
    for (pattern, due, tz, expected, left) in table {
        let most = if left.is_empty() { 20 } else { expected.len() };
        let (dates, pattern_left) = chain(pattern, due, *tz, most);
        assert_eq!(dates, *expected, "{pattern} from {due}");
        assert_eq!(
            pattern_left.unwrap_or_default(),
            *left,
            "{pattern} from {due}"
        );
    }
}

#[test]
fn a_late_completion_passes_over_dates_and_counts_them() {
    let table = [
        ("daily", "2026-01-04T09:00", "daily"),
        (
            "FREQ=DAILY;COUNT=5",
            "2026-01-04T09:00",
            "FREQ=DAILY;COUNT=2",
        ),
        (
            "FREQ=DAILY;COUNT=4",
            "2026-01-04T09:00",
            "FREQ=DAILY;COUNT=1",
        ),
        ("FREQ=DAILY;COUNT=3", "", ""),
        ("FREQ=DAILY;UNTIL=20260103", "", ""),
        ("weekly", "2026-01-08T09:00", "weekly"),
    ];
    let due = at("2026-01-01T09:00", Tz::UTC);
    for (pattern, expected, left) in table {
        let next = parse(pattern).following_due(due, at("2026-01-03T09:00", Tz::UTC), Tz::UTC);
        let expected = (!expected.is_empty()).then(|| Following {
            due: at(expected, Tz::UTC),
            pattern: parse(left),
        });
        assert_eq!(next, expected, "{pattern}");
    }
}

#[test]
fn an_early_completion_goes_on_from_the_due_date() {
    let next = parse("weekly").following_due(
        at("2026-01-08T09:00", Tz::UTC),
        at("2026-01-02T09:00", Tz::UTC),
        Tz::UTC,
    );
    assert_eq!(
        next.map(|next| next.due),
        Some(at("2026-01-15T09:00", Tz::UTC))
    );
}

#[test]
fn counting_from_completion() {
    let berlin = Tz::Europe__Berlin;
    // Pattern, due, completed, the next, the pattern left.
    let table = [
        (
            "FREQ=DAILY;INTERVAL=3",
            "2026-01-01T09:00",
            "2026-01-05T14:20",
            "2026-01-08T09:00",
            "FREQ=DAILY;INTERVAL=3",
        ),
        (
            "FREQ=DAILY;INTERVAL=3",
            "2026-01-10T09:00",
            "2026-01-05T07:00",
            "2026-01-08T09:00",
            "FREQ=DAILY;INTERVAL=3",
        ),
        (
            "daily",
            "2026-03-20T09:00",
            "2026-03-28T14:20",
            "2026-03-29T09:00",
            "daily",
        ),
        (
            "daily",
            "2026-03-20T02:30",
            "2026-03-28T14:20",
            "2026-03-29T03:30",
            "daily",
        ),
        (
            "weekly",
            "2026-01-01T09:00",
            "2026-01-07T23:30",
            "2026-01-14T09:00",
            "weekly",
        ),
        (
            "monthly",
            "2026-01-01T09:00",
            "2026-01-31T14:20",
            "2026-02-28T09:00",
            "monthly",
        ),
        (
            "FREQ=WEEKLY;BYDAY=MO",
            "2026-01-05T09:00",
            "2026-01-14T14:20",
            "2026-01-19T09:00",
            "FREQ=WEEKLY;BYDAY=MO",
        ),
        (
            "FREQ=DAILY;BYHOUR=8,20",
            "2026-01-05T08:00",
            "2026-01-05T14:20",
            "2026-01-05T20:20",
            "FREQ=DAILY;BYHOUR=8,20",
        ),
        (
            "FREQ=HOURLY;INTERVAL=6",
            "2026-01-05T08:00",
            "2026-01-05T14:20",
            "2026-01-05T20:20",
            "FREQ=HOURLY;INTERVAL=6",
        ),
        (
            "FREQ=DAILY;COUNT=3",
            "2026-01-05T08:00",
            "2026-01-09T14:20",
            "2026-01-10T08:00",
            "FREQ=DAILY;COUNT=2",
        ),
        (
            "FREQ=DAILY;COUNT=1",
            "2026-01-05T08:00",
            "2026-01-09T14:20",
            "",
            "",
        ),
        (
            "FREQ=DAILY;UNTIL=20260109",
            "2026-01-05T08:00",
            "2026-01-09T14:20",
            "",
            "",
        ),
        ("daily", "", "2026-01-09T14:20", "2026-01-10T14:20", "daily"),
    ];
    for (pattern, due, completed, expected, left) in table {
        let due = (!due.is_empty()).then(|| at(due, berlin));
        let completed = at(completed, berlin) + TimeDelta::milliseconds(7_250);
        let next = parse(pattern).following_completion(due, completed, berlin);
        let expected = (!expected.is_empty()).then(|| Following {
            due: at(expected, berlin),
            pattern: parse(left),
        });
        assert_eq!(next, expected, "{pattern} completed {completed}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// However late each is completed, a series has no more instances than `COUNT`, each later than the
    /// one before and than its completion, and on the rule's dates.
    #[test]
    fn a_counted_series_runs_out(
        rule in proptest::sample::select(vec![
            "FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO,WE", "FREQ=MONTHLY;BYMONTHDAY=-1", "FREQ=MONTHLY",
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "FREQ=YEARLY", "FREQ=HOURLY;INTERVAL=5",
        ]),
        count in 1_u32..12,
        start in 1_700_000_000_i64..1_900_000_000,
        late in proptest::collection::vec(-200_000_i64..4_000_000, 12),
        from_completion in any::<bool>(),
        tz in proptest::sample::select(vec![Tz::UTC, Tz::Europe__Berlin, Tz::America__Santiago]),
    ) {
        let mut pattern = parse(&format!("{rule};COUNT={count}"));
        let mut due = DateTime::from_timestamp(start, 0).expect("a time");
        let mut instances = 1;
        for late in late {
            let completed = due + TimeDelta::seconds(late);
            let next = if from_completion {
                pattern.following_completion(Some(due), completed, tz)
            } else {
                pattern.following_due(due, completed, tz)
            };
            let Some(next) = next else { break };
            prop_assert!(next.due > completed);
            prop_assert!(from_completion || next.due > due);
            instances += 1;
            prop_assert_eq!(parse(&next.pattern.to_string()), next.pattern.clone());
            (due, pattern) = (next.due, next.pattern);
        }
        prop_assert!(instances <= count, "{} instances of {}", instances, count);
    }
}
