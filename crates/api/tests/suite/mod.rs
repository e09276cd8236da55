//! What holds on each database.

mod rate_limit;
