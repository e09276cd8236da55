//! The host's own guards, with a component that misbehaves on request (`tests/guest`).

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::{Answer, Builder, TestApp, raw, root, wait_for};

/// The compiled `test-guest`.
fn guest() -> PathBuf {
    let path = std::env::var_os("TEST_GUEST").map_or_else(
        || root().join("target/wasm32-wasip2/release/test_guest.wasm"),
        PathBuf::from,
    );
    assert!(
        path.exists(),
        "{} is missing; run `cargo build --target wasm32-wasip2 --release -p test-guest` (or `make test`)",
        path.display()
    );
    path
}

/// A manifest in which the guest plays three parts: `bad` (misbehaves), `good` (its neighbour) and `hidden` (private).
fn manifest() -> String {
    let source = guest();
    let source = source.display();
    format!(
        r#"
spin_manifest_version = 2

[application]
name = "guests"
version = "1.2.3"

[variables]
greeting = {{ default = "hello" }}
token = {{ required = true, secret = true }}

[[trigger.http]]
route = "/bad/..."
component = "bad"

[[trigger.http]]
route = "/good/..."
component = "good"

[[trigger.http]]
route = "/good/exact/headers"
component = "bad"

[[trigger.http]]
route = "/people/:name/headers"
component = "good"

[[trigger.http]]
route = {{ private = true }}
component = "hidden"

[component.bad]
source = "{source}"

[component.good]
source = "{source}"
allowed_outbound_hosts = ["http://hidden.spin.internal", "http://127.0.0.1:{{{{ port }}}}"]
key_value_stores = ["conversations"]
sqlite_databases = ["tasks"]
environment = {{ COLOUR = "blue" }}
files = [{{ source = "shown", destination = "/shown" }}]

[component.good.variables]
greeting = "{{{{ greeting }}}} there"
token = "{{{{ token }}}}"
port = "{{{{ port }}}}"

[component.hidden]
source = "{source}"
"#
    )
    .replace("[variables]\n", "[variables]\nport = { default = \"1\" }\n")
}

/// The guests with one variable set, and the folder that `good` is shown.
fn guests(manifest: &str) -> Builder {
    let builder = TestApp::builder().manifest(manifest);
    let shown = builder.state_dir().join("shown");
    std::fs::create_dir_all(&shown).expect("a folder");
    std::fs::write(shown.join("file.txt"), "to be seen").expect("a file");
    builder.ready_path("/.well-known/spin/health")
}

/// The guests, started with these arguments.
fn start(arguments: &[&str]) -> TestApp {
    start_with_port(arguments, 1)
}

/// The guests; `good` may call this port of this machine.
fn start_with_port(arguments: &[&str], port: u16) -> TestApp {
    let builder = guests(&manifest())
        .variable("token", "a secret token")
        .variable("port", &port.to_string());
    let add = |builder: Builder, argument: &&str| builder.argument(argument);
    arguments.iter().fold(builder, add).start()
}

/// The guests that most tests share.
static GUESTS: LazyLock<TestApp> = LazyLock::new(|| start(&[]));

fn get(path: &str) -> Answer {
    GUESTS.client().get(path)
}

