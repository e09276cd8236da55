//! Which component answers, and what it is told about the request.

use serde_json::{Value, json};
use tests::{raw, wait_for};

use crate::{GUESTS, get, outcome, start};

#[test]
fn the_longest_route_wins() {
    let seen = |path: &str| {
        let body = get(path).json();
        let headers = body["headers"].as_array().cloned().unwrap_or_default();
        let header = |name: &str| {
            headers
                .iter()
                .find(|header| header[0] == name)
                .and_then(|header| header[1].as_str().map(str::to_owned))
        };
        (
            header("spin-component-route"),
            header("spin-path-info"),
            header("spin-raw-component-route"),
        )
    };
    assert_eq!(
        seen("/good/a/headers?x=1"),
        (
            Some("/good".into()),
            Some("/a/headers".into()),
            Some("/good/...".into())
        )
    );
    assert_eq!(
        seen("/good/exact/headers").2,
        Some("/good/exact/headers".into())
    );
    assert_eq!(
        seen("/people/ada/headers").2,
        Some("/people/:name/headers".into())
    );
    get("/people/ada/else").error(404);
    get("/nothing").error(404);
    get("/").error(404);
}

#[test]
fn a_component_sees_where_a_request_came_from() {
    let client = GUESTS.client();
    let request = client
        .request("GET", "/people/ada%20l/headers?q=1")
        .header("spin-path-info", "/forged")
        .header("spin-client-addr", "203.0.113.9:1")
        .header("x-own", "kept");
    let body = client.send(request).json();
    let all = |name: &str| -> Vec<String> {
        let headers = body["headers"].as_array().expect("headers").iter();
        headers
            .filter(|header| header[0] == name)
            .filter_map(|header| header[1].as_str().map(str::to_owned))
            .collect()
    };
    assert_eq!(all("x-own"), ["kept"]);
    assert_eq!(all("spin-base-path"), ["/"]);
    assert_eq!(all("spin-path-match-name"), ["ada%20l"]);
    assert_eq!(
        all("spin-full-url"),
        [format!("{}/people/ada%20l/headers?q=1", GUESTS.base())]
    );
    assert_eq!(all("spin-path-info"), [""], "a client cannot forge it");
    assert!(
        all("spin-client-addr")
            .iter()
            .all(|address| address.starts_with("127.0.0.1:")),
        "{body}"
    );
    assert_eq!(all("traceparent").len(), 1, "{body}");
}

#[test]
fn a_trace_is_carried_on() {
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let client = GUESTS.client();
    let request = client
        .request("GET", "/good/headers")
        .header("traceparent", format!("00-{trace}-00f067aa0ba902b7-01"));
    let body = client.send(request).json().to_string();
    assert!(body.contains(trace), "{body}");
    let chained = outcome(
        &GUESTS,
        "/good/outbound",
        &[("url", "http://hidden.spin.internal/headers")],
    )
    .expect("an answer");
    assert!(
        chained["body"]
            .as_str()
            .is_some_and(|body| body.contains("traceparent")),
        "{chained}"
    );
}

#[test]
fn private_components_answer_other_components_only() {
    for path in ["/hidden", "/hidden/headers", "/headers"] {
        get(path).error(404);
    }
    for host in ["hidden.spin.internal", "hidden"] {
        let request = format!("GET /count HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        let received = raw::exchange(GUESTS.address, request.as_bytes());
        assert_eq!(received.status(), Some(404), "{received:?}");
        let request = format!(
            "GET http://{host}/count HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        );
        let received = raw::exchange(GUESTS.address, request.as_bytes());
        assert!(matches!(received.status(), Some(400 | 404)), "{received:?}");
    }
    let answer = outcome(
        &GUESTS,
        "/good/outbound",
        &[("url", "http://hidden.spin.internal/count")],
    )
    .expect("an answer");
    assert_eq!(answer["status"], 200, "{answer}");
    // `bad` may call nobody.
    let refused = outcome(
        &GUESTS,
        "/bad/outbound",
        &[("url", "http://hidden.spin.internal/count")],
    );
    assert!(refused.is_err(), "{refused:?}");
}

#[test]
fn every_request_has_its_line_in_the_log() {
    let app = start(&[]);
    let client = app.client();
    let id = "find-me-in-the-log";
    client.send(
        client
            .request("GET", "/good/count?secret=value")
            .header("x-correlation-id", id),
    );
    let line = wait_for("the line of the request", 5, || {
        let log = app.log();
        let line = log.lines().find(|line| line.contains(id))?.to_owned();
        Some(line)
    });
    let line: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
    assert_eq!(line["method"], "GET", "{line}");
    assert_eq!(line["route"], "/good/...", "{line}");
    assert_eq!(line["component"], "good", "{line}");
    assert_eq!(line["status"], 200, "{line}");
    assert_eq!(line["correlation_id"], id, "{line}");
    assert!(
        line["duration_ms"]
            .as_f64()
            .is_some_and(|duration| duration > 0.0),
        "{line}"
    );
    assert!(!line.to_string().contains("secret=value"), "{line}");
}

#[test]
fn only_the_components_asked_for_are_started() {
    let app = start(&["--component-id", "good"]);
    assert_eq!(app.client().get("/good/count").status, 200);
    app.client().get("/bad/count").error(404);
}

#[test]
fn the_well_known_paths_answer() {
    let health = get("/.well-known/spin/health");
    assert_eq!((health.status, health.body.as_slice()), (200, &b"OK"[..]));
    let info = get("/.well-known/spin/info").json();
    assert_eq!(
        (&info["name"], &info["version"]),
        (&json!("guests"), &json!("1.2.3"))
    );
}
