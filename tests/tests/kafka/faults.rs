//! What breaks under load: the broker, the network to it, an instance of the host, the database. No acknowledged
//! change is lost, none is applied twice, and the lag is gone soon after. Each test prints its counts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use reqwest::blocking::RequestBuilder;
use serde_json::{Value, json};
use servers::{Postgres, Redis};
use tests::kafka::Kafka;
use tests::{Client, TestApp, User, wait_for};

/// Within so many seconds of the last fault, all that was acknowledged is consumed by every group: what people did
/// for a minute, on a machine that does everything else too.
const GONE: u64 = 180;
/// What a request may take: the host's limit, and what a busy machine adds.
const ANSWERED: Duration = Duration::from_secs(35);

/// A change that made this version of a task.
type Change = (String, i64);

/// What became of the requests.
#[derive(Default)]
struct Record {
    /// Whose change, and which.
    acknowledged: Mutex<Vec<(usize, Change)>>,
    /// What was answered instead, if anything was. It may be stored all the same: nobody was told.
    refused: Mutex<Vec<Option<(u16, String)>>>,
    slowest: Mutex<Duration>,
}

impl Record {
    /// Sends a change of this person's; answers the task if it was acknowledged.
    fn change(&self, person: usize, request: RequestBuilder) -> Option<String> {
        let begun = Instant::now();
        let answer = request.send().ok().and_then(|answer| {
            let status = answer.status().as_u16();
            Some((status, answer.text().ok()?))
        });
        {
            let mut slowest = self.slowest.lock().expect("no panic");
            *slowest = begun.elapsed().max(*slowest);
        }
        match answer {
            Some((200 | 201, body)) => {
                let task: Value = serde_json::from_str(&body).expect("JSON");
                let id = task["id"].as_str().expect("an id").to_owned();
                let version = task["version"].as_i64().expect("a version");
                let mut acknowledged = self.acknowledged.lock().expect("no panic");
                acknowledged.push((person, (id.clone(), version)));
                Some(id)
            }
            other => {
                self.refused.lock().expect("no panic").push(other);
                None
            }
        }
    }

    fn acknowledged(&self) -> usize {
        self.acknowledged.lock().expect("no panic").len()
    }

    fn refused(&self) -> usize {
        self.refused.lock().expect("no panic").len()
    }
}

/// People who create and change tasks all the time at some instances of an application.
struct Load {
    people: Vec<User>,
    stop: Arc<AtomicBool>,
    record: Arc<Record>,
    threads: Vec<std::thread::JoinHandle<()>>,
}

impl Load {
    /// Four people, each at one of the instances.
    fn start(instances: &[&TestApp]) -> Self {
        let people: Vec<User> = (0..4).map(|_| instances[0].user()).collect();
        let (stop, record) = (Arc::<AtomicBool>::default(), Arc::<Record>::default());
        let bases: Vec<String> = instances.iter().map(|app| app.base()).collect();
        let threads = people.iter().enumerate().map(|(n, person)| {
            let (client, bases) = (person.client.clone(), bases.clone());
            let (stop, record) = (Arc::clone(&stop), Arc::clone(&record));
            std::thread::spawn(move || write(n, client, &bases, &stop, &record))
        });
        let threads = threads.collect();
        Self {
            people,
            stop,
            record,
            threads,
        }
    }

    /// Waits until so many more are acknowledged.
    fn wait_for_more(&self, count: usize) {
        let wanted = self.record.acknowledged() + count;
        wait_for("that changes are acknowledged", 120, || {
            (self.record.acknowledged() >= wanted).then_some(())
        });
    }

    /// Waits until so many more are refused.
    fn wait_for_refusals(&self, count: usize) {
        let wanted = self.record.refused() + count;
        wait_for("that changes are refused", 120, || {
            (self.record.refused() >= wanted).then_some(())
        });
    }

    /// Ends the load and checks what became of it at `app`, which runs.
    fn check(self, what: &str, app: &TestApp) {
        self.stop.store(true, Ordering::Release);
        for thread in self.threads {
            thread.join().expect("the load");
        }
        let mended = Instant::now();
        app.settle(GONE);
        let gone = mended.elapsed();
        let acknowledged = self.record.acknowledged.lock().expect("no panic").clone();
        let (mut stored, mut applied, mut published) = (0, 0, BTreeMap::<String, u32>::new());
        for event in app.events(events::TASK_EVENTS) {
            *published.entry(event.id).or_default() += 1;
        }
        for (n, mut person) in self.people.into_iter().enumerate() {
            person.client.base = app.base();
            let mut made = BTreeSet::<Change>::new();
            for task in person.tasks() {
                let version = task["version"].as_i64().expect("a version");
                let id = task["id"].as_str().expect("an id");
                made.extend((1..=version).map(|version| (id.to_owned(), version)));
            }
            let mut seen = BTreeSet::<Change>::new();
            for entry in person.audit() {
                let version = entry["version"].as_i64().expect("a version");
                let kind = ["task_created", "task_updated"][usize::from(version > 1)];
                assert_eq!(entry["event_type"], kind, "{entry}");
                let task = entry["task_id"].as_str().expect("an id").to_owned();
                assert!(seen.insert((task, version)), "applied twice: {entry}");
            }
            assert_eq!(
                seen, made,
                "what is stored is in the trail, and nothing else"
            );
            for (_, change) in acknowledged.iter().filter(|(of, _)| *of == n) {
                assert!(seen.contains(change), "acknowledged and lost: {change:?}");
            }
            stored += made.len();
            applied += seen.len();
        }
        let refused = self.record.refused();
        let untold = stored - acknowledged.len();
        assert!(untold <= refused, "{untold} stored that nobody asked for");
        app.command(&["audit", "verify"]);
        println!(
            "{what}: {} changes acknowledged, {refused} not, the slowest answer after {:.1?}; {stored} stored, \
             {untold} of them not acknowledged; {applied} applied once, none lost; {} events published, {} of them \
             more than once; all lag gone after {gone:.1?}",
            acknowledged.len(),
            self.record.slowest.lock().expect("no panic"),
            published.values().sum::<u32>(),
            published.values().filter(|count| **count > 1).count(),
        );
    }
}

