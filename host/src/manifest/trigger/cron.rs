//! What is of `[[trigger.cron]]` alone: when it runs.

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};

use crate::manifest::reader::Table;

const EXPECTED: &str = "seconds, minutes, hours, days of the month, months and days of the week \
                        (0 is Sunday), like \"0 */5 * * * *\"";

/// The schedule.
pub fn read(table: &Table) -> Option<Cron> {
    let expression = table.required_text("cron_expression", EXPECTED)?;
    match parse(&expression.value) {
        Ok(schedule) => Some(schedule),
        Err(reason) => {
            table.diagnostics().report(
                expression.span,
                format!("the cron expression cannot be used: {reason}"),
                format!("expected {EXPECTED}"),
            );
            None
        }
    }
}

/// As Spin's cron plugin reads it: the seconds must be there, `0/15` starts at 0, and where both a day of
/// the month and a day of the week are given, both must fit. A year may follow.
fn parse(expression: &str) -> Result<Cron, String> {
    CronParser::builder()
        .seconds(Seconds::Required)
        .year(Year::Optional)
        .dom_and_dow(true)
        .sloppy_ranges(true)
        .build()
        .parse(expression)
        .map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::*;

    fn next(expression: &str, after: &str) -> String {
        let after: DateTime<Utc> = after.parse().unwrap();
        let next = parse(expression)
            .unwrap()
            .find_next_occurrence(&after, false)
            .unwrap();
        next.format("%FT%TZ").to_string()
    }

    #[test]
    fn expressions_mean_what_they_mean_to_spins_plugin() {
        // 2026-01-04 is a Sunday.
        let from = "2026-01-01T00:00:00Z";
        for (expression, expected) in [
            ("*/30 * * * * *", "2026-01-01T00:00:30Z"),
            ("0/15 * * * * *", "2026-01-01T00:00:15Z"),
            ("0 1/2 11,12 5-10 * *", "2026-01-05T11:01:00Z"),
            ("0 1/2 11,12 5-10 * * *", "2026-01-05T11:01:00Z"),
            ("0 0 9 * * 0", "2026-01-04T09:00:00Z"),
            ("0 0 9 * * SUN", "2026-01-04T09:00:00Z"),
            ("0 0 9 * * 1", "2026-01-05T09:00:00Z"),
            ("0 0 9 13 * 5", "2026-02-13T09:00:00Z"),
            ("0 0 0 1 1 * 2030", "2030-01-01T00:00:00Z"),
        ] {
            assert_eq!(next(expression, from), expected, "{expression}");
        }
    }

    #[test]
    fn what_is_no_expression_is_refused() {
        for expression in [
            "",
            "* * * * *",
            "60 * * * * *",
            "* * 24 * * *",
            "* * * * 13 *",
            "* * * * * 8",
            "* * * * * * * *",
            "a * * * * *",
        ] {
            assert!(parse(expression).is_err(), "{expression}");
        }
    }
}
