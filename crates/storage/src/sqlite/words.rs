//! The words of a text in the form in which they are indexed. The index, a query and the marks in a
//! passage all take them from here, so that they agree.

use std::borrow::Cow;
use std::ops::Range;

use icu_normalizer::DecomposingNormalizerBorrowed;
use icu_normalizer::properties::CanonicalCombiningClassMapBorrowed;

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

/// The words as a column keeps them: a space before each, where the owner goes in the index.
pub(super) fn column(text: &str) -> String {
    let mut column = String::with_capacity(text.len() + 1);
    for word in words(text) {
        column.push(' ');
        column.push_str(&word.folded);
    }
    column
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