/// Creates tasks and changes each, until told to stop; goes to the next instance where one does not do it.
fn write(n: usize, mut client: Client, bases: &[String], stop: &AtomicBool, record: &Record) {
    let mut at = n;
    while !stop.load(Ordering::Acquire) {
        client.base.clone_from(&bases[at % bases.len()]);
        let create = client.request("POST", "/api/tasks");
        let created = record.change(n, create.json(&json!({"title": "under load"})));
        let changed = created.and_then(|id| {
            let change = client.request("PATCH", &format!("/api/tasks/{id}"));
            record.change(n, change.json(&json!({"priority": "high"})))
        });
        if changed.is_none() {
            at += 1;
        }
        // People are not as fast as the machine, on which everything else runs too.
        std::thread::sleep(Duration::from_millis(40));
    }
}

/// The application at a broker of its own.
fn start(broker: &servers::Kafka) -> TestApp {
    let topics = Kafka::new(&broker.brokers(), &broker.direct.to_string());
    TestApp::builder()
        .kafka_at(topics.into())
        .tick_each_second()
        .start()
}

#[test]
fn the_broker_is_killed_and_restarted() {
    let mut broker = servers::Kafka::start();
    let app = start(&broker);
    let load = Load::start(&[&app]);
    for _ in 0..2 {
        load.wait_for_more(100);
        broker.kill();
        load.wait_for_more(100);
        broker.restart();
        load.wait_for_more(100);
    }
    load.check("broker killed and restarted twice", &app);
}

#[test]
fn the_network_to_the_broker_is_cut() {
    const CUT: Duration = Duration::from_secs(60);
    let broker = servers::Kafka::start();
    let app = start(&broker);
    let load = Load::start(&[&app]);
    load.wait_for_more(100);
    broker.network.cut();
    let cut = Instant::now();
    load.wait_for_more(100);
    std::thread::sleep(CUT.saturating_sub(cut.elapsed()));
    let during = cut.elapsed();
    broker.network.mend();
    load.wait_for_more(100);
    load.check(&format!("network to the broker cut for {during:.0?}"), &app);
}

#[test]
fn instances_come_and_go_and_are_killed() {
    let first = TestApp::builder().kafka().tick_each_second().start();
    let another = || {
        TestApp::builder()
            .state_of(&first)
            .tick_each_second()
            .start()
    };
    let mut second = another();
    let load = Load::start(&[&first, &second]);
    load.wait_for_more(100);
    let mut third = another();
    let mut fourth = another();
    load.wait_for_more(100);
    // Nobody is told that it leaves: the group notices when its session ends.
    third.kill();
    load.wait_for_more(100);
    second.kill();
    let replaced = another();
    load.wait_for_more(100);
    fourth.signal("TERM");
    assert!(
        fourth.exit_within(Duration::from_secs(30)).is_some(),
        "it leaves"
    );
    load.wait_for_more(100);
    load.check(
        "two to four instances, two of them killed, one told to go",
        &first,
    );
    drop(replaced);
}

#[test]
fn postgresql_is_killed_and_restarted() {
    // Its commits wait for the disk, as those of a server do that anybody relies on.
    let mut postgres = Postgres::start_durable();
    let app = TestApp::builder()
        .database_at(&postgres.create_database())
        .kafka()
        .conversations_at(&Redis::shared().create_database())
        .tick_each_second()
        .start();
    let load = Load::start(&[&app]);
    for _ in 0..2 {
        load.wait_for_more(100);
        postgres.kill();
        load.wait_for_refusals(100);
        postgres.restart();
        load.wait_for_more(100);
    }
    let record = Arc::clone(&load.record);
    load.check("PostgreSQL killed and restarted twice", &app);
    for refusal in record.refused.lock().expect("no panic").iter() {
        let (status, body) = refusal.as_ref().expect("an answer while it is gone");
        let error: Value = serde_json::from_str(body).expect("JSON");
        assert_eq!(*status, 503, "{error}");
        assert!(error["detail"].is_string(), "{error}");
        assert!(error["correlation_id"].is_string(), "{error}");
    }
    let slowest = *record.slowest.lock().expect("no panic");
    assert!(slowest < ANSWERED, "an answer took {slowest:?}");
    let log = app.log();
    assert!(!log.contains("panicked"), "{log}");
}
