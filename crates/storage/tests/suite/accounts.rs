//! Accounts and refresh tokens.

use std::sync::Barrier;

use super::common::{Store, at, wait};
use storage::{NewRefreshToken, Rotation, Storage, StorageError};
use task_model::{
    Channel, NewUser, NotificationPreferences, NotificationPreferencesPatch, Reminder, UserPatch,
};
use uuid::Uuid;

const FAMILY: Uuid = Uuid::from_u128(77);

fn account(email: &str) -> NewUser {
    NewUser {
        id: Uuid::now_v7(),
        username: "Ada".into(),
        email: email.into(),
        password_hash: "$argon2id$x".into(),
        timezone: "Europe/Berlin".into(),
    }
}

/// A store with one account and the token `a` of one sign-in.
fn signed_in() -> (Store, Uuid) {
    let store = Store::new();
    let id = wait(store.storage.create_user(account("ada@example.com"), at(0)))
        .unwrap()
        .id;
    let token = NewRefreshToken {
        token_hash: "a".into(),
        family_id: FAMILY,
        user_id: id,
        expires_at: at(100),
    };
    wait(store.storage.add_refresh_token(token, at(0))).unwrap();
    (store, id)
}

impl Store {
    fn rotate(&self, from: &str, to: &str, seconds: i64) -> Rotation {
        wait(
            self.storage
                .rotate_refresh_token(from, to, at(seconds + 100), at(seconds)),
        )
        .unwrap()
    }

    /// Both ways of asking agree.
    fn is_live(&self, id: Uuid, seconds: i64) -> bool {
        let is_live = wait(self.storage.family_is_live(FAMILY, at(seconds))).unwrap();
        let user = wait(self.storage.signed_in_user(id, FAMILY, at(seconds))).unwrap();
        let expected = wait(self.storage.user(id)).unwrap().filter(|_| is_live);
        assert_eq!(user, expected);
        is_live
    }
}

#[test]
fn an_account_is_found_by_id_and_address() {
    let store = Store::new();
    let new = account("ada@example.com");
    let user = wait(store.storage.create_user(new.clone(), at(0))).unwrap();
    assert_eq!(
        (user.id, user.email.as_str(), user.username.as_str()),
        (new.id, "ada@example.com", "Ada")
    );
    assert_eq!(
        (user.role.as_str(), user.timezone.as_str()),
        ("user", "Europe/Berlin")
    );
    let hour = Reminder::Before { seconds: 3600 };
    assert_eq!(user.notification_preferences.default_reminders, [hour]);
    assert_eq!((user.created_at, user.updated_at), (at(0), at(0)));
    assert_eq!(
        wait(store.storage.user(new.id)).unwrap(),
        Some(user.clone())
    );
    let credentials = wait(store.storage.credentials("ada@example.com")).unwrap();
    assert_eq!(credentials, Some((user, "$argon2id$x".into())));
    assert_eq!(
        wait(store.storage.credentials("ada@example.org")).unwrap(),
        None
    );
    assert_eq!(wait(store.storage.user(Uuid::nil())).unwrap(), None);
    let again = wait(store.storage.create_user(account("ada@example.com"), at(0)));
    assert!(
        matches!(again, Err(StorageError::Conflict { field: "email" })),
        "{again:?}"
    );
}

#[test]
fn a_profile_changes_field_by_field() {
    let (store, id) = signed_in();
    let update = |patch, seconds| {
        wait(store.storage.update_user(id, patch, at(seconds)))
            .unwrap()
            .unwrap()
    };
    let before = update(UserPatch::default(), 5);
    assert_eq!(before.updated_at, at(0));
    let of = |preferences| UserPatch {
        notification_preferences: Some(preferences),
        ..UserPatch::default()
    };
    let phone = of(NotificationPreferencesPatch {
        phone: Some(Some("+41791234567".into())),
        ..NotificationPreferencesPatch::default()
    });
    let patch = of(NotificationPreferencesPatch {
        default_reminders: Some(vec![]),
        channels: Some(vec![Channel::Email, Channel::InApp]),
        ..NotificationPreferencesPatch::default()
    });
    update(phone, 6);
    let after = update(patch.clone(), 6);
    let expected = NotificationPreferences {
        default_reminders: vec![],
        channels: vec![Channel::Email, Channel::InApp],
        quiet_hours: None,
        phone: Some("+41791234567".into()),
    };
    assert_eq!(
        (after.updated_at, &after.notification_preferences),
        (at(6), &expected)
    );
    assert_eq!(
        (&after.username, &after.timezone),
        (&before.username, &before.timezone)
    );
    assert_eq!(update(patch, 7).updated_at, at(6));
    let cleared = of(NotificationPreferencesPatch {
        quiet_hours: Some(None),
        phone: Some(None),
        ..NotificationPreferencesPatch::default()
    });
    let cleared_once = update(cleared.clone(), 8);
    assert_eq!(cleared_once.notification_preferences.phone, None);
    assert_eq!(update(cleared, 9), cleared_once);
    let nobody = wait(
        store
            .storage
            .update_user(Uuid::nil(), UserPatch::default(), at(8)),
    )
    .unwrap();
    assert_eq!(nobody, None);
}

