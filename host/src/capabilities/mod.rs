//! What components may import beyond WASI, as Spin's WIT says. Each folder holds one capability:
//! the interface to the guest, how it is configured, and the type that joins them.

pub mod connections;
pub mod key_value;
pub mod outbound_http;
pub mod postgres;
pub mod sqlite;
pub mod variables;