/// What the guest answered: `Ok` or the error it saw.
fn outcome(app: &TestApp, path: &str, parameters: &[(&str, &str)]) -> Result<Value, String> {
    let answer = app.client().query(path, parameters);
    assert_eq!(answer.status, 200, "{answer:?}");
    let body = answer.json();
    match body.get("ok") {
        Some(value) => Ok(value.clone()),
        None => Err(body["error"].as_str().expect("an error").to_owned()),
    }
}

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
fn a_component_calls_only_the_hosts_it_may() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("its address").port();
    let app = start_with_port(&[], port);
    let server = std::thread::spawn(move || {
        let mut calls = 0;
        for stream in listener.incoming().flatten() {
            let mut stream = stream;
            let mut request = [0; 4096];
            let read = stream.read(&mut request).unwrap_or_default();
            if String::from_utf8_lossy(&request[..read]).starts_with("GET /end") {
                return calls;
            }
            calls += 1;
            // The client may be gone; the count is what matters.
            let _ = stream.write_all(
                b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello",
            );
        }
        calls
    });

    let base = format!("http://127.0.0.1:{port}");
    let answer = outcome(&app, "/good/outbound", &[("url", &format!("{base}/a"))])
        .expect("it may call this port");
    assert_eq!(
        (&answer["status"], &answer["body"]),
        (&json!(200), &json!("hello"))
    );
    for url in [
        format!("http://localhost:{port}/b"),
        format!("http://127.0.0.2:{port}/b"),
        format!("https://127.0.0.1:{port}/b"),
        format!("http://127.0.0.1:{}/b", port.wrapping_add(1).max(1)),
        format!("http://[::1]:{port}/b"),
        format!("http://0.0.0.0:{port}/b"),
        "http://good.spin.internal/count".into(),
        "http://hidden.spin.internal:81/count".into(),
        "http://example.com/".into(),
    ] {
        let refused = outcome(&app, "/good/outbound", &[("url", &url)]);
        assert!(refused.is_err(), "{url}: {refused:?}");
    }
    let refused = outcome(&app, "/bad/outbound", &[("url", &format!("{base}/c"))]);
    assert!(refused.is_err(), "{refused:?}");

    let mut end = std::net::TcpStream::connect(("127.0.0.1", port)).expect("our server");
    end.write_all(b"GET /end HTTP/1.1\r\n\r\n")
        .expect("the last request");
    assert_eq!(
        server.join().expect("the count"),
        1,
        "only the allowed call got through"
    );
}

#[test]
fn a_component_opens_only_what_the_manifest_gives_it() {
    let app = &*GUESTS;
    assert_eq!(
        outcome(app, "/good/sqlite", &[("database", "tasks")]),
        Ok(json!(42))
    );
    assert_eq!(
        outcome(app, "/good/key-value", &[("store", "conversations")]),
        Ok(json!("value"))
    );
    for (path, name, value) in [
        ("/good/sqlite", "database", "rate-limits"),
        ("/good/sqlite", "database", "default"),
        ("/good/sqlite", "database", "../tasks"),
        ("/good/key-value", "store", "default"),
        ("/bad/sqlite", "database", "tasks"),
        ("/bad/key-value", "store", "conversations"),
    ] {
        let refused = outcome(app, path, &[(name, value)]);
        assert!(refused.is_err(), "{path} {value}: {refused:?}");
    }
}

#[test]
fn a_component_has_its_own_variables_files_and_environment() {
    let app = &*GUESTS;
    assert_eq!(
        outcome(app, "/good/variable", &[("name", "greeting")]),
        Ok(json!("hello there"))
    );
    assert_eq!(
        outcome(app, "/good/variable", &[("name", "token")]),
        Ok(json!("a secret token"))
    );
    assert_eq!(
        outcome(app, "/good/environment", &[("name", "COLOUR")]),
        Ok(json!("blue"))
    );
    assert_eq!(
        outcome(app, "/good/file", &[("path", "/shown/file.txt")]),
        Ok(json!("to be seen"))
    );
    for (path, name, value) in [
        ("/bad/variable", "name", "token"),
        ("/good/variable", "name", "jwt_secret"),
        ("/bad/environment", "name", "COLOUR"),
        ("/good/environment", "name", "PATH"),
        ("/good/environment", "name", "SPIN_VARIABLE_TOKEN"),
        ("/bad/file", "path", "/shown/file.txt"),
        ("/good/file", "path", "/shown/../../../../etc/passwd"),
        ("/good/file", "path", "/etc/passwd"),
        ("/good/file", "path", "../spin.toml"),
        ("/good/write-file", "path", "/shown/file.txt"),
    ] {
        let refused = outcome(app, path, &[(name, value)]);
        assert!(refused.is_err(), "{path} {value}: {refused:?}");
    }
    assert!(
        !app.log().contains("a secret token"),
        "secrets are not logged"
    );
}

