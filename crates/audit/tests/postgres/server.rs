//! What the server may do to those that use it.

use audit::AUDIT;
use audit::verify::{Options, verify};
use events::Outcome;
use sql::testing::Scratch;

use crate::suite::common::{ME, OTHER, Store, at, open, run, updated, wait};

#[test]
fn a_connection_that_was_ended_is_for_later() {
    let store = Store::new();
    let events = [updated(ME, 1, 1), updated(OTHER, 1, 1)];
    let end_others = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
                      WHERE datname = current_database() AND pid <> pg_backend_pid()";
    run(&store.database(), end_others, vec![]).unwrap();
    let outcomes = wait(store.trail.record(&events, at(0)));
    assert!(
        outcomes.iter().all(|it| matches!(it, Outcome::Retry(_))),
        "{outcomes:?}"
    );
    let outcomes = wait(open(&store.scratch).record(&events, at(0)));
    assert_eq!(outcomes, [Outcome::Done, Outcome::Done]);
    store.assert_intact();
}

#[test]
fn a_database_without_a_trail_cannot_be_read() {
    let scratch = Scratch::new(crate::DIALECT);
    let database = wait(scratch.open(AUDIT)).unwrap();
    assert!(wait(verify(&database, Options::default(), |_| ())).is_err());
}

#[test]
fn the_tables_cannot_be_emptied() {
    let store = Store::new();
    store.record(&[updated(ME, 1, 1)]);
    for (statement, words) in [
        ("TRUNCATE entries", "an audit entry is never deleted"),
        ("TRUNCATE heads", "a chain is never deleted"),
    ] {
        let error = run(&store.database(), statement, vec![]).unwrap_err();
        assert!(error.to_string().contains(words), "{statement}: {error}");
    }
}
