//! The schema, as numbered migrations that only expand. Times are milliseconds since 1970 in UTC.

use sql::{Migration, Migrations};

const FIRST: Migration = &[
    // `next_attempt_at`: when somebody should take it on; while somebody does, the end of their lease.
    // `claim` counts who took it on, so that one whose lease ran out can write nothing more.
    "CREATE TABLE notifications (
       id TEXT PRIMARY KEY,
       user_id TEXT NOT NULL,
       task_id TEXT NOT NULL,
       title TEXT NOT NULL,
       body TEXT NOT NULL,
       remind_at INTEGER NOT NULL,
       due_at INTEGER,
       late INTEGER NOT NULL,
       created_at INTEGER NOT NULL,
       correlation_id TEXT,
       traceparent TEXT,
       shown_at INTEGER,
       read_at INTEGER,
       published_at INTEGER,
       is_open INTEGER NOT NULL,
       next_attempt_at INTEGER NOT NULL,
       claim INTEGER NOT NULL
     ) WITHOUT ROWID",
    "CREATE INDEX notifications_waiting ON notifications (next_attempt_at) WHERE is_open = 1",
    "CREATE INDEX notifications_shown ON notifications (user_id, created_at, id) WHERE shown_at IS NOT NULL",
    "CREATE INDEX notifications_unread ON notifications (user_id, created_at, id)
       WHERE shown_at IS NOT NULL AND read_at IS NULL",
    "CREATE INDEX notifications_read ON notifications (created_at) WHERE read_at IS NOT NULL",
    "CREATE INDEX notifications_created ON notifications (created_at)",
    // In the order of `row`, in which they were made.
    "CREATE TABLE attempts (
       row INTEGER PRIMARY KEY,
       notification_id TEXT NOT NULL,
       channel TEXT NOT NULL,
       number INTEGER NOT NULL,
       is_repeatable INTEGER NOT NULL,
       started_at INTEGER NOT NULL,
       finished_at INTEGER,
       outcome TEXT NOT NULL,
       detail TEXT,
       retry_at INTEGER,
       UNIQUE (notification_id, channel, number)
     )",
    "CREATE TRIGGER notification_removed AFTER DELETE ON notifications BEGIN
       DELETE FROM attempts WHERE notification_id = OLD.id;
     END",
    "CREATE TABLE push_subscriptions (
       user_id TEXT NOT NULL,
       endpoint TEXT NOT NULL,
       p256dh TEXT NOT NULL,
       auth TEXT NOT NULL,
       created_at INTEGER NOT NULL,
       PRIMARY KEY (user_id, endpoint)
     ) WITHOUT ROWID",
    "CREATE INDEX push_subscriptions_endpoint ON push_subscriptions (endpoint)",
    // A browser belongs to who signed in last, and a person has at most ten.
    "CREATE TRIGGER push_subscription_added AFTER INSERT ON push_subscriptions BEGIN
       DELETE FROM push_subscriptions
         WHERE endpoint = NEW.endpoint AND user_id <> NEW.user_id AND p256dh = NEW.p256dh AND auth = NEW.auth;
       DELETE FROM push_subscriptions WHERE user_id = NEW.user_id AND endpoint IN (
         SELECT endpoint FROM push_subscriptions WHERE user_id = NEW.user_id AND endpoint <> NEW.endpoint
         ORDER BY created_at DESC, endpoint LIMIT -1 OFFSET 9);
     END",
    // Stays, so that an event that comes late brings nothing back.
    "CREATE TABLE erased_users (user_id TEXT PRIMARY KEY, erased_at INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE INDEX notifications_user ON notifications (user_id)",
    "CREATE TRIGGER user_erased AFTER INSERT ON erased_users BEGIN
       DELETE FROM notifications WHERE user_id = NEW.user_id;
       DELETE FROM push_subscriptions WHERE user_id = NEW.user_id;
     END",
];

