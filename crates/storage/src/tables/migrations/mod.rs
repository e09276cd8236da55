//! The schema of the database `tasks`, as numbered migrations that only expand.
//!
//! Times are milliseconds since 1970 in UTC. What must commit together with a change of a task (its event, its tags,
//! its text in the index) is written by triggers and indexes, since neither `spin:sqlite` nor `spin:postgres` offers
//! a transaction over several calls that is safe there.

mod postgres;
mod sqlite;

pub(super) use postgres::WORDS;
use sql::Migrations;

/// For [`super::TASKS`].
pub const MIGRATIONS: Migrations = Migrations {
    sqlite: sqlite::TASKS,
    postgres: postgres::TASKS,
};
