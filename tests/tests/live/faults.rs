//! Ends in the middle.

use serde_json::{Value, json};
use tests::{Stack, skip};

use crate::client::{Socket, Stream};
use crate::{Gateway, behind_each_gateway, own_token, text, told};

behind_each_gateway!(a_killed_host_comes_back_and_nothing_is_missed);

fn a_killed_host_comes_back_and_nothing_is_missed(gateway: Gateway) {
    if Stack::here() == Stack::Dapr {
        return skip("it kills what all tests behind Dapr share; tests/dapr kills one of its own");
    }
    let mut app = gateway.builder().start();
    let person = app.user();
    let (mut socket, ..) = Socket::resumed(&app, own_token(&person), &Value::Null);
    let mut titles = Vec::new();
    let mut last = json!("0");
    for round in 0..4 {
        let client = app.client().with_token(own_token(&person));
        for n in 0..5 {
            client.task(&format!("{round} {n}"));
        }
        // What was answered is to be seen, whether or not it came before the end.
        app.kill();
        app = app.restart();
        let client = app.client().with_token(own_token(&person));
        client.task(&format!("{round} again"));
        let mut missed;
        // A change that a crash left behind is published by a tick.
        loop {
            let newest;
            (socket, missed, newest) = Socket::resumed(&app, own_token(&person), &last);
            let missed = missed.expect("what was missed is known");
            for update in &missed {
                assert_eq!(update["prev"], last, "each follows the one before");
                last = update["id"].clone();
                titles.push(told(update).1);
            }
            assert_eq!(last, newest.as_str());
            if titles.len() >= (round + 1) * 6 {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(200));
        }
    }
    let mut expected: Vec<String> = Vec::new();
    for round in 0..4 {
        expected.extend((0..5).map(|n| format!("{round} {n}")));
        expected.push(format!("{round} again"));
    }
    titles.sort_unstable();
    expected.sort_unstable();
    assert_eq!(titles, expected, "each once");
    let client = app.client().with_token(own_token(&person));
    client.task("live");
    // What was asked for may be published once more after that; it has the id that is known.
    let update = loop {
        let update = socket.update();
        if update["id"] != last {
            break update;
        }
    };
    assert_eq!((told(&update).1.as_str(), &update["prev"]), ("live", &last));
    let stream = Stream::open(&app, own_token(&person), last.as_str());
    assert_eq!(
        stream.named("update").id.as_deref(),
        Some(text(&update, "id"))
    );
}
