//! Verifies the trail: finds what was changed, removed, added or moved in a database file.
//!
//! It reads one consistent state, one entry at a time, while others may write.

use std::collections::HashMap;
use std::io::{self, BufRead};
use std::path::Path;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Row};
use serde::{Deserialize, Serialize};

use crate::chain::{Link, content_digest, hex};

/// Problems of one chain that are listed; more are counted.
const MAX_LISTED: usize = 100;

/// Why the trail could not be read; it says nothing about whether it was changed.
#[derive(Debug, thiserror::Error)]
#[error("the audit trail cannot be read: {0}")]
pub struct Unreadable(#[from] rusqlite::Error);

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
    /// What is wrong with the file itself, in SQLite's words: its indexes may hide entries.
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

/// Opens a database file to read it only.
///
/// # Errors
/// There is none, or it is not SQLite's.
pub fn open(file: &Path) -> Result<Connection, Unreadable> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    Ok(connection)
}

/// Verifies chain by chain and hands each over as it is done.
///
/// # Errors
/// Only what keeps it from reading; what is wrong with a chain is in its [`Chain`].
pub fn verify(
    connection: &Connection,
    options: Options,
    mut on_chain: impl FnMut(Chain),
) -> Result<Summary, Unreadable> {
    // One transaction is one state, whatever is recorded meanwhile; it only reads and so rolls back.
    let state = connection.unchecked_transaction()?;
    let mut summary = Summary::default();
    if options.user_id.is_none() {
        let found: String = state.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
        if found != "ok" {
            summary.problems += 1;
            summary.file_problem = Some(found);
        }
    }
    let mut expected = options.expected;
    if let Some(user_id) = &options.user_id {
        expected.retain(|id, _| id == user_id);
    }
    let mut finish = |walk: Option<Walk>| -> Result<(), Unreadable> {
        if let Some(walk) = walk {
            let chain = walk.finish(&state)?;
            summary.chains += 1;
            summary.entries += chain.entries;
            summary.problems += chain.problem_count;
            on_chain(chain);
        }
        Ok(())
    };

    let person = match options.user_id {
        Some(_) => "user_id = ?1",
        None => "?1 IS NULL",
    };
    let mut statement = state.prepare(&format!(
        "SELECT user_id, seq, event_id, topic, event_type, task_id, version, occurred_at,
           recorded_at, correlation_id, data, salt, content_digest, hash
         FROM entries WHERE {person} ORDER BY user_id, seq"
    ))?;
    let mut rows = statement.query([&options.user_id])?;
    let mut walk: Option<Walk> = None;
    while let Some(row) = rows.next()? {
        let user_id = text_of(row.get_ref(0)?);
        if walk
            .as_ref()
            .is_none_or(|walk| walk.chain.user_id != user_id)
        {
            finish(walk.take())?;
            walk = Some(Walk::begin(&state, &user_id, expected.remove(&user_id))?);
        }
        if let Some(walk) = &mut walk {
            walk.entry(row)?;
        }
    }
    finish(walk)?;

    // Chains of which nothing is left but their ends.
    let mut statement = state.prepare(&format!(
        "SELECT user_id FROM heads WHERE {person}
           AND NOT EXISTS (SELECT 1 FROM entries WHERE entries.user_id = heads.user_id)
         ORDER BY user_id"
    ))?;
    let mut rows = statement.query([&options.user_id])?;
    while let Some(row) = rows.next()? {
        let user_id = text_of(row.get_ref(0)?);
        let expected = expected.remove(&user_id);
        finish(Some(Walk::begin(&state, &user_id, expected)?))?;
    }
    for (user_id, head) in expected {
        finish(Some(Walk::begin(&state, &user_id, Some(head))?))?;
    }
    Ok(summary)
}

/// A chain that is being read.
struct Walk {
    chain: Chain,
    /// The hash of the entry before, as it is stored; none where that cannot be known.
    previous: Option<Previous>,
    /// The entry that closed the chain.
    erased_at: Option<i64>,
    expected: Option<Head>,
}

/// Nothing, at the beginning, or a hash.
type Previous = Option<Vec<u8>>;

impl Walk {
    fn begin(
        state: &Connection,
        user_id: &str,
        expected: Option<Head>,
    ) -> Result<Self, Unreadable> {
        let erased_at: Option<i64> = state
            .prepare_cached(
                "SELECT min(seq) FROM entries WHERE user_id = ?1
                   AND event_type = 'user_erased' AND topic = 'user-events'",
            )?
            .query_row([user_id], |row| row.get(0))?;
        Ok(Self {
            chain: Chain {
                user_id: user_id.to_owned(),
                head: Head {
                    seq: 0,
                    hash: String::new(),
                },
                entries: 0,
                erased: erased_at.is_some(),
                problems: Vec::new(),
                problem_count: 0,
            },
            previous: Some(None),
            erased_at,
            expected,
        })
    }

    fn problem(&mut self, seq: Option<i64>, problem: impl Into<String>) {
        self.chain.problem_count += 1;
        if self.chain.problems.len() < MAX_LISTED {
            let problem = problem.into();
            self.chain.problems.push(Problem { seq, problem });
        }
    }

