//! Clients that are slow, idle or gone.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use tests::{raw, shared};

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
