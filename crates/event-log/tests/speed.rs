//! How fast the log is. `cargo test --release -p event-log --test speed -- --ignored --nocapture`

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use event_log::{NewRecord, Settings};
use support::{TestLog, done, topics};

fn record(n: u64) -> NewRecord {
    let data = "x".repeat(600);
    support::record("t", &format!("user-{}", n % 1000), format!("{n}-{data}"))
}

fn percentiles(name: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    println!(
        "{name}: p50 {:?}, p99 {:?}, most {:?}",
        at(0.5),
        at(0.99),
        at(1.0)
    );
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn latency_of_one_event_at_a_time() {
    let test = TestLog::new(Settings::default());
    let consumer = test.log.subscribe("g", &topics(&["t"])).await.unwrap();
    let (delivered, mut deliveries) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok(batch) = consumer.next(64).await {
            if delivered.send(Instant::now()).is_err() {
                break;
            }
            done(&consumer, &batch).await;
        }
    });
    let (mut durable, mut consumed) = (Vec::new(), Vec::new());
    for n in 0..2000 {
        let start = Instant::now();
        test.log.append(vec![record(n)]).await.unwrap();
        durable.push(start.elapsed());
        consumed.push(deliveries.recv().await.unwrap() - start);
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    percentiles("append to durable", durable);
    percentiles("append to delivered", consumed);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn throughput_with_three_groups() {
    const EVENTS: u64 = 100_000;
    for (callers, batch) in [(1, 100), (16, 10), (200, 1)] {
        let test = TestLog::new(Settings::default());
        let start = Instant::now();
        let mut groups = Vec::new();
        for group in ["a", "b", "c"] {
            let consumer = test.log.subscribe(group, &topics(&["t"])).await.unwrap();
            groups.push(tokio::spawn(async move {
                let mut consumed = 0;
                while consumed < EVENTS {
                    let deliveries = consumer.next(500).await.unwrap();
                    done(&consumer, &deliveries).await;
                    consumed += deliveries.len() as u64;
                }
                Instant::now()
            }));
        }
        let next = Arc::new(AtomicU64::new(0));
        let producers: Vec<_> = (0..callers)
            .map(|_| {
                let (log, next) = (test.log.clone(), Arc::clone(&next));
                tokio::spawn(async move {
                    loop {
                        let first = next.fetch_add(batch, Ordering::Relaxed);
                        if first >= EVENTS {
                            break;
                        }
                        let records = (first..first + batch).map(record).collect();
                        log.append(records).await.unwrap();
                    }
                })
            })
            .collect();
        for producer in producers {
            producer.await.unwrap();
        }
        let appended = start.elapsed();
        for group in groups {
            group.await.unwrap();
        }
        let consumed = start.elapsed();
        println!(
            "{callers} callers with {batch} events each: appended {:.0}/s, consumed by three groups {:.0}/s, {} commits",
            EVENTS as f64 / appended.as_secs_f64(),
            EVENTS as f64 / consumed.as_secs_f64(),
            test.log.stats().commits,
        );
    }
}
