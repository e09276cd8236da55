//! What a person may ask of their own chain.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use events::{ReminderEventType, TaskEventType, UserEventType};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use sql::{Columns, Dialect, Row, SqlConnection, SqlError, SqlValue, params};
use task_model::{FieldError, parse_limit};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::Trail;
use crate::chain::hex;

const DEFAULT_LIMIT: u32 = 20;

/// Which entries to show.
#[derive(Debug, Clone, PartialEq, Eq, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TrailQuery {
    /// Only entries about this task.
    pub task_id: Option<Uuid>,
    /// Only entries of this type.
    #[param(example = "task_completed")]
    pub event_type: Option<String>,
    /// Only what happened at this time or later, RFC 3339.
    pub from: Option<DateTime<Utc>>,
    /// Only what happened before this time, RFC 3339.
    pub to: Option<DateTime<Utc>>,
    /// How many entries to show.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100, default = 20)]
    pub limit: u32,
    /// Go on where the page with this `next_cursor` ended.
    #[param(value_type = Option<String>)]
    pub cursor: Option<Cursor>,
}

impl Default for TrailQuery {
    fn default() -> Self {
        Self {
            task_id: None,
            event_type: None,
            from: None,
            to: None,
            limit: DEFAULT_LIMIT,
            cursor: None,
        }
    }
}

/// The last entry of a page: entries that come in later stand before it, or have their own place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    occurred_at: i64,
    seq: i64,
}

/// Entries, the newest first.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub struct Page {
    /// By the time when it happened, and among the same times by `seq`.
    pub entries: Vec<Entry>,
    /// The `cursor` of the next page; null on the last one.
    #[schema(required = true)]
    pub next_cursor: Option<String>,
}

/// A change, as it was recorded.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub struct Entry {
    /// Its place in the person's chain, from 1: the order in which changes were recorded.
    #[schema(minimum = 1)]
    pub seq: i64,
    /// The event's id.
    pub id: String,
    /// Where the event was published.
    #[schema(example = "task-events")]
    pub topic: String,
    /// What happened.
    #[schema(example = "task_completed")]
    pub event_type: String,
    /// To which task.
    #[schema(required = true)]
    pub task_id: Option<Uuid>,
    /// The task's version after it.
    #[schema(required = true)]
    pub version: Option<i64>,
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// The correlation id of the request that caused it.
    #[schema(required = true)]
    pub correlation_id: Option<String>,
    /// The event's payload; null once the person is erased.
    #[schema(value_type = Option<std::collections::BTreeMap<String, Value>>, required = true)]
    pub data: Value,
    /// SHA-256 of salt, correlation id and payload, in hex.
    pub content_digest: String,
    /// SHA-256 of this entry and the hash before it, in hex.
    pub hash: String,
    /// The hash of the entry before; null for the first.
    #[schema(required = true)]
    pub previous_hash: Option<String>,
}

impl TrailQuery {
    /// Reads decoded parameters; lists all that are wrong. The last one of a name counts, and unknown
    /// ones are ignored.
    pub fn from_params<N: AsRef<str>, V: AsRef<str>>(
        params: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Self, Vec<FieldError>> {
        let mut query = Self::default();
        let mut errors = Vec::new();
        for (name, value) in params {
            let (name, value) = (name.as_ref(), value.as_ref());
            let read = match name {
                "task_id" => parse_uuid(value).map(|id| query.task_id = Some(id)),
                "event_type" => parse_type(value).map(|it| query.event_type = Some(it)),
                "from" => parse_time(value).map(|at| query.from = Some(at)),
                "to" => parse_time(value).map(|at| query.to = Some(at)),
                "limit" => parse_limit(value).map(|limit| query.limit = limit),
                "cursor" => Cursor::parse(value).map(|cursor| query.cursor = Some(cursor)),
                _ => Ok(()),
            };
            if let Err(message) = read {
                errors.push(FieldError {
                    field: name.to_owned(),
                    message,
                });
            }
        }
        if matches!((query.from, query.to), (Some(from), Some(to)) if from > to) {
            errors.push(FieldError {
                field: "to".into(),
                message: "must not be before from".into(),
            });
        }
        if errors.is_empty() {
            Ok(query)
        } else {
            Err(errors)
        }
    }

    /// Entries before this place are meant: the cursor's, or the first one that is too new.
    fn end(&self) -> Option<Cursor> {
        let to = self.to.map(|to| Cursor {
            occurred_at: to.timestamp_millis(),
            seq: 0,
        });
        self.cursor.into_iter().chain(to).min()
    }
}

impl Cursor {
    fn parse(text: &str) -> Result<Self, String> {
        let read = || {
            let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
            let (occurred_at, seq) = bytes.split_first_chunk()?;
            Some(Self {
                occurred_at: i64::from_be_bytes(*occurred_at),
                seq: i64::from_be_bytes(seq.try_into().ok()?),
            })
        };
        read().ok_or_else(|| "must be the next_cursor of an earlier page".into())
    }

