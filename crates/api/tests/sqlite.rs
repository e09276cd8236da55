//! The suite on SQLite.

mod suite;

const DIALECT: sql::Dialect = sql::Dialect::Sqlite;
