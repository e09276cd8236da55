//! What holds on each database.

pub mod common;
mod consumer;
mod history;
mod socket;
