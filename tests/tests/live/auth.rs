//! Whose a connection is.

use std::time::Duration;

use serde_json::{Value, json};
use tests::jwt;

use crate::client::{Handshake, SOON, Socket};
use crate::{Gateway, behind_each_gateway, own_token, sign, text, token, told};

behind_each_gateway!(
    a_token_comes_in_a_message_or_as_a_subprotocol,
    a_token_that_is_not_a_persons_and_good_now_is_refused,
    nothing_but_a_token_may_come_first,
    a_connection_stays_with_its_person,
    nobody_sees_what_is_anothers,
    a_connection_that_never_says_whose_it_is_ends,
);

fn a_token_comes_in_a_message_or_as_a_subprotocol(gateway: Gateway) {
    let app = gateway.app();
    let person = app.user();
    let mut by_message = Socket::open(app);
    assert_eq!(by_message.subprotocol, None);
    let expires_at = by_message.auth(own_token(&person));
    let expires_at = chrono::DateTime::parse_from_rfc3339(&expires_at).expect("a time");
    let exp = &jwt::claims(own_token(&person))["exp"];
    assert_eq!(exp.as_i64(), Some(expires_at.timestamp()));

    let handshake = Handshake {
        subprotocols: &format!("todo.v1, bearer.{}", own_token(&person)),
        ..Handshake::default()
    };
    let mut by_subprotocol = Socket::try_open(app, &handshake).expect("a connection");
    assert_eq!(by_subprotocol.subprotocol.as_deref(), Some("todo.v1"));
    assert_eq!(by_subprotocol.message()["type"], "subscribed");

    let handshake = Handshake {
        subprotocols: "todo.v1",
        ..Handshake::default()
    };
    let mut by_both = Socket::try_open(app, &handshake).expect("a connection");
    assert_eq!(by_both.subprotocol.as_deref(), Some("todo.v1"));
    by_both.auth(own_token(&person));

    for socket in [&mut by_message, &mut by_subprotocol, &mut by_both] {
        assert_eq!(socket.resume(&Value::Null), (Some(vec![]), "0".to_owned()));
    }
    let task = person.task("seen by three");
    for socket in [&mut by_message, &mut by_subprotocol, &mut by_both] {
        assert_eq!(socket.update()["event"]["task_id"], task);
    }
    let handshake = Handshake {
        subprotocols: "todo.v99",
        ..Handshake::default()
    };
    let refused = Socket::try_open(app, &handshake).err().expect("a refusal");
    assert_eq!(refused.status(), 400);
}

fn a_token_that_is_not_a_persons_and_good_now_is_refused(gateway: Gateway) {
    let app = gateway.app();
    let person = app.user();
    let now = chrono::Utc::now().timestamp();
    let service = json!({
        "sub": person.id, "iss": "todo-chatbot", "aud": "todo-service", "exp": now + 60, "iat": now,
        "jti": uuid::Uuid::new_v4(),
    });
    let header = json!({"alg": "HS256", "typ": "JWT"});
    let claims = jwt::claims(own_token(&person));
    for (what, token) in [
        ("expired", token(app, &person.id, -1)),
        ("a service's", sign(app, &service)),
        (
            "forged",
            jwt::sign(&header, &claims, b"another secret of the right length"),
        ),
        ("none", "nothing".to_owned()),
        ("a refresh token", person.refresh_token.clone()),
    ] {
        let mut socket = Socket::open(app);
        socket.send(&json!({"type": "auth", "token": token}));
        assert_eq!(socket.end_within(SOON), Some(4401), "{what}");
        let handshake = Handshake {
            subprotocols: &format!("todo.v1, bearer.{token}"),
            ..Handshake::default()
        };
        let mut socket = Socket::try_open(app, &handshake).expect("a connection");
        assert_eq!(
            socket.end_within(SOON),
            Some(4401),
            "{what}, as a subprotocol"
        );
    }
}

fn nothing_but_a_token_may_come_first(gateway: Gateway) {
    for message in [
        json!({"type": "resume", "after": null}),
        json!({"type": "ping"}),
    ] {
        let mut socket = Socket::open(gateway.app());
        socket.send(&message);
        assert_eq!(socket.end_within(SOON), Some(4401), "{message}");
    }
}

fn a_connection_stays_with_its_person(gateway: Gateway) {
    let app = gateway.app();
    let (person, other) = (app.user(), app.user());
    let mut socket = Socket::of(app, own_token(&person));
    socket.send(&json!({"type": "auth", "token": own_token(&other)}));
    assert_eq!(socket.end_within(SOON), Some(4401));
}

fn nobody_sees_what_is_anothers(gateway: Gateway) {
    let app = gateway.app();
    let (person, other) = (app.user(), app.user());
    let mut mine = Socket::of(app, own_token(&person));
    let mut others = Socket::of(app, own_token(&other));
    for n in 0..20 {
        person.task(&format!("mine {n}"));
    }
    other.task("the other's");
    let mut last = "0".to_owned();
    for (n, update) in mine.follow(&mut last, 20).iter().enumerate() {
        assert_eq!(told(update).1, format!("mine {n}"));
    }
    let update = others.update();
    assert_eq!(update["event"]["update_data"]["title"], "the other's");
    assert_eq!(text(&update["event"], "user_id"), other.id);
    mine.assert_silent(Duration::from_millis(500));
    others.assert_silent(Duration::from_millis(100));
    // Nor by asking for the place of somebody else's update.
    let (missed, _) = others.resume(&json!("1"));
    assert_eq!(missed, None);
    let (missed, _) = others.resume(&json!("0"));
    assert_eq!(missed.map(|it| it.len()), Some(1));
}

fn a_connection_that_never_says_whose_it_is_ends(gateway: Gateway) {
    let mut socket = Socket::open(gateway.app());
    assert_eq!(
        socket.end_within(gateway.late() + Duration::from_secs(10)),
        Some(4408)
    );
}
