//! Erasing a person: nothing of theirs is left, in the tables or in the file's bytes.

use super::common::{ME, OTHER, Store, at, origin, person, tagged, wait};
use storage::{NewRefreshToken, Storage, StorageError};
use task_model::NewUser;
use uuid::Uuid;

const FAMILY: Uuid = Uuid::from_u128(77);

fn sign_in(store: &Store, user_id: Uuid) -> Result<(), StorageError> {
    let token = NewRefreshToken {
        token_hash: format!("hash of {user_id}"),
        family_id: FAMILY,
        user_id,
        expires_at: at(1000),
    };
    wait(store.storage.add_refresh_token(token, at(0)))
}

fn erase(store: &Store, id: Uuid) -> bool {
    wait(store.storage.erase_user(id, &origin(), at(9))).expect("an answer")
}

#[test]
fn everything_goes_and_one_event_stays() {
    let store = Store::new();
    sign_in(&store, ME).unwrap();
    let task = store.add(tagged("mine", &["home"]), 1);
    let deleted = store.add(tagged("deleted", &["home"]), 1);
    wait(store.storage.delete_task(ME, deleted, &origin(), at(2))).unwrap();
    let theirs = wait(store.storage.create_task(
        OTHER,
        tagged("mine", &["home"]),
        &origin(),
        at(1),
    ))
    .unwrap();

    assert!(erase(&store, ME));
    assert_eq!(wait(store.storage.user(ME)).unwrap(), None);
    assert!(!wait(store.storage.family_is_live(FAMILY, at(10))).unwrap());
    assert!(wait(store.storage.tags(ME)).unwrap().is_empty());
    assert_eq!(wait(store.storage.task(ME, task)).unwrap(), None);
    assert_eq!(wait(store.storage.search(ME, "mine", 10)).unwrap().1, 0);
    assert_eq!(
        wait(store.storage.restore_task(ME, deleted, &origin(), at(10))).unwrap(),
        None
    );
    assert!(
        store.events(task).is_empty(),
        "what was not published stays untold"
    );
    let [event] = &store.events(ME)[..] else {
        panic!("one event: {:?}", store.events(ME));
    };
    assert_eq!(
        (event.topic.as_str(), event.key.clone()),
        ("user-events", ME.to_string())
    );
    assert_eq!(
        (event.event_type.as_str(), event.time),
        ("user_erased", at(9).timestamp_millis())
    );
    assert_eq!(event.correlation_id, origin().correlation_id);
    assert_eq!(event.traceparent, origin().traceparent);

    assert_eq!(
        wait(store.storage.task(OTHER, theirs.id)).unwrap(),
        Some(theirs.clone())
    );
    assert_eq!(wait(store.storage.search(OTHER, "mine", 10)).unwrap().1, 1);
    assert_eq!(store.events(theirs.id).len(), 1);
    store.check_index();

    assert!(!erase(&store, ME), "nobody is there to erase");
    assert_eq!(store.events(ME).len(), 1);
}

#[test]
fn who_is_gone_gets_nothing_new_and_the_address_is_free() {
    let store = Store::new();
    assert!(erase(&store, ME));
    let late = wait(
        store
            .storage
            .create_task(ME, tagged("late", &[]), &origin(), at(10)),
    );
    assert!(matches!(late, Err(StorageError::NoSuchUser)), "{late:?}");
    let late = sign_in(&store, ME);
    assert!(matches!(late, Err(StorageError::NoSuchUser)), "{late:?}");
    let again = NewUser {
        email: person(ME).email,
        ..person(Uuid::from_u128(5))
    };
    wait(store.storage.create_user(again, at(11))).expect("the address can be used again");
}
