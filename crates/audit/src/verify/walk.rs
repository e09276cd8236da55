//! Reads a chain from its beginning and finds what is wrong with it.

use sql::{Row, SqlValue};

use super::{Chain, Head, Problem};
use crate::chain::{Link, content_digest, hex};

/// Problems of one chain that are listed; more are counted.
const MAX_LISTED: usize = 100;

/// What is stored about a chain beside its entries, and whether one of them closed it.
pub(super) struct Ends {
    pub is_erased: bool,
    /// The place and hash of the last entry.
    pub head: Option<(SqlValue, SqlValue)>,
}

/// A chain that is being read.
pub(super) struct Walk {
    chain: Chain,
    /// The hash of the entry before, as it is stored; none where that cannot be known.
    previous: Option<Previous>,
    /// Where it ended when the last entry was recorded.
    head: Option<(SqlValue, SqlValue)>,
    expected: Option<Head>,
}

/// Nothing, at the beginning, or a hash.
type Previous = Option<Vec<u8>>;

impl Walk {
    pub fn begin(user_id: &str, ends: Ends, expected: Option<Head>) -> Self {
        Self {
            chain: Chain {
                user_id: user_id.to_owned(),
                head: Head {
                    seq: 0,
                    hash: String::new(),
                },
                entries: 0,
                erased: ends.is_erased,
                problems: Vec::new(),
                problem_count: 0,
            },
            previous: Some(None),
            head: ends.head,
            expected,
        }
    }

    pub fn user_id(&self) -> &str {
        &self.chain.user_id
    }

    fn problem(&mut self, seq: Option<i64>, problem: impl Into<String>) {
        self.chain.problem_count += 1;
        if self.chain.problems.len() < MAX_LISTED {
            let problem = problem.into();
            self.chain.problems.push(Problem { seq, problem });
        }
    }

    /// One problem for one wrong thing: what follows is compared with what is stored before it.
    pub fn entry(&mut self, row: &Row) {
        self.chain.entries += 1;
        let Some(entry) = Entry::read(row) else {
            let seq = integer_of(row.get(1));
            self.problem(seq, "a value is of another type than was recorded");
            self.previous = None;
            self.chain.head.seq = seq.unwrap_or(self.chain.head.seq + 1);
            return;
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
    }

    fn content_problem(&self, entry: &Entry) -> Option<&'static str> {
        match (entry.salt, entry.correlation_id, entry.data) {
            (None, None, None) if !self.chain.erased => {
                Some("its payload is missing, and the person was not erased")
            }
            (None, None, None) => None,
            _ if self.chain.erased => Some("it holds data of an erased person"),
            (Some(salt), correlation_id, Some(data)) => {
                let digest = content_digest(salt, correlation_id, data);
                (digest.as_slice() != entry.content_digest).then_some(
                    "its payload, correlation id or salt is not the one that was recorded",
                )
            }
            _ => Some("a part of its payload is missing"),
        }
    }

    pub fn finish(mut self) -> Chain {
        let head = self.head.take().map(|(seq, hash)| Head {
            seq: integer_of(Some(&seq)).unwrap_or(-1),
            hash: match hash {
                SqlValue::Blob(hash) => hex(&hash),
                _ => String::new(),
            },
        });
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
        self.chain
    }
}

fn integer_of(value: Option<&SqlValue>) -> Option<i64> {
    match value {
        Some(SqlValue::Integer(integer)) => Some(*integer),
        _ => None,
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
    fn read(row: &'a Row) -> Option<Self> {
        let text = |column: usize| match row.get(column) {
            Some(SqlValue::Text(text)) => Some(text.as_str()),
            _ => None,
        };
        let bytes = |column: usize| match row.get(column) {
            Some(SqlValue::Blob(bytes)) => Some(bytes.as_slice()),
            _ => None,
        };
        let integer = |column: usize| integer_of(row.get(column));
        let is_null = |column: usize| matches!(row.get(column), Some(SqlValue::Null));
        Some(Self {
            user_id: text(0)?,
            seq: integer(1)?,
            event_id: text(2)?,
            topic: text(3)?,
            event_type: text(4)?,
            task_id: optional(text(5), is_null(5))?,
            version: optional(integer(6), is_null(6))?,
            occurred_at: integer(7)?,
            recorded_at: integer(8)?,
            correlation_id: optional(text(9), is_null(9))?,
            data: optional(text(10), is_null(10))?,
            salt: optional(bytes(11), is_null(11))?,
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

/// A value or null; none for a value of another type.
fn optional<T>(value: Option<T>, is_null: bool) -> Option<Option<T>> {
    (value.is_some() || is_null).then_some(value)
}
