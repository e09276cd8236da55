//! What starts components: so far, HTTP requests.

pub mod http;
