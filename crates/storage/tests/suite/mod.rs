//! What the storage does, whichever database it is kept in.

mod accounts;
mod changes;
pub mod common;
mod erasure;
mod instances;
mod lists;
mod model;
mod outbox;
mod search;
