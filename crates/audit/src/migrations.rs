//! The schema, as numbered migrations that only expand.
//!
//! Times are milliseconds since 1970 in UTC. Triggers keep the heads and do the erasing, so that one
//! `INSERT` is all that an event needs, and refuse every other change. They stop mistakes; whoever can
//! write the file can drop them, and is found by `verify`.

use sql::{Migration, Migrations};

/// The migrations of [`crate::AUDIT`].
pub const MIGRATIONS: Migrations = Migrations {
    sqlite: &[SQLITE],
    postgres: &[POSTGRES, POSTGRES_PLACES_FIRST],
};

const SQLITE: Migration = &[
    "CREATE TABLE entries (
       user_id TEXT NOT NULL,
       seq INTEGER NOT NULL,
       event_id TEXT NOT NULL UNIQUE,
       topic TEXT NOT NULL,
       event_type TEXT NOT NULL,
       task_id TEXT,
       version INTEGER,
       occurred_at INTEGER NOT NULL,
       recorded_at INTEGER NOT NULL,
       correlation_id TEXT,
       data TEXT,
       salt BLOB,
       content_digest BLOB NOT NULL,
       hash BLOB NOT NULL,
       UNIQUE (user_id, seq)
     ) STRICT",
    // Each filter has its index, in the order in which entries are shown.
    "CREATE INDEX entries_by_time ON entries (user_id, occurred_at, seq)",
    "CREATE INDEX entries_by_task ON entries (user_id, task_id, occurred_at, seq)",
    "CREATE INDEX entries_by_type ON entries (user_id, event_type, occurred_at, seq)",
    // The last entry of each chain, kept apart so that a chain that lost its end is found.
    "CREATE TABLE heads (
       user_id TEXT PRIMARY KEY,
       seq INTEGER NOT NULL,
       hash BLOB NOT NULL
     ) STRICT, WITHOUT ROWID",
    // A number that is taken is for the unique index to refuse: it tells a writer that came second.
    "CREATE TRIGGER entries_extend BEFORE INSERT ON entries
     WHEN NEW.seq > 1 + coalesce((SELECT seq FROM heads WHERE user_id = NEW.user_id), 0)
     BEGIN
       SELECT RAISE(ABORT, 'an audit entry follows the last one of its chain');
     END",
    "CREATE TRIGGER entries_head AFTER INSERT ON entries
     BEGIN
       INSERT INTO heads (user_id, seq, hash) VALUES (NEW.user_id, NEW.seq, NEW.hash)
       ON CONFLICT (user_id) DO UPDATE SET seq = excluded.seq, hash = excluded.hash;
     END",
    "CREATE TRIGGER entries_erase AFTER INSERT ON entries
     WHEN NEW.topic = 'user-events' AND NEW.event_type = 'user_erased'
     BEGIN
       UPDATE entries SET correlation_id = NULL, data = NULL, salt = NULL
       WHERE user_id = NEW.user_id AND salt IS NOT NULL;
     END",
    "CREATE TRIGGER entries_stay BEFORE UPDATE ON entries
     WHEN NOT (
       NEW.correlation_id IS NULL AND NEW.data IS NULL AND NEW.salt IS NULL
       AND NEW.user_id = OLD.user_id AND NEW.seq = OLD.seq AND NEW.event_id = OLD.event_id
       AND NEW.topic = OLD.topic AND NEW.event_type = OLD.event_type
       AND NEW.task_id IS OLD.task_id AND NEW.version IS OLD.version
       AND NEW.occurred_at = OLD.occurred_at AND NEW.recorded_at = OLD.recorded_at
       AND NEW.content_digest = OLD.content_digest AND NEW.hash = OLD.hash
       AND EXISTS (SELECT 1 FROM entries WHERE user_id = OLD.user_id
                   AND event_type = 'user_erased' AND topic = 'user-events'))
     BEGIN
       SELECT RAISE(ABORT, 'an audit entry is never changed');
     END",
    "CREATE TRIGGER entries_kept BEFORE DELETE ON entries
     BEGIN
       SELECT RAISE(ABORT, 'an audit entry is never deleted');
     END",
    "CREATE TRIGGER heads_kept BEFORE DELETE ON heads
     BEGIN
       SELECT RAISE(ABORT, 'a chain is never deleted');
     END",
    "CREATE TRIGGER heads_advance BEFORE UPDATE ON heads
     WHEN NEW.user_id <> OLD.user_id OR NEW.seq <> OLD.seq + 1
     BEGIN
       SELECT RAISE(ABORT, 'a chain only grows');
     END",
];