    fn text(self) -> String {
        let bytes = [self.occurred_at.to_be_bytes(), self.seq.to_be_bytes()];
        URL_SAFE_NO_PAD.encode(bytes.as_flattened())
    }
}

impl<C: SqlConnection> Trail<C> {
    /// A person's entries. Each of them is on one page only, whatever is recorded between two calls.
    pub async fn page(&self, user_id: Uuid, query: &TrailQuery) -> sql::Result<Page> {
        let mut params = params![user_id];
        let mut place = |value: SqlValue| {
            params.push(value);
            format!("?{}", params.len())
        };
        let mut conditions = String::new();
        if let Some(task_id) = query.task_id {
            conditions += &format!(" AND task_id = {}", place(task_id.into()));
        }
        if let Some(event_type) = query.event_type.as_deref() {
            // The `+` keeps SQLite from its index: a task has fewer entries than a type. PostgreSQL counts.
            let column = match self.connection.dialect() {
                Dialect::Sqlite if query.task_id.is_some() => "+event_type",
                _ => "event_type",
            };
            conditions += &format!(" AND {column} = {}", place(event_type.into()));
        }
        if let Some(from) = query.from {
            conditions += &format!(" AND occurred_at >= {}", place(from.into()));
        }
        if let Some(end) = query.end() {
            let (occurred_at, seq) = (place(end.occurred_at.into()), place(end.seq.into()));
            conditions += &format!(" AND (occurred_at, seq) < ({occurred_at}, {seq})");
        }
        let statement = format!(
            "SELECT occurred_at, seq, event_id, topic, event_type, task_id, version, recorded_at,
               correlation_id, data, content_digest, hash,
               (SELECT hash FROM entries AS before
                WHERE before.user_id = ?1 AND before.seq = entries.seq - 1)
             FROM entries WHERE user_id = ?1{conditions}
             ORDER BY occurred_at DESC, seq DESC LIMIT {limit}",
            limit = place((query.limit + 1).into()),
        );
        let mut rows = self.connection.execute(&statement, params).await?;
        let has_more = rows.len() > query.limit as usize;
        rows.truncate(query.limit as usize);
        let entries: Vec<Entry> = rows.into_iter().map(entry).collect::<sql::Result<_>>()?;
        let last = entries.last().filter(|_| has_more).map(|entry| Cursor {
            occurred_at: entry.occurred_at.timestamp_millis(),
            seq: entry.seq,
        });
        Ok(Page {
            next_cursor: last.map(Cursor::text),
            entries,
        })
    }
}

fn entry(row: Row) -> sql::Result<Entry> {
    let mut columns = Columns::from(row);
    Ok(Entry {
        occurred_at: columns.time()?,
        seq: columns.integer()?,
        id: columns.text()?,
        topic: columns.text()?,
        event_type: columns.text()?,
        task_id: match columns.optional_text()? {
            Some(text) => {
                let id = text.parse();
                Some(id.map_err(|_| SqlError::wrong_column("a UUID", text))?)
            }
            None => None,
        },
        version: columns.optional_integer()?,
        recorded_at: columns.time()?,
        correlation_id: columns.optional_text()?,
        data: match columns.optional_text()? {
            Some(text) => serde_json::from_str(&text)
                .map_err(|error| SqlError::wrong_column("JSON", error))?,
            None => Value::Null,
        },
        content_digest: hex(&columns.blob()?),
        hash: hex(&columns.blob()?),
        previous_hash: columns.optional_blob()?.as_deref().map(hex),
    })
}

/// A UUID in its hyphenated form, the only one that we write.
fn parse_uuid(text: &str) -> Result<Uuid, String> {
    let id = Uuid::try_parse(text).ok().filter(|_| text.len() == 36);
    id.ok_or_else(|| "must be a UUID".into())
}

fn parse_type(text: &str) -> Result<String, String> {
    fn is<T: DeserializeOwned>(text: &str) -> bool {
        serde_json::from_value::<T>(json!(text)).is_ok()
    }
    if is::<TaskEventType>(text) || is::<ReminderEventType>(text) || is::<UserEventType>(text) {
        return Ok(text.to_owned());
    }
    Err("must be an event's type such as task_completed or reminder_triggered".into())
}

fn parse_time(text: &str) -> Result<DateTime<Utc>, String> {
    DateTime::parse_from_rfc3339(text)
        .map(|at| at.with_timezone(&Utc))
        .map_err(|_| "must be an RFC 3339 date-time such as 2026-04-01T09:00:00Z".into())
}
