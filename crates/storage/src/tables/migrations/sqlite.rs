//! For SQLite.

use sql::Migration;

/// A version 4 UUID.
macro_rules! random_uuid {
    () => {
        "lower(hex(randomblob(4))) || '-' || lower(hex(randomblob(2)))
           || '-4' || substr(lower(hex(randomblob(2))), 2)
           || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(lower(hex(randomblob(2))), 2)
           || '-' || lower(hex(randomblob(6)))"
    };
}

/// An outbox row for the `NEW` task, with more fields than the first ones.
macro_rules! outbox_row {
    ($event_type:expr, $fields:expr) => {
        concat!(
            "INSERT INTO outbox (event_id, topic, key, event_type, task_id, version, time, correlation_id, traceparent, data)
             SELECT ",
            random_uuid!(),
            ", 'task-events', NEW.user_id, ", $event_type, ", NEW.id, NEW.version,
               coalesce(NEW.deleted_at, NEW.updated_at), NEW.correlation_id, NEW.traceparent,
               json_object(
                 'id', NEW.id,
                 'user_id', NEW.user_id,
                 'title', NEW.title,
                 'description', NEW.description,
                 'status', NEW.status,
                 'priority', CASE NEW.priority WHEN 0 THEN 'low' WHEN 1 THEN 'medium' WHEN 2 THEN 'high' ELSE 'urgent' END,
                 'due_date', strftime('%Y-%m-%dT%H:%M:%SZ', NEW.due_date / 1000, 'unixepoch'),
                 'reminders', json(NEW.reminders),
                 'tags', json(NEW.tags),
                 'recurrence_pattern', NEW.recurrence_pattern,
                 'created_at', strftime('%Y-%m-%dT%H:%M:%fZ', NEW.created_at / 1000.0, 'unixepoch'),
                 'updated_at', strftime('%Y-%m-%dT%H:%M:%fZ', NEW.updated_at / 1000.0, 'unixepoch'),
                 'completed_at', strftime('%Y-%m-%dT%H:%M:%fZ', NEW.completed_at / 1000.0, 'unixepoch'),
                 'version', NEW.version",
            $fields,
            ");"
        )
    };
}

/// What happened to a task that has a new version.
macro_rules! change {
    () => {
        "CASE
           WHEN NEW.deleted_at IS NOT NULL THEN 'task_deleted'
           WHEN OLD.deleted_at IS NOT NULL THEN 'task_created'
           WHEN NEW.status = 'completed' AND OLD.status <> 'completed' THEN 'task_completed'
           ELSE 'task_updated'
         END"
    };
}

/// The fields of an event since the second migration: what other services need of the person.
macro_rules! fields_2 {
    () => {
        ",
        'recurrence_from', NEW.recurrence_from,
        'timezone', (SELECT timezone FROM users WHERE id = NEW.user_id),
        'notification_channels', json(coalesce(
          (SELECT notification_preferences -> '$.channels' FROM users WHERE id = NEW.user_id),
          '[\"push\",\"in_app\"]'))"
    };
}

/// The indexed columns of a row (`"NEW."`, `"OLD."` or none): each word begins with its owner's id, so that
/// a search reads that person's entries and not everybody's.
macro_rules! owned_words {
    ($row:literal) => {
        concat!(
            owned_words!($row, "title_words"),
            ", ",
            owned_words!($row, "description_words"),
            ", ",
            owned_words!($row, "tag_words")
        )
    };
    ($row:literal, $column:literal) => {
        concat!(
            "replace(",
            $row,
            $column,
            ", ' ', ' ' || replace(",
            $row,
            "user_id, '-', ''))"
        )
    };
}

/// Puts the `NEW` task's words into the index and its tags beside it, unless it is deleted.
macro_rules! index_new {
    () => {
        concat!(
            "INSERT INTO task_search (rowid, title_words, description_words, tag_words)
               SELECT NEW.row, ",
            owned_words!("NEW."),
            " WHERE NEW.deleted_at IS NULL;
             INSERT INTO task_tags (user_id, tag, task)
               SELECT DISTINCT NEW.user_id, value, NEW.row FROM json_each(NEW.tags) WHERE NEW.deleted_at IS NULL;"
        )
    };
}

const TASKS_1: Migration = &[
    "CREATE TABLE users (
       id TEXT PRIMARY KEY,
       email TEXT NOT NULL UNIQUE,
       username TEXT NOT NULL,
       password_hash TEXT NOT NULL,
       role TEXT NOT NULL,
       timezone TEXT NOT NULL,
       notification_preferences TEXT NOT NULL,
       created_at INTEGER NOT NULL,
       updated_at INTEGER NOT NULL
     ) WITHOUT ROWID",
    "CREATE TABLE refresh_tokens (
       token_hash TEXT PRIMARY KEY,
       family_id TEXT NOT NULL,
       user_id TEXT NOT NULL,
       created_at INTEGER NOT NULL,
       expires_at INTEGER NOT NULL,
       presented INTEGER NOT NULL DEFAULT 0,
       revoked INTEGER NOT NULL DEFAULT 0,
       successor_hash TEXT,
       successor_created_at INTEGER,
       successor_expires_at INTEGER
     ) WITHOUT ROWID",
    "CREATE INDEX refresh_tokens_family ON refresh_tokens (family_id)",
    "CREATE INDEX refresh_tokens_expiry ON refresh_tokens (expires_at)",
    "CREATE TRIGGER refresh_token_rotated AFTER UPDATE OF presented ON refresh_tokens
       WHEN NEW.presented = 1 BEGIN
         INSERT INTO refresh_tokens (token_hash, family_id, user_id, created_at, expires_at)
           VALUES (NEW.successor_hash, NEW.family_id, NEW.user_id, NEW.successor_created_at, NEW.successor_expires_at);
       END",
    "CREATE TRIGGER refresh_token_reused AFTER UPDATE OF presented ON refresh_tokens
       WHEN NEW.presented > 1 BEGIN
         UPDATE refresh_tokens SET revoked = 1 WHERE family_id = NEW.family_id;
       END",
    "CREATE TABLE tasks (
       row INTEGER PRIMARY KEY,
       id TEXT NOT NULL UNIQUE,
       user_id TEXT NOT NULL,
       title TEXT NOT NULL,
       title_key TEXT NOT NULL,
       description TEXT,
       status TEXT NOT NULL,
       priority INTEGER NOT NULL,
       due_date INTEGER,
       reminders TEXT NOT NULL,
       tags TEXT NOT NULL,
       recurrence_pattern TEXT,
       created_at INTEGER NOT NULL,
       updated_at INTEGER NOT NULL,
       completed_at INTEGER,
       version INTEGER NOT NULL,
       deleted_at INTEGER,
       correlation_id TEXT,
       traceparent TEXT,
       title_words TEXT NOT NULL,
       description_words TEXT NOT NULL,
       tag_words TEXT NOT NULL
     )",
    "CREATE INDEX tasks_created ON tasks (user_id, deleted_at, created_at)",
    "CREATE INDEX tasks_due ON tasks (user_id, deleted_at, due_date)",
    "CREATE INDEX tasks_open_due ON tasks (user_id, deleted_at, due_date, row, status)
       WHERE status IN ('pending', 'in_progress')",
    // Has all that pages are sorted by, so that sorting reads no tasks.
    "CREATE INDEX tasks_status ON tasks
       (user_id, deleted_at, status, created_at, row, priority, due_date, updated_at, title_key)",
    "CREATE INDEX tasks_completed ON tasks (user_id, deleted_at, completed_at) WHERE completed_at IS NOT NULL",
    "CREATE INDEX tasks_deleted ON tasks (deleted_at) WHERE deleted_at IS NOT NULL",
    "CREATE TABLE task_tags (
       user_id TEXT NOT NULL,
       tag TEXT NOT NULL,
       task INTEGER NOT NULL,
       PRIMARY KEY (user_id, tag, task)
     ) WITHOUT ROWID",
    concat!(
        "CREATE VIEW task_words (row, title_words, description_words, tag_words) AS
           SELECT row, ",
        owned_words!(""),
        " FROM tasks WHERE deleted_at IS NULL"
    ),
    // The words come folded; this tokenizer only parts them at the spaces.
    "CREATE VIRTUAL TABLE task_search USING fts5(
       title_words, description_words, tag_words,
       content = 'task_words', content_rowid = 'row', tokenize = 'ascii')",
    "INSERT INTO task_search (task_search, rank) VALUES ('rank', 'bm25(10.0, 2.0, 5.0)')",
    "CREATE TABLE outbox (
       seq INTEGER PRIMARY KEY AUTOINCREMENT,
       event_id TEXT NOT NULL,
       topic TEXT NOT NULL,
       key TEXT NOT NULL,
       event_type TEXT NOT NULL,
       task_id TEXT NOT NULL,
       version INTEGER NOT NULL,
       time INTEGER NOT NULL,
       correlation_id TEXT,
       traceparent TEXT,
       data TEXT NOT NULL,
       published_at INTEGER
     )",
    "CREATE INDEX outbox_unpublished ON outbox (seq) WHERE published_at IS NULL",
    concat!(
        "CREATE TRIGGER task_created AFTER INSERT ON tasks BEGIN ",
        outbox_row!("'task_created'", ""),
        index_new!(),
        " END"
    ),
    concat!(
        "CREATE TRIGGER task_changed AFTER UPDATE OF version ON tasks WHEN NEW.version <> OLD.version BEGIN ",
        outbox_row!(change!(), ""),
        " END"
    ),
    concat!(
        "CREATE TRIGGER task_reindexed
           AFTER UPDATE OF title_words, description_words, tag_words, tags, deleted_at ON tasks BEGIN
           INSERT INTO task_search (task_search, rowid, title_words, description_words, tag_words)
             SELECT 'delete', OLD.row, ",
        owned_words!("OLD."),
        " WHERE OLD.deleted_at IS NULL;
           DELETE FROM task_tags
             WHERE user_id = OLD.user_id AND tag IN (SELECT value FROM json_each(OLD.tags)) AND task = OLD.row;",
        index_new!(),
        " END"
    ),
];

