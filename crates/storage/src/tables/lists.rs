//! Reads over many tasks: pages, tags and numbers.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use sql::{Columns, Dialect, Row, SqlConnection, SqlValue, json, params};
use task_model::{Page, SortField, SortOrder, Stats, TagCount, TaskQuery};
use uuid::Uuid;

use super::migrations::WORDS;
use super::rows::{ReadColumns, TASK, rank};
use super::search::Query;
use super::words::{owner, tag_lexeme};
use crate::Result;

/// As the partial index `tasks_open_due` has it: the planner compares the text.
const OPEN: &str = "status IN ('pending', 'in_progress')";

/// The WHERE clause of a query and its parameters; `None` if nothing can match.
pub(super) fn conditions(
    dialect: Dialect,
    user_id: Uuid,
    query: &TaskQuery,
    now: DateTime<Utc>,
) -> Option<(String, Vec<SqlValue>)> {
    let mut params = params![user_id];
    let mut sql = String::from("user_id = ?1 AND deleted_at IS NULL");
    let mut any_of = |before: &str, values: Vec<SqlValue>, after: &str| {
        if !values.is_empty() {
            let marks: Vec<String> = values
                .into_iter()
                .map(|value| {
                    params.push(value);
                    format!("?{}", params.len())
                })
                .collect();
            sql.push_str(&format!(" AND {before}{}{after}", marks.join(", ")));
        }
    };
    any_of(
        "status IN (",
        query
            .status
            .iter()
            .map(|status| status.as_str().into())
            .collect(),
        ")",
    );
    any_of(
        "priority IN (",
        query.priority.iter().map(|it| rank(*it).into()).collect(),
        ")",
    );
    match dialect {
        Dialect::Sqlite => any_of(
            "row IN (SELECT task FROM task_tags WHERE user_id = ?1 AND tag IN (",
            query.tag.iter().map(|tag| tag.as_str().into()).collect(),
            "))",
        ),
        Dialect::Postgres if !query.tag.is_empty() => {
            let owner = owner(user_id);
            let tags = query.tag.iter().map(|tag| tag_lexeme(&owner, tag));
            let any = tags.collect::<Vec<_>>().join(" | ");
            any_of(
                &format!("{WORDS} @@ CAST(CAST("),
                params![any],
                " AS TEXT) AS tsquery)",
            );
        }
        Dialect::Postgres => {}
    }
    let mut compare = |condition: &str, at: Option<DateTime<Utc>>| {
        any_of(condition, at.map(Into::into).into_iter().collect(), "");
    };
    compare("due_date < ", query.due_before.map(ceil_to_millisecond));
    compare("due_date >= ", query.due_after.map(ceil_to_millisecond));
    compare(
        "completed_at >= ",
        query.completed_after.map(ceil_to_millisecond),
    );
    compare(
        "completed_at < ",
        query.completed_before.map(ceil_to_millisecond),
    );
    compare(
        "updated_at >= ",
        query.updated_after.map(ceil_to_millisecond),
    );
    match query.overdue {
        Some(true) => any_of(&format!("{OPEN} AND due_date < "), params![now], ""),
        Some(false) => any_of(
            &format!("(NOT {OPEN} OR due_date IS NULL OR due_date >= "),
            params![now],
            ")",
        ),
        None => {}
    }
    if let Some(q) = &query.q {
        let expression = Query::parse(q)?.expression(dialect, user_id);
        match dialect {
            Dialect::Sqlite => any_of(
                "row IN (SELECT rowid FROM task_search WHERE task_search MATCH ",
                params![expression],
                ")",
            ),
            Dialect::Postgres => any_of(
                &format!("{WORDS} @@ CAST(CAST("),
                params![expression],
                " AS TEXT) AS tsquery)",
            ),
        }
    }
    match query.has_due_date {
        Some(true) => sql.push_str(" AND due_date IS NOT NULL"),
        Some(false) => sql.push_str(" AND due_date IS NULL"),
        None => {}
    }
    Some((sql, params))
}

