//! Fields of a JSON object as a client gave them: perhaps absent, null or of the wrong type.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::validation::Errors;

/// A field before validation. Reading it never fails, so that one wrong field does not hide the others.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(untagged)]
pub(crate) enum Given<T> {
    #[default]
    #[serde(skip)]
    Absent,
    Value(T),
    Null(()),
    Other(IgnoredAny),
}

impl<T> Given<T> {
    /// `None` if it is absent or of the wrong type (which is noted), `Some(None)` if it is null.
    pub(crate) fn nullable(
        self,
        errors: &mut Errors,
        field: &str,
        expected: &str,
    ) -> Option<Option<T>> {
        match self {
            Self::Absent => None,
            Self::Value(value) => Some(Some(value)),
            Self::Null(()) => Some(None),
            Self::Other(_) => {
                errors.add(field, format!("must be {expected}"));
                None
            }
        }
    }

    /// As [`Self::nullable`], where null is wrong too.
    pub(crate) fn value(self, errors: &mut Errors, field: &str, expected: &str) -> Option<T> {
        let value = self.nullable(errors, field, expected)?;
        if value.is_none() {
            errors.add(field, format!("must be {expected}, not null"));
        }
        value
    }

    /// As [`Self::value`], where absence is wrong too.
    pub(crate) fn required(self, errors: &mut Errors, field: &str, expected: &str) -> Option<T> {
        if matches!(self, Self::Absent) {
            errors.add(field, "is required");
        }
        self.value(errors, field, expected)
    }
}

/// An array whose items are strings that `FromStr` reads; wrong items are noted as `field[index]`.
pub(crate) fn parse_items<T: std::str::FromStr<Err = String>>(
    errors: &mut Errors,
    field: &str,
    max: usize,
    items: Vec<Given<String>>,
) -> Vec<T> {
    if items.len() > max {
        errors.add(
            field,
            format!("must have at most {max} items, not {}", items.len()),
        );
        return Vec::new();
    }
    let mut parsed = Vec::with_capacity(items.len());
    for (index, item) in items.into_iter().enumerate() {
        let field = format!("{field}[{index}]");
        let text = item.value(errors, &field, "a string");
        parsed.extend(text.and_then(|text| errors.keep(&field, text.parse())));
    }
    parsed
}

/// Reads a JSON object, and only that (what `derive(Deserialize)` makes also takes an array), into a
/// struct of [`Given`] fields. Fields that it does not have are ignored, so that a client may send back
/// what it has read; of a repeated field the last one counts.
macro_rules! deserialize_object {
    ($type:ident { $($field:ident),+ $(,)? }) => {
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Visitor;
                impl<'de> serde::de::Visitor<'de> for Visitor {
                    type Value = $type;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("an object")
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(
                        self,
                        mut map: A,
                    ) -> Result<Self::Value, A::Error> {
                        let mut given = $type::default();
                        while let Some(name) = map.next_key::<std::borrow::Cow<'de, str>>()? {
                            match name.as_ref() {
                                $(stringify!($field) => given.$field = map.next_value()?,)+
                                _ => drop(map.next_value::<serde::de::IgnoredAny>()?),
                            }
                        }
                        Ok(given)
                    }
                }
                deserializer.deserialize_map(Visitor)
            }
        }
    };
}
pub(crate) use deserialize_object;
