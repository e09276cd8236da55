//! Full text over a person's tasks.

use task_model::SearchHit;
use uuid::Uuid;

use super::lists::count;
use super::rows::Columns;
use crate::sql::params;
use crate::{Result, SqlConnection};

/// Words of a query beyond these are left out: each one costs a walk through the index.
const MAX_WORDS: usize = 16;
/// Stand around a match until the rest is escaped; the rules for text refuse both characters.
const MARK: char = '\u{2}';
const END_MARK: char = '\u{3}';

/// The FTS5 query for what a person typed: every word must occur, in any column, the last one perhaps
/// only begun. Each word is a quoted string, so no operator of FTS5 can come from it. `None` if there
/// is no word in it.
pub(super) fn match_expression(user_id: Uuid, typed: &str) -> Option<String> {
    let words: Vec<String> = typed
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| word.chars().any(char::is_alphanumeric))
        .take(MAX_WORDS)
        .map(|word| format!("\"{}\"", word.replace('"', "\"\"")))
        .collect();
    if words.is_empty() {
        return None;
    }
    let owner = user_id.simple();
    Some(format!(
        "owner : \"{owner}\" AND {{title description tags}} : ({} *)",
        words.join(" ")
    ))
}

pub(super) async fn search<C: SqlConnection>(
    connection: &C,
    user_id: Uuid,
    q: &str,
    limit: u32,
) -> Result<(Vec<SearchHit>, u64)> {
    let Some(expression) = match_expression(user_id, q) else {
        return Ok((Vec::new(), 0));
    };
    let sql = "SELECT tasks.id, tasks.user_id, tasks.title, tasks.description, tasks.status, tasks.priority,
          tasks.due_date, tasks.reminders, tasks.tags, tasks.recurrence_pattern, tasks.created_at, tasks.updated_at,
          tasks.completed_at, tasks.version,
          snippet(task_search, 0, char(2), char(3), '…', 24),
          snippet(task_search, 1, char(2), char(3), '…', 24),
          snippet(task_search, 2, char(2), char(3), '…', 24)
        FROM task_search CROSS JOIN tasks ON tasks.row = task_search.rowid
        WHERE task_search MATCH ?1 AND tasks.user_id = ?2 AND tasks.deleted_at IS NULL
        ORDER BY task_search.rank LIMIT ?3";
    let rows = connection
        .execute(sql, params![expression.as_str(), user_id, limit])
        .await?;
    let hits = rows
        .into_iter()
        .map(|row| {
            let mut columns = Columns::from(row);
            let task = columns.task()?;
            let mut best = (0, String::new());
            for _ in 0..3 {
                let passage = columns.optional_text()?.unwrap_or_default();
                let marks = passage.matches(MARK).count();
                if marks > best.0 {
                    best = (marks, passage);
                }
            }
            Ok(SearchHit {
                task,
                snippet: to_html(&best.1),
            })
        })
        .collect::<Result<Vec<_>>>()?;
    if hits.len() < limit as usize {
        let total = hits.len() as u64;
        return Ok((hits, total));
    }
    let rows = connection
        .execute(
            "SELECT count(*) FROM task_search WHERE task_search MATCH ?1",
            params![expression],
        )
        .await?;
    Ok((hits, count(rows)?))
}

/// Escapes a passage; only the marks become tags, and they are always balanced.
fn to_html(passage: &str) -> String {
    let mut html = String::with_capacity(passage.len());
    let mut is_open = false;
    for c in passage.chars() {
        match c {
            MARK | END_MARK if is_open == (c == MARK) => {}
            MARK => html.push_str("<mark>"),
            END_MARK => html.push_str("</mark>"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '&' => html.push_str("&amp;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            _ => html.push(c),
        }
        match c {
            MARK => is_open = true,
            END_MARK => is_open = false,
            _ => {}
        }
    }
    if is_open {
        html.push_str("</mark>");
    }
    html
}
