//! Full text over a person's tasks.
//!
//! Each indexed word begins with its owner's id, so a search reads that person's entries alone, also to
//! count how rare a word is, and costs the same whatever others have stored.

use std::ops::Range;

use sql::{Columns, Dialect, SqlConnection, params};
use task_model::{SearchHit, Task};
use uuid::Uuid;

use super::lists::count;
use super::migrations::WORDS;
use super::rows::{ReadColumns, TASK};
use super::words::{Word, lexeme, owner, words};
use crate::Result;

/// Phrases of a query and words of a phrase beyond these are left out: each one costs a walk through
/// the index.
const MAX_WORDS: usize = 16;
/// Words of a passage.
const PASSAGE: usize = 24;

/// One of a query's phrases in a text.
struct Occurrence {
    /// The words of the text that it takes.
    words: Range<usize>,
    /// Which one.
    phrase: usize,
}

/// What a person typed. All phrases must occur, each in some column; most have one word (`e-mail` has
/// two). The last word is perhaps only begun.
pub(super) struct Query(Vec<Vec<String>>);

impl Query {
    /// `None` if there is no word in it.
    pub(super) fn parse(typed: &str) -> Option<Self> {
        let phrases: Vec<Vec<String>> = typed
            .split(|c: char| c.is_whitespace() || c.is_control())
            .map(|typed| {
                words(typed)
                    .take(MAX_WORDS)
                    .map(|word| word.folded.into_owned())
                    .collect()
            })
            .filter(|phrase: &Vec<String>| !phrase.is_empty())
            .take(MAX_WORDS)
            .collect();
        (!phrases.is_empty()).then_some(Self(phrases))
    }

    /// In the syntax of FTS5 or of a tsquery, each word or phrase as a string, so that no operator can come from it.
    pub(super) fn expression(&self, dialect: Dialect, user_id: Uuid) -> String {
        match dialect {
            Dialect::Sqlite => self.match_expression(user_id),
            Dialect::Postgres => self.tsquery(user_id),
        }
    }

    fn tsquery(&self, user_id: Uuid) -> String {
        let owner = owner(user_id);
        let phrases: Vec<String> = self
            .0
            .iter()
            .map(|phrase| {
                let words: Vec<String> = phrase.iter().map(|word| lexeme(&owner, word)).collect();
                words.join(" <-> ")
            })
            .collect();
        format!("({}:*)", phrases.join(") & ("))
    }

    fn match_expression(&self, user_id: Uuid) -> String {
        let owner = user_id.simple();
        let mut expression = String::new();
        for phrase in &self.0 {
            expression.push('"');
            for word in phrase {
                expression.push_str(&format!(" {owner}{word}"));
            }
            expression.push_str("\" ");
        }
        expression + "*"
    }

