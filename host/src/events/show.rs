//! What the commands write to standard output.

use std::io::{ErrorKind, Write as _};

use anyhow::Result;
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::Value;

/// Rows under headings, in columns.
pub struct Table<const N: usize> {
    rows: Vec<[String; N]>,
}

impl<const N: usize> Table<N> {
    /// A table with these headings.
    pub fn new(headings: &[&str; N]) -> Self {
        Self {
            rows: vec![headings.map(str::to_owned)],
        }
    }

    /// Adds a row.
    pub fn row(&mut self, row: [String; N]) {
        self.rows.push(row);
    }

    /// Writes it, or `empty` where it has no rows.
    pub fn print(&self, empty: &str) -> Result<()> {
        if self.rows.len() == 1 {
            return text(empty);
        }
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..N).map(width).collect();
        for row in &self.rows {
            let cells: Vec<String> = row
                .iter()
                .zip(&widths)
                .map(|(cell, width)| format!("{cell:width$}"))
                .collect();
            text(cells.join("  ").trim_end())?;
        }
        Ok(())
    }
}

/// Writes a line of text. What it holds may come from anyone: control characters are shown, not obeyed.
pub fn text(line: &str) -> Result<()> {
    let mut shown = String::with_capacity(line.len());
    for character in line.chars() {
        if character.is_control() {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    write(&shown)
}

/// Writes a line of JSON.
pub fn line(value: &Value) -> Result<()> {
    write(&value.to_string())
}

fn write(line: &str) -> Result<()> {
    match writeln!(std::io::stdout(), "{line}") {
        // The reader, like `head`, has seen enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => std::process::exit(0),
        written => Ok(written?),
    }
}

/// RFC 3339 with milliseconds.
pub fn time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// How long ago: `3m 5s ago`.
pub fn age(time: DateTime<Utc>) -> String {
    let seconds = (Utc::now() - time).num_seconds();
    let seconds = u64::try_from(seconds).unwrap_or_default();
    let duration = std::time::Duration::from_secs(seconds);
    format!("{} ago", humantime::format_duration(duration))
}

/// The beginning of the first line of a text that may be long.
pub fn shortened(text: &str) -> String {
    const MOST: usize = 80;
    let line = text.lines().next().unwrap_or_default();
    match line.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line.to_owned(),
    }
}

/// An envelope as JSON, or as the text that it is.
pub fn envelope(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| text.into())
}

/// A text attribute of an envelope; empty where it has none.
pub fn attribute<'a>(envelope: &'a Value, name: &str) -> &'a str {
    envelope
        .get(name)
        .and_then(Value::as_str)
        .unwrap_or_default()
}
