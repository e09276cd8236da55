//! The suite on PostgreSQL, and what only a server has.

mod server;
mod suite;

const DIALECT: sql::Dialect = sql::Dialect::Postgres;
