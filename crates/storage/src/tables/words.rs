//! The words of a text in the form in which they are indexed. The index, a query and the marks in a
//! passage all take them from here, so that they agree.

use std::borrow::Cow;
use std::ops::Range;

use icu_normalizer::DecomposingNormalizerBorrowed;
use icu_normalizer::properties::CanonicalCombiningClassMapBorrowed;
use sql::Dialect;
use uuid::Uuid;

const COMBINING_CLASSES: CanonicalCombiningClassMapBorrowed<'static> =
    CanonicalCombiningClassMapBorrowed::new();
const DECOMPOSITION: DecomposingNormalizerBorrowed<'static> =
    DecomposingNormalizerBorrowed::new_nfd();
/// The first of the canonical combining classes of accents and vowel points. Those below (nukta, voicing
/// mark, virama) make another letter.
const FIRST_ACCENT: u8 = 10;

/// A word of a text.
pub(super) struct Word<'a> {
    /// Its bytes in the text.
    pub(super) place: Range<usize>,
    /// Without accents and without regard to case; never empty, and free of quotes and spaces.
    pub(super) folded: Cow<'a, str>,
}

/// The words of a text, in order: runs of letters, digits and marks.
pub(super) fn words(text: &str) -> impl Iterator<Item = Word<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let start = at + text.get(at..)?.find(is_part)?;
            let rest = text.get(start..)?;
            let length = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
            at = start + length;
            let folded = fold(rest.get(..length)?);
            if !folded.is_empty() {
                let place = start..at;
                return Some(Word { place, folded });
            }
        }
    })
}

/// Makes what the columns of words hold.
pub(super) struct Words {
    dialect: Dialect,
    owner: String,
}

impl Words {
    /// For a task of this person.
    pub(super) fn new(dialect: Dialect, user_id: Uuid) -> Self {
        let owner = owner(user_id);
        Self { dialect, owner }
    }

    /// A parameter that is such a column.
    pub(super) fn parameter(&self, number: usize) -> String {
        match self.dialect {
            Dialect::Sqlite => format!("?{number}"),
            Dialect::Postgres => format!("CAST(CAST(?{number} AS TEXT) AS tsvector)"),
        }
    }

    pub(super) fn title(&self, title: &str) -> String {
        self.column(title, 'A')
    }

    pub(super) fn description(&self, description: Option<&str>) -> String {
        self.column(description.unwrap_or_default(), 'C')
    }

    /// On PostgreSQL also each tag as a whole, for [`tag_lexeme`].
    pub(super) fn tags(&self, tags: &[String]) -> String {
        let mut column = self.column(&tags.join(" "), 'B');
        if self.dialect == Dialect::Postgres {
            for tag in tags {
                column.push(' ');
                column.push_str(&tag_lexeme(&self.owner, tag));
            }
        }
        column
    }

    fn column(&self, text: &str, weight: char) -> String {
        let mut column = String::with_capacity(text.len() + 1);
        match self.dialect {
            // A space before each, where the owner goes in the index.
            Dialect::Sqlite => {
                for word in words(text) {
                    column.push(' ');
                    column.push_str(&word.folded);
                }
            }
            // A phrase does not go on into the next column: each leaves out its first place.
            Dialect::Postgres => {
                for (place, word) in (2..).zip(words(text)) {
                    let lexeme = lexeme(&self.owner, &word.folded);
                    column.push_str(&format!(" {lexeme}:{place}{weight}"));
                }
            }
        }
        column
    }
}

/// What a column of words holds on PostgreSQL for a task with these values, its tags as JSON; `None` if there is no
/// such column, or the values are none of a task. For rows that come from SQLite.
pub fn postgres_words(
    column: &str,
    user_id: &str,
    title: &str,
    description: Option<&str>,
    tags: &str,
) -> Option<String> {
    let words = Words::new(Dialect::Postgres, user_id.parse().ok()?);
    Some(match column {
        "title_words" => words.title(title),
        "description_words" => words.description(description),
        "tag_words" => words.tags(&serde_json::from_str::<Vec<String>>(tags).ok()?),
        _ => return None,
    })
}

/// The most bytes of a word in PostgreSQL's index, which refuses words of 2 KiB.
const MAX_LEXEME: usize = 512;

/// Whose words these are, in PostgreSQL's index, so that a search reads that person's entries and not everybody's.
/// A few letters do: should two people share them, they only read more.
pub(super) fn owner(user_id: Uuid) -> String {
    user_id.simple().to_string().split_off(24)
}

/// A word as PostgreSQL's index has it.
pub(super) fn lexeme(owner: &str, folded: &str) -> String {
    let end = folded.floor_char_boundary(MAX_LEXEME);
    format!("'{owner}{}'", &folded[..end])
}

/// A tag as PostgreSQL's index has it; no word has that sign in it.
pub(super) fn tag_lexeme(owner: &str, tag: &str) -> String {
    let tag = tag.replace('\\', "\\\\").replace('\'', "''");
    format!("'{owner}#{tag}'")
}

fn is_part(c: char) -> bool {
    c.is_alphanumeric() || (!c.is_ascii() && COMBINING_CLASSES.get_u8(c) > 0)
}

fn fold(word: &str) -> Cow<'_, str> {
    if word.is_ascii() {
        return if word.bytes().any(|byte| byte.is_ascii_uppercase()) {
            word.to_ascii_lowercase().into()
        } else {
            word.into()
        };
    }
    // By way of upper case, so that ς is σ and ß is ss.
    DECOMPOSITION
        .normalize_iter(word.chars())
        .filter(|c| COMBINING_CLASSES.get_u8(*c) < FIRST_ACCENT)
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .filter(|c| COMBINING_CLASSES.get_u8(*c) < FIRST_ACCENT)
        .collect::<String>()
        .into()
}
