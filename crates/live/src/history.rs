//! Each person's recent updates, numbered: what a client that was away has missed.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use serde_json::value::RawValue;
use sql::{Columns, Dialect, Result, SqlConnection, SqlError, params};
use uuid::Uuid;

use crate::messages::{ServerMessage, UpdateId};

/// How long an update is kept.
pub const KEEP: TimeDelta = TimeDelta::hours(24);
/// What one answer to a client has of missed updates, in bytes of their events: a gateway takes up to a
/// megabyte, and to load all anew is cheaper long before that.
const MAX_MISSED_BYTES: i64 = 256 * 1024;
/// How often another instance may be faster before an insertion is left for later.
const MAX_ATTEMPTS: u32 = 20;
/// Events that come before old updates are removed again.
const PRUNE_AFTER: usize = 50;

/// An event of a person's that clients are to get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewUpdate {
    /// Whose.
    pub user_id: Uuid,
    /// The event's id.
    pub event_id: String,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// The `data` of the event, JSON on one line.
    pub event: String,
}

/// The place that an event has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Its own.
    pub id: UpdateId,
    /// The one before.
    pub prev: UpdateId,
}

/// An update as it is stored.
#[derive(Debug, Clone)]
pub struct Update {
    /// Its place.
    pub place: Place,
    /// The event's id.
    pub event_id: String,
    /// The `data` of the event.
    pub event: Box<RawValue>,
}

impl Update {
    /// For a client.
    pub fn message(&self) -> ServerMessage<'_> {
        ServerMessage::Update {
            id: self.place.id,
            prev: self.place.prev,
            event_id: &self.event_id,
            event: &self.event,
        }
    }
}

/// What a client that asks has missed.
#[derive(Debug, Clone)]
pub enum Missed {
    /// These, in order; then it has all.
    Updates {
        /// What it has not.
        updates: Vec<Update>,
        /// The newest there is.
        newest: UpdateId,
    },
    /// More than is known.
    Unknown {
        /// The newest there is.
        newest: UpdateId,
    },
    /// The account does not exist any more.
    Erased,
}

/// The history of all people.
#[derive(Debug)]
pub struct History<C> {
    connection: C,
    /// Events that came since old updates were removed.
    since_pruned: AtomicUsize,
}

impl<C: SqlConnection> History<C> {
    /// Over a connection to [`crate::DATABASE`] with [`crate::MIGRATIONS`].
    pub fn new(connection: C) -> Self {
        Self {
            connection,
            // What came before is not known: the first event removes old ones.
            since_pruned: AtomicUsize::new(PRUNE_AFTER),
        }
    }

    /// Adds events, those of one person in this order, and answers the place of each. An event that is there
    /// has the place that it got then. None for one of an erased person, and for one that was there and is
    /// removed again.
    ///
    /// Places grow with the clock. So none is given a second time even where the last ones were lost with the
    /// machine's power, and a client that knows one of those is told to load anew.
    pub async fn add(
        &self,
        updates: &[NewUpdate],
        now: DateTime<Utc>,
    ) -> Result<Vec<Option<Place>>> {
        let mut seen = HashSet::new();
        let rows: Vec<_> = updates
            .iter()
            .filter(|it| seen.insert((it.user_id, it.event_id.as_str())))
            .map(|it| {
                // One that claims to come from the future would make all later ones look old.
                let at = it.at.min(now).timestamp_millis();
                json!([it.user_id, it.event_id, at, it.event])
            })
            .collect();
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let rows = sql::json(&rows)?;
        let mut attempt = 1;
        let added = loop {
            match self.insert(&rows, now).await {
                Ok(added) => break added,
                Err(SqlError::Unique(_)) if attempt < MAX_ATTEMPTS => attempt += 1,
                Err(SqlError::Unique(_)) => {
                    return Err(SqlError::Unavailable("others write all the time".into()));
                }
                Err(error) => return Err(error),
            }
        };
        let mut places = places(added)?;
        if places.len() < seen.len() {
            places.extend(self.places_of(&rows).await?);
        }
        let place = |it: &NewUpdate| places.get(&(it.user_id, it.event_id.clone())).copied();
        Ok(updates.iter().map(place).collect())
    }

    /// One statement, so that neither a crash nor another writer comes between a place and the next.
    async fn insert(&self, rows: &str, now: DateTime<Utc>) -> Result<Vec<sql::Row>> {
        let sql = match self.connection.dialect() {
            // INSERT comes first: a statement that says at its beginning what it does may run where it is asked for.
            Dialect::Sqlite => {
                "INSERT INTO updates (user_id, id, prev, event_id, at, event)
                 WITH given AS (
                   SELECT key AS position, value ->> 0 AS user_id, value ->> 1 AS event_id,
                     value ->> 2 AS at, value ->> 3 AS event
                   FROM json_each(?1)),
                 new AS (
                   SELECT given.*, coalesce(last_id, 0) AS last_id,
                     row_number() OVER (PARTITION BY user_id ORDER BY position) AS nth
                   FROM given LEFT JOIN people USING (user_id)
                   WHERE NOT coalesce(is_erased, 0) AND at > coalesce(pruned_at, -1)
                     AND NOT EXISTS (SELECT 1 FROM updates AS known
                       WHERE known.user_id = given.user_id AND known.event_id = given.event_id))
                 SELECT user_id, max(last_id, ?2) + nth,
                   CASE nth WHEN 1 THEN last_id ELSE max(last_id, ?2) + nth - 1 END,
                   event_id, at, event
                 FROM new WHERE true ORDER BY position
                 RETURNING user_id, event_id, id, prev"
            }
            // A trigger finds the places, and drops what has none.
            Dialect::Postgres => {
                "INSERT INTO updates (user_id, id, prev, event_id, at, event)
                 SELECT value ->> 0, ?2, 0, value ->> 1, CAST(value ->> 2 AS BIGINT), value ->> 3
                 FROM jsonb_array_elements(CAST(CAST(?1 AS TEXT) AS jsonb)) WITH ORDINALITY AS item (value, position)
                 ORDER BY value ->> 0, position
                 RETURNING user_id, event_id, id, prev"
            }
        };
        self.connection.execute(sql, params![rows, now]).await
    }

