//! What careless and hostile clients send. Each gets its clear answer, and the server lives.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::{jwt, raw, shared};

/// Fails unless the first answer is this 4xx (or another of the list) as JSON with a `detail`.
#[track_caller]
fn assert_refused(received: &raw::Received, statuses: &[u16]) {
    let status = received.status();
    assert!(
        status.is_some_and(|status| statuses.contains(&status)),
        "{received:?}"
    );
    shared().assert_alive();
}

#[test]
fn deeply_nested_json_is_refused() {
    let person = shared().user();
    let depth = 100_000;
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let nested = format!("{}1{}", open.repeat(depth), close.repeat(depth));
        for body in [
            nested.clone(),
            format!("{{\"title\":{nested}}}"),
            format!("{{\"title\":\"t\",\"x\":{nested}}}"),
            open.repeat(depth),
        ] {
            let answer = person.json_bytes("POST", "/api/tasks", body);
            assert!(matches!(answer.status, 400 | 422), "{answer:?}");
            answer.error(answer.status);
        }
    }
    shared().assert_alive();
}

#[test]
fn ten_megabytes_are_refused_with_and_without_a_length() {
    let app = shared();
    let person = app.user();
    person
        .json_bytes("POST", "/api/tasks", vec![b' '; 10 << 20])
        .error(413);
    person
        .json_bytes("POST", "/api/chat", vec![b'x'; 10 << 20])
        .error(413);
    person
        .client
        .json_bytes("POST", "/api/auth/login", vec![b'['; 10 << 20])
        .error(413);

    // No length: the server has to count.
    let body = reqwest::blocking::Body::new(std::io::repeat(b' ').take(10 << 20));
    let request = person
        .request("POST", "/api/tasks")
        .header("content-type", "application/json");
    match request.body(body).send() {
        Ok(response) => assert_eq!(response.status().as_u16(), 413),
        // It may also close while we still send, but not before it has taken in the limit.
        Err(error) => assert!(error.is_request() || error.is_body(), "{error:?}"),
    }

    // A length that is a lie, too long to be true.
    let head = raw::request(
        "POST",
        "/api/auth/login",
        &[
            ("Content-Type", "application/json"),
            ("Content-Length", "999999999999"),
        ],
        "{}",
    );
    assert_refused(&raw::exchange(app.address, &head), &[413]);
}

#[test]
fn wrong_types_in_any_field_are_named() {
    let person = shared().user();
    let wrong = [
        json!(1),
        json!(true),
        json!([[]]),
        json!({ "a": 1 }),
        json!(1.5e300),
    ];
    for field in [
        "title",
        "description",
        "priority",
        "due_date",
        "tags",
        "reminders",
        "recurrence_pattern",
    ] {
        for value in &wrong {
            let mut body = json!({ "title": "t" });
            body[field] = value.clone();
            person.post("/api/tasks", &body).invalid(field);
        }
    }
    let path = format!("/api/tasks/{}", person.task("t"));
    for field in [
        "title",
        "description",
        "status",
        "priority",
        "due_date",
        "tags",
        "reminders",
        "recurrence_pattern",
    ] {
        for value in &wrong {
            person.patch(&path, &json!({ field: value })).invalid(field);
        }
    }
    for value in &wrong {
        person
            .post("/api/chat", &json!({ "message": value }))
            .invalid("message");
        person
            .post(
                "/api/chat",
                &json!({ "message": "hi", "conversation_id": value }),
            )
            .invalid("conversation_id");
        person
            .patch("/api/users/me", &json!({ "timezone": value }))
            .invalid("timezone");
        for field in ["email", "username", "password"] {
            let mut body =
                json!({ "email": "a@example.com", "username": "abc", "password": "long enough 1" });
            body[field] = value.clone();
            person.post("/api/auth/register", &body).invalid(field);
        }
        person
            .post(
                "/api/auth/login",
                &json!({ "email": value, "password": value }),
            )
            .invalid("email");
        person
            .post("/api/auth/refresh", &json!({ "refresh_token": value }))
            .invalid("refresh_token");
    }
}

