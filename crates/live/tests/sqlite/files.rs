//! What SQLite's files hold.

use sql::testing::Scratch;

use crate::suite::common::{ME, OTHER, Store, updates, wait};

#[test]
fn nothing_of_an_erased_person_is_in_the_files() {
    let store = Store::new();
    store.add(&updates(ME, 1..=3), 10);
    store.add(&updates(OTHER, 1..=3), 10);
    let secret = |user_id| format!("secret of {user_id}");
    assert!(files_contain(&store, &secret(ME)));
    wait(store.history.erase(ME)).unwrap();
    assert!(!files_contain(&store, &secret(ME)));
    assert!(files_contain(&store, &secret(OTHER)));
}

/// Whether a text stands anywhere in the database's files.
fn files_contain(store: &Store, text: &str) -> bool {
    let Scratch::Sqlite(folder) = &store.scratch else {
        panic!("it has no files");
    };
    ["live.db", "live.db-wal"].iter().any(|name| {
        let bytes = std::fs::read(folder.path().join(name)).unwrap_or_default();
        bytes
            .windows(text.len())
            .any(|window| window == text.as_bytes())
    })
}
