//! The schema, as numbered migrations that only expand.

use sql::Migration;

/// The migrations of [`crate::DATABASE`].
///
/// Times are milliseconds since 1970. Triggers keep what is known of each person, so that one statement adds
/// updates and one removes them.
pub const MIGRATIONS: &[Migration] = &[&[
    // `pruned_at` is the newest event that was removed: what is not newer and not here was here before.
    // A person who was erased keeps a row without content, which holds back events that come late.
    "CREATE TABLE people (
       user_id TEXT PRIMARY KEY,
       last_id INTEGER NOT NULL,
       stored INTEGER NOT NULL,
       pruned_at INTEGER NOT NULL,
       is_erased INTEGER NOT NULL
     ) STRICT, WITHOUT ROWID",
    "CREATE TABLE updates (
       user_id TEXT NOT NULL,
       id INTEGER NOT NULL,
       prev INTEGER NOT NULL,
       event_id TEXT NOT NULL,
       at INTEGER NOT NULL,
       event TEXT NOT NULL,
       PRIMARY KEY (user_id, id)
     ) STRICT, WITHOUT ROWID",
    "CREATE UNIQUE INDEX updates_by_event ON updates (user_id, event_id)",
    "CREATE INDEX updates_by_time ON updates (at)",
    "CREATE TRIGGER updates_count AFTER INSERT ON updates
     BEGIN
       INSERT INTO people (user_id, last_id, stored, pruned_at, is_erased)
       VALUES (NEW.user_id, NEW.id, 1, -1, 0)
       ON CONFLICT (user_id) DO UPDATE SET last_id = excluded.last_id, stored = stored + 1;
       -- The oldest hundred go at once, so that most insertions remove nothing.
       DELETE FROM updates WHERE user_id = NEW.user_id AND id <=
         CASE WHEN (SELECT stored FROM people WHERE user_id = NEW.user_id) > 1100
         THEN (SELECT id FROM updates WHERE user_id = NEW.user_id ORDER BY id LIMIT 1 OFFSET 99)
         ELSE -1 END;
     END",
    "CREATE TRIGGER updates_remember AFTER DELETE ON updates
     BEGIN
       UPDATE people SET stored = stored - 1, pruned_at = max(pruned_at, OLD.at)
       WHERE user_id = OLD.user_id;
     END",
]];
