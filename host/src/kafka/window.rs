//! What a consumer has in hand of the partitions that it owns: between the offset that is committed and the
//! last one read. Knows nothing of Kafka; the messages are whatever it is given.
//!
//! The committed offset is the oldest record that is not finished. One that waits for a retry keeps it where
//! it is, while records of other keys are finished behind it: up to [`SPAN`] of them, then the partition is
//! not read on until the record is finished or given up.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use tokio::time::Instant;

use super::progress::Progress;

/// How far a partition is read beyond its committed offset.
pub const SPAN: i64 = 100_000;
/// Records of one partition in hand, waiting or in flight.
const MAX_RECORDS: usize = 2000;
/// Bytes in hand of all partitions; each has its share.
const MAX_BYTES: usize = 32 << 20;
/// The least share.
const MIN_BYTES: usize = 256 << 10;

/// A topic, as Kafka calls it, and a partition.
pub type Name = (String, i32);

/// A record of a partition while it is owned. A partition that is lost and won again is another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket {
    assignment: u64,
    /// The record's offset.
    pub offset: i64,
}

/// What becomes of a record that was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is finished.
    Done,
    /// It comes again at this time, and counts as an attempt.
    Retry(Instant),
    /// It was not tried, or is behind one that comes again.
    Released,
}

/// A record to deliver.
#[derive(Debug)]
pub struct Taken<M> {
    /// To be told of its fate.
    pub ticket: Ticket,
    /// Where it is from.
    pub name: Name,
    /// Its key.
    pub key: Arc<str>,
    /// From 1.
    pub attempt: u32,
    /// The record.
    pub message: Arc<M>,
}

/// A record that was taken and has no fate yet.
#[derive(Debug)]
pub struct InFlight<M> {
    /// The record.
    pub message: Arc<M>,
    /// Its key.
    pub key: Arc<str>,
    /// From 1.
    pub attempt: u32,
}

/// An offset to commit.
#[derive(Debug)]
pub struct Commit {
    assignment: u64,
    /// Of which partition.
    pub name: Name,
    /// The first that is not finished.
    pub offset: i64,
    /// What is finished behind it.
    pub progress: String,
}

/// The partitions that a consumer owns.
#[derive(Debug)]
pub struct Window<M> {
    partitions: HashMap<u64, Partition<M>>,
    names: BTreeMap<Name, u64>,
    next_assignment: u64,
    /// Keys with something that can be taken.
    ready: VecDeque<(u64, Arc<str>)>,
    /// Keys that wait for a retry.
    due: BTreeSet<(Instant, u64, Arc<str>)>,
}

#[derive(Debug)]
struct Partition<M> {
    name: Name,
    /// The next offset to read, once one is known.
    read_to: Option<i64>,
    /// What is finished at or behind the committed offset, and the attempts of what is not.
    progress: Progress,
    /// Read and not finished: how many bytes, and the key.
    open: BTreeMap<i64, (usize, Arc<str>)>,
    keys: HashMap<Arc<str>, Key<M>>,
    in_flight: HashMap<i64, Arc<M>>,
    bytes: usize,
    /// Nothing is taken any more.
    revoked: bool,
    paused: bool,
    /// Where it begins and ends, as far as is known.
    begin: Option<i64>,
    end: i64,
    /// What is committed, if that is certain, and whether something may have to be.
    committed: Option<(i64, String)>,
    changed: bool,
}

#[derive(Debug)]
struct Key<M> {
    queue: VecDeque<(i64, Arc<M>)>,
    in_flight: usize,
    /// The first of the queue waits for its retry.
    waits: bool,
}

impl<M> Default for Key<M> {
    fn default() -> Self {
        Self {
            queue: VecDeque::new(),
            in_flight: 0,
            waits: false,
        }
    }
}

impl<M> Default for Window<M> {
    fn default() -> Self {
        Self {
            partitions: HashMap::new(),
            names: BTreeMap::new(),
            next_assignment: 1,
            ready: VecDeque::new(),
            due: BTreeSet::new(),
        }
    }
}