    async fn places_of(&self, rows: &str) -> Result<HashMap<(Uuid, String), Place>> {
        let dialect = self.connection.dialect();
        // CROSS JOIN, so that SQLite begins with the items.
        let join = match dialect {
            Dialect::Sqlite => "CROSS JOIN",
            Dialect::Postgres => "JOIN",
        };
        let sql = format!(
            "SELECT user_id, event_id, updates.id, prev FROM {items} AS item {join} updates
             ON user_id = value ->> 0 AND event_id = value ->> 1",
            items = dialect.items("?1"),
        );
        places(self.connection.execute(&sql, params![rows]).await?)
    }

    /// What a person's client has missed that has all up to `after`; with none it has missed nothing, as it
    /// loads all anyway.
    pub async fn missed(&self, user_id: Uuid, after: Option<UpdateId>) -> Result<Missed> {
        let person = self
            .connection
            .execute(
                "SELECT last_id, is_erased FROM people WHERE user_id = ?1",
                params![user_id],
            )
            .await?;
        let mut newest = UpdateId::default();
        if let Some(mut person) = Columns::first(person) {
            newest = UpdateId(person.integer()?);
            if person.integer()? != 0 {
                return Ok(Missed::Erased);
            }
        }
        let Some(after) = after.filter(|after| *after != newest) else {
            let updates = Vec::new();
            return Ok(Missed::Updates { updates, newest });
        };
        let updates = self.updates_after(user_id, after).await?;
        // Each follows the one before, the first one the client's, and the last one is the newest; so
        // nothing between them was removed.
        let mut last = after;
        let is_whole = updates.iter().all(|it| {
            let follows = it.place.prev == last;
            last = it.place.id;
            follows
        });
        if !is_whole || last < newest || updates.is_empty() {
            return Ok(Missed::Unknown { newest });
        }
        let newest = last;
        Ok(Missed::Updates { updates, newest })
    }

    async fn updates_after(&self, user_id: Uuid, after: UpdateId) -> Result<Vec<Update>> {
        let rows = self
            .connection
            .execute(
                "SELECT id, prev, event_id, event FROM (
                   SELECT *, sum(length(event)) OVER (ORDER BY id ROWS UNBOUNDED PRECEDING) AS bytes
                   FROM updates WHERE user_id = ?1 AND id > ?2) AS later
                 WHERE bytes <= ?3 ORDER BY id",
                params![user_id, after.0, MAX_MISSED_BYTES],
            )
            .await?;
        let update = |row| {
            let mut columns = Columns::from(row);
            let place = Place {
                id: UpdateId(columns.integer()?),
                prev: UpdateId(columns.integer()?),
            };
            Ok(Update {
                place,
                event_id: columns.text()?,
                event: raw(columns.text()?)?,
            })
        };
        rows.into_iter().map(update).collect()
    }

    /// Notes that so many events came; once there are enough, removes twice as many old updates, so that what is
    /// stored shrinks to what is kept.
    pub async fn make_room(&self, events: usize, now: DateTime<Utc>) -> Result<()> {
        let came = self.since_pruned.fetch_add(events, Ordering::Relaxed) + events;
        if came < PRUNE_AFTER {
            return Ok(());
        }
        self.since_pruned.store(0, Ordering::Relaxed);
        self.prune(2 * came, now).await
    }

    /// Removes up to `rows` updates that are older than [`KEEP`].
    pub async fn prune(&self, rows: usize, now: DateTime<Utc>) -> Result<()> {
        // What another instance removes is passed over.
        let skip = match self.connection.dialect() {
            Dialect::Sqlite => "",
            Dialect::Postgres => "FOR UPDATE SKIP LOCKED",
        };
        let sql = format!(
            "DELETE FROM updates WHERE (user_id, id) IN
               (SELECT user_id, id FROM updates WHERE at < ?1 ORDER BY at LIMIT ?2 {skip})"
        );
        let params = params![now - KEEP, rows as i64];
        self.connection.execute(&sql, params).await.map(drop)
    }

    /// Removes a person's updates for good. What comes of theirs later is not kept.
    pub async fn erase(&self, user_id: Uuid) -> Result<()> {
        // First the mark: what is added in between would else stay.
        self.connection
            .execute(
                "INSERT INTO people (user_id, last_id, stored, pruned_at, is_erased)
                 VALUES (?1, 0, 0, -1, 1) ON CONFLICT (user_id) DO UPDATE SET is_erased = 1",
                params![user_id],
            )
            .await?;
        self.connection
            .execute("DELETE FROM updates WHERE user_id = ?1", params![user_id])
            .await?;
        sql::overwrite_erased(&self.connection).await
    }
}

fn raw(event: String) -> Result<Box<RawValue>> {
    RawValue::from_string(event)
        .map_err(|error| SqlError::Internal(format!("an event that is not JSON: {error}")))
}

fn places(rows: Vec<sql::Row>) -> Result<HashMap<(Uuid, String), Place>> {
    let place = |row| {
        let mut columns = Columns::from(row);
        let event = (columns.id()?, columns.text()?);
        let (id, prev) = (UpdateId(columns.integer()?), UpdateId(columns.integer()?));
        Ok((event, Place { id, prev }))
    };
    rows.into_iter().map(place).collect()
}
