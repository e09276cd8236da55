//! The suite on PostgreSQL, and what its server does.

mod server;
#[path = "../suite/mod.rs"]
mod suite;

const DIALECT: sql::Dialect = sql::Dialect::Postgres;
