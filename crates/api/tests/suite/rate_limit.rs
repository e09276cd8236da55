//! Rate limits: exact over any window, over several instances, and bounded in what they keep.

use std::sync::atomic::{AtomicU32, Ordering};

use api::rate_limit::{DATABASE, MIGRATIONS, RateDecision, RateLimit, RateLimiter};
use chrono::{DateTime, TimeDelta, Utc};
use pollster::block_on as wait;
use proptest::prelude::*;
use sql::SqlConnection;
use sql::testing::{Connection, Scratch};

const MINUTE: RateLimit = RateLimit {
    requests: 3,
    seconds: 60,
};
const HOUR: RateLimit = RateLimit {
    requests: 5,
    seconds: 3600,
};

/// A new database and an instance that counts in it.
struct Store {
    scratch: Scratch,
    limiter: RateLimiter<Connection>,
}

impl Store {
    fn new() -> Self {
        let scratch = Scratch::new(crate::DIALECT);
        let limiter = limiter(&scratch);
        Self { scratch, limiter }
    }

    fn take(&self, limits: &[RateLimit], now: DateTime<Utc>) -> RateDecision {
        wait(self.limiter.take("client", limits, now)).expect("a decision")
    }
}

fn limiter(scratch: &Scratch) -> RateLimiter<Connection> {
    let connection = wait(scratch.open(DATABASE)).expect("a connection");
    wait(sql::migrate(&connection, &MIGRATIONS)).expect("migrates");
    RateLimiter::new(connection)
}

/// 2026-03-02T10:00:00.250Z and so many seconds.
fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(1_772_445_600_250).expect("a time")
        + TimeDelta::seconds(seconds)
}

#[test]
fn a_limit_is_used_up_and_comes_back() {
    let store = Store::new();
    for remaining in [2, 1, 0] {
        let decision = store.take(&[MINUTE], at(0));
        assert!(decision.allowed);
        assert_eq!((decision.limit, decision.remaining), (3, remaining));
    }
    let refused = store.take(&[MINUTE], at(10));
    assert_eq!(
        (refused.allowed, refused.limit, refused.remaining),
        (false, 3, 0)
    );
    let reset = i64::from(refused.reset_seconds);
    assert!((50..=52).contains(&reset), "{refused:?}");
    assert!(!store.take(&[MINUTE], at(59)).allowed);
    assert!(store.take(&[MINUTE], at(10 + reset)).allowed);
}

#[test]
fn the_limit_nearest_to_its_end_is_told_and_a_refusal_counts_for_none() {
    let store = Store::new();
    let both = [HOUR, MINUTE];
    assert_eq!(store.take(&both, at(0)).limit, 3);
    store.take(&both, at(0));
    store.take(&both, at(0));
    for seconds in 1..20 {
        assert!(!store.take(&both, at(seconds)).allowed);
    }
    let after = store.take(&both, at(70));
    assert_eq!((after.allowed, after.limit, after.remaining), (true, 5, 1));
    assert!(store.take(&both, at(70)).allowed);
    let refused = store.take(&both, at(200));
    assert_eq!((refused.allowed, refused.limit), (false, 5));
    assert!(
        (3400..=3520).contains(&refused.reset_seconds),
        "{refused:?}"
    );
    let other = wait(store.limiter.take("other", &both, at(200))).unwrap();
    assert!(other.allowed);
}

#[test]
fn odd_limits_are_answered() {
    let store = Store::new();
    assert!(store.take(&[], at(0)).allowed);
    assert!(
        !store
            .take(
                &[RateLimit {
                    requests: 0,
                    seconds: 60
                }],
                at(0)
            )
            .allowed
    );
    assert!(
        store
            .take(
                &[RateLimit {
                    requests: 1,
                    seconds: 0
                }],
                at(0)
            )
            .allowed
    );
    let largest = RateLimit {
        requests: u32::MAX,
        seconds: u32::MAX,
    };
    assert!(store.take(&[largest, largest], at(0)).allowed);
    assert_eq!(
        store
            .take(
                &[
                    MINUTE,
                    RateLimit {
                        requests: 2,
                        ..MINUTE
                    }
                ],
                at(0)
            )
            .limit,
        2
    );
    for now in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
        assert!(wait(store.limiter.take("x", &[MINUTE], now)).is_ok());
    }
}

#[test]
fn two_instances_together_allow_no_more_than_the_limit() {
    let store = Store::new();
    let limits = [
        RateLimit {
            requests: 100,
            seconds: 60,
        },
        RateLimit {
            requests: 1000,
            seconds: 3600,
        },
    ];
    let allowed = AtomicU32::new(0);
    let (store_ref, allowed_ref, limits_ref) = (&store, &allowed, &limits);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(move || {
                let limiter = limiter(&store_ref.scratch);
                for _ in 0..60 {
                    let decision = wait(limiter.take("c", limits_ref, at(0))).expect("a decision");
                    allowed_ref.fetch_add(u32::from(decision.allowed), Ordering::Relaxed);
                }
            });
        }
    });
    assert_eq!(allowed.into_inner(), 100);
}

#[test]
fn clients_that_went_quiet_are_forgotten() {
    let store = Store::new();
    let take = |client: String, seconds| wait(store.limiter.take(&client, &[MINUTE], at(seconds)));
    for client in 0..200 {
        take(format!("old {client}"), 0).unwrap();
    }
    for client in 0..110 {
        take(format!("new {client}"), 100).unwrap();
    }
    let database = wait(store.scratch.open(DATABASE)).unwrap();
    let rows = wait(database.execute("SELECT client FROM rate_counts", vec![])).unwrap();
    assert_eq!(rows.len(), 110);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_window_holds_more_than_its_limit_and_waiting_as_told_helps(
        pauses in proptest::collection::vec(0_i64..9_000, 1..120)
    ) {
        let store = Store::new();
        let limits = [RateLimit { requests: 7, seconds: 20 }, RateLimit { requests: 20, seconds: 90 }];
        let (mut now, mut allowed) = (at(0), Vec::new());
        for pause in pauses {
            now += TimeDelta::milliseconds(pause);
            let mut decision = store.take(&limits, now);
            if !decision.allowed {
                prop_assert!(decision.reset_seconds > 0);
                now += TimeDelta::seconds(decision.reset_seconds.into());
                decision = store.take(&limits, now);
                prop_assert!(decision.allowed, "still refused: {decision:?}");
            }
            allowed.push(now);
            for limit in limits {
                let start = now - TimeDelta::seconds(limit.seconds.into());
                let used = allowed.iter().filter(|at| **at > start).count();
                prop_assert!(used <= limit.requests as usize, "{used} in {limit:?}");
            }
        }
    }
}
