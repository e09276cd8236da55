//! The schema, as numbered migrations that only expand.

use sql::{Migration, Migrations};

/// The migrations of [`crate::DATABASE`].
///
/// Times are milliseconds since 1970. Triggers keep what is known of each person, so that one statement adds
/// updates and one removes them.
pub const MIGRATIONS: Migrations = Migrations {
    sqlite: &[SQLITE],
    postgres: &[POSTGRES],
};

const SQLITE: Migration = &[
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
];

const POSTGRES: Migration = &[
    r#"CREATE TABLE people (
         user_id TEXT COLLATE "C" PRIMARY KEY,
         last_id BIGINT NOT NULL,
         stored BIGINT NOT NULL,
         pruned_at BIGINT NOT NULL,
         is_erased BIGINT NOT NULL
       )"#,
    r#"CREATE TABLE updates (
         user_id TEXT COLLATE "C" NOT NULL,
         id BIGINT NOT NULL,
         prev BIGINT NOT NULL,
         event_id TEXT COLLATE "C" NOT NULL,
         at BIGINT NOT NULL,
         event TEXT NOT NULL,
         PRIMARY KEY (user_id, id)
       )"#,
    "CREATE UNIQUE INDEX updates_by_event ON updates (user_id, event_id)",
    "CREATE INDEX updates_by_time ON updates (at)",
    // Gives an update its place, `id` being the time, one of a person after the other: each of a function's
    // statements sees what was committed before it. Whoever locks people does so in their order, after the updates
    // that it removes, and passes over those that somebody else removes; so no two wait for each other.
    "CREATE FUNCTION place_update() RETURNS trigger LANGUAGE plpgsql AS $$
     DECLARE
       person people;
     BEGIN
       INSERT INTO people (user_id, last_id, stored, pruned_at, is_erased)
       VALUES (NEW.user_id, 0, 0, -1, 0) ON CONFLICT DO NOTHING;
       SELECT * INTO person FROM people WHERE user_id = NEW.user_id FOR UPDATE;
       IF person.is_erased = 1 OR NEW.at <= person.pruned_at
         OR EXISTS (SELECT 1 FROM updates WHERE user_id = NEW.user_id AND event_id = NEW.event_id)
       THEN
         RETURN NULL;
       END IF;
       NEW.prev := person.last_id;
       NEW.id := greatest(person.last_id, NEW.id) + 1;
       UPDATE people SET last_id = NEW.id, stored = stored + 1 WHERE user_id = NEW.user_id;
       RETURN NEW;
     END $$",
    "CREATE TRIGGER updates_place BEFORE INSERT ON updates
     FOR EACH ROW EXECUTE FUNCTION place_update()",
    // A hundred go at once, so that most insertions remove nothing.
    "CREATE FUNCTION limit_updates() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN
       DELETE FROM updates WHERE (user_id, id) IN (
         SELECT updates.user_id, updates.id FROM people JOIN updates ON updates.user_id = people.user_id
           AND updates.id <= (SELECT id FROM updates AS kept WHERE kept.user_id = people.user_id
                              ORDER BY id DESC OFFSET 1000 LIMIT 1)
         WHERE stored > 1100 AND people.user_id IN (SELECT user_id FROM added)
         FOR UPDATE OF updates SKIP LOCKED);
       RETURN NULL;
     END $$",
    "CREATE TRIGGER updates_limit AFTER INSERT ON updates REFERENCING NEW TABLE AS added
     FOR EACH STATEMENT EXECUTE FUNCTION limit_updates()",
    "CREATE FUNCTION remember_removed() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN
       PERFORM 1 FROM people WHERE user_id IN (SELECT user_id FROM removed) ORDER BY user_id FOR UPDATE;
       UPDATE people SET stored = stored - n, pruned_at = greatest(pruned_at, newest)
       FROM (SELECT user_id, count(*) AS n, max(at) AS newest FROM removed GROUP BY user_id) AS gone
       WHERE people.user_id = gone.user_id;
       RETURN NULL;
     END $$",
    "CREATE TRIGGER updates_remember AFTER DELETE ON updates REFERENCING OLD TABLE AS removed
     FOR EACH STATEMENT EXECUTE FUNCTION remember_removed()",
];