/// Stored times are whole milliseconds, so a bound between two of them is as good as the later one.
fn ceil_to_millisecond(at: DateTime<Utc>) -> DateTime<Utc> {
    let rest = i64::from(at.timestamp_subsec_nanos() % 1_000_000);
    if rest == 0 {
        return at;
    }
    at.checked_add_signed(chrono::TimeDelta::nanoseconds(1_000_000 - rest))
        .unwrap_or(at)
}

/// Ends with the row number, so that equal tasks keep the order in which they were made.
pub(super) fn order(query: &TaskQuery) -> String {
    let (way, nulls) = match query.order {
        SortOrder::Ascending => ("ASC", " NULLS LAST"),
        SortOrder::Descending => ("DESC", " NULLS LAST"),
    };
    let column = match query.sort {
        SortField::CreatedAt => "created_at",
        SortField::DueDate => return format!("due_date {way}{nulls}, row {way}"),
        SortField::Priority => "priority",
        SortField::Title => "title_key",
        SortField::UpdatedAt => "updated_at",
    };
    format!("{column} {way}, row {way}")
}

pub(super) async fn page<C: SqlConnection>(
    connection: &C,
    user_id: Uuid,
    query: &TaskQuery,
    now: DateTime<Utc>,
) -> Result<Page> {
    let dialect = connection.dialect();
    let Some((conditions, mut params)) = conditions(dialect, user_id, query, now) else {
        return Ok(Page {
            tasks: Vec::new(),
            total: 0,
        });
    };
    let order = order(query);
    if dialect == Dialect::Postgres {
        return page_with_total(connection, query, &conditions, &order, params).await;
    }
    // What is overdue is short beside what was ever due; the planner takes both indexes for equal.
    let from = match query.overdue {
        Some(true) => "tasks INDEXED BY tasks_open_due",
        _ => "tasks",
    };
    let count_params = params.clone();
    params.extend([query.limit.into(), query.offset.into()]);
    // Sorting and skipping go through an index; only the tasks of the page are read.
    let sql = format!(
        "SELECT {TASK} FROM tasks WHERE row IN
           (SELECT row FROM {from} WHERE {conditions} ORDER BY {order} LIMIT ?{} OFFSET ?{})
         ORDER BY {order}",
        params.len() - 1,
        params.len()
    );
    let rows = connection.execute(&sql, params).await?;
    let tasks = rows
        .into_iter()
        .map(|row| Columns::from(row).task())
        .collect::<Result<Vec<_>>>()?;
    // A page that is not full is the last one, which says how many there are.
    let is_last = tasks.len() < query.limit as usize && (!tasks.is_empty() || query.offset == 0);
    let total = if is_last {
        u64::from(query.offset) + tasks.len() as u64
    } else {
        let sql = format!("SELECT count(*) FROM {from} WHERE {conditions}");
        count(connection.execute(&sql, count_params).await?)?
    };
    Ok(Page { tasks, total })
}

/// In one statement, since there each costs a way to the server and back.
async fn page_with_total<C: SqlConnection>(
    connection: &C,
    query: &TaskQuery,
    conditions: &str,
    order: &str,
    mut params: Vec<SqlValue>,
) -> Result<Page> {
    let count_params = params.clone();
    params.extend([query.limit.into(), query.offset.into()]);
    let count_sql = format!("SELECT count(*) FROM tasks WHERE {conditions}");
    let sql = format!(
        "SELECT ({count_sql}), {TASK} FROM tasks WHERE {conditions} ORDER BY {order} LIMIT ?{} OFFSET ?{}",
        params.len() - 1,
        params.len()
    );
    let rows = connection.execute(&sql, params).await?;
    let (mut total, mut tasks) = (0, Vec::with_capacity(rows.len()));
    for row in rows {
        let mut columns = Columns::from(row);
        total = columns.count()?;
        tasks.push(columns.task()?);
    }
    if tasks.is_empty() && query.offset > 0 {
        total = count(connection.execute(&count_sql, count_params).await?)?;
    }
    Ok(Page { tasks, total })
}

