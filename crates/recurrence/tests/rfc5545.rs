//! The examples of RFC 5545, section 3.8.5.3, that tasks can repeat by.

use chrono::NaiveDateTime;
use chrono_tz::Tz;
use recurrence::Recurrence;

/// The rule, its start in New York at 09:00, and its dates: `.` where it ends; the month and year are left out
/// where they are those of the date before.
const EXAMPLES: &[(&str, &str, &[&str])] = &[
    (
        "FREQ=DAILY;COUNT=10",
        "1997-09-02",
        &[
            "1997-09-02",
            "03",
            "04",
            "05",
            "06",
            "07",
            "08",
            "09",
            "10",
            "11",
            ".",
        ],
    ),
    (
        "FREQ=DAILY;UNTIL=19970906T000000Z",
        "1997-09-02",
        &["1997-09-02", "03", "04", "05", "."],
    ),
    (
        "FREQ=DAILY;INTERVAL=2",
        "1997-09-02",
        &["1997-09-02", "04", "06", "08"],
    ),
    (
        "FREQ=DAILY;INTERVAL=10;COUNT=5",
        "1997-09-02",
        &["1997-09-02", "12", "22", "10-02", "12", "."],
    ),
    (
        "FREQ=YEARLY;UNTIL=19980104T140000Z;BYMONTH=1;BYDAY=SU,MO,TU,WE,TH,FR,SA",
        "1998-01-01",
        &["1998-01-01", "02", "03", "04", "."],
    ),
    (
        "FREQ=WEEKLY;COUNT=10",
        "1997-09-02",
        &[
            "1997-09-02",
            "09",
            "16",
            "23",
            "30",
            "10-07",
            "14",
            "21",
            "28",
            "11-04",
            ".",
        ],
    ),
    (
        "FREQ=WEEKLY;INTERVAL=2;WKST=SU",
        "1997-09-02",
        &["1997-09-02", "16", "30", "10-14", "28", "11-11", "25"],
    ),
    (
        "FREQ=WEEKLY;UNTIL=19971007T000000Z;WKST=SU;BYDAY=TU,TH",
        "1997-09-02",
        &[
            "1997-09-02",
            "04",
            "09",
            "11",
            "16",
            "18",
            "23",
            "25",
            "30",
            "10-02",
            ".",
        ],
    ),
    (
        "FREQ=WEEKLY;INTERVAL=2;UNTIL=19971224T000000Z;WKST=SU;BYDAY=MO,WE,FR",
        "1997-09-01",
        &[
            "1997-09-01",
            "03",
            "05",
            "15",
            "17",
            "19",
            "29",
            "10-01",
            "03",
            "13",
            "15",
            "17",
            "27",
            "29",
            "31",
            "11-10",
            "12",
            "14",
            "24",
            "26",
            "28",
            "12-08",
            "10",
            "12",
            "22",
            ".",
        ],
    ),
    (
        "FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH",
        "1997-09-02",
        &[
            "1997-09-02",
            "04",
            "16",
            "18",
            "30",
            "10-02",
            "14",
            "16",
            ".",
        ],
    ),
    (
        "FREQ=MONTHLY;COUNT=10;BYDAY=1FR",
        "1997-09-05",
        &[
            "1997-09-05",
            "10-03",
            "11-07",
            "12-05",
            "1998-01-02",
            "02-06",
            "03-06",
            "04-03",
            "05-01",
            "06-05",
            ".",
        ],
    ),
    (
        "FREQ=MONTHLY;UNTIL=19971224T000000Z;BYDAY=1FR",
        "1997-09-05",
        &["1997-09-05", "10-03", "11-07", "12-05", "."],
    ),
    (
        "FREQ=MONTHLY;INTERVAL=2;COUNT=10;BYDAY=1SU,-1SU",
        "1997-09-07",
        &[
            "1997-09-07",
            "28",
            "11-02",
            "30",
            "1998-01-04",
            "25",
            "03-01",
            "29",
            "05-03",
            "31",
            ".",
        ],
    ),
    (
        "FREQ=MONTHLY;COUNT=6;BYDAY=-2MO",
        "1997-09-22",
        &[
            "1997-09-22",
            "10-20",
            "11-17",
            "12-22",
            "1998-01-19",
            "02-16",
            ".",
        ],
    ),
    (
        "FREQ=MONTHLY;BYMONTHDAY=-3",
        "1997-09-28",
        &[
            "1997-09-28",
            "10-29",
            "11-28",
            "12-29",
            "1998-01-29",
            "02-26",
        ],
    ),
    (
        "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=2,15",
        "1997-09-02",
        &[
            "1997-09-02",
            "15",
            "10-02",
            "15",
            "11-02",
            "15",
            "12-02",
            "15",
            "1998-01-02",
            "15",
            ".",
        ],
    ),
    (
        "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=1,-1",
        "1997-09-30",
        &[
            "1997-09-30",
            "10-01",
            "31",
            "11-01",
            "30",
            "12-01",
            "31",
            "1998-01-01",
            "31",
            "02-01",
            ".",
        ],
    ),
    (
        "FREQ=MONTHLY;INTERVAL=18;COUNT=10;BYMONTHDAY=10,11,12,13,14,15",
        "1997-09-10",
        &[
            "1997-09-10",
            "11",
            "12",
            "13",
            "14",
            "15",
            "1999-03-10",
            "11",
            "12",
            "13",
            ".",
        ],
    ),
    (
        "FREQ=MONTHLY;INTERVAL=2;BYDAY=TU",
        "1997-09-02",
        &[
            "1997-09-02",
            "09",
            "16",
            "23",
            "30",
            "11-04",
            "11",
            "18",
            "25",
            "1998-01-06",
        ],
    ),
    (
        "FREQ=YEARLY;COUNT=10;BYMONTH=6,7",
        "1997-06-10",
        &[
            "1997-06-10",
            "07-10",
            "1998-06-10",
            "07-10",
            "1999-06-10",
            "07-10",
            "2000-06-10",
            "07-10",
            "2001-06-10",
            "07-10",
            ".",
        ],
    ),
    (
        "FREQ=YEARLY;INTERVAL=2;COUNT=10;BYMONTH=1,2,3",
        "1997-03-10",
        &[
            "1997-03-10",
            "1999-01-10",
            "02-10",
            "03-10",
            "2001-01-10",
            "02-10",
            "03-10",
            "2003-01-10",
            "02-10",
            "03-10",
            ".",
        ],
    ),
    (
        "FREQ=YEARLY;INTERVAL=3;COUNT=10;BYYEARDAY=1,100,200",
        "1997-01-01",
        &[
            "1997-01-01",
            "04-10",
            "07-19",
            "2000-01-01",
            "04-09",
            "07-18",
            "2003-01-01",
            "04-10",
            "07-19",
            "2006-01-01",
            ".",
        ],
    ),
    (
        "FREQ=YEARLY;BYDAY=20MO",
        "1997-05-19",
        &["1997-05-19", "1998-05-18", "1999-05-17"],
    ),
    (
        "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO",
        "1997-05-12",
        &["1997-05-12", "1998-05-11", "1999-05-17"],
    ),
    (
        "FREQ=YEARLY;BYMONTH=3;BYDAY=TH",
        "1997-03-13",
        &["1997-03-13", "20", "27", "1998-03-05", "12", "19", "26"],
    ),
    (
        "FREQ=YEARLY;BYDAY=TH;BYMONTH=6,7,8",
        "1997-06-05",
        &[
            "1997-06-05",
            "12",
            "19",
            "26",
            "07-03",
            "10",
            "17",
            "24",
            "31",
            "08-07",
            "14",
            "21",
            "28",
            "1998-06-04",
        ],
    ),
    // The RFC leaves out the start by EXDATE; here a start that does not fit is no occurrence.
    (
        "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13",
        "1997-09-02",
        &["1998-02-13", "03-13", "11-13", "1999-08-13", "2000-10-13"],
    ),
    (
        "FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13",
        "1997-09-13",
        &[
            "1997-09-13",
            "10-11",
            "11-08",
            "12-13",
            "1998-01-10",
            "02-07",
            "03-07",
            "04-11",
            "05-09",
            "06-13",
        ],
    ),
    (
        "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8",
        "1996-11-05",
        &["1996-11-05", "2000-11-07", "2004-11-02"],
    ),
    (
        "FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3",
        "1997-09-04",
        &["1997-09-04", "10-07", "11-06", "."],
    ),
    (
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2",
        "1997-09-29",
        &[
            "1997-09-29",
            "10-30",
            "11-27",
            "12-30",
            "1998-01-29",
            "02-26",
            "03-30",
        ],
    ),
    (
        "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO",
        "1997-08-05",
        &["1997-08-05", "10", "19", "24", "."],
    ),
    (
        "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU",
        "1997-08-05",
        &["1997-08-05", "17", "19", "31", "."],
    ),
    (
        "FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5",
        "2007-01-15",
        &["2007-01-15", "30", "02-15", "03-15", "30", "."],
    ),
];

