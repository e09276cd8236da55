//! Paths, methods and bytes that are no proper HTTP.

use tests::{raw, shared};

use crate::assert_refused;

#[test]
fn paths_lead_nowhere_but_to_routes() {
    let app = shared();
    for target in [
        "/../../etc/passwd",
        "/..%2f..%2fetc%2fpasswd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/.%2e/.%2e/etc/passwd",
        "/static/../../../etc/passwd",
        "/api/../../../etc/passwd",
        "//etc/passwd",
        "/\\..\\..\\etc\\passwd",
        "/%5c..%5c..%5cetc%5cpasswd",
        "/etc/passwd%00.html",
        "/%00",
        "/api/tasks/%2e%2e%2f%2e%2e%2fspin.toml",
        "/.spin/tasks.db",
        "/spin.toml",
        "/%",
        "/%zz",
        "/%c0%ae%c0%ae/etc/passwd",
        "/api/tasks/%ff%fe",
    ] {
        let received = raw::exchange(app.address, &raw::request("GET", target, &[], ""));
        assert!(
            received
                .status()
                .is_some_and(|status| matches!(status, 400 | 401 | 404)),
            "{target}: {received:?}"
        );
        assert!(
            !received.text.contains("root:") && !received.text.contains("SQLite format"),
            "{target}"
        );
        let is_page = received.text.contains("content-type: text/html");
        assert!(
            received.body().contains("\"detail\"") || (is_page && received.status() == Some(404)),
            "{target}: {received:?}"
        );
    }
    // What is no HTTP at all may be answered without JSON.
    for target in ["/a b", "/\u{0}", "etc/passwd", "", "http://", "/\u{7f}"] {
        let received = raw::exchange(app.address, &raw::request("GET", target, &[], ""));
        assert!(
            received
                .status()
                .is_none_or(|status| (400..500).contains(&status)),
            "{target:?}: {received:?}"
        );
    }
    app.assert_alive();
}

#[test]
fn requests_cannot_be_smuggled() {
    let app = shared();
    let smuggled = "GET /api/smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n";
    for headers in [
        "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
        "Content-Length: 4\r\nContent-Length: 60\r\n",
        "Content-Length: 4, 60\r\n",
        "Content-Length: +4\r\n",
        "Content-Length: -1\r\n",
        "Content-Length: 0x4\r\n",
        "Content-Length: 4 4\r\n",
        "Content-Length: 18446744073709551616\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding: identity\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding : chunked\r\n",
        "Transfer-Encoding\r\n : chunked\r\n",
        "X: a\r\n Content-Length: 4\r\n",
        "X: a\rContent-Length: 4\r\n",
        "X: a\u{0}b\r\n",
    ] {
        let request = format!(
            "POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{headers}\r\n0\r\n\r\n{smuggled}"
        );
        let received = raw::exchange_within(app.address, request.as_bytes(), 2);
        let statuses = received.statuses();
        assert!(
            statuses
                .iter()
                .all(|status| (400..500).contains(status) || *status == 501),
            "{headers:?}: {received:?}"
        );
        // Where both say how long the body is, no more than one request may be seen, or the connection ends.
        if headers.contains("Content-Length") && headers.contains("Transfer-Encoding") {
            assert!(
                statuses.len() <= 1 || received.closed,
                "{headers:?}: {received:?}"
            );
        }
    }
    for chunks in [
        "ffffffffffffffff1\r\nx\r\n",
        "-1\r\nx\r\n",
        "zz\r\nx\r\n",
        "2\r\n{}XX0\r\n\r\n",
        "1;ext=\"\r\n{\r\n",
    ] {
        let request = format!(
            "POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}"
        );
        let received = raw::exchange_within(app.address, request.as_bytes(), 2);
        assert!(
            received
                .statuses()
                .iter()
                .all(|status| (400..500).contains(status)),
            "{chunks:?}: {received:?}"
        );
    }
    app.assert_alive();
}

#[test]
fn what_is_no_http_is_turned_away() {
    let app = shared();
    let huge_line = format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(1 << 20));
    let huge_header = format!(
        "GET /healthz HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n",
        "a".repeat(1 << 20)
    );
    let many_headers = format!(
        "GET /healthz HTTP/1.1\r\nHost: x\r\n{}\r\n",
        "X: y\r\n".repeat(10_000)
    );
    let noise: Vec<u8> = (0..64 * 1024_u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    for (what, bytes) in [
        ("a huge request line", huge_line.into_bytes()),
        ("a huge header", huge_header.into_bytes()),
        ("ten thousand headers", many_headers.into_bytes()),
        ("noise", noise),
        (
            "TLS",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(),
        ),
        ("HTTP/0.9", b"GET /healthz\r\n".to_vec()),
        (
            "HTTP/9.9",
            b"GET /healthz HTTP/9.9\r\nHost: x\r\n\r\n".to_vec(),
        ),
        ("no method", b" / HTTP/1.1\r\nHost: x\r\n\r\n".to_vec()),
        (
            "a broken h2 preface",
            b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n".to_vec(),
        ),
        (
            "a broken h2 frame",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\xff\xff\xff\xff\xff\xff".to_vec(),
        ),
        ("only line ends", b"\r\n".repeat(1000)),
    ] {
        let received = raw::exchange_within(app.address, &bytes, 2);
        assert!(
            received
                .statuses()
                .iter()
                .all(|status| (400..500).contains(status) || *status == 505),
            "{what}: {received:?}"
        );
        app.assert_alive();
    }
}

#[test]
fn unknown_methods_are_refused() {
    let app = shared();
    for method in [
        "BREW",
        "TRACE",
        "CONNECT",
        "PROPFIND",
        "get",
        &"M".repeat(1000),
    ] {
        let target = if method == "CONNECT" {
            "evil.example:443"
        } else {
            "/api/tasks"
        };
        let received = raw::exchange(app.address, &raw::request(method, target, &[], ""));
        assert_refused(&received, &[400, 401, 404, 405, 501]);
    }
}

#[test]
fn http_2_is_spoken_without_an_upgrade() {
    let app = shared();
    let client = reqwest::blocking::Client::builder()
        .http2_prior_knowledge()
        .build()
        .expect("a client");
    let answer = client
        .get(format!("{}/healthz", app.base()))
        .send()
        .expect("an answer");
    assert_eq!(
        (answer.version(), answer.status().as_u16()),
        (reqwest::Version::HTTP_2, 200)
    );
    let body = vec![b' '; 10 << 20];
    let request = client
        .post(format!("{}/api/auth/login", app.base()))
        .header("content-type", "application/json");
    match request.body(body).send() {
        Ok(answer) => assert_eq!(answer.status().as_u16(), 413),
        // RFC 9113, section 8.1: a server may answer and reset the stream before it has read all.
        Err(error) => assert!(error.is_request() || error.is_body(), "{error:?}"),
    }
    app.assert_alive();
}
