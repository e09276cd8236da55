//! Where SQLite and PostgreSQL must be told the same thing in different words.

/// Which database a connection leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite 3.45 or later.
    Sqlite,
    /// PostgreSQL 14 or later.
    Postgres,
}

impl Dialect {
    /// The items of a JSON array that is given as text, as an item of FROM with the columns `key` (from 0) and
    /// `value`. PostgreSQL wants a name after it: `FROM {items} AS item`.
    pub fn items(self, array: &str) -> String {
        match self {
            Self::Sqlite => format!("json_each({array})"),
            Self::Postgres => format!(
                "(SELECT ordinality - 1 AS key, value
                  FROM jsonb_array_elements(CAST(CAST({array} AS TEXT) AS jsonb)) WITH ORDINALITY AS item (value, ordinality))"
            ),
        }
    }

    /// An item's `value` as text, where it is a text or a number.
    pub fn text(self, value: &str) -> String {
        match self {
            Self::Sqlite => format!("CAST({value} AS TEXT)"),
            Self::Postgres => format!("({value} #>> '{{}}')"),
        }
    }

    /// An item's `value` as an integer, where it is one.
    pub fn integer(self, value: &str) -> String {
        match self {
            Self::Sqlite => format!("CAST({value} AS BIGINT)"),
            Self::Postgres => format!("CAST({value} #>> '{{}}' AS BIGINT)"),
        }
    }
}

/// The statement with its parameters as PostgreSQL writes them: `$1` for `?1`, outside of quotes.
#[cfg(any(feature = "postgres", feature = "spin"))]
pub(crate) fn dollar_parameters(sql: &str) -> String {
    let mut rewritten = String::with_capacity(sql.len());
    let mut quote = None;
    let mut rest = sql.chars().peekable();
    while let Some(c) = rest.next() {
        match (quote, c) {
            // A doubled quote ends the text and begins it again.
            (Some(open), c) if c == open => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (None, '?') if rest.peek().is_some_and(char::is_ascii_digit) => {
                rewritten.push('$');
                continue;
            }
            _ => {}
        }
        rewritten.push(c);
    }
    rewritten
}

#[cfg(all(test, any(feature = "postgres", feature = "spin")))]
mod tests {
    use super::dollar_parameters;

    #[test]
    fn parameters_are_rewritten_outside_of_quotes() {
        for (sql, rewritten) in [
            ("SELECT ?1, ?12", "SELECT $1, $12"),
            ("SELECT '?1', ?1", "SELECT '?1', $1"),
            ("SELECT 'it''s ?1', ?2", "SELECT 'it''s ?1', $2"),
            (r#"SELECT "?1'" || ?1"#, r#"SELECT "?1'" || $1"#),
            (
                "SELECT data ? 'a' AND é = ?3",
                "SELECT data ? 'a' AND é = $3",
            ),
            ("SELECT '", "SELECT '"),
        ] {
            assert_eq!(dollar_parameters(sql), rewritten);
        }
    }
}
