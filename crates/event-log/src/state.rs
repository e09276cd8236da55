//! The records that the consumers of one group on one topic have in hand, by key.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use chrono::{DateTime, Utc};

use crate::topics::Topic;
use crate::{Delivery, Position};

/// Records in hand, waiting or in flight; no more are read then.
const MAX_RECORDS: usize = 8192;
/// Bytes of envelopes in hand, likewise.
const MAX_BYTES: usize = 16 << 20;
/// Keys that wait for a retry; no new records are read then: the consumer is down, not a record bad.
const MAX_PARKED_KEYS: usize = 100_000;

/// Partition and offset.
pub(crate) type Place = (u32, u64);

/// What the file has about a subscription.
pub(crate) struct Snapshot {
    /// By partition.
    pub committed: Vec<u64>,
    /// By partition.
    pub settled: Vec<BTreeSet<u64>>,
    /// Key, records parked, when the first of them is due.
    pub parked: Vec<(String, usize, i64)>,
}

/// A record to deliver.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub place: Place,
    pub envelope: String,
    pub appended_at: DateTime<Utc>,
    pub attempt: u32,
    /// It comes from the table of parked records.
    pub parked: bool,
}

/// A record read from the log.
#[derive(Debug)]
pub(crate) struct Read {
    pub offset: u64,
    pub key: String,
    pub envelope: String,
    pub appended_at: DateTime<Utc>,
}

#[derive(Debug)]
pub(crate) struct InFlight {
    key: Arc<str>,
    member: u64,
    waiting: Waiting,
    /// Its outcome is on the way to the writer.
    reported: bool,
    /// Delivered before a seek: its outcome does not count.
    stale: bool,
}

#[derive(Debug, Default)]
struct Key {
    /// What can be delivered when nothing is in flight, in order.
    queue: VecDeque<Waiting>,
    in_flight: usize,
    /// It is in `State::ready`.
    ready: bool,
    /// The first of those in flight together that comes again, and what becomes of those behind it.
    again: Option<(Place, Fate)>,
}

#[derive(Debug)]
struct ParkedKey {
    /// In the file, or in `State::to_park`.
    records: usize,
    /// Milliseconds since 1970.
    due: i64,
}

/// What becomes of a delivery, as decided by [`State::plan`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fate {
    Done,
    DeadLetter {
        reason: String,
    },
    Retry {
        at: i64,
        reason: String,
    },
    /// Something before it with its key is to be retried.
    Behind,
    Release,
    /// Nothing but its key's being free counts.
    Stale,
}

impl Fate {
    /// What becomes of those behind with the same key.
    fn behind(&self) -> Option<Self> {
        match self {
            Self::Retry { .. } | Self::Behind => Some(Self::Behind),
            Self::Release => Some(Self::Release),
            Self::Done | Self::DeadLetter { .. } | Self::Stale => None,
        }
    }
}

/// One delivery's way through the writer.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub place: Place,
    pub key: Arc<str>,
    pub attempt: u32,
    /// It has a row in the table of parked records.
    pub parked: bool,
    pub fate: Fate,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    /// Counts the seeks.
    pub epoch: u64,
    /// By partition, the next offset to read.
    read_to: Vec<u64>,
    /// By partition, what is settled at or behind `read_to`.
    settled: Vec<BTreeSet<u64>>,
    /// Keys with something waiting or in flight.
    keys: HashMap<Arc<str>, Key>,
    ready: VecDeque<Arc<str>>,
    /// Keys with something parked.
    parked: HashMap<Arc<str>, ParkedKey>,
    /// Parked keys to load, by when: those with nothing waiting or in flight.
    due: BTreeSet<(i64, Arc<str>)>,
    /// To be parked behind a retry.
    to_park: BTreeMap<Place, Arc<str>>,
    in_flight: HashMap<Place, InFlight>,
    in_hand: usize,
    bytes: usize,
}

impl State {
    /// Starts from what the file has. What is in flight stays so, and keeps its key back.
    pub fn reset(&mut self, snapshot: Snapshot) {
        self.epoch += 1;
        self.read_to = snapshot.committed;
        self.settled = snapshot.settled;
        self.ready.clear();
        self.due.clear();
        self.to_park.clear();
        self.keys.retain(|_, key| {
            key.queue.clear();
            key.ready = false;
            key.in_flight > 0
        });
        self.parked = snapshot
            .parked
            .into_iter()
            .map(|(key, records, due)| (key.into(), ParkedKey { records, due }))
            .collect();
        for (key, parked) in &self.parked {
            if !self.keys.contains_key(key) {
                self.due.insert((parked.due, key.clone()));
            }
        }
        self.in_hand = self.in_flight.len();
        self.bytes = 0;
        for in_flight in self.in_flight.values_mut() {
            in_flight.stale = true;
            self.bytes += in_flight.waiting.envelope.len();
        }
    }

