//! What holds on each database.

pub mod common;
mod query;
mod record;
mod verify;
