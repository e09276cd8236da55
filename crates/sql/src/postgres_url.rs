//! Which schema a connection to PostgreSQL works in.

use crate::Database;

/// The address with which a connection works in the schema of `database`. A pool's reset keeps what an address
/// sets, and forgets what a statement did.
pub(crate) fn in_schema(url: &str, database: Database) -> String {
    let schema = database.schema();
    let mut options = vec![format!("search_path={schema}")];
    if !database.synchronous_commit {
        options.push("synchronous_commit=off".into());
    }
    if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
        return format!("{url} options='-c {}'", options.join(" -c "));
    }
    let options = format!(
        "options=-c%20{}",
        options.join("%20-c%20").replace('=', "%3D")
    );
    match url.split_once('?') {
        None => format!("{url}?{options}"),
        // Of two options the last would count alone; the last of two settings in one does.
        Some((base, parameters)) => match parameters.split_once("options=") {
            Some((before, given)) => format!("{base}?{before}{options}%20{given}"),
            None => format!("{url}&{options}"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::in_schema;
    use crate::Database;

    #[test]
    fn the_schema_is_part_of_the_address() {
        let live = Database::durable("rate-limits");
        for (url, expected) in [
            (
                "postgres://a:b@db/todo",
                "postgres://a:b@db/todo?options=-c%20search_path%3Drate_limits",
            ),
            (
                "postgresql://db/todo?sslmode=require",
                "postgresql://db/todo?sslmode=require&options=-c%20search_path%3Drate_limits",
            ),
            (
                "postgres://db/todo?options=-c%20jit%3Doff&connect_timeout=3",
                "postgres://db/todo?options=-c%20search_path%3Drate_limits%20-c%20jit%3Doff&connect_timeout=3",
            ),
            (
                "host=db dbname=todo",
                "host=db dbname=todo options='-c search_path=rate_limits'",
            ),
        ] {
            assert_eq!(in_schema(url, live), expected);
        }
        assert!(
            in_schema("postgres://db/todo", live.repeatable()).ends_with(
                "?options=-c%20search_path%3Drate_limits%20-c%20synchronous_commit%3Doff"
            )
        );
    }
}
