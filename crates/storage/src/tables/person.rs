//! One person's changes take their turns. SQLite has one writer at a time anyway.

use sql::Dialect;

/// A condition that holds if the person in this parameter has an account, from now until the statement commits.
pub(super) fn is_here(dialect: Dialect, person: &str) -> String {
    match dialect {
        Dialect::Sqlite => format!("EXISTS (SELECT 1 FROM users WHERE id = {person})"),
        Dialect::Postgres => format!("lock_person({person})"),
    }
}

/// The WHERE clause of an UPDATE that takes the person's turn before it locks a row, so that nobody waits for two
/// who wait for each other.
pub(super) fn locked(dialect: Dialect, person: &str, condition: &str) -> String {
    match dialect {
        Dialect::Sqlite => format!(" WHERE {condition}"),
        Dialect::Postgres => format!(
            " FROM (SELECT lock_person({person}) AS is_here) AS person WHERE person.is_here AND {condition}"
        ),
    }
}