    /// Where phrases occur, in order and without overlaps.
    fn occurrences(&self, words: &[Word<'_>]) -> Vec<Occurrence> {
        let mut found = Vec::new();
        let mut at = 0;
        while let Some(rest) = words.get(at..).filter(|rest| !rest.is_empty()) {
            let longest = (0..self.0.len())
                .filter(|phrase| self.begins(rest, *phrase))
                .max_by_key(|phrase| self.0[*phrase].len());
            let start = at;
            at += longest.map_or(1, |phrase| self.0[phrase].len());
            found.extend(longest.map(|phrase| Occurrence {
                words: start..at,
                phrase,
            }));
        }
        found
    }

    fn begins(&self, words: &[Word<'_>], phrase: usize) -> bool {
        let last = (phrase + 1 == self.0.len()).then(|| self.0[phrase].len() - 1);
        words.len() >= self.0[phrase].len()
            && self.0[phrase].iter().zip(words).enumerate().all(
                |(index, (typed, Word { folded, .. }))| {
                    folded == typed || (Some(index) == last && folded.starts_with(typed.as_str()))
                },
            )
    }
}

pub(super) async fn search<C: SqlConnection>(
    connection: &C,
    user_id: Uuid,
    q: &str,
    limit: u32,
) -> Result<(Vec<SearchHit>, u64)> {
    let Some(query) = Query::parse(q) else {
        return Ok((Vec::new(), 0));
    };
    let expression = query.expression(connection.dialect(), user_id);
    if connection.dialect() == Dialect::Postgres {
        return ranked(connection, user_id, &query, expression, limit).await;
    }
    let sql = format!(
        "SELECT {TASK} FROM task_search CROSS JOIN tasks ON tasks.row = task_search.rowid
         WHERE task_search MATCH ?1 AND tasks.user_id = ?2 AND tasks.deleted_at IS NULL
         ORDER BY task_search.rank LIMIT ?3"
    );
    let rows = connection
        .execute(&sql, params![expression.as_str(), user_id, limit])
        .await?;
    let hits = rows
        .into_iter()
        .map(|row| {
            let task = Columns::from(row).task()?;
            let snippet = snippet(&task, &query);
            Ok(SearchHit { task, snippet })
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

/// The search in one statement. Titles weigh most, then tags; a rare word weighs no more than a frequent one.
async fn ranked<C: SqlConnection>(
    connection: &C,
    user_id: Uuid,
    query: &Query,
    expression: String,
    limit: u32,
) -> Result<(Vec<SearchHit>, u64)> {
    /// Divides by the logarithm of the length.
    const NORMALIZATION: u8 = 1;
    let sql = format!(
        "SELECT count(*) OVER (), {TASK} FROM tasks
         CROSS JOIN (SELECT CAST(CAST(?1 AS TEXT) AS tsquery) AS typed) AS search
         WHERE {WORDS} @@ typed AND user_id = ?2 AND deleted_at IS NULL
         ORDER BY ts_rank('{{0.1, 0.2, 0.5, 1.0}}', {WORDS}, typed, {NORMALIZATION}) DESC, row LIMIT ?3"
    );
    let rows = connection
        .execute(&sql, params![expression, user_id, limit])
        .await?;
    let (mut total, mut hits) = (0, Vec::with_capacity(rows.len()));
    for row in rows {
        let mut columns = Columns::from(row);
        total = columns.count()?;
        let task = columns.task()?;
        let snippet = snippet(&task, query);
        hits.push(SearchHit { task, snippet });
    }
    Ok((hits, total))
}

/// The best passage of the title, the description and the tags, in this order if they are equally good.
fn snippet(task: &Task, query: &Query) -> String {
    let tags = task.tags.join(" ");
    let description = task.description.as_deref().unwrap_or_default();
    let mut best = ((0, 0), String::new());
    for text in [&task.title, description, &tags] {
        if let Some(found) = passage(text, query)
            && found.0 > best.0
        {
            best = found;
        }
    }
    best.1
}

/// The passage with the most different phrases, then the most occurrences (both numbers are given),
/// as HTML in which `<mark>` is the only element.
fn passage(text: &str, query: &Query) -> Option<((usize, usize), String)> {
    let words: Vec<Word<'_>> = words(text).collect();
    let occurrences = query.occurrences(&words);
    let mut best = ((0, 0), [].as_slice());
    for (index, first) in occurrences.iter().enumerate() {
        let rest = &occurrences[index..];
        let near = rest.partition_point(|it| it.words.end <= first.words.start + PASSAGE);
        let near = &rest[..near];
        let mut phrases: Vec<usize> = near.iter().map(|it| it.phrase).collect();
        phrases.sort_unstable();
        phrases.dedup();
        let score = (phrases.len(), near.len());
        if score > best.0 {
            best = (score, near);
        }
    }
    let (score, marked) = best;
    let (first, last) = (&marked.first()?.words, &marked.last()?.words);
    let before = PASSAGE.saturating_sub(last.end - first.start) / 2;
    let start = first
        .start
        .saturating_sub(before)
        .min(words.len().saturating_sub(PASSAGE));
    let end = (start + PASSAGE).min(words.len());

    let mut html = String::new();
    let mut at = 0;
    if start > 0 {
        html.push('…');
        at = words[start].place.start;
    }
    for Occurrence { words: marked, .. } in marked {
        let place = words[marked.start].place.start..words[marked.end - 1].place.end;
        escape(&text[at..place.start], &mut html);
        html.push_str("<mark>");
        at = place.end;
        escape(&text[place], &mut html);
        html.push_str("</mark>");
    }
    if end < words.len() {
        escape(&text[at..words[end - 1].place.end], &mut html);
        html.push('…');
    } else {
        escape(&text[at..], &mut html);
    }
    Some((score, html))
}

fn escape(text: &str, html: &mut String) {
    for c in text.chars() {
        match c {
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '&' => html.push_str("&amp;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            _ => html.push(c),
        }
    }
}
