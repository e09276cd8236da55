//! The suite on SQLite, and what its files have.

mod files;
#[path = "../suite/mod.rs"]
mod suite;

const DIALECT: sql::Dialect = sql::Dialect::Sqlite;