const POSTGRES: Migration = &[
    // Of two writers at the end of a chain, the second waits here for the first, and is then told.
    r#"CREATE TABLE entries (
         user_id TEXT COLLATE "C" NOT NULL,
         seq BIGINT NOT NULL,
         event_id TEXT COLLATE "C" NOT NULL UNIQUE,
         topic TEXT NOT NULL,
         event_type TEXT COLLATE "C" NOT NULL,
         task_id TEXT COLLATE "C",
         version BIGINT,
         occurred_at BIGINT NOT NULL,
         recorded_at BIGINT NOT NULL,
         correlation_id TEXT,
         data TEXT,
         salt BYTEA,
         content_digest BYTEA NOT NULL,
         hash BYTEA NOT NULL,
         UNIQUE (user_id, seq)
       )"#,
    "CREATE INDEX entries_by_time ON entries (user_id, occurred_at, seq)",
    "CREATE INDEX entries_by_task ON entries (user_id, task_id, occurred_at, seq)",
    "CREATE INDEX entries_by_type ON entries (user_id, event_type, occurred_at, seq)",
    r#"CREATE TABLE heads (
         user_id TEXT COLLATE "C" PRIMARY KEY,
         seq BIGINT NOT NULL,
         hash BYTEA NOT NULL
       )"#,
    // Runs for each entry of a statement in their order, once all of them are there.
    "CREATE FUNCTION extend_chain() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN
       IF NEW.seq <> 1 + coalesce((SELECT seq FROM heads WHERE user_id = NEW.user_id), 0) THEN
         RAISE EXCEPTION 'an audit entry follows the last one of its chain';
       END IF;
       INSERT INTO heads (user_id, seq, hash) VALUES (NEW.user_id, NEW.seq, NEW.hash)
       ON CONFLICT (user_id) DO UPDATE SET seq = excluded.seq, hash = excluded.hash;
       IF NEW.topic = 'user-events' AND NEW.event_type = 'user_erased' THEN
         UPDATE entries SET correlation_id = NULL, data = NULL, salt = NULL
         WHERE user_id = NEW.user_id AND salt IS NOT NULL;
       END IF;
       RETURN NULL;
     END $$",
    "CREATE TRIGGER entries_extend AFTER INSERT ON entries
     FOR EACH ROW EXECUTE FUNCTION extend_chain()",
    "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN
       IF NEW.correlation_id IS NULL AND NEW.data IS NULL AND NEW.salt IS NULL
         AND NEW.user_id = OLD.user_id AND NEW.seq = OLD.seq AND NEW.event_id = OLD.event_id
         AND NEW.topic = OLD.topic AND NEW.event_type = OLD.event_type
         AND NEW.task_id IS NOT DISTINCT FROM OLD.task_id AND NEW.version IS NOT DISTINCT FROM OLD.version
         AND NEW.occurred_at = OLD.occurred_at AND NEW.recorded_at = OLD.recorded_at
         AND NEW.content_digest = OLD.content_digest AND NEW.hash = OLD.hash
         AND EXISTS (SELECT 1 FROM entries WHERE user_id = OLD.user_id
                     AND event_type = 'user_erased' AND topic = 'user-events')
       THEN
         RETURN NEW;
       END IF;
       RAISE EXCEPTION 'an audit entry is never changed';
     END $$",
    "CREATE TRIGGER entries_stay BEFORE UPDATE ON entries
     FOR EACH ROW EXECUTE FUNCTION refuse_change()",
    "CREATE FUNCTION refuse_jump() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN
       IF NEW.user_id = OLD.user_id AND NEW.seq = OLD.seq + 1 THEN
         RETURN NEW;
       END IF;
       RAISE EXCEPTION 'a chain only grows';
     END $$",
    "CREATE TRIGGER heads_advance BEFORE UPDATE ON heads
     FOR EACH ROW EXECUTE FUNCTION refuse_jump()",
    "CREATE FUNCTION refuse_removal() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN
       RAISE EXCEPTION '% is never deleted', TG_ARGV[0];
     END $$",
    "CREATE TRIGGER entries_kept BEFORE DELETE OR TRUNCATE ON entries
     FOR EACH STATEMENT EXECUTE FUNCTION refuse_removal('an audit entry')",
    "CREATE TRIGGER heads_kept BEFORE DELETE OR TRUNCATE ON heads
     FOR EACH STATEMENT EXECUTE FUNCTION refuse_removal('a chain')",
];

/// An entry enters its indexes in the order of their making. A writer that waits for a place must not hold an event
/// yet that the place's holder may still come to: each would wait for the other.
const POSTGRES_PLACES_FIRST: Migration = &[
    "ALTER TABLE entries ADD CONSTRAINT entries_event UNIQUE (event_id)",
    "ALTER TABLE entries DROP CONSTRAINT entries_event_id_key",
];