#[test]
fn the_rfcs_examples() {
    let tz = Tz::America__New_York;
    for (pattern, start, dates) in EXAMPLES {
        let rule = Recurrence::parse(pattern).expect(pattern);
        let start = format!("{start}T09:00");
        let anchor = NaiveDateTime::parse_from_str(&start, "%Y-%m-%dT%H:%M").expect("a time");
        let mut expected: Vec<String> = Vec::new();
        for date in dates.iter().filter(|date| **date != ".") {
            let whole = match (date.len(), expected.last()) {
                (2, Some(last)) => format!("{}{date}", &last[..8]),
                (5, Some(last)) => format!("{}{date}", &last[..5]),
                _ => (*date).to_owned(),
            };
            expected.push(whole);
        }
        let ends = dates.last() == Some(&".");
        let wanted = if ends { usize::MAX } else { expected.len() };
        let found: Vec<String> = (rule.occurrences(anchor, tz).take(wanted))
            .map(|at| at.with_timezone(&tz).format("%Y-%m-%dT%H:%M").to_string())
            .collect();
        for at in &found {
            assert!(at.ends_with("T09:00"), "{pattern}: {at}");
        }
        let found: Vec<&str> = found.iter().map(|at| &at[..10]).collect();
        assert_eq!(found, expected, "{pattern}");
    }
}

#[test]
fn several_times_a_day() {
    for (pattern, expected) in [
        // UNTIL is 17:00 UTC in the RFC, which is 13:00 in New York: erratum 3883 has 21:00 UTC.
        (
            "FREQ=HOURLY;INTERVAL=3;UNTIL=19970902T210000Z",
            vec!["09:00", "12:00", "15:00"],
        ),
        (
            "FREQ=DAILY;BYHOUR=9,10,11;BYMINUTE=0,20;COUNT=6",
            vec!["09:00", "09:20", "10:00", "10:20", "11:00", "11:20"],
        ),
    ] {
        let anchor =
            NaiveDateTime::parse_from_str("1997-09-02T09:00", "%Y-%m-%dT%H:%M").expect("a time");
        let tz = Tz::America__New_York;
        let found: Vec<String> = Recurrence::parse(pattern)
            .expect(pattern)
            .occurrences(anchor, tz)
            .map(|at| at.with_timezone(&tz).format("%H:%M").to_string())
            .collect();
        assert_eq!(found, expected, "{pattern}");
    }
}