impl<M> Partition<M> {
    /// The oldest offset that is not finished.
    fn base(&self) -> Option<i64> {
        let open = self.open.first_key_value().map(|(offset, _)| *offset);
        open.or(self.read_to)
    }

    /// Forgets what is before the oldest offset that is not finished.
    fn advance(&mut self) {
        let Some(base) = self.base() else { return };
        let Progress { done, tried } = &mut self.progress;
        while done.first().is_some_and(|offset| *offset < base) {
            done.pop_first();
        }
        while tried
            .first_key_value()
            .is_some_and(|(offset, _)| *offset < base)
        {
            tried.pop_first();
        }
        self.changed = true;
    }

    fn attempt(&self, offset: i64) -> u32 {
        let tried = self.progress.tried.get(&offset).copied();
        tried.unwrap_or(0).saturating_add(1)
    }
}

impl<M> Window<M> {
    /// A partition is owned from now on, from its committed offset, if it has one.
    pub fn assign(&mut self, name: Name, committed: Option<i64>, progress: Progress) {
        self.revoke(std::slice::from_ref(&name));
        let assignment = self.next_assignment;
        self.next_assignment += 1;
        self.names.insert(name.clone(), assignment);
        self.partitions.insert(
            assignment,
            Partition {
                name,
                read_to: committed,
                progress,
                open: BTreeMap::new(),
                keys: HashMap::new(),
                in_flight: HashMap::new(),
                bytes: 0,
                revoked: false,
                paused: false,
                begin: None,
                end: 0,
                committed: None,
                changed: false,
            },
        );
    }

