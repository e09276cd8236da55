//! Values of a database.

/// What a parameter or a column may be.
#[derive(Debug, Clone, PartialEq)]
pub enum SqlValue {
    /// No value.
    Null,
    /// A signed 64-bit integer.
    Integer(i64),
    /// A double.
    Real(f64),
    /// UTF-8 text.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
}

macro_rules! sql_value_from {
    ($($type:ty, $value:ident => $made:expr;)*) => {$(
        impl From<$type> for SqlValue {
            fn from($value: $type) -> Self {
                $made
            }
        }
    )*};
}

sql_value_from! {
    i64, value => Self::Integer(value);
    u32, value => Self::Integer(value.into());
    bool, value => Self::Integer(value.into());
    &str, value => Self::Text(value.to_owned());
    String, value => Self::Text(value);
    Vec<u8>, value => Self::Blob(value);
    uuid::Uuid, value => Self::Text(value.to_string());
    chrono::DateTime<chrono::Utc>, value => Self::Integer(value.timestamp_millis());
}

impl<T: Into<Self>> From<Option<T>> for SqlValue {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}
