//! Reads TOML tables field by field: what is missing, of the wrong type or unknown becomes a mistake
//! at its place in the file.

use std::cell::RefCell;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::diagnostics::{Diagnostics, did_you_mean, list};

/// A text with its place in the file.
#[derive(Debug, Clone)]
pub struct Text {
    /// The text.
    pub value: String,
    /// Bytes of the file.
    pub span: Range<usize>,
}

/// A value of any type with its place in the file.
#[derive(Clone, Copy)]
pub struct Value<'d, 's> {
    value: &'d Spanned<DeValue<'s>>,
    diagnostics: &'d Diagnostics<'s>,
}

/// A table being read. [`Table::finish`] reports the fields that nobody asked for.
pub struct Table<'d, 's> {
    /// How messages name it, like `[component.todo-api]`.
    name: String,
    span: Range<usize>,
    table: &'d DeTable<'s>,
    diagnostics: &'d Diagnostics<'s>,
    known: RefCell<Vec<&'static str>>,
}

/// Parses `source`, reports its syntax errors, and gives its outermost table to `read`.
pub fn read_document<'s, T>(
    source: &'s str,
    diagnostics: &Diagnostics<'s>,
    read: impl FnOnce(&Table<'_, 's>) -> Option<T>,
) -> Option<T> {
    let (document, errors) = DeTable::parse_recoverable(source);
    for error in &errors {
        let (found, expected) = error
            .message()
            .split_once(", ")
            .unwrap_or((error.message(), ""));
        let expected = if expected.is_empty() {
            "expected valid TOML"
        } else {
            expected
        };
        diagnostics.report(
            error.span().unwrap_or(0..0),
            format!("not TOML: {found}"),
            expected,
        );
    }
    // What the parser makes of a broken file would only add mistakes that are not there.
    if !errors.is_empty() {
        return None;
    }
    let table = Table {
        name: "the file".to_owned(),
        span: 0..0,
        table: document.get_ref(),
        diagnostics,
        known: RefCell::default(),
    };
    read(&table)
}

impl<'d, 's> Value<'d, 's> {
    /// Its place in the file.
    pub fn span(&self) -> Range<usize> {
        self.value.span()
    }

    /// The string, if it is one.
    pub fn as_text(&self) -> Option<Text> {
        self.value.get_ref().as_str().map(|value| Text {
            value: value.to_owned(),
            span: self.value.span(),
        })
    }

    /// The table, if it is one.
    pub fn as_table(&self, name: impl Into<String>) -> Option<Table<'d, 's>> {
        self.value.get_ref().as_table().map(|table| Table {
            name: name.into(),
            span: self.value.span(),
            table,
            diagnostics: self.diagnostics,
            known: RefCell::default(),
        })
    }

    /// The elements, if it is an array.
    pub fn as_array(&self) -> Option<Vec<Value<'d, 's>>> {
        let array = self.value.get_ref().as_array()?;
        Some(
            array
                .iter()
                .map(|value| Value {
                    value,
                    diagnostics: self.diagnostics,
                })
                .collect(),
        )
    }

    /// The boolean, if it is one.
    pub fn as_bool(&self) -> Option<bool> {
        self.value.get_ref().as_bool()
    }

    /// The integer, if it is one that fits.
    pub fn as_integer(&self) -> Option<i64> {
        let integer = self.value.get_ref().as_integer()?;
        i64::from_str_radix(integer.as_str(), integer.radix()).ok()
    }

    /// Reports that something else belongs here.
    pub fn mismatch(&self, what: &str, expected: &str) {
        let found = match self.value.get_ref() {
            DeValue::String(_) => "a string",
            DeValue::Integer(_) => "an integer",
            DeValue::Float(_) => "a float",
            DeValue::Boolean(_) => "a boolean",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "an array",
            DeValue::Table(_) => "a table",
        };
        self.diagnostics.report(
            self.span(),
            format!("{what} is {found}"),
            format!("expected {expected}"),
        );
    }
}

impl<'d, 's> Table<'d, 's> {
    /// How messages name it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its place in the file: its header, or the whole inline table.
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// Where mistakes go.
    pub fn diagnostics(&self) -> &'d Diagnostics<'s> {
        self.diagnostics
    }

    /// Every key with its value, in the order of the file.
    pub fn entries(&self) -> Vec<(Text, Value<'d, 's>)> {
        let mut entries: Vec<_> = self
            .table
            .iter()
            .map(|(key, value)| {
                let key = Text {
                    value: key.get_ref().to_string(),
                    span: key.span(),
                };
                let value = Value {
                    value,
                    diagnostics: self.diagnostics,
                };
                (key, value)
            })
            .collect();
        entries.sort_by_key(|(key, _)| key.span.start);
        entries
    }

