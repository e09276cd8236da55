//! Rows on their way from SQLite to PostgreSQL: as lines of COPY, and what says that they arrived.

use anyhow::{Result, bail};
use rusqlite::types::ValueRef;
use sha2::{Digest as _, Sha256};

/// A column of both databases.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: String,
    /// PostgreSQL's name of its type.
    pub(super) kind: String,
}

impl Column {
    /// Whether its text in PostgreSQL follows from other columns.
    pub(super) fn is_derived(&self) -> bool {
        self.kind == "tsvector"
    }
}

/// How many rows there are and what is in them, in whatever order they come.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Contents {
    pub(super) rows: u64,
    sum: u128,
}

impl Contents {
    /// Counts a line, without what ends it.
    pub(super) fn add(&mut self, line: &[u8]) {
        let hash: [u8; 32] = Sha256::digest(line).into();
        let number = hash[..16]
            .iter()
            .fold(0, |number, byte| (number << 8) | u128::from(*byte));
        self.rows += 1;
        self.sum = self.sum.wrapping_add(number);
    }
}

/// Writes a value as COPY does, byte for byte.
pub(super) fn write(line: &mut Vec<u8>, value: ValueRef<'_>, column: &Column) -> Result<()> {
    let (name, kind) = (&column.name, column.kind.as_str());
    match (value, kind) {
        (ValueRef::Null, _) => line.extend_from_slice(b"\\N"),
        (ValueRef::Integer(value), "int8") => line.extend_from_slice(value.to_string().as_bytes()),
        (ValueRef::Integer(value), "bool") => line.push(if value == 0 { b'f' } else { b't' }),
        (ValueRef::Text(text), "text" | "varchar" | "tsvector") => {
            let Ok(text) = str::from_utf8(text) else {
                bail!("the column {name} holds text that is not UTF-8");
            };
            if text.contains('\0') {
                bail!("the column {name} holds a NUL character, which PostgreSQL cannot keep");
            }
            escape(line, text.as_bytes());
        }
        (ValueRef::Blob(bytes), "bytea") => {
            line.extend_from_slice(b"\\\\x");
            for byte in bytes {
                line.extend_from_slice(format!("{byte:02x}").as_bytes());
            }
        }
        (value, kind) => bail!(
            "the column {name} holds a value of type {}, which is no {kind}",
            value.data_type()
        ),
    }
    Ok(())
}

fn escape(line: &mut Vec<u8>, text: &[u8]) {
    for byte in text {
        let letter = match byte {
            b'\\' => b'\\',
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            8 => b'b',
            11 => b'v',
            12 => b'f',
            byte => {
                line.push(*byte);
                continue;
            }
        };
        line.extend_from_slice(&[b'\\', letter]);
    }
}

#[cfg(test)]
mod tests {
    use super::{Column, Contents, write};
    use rusqlite::types::ValueRef;

    fn written(value: ValueRef<'_>, kind: &str) -> Result<String, String> {
        let column = Column {
            name: "it".to_owned(),
            kind: kind.to_owned(),
        };
        let mut line = Vec::new();
        write(&mut line, value, &column).map_err(|error| error.to_string())?;
        Ok(String::from_utf8(line).expect("UTF-8"))
    }

    #[test]
    fn values_are_written_as_postgresql_does() {
        for (value, kind, line) in [
            (ValueRef::Null, "text", r"\N"),
            (ValueRef::Integer(-7), "int8", "-7"),
            (ValueRef::Integer(1), "bool", "t"),
            (ValueRef::Text(b""), "text", ""),
            (ValueRef::Text(br"\N"), "text", r"\\N"),
            (
                ValueRef::Text("a\t\r\n\u{8}\u{b}\u{c}\u{1}é".as_bytes()),
                "text",
                "a\\t\\r\\n\\b\\v\\f\u{1}é",
            ),
            (ValueRef::Blob(&[0, 171]), "bytea", r"\\x00ab"),
        ] {
            assert_eq!(written(value, kind).as_deref(), Ok(line));
        }
    }

    #[test]
    fn what_postgresql_has_no_place_for_is_refused() {
        for (value, kind) in [
            (ValueRef::Text(b"a\0"), "text"),
            (ValueRef::Text(b"\xff"), "text"),
            (ValueRef::Text(b"7"), "int8"),
            (ValueRef::Real(0.5), "int8"),
            (ValueRef::Blob(b""), "text"),
        ] {
            let refused = written(value, kind).expect_err("a refusal");
            assert!(refused.contains("the column it"), "{refused}");
        }
    }

    #[test]
    fn contents_are_the_same_in_any_order_and_count_repetitions() {
        let of = |lines: &[&str]| {
            let mut contents = Contents::default();
            lines.iter().for_each(|line| contents.add(line.as_bytes()));
            contents
        };
        assert_eq!(of(&["a", "b", "b"]), of(&["b", "a", "b"]));
        assert_ne!(of(&["a", "a", "b"]), of(&["a", "b", "b"]));
        assert_ne!(of(&["a", "b"]), of(&["ab", ""]));
    }
}
