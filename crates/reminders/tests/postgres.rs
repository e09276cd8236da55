//! The suite on PostgreSQL.

mod suite;

const DIALECT: sql::Dialect = sql::Dialect::Postgres;
