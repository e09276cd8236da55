//! Texts that fit where they go.

/// A text of at most `max_chars` characters: what is cut off leaves `...`.
pub fn cut(text: &str, max_chars: usize) -> String {
    if text.chars().nth(max_chars).is_none() {
        return text.to_owned();
    }
    let kept: String = text.chars().take(max_chars.saturating_sub(3)).collect();
    let mut kept = kept.trim_end().to_owned();
    kept.extend("...".chars().take(max_chars));
    kept
}

/// A text on one line, for headers: control characters and runs of white space become one space.
pub fn single_line(text: &str) -> String {
    text.split(|c: char| c.is_control() || c.is_whitespace())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_cut_off_is_marked() {
        assert_eq!(cut("water the plants", 16), "water the plants");
        assert_eq!(cut("water the plants", 13), "water the...");
        assert_eq!(cut("zoë 🦀🦀🦀", 6), "zoë...");
        assert_eq!(cut("water", 2), "..");
    }

    #[test]
    fn a_header_has_one_line() {
        assert_eq!(
            single_line(" Due\r\nBcc: all@example.com\u{85}now "),
            "Due Bcc: all@example.com now"
        );
    }

    proptest! {
        #[test]
        fn nothing_is_longer_than_it_may_be(text in ".{0,40}", max in 0usize..30) {
            prop_assert!(cut(&text, max).chars().count() <= max);
            prop_assert!(!single_line(&text).contains(|c: char| c.is_control()));
        }
    }
}
