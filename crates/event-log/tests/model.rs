//! Random histories against a simple model: appends, two groups with members that come and go, every kind
//! of outcome, seeks to the beginning, retention, and a copy of the files taken at any moment, which is what
//! a killed process leaves.

mod support;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use event_log::{Consumer, Delivery, EventLog, Finished, Position};
use proptest::prelude::*;
use support::{TestLog, id, record, settings, topics};

const GROUPS: [&str; 2] = ["g", "h"];

#[derive(Debug, Clone)]
enum Step {
    Append(Vec<(u8, bool)>),
    Next {
        group: usize,
        member: usize,
        max: usize,
    },
    Finish {
        group: usize,
        member: usize,
        kinds: Vec<u8>,
    },
    Leave {
        group: usize,
        member: usize,
    },
    Replay {
        group: usize,
    },
    Retain,
    Kill,
}

fn step() -> impl Strategy<Value = Step> {
    let group = 0..GROUPS.len();
    let member = 0..2_usize;
    prop_oneof![
        6 => prop::collection::vec((0..6_u8, any::<bool>()), 1..6).prop_map(Step::Append),
        6 => (group.clone(), member.clone(), 1..6_usize)
            .prop_map(|(group, member, max)| Step::Next { group, member, max }),
        6 => (group.clone(), member.clone(), prop::collection::vec(0..8_u8, 1..6))
            .prop_map(|(group, member, kinds)| Step::Finish { group, member, kinds }),
        1 => (group.clone(), member).prop_map(|(group, member)| Step::Leave { group, member }),
        1 => group.prop_map(|group| Step::Replay { group }),
        1 => Just(Step::Retain),
        2 => Just(Step::Kill),
    ]
}

/// What must hold for a group.
#[derive(Default)]
struct Group {
    /// Acknowledged as finished, since the last replay.
    finished: BTreeSet<Position>,
    attempts: HashMap<Position, u32>,
}

type Member = (Consumer, Vec<Delivery>);

struct World {
    test: TestLog,
    /// By topic and key, what is appended, in order.
    appended: BTreeMap<(String, String), Vec<(Position, String)>>,
    groups: [Group; 2],
    /// By group; each with what it has in flight.
    members: [[Option<Member>; 2]; 2],
    ids: u32,
    dead: usize,
}

impl World {
    fn new(partitions: u32) -> Self {
        Self {
            test: TestLog::new(settings(partitions)),
            appended: BTreeMap::new(),
            groups: Default::default(),
            members: Default::default(),
            ids: 0,
            dead: 0,
        }
    }

    async fn member(&mut self, group: usize, member: usize) {
        if self.members[group][member].is_none() {
            let consumer = self
                .test
                .log
                .subscribe(GROUPS[group], &topics(&["t", "u"]))
                .await
                .unwrap();
            self.members[group][member] = Some((consumer, Vec::new()));
        }
    }

    async fn append(&mut self, records: Vec<(u8, bool)>) {
        let records: Vec<_> = records
            .into_iter()
            .map(|(key, first)| {
                self.ids += 1;
                record(if first { "t" } else { "u" }, &format!("k{key}"), self.ids)
            })
            .collect();
        let positions = self.test.log.append(records.clone()).await.unwrap();
        for (record, position) in records.into_iter().zip(positions) {
            let id = id(&record.envelope);
            self.appended
                .entry((record.topic, record.key))
                .or_default()
                .push((position, id));
        }
    }

    /// Takes deliveries, and says whether there were any.
    async fn next(&mut self, group: usize, member: usize, max: usize) -> bool {
        self.member(group, member).await;
        let in_flight: BTreeSet<_> = self.members[group]
            .iter()
            .flatten()
            .flat_map(|(_, deliveries)| deliveries)
            .map(|delivery| (delivery.position.topic.clone(), delivery.key.clone()))
            .collect();
        let Some((consumer, held)) = &mut self.members[group][member] else {
            unreachable!("just made");
        };
        let next = tokio::time::timeout(Duration::from_millis(15), consumer.next(max)).await;
        let Ok(deliveries) = next else { return false };
        let deliveries = deliveries.unwrap();
        assert!((1..=max).contains(&deliveries.len()));
        let mut expected: HashMap<(String, String), usize> = HashMap::new();
        for delivery in &deliveries {
            let name = (delivery.position.topic.clone(), delivery.key.clone());
            assert!(!in_flight.contains(&name), "{name:?} is in flight already");
            // The next of its key: all before it are finished, or before it in this batch.
            let all = &self.appended[&name];
            let unfinished = all
                .iter()
                .filter(|(position, _)| !self.groups[group].finished.contains(position));
            let nth = expected.entry(name).or_default();
            let (position, id) = unfinished.clone().nth(*nth).expect("it was appended");
            assert_eq!(
                (position, id),
                (&delivery.position, &support::id(&delivery.envelope))
            );
            *nth += 1;
            let attempts = self.groups[group].attempts.get(position).copied();
            assert_eq!(delivery.attempt, attempts.unwrap_or(0) + 1);
        }
        held.extend(deliveries);
        true
    }

