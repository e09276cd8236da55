//! `dates::find` against the shared development data: prints the share that is right.

use std::io::Write as _;
use std::path::PathBuf;

use chrono::{DateTime, Datelike, NaiveDateTime};
use chrono_tz::Tz;
use language::dates::{DateSpan, Grain, Meaning, find};
use serde_json::Value;

/// The share of the points ahead of the reference time that must be right, in percent.
const LEAST: f64 = 95.0;

fn shared_file(name: &str) -> PathBuf {
    let folder = std::env::var_os("SHARED_DIR").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    folder.join("data/language").join(name)
}

fn reference() -> DateTime<Tz> {
    "2013-02-12T06:30:00Z"
        .parse::<DateTime<chrono::Utc>>()
        .expect("a time")
        .with_timezone(&Tz::Etc__GMTPlus2)
}

fn grain(name: &str) -> Grain {
    match name {
        "second" => Grain::Second,
        "minute" => Grain::Minute,
        "hour" => Grain::Hour,
        "day" => Grain::Day,
        "week" => Grain::Week,
        "month" => Grain::Month,
        "quarter" => Grain::Quarter,
        "year" => Grain::Year,
        _ => panic!("no such grain: {name}"),
    }
}

/// The time and repetition spans that the text names.
fn spans(text: &str) -> Vec<DateSpan> {
    find(text, reference())
        .into_iter()
        .filter_map(|mention| match mention.meaning {
            Meaning::Time { span, .. } => Some(span),
            Meaning::Repeat { first, .. } => Some(first),
            Meaning::Duration { .. } => None,
        })
        .collect()
}

#[test]
fn dates_that_people_wrote() {
    let file = shared_file("dates.jsonl");
    let text = std::fs::read_to_string(&file).unwrap_or_else(|error| {
        panic!(
            "cannot read the shared development data at {} ({error}): set SHARED_DIR to the shared folder",
            file.display()
        )
    });
    let (mut right, mut all) = (0, 0);
    let (mut other_right, mut other_all) = (0, 0);
    for line in text.lines() {
        let row: Value = serde_json::from_str(line).expect("a JSON line");
        let field = |name: &str| row.get(name).and_then(Value::as_str);
        let time = |name: &str| {
            field(name)
                .and_then(|text| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S").ok())
        };
        let text = field("text").expect("a text");
        // Years before Christ do not parse here.
        let Some(start) = time("start") else { continue };
        let expected = DateSpan {
            start,
            end: time("end"),
            grain: grain(field("grain").expect("a grain")),
        };
        let found = spans(text);
        let correct = found.len() == 1 && found.first() == Some(&expected);
        if expected.end.is_none() && start > reference().naive_local() && start.year() > 0 {
            all += 1;
            right += i32::from(correct);
            if !correct {
                println!("wrong: {text:?}: {expected:?}, found {found:?}");
            }
        } else {
            other_all += 1;
            other_right += i32::from(correct);
            if !correct {
                println!("other: {text:?}: {expected:?}, found {found:?}");
            }
        }
    }
    let percent = 100.0 * f64::from(right) / f64::from(all);
    // Straight to standard error: the figure shows in every run, passed ones too.
    writeln!(
        std::io::stderr(),
        "dates: {right} of {all} right ({percent:.1}%)"
    )
    .expect("standard error");
    println!("past times and intervals: {other_right} of {other_all} right");
    assert!(percent >= LEAST, "{percent:.1}% is below {LEAST}%");
}
