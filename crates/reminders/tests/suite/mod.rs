//! What holds on each database.

mod common;
mod recurring;
mod scan;
mod schedule;
