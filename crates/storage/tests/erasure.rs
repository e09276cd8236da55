//! Erasing a person: nothing of theirs is left, in the tables or in the file's bytes.

mod common;

use common::{ME, OTHER, Store, at, origin, person, tagged, wait};
use storage::{NewRefreshToken, Storage, StorageError};
use task_model::{NewTask, NewUser, TaskPatch};
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
    store
        .database()
        .execute(
            "INSERT INTO task_search (task_search, rank) VALUES ('integrity-check', 1)",
            [],
        )
        .expect("index and tasks agree");

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

#[test]
fn no_byte_of_the_person_stays_in_the_files() {
    const SECRETS: [&str; 6] = [
        "xylophone",
        "marzipan",
        "quokka",
        "zeppelin",
        "hashofsecret",
        "secretname",
    ];
    let store = Store::new();
    let id = Uuid::from_u128(0xABCD_EF01_2345_6789);
    let user = NewUser {
        username: SECRETS[5].into(),
        email: "secretname@example.com".into(),
        password_hash: SECRETS[4].into(),
        ..person(id)
    };
    wait(store.storage.create_user(user, at(0))).unwrap();
    for n in 0..60 {
        let task = NewTask {
            description: Some(format!("{} {}", SECRETS[1], "lorem ipsum ".repeat(n * 12))),
            ..tagged(SECRETS[0], &[SECRETS[2]])
        };
        let task = wait(store.storage.create_task(id, task, &origin(), at(n as i64))).unwrap();
        let patch = TaskPatch {
            title: Some(format!("{} {n}", SECRETS[3])),
            ..TaskPatch::default()
        };
        wait(
            store
                .storage
                .update_task(id, task.id, patch, None, &origin(), at(300)),
        )
        .unwrap();
        store.add(tagged("stays", &["stays"]), n as i64);
        if n % 5 == 0 {
            wait(store.storage.delete_task(id, task.id, &origin(), at(400))).unwrap();
        }
    }
    let found = || -> Vec<&str> {
        let bytes: Vec<u8> = ["tasks.db", "tasks.db-wal"]
            .iter()
            .flat_map(|name| std::fs::read(store.folder.path().join(name)).unwrap_or_default())
            .collect();
        let is_in = |text: &&str| {
            bytes
                .windows(text.len())
                .any(|window| window == text.as_bytes())
        };
        SECRETS.into_iter().filter(is_in).collect()
    };
    assert_eq!(found(), SECRETS, "the search for bytes works");
    assert!(erase(&store, id));
    assert_eq!(found(), Vec::<&str>::new());
    assert_eq!(wait(store.storage.search(ME, "stays", 10)).unwrap().1, 60);
}
