//! Events through Kafka: from a click to the other browser, and how many a second some instances of the application
//! consume.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::Utc;
use events::{Event, TASK_EVENTS, TaskData, TaskEvent, TaskEventType};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use servers::Postgres;
use task_model::{Priority, RecurrenceFrom, Status, Task};
use tests::kafka::{Kafka, Member};
use tests::{TestApp, wait_for};
use uuid::Uuid;

use crate::live;

const EVENTS: usize = 20_000;
/// Events that come first, so that all services run.
const WARM_UP: usize = 1_000;
const PEOPLE: usize = 1_000;
/// The groups that consume tasks' events; their topics have four partitions.
const GROUPS: [&str; 2] = ["audit", "reminder"];
const PATIENCE: Duration = Duration::from_secs(30);

/// The click with one broker, beside the embedded log; then the events.
pub fn all() {
    let broker = servers::Kafka::start();
    println!(
        "{:<42} {:>9} {:>10} {:>10}",
        "live, from POST to another client", "a second", "p50", "p99"
    );
    live::to_another(&TestApp::start(), "live: through the embedded log");
    let app = TestApp::builder().kafka_at(topics(&broker)).start();
    live::to_another(&app, "live: through Kafka");
    drop(app);
    println!(
        "\n{:<42} {:>9} {:>10} {:>10}",
        format!("{EVENTS} events, PostgreSQL, a second"),
        "published",
        "audit",
        "reminder"
    );
    for instances in [1, 2, 4] {
        consumed(&broker, instances);
    }
    println!();
}

/// Topics of an application's own, without a network in between that this process would carry.
fn topics(broker: &servers::Kafka) -> Arc<Kafka> {
    let address = broker.direct.to_string();
    Arc::new(Kafka::new(&address, &address))
}

/// Publishes events to so many instances with one database, and prints how many a second went in, and how many
/// each group had finished a second from the first one on.
fn consumed(broker: &servers::Kafka, instances: usize) {
    let server = Postgres::start_durable();
    let url = server.create_database();
    let topics = topics(broker);
    let start = |_| {
        let builder = TestApp::builder().database_at(&url);
        builder.kafka_at(Arc::clone(&topics)).start()
    };
    let _apps: Vec<TestApp> = (0..instances).map(start).collect();
    let producer: BaseProducer = topics.client().create().expect("a producer");
    // An assignment goes by all topics of a group: an instance may be left without a partition of this one.
    let [audit, reminder] = GROUPS.map(|group| {
        wait_for("that the partitions are shared out", 120, || {
            holders(&topics, group, instances)
        })
    });
    let name = format!("{instances} instances, {audit} and {reminder} of them busy");
    publish(&producer, &topics, &events(WARM_UP));
    wait_for("the first events", 120, || {
        let lag: u64 = GROUPS.iter().map(|group| lag(&topics, group)).sum();
        (lag == 0).then_some(())
    });

    let events = events(EVENTS);
    let begin = Instant::now();
    publish(&producer, &topics, &events);
    let published = begin.elapsed();
    let mut finished = [None; GROUPS.len()];
    wait_for("that all events are consumed", 600, || {
        for (group, finished) in GROUPS.iter().zip(&mut finished) {
            if finished.is_none() && lag(&topics, group) == 0 {
                *finished = Some(begin.elapsed());
            }
        }
        finished.iter().all(Option::is_some).then_some(())
    });
    let refused = topics.dead_letters(TASK_EVENTS);
    assert!(refused.is_empty(), "not consumed: {refused:?}");
    let a_second = |time: Duration| EVENTS as f64 / time.as_secs_f64();
    let [audit, reminder] = finished.map(|time| a_second(time.unwrap_or_default()));
    println!(
        "{:<42} {:>9.0} {audit:>10.0} {reminder:>10.0}",
        name,
        a_second(published),
    );
}

/// How many members of a group have partitions of the topic, once so many members have all of them.
fn holders(topics: &Kafka, group: &str, members: usize) -> Option<usize> {
    let held = |member: Member| {
        let of_topic = member.partitions.iter();
        of_topic.filter(|(topic, _)| topic == TASK_EVENTS).count()
    };
    let held: Vec<usize> = topics.members(group)?.into_iter().map(held).collect();
    let all = topics.partitions(TASK_EVENTS).len();
    let is_done = held.len() == members && held.iter().sum::<usize>() == all;
    is_done.then(|| held.iter().filter(|count| **count > 0).count())
}

/// Events that a group has not finished.
fn lag(topics: &Kafka, group: &str) -> u64 {
    let partitions = topics.group(group, TASK_EVENTS);
    partitions.iter().map(|it| it.lag).sum()
}

/// So many new tasks of as many people as there are, as their events stand in Kafka: key and envelope.
fn events(count: usize) -> Vec<(String, String)> {
    let event = |n: usize| {
        let (now, user_id, task_id) = (
            Utc::now(),
            Uuid::from_u128((1 + n % PEOPLE) as u128),
            Uuid::now_v7(),
        );
        let task = Task {
            id: task_id,
            user_id,
            title: format!("water the plants {n}"),
            description: None,
            status: Status::Pending,
            priority: Priority::Medium,
            due_date: None,
            reminders: vec![],
            tags: vec!["home".into()],
            recurrence_pattern: None,
            recurrence_from: RecurrenceFrom::DueDate,
            created_at: now,
            updated_at: now,
            completed_at: None,
            version: 1,
        };
        let payload = TaskEvent {
            event_type: TaskEventType::TaskCreated,
            task_id,
            user_id,
            timestamp: now,
            task_data: TaskData {
                task,
                timezone: Some("UTC".into()),
                notification_channels: vec![],
            },
        };
        let event = Event::new(Uuid::new_v4(), "/bench", &payload).expect("JSON");
        let envelope = event.to_json();
        (event.key, envelope)
    };
    (0..count).map(event).collect()
}

/// Returns once the broker has them all.
fn publish(producer: &BaseProducer, topics: &Kafka, events: &[(String, String)]) {
    let topic = format!("{}{TASK_EVENTS}", topics.prefix);
    for (key, envelope) in events {
        let record = BaseRecord::to(&topic).key(key).payload(envelope);
        producer.send(record).expect("it is queued");
    }
    producer.flush(PATIENCE).expect("they are sent");
}