/// Calls `good` all the while `misbehave` runs; fails if one call fails or waits too long.
fn unharmed(app: &TestApp, misbehave: impl FnOnce() + Send) {
    std::thread::scope(|scope| {
        let trouble = scope.spawn(misbehave);
        let client = app.client();
        while !trouble.is_finished() {
            let began = Instant::now();
            let answer = client.get("/good/count");
            assert_eq!(answer.status, 200, "{answer:?}");
            assert!(
                began.elapsed() < Duration::from_secs(3),
                "a neighbour waited {:?}",
                began.elapsed()
            );
            std::thread::sleep(Duration::from_millis(5));
        }
        trouble
            .join()
            .expect("what was expected of the bad component");
    });
}

/// A 5xx in the host's words: JSON, and nothing of what happened inside.
#[track_caller]
fn assert_server_error(answer: &Answer, status: u16) {
    let body = answer.error(status).to_string().to_lowercase();
    for internal in ["trap", "wasm", "panick", "backtrace", ".rs", "asked to"] {
        assert!(!body.contains(internal), "{body}");
    }
}

#[test]
fn a_trap_answers_500_and_hurts_no_one() {
    let app = &*GUESTS;
    unharmed(app, || {
        for _ in 0..20 {
            assert_server_error(&app.client().get("/bad/trap"), 500);
        }
    });
    assert_eq!(
        get("/bad/count").status,
        200,
        "the next request has a new instance"
    );
    assert!(
        app.log().contains("asked to trap"),
        "the reason is in the log"
    );
}

#[test]
fn a_trap_in_one_request_lets_its_neighbours_in_the_same_component_finish() {
    let app = &*GUESTS;
    std::thread::scope(|scope| {
        let slow: Vec<_> = (0..10)
            .map(|_| scope.spawn(|| app.client().get("/bad/sleep?ms=500").status))
            .collect();
        std::thread::sleep(Duration::from_millis(100));
        app.client().get("/bad/trap").error(500);
        for request in slow {
            // Those of the same instance fall with it, and are told; none hangs.
            assert!(matches!(request.join().expect("an answer"), 200 | 500));
        }
    });
}

#[test]
fn an_endless_loop_answers_504_and_hurts_no_one() {
    let app = start(&["--request-timeout", "2"]);
    unharmed(&app, || {
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let began = Instant::now();
                    assert_server_error(&app.client().get("/bad/spin"), 504);
                    assert!(
                        began.elapsed() < Duration::from_secs(8),
                        "{:?}",
                        began.elapsed()
                    );
                });
            }
        });
    });
    assert_server_error(&app.client().get("/bad/sleep?ms=60000"), 504);
    assert_eq!(app.client().get("/bad/count").status, 200);
    // What was cut off no longer takes the processor.
    let ticks = || -> u64 {
        let stat =
            std::fs::read_to_string(format!("/proc/{}/stat", app.pid())).expect("its statistics");
        let fields: Vec<&str> = stat
            .rsplit(')')
            .next()
            .unwrap_or_default()
            .split_whitespace()
            .collect();
        fields[11..13]
            .iter()
            .filter_map(|field| field.parse::<u64>().ok())
            .sum()
    };
    let before = ticks();
    std::thread::sleep(Duration::from_secs(1));
    assert!(
        ticks() - before < 50,
        "it still computes: {} ticks in a second",
        ticks() - before
    );
}