    async fn finish(&mut self, group: usize, member: usize, kinds: &[u8]) {
        let Some((consumer, held)) = &mut self.members[group][member] else {
            return;
        };
        let count = kinds.len().min(held.len());
        let reported: Vec<Delivery> = held.drain(..count).collect();
        let mut again = BTreeSet::new();
        let mut outcomes = Vec::new();
        for (delivery, kind) in reported.iter().zip(kinds) {
            let position = delivery.position.clone();
            let name = (position.topic.clone(), delivery.key.clone());
            let finished = match kind {
                0..=3 => Finished::Done,
                4 | 5 => Finished::RetryAt {
                    at: Utc::now() + TimeDelta::milliseconds(i64::from(*kind - 4) * 5),
                    reason: "r".into(),
                },
                6 => Finished::DeadLetter { reason: "d".into() },
                _ => Finished::Released,
            };
            if !again.contains(&name) {
                match &finished {
                    Finished::Done | Finished::DeadLetter { .. } => {
                        self.groups[group].finished.insert(position.clone());
                        self.dead += usize::from(*kind == 6);
                    }
                    Finished::RetryAt { .. } => {
                        again.insert(name);
                        self.groups[group]
                            .attempts
                            .insert(position.clone(), delivery.attempt);
                    }
                    Finished::Released => {
                        again.insert(name);
                    }
                }
            }
            outcomes.push((position, finished));
        }
        consumer.finish(outcomes).await.unwrap();
        // The model knows what comes again only of whole flights: the rest of these keys goes back too.
        let (back, rest): (Vec<_>, Vec<_>) = held.drain(..).partition(|delivery| {
            again.contains(&(delivery.position.topic.clone(), delivery.key.clone()))
        });
        *held = rest;
        let back = back
            .into_iter()
            .map(|delivery| (delivery.position, Finished::Done));
        consumer.finish(back.collect()).await.unwrap();
    }

    /// Every group is to get everything, in the end.
    async fn drain(&mut self) {
        for (group, name) in GROUPS.iter().enumerate() {
            for member in 0..2 {
                self.finish(group, member, &[0; 200]).await;
            }
            let deadline = std::time::Instant::now() + Duration::from_secs(10);
            let all: BTreeSet<Position> = self
                .appended
                .values()
                .flatten()
                .map(|(position, _)| position.clone())
                .collect();
            while self.groups[group].finished != all {
                assert!(std::time::Instant::now() < deadline, "{name} starves");
                self.next(group, 0, 50).await;
                self.finish(group, 0, &[0; 50]).await;
            }
            assert!(
                !self.next(group, 0, 50).await,
                "nothing comes after the end"
            );
        }
        for group in self.test.log.reader().groups().unwrap() {
            assert_eq!((group.lag, group.parked), (0, 0), "{group:?}");
        }
        assert_eq!(
            self.test
                .log
                .reader()
                .dead_letters(None, 1000)
                .unwrap()
                .len(),
            self.dead
        );
    }

    /// Goes on with what the files are at this moment, as if the process had been killed.
    fn kill(&mut self) {
        let folder = tempfile::tempdir().unwrap();
        for suffix in ["", "-wal"] {
            let name = format!("events.db{suffix}");
            let from = self.test.folder.path().join(&name);
            if Path::new(&from).exists() {
                std::fs::copy(from, folder.path().join(name)).unwrap();
            }
        }
        self.members = Default::default();
        let log = EventLog::open(&folder.path().join("events.db"), settings(3)).unwrap();
        self.test = TestLog { folder, log };
    }

    async fn run(&mut self, step: Step) {
        match step {
            Step::Append(records) => self.append(records).await,
            Step::Next { group, member, max } => {
                self.next(group, member, max).await;
            }
            Step::Finish {
                group,
                member,
                kinds,
            } => self.finish(group, member, &kinds).await,
            Step::Leave { group, member } => self.members[group][member] = None,
            Step::Replay { group } => {
                // What is in flight keeps its key, so the model lets go of it first.
                self.members[group] = [None, None];
                self.member(group, 0).await;
                for topic in ["t", "u"] {
                    let to = event_log::SeekTo::Beginning;
                    self.test.log.seek(GROUPS[group], topic, to).await.unwrap();
                }
                self.groups[group] = Group::default();
            }
            Step::Retain => {
                // Too young to be removed.
                let retained = self.test.log.enforce_retention(Utc::now()).await.unwrap();
                assert_eq!(retained.removed, 0);
            }
            Step::Kill => self.kill(),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, max_shrink_iters: 100, ..ProptestConfig::default() })]

    #[test]
    fn every_history_keeps_the_guarantees(
        partitions in 1..4_u32,
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_time()
            .build()
            .unwrap();
        runtime.block_on(async {
            let mut world = World::new(partitions);
            for group in 0..GROUPS.len() {
                world.member(group, 0).await;
            }
            for step in steps {
                world.run(step).await;
            }
            world.drain().await;
        });
    }
}
