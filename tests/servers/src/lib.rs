//! Real servers for tests: each on free ports of 127.0.0.1, with state of its own, ended when dropped and also when
//! the test's process ends without dropping it.

mod certificate;
pub mod daprd;
pub mod kafka;
mod network;
mod postgres;
mod process;
pub mod redis;

use std::path::PathBuf;
use std::process::Command;

pub use certificate::Certificate;
pub use daprd::Daprd;
pub use kafka::Kafka;
pub use network::Network;
pub use postgres::Postgres;
pub use process::{Process, free_port};
pub use redis::Redis;

/// What is missing here of Kafka, PostgreSQL and Redis, if anything is.
pub fn missing() -> Option<String> {
    kafka::missing()
        .or_else(postgres::missing)
        .or_else(redis::missing)
}

/// Whether a program that is asked for its version runs.
fn runs(program: &str, argument: &str) -> bool {
    Command::new(program).arg(argument).output().is_ok()
}

/// The root of the project.
fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}