/// Texts that break naive code: SQL, markup, formats, emoji, directions, the odd ends of Unicode.
const ODD_TEXTS: [&str; 16] = [
    "'; DROP TABLE tasks; --",
    "\" OR 1=1 --",
    "Robert'); DELETE FROM users WHERE ('1'='1",
    "%s%n%d {0} {{x}} ${jndi:ldap://x} `id` $(id)",
    "<script>alert(1)</script>",
    "👩‍👩‍👧‍👦🏳️‍🌈🇩🇪",
    "\u{202e}right to left\u{202c}",
    "e\u{301}\u{301}\u{301}\u{301}",
    "\u{feff}bom",
    "\u{ffff}\u{fffe}",
    "\u{10ffff}",
    "a\tb\nc\rd",
    "\\x00 \\u0000 \\",
    "../../etc/passwd",
    "NULL",
    "ﷺ",
];

#[test]
fn odd_texts_are_kept_as_they_are_in_every_field() {
    let (person, other) = (shared().user(), shared().user());
    for odd in ODD_TEXTS {
        let is_line = !odd.contains(char::is_control);
        let title = if is_line { odd } else { "a title is one line" };
        let task = person.create(&json!({ "title": title, "description": odd }));
        let path = format!("/api/tasks/{}", task["id"].as_str().expect("an id"));
        let kept = person.get(&path).expect(200);
        assert_eq!(kept["title"], title.trim(), "title");
        if !is_line {
            person
                .post("/api/tasks", &json!({ "title": odd }))
                .invalid("title");
        }
        assert_eq!(kept["description"], odd, "description");

        let answer = person.patch(&path, &json!({ "tags": [odd] }));
        assert!(matches!(answer.status, 200 | 422), "tag: {answer:?}");
        person
            .post(
                "/api/tasks",
                &json!({ "title": "t", "recurrence_pattern": odd }),
            )
            .invalid("recurrence_pattern");
        for query in ["q", "tag"] {
            let answer = person.query("/api/tasks", &[(query, odd)]);
            assert!(matches!(answer.status, 200 | 422), "{query}: {answer:?}");
        }
        let answer = person.query("/api/search/tasks", &[("q", odd)]);
        assert!(matches!(answer.status, 200 | 422), "{answer:?}");
        for sort in [odd, "title; DROP TABLE tasks"] {
            person
                .query("/api/tasks", &[("sort", sort)])
                .invalid("sort");
        }
        person
            .post("/api/auth/login", &json!({ "email": odd, "password": odd }))
            .error(
                person
                    .post("/api/auth/login", &json!({ "email": odd, "password": odd }))
                    .status,
            );
        // Someone without tasks: "drop table tasks" may mean a task of that title.
        other.chat(odd, None);
    }
    assert!(person.get("/api/tasks").expect(200)["total"].as_u64() >= Some(ODD_TEXTS.len() as u64));
}

#[test]
fn nul_is_refused_or_kept_whole() {
    let person = shared().user();
    let answer = person.post(
        "/api/tasks",
        &json!({ "title": "before\u{0}after", "description": "x\u{0}y" }),
    );
    match answer.status {
        201 => assert_eq!(answer.json()["title"], "before\u{0}after", "not cut off"),
        _ => answer.invalid("title"),
    }
    person.query("/api/search/tasks", &[("q", "a\u{0}b")]);
    person.chat("add a\u{0}b", None);
    shared().assert_alive();
}

