//! The words of time: weekdays, months, numbers and units, with their short and misspelt forms.

use chrono::Weekday;

use super::Grain;

pub(super) const WEEKDAYS: [(Weekday, &[&str]); 7] = [
    (Weekday::Mon, &["monday", "mondays", "mon"]),
    (Weekday::Tue, &["tuesday", "tuesdays", "tues", "tue"]),
    (Weekday::Wed, &["wednesday", "wednesdays", "weds", "wed"]),
    (
        Weekday::Thu,
        &["thursday", "thursdays", "thurs", "thur", "thu"],
    ),
    (Weekday::Fri, &["friday", "fridays", "fri"]),
    (Weekday::Sat, &["saturday", "saturdays", "sat"]),
    (Weekday::Sun, &["sunday", "sundays", "sun"]),
];

const MONTHS: [&[&str]; 12] = [
    &["january", "jan"],
    &["february", "feb"],
    &["march", "mar"],
    &["april", "apr"],
    &["may"],
    &["june", "jun"],
    &["july", "jul"],
    &["august", "aug"],
    &["september", "sept", "sep"],
    &["october", "oct"],
    &["november", "nov"],
    &["december", "dec"],
];

/// Months and weekdays that are plain words or names as well.
const EVERYDAY: [&str; 16] = [
    "apr", "mon", "wed", "sat", "sun", "mar", "march", "may", "april", "june", "jan", "august",
    "jun", "dec", "sep", "nov",
];

const SMALL: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];

const TENS: [(&str, u32); 5] = [
    ("twenty", 20),
    ("thirty", 30),
    ("forty", 40),
    ("fourty", 40),
    ("fifty", 50),
];

/// "first" to "twentieth".
pub(crate) const ORDINALS: [&str; 20] = [
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
    "twentieth",
];

pub(super) fn weekday(word: &str) -> Option<Weekday> {
    WEEKDAYS
        .iter()
        .find(|(_, names)| names.contains(&word))
        .map(|(day, _)| *day)
}

pub(super) fn month(word: &str) -> Option<u32> {
    (1..)
        .zip(MONTHS)
        .find(|(_, names)| names.contains(&word))
        .map(|(number, _)| number)
}

pub(super) fn is_everyday(word: &str) -> bool {
    EVERYDAY.contains(&word)
}

pub(super) fn small_number(word: &str) -> Option<u32> {
    (0..)
        .zip(SMALL)
        .find(|(_, name)| *name == word)
        .map(|(n, _)| n)
}

pub(super) fn tens(word: &str) -> Option<u32> {
    TENS.iter().find(|(name, _)| *name == word).map(|(_, n)| *n)
}

pub(super) fn ordinal(word: &str) -> Option<u32> {
    (1..)
        .zip(ORDINALS)
        .find(|(_, name)| *name == word)
        .map(|(n, _)| n)
        .or(match word {
            "thirtieth" => Some(30),
            _ => None,
        })
}

/// A unit of time, in any of its spellings. The bare letters count only right behind a digit.
pub(super) fn unit(word: &str) -> Option<Grain> {
    Some(match word {
        "second" | "seconds" | "sec" | "secs" => Grain::Second,
        "minute" | "minutes" | "min" | "mins" | "minuets" => Grain::Minute,
        "hour" | "hours" | "hr" | "hrs" => Grain::Hour,
        "day" | "days" => Grain::Day,
        "week" | "weeks" | "wk" | "wks" => Grain::Week,
        "month" | "months" | "mth" | "mths" => Grain::Month,
        "quarter" | "quarters" | "qtr" | "qtrs" => Grain::Quarter,
        "year" | "years" | "yr" | "yrs" => Grain::Year,
        _ => return None,
    })
}

/// Names long and odd enough that a slip in them is no other word.
const MENDABLE: [&str; 19] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "january",
    "february",
    "august",
    "september",
    "october",
    "november",
    "december",
    "tomorrow",
    "yesterday",
    "tonight",
    "afternoon",
    "weekend",
];

/// Words that are one or two slips from a name of time and mean something else.
const NOT_SLIPS: [&str; 14] = [
    "sundae",
    "sundry",
    "sunder",
    "friary",
    "mondale",
    "deceiver",
    "december",
    "saturate",
    "weekends",
    "weekdays",
    "august",
    "sundays",
    "afternoons",
    "octobers",
];

/// Mends short forms and slips of the pen: `tommorow`, `wendsday`, `tmrw`.
pub(super) fn mend(word: String) -> String {
    let mended = match word.as_str() {
        "tmrw" | "tmr" | "tmw" | "tmrrw" | "tomoz" => "tomorrow",
        "tomorrows" => "tomorrow",
        "todays" => "today",
        "tonite" | "tonights" | "2nite" => "tonight",
        "untill" | "til" | "till" => "until",
        "thru" => "through",
        "untl" => "until",
        "wensday" | "wendesday" | "wedensday" | "wendsday" | "wednsday" => "wednesday",
        "teusday" | "tuseday" => "tuesday",
        "thirsday" | "thrusday" => "thursday",
        "febuary" | "feburary" => "february",
        "agust" | "augst" | "auguest" => "august",
        "apirl" | "aprl" => "april",
        "mornin" | "morning" | "mornings" => "morning",
        "evenin" | "evening" | "evenings" => "evening",
        "arvo" => "afternoon",
        "nite" => "night",
        "evry" => "every",
        _ => return mend_by_distance(word),
    };
    mended.to_owned()
}

fn mend_by_distance(word: String) -> String {
    if !word.is_ascii() || !(5..=11).contains(&word.len()) {
        return word;
    }
    if NOT_SLIPS.contains(&word.as_str()) || MENDABLE.contains(&word.as_str()) {
        return word;
    }
    let first = word.as_bytes().first();
    for name in MENDABLE {
        let most = if name.len() >= 8 { 2 } else { 1 };
        if name.as_bytes().first() == first
            && word.len().abs_diff(name.len()) <= most
            && word.strip_suffix('s') != Some(name)
            && slips(word.as_bytes(), name.as_bytes()) <= most
        {
            return name.to_owned();
        }
    }
    word
}

/// How many letters were left out, added, changed, or swapped with their neighbour.
fn slips(a: &[u8], b: &[u8]) -> usize {
    let mut rows = [[0usize; 13]; 3];
    for (j, cell) in rows[0].iter_mut().enumerate() {
        *cell = j;
    }
    for (i, x) in (1..).zip(a) {
        let (current, above, two_above) = (i % 3, (i - 1) % 3, (i + 1) % 3);
        rows[current][0] = i;
        for (j, y) in (1..).zip(b) {
            let mut cost = (rows[above][j] + 1)
                .min(rows[current][j - 1] + 1)
                .min(rows[above][j - 1] + usize::from(x != y));
            if i > 1 && j > 1 && a.get(i - 2) == Some(y) && b.get(j - 2) == Some(x) {
                cost = cost.min(rows[two_above][j - 2] + 1);
            }
            rows[current][j] = cost;
        }
    }
    rows[a.len() % 3][b.len()]
}