#[test]
fn a_memory_hog_answers_500_and_hurts_no_one() {
    let app = &*GUESTS;
    unharmed(app, || {
        for _ in 0..5 {
            assert_server_error(&app.client().get("/bad/hog"), 500);
        }
    });
    let status =
        std::fs::read_to_string(format!("/proc/{}/status", app.pid())).expect("its status");
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .expect("its peak");
    let kilobytes: u64 = peak
        .trim()
        .trim_end_matches(" kB")
        .parse()
        .expect("a number");
    assert!(kilobytes < 1_500_000, "it took {kilobytes} kB");
}

#[test]
fn an_answer_that_breaks_off_is_not_taken_for_whole() {
    let request = raw::request("GET", "/bad/trap-mid-stream", &[], "");
    let received = raw::exchange(GUESTS.address, &request);
    assert_eq!(received.status(), Some(200), "{received:?}");
    assert!(received.text.contains("the first half"), "{received:?}");
    assert!(
        !received.text.ends_with("0\r\n\r\n"),
        "the end is missing: {received:?}"
    );
    assert_eq!(get("/good/count").status, 200);
}

#[test]
fn answers_are_streamed() {
    let mut stream = raw::connect(GUESTS.address, 10);
    stream
        .write_all(&raw::request("GET", "/good/stream?count=5&ms=300", &[], ""))
        .expect("a request");
    let began = Instant::now();
    let mut seen = String::new();
    let mut buffer = [0; 1024];
    while !seen.contains("\r\n0\n") {
        let read = stream.read(&mut buffer).expect("the first chunk");
        assert_ne!(read, 0, "{seen}");
        seen.push_str(&String::from_utf8_lossy(&buffer[..read]));
    }
    assert!(
        began.elapsed() < Duration::from_millis(1000),
        "the first chunk came after {:?}",
        began.elapsed()
    );
    let rest = raw::receive(&mut stream);
    assert!(
        rest.text.contains("4\n") && began.elapsed() >= Duration::from_millis(1200),
        "{rest:?}"
    );
}

#[test]
fn requests_are_streamed_while_they_are_answered() {
    let mut stream = raw::connect(GUESTS.address, 10);
    let head = "POST /good/echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).expect("the head");
    let mut seen = String::new();
    for n in 0..5 {
        let word = format!("word{n}");
        stream
            .write_all(format!("5\r\n{word}\r\n").as_bytes())
            .expect("a chunk");
        while !seen.contains(&word) {
            let mut buffer = [0; 1024];
            let read = stream
                .read(&mut buffer)
                .expect("the chunk comes back before the next is sent");
            assert_ne!(read, 0, "{seen}");
            seen.push_str(&String::from_utf8_lossy(&buffer[..read]));
        }
    }
    stream.write_all(b"0\r\n\r\n").expect("the end");
    let rest = raw::receive(&mut stream);
    assert!(rest.text.ends_with("0\r\n\r\n"), "{rest:?}");
}

#[test]
fn bodies_up_to_the_limit_arrive_whole() {
    let app = start(&["--max-request-body", "1048576"]);
    let client = app.client();
    let body: Vec<u8> = (0..(1 << 20)).map(|n: u32| (n % 251) as u8).collect();
    let answer = client.send(client.request("POST", "/good/echo").body(body.clone()));
    assert_eq!((answer.status, answer.body == body), (200, true));
    client
        .send(
            client
                .request("POST", "/good/echo")
                .body(vec![0; (1 << 20) + 1]),
        )
        .error(413);
}

#[test]
fn one_instance_serves_many_requests_at_once() {
    let app = &*GUESTS;
    let began = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..50 {
            scope.spawn(|| assert_eq!(app.client().get("/good/sleep?ms=500").status, 200));
        }
    });
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "{:?}",
        began.elapsed()
    );
    let served: Vec<Option<u64>> = (0..20)
        .map(|_| get("/good/count").json()["served"].as_u64())
        .collect();
    assert!(
        served.iter().all(|served| *served >= Some(1)) && served.last() > Some(&Some(1)),
        "instances are used again: {served:?}"
    );
}