#[test]
fn a_token_is_good_once_and_its_successor_after_it() {
    let (store, id) = signed_in();
    assert!(store.is_live(id, 0));
    for (from, to) in [("a", "b"), ("b", "c")] {
        let rotation = store.rotate(from, to, 1);
        assert!(
            matches!(&rotation, Rotation::Rotated(user) if user.id == id),
            "{rotation:?}"
        );
    }
    assert!(store.is_live(id, 2));
    assert!(matches!(store.rotate("unknown", "x", 2), Rotation::Refused));
    assert!(store.is_live(id, 2));
}

#[test]
fn a_reused_token_revokes_its_family() {
    let (store, id) = signed_in();
    store.rotate("a", "b", 1);
    assert!(matches!(store.rotate("a", "x", 2), Rotation::Reused));
    assert!(!store.is_live(id, 2));
    assert!(matches!(store.rotate("b", "y", 3), Rotation::Refused));
    assert!(matches!(store.rotate("a", "z", 3), Rotation::Refused));
}

#[test]
fn a_reuse_counts_even_after_the_token_has_expired() {
    let (store, id) = signed_in();
    store.rotate("a", "b", 99);
    assert!(matches!(store.rotate("a", "x", 150), Rotation::Reused));
    assert!(!store.is_live(id, 150));
}

#[test]
fn a_lost_answer_is_given_again_until_the_successor_is_used() {
    let (store, id) = signed_in();
    for seconds in [1, 1, 5, 30] {
        let rotation = store.rotate("a", "b", seconds);
        assert!(
            matches!(&rotation, Rotation::Rotated(user) if user.id == id),
            "after {seconds}: {rotation:?}"
        );
    }
    assert!(store.is_live(id, 100));
    assert!(!store.is_live(id, 101), "asking again prolongs nothing");
    assert!(matches!(store.rotate("b", "c", 30), Rotation::Rotated(_)));
    assert!(matches!(store.rotate("a", "b", 30), Rotation::Reused));
    assert!(!store.is_live(id, 30));
    assert!(matches!(store.rotate("c", "d", 30), Rotation::Refused));
}

#[test]
fn half_a_minute_later_or_for_another_successor_it_is_a_reuse() {
    for (successor, seconds) in [("b", 31), ("x", 1), ("x", 2)] {
        let (store, id) = signed_in();
        store.rotate("a", "b", 1);
        let again = store.rotate("a", successor, seconds);
        assert!(matches!(again, Rotation::Reused), "{successor} {seconds}");
        assert!(!store.is_live(id, 2));
        let third = store.rotate("a", "b", 2);
        assert!(matches!(third, Rotation::Refused), "{third:?}");
    }
}

#[test]
fn a_sign_out_ends_the_forgiveness_too() {
    let (store, _) = signed_in();
    store.rotate("a", "b", 1);
    wait(store.storage.revoke_family(FAMILY)).unwrap();
    assert!(matches!(store.rotate("a", "b", 2), Rotation::Refused));
}

#[test]
fn an_expired_or_revoked_token_is_refused() {
    let (store, id) = signed_in();
    assert!(!store.is_live(id, 100));
    assert!(matches!(store.rotate("a", "b", 100), Rotation::Refused));
    wait(store.storage.revoke_family(FAMILY)).unwrap();
    assert!(!store.is_live(id, 1));
    assert!(matches!(store.rotate("a", "b", 1), Rotation::Refused));
    assert_eq!(wait(store.storage.housekeep(at(101))).unwrap(), 1);
}

/// Presents `a` twice at the same moment, for these successors.
fn rotate_at_once(store: &Store, successors: [&'static str; 2]) -> [Rotation; 2] {
    let barrier = Barrier::new(2);
    let rotate = |successor: &'static str| {
        let storage = store.another();
        barrier.wait();
        wait(storage.rotate_refresh_token("a", successor, at(100), at(1))).unwrap()
    };
    std::thread::scope(|scope| {
        let rotate = &rotate;
        let rotations = successors.map(|successor| scope.spawn(move || rotate(successor)));
        rotations.map(|rotation| rotation.join().unwrap())
    })
}

#[test]
fn two_tabs_at_once_get_the_same_successor() {
    for _ in 0..20 {
        let (store, id) = signed_in();
        for rotation in rotate_at_once(&store, ["b", "b"]) {
            assert!(matches!(rotation, Rotation::Rotated(_)), "{rotation:?}");
        }
        assert!(store.is_live(id, 1));
        assert!(matches!(store.rotate("b", "c", 2), Rotation::Rotated(_)));
    }
}

#[test]
fn of_two_rotations_at_once_one_wins_and_the_other_is_a_reuse() {
    for _ in 0..20 {
        let (store, id) = signed_in();
        let outcomes = rotate_at_once(&store, ["b", "c"]);
        let won = outcomes
            .iter()
            .filter(|it| matches!(it, Rotation::Rotated(_)))
            .count();
        let reused = outcomes
            .iter()
            .filter(|it| matches!(it, Rotation::Reused))
            .count();
        assert_eq!((won, reused), (1, 1), "{outcomes:?}");
        assert!(!store.is_live(id, 1));
    }
}
