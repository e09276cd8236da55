//! Verifies the trail: finds what was changed, removed, added or moved in a database.
//!
//! It reads one consistent state, a few entries at a time, while others may write.

mod state;
mod walk;

use std::collections::HashMap;
use std::io::{self, BufRead};

use serde::{Deserialize, Serialize};
use sql::{SqlConnection, SqlError};

use self::state::State;
use self::walk::Walk;

/// Why the trail could not be read; it says nothing about whether it was changed.
#[derive(Debug, thiserror::Error)]
#[error("the audit trail cannot be read: {0}")]
pub struct Unreadable(#[from] SqlError);

/// What to verify, and against what.
#[derive(Debug, Default)]
pub struct Options {
    /// Only this person's chain.
    pub user_id: Option<String>,
    /// Ends of chains that were kept elsewhere, by person: the chains must still hold these entries.
    /// It is what finds a chain that was rewritten from some entry on, with all its hashes.
    pub expected: HashMap<String, Head>,
}

/// Where a chain ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The last entry's place.
    pub seq: i64,
    /// Its hash, in hex.
    pub hash: String,
}

/// What is known of one person's chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Chain {
    /// Whose it is.
    pub user_id: String,
    /// Its last entry; with seq 0 where there is none.
    #[serde(flatten)]
    pub head: Head,
    /// How many entries were read.
    pub entries: u64,
    /// Whether the person was erased.
    pub erased: bool,
    /// What is wrong with it; the first hundred.
    pub problems: Vec<Problem>,
    /// How many things are wrong with it.
    pub problem_count: u64,
}

/// Something that is not as it was recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The entry where it shows; none for the chain as a whole.
    pub seq: Option<i64>,
    /// What it is, for a person to read.
    pub problem: String,
}

/// What was found in all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// How many chains were verified.
    pub chains: u64,
    /// How many entries.
    pub entries: u64,
    /// How many things are wrong, those of the file included.
    pub problems: u64,
    /// What is wrong with the file itself, in SQLite's words: its indexes may hide entries. None for PostgreSQL.
    pub file_problem: Option<String>,
}

/// Reads [`Options::expected`] from chains that were written as JSON, one a line; other lines of JSON,
/// such as a [`Summary`], are passed over.
///
/// # Errors
/// A line is no JSON, or there is no chain at all: then nothing would be compared.
pub fn read_heads(lines: impl BufRead) -> io::Result<HashMap<String, Head>> {
    #[derive(Deserialize)]
    struct Line {
        user_id: Option<String>,
        #[serde(flatten)]
        head: Option<Head>,
    }
    let mut heads = HashMap::new();
    for line in lines.lines() {
        let line: Line = serde_json::from_str(&line?)?;
        if let (Some(user_id), Some(head)) = (line.user_id, line.head) {
            heads.insert(user_id, head);
        }
    }
    if heads.is_empty() {
        let error = "it holds no ends of chains";
        return Err(io::Error::new(io::ErrorKind::InvalidData, error));
    }
    Ok(heads)
}

/// Verifies chain by chain over a connection that nobody else uses, and hands each over as it is done.
///
/// # Errors
/// Only what keeps it from reading; what is wrong with a chain is in its [`Chain`].
pub async fn verify<C: SqlConnection>(
    connection: &C,
    options: Options,
    mut on_chain: impl FnMut(Chain),
) -> Result<Summary, Unreadable> {
    let mut summary = Summary::default();
    let mut expected = options.expected;
    if let Some(user_id) = &options.user_id {
        expected.retain(|id, _| id == user_id);
    }
    let mut finish = |walk: Walk| {
        let chain = walk.finish();
        summary.chains += 1;
        summary.entries += chain.entries;
        summary.problems += chain.problem_count;
        on_chain(chain);
    };

    let mut state = State::begin(connection, options.user_id.as_deref()).await?;
    let mut walk: Option<Walk> = None;
    loop {
        let entries = state.next_entries().await?;
        if entries.is_empty() {
            break;
        }
        for entry in &entries {
            let user_id = state::text_of(entry.first());
            if walk.as_ref().is_none_or(|walk| walk.user_id() != user_id) {
                let ends = state.ends(&user_id).await?;
                let begun = Walk::begin(&user_id, ends, expected.remove(&user_id));
                if let Some(done) = walk.replace(begun) {
                    finish(done);
                }
            }
            if let Some(walk) = &mut walk {
                walk.entry(entry);
            }
        }
    }
    if let Some(done) = walk {
        finish(done);
    }
    // Chains of which nothing is left but their ends.
    for user_id in state.without_entries().await? {
        let ends = state.ends(&user_id).await?;
        finish(Walk::begin(&user_id, ends, expected.remove(&user_id)));
    }
    for (user_id, head) in expected {
        let ends = state.ends(&user_id).await?;
        finish(Walk::begin(&user_id, ends, Some(head)));
    }
    if options.user_id.is_none() {
        summary.file_problem = state.file_problem().await?;
        summary.problems += u64::from(summary.file_problem.is_some());
    }
    state.end().await?;
    Ok(summary)
}
