//! Real servers for tests: each on free ports of 127.0.0.1, with state of its own, ended when dropped and also when
//! the test's process ends without dropping it.

mod postgres;
mod process;

pub use postgres::Postgres;
pub use process::{Process, free_port};