const SECOND: Migration = &[
    // What was read and is not yet told to the person's other devices.
    "CREATE TABLE read_marks (
       row INTEGER PRIMARY KEY AUTOINCREMENT,
       user_id TEXT NOT NULL,
       notification_id TEXT NOT NULL
     )",
    "CREATE INDEX read_marks_user ON read_marks (user_id, row)",
    "CREATE TRIGGER notification_read AFTER UPDATE OF read_at ON notifications
       WHEN OLD.read_at IS NULL AND NEW.read_at IS NOT NULL BEGIN
         INSERT INTO read_marks (user_id, notification_id) VALUES (NEW.user_id, NEW.id);
       END",
    "CREATE TRIGGER user_erased_marks AFTER INSERT ON erased_users BEGIN
       DELETE FROM read_marks WHERE user_id = NEW.user_id;
     END",
];

/// The migrations of [`crate::DATABASE`].
pub const MIGRATIONS: Migrations = Migrations {
    sqlite: &[FIRST, SECOND],
    postgres: &[POSTGRES],
};

/// The same tables; what a single writer gives SQLite is done with locks.
const POSTGRES: Migration = &[
    r#"CREATE TABLE notifications (
         id TEXT COLLATE "C" PRIMARY KEY,
         user_id TEXT COLLATE "C" NOT NULL,
         task_id TEXT NOT NULL,
         title TEXT NOT NULL,
         body TEXT NOT NULL,
         remind_at BIGINT NOT NULL,
         due_at BIGINT,
         late BIGINT NOT NULL,
         created_at BIGINT NOT NULL,
         correlation_id TEXT,
         traceparent TEXT,
         shown_at BIGINT,
         read_at BIGINT,
         published_at BIGINT,
         is_open BIGINT NOT NULL,
         next_attempt_at BIGINT NOT NULL,
         claim BIGINT NOT NULL
       )"#,
    "CREATE INDEX notifications_waiting ON notifications (next_attempt_at) WHERE is_open = 1",
    "CREATE INDEX notifications_shown ON notifications (user_id, created_at, id) WHERE shown_at IS NOT NULL",
    "CREATE INDEX notifications_unread ON notifications (user_id, created_at, id)
       WHERE shown_at IS NOT NULL AND read_at IS NULL",
    "CREATE INDEX notifications_read ON notifications (created_at) WHERE read_at IS NOT NULL",
    "CREATE INDEX notifications_created ON notifications (created_at)",
    "CREATE INDEX notifications_user ON notifications (user_id)",
    r#"CREATE TABLE attempts (
         row BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
         notification_id TEXT COLLATE "C" NOT NULL,
         channel TEXT NOT NULL,
         number BIGINT NOT NULL,
         is_repeatable BIGINT NOT NULL,
         started_at BIGINT NOT NULL,
         finished_at BIGINT,
         outcome TEXT NOT NULL,
         detail TEXT,
         retry_at BIGINT,
         UNIQUE (notification_id, channel, number)
       )"#,
    r#"CREATE TABLE push_subscriptions (
         user_id TEXT COLLATE "C" NOT NULL,
         endpoint TEXT COLLATE "C" NOT NULL,
         p256dh TEXT NOT NULL,
         auth TEXT NOT NULL,
         created_at BIGINT NOT NULL,
         PRIMARY KEY (user_id, endpoint)
       )"#,
    "CREATE INDEX push_subscriptions_endpoint ON push_subscriptions (endpoint)",
    r#"CREATE TABLE erased_users (user_id TEXT COLLATE "C" PRIMARY KEY, erased_at BIGINT NOT NULL)"#,
    r#"CREATE TABLE read_marks (
         row BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
         user_id TEXT COLLATE "C" NOT NULL,
         notification_id TEXT NOT NULL
       )"#,
    "CREATE INDEX read_marks_user ON read_marks (user_id, row)",
    "CREATE FUNCTION remove_attempts() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN
       DELETE FROM attempts WHERE notification_id = OLD.id;
       RETURN NULL;
     END $$",
    "CREATE TRIGGER notification_removed AFTER DELETE ON notifications
     FOR EACH ROW EXECUTE FUNCTION remove_attempts()",
    // What was on its way when its person was erased is either stored before that, and removed with the rest, or
    // sees it: each of a function's statements sees what was committed before it.
    "CREATE FUNCTION wait_for_others() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN
       PERFORM pg_advisory_xact_lock(hashtextextended(TG_TABLE_SCHEMA || ' ' || NEW.user_id, 0));
       RETURN NEW;
     END $$",
    "CREATE TRIGGER user_erasing BEFORE INSERT ON erased_users
     FOR EACH ROW EXECUTE FUNCTION wait_for_others()",
    "CREATE FUNCTION remove_all() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN
       DELETE FROM notifications WHERE id IN (
         SELECT id FROM notifications WHERE user_id = NEW.user_id ORDER BY id FOR UPDATE);
       DELETE FROM push_subscriptions WHERE user_id = NEW.user_id;
       DELETE FROM read_marks WHERE user_id = NEW.user_id;
       RETURN NULL;
     END $$",
    "CREATE TRIGGER user_erased AFTER INSERT ON erased_users
     FOR EACH ROW EXECUTE FUNCTION remove_all()",
    "CREATE FUNCTION refuse_erased() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN
       PERFORM pg_advisory_xact_lock_shared(hashtextextended(TG_TABLE_SCHEMA || ' ' || NEW.user_id, 0));
       IF EXISTS (SELECT 1 FROM erased_users WHERE user_id = NEW.user_id) THEN
         RETURN NULL;
       END IF;
       RETURN NEW;
     END $$",
    "CREATE TRIGGER notification_of_erased BEFORE INSERT ON notifications
     FOR EACH ROW EXECUTE FUNCTION refuse_erased()",
    "CREATE TRIGGER push_subscription_of_erased BEFORE INSERT ON push_subscriptions
     FOR EACH ROW EXECUTE FUNCTION refuse_erased()",
    // One browser after the other, so that each sees those before it.
    "CREATE FUNCTION wait_for_browsers() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN
       PERFORM pg_advisory_xact_lock(hashtextextended(TG_TABLE_SCHEMA || ' ' || TG_TABLE_NAME, 0));
       RETURN NEW;
     END $$",
    "CREATE TRIGGER push_subscription_waits BEFORE INSERT ON push_subscriptions
     FOR EACH ROW EXECUTE FUNCTION wait_for_browsers()",
    "CREATE FUNCTION limit_browsers() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN
       DELETE FROM push_subscriptions
         WHERE endpoint = NEW.endpoint AND user_id <> NEW.user_id AND p256dh = NEW.p256dh AND auth = NEW.auth;
       DELETE FROM push_subscriptions WHERE user_id = NEW.user_id AND endpoint IN (
         SELECT endpoint FROM push_subscriptions WHERE user_id = NEW.user_id AND endpoint <> NEW.endpoint
         ORDER BY created_at DESC, endpoint OFFSET 9);
       RETURN NULL;
     END $$",
    "CREATE TRIGGER push_subscription_added AFTER INSERT ON push_subscriptions
     FOR EACH ROW EXECUTE FUNCTION limit_browsers()",
    // One mark of a person after the other, so that whoever sees one has seen those before it.
    "CREATE FUNCTION note_read() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN
       PERFORM pg_advisory_xact_lock(hashtextextended(TG_TABLE_SCHEMA || ' read ' || NEW.user_id, 0));
       INSERT INTO read_marks (user_id, notification_id) VALUES (NEW.user_id, NEW.id);
       RETURN NULL;
     END $$",
    "CREATE TRIGGER notification_read AFTER UPDATE OF read_at ON notifications
     FOR EACH ROW WHEN (OLD.read_at IS NULL AND NEW.read_at IS NOT NULL) EXECUTE FUNCTION note_read()",
];
