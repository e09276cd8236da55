//! Dates that follow the moon or the stars: Hebrew, Islamic, Hindu and Chinese feasts, and both
//! Easters. Sun and moon are reckoned by the chief terms of Meeus, *Astronomical Algorithms*,
//! chapters 25 and 47: to a few minutes of time.

use std::ops::RangeInclusive;

use calendrical_calculations::chinese_based::{Chinese, YearBounds};
use calendrical_calculations::hebrew::BookHebrew;
use calendrical_calculations::rata_die::RataDie;
use calendrical_calculations::{gregorian, islamic, julian};
use chrono::{Datelike, NaiveDate};

use super::days::add_days;

/// Outside these years feasts are neither asked for nor reckoned well.
const YEARS: RangeInclusive<i32> = 1900..=2150;

fn from_fixed(fixed: RataDie) -> Option<NaiveDate> {
    NaiveDate::from_num_days_from_ce_opt(i32::try_from(fixed.to_i64_date()).ok()?)
}

fn known(year: i32) -> Option<i32> {
    YEARS.contains(&year).then_some(year)
}

/// Western Easter Sunday.
pub(super) fn easter(year: i32) -> Option<NaiveDate> {
    from_fixed(gregorian::easter(known(year)?))
}

/// Orthodox Easter Sunday.
pub(super) fn orthodox_easter(year: i32) -> Option<NaiveDate> {
    from_fixed(julian::easter(known(year)?))
}

/// The first day of the Chinese year that begins in `year`.
pub(super) fn chinese_new_year(year: i32) -> Option<NaiveDate> {
    let summer = gregorian::fixed_from_gregorian(known(year)?, 7, 1);
    from_fixed(YearBounds::compute::<Chinese>(summer).new_year)
}

/// A day of the Hebrew calendar, months counted from Nisan. Its evening before, when it begins.
pub(super) fn hebrew(year: i32, month: u8, day: u8) -> Option<NaiveDate> {
    let new_year_is_past = if month >= 7 { 3761 } else { 3760 };
    let mut date = BookHebrew {
        year: known(year)? + new_year_is_past,
        month,
        day,
    };
    // From Tevet on, a date can fall in the next Gregorian year.
    let mut found = from_fixed(BookHebrew::fixed_from_book_hebrew(date))?.pred_opt()?;
    if found.year() > year {
        date.year -= 1;
        found = from_fixed(BookHebrew::fixed_from_book_hebrew(date))?.pred_opt()?;
    }
    Some(found)
}

/// The last month of a Hebrew year, in which Purim falls: 12, or 13 in a leap year.
pub(super) fn hebrew_last_month(year: i32) -> u8 {
    if BookHebrew::is_hebrew_leap_year(year + 3760) {
        13
    } else {
        12
    }
}

/// The first of this date of the Islamic calendar (Umm al-Qura) in `year`.
pub(super) fn islamic(year: i32, month: u8, day: u8) -> Option<NaiveDate> {
    let about = (known(year)? - 622) * 33 / 32;
    (about - 1..=about + 2)
        .filter_map(|islamic_year| {
            from_fixed(islamic::fixed_from_saudi_islamic(islamic_year, month, day))
        })
        .find(|date| date.year() == year)
}

/// India is five and a half hours ahead of universal time.
const INDIA: f64 = 5.5 / 24.0;

/// Universal time of an hour of a day in India, in days from the day before January 1 of year 1.
fn moment(date: NaiveDate, hour: f64) -> f64 {
    f64::from(date.num_days_from_ce()) + hour / 24.0 - INDIA
}

/// Julian centuries from the epoch J2000.
fn centuries(moment: f64) -> f64 {
    (moment + 1_721_424.5 - 2_451_545.0) / 36_525.0
}

fn sine(degrees: f64) -> f64 {
    degrees.to_radians().sin()
}

/// The sun's longitude from the equinox, in degrees.
fn sun(moment: f64) -> f64 {
    let t = centuries(moment);
    let anomaly = 357.529_11 + 35_999.050_29 * t;
    let center = (1.914_602 - 0.004_817 * t) * sine(anomaly)
        + 0.019_993 * sine(2.0 * anomaly)
        + 0.000_289 * sine(3.0 * anomaly);
    280.466_46 + 36_000.769_83 * t + center - 0.005_69
}

