//! Held streams and long polls.

use super::*;

#[test]
fn a_stream_gets_what_is_published_until_it_is_closed() {
    let app = &*GUESTS;
    let channel = channel();
    let mut stream = stream(
        app,
        &format!(
            "grip-hold=stream&grip-channel={channel}&grip-status=201&grip-keep-alive=:%5Cn%3B+format%3Dcstring%3B+timeout%3D1&body=hello"
        ),
    );
    let head = stream.until("hello");
    assert!(
        head.starts_with("HTTP/1.1 201") && !head.to_lowercase().contains("grip-"),
        "{head}"
    );
    stream.until("\r\n:\n\r\n");
    publish(
        app,
        &json!([
            {"channel": channel, "http-stream": {"content": "one"}},
            {"channel": channel, "http-stream": {"content": ""}},
            {"channel": channel, "http-stream": {"content-bin": "dHdv"}},
        ]),
    );
    stream.until("one");
    stream.until("two");
    publish(
        app,
        &json!([{"channel": channel, "http-stream": {"action": "close"}}]),
    );
    assert!(stream.rest().ends_with("\r\n0\r\n\r\n"));
}

#[test]
fn a_stream_is_brought_up_to_date_from_its_link() {
    let app = &*GUESTS;
    let channel = channel();
    // At its link the stream goes on after the item 4.
    let next = format!(
        "hold?grip-hold=stream&grip-channel={channel}%3B+prev-id%3D4&grip-link=%3Cnowhere%3E%3B+rel%3Dnext&body=up+to+date"
    );
    let next: String = next
        .replace('%', "%25")
        .replace('&', "%26")
        .replace('+', "%2B")
        .replace('=', "%3D")
        .replace('?', "%3F");
    let mut stream = stream(
        app,
        &format!(
            "grip-hold=stream&grip-channel={channel}%3B+prev-id%3D1&grip-link=%3C{next}%3E%3B+rel%3Dnext&body=hello"
        ),
    );
    stream.until("hello");
    let item = |id: &str, prev: &str| json!({"channel": channel, "id": id, "prev-id": prev, "no-seq": true, "http-stream": {"content": format!("item {id}")}});
    // Subscribed only after its first part has been read to the end.
    std::thread::sleep(Duration::from_millis(300));
    publish(app, &json!([item("2", "1")]));
    stream.until("item 2");
    publish(app, &json!([item("4", "3")]));
    let between = stream.until("up to date");
    assert!(
        !between.contains("item 4") && between.contains(&format!("[{channel}; last-id=2]")),
        "{between}"
    );
    publish(app, &json!([item("5", "4")]));
    stream.until("item 5");
}

#[test]
fn a_link_without_a_hold_leads_on_to_the_end() {
    let next = "hold%3Fbody%3Dlast";
    let mut stream = stream(
        &GUESTS,
        &format!("grip-link=%3C{next}%3E%3B+rel%3Dnext&body=first"),
    );
    stream.until("first");
    stream.until("last");
    assert!(stream.rest().ends_with("0\r\n\r\n"));
}

#[test]
fn a_link_with_no_time_is_asked_at_once() {
    let channel = channel();
    let next = "hold%3Fbody%3Dlast";
    let mut stream = stream(
        &GUESTS,
        &format!(
            "grip-hold=stream&grip-channel={channel}&grip-link=%3C{next}%3E%3B+rel%3Dnext%3B+timeout%3D0&body=first"
        ),
    );
    stream.until("first");
    stream.until("last");
}

#[test]
fn a_response_waits_for_what_is_published() {
    let app = &*GUESTS;
    let channel = channel();
    let path = format!(
        "/good/hold?grip-hold=response&grip-channel={channel}&grip-timeout=60&body=nothing+new"
    );
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| app.client().get(&path));
        let end = Instant::now() + SOON;
        while !waiting.is_finished() {
            assert!(Instant::now() < end, "nothing is published");
            publish(
                app,
                &json!([{"channel": channel, "http-response": {"code": 202, "headers": {"x-new": "yes"}, "body": "news"}}]),
            );
            std::thread::sleep(Duration::from_millis(50));
        }
        let answer = waiting.join().expect("an answer");
        assert_eq!((answer.status, answer.body.as_slice()), (202, &b"news"[..]));
        assert_eq!(
            (answer.header("x-new"), answer.header("content-type")),
            ("yes", "text/plain")
        );
        assert_eq!(answer.header("grip-hold"), "");
    });
    let began = Instant::now();
    let path = format!(
        "/good/hold?grip-hold=response&grip-channel={channel}&grip-timeout=5&body=nothing+new"
    );
    let answer = app.client().get(&path);
    assert_eq!(
        (answer.status, answer.body.as_slice()),
        (200, &b"nothing new"[..])
    );
    assert!(
        (5..9).contains(&began.elapsed().as_secs()),
        "{:?}",
        began.elapsed()
    );
}

#[test]
fn instructions_that_make_no_sense_are_not_followed() {
    for query in [
        "grip-hold=maybe",
        "grip-hold=stream&grip-channel=c%3B+prev-id%3D1",
        "grip-hold=stream&grip-channel=c%3B+filter%3Dx",
    ] {
        let answer = GUESTS.client().get(&format!("/good/hold?{query}"));
        assert_server_error(&answer, 502);
        assert!(
            answer
                .headers
                .keys()
                .all(|name| !name.as_str().starts_with("grip-")),
            "{answer:?}"
        );
    }
}

#[test]
fn a_stream_with_a_gap_that_cannot_be_filled_breaks_off() {
    let app = &*GUESTS;
    let channel = channel();
    let link = "%3Chttp://elsewhere.example/%3E%3B+rel%3Dnext";
    let query = format!(
        "grip-hold=stream&grip-channel={channel}%3B+prev-id%3D1&grip-link={link}&body=hello"
    );
    let mut stream = stream(app, &query);
    stream.until("hello");
    std::thread::sleep(Duration::from_millis(300));
    let item = json!({"channel": channel, "id": "4", "prev-id": "3", "no-seq": true, "http-stream": {"content": "item 4"}});
    publish(app, &json!([item]));
    let rest = stream.rest();
    assert!(
        !rest.contains("item 4") && !rest.ends_with("0\r\n\r\n"),
        "{rest}"
    );
}
