//! What a connection is answered, without a gateway.

use std::cell::Cell;

use chrono::{DateTime, TimeDelta, Utc};
use live::frames::Frame;
use live::messages::SUBPROTOCOL;
use live::socket::{Answer, Identity, State, answer};
use live::{Missed, UpdateId};
use proptest::prelude::*;
use sql::SqlError;
use uuid::Uuid;

use super::common::{ME, OTHER, Store, at, updates, wait};

/// A token is `<person>-<the second at which it runs out>`.
fn verify(token: &str) -> Option<Identity> {
    let (person, seconds) = token.split_once('-')?;
    let user_id = match person {
        "me" => ME,
        "other" => OTHER,
        _ => return None,
    };
    let expires_at = at(seconds.parse().ok()?);
    Some(Identity {
        user_id,
        expires_at,
    })
}

/// A connection as a gateway carries it.
struct Connection {
    store: Store,
    state: State,
    reads: Cell<usize>,
}

impl Connection {
    fn new() -> Self {
        let (store, state) = (Store::new(), State::default());
        Self {
            store,
            state,
            reads: Cell::new(0),
        }
    }

    fn opened() -> Self {
        let mut this = Self::new();
        let opened = this.bring(&[Frame::Open], 0);
        assert_eq!(opened.frames, [Frame::Open]);
        assert_eq!(opened.keep_alive, Some(10));
        this
    }

