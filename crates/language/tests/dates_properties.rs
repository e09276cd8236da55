//! Whatever is typed: no panic, ranges in order on character boundaries, and time in step with length.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use language::dates::find;
use proptest::prelude::*;

fn now() -> DateTime<Tz> {
    "2026-03-28T23:20:00Z"
        .parse::<DateTime<Utc>>()
        .expect("a time")
        .with_timezone(&Tz::Europe__Berlin)
}

fn check(text: &str) {
    let mut last = 0;
    for mention in find(text, now()) {
        let range = mention.range;
        assert!(
            range.start >= last && range.start < range.end,
            "{text:?}: {range:?}"
        );
        assert!(text.get(range.clone()).is_some(), "{text:?}: {range:?}");
        last = range.end;
    }
}

const PIECES: [&str; 92] = [
    "every",
    "each",
    "other",
    "the",
    "a",
    "of",
    "on",
    "at",
    "in",
    "by",
    "from",
    "to",
    "until",
    "for",
    "after",
    "before",
    "next",
    "last",
    "this",
    "first",
    "second",
    "third",
    "1st",
    "15th",
    "31st",
    "monday",
    "tue",
    "sun",
    "fridays",
    "march",
    "may",
    "feb",
    "week",
    "weeks",
    "day",
    "days",
    "month",
    "months",
    "year",
    "years",
    "hour",
    "minutes",
    "now",
    "today",
    "tomorrow",
    "tonight",
    "morning",
    "evening",
    "noon",
    "midnight",
    "quarter",
    "half",
    "past",
    "am",
    "pm",
    "o'clock",
    "5",
    "12",
    "30",
    "2027",
    "99999",
    "4294967296",
    "3:30",
    "15h",
    "2/29",
    "2026-02-30",
    "2026-03-29T02:30:00+14:00",
    ",",
    "-",
    ".",
    "'",
    "\"",
    "@",
    "/",
    "weekend",
    "christmas",
    "easter",
    "ramadan",
    "diwali",
    "yom",
    "kippur",
    "end",
    "beginning",
    "closest",
    "ago",
    "hence",
    "starting",
    "times",
    "daily",
    "weekdays",
    "gmt",
    "BC",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_text(text in "\\PC{0,300}") {
        check(&text);
    }

    #[test]
    fn any_words_of_time(words in proptest::collection::vec(proptest::sample::select(&PIECES[..]), 0..40), space in "( |  |\u{a0}|)") {
        check(&words.join(&space));
    }

    #[test]
    fn any_figures(text in "[0-9/:.apmhqT+Z\\- '\"]{0,60}") {
        check(&text);
    }
}

#[test]
fn any_year() {
    for now in [
        "0001-01-01T00:00:00Z",
        "1900-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "-9000-01-01T00:00:00Z",
    ] {
        let now = now
            .parse::<DateTime<Utc>>()
            .map_or(DateTime::<Utc>::MIN_UTC, |now| now);
        for text in [
            "tomorrow",
            "next year",
            "in 3 days",
            "easter",
            "diwali",
            "rosh hashanah",
            "eid al-fitr",
            "chinese new year",
            "every month",
            "last week",
            "friday the 13th",
            "feb 29",
            "in 99999 years",
            "99999 years ago",
        ] {
            find(text, now.with_timezone(&Tz::UTC));
        }
    }
}

/// Ten times the text takes about ten times as long: a hundred times would be quadratic.
#[test]
fn time_grows_with_length() {
    for piece in [
        "the first of ",
        "every monday and ",
        "next ",
        "5 ",
        "a day ",
        "christmas ",
        "diwali 2019 to ",
        "last monday of last week of ",
        "rosh hashanah kippur ",
        "the end of the end of ",
        "closest monday to ",
        "three days after ",
        "at 5 tomorrow ",
        "2 and a half ",
        "1,",
        "12/24-",
        "on ",
    ] {
        let short = piece.repeat(1000 / piece.len());
        let long = piece.repeat(10_000 / piece.len());
        let time = |text: &str| {
            let started = Instant::now();
            find(text, now());
            started.elapsed()
        };
        time(&short);
        let (short, long) = (time(&short), time(&long));
        assert!(
            long < short * 40 + Duration::from_millis(50),
            "{piece:?}: {short:?}, then {long:?}"
        );
        assert!(long < Duration::from_secs(10), "{piece:?}: {long:?}");
        println!("{piece:?}: {short:?}, {long:?}");
    }
}
