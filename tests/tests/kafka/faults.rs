//! What breaks under load: the broker, the network to it, an instance of the host. No acknowledged change is
//! lost, none is applied twice, and the lag is gone soon after. Each test prints its counts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::json;
use tests::kafka::Kafka;
use tests::{TestApp, User, wait_for};

/// Within so many seconds of the last fault, all that was acknowledged is consumed by every group: what people did
/// for a minute, on a machine that does everything else too.
const GONE: u64 = 180;

/// People who create tasks all the time at some instances of an application.
struct Load {
    people: Vec<User>,
    stop: Arc<AtomicBool>,
    acknowledged: Arc<Mutex<Vec<(usize, String)>>>,
    refused: Arc<Mutex<u64>>,
    threads: Vec<std::thread::JoinHandle<()>>,
}

impl Load {
    /// Four people, each at one of the instances.
    fn start(instances: &[&TestApp]) -> Self {
        let people: Vec<User> = (0..4).map(|_| instances[0].user()).collect();
        let stop = Arc::<AtomicBool>::default();
        let acknowledged = Arc::<Mutex<Vec<_>>>::default();
        let refused = Arc::<Mutex<u64>>::default();
        let mut threads = Vec::new();
        for (n, person) in people.iter().enumerate() {
            let bases: Vec<String> = instances.iter().map(|app| app.base()).collect();
            let client = person.client.clone();
            let (stop, acknowledged) = (Arc::clone(&stop), Arc::clone(&acknowledged));
            let refused = Arc::clone(&refused);
            threads.push(std::thread::spawn(move || {
                let mut at = n;
                while !stop.load(Ordering::Acquire) {
                    let mut client = client.clone();
                    client.base.clone_from(&bases[at % bases.len()]);
                    let request = client
                        .request("POST", "/api/tasks")
                        .json(&json!({"title": "under load"}));
                    match request.send() {
                        Ok(answer) if answer.status() == 201 => {
                            let task: serde_json::Value = answer.json().expect("JSON");
                            let id = task["id"].as_str().expect("an id").to_owned();
                            acknowledged.lock().expect("no panic").push((n, id));
                        }
                        // It may be stored all the same: nobody was told.
                        _ => {
                            *refused.lock().expect("no panic") += 1;
                            at += 1;
                        }
                    }
                    // People are not as fast as the machine, on which everything else runs too.
                    std::thread::sleep(Duration::from_millis(20));
                }
            }));
        }
        Self {
            people,
            stop,
            acknowledged,
            refused,
            threads,
        }
    }

    fn acknowledged(&self) -> usize {
        self.acknowledged.lock().expect("no panic").len()
    }

    /// Waits until so many more are acknowledged.
    fn wait_for_more(&self, count: usize) {
        let wanted = self.acknowledged() + count;
        wait_for("that changes are acknowledged", 120, || {
            (self.acknowledged() >= wanted).then_some(())
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
        let acknowledged = self.acknowledged.lock().expect("no panic").clone();
        let (mut stored, mut applied, mut published) = (0, 0, BTreeMap::<String, u32>::new());
        for event in app.events(events::TASK_EVENTS) {
            *published.entry(event.id).or_default() += 1;
        }
        for (n, mut person) in self.people.into_iter().enumerate() {
            person.client.base = app.base();
            let total = person.get("/api/tasks?limit=1").expect(200)["total"].clone();
            stored += total.as_u64().expect("a number");
            let mut seen = BTreeSet::new();
            for entry in person.audit() {
                assert_eq!(entry["event_type"], "task_created");
                let task = entry["task_id"].as_str().expect("an id").to_owned();
                assert!(seen.insert(task), "applied twice: {entry}");
            }
            applied += seen.len() as u64;
            for (_, id) in acknowledged.iter().filter(|(of, _)| *of == n) {
                assert!(seen.contains(id), "acknowledged and lost: {id}");
            }
        }
        assert_eq!(
            applied, stored,
            "what is stored is in the trail, and nothing else"
        );
        app.command(&["audit", "verify"]);
        println!(
            "{what}: {} changes acknowledged, {} not; {stored} stored, {applied} applied once, none lost; \
             {} events published, {} of them more than once; all lag gone after {gone:.1?}",
            acknowledged.len(),
            self.refused.lock().expect("no panic"),
            published.values().sum::<u32>(),
            published.values().filter(|count| **count > 1).count(),
        );
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
