//! What is called with what, and what becomes of an event. Knows nothing of where events come from.

use std::time::Duration;

use crate::app::Backoff;

/// How failures are treated.
#[derive(Debug, Clone, Copy)]
pub struct Policy {
    /// How often an event is tried.
    pub max_attempts: u32,
    /// How long it waits in between.
    pub backoff: Backoff,
}

/// What a component, or the failure of its call, said about an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It has had its effect.
    Done,
    /// It may have its effect later.
    Failed(String),
    /// It can never have an effect.
    Rejected(String),
}

/// What becomes of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is over.
    Done,
    /// It is to come again.
    Retry {
        /// After this time.
        after: Duration,
        /// Why.
        reason: String,
    },
    /// It is given up.
    DeadLetter {
        /// Why.
        reason: String,
    },
}

impl Policy {
    /// What becomes of an event after its `attempt`, which counts from 1. `jitter` is from 0 to 1.
    pub fn judge(&self, attempt: u32, outcome: Outcome, jitter: f64) -> Verdict {
        match outcome {
            Outcome::Done => Verdict::Done,
            Outcome::Rejected(reason) => Verdict::DeadLetter { reason },
            Outcome::Failed(reason) if attempt >= self.max_attempts => {
                Verdict::DeadLetter { reason }
            }
            Outcome::Failed(reason) => Verdict::Retry {
                after: self.backoff.delay(attempt, jitter),
                reason,
            },
        }
    }
}

impl Backoff {
    /// How long to wait after failure number `attempt`, which counts from 1: twice as long each time, up to
    /// the longest, of which `jitter`, from 0 to 1, takes away up to a half so that what failed together
    /// does not come again together.
    pub fn delay(&self, attempt: u32, jitter: f64) -> Duration {
        let doublings = attempt.saturating_sub(1).min(31);
        let longest = self.initial.saturating_mul(1 << doublings).min(self.max);
        longest.mul_f64(1.0 - jitter.clamp(0.0, 1.0) / 2.0)
    }
}

/// Divides deliveries into calls that may run at the same time: all that are new in one, and each that
/// failed before in one of its own, so that an event that makes its call fail takes no other along for a
/// second time. A retried delivery is the only one of its key.
pub fn calls<D>(deliveries: Vec<D>, attempt: impl Fn(&D) -> u32) -> Vec<Vec<D>> {
    let (retried, new): (Vec<D>, Vec<D>) = deliveries
        .into_iter()
        .partition(|delivery| attempt(delivery) > 1);
    let new = (!new.is_empty()).then_some(new);
    let retried = retried.into_iter().map(|delivery| vec![delivery]);
    new.into_iter().chain(retried).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const POLICY: Policy = Policy {
        max_attempts: 3,
        backoff: Backoff {
            initial: Duration::from_millis(500),
            max: Duration::from_secs(60),
        },
    };

    #[test]
    fn a_failure_is_retried_until_the_attempts_are_used_up() {
        let failed = || Outcome::Failed("no".into());
        let reason = || "no".to_owned();
        for (attempt, outcome, verdict) in [
            (1, Outcome::Done, Verdict::Done),
            (9, Outcome::Done, Verdict::Done),
            (
                1,
                failed(),
                Verdict::Retry {
                    after: Duration::from_millis(500),
                    reason: reason(),
                },
            ),
            (
                2,
                failed(),
                Verdict::Retry {
                    after: Duration::from_secs(1),
                    reason: reason(),
                },
            ),
            (3, failed(), Verdict::DeadLetter { reason: reason() }),
            (
                1,
                Outcome::Rejected(reason()),
                Verdict::DeadLetter { reason: reason() },
            ),
        ] {
            assert_eq!(POLICY.judge(attempt, outcome, 0.0), verdict, "{attempt}");
        }
    }

    #[test]
    fn what_failed_before_is_called_alone() {
        let deliveries = vec![("a", 1), ("b", 2), ("c", 1), ("d", 7)];
        let calls = calls(deliveries, |(_, attempt)| *attempt);
        assert_eq!(
            calls,
            [vec![("a", 1), ("c", 1)], vec![("b", 2)], vec![("d", 7)]]
        );
    }

    proptest! {
        #[test]
        fn a_delay_stays_within_its_bounds(attempt: u32, jitter in 0.0..=1.0) {
            let delay = POLICY.backoff.delay(attempt, jitter);
            prop_assert!(delay >= POLICY.backoff.initial / 2 && delay <= POLICY.backoff.max);
            let without_jitter = POLICY.backoff.delay(attempt, 0.0);
            prop_assert!(delay <= without_jitter && delay >= without_jitter / 2);
        }
    }
}
