//! How far each group is: the committed offsets, and what is settled behind them.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap, HashSet};

use rusqlite::{Connection, params};

use crate::LogError;

/// The cursors of all subscriptions that were used, as of the open transaction.
#[derive(Default)]
pub(crate) struct Progress {
    cursors: HashMap<(i64, u32), Cursor>,
    changed: HashSet<(i64, u32)>,
}

struct Cursor {
    /// What the file says.
    stored: u64,
    /// Settled at or behind `stored`, and in the file.
    settled: BTreeSet<u64>,
    /// Settled, and not yet in the file.
    new: Vec<u64>,
}

impl Progress {
    /// Counts a record as finished or parked: the committed offset may pass it.
    pub fn settle(
        &mut self,
        connection: &Connection,
        subscription: i64,
        partition: u32,
        offset: u64,
    ) -> Result<(), LogError> {
        let cursor = match self.cursors.entry((subscription, partition)) {
            Entry::Occupied(cursor) => cursor.into_mut(),
            Entry::Vacant(cursor) => cursor.insert(load(connection, subscription, partition)?),
        };
        if offset >= cursor.stored {
            cursor.new.push(offset);
            self.changed.insert((subscription, partition));
        }
        Ok(())
    }

    /// The file is changed by somebody else.
    pub fn forget(&mut self, subscription: i64) {
        self.cursors.retain(|(id, _), _| *id != subscription);
        self.changed.retain(|(id, _)| *id != subscription);
    }

    /// The transaction is undone.
    pub fn clear(&mut self) {
        self.cursors.clear();
        self.changed.clear();
    }

    /// Writes what has changed.
    pub fn store(&mut self, connection: &Connection) -> Result<(), LogError> {
        for (subscription, partition) in self.changed.drain() {
            let Some(cursor) = self.cursors.get_mut(&(subscription, partition)) else {
                continue;
            };
            cursor.new.sort_unstable();
            let mut ahead = Vec::new();
            let mut committed = cursor.stored;
            for offset in cursor.new.drain(..) {
                while cursor.settled.contains(&committed) {
                    committed += 1;
                }
                match offset {
                    offset if offset == committed => committed += 1,
                    offset if offset > committed => ahead.push(offset),
                    _ => {}
                }
            }
            while cursor.settled.contains(&committed) {
                committed += 1;
            }
            if committed > cursor.stored {
                connection
                    .prepare_cached(
                        "UPDATE cursors SET committed = ?3 WHERE subscription_id = ?1 AND partition = ?2",
                    )?
                    .execute(params![subscription, partition, committed])?;
                if !cursor.settled.is_empty() {
                    connection
                        .prepare_cached(
                            "DELETE FROM settled WHERE subscription_id = ?1 AND partition = ?2 AND offset < ?3",
                        )?
                        .execute(params![subscription, partition, committed])?;
                    cursor.settled = cursor.settled.split_off(&committed);
                }
                cursor.stored = committed;
            }
            let mut insert = connection.prepare_cached(
                "INSERT OR IGNORE INTO settled (subscription_id, partition, offset) VALUES (?1, ?2, ?3)",
            )?;
            for offset in ahead.into_iter().filter(|offset| *offset >= committed) {
                if cursor.settled.insert(offset) {
                    insert.execute(params![subscription, partition, offset])?;
                }
            }
        }
        Ok(())
    }
}

fn load(connection: &Connection, subscription: i64, partition: u32) -> Result<Cursor, LogError> {
    let stored = connection
        .prepare_cached(
            "SELECT committed FROM cursors WHERE subscription_id = ?1 AND partition = ?2",
        )?
        .query_row(params![subscription, partition], |row| row.get(0))?;
    Ok(Cursor {
        stored,
        settled: settled(connection, subscription, partition)?,
        new: Vec::new(),
    })
}

/// What the file has as settled behind the committed offset.
pub(crate) fn settled(
    connection: &Connection,
    subscription: i64,
    partition: u32,
) -> Result<BTreeSet<u64>, LogError> {
    Ok(connection
        .prepare_cached("SELECT offset FROM settled WHERE subscription_id = ?1 AND partition = ?2")?
        .query_map(params![subscription, partition], |row| row.get(0))?
        .collect::<Result<_, _>>()?)
}
