//! Mistakes in a configuration file, collected and shown with their place in it.

use std::cell::RefCell;
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

/// More would scroll the first ones away.
const MOST_SHOWN: usize = 30;

/// Every mistake found in one file. `Display` shows each with file, line, column, the source line
/// and what was expected there.
#[derive(Debug)]
pub struct ManifestErrors {
    path: PathBuf,
    source: String,
    mistakes: Vec<Mistake>,
}

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Mistake {
    /// Bytes of the source it is about; `None` where the file itself is the matter.
    span: Option<Range<usize>>,
    /// What was found.
    found: String,
    /// What belongs there.
    expected: String,
    /// How to put it right, where that is more than writing what was expected.
    help: Option<String>,
}

impl ManifestErrors {
    /// A file that cannot be read at all.
    pub fn unreadable(path: &Path, error: &std::io::Error, expected: &str) -> Self {
        Self {
            path: path.to_owned(),
            source: String::new(),
            mistakes: vec![Mistake {
                span: None,
                found: format!("cannot read {}: {error}", path.display()),
                expected: expected.to_owned(),
                help: None,
            }],
        }
    }
}

impl fmt::Display for ManifestErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display().to_string();
        let renderer = Renderer::plain();
        match self.mistakes.as_slice() {
            [
                Mistake {
                    span: None,
                    found,
                    expected,
                    ..
                },
            ] => return write!(f, "{found} ({expected})"),
            [_] => write!(f, "1 mistake in {path}:")?,
            mistakes => write!(f, "{} mistakes in {path}:", mistakes.len())?,
        }
        for mistake in self.mistakes.iter().take(MOST_SHOWN) {
            let span = mistake.span.clone().unwrap_or_default();
            let snippet = Snippet::source(self.source.as_str())
                .path(path.as_str())
                .annotation(AnnotationKind::Primary.span(span).label(&mistake.expected));
            let mut group = Level::ERROR
                .primary_title(mistake.found.as_str())
                .element(snippet);
            if let Some(help) = &mistake.help {
                group = group.element(Level::HELP.message(help.as_str()));
            }
            write!(f, "\n\n{}", renderer.render(&[group]))?;
        }
        if self.mistakes.len() > MOST_SHOWN {
            write!(f, "\n\nand {} more", self.mistakes.len() - MOST_SHOWN)?;
        }
        Ok(())
    }
}

impl std::error::Error for ManifestErrors {}

/// Collects the mistakes of one file while it is read.
pub struct Diagnostics<'s> {
    source: &'s str,
    mistakes: RefCell<Vec<Mistake>>,
}

impl<'s> Diagnostics<'s> {
    /// None yet.
    pub fn new(source: &'s str) -> Self {
        Self {
            source,
            mistakes: RefCell::default(),
        }
    }

    /// Records that `found` stands at `span` where `expected` belongs.
    pub fn report(
        &self,
        span: Range<usize>,
        found: impl Into<String>,
        expected: impl Into<String>,
    ) {
        self.push(span, found.into(), expected.into(), None);
    }

    /// The same with advice on how to put it right.
    pub fn report_with_help(
        &self,
        span: Range<usize>,
        found: impl Into<String>,
        expected: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.push(span, found.into(), expected.into(), Some(help.into()));
    }

    fn push(&self, span: Range<usize>, found: String, expected: String, help: Option<String>) {
        self.mistakes.borrow_mut().push(Mistake {
            span: Some(self.first_line(span)),
            found,
            expected,
            help,
        });
    }

    /// A span of several lines says less than its first line, and one outside of the source nothing.
    fn first_line(&self, span: Range<usize>) -> Range<usize> {
        let start = floor_char_boundary(self.source, span.start);
        let end = floor_char_boundary(self.source, span.end).max(start);
        let text = self.source.get(start..end).unwrap_or_default();
        let line = text.lines().next().unwrap_or_default();
        start..start + line.len()
    }

    /// `value`, or every mistake recorded, in the order of the file.
    pub fn finish<T>(self, path: &Path, value: Option<T>) -> Result<T, ManifestErrors> {
        let mut mistakes = self.mistakes.into_inner();
        mistakes.sort_by_key(|m| m.span.as_ref().map_or(0, |span| span.start));
        mistakes.dedup();
        match value {
            Some(value) if mistakes.is_empty() => Ok(value),
            _ => Err(ManifestErrors {
                path: path.to_owned(),
                source: self.source.to_owned(),
                mistakes,
            }),
        }
    }
}

fn floor_char_boundary(text: &str, index: usize) -> usize {
    let mut index = index.min(text.len());
    while !text.is_char_boundary(index) {
        index -= 1;
    }
    index
}

/// `did you mean …?` for the candidate most like `name`, if any is like it.
pub fn did_you_mean<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(name, candidate), candidate))
        .filter(|(likeness, _)| *likeness >= 0.8)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| format!("did you mean `{candidate}`?"))
}

/// `` `a`, `b` ``, or `none` for an empty list.
pub fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    if quoted.is_empty() {
        "none".to_owned()
    } else {
        quoted.join(", ")
    }
}