#[test]
fn lone_surrogates_are_malformed() {
    let person = shared().user();
    for body in [
        r#"{"title": "\ud800"}"#,
        r#"{"title": "\udc00\ud800"}"#,
        r#"{"title": "t", "tags": ["\ud83d"]}"#,
        r#"{"\ud800": 1, "title": "t"}"#,
    ] {
        person.json_bytes("POST", "/api/tasks", body).error(400);
    }
    person
        .json_bytes("POST", "/api/chat", r#"{"message": "\ud800"}"#)
        .error(400);
    // CESU-8: the bytes of a lone surrogate.
    person
        .json_bytes(
            "POST",
            "/api/tasks",
            b"{\"title\": \"\xed\xa0\x80\"}".to_vec(),
        )
        .error(400);
    person
        .json_bytes("POST", "/api/tasks", r#"{"title": "\ud83e\udd80"}"#)
        .expect(201);
}

#[test]
fn the_same_field_twice_is_no_way_around_a_rule() {
    let person = shared().user();
    let answer = person.json_bytes("POST", "/api/tasks", r#"{"title": "", "title": "second"}"#);
    assert!(matches!(answer.status, 201 | 400 | 422), "{answer:?}");
    let answer = person.json_bytes("POST", "/api/tasks", r#"{"title": "first", "title": ""}"#);
    assert!(matches!(answer.status, 400 | 422), "{answer:?}");
}

#[test]
fn huge_numbers_do_not_wrap_around() {
    let person = shared().user();
    for (name, value) in [
        ("limit", "18446744073709551617"),
        ("limit", "4294967297"),
        ("offset", "1e9"),
        ("offset", "-0"),
    ] {
        let answer = person.query("/api/tasks", &[(name, value)]);
        assert!(matches!(answer.status, 200 | 422), "{answer:?}");
    }
    assert_eq!(
        person
            .query("/api/tasks", &[("offset", "4294967295")])
            .status,
        200
    );
    for due in [
        "+292278994-08-17T07:12:55Z",
        "9999-12-31T23:59:59Z",
        "0000-01-01T00:00:00Z",
        "-0001-01-01T00:00:00Z",
        "2030-01-01T00:00:60Z",
        "2030-01-01T00:00:00+99:99",
    ] {
        let answer = person.post("/api/tasks", &json!({ "title": "t", "due_date": due }));
        assert!(matches!(answer.status, 201 | 422), "{due}: {answer:?}");
    }
    person.get("/api/stats").expect(200);
    person.get("/api/tasks?sort=due_date").expect(200);
}

#[test]
fn only_tokens_that_the_server_signed_open_the_door() {
    let app = shared();
    let person = app.user();
    let token = person.token.clone().expect("a token");
    let (header, claims) = (jwt::header(&token), jwt::claims(&token));
    let secret = app.jwt_secret.as_bytes();
    let status = |token: &str| app.client().with_token(token).get("/api/tasks").status;
    assert_eq!(header["alg"], "HS256");

    // The crafted token is right but for what each case changes.
    assert_eq!(status(&jwt::sign(&header, &claims, secret)), 200);
    let with_algorithm = |algorithm: &str| json!({ "typ": "JWT", "alg": algorithm });
    let changed = |field: &str, value: Value| {
        let mut changed = claims.clone();
        changed[field] = value;
        jwt::sign(&header, &changed, secret)
    };
    let without = |field: &str| {
        let mut fewer = claims.clone();
        fewer.as_object_mut().expect("claims").remove(field);
        jwt::sign(&header, &fewer, secret)
    };
    let mut refused = vec![
        (
            "wrongly signed",
            jwt::sign(&header, &claims, b"another secret, also long enough for it"),
        ),
        ("signed with nothing", jwt::sign(&header, &claims, b"")),
        (
            "signature cut",
            token.trim_end_matches(|c| c != '.').to_owned(),
        ),
        (
            "two parts",
            token.rsplit_once('.').expect("three parts").0.to_owned(),
        ),
        ("four parts", format!("{token}.x")),
        (
            "signature changed",
            format!("{}A", &token[..token.len() - 1]),
        ),
        (
            "HS384 with the secret",
            jwt::sign_384(&with_algorithm("HS384"), &claims, secret),
        ),
        (
            "HS512 with the secret",
            jwt::sign_512(&with_algorithm("HS512"), &claims, secret),
        ),
        ("expired", changed("exp", json!(1_500_000_000))),
        ("no expiry", without("exp")),
        ("no subject", without("sub")),
        ("another person's name", changed("sub", json!("not a uuid"))),
        (
            "from another issuer",
            changed("iss", json!("https://evil.example")),
        ),
        (
            "for another audience",
            changed("aud", json!("https://evil.example")),
        ),
        ("not yet valid", changed("nbf", json!(32_000_000_000_u64))),
        ("expiry of another type", changed("exp", json!("tomorrow"))),
        ("empty", String::new()),
        ("dots", "..".to_owned()),
    ];
    for none in ["none", "None", "NONE", ""] {
        let input = jwt::signing_input(&with_algorithm(none), &claims);
        refused.push(("unsigned", format!("{input}.")));
        refused.push((
            "unsigned, with a signature",
            jwt::sign(&with_algorithm(none), &claims, secret),
        ));
    }
    // Key confusion: what is checked as another algorithm's signature with the same bytes as key.
    for algorithm in [
        "RS256", "RS512", "PS256", "ES256", "EdDSA", "hs256", "HS256 ",
    ] {
        refused.push((
            "confused",
            jwt::sign(&with_algorithm(algorithm), &claims, secret),
        ));
    }
    // A header that brings its own key.
    for (name, value) in [
        ("jwk", json!({ "kty": "oct", "k": "YXR0YWNrZXI" })),
        ("kid", json!("../../../../dev/null")),
        ("jku", json!("http://127.0.0.1:1/keys")),
        ("x5u", json!("http://127.0.0.1:1/cert")),
    ] {
        let mut own = header.clone();
        own[name] = value;
        refused.push(("its own key", jwt::sign(&own, &claims, b"attacker")));
    }
    for (what, token) in refused {
        if reqwest::header::HeaderValue::from_str(&token).is_ok() {
            let answer = app.client().with_token(&token).get("/api/tasks");
            assert_eq!(answer.status, 401, "{what}: {token}: {answer:?}");
            answer.error(401);
        }
    }
    assert_eq!(status(&"x".repeat(7000)), 401);
}

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
        assert!(
            received.body().contains("\"detail\""),
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

/// Writes a byte now and then until the server ends it; answers how long the server bore it.
fn drip(mut stream: TcpStream, start: &str, limit: Duration) -> Option<Duration> {
    let began = Instant::now();
    stream
        .set_read_timeout(Some(Duration::from_millis(200)))
        .expect("a read timeout");
    stream
        .write_all(start.as_bytes())
        .expect("the start is sent");
    while began.elapsed() < limit {
        if stream.write_all(b"a").is_err() {
            return Some(began.elapsed());
        }
        match stream.read(&mut [0; 4096]) {
            Ok(_) => return Some(began.elapsed()),
            Err(error)
                if matches!(
                    error.kind(),
                    std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
                ) => {}
            Err(_) => return Some(began.elapsed()),
        }
    }
    None
}

#[test]
fn slow_clients_are_cut_off_and_hold_up_no_one() {
    let app = shared();
    let person = app.user();
    let limit = Duration::from_secs(90);
    std::thread::scope(|scope| {
        let mut slow = Vec::new();
        for _ in 0..20 {
            let stream = raw::connect(app.address, 1);
            slow.push(
                scope.spawn(move || drip(stream, "GET /healthz HTTP/1.1\r\nHost: x\r\nX: ", limit)),
            );
            let stream = raw::connect(app.address, 1);
            let head = "POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n{\"email\": \"";
            slow.push(scope.spawn(move || drip(stream, head, limit)));
        }
        for _ in 0..50 {
            let began = Instant::now();
            person.get("/api/tasks").expect(200);
            assert!(
                began.elapsed() < Duration::from_secs(5),
                "others wait for the slow ones"
            );
        }
        for client in slow {
            let borne = client.join().expect("a slow client");
            assert!(
                borne.is_some(),
                "a client that drips for {limit:?} is still served"
            );
        }
    });
}

#[test]
fn thousands_of_idle_connections_cost_others_nothing() {
    let app = shared();
    let person = app.user();
    let count = tests::raise_open_files().saturating_sub(500).min(3000);
    assert!(
        count >= 500,
        "this machine lets a process open too few files for the test"
    );
    let mut idle = Vec::new();
    for _ in 0..count {
        idle.push(TcpStream::connect(app.address).expect("the server takes one more connection"));
    }
    // A third of them sends half a request.
    for stream in idle.iter_mut().step_by(3) {
        stream
            .write_all(b"GET /healthz HTTP/1.1\r\nHo")
            .expect("half a request");
    }
    for n in 0..20 {
        let began = Instant::now();
        person.task(&format!("task {n}"));
        person.get("/api/tasks").expect(200);
        assert!(
            began.elapsed() < Duration::from_secs(5),
            "requests wait for idle connections"
        );
    }
    drop(idle);
    app.assert_alive();
}

#[test]
fn clients_that_hang_up_leave_nothing_behind() {
    let app = shared();
    let person = app.user();
    let token = person.token.clone().expect("a token");
    for _ in 0..200 {
        let mut stream = raw::connect(app.address, 1);
        let head =
            format!("GET /api/tasks HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n");
        stream.write_all(head.as_bytes()).expect("a request");
        drop(stream);
    }
    for _ in 0..200 {
        let mut stream = raw::connect(app.address, 1);
        let head = format!(
            "POST /api/tasks HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{{\"title\""
        );
        stream.write_all(head.as_bytes()).expect("half a request");
        drop(stream);
    }
    person.get("/api/tasks").expect(200);
    assert_eq!(person.get("/api/tasks").expect(200)["total"], 0);
}