/// The first column of the only row.
pub(super) fn count(rows: Vec<Row>) -> Result<u64> {
    Ok(Columns::from(rows.into_iter().next().unwrap_or_default()).count()?)
}

pub(super) async fn tags<C: SqlConnection>(connection: &C, user_id: Uuid) -> Result<Vec<TagCount>> {
    let sql = match connection.dialect() {
        Dialect::Sqlite => {
            "SELECT tag, count(*) AS uses FROM task_tags WHERE user_id = ?1 GROUP BY tag ORDER BY uses DESC, tag"
        }
        Dialect::Postgres => {
            r#"SELECT tag, count(*) AS uses FROM tasks
               CROSS JOIN LATERAL jsonb_array_elements_text(CAST(tags AS jsonb)) AS item (tag)
               WHERE user_id = ?1 AND deleted_at IS NULL GROUP BY tag ORDER BY uses DESC, tag COLLATE "C""#
        }
    };
    let rows = connection.execute(sql, params![user_id]).await?;
    rows.into_iter()
        .map(|row| {
            let mut columns = Columns::from(row);
            Ok(TagCount {
                tag: columns.text()?,
                count: columns.count()?,
            })
        })
        .collect()
}

pub(super) async fn stats<C: SqlConnection>(
    connection: &C,
    user_id: Uuid,
    days: &[(NaiveDate, DateTime<Utc>, DateTime<Utc>)],
    now: DateTime<Utc>,
) -> Result<Stats> {
    let today = days.last();
    let rows = connection
        .execute(
            &format!(
                "SELECT status, priority, {OPEN}, count(*), count(*) FILTER (WHERE due_date < ?2),
                   count(*) FILTER (WHERE due_date >= ?3 AND due_date < ?4)
                 FROM tasks WHERE user_id = ?1 AND deleted_at IS NULL GROUP BY status, priority"
            ),
            params![user_id, now, today.map(|day| day.1), today.map(|day| day.2)],
        )
        .await?;
    let mut stats = Stats::default();
    let (mut by_status, mut by_priority) = (BTreeMap::new(), BTreeMap::new());
    for row in rows {
        let mut columns = Columns::from(row);
        let (status, priority, is_open) = (
            columns.status()?,
            columns.priority()?,
            columns.integer()? == 1,
        );
        let (tasks, overdue, due_today) = (columns.count()?, columns.count()?, columns.count()?);
        stats.total += tasks;
        *by_status.entry(status).or_default() += tasks;
        if is_open {
            *by_priority.entry(priority).or_default() += tasks;
            stats.overdue += overdue;
            stats.due_today += due_today;
        }
    }
    stats.by_status = by_status.into_iter().collect();
    stats.by_priority = by_priority.into_iter().collect();

    let bounds: Vec<(i64, i64)> = days
        .iter()
        .map(|(_, start, end)| (start.timestamp_millis(), end.timestamp_millis()))
        .collect();
    let rows = connection
        .execute(
            &format!(
                "SELECT day, completed FROM (
                   SELECT item.key AS day, (SELECT count(*) FROM tasks
                     WHERE user_id = ?1 AND deleted_at IS NULL AND completed_at IS NOT NULL
                       AND completed_at >= CAST(item.value ->> 0 AS BIGINT)
                       AND completed_at < CAST(item.value ->> 1 AS BIGINT)) AS completed
                   FROM {} AS item) AS days
                 WHERE completed > 0 ORDER BY day",
                connection.dialect().items("?2")
            ),
            params![user_id, json(&bounds)?],
        )
        .await?;
    for row in rows {
        let mut columns = Columns::from(row);
        let day = columns.count()?;
        if let Some((date, ..)) = usize::try_from(day).ok().and_then(|day| days.get(day)) {
            stats.completed_per_day.push((*date, columns.count()?));
        }
    }
    Ok(stats)
}
