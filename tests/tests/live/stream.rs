//! The same as server-sent events.

use std::time::{Duration, Instant};

use crate::client::{SOON, Stream};
use crate::{Gateway, behind_each_gateway, own_token, token, told};

behind_each_gateway!(
    changes_come_in_order,
    a_stream_goes_on_where_it_was,
    what_is_no_longer_known_is_to_be_loaded_anew,
    nothing_falls_between_the_opening_and_the_hold,
    a_stream_ends_with_its_token,
    nobody_sees_what_is_anothers,
    without_a_persons_token_there_is_none,
);

fn changes_come_in_order(gateway: Gateway) {
    let app = gateway.app();
    let person = app.user();
    let stream = Stream::open(app, own_token(&person), None);
    let mut last = stream.named("ready").id.expect("an id");
    for n in 0..20 {
        person.task(&format!("task {n}"));
    }
    for n in 0..20 {
        let update = stream.named("update");
        assert_eq!(
            told(&update.data),
            ("task_created".into(), format!("task {n}"))
        );
        assert_eq!(update.data["prev"], last);
        last = update.id.expect("an id");
    }
}

fn a_stream_goes_on_where_it_was(gateway: Gateway) {
    let app = gateway.app();
    let person = app.user();
    let stream = Stream::open(app, own_token(&person), None);
    stream.named("ready");
    person.task("seen");
    let seen = stream.named("update").id.expect("an id");
    drop(stream);
    for n in 0..5 {
        person.task(&format!("missed {n}"));
    }
    app.settle(20);
    let stream = Stream::open(app, own_token(&person), Some(&seen));
    let mut last = seen;
    for n in 0..5 {
        let update = stream.named("update");
        assert_eq!(told(&update.data).1, format!("missed {n}"));
        assert_eq!(update.data["prev"], last);
        last = update.id.expect("an id");
    }
    assert_eq!(stream.named("ready").id.as_deref(), Some(last.as_str()));
    person.task("live again");
    assert_eq!(stream.named("update").data["prev"], last);
}

fn what_is_no_longer_known_is_to_be_loaded_anew(gateway: Gateway) {
    let app = gateway.app();
    let person = app.user();
    let stream = Stream::open(app, own_token(&person), None);
    stream.named("ready");
    for unknown in ["1", "9000000000000000000", "no id"] {
        person.task("one");
        let newest = stream.named("update").id;
        let again = Stream::open(app, own_token(&person), Some(unknown));
        assert_eq!(again.named("reload").id, newest, "{unknown}");
        person.task("more");
        assert_eq!(again.named("update").id, stream.named("update").id);
    }
}

fn nothing_falls_between_the_opening_and_the_hold(gateway: Gateway) {
    const CHANGES: usize = 100;
    let app = gateway.app();
    let person = app.user();
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for _ in 0..3 {
                    let stream = Stream::open(app, own_token(&person), Some("0"));
                    let mut titles = Vec::new();
                    let mut last = "0".to_owned();
                    while titles.len() < CHANGES {
                        let event = stream.event();
                        if event.event == "update" {
                            assert_eq!(event.data["prev"], last, "nothing was missed");
                            last = event.id.expect("an id");
                            titles.push(told(&event.data).1);
                        }
                    }
                    let expected: Vec<String> = (0..CHANGES).map(|n| format!("task {n}")).collect();
                    assert_eq!(titles, expected);
                }
            });
        }
        for n in 0..CHANGES {
            person.task(&format!("task {n}"));
        }
    });
}

fn a_stream_ends_with_its_token(gateway: Gateway) {
    let app = gateway.app();
    let person = app.user();
    let start = Instant::now();
    let stream = Stream::open(app, &token(app, &person.id, 3), None);
    stream.named("ready");
    let expired = stream.next_within(gateway.late()).expect("an end in time");
    assert_eq!(expired.expect("an event").event, "expired");
    assert_eq!(stream.next_within(SOON), Some(None), "the stream ends");
    assert!(start.elapsed() >= Duration::from_secs(2));
}

fn nobody_sees_what_is_anothers(gateway: Gateway) {
    let app = gateway.app();
    let (person, other) = (app.user(), app.user());
    let stream = Stream::open(app, own_token(&other), None);
    stream.named("ready");
    person.task("mine");
    other.task("the other's");
    assert_eq!(told(&stream.named("update").data).1, "the other's");
    assert_eq!(stream.next_within(Duration::from_millis(500)), None);
}

fn without_a_persons_token_there_is_none(gateway: Gateway) {
    let app = gateway.app();
    let person = app.user();
    let front = tests::Client::new(&format!("http://{}", app.front()));
    front.get("/api/stream").error(401);
    for token in [token(app, &person.id, -1), "nothing".into()] {
        front.with_token(&token).get("/api/stream").error(401);
    }
    // A ticket that the service did not make ends what it is for.
    let forged = front.get("/api/stream?ticket=x.y.z");
    assert_eq!(forged.status, 200, "{forged:?}");
    assert!(
        String::from_utf8_lossy(&forged.body).starts_with("event: expired"),
        "{forged:?}"
    );
}