const TASKS_2: Migration = &[
    "ALTER TABLE tasks ADD COLUMN recurrence_from TEXT NOT NULL DEFAULT 'due_date'",
    "DROP TRIGGER task_created",
    concat!(
        "CREATE TRIGGER task_created AFTER INSERT ON tasks BEGIN ",
        outbox_row!("'task_created'", fields_2!()),
        index_new!(),
        " END"
    ),
    "DROP TRIGGER task_changed",
    concat!(
        "CREATE TRIGGER task_changed AFTER UPDATE OF version ON tasks WHEN NEW.version <> OLD.version BEGIN ",
        outbox_row!(change!(), fields_2!()),
        " END"
    ),
    "CREATE INDEX outbox_published ON outbox (published_at) WHERE published_at IS NOT NULL",
    "CREATE INDEX outbox_key ON outbox (key)",
    // One row: which instance publishes, and until when the others leave it to that one.
    "CREATE TABLE outbox_lease (id INTEGER PRIMARY KEY CHECK (id = 1), holder TEXT NOT NULL, until INTEGER NOT NULL)",
    "INSERT INTO outbox_lease (id, holder, until) VALUES (1, '', 0)",
    "ALTER TABLE users ADD COLUMN erasure_correlation_id TEXT",
    "ALTER TABLE users ADD COLUMN erasure_traceparent TEXT",
    "ALTER TABLE users ADD COLUMN erased_at INTEGER",
    "CREATE INDEX refresh_tokens_user ON refresh_tokens (user_id)",
    // A word that goes from the index leaves no trace there.
    "INSERT INTO task_search (task_search, rank) VALUES ('secure-delete', 1)",
    concat!(
        "CREATE TRIGGER task_removed AFTER DELETE ON tasks BEGIN
           INSERT INTO task_search (task_search, rowid, title_words, description_words, tag_words)
             SELECT 'delete', OLD.row, ",
        owned_words!("OLD."),
        " WHERE OLD.deleted_at IS NULL;
           DELETE FROM task_tags
             WHERE user_id = OLD.user_id AND tag IN (SELECT value FROM json_each(OLD.tags)) AND task = OLD.row;
         END"
    ),
    // Setting the time erases the person and all that is theirs; one event tells it.
    concat!(
        "CREATE TRIGGER user_erased AFTER UPDATE OF erased_at ON users WHEN NEW.erased_at IS NOT NULL BEGIN
           DELETE FROM tasks WHERE user_id = NEW.id;
           DELETE FROM refresh_tokens WHERE user_id = NEW.id;
           DELETE FROM outbox WHERE key = NEW.id;
           INSERT INTO outbox (event_id, topic, key, event_type, task_id, version, time, correlation_id, traceparent, data)
             SELECT ",
        random_uuid!(),
        ", 'user-events', NEW.id, 'user_erased', NEW.id, 0, NEW.erased_at,
               NEW.erasure_correlation_id, NEW.erasure_traceparent, '{}';
           DELETE FROM users WHERE id = NEW.id;
         END"
    ),
];

const TASKS_3: Migration = &[
    // A rotation that is answered again stores no second successor.
    "DROP TRIGGER refresh_token_rotated",
    "CREATE TRIGGER refresh_token_rotated AFTER UPDATE OF presented ON refresh_tokens
       WHEN OLD.presented = 0 AND NEW.presented = 1 BEGIN
         INSERT INTO refresh_tokens (token_hash, family_id, user_id, created_at, expires_at)
           VALUES (NEW.successor_hash, NEW.family_id, NEW.user_id, NEW.successor_created_at, NEW.successor_expires_at);
       END",
];

pub(super) const TASKS: &[Migration] = &[TASKS_1, TASKS_2, TASKS_3];