#[test]
fn past_the_limit_of_requests_it_answers_503_and_recovers() {
    let app = start(&["--max-requests", "4"]);
    let answers: Vec<Answer> = std::thread::scope(|scope| {
        let calls: Vec<_> = (0..30)
            .map(|_| scope.spawn(|| app.client().get("/good/sleep?ms=1500")))
            .collect();
        calls
            .into_iter()
            .map(|call| call.join().expect("an answer"))
            .collect()
    });
    let (served, refused): (Vec<&Answer>, Vec<&Answer>) =
        answers.iter().partition(|answer| answer.status == 200);
    assert!(
        served.len() >= 4 && !refused.is_empty(),
        "{} served",
        served.len()
    );
    for answer in refused {
        assert_server_error(answer, 503);
        let seconds: u64 = answer.header("retry-after").parse().expect("seconds");
        assert!((1..=60).contains(&seconds));
    }
    assert_eq!(app.client().get("/good/count").status, 200);
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

/// Starts the host on a manifest with a mistake; it must refuse and name the mistake's line.
#[track_caller]
fn assert_refused(manifest: &str, line: Option<usize>, words: &[&str]) {
    let (code, output) = guests(manifest).variable("token", "t").start_refused();
    assert_ne!(code, 0, "{output}");
    let at = |line: usize| format!("spin.toml:{line}");
    if let Some(line) = line {
        assert!(
            output.contains(&at(line)),
            "the message names {}: {output}",
            at(line)
        );
    } else {
        assert!(output.contains("spin.toml"), "{output}");
    }
    for word in words {
        assert!(
            output.contains(word),
            "the message says \"{word}\": {output}"
        );
    }
    assert!(!output.contains("panicked"), "{output}");
}

#[test]
fn mistakes_in_the_manifest_are_named_with_their_line() {
    let good = manifest();
    let line_of = |text: &str, part: &str| {
        text.lines()
            .position(|line| line.contains(part))
            .map(|index| index + 1)
    };
    for (from, to, words) in [
        (
            "spin_manifest_version = 2",
            "spin_manifest_version = 3",
            &["2"][..],
        ),
        ("name = \"guests\"", "nam = \"guests\"", &["nam"]),
        (
            "[[trigger.http]]\nroute = \"/bad/...\"",
            "[[trigger.smtp]]\nroute = \"/bad/...\"",
            &["smtp"],
        ),
        ("route = \"/bad/...\"", "route = \"bad\"", &["bad"]),
        ("route = \"/bad/...\"", "route = 5", &["route"]),
        (
            "route = \"/bad/...\"\ncomponent = \"bad\"",
            "route = \"/bad/...\"\ncomponent = \"nobody\"",
            &["nobody"],
        ),
        (
            "route = \"/bad/...\"\ncomponent = \"bad\"",
            "rout = \"/bad/...\"\ncomponent = \"bad\"",
            &["rout"],
        ),
        (
            "[component.bad]\nsource",
            "[component.bad]\nsauce",
            &["sauce"],
        ),
        (
            "allowed_outbound_hosts = [\"http://hidden",
            "allowed_outbound_hosts = [\"no host//hidden",
            &["no host"],
        ),
        (
            "environment = { COLOUR",
            "environment = { COLOUR = 5, C",
            &["COLOUR"],
        ),
        (
            "greeting = \"{{ greeting }} there\"",
            "greeting = \"{{ unknown }} there\"",
            &["unknown"],
        ),
        (
            "token = { required = true, secret = true }",
            "token = { required = true, default = \"x\" }",
            &["token"],
        ),
        (
            "token = { required = true, secret = true }",
            "token = { }",
            &["token"],
        ),
        (
            "files = [{ source = \"shown\"",
            "files = [{ source = \"absent\"",
            &["absent"],
        ),
        ("version = \"1.2.3\"", "version = ", &[]),
        (
            "[component.hidden]\n",
            "[component.hidden]\nkey_value_store = []\n",
            &["key_value_store"],
        ),
    ] {
        let wrong = good.replacen(from, to, 1);
        assert_ne!(wrong, good, "{from}");
        let changed = good
            .lines()
            .zip(wrong.lines())
            .position(|(good, wrong)| good != wrong);
        let line = changed.map(|index| index + 1);
        let line = match words {
            // The mistake is that of the value in the line below.
            ["nobody"] => line_of(&wrong, "nobody"),
            _ => line,
        };
        assert_refused(&wrong, line, words);
    }
    assert_refused("", None, &[]);
    assert_refused("not toml at all", Some(1), &[]);
    assert_refused(&"[".repeat(100_000), Some(1), &[]);
}

#[test]
fn a_component_file_must_be_there_and_be_one() {
    let good = manifest();
    let source = guest().display().to_string();
    assert_refused(
        &good.replace(&source, "absent.wasm"),
        None,
        &["absent.wasm"],
    );
    let file = tempfile_with(b"\0asm\x01\0\0\0");
    let (code, output) = guests(&good.replace(&source, &file.display().to_string()))
        .variable("token", "t")
        .start_refused();
    assert!(code != 0 && output.contains("component"), "{output}");
    assert!(!output.contains("panicked"), "{output}");
    std::fs::remove_file(file).expect("our file");
}

fn tempfile_with(bytes: &[u8]) -> PathBuf {
    let path = std::env::temp_dir().join(format!("{}.wasm", uuid::Uuid::new_v4()));
    std::fs::write(&path, bytes).expect("a file");
    path
}

#[test]
fn what_the_manifest_needs_must_be_provided() {
    let (code, output) = guests(&manifest()).start_refused();
    assert!(
        code != 0 && output.contains("token"),
        "a required variable: {output}"
    );

    let refused = |config: &str| {
        guests(&manifest())
            .variable("token", "t")
            .runtime_config(config)
            .start_refused()
    };
    let (code, output) = refused("[sqlite_database.tasks]\ntype = \"spin\"\npath = \"tasks.db\"\n");
    assert!(
        code != 0 && output.contains("conversations"),
        "a store: {output}"
    );
    let (code, output) = refused("[key_value_store.conversations]\ntype = \"carrier-pigeon\"\n");
    assert!(
        code != 0 && output.contains("carrier-pigeon") && output.contains("runtime-config.toml"),
        "{output}"
    );
    let (code, output) = refused("[[[");
    assert!(
        code != 0 && output.contains("runtime-config.toml"),
        "{output}"
    );
}

#[test]
fn a_port_that_is_taken_is_said_to_be() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("its address");
    let (code, output) = guests(&manifest())
        .variable("token", "t")
        .refused_on(address);
    assert_ne!(code, 0);
    assert!(
        output.contains(&address.to_string()) && output.contains("in use"),
        "{output}"
    );
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

#[test]
fn keep_alive_pipelining_and_continue_work() {
    let one = "GET /good/count HTTP/1.1\r\nHost: x\r\n\r\n";
    let last = "GET /good/count HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let received = raw::exchange(GUESTS.address, format!("{one}{one}{last}").as_bytes());
    assert_eq!(received.statuses(), [200, 200, 200], "{received:?}");

    let mut stream = raw::connect(GUESTS.address, 10);
    let head = "POST /good/echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";
    stream.write_all(head.as_bytes()).expect("the head");
    let mut buffer = [0; 1024];
    let read = stream.read(&mut buffer).expect("the go-ahead");
    assert!(
        buffer[..read].starts_with(b"HTTP/1.1 100"),
        "{:?}",
        String::from_utf8_lossy(&buffer[..read])
    );
    stream.write_all(b"hello").expect("the body");
    assert!(
        raw::receive(&mut stream)
            .text
            .ends_with("5\r\nhello\r\n0\r\n\r\n")
    );
}
