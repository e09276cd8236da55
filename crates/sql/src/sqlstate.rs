//! What PostgreSQL's errors mean to us.

use crate::SqlError;

/// An error as PostgreSQL describes it.
pub(crate) struct PostgresError<'a> {
    pub(crate) code: &'a str,
    pub(crate) message: &'a str,
    pub(crate) detail: Option<&'a str>,
    pub(crate) table: Option<&'a str>,
}

/// Classes that are the environment's and not the statement's: connections, resources, the operator, the
/// machine.
const UNAVAILABLE_CLASSES: [&str; 4] = ["08", "53", "57", "58"];
/// Serialization failure, deadlock, lock not available, a server that only reads, a transaction that
/// somebody before us has left open in the pool and that failed.
const UNAVAILABLE: [&str; 5] = ["40001", "40P01", "55P03", "25006", "25P02"];
const UNIQUE: &str = "23505";

impl From<PostgresError<'_>> for SqlError {
    fn from(error: PostgresError<'_>) -> Self {
        let PostgresError { code, message, .. } = error;
        if code == UNIQUE {
            Self::Unique(taken(&error))
        } else if UNAVAILABLE.contains(&code)
            || UNAVAILABLE_CLASSES
                .iter()
                .any(|class| code.starts_with(class))
        {
            Self::Unavailable(message.to_owned())
        } else {
            Self::Internal(format!("{message} ({code})"))
        }
    }
}

/// `users.email` of `Key (email)=(a@example.com) already exists.`
fn taken(error: &PostgresError<'_>) -> String {
    let columns = error
        .detail
        .and_then(|detail| detail.strip_prefix("Key ("))
        .and_then(|detail| detail.split_once(")=("))
        .map_or("", |(columns, _)| columns);
    let table = error.table.unwrap_or_default();
    let columns: Vec<String> = columns
        .split(", ")
        .map(|column| format!("{table}.{column}"))
        .collect();
    columns.join(", ")
}

#[cfg(test)]
mod tests {
    use super::PostgresError;
    use crate::SqlError;

    fn error(code: &'static str, detail: Option<&'static str>) -> SqlError {
        let table = Some("users");
        SqlError::from(PostgresError {
            code,
            message: "said",
            detail,
            table,
        })
    }

    #[test]
    fn errors_are_sorted_by_their_code() {
        for (detail, columns) in [
            (
                Some("Key (email)=(a)=(b@example.com) already exists."),
                "users.email",
            ),
            (
                Some("Key (a, b)=(1, 2) already exists."),
                "users.a, users.b",
            ),
            (None, "users."),
        ] {
            let error = error("23505", detail);
            assert!(
                matches!(&error, SqlError::Unique(name) if name == columns),
                "{error:?}"
            );
        }
        for code in [
            "08006", "53300", "57P01", "57P03", "57014", "58030", "40001", "40P01", "25006",
        ] {
            assert!(
                matches!(error(code, None), SqlError::Unavailable(_)),
                "{code}"
            );
        }
        for code in ["42601", "42P01", "22021", "23502"] {
            assert!(matches!(error(code, None), SqlError::Internal(_)), "{code}");
        }
    }
}
