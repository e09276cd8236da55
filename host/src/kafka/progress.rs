//! What a group is through with behind its committed offset, as text beside that offset: whoever gets the
//! partition next delivers none of it again and goes on counting attempts.
//!
//! `done=1-5,9 tried=0:3` says that of the committed offset itself three attempts have failed, and that the
//! records 1 to 5 and 9 after it are finished.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// Brokers take 4096 bytes where they are not configured otherwise.
const MAX_TEXT: usize = 4000;
/// No window is as wide as this: a text that says so is not ours.
const MAX_OFFSET: i64 = 1 << 20;

/// Offsets of one partition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    /// Finished.
    pub done: BTreeSet<i64>,
    /// Failed so many times, and not finished.
    pub tried: BTreeMap<i64, u32>,
}

impl Progress {
    /// The text beside the committed offset `base`. What does not fit is left out: it comes again.
    pub fn to_text(&self, base: i64) -> String {
        let mut tried = String::new();
        for (offset, attempts) in self.tried.range(base..) {
            let before = tried.len();
            let separator = if before == 0 { " tried=" } else { "," };
            let _ = write!(tried, "{separator}{}:{attempts}", offset - base);
            if tried.len() > MAX_TEXT / 4 {
                tried.truncate(before);
                break;
            }
        }
        let mut text = String::new();
        let mut offsets = self.done.range(base..).copied().peekable();
        while let Some(first) = offsets.next() {
            let mut last = first;
            while offsets.next_if_eq(&(last + 1)).is_some() {
                last += 1;
            }
            let before = text.len();
            let separator = if before == 0 { "done=" } else { "," };
            let _ = write!(text, "{separator}{}", first - base);
            if last > first {
                let _ = write!(text, "-{}", last - base);
            }
            if text.len() + tried.len() > MAX_TEXT {
                text.truncate(before);
                break;
            }
        }
        text.push_str(&tried);
        text.trim_start().to_owned()
    }

    /// Reads what [`Progress::to_text`] wrote; what somebody else wrote says nothing.
    pub fn of_text(text: &str, base: i64) -> Self {
        Self::parse(text, base).unwrap_or_default()
    }

    fn parse(text: &str, base: i64) -> Option<Self> {
        let mut progress = Self::default();
        let offset = |text: &str| -> Option<i64> {
            let offset: i64 = text.parse().ok()?;
            (0..MAX_OFFSET).contains(&offset).then_some(())?;
            base.checked_add(offset)
        };
        for part in text.split_ascii_whitespace() {
            let (name, list) = part.split_once('=')?;
            for element in list.split(',') {
                match name {
                    "done" => {
                        let (first, last) = element.split_once('-').unwrap_or((element, element));
                        progress.done.extend(offset(first)?..=offset(last)?);
                    }
                    "tried" => {
                        let (at, attempts) = element.split_once(':')?;
                        progress.tried.insert(offset(at)?, attempts.parse().ok()?);
                    }
                    _ => return None,
                }
            }
        }
        Some(progress)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_text_reads_as_documented() {
        let progress = Progress::of_text("done=1-5,9 tried=0:3", 100);
        assert_eq!(
            progress.done,
            BTreeSet::from([101, 102, 103, 104, 105, 109])
        );
        assert_eq!(progress.tried, BTreeMap::from([(100, 3)]));
        assert_eq!(progress.to_text(100), "done=1-5,9 tried=0:3");
        assert_eq!(Progress::default().to_text(7), "");
    }

    #[test]
    fn what_others_wrote_says_nothing() {
        for text in [
            "",
            "consumed by a tool",
            "done=",
            "done=-1",
            "done=5-99999999999",
            "done=1 more=2",
            "tried=1",
        ] {
            assert_eq!(Progress::of_text(text, 0), Progress::default(), "{text}");
        }
        assert_eq!(Progress::of_text("done=1", i64::MAX), Progress::default());
    }

    proptest! {
        #[test]
        fn what_is_read_is_what_was_written_or_the_first_of_it(
            base in 0..1_000_000_i64,
            done in prop::collection::btree_set(0..20_000_i64, 0..3000),
            tried in prop::collection::btree_map(0..20_000_i64, 1..1000_u32, 0..300),
        ) {
            let written = Progress {
                done: done.iter().map(|offset| base + offset).collect(),
                tried: tried.iter().map(|(offset, n)| (base + offset, *n)).collect(),
            };
            let text = written.to_text(base);
            prop_assert!(text.len() <= MAX_TEXT);
            let read = Progress::of_text(&text, base);
            prop_assert!(read.done.is_subset(&written.done));
            prop_assert!(read.tried.iter().all(|(offset, n)| written.tried.get(offset) == Some(n)));
            if text.len() < MAX_TEXT / 5 {
                prop_assert_eq!(read, written);
            }
        }
    }
}
