//! The schema, as numbered migrations that only expand. Times are milliseconds since 1970.

use sql::{Migration, Migrations};

/// The database's migrations.
pub const MIGRATIONS: Migrations = Migrations {
    sqlite: SQLITE,
    postgres: POSTGRES,
};

/// Makes the reminder rows of `NEW.schedule`: what is triggered stays, so that it is never triggered again.
macro_rules! follow_schedule {
    () => {
        "BEGIN
           DELETE FROM reminders
             WHERE task_id = NEW.task_id AND state = 0
               AND remind_at NOT IN (SELECT value FROM json_each(NEW.schedule));
           INSERT INTO reminders (task_id, remind_at)
             SELECT NEW.task_id, value FROM json_each(NEW.schedule)
             WHERE NOT EXISTS (
               SELECT 1 FROM reminders WHERE task_id = NEW.task_id AND remind_at = value);
         END"
    };
}

const SQLITE: &[Migration] = &[
    &[
        // Times are in milliseconds since 1970. A task that is not open stays for a while, so that an older
        // event that comes late changes nothing.
        "CREATE TABLE tasks (
       task_id TEXT PRIMARY KEY,
       user_id TEXT NOT NULL,
       is_open INTEGER NOT NULL,
       changed_at INTEGER NOT NULL,
       title TEXT NOT NULL,
       due_at INTEGER,
       channel TEXT NOT NULL,
       history TEXT NOT NULL,
       schedule TEXT NOT NULL,
       succeeded_at INTEGER
     )",
        "CREATE INDEX tasks_of_user ON tasks (user_id)",
        "CREATE INDEX tasks_closed ON tasks (changed_at) WHERE is_open = 0",
        // state: 0 pending, 1 triggered.
        "CREATE TABLE reminders (
       task_id TEXT NOT NULL,
       remind_at INTEGER NOT NULL,
       state INTEGER NOT NULL DEFAULT 0,
       claimed_until INTEGER NOT NULL DEFAULT 0,
       is_announced INTEGER NOT NULL DEFAULT 0,
       PRIMARY KEY (task_id, remind_at)
     ) WITHOUT ROWID",
        "CREATE INDEX reminders_due ON reminders (state, remind_at)",
        "CREATE TABLE erased_users (user_id TEXT PRIMARY KEY, erased_at INTEGER NOT NULL) WITHOUT ROWID",
        "CREATE INDEX users_erased ON erased_users (erased_at)",
        concat!(
            "CREATE TRIGGER task_added AFTER INSERT ON tasks ",
            follow_schedule!()
        ),
        concat!(
            "CREATE TRIGGER task_rescheduled AFTER UPDATE OF schedule ON tasks ",
            follow_schedule!()
        ),
    ],
    &["CREATE TRIGGER task_removed AFTER DELETE ON tasks BEGIN
       DELETE FROM reminders WHERE task_id = OLD.task_id;
     END"],
];

/// The same tables; what a single writer gives SQLite is done with locks.
const POSTGRES: &[Migration] = &[&[
    r#"CREATE TABLE tasks (
         task_id TEXT COLLATE "C" PRIMARY KEY,
         user_id TEXT COLLATE "C" NOT NULL,
         is_open BIGINT NOT NULL,
         changed_at BIGINT NOT NULL,
         title TEXT NOT NULL,
         due_at BIGINT,
         channel TEXT NOT NULL,
         history TEXT NOT NULL,
         schedule TEXT NOT NULL,
         succeeded_at BIGINT
       )"#,
    "CREATE INDEX tasks_of_user ON tasks (user_id)",
    "CREATE INDEX tasks_closed ON tasks (changed_at) WHERE is_open = 0",
    r#"CREATE TABLE reminders (
         task_id TEXT COLLATE "C" NOT NULL,
         remind_at BIGINT NOT NULL,
         state BIGINT NOT NULL DEFAULT 0,
         claimed_until BIGINT NOT NULL DEFAULT 0,
         is_announced BIGINT NOT NULL DEFAULT 0,
         PRIMARY KEY (task_id, remind_at)
       )"#,
    "CREATE INDEX reminders_due ON reminders (state, remind_at)",
    r#"CREATE TABLE erased_users (user_id TEXT COLLATE "C" PRIMARY KEY, erased_at BIGINT NOT NULL)"#,
    "CREATE INDEX users_erased ON erased_users (erased_at)",
    // A task that was on its way when its person was erased is either stored before that, and removed with the
    // rest, or sees it: each of a function's statements sees what was committed before it.
    "CREATE FUNCTION wait_for_tasks() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN
       PERFORM pg_advisory_xact_lock(hashtextextended(TG_TABLE_SCHEMA || ' ' || NEW.user_id, 0));
       RETURN NEW;
     END $$",
    "CREATE TRIGGER user_erased BEFORE INSERT ON erased_users
     FOR EACH ROW EXECUTE FUNCTION wait_for_tasks()",
    "CREATE FUNCTION refuse_erased() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN
       PERFORM pg_advisory_xact_lock_shared(hashtextextended(TG_TABLE_SCHEMA || ' ' || NEW.user_id, 0));
       IF EXISTS (SELECT 1 FROM erased_users WHERE user_id = NEW.user_id) THEN
         RETURN NULL;
       END IF;
       RETURN NEW;
     END $$",
    "CREATE TRIGGER task_of_erased BEFORE INSERT ON tasks
     FOR EACH ROW EXECUTE FUNCTION refuse_erased()",
    "CREATE FUNCTION follow_schedule() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN
       DELETE FROM reminders
         WHERE task_id = NEW.task_id AND state = 0 AND remind_at NOT IN (
           SELECT CAST(value AS BIGINT) FROM jsonb_array_elements_text(CAST(NEW.schedule AS jsonb)));
       INSERT INTO reminders (task_id, remind_at)
         SELECT NEW.task_id, CAST(value AS BIGINT) FROM jsonb_array_elements_text(CAST(NEW.schedule AS jsonb))
         ON CONFLICT DO NOTHING;
       RETURN NULL;
     END $$",
    "CREATE TRIGGER task_added AFTER INSERT ON tasks
     FOR EACH ROW EXECUTE FUNCTION follow_schedule()",
    "CREATE TRIGGER task_rescheduled AFTER UPDATE OF schedule ON tasks
     FOR EACH ROW EXECUTE FUNCTION follow_schedule()",
    "CREATE FUNCTION remove_reminders() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN
       DELETE FROM reminders WHERE task_id = OLD.task_id;
       RETURN NULL;
     END $$",
    "CREATE TRIGGER task_removed AFTER DELETE ON tasks
     FOR EACH ROW EXECUTE FUNCTION remove_reminders()",
]];
