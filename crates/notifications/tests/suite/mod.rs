//! What holds on each database.

mod common;
mod crashes;
mod delivery;
mod inbox;
mod plans;
mod quiet;
