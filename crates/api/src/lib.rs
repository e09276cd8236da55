//! What our HTTP services share, so that each answers alike: a service has a router and calls [`respond`].
//!
//! Its variables are `jwt_secret`, `rate_limit_per_minute`, `rate_limit_per_hour` and `cors_origins`, and the
//! database `rate-limits` is among its `sqlite_databases`: infrastructure that all services share, so that
//! a limit holds for all of them together.

mod correlation;
mod cors;
mod error;
mod extract;
mod logging;
mod openapi;
pub mod rate_limit;
mod respond;
mod scheme;
mod settings;
pub mod signed;
mod tokens;

pub use correlation::Origin;
pub use error::{ApiError, ErrorBody};
pub use extract::{Json, MAX_BODY_BYTES, PathId, Query, parse_uuid, required_string};
pub use logging::init as init_logging;
pub use openapi::{AccessToken, with_description};
pub use respond::{LIVENESS, OPENAPI, READINESS, respond};
pub use scheme::is_secure;
pub use settings::{Settings, number, variable};
pub use tokens::{Caller, Claims, Tokens};