/// The moon's longitude: multiples of its elongation, the sun's anomaly, its own anomaly and its
/// argument of latitude, with their weight in millionths of a degree.
const MOON: [([f64; 4], f64); 34] = [
    ([0.0, 0.0, 1.0, 0.0], 6_288_774.0),
    ([2.0, 0.0, -1.0, 0.0], 1_274_027.0),
    ([2.0, 0.0, 0.0, 0.0], 658_314.0),
    ([0.0, 0.0, 2.0, 0.0], 213_618.0),
    ([0.0, 1.0, 0.0, 0.0], -185_116.0),
    ([0.0, 0.0, 0.0, 2.0], -114_332.0),
    ([2.0, 0.0, -2.0, 0.0], 58_793.0),
    ([2.0, -1.0, -1.0, 0.0], 57_066.0),
    ([2.0, 0.0, 1.0, 0.0], 53_322.0),
    ([2.0, -1.0, 0.0, 0.0], 45_758.0),
    ([0.0, 1.0, -1.0, 0.0], -40_923.0),
    ([1.0, 0.0, 0.0, 0.0], -34_720.0),
    ([0.0, 1.0, 1.0, 0.0], -30_383.0),
    ([2.0, 0.0, 0.0, -2.0], 15_327.0),
    ([0.0, 0.0, 1.0, 2.0], -12_528.0),
    ([0.0, 0.0, 1.0, -2.0], 10_980.0),
    ([4.0, 0.0, -1.0, 0.0], 10_675.0),
    ([0.0, 0.0, 3.0, 0.0], 10_034.0),
    ([4.0, 0.0, -2.0, 0.0], 8_548.0),
    ([2.0, 1.0, -1.0, 0.0], -7_888.0),
    ([2.0, 1.0, 0.0, 0.0], -6_766.0),
    ([1.0, 0.0, -1.0, 0.0], -5_163.0),
    ([1.0, 1.0, 0.0, 0.0], 4_987.0),
    ([2.0, -1.0, 1.0, 0.0], 4_036.0),
    ([2.0, 0.0, 2.0, 0.0], 3_994.0),
    ([4.0, 0.0, 0.0, 0.0], 3_861.0),
    ([2.0, 0.0, -3.0, 0.0], 3_665.0),
    ([0.0, 1.0, -2.0, 0.0], -2_689.0),
    ([2.0, 0.0, -1.0, 2.0], -2_602.0),
    ([2.0, -1.0, -2.0, 0.0], 2_390.0),
    ([1.0, 0.0, 1.0, 0.0], -2_348.0),
    ([2.0, -2.0, 0.0, 0.0], 2_236.0),
    ([0.0, 1.0, 2.0, 0.0], -2_120.0),
    ([0.0, 2.0, 0.0, 0.0], -2_069.0),
];

/// How far the moon is ahead of the sun, 0 to 360 degrees.
fn phase(moment: f64) -> f64 {
    let t = centuries(moment);
    let arguments = [
        297.850_192_1 + 445_267.111_403_4 * t,
        357.529_109_2 + 35_999.050_290_9 * t,
        134.963_396_4 + 477_198.867_505_5 * t,
        93.272_095_0 + 483_202.017_523_3 * t,
    ];
    let moon = 218.316_447_7 + 481_267.881_234_21 * t;
    let terms: f64 = MOON
        .iter()
        .map(|(multiples, weight)| {
            let angle: f64 = multiples
                .iter()
                .zip(arguments)
                .map(|(n, argument)| n * argument)
                .sum();
            weight * sine(angle)
        })
        .sum();
    (moon + terms / 1e6 - sun(moment)).rem_euclid(360.0)
}

/// The new moon nearest to a moment.
fn new_moon_near(moment: f64) -> f64 {
    let mut at = moment;
    for _ in 0..4 {
        let ahead = (phase(at) + 180.0).rem_euclid(360.0) - 180.0;
        at -= ahead / 12.190_75;
    }
    at
}

