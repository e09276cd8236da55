//! Splits a text into words, numbers and signs, in lower case and with common misspellings mended.

use super::words;

/// What a token is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// Letters, lower-case, without apostrophes: "o'clock" is `oclock`.
    Word(String),
    /// Digits. More than nine of them are not a number that any rule takes: `value` is then `u32::MAX`.
    Number {
        /// Their value.
        value: u32,
        /// How many there are.
        digits: usize,
    },
    /// Any other character.
    Sign(char),
}

/// A piece of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    /// First byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
    /// White space or the text's start comes before it.
    pub spaced: bool,
    /// Begins with an upper-case letter.
    pub capital: bool,
    /// What it is.
    pub kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Letter,
    Digit,
    Sign,
}

fn class(c: char) -> Class {
    if c.is_ascii_digit() {
        Class::Digit
    } else if c.is_alphabetic() {
        Class::Letter
    } else {
        Class::Sign
    }
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '\u{2019}' | '\u{2018}')
}

/// "2moro", "2nite".
fn after_two(word: &str) -> Option<&'static str> {
    match word {
        "moro" | "morrow" | "morow" | "mrw" | "mro" => Some("tomorrow"),
        "nite" | "night" => Some("tonight"),
        "day" => Some("today"),
        _ => None,
    }
}

/// Splits the text.
pub(super) fn split(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut chars = text.char_indices().peekable();
    let mut spaced = true;
    while let Some((start, c)) = chars.next() {
        if c.is_whitespace() {
            spaced = true;
            continue;
        }
        let mut end = start + c.len_utf8();
        let kind = match class(c) {
            Class::Sign => Kind::Sign(plain_sign(c)),
            Class::Digit => {
                let mut value = c.to_digit(10);
                let mut digits = 1;
                while let Some((at, next)) = chars.next_if(|(_, next)| next.is_ascii_digit()) {
                    end = at + 1;
                    digits += 1;
                    value = value
                        .and_then(|value| value.checked_mul(10))
                        .zip(next.to_digit(10))
                        .and_then(|(value, digit)| value.checked_add(digit));
                }
                Kind::Number {
                    value: value.unwrap_or(u32::MAX),
                    digits,
                }
            }
            Class::Letter => {
                let mut word: String = c.to_lowercase().collect();
                loop {
                    if let Some((at, next)) =
                        chars.next_if(|(_, next)| class(*next) == Class::Letter)
                    {
                        end = at + next.len_utf8();
                        word.extend(next.to_lowercase());
                        continue;
                    }
                    let mut ahead = chars.clone();
                    let inside = ahead.next().is_some_and(|(_, next)| is_apostrophe(next))
                        && ahead
                            .next()
                            .is_some_and(|(_, next)| class(next) == Class::Letter);
                    if !inside {
                        break;
                    }
                    chars.next();
                }
                if !spaced
                    && let Some(two) = tokens.pop_if(|token: &mut Token| {
                        let is_two = Kind::Number {
                            value: 2,
                            digits: 1,
                        };
                        token.kind == is_two && token.spaced && after_two(&word).is_some()
                    })
                {
                    tokens.push(Token {
                        end,
                        kind: Kind::Word(after_two(&word).unwrap_or_default().to_owned()),
                        ..two
                    });
                    continue;
                }
                Kind::Word(words::mend(word))
            }
        };
        tokens.push(Token {
            start,
            end,
            spaced,
            capital: c.is_uppercase(),
            kind,
        });
        spaced = false;
    }
    tokens
}

fn plain_sign(c: char) -> char {
    match c {
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        '\u{2018}' | '\u{2019}' | '\u{2032}' => '\'',
        '\u{201d}' | '\u{2033}' => '"',
        _ => c,
    }
}