    /// A field of any type.
    pub fn value(&self, key: &'static str) -> Option<Value<'d, 's>> {
        self.known.borrow_mut().push(key);
        self.table.get(key).map(|value| Value {
            value,
            diagnostics: self.diagnostics,
        })
    }

    /// Where the key of a field stands.
    pub fn key_span(&self, key: &str) -> Option<Range<usize>> {
        self.table.get_key_value(key).map(|(key, _)| key.span())
    }

    /// An optional string.
    pub fn text(&self, key: &'static str) -> Option<Text> {
        let value = self.value(key)?;
        let text = value.as_text();
        if text.is_none() {
            value.mismatch(&format!("`{key}`"), "a string");
        }
        text
    }

    /// A string that must be there.
    pub fn required_text(&self, key: &'static str, expected: &str) -> Option<Text> {
        if !self.table.contains_key(key) {
            self.known.borrow_mut().push(key);
            self.missing(key, expected);
            return None;
        }
        self.text(key)
    }

    /// Reports that a field is not there.
    pub fn missing(&self, key: &str, expected: &str) {
        self.diagnostics.report(
            self.span(),
            format!("{} has no `{key}`", self.name),
            format!("expected {expected}"),
        );
    }

    /// An optional boolean, `false` where absent.
    pub fn flag(&self, key: &'static str) -> bool {
        self.optional_flag(key).unwrap_or(false)
    }

    /// An optional boolean.
    pub fn optional_flag(&self, key: &'static str) -> Option<bool> {
        let value = self.value(key)?;
        let flag = value.as_bool();
        if flag.is_none() {
            value.mismatch(&format!("`{key}`"), "true or false");
        }
        flag
    }

    /// An optional array of strings, empty where absent.
    pub fn texts(&self, key: &'static str) -> Vec<Text> {
        let Some(value) = self.value(key) else {
            return Vec::new();
        };
        let Some(elements) = value.as_array() else {
            value.mismatch(&format!("`{key}`"), "an array of strings");
            return Vec::new();
        };
        elements
            .iter()
            .filter_map(|element| {
                let text = element.as_text();
                if text.is_none() {
                    element.mismatch(&format!("an element of `{key}`"), "a string");
                }
                text
            })
            .collect()
    }

    /// An optional table.
    pub fn table(&self, key: &'static str, name: impl Into<String>) -> Option<Table<'d, 's>> {
        let value = self.value(key)?;
        let table = value.as_table(name);
        if table.is_none() {
            value.mismatch(&format!("`{key}`"), "a table");
        }
        table
    }

    /// An optional table of strings, in the order of the file.
    pub fn text_table(&self, key: &'static str) -> Vec<(Text, Text)> {
        let Some(table) = self.table(key, key) else {
            return Vec::new();
        };
        table
            .entries()
            .into_iter()
            .filter_map(|(name, value)| {
                let text = value.as_text();
                if text.is_none() {
                    value.mismatch(&format!("`{}` in `{key}`", name.value), "a string");
                }
                Some((name, text?))
            })
            .collect()
    }

    /// Refuses a field that Spin has and this host does not.
    pub fn refuse(&self, key: &'static str, instead: &str) {
        let Some(value) = self.value(key) else {
            return;
        };
        let empty = value.as_array().is_some_and(|array| array.is_empty())
            || value
                .as_table("")
                .is_some_and(|table| table.table.is_empty());
        if !empty {
            self.diagnostics.report(
                self.key_span(key).unwrap_or_else(|| value.span()),
                format!("`{key}` is not provided by this host"),
                instead,
            );
        }
    }

    /// Accepts fields that this host has no use for.
    pub fn ignore(&self, keys: &[&'static str]) {
        self.known.borrow_mut().extend_from_slice(keys);
    }

    /// Reports the fields that were not asked for.
    pub fn finish(&self) {
        let known = self.known.borrow();
        for (key, _) in self.entries() {
            if known.contains(&key.value.as_str()) {
                continue;
            }
            let found = format!("unknown field `{}` in {}", key.value, self.name);
            let expected = format!("known are {}", list(known.iter().copied()));
            match did_you_mean(&key.value, known.iter().copied()) {
                Some(help) => self
                    .diagnostics
                    .report_with_help(key.span, found, expected, help),
                None => self.diagnostics.report(key.span, found, expected),
            }
        }
    }
}
