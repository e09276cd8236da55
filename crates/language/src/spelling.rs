//! Spelling of command words: what is not a command word but nearly one is read as it.

/// Command words long enough that a slip in one letter still points to them.
#[rustfmt::skip]
const LONG: &[&str] = &[
    "cancel", "complete", "completed", "delete", "description", "finished", "overdue", "please",
    "postpone", "priority", "remember", "remind", "reminder", "reminders", "remove", "rename",
    "reopen", "repeat", "reschedule", "schedule", "search", "snooze", "summary", "urgent",
];

/// Command words in which only two swapped or one doubled letter is forgiven.
#[rustfmt::skip]
const SHORT: &[&str] = &[
    "add", "clear", "done", "erase", "finish", "help", "list", "mark", "move", "please", "show", "start",
    "task", "tasks", "todo", "undo", "what",
];

/// Slips that the rules above are too strict for, and chat spellings.
#[rustfmt::skip]
const SLIPS: &[(&str, &str)] = &[
    ("ad", "add"),
    ("aad", "add"),
    ("adda", "add"),
    ("plz", "please"),
    ("pls", "please"),
    ("plss", "please"),
    ("plaese", "please"),
    ("pleas", "please"),
    ("lst", "list"),
    ("lis", "list"),
    ("taks", "task"),
    ("tsk", "task"),
    ("tak", "task"),
    ("shw", "show"),
    ("sho", "show"),
    ("mrk", "mark"),
    ("prio", "priority"),
    ("rember", "remember"),
    ("finsh", "finish"),
    ("finsihed", "finished"),
    ("finshed", "finished"),
    ("clera", "clear"),
    ("wat", "what"),
    ("wats", "whats"),
    ("cna", "can"),
    ("teh", "the"),
    ("yuo", "you"),
    ("u", "you"),
];

/// Real words that are one letter from a command word.
#[rustfmt::skip]
const NOT_SLIPS: &[&str] = &[
    "cancer", "competed", "completely", "completion", "remained", "remaining", "reminding", "finisher", "postponing", "completing", "removing", "repeatedly", "cancelling", "searching", "postage", "preface", "renamer", "summit", "summon", "compete", "completes", "completer", "deleted", "deletes", "cancels",
    "finishes", "priorities", "remembers", "remembered", "reminds", "reminded", "removes",
    "removed", "renamed", "reopened", "repeats", "repeated", "rescheduled", "schedules",
    "scheduled", "scheduler", "searched", "searches", "snoozed", "remover", "research", "pleased",
    "pleases", "reaped", "cancelled", "canceled", "remodel", "remote", "removal", "reading", "urgently",
    "postponed", "renames", "remake", "remark", "relive", "remade", "resume", "release", "pleaser",
    "starch", "seared", "summery", "repeal", "repeated", "rewind", "remand", "deplete", "regent", "argent",
    "snoozes", "postpones", "reopens", "december", "member", "reminded", "minder", "replete", "disease",
];

/// The command word that `word` is a slip of, or `word` itself.
pub(crate) fn correct(word: String) -> String {
    if let Some((_, right)) = SLIPS.iter().find(|(slip, _)| *slip == word) {
        return (*right).to_owned();
    }
    let length = word.len();
    if !(3..=13).contains(&length)
        || !word.bytes().all(|b| b.is_ascii_lowercase())
        || SHORT.contains(&word.as_str())
        || LONG.contains(&word.as_str())
        || NOT_SLIPS.contains(&word.as_str())
    {
        return word;
    }
    let bytes = word.as_bytes();
    if let Some(right) = SHORT
        .iter()
        .find(|right| swapped(bytes, right.as_bytes()) || doubled(bytes, right.as_bytes()))
    {
        return (*right).to_owned();
    }
    LONG.iter()
        .filter(|right| right.as_bytes().first() == bytes.first())
        .filter_map(|right| {
            let allowed = if right.len() >= 8 { 2 } else { 1 };
            let far = distance(bytes, right.as_bytes());
            (far <= allowed && !word.starts_with(*right)).then_some((far, *right))
        })
        .min()
        .map_or(word.clone(), |(_, right)| right.to_owned())
}

fn swapped(word: &[u8], right: &[u8]) -> bool {
    word.len() == right.len() && word.len() >= 4 && {
        let differ: Vec<usize> = (0..word.len()).filter(|&i| word[i] != right[i]).collect();
        matches!(differ[..], [a, b] if b == a + 1 && word[a] == right[b] && word[b] == right[a])
    }
}

fn doubled(word: &[u8], right: &[u8]) -> bool {
    word.len() == right.len() + 1
        && (1..word.len()).any(|i| {
            word[i] == word[i - 1] && word[..i] == right[..i] && word[i + 1..] == right[i..]
        })
}

/// Optimal string alignment distance (Damerau–Levenshtein without overlapping swaps).
fn distance(a: &[u8], b: &[u8]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let changed = usize::from(a[i - 1] != b[j - 1]);
            row[j] = (above[j] + 1)
                .min(row[j - 1] + 1)
                .min(above[j - 1] + changed);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = above;
        above = row;
    }
    above.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::correct;

    #[test]
    fn command_words_are_corrected_and_others_left() {
        for (slip, right) in [
            ("ad", "add"),
            ("remnd", "remind"),
            ("remidn", "remind"),
            ("compleet", "complete"),
            ("delte", "delete"),
            ("priorty", "priority"),
            ("lsit", "list"),
            ("remindr", "reminder"),
            ("tsak", "task"),
            ("addd", "add"),
            ("last", "last"),
            ("read", "read"),
            ("research", "research"),
            ("milk", "milk"),
            ("lest", "lest"),
        ] {
            assert_eq!(correct(slip.to_owned()), right, "{slip}");
        }
    }
}