    /// What is to be read: each partition that has more, from where and to before where.
    pub fn unread(&self, topic: &Topic) -> Vec<(u32, u64, u64)> {
        if self.in_hand >= MAX_RECORDS
            || self.bytes >= MAX_BYTES
            || self.parked.len() >= MAX_PARKED_KEYS
        {
            return Vec::new();
        }
        (0..)
            .zip(&topic.partitions)
            .zip(&self.read_to)
            .map(|((number, partition), from)| {
                (number, *from, partition.next_offset.load(Ordering::Acquire))
            })
            .filter(|(_, from, to)| from < to)
            .collect()
    }

    /// Takes in what was read of a partition from `from`, in order.
    pub fn read(&mut self, epoch: u64, partition: u32, from: u64, records: Vec<Read>) {
        let index = partition as usize;
        if epoch != self.epoch || self.read_to.get(index) != Some(&from) {
            return;
        }
        for record in records {
            self.read_to[index] = record.offset + 1;
            if self.settled[index].remove(&record.offset) {
                continue;
            }
            let place = (partition, record.offset);
            let key: Arc<str> = record.key.into();
            if let Some(parked) = self.parked.get_mut(&key) {
                parked.records += 1;
                self.to_park.insert(place, key);
                continue;
            }
            self.wait(
                &key,
                Waiting {
                    place,
                    envelope: record.envelope,
                    appended_at: record.appended_at,
                    attempt: 1,
                    parked: false,
                },
            );
        }
    }

    fn wait(&mut self, name: &Arc<str>, waiting: Waiting) {
        self.in_hand += 1;
        self.bytes += waiting.envelope.len();
        let key = self.keys.entry(name.clone()).or_default();
        key.queue.push_back(waiting);
        if key.in_flight == 0 && !key.ready {
            key.ready = true;
            self.ready.push_back(name.clone());
        }
    }

    /// What is to be parked now.
    pub fn to_park(&self) -> Vec<(Place, Arc<str>)> {
        self.to_park
            .iter()
            .map(|(place, key)| (*place, key.clone()))
            .collect()
    }

    /// It is parked.
    pub fn is_parked(&mut self, epoch: u64, records: &[(Place, Arc<str>)]) {
        if epoch == self.epoch {
            for (place, _) in records {
                self.to_park.remove(place);
            }
        }
    }

    /// At most `max` keys whose parked records are due.
    pub fn due(&self, now: i64, max: usize) -> Vec<(i64, Arc<str>)> {
        if self.in_hand >= MAX_RECORDS {
            return Vec::new();
        }
        self.due
            .iter()
            .take_while(|(at, _)| *at <= now)
            .take(max)
            .cloned()
            .collect()
    }

    /// When the next parked record is due.
    pub fn next_due(&self) -> Option<i64> {
        self.due.first().map(|(at, _)| *at)
    }

    /// Takes in the first parked records of a key that was due.
    pub fn load(&mut self, epoch: u64, due: (i64, Arc<str>), records: Vec<Waiting>) {
        if epoch != self.epoch || !self.due.remove(&due) {
            return;
        }
        let key = due.1;
        if records.is_empty() {
            // Nothing holds the key back.
            self.parked.remove(&key);
        }
        for record in records {
            self.wait(&key, record);
        }
    }

    /// How many keys have something that can be delivered.
    pub fn ready_keys(&self) -> usize {
        self.ready.len()
    }

    /// Hands out at most `max` records.
    pub fn take(&mut self, topic: &Topic, member: u64, max: usize, taken: &mut Vec<Delivery>) {
        let until = taken.len() + max;
        while taken.len() < until
            && let Some(name) = self.ready.pop_front()
        {
            let Some(key) = self.keys.get_mut(&name) else {
                continue;
            };
            key.ready = false;
            while taken.len() < until
                && let Some(waiting) = key.queue.pop_front()
            {
                taken.push(Delivery {
                    position: Position {
                        topic: topic.name.clone(),
                        partition: waiting.place.0,
                        offset: waiting.place.1,
                    },
                    key: name.to_string(),
                    envelope: waiting.envelope.clone(),
                    attempt: waiting.attempt,
                    appended_at: waiting.appended_at,
                });
                key.in_flight += 1;
                let alone = waiting.attempt > 1;
                self.in_flight.insert(
                    waiting.place,
                    InFlight {
                        key: name.clone(),
                        member,
                        waiting,
                        reported: false,
                        stale: false,
                    },
                );
                if alone || key.queue.front().is_some_and(|next| next.attempt > 1) {
                    break;
                }
            }
        }
    }