    fn of(token: &str) -> Self {
        let mut this = Self::opened();
        let texts = texts(&this.say(&format!(r#"{{"type":"auth","token":"{token}"}}"#), 0));
        assert!(
            texts[2].starts_with("m:{\"type\":\"subscribed\""),
            "{texts:?}"
        );
        this
    }

    fn bring(&mut self, frames: &[Frame], seconds: i64) -> Answer {
        self.offer(frames, &[], seconds)
    }

    fn offer(&mut self, frames: &[Frame], subprotocols: &[&str], seconds: i64) -> Answer {
        self.exchange(frames, subprotocols, at(seconds))
    }

    fn exchange(&mut self, frames: &[Frame], offered: &[&str], now: DateTime<Utc>) -> Answer {
        let missed = async |user_id: Uuid, after: Option<UpdateId>| {
            self.reads.set(self.reads.get() + 1);
            self.store.history.missed(user_id, after).await
        };
        let answer = wait(answer(frames, &self.state, offered, verify, missed, now));
        if let Some(token) = &answer.state.token {
            self.state.token = Some(token.clone());
        }
        self.state.opened_at = answer.state.opened_at.or(self.state.opened_at);
        answer
    }

    fn say(&mut self, text: &str, seconds: i64) -> Answer {
        self.bring(&[Frame::Text(text.into())], seconds)
    }
}

fn texts(answer: &Answer) -> Vec<String> {
    let text = |frame: &Frame| match frame {
        Frame::Text(text) => String::from_utf8(text.clone()).unwrap(),
        other => panic!("{other:?}"),
    };
    answer.frames.iter().map(text).collect()
}

fn code(answer: &Answer) -> Option<u16> {
    match answer.frames.last() {
        Some(Frame::Close(Some((code, _)))) => Some(*code),
        _ => None,
    }
}

#[test]
fn a_token_subscribes_to_its_persons_channel() {
    let mut connection = Connection::opened();
    let answer = connection.say(r#"{"type":"auth","token":"me-100"}"#, 1);
    let texts = texts(&answer);
    assert!(texts[0].starts_with("c:") && texts[0].contains(&format!("user-{ME}")));
    assert_eq!(
        texts[2],
        r#"m:{"type":"subscribed","expires_at":"2026-03-02T10:01:40Z"}"#
    );
    assert_eq!(answer.state.token.as_deref(), Some("me-100"));
    assert_eq!(answer.keep_alive, Some(99));
}

#[test]
fn a_token_may_come_with_the_opening() {
    let mut connection = Connection::new();
    let answer = connection.offer(&[Frame::Open], &[SUBPROTOCOL, "bearer.me-100"], 0);
    assert_eq!(answer.subprotocol, Some(SUBPROTOCOL));
    assert_eq!(answer.frames[0], Frame::Open);
    assert_eq!(answer.frames.len(), 4);
    assert_eq!(connection.state.token.as_deref(), Some("me-100"));
    let mut refused = Connection::new();
    let answer = refused.offer(&[Frame::Open], &[SUBPROTOCOL, "bearer.nobody"], 0);
    assert_eq!(
        answer.frames[0],
        Frame::Open,
        "so that the client sees the code"
    );
    assert_eq!(code(&answer), Some(4401));
    assert_eq!(refused.state.token, None);
}

#[test]
fn a_connection_ends_with_its_token() {
    for frames in [vec![], vec![Frame::Text(br#"{"type":"ping"}"#.into())]] {
        let mut connection = Connection::of("me-100");
        let before = connection.exchange(&frames, &[], at(100) - TimeDelta::milliseconds(1));
        assert_eq!((code(&before), before.keep_alive), (None, Some(1)));
        let after = connection.bring(&frames, 100);
        assert_eq!((code(&after), after.keep_alive), (Some(4410), None));
        assert_eq!(after.frames.len(), 1);
    }
}

#[test]
fn another_token_of_the_same_person_makes_it_last() {
    let mut connection = Connection::of("me-100");
    let answer = connection.say(r#"{"type":"auth","token":"me-500"}"#, 99);
    assert_eq!(texts(&answer).len(), 1, "it is subscribed already");
    assert_eq!(answer.keep_alive, Some(401));
    assert_eq!(code(&connection.bring(&[], 499)), None);
    assert_eq!(code(&connection.bring(&[], 500)), Some(4410));
    let mut connection = Connection::of("me-100");
    assert_eq!(
        code(&connection.say(r#"{"type":"auth","token":"other-500"}"#, 1)),
        Some(4401)
    );
    let mut connection = Connection::of("me-100");
    assert_eq!(
        code(&connection.say(r#"{"type":"auth","token":"me-0"}"#, 1)),
        Some(4401)
    );
}

#[test]
fn who_says_nothing_in_time_is_sent_away_however_busy() {
    let mut connection = Connection::opened();
    for second in 1..10 {
        let answer = connection.bring(&[Frame::Ping(b"x".into())], second);
        assert_eq!(answer.frames, [Frame::Pong(b"x".into())]);
        assert_eq!(answer.keep_alive, Some(10 - second));
    }
    assert_eq!(
        code(&connection.bring(&[Frame::Ping(vec![])], 10)),
        Some(4408)
    );
    assert_eq!(code(&Connection::opened().bring(&[], 10)), Some(4408));
}

#[test]
fn before_a_token_nothing_is_read() {
    for text in [r#"{"type":"resume"}"#, r#"{"type":"ping"}"#] {
        let mut connection = Connection::opened();
        assert_eq!(code(&connection.say(text, 1)), Some(4401));
        assert_eq!(connection.reads.get(), 0);
    }
}

#[test]
fn what_was_missed_comes_before_ready() {
    let mut connection = Connection::of("me-1000");
    let places = connection.store.add(&updates(ME, 1..=3), 10);
    connection.store.add(&updates(OTHER, 1..=3), 10);
    let after = places[0].unwrap().id;
    let said = texts(&connection.say(&format!(r#"{{"type":"resume","after":"{after}"}}"#), 20));
    assert_eq!(said.len(), 3);
    assert!(said[0].contains(r#""event":{"n":2"#) && said[1].contains(r#""event":{"n":3"#));
    assert_eq!(
        said[2],
        format!(r#"m:{{"type":"ready","id":"{}"}}"#, places[2].unwrap().id)
    );
    assert!(said.iter().all(|text| !text.contains(&OTHER.to_string())));
    let said = texts(&connection.say(r#"{"type":"resume","after":"5"}"#, 20));
    assert!(said[0].starts_with(r#"m:{"type":"reload","#), "{said:?}");
}

#[test]
fn asking_often_in_one_request_is_answered_once() {
    let mut connection = Connection::of("me-1000");
    let ask = Frame::Text(br#"{"type":"resume","after":"0"}"#.into());
    let answer = connection.bring(&vec![ask; 1000], 1);
    assert_eq!(answer.frames.len(), 1);
    assert_eq!(connection.reads.get(), 1);
}

#[test]
fn erased_people_and_broken_histories_end_it() {
    let mut connection = Connection::of("me-1000");
    wait(connection.store.history.erase(ME)).unwrap();
    assert_eq!(code(&connection.say(r#"{"type":"resume"}"#, 1)), Some(4409));
    let broken =
        async |_, _| -> Result<Missed, SqlError> { Err(SqlError::Unavailable("disk".into())) };
    let frames = [Frame::Text(br#"{"type":"resume"}"#.into())];
    let state = connection.state.clone();
    let answer = wait(answer(&frames, &state, &[], verify, broken, at(1)));
    assert_eq!(code(&answer), Some(1013));
}

#[test]
fn closing_is_answered_with_the_same_code() {
    let mut connection = Connection::of("me-1000");
    for frame in [Frame::Close(None), Frame::close(1000, "bye")] {
        let answer = connection.bring(&[frame.clone(), Frame::Text(b"late".into())], 1);
        assert_eq!((answer.frames, answer.keep_alive), (vec![frame], None));
    }
    assert!(connection.bring(&[Frame::Disconnect], 1).frames.is_empty());
}

fn frame() -> impl Strategy<Value = Frame> {
    let text = prop_oneof![
        "me-[0-9]{1,3}|other-[0-9]{1,3}|x"
            .prop_map(|it| format!(r#"{{"type":"auth","token":"{it}"}}"#)),
        "[0-9]{1,14}".prop_map(|it| format!(r#"{{"type":"resume","after":"{it}"}}"#)),
        Just(r#"{"type":"ping"}"#.to_owned()),
        ".{0,10}",
    ];
    prop_oneof![
        1 => Just(Frame::Open),
        9 => text.prop_map(|text| Frame::Text(text.into_bytes())),
        1 => Just(Frame::Binary(vec![1])),
        1 => Just(Frame::Ping(vec![])),
        1 => Just(Frame::Disconnect),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Whatever a client sends, it hears of itself only, and only while a token of its own is good.
    #[test]
    fn nobody_hears_of_anybody_else(
        requests in prop::collection::vec((prop::collection::vec(frame(), 0..5), 0..40_i64), 1..12),
    ) {
        let mut connection = Connection::opened();
        connection.store.add(&updates(ME, 1..=3), 10);
        connection.store.add(&updates(OTHER, 1..=3), 10);
        let (mut now, mut subscribed) = (0, Vec::new());
        for (frames, pause) in requests {
            now += pause;
            let answer = connection.bring(&frames, now);
            let closes = answer.frames.iter().filter(|it| matches!(it, Frame::Close(_))).count();
            prop_assert!(closes <= 1);
            prop_assert!(closes == 0 || matches!(answer.frames.last(), Some(Frame::Close(_))));
            for frame in &answer.frames {
                let Frame::Text(text) = frame else { continue };
                let text = String::from_utf8_lossy(text);
                for (person, other) in [(ME, OTHER), (OTHER, ME)] {
                    if text.contains(&format!("user-{person}")) {
                        subscribed.push(person);
                    }
                    if text.contains(&format!("secret of {person}")) {
                        prop_assert!(subscribed.contains(&person) && !subscribed.contains(&other));
                        let token = connection.state.token.as_deref().and_then(verify);
                        prop_assert!(token.is_some_and(|it| it.user_id == person && it.expires_at > at(now)));
                    }
                }
            }
            subscribed.dedup();
            prop_assert!(subscribed.len() <= 1, "one connection, one person");
            if closes > 0 {
                break;
            }
        }
    }
}