    fn of<'a>(&'a mut self, names: &[Name]) -> impl Iterator<Item = &'a mut Partition<M>> {
        let assignments: BTreeSet<u64> = names
            .iter()
            .filter_map(|name| self.names.get(name).copied())
            .collect();
        self.partitions
            .iter_mut()
            .filter(move |(assignment, _)| assignments.contains(assignment))
            .map(|(_, partition)| partition)
    }

    /// Nothing of these is taken any more; answers how many of their records are in flight.
    pub fn drain(&mut self, names: &[Name]) -> usize {
        self.of(names)
            .map(|partition| {
                partition.revoked = true;
                partition.in_flight.len()
            })
            .sum()
    }

    /// These are not owned any more; what is in flight of them counts for nothing.
    pub fn revoke(&mut self, names: &[Name]) {
        for name in names {
            if let Some(assignment) = self.names.remove(name) {
                self.partitions.remove(&assignment);
                self.ready.retain(|(of, _)| *of != assignment);
                self.due.retain(|(_, of, _)| *of != assignment);
            }
        }
    }

    /// All that are owned.
    pub fn names(&self) -> Vec<Name> {
        self.names.keys().cloned().collect()
    }

    /// Takes in a record; false where it is in hand or finished already, or its partition is not owned.
    pub fn read(&mut self, name: &Name, offset: i64, key: &str, bytes: usize, message: M) -> bool {
        let Some(assignment) = self.names.get(name).copied() else {
            return false;
        };
        let Some(partition) = self.partitions.get_mut(&assignment) else {
            return false;
        };
        let goes_back = partition.read_to.is_some_and(|read_to| offset < read_to);
        partition.read_to = Some(offset + 1);
        if partition.open.contains_key(&offset) {
            return false;
        }
        if goes_back {
            // The topic was made anew, or is cut off: what was known of its offsets is not of these records.
            partition.progress = Progress::default();
        }
        if partition.progress.done.contains(&offset) {
            partition.advance();
            return false;
        }
        let key: Arc<str> = match partition.keys.get_key_value(key) {
            Some((known, _)) => known.clone(),
            None => key.into(),
        };
        partition.open.insert(offset, (bytes, key.clone()));
        partition.advance();
        partition.bytes += bytes;
        let of_key = partition.keys.entry(key.clone()).or_default();
        let is_new = of_key.queue.is_empty() && of_key.in_flight == 0;
        of_key.queue.push_back((offset, Arc::new(message)));
        if is_new {
            self.ready.push_back((assignment, key));
        }
        true
    }

    /// Hands out at most `max` records: none whose key has one in flight or waits for a retry. One that
    /// failed before is the only one of its key.
    pub fn take(&mut self, now: Instant, max: usize) -> Vec<Taken<M>> {
        while self.due.first().is_some_and(|(at, ..)| *at <= now) {
            if let Some((_, assignment, key)) = self.due.pop_first() {
                self.ready.push_back((assignment, key));
            }
        }
        let mut taken = Vec::new();
        while taken.len() < max
            && let Some((assignment, name)) = self.ready.pop_front()
        {
            let Some(partition) = self.partitions.get_mut(&assignment) else {
                continue;
            };
            if partition.revoked {
                continue;
            }
            let Some(mut key) = partition.keys.remove(&name) else {
                continue;
            };
            key.waits = false;
            while taken.len() < max
                && let Some((offset, message)) = key.queue.pop_front()
            {
                let attempt = partition.attempt(offset);
                partition.in_flight.insert(offset, message.clone());
                key.in_flight += 1;
                taken.push(Taken {
                    ticket: Ticket { assignment, offset },
                    name: partition.name.clone(),
                    key: name.clone(),
                    attempt,
                    message,
                });
                let next = key.queue.front();
                if attempt > 1 || next.is_some_and(|(next, _)| partition.attempt(*next) > 1) {
                    break;
                }
            }
            partition.keys.insert(name, key);
        }
        taken
    }

    /// When the next retry is due.
    pub fn next_due(&self) -> Option<Instant> {
        self.due.first().map(|(at, ..)| *at)
    }

    /// A record that was taken; none where its partition is not owned any more.
    pub fn in_flight(&self, ticket: Ticket) -> Option<InFlight<M>> {
        let partition = self.partitions.get(&ticket.assignment)?;
        let message = partition.in_flight.get(&ticket.offset)?.clone();
        let (_, key) = partition.open.get(&ticket.offset)?;
        Some(InFlight {
            message,
            key: key.clone(),
            attempt: partition.attempt(ticket.offset),
        })
    }

    /// Those of `fates` that hold: what is behind one of its key that comes again comes again too, and what
    /// is of a partition that is not owned any more is left out.
    pub fn plan<F>(
        &self,
        mut fates: Vec<(Ticket, F)>,
        comes_again: impl Fn(&F) -> bool,
        released: F,
    ) -> Vec<(Ticket, F)>
    where
        F: Clone,
    {
        fates.sort_by_key(|(ticket, _)| *ticket);
        let mut again: BTreeSet<(u64, Arc<str>)> = BTreeSet::new();
        let mut planned = Vec::with_capacity(fates.len());
        for (ticket, fate) in fates {
            let Some(in_flight) = self.in_flight(ticket) else {
                continue;
            };
            let of_key = (ticket.assignment, in_flight.key);
            let fate = match again.contains(&of_key) {
                true => released.clone(),
                false => fate,
            };
            if comes_again(&fate) {
                again.insert(of_key);
            }
            planned.push((ticket, fate));
        }
        planned
    }

    /// Ends the flight of records, whose fates come from [`Window::plan`].
    pub fn finish(&mut self, fates: Vec<(Ticket, Fate)>) {
        // The last ones first, so that what comes again gets to the front of its queue in order.
        for (ticket, fate) in fates.into_iter().rev() {
            let assignment = ticket.assignment;
            let Some(partition) = self.partitions.get_mut(&assignment) else {
                continue;
            };
            let Some(message) = partition.in_flight.remove(&ticket.offset) else {
                continue;
            };
            let Some((bytes, name)) = partition.open.get(&ticket.offset).cloned() else {
                continue;
            };
            let Some(key) = partition.keys.get_mut(&name) else {
                continue;
            };
            key.in_flight -= 1;
            if fate != Fate::Done {
                key.queue.push_front((ticket.offset, message));
            }
            if let Fate::Retry(at) = fate {
                key.waits = true;
                self.due.insert((at, assignment, name.clone()));
                *partition.progress.tried.entry(ticket.offset).or_default() += 1;
                partition.changed = true;
            } else if key.in_flight == 0 && !key.waits {
                if key.queue.is_empty() {
                    partition.keys.remove(&name);
                } else {
                    self.ready.push_back((assignment, name));
                }
            }
            if fate == Fate::Done {
                partition.open.remove(&ticket.offset);
                partition.bytes -= bytes;
                partition.progress.tried.remove(&ticket.offset);
                partition.progress.done.insert(ticket.offset);
                partition.advance();
            }
        }
    }

    /// What is to be committed of these, or of all. Until [`Window::committed`] or [`Window::refused`] is told
    /// of it, no other may be on its way: it could arrive first.
    pub fn take_commits(&mut self, names: Option<&[Name]>) -> Vec<Commit> {
        let mut commits = Vec::new();
        for (assignment, partition) in &mut self.partitions {
            if !partition.changed || names.is_some_and(|names| !names.contains(&partition.name)) {
                continue;
            }
            partition.changed = false;
            let Some(offset) = partition.base() else {
                continue;
            };
            let current = (offset, partition.progress.to_text(offset));
            if partition.committed.as_ref() != Some(&current) {
                commits.push(Commit {
                    assignment: *assignment,
                    name: partition.name.clone(),
                    offset,
                    progress: current.1,
                });
            }
        }
        commits
    }

    /// These are committed. One of a partition that is another one by now says nothing of it.
    pub fn committed(&mut self, commits: Vec<Commit>) {
        for commit in commits {
            if let Some(partition) = self.partitions.get_mut(&commit.assignment) {
                partition.committed = Some((commit.offset, commit.progress));
            }
        }
    }

    /// These may not be committed: what is finished by then is to be committed again.
    pub fn refused(&mut self, commits: &[Commit]) {
        for commit in commits {
            if let Some(partition) = self.partitions.get_mut(&commit.assignment) {
                partition.committed = None;
                partition.changed = true;
            }
        }
    }

    /// Which partitions are to be read no further for now, and which again.
    pub fn flow(&mut self) -> (Vec<Name>, Vec<Name>) {
        let share = (MAX_BYTES / self.partitions.len().max(1)).max(MIN_BYTES);
        let (mut pause, mut resume) = (Vec::new(), Vec::new());
        for partition in self.partitions.values_mut() {
            let span = match (partition.base(), partition.read_to) {
                (Some(base), Some(read_to)) => read_to - base,
                _ => 0,
            };
            let is_over = |part: usize| {
                span >= SPAN / part as i64
                    || partition.open.len() >= MAX_RECORDS / part
                    || partition.bytes >= share / part
            };
            if !partition.paused && is_over(1) {
                partition.paused = true;
                pause.push(partition.name.clone());
            } else if partition.paused && !is_over(2) {
                partition.paused = false;
                resume.push(partition.name.clone());
            }
        }
        (pause, resume)
    }

    /// Whether a partition is read no further for now.
    pub fn is_paused(&self) -> bool {
        self.partitions.values().any(|partition| partition.paused)
    }

    /// The broker says which offsets a partition has; the begin may be unknown.
    pub fn reaches(&mut self, name: &Name, begin: Option<i64>, end: i64) {
        for partition in self.of(std::slice::from_ref(name)) {
            partition.begin = begin.or(partition.begin);
            partition.end = end;
        }
    }

    /// What is not finished of each partition, as far as its end is known.
    pub fn lag(&self) -> Vec<(Name, i64)> {
        let lag = |partition: &Partition<M>| {
            let base = partition.base().or(partition.begin)?;
            let end = partition.end.max(partition.read_to.unwrap_or_default());
            let done = i64::try_from(partition.progress.done.len()).ok()?;
            Some((partition.name.clone(), (end - base - done).max(0)))
        };
        self.partitions.values().filter_map(lag).collect()
    }
}

#[cfg(test)]
mod tests;