    /// Decides what becomes of a member's deliveries. They are `reported` from then on, until
    /// [`State::apply`] or [`State::unreport`].
    pub fn plan(
        &mut self,
        member: u64,
        mut reports: Vec<(Place, Fate)>,
    ) -> Result<Vec<Outcome>, Place> {
        reports.sort_by_key(|(place, _)| *place);
        let mut again: HashMap<Arc<str>, (Place, Fate)> = HashMap::new();
        let mut outcomes: Vec<Outcome> = Vec::with_capacity(reports.len());
        for (place, fate) in reports {
            let known = self
                .in_flight
                .get_mut(&place)
                .filter(|in_flight| in_flight.member == member && !in_flight.reported);
            let Some(in_flight) = known else {
                self.unreport(&outcomes);
                return Err(place);
            };
            in_flight.reported = true;
            let before = self
                .keys
                .get(&in_flight.key)
                .and_then(|key| key.again.as_ref());
            let fate = match before.or(again.get(&in_flight.key)) {
                _ if in_flight.stale => Fate::Stale,
                Some((first, behind)) if *first < place => behind.clone(),
                _ => fate,
            };
            if let Some(behind) = fate.behind() {
                again
                    .entry(in_flight.key.clone())
                    .or_insert((place, behind));
            }
            outcomes.push(Outcome {
                place,
                key: in_flight.key.clone(),
                attempt: in_flight.waiting.attempt,
                parked: in_flight.waiting.parked,
                fate,
            });
        }
        Ok(outcomes)
    }

    /// The outcomes are not durable: they may be reported again.
    pub fn unreport(&mut self, outcomes: &[Outcome]) {
        for outcome in outcomes {
            if let Some(in_flight) = self.in_flight.get_mut(&outcome.place) {
                in_flight.reported = false;
            }
        }
    }

    /// The outcomes are durable.
    pub fn apply(&mut self, outcomes: Vec<Outcome>) {
        let mut touched = HashSet::new();
        // The last ones first, so that what is released gets to the front of its queue in order.
        for outcome in outcomes.into_iter().rev() {
            let Some(in_flight) = self.in_flight.remove(&outcome.place) else {
                continue;
            };
            let fate = match outcome.fate {
                _ if in_flight.stale => Fate::Stale,
                fate => fate,
            };
            touched.insert(in_flight.key.clone());
            self.land(in_flight, fate);
        }
        for key in touched {
            self.go_on(&key);
        }
    }

    /// Takes a record out of flight.
    fn land(&mut self, in_flight: InFlight, fate: Fate) {
        let InFlight { key, waiting, .. } = in_flight;
        self.in_hand -= 1;
        self.bytes -= waiting.envelope.len();
        if let Some(key) = self.keys.get_mut(&key) {
            key.in_flight -= 1;
            let first = |(first, _): &(Place, Fate)| *first < waiting.place;
            if let Some(behind) = fate.behind()
                && !key.again.as_ref().is_some_and(first)
            {
                key.again = Some((waiting.place, behind));
            }
        }
        match fate {
            Fate::Done | Fate::DeadLetter { .. } if waiting.parked => {
                if let Some(parked) = self.parked.get_mut(&key) {
                    parked.records -= 1;
                    if parked.records == 0 {
                        self.parked.remove(&key);
                    }
                }
            }
            Fate::Retry { .. } | Fate::Behind => {
                let parked = self
                    .parked
                    .entry(key)
                    .or_insert(ParkedKey { records: 0, due: 0 });
                parked.records += usize::from(!waiting.parked);
                if let Fate::Retry { at, .. } = fate {
                    parked.due = parked.due.max(at);
                }
            }
            // A parked one is loaded again.
            Fate::Release if !waiting.parked => {
                if let Some(key) = self.keys.get_mut(&key) {
                    self.in_hand += 1;
                    self.bytes += waiting.envelope.len();
                    let later = |next: &Waiting| next.place > waiting.place;
                    let at = key.queue.iter().position(later).unwrap_or(key.queue.len());
                    key.queue.insert(at, waiting);
                }
            }
            _ => {}
        }
    }

    /// Says what comes next of a key with nothing in flight.
    fn go_on(&mut self, name: &Arc<str>) {
        let Some(key) = self.keys.get_mut(name).filter(|key| key.in_flight == 0) else {
            return;
        };
        key.again = None;
        if let Some(parked) = self.parked.get_mut(name) {
            // What waits goes behind what is parked, or is there already.
            for waiting in key.queue.drain(..) {
                self.in_hand -= 1;
                self.bytes -= waiting.envelope.len();
                if !waiting.parked {
                    parked.records += 1;
                    self.to_park.insert(waiting.place, name.clone());
                }
            }
            self.due.insert((parked.due, name.clone()));
            // Counts once: what follows the one that failed is due at once.
            parked.due = 0;
        } else if !key.queue.is_empty() {
            if !key.ready {
                key.ready = true;
                self.ready.push_back(name.clone());
            }
            return;
        }
        self.keys.remove(name);
    }

    /// A member has gone: what it has in flight and has not reported comes again.
    pub fn release_all(&mut self, member: u64) {
        let places: Vec<Place> = self
            .in_flight
            .iter()
            .filter(|(_, in_flight)| in_flight.member == member && !in_flight.reported)
            .map(|(place, _)| *place)
            .collect();
        let mut touched = HashSet::new();
        for place in places {
            if let Some(in_flight) = self.in_flight.remove(&place) {
                touched.insert(in_flight.key.clone());
                let fate = match in_flight.stale {
                    true => Fate::Stale,
                    false => Fate::Release,
                };
                self.land(in_flight, fate);
            }
        }
        for key in touched {
            self.go_on(&key);
        }
    }
}
