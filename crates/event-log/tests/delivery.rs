//! Delivery: order per key, retries, groups, members, seeks, and reopening.

mod support;

use std::collections::HashSet;
use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};
use event_log::{EventLog, Finished, LogError, LogReader, Position, SeekTo, Settings};
use support::{TestLog, done, ids, is_quiet, next, record, retry, settings, topics};

#[tokio::test(flavor = "multi_thread")]
async fn a_new_group_starts_at_the_beginning_and_goes_on_where_it_was() {
    let test = TestLog::new(settings(4));
    let positions = test
        .log
        .append(vec![record("t", "a", 1), record("t", "a", 2)])
        .await
        .unwrap();
    assert_eq!(positions[0].offset, 0);
    assert_eq!(positions[1].offset, 1);
    let consumer = test.log.subscribe("g", &topics(&["t"])).await.unwrap();
    let first = next(&consumer, 1).await;
    assert_eq!(ids(&first), ["1"]);
    assert_eq!(first[0].envelope, record("t", "a", 1).envelope);
    assert!(is_quiet(&consumer).await, "the key is in flight");
    done(&consumer, &first).await;
    assert_eq!(ids(&next(&consumer, 1).await), ["2"]);
    let path = test.path();
    drop((consumer, test.log));

    let log = EventLog::open(&path, Settings::default()).unwrap();
    let consumer = log.subscribe("g", &topics(&["t"])).await.unwrap();
    let again = next(&consumer, 9).await;
    assert_eq!(ids(&again), ["2"], "what was in flight comes again");
    assert_eq!(again[0].attempt, 1);
    done(&consumer, &again).await;
    assert!(is_quiet(&consumer).await);
    let other = log.subscribe("h", &topics(&["t"])).await.unwrap();
    assert_eq!(ids(&next(&other, 9).await), ["1", "2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_key_blocks_only_itself() {
    let test = TestLog::new(settings(1));
    let records = [("a", 1), ("b", 2), ("a", 3), ("b", 4)];
    let records = records.map(|(key, id)| record("t", key, id)).to_vec();
    test.log.append(records).await.unwrap();
    let consumer = test.log.subscribe("g", &topics(&["t"])).await.unwrap();
    let all = next(&consumer, 9).await;
    assert_eq!(ids(&all), ["1", "3", "2", "4"]);
    let due = Utc::now() + TimeDelta::milliseconds(400);
    let mut outcomes: Vec<_> = all
        .iter()
        .map(|delivery| (delivery.position.clone(), Finished::Done))
        .collect();
    outcomes[0] = retry(&all[0].position, due);
    consumer.finish(outcomes).await.unwrap();

    // What follows is parked behind it, another key flows, and the offset moves on.
    test.log
        .append(vec![record("t", "a", 5), record("t", "b", 6)])
        .await
        .unwrap();
    let other = next(&consumer, 9).await;
    assert_eq!(ids(&other), ["6"]);
    done(&consumer, &other).await;
    assert!(is_quiet(&consumer).await);
    let group = &test.log.reader().groups().unwrap()[0];
    assert_eq!((group.committed_offset, group.lag, group.parked), (6, 0, 3));

    let retried = next(&consumer, 9).await;
    assert!(Utc::now() >= due);
    assert_eq!(ids(&retried), ["1"], "a retry comes alone");
    assert_eq!(retried[0].attempt, 2);
    assert!(is_quiet(&consumer).await);
    done(&consumer, &retried).await;
    let rest = next(&consumer, 9).await;
    assert_eq!(ids(&rest), ["3", "5"]);
    assert_eq!(rest[0].attempt, 1);
    done(&consumer, &rest).await;
    test.log.append(vec![record("t", "a", 7)]).await.unwrap();
    assert_eq!(ids(&next(&consumer, 9).await), ["7"]);
    assert_eq!(test.log.reader().groups().unwrap()[0].parked, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn retries_survive_reopening() {
    let test = TestLog::new(settings(1));
    test.log
        .append(vec![record("t", "a", 1), record("t", "a", 2)])
        .await
        .unwrap();
    let consumer = test.log.subscribe("g", &topics(&["t"])).await.unwrap();
    let first = next(&consumer, 1).await;
    let at = Utc::now() + TimeDelta::milliseconds(300);
    consumer
        .finish(vec![retry(&first[0].position, at)])
        .await
        .unwrap();
    let path = test.path();
    drop((consumer, test.log));
    let log = EventLog::open(&path, Settings::default()).unwrap();
    let consumer = log.subscribe("g", &topics(&["t"])).await.unwrap();
    let retried = next(&consumer, 9).await;
    assert!(Utc::now() >= at);
    assert_eq!((ids(&retried), retried[0].attempt), (vec!["1".into()], 2));
    done(&consumer, &retried).await;
    assert_eq!(ids(&next(&consumer, 9).await), ["2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_reported_behind_a_retry_comes_again_in_any_portions() {
    let test = TestLog::new(settings(1));
    let records = (1..=4).map(|id| record("t", "a", id)).collect();
    test.log.append(records).await.unwrap();
    let consumer = test.log.subscribe("g", &topics(&["t"])).await.unwrap();
    let all = next(&consumer, 3).await;
    done(&consumer, &all[..1]).await;
    consumer
        .finish(vec![retry(&all[1].position, Utc::now())])
        .await
        .unwrap();
    done(&consumer, &all[2..]).await;
    for expected in ["2", "3"] {
        let next = next(&consumer, 1).await;
        assert_eq!(ids(&next), [expected]);
        done(&consumer, &next).await;
    }
    let last = next(&consumer, 9).await;
    assert_eq!(ids(&last), ["4"]);
    let again = consumer.finish(vec![(all[0].position.clone(), Finished::Done)]);
    assert!(matches!(again.await, Err(LogError::Invalid(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn members_of_a_group_share_the_work_and_inherit_it() {
    let test = TestLog::new(settings(4));
    let records = (0..20).map(|n| record("t", &format!("k{n}"), n)).collect();
    test.log.append(records).await.unwrap();
    let one = test.log.subscribe("g", &topics(&["t"])).await.unwrap();
    let two = test.log.subscribe("g", &topics(&["t"])).await.unwrap();
    let (first, second) = (next(&one, 10).await, next(&two, 10).await);
    let all: HashSet<String> = ids(&first).into_iter().chain(ids(&second)).collect();
    assert_eq!(all.len(), 20);
    drop(one);
    done(&two, &second).await;
    let inherited = next(&two, 20).await;
    let sorted = |ids: Vec<String>| ids.into_iter().collect::<HashSet<_>>();
    assert_eq!(sorted(ids(&inherited)), sorted(ids(&first)));
    assert!(inherited.iter().all(|delivery| delivery.attempt == 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_released_comes_again_first() {
    let test = TestLog::new(settings(1));
    let records = (1..=3).map(|id| record("t", "a", id)).collect();
    test.log.append(records).await.unwrap();
    let consumer = test.log.subscribe("g", &topics(&["t"])).await.unwrap();
    let all = next(&consumer, 2).await;
    let released = all
        .iter()
        .map(|delivery| (delivery.position.clone(), Finished::Released));
    consumer.finish(released.collect()).await.unwrap();
    assert_eq!(ids(&next(&consumer, 9).await), ["1", "2", "3"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_append_wakes_who_waits() {
    let test = TestLog::new(settings(16));
    let consumer = test.log.subscribe("g", &topics(&["t", "u"])).await.unwrap();
    let waiting = tokio::spawn(async move { next(&consumer, 9).await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    let start = Instant::now();
    test.log.append(vec![record("u", "a", 1)]).await.unwrap();
    assert_eq!(ids(&waiting.await.unwrap()), ["1"]);
    assert!(start.elapsed() < Duration::from_secs(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn seeks_move_running_consumers() {
    let test = TestLog::new(settings(1));
    let records = (0..6).map(|id| record("t", "a", id)).collect();
    test.log.append(records).await.unwrap();
    let consumer = test.log.subscribe("g", &topics(&["t"])).await.unwrap();
    let first = next(&consumer, 4).await;
    done(&consumer, &first).await;
    let in_flight = next(&consumer, 1).await;
    let to = SeekTo::Offset {
        partition: 0,
        offset: 2,
    };
    test.log.seek("g", "t", to).await.unwrap();
    assert!(is_quiet(&consumer).await, "the key is in flight still");
    done(&consumer, &in_flight).await;
    let replayed = next(&consumer, 9).await;
    assert_eq!(ids(&replayed), ["2", "3", "4", "5"]);
    done(&consumer, &replayed).await;
    test.log.seek("g", "t", SeekTo::Beginning).await.unwrap();
    let all = next(&consumer, 9).await;
    assert_eq!(all.len(), 6);
    test.log.seek("g", "t", SeekTo::End).await.unwrap();
    done(&consumer, &all).await;
    assert!(is_quiet(&consumer).await);

    tokio::time::sleep(Duration::from_millis(5)).await;
    let time = Utc::now();
    test.log.append(vec![record("t", "a", 6)]).await.unwrap();
    test.log.seek("g", "t", SeekTo::Time(time)).await.unwrap();
    assert_eq!(ids(&next(&consumer, 9).await), ["6"]);

    let missing = test.log.seek("nobody", "t", SeekTo::End).await;
    assert!(matches!(missing, Err(LogError::NotFound(_))));
    let to = SeekTo::Offset {
        partition: 0,
        offset: 99,
    };
    let behind = test.log.seek("g", "t", to).await;
    assert!(matches!(behind, Err(LogError::Invalid(_))));
    let to = SeekTo::Offset {
        partition: 9,
        offset: 0,
    };
    let missing = test.log.seek("g", "t", to).await;
    assert!(matches!(missing, Err(LogError::NotFound(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_far_behind_reads_in_portions() {
    let test = TestLog::new(settings(3));
    for start in (0..30_000).step_by(1000) {
        let records = (start..start + 1000)
            .map(|n| record("t", &format!("k{}", n % 97), n))
            .collect();
        test.log.append(records).await.unwrap();
    }
    let consumer = test.log.subscribe("g", &topics(&["t"])).await.unwrap();
    // One key stays in flight: the others go on all the same.
    let stuck = next(&consumer, 1).await;
    let mut seen = 0;
    while seen < 29_000 {
        let batch = next(&consumer, 500).await;
        assert!(batch.iter().all(|delivery| delivery.key != stuck[0].key));
        seen += batch.len();
        done(&consumer, &batch).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_one_can_write_and_anybody_can_look() {
    let test = TestLog::new(settings(2));
    let second = EventLog::open(&test.path(), Settings::default());
    assert!(matches!(second, Err(LogError::InUse(_))));
    test.log
        .append(vec![
            record("t", "a", 1),
            record("t", "b", 2),
            record("t", "a", 3),
        ])
        .await
        .unwrap();
    let reader = LogReader::open(&test.path()).unwrap();
    assert_eq!(reader.topics().unwrap()[0].partitions.len(), 2);
    let mut from = Vec::new();
    let first = reader.read("t", &mut from, 2).unwrap();
    let second = reader.read("t", &mut from, 9).unwrap();
    assert_eq!((first.len(), second.len()), (2, 1));
    assert!(reader.read("t", &mut from, 9).unwrap().is_empty());
    assert!(matches!(
        reader.read("u", &mut from, 9),
        Err(LogError::NotFound(_))
    ));

    let consumer = test.log.subscribe("g", &topics(&["t"])).await.unwrap();
    let waiting = tokio::spawn(async move {
        loop {
            let batch = match consumer.next(9).await {
                Ok(batch) => batch,
                Err(error) => break error,
            };
            done(&consumer, &batch).await;
        }
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    test.log.close().await;
    assert_eq!(waiting.await.unwrap(), LogError::Closed);
    let closed = test.log.append(vec![record("t", "a", 4)]).await;
    assert_eq!(closed, Err(LogError::Closed));
    EventLog::open(&test.path(), Settings::default()).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_record_is_refused() {
    let test = TestLog::new(settings(1));
    for bad in [
        record("", "a", 1),
        record("a b", "a", 1),
        record(&"t".repeat(250), "a", 1),
        record("t", &"k".repeat(1025), 1),
        event_log::NewRecord {
            envelope: "[]".into(),
            ..record("t", "a", 1)
        },
        event_log::NewRecord {
            envelope: "{".into(),
            ..record("t", "a", 1)
        },
    ] {
        let refused = test.log.append(vec![record("t", "a", 1), bad]).await;
        assert!(matches!(refused, Err(LogError::Invalid(_))), "{refused:?}");
    }
    assert!(test.log.reader().topics().unwrap().is_empty());
    assert!(test.log.subscribe("", &topics(&["t"])).await.is_err());
    assert!(test.log.subscribe("g", &[]).await.is_err());
    assert_eq!(
        "a/b/3/7".parse(),
        Ok(Position {
            topic: "a/b".into(),
            partition: 3,
            offset: 7
        })
    );
    for bad in ["", "t/1", "t/x/1", "/1/1", "t/1/-1"] {
        assert!(bad.parse::<Position>().is_err(), "{bad}");
    }
}