    /// One problem for one wrong thing: what follows is compared with what is stored before it.
    fn entry(&mut self, row: &Row) -> Result<(), Unreadable> {
        self.chain.entries += 1;
        let Some(entry) = Entry::read(row)? else {
            let seq = row.get_ref(1)?.as_i64().ok();
            self.problem(seq, "a value is of another type than was recorded");
            self.previous = None;
            self.chain.head.seq = seq.unwrap_or(self.chain.head.seq + 1);
            return Ok(());
        };
        let (seq, last) = (entry.seq, self.chain.head.seq);
        if seq > last + 1 {
            let (from, to) = (last + 1, seq - 1);
            self.problem(Some(from), format!("entries {from} to {to} are missing"));
            self.previous = None;
        } else if seq <= last {
            self.problem(
                Some(seq),
                format!("an entry {seq} stands behind entry {last}"),
            );
            self.previous = None;
        }
        if let Some(problem) = self.content_problem(&entry) {
            self.problem(Some(seq), problem);
        }
        if let Some(previous) = &self.previous
            && entry.link(previous.as_deref()).hash().as_slice() != entry.hash
        {
            self.problem(
                Some(seq),
                "the entry, or the one before it, is not the one that was recorded: its hash differs",
            );
        }
        let hash = hex(entry.hash);
        if let Some(expected) = self.expected.take_if(|expected| expected.seq == seq)
            && expected.hash != hash
        {
            self.problem(
                Some(seq),
                format!("its hash is {hash}, and {} was expected", expected.hash),
            );
        }
        self.previous = Some(Some(entry.hash.to_vec()));
        self.chain.head = Head { seq, hash };
        Ok(())
    }

    fn content_problem(&self, entry: &Entry) -> Option<&'static str> {
        match (entry.salt, entry.correlation_id, entry.data) {
            (None, None, None) if self.erased_at.is_none() => {
                Some("its payload is missing, and the person was not erased")
            }
            (None, None, None) => None,
            _ if self.erased_at.is_some() => Some("it holds data of an erased person"),
            (Some(salt), correlation_id, Some(data)) => {
                let digest = content_digest(salt, correlation_id, data);
                (digest.as_slice() != entry.content_digest).then_some(
                    "its payload, correlation id or salt is not the one that was recorded",
                )
            }
            _ => Some("a part of its payload is missing"),
        }
    }

    fn finish(mut self, state: &Connection) -> Result<Chain, Unreadable> {
        let head = state
            .prepare_cached("SELECT seq, hash FROM heads WHERE user_id = ?1")?
            .query_row([&self.chain.user_id], |row| {
                let hash = match row.get_ref(1)? {
                    ValueRef::Blob(hash) => hex(hash),
                    _ => String::new(),
                };
                Ok(Head {
                    seq: row.get_ref(0)?.as_i64().unwrap_or(-1),
                    hash,
                })
            })
            .optional()?;
        let last = self.chain.head.seq;
        match head {
            Some(head) if head == self.chain.head => {}
            Some(head) if head.seq > last => {
                let first = last + 1;
                let problem = format!("entries {first} to {} are missing at its end", head.seq);
                self.problem(Some(first), problem);
            }
            Some(head) if head.seq < last => {
                let problem = format!("it ended at entry {}; those behind are forged", head.seq);
                self.problem(Some(head.seq + 1), problem);
            }
            Some(_) => self.problem(
                Some(last),
                "its last entry is not the one that was recorded",
            ),
            None if last > 0 => self.problem(None, "where it ended is not recorded any more"),
            None => {}
        }
        if let Some(expected) = self.expected.take() {
            let problem = format!("entry {} was expected and is not there", expected.seq);
            self.problem(Some(expected.seq), problem);
        }
        Ok(self.chain)
    }
}

/// A row, if every value has the type that was recorded.
struct Entry<'a> {
    user_id: &'a str,
    seq: i64,
    event_id: &'a str,
    topic: &'a str,
    event_type: &'a str,
    task_id: Option<&'a str>,
    version: Option<i64>,
    occurred_at: i64,
    recorded_at: i64,
    correlation_id: Option<&'a str>,
    data: Option<&'a str>,
    salt: Option<&'a [u8]>,
    content_digest: &'a [u8],
    hash: &'a [u8],
}

impl<'a> Entry<'a> {
    fn read(row: &'a Row) -> Result<Option<Self>, Unreadable> {
        let mut values = Vec::with_capacity(14);
        for column in 0..14 {
            values.push(row.get_ref(column)?);
        }
        Ok(Self::from_values(&values))
    }

    fn from_values(values: &[ValueRef<'a>]) -> Option<Self> {
        let value = |column: usize| values.get(column).copied();
        let text = |column| value(column)?.as_str().ok();
        let integer = |column| value(column)?.as_i64().ok();
        let bytes = |column| value(column)?.as_blob().ok();
        Some(Self {
            user_id: text(0)?,
            seq: integer(1)?,
            event_id: text(2)?,
            topic: text(3)?,
            event_type: text(4)?,
            task_id: value(5)?.as_str_or_null().ok()?,
            version: value(6)?.as_i64_or_null().ok()?,
            occurred_at: integer(7)?,
            recorded_at: integer(8)?,
            correlation_id: value(9)?.as_str_or_null().ok()?,
            data: value(10)?.as_str_or_null().ok()?,
            salt: value(11)?.as_blob_or_null().ok()?,
            content_digest: bytes(12)?,
            hash: bytes(13)?,
        })
    }

    fn link<'b>(&'b self, previous_hash: Option<&'b [u8]>) -> Link<'b> {
        Link {
            previous_hash,
            seq: self.seq,
            user_id: self.user_id,
            event_id: self.event_id,
            topic: self.topic,
            event_type: self.event_type,
            task_id: self.task_id,
            version: self.version,
            occurred_at: self.occurred_at,
            recorded_at: self.recorded_at,
            content_digest: self.content_digest,
        }
    }
}

/// A person's id as it is stored, also where that is not text.
fn text_of(value: ValueRef) -> String {
    match value {
        ValueRef::Text(text) | ValueRef::Blob(text) => String::from_utf8_lossy(text).into_owned(),
        other => format!("{other:?}"),
    }
}
