//! What only SQLite's files have: locks, bytes, copies, query plans.

mod database;
mod plans;
