//! A component reaches what the manifest gives it, and nothing else.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use serde_json::json;

use crate::{GUESTS, outcome, start_with_port};

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
