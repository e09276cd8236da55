//! `spin:variables@3.0.0`: a component's variables, resolved when the host starts.

use wasmtime::component::{Accessor, HasSelf};

use crate::bindings::variables::{Error, Host, HostWithStore};
use crate::engine::InstanceState;

/// Spin's rule: lower-case letters, digits and single underscores between them, a letter first.
fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && !name.ends_with('_')
        && !name.contains("__")
        && name
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
}

impl Host for InstanceState {}

impl HostWithStore<InstanceState> for HasSelf<InstanceState> {
    async fn get(
        accessor: &Accessor<InstanceState, Self>,
        name: String,
    ) -> wasmtime::Result<Result<String, Error>> {
        if !is_name(&name) {
            return Ok(Err(Error::InvalidName(name)));
        }
        let value =
            accessor.with(|mut access| access.get().variables.get(&name).map(str::to_owned));
        Ok(value.ok_or(Error::Undefined(name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_names_from_what_cannot_be_one() {
        for name in ["a", "a_b1", "jwt_secret"] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", "A", "1a", "a-b", "a__b", "a_", "é"] {
            assert!(!is_name(name), "{name}");
        }
    }
}
