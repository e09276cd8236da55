//! The suite on SQLite, and what only files have.

mod files;
mod suite;

const DIALECT: sql::Dialect = sql::Dialect::Sqlite;
