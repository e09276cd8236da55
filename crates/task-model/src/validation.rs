//! What a wrong value is answered with.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One field that broke a rule, as the `errors` array of a 422 answer lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldError {
    /// The field's name, with the index for an array's item: `title`, `tags[2]`.
    pub field: String,
    /// What is wrong and what is allowed, for a person to read.
    pub message: String,
}
