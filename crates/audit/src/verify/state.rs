//! What is read of a trail: one state of it, whatever is recorded meanwhile.

use sql::{Columns, Dialect, Result, Row, SqlConnection, SqlValue, params};

use super::walk::Ends;

/// Entries that are in memory at once.
const PAGE: i64 = 100;
/// In the order in which [`super::walk`] reads them.
const COLUMNS: &str = "user_id, seq, event_id, topic, event_type, task_id, version, occurred_at,
  recorded_at, correlation_id, data, salt, content_digest, hash";

/// A transaction that only reads.
pub(super) struct State<'a, C> {
    connection: &'a C,
    /// Only this person's, as a condition and its parameters.
    person: (&'static str, Vec<SqlValue>),
    /// How many entries were read.
    read: i64,
}

impl<'a, C: SqlConnection> State<'a, C> {
    pub async fn begin(connection: &'a C, user_id: Option<&str>) -> Result<Self> {
        let person = match user_id {
            Some(user_id) => ("user_id = ?1", params![user_id]),
            None => ("true", params![]),
        };
        // The order is fixed first, and not by values that somebody may have put there: none hides those behind.
        let (begin, order) = match connection.dialect() {
            Dialect::Sqlite => (
                "BEGIN",
                format!(
                    "CREATE TEMP TABLE places AS
                     SELECT rowid AS entry FROM entries WHERE {} ORDER BY user_id, seq",
                    person.0
                ),
            ),
            Dialect::Postgres => (
                "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
                format!(
                    "DECLARE places NO SCROLL CURSOR FOR
                     SELECT {COLUMNS} FROM entries WHERE {} ORDER BY user_id, seq",
                    person.0
                ),
            ),
        };
        connection.execute(begin, vec![]).await?;
        connection.execute(&order, person.1.clone()).await?;
        Ok(Self {
            connection,
            person,
            read: 0,
        })
    }

    /// The next entries, chain by chain; none at the end.
    pub async fn next_entries(&mut self) -> Result<Vec<Row>> {
        let entries = match self.connection.dialect() {
            Dialect::Sqlite => {
                let sql = format!(
                    "SELECT {COLUMNS} FROM places CROSS JOIN entries ON entries.rowid = places.entry
                     WHERE places.rowid > ?1 AND places.rowid <= ?2 ORDER BY places.rowid"
                );
                let params = params![self.read, self.read + PAGE];
                self.connection.execute(&sql, params).await?
            }
            Dialect::Postgres => {
                let sql = format!("FETCH {PAGE} FROM places");
                self.connection.execute(&sql, vec![]).await?
            }
        };
        self.read += entries.len() as i64;
        Ok(entries)
    }

    /// How a person's chain ends.
    pub async fn ends(&self, user_id: &str) -> Result<Ends> {
        let found = self
            .connection
            .execute(
                "SELECT EXISTS (SELECT 1 FROM entries WHERE user_id = ?1
                                AND event_type = 'user_erased' AND topic = 'user-events'),
                   head.user_id IS NOT NULL, head.seq, head.hash
                 FROM (SELECT 1) AS one LEFT JOIN heads AS head ON head.user_id = ?1",
                params![user_id],
            )
            .await?;
        let mut values = found.into_iter().flatten();
        let is_erased = values.next() == Some(SqlValue::Integer(1));
        let has_head = values.next() == Some(SqlValue::Integer(1));
        let head = values.next().zip(values.next());
        Ok(Ends {
            is_erased,
            head: head.filter(|_| has_head),
        })
    }

    /// Whose chains have an end and nothing else.
    pub async fn without_entries(&self) -> Result<Vec<String>> {
        let sql = format!(
            "SELECT user_id FROM heads WHERE {}
               AND NOT EXISTS (SELECT 1 FROM entries WHERE entries.user_id = heads.user_id)
             ORDER BY user_id",
            self.person.0
        );
        let rows = self.connection.execute(&sql, self.person.1.clone()).await?;
        Ok(rows.iter().map(|row| text_of(row.first())).collect())
    }

    /// What SQLite says is wrong with its file.
    pub async fn file_problem(&self) -> Result<Option<String>> {
        if self.connection.dialect() == Dialect::Postgres {
            return Ok(None);
        }
        let found = self
            .connection
            .execute("PRAGMA integrity_check(1)", vec![])
            .await?;
        let found = Columns::from(found.into_iter().next().unwrap_or_default()).text()?;
        Ok((found != "ok").then_some(found))
    }

    pub async fn end(self) -> Result<()> {
        self.connection.execute("ROLLBACK", vec![]).await.map(drop)
    }
}

/// A person's id as it is stored, also where that is not text.
pub(super) fn text_of(value: Option<&SqlValue>) -> String {
    match value {
        Some(SqlValue::Text(text)) => text.clone(),
        Some(SqlValue::Blob(bytes)) => String::from_utf8_lossy(bytes).into_owned(),
        other => format!("{other:?}"),
    }
}