/// The sun's longitude against the stars (Lahiri), in degrees.
fn sidereal_sun(moment: f64) -> f64 {
    (sun(moment) - 23.853 - 1.397_0 * centuries(moment)).rem_euclid(360.0)
}

/// The lunar day, 1 to 30, of India's calendars.
fn tithi(moment: f64) -> i32 {
    (phase(moment) / 12.0).floor() as i32 + 1
}

/// The day in `year` on which the lunar day `day` (1 to 30, from the new moon) of a Hindu month
/// (0 is Chaitra; months end at the new moon) reigns at `hour`, Indian time. Of a doubled month,
/// the second.
pub(super) fn hindu(year: i32, month: i32, day: i32, hour: f64) -> Option<NaiveDate> {
    let first = moment(NaiveDate::from_ymd_opt(known(year)?, 1, 1)?, 0.0);
    // The month begins while the sun is in the sign before its own.
    let begins = day_of_sign(f64::from(30 * (month - 1)));
    let mut found: Option<NaiveDate> = None;
    for about in [first + begins - YEAR, first + begins] {
        for months in 0..3 {
            let new_moon = new_moon_near(about + f64::from(months) * 29.53);
            let sign = (sidereal_sun(new_moon) / 30.0).floor() as i32;
            if (sign + 1) % 12 != month {
                continue;
            }
            // Lunar days are a little shorter than days.
            let about = new_moon + INDIA + f64::from(day - 1) * 0.984;
            let around = NaiveDate::from_num_days_from_ce_opt(about.floor() as i32)?;
            let date = (-2..=2)
                .filter_map(|offset| add_days(around, offset))
                .find(|date| reigns(*date, day, hour))
                .unwrap_or(around);
            let doubled = found.is_some_and(|first| (date - first).num_days() < 40);
            if date.year() == year && (found.is_none() || doubled) {
                found = Some(date);
            }
        }
    }
    found
}

/// Days in a year of the sun.
const YEAR: f64 = 365.25;

/// About how many days after January 1 the sun is at this longitude (against the stars).
fn day_of_sign(longitude: f64) -> f64 {
    103.0 + longitude * YEAR / 360.0
}

/// The first day in `year` at whose sunset, in India, the moon is in the 27th part of the sky that
/// begins at `moon` degrees (against the stars) while the sun is in the sign that begins at `sun`.
pub(super) fn moon_in_star(year: i32, sun_sign: f64, moon: f64) -> Option<NaiveDate> {
    let first = NaiveDate::from_ymd_opt(known(year)?, 1, 1)?;
    let begins = add_days(first, day_of_sign(sun_sign) as i64 - 5)?;
    begins.iter_days().take(45).find(|date| {
        let at = moment(*date, 18.0);
        let sun = sidereal_sun(at);
        (sun_sign..sun_sign + 30.0).contains(&sun)
            && ((sun + phase(at)).rem_euclid(360.0) - moon).rem_euclid(360.0) < 360.0 / 27.0
    })
}

/// Whether the lunar day reigns at `hour`, or is so short that it begins after it and ends before
/// the next day's.
fn reigns(date: NaiveDate, day: i32, hour: f64) -> bool {
    let today = tithi(moment(date, hour));
    let previous = if day == 1 { 30 } else { day - 1 };
    today == day || (today == previous && tithi(moment(date, hour + 24.0)) == day % 30 + 1)
}

/// The day in `year` on which the sun enters the sign at `longitude` (against the stars) before
/// sunset, Indian time.
pub(super) fn sun_enters(year: i32, longitude: f64) -> Option<NaiveDate> {
    let first = NaiveDate::from_ymd_opt(known(year)?, 1, 1)?;
    let beyond =
        |date: NaiveDate| (sidereal_sun(moment(date, 18.0)) - longitude).rem_euclid(360.0) < 180.0;
    first
        .iter_days()
        .take(366)
        .find(|date| beyond(*date) && date.pred_opt().is_some_and(|before| !beyond(before)))
}
